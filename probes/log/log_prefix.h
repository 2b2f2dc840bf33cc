/* SPDX-License-Identifier: GPL-3.0-or-later
 * What a transport form puts before the message of a line: time, stream, group. In a header so that
 * the hot path has one copy for each form.
 */
#ifndef COLDPROF_PROBES_LOG_LOG_PREFIX_H
#define COLDPROF_PROBES_LOG_LOG_PREFIX_H

#include <stdbool.h>
#include <string.h>

#include "model/base/datetime.h"
#include "model/base/view.h"
#include "probes/log/log_sink.h"

struct cp_log_prefix {
    struct cp_view group, stream, time; /* left as they were where the form has none */
    struct cp_view message;             /* the rest, with the line feed */
};

enum {
    CP_LOG_EPOCH_DIGITS = 13,
    CP_LOG_TO_SECOND = sizeof("2026-10-08T14:03:11") - 1,
    CP_LOG_TO_Z = sizeof("2026-10-08T14:03:11.482Z") - 1,
    CP_LOG_TO_ZONE = sizeof("2026-10-08T14:03:11.482000+00:00") - 1,
    CP_LOG_ENVIRONMENT_DIGITS = 32,
    CP_LOG_STREAM_MAX = 512, /* of CloudWatch Logs */
    CP_LOG_GROUP_MAX = 512,
};

static inline bool cp_log_is_digit(char c)
{
    return (unsigned char)(c - '0') < 10;
}

/* A word and the blank after it; NULL when there is none within `max`. */
static inline const char *cp_log_take_word(const char *p, const char *end, size_t max,
                                           struct cp_view *word)
{
    size_t n = (size_t)(end - p);
    const char *blank = n ? memchr(p, ' ', n < max + 1 ? n : max + 1) : NULL;
    if (!blank || blank == p)
        return NULL;
    *word = (struct cp_view){p, (size_t)(blank - p)};
    return blank + 1;
}

static inline const char *cp_log_take_time(const char *p, const char *end, struct cp_view *time)
{
    if (end - p <= CP_LOG_TO_SECOND || !cp_log_is_digit(p[0]) || p[4] != '-' || p[7] != '-' ||
        p[10] != 'T' || p[13] != ':' || p[16] != ':')
        return NULL;
    const char *from = p + CP_LOG_TO_SECOND;
    const char *blank = NULL;
    size_t n = (size_t)(end - from);
    size_t max = CP_DATETIME_TEXT_MAX - CP_LOG_TO_SECOND;
    /* two usual widths, then any */
    if (end - p > CP_LOG_TO_ZONE && p[CP_LOG_TO_ZONE] == ' ' && p[26] == '+' &&
        cp_log_is_digit(p[25]) && cp_log_is_digit(p[24]))
        blank = p + CP_LOG_TO_ZONE;
    else if (end - p > CP_LOG_TO_Z && p[CP_LOG_TO_Z] == ' ' && p[CP_LOG_TO_Z - 1] == 'Z')
        blank = p + CP_LOG_TO_Z;
    else
        blank = memchr(from, ' ', n < max ? n : max);
    if (!blank)
        return NULL;
    *time = (struct cp_view){p, (size_t)(blank - p)};
    return blank + 1;
}

/* As cp_record_parse has it, but for the digits at the end. */
static inline const char *cp_log_take_stream(const char *p, const char *end, struct cp_view *stream)
{
    if (p == end || !cp_log_is_digit(p[0]))
        return NULL;
    const char *rest = cp_log_take_word(p, end, CP_LOG_STREAM_MAX, stream);
    bool is_stream = rest && stream->n > CP_LOG_ENVIRONMENT_DIGITS &&
                     stream->p[stream->n - CP_LOG_ENVIRONMENT_DIGITS - 1] == ']' &&
                     memchr(stream->p, '/', stream->n) != NULL;
    return is_stream ? rest : NULL;
}

static inline const char *cp_log_take_epoch(const char *p, const char *end, struct cp_view *time)
{
    if (end - p <= CP_LOG_EPOCH_DIGITS || p[CP_LOG_EPOCH_DIGITS] != '\t')
        return NULL;
    for (size_t i = 0; i < CP_LOG_EPOCH_DIGITS; i++) {
        if (!cp_log_is_digit(p[i]))
            return NULL;
    }
    *time = (struct cp_view){p, CP_LOG_EPOCH_DIGITS};
    return p + CP_LOG_EPOCH_DIGITS + 1;
}

/* false: the line has no such prefix, so it continues the event before it. Only the shape of the
 * time is looked at. CP_LINES_PLAIN: always true. */
static inline bool cp_log_prefix_take(enum cp_log_line_form form, struct cp_view line,
                                      struct cp_log_prefix *out)
{
    const char *p = line.p;
    const char *end = line.p + line.n;
    switch (form) {
    case CP_LINES_PLAIN:
        break;
    case CP_LINES_DETAILED:
        p = cp_log_take_time(p, end, &out->time);
        p = p ? cp_log_take_stream(p, end, &out->stream) : NULL;
        break;
    case CP_LINES_SHORT:
        p = cp_log_take_time(p, end, &out->time);
        break;
    case CP_LINES_SAM:
        p = cp_log_take_stream(p, end, &out->stream);
        p = p ? cp_log_take_time(p, end, &out->time) : NULL;
        break;
    case CP_LINES_AWSLOGS:
        p = cp_log_take_word(p, end, CP_LOG_GROUP_MAX, &out->group);
        p = p ? cp_log_take_stream(p, end, &out->stream) : NULL;
        while (p && p < end && *p == ' ') /* the tool pads streams to one width */
            p++;
        p = p ? cp_log_take_time(p, end, &out->time) : NULL;
        break;
    case CP_LINES_EPOCH:
        p = cp_log_take_epoch(p, end, &out->time);
        break;
    case CP_LINES_FORM_COUNT:
        return false;
    }
    if (!p)
        return false;
    out->message = (struct cp_view){p, (size_t)(end - p)};
    return true;
}

#endif
