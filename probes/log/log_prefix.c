/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "probes/log/log_prefix.h"

#include <string.h>

#include "model/base/datetime.h"

enum {
    EPOCH_DIGITS = 13,
    TO_SECOND = sizeof("2026-10-08T14:03:11") - 1,
    ENVIRONMENT_DIGITS = 32,
    STREAM_MAX = 512, /* of CloudWatch Logs */
    GROUP_MAX = 512,
};

static bool is_digit(char c)
{
    return (unsigned char)(c - '0') < 10;
}

/* A word and the blank after it; NULL when there is none within `max`. */
static const char *take_word(const char *p, const char *end, size_t max, struct cp_view *word)
{
    size_t n = (size_t)(end - p);
    const char *blank = n ? memchr(p, ' ', n < max + 1 ? n : max + 1) : NULL;
    if (!blank || blank == p)
        return NULL;
    *word = (struct cp_view){p, (size_t)(blank - p)};
    return blank + 1;
}

static const char *take_time(const char *p, const char *end, struct cp_view *time)
{
    if (end - p <= TO_SECOND || !is_digit(p[0]) || p[4] != '-' || p[7] != '-' || p[10] != 'T' ||
        p[13] != ':' || p[16] != ':')
        return NULL;
    const char *from = p + TO_SECOND;
    size_t n = (size_t)(end - from);
    size_t max = CP_DATETIME_TEXT_MAX - TO_SECOND;
    const char *blank = memchr(from, ' ', n < max ? n : max);
    if (!blank)
        return NULL;
    *time = (struct cp_view){p, (size_t)(blank - p)};
    return blank + 1;
}

/* As cp_record_parse has it, but for the digits at the end. */
static const char *take_stream(const char *p, const char *end, struct cp_view *stream)
{
    if (p == end || !is_digit(p[0]))
        return NULL;
    const char *rest = take_word(p, end, STREAM_MAX, stream);
    bool is_stream = rest && stream->n > ENVIRONMENT_DIGITS &&
                     stream->p[stream->n - ENVIRONMENT_DIGITS - 1] == ']' &&
                     memchr(stream->p, '/', stream->n) != NULL;
    return is_stream ? rest : NULL;
}

static const char *take_epoch(const char *p, const char *end, struct cp_view *time)
{
    if (end - p <= EPOCH_DIGITS || p[EPOCH_DIGITS] != '\t')
        return NULL;
    for (size_t i = 0; i < EPOCH_DIGITS; i++) {
        if (!is_digit(p[i]))
            return NULL;
    }
    *time = (struct cp_view){p, EPOCH_DIGITS};
    return p + EPOCH_DIGITS + 1;
}

bool cp_log_prefix_take(enum cp_log_line_form form, struct cp_view line, struct cp_log_prefix *out)
{
    const char *p = line.p;
    const char *end = line.p + line.n;
    *out = (struct cp_log_prefix){0};
    switch (form) {
    case CP_LINES_PLAIN:
        break;
    case CP_LINES_DETAILED:
        p = take_time(p, end, &out->time);
        p = p ? take_stream(p, end, &out->stream) : NULL;
        break;
    case CP_LINES_SHORT:
        p = take_time(p, end, &out->time);
        break;
    case CP_LINES_SAM:
        p = take_stream(p, end, &out->stream);
        p = p ? take_time(p, end, &out->time) : NULL;
        break;
    case CP_LINES_AWSLOGS:
        p = take_word(p, end, GROUP_MAX, &out->group);
        p = p ? take_stream(p, end, &out->stream) : NULL;
        p = p ? take_time(p, end, &out->time) : NULL;
        break;
    case CP_LINES_EPOCH:
        p = take_epoch(p, end, &out->time);
        break;
    case CP_LINES_FORM_COUNT:
        return false;
    }
    if (!p)
        return false;
    out->message = (struct cp_view){p, (size_t)(end - p)};
    return true;
}
