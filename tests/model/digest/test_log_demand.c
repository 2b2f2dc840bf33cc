/* SPDX-License-Identifier: GPL-3.0-or-later
 * The traffic of a log: counts and times against arrays made by hand; a day that is missing is a
 * gap, a quiet night is not.
 */
#include "model/digest/log_demand.h"

#include <stdlib.h>
#include <string.h>

#include "tests/model/digest/digest_world.h"
#include "tests/test.h"

/* 2026-10-05 is a Monday; 20,731 days after the epoch. */
#define MONDAY (INT64_C(20731) * 1440)
enum { DAY = 1440, DAYS = 7, WEEK = DAYS * DAY, OPENS = 8 * 60, CLOSES = 18 * 60 };

static struct cp_digest *empty_digest(void)
{
    struct cp_digest *d = cp_digest_new();
    assert_non_null(d);
    return d;
}

static void add(struct cp_digest *d, int64_t i, uint32_t arrivals)
{
    const struct cp_digest_name names[] = {
        {cp_view_of("orders"), cp_view_of("$LATEST"), cp_view_of("arm64")},
        {cp_view_of("orders"), cp_view_of("7"), cp_view_of("arm64")}};
    struct cp_digest_scope *scope;
    struct cp_digest_minute m = {.minute = MONDAY + i, .arrivals = arrivals, .busy_ms = 1};
    assert_int_equal(cp_digest_scope(d, &names[i % 2], &scope, NULL), CP_OK);
    assert_int_equal(cp_digest_add_minute(d, scope, &m, NULL), CP_OK);
}

/* Two requests a minute in office hours, every day but `but` (-1: none). */
static struct cp_digest *office(int but)
{
    struct cp_digest *d = empty_digest();
    for (int64_t i = 0; i < WEEK; i++) {
        bool is_open = i % DAY >= OPENS && i % DAY < CLOSES;
        if (is_open && i / DAY != but)
            add(d, i, 2);
    }
    return d;
}

static struct cp_demand *demand_of(const struct cp_digest *d, const struct cp_sample *samples,
                                   size_t n)
{
    struct cp_demand *out = NULL;
    assert_int_equal(cp_log_demand(d, samples, n, &out, NULL), CP_OK);
    return out;
}

static void nights_are_no_gaps(void **state)
{
    (void)state;
    struct cp_digest *d = office(-1);
    struct cp_demand *got = demand_of(d, NULL, 0);
    assert_int_equal(got->law.kind, CP_ARRIVALS_COUNTS);
    assert_int_equal(got->n, WEEK - OPENS - (DAY - CLOSES));
    assert_near(got->first_ms, (double)(MONDAY + OPENS) * 60e3, 0);
    for (size_t i = 0; i < got->n; i++) {
        int64_t minute = ((int64_t)i + OPENS) % DAY;
        assert_near(got->values[i], minute >= OPENS && minute < CLOSES ? 2 : 0, 0);
    }
    assert_near(got->requests, 2.0 * 600 * DAYS, 0);
    assert_null(strstr(got->words, "filled"));
    cp_demand_free(got);
    cp_digest_free(d);
}

/* 10 hours of Wednesday are missing, between two nights without requests: its office hours get what
 * other days have, its nights stay empty. */
static void a_missing_day_is_filled_as_other_days_are(void **state)
{
    (void)state;
    struct cp_digest *d = office(2);
    struct cp_demand *got = demand_of(d, NULL, 0);
    for (size_t i = 0; i < got->n; i++) {
        int64_t minute = ((int64_t)i + OPENS) % DAY;
        assert_near(got->values[i], minute >= OPENS && minute < CLOSES ? 2 : 0, 1e-12);
    }
    assert_near(got->requests, 2.0 * 600 * DAYS, 1e-9);
    assert_non_null(strstr(got->words, "7,200 requests"));
    assert_non_null(strstr(got->words, "hours without records filled as on other days"));
    cp_demand_free(got);
    cp_digest_free(d);
}

/* One request in three hours: its silences are long, and no surprise. */
static void rare_requests_have_no_gaps(void **state)
{
    (void)state;
    struct cp_digest *d = empty_digest();
    for (int64_t i = 0; i < WEEK; i += 180)
        add(d, i, 1);
    struct cp_demand *got = demand_of(d, NULL, 0);
    assert_near(got->requests, WEEK / 180, 0);
    assert_near(cp_demand_per_s(got), 56.0 / (60 * (WEEK - 179)), 1e-12);
    cp_demand_free(got);
    cp_digest_free(d);
}

/* One day alone cannot tell what a silent afternoon is: nothing is made up. */
static void a_single_day_has_no_gaps(void **state)
{
    (void)state;
    struct cp_digest *d = empty_digest();
    for (int64_t i = 0; i < DAY; i++) {
        if (i < 720 || i >= 900)
            add(d, i, 3);
    }
    struct cp_demand *got = demand_of(d, NULL, 0);
    assert_near(got->requests, 3.0 * (DAY - 180), 0);
    assert_near(got->values[800], 0, 0);
    cp_demand_free(got);
    cp_digest_free(d);
}

static struct cp_sample sample_at(int64_t at_ms)
{
    struct cp_sample s = cp_sample_planned(CP_CELL_WARM, 512);
    s.sent_at_ms = at_ms;
    return s;
}

static void a_complete_log_is_replayed(void **state)
{
    (void)state;
    const int64_t first = MONDAY * 60000 + 250;
    struct cp_sample samples[] = {sample_at(first + 180007), sample_at(first), sample_at(first + 3),
                                  sample_at(first + 3)};
    struct cp_digest *d = empty_digest();
    add(d, 0, 3);
    add(d, 3, 1);
    struct cp_demand *got = demand_of(d, samples, 4);
    const double wanted[] = {0, 3, 3, 180007};
    assert_int_equal(got->law.kind, CP_ARRIVALS_TIMES);
    assert_int_equal(got->law.n, 4);
    assert_memory_equal(got->law.times_ms, wanted, sizeof wanted);
    assert_near(got->first_ms, (double)first, 0);
    assert_near(cp_demand_per_s(got), 3 / 180.007, 1e-12);
    cp_demand_free(got);
    /* one without a time, or one that is in the minutes only: counts */
    samples[1].sent_at_ms = -1;
    got = demand_of(d, samples, 4);
    assert_int_equal(got->law.kind, CP_ARRIVALS_COUNTS);
    assert_near(got->requests, 4, 0);
    cp_demand_free(got);
    samples[1].sent_at_ms = first;
    got = demand_of(d, samples, 3);
    assert_int_equal(got->law.kind, CP_ARRIVALS_COUNTS);
    cp_demand_free(got);
    cp_digest_free(d);
}

static void nothing_and_a_moment_are_no_traffic(void **state)
{
    (void)state;
    const int64_t first = MONDAY * 60000;
    struct cp_sample samples[] = {sample_at(first), sample_at(first + 59999)};
    struct cp_digest *d = empty_digest();
    assert_null(demand_of(d, NULL, 0));
    add(d, 0, 2);
    assert_null(demand_of(d, samples, 2));
    cp_digest_free(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nights_are_no_gaps),
        cmocka_unit_test(a_missing_day_is_filled_as_other_days_are),
        cmocka_unit_test(rare_requests_have_no_gaps),
        cmocka_unit_test(a_single_day_has_no_gaps),
        cmocka_unit_test(a_complete_log_is_replayed),
        cmocka_unit_test(nothing_and_a_moment_are_no_traffic),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
