/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/base/datetime.h"

#include "model/base/units.h"

#include <stdio.h>
#include <string.h>

static const char month_names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
static const char day_names[] = "SunMonTueWedThuFriSat";

struct civil {
    int64_t year, month, day, hour, minute, second, ms;
};

/* Days since 1970-01-01 of a proleptic Gregorian date (Hinnant, "chrono-compatible low-level date
 * algorithms": a year that starts in March makes the leap day the last one). */
static int64_t days_of(int64_t y, int64_t m, int64_t d)
{
    y -= m <= 2;
    int64_t era = (y >= 0 ? y : y - 399) / 400;
    int64_t yoe = y - era * 400;
    int64_t doy = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;
    return era * 146097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719468;
}

static struct civil civil_of(int64_t at_ms)
{
    int64_t ms = at_ms % CP_MS_PER_DAY;
    if (ms < 0)
        ms += CP_MS_PER_DAY;
    int64_t z = (at_ms - ms) / CP_MS_PER_DAY + 719468;
    int64_t era = (z >= 0 ? z : z - 146096) / 146097;
    int64_t doe = z - era * 146097;
    int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    int64_t mp = (5 * doy + 2) / 153;
    int64_t month = mp + (mp < 10 ? 3 : -9);
    return (struct civil){
        .year = yoe + era * 400 + (month <= 2),
        .month = month,
        .day = doy - (153 * mp + 2) / 5 + 1,
        .hour = ms / 3600000,
        .minute = ms / 60000 % 60,
        .second = ms / 1000 % 60,
        .ms = ms % 1000,
    };
}

const char *cp_datetime_format(int64_t at_ms, enum cp_datetime_form form,
                               char out[CP_DATETIME_TEXT_MAX])
{
    struct civil c = civil_of(at_ms);
    int y = (int)c.year;
    int mo = (int)c.month;
    int d = (int)c.day;
    int h = (int)c.hour;
    int mi = (int)c.minute;
    int s = (int)c.second;
    int ms = (int)c.ms;
    size_t weekday = (size_t)((days_of(c.year, c.month, c.day) % 7 + 11) % 7);
    const char *month = month_names + 3 * (c.month - 1);
    size_t size = CP_DATETIME_TEXT_MAX;
    switch (form) {
    case CP_DATETIME_ISO_MS:
        (void)snprintf(out, size, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", y, mo, d, h, mi, s, ms);
        break;
    case CP_DATETIME_ISO_S:
        (void)snprintf(out, size, "%04d-%02d-%02dT%02d:%02d:%02dZ", y, mo, d, h, mi, s);
        break;
    case CP_DATETIME_AWS_CONFIG:
        (void)snprintf(out, size, "%04d-%02d-%02dT%02d:%02d:%02d.%03d+0000", y, mo, d, h, mi, s,
                       ms);
        break;
    case CP_DATETIME_AMZ:
        (void)snprintf(out, size, "%04d%02d%02dT%02d%02d%02dZ", y, mo, d, h, mi, s);
        break;
    case CP_DATETIME_DAY:
        (void)snprintf(out, size, "%04d-%02d-%02d", y, mo, d);
        break;
    case CP_DATETIME_STREAM_DAY:
        (void)snprintf(out, size, "%04d/%02d/%02d", y, mo, d);
        break;
    case CP_DATETIME_HTTP:
        (void)snprintf(out, size, "%.3s, %02d %.3s %04d %02d:%02d:%02d GMT",
                       day_names + 3 * weekday, d, month, y, h, mi, s);
        break;
    }
    return out;
}

/* Exactly `width` digits. */
static bool take_digits(struct cp_view *v, size_t width, int64_t *value)
{
    if (v->n < width)
        return false;
    struct cp_view field = {v->p, width};
    if (field.p[0] == '-' || !cp_view_to_int64(field, value))
        return false;
    v->p += width;
    v->n -= width;
    return true;
}

/* `c` is local time, `offset_minutes` ahead of UTC. */
static bool to_unix_ms(const struct civil *c, int64_t offset_minutes, int64_t *at_ms)
{
    static const int64_t last_of_9999 = 253402300799999;
    static const int month_days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    if (c->year < 1970 || c->month < 1 || c->month > 12 || c->hour > 23 || c->minute > 59 ||
        c->second > 60)
        return false;
    bool is_leap = (c->year % 4 == 0 && c->year % 100 != 0) || c->year % 400 == 0;
    int64_t days = month_days[c->month - 1] + (c->month == 2 && is_leap);
    if (c->day < 1 || c->day > days)
        return false;
    int64_t minutes = (days_of(c->year, c->month, c->day) * 24 + c->hour) * 60 + c->minute;
    int64_t at = (minutes - offset_minutes) * 60000 + c->second * 1000 + c->ms;
    if (at < 0 || at > last_of_9999)
        return false;
    *at_ms = at;
    return true;
}

static bool take_fraction(struct cp_view *v, int64_t *ms)
{
    *ms = 0;
    if (!cp_view_skip(v, "."))
        return true;
    size_t n = 0;
    for (; n < v->n && v->p[n] >= '0' && v->p[n] <= '9'; n++) {
        if (n < 3)
            *ms = *ms * 10 + (v->p[n] - '0');
    }
    for (size_t i = n; i < 3; i++)
        *ms *= 10;
    if (n == 0 || n > 9)
        return false;
    v->p += n;
    v->n -= n;
    return true;
}

static bool take_zone(struct cp_view *v, int64_t *offset_minutes)
{
    *offset_minutes = 0;
    if (v->n == 0 || cp_view_skip(v, "Z"))
        return true;
    int64_t sign = cp_view_skip(v, "+") ? 1 : cp_view_skip(v, "-") ? -1 : 0;
    int64_t h = 0;
    int64_t m = 0;
    if (sign == 0 || !take_digits(v, 2, &h))
        return false;
    (void)cp_view_skip(v, ":");
    if (!take_digits(v, 2, &m) || h > 14 || m > 59)
        return false;
    *offset_minutes = sign * (h * 60 + m);
    return true;
}

bool cp_datetime_parse(struct cp_view text, int64_t *at_ms)
{
    struct cp_view v = text;
    struct civil c = {0};
    int64_t offset = 0;
    if (!take_digits(&v, 4, &c.year))
        return false;
    bool is_basic = !cp_view_skip(&v, "-");
    const char *colon = is_basic ? "" : ":";
    if (!take_digits(&v, 2, &c.month) || !cp_view_skip(&v, is_basic ? "" : "-") ||
        !take_digits(&v, 2, &c.day))
        return false;
    if (!cp_view_skip(&v, "T") && !cp_view_skip(&v, " "))
        return false;
    if (!take_digits(&v, 2, &c.hour) || !cp_view_skip(&v, colon) ||
        !take_digits(&v, 2, &c.minute) || !cp_view_skip(&v, colon) ||
        !take_digits(&v, 2, &c.second))
        return false;
    return take_fraction(&v, &c.ms) && take_zone(&v, &offset) && v.n == 0 &&
           to_unix_ms(&c, offset, at_ms);
}

bool cp_datetime_parse_http(struct cp_view text, int64_t *at_ms)
{
    struct cp_view v = text;
    struct cp_view weekday;
    struct civil c = {0};
    if (!cp_view_split(&v, ',', &weekday) || !cp_view_skip(&v, " ") ||
        !take_digits(&v, 2, &c.day) || !cp_view_skip(&v, " ") || v.n < 3)
        return false;
    for (int i = 0; i < 12 && c.month == 0; i++) {
        if (memcmp(v.p, month_names + 3 * (size_t)i, 3) == 0)
            c.month = i + 1;
    }
    v = (struct cp_view){v.p + 3, v.n - 3};
    if (c.month == 0 || !cp_view_skip(&v, " ") || !take_digits(&v, 4, &c.year) ||
        !cp_view_skip(&v, " "))
        return false;
    if (!take_digits(&v, 2, &c.hour) || !cp_view_skip(&v, ":") || !take_digits(&v, 2, &c.minute) ||
        !cp_view_skip(&v, ":") || !take_digits(&v, 2, &c.second))
        return false;
    return cp_view_is(v, " GMT") && to_unix_ms(&c, 0, at_ms);
}
