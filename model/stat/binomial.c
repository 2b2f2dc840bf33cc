/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/stat/binomial.h"

#include <float.h>
#include <gsl/gsl_cdf.h>
#include <math.h>

/* Weights below this share of the mode's cannot move the 16th digit of any sum. */
static const double negligible = 1e-30;

/* The range of k that carries the law, the weight of its first k, and the sum of all weights. */
struct window {
    size_t first, last;
    double first_weight;
    double total;
    double odds;
};

/* w(k+1) / w(k) */
static double ratio_up(const struct window *w, size_t k, size_t n)
{
    return (double)(n - k) / ((double)k + 1) * w->odds;
}

/* p strictly inside (0, 1). */
static struct window window_of(size_t n, double p)
{
    double mode = fmin(floor(((double)n + 1) * p), (double)n);
    struct window w = {.first = (size_t)mode, .last = (size_t)mode, .odds = p / (1 - p)};
    double weight = 1;
    w.first_weight = 1;
    w.total = 1;
    while (w.first > 0 && w.first_weight > negligible) {
        w.first--;
        w.first_weight /= ratio_up(&w, w.first, n);
        w.total += w.first_weight;
    }
    while (w.last < n && weight > negligible) {
        weight *= ratio_up(&w, w.last, n);
        w.last++;
        w.total += weight;
    }
    return w;
}

double cp_binomial_cdf(size_t k, size_t n, double p)
{
    if (!(p >= 0 && p <= 1))
        return NAN;
    if (k >= n || p <= 0)
        return 1;
    if (p >= 1)
        return 0;
    struct window w = window_of(n, p);
    if (k >= w.last)
        return 1;
    double weight = w.first_weight;
    double sum = 0;
    for (size_t i = w.first; i <= k; i++) {
        sum += weight;
        weight *= ratio_up(&w, i, n);
    }
    return fmin(sum / w.total, 1);
}

size_t cp_binomial_quantile(double target, size_t n, double p)
{
    if (!(p > 0 && p < 1) || !(target > 0 && target < 1))
        return 0;
    struct window w = window_of(n, p);
    double goal = target * (1 - 64 * DBL_EPSILON) * w.total;
    double weight = w.first_weight;
    double sum = weight;
    size_t k = w.first;
    while (sum < goal && k < w.last) {
        weight *= ratio_up(&w, k, n);
        sum += weight;
        k++;
    }
    return k;
}

/* The p at which P(X <= k) falls to `tail`; the cdf decreases in p, so bisection is safe. */
static double upper_limit(size_t k, size_t n, double tail)
{
    if (k == n)
        return 1;
    if (k == 0)
        return -expm1(log(tail) / (double)n);
    double low = (double)k / (double)n;
    double high = 1;
    for (int i = 0; i < 60; i++) {
        double p = (low + high) / 2;
        if (cp_binomial_cdf(k, n, p) > tail)
            low = p;
        else
            high = p;
    }
    return (low + high) / 2;
}

static bool is_valid(size_t k, size_t n, double confidence)
{
    return n > 0 && k <= n && confidence > 0 && confidence < 1;
}

bool cp_binomial_interval(size_t k, size_t n, double confidence, double *low, double *high)
{
    *low = NAN;
    *high = NAN;
    if (!is_valid(k, n, confidence))
        return false;
    double tail = (1 - confidence) / 2;
    /* failures are Bin(n, 1 - p): the lower limit is the mirrored upper one */
    *low = 1 - upper_limit(n - k, n, tail);
    *high = upper_limit(k, n, tail);
    return true;
}

double cp_binomial_upper(size_t k, size_t n, double confidence)
{
    return is_valid(k, n, confidence) ? upper_limit(k, n, 1 - confidence) : NAN;
}

bool cp_binomial_wilson(size_t k, size_t n, double confidence, double *low, double *high)
{
    *low = NAN;
    *high = NAN;
    if (!is_valid(k, n, confidence))
        return false;
    double z = gsl_cdf_ugaussian_Pinv((1 + confidence) / 2);
    double trials = (double)n;
    double p = (double)k / trials;
    double shrink = 1 + z * z / trials;
    double centre = (p + z * z / (2 * trials)) / shrink;
    double half = z / shrink * sqrt(p * (1 - p) / trials + z * z / (4 * trials * trials));
    *low = k == 0 ? 0 : centre - half;
    *high = k == n ? 1 : centre + half;
    return true;
}

bool cp_binomial_jeffreys(size_t k, size_t n, double confidence, double *low, double *high)
{
    *low = NAN;
    *high = NAN;
    if (!is_valid(k, n, confidence))
        return false;
    double tail = (1 - confidence) / 2;
    double a = (double)k + 0.5;
    double b = (double)(n - k) + 0.5;
    *low = k == 0 ? 0 : gsl_cdf_beta_Pinv(tail, a, b);
    *high = k == n ? 1 : gsl_cdf_beta_Qinv(tail, a, b);
    return isfinite(*low) && isfinite(*high);
}
