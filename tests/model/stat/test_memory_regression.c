/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/stat/memory_regression.h"

#include <gsl/gsl_errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "model/stat/sort.h"
#include "tests/model/stat/csv.h"
#include "tests/model/stat/truth.h"
#include "tests/test.h"

static const char data[] = "tests/data/model/quantreg";

/* The synthetic durations by memory size; the values to be freed. */
static double *load_synth(struct cp_memory_group *groups, size_t *n_groups)
{
    size_t n = 0;
    double *values = csv_column(data, "memory_synth1.csv", "duration_ms", &n);
    double *memory = csv_column(data, "memory_synth1.csv", "memory_mb", &n);
    *n_groups = 0;
    for (size_t i = 0; i < n; i++) {
        struct cp_memory_group *g = &groups[*n_groups];
        if (i == 0 || memory[i] > memory[i - 1]) {
            *g =
                (struct cp_memory_group){.memory_size_mb = (int)memory[i], .sorted_ms = values + i};
            (*n_groups)++;
        }
        groups[*n_groups - 1].n++;
    }
    free(memory);
    for (size_t i = 0, at = 0; i < *n_groups; at += groups[i++].n)
        cp_sort(values + at, groups[i].n);
    return values;
}

/* The reference counts b at the cap, 1769 MB. */
static double at_1024(double b, double c)
{
    return b * pow(1769 / 1024.0, c);
}

static void check_loss_is_that_of_the_reference_optimum(void **state)
{
    (void)state;
    struct cp_memory_group groups[8];
    size_t n = 0;
    double *values = load_synth(groups, &n);
    struct csv csv;
    size_t rows = 0;
    csv_open(&csv, data, "memory_synth1_expected.csv");
    for (; csv_next(&csv); rows++) {
        struct cp_memory_regression_options options = {.q = csv_number(&csv, "tau")};
        struct cp_memory_regression fit;
        double best = csv_number(&csv, "check_loss");
        double best_c1 = csv_number(&csv, "check_loss_c1");
        cp_memory_regression_fit(groups, n, &options, &fit);
        assert_int_equal(fit.status, CP_OK);
        assert_int_equal(fit.n_samples, 280);
        assert_near(fit.check_loss, best_c1, 1e-9 * best_c1);
        assert_near(fit.a_ms.value, csv_number(&csv, "a_c1"), 1e-7);
        assert_near(fit.b_ms.value * 1024 / 1769, csv_number(&csv, "b_c1"), 1e-7);
        options.is_exponent_free = true;
        options.is_unbounded = true;
        cp_memory_regression_fit(groups, n, &options, &fit);
        print_message("tau %.2f: %.6f, reference %.6f\n", options.q, fit.check_loss, best);
        assert_int_equal(fit.status, CP_OK);
        assert_true(fit.check_loss <= best * (1 + 1e-6));
        assert_near(fit.c, csv_number(&csv, "c"), 1e-3);
        assert_near(fit.b_ms.value, at_1024(csv_number(&csv, "b"), fit.c), 1e-2 * fit.b_ms.value);
        /* with a, b >= 0 between the two */
        options.is_unbounded = false;
        cp_memory_regression_fit(groups, n, &options, &fit);
        assert_true(fit.a_ms.value >= 0 && fit.b_ms.value >= 0);
        assert_true(fit.check_loss >= best * (1 - 1e-6) && fit.check_loss <= best_c1 * (1 + 1e-9));
    }
    csv_close(&csv);
    free(values);
    assert_int_equal(rows, 3);
}

static void law_is_judged_by_its_check_loss(void **state)
{
    (void)state;
    struct cp_memory_group groups[8];
    size_t n = 0;
    double *values = load_synth(groups, &n);
    for (int i = 0; i < 2; i++) {
        struct cp_memory_law law;
        struct cp_memory_regression fit;
        double q = i ? 0.95 : 0.5;
        cp_memory_law_fit(groups, n, &(struct cp_memory_law_options){.q = q}, &law);
        cp_memory_regression_fit(groups, n,
                                 &(struct cp_memory_regression_options){
                                     .q = q, .is_exponent_free = true, .is_unbounded = true},
                                 &fit);
        double loss = cp_memory_law_check_loss(&law, groups, n);
        print_message("q %.2f: law %.1f, regression %.1f\n", q, loss, fit.check_loss);
        assert_true(loss >= fit.check_loss * (1 - 1e-9));
        assert_true(loss < 1.1 * fit.check_loss);
        law.q = NAN;
        assert_true(isnan(cp_memory_law_check_loss(&law, groups, n)));
    }
    free(values);
}

static void loss_at_a_fit_is_the_sum_over_the_samples(void **state)
{
    (void)state;
    struct cp_memory_group groups[8];
    size_t n = 0;
    double sum = 0;
    double *values = load_synth(groups, &n);
    struct cp_memory_regression fit;
    cp_memory_regression_fit(groups, n, &(struct cp_memory_regression_options){.q = 0.9}, &fit);
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < groups[i].n; j++) {
            double u =
                groups[i].sorted_ms[j] - cp_memory_regression_at(&fit, groups[i].memory_size_mb);
            sum += u > 0 ? 0.9 * u : -0.1 * u;
        }
    }
    assert_near(sum, fit.check_loss, 1e-9 * sum);
    free(values);
}

static void intervals_hold_the_truth(void **state)
{
    (void)state;
    static const int sizes[] = {128, 512, 1024, 1769, 3008};
    struct truth t = truth_load("G1");
    int held = 0;
    for (uint64_t seed = 1; seed <= 40; seed++) {
        struct sweep s;
        struct cp_memory_regression fit;
        sweep_simulate(&s, &t, false, sizes, 5, 200, seed);
        cp_memory_regression_fit(s.groups, 5, &(struct cp_memory_regression_options){.q = 0.5},
                                 &fit);
        sweep_clear(&s);
        double b = t.s_ms * 1769 / 1024;
        held += fit.b_ms.low <= b && b <= fit.b_ms.high;
    }
    assert_in_range(held, 33, 40); /* of 0.95: fewer once in 1,000 */
}

static void parameters_are_those_of_the_fit(void **state)
{
    (void)state;
    struct cp_memory_group groups[8];
    size_t n = 0;
    double *values = load_synth(groups, &n);
    struct cp_memory_regression fit;
    struct cp_parameter out[CP_PARAMETERS_MAX];
    struct cp_memory_regression_options options = {.q = 0.5};
    cp_memory_regression_fit(groups, n, &options, &fit);
    assert_int_equal(cp_memory_regression_parameters(&fit, out), 4);
    assert_string_equal(out[1].name, "b");
    assert_true(out[1].estimate.low < fit.b_ms.value && fit.b_ms.value < out[1].estimate.high);
    assert_string_equal(out[3].name, "cap");
    options.cap_mb = INFINITY;
    options.is_exponent_free = true;
    cp_memory_regression_fit(groups, n, &options, &fit);
    assert_int_equal(cp_memory_regression_parameters(&fit, out), 3);
    assert_near(out[1].confidence, 0, 0);
    free(values);
}

static void bad_input_is_named(void **state)
{
    (void)state;
    static const double values[] = {1, 2, 3, 4, 5, 6};
    static const double unsorted[] = {1, 2, 3, 4, 6, 5};
    static const double timeouts[] = {1, 2, INFINITY, INFINITY, INFINITY, INFINITY};
    static const struct {
        const double *third;
        size_t n_third;
        int third_mb;
        double q, cap;
        enum cp_code status;
    } cases[] = {
        {values, 6, 512, 0.5, 0, CP_OK},        {values, 6, 512, 0, 0, CP_EINVAL},
        {values, 6, 512, 1, 0, CP_EINVAL},      {values, 6, 512, NAN, 0, CP_EINVAL},
        {values, 6, 512, 0.5, -1, CP_EINVAL},   {values, 6, 512, 0.5, NAN, CP_EINVAL},
        {unsorted, 6, 512, 0.5, 0, CP_EINVAL},  {values, 4, 512, 0.5, 0, CP_ENODATA},
        {values, 6, 256, 0.5, 0, CP_ENODATA},   {values, 6, 512, 0.5, INFINITY, CP_OK},
        {timeouts, 6, 512, 0.9, 0, CP_ENODATA},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct cp_memory_group groups[3];
        struct cp_memory_regression fit;
        struct cp_parameter out[CP_PARAMETERS_MAX];
        for (int j = 0; j < 3; j++)
            groups[j] =
                (struct cp_memory_group){.memory_size_mb = 128 << j, .sorted_ms = values, .n = 6};
        groups[2].sorted_ms = cases[i].third;
        groups[2].n = cases[i].n_third;
        groups[2].memory_size_mb = cases[i].third_mb;
        cp_memory_regression_fit(
            groups, 3,
            &(struct cp_memory_regression_options){.q = cases[i].q, .cap_mb = cases[i].cap}, &fit);
        print_message("case %zu\n", i);
        assert_int_equal(fit.status, cases[i].status);
        assert_int_equal(isnan(cp_memory_regression_at(&fit, 256)), fit.status != CP_OK);
        assert_int_equal(cp_memory_regression_parameters(&fit, out) == 0, fit.status != CP_OK);
    }
}

int main(void)
{
    gsl_set_error_handler_off();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(check_loss_is_that_of_the_reference_optimum),
        cmocka_unit_test(law_is_judged_by_its_check_loss),
        cmocka_unit_test(loss_at_a_fit_is_the_sum_over_the_samples),
        cmocka_unit_test(intervals_hold_the_truth),
        cmocka_unit_test(parameters_are_those_of_the_fit),
        cmocka_unit_test(bad_input_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
