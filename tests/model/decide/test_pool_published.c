/* SPDX-License-Identifier: GPL-3.0-or-later
 * What SimFaaS published of single runs on its own examples (Mahmoudi & Khazaei 2021), read where
 * COLDPROF_REFERENCE points. The error of such a run follows from how our replications differ,
 * scaled to its horizon; published digits are rounded. Short by default; argument "full" simulates
 * as long as they did.
 */
#include "model/decide/pool_sim.h"

#include "tests/model/stat/csv.h"
#include "tests/model/stat/reference.h"
#include "tests/test.h"

#include <math.h>
#include <string.h>

static double shorten = 1.0 / 20;

static double draw_exponential(const void *context, struct cp_rng *rng)
{
    return cp_rng_exponential(rng, *(const double *)context);
}

/* `run_se` of one published run over ours: 1 for the same simulated time. */
static void assert_agrees(const char *what, const struct cp_pool_mean *m, double run_se,
                          double published, double rounding)
{
    double se = hypot(m->se, m->se * run_se);
    print_message("%s %.6g, published %.6g\n", what, m->value, published);
    if (!(fabs(m->value - published) <= 4 * se + rounding))
        fail_msg("%s %.9g is not %.9g within 4 x %.3g", what, m->value, published, se);
    assert_true(se < 0.1 * published);
}

static void published_runs_agree(void **state)
{
    (void)state;
    struct csv csv;
    csv_open(&csv, reference_folder("des"), "simfaas_published.csv");
    size_t rows = 0;
    for (; csv_next(&csv); rows++) {
        const double warm_ms = 1000 * csv_number(&csv, "mean_warm_s");
        const double cold_ms = 1000 * csv_number(&csv, "mean_cold_s");
        const double lifetime_ms = 1000 * csv_number(&csv, "expiration_s");
        double published_ms = 1000 * csv_number(&csv, "horizon_s");
        struct cp_pool_options o = {
            .arrivals = {.per_s = csv_number(&csv, "arrival_rate")},
            .warm = {.draw_ms = draw_exponential, .context = &warm_ms},
            .cold = {.draw_ms = draw_exponential, .context = &cold_ms},
            .lifetime = {.ms = &lifetime_ms, .n = 1},
            .limit = (int)csv_number(&csv, "max_concurrency"),
            .replications = 20,
            .horizon_ms = published_ms * shorten,
            .warm_up_ms = 5 * lifetime_ms,
            .seed = 20261126,
        };
        struct cp_pool_result r;
        struct cp_error err;
        assert_int_equal(cp_pool_simulate(&o, &r, &err), CP_OK);
        double run_se = sqrt(o.replications * shorten);
        assert_agrees("cold share", &r.cold_share, run_se, csv_number(&csv, "p_cold"),
                      published_ms > 5e8 ? 5e-5 : 5e-7);
        assert_agrees("environments", &r.mean_envs, run_se, csv_number(&csv, "avg_servers"), 5e-5);
        assert_agrees("busy", &r.mean_busy, run_se, csv_number(&csv, "avg_running"), 5e-5);
        assert_int_equal(r.n_throttled, 0);
    }
    csv_close(&csv);
    assert_int_equal(rows, 4);
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "full") == 0)
        shorten = 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(published_runs_agree),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
