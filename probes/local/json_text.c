/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "probes/local/json_text.h"

#include <string.h>

enum { DEPTH_MAX = 1000 };

struct scanner {
    const char *p, *end;
};

static void skip_space(struct scanner *s)
{
    while (s->p < s->end && (*s->p == ' ' || *s->p == '\t' || *s->p == '\n' || *s->p == '\r'))
        s->p++;
}

static bool take(struct scanner *s, char c)
{
    if (s->p == s->end || *s->p != c)
        return false;
    s->p++;
    return true;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool take_digits(struct scanner *s)
{
    const char *start = s->p;
    while (s->p < s->end && is_digit(*s->p))
        s->p++;
    return s->p > start;
}

static bool take_number(struct scanner *s)
{
    (void)take(s, '-');
    if (!take(s, '0') && !take_digits(s))
        return false;
    if (take(s, '.') && !take_digits(s))
        return false;
    if (take(s, 'e') || take(s, 'E')) {
        if (!take(s, '+'))
            (void)take(s, '-');
        return take_digits(s);
    }
    return true;
}

static bool is_hex(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static bool take_escape(struct scanner *s)
{
    if (s->p == s->end)
        return false;
    if (!take(s, 'u')) {
        if (*s->p == '\0' || !strchr("\"\\/bfnrt", *s->p))
            return false;
        s->p++;
        return true;
    }
    for (int i = 0; i < 4; i++, s->p++) {
        if (s->p == s->end || !is_hex(*s->p))
            return false;
    }
    return true;
}

static bool take_string(struct scanner *s)
{
    if (!take(s, '"'))
        return false;
    while (s->p < s->end) {
        unsigned char c = (unsigned char)*s->p;
        if (c == '"') {
            s->p++;
            return true;
        }
        if (c < 0x20)
            return false;
        if (c == '\\') {
            s->p++;
            if (!take_escape(s))
                return false;
        } else if (c < 0x80) {
            s->p++;
        } else {
            size_t n = cp_view_utf8((struct cp_view){s->p, (size_t)(s->end - s->p)}, NULL);
            if (!n)
                return false;
            s->p += n;
        }
    }
    return false;
}

static bool take_word(struct scanner *s, const char *word)
{
    size_t n = strlen(word);
    if ((size_t)(s->end - s->p) < n || memcmp(s->p, word, n) != 0)
        return false;
    s->p += n;
    return true;
}

static bool take_scalar(struct scanner *s)
{
    if (s->p == s->end)
        return false;
    switch (*s->p) {
    case '"':
        return take_string(s);
    case 't':
        return take_word(s, "true");
    case 'f':
        return take_word(s, "false");
    case 'n':
        return take_word(s, "null");
    default:
        return take_number(s);
    }
}

static bool take_key(struct scanner *s)
{
    skip_space(s);
    if (!take_string(s))
        return false;
    skip_space(s);
    return take(s, ':');
}

/* Opens arrays and objects until a scalar or an empty one; `open` is the stack of '[' and '{'. */
static bool take_opening(struct scanner *s, char *open, size_t *depth)
{
    for (;;) {
        skip_space(s);
        bool is_object = take(s, '{');
        if (!is_object && !take(s, '['))
            return take_scalar(s);
        if (*depth == DEPTH_MAX)
            return false;
        open[(*depth)++] = is_object ? '}' : ']';
        skip_space(s);
        if (s->p < s->end && *s->p == open[*depth - 1])
            return true;
        if (is_object && !take_key(s))
            return false;
    }
}

static bool take_value(struct scanner *s)
{
    char open[DEPTH_MAX];
    size_t depth = 0;
    for (;;) {
        if (!take_opening(s, open, &depth))
            return false;
        for (;;) {
            skip_space(s);
            if (!depth)
                return true;
            if (take(s, open[depth - 1])) {
                depth--;
                continue;
            }
            if (!take(s, ','))
                return false;
            break;
        }
        if (open[depth - 1] == '}' && !take_key(s))
            return false;
    }
}

bool cp_json_is_valid(struct cp_view text, size_t *offset)
{
    *offset = 0;
    if (text.n == 0) /* text.p may be NULL */
        return false;
    struct scanner s = {text.p, text.p + text.n};
    bool is_valid = take_value(&s);
    skip_space(&s);
    *offset = (size_t)(s.p - text.p);
    return is_valid && s.p == s.end;
}
