/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "probes/local/query_aggregate.h"

#include <math.h>
#include <stdlib.h>

#include "model/base/hash.h"

enum aggregate { COUNT, COUNT_DISTINCT, SUM, MIN, MAX, AVG, STDDEV, PCT };

static const struct {
    const char *name;
    size_t least, most;
} aggregates[] = {
    [COUNT] = {"count", 0, 1},   [COUNT_DISTINCT] = {"count_distinct", 1, 1},
    [SUM] = {"sum", 1, 1},       [MIN] = {"min", 1, 1},
    [MAX] = {"max", 1, 1},       [AVG] = {"avg", 1, 1},
    [STDDEV] = {"stddev", 1, 1}, [PCT] = {"pct", 2, 2},
};

size_t cp_ql_aggregate_find(struct cp_view name, size_t *least, size_t *most)
{
    for (size_t i = 0; i < sizeof aggregates / sizeof *aggregates; i++) {
        if (!cp_view_is_nocase(name, aggregates[i].name))
            continue;
        *least = aggregates[i].least;
        *most = aggregates[i].most;
        return i;
    }
    return CP_QL_NO_FUNCTION;
}

void cp_ql_total_clear(struct cp_ql_total *total)
{
    free(total->values);
    free(total->hashes);
    cp_hash_index_clear(&total->seen);
}

static bool push(void **items, size_t n, size_t *cap, size_t size)
{
    enum { FEWEST = 16 };
    if (n < *cap)
        return true;
    size_t more = *cap ? *cap * 2 : FEWEST;
    void *moved = realloc(*items, more * size);
    if (!moved)
        return false;
    *items = moved;
    *cap = more;
    return true;
}

static enum cp_code add_distinct(struct cp_ql_total *t, const struct cp_ql_value *value)
{
    struct cp_buf text;
    cp_buf_init(&text, SIZE_MAX / 4);
    cp_ql_print(value, &text);
    uint64_t hash = cp_hash(cp_buf_view(&text));
    enum cp_code code = text.failed;
    cp_buf_clear(&text);
    size_t probe = 0;
    uint32_t i;
    while (!code && (i = cp_hash_index_next(&t->seen, hash, &probe)) != CP_HASH_INDEX_NONE) {
        if (t->hashes[i] == hash)
            return CP_OK;
    }
    void *hashes = t->hashes;
    if (code || cp_hash_index_reserve(&t->seen, t->n_hashes + 1) ||
        !push(&hashes, t->n_hashes, &t->cap_hashes, sizeof hash))
        return CP_ENOMEM;
    t->hashes = hashes;
    t->hashes[t->n_hashes] = hash;
    cp_hash_index_add(&t->seen, hash, (uint32_t)t->n_hashes++);
    return CP_OK;
}

static enum cp_code add_value(struct cp_ql_total *t, double x)
{
    void *values = t->values;
    if (!push(&values, t->n_values, &t->cap_values, sizeof x))
        return CP_ENOMEM;
    t->values = values;
    t->values[t->n_values++] = x;
    return CP_OK;
}

static void take_extreme(struct cp_ql_value *best, const struct cp_ql_value *value, int sign,
                         struct cp_ql_arena *kept)
{
    int order = 0;
    if (best->kind != CP_QL_NONE && (!cp_ql_compare(value, best, &order) || order * sign <= 0))
        return;
    *best = *value;
    best->text =
        best->kind == CP_QL_TEXT ? cp_ql_arena_copy(kept, value->text) : (struct cp_view){"", 0};
}

static void add_number(struct cp_ql_total *t, double x)
{
    double distance = x - t->mean;
    t->n++;
    t->sum += x;
    t->mean += distance / t->n;
    t->squares += distance * (x - t->mean);
}

enum cp_code cp_ql_total_add(struct cp_ql_total *t, const struct cp_ql_node *node,
                             struct cp_ql_scope *scope, struct cp_ql_arena *kept)
{
    if (!node->n) { /* count(*) */
        t->n++;
        return CP_OK;
    }
    double x;
    struct cp_ql_value value = cp_ql_evaluate(scope, node->arguments[0]);
    if (value.kind == CP_QL_NONE)
        return CP_OK;
    switch ((enum aggregate)node->function) {
    case COUNT:
        t->n++;
        return CP_OK;
    case COUNT_DISTINCT:
        return add_distinct(t, &value);
    case MIN:
        take_extreme(&t->least, &value, -1, kept);
        return CP_OK;
    case MAX:
        take_extreme(&t->most, &value, 1, kept);
        return CP_OK;
    case PCT:
        return cp_ql_to_number(&value, &x) ? add_value(t, x) : CP_OK;
    default:
        if (cp_ql_to_number(&value, &x))
            add_number(t, x);
        return CP_OK;
    }
}

static int by_number(const void *a, const void *b)
{
    const double *x = a, *y = b;
    return *x < *y ? -1 : *x > *y;
}

/* Nearest rank; AWS's own is a sketch, and near to it. */
static struct cp_ql_value percentile(struct cp_ql_total *t, const struct cp_ql_node *node,
                                     const struct cp_ql_query *query)
{
    double percent = 0;
    const struct cp_ql_node *argument = &query->nodes[node->arguments[1]];
    if (argument->kind != CP_QL_CONSTANT || !cp_ql_to_number(&argument->constant, &percent) ||
        !(percent >= 0 && percent <= 100) || !t->n_values)
        return (struct cp_ql_value){.kind = CP_QL_NONE};
    qsort(t->values, t->n_values, sizeof *t->values, by_number);
    double rank = ceil(percent / 100 * (double)t->n_values);
    return cp_ql_number(t->values[rank < 1 ? 0 : (size_t)rank - 1]);
}

struct cp_ql_value cp_ql_total_result(struct cp_ql_total *t, const struct cp_ql_node *node,
                                      const struct cp_ql_query *query)
{
    switch ((enum aggregate)node->function) {
    case COUNT:
        return cp_ql_number(t->n);
    case COUNT_DISTINCT:
        return cp_ql_number((double)t->n_hashes);
    case SUM:
        return cp_ql_number(t->n > 0 ? t->sum : NAN);
    case MIN:
        return t->least;
    case MAX:
        return t->most;
    case AVG:
        return cp_ql_number(t->sum / t->n);
    case STDDEV:
        return cp_ql_number(sqrt(t->squares / (t->n - 1)));
    case PCT:
        return percentile(t, node, query);
    }
    return (struct cp_ql_value){.kind = CP_QL_NONE};
}
