/* SPDX-License-Identifier: GPL-3.0-or-later
 * The short way for the bulk of a large document: an event that lies whole in the piece at hand and
 * is written as AWS and its tools write it. Whatever is unusual (a key that no event has, an escape
 * beyond the basic plane, the end of the piece) is left to the long way, step by step, with the
 * same outcome: test_log_form reads every file both ways.
 */
#include <string.h>

#include "probes/log/log_json_state.h"

#ifdef __SSE2__
#include <emmintrin.h>
enum { BLOCK = 16 };
typedef __m128i block;

static inline block block_at(const char *p)
{
    return _mm_loadu_si128((const block *)(const void *)p);
}

static inline void put_block(char *to, block bytes)
{
    _mm_storeu_si128((block *)(void *)to, bytes);
}

/* One bit per byte that is a quote or a backslash. */
static inline unsigned special_bits(block bytes)
{
    block quote = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('"'));
    block backslash = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\'));
    return (unsigned)_mm_movemask_epi8(_mm_or_si128(quote, backslash));
}
#else
enum { BLOCK = 8 };
typedef uint64_t block;

static inline block block_at(const char *p)
{
    block bytes;
    memcpy(&bytes, p, sizeof(bytes));
    return bytes;
}

static inline void put_block(char *to, block bytes)
{
    memcpy(to, &bytes, sizeof(bytes));
}

static inline unsigned special_bits(block bytes)
{
    char text[BLOCK];
    unsigned bits = 0;
    memcpy(text, &bytes, sizeof(bytes));
    for (unsigned i = 0; i < BLOCK; i++)
        bits |= (unsigned)(text[i] == '"' || text[i] == '\\') << i;
    return bits;
}
#endif

struct reader {
    const char *p, *end; /* `end` is a block before the end of the piece */
};

static inline void skip_blanks(struct reader *r)
{
    while (r->p < r->end && (*r->p == ' ' || *r->p == '\n' || *r->p == '\r' || *r->p == '\t'))
        r->p++;
}

/* Behind the opening quote: false at an escape or at the end of the piece. */
static inline bool take_string(struct reader *r, struct cp_view *out)
{
    const char *from = r->p;
    const char *p = from;
    unsigned bits = 0;
    while (p < r->end && !(bits = special_bits(block_at(p))))
        p += BLOCK;
    if (p >= r->end)
        return false;
    p += __builtin_ctz(bits);
    *out = (struct cp_view){from, (size_t)(p - from)};
    r->p = p + 1;
    return *p == '"';
}

static inline bool take_number(struct reader *r, int64_t *out)
{
    enum { DIGITS_MAX = 15 };
    const char *from = r->p;
    const char *stop = r->end - from > DIGITS_MAX ? from + DIGITS_MAX : r->end;
    int64_t x = 0;
    while (r->p < stop && *r->p >= '0' && *r->p <= '9')
        x = x * 10 + (*r->p++ - '0');
    *out = x;
    return r->p > from && r->p < r->end &&
           (*r->p == ',' || *r->p == '\n' || *r->p == '}' || *r->p == ' ');
}

static const char simple_escapes[256] = {['n'] = '\n', ['t'] = '\t', ['r'] = '\r',  ['b'] = '\b',
                                         ['f'] = '\f', ['"'] = '"',  ['\\'] = '\\', ['/'] = '/'};

static inline int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* \u00e9: false for surrogates, which need each other. */
static bool take_hex(const char *p, struct cp_log_slot *to)
{
    uint32_t c = 0;
    for (int i = 0; i < 4; i++) {
        int digit = hex_digit(p[i]);
        if (digit < 0)
            return false;
        c = c << 4 | (uint32_t)digit;
    }
    if (c >= 0xd800 && c < 0xe000)
        return false;
    cp_log_slot_add_utf8(to, c);
    return true;
}

/* Behind the opening quote; the text without escapes goes to the slot. */
static bool take_text(struct reader *r, struct cp_log_slot *to)
{
    const char *p = r->p;
    char *at = to->p;
    const char *full = to->p + to->max - BLOCK;
    for (;;) {
        if (p >= r->end || at > full)
            return false;
        block bytes = block_at(p);
        put_block(at, bytes);
        unsigned bits = special_bits(bytes);
        if (!bits) {
            p += BLOCK;
            at += BLOCK;
            continue;
        }
        unsigned n = (unsigned)__builtin_ctz(bits);
        p += n;
        at += n;
        if (*p == '"')
            break;
        char plain = simple_escapes[(unsigned char)p[1]];
        if (plain) {
            *at++ = plain;
            p += 2;
            continue;
        }
        to->n = (size_t)(at - to->p);
        if (p[1] != 'u' || p >= r->end || !take_hex(p + 2, to))
            return false;
        at = to->p + to->n;
        p += 6;
    }
    to->n = (size_t)(at - to->p);
    r->p = p + 1;
    return true;
}

struct event {
    struct cp_view stream;
    int64_t at_ms;
    bool has_time, has_id, has_message;
};

#define IS(key, literal)                                                                           \
    ((key).n == sizeof(literal) - 1 && memcmp((key).p, literal, sizeof(literal) - 1) == 0)

/* One member, from the value on. */
static inline bool take_member(struct reader *r, struct cp_view key, struct cp_log_json *json,
                               struct event *event)
{
    struct cp_view skipped;
    int64_t number = 0;
    bool is_string = *r->p == '"';
    if (is_string)
        r->p++;
    if (IS(key, "message")) {
        event->has_message = true;
        return is_string && take_text(r, &json->message);
    }
    if (IS(key, "timestamp")) {
        event->has_time = true;
        return !is_string && take_number(r, &event->at_ms);
    }
    event->has_id = true;
    if (IS(key, "logStreamName"))
        return is_string && take_string(r, &event->stream);
    if (IS(key, "ingestionTime"))
        return !is_string && take_number(r, &number);
    return (IS(key, "eventId") || IS(key, "id")) && is_string && take_string(r, &skipped);
}

static inline bool take_colon(struct reader *r)
{
    skip_blanks(r);
    if (r->p >= r->end || *r->p++ != ':')
        return false;
    skip_blanks(r);
    return r->p < r->end;
}

static bool take_event(struct reader *r, struct cp_log_json *json, struct event *event)
{
    for (r->p++;;) {
        struct cp_view key;
        skip_blanks(r);
        if (r->p >= r->end || *r->p++ != '"' || !take_string(r, &key) || !take_colon(r) ||
            !take_member(r, key, json, event))
            return false;
        skip_blanks(r);
        if (r->p >= r->end)
            return false;
        char c = *r->p++;
        if (c == '}')
            return true;
        if (c != ',')
            return false;
    }
}

enum cp_code cp_json_events(struct cp_log_json *json, struct cp_error *err)
{
    bool is_in_events = json->frames[json->depth].place == CP_PLACE_EVENTS;
    struct reader r = {json->p, json->end - BLOCK};
    enum cp_code code = CP_OK;
    bool has_any = false;
    while (!code && r.p < r.end && *r.p == '{') {
        struct event event = {.at_ms = -1};
        cp_log_slot_reset(&json->message);
        bool is_event = take_event(&r, json, &event) && event.has_message &&
                        (is_in_events || (event.has_time && event.has_id));
        if (!is_event || event.stream.n > json->stream.max)
            break;
        json->at_ms = event.at_ms;
        cp_log_slot_reset(&json->stream);
        cp_log_slot_add(&json->stream, event.stream);
        code = cp_json_emit_message(json, true, err);
        has_any = true;
        json->p = r.p;
        skip_blanks(&r);
        if (r.p < r.end && *r.p == ',')
            r.p++;
        skip_blanks(&r);
    }
    /* no line: the end of the events, whose counts have waited */
    if (!code && has_any)
        code = cp_log_sink_lines(json->sink, CP_LINES_PLAIN, (struct cp_view){0}, false, err);
    return code;
}
