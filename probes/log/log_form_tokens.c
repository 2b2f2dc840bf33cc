/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "probes/log/log_form_tokens.h"

#include <ctype.h>
#include <string.h>

#include "model/base/datetime.h"

enum { EPOCH_DIGITS = 13, STREAM_ID_DIGITS = 32 };

bool cp_log_is_time(struct cp_view v)
{
    int64_t at_ms = 0;
    return v.n && isdigit((unsigned char)v.p[0]) && cp_datetime_parse(v, &at_ms);
}

static bool is_hex(struct cp_view v)
{
    for (size_t i = 0; i < v.n; i++) {
        if (!isxdigit((unsigned char)v.p[i]))
            return false;
    }
    return true;
}

bool cp_log_is_stream(struct cp_view v)
{
    if (v.n <= STREAM_ID_DIGITS || !isdigit((unsigned char)v.p[0]))
        return false;
    struct cp_view id = {v.p + v.n - STREAM_ID_DIGITS, STREAM_ID_DIGITS};
    return is_hex(id) && id.p[-1] == ']' && memchr(v.p, '/', v.n) && memchr(v.p, '[', v.n);
}

bool cp_log_is_epoch(struct cp_view v)
{
    for (size_t i = 0; i < v.n; i++) {
        if (!isdigit((unsigned char)v.p[i]))
            return false;
    }
    return v.n == EPOCH_DIGITS;
}
