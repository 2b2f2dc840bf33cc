/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void cp_buf_init(struct cp_buf *b, size_t max)
{
    *b = (struct cp_buf){.max = max};
}

void cp_buf_clear(struct cp_buf *b)
{
    free(b->p);
    cp_buf_init(b, b->max);
}

void cp_buf_reset(struct cp_buf *b)
{
    b->n = 0;
    b->failed = CP_OK;
    if (b->p)
        b->p[0] = '\0';
}

char *cp_buf_reserve(struct cp_buf *b, size_t n)
{
    if (b->failed)
        return NULL;
    if (n > b->max - b->n) {
        b->failed = CP_ELIMIT;
        return NULL;
    }
    if (b->n + n + 1 > b->cap) {
        size_t cap = b->cap ? b->cap : 64;
        while (cap < b->n + n + 1)
            cap += cap / 2 + 64;
        char *p = realloc(b->p, cap);
        if (!p) {
            b->failed = CP_ENOMEM;
            return NULL;
        }
        b->p = p;
        b->cap = cap;
        b->p[b->n] = '\0';
    }
    return b->p + b->n;
}

enum cp_code cp_buf_add(struct cp_buf *b, const void *bytes, size_t n)
{
    char *to = cp_buf_reserve(b, n);
    if (!to)
        return b->failed;
    if (n)
        memcpy(to, bytes, n);
    b->n += n;
    b->p[b->n] = '\0';
    return CP_OK;
}

enum cp_code cp_buf_add_view(struct cp_buf *b, struct cp_view v)
{
    return cp_buf_add(b, v.p, v.n);
}

enum cp_code cp_buf_adds(struct cp_buf *b, const char *s)
{
    return cp_buf_add_view(b, cp_view_of(s));
}

enum cp_code cp_buf_addc(struct cp_buf *b, char c)
{
    return cp_buf_add(b, &c, 1);
}

enum cp_code cp_buf_addf(struct cp_buf *b, const char *fmt, ...)
{
    va_list args;
    va_list again;
    va_start(args, fmt);
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, fmt, args);
    va_end(args);
    char *to = n < 0 ? NULL : cp_buf_reserve(b, (size_t)n);
    if (to) {
        (void)vsnprintf(to, (size_t)n + 1, fmt, again);
        b->n += (size_t)n;
    } else if (!b->failed) {
        b->failed = CP_ENOMEM;
    }
    va_end(again);
    return b->failed;
}

void cp_buf_fail_with(struct cp_buf *b, const struct cp_buf *part)
{
    if (part->failed && !b->failed)
        b->failed = part->failed;
}

enum cp_code cp_buf_check(const struct cp_buf *b, const char *what, struct cp_error *err)
{
    if (b->failed == CP_ELIMIT)
        return cp_fail(err, CP_ELIMIT, "%s is larger than %zu bytes", what, b->max);
    if (b->failed)
        return cp_fail(err, b->failed, "%s: %s", what, cp_code_text(b->failed));
    return CP_OK;
}

const char *cp_buf_str(const struct cp_buf *b)
{
    return b->p ? b->p : "";
}

struct cp_view cp_buf_view(const struct cp_buf *b)
{
    return (struct cp_view){cp_buf_str(b), b->n};
}

char *cp_buf_take(struct cp_buf *b, size_t *n)
{
    char *p = b->failed || b->n == 0 ? NULL : b->p;
    if (n)
        *n = p ? b->n : 0;
    if (!p)
        free(b->p);
    cp_buf_init(b, b->max);
    return p;
}
