/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/base/view.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { NUMBER_MAX = 64 };

struct cp_view cp_view_of(const char *s)
{
    return (struct cp_view){s, s ? strlen(s) : 0};
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

struct cp_view cp_view_trim(struct cp_view v)
{
    while (v.n && is_space(v.p[0]))
        v = (struct cp_view){v.p + 1, v.n - 1};
    while (v.n && is_space(v.p[v.n - 1]))
        v.n--;
    return v;
}

bool cp_view_is(struct cp_view v, const char *s)
{
    size_t n = strlen(s);
    return v.n == n && (n == 0 || memcmp(v.p, s, n) == 0);
}

bool cp_view_is_nocase(struct cp_view v, const char *s)
{
    size_t n = strlen(s);
    return v.n == n && (n == 0 || strncasecmp(v.p, s, n) == 0);
}

bool cp_view_has_prefix(struct cp_view v, const char *prefix)
{
    size_t n = strlen(prefix);
    return v.n >= n && (n == 0 || memcmp(v.p, prefix, n) == 0);
}

bool cp_view_equal(struct cp_view a, struct cp_view b)
{
    return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

int cp_view_compare(struct cp_view a, struct cp_view b)
{
    size_t n = a.n < b.n ? a.n : b.n;
    int order = n ? memcmp(a.p, b.p, n) : 0;
    return order ? order : (a.n > b.n) - (a.n < b.n);
}

bool cp_view_copy(struct cp_view v, char *to, size_t to_size)
{
    if (to_size == 0)
        return false;
    to[0] = '\0';
    if (v.n >= to_size)
        return false;
    if (v.n)
        memcpy(to, v.p, v.n);
    to[v.n] = '\0';
    return true;
}

void cp_view_copy_cut(struct cp_view v, char *to, size_t to_size)
{
    v.n = v.n < to_size ? v.n : to_size - 1;
    (void)cp_view_copy(v, to, to_size);
}

char *cp_view_dup(struct cp_view v)
{
    char *copy = malloc(v.n + 1);
    if (copy)
        (void)cp_view_copy(v, copy, v.n + 1);
    return copy;
}

static void advance(struct cp_view *v, size_t n)
{
    v->p += n;
    v->n -= n;
}

bool cp_view_skip(struct cp_view *v, const char *literal)
{
    if (!cp_view_has_prefix(*v, literal))
        return false;
    advance(v, strlen(literal));
    return true;
}

size_t cp_view_skip_blanks(struct cp_view *v)
{
    size_t n = 0;
    while (n < v->n && (v->p[n] == ' ' || v->p[n] == '\t'))
        n++;
    if (n)
        advance(v, n);
    return n;
}

bool cp_view_split(struct cp_view *v, char separator, struct cp_view *head)
{
    if (v->n == 0)
        return false;
    const char *at = memchr(v->p, separator, v->n);
    size_t n = at ? (size_t)(at - v->p) : v->n;
    *head = (struct cp_view){v->p, n};
    advance(v, at ? n + 1 : n);
    return true;
}

static size_t digits_at(struct cp_view v, size_t from)
{
    size_t i = from;
    while (i < v.n && is_digit(v.p[i]))
        i++;
    return i - from;
}

/* Length of the number at the start of `v`, 0 when there is none. */
static size_t number_length(struct cp_view v)
{
    size_t i = v.n && (v.p[0] == '-' || v.p[0] == '+') ? 1 : 0;
    size_t whole = digits_at(v, i);
    i += whole;
    size_t fraction = 0;
    if (i < v.n && v.p[i] == '.') {
        fraction = digits_at(v, i + 1);
        if (fraction)
            i += 1 + fraction;
    }
    if (whole + fraction == 0)
        return 0;
    if (i < v.n && (v.p[i] == 'e' || v.p[i] == 'E')) {
        size_t sign = i + 1 < v.n && (v.p[i + 1] == '-' || v.p[i + 1] == '+') ? 1 : 0;
        size_t exponent = digits_at(v, i + 1 + sign);
        if (exponent)
            i += 1 + sign + exponent;
    }
    return i;
}

bool cp_view_take_double(struct cp_view *v, double *value)
{
    size_t n = number_length(*v);
    if (n == 0 || n > NUMBER_MAX)
        return false;
    char text[NUMBER_MAX + 1];
    memcpy(text, v->p, n);
    text[n] = '\0';
    /* the syntax is checked above and LC_NUMERIC is never set, so this is exact */
    double x = strtod(text, NULL);
    if (!isfinite(x))
        return false;
    *value = x;
    advance(v, n);
    return true;
}

bool cp_view_take_int64(struct cp_view *v, int64_t *value)
{
    bool negative = v->n && v->p[0] == '-';
    size_t i = negative ? 1 : 0;
    size_t digits = digits_at(*v, i);
    if (digits == 0 || digits > NUMBER_MAX)
        return false;
    int64_t x = 0;
    for (size_t end = i + digits; i < end; i++) {
        int digit = v->p[i] - '0';
        if (__builtin_mul_overflow(x, 10, &x) ||
            __builtin_add_overflow(x, negative ? -digit : digit, &x))
            return false;
    }
    *value = x;
    advance(v, i);
    return true;
}

bool cp_view_to_double(struct cp_view v, double *value)
{
    double x = 0;
    if (!cp_view_take_double(&v, &x) || v.n)
        return false;
    *value = x;
    return true;
}

bool cp_view_to_int64(struct cp_view v, int64_t *value)
{
    int64_t x = 0;
    if (!cp_view_take_int64(&v, &x) || v.n)
        return false;
    *value = x;
    return true;
}

size_t cp_view_utf8(struct cp_view v, uint32_t *code_point)
{
    static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
    if (v.n == 0)
        return 0;
    unsigned char first = (unsigned char)v.p[0];
    size_t n = first < 0x80                    ? 1
               : first >= 0xc2 && first < 0xe0 ? 2
               : first >= 0xe0 && first < 0xf0 ? 3
               : first >= 0xf0 && first < 0xf5 ? 4
                                               : 0;
    if (n == 0 || n > v.n)
        return 0;
    uint32_t c = n == 1 ? first : first & (0xffU >> (n + 1));
    for (size_t i = 1; i < n; i++) {
        unsigned char next = (unsigned char)v.p[i];
        if ((next & 0xc0) != 0x80)
            return 0;
        c = c << 6 | (next & 0x3fU);
    }
    if (n > 1 && (c < smallest[n] || (c >= 0xd800 && c <= 0xdfff) || c > 0x10ffff))
        return 0;
    if (code_point)
        *code_point = c;
    return n;
}

bool cp_view_is_one_line(struct cp_view v)
{
    enum { FIRST_PRINTABLE = 0x20, DELETE = 0x7f, FIRST_BEHIND_C1 = 0xa0 };
    while (v.n) {
        uint32_t c = 0;
        size_t n = cp_view_utf8(v, &c);
        if (!n || c < FIRST_PRINTABLE || (c >= DELETE && c < FIRST_BEHIND_C1))
            return false;
        advance(&v, n);
    }
    return true;
}
