/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/base/units.h"

#include <math.h>
#include <stdio.h>

struct unit {
    const char *name;
    double factor;
};

static const struct unit duration_units[] = {
    {"us", 0.001},
    {"ms", 1},
    {"s", CP_MS_PER_S},
    {"m", CP_MS_PER_MINUTE},
    {"min", CP_MS_PER_MINUTE},
    {"h", CP_MS_PER_HOUR},
    {"d", 86400e3},
    {NULL, 0},
};

static const struct unit rate_units[] = {
    {"/s", 1},          {"/sec", 1},         {"/m", 1.0 / 60}, {"/min", 1.0 / 60},
    {"/h", 1.0 / 3600}, {"/d", 1.0 / 86400}, {NULL, 0},
};

static const struct unit memory_units[] = {{"", 1},  {"MB", 1},   {"GB", 1024},
                                           {"M", 1}, {"G", 1024}, {NULL, 0}};

static const struct unit ratio_units[] = {{"", 1}, {"%", 0.01}, {NULL, 0}};

double cp_units_gb_s(int memory_mb, double duration_ms)
{
    return memory_mb / 1024.0 * (duration_ms / CP_MS_PER_S);
}

double cp_units_cpu_share(int memory_mb)
{
    return memory_mb / (double)CP_MEMORY_PER_VCPU_MB;
}

static enum cp_code parse_with_unit(struct cp_view text, const struct unit *units, double *value,
                                    const char *example, struct cp_error *err)
{
    struct cp_view rest = text;
    double x = 0;
    if (!cp_view_take_double(&rest, &x))
        return cp_fail(err, CP_EINVAL, "'%.*s' does not start with a number; write it like %s",
                       (int)text.n, text.p, example);
    if (x < 0)
        return cp_fail(err, CP_EINVAL, "'%.*s' is negative; write it like %s", (int)text.n, text.p,
                       example);
    cp_view_skip_blanks(&rest);
    for (const struct unit *u = units; u->name; u++) {
        if (cp_view_is(rest, u->name)) {
            *value = x * u->factor;
            return CP_OK;
        }
    }
    return cp_fail(err, CP_EINVAL, "'%.*s' has no known unit; write it like %s", (int)text.n,
                   text.p, example);
}

enum cp_code cp_units_parse_duration_ms(struct cp_view text, double *ms, struct cp_error *err)
{
    return parse_with_unit(text, duration_units, ms, "200ms, 5s or 10m", err);
}

enum cp_code cp_units_parse_rate_per_s(struct cp_view text, double *per_s, struct cp_error *err)
{
    return parse_with_unit(text, rate_units, per_s, "5/s, 300/m or 10/h", err);
}

enum cp_code cp_units_parse_memory_mb(struct cp_view text, int *mb, struct cp_error *err)
{
    double x = 0;
    enum cp_code code = parse_with_unit(text, memory_units, &x, "512 or 1GB", err);
    if (code)
        return code;
    if (!(x >= CP_MEMORY_MIN_MB && x <= CP_MEMORY_MAX_MB) || x > floor(x))
        return cp_fail(
            err, CP_EINVAL,
            "memory '%.*s' is not a whole number from %d to %d MB, the sizes that Lambda offers",
            (int)text.n, text.p, CP_MEMORY_MIN_MB, CP_MEMORY_MAX_MB);
    *mb = (int)x;
    return CP_OK;
}

enum cp_code cp_units_parse_ratio(struct cp_view text, double *ratio, struct cp_error *err)
{
    double x = 0;
    enum cp_code code = parse_with_unit(text, ratio_units, &x, "10%", err);
    if (code)
        return code;
    if (!(x > 0 && x <= 1))
        return cp_fail(err, CP_EINVAL, "'%.*s' is not above 0 and at most 100%%", (int)text.n,
                       text.p);
    *ratio = x;
    return CP_OK;
}

const char *cp_units_format_duration(double ms, char out[CP_UNITS_TEXT_MAX])
{
    static const struct unit steps[] = {{"h", CP_MS_PER_HOUR}, {"m", CP_MS_PER_MINUTE}, {"s", 1e3}};
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        double x = ms / steps[i].factor;
        bool is_exact = fabs(x * 2 - round(x * 2)) < 1e-9;
        if (x >= 1 && (is_exact || i == 2)) {
            /* four digits of 12,345 would be 1.234e+04 */
            double shown = is_exact ? round(x * 2) / 2 : x < 1000 ? x : round(x);
            int digits = is_exact || x >= 1000 ? 12 : 4;
            (void)snprintf(out, CP_UNITS_TEXT_MAX, "%.*g%s", digits, shown, steps[i].name);
            return out;
        }
    }
    (void)snprintf(out, CP_UNITS_TEXT_MAX, "%.4gms", ms);
    return out;
}

const char *cp_units_format_bytes(double bytes, char out[CP_UNITS_TEXT_MAX])
{
    static const char *const names[] = {"B", "kB", "MB", "GB", "TB", "PB"};
    size_t i = 0;
    if (!(bytes >= 0)) {
        (void)snprintf(out, CP_UNITS_TEXT_MAX, "-");
        return out;
    }
    /* 999.5 would be rounded to a fourth digit */
    while (bytes >= 999.5 && i + 1 < sizeof names / sizeof names[0]) {
        bytes /= 1e3;
        i++;
    }
    int decimals = bytes >= 99.95 || i == 0 ? 0 : bytes >= 9.995 ? 1 : 2;
    (void)snprintf(out, CP_UNITS_TEXT_MAX, "%.*f %s", decimals, bytes, names[i]);
    return out;
}
