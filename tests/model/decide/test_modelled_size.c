/* SPDX-License-Identifier: GPL-3.0-or-later
 * Memory sizes that were not measured, in a world whose laws are known: each inner size left out of
 * simulated sweeps and predicted from the others. The 95 % intervals must hold the true p95 (cold
 * and warm) and mean in nine of ten cases, and the samples must be near them.
 */
#include "model/decide/modelled_size.h"

#include "tests/model/decide/ground_truth.h"
#include "tests/test.h"

#include <gsl/gsl_errno.h>
#include <math.h>
#include <string.h>

static uint64_t runs = 5;

/* One statistic over all cases. */
struct tally {
    size_t n, covered;
    double log_error;
};

static void count(struct tally *t, double estimate, struct cp_interval law, double truth)
{
    struct cp_interval wide =
        cp_modelled_size_widen((struct cp_interval){estimate, estimate, estimate}, law);
    t->n++;
    t->covered += wide.low <= truth && truth <= wide.high;
    t->log_error += fabs(log(estimate / truth));
}

static double mean_of(const double *values, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += values[i];
    return sum / (double)n;
}

enum statistic { COLD_P95, WARM_P95, WARM_MEAN, STATISTICS };

static void judge(const struct gt_setting *g, const struct cp_modelled_size *made, size_t size,
                  struct tally tallies[STATISTICS])
{
    static double cold[CP_MODELLED_VALUES_MAX];
    static double warm[CP_MODELLED_VALUES_MAX];
    const struct cp_size_data *d = &made->data;
    assert_in_range(d->n_cold, 1, CP_MODELLED_VALUES_MAX);
    assert_in_range(d->n_warm, 1, CP_MODELLED_VALUES_MAX);
    for (size_t i = 0; i < d->n_cold; i++)
        cold[i] = d->init_ms[i] + d->cold_handler_ms[i];
    memcpy(warm, d->warm_ms, d->n_warm * sizeof *warm);
    cp_sort(cold, d->n_cold);
    cp_sort(warm, d->n_warm);
    count(&tallies[COLD_P95], cp_quantile(cold, d->n_cold, 0.95, 8), made->cold_ms,
          gt_quantile(g, size, 1, 0.95));
    count(&tallies[WARM_P95], cp_quantile(warm, d->n_warm, 0.95, 8), made->warm_ms, g->q95[size]);
    count(&tallies[WARM_MEAN], mean_of(warm, d->n_warm), made->mean_warm_ms, g->mean[size]);
}

static void leave_out(const struct gt_setting *g, const struct gt_data *data, size_t size,
                      struct tally tallies[STATISTICS])
{
    struct cp_size_data rest[GT_SIZES];
    size_t n = 0;
    for (size_t i = 0; i < GT_SIZES; i++) {
        if (i != size)
            rest[n++] = data->sizes[i];
    }
    struct cp_size_models models;
    struct cp_modelled_size made;
    cp_size_models_fit(rest, n, 0.95, 1, &models);
    assert_int_equal(models.status, CP_OK);
    assert_int_equal(cp_modelled_size_make(&models, gt_memory_mb[size], &made), CP_OK);
    judge(g, &made, size, tallies);
    cp_modelled_size_clear(&made);
    cp_size_models_clear(&models);
}

static void a_size_left_out_is_predicted_with_an_honest_interval(void **state)
{
    (void)state;
    static const char *const names[STATISTICS] = {"p95 of cold starts", "p95 of warm ones",
                                                  "mean of warm ones"};
    static struct gt_setting settings[GT_SETTINGS];
    static struct gt_data data;
    gt_read_settings(settings);
    struct tally all[STATISTICS] = {{0}};
    for (size_t g = 0; g < GT_SETTINGS; g++) {
        struct tally tallies[STATISTICS] = {{0}};
        for (uint64_t run = 0; run < runs; run++) {
            gt_draw(&settings[g], 100, run, &data);
            for (size_t size = 1; size + 1 < GT_SIZES; size++)
                leave_out(&settings[g], &data, size, tallies);
        }
        for (size_t i = 0; i < STATISTICS; i++) {
            struct tally *t = &tallies[i];
            print_message("%s, %s: %.3f of %zu intervals hold it, off by %.1f %%\n", settings[g].id,
                          names[i], (double)t->covered / (double)t->n, t->n,
                          100 * t->log_error / (double)t->n);
            all[i].n += t->n;
            all[i].covered += t->covered;
            all[i].log_error += t->log_error;
        }
    }
    for (size_t i = 0; i < STATISTICS; i++) {
        assert_true((double)all[i].covered >= 0.9 * (double)all[i].n);
        assert_true(all[i].log_error <= 0.1 * (double)all[i].n);
    }
}

int main(int argc, char **argv)
{
    gsl_set_error_handler_off();
    if (argc > 1 && strcmp(argv[1], "full") == 0)
        runs = 100;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_size_left_out_is_predicted_with_an_honest_interval),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
