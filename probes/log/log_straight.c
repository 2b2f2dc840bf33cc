/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "probes/log/log_straight.h"

#include "probes/log/log_digits.h"

enum { WORD_MAX = 200 };

static bool is_hex(char c)
{
    return (unsigned char)(c - '0') < 10 || (unsigned char)((c | 0x20) - 'a') < 6;
}

static bool skip_hex(const char **p, const char *end, size_t n)
{
    if ((size_t)(end - *p) < n)
        return false;
    for (size_t i = 0; i < n; i++) {
        if (!is_hex((*p)[i]))
            return false;
    }
    *p += n;
    return true;
}

/* A tab or nothing, then the line's end. */
static bool is_at_end(const char *p, const char *end)
{
    (void)CP_LOG_SKIP(&p, end, "\t");
    return cp_log_is_line_end(p, end);
}

bool cp_log_is_xray(struct cp_view line)
{
    const char *p = line.p;
    const char *end = p + line.n;
    return CP_LOG_SKIP(&p, end, "XRAY TraceId: 1-") && skip_hex(&p, end, 8) &&
           CP_LOG_SKIP(&p, end, "-") && skip_hex(&p, end, 24) &&
           CP_LOG_SKIP(&p, end, "\tSegmentId: ") && skip_hex(&p, end, 16) &&
           CP_LOG_SKIP(&p, end, "\tSampled: true") && is_at_end(p, end);
}

/* Letters, digits and ":._-": no blank and nothing that could begin another field. */
static struct cp_view take_word(const char **p, const char *end)
{
    const char *start = *p;
    while (*p < end && (is_hex(**p) || (unsigned char)((**p | 0x20) - 'a') < 26 || **p == ':' ||
                        **p == '.' || **p == '_' || **p == '-'))
        (*p)++;
    return (struct cp_view){start, (size_t)(*p - start)};
}

bool cp_log_read_init_start(struct cp_view line, struct cp_view *runtime, struct cp_view *arn)
{
    const char *p = line.p;
    const char *end = p + line.n;
    if (!CP_LOG_SKIP(&p, end, "INIT_START Runtime Version: "))
        return false;
    *runtime = take_word(&p, end);
    if (!runtime->n || runtime->n > WORD_MAX || !CP_LOG_SKIP(&p, end, "\tRuntime Version ARN: "))
        return false;
    *arn = take_word(&p, end);
    return arn->n && arn->n <= WORD_MAX && is_at_end(p, end);
}
