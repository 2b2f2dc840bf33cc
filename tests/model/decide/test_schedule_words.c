/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/decide/schedule_words.h"

#include "model/base/rng.h"
#include "tests/test.h"

#include <stdbool.h>
#include <string.h>

enum { HOURS = CP_ARRIVALS_HOURS };

/* n from `from` to before `to` on the days of the mask; `to` may lie on the next days. */
static void set(uint16_t by_hour[HOURS], unsigned days, int from, int to, int n)
{
    for (int day = 0; day < 7; day++) {
        for (int h = from; (days >> day & 1u) && h < to; h++)
            by_hour[(day * 24 + h) % HOURS] = (uint16_t)n;
    }
}

/* --- sentences --- */

struct span {
    unsigned days;
    int from, to, n;
};

struct sentence {
    struct span spans[8]; /* set one after the other, on a week of zeros */
    const char *words;
};

static const struct sentence sentences[] = {
    {{{0x7f, 0, 24, 4}}, "4 at all times"},
    {{{0x7f, 0, 24, 1}, {0x1f, 7, 19, 4}}, "4 on weekdays 07:00-19:00, 1 otherwise (UTC)"},
    {{{0x7f, 7, 19, 4}}, "4 every day 07:00-19:00, 0 otherwise (UTC)"},
    {{{0x7f, 22, 30, 6}}, "6 every day 22:00 to 06:00 the next day, 0 otherwise (UTC)"},
    {{{0x1f, 0, 24, 4}, {0x60, 0, 24, 1}}, "4 on weekdays 00:00-24:00, 1 otherwise (UTC)"},
    {{{0x01, 7, 115, 4}}, "4 from Monday 07:00 to Friday 19:00, 0 otherwise (UTC)"},
    {{{0x7f, 0, 24, 1}, {0x1f, 7, 19, 4}, {0x60, 10, 16, 2}},
     "4 on weekdays 07:00-19:00, 2 on weekends 10:00-16:00, 1 otherwise (UTC)"},
    {{{0x15, 8, 9, 3}}, "3 on Mondays, Wednesdays and Fridays 08:00-09:00, 0 otherwise (UTC)"},
    {{{0x4f, 8, 9, 3}}, "3 on Sunday to Thursday 08:00-09:00, 0 otherwise (UTC)"},
    {{{0x12, 20, 46, 3}}, "3 on Tuesdays and Fridays 20:00 for 26 hours, 0 otherwise (UTC)"},
    /* nights are cut at midnight, which takes two pieces of each number instead of three */
    {{{0x1f, 0, 24, 2}, {0x60, 0, 24, 1}, {0x7f, 8, 20, 4}},
     "2 on weekdays 00:00-08:00, 4 every day 08:00-20:00, 2 on weekdays 20:00-24:00, 1 otherwise "
     "(UTC)"},
    {{{0x01, 8, 9, 9}, {0x02, 9, 10, 2}, {0x04, 9, 11, 3}, {0x08, 8, 12, 4}, {0x10, 8, 9, 1}},
     "9 on Mondays 08:00-09:00, 3 on Wednesdays 09:00-11:00, 4 on Thursdays 08:00-12:00, 2 more "
     "changes (coldprof apply prints all), 0 otherwise (UTC)"},
};

static void a_week_reads_as_people_write_it(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof sentences / sizeof sentences[0]; i++) {
        uint16_t by_hour[HOURS] = {0};
        for (size_t k = 0; k < 8; k++)
            set(by_hour, sentences[i].spans[k].days, sentences[i].spans[k].from,
                sentences[i].spans[k].to, sentences[i].spans[k].n);
        char words[CP_SCHEDULE_WORDS_MAX];
        assert_string_equal(cp_schedule_words(by_hour, words, sizeof words), sentences[i].words);
    }
}

static void words_end_where_their_room_does(void **state)
{
    (void)state;
    uint16_t by_hour[HOURS] = {0};
    set(by_hour, 0x1f, 7, 19, 4);
    char words[9] = "xxxxxxxx";
    assert_string_equal(cp_schedule_words(by_hour, words, 6), "4 on ");
    assert_int_equal(words[6], 'x');
}

/* --- exactness --- */

/* Hours of the pieces, each at most once, else 0xffff. */
static void fill(const struct cp_schedule_piece *pieces, size_t n, int otherwise,
                 uint16_t out[HOURS])
{
    bool is_taken[HOURS] = {false};
    for (int h = 0; h < HOURS; h++)
        out[h] = (uint16_t)otherwise;
    for (size_t i = 0; i < n; i++) {
        for (int day = 0; day < 7; day++) {
            for (int h = pieces[i].from_hour; (pieces[i].days >> day & 1u) && h < pieces[i].to_hour;
                 h++) {
                int at = (day * 24 + h) % HOURS;
                out[at] = is_taken[at] ? 0xffff : (uint16_t)pieces[i].n;
                is_taken[at] = true;
            }
        }
    }
}

/* What scheduled actions leave, run for two weeks from any number. */
static void run(const struct cp_schedule_change *changes, size_t n, uint16_t out[HOURS])
{
    uint16_t now = 0xffff;
    for (int h = 0; h < 2 * HOURS; h++) {
        for (size_t i = 0; i < n; i++) {
            if ((changes[i].days >> (h % HOURS) / 24 & 1u) && changes[i].hour == h % 24)
                now = (uint16_t)changes[i].n;
        }
        out[h % HOURS] = now;
    }
}

static size_t changes_needed(const uint16_t by_hour[HOURS])
{
    bool is_seen[24][16] = {{false}};
    size_t n = 0;
    for (int h = 0; h < HOURS; h++) {
        bool *seen = &is_seen[h % 24][by_hour[h]];
        if (by_hour[h] == by_hour[(h + HOURS - 1) % HOURS] || *seen)
            continue;
        *seen = true;
        n++;
    }
    return n;
}

static void expect_exact(const uint16_t by_hour[HOURS])
{
    struct cp_schedule_piece pieces[HOURS];
    struct cp_schedule_change changes[HOURS];
    uint16_t back[HOURS];
    int otherwise = -1;
    size_t n = cp_schedule_pieces(by_hour, pieces, &otherwise);
    fill(pieces, n, otherwise, back);
    assert_memory_equal(back, by_hour, sizeof back);
    char words[CP_SCHEDULE_WORDS_MAX];
    size_t length = strlen(cp_schedule_words(by_hour, words, sizeof words));
    assert_true(length < sizeof words - 1);
    size_t n_changes = cp_schedule_changes(by_hour, changes);
    assert_int_equal(n_changes, changes_needed(by_hour));
    if (n_changes == 0)
        return;
    run(changes, n_changes, back);
    assert_memory_equal(back, by_hour, sizeof back);
}

static int draw(struct cp_rng *rng, uint64_t n)
{
    return (int)cp_rng_below(rng, n);
}

static void pieces_and_changes_give_any_week_back(void **state)
{
    (void)state;
    struct cp_rng rng;
    cp_rng_init(&rng, 7, 0);
    for (int i = 0; i < 2000; i++) {
        uint16_t by_hour[HOURS] = {0};
        int n_spans = draw(&rng, 12);
        for (int k = 0; k < n_spans; k++) {
            int from = draw(&rng, 24);
            set(by_hour, (unsigned)draw(&rng, 128), from, from + 1 + draw(&rng, 60), draw(&rng, 5));
        }
        for (int h = 0; i % 10 == 0 && h < HOURS; h++) /* no pattern at all */
            by_hour[h] = (uint16_t)draw(&rng, 16);
        expect_exact(by_hour);
    }
}

/* Spans of equal numbers round one day, but for those of the number that has most of them. */
static size_t spans_needed(const uint16_t day[24])
{
    size_t all = 0;
    size_t of[16] = {0};
    size_t most = 0;
    for (int h = 0; h < 24; h++) {
        if (day[h] == day[(h + 23) % 24])
            continue;
        all++;
        of[day[h]]++;
        most = of[day[h]] > most ? of[day[h]] : most;
    }
    return all - most;
}

static void days_that_are_alike_take_one_piece_per_span(void **state)
{
    (void)state;
    struct cp_rng rng;
    cp_rng_init(&rng, 8, 0);
    for (int i = 0; i < 500; i++) {
        uint16_t by_hour[HOURS];
        for (int h = 0; h < 24; h++)
            by_hour[h] = (uint16_t)(h && draw(&rng, 3) ? by_hour[h - 1] : draw(&rng, 4));
        for (int h = 24; h < HOURS; h++)
            by_hour[h] = by_hour[h - 24];
        struct cp_schedule_piece pieces[HOURS];
        int otherwise = -1;
        assert_int_equal(cp_schedule_pieces(by_hour, pieces, &otherwise), spans_needed(by_hour));
        expect_exact(by_hour);
    }
}

/* A busy time of weekdays, another of weekends, quiet nights: two pieces, whatever the hours. */
static void weekdays_and_weekends_take_one_piece_each(void **state)
{
    (void)state;
    struct cp_rng rng;
    cp_rng_init(&rng, 9, 0);
    for (int i = 0; i < 500; i++) {
        uint16_t by_hour[HOURS] = {0};
        int from = 1 + draw(&rng, 10);
        set(by_hour, CP_DAYS_WEEKDAYS, from, from + 1 + draw(&rng, 12), 4);
        from = 1 + draw(&rng, 10);
        set(by_hour, CP_DAYS_WEEKEND, from, from + 1 + draw(&rng, 12), 2);
        struct cp_schedule_piece pieces[HOURS];
        int otherwise = -1;
        assert_int_equal(cp_schedule_pieces(by_hour, pieces, &otherwise), 2);
        assert_int_equal(pieces[0].days, CP_DAYS_WEEKDAYS);
        assert_int_equal(pieces[1].days, CP_DAYS_WEEKEND);
        assert_int_equal(otherwise, 0);
    }
}

static void a_constant_has_no_piece_and_no_change(void **state)
{
    (void)state;
    uint16_t by_hour[HOURS];
    for (int h = 0; h < HOURS; h++)
        by_hour[h] = 3;
    struct cp_schedule_piece pieces[HOURS];
    struct cp_schedule_change changes[HOURS];
    int otherwise = -1;
    assert_int_equal(cp_schedule_pieces(by_hour, pieces, &otherwise), 0);
    assert_int_equal(otherwise, 3);
    assert_int_equal(cp_schedule_changes(by_hour, changes), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_week_reads_as_people_write_it),
        cmocka_unit_test(words_end_where_their_room_does),
        cmocka_unit_test(pieces_and_changes_give_any_week_back),
        cmocka_unit_test(days_that_are_alike_take_one_piece_per_span),
        cmocka_unit_test(weekdays_and_weekends_take_one_piece_each),
        cmocka_unit_test(a_constant_has_no_piece_and_no_change),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
