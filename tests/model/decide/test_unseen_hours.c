/* SPDX-License-Identifier: GPL-3.0-or-later
 * Rates by hour of the week, and whose counts an hour gets that no window saw.
 */
#include "model/decide/unseen_hours.h"

#include "model/base/units.h"
#include "tests/test.h"

#include <math.h>

enum { DAYS = 8, ROW = 2 };

static double week[CP_ARRIVALS_HOURS];

static void rates_of_counts_go_by_the_hour_of_the_week(void **state)
{
    (void)state;
    static double counts[DAYS * 24 * 2]; /* of half an hour */
    double per_s[CP_ARRIVALS_HOURS];
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++)
        counts[i] = 1800;
    counts[10] = 5400;                      /* second half hour 5 of the law, */
    counts[10 + 2 * CP_ARRIVALS_HOURS] = 0; /* and a week later */
    counts[21] = 0;
    const struct cp_arrivals_law law = {.kind = CP_ARRIVALS_COUNTS,
                                        .counts = counts,
                                        .bucket_ms = 0.5 * CP_MS_PER_HOUR,
                                        .n = sizeof counts / sizeof counts[0]};
    cp_hour_rates(&law, -3 * CP_MS_PER_HOUR, per_s); /* it begins at 03:00 on Monday */
    assert_near(per_s[3 + 5], (5400 + 1800 + 0 + 1800) / 7200.0, 1e-9);
    assert_near(per_s[3 + 10], (1800 + 0 + 1800 + 1800) / 7200.0, 1e-9);
    assert_near(per_s[100], 1, 1e-9);
    struct cp_arrivals_law day = law;
    day.n = 48;
    cp_hour_rates(&day, 0, per_s);
    assert_near(per_s[23], 1, 1e-9);
    assert_true(isnan(per_s[24]));
}

static void rates_of_a_trace_are_those_of_its_times(void **state)
{
    (void)state;
    static const double times[] = {0, 1000, 2 * CP_MS_PER_HOUR + 5};
    double per_s[CP_ARRIVALS_HOURS];
    const struct cp_arrivals_law law = {
        .kind = CP_ARRIVALS_TIMES, .times_ms = times, .n = 3, .span_ms = 4 * CP_MS_PER_HOUR};
    cp_hour_rates(&law, 0, per_s);
    assert_near(per_s[0], 2 / 3600.0, 1e-12);
    assert_near(per_s[1], 0, 0);
    assert_near(per_s[2], 1 / 3600.0, 1e-12);
    assert_true(isnan(per_s[4]));
}

/* Three hours were seen, of 1, 10 and 100 a second, and a sliver of a fourth. */
static void an_hour_gets_the_counts_of_the_next_busier_one(void **state)
{
    (void)state;
    static struct cp_pool_number numbers[CP_ARRIVALS_HOURS * ROW];
    static double bucket_ms[CP_ARRIVALS_HOURS];
    const struct cp_arrivals_law law = {.kind = CP_ARRIVALS_WEEK, .week_per_s = week};
    static const size_t seen[] = {0, 1, 2};
    for (size_t h = 0; h < CP_ARRIVALS_HOURS; h++)
        week[h] = 1;
    week[1] = week[20] = 10;
    week[2] = 100;
    week[21] = 9;
    week[22] = 10.4; /* within 5 % of a seen one */
    week[23] = 60;
    week[24] = 200;
    for (size_t i = 0; i < 3; i++) {
        numbers[seen[i] * ROW].n = 1000 + i;
        bucket_ms[seen[i]] = 60e3;
    }
    numbers[23 * (size_t)ROW].n = 7;
    bucket_ms[23] = 1e3;
    struct cp_pool_curve curve = {.n_max = ROW - 1,
                                  .numbers = numbers,
                                  .bucket_ms = bucket_ms,
                                  .n_buckets = CP_ARRIVALS_HOURS};
    cp_unseen_hours_fill(&curve, &law, 0);
    static const struct {
        size_t hour, donor;
    } cases[] = {{0, 0}, {1, 1}, {2, 2}, {10, 0}, {20, 1}, {21, 1}, {22, 1}, {23, 2}, {24, 2}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(numbers[cases[i].hour * ROW].n, 1000 + cases[i].donor);
        assert_near(bucket_ms[cases[i].hour], 60e3, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rates_of_counts_go_by_the_hour_of_the_week),
        cmocka_unit_test(rates_of_a_trace_are_those_of_its_times),
        cmocka_unit_test(an_hour_gets_the_counts_of_the_next_busier_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
