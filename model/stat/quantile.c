/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/stat/quantile.h"

#include <float.h>
#include <gsl/gsl_cdf.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>

#include "model/stat/binomial.h"
#include "model/stat/select.h"

/* Above this ratio of the interval's ends the quantile lies between two modes, not inside one. */
static const double mode_edge_ratio = 2;

/* Continuous types: position h = alpha + q (n + 1 - alpha - beta). */
static const struct {
    double alpha, beta;
} continuous_types[] = {
    [4] = {0, 1}, [5] = {0.5, 0.5},         [6] = {0, 0},
    [7] = {1, 1}, [8] = {1.0 / 3, 1.0 / 3}, [9] = {3.0 / 8, 3.0 / 8},
};

static bool is_inside_unit(double x)
{
    return x > 0 && x < 1;
}

/* Weight of the upper neighbour for the step types: 1 inverse of the empirical distribution, 2 the
 * same with averaging at its steps, 3 nearest even order statistic. */
static double step_weight(int type, double j, double fraction)
{
    bool is_between = fraction > 0;
    if (type == 1)
        return is_between;
    if (type == 2)
        return is_between ? 1 : 0.5;
    return is_between || fmod(fabs(j), 2) > 0;
}

struct cp_quantile_position cp_quantile_position(size_t n, double q, int type)
{
    if (n == 0 || !(q >= 0 && q <= 1) || type < 1 || type > 9)
        return (struct cp_quantile_position){0};
    double count = (double)n;
    double h = type < 3 ? q * count : q * count - 0.5;
    if (type > 3) {
        double alpha = continuous_types[type].alpha;
        h = alpha + q * (count + 1 - alpha - continuous_types[type].beta);
    }
    /* h is computed with rounding: a whole number missed by an ulp is that whole number */
    const double slack = 4 * DBL_EPSILON * fmax(1, h);
    double j = floor(h + slack);
    double fraction = h - j > slack ? h - j : 0;
    double weight = type > 3 ? fraction : step_weight(type, j, fraction);
    if (j < 1)
        return (struct cp_quantile_position){.rank = 1};
    if (j >= count)
        return (struct cp_quantile_position){.rank = n};
    return (struct cp_quantile_position){.rank = (size_t)j, .weight = weight};
}

double cp_quantile_between(double low, double high, double weight)
{
    return weight > 0 && low < high ? (1 - weight) * low + weight * high : low;
}

double cp_quantile(const double *sorted, size_t n, double q, int type)
{
    struct cp_quantile_position at = cp_quantile_position(n, q, type);
    if (at.rank == 0)
        return NAN;
    double low = sorted[at.rank - 1];
    return at.weight > 0 ? cp_quantile_between(low, sorted[at.rank], at.weight) : low;
}

/* Ranks that the quantiles touch, each once, ascending; 0 where one of them has no position. */
static size_t touched_ranks(size_t n, const double *qs, size_t n_qs, int type, size_t *ranks)
{
    size_t n_ranks = 0;
    for (size_t i = 0; i < n_qs; i++) {
        struct cp_quantile_position at = cp_quantile_position(n, qs[i], type);
        size_t last = n_ranks > 0 ? ranks[n_ranks - 1] : 0;
        if (at.rank == 0 || (i > 0 && qs[i] < qs[i - 1]))
            return 0;
        if (at.rank > last)
            ranks[n_ranks++] = at.rank;
        if (at.weight > 0 && at.rank + 1 > last)
            ranks[n_ranks++] = at.rank + 1;
    }
    return n_ranks;
}

void cp_quantiles_unsorted(const double *values, size_t n, const double *qs, size_t n_qs, int type,
                           double *out)
{
    bool has_room = n_qs < SIZE_MAX / 64;
    size_t *ranks = has_room ? malloc(2 * n_qs * sizeof *ranks) : NULL;
    double *found = has_room ? malloc(2 * n_qs * sizeof *found) : NULL;
    size_t n_ranks = ranks && found ? touched_ranks(n, qs, n_qs, type, ranks) : 0;
    bool is_known = n_ranks > 0 && cp_select(values, n, ranks, n_ranks, found);
    size_t k = 0;
    for (size_t i = 0; i < n_qs; i++) {
        out[i] = NAN;
        if (!is_known)
            continue;
        struct cp_quantile_position at = cp_quantile_position(n, qs[i], type);
        while (ranks[k] < at.rank)
            k++;
        out[i] = at.weight > 0 ? cp_quantile_between(found[k], found[k + 1], at.weight) : found[k];
    }
    free(found);
    free(ranks);
}

/* The beta law of Harrell and Davis, and the order statistics that have weight in it. */
struct beta_law {
    double n, alpha, beta;
    size_t first, last;
};

static struct beta_law beta_law_of(size_t n, double q)
{
    struct beta_law law = {
        .n = (double)n, .alpha = ((double)n + 1) * q, .beta = ((double)n + 1) * (1 - q)};
    /* beyond 12 standard deviations of a near-normal beta law no weight is above 1e-20 */
    bool is_near_normal = fmin(law.alpha, law.beta) >= 100;
    double reach = is_near_normal ? 12 * sqrt(q * (1 - q) / law.n) : 1;
    law.first = (size_t)fmax(1, floor((q - reach) * law.n));
    law.last = (size_t)fmin(law.n, ceil((q + reach) * law.n));
    return law;
}

/* Weight of the first i order statistics together; NAN where there is no numerical answer. */
static double beta_law_upto(const struct beta_law *law, size_t i)
{
    if (i < law->first || i >= law->last)
        return i < law->first ? 0 : 1;
    double upto = gsl_cdf_beta_P((double)i / law->n, law->alpha, law->beta);
    return isfinite(upto) ? upto : (double)NAN;
}

double cp_quantile_harrell_davis(const double *sorted, size_t n, double q)
{
    if (n == 0 || !is_inside_unit(q))
        return NAN;
    struct beta_law law = beta_law_of(n, q);
    double before = 0;
    double sum = 0;
    for (size_t i = law.first; i <= law.last; i++) {
        double upto = beta_law_upto(&law, i);
        if (isnan(upto))
            return NAN;
        if (upto > before)
            sum += (upto - before) * sorted[i - 1];
        before = upto;
    }
    return sum;
}

bool cp_quantile_harrell_davis_upto(size_t n, double q, double *upto)
{
    bool is_known = n > 0 && is_inside_unit(q);
    struct beta_law law = {0};
    if (is_known)
        law = beta_law_of(n, q);
    for (size_t i = 0; i <= n && is_known; i++) {
        upto[i] = beta_law_upto(&law, i);
        is_known = !isnan(upto[i]);
    }
    return is_known;
}

/* Smallest n with base^n <= tail, corrected for the rounding of the logarithms. SIZE_MAX where the
 * answer has no exact double, which also stops the two loops from standing still. */
static size_t smallest_power(double base, double tail)
{
    double n = fmax(ceil(log(tail) / log(base)), 1);
    if (!(base < 1 && n < 0x1p53))
        return SIZE_MAX;
    while (n > 1 && pow(base, n - 1) <= tail)
        n--;
    while (pow(base, n) > tail)
        n++;
    return (size_t)n;
}

/* The largest value is an upper bound when q^n <= tail; the slack is cp_binomial_quantile's. */
static size_t min_n_above(double q, double tail)
{
    size_t n = smallest_power(q, tail + 64 * DBL_EPSILON * (1 - tail));
    return n < 2 ? 2 : n;
}

size_t cp_quantile_min_n_upper(double q, double confidence)
{
    if (!is_inside_unit(q) || !is_inside_unit(confidence))
        return 0;
    return min_n_above(q, 1 - confidence);
}

size_t cp_quantile_min_n_two_sided(double q, double confidence)
{
    if (!is_inside_unit(q) || !is_inside_unit(confidence))
        return 0;
    double tail = (1 - confidence) / 2;
    size_t above = min_n_above(q, tail);
    /* the smallest value is a lower bound when (1 - q)^n < tail */
    size_t below = smallest_power(1 - q, tail * (1 - 64 * DBL_EPSILON));
    return above > below ? above : below;
}

bool cp_quantile_ranks(size_t n, double q, double confidence, size_t *low, size_t *high,
                       double *coverage)
{
    *low = 0;
    *high = 0;
    *coverage = 0;
    if (n == 0 || !is_inside_unit(q) || !is_inside_unit(confidence))
        return false;
    double tail = (1 - confidence) / 2;
    *low = cp_binomial_quantile(tail, n, q);
    *high = cp_binomial_quantile(1 - tail, n, q) + 1;
    /* P(X(low) <= quantile < X(high)) = P(low <= Bin(n, q) <= high - 1) */
    double below = *low > 0 ? cp_binomial_cdf(*low - 1, n, q) : 0;
    *coverage = cp_binomial_cdf(*high - 1, n, q) - below;
    return n > 1 && *low >= 1 && *high <= n;
}

bool cp_quantile_rank_upper(size_t n, double q, double confidence, size_t *rank)
{
    *rank = n + 1;
    if (n == 0 || !is_inside_unit(q) || !is_inside_unit(confidence))
        return false;
    *rank = cp_binomial_quantile(confidence, n, q) + 1;
    return n > 1 && *rank <= n;
}

bool cp_quantile_rank_lower(size_t n, double q, double confidence, size_t *rank)
{
    *rank = 0;
    if (n < 2 || !is_inside_unit(q) || !is_inside_unit(confidence))
        return false;
    *rank = cp_binomial_quantile(1 - confidence, n, q);
    return *rank >= 1;
}

static struct cp_estimate no_estimate(size_t n, double q, double confidence)
{
    return (struct cp_estimate){
        .status = CP_ANSWER_NONE,
        .q = q,
        .n = n,
        .value = NAN,
        .low = NAN,
        .high = NAN,
        .upper = NAN,
        .lower = NAN,
        .coverage = NAN,
        .confidence = confidence,
        .n_needed = cp_quantile_min_n_two_sided(q, confidence),
        .n_needed_upper = cp_quantile_min_n_upper(q, confidence),
    };
}

struct cp_estimate cp_quantile_estimate(const double *sorted, size_t n, double q, double confidence)
{
    double level = confidence > 0 ? confidence : 0.95;
    struct cp_estimate e = no_estimate(n, q, level);
    if (n == 0 || e.n_needed == 0 || !cp_sort_is_sorted(sorted, n) || sorted[0] < -DBL_MAX)
        return e;
    size_t low = 0;
    size_t high = 0;
    size_t upper = 0;
    size_t lower = 0;
    double coverage = 0;
    e.status = CP_ANSWER_TOO_FEW;
    e.value = cp_quantile(sorted, n, q, 8);
    while (e.n_censored < n && sorted[n - 1 - e.n_censored] > DBL_MAX)
        e.n_censored++;
    e.is_constant = e.n_censored == 0 && !(sorted[0] < sorted[n - 1]);
    if (cp_quantile_rank_lower(n, q, level, &lower))
        e.lower = sorted[lower - 1];
    if (cp_quantile_rank_upper(n, q, level, &upper)) {
        e.status = CP_ANSWER_UPPER_ONLY;
        e.upper = sorted[upper - 1];
    }
    if (cp_quantile_ranks(n, q, level, &low, &high, &coverage)) {
        e.status = CP_ANSWER_OK;
        e.low = sorted[low - 1];
        e.high = sorted[high - 1];
        e.coverage = coverage;
        e.is_mode_edge = e.low > 0 && e.high / e.low > mode_edge_ratio;
    }
    return e;
}
