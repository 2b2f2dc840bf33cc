/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/stat/idle_batch.h"

#include <math.h>
#include <stdlib.h>

#include "tests/test.h"

static struct cp_sample probe(double interval_ms, int64_t batch, int64_t sent_at_ms,
                              enum cp_start_kind start)
{
    struct cp_sample s = cp_sample_planned(CP_CELL_IDLE, 512);
    s.idle_interval_ms = interval_ms;
    s.batch = batch;
    s.sent_at_ms = sent_at_ms;
    s.outcome = CP_OUTCOME_MEASURED;
    s.start = start;
    return s;
}

static void probes_of_one_batch_and_interval_are_together(void **state)
{
    (void)state;
    struct cp_sample samples[] = {
        probe(60e3, 1, 900000, CP_START_WARM), probe(60e3, 0, 100, CP_START_COLD),
        probe(60e3, 1, 1, CP_START_SNAPSTART), probe(90e3, 1, 1, CP_START_WARM),
        probe(60e3, 0, 100, CP_START_COLD),    probe(60e3, 0, 100, CP_START_COLD),
        probe(90e3, 1, 5, CP_START_WARM),
    };
    samples[5].outcome = CP_OUTCOME_THROTTLED;
    samples[6].kind = CP_CELL_WARM;
    static const struct cp_idle_batch expected[] = {{60e3, 2, 2}, {60e3, 2, 1}, {90e3, 1, 0}};
    struct cp_idle_batch *batches = NULL;
    size_t n = 0;
    assert_int_equal(cp_idle_batches_of_samples(samples, 7, &batches, &n, NULL), CP_OK);
    assert_int_equal(n, 3);
    for (size_t i = 0; i < n; i++) {
        assert_near(batches[i].idle_interval_ms, expected[i].idle_interval_ms, 0);
        assert_int_equal(batches[i].n, expected[i].n);
        assert_int_equal(batches[i].n_cold, expected[i].n_cold);
    }
    free(batches);
}

static void without_record_those_sent_together_are_one(void **state)
{
    (void)state;
    const struct cp_sample samples[] = {
        probe(60e3, -1, 10000, CP_START_WARM),     probe(60e3, -1, 12001, CP_START_COLD),
        probe(60e3, -1, 12000, CP_START_COLD),     probe(60e3, -1, 14001, CP_START_COLD),
        probe(60e3, -1, INT64_MIN, CP_START_WARM), probe(60e3, -1, INT64_MAX, CP_START_WARM),
    };
    struct cp_idle_batch *batches = NULL;
    size_t n = 0;
    assert_int_equal(cp_idle_batches_of_samples(samples, 6, &batches, &n, NULL), CP_OK);
    assert_int_equal(n, 4);
    assert_int_equal(batches[1].n, 2); /* 10,000 and 12,000 */
    assert_int_equal(batches[1].n_cold, 1);
    assert_int_equal(batches[2].n, 2); /* 12,001 and 14,001: from its own first */
    free(batches);
}

static void no_probe_makes_no_batch(void **state)
{
    (void)state;
    struct cp_sample sample = probe(NAN, 0, 0, CP_START_WARM);
    struct cp_idle_batch *batches = &(struct cp_idle_batch){0};
    size_t n = 9;
    assert_int_equal(cp_idle_batches_of_samples(&sample, 1, &batches, &n, NULL), CP_OK);
    assert_null(batches);
    assert_int_equal(n, 0);
    assert_int_equal(cp_idle_batches_of_samples(NULL, 0, &batches, &n, NULL), CP_OK);
    assert_null(batches);
}

static void dispersion_is_the_factor_of_the_binomial_variance(void **state)
{
    (void)state;
    static const struct cp_idle_batch together[] = {
        {1, 20, 20}, {1, 20, 0}, {1, 20, 20}, {1, 20, 0}};
    static const struct cp_idle_batch balanced[] = {{1, 20, 10}, {1, 20, 10}, {1, 20, 10}};
    static const struct cp_idle_batch alike[] = {{1, 20, 0}, {1, 20, 0}};
    static const struct cp_idle_batch uneven[] = {{1, 10, 2}, {1, 30, 18}, {1, 0, 0}};
    /* each off by 10 of variance 5: 4 x 20 / 3 */
    assert_near(cp_idle_dispersion(together, 4), 80.0 / 3, 1e-12);
    assert_near(cp_idle_dispersion(balanced, 3), 0, 1e-12);
    assert_true(isnan(cp_idle_dispersion(alike, 2)));
    assert_true(isnan(cp_idle_dispersion(balanced, 1)));
    assert_true(isnan(cp_idle_dispersion(NULL, 0)));
    /* p = 1/2: (2 - 5)^2 / 2.5 + (18 - 15)^2 / 7.5 over one degree of freedom */
    assert_near(cp_idle_dispersion(uneven, 3), 3.6 + 1.2, 1e-12);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(probes_of_one_batch_and_interval_are_together),
        cmocka_unit_test(without_record_those_sent_together_are_one),
        cmocka_unit_test(no_probe_makes_no_batch),
        cmocka_unit_test(dispersion_is_the_factor_of_the_binomial_variance),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
