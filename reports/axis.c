/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "reports/axis.h"

#include <math.h>
#include <stdio.h>

#include "reports/format.h"

enum { TICKS_MIN = 4, TICKS_MAX = 9 };

struct cp_axis cp_axis_empty(bool is_log)
{
    return (struct cp_axis){.low = INFINITY, .high = -INFINITY, .is_log = is_log};
}

void cp_axis_see(struct cp_axis *axis, double value)
{
    if (!isfinite(value) || (axis->is_log && value <= 0))
        return;
    axis->low = fmin(axis->low, value);
    axis->high = fmax(axis->high, value);
}

static double to_axis(const struct cp_axis *axis, double value)
{
    return axis->is_log ? log(value) : value;
}

static double from_axis(const struct cp_axis *axis, double x)
{
    return axis->is_log ? exp(x) : x;
}

void cp_axis_pad(struct cp_axis *axis, double share)
{
    double low = to_axis(axis, axis->low);
    double high = to_axis(axis, axis->high);
    double least = axis->is_log ? log(1.5) : fmax(fabs(high) * 0.2, 1e-9);
    double widen = fmax((least - (high - low)) / 2, 0) + share * (high - low);
    axis->low = from_axis(axis, low - widen);
    axis->high = from_axis(axis, high + widen);
}

double cp_axis_position(const struct cp_axis *axis, double value)
{
    double low = to_axis(axis, axis->low);
    return (to_axis(axis, value) - low) / (to_axis(axis, axis->high) - low);
}

/* A round number as it is: "0.2", "15", "1,000". */
static const char *tick_text(double value, char out[CP_FORMAT_MAX])
{
    if (value >= 1000)
        return cp_format(CP_UNIT_COUNT, value, out);
    (void)snprintf(out, CP_FORMAT_MAX, "%.6g", value);
    return out;
}

/* Ticks at mantissas times powers of ten, written when `out` is given; how many. */
static size_t log_ticks(const struct cp_axis *axis, const double *mantissas, size_t n,
                        struct cp_buf *out)
{
    size_t count = 0;
    int first = (int)floor(log10(axis->low));
    int last = (int)ceil(log10(axis->high));
    for (int power = first; power <= last; power++) {
        for (size_t i = 0; i < n; i++) {
            double value = mantissas[i] * pow(10, power);
            if (value < axis->low || value > axis->high)
                continue;
            char text[CP_FORMAT_MAX];
            if (out)
                cp_buf_addf(out, "%s'%s' %.9g", count ? ", " : "", tick_text(value, text), value);
            count++;
        }
    }
    return count;
}

/* Steps of 1, 2 or 5 times a power of ten, about five of them. */
static void linear_ticks(const struct cp_axis *axis, struct cp_buf *out)
{
    double rough = (axis->high - axis->low) / 5;
    double power = pow(10, floor(log10(rough)));
    double mantissa = rough / power;
    double step = power * (mantissa < 1.5 ? 1 : mantissa < 3.5 ? 2 : mantissa < 7.5 ? 5 : 10);
    int first = (int)ceil(axis->low / step);
    int last = (int)floor(axis->high / step * (1 + 1e-12));
    for (int k = first; k <= last; k++) {
        char text[CP_FORMAT_MAX];
        cp_buf_addf(out, "%s'%s' %.9g", k > first ? ", " : "", tick_text(k * step, text), k * step);
    }
}

void cp_axis_ticks(const struct cp_axis *axis, struct cp_buf *out)
{
    static const double mantissas[][9] = {
        {1}, {1, 3}, {1, 2, 5}, {1, 1.5, 2, 3, 5, 7}, {1, 1.2, 1.5, 2, 2.5, 3, 4, 6, 8}};
    static const size_t counts[] = {1, 2, 3, 6, 9};
    cp_buf_addc(out, '(');
    bool is_done = false;
    for (size_t i = 0; axis->is_log && i < sizeof counts / sizeof counts[0] && !is_done; i++) {
        size_t n = log_ticks(axis, mantissas[i], counts[i], NULL);
        is_done = n >= TICKS_MIN && n <= TICKS_MAX;
        if (is_done)
            log_ticks(axis, mantissas[i], counts[i], out);
    }
    if (!is_done)
        linear_ticks(axis, out);
    cp_buf_addc(out, ')');
}
