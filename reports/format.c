/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "reports/format.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *cp_unit_name(enum cp_unit unit)
{
    static const char *const names[] = {
        [CP_UNIT_TEXT] = "",     [CP_UNIT_COUNT] = "",  [CP_UNIT_MB] = "MB",
        [CP_UNIT_MS] = "ms",     [CP_UNIT_S] = "s",     [CP_UNIT_PLAIN] = "",
        [CP_UNIT_QUANTILE] = "", [CP_UNIT_USD] = "USD", [CP_UNIT_PERCENT] = "%",
    };
    return names[unit];
}

static double in_unit(enum cp_unit unit, double value)
{
    return unit == CP_UNIT_PERCENT ? value * 100 : value;
}

const char *cp_format(enum cp_unit unit, double value, char out[CP_FORMAT_MAX])
{
    if (isnan(value))
        return memcpy(out, "-", 2);
    if (isinf(value) && unit == CP_UNIT_MS && value > 0)
        return memcpy(out, ">= timeout", 11); /* right-censored there */
    if (isinf(value))
        return value > 0 ? memcpy(out, "no limit", 9) : memcpy(out, "-", 2);
    switch (unit) {
    case CP_UNIT_TEXT:
    case CP_UNIT_COUNT:
    case CP_UNIT_MB:
        return cp_number_at(value, 0, out);
    case CP_UNIT_QUANTILE:
        return cp_format_quantile_name(value, out);
    case CP_UNIT_USD:
        return cp_number_usd(value, out);
    case CP_UNIT_MS:
    case CP_UNIT_S:
    case CP_UNIT_PLAIN:
    case CP_UNIT_PERCENT:
        break;
    }
    return cp_number_short(in_unit(unit, value), out);
}

const char *cp_format_with_unit(enum cp_unit unit, double value, char out[CP_FORMAT_MAX])
{
    char number[CP_FORMAT_MAX];
    const char *name = isfinite(value) ? cp_unit_name(unit) : "";
    cp_format(unit, value, number);
    (void)snprintf(out, CP_FORMAT_MAX, "%.40s%s%s", number, name[0] ? " " : "", name);
    return out;
}

/* The end of an interval: a duration has none above the timeout. */
static const char *format_end(enum cp_unit unit, double value, char out[CP_FORMAT_MAX])
{
    if (unit == CP_UNIT_MS && isinf(value))
        return memcpy(out, "timeout", 8);
    return cp_format(unit, value, out);
}

const char *cp_format_bounds(enum cp_unit unit, struct cp_interval v, char out[CP_FORMAT_MAX])
{
    char low[CP_FORMAT_MAX];
    char high[CP_FORMAT_MAX];
    out[0] = '\0';
    if (isnan(v.low) || isnan(v.high) || isnan(v.value))
        return out;
    format_end(unit, v.low, low);
    format_end(unit, v.high, high);
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

const char *cp_format_estimate(enum cp_unit unit, const struct cp_estimate *e, bool with_bounds,
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
        (void)snprintf(out, CP_FORMAT_MAX, "<= %.40s", format_end(unit, e->upper, upper));
        return out;
    case CP_ANSWER_OK:
        if (with_bounds)
            return cp_format_interval(unit, cp_interval_of_estimate(e), out);
        return cp_format(unit, e->value, out);
    }
    return memcpy(out, "-", 2);
}

/* One decimal less than the value has. */
static void brief_end(enum cp_unit unit, const struct cp_estimate *e, double end,
                      char out[CP_FORMAT_MAX])
{
    double shown = isfinite(e->value) ? e->value : e->low;
    int digit = isfinite(shown) ? cp_number_last_digit(shown, CP_NUMBER_SIGNIFICANT) : 0;
    if (isfinite(end))
        cp_number_at(end, digit < 0 ? digit + 1 : digit, out);
    else
        format_end(unit, end, out);
}

const char *cp_format_brief(enum cp_unit unit, const struct cp_estimate *e, bool with_bounds,
                            char out[CP_FORMAT_MAX])
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
                       isinf(e->upper) ? format_end(unit, e->upper, value)
                                       : cp_format_with_unit(unit, e->upper, value));
        return out;
    case CP_ANSWER_OK:
        break;
    }
    cp_format_with_unit(unit, e->value, value);
    if (!with_bounds)
        return memcpy(out, value, sizeof value);
    brief_end(unit, e, e->low, low);
    brief_end(unit, e, e->high, high);
    (void)snprintf(out, CP_FORMAT_MAX, "%.30s [%.25s, %.25s]", value, low, high);
    return out;
}

static struct cp_estimate estimate_of_tail(const struct cp_tail *tail)
{
    return (struct cp_estimate){
        .status = tail->status,
        .value = tail->estimate.value,
        .low = tail->estimate.low,
        .high = tail->estimate.high,
        .upper = tail->upper_ms,
        .n_needed_upper = tail->n_needed_upper,
    };
}

const char *cp_format_pooled(enum cp_unit unit, const struct cp_tail *tail, char out[CP_FORMAT_MAX])
{
    struct cp_estimate e = estimate_of_tail(tail);
    char text[CP_FORMAT_MAX];
    (void)snprintf(out, CP_FORMAT_MAX, "~%.90s", cp_format_estimate(unit, &e, true, text));
    return out;
}

const char *cp_format_pooled_brief(enum cp_unit unit, const struct cp_tail *tail,
                                   char out[CP_FORMAT_MAX])
{
    struct cp_estimate e = estimate_of_tail(tail);
    char text[CP_FORMAT_MAX];
    (void)snprintf(out, CP_FORMAT_MAX, "~%.90s", cp_format_brief(unit, &e, false, text));
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

struct cp_view cp_format_layer(struct cp_view arn)
{
    size_t start = arn.n;
    for (int n_colons = 0; start > 0; start--) {
        n_colons += arn.p[start - 1] == ':';
        if (n_colons == 2)
            break;
    }
    return (struct cp_view){arn.p + start, arn.n - start};
}
