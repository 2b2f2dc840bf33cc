/* SPDX-License-Identifier: GPL-3.0-or-later
 * The traffic of random minutes against arrays of all minutes.
 */
#include "model/digest/traffic.h"

#include <stdlib.h>

#include "model/stat/sort.h"
#include "tests/model/digest/digest_world.h"
#include "tests/test.h"

/* 2026-10-05 is a Monday; 20,731 days after the epoch. */
#define MONDAY (INT64_C(20731) * 1440)
enum { WEEKS = 3, SPAN = WEEKS * 10080 };

struct sky {
    struct cp_digest_minute minutes[SPAN];
    struct cp_digest *digest;
};

static void add_minute(struct sky *sky, int64_t i, uint32_t arrivals, uint32_t flying)
{
    const struct cp_digest_name names[] = {
        {cp_view_of("orders"), cp_view_of("$LATEST"), cp_view_of("arm64")},
        {cp_view_of("orders"), cp_view_of("7"), cp_view_of("arm64")}};
    struct cp_digest_scope *scope;
    struct cp_digest_minute m = {.minute = MONDAY + i,
                                 .arrivals = arrivals,
                                 .cold_arrivals = arrivals / 5,
                                 .in_flight = {flying, flying + 1, 0, flying / 2},
                                 .busy_ms = flying * UINT64_C(50000)};
    assert_int_equal(cp_digest_scope(sky->digest, &names[arrivals % 2], &scope, NULL), CP_OK);
    assert_int_equal(cp_digest_add_minute(sky->digest, scope, &m, NULL), CP_OK);
    sky->minutes[i].arrivals += m.arrivals;
    sky->minutes[i].cold_arrivals += m.cold_arrivals;
    sky->minutes[i].busy_ms += m.busy_ms;
    for (size_t k = 0; k < CP_DIGEST_MARKS; k++)
        sky->minutes[i].in_flight[k] += m.in_flight[k];
}

static struct cp_traffic traffic_of(const struct sky *sky, int offset)
{
    struct cp_traffic t;
    const struct cp_digest_scope *scopes[] = {world_scope(sky->digest, 0, 0),
                                              world_scope(sky->digest, 0, 1)};
    size_t first = scopes[0] ? 0 : 1;
    size_t n = (scopes[0] ? 1U : 0U) + (scopes[1] ? 1U : 0U);
    assert_int_equal(cp_traffic_of(scopes + first, n, offset, &t, NULL), CP_OK);
    return t;
}

/* ceil(q n)-th smallest: the inverse of the empirical distribution */
static double quantile(double *sorted, size_t n, double q)
{
    size_t rank = (size_t)ceil(q * (double)n);
    return n ? sorted[rank ? rank - 1 : 0] : NAN;
}

static void assert_hour(const struct sky *sky, const struct cp_traffic *t, int hour, int offset,
                        int64_t first, int64_t last)
{
    static double marks[SPAN * CP_DIGEST_MARKS];
    const struct cp_traffic_hour *h = &t->hours[hour];
    size_t n = 0;
    uint64_t n_minutes = 0;
    uint64_t arrivals = 0;
    uint64_t busy = 0;
    uint32_t most = 0;
    for (int64_t i = first; i <= last; i++) {
        const struct cp_digest_minute *m = &sky->minutes[i];
        if (((i + offset + 10080) / 60) % 168 != hour)
            continue;
        n_minutes++;
        arrivals += m->arrivals;
        busy += m->busy_ms;
        most = m->arrivals > most ? m->arrivals : most;
        for (size_t k = 0; k < CP_DIGEST_MARKS; k++)
            marks[n++] = m->in_flight[k];
    }
    cp_sort(marks, n);
    assert_int_equal(h->n_minutes, n_minutes);
    assert_int_equal(h->arrivals, arrivals);
    assert_int_equal(h->max_arrivals_per_minute, most);
    if (!n_minutes)
        return;
    assert_near(h->arrivals_per_minute, (double)arrivals / (double)n_minutes, 1e-9);
    assert_near(h->mean_concurrency, (double)busy / ((double)n_minutes * 60000), 1e-9);
    assert_near(h->in_flight_p50, quantile(marks, n, 0.5), 0);
    assert_near(h->in_flight_p95, quantile(marks, n, 0.95), 0);
    assert_near(h->in_flight_max, marks[n - 1], 0);
}

static void hours_are_those_of_all_minutes(void **state)
{
    (void)state;
    static const int offsets[] = {0, 330, -480};
    for (size_t k = 0; k < 3; k++) {
        struct sky *sky = calloc(1, sizeof *sky);
        struct cp_rng rng;
        cp_rng_init(&rng, 5, k);
        assert_non_null(sky);
        sky->digest = cp_digest_new();
        int64_t first = 1000;
        int64_t last = SPAN - 700;
        for (int64_t i = first; i <= last; i++) {
            if (i == first || i == last || cp_rng_below(&rng, 3) == 0)
                add_minute(sky, i, 1 + (uint32_t)cp_rng_below(&rng, 40),
                           (uint32_t)cp_rng_below(&rng, 60));
            if (cp_rng_below(&rng, 9) == 0)
                add_minute(sky, i, 1 + (uint32_t)cp_rng_below(&rng, 40), 3);
        }
        struct cp_traffic t = traffic_of(sky, offsets[k]);
        assert_int_equal(t.status, CP_OK);
        assert_true(t.first_minute == MONDAY + first && t.last_minute == MONDAY + last);
        for (int hour = 0; hour < CP_TRAFFIC_HOURS; hour++)
            assert_hour(sky, &t, hour, offsets[k], first, last);
        uint64_t of_days = 0;
        for (size_t i = 0; i < t.n_days; i++) {
            assert_int_equal(t.days[i].day, t.days[0].day + (int64_t)i);
            of_days += t.days[i].arrivals;
        }
        assert_int_equal(of_days, t.arrivals);
        assert_near(t.arrivals_per_s, (double)t.arrivals / (60.0 * (double)(last - first + 1)),
                    1e-9);
        cp_traffic_clear(&t);
        cp_digest_free(sky->digest);
        free(sky);
    }
}

static void peaks_days_and_gaps(void **state)
{
    (void)state;
    struct sky *sky = calloc(1, sizeof *sky);
    assert_non_null(sky);
    sky->digest = cp_digest_new();
    add_minute(sky, 5, 10, 0);
    add_minute(sky, 5 + 60, 10, 7);        /* 59 minutes between: no gap */
    add_minute(sky, 65 + 61, 50, 2);       /* 60 */
    add_minute(sky, 1440 * 2 + 30, 20, 1); /* the second day is empty */
    struct cp_traffic t = traffic_of(sky, 0);
    assert_int_equal(t.peak_minute, MONDAY + 126);
    assert_int_equal(t.peak_arrivals, 50);
    assert_near(t.in_flight_max, 8, 0);
    assert_int_equal(t.in_flight_max_minute, MONDAY + 65);
    assert_int_equal(t.n_gaps, 2);
    assert_int_equal(t.n_gaps_in_all, 2);
    assert_true(t.gaps[0].from_minute == MONDAY + 66 && t.gaps[0].n_minutes == 60);
    assert_true(t.gaps[1].from_minute == MONDAY + 127 && t.gaps[1].n_minutes == 2910 - 127);
    assert_int_equal(t.n_days, 3);
    assert_int_equal(t.days[0].arrivals, 70);
    assert_int_equal(t.days[1].arrivals, 0);
    assert_near(t.days[1].mean_concurrency, 0, 0);
    assert_near(t.days[0].mean_concurrency, 9 * 50000.0 / (1435.0 * 60000), 1e-12);
    assert_near(t.days[2].mean_concurrency, 50000.0 / (31.0 * 60000), 1e-12);
    assert_near(t.cold_share, 0.2, 1e-12);
    assert_near(t.in_flight_p50, 0, 0);
    cp_traffic_clear(&t);
    cp_digest_free(sky->digest);
    free(sky);
}

static void of_many_gaps_the_longest_are_listed(void **state)
{
    (void)state;
    struct sky *sky = calloc(1, sizeof *sky);
    assert_non_null(sky);
    sky->digest = cp_digest_new();
    int64_t at = 0;
    add_minute(sky, at, 1, 0);
    for (int64_t i = 0; i < 50; i++) {
        at += 61 + (i * 7) % 50; /* gaps of 60..109 minutes, each once */
        add_minute(sky, at, 1, 0);
    }
    struct cp_traffic t = traffic_of(sky, 0);
    assert_int_equal(t.n_gaps_in_all, 50);
    assert_int_equal(t.n_gaps, CP_TRAFFIC_GAPS_MAX);
    assert_int_equal(t.gap_minutes, (60 + 109) * 25);
    for (size_t i = 0; i < t.n_gaps; i++) {
        assert_true(t.gaps[i].n_minutes >= 90);
        assert_true(i == 0 || t.gaps[i - 1].from_minute < t.gaps[i].from_minute);
    }
    cp_traffic_clear(&t);
    cp_digest_free(sky->digest);
    free(sky);
}

static void without_minutes_there_is_none(void **state)
{
    (void)state;
    struct cp_traffic t;
    assert_int_equal(cp_traffic_of(NULL, 0, 0, &t, NULL), CP_OK);
    assert_int_equal(t.status, CP_ENODATA);
    cp_traffic_clear(&t);
    assert_int_equal(cp_traffic_of(NULL, 0, 841, &t, NULL), CP_EINVAL);
    cp_traffic_clear(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hours_are_those_of_all_minutes),
        cmocka_unit_test(peaks_days_and_gaps),
        cmocka_unit_test(of_many_gaps_the_longest_are_listed),
        cmocka_unit_test(without_minutes_there_is_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
