/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/stat/tail_ratio.h"

#include <math.h>

/* Where the median's upper end is a right-censored value nothing is known from below. */
static double ratio(double tail, double median)
{
    return isinf(median) ? (double)NAN : tail / median;
}

struct cp_estimate cp_tail_ratio(const double *sorted, size_t n, double confidence)
{
    double level = (1 + (confidence > 0 ? confidence : 0.95)) / 2;
    struct cp_estimate tail = cp_quantile_estimate(sorted, n, 0.99, level);
    struct cp_estimate median = cp_quantile_estimate(sorted, n, 0.5, level);
    struct cp_estimate e = tail;
    bool has_median = median.value > 0 && isfinite(median.value);
    e.confidence = 2 * level - 1;
    e.coverage =
        tail.coverage + median.coverage - 1; /* of exact intervals, at least `level` each */
    e.value = ratio(tail.value, median.value);
    e.low = ratio(tail.low, median.high);
    e.high = ratio(tail.high, median.low);
    e.upper = ratio(tail.upper, median.low);
    e.lower = ratio(tail.lower, median.upper);
    e.is_mode_edge = false;
    if (e.status == CP_ANSWER_OK && isnan(e.low))
        e.status = CP_ANSWER_UPPER_ONLY;
    if (!has_median || !(median.low > 0)) {
        e.status = n > 0 && has_median ? CP_ANSWER_TOO_FEW : CP_ANSWER_NONE;
        e.low = e.high = e.upper = e.lower = e.coverage = NAN;
    }
    return e;
}
