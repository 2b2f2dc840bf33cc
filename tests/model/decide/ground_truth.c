/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/model/decide/ground_truth.h"

#include "model/base/units.h"
#include "tests/test.h"

#include <gsl/gsl_cdf.h>
#include <math.h>
#include <string.h>

enum { INIT_POINTS = 400, ENVS_MAX = 4096, PROVISIONED_MAX = 256 };

const int gt_memory_mb[GT_SIZES] = {128, 512, 1024, 1769, 3008};
static const double gap_s[GT_GAPS] = {60, 120, 240, 360, 480, 720, 960, 1440};

size_t gt_size_index(int memory_mb)
{
    size_t m = 0;
    while (m < GT_SIZES && gt_memory_mb[m] != memory_mb)
        m++;
    return m;
}

void gt_read_settings(struct gt_setting settings[GT_SETTINGS])
{
    static const char *const ids[GT_SETTINGS] = {"G1", "G2", "G3"};
    for (size_t i = 0; i < GT_SETTINGS; i++) {
        struct gt_setting *g = &settings[i];
        *g = (struct gt_setting){.id = ids[i], .law = truth_load(ids[i])};
        for (size_t m = 0; m < GT_SIZES; m++) {
            g->q95[m] = truth_quantile(ids[i], gt_memory_mb[m], "warm_q95");
            g->mean[m] = truth_quantile(ids[i], gt_memory_mb[m], "warm_mean");
            double q99 = truth_quantile(ids[i], gt_memory_mb[m], "warm_q99");
            assert_near(gt_quantile(g, m, 0, 0.95) / g->q95[m], 1, 1e-6);
            assert_near(gt_quantile(g, m, 0, 0.99) / q99, 1, 1e-6);
        }
    }
}

/* --- laws --- */

/* Median of what memory speeds up. */
static double work_ms(const struct gt_setting *g, int memory_mb)
{
    return g->law.s_ms * pow(g->law.cap_mb / fmin(memory_mb, g->law.cap_mb), g->law.c);
}

static double draw_warm(const struct gt_setting *g, int memory_mb, struct cp_rng *rng)
{
    return g->law.a_ms + work_ms(g, memory_mb) * exp(g->law.sd * cp_rng_normal(rng));
}

static double draw_init(const struct gt_setting *g, struct cp_rng *rng)
{
    return g->law.init_median_ms * exp(g->law.init_sd * cp_rng_normal(rng));
}

static double draw_lifetime(const struct gt_setting *g, struct cp_rng *rng)
{
    return CP_MS_PER_S * truth_lifetime_s(&g->law, rng);
}

static double warm_survival(const struct gt_setting *g, double work, double x)
{
    return x <= g->law.a_ms ? 1 : gsl_cdf_ugaussian_Q(log((x - g->law.a_ms) / work) / g->law.sd);
}

/* Of init and handler together: the mean over midpoints of equal parts of the init law. */
static double cold_survival(const struct gt_setting *g, double work, double x)
{
    static double z[INIT_POINTS];
    double sum = 0;
    for (int k = 0; k < INIT_POINTS; k++) {
        if (z[k] == 0) /* once: none of the midpoints is 0 */
            z[k] = gsl_cdf_ugaussian_Pinv((k + 0.5) / INIT_POINTS);
        sum += warm_survival(g, work, x - g->law.init_median_ms * exp(g->law.init_sd * z[k]));
    }
    return sum / INIT_POINTS;
}

double gt_quantile(const struct gt_setting *g, size_t size, double cold_share, double q)
{
    double work = work_ms(g, gt_memory_mb[size]);
    double low = 0;
    double high = 10 * g->law.init_median_ms + g->law.a_ms + work * exp(10 * g->law.sd);
    while (high - low > 1e-9 * high) {
        double x = (low + high) / 2;
        double beyond = (1 - cold_share) * warm_survival(g, work, x);
        if (cold_share > 0)
            beyond += cold_share * cold_survival(g, work, x);
        *(beyond > 1 - q ? &low : &high) = x;
    }
    return high;
}

/* --- samples --- */

static void draw_probes(const struct gt_setting *g, struct cp_rng *rng,
                        struct cp_idle_survival *out)
{
    struct cp_idle_point points[GT_GAPS];
    for (size_t i = 0; i < GT_GAPS; i++) {
        double gap_ms = CP_MS_PER_S * gap_s[i];
        points[i] = (struct cp_idle_point){.idle_interval_ms = gap_ms, .n = GT_PROBES};
        for (size_t k = 0; k < GT_PROBES; k++)
            points[i].n_cold += draw_lifetime(g, rng) <= gap_ms;
    }
    cp_idle_survival_fit(points, GT_GAPS, out);
}

void gt_draw(const struct gt_setting *g, size_t n, uint64_t run, struct gt_data *d)
{
    const struct cp_price_book *price = NULL;
    assert_int_equal(cp_price_find("us-east-1", "arm64", &price, NULL), CP_OK);
    struct cp_rng rng;
    cp_rng_init(&rng, 20261123, run);
    for (size_t m = 0; m < GT_SIZES; m++) {
        for (size_t i = 0; i < n; i++) {
            d->init[m][i] = draw_init(g, &rng);
            d->cold[m][i] = draw_warm(g, gt_memory_mb[m], &rng);
            d->warm[m][i] = draw_warm(g, gt_memory_mb[m], &rng);
        }
        d->sizes[m] = (struct cp_size_data){.memory_size_mb = gt_memory_mb[m],
                                            .architecture = "arm64",
                                            .price = price,
                                            .init_ms = d->init[m],
                                            .cold_handler_ms = d->cold[m],
                                            .n_cold = n,
                                            .warm_ms = d->warm[m],
                                            .n_warm = n,
                                            .max_memory_used_mb = -1};
    }
    draw_probes(g, &rng, &d->survival);
}

/* --- pool --- */

struct env {
    double free_at, gone_at;
};

struct pool {
    const struct gt_setting *g;
    int memory_mb;
    struct cp_rng rng;
    double provisioned_free_at[PROVISIONED_MAX];
    struct env envs[ENVS_MAX]; /* in the order of their creation */
    size_t n_envs;
    double n, n_cold, n_spilled;
};

static void forget_the_gone(struct pool *p, double now)
{
    size_t kept = 0;
    for (size_t i = 0; i < p->n_envs; i++) {
        if (p->envs[i].gone_at > now)
            p->envs[kept++] = p->envs[i];
    }
    p->n_envs = kept;
}

static bool is_taken_by_provisioned(struct pool *p, int n, double now)
{
    for (int i = 0; i < n; i++) {
        if (p->provisioned_free_at[i] > now)
            continue;
        p->provisioned_free_at[i] = now + draw_warm(p->g, p->memory_mb, &p->rng);
        return true;
    }
    return false;
}

/* By the idle environment created last, else by a new one; true when that is cold. */
static bool is_cold_on_demand(struct pool *p, double now)
{
    forget_the_gone(p, now);
    size_t at = p->n_envs;
    while (at > 0 && p->envs[at - 1].free_at > now)
        at--;
    bool is_cold = at == 0;
    if (is_cold) {
        assert_true(p->n_envs < ENVS_MAX);
        at = ++p->n_envs;
    }
    struct env *env = &p->envs[at - 1];
    env->free_at = now + draw_warm(p->g, p->memory_mb, &p->rng);
    if (is_cold)
        env->free_at += draw_init(p->g, &p->rng);
    env->gone_at = env->free_at + draw_lifetime(p->g, &p->rng);
    return is_cold;
}

static int provisioned_at(const uint16_t *by_hour, int n, double now)
{
    return by_hour ? by_hour[(size_t)(now / CP_MS_PER_HOUR) % CP_ARRIVALS_HOURS] : n;
}

struct gt_pool gt_simulate(const struct gt_setting *g, size_t size,
                           const struct gt_traffic *traffic, int n, const uint16_t *by_hour)
{
    static struct pool p;
    p = (struct pool){.g = g, .memory_mb = gt_memory_mb[size]};
    cp_rng_init(&p.rng, 20261126, size);
    struct cp_arrivals arrivals;
    struct cp_error err = {0};
    if (cp_arrivals_open(&arrivals, &traffic->law, 20261126, 1000, 0, &err))
        fail_msg("%s", err.text);
    while (p.n < traffic->requests) {
        double now = cp_arrivals_next(&arrivals);
        assert_true(isfinite(now));
        p.n++;
        if (is_taken_by_provisioned(&p, provisioned_at(by_hour, n, now), now))
            continue;
        p.n_spilled++;
        p.n_cold += is_cold_on_demand(&p, now);
    }
    cp_arrivals_close(&arrivals);
    return (struct gt_pool){p.n_cold / p.n, p.n_spilled / p.n};
}

/* --- cost --- */

/* Rounding up to whole ms adds half a ms on average. */
double gt_usd_per_month(const struct gt_setting *g, size_t size, double per_s, double provisioned,
                        const struct gt_pool *pool, const struct cp_price_book *price)
{
    double requests = per_s * CP_S_PER_MONTH;
    double gb = gt_memory_mb[size] / 1024.0;
    double warm_s = (g->mean[size] + 0.5) / CP_MS_PER_S;
    double init_s = g->law.init_median_ms * exp(g->law.init_sd * g->law.init_sd / 2) / CP_MS_PER_S;
    double spilled = provisioned > 0 ? pool->spillover_share : 1;
    double on_demand_gb_s = requests * gb * (spilled * warm_s + pool->cold_share * init_s);
    double provisioned_gb_s = requests * gb * (1 - spilled) * warm_s;
    assert_true(on_demand_gb_s < price->duration[1].from_gb_s);
    return requests * price->request_usd + on_demand_gb_s * price->duration[0].usd_per_gb_s +
           provisioned_gb_s * price->provisioned_duration_usd_per_gb_s +
           provisioned * gb * CP_S_PER_MONTH * price->provisioned_concurrency_usd_per_gb_s;
}
