/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "probes/log/log_json_text.h"

#include <string.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

enum { REPLACEMENT = 0xfffd };

static bool is_special(char c)
{
    return c == '"' || c == '\\';
}

#ifdef __SSE2__
/* One bit per byte that is a quote or a backslash. */
static unsigned special_bits(__m128i bytes)
{
    __m128i quote = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('"'));
    __m128i backslash = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\'));
    return (unsigned)_mm_movemask_epi8(_mm_or_si128(quote, backslash));
}

/* Sixteen bytes at a time: the bytes before the first special one of whole blocks. `to` (may be
 * NULL) gets them, with up to 15 bytes of rubbish behind. */
static const char *run_blocks(const char *p, const char *end, char *to)
{
    while (end - p >= 16) {
        __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)p);
        if (to) {
            _mm_storeu_si128((__m128i *)(void *)to, bytes);
            to += 16;
        }
        unsigned bits = special_bits(bytes);
        if (bits)
            return p + __builtin_ctz(bits);
        p += 16;
    }
    return p;
}
#else
static const char *run_blocks(const char *p, const char *end, char *to)
{
    (void)end;
    (void)to;
    return p;
}
#endif

const char *cp_json_text_special(const char *p, const char *end)
{
    p = run_blocks(p, end, NULL);
    while (p < end && !is_special(*p))
        p++;
    return p;
}

/* The same, copied; `to` has room for end - p bytes. */
static const char *copy_special(const char *p, const char *end, char *to)
{
    const char *from = p;
    p = run_blocks(p, end, to);
    while (p < end && !is_special(*p)) {
        to[p - from] = *p;
        p++;
    }
    return p;
}

void cp_json_text_begin(struct cp_json_text *text, struct cp_log_slot *to)
{
    *text = (struct cp_json_text){.to = to};
    if (to)
        cp_log_slot_reset(to);
}

/* --- escapes --- */

static char simple_escape(char c)
{
    switch (c) {
    case 'n':
        return '\n';
    case 't':
        return '\t';
    case 'r':
        return '\r';
    case 'b':
        return '\b';
    case 'f':
        return '\f';
    case '"':
    case '\\':
    case '/':
        return c;
    default:
        return 0;
    }
}

static void add_code_point(struct cp_json_text *text, uint32_t c)
{
    if (text->to)
        cp_log_slot_add_utf8(text->to, c);
}

static void drop_high(struct cp_json_text *text)
{
    if (text->high)
        add_code_point(text, REPLACEMENT);
    text->high = 0;
}

static void end_hex(struct cp_json_text *text)
{
    uint32_t c = text->hex;
    text->n_escape = 0;
    if (text->high && c >= 0xdc00 && c < 0xe000) {
        add_code_point(text, 0x10000 + ((text->high - 0xd800) << 10) + (c - 0xdc00));
        text->high = 0;
        return;
    }
    drop_high(text);
    if (c >= 0xd800 && c < 0xdc00)
        text->high = c;
    else
        add_code_point(text, c >= 0xdc00 && c < 0xe000 ? REPLACEMENT : c);
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* One byte inside an escape. False: it does not belong to it. */
static bool take_escape(struct cp_json_text *text, char c)
{
    if (text->n_escape > 1) {
        int value = hex_value(c);
        if (value < 0) {
            text->n_escape = 0;
            drop_high(text);
            add_code_point(text, REPLACEMENT);
            return false;
        }
        text->hex = text->hex << 4 | (uint32_t)value;
        if (++text->n_escape == 6)
            end_hex(text);
        return true;
    }
    if (c == 'u') {
        text->n_escape = 2;
        text->hex = 0;
        return true;
    }
    text->n_escape = 0;
    drop_high(text);
    char plain = simple_escape(c);
    if (text->to && !plain)
        cp_log_slot_addc(text->to, '\\');
    if (text->to)
        cp_log_slot_addc(text->to, plain ? plain : c);
    return true;
}

/* --- the string --- */

/* Bytes up to the next quote or backslash, as far as the slot has room. */
static void run_plain(struct cp_json_text *text, const char **p, const char *end)
{
    struct cp_log_slot *to = text->to;
    if (!to) {
        *p = cp_json_text_special(*p, end);
        return;
    }
    size_t room = to->max - to->n;
    const char *stop = (size_t)(end - *p) > room ? *p + room : end;
    const char *at = copy_special(*p, stop, to->p + to->n);
    to->n += (size_t)(at - *p);
    *p = at;
    if (at == stop && stop < end && !is_special(*at)) {
        to->is_long = true;
        text->to = NULL;
    }
}

bool cp_json_text_run(struct cp_json_text *text, const char **p, const char *end)
{
    while (*p < end) {
        if (text->n_escape) {
            if (take_escape(text, **p))
                ++*p;
            continue;
        }
        if (**p == '\\') {
            text->n_escape = 1;
            ++*p;
            continue;
        }
        drop_high(text);
        if (**p == '"') {
            ++*p;
            return true;
        }
        run_plain(text, p, end);
    }
    return false;
}
