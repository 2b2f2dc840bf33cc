/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "probes/local/query_value.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/base/datetime.h"

/* --- memory --- */

struct cp_ql_block {
    struct cp_ql_block *next;
    size_t n, cap;
    char bytes[];
};

char *cp_ql_arena_take(struct cp_ql_arena *arena, size_t n)
{
    enum { BLOCK = 16 * 1024 };
    struct cp_ql_block *block = arena->blocks;
    if (!block || block->cap - block->n < n) {
        size_t cap = n > BLOCK ? n : BLOCK;
        block = malloc(sizeof *block + cap);
        if (!block)
            return NULL;
        block->next = arena->blocks;
        block->n = 0;
        block->cap = cap;
        arena->blocks = block;
        arena->bytes += cap;
    }
    block->n += n;
    return block->bytes + block->n - n;
}

struct cp_view cp_ql_arena_copy(struct cp_ql_arena *arena, struct cp_view text)
{
    char *to = text.n ? cp_ql_arena_take(arena, text.n) : NULL;
    if (!to)
        return (struct cp_view){"", 0};
    memcpy(to, text.p, text.n);
    return (struct cp_view){to, text.n};
}

void cp_ql_arena_clear(struct cp_ql_arena *arena)
{
    for (struct cp_ql_block *block = arena->blocks, *next; block; block = next) {
        next = block->next;
        free(block);
    }
    *arena = (struct cp_ql_arena){.blocks = NULL};
}

/* --- values --- */

struct cp_ql_value cp_ql_number(double number)
{
    return (struct cp_ql_value){.kind = isfinite(number) ? CP_QL_NUMBER : CP_QL_NONE,
                                .number = number};
}

struct cp_ql_value cp_ql_text(struct cp_view text)
{
    return (struct cp_ql_value){.kind = CP_QL_TEXT, .text = text};
}

struct cp_ql_value cp_ql_bool(bool is_true)
{
    return (struct cp_ql_value){.kind = CP_QL_BOOL, .number = is_true};
}

bool cp_ql_to_number(const struct cp_ql_value *value, double *number)
{
    if (value->kind == CP_QL_TEXT)
        return cp_view_to_double(value->text, number);
    *number = value->number;
    return value->kind != CP_QL_NONE;
}

bool cp_ql_is_true(const struct cp_ql_value *value)
{
    if (value->kind == CP_QL_TEXT)
        return cp_view_is(value->text, "true") || cp_view_is(value->text, "1");
    return value->kind != CP_QL_NONE && fabs(value->number) > 0;
}

static int compare_text(struct cp_view a, struct cp_view b)
{
    size_t shorter = a.n < b.n ? a.n : b.n;
    int order = shorter ? memcmp(a.p, b.p, shorter) : 0;
    return order ? order : a.n < b.n ? -1 : a.n > b.n;
}

bool cp_ql_compare(const struct cp_ql_value *a, const struct cp_ql_value *b, int *order)
{
    double x, y;
    if (a->kind == CP_QL_NONE || b->kind == CP_QL_NONE)
        return false;
    if (cp_ql_to_number(a, &x) && cp_ql_to_number(b, &y)) {
        *order = x < y ? -1 : x > y;
        return true;
    }
    struct cp_buf first, second;
    cp_buf_init(&first, SIZE_MAX / 4);
    cp_buf_init(&second, SIZE_MAX / 4);
    cp_ql_print(a, &first);
    cp_ql_print(b, &second);
    *order = compare_text(cp_buf_view(&first), cp_buf_view(&second));
    cp_buf_clear(&first);
    cp_buf_clear(&second);
    return true;
}

/* --- printing --- */

static void print_number(double x, struct cp_buf *out)
{
    const double exact = 9007199254740992.0;
    char text[64];
    if (!(trunc(x) < x) && !(trunc(x) > x) && fabs(x) < exact) {
        (void)cp_buf_addf(out, "%.0f", x + 0.0);
        return;
    }
    if (fabs(x) >= exact) {
        char field[CP_QL_FIELD_MAX];
        (void)cp_buf_add(out, field, cp_ql_print_field(x, field));
        return;
    }
    int n = snprintf(text, sizeof text, "%.4f", x);
    while (text[n - 1] == '0')
        n--;
    n -= text[n - 1] == '.';
    (void)cp_buf_add(out, text, (size_t)n);
}

void cp_ql_print(const struct cp_ql_value *value, struct cp_buf *out)
{
    char time[CP_DATETIME_TEXT_MAX];
    switch (value->kind) {
    case CP_QL_NONE:
        return;
    case CP_QL_TEXT:
        (void)cp_buf_add_view(out, value->text);
        return;
    case CP_QL_BOOL:
        (void)cp_buf_addc(out, value->number > 0 ? '1' : '0');
        return;
    case CP_QL_TIME: /* 2023-12-05T22:14:43.877Z, with a blank and without the zone */
        (void)cp_datetime_format((int64_t)value->number, CP_DATETIME_ISO_MS, time);
        (void)cp_buf_addf(out, "%.10s %.12s", time, time + 11);
        return;
    case CP_QL_NUMBER:
        if (value->text.n)
            (void)cp_buf_add_view(out, value->text);
        else
            print_number(value->number, out);
    }
}

/* Digits of the shortest decimal that reads back as the same: d.ddde+XX. */
static int shortest(double x, char *out, size_t size)
{
    enum { DIGITS_MAX = 17 };
    int n = 0;
    for (int digits = 0; digits < DIGITS_MAX; digits++) {
        double back;
        n = snprintf(out, size, "%.*e", digits, x);
        if (cp_view_to_double((struct cp_view){out, (size_t)n}, &back) && !(back < x) &&
            !(back > x))
            break;
    }
    return n;
}

size_t cp_ql_print_field(double number, char out[CP_QL_FIELD_MAX])
{
    char text[CP_QL_FIELD_MAX];
    int64_t exponent = 0;
    bool is_plain = number == 0 || (fabs(number) >= 1e-3 && fabs(number) < 1e7);
    (void)shortest(number, text, sizeof text);
    char *e = strchr(text, 'e');
    struct cp_view power = cp_view_of(e + 1);
    (void)cp_view_skip(&power, "+");
    (void)cp_view_to_int64(power, &exponent);
    int n_digits = (int)(e - text) - (number < 0) - 1; /* after the point, which counts as one */
    n_digits = n_digits > 0 ? n_digits - 1 : 0;
    *e = '\0';
    if (is_plain) {
        int decimals = n_digits - (int)exponent;
        return (size_t)snprintf(out, CP_QL_FIELD_MAX, "%.*f", decimals > 1 ? decimals : 1, number);
    }
    return (size_t)snprintf(out, CP_QL_FIELD_MAX, "%s%sE%d", text, n_digits ? "" : ".0",
                            (int)exponent);
}
