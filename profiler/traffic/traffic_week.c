/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/traffic/traffic_parts.h"

#include "model/base/number.h"
#include "model/base/units.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { DAYS = 7, HOURS = 24 };

struct week {
    struct cp_demand *t;
    double local[CP_ARRIVALS_HOURS]; /* rates as written, before the offset */
    int offset_hours;
    const char *path;
    size_t line;
};

/* Days by name, Monday 0: first and last; a range may wrap. */
static const struct {
    const char *name;
    int first, last;
} day_names[] = {
    {"monday", 0, 0},  {"tuesday", 1, 1},  {"wednesday", 2, 2}, {"thursday", 3, 3},
    {"friday", 4, 4},  {"saturday", 5, 5}, {"sunday", 6, 6},    {"mon", 0, 0},
    {"tue", 1, 1},     {"wed", 2, 2},      {"thu", 3, 3},       {"fri", 4, 4},
    {"sat", 5, 5},     {"sun", 6, 6},      {"daily", 0, 6},     {"weekdays", 0, 4},
    {"weekend", 5, 6},
};

static bool read_days(struct cp_view text, int *first, int *last)
{
    for (size_t i = 0; i < sizeof day_names / sizeof day_names[0]; i++) {
        if (cp_view_is_nocase(text, day_names[i].name)) {
            *first = day_names[i].first;
            *last = day_names[i].last;
            return true;
        }
    }
    struct cp_view rest = text;
    struct cp_view from;
    int unused;
    return cp_view_split(&rest, '-', &from) && rest.n > 0 && read_days(from, first, &unused) &&
           read_days(rest, &unused, last);
}

/* "08:00" within 0 .. 24 hours, whole ones. */
static bool read_hour(struct cp_view text, int *hour)
{
    int64_t value;
    if (!cp_view_take_int64(&text, &value) || value < 0 || value > HOURS ||
        !cp_view_skip(&text, ":00") || text.n)
        return false;
    *hour = (int)value;
    return true;
}

/* "mon-fri 08:00-18:00"; without hours the whole day. An interval over midnight goes on in the next
 * day. */
static bool set_hours(struct week *w, struct cp_view key, double per_s)
{
    struct cp_view days;
    int first, last;
    int from = 0;
    int to = HOURS;
    if (!cp_view_split(&key, ' ', &days) || !read_days(days, &first, &last))
        return false;
    key = cp_view_trim(key);
    if (key.n) {
        struct cp_view start;
        if (!cp_view_split(&key, '-', &start) || !read_hour(start, &from) || !read_hour(key, &to))
            return false;
        to += to <= from ? HOURS : 0;
    }
    last += last < first ? DAYS : 0;
    for (int day = first; day <= last; day++) {
        for (int hour = from; hour < to; hour++)
            w->local[(day * HOURS + hour) % CP_ARRIVALS_HOURS] = per_s;
    }
    return true;
}

static enum cp_code refuse(const struct week *w, const char *what, struct cp_view text,
                           const char *instead, struct cp_error *err)
{
    return cp_fail(err, CP_EFORMAT, "%s, line %zu: '%.*s' is not %s; write it like %s", w->path,
                   w->line, (int)(text.n < 60 ? text.n : 60), text.p, what, instead);
}

static enum cp_code read_burst(struct week *w, struct cp_view value, struct cp_error *err)
{
    double burst;
    if (!cp_view_to_double(value, &burst) || !(burst >= 1) || burst > 1e6)
        return refuse(w, "a mean number of requests from 1 on", value, "burst = 4", err);
    w->t->law.burst = burst;
    return CP_OK;
}

static enum cp_code read_burst_gap(struct week *w, struct cp_view value, struct cp_error *err)
{
    if (cp_units_parse_duration_ms(value, &w->t->law.burst_gap_ms, err))
        return refuse(w, "a duration", value, "burst_gap = 20ms", err);
    return CP_OK;
}

static enum cp_code read_offset(struct week *w, struct cp_view value, struct cp_error *err)
{
    struct cp_view text = value;
    int hour;
    bool is_west = cp_view_skip(&text, "-");
    if ((!is_west && !cp_view_skip(&text, "+")) || !read_hour(text, &hour) || hour > 14)
        return refuse(w, "a whole number of hours", value, "utc_offset = +02:00", err);
    w->offset_hours = is_west ? -hour : hour;
    return CP_OK;
}

static enum cp_code read_default(struct week *w, struct cp_view value, struct cp_error *err)
{
    double per_s;
    if (cp_units_parse_rate_per_s(value, &per_s, err))
        return refuse(w, "a rate", value, "default = 5/s", err);
    for (size_t i = 0; i < CP_ARRIVALS_HOURS; i++)
        w->local[i] = per_s;
    return CP_OK;
}

static enum cp_code read_line(struct week *w, struct cp_view line, struct cp_error *err)
{
    static const struct {
        const char *name;
        enum cp_code (*read)(struct week *w, struct cp_view value, struct cp_error *err);
    } keys[] = {{"default", read_default},
                {"burst", read_burst},
                {"burst_gap", read_burst_gap},
                {"utc_offset", read_offset}};
    struct cp_view key;
    struct cp_view value = line;
    if (!memchr(line.p, '=', line.n) || !cp_view_split(&value, '=', &key))
        return refuse(w, "a setting", line, "mon-fri 08:00-18:00 = 20/s", err);
    key = cp_view_trim(key);
    value = cp_view_trim(value);
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        if (cp_view_is_nocase(key, keys[i].name))
            return keys[i].read(w, value, err);
    }
    double per_s;
    if (cp_units_parse_rate_per_s(value, &per_s, err))
        return refuse(w, "a rate", value, "20/s", err);
    if (!set_hours(w, key, per_s))
        return refuse(w, "days and whole hours", key, "mon-fri 08:00-18:00 = 20/s", err);
    return CP_OK;
}

/* Comments begin with # or ;, also behind a setting. */
static struct cp_view without_comment(struct cp_view line)
{
    for (size_t i = 0; i < line.n; i++) {
        if (line.p[i] == '#' || line.p[i] == ';')
            line.n = i;
    }
    return cp_view_trim(line);
}

bool cp_traffic_is_week(struct cp_view text)
{
    struct cp_view line;
    while (cp_view_split(&text, '\n', &line)) {
        line = without_comment(line);
        if (line.n)
            return cp_view_is_nocase(line, "[week]");
    }
    return false;
}

static void settle(struct week *w)
{
    struct cp_demand *t = w->t;
    char requests[CP_NUMBER_MAX];
    for (int hour = 0; hour < CP_ARRIVALS_HOURS; hour++) {
        int utc = (hour - w->offset_hours + CP_ARRIVALS_HOURS) % CP_ARRIVALS_HOURS;
        t->week_per_s[utc] = w->local[hour];
        t->requests += 3600 * w->local[hour];
    }
    t->span_ms = CP_MS_PER_WEEK;
    t->law.kind = CP_ARRIVALS_WEEK;
    t->law.week_per_s = t->week_per_s;
    (void)snprintf(t->words, sizeof t->words, "a week by hour, %s requests per week",
                   cp_number_short(t->requests, requests));
}

enum cp_code cp_traffic_read_week(struct cp_view text, const char *path, struct cp_demand *t,
                                  struct cp_error *err)
{
    struct week w = {.t = t, .path = path};
    struct cp_view line;
    enum cp_code code = CP_OK;
    while (!code && cp_view_split(&text, '\n', &line)) {
        w.line++;
        line = without_comment(line);
        if (line.n && !cp_view_is_nocase(line, "[week]"))
            code = read_line(&w, line, err);
    }
    if (code)
        return code;
    settle(&w);
    if (!(t->requests > 0))
        return cp_fail(err, CP_EFORMAT, "%s: no hour of the week has traffic", path);
    return CP_OK;
}
