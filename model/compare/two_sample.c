/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/compare/two_sample.h"

#include <gsl/gsl_cdf.h>

#include <math.h>
#include <stdint.h>
#include <string.h>

#define KS_TERMS_MAX  100
#define KS_TERM_LEAST 1e-17

struct side {
    const double *x; /* ascending */
    size_t n;
};

/* --- one pass over both samples, one group of equal values after the other --- */

struct group {
    double value;
    size_t n_base, n_candidate;           /* equal to it */
    size_t before_base, before_candidate; /* smaller */
};

static size_t count_equal(const struct side *s, size_t from, double value)
{
    size_t n = 0;
    while (from + n < s->n && s->x[from + n] == value)
        n++;
    return n;
}

static bool next_group(const struct side *base, const struct side *candidate, struct group *g)
{
    g->before_base += g->n_base;
    g->before_candidate += g->n_candidate;
    bool has_base = g->before_base < base->n;
    bool has_candidate = g->before_candidate < candidate->n;
    if (!has_base && !has_candidate)
        return false;
    double b = has_base ? base->x[g->before_base] : (double)INFINITY;
    double c = has_candidate ? candidate->x[g->before_candidate] : (double)INFINITY;
    g->value = fmin(b, c);
    g->n_base = count_equal(base, g->before_base, g->value);
    g->n_candidate = count_equal(candidate, g->before_candidate, g->value);
    return true;
}

struct sums {
    double u;     /* pairs with the larger candidate */
    double ties;  /* sum of t^3 - t over groups */
    double below; /* squares of the share of base below each candidate value, */
    double above; /* and of candidates above each value of base: ties half */
    double distance, area, square_area;
};

static struct sums sum_groups(const struct side *base, const struct side *candidate)
{
    double n = (double)base->n;
    double m = (double)candidate->n;
    struct sums s = {0};
    struct group g = {0};
    double last = NAN;
    double gap = 0; /* of the distribution functions, up to the next value */
    while (next_group(base, candidate, &g)) {
        double b = (double)g.n_base;
        double c = (double)g.n_candidate;
        double below = ((double)g.before_base + b / 2) / n;
        double above = (m - (double)g.before_candidate - c / 2) / m;
        double t = b + c;
        if (!isnan(last) && gap != 0) {
            s.area += fabs(gap) * (g.value - last);
            s.square_area += gap * gap * (g.value - last);
        }
        s.u += c * below * n;
        s.below += c * below * below;
        s.above += b * above * above;
        s.ties += t * t * t - t;
        gap = ((double)g.before_base + b) / n - ((double)g.before_candidate + c) / m;
        s.distance = fmax(s.distance, fabs(gap));
        last = g.value;
    }
    return s;
}

/* --- tests --- */

static double mann_whitney_p(const struct sums *s, double n, double m)
{
    double total = n + m;
    double variance = n * m / 12 * (total + 1 - s->ties / (total * (total - 1)));
    double off = fmax(0, fabs(s->u - n * m / 2) - 0.5);
    if (!(variance > 0))
        return 1;
    return fmin(1, 2 * gsl_cdf_ugaussian_Q(off / sqrt(variance)));
}

/* Variances of the placements: how far each value ranks among those of the other sample. */
static void brunner_munzel(const struct sums *s, double n, double m, struct cp_two_sample *out)
{
    double of_candidate = (s->below - m * out->a12 * out->a12) / (m - 1);
    double of_base = (s->above - n * out->a12 * out->a12) / (n - 1);
    double parts[] = {of_candidate / m, of_base / n};
    double variance = parts[0] + parts[1];
    if (!(variance > 0))
        return;
    out->brunner_munzel = (out->a12 - 0.5) / sqrt(variance);
    out->brunner_munzel_freedom =
        variance * variance / (parts[0] * parts[0] / (m - 1) + parts[1] * parts[1] / (n - 1));
    out->brunner_munzel_p =
        2 * gsl_cdf_tdist_Q(fabs(out->brunner_munzel), out->brunner_munzel_freedom);
}

/* Of one order among the C(n + m, n) equally likely ones, and its mirror. */
static double separated_p(double n, double m)
{
    return fmin(1, 2 * exp(lgamma(n + 1) + lgamma(m + 1) - lgamma(n + m + 1)));
}

static double kolmogorov_p(double lambda)
{
    double sum = 0;
    double sign = 1;
    for (int k = 1; k <= KS_TERMS_MAX; k++) {
        double term = exp(-2 * lambda * lambda * k * k);
        sum += sign * term;
        sign = -sign;
        if (term < KS_TERM_LEAST)
            return fmin(1, fmax(0, 2 * sum));
    }
    return 1; /* lambda is next to nothing */
}

/* --- the median of all differences --- */

/* Doubles in their order as integers, and back. */
static int64_t to_key(double x)
{
    int64_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits < 0 ? INT64_MIN - bits : bits;
}

static double of_key(int64_t key)
{
    int64_t bits = key < 0 ? INT64_MIN - key : key;
    double x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

/* Differences candidate - base that are at most `limit`. Rounding keeps the order, so they ascend
 * along both samples. */
static uint64_t count_up_to(const struct side *base, const struct side *candidate, double limit)
{
    uint64_t count = 0;
    size_t k = 0; /* candidates whose difference to base->x[i] is at most the limit */
    for (size_t i = 0; i < base->n; i++) {
        while (k < candidate->n && candidate->x[k] - base->x[i] <= limit)
            k++;
        count += k;
    }
    return count;
}

/* The difference of this rank, from 1: bisection over all doubles between the extreme ones. */
static double difference_at(const struct side *base, const struct side *candidate, uint64_t rank)
{
    int64_t low = to_key(candidate->x[0] - base->x[base->n - 1]);
    int64_t high = to_key(candidate->x[candidate->n - 1] - base->x[0]);
    while (low < high) {
        /* without overflow where the signs differ */
        int64_t middle = (low & high) + ((low ^ high) >> 1);
        if (count_up_to(base, candidate, of_key(middle)) >= rank)
            high = middle;
        else
            low = middle + 1;
    }
    return of_key(low);
}

static double hodges_lehmann(const struct side *base, const struct side *candidate)
{
    uint64_t n = (uint64_t)base->n * candidate->n;
    double upper = difference_at(base, candidate, n / 2 + 1);
    return n % 2 ? upper : (difference_at(base, candidate, n / 2) + upper) / 2;
}

/* --- all of it --- */

static bool is_separated(const struct side *a, const struct side *b)
{
    return a->x[a->n - 1] < b->x[0];
}

static void set_tests(const struct sums *s, double n, double m, struct cp_two_sample *out)
{
    out->mann_whitney_p = mann_whitney_p(s, n, m);
    out->ks_p = kolmogorov_p(sqrt(n * m / (n + m)) * s->distance);
    if (out->is_separated)
        out->brunner_munzel_p = separated_p(n, m);
    else
        brunner_munzel(s, n, m, out);
}

struct cp_two_sample cp_two_sample_compare(const double *base, size_t n_base,
                                           const double *candidate, size_t n_candidate)
{
    const struct side b = {base, n_base};
    const struct side c = {candidate, n_candidate};
    double n = (double)n_base;
    double m = (double)n_candidate;
    struct cp_two_sample out = {false, false, NAN, NAN, NAN, NAN, NAN,
                                NAN,   NAN,   NAN, NAN, NAN, NAN, NAN};
    if (n_base == 0 || n_candidate == 0)
        return out;
    struct sums s = sum_groups(&b, &c);
    out.u = s.u;
    out.a12 = s.u / (n * m);
    out.cliffs_delta = 2 * out.a12 - 1;
    out.ks_distance = s.distance;
    out.is_separated = is_separated(&b, &c) || is_separated(&c, &b);
    out.is_tested = n_base >= CP_TWO_SAMPLE_MIN_N && n_candidate >= CP_TWO_SAMPLE_MIN_N;
    if (out.is_tested)
        set_tests(&s, n, m, &out);
    if (isfinite(base[n_base - 1]) && isfinite(candidate[n_candidate - 1])) {
        out.hodges_lehmann = hodges_lehmann(&b, &c);
        out.wasserstein = s.area;
        out.energy = sqrt(2 * s.square_area);
    }
    return out;
}
