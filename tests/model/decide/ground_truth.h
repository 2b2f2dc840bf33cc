/* SPDX-License-Identifier: GPL-3.0-or-later
 * A world whose laws are known (settings G1 to G3 of tests/model/stat/truth.h), for tests that
 * judge a decision. Idle lifetimes are drawn for each idle period and each probe.
 *
 * Samples and probes are drawn from it; quantiles and costs of any (memory size, cold share) are
 * exact; cold shares come from a simulation of its own, plain loops that share nothing with
 * pool_sim but the arrival times. ms, MB, USD. No ownership: plain records.
 */
#ifndef COLDPROF_TESTS_GROUND_TRUTH_H
#define COLDPROF_TESTS_GROUND_TRUTH_H

#include "model/decide/optimize.h"
#include "tests/model/stat/truth.h"

enum { GT_SIZES = 5, GT_SETTINGS = 3, GT_VALUES_MAX = 500, GT_GAPS = 8, GT_PROBES = 40 };
extern const int gt_memory_mb[GT_SIZES];

struct gt_setting {
    const char *id;
    struct truth law;
    double q95[GT_SIZES], mean[GT_SIZES]; /* exact, warm, as tabulated */
};
/* Reads the tables, and checks gt_quantile against them. */
void gt_read_settings(struct gt_setting settings[GT_SETTINGS]);
size_t gt_size_index(int memory_mb); /* GT_SIZES: none */

struct gt_data {
    double init[GT_SIZES][GT_VALUES_MAX], cold[GT_SIZES][GT_VALUES_MAX];
    double warm[GT_SIZES][GT_VALUES_MAX];
    struct cp_size_data sizes[GT_SIZES];
    struct cp_idle_survival survival;
};
/* `n` values of each kind at each size; the same `run`: the same data. */
void gt_draw(const struct gt_setting *g, size_t n, uint64_t run, struct gt_data *data);

/* Exact quantile of all requests with this share of cold starts. */
double gt_quantile(const struct gt_setting *g, size_t size, double cold_share, double q);

/* What the pool does at one setting. */
struct gt_pool {
    double cold_share, spillover_share; /* of requests */
};
struct gt_traffic {
    struct cp_arrivals_law law;
    double requests; /* to simulate */
};
/* `by_hour` NULL: `n` provisioned environments always; else by hour of the week. */
struct gt_pool gt_simulate(const struct gt_setting *g, size_t size,
                           const struct gt_traffic *traffic, int n, const uint16_t *by_hour);

/* Exact expected cost of a month; `provisioned` environments on average over the week. */
double gt_usd_per_month(const struct gt_setting *g, size_t size, double per_s, double provisioned,
                        const struct gt_pool *pool, const struct cp_price_book *price);

#endif
