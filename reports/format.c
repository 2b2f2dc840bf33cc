/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "reports/format.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SIGNIFICANT = 3 };

const char *cp_unit_name(enum cp_unit unit)
{
    static const char *const names[] = {
        [CP_UNIT_TEXT] = "", [CP_UNIT_COUNT] = "",  [CP_UNIT_MB] = "MB",     [CP_UNIT_MS] = "ms",
        [CP_UNIT_S] = "s",   [CP_UNIT_USD] = "USD", [CP_UNIT_PERCENT] = "%",
    };
    return names[unit];
}

/* "%.*f" with a comma between thousands; never "-0". */
static void grouped(double value, int decimals, char out[CP_FORMAT_MAX])
{
    char plain[CP_FORMAT_MAX];
    (void)snprintf(plain, sizeof plain, "%.*f", decimals, value);
    if (strspn(plain, "-0.") == strlen(plain))
        (void)snprintf(plain, sizeof plain, "%.*f", decimals, 0.0);
    size_t sign = plain[0] == '-' ? 1 : 0;
    size_t digits = strcspn(plain, ".");
    size_t to = 0;
    for (size_t i = 0; plain[i] && to + 2 < CP_FORMAT_MAX; i++) {
        if (i > sign && i < digits && (digits - i) % 3 == 0)
            out[to++] = ',';
        out[to++] = plain[i];
    }
    out[to] = '\0';
}

/* Power of ten of the last digit shown when `value` has `significant` digits, after rounding:
 * 146.2 -> 0, 9.996 -> -1 (it becomes 10.0), 12345 -> 2. */
static int last_digit(double value, int significant)
{
    if (!isfinite(value) || fabs(value) < 1e-12)
        return 0;
    int power = (int)floor(log10(fabs(value)));
    double scaled = fabs(value) / pow(10, power - significant + 1);
    if (round(scaled) >= pow(10, significant))
        power++;
    return power - significant + 1;
}

/* Last digit of a point value in its unit. */
static int value_digit(enum cp_unit unit, double value)
{
    switch (unit) {
    case CP_UNIT_TEXT:
    case CP_UNIT_COUNT:
    case CP_UNIT_MB:
        return 0;
    case CP_UNIT_USD:
        return fabs(value) >= 0.01 || fabs(value) < 1e-12 ? -2 : last_digit(value, SIGNIFICANT + 1);
    case CP_UNIT_MS:
    case CP_UNIT_S:
    case CP_UNIT_PERCENT:
        break;
    }
    return last_digit(value, SIGNIFICANT);
}

static double in_unit(enum cp_unit unit, double value)
{
    return unit == CP_UNIT_PERCENT ? value * 100 : value;
}

/* `value` rounded at 10^digit. Scaling by the exact power of ten (multiply for decimals, divide for
 * tens) keeps 71.0 at 71. */
static void at_digit(double value, int digit, char out[CP_FORMAT_MAX])
{
    double step = pow(10, abs(digit));
    double rounded = digit < 0 ? round(value * step) / step : round(value / step) * step;
    grouped(rounded, digit < 0 ? -digit : 0, out);
}

const char *cp_format(enum cp_unit unit, double value, char out[CP_FORMAT_MAX])
{
    if (isnan(value))
        return memcpy(out, "-", 2);
    if (isinf(value))
        return value > 0 ? memcpy(out, "no limit", 9) : memcpy(out, "-", 2);
    double shown = in_unit(unit, value);
    at_digit(shown, value_digit(unit, shown), out);
    return out;
}

const char *cp_format_with_unit(enum cp_unit unit, double value, char out[CP_FORMAT_MAX])
{
    char number[CP_FORMAT_MAX];
    cp_format(unit, value, number);
    (void)snprintf(out, CP_FORMAT_MAX, "%.40s%s%s", number, isfinite(value) ? " " : "",
                   isfinite(value) ? cp_unit_name(unit) : "");
    return out;
}

const char *cp_format_bounds(enum cp_unit unit, struct cp_interval v, char out[CP_FORMAT_MAX])
{
    char low[CP_FORMAT_MAX];
    char high[CP_FORMAT_MAX];
    out[0] = '\0';
    if (isnan(v.low) || isnan(v.high) || isnan(v.value))
        return out;
    cp_format(unit, v.low, low);
    cp_format(unit, v.high, high);
    (void)snprintf(out, CP_FORMAT_MAX, "[%.40s, %.40s]", low, high);
    return out;
}

const char *cp_format_interval(enum cp_unit unit, struct cp_interval v, char out[CP_FORMAT_MAX])
{
    char value[CP_FORMAT_MAX];
    char bounds[CP_FORMAT_MAX];
    cp_format(unit, v.value, value);
    cp_format_bounds(unit, v, bounds);
    (void)snprintf(out, CP_FORMAT_MAX, "%.40s%s%.50s", value, bounds[0] ? " " : "", bounds);
    return out;
}

struct cp_interval cp_interval_of_estimate(const struct cp_estimate *e)
{
    struct cp_interval v = {NAN, NAN, NAN};
    if (e->status == CP_ANSWER_OK)
        v = (struct cp_interval){e->value, e->low, e->high};
    return v;
}

const char *cp_format_estimate(const struct cp_estimate *e, bool with_bounds,
                               char out[CP_FORMAT_MAX])
{
    char upper[CP_FORMAT_MAX];
    switch (e->status) {
    case CP_ANSWER_NONE:
        break;
    case CP_ANSWER_TOO_FEW:
        (void)snprintf(out, CP_FORMAT_MAX, "n>=%zu needed", e->n_needed_upper);
        return out;
    case CP_ANSWER_UPPER_ONLY:
        (void)snprintf(out, CP_FORMAT_MAX, "<= %.40s", cp_format(CP_UNIT_MS, e->upper, upper));
        return out;
    case CP_ANSWER_OK:
        if (with_bounds)
            return cp_format_interval(CP_UNIT_MS, cp_interval_of_estimate(e), out);
        return cp_format(CP_UNIT_MS, e->value, out);
    }
    return memcpy(out, "-", 2);
}

const char *cp_format_brief(const struct cp_estimate *e, bool with_bounds, char out[CP_FORMAT_MAX])
{
    char value[CP_FORMAT_MAX];
    char low[CP_FORMAT_MAX];
    char high[CP_FORMAT_MAX];
    switch (e->status) {
    case CP_ANSWER_NONE:
        return memcpy(out, "-", 2);
    case CP_ANSWER_TOO_FEW:
        (void)snprintf(out, CP_FORMAT_MAX, "n<%zu", e->n_needed_upper);
        return out;
    case CP_ANSWER_UPPER_ONLY:
        (void)snprintf(out, CP_FORMAT_MAX, "<=%.40s",
                       cp_format_with_unit(CP_UNIT_MS, e->upper, value));
        return out;
    case CP_ANSWER_OK:
        break;
    }
    cp_format_with_unit(CP_UNIT_MS, e->value, value);
    if (!with_bounds)
        return memcpy(out, value, sizeof value);
    int digit = value_digit(CP_UNIT_MS, e->value);
    at_digit(e->low, digit < 0 ? digit + 1 : digit, low);
    at_digit(e->high, digit < 0 ? digit + 1 : digit, high);
    (void)snprintf(out, CP_FORMAT_MAX, "%.30s [%.25s, %.25s]", value, low, high);
    return out;
}

const char *cp_format_count(size_t n, char out[CP_FORMAT_MAX])
{
    return cp_format(CP_UNIT_COUNT, (double)n, out);
}

const char *cp_format_quantile_name(double q, char out[CP_FORMAT_MAX])
{
    (void)snprintf(out, CP_FORMAT_MAX, "p%.6g", q * 100);
    return out;
}
