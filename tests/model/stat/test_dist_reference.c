/* SPDX-License-Identifier: GPL-3.0-or-later
 * Which law describes real init durations (maxday/lambda-perf, read where it is, never copied).
 * Most of them have two modes: none of the one-mode families may be chosen for those.
 */
#include <gsl/gsl_errno.h>
#include <string.h>

#include "model/stat/dist_choice.h"
#include "tests/model/stat/init_samples.h"
#include "tests/test.h"

static void real_init_durations_are_never_a_plain_log_normal(void **state)
{
    (void)state;
    static struct init_series all[INIT_SERIES_MAX];
    size_t chosen[CP_DIST_KINDS] = {0};
    size_t n = init_samples_load(all);
    for (size_t i = 0; i < n; i++) {
        /* one memory size of each series: init does not follow memory */
        const struct init_cell *cell = &all[i].cells[all[i].n_cells / 2];
        const struct cp_goodness_options options = {.reps = 99, .seed = 1, .n_threads = 2};
        struct cp_dist_choice choice;
        cp_dist_choose(cell->values_ms, cell->n, &options, &choice);
        assert_int_equal(choice.status, CP_OK);
        print_message("%-28s %4d MB: %s %s\n", all[i].name, cell->memory_mb,
                      cp_dist_family(choice.chosen)->name, choice.reason);
        chosen[choice.chosen]++;
        /* what is chosen has the sample's median and p90, or is the sample */
        const struct cp_dist *law = &choice.fits[choice.chosen].dist;
        assert_near(cp_dist_cdf(law, cp_quantile(cell->values_ms, cell->n, 0.5, 8)), 0.5, 0.1);
        assert_near(cp_dist_cdf(law, cp_quantile(cell->values_ms, cell->n, 0.9, 8)), 0.9, 0.05);
    }
    assert_true(n >= 20);
    assert_int_equal(chosen[CP_DIST_LOGNORMAL] + chosen[CP_DIST_GAMMA] + chosen[CP_DIST_WEIBULL],
                     0);
    assert_true(chosen[CP_DIST_EMPIRICAL] > 0 && chosen[CP_DIST_LOGNORMAL_MIXTURE] > 0);
}

int main(void)
{
    gsl_set_error_handler_off();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(real_init_durations_are_never_a_plain_log_normal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
