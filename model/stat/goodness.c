/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/stat/goodness.h"

#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "model/stat/bootstrap.h"
#include "model/stat/dist_fit.h"
#include "model/stat/sort.h"

enum { OUT_KS, OUT_AD, OUTPUTS };

static const double missing_limit = 0.05;

struct cp_goodness_distance cp_goodness_distance(const struct cp_dist *d, const double *sorted,
                                                 size_t n, double censored_at_ms)
{
    if (n == 0)
        return (struct cp_goodness_distance){NAN, NAN};
    double most = 0;
    double sum = 0;
    size_t n_seen = cp_sort_count_to(sorted, n, DBL_MAX);
    for (size_t i = 0; i < n_seen; i++) {
        double below = cp_dist_cdf(d, sorted[i]);
        double above = below < 0.5 ? 1 - below : cp_dist_survival(d, sorted[i]);
        most = fmax(most, (double)(i + 1) / (double)n - below);
        most = fmax(most, below - (double)i / (double)n);
        sum += (double)(2 * i + 1) * log(below) + (double)(2 * (n - i) - 1) * log(above);
    }
    if (n_seen < n)
        most = fmax(most, cp_dist_cdf(d, censored_at_ms) - (double)n_seen / (double)n);
    return (struct cp_goodness_distance){.ks = most,
                                         .ad = n_seen < n ? NAN : -(double)n - sum / (double)n};
}

/* --- parametric bootstrap --- */

struct replicates {
    const struct cp_dist *law; /* fitted to the sample */
    enum cp_dist_kind kind;
    size_t n;
    double censored_at_ms;
    bool is_censored;
};

/* A sample of the fitted law, cut off where the original was, and its distance to its own fit. */
static void draw_distance(const void *context, struct cp_rng *rng, void *scratch, double *out)
{
    const struct replicates *r = context;
    double *x = scratch;
    for (size_t i = 0; i < r->n; i++) {
        x[i] = cp_dist_draw(r->law, rng);
        if (r->is_censored && x[i] > r->censored_at_ms)
            x[i] = INFINITY;
    }
    cp_sort(x, r->n);
    const struct cp_dist_fit_options options = {.censored_at_ms = r->censored_at_ms,
                                                .start = r->law};
    struct cp_dist_fit fit;
    cp_dist_fit(r->kind, x, r->n, &options, &fit);
    struct cp_goodness_distance distance = {NAN, NAN};
    if (!fit.status)
        distance = cp_goodness_distance(&fit.dist, x, r->n, r->censored_at_ms);
    out[OUT_KS] = distance.ks;
    out[OUT_AD] = distance.ad;
}

/* Share of the replicates at least as far; NAN when too many have no answer. */
static double p_of(double distance, const double *replicates, size_t n)
{
    size_t as_far = 0;
    size_t missing = 0;
    for (size_t i = 0; i < n; i++) {
        as_far += replicates[i] >= distance;
        missing += isnan(replicates[i]) ? 1 : 0;
    }
    if (isnan(distance) || (double)missing > missing_limit * (double)n)
        return NAN;
    return (1 + (double)as_far) / (1 + (double)(n - missing));
}

static enum cp_code bootstrap(const struct replicates *r, const struct cp_goodness_options *o,
                              struct cp_goodness *out)
{
    double *distances = calloc(OUTPUTS * out->reps, sizeof *distances);
    if (!distances)
        return CP_ENOMEM;
    /* substream 0 picked the subset */
    const struct cp_bootstrap_options options = {.reps = out->reps,
                                                 .seed = o->seed + 1,
                                                 .n_threads = o->n_threads,
                                                 .n_outputs = OUTPUTS,
                                                 .scratch_size = r->n * sizeof(double)};
    enum cp_code code = cp_bootstrap_draw(&options, draw_distance, r, distances, NULL);
    if (!code) {
        out->ks_p = p_of(out->ks, distances + OUT_KS * out->reps, out->reps);
        out->ad_p = p_of(out->ad, distances + OUT_AD * out->reps, out->reps);
    }
    free(distances);
    return code;
}

static enum cp_code refuse(struct cp_goodness *out, enum cp_code code, const char *reason)
{
    out->reason = reason;
    return code;
}

static enum cp_code test_values(enum cp_dist_kind kind, const double *sorted,
                                const struct cp_goodness_options *o, struct cp_goodness *out)
{
    const struct cp_dist_fit_options options = {.censored_at_ms = o->censored_at_ms,
                                                .start = o->start};
    struct cp_dist_fit fit;
    cp_dist_fit(kind, sorted, out->n, &options, &fit);
    if (fit.status)
        return refuse(out, fit.status, fit.reason);
    if (fit.dist.family->n_estimated == 0)
        return refuse(out, CP_EINVAL, "the empirical law is the sample: nothing to test");
    const struct replicates r = {.law = &fit.dist,
                                 .kind = kind,
                                 .n = out->n,
                                 .censored_at_ms = o->censored_at_ms,
                                 .is_censored = fit.n_censored > 0};
    const struct cp_goodness_distance distance =
        cp_goodness_distance(&fit.dist, sorted, out->n, o->censored_at_ms);
    out->ks = distance.ks;
    out->ad = distance.ad;
    enum cp_code code = bootstrap(&r, o, out);
    if (code)
        return refuse(out, code, cp_code_text(code));
    if (isnan(out->ks_p))
        return refuse(out, CP_ENUMERIC, "too many samples of the fitted law have no fit");
    return CP_OK;
}

/* A random subset, in order: each value is taken with the chance that fills the places left (Knuth,
 * TAOCP 2, algorithm S). */
static double *subset(const double *sorted, size_t n, size_t size, uint64_t seed)
{
    double *x = calloc(size, sizeof *x);
    struct cp_rng rng;
    cp_rng_init(&rng, seed, 0);
    for (size_t i = 0, taken = 0; x && i < n && taken < size; i++) {
        if (cp_rng_below(&rng, n - i) < size - taken)
            x[taken++] = sorted[i];
    }
    return x;
}

void cp_goodness(enum cp_dist_kind kind, const double *sorted, size_t n,
                 const struct cp_goodness_options *options, struct cp_goodness *out)
{
    const struct cp_goodness_options none = {0};
    const struct cp_goodness_options *o = options ? options : &none;
    *out = (struct cp_goodness){.reason = "", .n = n, .ks = NAN, .ad = NAN};
    out->reps = o->reps ? o->reps : CP_GOODNESS_REPS;
    out->ks_p = out->ad_p = NAN;
    double *few = NULL;
    if (n > CP_GOODNESS_VALUES_MAX) {
        out->n = CP_GOODNESS_VALUES_MAX;
        few = subset(sorted, n, out->n, o->seed);
    }
    if (out->reps < 99)
        out->status = refuse(out, CP_EINVAL, "a test at 1 % needs 99 replicates or more");
    else if (out->n < n && !few)
        out->status = refuse(out, CP_ENOMEM, cp_code_text(CP_ENOMEM));
    else
        out->status = test_values(kind, few ? few : sorted, o, out);
    if (out->status)
        out->ks = out->ks_p = out->ad = out->ad_p = NAN;
    free(few);
}
