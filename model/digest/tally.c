/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/digest/tally.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "model/base/hash.h"

void cp_tally_init(struct cp_tally *t, size_t max)
{
    *t = (struct cp_tally){.max = max};
}

static void row_clear(struct cp_tally_row *row)
{
    free(row->text);
    free(row->example);
}

void cp_tally_clear(struct cp_tally *t)
{
    for (size_t i = 0; i < t->n; i++)
        row_clear(&t->rows[i]);
    free(t->rows);
    cp_tally_init(t, t->max);
}

/* Rows are C strings: a text ends at its first NUL, or at the limit. */
static struct cp_view cut(struct cp_view text)
{
    size_t n = text.n < CP_TALLY_TEXT_MAX ? text.n : CP_TALLY_TEXT_MAX;
    const char *nul = n ? memchr(text.p, '\0', n) : NULL;
    return (struct cp_view){text.p, nul ? (size_t)(nul - text.p) : n};
}

static int compare(struct cp_view text, const char *with)
{
    int order = text.n ? strncmp(text.p, with, text.n) : 0;
    return order ? order : with[text.n] ? -1 : 0;
}

/* Where the text is, or would be inserted. */
static size_t find(const struct cp_tally *t, struct cp_view text, bool *is_there)
{
    size_t low = 0;
    size_t high = t->n;
    *is_there = false;
    while (low < high && !*is_there) {
        size_t middle = low + (high - low) / 2;
        int order = compare(text, t->rows[middle].text);
        if (order == 0) {
            *is_there = true;
            low = middle;
        } else if (order < 0) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return low;
}

/* Rows that would be kept are ordered by hash; by text in the unlikely case of equal ones. */
static bool is_kept_before(uint64_t hash, struct cp_view text, const struct cp_tally_row *row)
{
    return hash != row->hash ? hash < row->hash : compare(text, row->text) < 0;
}

static size_t last_kept(const struct cp_tally *t)
{
    size_t last = 0;
    for (size_t i = 1; i < t->n; i++) {
        if (is_kept_before(t->rows[last].hash, cp_view_of(t->rows[last].text), &t->rows[i]))
            last = i;
    }
    return last;
}

static enum cp_code keep_example(struct cp_tally_row *row, struct cp_view example)
{
    if (!example.n || (row->example && compare(example, row->example) >= 0))
        return CP_OK;
    char *copy = cp_view_dup(example);
    if (!copy)
        return CP_ENOMEM;
    free(row->example);
    row->example = copy;
    return CP_OK;
}

static enum cp_code insert(struct cp_tally *t, size_t at, struct cp_tally_row row)
{
    if ((t->n & (t->n - 1)) == 0) { /* room for a power of two of rows */
        struct cp_tally_row *rows = realloc(t->rows, (t->n ? 2 * t->n : 1) * sizeof *rows);
        if (!rows)
            return CP_ENOMEM;
        t->rows = rows;
    }
    memmove(&t->rows[at + 1], &t->rows[at], (t->n - at) * sizeof *t->rows);
    t->rows[at] = row;
    t->n++;
    return CP_OK;
}

static void remove_row(struct cp_tally *t, size_t at)
{
    row_clear(&t->rows[at]);
    t->n--;
    memmove(&t->rows[at], &t->rows[at + 1], (t->n - at) * sizeof *t->rows);
}

static enum cp_code add_new(struct cp_tally *t, struct cp_view text, uint64_t count,
                            struct cp_view example)
{
    uint64_t hash = cp_hash(text);
    bool is_there;
    if (t->n == t->max) {
        size_t last = last_kept(t);
        if (t->max == 0 || !is_kept_before(hash, text, &t->rows[last]))
            return CP_OK;
        remove_row(t, last);
    }
    struct cp_tally_row row = {.text = cp_view_dup(text), .hash = hash, .count = count};
    enum cp_code code = row.text ? keep_example(&row, example) : CP_ENOMEM;
    if (!code)
        code = insert(t, find(t, text, &is_there), row);
    if (code)
        row_clear(&row);
    return code;
}

enum cp_code cp_tally_add(struct cp_tally *t, struct cp_view text, uint64_t count,
                          struct cp_view example)
{
    bool is_there;
    uint64_t total;
    if (count == 0)
        return CP_OK;
    text = cut(text);
    example = cut(example);
    if (__builtin_add_overflow(t->total, count, &total))
        return CP_ELIMIT;
    size_t at = find(t, text, &is_there);
    enum cp_code code = CP_OK;
    if (is_there) {
        t->rows[at].count += count;
        code = keep_example(&t->rows[at], example);
    } else {
        code = add_new(t, text, count, example);
    }
    t->total = total;
    return code;
}

enum cp_code cp_tally_merge(struct cp_tally *into, const struct cp_tally *from)
{
    uint64_t other = cp_tally_other(from);
    enum cp_code code = CP_OK;
    for (size_t i = 0; i < from->n && !code; i++)
        code = cp_tally_add(into, cp_view_of(from->rows[i].text), from->rows[i].count,
                            cp_view_of(from->rows[i].example));
    if (!code && __builtin_add_overflow(into->total, other, &into->total))
        code = CP_ELIMIT;
    return code;
}

uint64_t cp_tally_count(const struct cp_tally *t, const char *text)
{
    bool is_there;
    size_t at = find(t, cut(cp_view_of(text)), &is_there);
    return is_there ? t->rows[at].count : 0;
}

uint64_t cp_tally_other(const struct cp_tally *t)
{
    uint64_t kept = 0;
    for (size_t i = 0; i < t->n; i++)
        kept += t->rows[i].count;
    return t->total - kept;
}
