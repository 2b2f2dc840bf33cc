/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/mixture.h"

#include "model/base/rng.h"

#include <gsl/gsl_errno.h>
#include <gsl/gsl_roots.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { DEFAULT_REPS = 300, ROOT_ITERATIONS_MAX = 300 };

/* --- laws --- */

/* How many values are <= x. */
static size_t count_to(const struct cp_mixture_sample *s, double x)
{
    size_t low = 0;
    size_t high = s->n;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (s->sorted_ms[mid] <= x)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

/* Type 8: F(X(k)) = (k - 1/3) / (n + 1/3), linear between order statistics. */
static double empirical_survival(const void *context, double x)
{
    const struct cp_mixture_sample *s = context;
    size_t k = count_to(s, x);
    if (k == 0)
        return 1;
    if (k == s->n)
        return 0;
    double from = s->sorted_ms[k - 1];
    double part = (x - from) / (s->sorted_ms[k] - from);
    return 1 - ((double)k + part - 1.0 / 3) / ((double)s->n + 1.0 / 3);
}

struct cp_mixture_law cp_mixture_empirical(const struct cp_mixture_sample *sample)
{
    double first = sample->sorted_ms[0];
    return (struct cp_mixture_law){.survival = empirical_survival,
                                   .context = sample,
                                   .low_ms = nextafter(first, -INFINITY),
                                   .high_ms = sample->sorted_ms[sample->n - 1]};
}

double cp_mixture_survival(double cold_share, const struct cp_mixture_law *cold,
                           const struct cp_mixture_law *warm, double x_ms)
{
    double above = 0;
    if (cold_share > 0)
        above += cold_share * cold->survival(cold->context, x_ms);
    if (cold_share < 1)
        above += (1 - cold_share) * warm->survival(warm->context, x_ms);
    return above;
}

/* --- quantile --- */

struct root {
    double cold_share, tail;
    const struct cp_mixture_law *cold, *warm;
};

/* P(L > x) - tail. Where the cold share equals the tail, all that is left is the warm survival, far
 * below one unit in the last place of the tail: the two large terms must cancel first, exactly. */
static double excess(double x, void *params)
{
    const struct root *r = params;
    double cold = 0;
    double warm = 0;
    if (r->cold_share > 0)
        cold = r->cold->survival(r->cold->context, x);
    if (r->cold_share < 1)
        warm = r->warm->survival(r->warm->context, x);
    return fma(r->cold_share, cold, -r->tail) + (1 - r->cold_share) * warm;
}

/* Brent on a bracket that is known to hold a sign change; jumps converge to the jump. */
static enum cp_code solve(struct root *root, double low, double high, double *x,
                          struct cp_error *err)
{
    gsl_root_fsolver *solver = gsl_root_fsolver_alloc(gsl_root_fsolver_brent);
    if (!solver)
        return cp_fail(err, CP_ENOMEM, "cannot solve for a quantile: out of memory");
    gsl_function f = {excess, root};
    int status = gsl_root_fsolver_set(solver, &f, low, high);
    int test = GSL_CONTINUE;
    for (int i = 0; !status && test == GSL_CONTINUE && i < ROOT_ITERATIONS_MAX; i++) {
        status = gsl_root_fsolver_iterate(solver);
        test = gsl_root_test_interval(gsl_root_fsolver_x_lower(solver),
                                      gsl_root_fsolver_x_upper(solver), 0, 1e-12);
    }
    *x = gsl_root_fsolver_root(solver);
    gsl_root_fsolver_free(solver);
    if (status || test != GSL_SUCCESS)
        return cp_fail(err, CP_ENUMERIC, "no quantile of the latency mixture: %s",
                       gsl_strerror(status ? status : GSL_EMAXITER));
    return CP_OK;
}

enum cp_code cp_mixture_quantile(double cold_share, const struct cp_mixture_law *cold,
                                 const struct cp_mixture_law *warm, double q, double *x_ms,
                                 struct cp_error *err)
{
    *x_ms = NAN;
    if (!(q > 0 && q < 1))
        return cp_fail(err, CP_EINVAL, "quantile %g is not between 0 and 1", q);
    if (!(cold_share >= 0 && cold_share <= 1))
        return cp_fail(err, CP_EINVAL, "cold share %g is not between 0 and 1", cold_share);
    const struct cp_mixture_law *first = cold_share < 1 ? warm : cold;
    const struct cp_mixture_law *second = cold_share > 0 ? cold : warm;
    struct root root = {cold_share, 1 - q, cold, warm};
    double low = fmin(first->low_ms, second->low_ms);
    double high = fmax(first->high_ms, second->high_ms);
    double at_low = excess(low, &root);
    double at_high = excess(high, &root);
    if (!(at_low > 0) || !(at_high <= 0))
        return cp_fail(err, CP_ENUMERIC, "p%g of the latency mixture is outside %g .. %g ms",
                       q * 100, low, high);
    return solve(&root, low, high, x_ms, err);
}

/* --- upper bound --- */

struct bound {
    bool exists, cold_decides;
    double x;
    double level; /* quantile level the deciding component is asked for */
};

static bool bound_by_warm(const struct cp_mixture_sample *warm, double pi, double p,
                          double confidence, struct bound *b)
{
    if (!(pi < p))
        return false;
    size_t rank = 0;
    b->level = 1 - (p - pi) / (1 - pi);
    b->cold_decides = false;
    b->exists = warm->n && cp_quantile_rank_upper(warm->n, b->level, confidence, &rank);
    if (b->exists)
        b->x = warm->sorted_ms[rank - 1];
    return b->exists;
}

/* Tail that the cold law may have above x. */
static double cold_tail(const struct cp_mixture_sample *warm, double pi, double p, double x)
{
    double k = (double)(warm->n - count_to(warm, x));
    double s = pi < 1 ? (k + 1) / ((double)warm->n + 1) : 0;
    return (p - (1 - pi) * s) / pi;
}

static void bound_by_cold(const struct cp_mixture_sample *cold,
                          const struct cp_mixture_sample *warm, double pi, double p,
                          double confidence, struct bound *b)
{
    double widest = cold_tail(warm, pi, p, INFINITY);
    if (!(widest > 0 && widest < 1)) {
        /* no warm values left to spare (<= 0), or cold starts hardly matter (>= 1): without more
         * warm values nothing can be said; bound_by_warm has set the level when it applies */
        if (!(pi < p))
            b->level = 1 - p;
        return;
    }
    b->cold_decides = true;
    b->level = 1 - widest;
    for (size_t i = 0; i < cold->n; i++) {
        double tail = cold_tail(warm, pi, p, cold->sorted_ms[i]);
        size_t rank = 0;
        if (tail > 0 && cp_quantile_rank_upper(cold->n, 1 - tail, confidence, &rank) &&
            rank <= i + 1) {
            b->exists = true;
            b->x = cold->sorted_ms[i];
            return;
        }
    }
}

static void bound_quantile(const struct cp_mixture_sample *cold,
                           const struct cp_mixture_sample *warm, double pi, double confidence,
                           struct cp_mixture_estimate *e)
{
    double p = 1 - e->q;
    struct bound b = {.x = NAN};
    if (!bound_by_warm(warm, pi, p, confidence, &b))
        bound_by_cold(cold, warm, pi, p, confidence, &b);
    e->cold_decides = b.cold_decides;
    e->n = b.cold_decides ? cold->n : warm->n;
    e->n_needed = cp_quantile_min_n_upper(b.level, confidence);
    e->upper = b.x;
    if (!b.exists)
        e->status = CP_ANSWER_TOO_FEW;
    else if (e->n < cp_quantile_min_n_two_sided(b.level, confidence))
        e->status = CP_ANSWER_UPPER_ONLY;
    else
        e->status = CP_ANSWER_OK;
}

/* --- bootstrap --- */

struct resample {
    struct cp_mixture_sample sample; /* sorted_ms == values */
    double *values;
    uint32_t *counts;
};

static bool resample_init(struct resample *r, size_t n)
{
    r->values = calloc(n + 1, sizeof *r->values);
    r->counts = calloc(n + 1, sizeof *r->counts);
    r->sample = (struct cp_mixture_sample){r->values, n};
    return r->values && r->counts;
}

static void resample_clear(struct resample *r)
{
    free(r->values);
    free(r->counts);
}

/* Counts how often each value is drawn: the new sample comes out sorted. */
static void resample_draw(struct resample *r, const struct cp_mixture_sample *from,
                          struct cp_rng *rng)
{
    memset(r->counts, 0, from->n * sizeof *r->counts);
    for (size_t i = 0; i < from->n; i++)
        r->counts[(cp_rng_next(rng) >> 32) * from->n >> 32]++;
    size_t k = 0;
    for (size_t i = 0; i < from->n; i++) {
        for (uint32_t c = 0; c < r->counts[i]; c++)
            r->values[k++] = from->sorted_ms[i];
    }
}

/* Split normal with the interval's two half-widths, cut at 0 and 1. */
static double draw_share(const struct cp_mixture_options *o, struct cp_rng *rng)
{
    double z = cp_rng_normal(rng) / 1.959963985;
    double side = z > 0 ? o->cold_share_high - o->cold_share : o->cold_share - o->cold_share_low;
    return fmin(1, fmax(0, o->cold_share + z * side));
}

static double quantile_of(double pi, const struct cp_mixture_sample *cold,
                          const struct cp_mixture_sample *warm, double q)
{
    if ((pi > 0 && cold->n == 0) || (pi < 1 && warm->n == 0))
        return NAN;
    struct cp_mixture_law c = {0};
    struct cp_mixture_law w = {0};
    if (cold->n)
        c = cp_mixture_empirical(cold);
    if (warm->n)
        w = cp_mixture_empirical(warm);
    double x = NAN;
    (void)cp_mixture_quantile(pi, &c, &w, q, &x, NULL); /* NAN when it fails */
    return x;
}

/* values[rep * n_q + i] = i-th quantile of one replicate. */
static enum cp_code bootstrap(const struct cp_mixture_sample *cold,
                              const struct cp_mixture_sample *warm,
                              const struct cp_mixture_options *o, int reps, const double *qs,
                              size_t n_q, double *values)
{
    struct resample c = {0};
    struct resample w = {0};
    bool is_ready = resample_init(&c, cold->n) && resample_init(&w, warm->n);
    for (int rep = 0; is_ready && rep < reps; rep++) {
        struct cp_rng rng;
        cp_rng_init(&rng, o->seed, (uint64_t)rep);
        double pi = cold->n && warm->n ? draw_share(o, &rng) : o->cold_share;
        resample_draw(&c, cold, &rng);
        resample_draw(&w, warm, &rng);
        for (size_t i = 0; i < n_q; i++)
            values[i * (size_t)reps + (size_t)rep] = quantile_of(pi, &c.sample, &w.sample, qs[i]);
    }
    resample_clear(&c);
    resample_clear(&w);
    return is_ready ? CP_OK : CP_ENOMEM;
}

static void set_interval(struct cp_mixture_estimate *e, double *values, size_t reps,
                         double confidence)
{
    e->low = e->high = NAN;
    if (e->status < CP_ANSWER_UPPER_ONLY || isnan(e->value))
        return;
    cp_sort(values, reps);
    double tail = (1 - confidence) / 2;
    e->high = fmax(e->upper, cp_quantile(values, reps, 1 - tail, 7));
    if (e->status == CP_ANSWER_OK)
        e->low = fmin(e->value, cp_quantile(values, reps, tail, 7));
}

static bool is_valid(const struct cp_mixture_options *o)
{
    return o->cold_share >= 0 && o->cold_share <= 1 && o->cold_share_low <= o->cold_share &&
           o->cold_share_high >= o->cold_share && o->cold_share_high <= 1;
}

enum cp_code cp_mixture_estimate(const struct cp_mixture_sample *cold,
                                 const struct cp_mixture_sample *warm,
                                 const struct cp_mixture_options *options, const double *qs,
                                 size_t n_q, struct cp_mixture_estimate *out, struct cp_error *err)
{
    if (!is_valid(options))
        return cp_fail(err, CP_EINVAL, "cold share %g [%g, %g] is not an interval within 0 .. 1",
                       options->cold_share, options->cold_share_low, options->cold_share_high);
    double confidence = options->confidence > 0 ? options->confidence : 0.95;
    int reps = options->reps > 0 ? options->reps : DEFAULT_REPS;
    double *values = malloc((size_t)reps * n_q * sizeof *values);
    enum cp_code code = values ? bootstrap(cold, warm, options, reps, qs, n_q, values) : CP_ENOMEM;
    for (size_t i = 0; !code && i < n_q; i++) {
        out[i] = (struct cp_mixture_estimate){
            .q = qs[i], .value = quantile_of(options->cold_share, cold, warm, qs[i])};
        bound_quantile(cold, warm, options->cold_share_high, confidence, &out[i]);
        set_interval(&out[i], values + i * (size_t)reps, (size_t)reps, confidence);
    }
    free(values);
    return code ? cp_fail(err, code, "cannot bootstrap the latency mixture: %s", cp_code_text(code))
                : CP_OK;
}
