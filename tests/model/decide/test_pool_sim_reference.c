/* SPDX-License-Identifier: GPL-3.0-or-later
 * Against an independent simulator's 20 replications (decide_poisson_exp_lifo_reference.csv):
 * agreement within four standard errors of both. Short by default; argument "full" runs the
 * published horizons.
 */
#include "model/decide/pool_sim.h"

#include "tests/model/stat/csv.h"
#include "tests/test.h"

#include <math.h>
#include <string.h>

static double shorten = 1.0 / 50;

static double draw_exponential(const void *context, struct cp_rng *rng)
{
    return cp_rng_exponential(rng, *(const double *)context);
}

static void assert_agrees(const char *what, const struct cp_pool_mean *m, double value, double se)
{
    double both = sqrt(m->se * m->se + se * se);
    if (!(fabs(m->value - value) <= 4 * both))
        fail_msg("%s %.9g is not %.9g within 4 x %.3g", what, m->value, value, both);
    assert_true(m->se < 0.1 * value);
}

static void results_agree_with_the_reference_within_four_standard_errors(void **state)
{
    (void)state;
    struct csv csv;
    csv_open(&csv, "tests/data/model", "decide_poisson_exp_lifo_reference.csv");
    size_t rows = 0;
    for (; csv_next(&csv); rows++) {
        const double warm_ms = 1000 * csv_number(&csv, "mean_warm_s");
        const double cold_ms = 1000 * csv_number(&csv, "mean_cold_s");
        const double lifetime_ms = 1000 * csv_number(&csv, "expiration_s");
        const struct cp_pool_options o = {
            .arrivals = {.per_s = csv_number(&csv, "arrival_rate_per_s")},
            .warm = {.draw_ms = draw_exponential, .context = &warm_ms},
            .cold = {.draw_ms = draw_exponential, .context = &cold_ms},
            .lifetime = {.ms = &lifetime_ms, .n = 1},
            .horizon_ms = 1000 * csv_number(&csv, "horizon_s") * shorten,
            .warm_up_ms = 5 * lifetime_ms,
            .replications = (int)csv_number(&csv, "replications"),
            .seed = 20261123,
        };
        struct cp_pool_result r;
        struct cp_error err;
        assert_int_equal(cp_pool_simulate(&o, &r, &err), CP_OK);
        assert_agrees("cold share", &r.cold_share, csv_number(&csv, "p_cold"),
                      csv_number(&csv, "p_cold_se"));
        assert_agrees("environments", &r.mean_envs, csv_number(&csv, "avg_servers"),
                      csv_number(&csv, "avg_servers_se"));
        assert_agrees("busy", &r.mean_busy, csv_number(&csv, "avg_running"),
                      csv_number(&csv, "avg_running_se"));
    }
    csv_close(&csv);
    assert_int_equal(rows, 5);
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "full") == 0)
        shorten = 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(results_agree_with_the_reference_within_four_standard_errors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
