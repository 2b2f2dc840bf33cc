/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/stat/mixture.h"

#include "model/base/rng.h"
#include "model/stat/binomial.h"

#include <float.h>
#include <gsl/gsl_errno.h>
#include <gsl/gsl_roots.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { DEFAULT_REPS = 300, ROOT_ITERATIONS_MAX = 300 };

/* --- laws --- */

/* How many values are <= x. */
static size_t count_to(const struct cp_mixture_sample *s, double x)
{
    return cp_sort_count_to(s->sorted_ms, s->n, x);
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
    size_t n_finite = count_to(sample, DBL_MAX);
    return (struct cp_mixture_law){.survival = empirical_survival,
                                   .context = sample,
                                   .low_ms = nextafter(sample->sorted_ms[0], -INFINITY),
                                   .high_ms = n_finite ? sample->sorted_ms[n_finite - 1] : 0,
                                   .is_censored = n_finite < sample->n};
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
    if (at_high > 0 && (first->is_censored || second->is_censored)) {
        *x_ms = INFINITY;
        return CP_OK;
    }
    if (!(at_low > 0) || !(at_high <= 0))
        return cp_fail(err, CP_ENUMERIC, "p%g of the latency mixture is outside %g .. %g ms",
                       q * 100, low, high);
    return solve(&root, low, high, x_ms, err);
}

/* --- upper bound --- */

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* The question all rules answer: P(L > x) <= tail, with what confidence. */
struct bound_question {
    const struct cp_mixture_sample *cold, *warm;
    double pi, tail, confidence;
};

struct bound {
    bool exists;
    bool is_two_sided; /* enough samples for an interval, too */
    bool cold_decides;
    double x;
    size_t n_needed; /* of the deciding component, when the bound does not exist */
};

/* Rule 1: only the warm law, every cold start counted as slower. */
static bool bound_by_warm(const struct bound_question *q, struct bound *b)
{
    if (!(q->pi < q->tail))
        return false;
    double level = 1 - (q->tail - q->pi) / (1 - q->pi);
    size_t rank = 0;
    b->is_two_sided = q->warm->n >= cp_quantile_min_n_two_sided(level, q->confidence);
    b->exists = q->warm->n && cp_quantile_rank_upper(q->warm->n, level, q->confidence, &rank);
    if (b->exists)
        b->x = q->warm->sorted_ms[rank - 1];
    return b->exists;
}

/* Upper bound of a tail of which `k` of `n` values are, at half the error each for two of them. */
static double tail_bound(size_t k, size_t n, double confidence)
{
    double low = 0;
    double high = 1;
    if (n && k < n)
        (void)cp_binomial_interval(k, n, confidence, &low, &high);
    return high;
}

/* Rule 2: both laws, each bounded with half of the error (Bonferroni). The chance beyond x is then
 * at most this, with the confidence asked for, whatever the laws are. */
static double joint_tail(const struct bound_question *q, double x)
{
    size_t cold = q->cold->n - count_to(q->cold, x);
    size_t warm = q->warm->n - count_to(q->warm, x);
    return q->pi * tail_bound(cold, q->cold->n, q->confidence) +
           (1 - q->pi) * tail_bound(warm, q->warm->n, q->confidence);
}

/* Smallest value of `s` at which the joint tail is small enough; INFINITY: none. joint_tail never
 * rises with x. */
static double first_within(const struct bound_question *q, const struct cp_mixture_sample *s)
{
    size_t low = 0;
    size_t high = s->n;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (joint_tail(q, s->sorted_ms[mid]) <= q->tail)
            high = mid;
        else
            low = mid + 1;
    }
    return low < s->n ? s->sorted_ms[low] : INFINITY;
}

static bool bound_by_both(const struct bound_question *q, struct bound *b)
{
    if (!(q->pi > 0 && q->pi < 1) || !(joint_tail(q, INFINITY) <= q->tail))
        return false;
    struct bound_question stricter = *q;
    stricter.confidence = (1 + q->confidence) / 2;
    *b = (struct bound){.exists = true,
                        .is_two_sided = joint_tail(&stricter, INFINITY) <= q->tail,
                        .x = fmin(first_within(q, q->cold), first_within(q, q->warm))};
    return true;
}

/* Tail that the cold law may have above x, with the warm tail (k + 1) / (n + 1). */
static double cold_tail(const struct bound_question *q, double x)
{
    double k = (double)(q->warm->n - count_to(q->warm, x));
    double s = q->pi < 1 ? (k + 1) / ((double)q->warm->n + 1) : 0;
    return (q->tail - (1 - q->pi) * s) / q->pi;
}

/* Rule 3: the cold law, exactly, and the warm tail by its estimate. */
static void bound_by_cold(const struct bound_question *q, struct bound *b)
{
    double widest = q->pi > 0 ? cold_tail(q, INFINITY) : 1;
    if (!(widest > 0 && widest < 1))
        return; /* no warm value to spare, or cold starts hardly matter: the warm law decides */
    const struct cp_mixture_sample *cold = q->cold;
    b->cold_decides = true;
    b->is_two_sided = cold->n >= cp_quantile_min_n_two_sided(1 - widest, q->confidence);
    for (size_t i = 0; i < cold->n && !b->exists; i++) {
        double tail = cold_tail(q, cold->sorted_ms[i]);
        size_t rank = 0;
        b->exists = tail > 0 && cp_quantile_rank_upper(cold->n, 1 - tail, q->confidence, &rank) &&
                    rank <= i + 1;
        b->x = cold->sorted_ms[i];
    }
}

/* Smallest n whose tail bound without any value beyond is `tail`; SIZE_MAX: none. */
static size_t n_for_tail(double tail, double confidence)
{
    if (!(tail > 0))
        return SIZE_MAX;
    return tail < 1 ? (size_t)ceil(log((1 - confidence) / 2) / log1p(-tail)) : 1;
}

static size_t n_for_level(double level, double confidence)
{
    size_t n = cp_quantile_min_n_upper(level, confidence);
    return n ? n : SIZE_MAX;
}

/* The fewest further samples of one component with which one of the rules would hold. */
static void set_needed(const struct bound_question *q, struct bound *b)
{
    double pi = q->pi;
    double cold = tail_bound(0, q->cold->n, q->confidence);
    double warm = tail_bound(0, q->warm->n, q->confidence);
    double widest = pi > 0 ? cold_tail(q, INFINITY) : 1;
    size_t n_cold = SIZE_MAX;
    size_t n_warm = n_for_tail((q->tail - pi * cold) / (1 - pi), q->confidence);
    if (pi < q->tail)
        n_warm = least(n_warm, n_for_level(1 - (q->tail - pi) / (1 - pi), q->confidence));
    if (pi > 0)
        n_cold = n_for_tail((q->tail - (1 - pi) * warm) / pi, q->confidence);
    if (widest > 0 && widest < 1)
        n_cold = least(n_cold, n_for_level(1 - widest, q->confidence));
    b->cold_decides = n_cold != SIZE_MAX &&
                      (n_warm == SIZE_MAX ||
                       n_cold - least(n_cold, q->cold->n) < n_warm - least(n_warm, q->warm->n));
    b->n_needed = b->cold_decides ? n_cold : n_warm;
    if (b->n_needed == SIZE_MAX) /* both fall short: the warm law comes first */
        b->n_needed = cp_quantile_min_n_upper(1 - q->tail, q->confidence);
}

static void bound_quantile(const struct bound_question *q, struct cp_mixture_estimate *e)
{
    struct bound b = {.x = NAN};
    if (!bound_by_warm(q, &b) && !bound_by_both(q, &b))
        bound_by_cold(q, &b);
    if (!b.exists) {
        b.x = NAN;
        set_needed(q, &b);
    }
    e->cold_decides = b.cold_decides;
    e->n = b.cold_decides ? q->cold->n : q->warm->n;
    e->n_needed = b.n_needed;
    e->upper = b.x;
    e->status = !b.exists        ? CP_ANSWER_TOO_FEW
                : b.is_two_sided ? CP_ANSWER_OK
                                 : CP_ANSWER_UPPER_ONLY;
}

/* --- bootstrap --- */

/* Room for one resample of both samples. */
struct resample {
    double z, *cold, *warm;
    uint32_t *counts;
};

/* Counts how often each value is drawn: the new sample comes out sorted. */
static void draw_sample(const struct cp_mixture_sample *from, struct cp_rng *rng, uint32_t *counts,
                        double *values)
{
    memset(counts, 0, from->n * sizeof *counts);
    for (size_t i = 0; i < from->n; i++)
        counts[(cp_rng_next(rng) >> 32) * from->n >> 32]++;
    size_t k = 0;
    for (size_t i = 0; i < from->n; i++) {
        for (uint32_t c = 0; c < counts[i]; c++)
            values[k++] = from->sorted_ms[i];
    }
}

static void draw(struct resample *r, const struct cp_mixture_sample *cold,
                 const struct cp_mixture_sample *warm, uint64_t seed, int rep)
{
    struct cp_rng rng;
    cp_rng_init(&rng, seed, (uint64_t)rep);
    r->z = cold->n && warm->n ? cp_rng_normal(&rng) : 0;
    draw_sample(cold, &rng, r->counts, r->cold);
    draw_sample(warm, &rng, r->counts, r->warm);
}

/* Split normal with the interval's two half-widths, cut at 0 and 1. */
static double share_at(const struct cp_mixture_options *o, double z)
{
    double side = z > 0 ? o->cold_share_high - o->cold_share : o->cold_share - o->cold_share_low;
    return fmin(1, fmax(0, o->cold_share + z / CP_Z95 * side));
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

static uint32_t *new_counts(const struct cp_mixture_sample *cold,
                            const struct cp_mixture_sample *warm)
{
    return calloc((cold->n > warm->n ? cold->n : warm->n) + 1, sizeof(uint32_t));
}

enum cp_code cp_mixture_resamples_draw(const struct cp_mixture_sample *cold,
                                       const struct cp_mixture_sample *warm, int reps,
                                       uint64_t seed, struct cp_mixture_resamples *out)
{
    *out = (struct cp_mixture_resamples){
        .reps = reps > 0 ? reps : DEFAULT_REPS, .n_cold = cold->n, .n_warm = warm->n};
    size_t n = (size_t)out->reps;
    struct resample r = {.counts = new_counts(cold, warm)};
    out->z = calloc(n, sizeof *out->z);
    out->cold = calloc(n * cold->n + 1, sizeof *out->cold);
    out->warm = calloc(n * warm->n + 1, sizeof *out->warm);
    bool is_ready = r.counts && out->z && out->cold && out->warm;
    for (int rep = 0; is_ready && rep < out->reps; rep++) {
        r.cold = out->cold + (size_t)rep * cold->n;
        r.warm = out->warm + (size_t)rep * warm->n;
        draw(&r, cold, warm, seed, rep);
        out->z[rep] = r.z;
    }
    free(r.counts);
    if (!is_ready)
        cp_mixture_resamples_clear(out);
    return is_ready ? CP_OK : CP_ENOMEM;
}

void cp_mixture_resamples_clear(struct cp_mixture_resamples *resamples)
{
    free(resamples->z);
    free(resamples->cold);
    free(resamples->warm);
    *resamples = (struct cp_mixture_resamples){0};
}

/* One bootstrap: values[i * reps + rep] = i-th quantile of one replicate. */
struct bootstrap {
    const struct cp_mixture_sample *cold, *warm;
    const struct cp_mixture_options *options;
    int reps;
    const double *qs;
    size_t n_q;
    double *values;
};

static void set_replicate(const struct bootstrap *b, int rep, const struct resample *r)
{
    const struct cp_mixture_sample c = {r->cold, b->cold->n};
    const struct cp_mixture_sample w = {r->warm, b->warm->n};
    double pi = c.n && w.n ? share_at(b->options, r->z) : b->options->cold_share;
    for (size_t i = 0; i < b->n_q; i++)
        b->values[i * (size_t)b->reps + (size_t)rep] = quantile_of(pi, &c, &w, b->qs[i]);
}

static void bootstrap_drawn(const struct bootstrap *b)
{
    const struct cp_mixture_resamples *all = b->options->resamples;
    for (int rep = 0; rep < b->reps; rep++) {
        const struct resample r = {.z = all->z[rep],
                                   .cold = all->cold + (size_t)rep * all->n_cold,
                                   .warm = all->warm + (size_t)rep * all->n_warm};
        set_replicate(b, rep, &r);
    }
}

static enum cp_code bootstrap(const struct bootstrap *b)
{
    if (b->options->resamples) {
        bootstrap_drawn(b);
        return CP_OK;
    }
    struct resample r = {.cold = calloc(b->cold->n + 1, sizeof *r.cold),
                         .warm = calloc(b->warm->n + 1, sizeof *r.warm),
                         .counts = new_counts(b->cold, b->warm)};
    bool is_ready = r.cold && r.warm && r.counts;
    for (int rep = 0; is_ready && rep < b->reps; rep++) {
        draw(&r, b->cold, b->warm, b->options->seed, rep);
        set_replicate(b, rep, &r);
    }
    free(r.cold);
    free(r.warm);
    free(r.counts);
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
    const struct bootstrap b = {cold, warm, options, reps, qs, n_q, values};
    enum cp_code code = values ? bootstrap(&b) : CP_ENOMEM;
    for (size_t i = 0; !code && i < n_q; i++) {
        out[i] = (struct cp_mixture_estimate){
            .q = qs[i], .value = quantile_of(options->cold_share, cold, warm, qs[i])};
        const struct bound_question question = {cold, warm, options->cold_share_high, 1 - qs[i],
                                                confidence};
        bound_quantile(&question, &out[i]);
        set_interval(&out[i], values + i * (size_t)reps, (size_t)reps, confidence);
    }
    free(values);
    return code ? cp_fail(err, code, "cannot bootstrap the latency mixture: %s", cp_code_text(code))
                : CP_OK;
}

/* --- probability of a late answer --- */

/* Ends of the chance that a component is above x. */
static void tail_ends(const struct cp_mixture_sample *s, double x, double confidence, double *low,
                      double *high)
{
    *low = 0;
    *high = 1;
    if (s->n)
        (void)cp_binomial_interval(s->n - count_to(s, x), s->n, confidence, low, high);
}

static double mixed(double pi, double cold, double warm)
{
    return pi * cold + (1 - pi) * warm;
}

struct cp_interval cp_mixture_exceedance(const struct cp_mixture_sample *cold,
                                         const struct cp_mixture_sample *warm,
                                         const struct cp_mixture_options *options, double x_ms)
{
    const struct cp_mixture_options *o = options;
    struct cp_interval e = {NAN, NAN, NAN};
    if (!is_valid(o) || isnan(x_ms) || (o->cold_share > 0 && cold->n == 0) ||
        (o->cold_share < 1 && warm->n == 0))
        return e;
    double confidence = (1 + (o->confidence > 0 ? o->confidence : 0.95)) / 2;
    double c[2];
    double w[2];
    tail_ends(cold, x_ms, confidence, &c[0], &c[1]);
    tail_ends(warm, x_ms, confidence, &w[0], &w[1]);
    double value_cold = cold->n ? empirical_survival(cold, x_ms) : 0;
    double value_warm = warm->n ? empirical_survival(warm, x_ms) : 0;
    e.value = mixed(o->cold_share, value_cold, value_warm);
    e.low = fmin(mixed(o->cold_share_low, c[0], w[0]), mixed(o->cold_share_high, c[0], w[0]));
    e.high = fmax(mixed(o->cold_share_low, c[1], w[1]), mixed(o->cold_share_high, c[1], w[1]));
    return e;
}
