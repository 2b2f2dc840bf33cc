/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/decide/schedule_words.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DAYS = 7, HOURS_PER_DAY = 24, HOURS = CP_ARRIVALS_HOURS };

/* --- pieces --- */

struct pieces {
    struct cp_schedule_piece *at; /* HOURS of them are room enough: each has an hour of its own */
    size_t n;
};

/* One more span of `hours` from hour `start` of the week; joins a piece of the same hours. */
static void add_span(struct pieces *p, int start, int hours, int n)
{
    bool is_whole_days = start % HOURS_PER_DAY == 0 && hours % HOURS_PER_DAY == 0;
    unsigned days = 0;
    for (int day = 0; day == 0 || (is_whole_days && day < hours / HOURS_PER_DAY); day++)
        days |= 1u << (start / HOURS_PER_DAY + day) % DAYS;
    int from = start % HOURS_PER_DAY;
    int to = is_whole_days ? HOURS_PER_DAY : from + hours;
    for (size_t i = 0; i < p->n; i++) {
        struct cp_schedule_piece *old = &p->at[i];
        if (old->from_hour == from && old->to_hour == to && old->n == n) {
            old->days |= days;
            return;
        }
    }
    p->at[p->n++] = (struct cp_schedule_piece){days, from, to, n};
}

static bool begins(const uint16_t by_hour[HOURS], int hour, bool is_cut)
{
    return by_hour[hour] != by_hour[(hour + HOURS - 1) % HOURS] ||
           (is_cut && hour % HOURS_PER_DAY == 0);
}

/* The spans with the number n, cut at midnight or not. At least one span of the week begins. */
static void add_number(struct pieces *p, const uint16_t by_hour[HOURS], int n, bool is_cut)
{
    for (int start = 0; start < HOURS; start++) {
        if (by_hour[start] != n || !begins(by_hour, start, is_cut))
            continue;
        int hours = 1;
        while (!begins(by_hour, (start + hours) % HOURS, is_cut))
            hours++;
        add_span(p, start, hours, n);
    }
}

static bool is_constant(const uint16_t by_hour[HOURS])
{
    for (int h = 1; h < HOURS; h++) {
        if (by_hour[h] != by_hour[0])
            return false;
    }
    return true;
}

static bool is_first_hour_of(const uint16_t by_hour[HOURS], int hour)
{
    for (int h = 0; h < hour; h++) {
        if (by_hour[h] == by_hour[hour])
            return false;
    }
    return true;
}

static int first_day(unsigned days)
{
    int day = 0;
    while (day + 1 < DAYS && !(days >> day & 1u))
        day++;
    return day;
}

static int by_begin(const void *a, const void *b)
{
    const struct cp_schedule_piece *x = a;
    const struct cp_schedule_piece *y = b;
    int first = first_day(x->days) * HOURS_PER_DAY + x->from_hour;
    int second = first_day(y->days) * HOURS_PER_DAY + y->from_hour;
    return first != second ? (first > second) - (first < second) : x->n - y->n;
}

/* The spans with the number n, whichever way makes fewer pieces; returns how many. */
static size_t add_fewest(struct cp_schedule_piece *room, const uint16_t by_hour[HOURS], int n)
{
    struct cp_schedule_piece cut_room[HOURS];
    struct pieces cut = {.at = cut_room};
    struct pieces whole = {.at = room};
    add_number(&whole, by_hour, n, false);
    add_number(&cut, by_hour, n, true);
    if (cut.n >= whole.n)
        return whole.n;
    memcpy(room, cut_room, cut.n * sizeof *room);
    return cut.n;
}

size_t cp_schedule_pieces(const uint16_t by_hour[CP_ARRIVALS_HOURS],
                          struct cp_schedule_piece pieces[CP_ARRIVALS_HOURS], int *otherwise)
{
    size_t n = 0;
    size_t most = 0; /* pieces of one number */
    *otherwise = by_hour[0];
    if (is_constant(by_hour))
        return 0;
    for (int h = 0; h < HOURS; h++) {
        if (!is_first_hour_of(by_hour, h))
            continue;
        size_t added = add_fewest(&pieces[n], by_hour, by_hour[h]);
        n += added;
        if (added > most || (added == most && by_hour[h] < *otherwise)) {
            most = added;
            *otherwise = by_hour[h];
        }
    }
    size_t kept = 0;
    for (size_t i = 0; i < n; i++) {
        if (pieces[i].n != *otherwise)
            pieces[kept++] = pieces[i];
    }
    qsort(pieces, kept, sizeof *pieces, by_begin);
    return kept;
}

/* --- changes --- */

size_t cp_schedule_changes(const uint16_t by_hour[CP_ARRIVALS_HOURS],
                           struct cp_schedule_change changes[CP_ARRIVALS_HOURS])
{
    size_t n = 0;
    for (int h = 0; h < HOURS; h++) {
        if (!begins(by_hour, h, false))
            continue;
        size_t i = 0;
        while (i < n && (changes[i].hour != h % HOURS_PER_DAY || changes[i].n != by_hour[h]))
            i++;
        if (i == n)
            changes[n++] = (struct cp_schedule_change){0, h % HOURS_PER_DAY, by_hour[h]};
        changes[i].days |= 1u << h / HOURS_PER_DAY;
    }
    return n;
}

/* --- words --- */

/* Appends to `out`, which stays a C string whatever its size. */
__attribute__((format(printf, 3, 4))) static void say(char *out, size_t size, const char *fmt, ...)
{
    size_t n = strlen(out);
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(out + n, size - n, fmt, args);
    va_end(args);
}

static const char *const day_names[] = {"Monday", "Tuesday",  "Wednesday", "Thursday",
                                        "Friday", "Saturday", "Sunday"};

static int count_days(unsigned days)
{
    int n = 0;
    for (int day = 0; day < DAYS; day++)
        n += (days >> day & 1u) != 0;
    return n;
}

/* The day with which an unbroken range of `n` days begins, Sunday before Monday; -1: they are not
 * one. */
static int range_begin(unsigned days, int n)
{
    for (int first = 0; first < DAYS; first++) {
        unsigned range = 0;
        for (int i = 0; i < n; i++)
            range |= 1u << (first + i) % DAYS;
        if (range == days)
            return first;
    }
    return -1;
}

const char *cp_days_words(unsigned days, char out[CP_DAYS_WORDS_MAX])
{
    days &= CP_DAYS_ALL;
    int n = count_days(days);
    int first = range_begin(days, n);
    const char *name = days == CP_DAYS_ALL        ? "every day"
                       : days == CP_DAYS_WEEKDAYS ? "weekdays"
                       : days == CP_DAYS_WEEKEND  ? "weekends"
                                                  : "";
    (void)snprintf(out, CP_DAYS_WORDS_MAX, "%s", name);
    if (name[0])
        return out;
    if (n > 2 && first >= 0) {
        say(out, CP_DAYS_WORDS_MAX, "%s to %s", day_names[first],
            day_names[(first + n - 1) % DAYS]);
        return out;
    }
    for (int day = 0, left = n; day < DAYS; day++) {
        if (!(days >> day & 1u))
            continue;
        left--;
        say(out, CP_DAYS_WORDS_MAX, "%ss%s", day_names[day],
            left > 1    ? ", "
            : left == 1 ? " and "
                        : "");
    }
    return out;
}

const char *cp_schedule_piece_words(const struct cp_schedule_piece *piece,
                                    char out[CP_SCHEDULE_WORDS_MAX])
{
    char days[CP_DAYS_WORDS_MAX];
    int hours = piece->to_hour - piece->from_hour;
    int to = piece->to_hour % HOURS_PER_DAY;
    bool is_one_long_span = hours > HOURS_PER_DAY && count_days(piece->days) == 1;
    out[0] = '\0';
    if (is_one_long_span) {
        int day = first_day(piece->days);
        say(out, CP_SCHEDULE_WORDS_MAX, "from %s %02d:00 to %s %02d:00", day_names[day],
            piece->from_hour, day_names[(day + piece->to_hour / HOURS_PER_DAY) % DAYS], to);
        return out;
    }
    say(out, CP_SCHEDULE_WORDS_MAX, "%s%s %02d:00", piece->days == CP_DAYS_ALL ? "" : "on ",
        cp_days_words(piece->days, days), piece->from_hour);
    if (piece->to_hour <= HOURS_PER_DAY)
        say(out, CP_SCHEDULE_WORDS_MAX, "-%02d:00", piece->to_hour);
    else if (hours <= HOURS_PER_DAY)
        say(out, CP_SCHEDULE_WORDS_MAX, " to %02d:00 the next day", to);
    else
        say(out, CP_SCHEDULE_WORDS_MAX, " for %d hours", hours);
    return out;
}

/* Environment-hours a week by which it differs from the rest. */
static int weight_of(const struct cp_schedule_piece *piece, int otherwise)
{
    return count_days(piece->days) * (piece->to_hour - piece->from_hour) *
           abs(piece->n - otherwise);
}

/* Is it among the heaviest that are shown? Of equal ones the earlier are. */
static bool is_shown(const struct cp_schedule_piece *pieces, size_t n, size_t i, int otherwise)
{
    size_t heavier = 0;
    int own = weight_of(&pieces[i], otherwise);
    for (size_t k = 0; k < n; k++) {
        int other = weight_of(&pieces[k], otherwise);
        heavier += other > own || (other == own && k < i);
    }
    return heavier < CP_SCHEDULE_PIECES_SHOWN;
}

const char *cp_schedule_words(const uint16_t by_hour[CP_ARRIVALS_HOURS], char *out, size_t size)
{
    struct cp_schedule_piece pieces[HOURS];
    int otherwise = 0;
    size_t n = cp_schedule_pieces(by_hour, pieces, &otherwise);
    if (size == 0)
        return out;
    out[0] = '\0';
    if (n == 0) {
        say(out, size, "%d at all times", otherwise);
        return out;
    }
    for (size_t i = 0; i < n; i++) {
        char words[CP_SCHEDULE_WORDS_MAX];
        if (is_shown(pieces, n, i, otherwise))
            say(out, size, "%d %s, ", pieces[i].n, cp_schedule_piece_words(&pieces[i], words));
    }
    if (n > CP_SCHEDULE_PIECES_SHOWN)
        say(out, size, "%zu more change%s (coldprof apply prints all), ",
            n - CP_SCHEDULE_PIECES_SHOWN, n - CP_SCHEDULE_PIECES_SHOWN == 1 ? "" : "s");
    say(out, size, "%d otherwise (UTC)", otherwise);
    return out;
}
