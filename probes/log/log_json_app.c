/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "probes/log/log_json_app.h"

#include <stdint.h>
#include <string.h>

#include "probes/record/record.h"

/* Bytes at a time. The compiler makes of it what the machine has. */
enum { LANES = 16, REACH = 6, BLOCKS_MAX = 255 };
typedef uint8_t block __attribute__((vector_size(LANES)));

static block load(const char *p)
{
    block b;
    memcpy(&b, p, sizeof(b));
    return b;
}

static bool is_any(block b)
{
    uint64_t words[LANES / sizeof(uint64_t)];
    memcpy(words, &b, sizeof(b));
    return (words[0] | words[1]) != 0;
}

static unsigned sum(block b)
{
    unsigned total = 0;
    for (size_t i = 0; i < LANES; i++)
        total += b[i];
    return total;
}

#define IS(v, c) ((block)((v) == (uint8_t)(c)))

/* Pairs of letters that stand in what the exact test below looks for, and seldom elsewhere. */
static block suspects(const char *p)
{
    block a = load(p);
    block b = load(p + 1);
    block n_before = IS(a, 'n') & (IS(b, 'M') | IS(b, 'T')); /* durationMs, initializationType */
    block others = (IS(a, 't') & IS(b, 'f')) |               /* platform */
                   (IS(a, 'g') & IS(b, 'S')) |               /* logStreamName */
                   (IS(a, '@') & IS(b, 'm'));                /* @message */
    block third = load(p + 2);
    block escape = IS(a, '\\') & IS(b, 'u') & IS(third, '0') & IS(load(p + 3), '0');
    block record = IS(a, 'r') & IS(b, 'e') & IS(third, 'c') & IS(load(p + REACH), '"');
    return n_before | others | escape | record;
}

static block openings(const char *p)
{
    return (block)IS(load(p) | 0x20, '{') & 1; /* [ is { without that bit */
}

/* Nothing in the line can make the parser see a platform event or more than it nests. */
static bool is_plainly_app(struct cp_view m)
{
    size_t n_open = 0;
    size_t i = 0;
    while (i + LANES + REACH <= m.n) {
        block found = {0};
        block open = {0};
        for (size_t k = 0; k < BLOCKS_MAX && i + LANES + REACH <= m.n; k++, i += LANES) {
            found |= suspects(m.p + i);
            open += openings(m.p + i);
        }
        n_open += sum(open);
        if (is_any(found))
            return false;
    }
    char tail[3 * LANES] = {0}; /* the rest, with as many bytes behind it as are looked at */
    memcpy(tail, m.p + i, m.n - i);
    block found = suspects(tail) | suspects(tail + LANES);
    n_open += sum(openings(tail)) + sum(openings(tail + LANES));
    return !is_any(found) && n_open <= CP_RECORD_JSON_DEPTH_MAX;
}

static const char *find(struct cp_view in, const char *what)
{
    return memmem(in.p, in.n, what, strlen(what));
}

/* \u0020 .. \u007f: a key or a type that is written so is read all the same. */
static bool has_ascii_escape(struct cp_view m)
{
    for (const char *at = find(m, "\\u00"); at;) {
        size_t n = m.n - (size_t)(at - m.p);
        if (n > 4 && at[4] >= '2' && at[4] <= '7')
            return true;
        m = (struct cp_view){at + 4, n - 4};
        at = find(m, "\\u00");
    }
    return false;
}

/* What the parser looks for in JSON, whole or broken. */
static bool is_app(struct cp_view m)
{
    static const char *const hints[] = {"\"platform.", "\"initializationType\"", "\"durationMs\"",
                                        "\"@message\"", "\"logStreamName\""};
    size_t n_open = 0;
    for (size_t i = 0; i < sizeof(hints) / sizeof(hints[0]); i++) {
        if (find(m, hints[i]))
            return false;
    }
    for (size_t i = 0; i < m.n; i++)
        n_open += m.p[i] == '{' || m.p[i] == '[';
    return n_open <= CP_RECORD_JSON_DEPTH_MAX && !has_ascii_escape(m) &&
           !(find(m, "\"record\"") && find(m, "\"type\""));
}

enum cp_log_class cp_log_json_class(struct cp_view m)
{
    static const char report[] = "\"type\":\"platform.report\"";
    enum { AT = sizeof("{\"time\":\"2026-10-08T14:03:11.482Z\",") - 1 };
    if (m.n > AT + sizeof(report) && memcmp(m.p + AT, report, sizeof(report) - 1) == 0)
        return CP_CLASS_JSON_REPORT;
    if (m.n > CP_RECORD_LINE_MAX)
        return CP_CLASS_OTHER;
    return is_plainly_app(m) || is_app(m) ? CP_CLASS_APP : CP_CLASS_OTHER;
}
