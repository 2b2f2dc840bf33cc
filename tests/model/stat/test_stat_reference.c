/* SPDX-License-Identifier: GPL-3.0-or-later
 * Third-party data, read where COLDPROF_REFERENCE points and never copied: R data sets, AWS
 * durations of the SeBS artifact (Copik et al., Middleware 2021), init durations of lambda-perf.
 */
#include <gsl/gsl_errno.h>
#include <math.h>

#include "model/stat/memory_curve.h"
#include "model/stat/memory_law.h"
#include "model/stat/monotone.h"
#include "tests/model/stat/csv.h"
#include "tests/model/stat/init_samples.h"
#include "tests/model/stat/quantile_tables.h"
#include "tests/model/stat/reference.h"
#include "tests/test.h"

static void quantiles_of_all_sets_agree_with_r(void **state)
{
    (void)state;
    const char *quantiles = reference_folder("quantiles");
    assert_int_equal(check_hyndman_fan(quantiles), 8 * 9 * 11);
    assert_int_equal(check_harrell_davis(quantiles), 72);
    assert_int_equal(check_order_intervals(quantiles), 96);
}

/* "128:1627.949 256:887.243 ..." */
static size_t read_points(struct cp_view text, struct cp_memory_point *points)
{
    struct cp_view item;
    size_t n = 0;
    while (cp_view_split(&text, ' ', &item)) {
        struct cp_memory_point *p = &points[n++];
        p->weight = 1;
        assert_true(cp_view_take_double(&item, &p->memory_mb) && cp_view_skip(&item, ":") &&
                    cp_view_to_double(item, &p->value));
    }
    return n;
}

/* The table states 8 digits, but was computed from unrounded quantiles of which it prints three
 * decimals: that leaves about 6 digits to compare (10^-6 in log_rss); leave-one-out errors have 5
 * decimals. */
static void aws_durations_follow_the_published_fits(void **state)
{
    (void)state;
    struct csv csv;
    size_t rows = 0;
    csv_open(&csv, reference_folder("perfcost_sebs"), "expected_fit.csv");
    for (; csv_next(&csv); rows++) {
        struct cp_memory_point points[CP_MEMORY_POINTS_MAX];
        size_t n = read_points(csv_text(&csv, "type8_quantiles"), points);
        assert_int_equal(n, csv_size(&csv, "n_mem"));
        struct cp_memory_curve c = cp_memory_curve_fit(CP_MEMORY_LAW_INVERSE, points, n, 1769);
        double a = csv_number(&csv, "a_ms");
        double b = csv_number(&csv, "b_ms_at_1024MB");
        double rss = csv_number(&csv, "rss_log");
        assert_near(c.a, a, 1e-5 * (a + b));
        assert_near(c.b, b, 1e-5 * (a + b));
        assert_near(c.log_rss, rss, 1e-5 * rss + 1e-6);
        struct cp_memory_left_out left = cp_memory_curve_leave_one_out(&c, points, n);
        assert_near(left.mean, csv_number(&csv, "lomo_interior_mean_abs_log_err"), 2e-5);
        assert_near(left.max, csv_number(&csv, "lomo_interior_max_abs_log_err"), 2e-5);
    }
    csv_close(&csv);
    assert_int_equal(rows, 18);
}

/* Errors of predicting an inner size from the others. */
struct left_out_errors {
    double by_default, chosen, interpolated;
    size_t n;
};

static void leave_sizes_out(struct cp_memory_point *points, size_t n, double se, bool is_p50,
                            struct left_out_errors *errors)
{
    const struct cp_memory_choice_options options = {.is_exponent_allowed = is_p50,
                                                     .tie_log_error = 0.25 * se};
    for (size_t i = 1; i + 1 < n; i++) {
        struct cp_memory_choice choice;
        struct cp_monotone between;
        points[i].weight = 0;
        struct cp_memory_curve inverse =
            cp_memory_curve_fit(CP_MEMORY_LAW_INVERSE, points, n, 1769);
        assert_int_equal(cp_memory_curve_choose(points, n, &options, &choice), CP_OK);
        cp_monotone_fit(points, n, &between);
        points[i].weight = 1 / (se * se);
        const struct cp_memory_curve *chosen = &choice.curves[choice.chosen];
        double mb = points[i].memory_mb;
        errors->by_default += fabs(log(cp_memory_curve_at(&inverse, mb) / points[i].value));
        errors->chosen += fabs(log(cp_memory_curve_at(chosen, mb) / points[i].value));
        errors->interpolated += fabs(log(cp_monotone_at(&between, mb) / points[i].value));
        errors->n++;
    }
}

/* What may be chosen must not predict worse than what would be taken without a choice. The standard
 * errors are about those of 250 values of such spread. */
static void choice_predicts_aws_durations_as_well_as_the_default(void **state)
{
    (void)state;
    static const struct {
        double p, se;
    } quantiles[] = {{0.5, 0.01}, {0.95, 0.04}};
    for (size_t k = 0; k < 2; k++) {
        struct csv csv;
        struct left_out_errors e = {0};
        csv_open(&csv, reference_folder("perfcost_sebs"), "expected_fit.csv");
        while (csv_next(&csv)) {
            struct cp_memory_point points[CP_MEMORY_POINTS_MAX];
            if (fabs(csv_number(&csv, "p") - quantiles[k].p) > 1e-9)
                continue;
            size_t n = read_points(csv_text(&csv, "type8_quantiles"), points);
            double se = quantiles[k].se;
            for (size_t i = 0; i < n; i++)
                points[i].weight = 1 / (se * se);
            leave_sizes_out(points, n, se, k == 0, &e);
        }
        csv_close(&csv);
        double n = (double)e.n;
        print_message("p%.0f, %zu sizes left out: |log error| %.4f by default, %.4f chosen, %.4f "
                      "interpolated\n",
                      100 * quantiles[k].p, e.n, e.by_default / n, e.chosen / n,
                      e.interpolated / n);
        assert_int_equal(e.n, 28);
        assert_true(e.chosen < 1.06 * e.by_default);
        assert_true(e.chosen < e.interpolated);
    }
}

static void real_init_durations_are_constant_over_memory(void **state)
{
    (void)state;
    static struct init_series all[INIT_SERIES_MAX];
    size_t n = init_samples_load(all);
    size_t constant = 0;
    for (size_t i = 0; i < n; i++) {
        struct cp_memory_law law;
        struct cp_memory_group groups[INIT_SIZES_MAX];
        double lowest = INFINITY;
        double highest = 0;
        for (size_t j = 0; j < all[i].n_cells; j++) {
            const struct init_cell *cell = &all[i].cells[j];
            groups[j] = (struct cp_memory_group){
                .sorted_ms = cell->values_ms, .n = cell->n, .memory_size_mb = cell->memory_mb};
            double median = cell->values_ms[cell->n / 2];
            lowest = fmin(lowest, median);
            highest = fmax(highest, median);
        }
        cp_memory_law_fit(groups, all[i].n_cells,
                          &(struct cp_memory_law_options){.q = 0.5, .is_init = true, .seed = 1},
                          &law);
        assert_int_equal(law.status, CP_OK);
        constant += law.kind == CP_MEMORY_LAW_CONSTANT;
        /* the pooled median lies among the medians of the sizes */
        assert_true(law.a_ms >= 0.99 * lowest && law.a_ms <= 1.01 * highest);
    }
    assert_true(n > 5);
    assert_int_equal(constant, n);
}

int main(void)
{
    gsl_set_error_handler_off();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quantiles_of_all_sets_agree_with_r),
        cmocka_unit_test(aws_durations_follow_the_published_fits),
        cmocka_unit_test(choice_predicts_aws_durations_as_well_as_the_default),
        cmocka_unit_test(real_init_durations_are_constant_over_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
