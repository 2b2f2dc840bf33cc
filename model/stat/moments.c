/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/stat/moments.h"

#include <float.h>
#include <math.h>

/* A sum that carries its rounding error along. */
struct sum {
    double value, error;
};

static void add(struct sum *s, double x)
{
    double total = s->value + x;
    s->error += fabs(s->value) >= fabs(x) ? s->value - total + x : x - total + s->value;
    s->value = total;
}

static double total(const struct sum *s)
{
    return s->value + s->error;
}

/* Sums of deviations, their squares and their products with the next one. */
static void add_deviations(struct cp_moments *m, const double *values)
{
    struct sum first = {0};
    struct sum squares = {0};
    struct sum products = {0};
    for (size_t i = 0; i < m->n; i++) {
        double deviation = values[i] - m->mean;
        add(&first, deviation);
        add(&squares, deviation * deviation);
        if (i + 1 < m->n)
            add(&products, deviation * (values[i + 1] - m->mean));
    }
    double n = (double)m->n;
    /* the rounded mean is off by `shift` */
    double shift = total(&first) / n;
    double around_mean = total(&squares) - n * shift * shift;
    m->mean += shift;
    if (m->n < 2)
        return;
    m->sd = sqrt(around_mean / (n - 1));
    if (around_mean > 0)
        m->lag1_autocorrelation = total(&products) / around_mean;
}

struct cp_moments cp_moments_of(const double *values, size_t n)
{
    struct cp_moments m = {
        .status = CP_ENODATA, .n = n, .mean = NAN, .sd = NAN, .lag1_autocorrelation = NAN};
    if (n == 0)
        return m;
    struct sum sum = {0};
    double largest = -INFINITY;
    m.status = CP_OK;
    for (size_t i = 0; i < n; i++) {
        if (!(values[i] >= -DBL_MAX))
            m.status = CP_EINVAL;
        largest = fmax(largest, values[i]);
        add(&sum, values[i] < INFINITY ? values[i] : 0);
    }
    if (m.status == CP_OK) {
        m.mean = isinf(largest) ? INFINITY : total(&sum) / (double)n;
        if (isfinite(m.mean))
            add_deviations(&m, values);
    }
    return m;
}
