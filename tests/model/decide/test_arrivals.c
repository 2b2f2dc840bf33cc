/* SPDX-License-Identifier: GPL-3.0-or-later
 * Expected values are properties of the processes: counts and their variance, or the trace itself.
 */
#include "model/decide/arrivals.h"

#include "tests/test.h"

#include <math.h>
#include <string.h>

#define HOUR_MS 3600e3

static struct cp_arrivals opened(const struct cp_arrivals_law *law, uint64_t stream, double origin)
{
    struct cp_arrivals a;
    struct cp_error err = {0};
    if (cp_arrivals_open(&a, law, 5, stream, origin, &err))
        fail_msg("%s", err.text);
    return a;
}

/* Number of arrivals before `end`; the stream goes on behind. Order is checked. */
static size_t count_until(struct cp_arrivals *a, double end, double *last)
{
    size_t n = 0;
    for (;;) {
        double t = cp_arrivals_next(a);
        assert_true(t >= *last);
        *last = t;
        if (t >= end)
            return n;
        n++;
    }
}

static size_t count_law(const struct cp_arrivals_law *law, double end)
{
    double last = 0;
    struct cp_arrivals a = opened(law, 0, 0);
    size_t n = count_until(&a, end, &last);
    cp_arrivals_close(&a);
    return n;
}

static void assert_within_4_sd(double actual, double expected, double sd)
{
    if (!(fabs(actual - expected) <= 4 * sd))
        fail_msg("%g is not %g within 4 x %g", actual, expected, sd);
}

static void poisson_counts_have_their_mean_and_factor(void **state)
{
    (void)state;
    struct cp_arrivals_law law = {.per_s = 20};
    assert_within_4_sd((double)count_law(&law, 1e6), 20e3, sqrt(20e3));
    law.factor = 0.25;
    assert_within_4_sd((double)count_law(&law, 1e6), 5e3, sqrt(5e3));
    assert_near(cp_arrivals_mean_per_s(&law), 5, 1e-12);
}

static void periodic_arrivals_do_not_drift(void **state)
{
    (void)state;
    const struct cp_arrivals_law law = {.kind = CP_ARRIVALS_PERIODIC, .per_s = 3};
    struct cp_arrivals a = opened(&law, 0, 0);
    double t = 0;
    for (int i = 0; i < 300000; i++)
        t = cp_arrivals_next(&a);
    assert_near(t, 100e6, 1e-6);
}

static void an_hour_of_the_week_has_its_rate(void **state)
{
    (void)state;
    double week[CP_ARRIVALS_HOURS] = {[3] = 2, [4] = 1, [167] = 0.5};
    const struct cp_arrivals_law law = {
        .kind = CP_ARRIVALS_WEEK, .week_per_s = week, .factor = 1.5};
    enum { HOURS = 3 * CP_ARRIVALS_HOURS };
    size_t seen[HOURS] = {0};
    struct cp_arrivals a = opened(&law, 0, 10 * HOUR_MS); /* hour 0 lies at hour 10 */
    for (double t; (t = cp_arrivals_next(&a)) < HOURS * HOUR_MS;)
        seen[(size_t)(t / HOUR_MS)]++;
    for (size_t hour = 0; hour < HOURS; hour++) {
        double expected = 1.5 * week[(hour + CP_ARRIVALS_HOURS - 10) % CP_ARRIVALS_HOURS] * 3600;
        assert_within_4_sd((double)seen[hour], expected, sqrt(expected));
    }
    cp_arrivals_close(&a);
    assert_near(cp_arrivals_mean_per_s(&law), 1.5 * 3.5 / 168, 1e-12);
}

static void counts_are_kept_exactly_and_spread_evenly(void **state)
{
    (void)state;
    const double counts[] = {0, 3, 0, 4000, 1, 0};
    const struct cp_arrivals_law law = {
        .kind = CP_ARRIVALS_COUNTS, .counts = counts, .n = 6, .bucket_ms = 60e3};
    struct cp_arrivals a = opened(&law, 0, 0);
    size_t seen[6] = {0};
    double in_minute = 0;
    for (double t; (t = cp_arrivals_next(&a)) < INFINITY;) {
        seen[(size_t)(t / 60e3)]++;
        in_minute += fmod(t, 60e3);
    }
    for (size_t i = 0; i < 6; i++)
        assert_int_equal(seen[i], (size_t)counts[i]);
    assert_within_4_sd(in_minute / 4004, 30e3, 60e3 / sqrt(12.0 * 4004));
    assert_near(cp_arrivals_mean_per_s(&law), 4004 / 360.0, 1e-12);
    struct cp_arrivals_law half = law;
    half.factor = 0.3;
    assert_within_4_sd((double)count_law(&half, INFINITY), 0.3 * 4004, 1);
}

static void a_trace_is_played_as_it_was_recorded(void **state)
{
    (void)state;
    const double times[] = {0, 5, 5, 100, 1000.5};
    struct cp_arrivals_law law = {.kind = CP_ARRIVALS_TIMES, .times_ms = times, .n = 5};
    struct cp_arrivals a = opened(&law, 0, 0);
    for (size_t i = 0; i < 5; i++)
        assert_near(cp_arrivals_next(&a), times[i], 0);
    assert_near(cp_arrivals_next(&a), INFINITY, 0);
    law.factor = 3; /* the recorded ones stay, two more each, in order */
    a = opened(&law, 0, 0);
    double last = 0;
    size_t recorded = 0;
    for (size_t i = 0; i < 15; i++) {
        double t = cp_arrivals_next(&a);
        assert_true(t >= last && t <= 1000.5);
        if (recorded < 5 && t == times[recorded])
            recorded++;
        last = t;
    }
    assert_int_equal(recorded, 5);
    assert_near(cp_arrivals_next(&a), INFINITY, 0);
    law.factor = 0.5;
    size_t n = 0;
    for (uint64_t stream = 0; stream < 400; stream++) {
        a = opened(&law, stream, 0);
        while (cp_arrivals_next(&a) < INFINITY)
            n++;
    }
    assert_within_4_sd((double)n, 1000, sqrt(2000 * 0.25));
}

/* Counts of windows: variance over mean of a Poisson cluster process with geometric clusters. */
static void bursts_keep_the_rate_and_raise_the_variance(void **state)
{
    (void)state;
    static const double gaps_ms[] = {0, 20};
    enum { WINDOWS = 20000 };
    for (size_t g = 0; g < 2; g++) {
        const struct cp_arrivals_law law = {.per_s = 10, .burst = 5, .burst_gap_ms = gaps_ms[g]};
        struct cp_arrivals a = opened(&law, g, 0);
        double sum = 0;
        double squares = 0;
        double t = cp_arrivals_next(&a);
        double last = 0;
        for (int w = 0; w < WINDOWS; w++) {
            double n = 0;
            for (; t < (w + 1) * 20e3; t = cp_arrivals_next(&a), n++) {
                assert_true(t >= last);
                last = t;
            }
            sum += n;
            squares += n * n;
        }
        cp_arrivals_close(&a);
        double mean = sum / WINDOWS;
        double dispersion = (squares / WINDOWS - mean * mean) / mean;
        assert_within_4_sd(mean, 200, sqrt(9 * 200.0 / WINDOWS));
        assert_near(dispersion, 9, 0.5); /* 2 x 5 - 1; its own sd is about 0.1 */
    }
}

static void a_seed_and_a_stream_name_the_arrivals(void **state)
{
    (void)state;
    const struct cp_arrivals_law law = {.per_s = 10, .burst = 3, .burst_gap_ms = 5};
    struct cp_arrivals a = opened(&law, 1, 0);
    struct cp_arrivals b = opened(&law, 1, 0);
    struct cp_arrivals c = opened(&law, 2, 0);
    int same = 0;
    for (int i = 0; i < 1000; i++) {
        double t = cp_arrivals_next(&a);
        assert_near(cp_arrivals_next(&b), t, 0);
        same += cp_arrivals_next(&c) == t;
    }
    assert_int_equal(same, 0);
    cp_arrivals_close(&a);
    cp_arrivals_close(&b);
    cp_arrivals_close(&c);
}

static struct cp_arrivals repeated(const struct cp_arrivals_law *law, uint64_t stream,
                                   double origin)
{
    struct cp_arrivals a;
    struct cp_error err = {0};
    if (cp_arrivals_open_repeated(&a, law, 5, stream, origin, 1e12, &err))
        fail_msg("%s", err.text);
    return a;
}

/* The integrated rate of a week from its hour 0 to `ms`, which may be negative. */
static double expected_until(const double *week, double ms)
{
    double sum = 0;
    for (long hour = 0; (double)hour * HOUR_MS < ms; hour++)
        sum += week[hour % CP_ARRIVALS_HOURS] / 1000 * fmin(HOUR_MS, ms - (double)hour * HOUR_MS);
    for (long hour = -1; (double)(hour + 1) * HOUR_MS > ms; hour--)
        sum -= week[(hour % CP_ARRIVALS_HOURS + CP_ARRIVALS_HOURS) % CP_ARRIVALS_HOURS] / 1000 *
               fmin(HOUR_MS, (double)(hour + 1) * HOUR_MS - ms);
    return sum;
}

/* In the time that its integrated rate is, a week is one and the same Poisson process, wherever a
 * window begins. */
static void a_window_of_a_week_has_the_arrivals_of_the_whole(void **state)
{
    (void)state;
    double week[CP_ARRIVALS_HOURS];
    for (size_t hour = 0; hour < CP_ARRIVALS_HOURS; hour++)
        week[hour] = (double)(hour % 7) / 100;
    const struct cp_arrivals_law law = {.kind = CP_ARRIVALS_WEEK, .week_per_s = week};
    static const double begins[] = {0, 30.25 * HOUR_MS, 167.9 * HOUR_MS, -3.5 * HOUR_MS};
    for (size_t w = 0; w < 4; w++) {
        struct cp_arrivals a = repeated(&law, 3, 0);
        struct cp_arrivals b = repeated(&law, 3, -begins[w]);
        double before = expected_until(week, begins[w]);
        for (int i = 0; i < 3000; i++) {
            double t = cp_arrivals_next(&b) + begins[w];
            assert_near(expected_until(week, t) - before,
                        expected_until(week, cp_arrivals_next(&a)), 1e-6);
        }
    }
}

/* Pieces of counts, the first one from before their beginning: exact where buckets are whole. */
static void counts_go_round(void **state)
{
    (void)state;
    const double counts[] = {2, 0, 500, 7};
    const struct cp_arrivals_law law = {
        .kind = CP_ARRIVALS_COUNTS, .counts = counts, .n = 4, .bucket_ms = 60e3};
    assert_near(cp_arrivals_span_ms(&law), 240e3, 0);
    static const double origins[] = {0, 60e3, -120e3, 600e3, -1e9 * 240e3};
    static const size_t firsts[] = {0, 3, 2, 2, 0};
    for (size_t i = 0; i < 5; i++) {
        struct cp_arrivals a = repeated(&law, i, origins[i]);
        size_t seen[10] = {0};
        double last = 0;
        for (double t; (t = cp_arrivals_next(&a)) < 600e3;) {
            assert_true(t >= last);
            last = t;
            seen[(size_t)(t / 60e3)]++;
        }
        for (size_t k = 0; k < 10; k++)
            assert_int_equal(seen[k], (size_t)counts[(firsts[i] + k) % 4]);
    }
    size_t n = 0;
    for (uint64_t stream = 0; stream < 400; stream++) { /* begins in the middle of the 500 */
        struct cp_arrivals a = repeated(&law, stream, -165e3);
        while (cp_arrivals_next(&a) < 15e3)
            n++;
    }
    assert_within_4_sd((double)n, 400 * 125, sqrt(400 * 500 * 0.25 * 0.75));
    static const double nothing[] = {0, 0};
    const struct cp_arrivals_law none = {
        .kind = CP_ARRIVALS_COUNTS, .counts = nothing, .n = 2, .bucket_ms = 1};
    struct cp_arrivals a = repeated(&none, 0, 0);
    assert_near(cp_arrivals_next(&a), INFINITY, 0);
    struct cp_arrivals_law rare = law; /* a request in 2e17 rounds, of which there are 100 */
    struct cp_error err;
    rare.factor = 1e-20;
    assert_int_equal(cp_arrivals_open_repeated(&a, &rare, 1, 0, 0, 100 * 240e3, &err), CP_OK);
    assert_near(cp_arrivals_next(&a), INFINITY, 0);
}

static void a_trace_goes_round(void **state)
{
    (void)state;
    const double times[] = {100, 150, 150, 400};
    struct cp_arrivals_law law = {.kind = CP_ARRIVALS_TIMES, .times_ms = times, .n = 4};
    assert_near(cp_arrivals_span_ms(&law), 500, 0); /* a mean gap of 100 behind the last */
    law.span_ms = 1000;
    assert_near(cp_arrivals_span_ms(&law), 1000, 0);
    assert_near(cp_arrivals_mean_per_s(&law), 4, 1e-12);
    static const struct {
        double origin;
        double expected[6];
    } rows[] = {
        {0, {100, 150, 150, 400, 1100, 1150}},
        {-100, {0, 50, 50, 300, 1000, 1050}},
        {-150, {0, 0, 250, 950, 1000, 1000}},
        {-150.5, {249.5, 949.5, 999.5, 999.5, 1249.5, 1949.5}},
        {600, {0, 700, 750, 750, 1000, 1700}},
        {-7401, {699, 749, 749, 999, 1699, 1749}},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct cp_arrivals a = repeated(&law, 0, rows[i].origin);
        for (size_t k = 0; k < 6; k++)
            assert_near(cp_arrivals_next(&a), rows[i].expected[k], 1e-9);
    }
    law.factor = 3; /* copies of 400 fall between it and 1100, also into a window from there on */
    size_t n = 0;
    for (uint64_t stream = 0; stream < 400; stream++) {
        struct cp_arrivals a = repeated(&law, stream, -750);
        while (cp_arrivals_next(&a) < 350)
            n++;
    }
    assert_within_4_sd((double)n, 400, sqrt(400 * 2 * 0.25));
}

static void impossible_traffic_is_refused(void **state)
{
    (void)state;
    static const double nothing[CP_ARRIVALS_HOURS] = {0};
    static const double back[] = {5, 4};
    static const double forth[] = {4, 5};
    static const double negative[] = {1, -1};
    const struct {
        struct cp_arrivals_law law;
        const char *word;
    } rows[] = {
        {{.per_s = 0}, "arrival rate"},
        {{.per_s = NAN}, "arrival rate"},
        {{.kind = CP_ARRIVALS_PERIODIC, .per_s = INFINITY}, "arrival rate"},
        {{.per_s = 1, .factor = -1}, "factor"},
        {{.per_s = 1, .burst = NAN}, "bursts"},
        {{.per_s = 1, .burst = 2, .burst_gap_ms = -1}, "bursts"},
        {{.kind = CP_ARRIVALS_WEEK, .week_per_s = nothing}, "not all 0"},
        {{.kind = CP_ARRIVALS_WEEK}, "not all 0"},
        {{.kind = CP_ARRIVALS_COUNTS, .counts = negative, .n = 2, .bucket_ms = 1}, "counts"},
        {{.kind = CP_ARRIVALS_COUNTS, .counts = back, .n = 2}, "counts"},
        {{.kind = CP_ARRIVALS_TIMES, .times_ms = back, .n = 2}, "ascending"},
        {{.kind = CP_ARRIVALS_TIMES, .times_ms = negative, .n = 2}, "ascending"},
        {{.kind = CP_ARRIVALS_TIMES}, "ascending"},
        {{.kind = CP_ARRIVALS_TIMES, .times_ms = nothing, .n = 2, .burst = 2}, "already"},
        {{.kind = CP_ARRIVALS_TIMES, .times_ms = forth, .n = 2, .span_ms = 4.5}, "span"},
        {{.kind = CP_ARRIVALS_TIMES, .times_ms = forth, .n = 2, .span_ms = INFINITY}, "span"},
        {{.kind = (enum cp_arrivals_kind)9}, "unknown"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct cp_arrivals a;
        struct cp_error err = {0};
        assert_int_equal(cp_arrivals_open(&a, &rows[i].law, 1, 0, 0, &err), CP_EINVAL);
        if (!strstr(err.text, rows[i].word))
            fail_msg("row %zu: \"%s\" has no \"%s\"", i, err.text, rows[i].word);
    }
    const struct cp_arrivals_law moment = {.kind = CP_ARRIVALS_TIMES, .times_ms = forth, .n = 1};
    struct cp_arrivals a;
    struct cp_error err = {0};
    assert_int_equal(cp_arrivals_open_repeated(&a, &moment, 1, 0, 0, 1e12, &err), CP_EINVAL);
    assert_non_null(strstr(err.text, "one moment"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(poisson_counts_have_their_mean_and_factor),
        cmocka_unit_test(periodic_arrivals_do_not_drift),
        cmocka_unit_test(an_hour_of_the_week_has_its_rate),
        cmocka_unit_test(counts_are_kept_exactly_and_spread_evenly),
        cmocka_unit_test(a_trace_is_played_as_it_was_recorded),
        cmocka_unit_test(bursts_keep_the_rate_and_raise_the_variance),
        cmocka_unit_test(a_seed_and_a_stream_name_the_arrivals),
        cmocka_unit_test(a_window_of_a_week_has_the_arrivals_of_the_whole),
        cmocka_unit_test(counts_go_round),
        cmocka_unit_test(a_trace_goes_round),
        cmocka_unit_test(impossible_traffic_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
