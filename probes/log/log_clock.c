/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "probes/log/log_clock.h"

#include <string.h>

#include "model/base/datetime.h"
#include "probes/log/log_digits.h"

enum { TO_SECOND = sizeof("2026-10-08T14:03:11") - 1 };

/* Two digits below `limit`, else -1. */
static int64_t two(const char *p, int64_t limit)
{
    unsigned tens = (unsigned char)(p[0] - '0');
    unsigned ones = (unsigned char)(p[1] - '0');
    int64_t value = tens * 10 + ones;
    return tens < 10 && ones < 10 && value < limit ? value : -1;
}

static bool is_digit(char c)
{
    return (unsigned char)(c - '0') < 10;
}

/* ".482" or ".482000", then Z, +00:00 or nothing: ms; -1 when it is something else. */
static int64_t rest_ms(const char *p, const char *end)
{
    int64_t ms = 0;
    if (end - p > 3 && p[0] == '.') {
        if (!is_digit(p[1]) || !is_digit(p[2]) || !is_digit(p[3]))
            return -1;
        ms = (p[1] - '0') * 100 + (p[2] - '0') * 10 + (p[3] - '0');
        const char *last = p + 10 < end ? p + 10 : end; /* nine digits at most */
        for (p += 4; p < last && is_digit(*p); p++)
            ;
    }
    bool is_utc =
        p == end || (end - p == 1 && *p == 'Z') || (end - p == 6 && cp_log_equal(p, "+00:00", 6));
    return is_utc ? ms : -1;
}

/* Of the day that is known. */
static bool read_known(const struct cp_log_clock *clock, struct cp_view text, int64_t *at_ms)
{
    if (text.n < TO_SECOND || !cp_log_equal(text.p, clock->day, CP_LOG_DAY_TEXT) ||
        text.p[13] != ':' || text.p[16] != ':')
        return false;
    int64_t hour = two(text.p + 11, 24);
    int64_t minute = two(text.p + 14, 60);
    int64_t second = two(text.p + 17, 60); /* leap seconds take the long way */
    int64_t ms = rest_ms(text.p + TO_SECOND, text.p + text.n);
    if (hour < 0 || minute < 0 || second < 0 || ms < 0)
        return false;
    *at_ms = clock->day_at_ms + ((hour * 60 + minute) * 60 + second) * 1000 + ms;
    return true;
}

bool cp_log_clock_read(struct cp_log_clock *clock, struct cp_view text, int64_t *at_ms)
{
    if (read_known(clock, text, at_ms))
        return true;
    if (!cp_datetime_parse(text, at_ms))
        return false;
    /* whatever the zone, the day's beginning is said in UTC by this text alone */
    char midnight[] = "2026-10-08T00:00:00Z";
    if (text.n >= TO_SECOND && text.p[4] == '-') {
        memcpy(midnight, text.p, CP_LOG_DAY_TEXT);
        if (cp_datetime_parse(cp_view_of(midnight), &clock->day_at_ms))
            memcpy(clock->day, text.p, CP_LOG_DAY_TEXT);
    }
    return true;
}
