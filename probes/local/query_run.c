/* SPDX-License-Identifier: GPL-3.0-or-later
 * Running a query. Commands up to the first stats, sort or limit see one event at a time; the
 * others see rows that were kept.
 */
#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

#include "model/base/hash.h"
#include "probes/local/query_aggregate.h"

enum { SORTED_MAX = 1000000 };

/* A row's values, one per slot, and the bytes of their texts. */
struct row {
    struct cp_ql_value *values;
    char *bytes;
};

struct rows {
    struct row *all;
    size_t n, cap;
    size_t oldest; /* of a ring that is full: the next to be replaced */
};

struct group {
    struct row key;
    uint64_t hash;
    struct cp_ql_total *totals;
};

struct groups {
    struct group *all;
    size_t n, cap, n_totals; /* of each group */
    struct cp_hash_index index;
};

struct cp_ql_run {
    const struct cp_ql_query *query;
    size_t max_rows, n_first; /* commands that see events */
    struct cp_ql_statistics statistics;
    struct cp_ql_value slots[CP_QL_SLOTS_MAX];
    bool is_set[CP_QL_SLOTS_MAX];
    struct cp_ql_arena arena; /* of one event or row */
    struct cp_ql_arena kept;  /* of the run */
    struct rows rows;
    struct groups groups; /* of the stats command under way */
};

/* --- rows --- */

static void clear_row(struct row *row)
{
    free(row->values);
    free(row->bytes);
    *row = (struct row){NULL, NULL};
}

static void clear_rows(struct rows *rows)
{
    for (size_t i = 0; i < rows->n; i++)
        clear_row(&rows->all[i]);
    free(rows->all);
    *rows = (struct rows){.all = NULL};
}

/* Copies the values of all slots that are set, with their texts. */
static enum cp_code copy_row(const struct cp_ql_run *run, const struct cp_ql_value *values,
                             const bool *is_set, struct row *row)
{
    size_t n = run->query->n_slots, bytes = 0, at = 0;
    for (size_t i = 0; i < n; i++)
        bytes += is_set[i] ? values[i].text.n : 0;
    row->values = calloc(n ? n : 1, sizeof *row->values);
    row->bytes = malloc(bytes + 1);
    if (!row->values || !row->bytes) {
        clear_row(row);
        return CP_ENOMEM;
    }
    for (size_t i = 0; i < n; i++) {
        if (!is_set[i])
            continue;
        row->values[i] = values[i];
        row->values[i].text.p = row->bytes + at;
        if (values[i].text.n)
            memcpy(row->bytes + at, values[i].text.p, values[i].text.n);
        at += values[i].text.n;
    }
    return CP_OK;
}

static enum cp_code push_row(struct rows *rows, const struct row *row)
{
    enum { FEWEST = 64 };
    if (rows->n == rows->cap) {
        size_t cap = rows->cap ? 2 * rows->cap : FEWEST;
        struct row *all = realloc(rows->all, cap * sizeof *all);
        if (!all)
            return CP_ENOMEM;
        rows->all = all;
        rows->cap = cap;
    }
    rows->all[rows->n++] = *row;
    return CP_OK;
}

/* The last `max` that came, in a ring. */
static enum cp_code keep_newest(struct rows *rows, size_t max, struct row *row)
{
    if (rows->n < max)
        return push_row(rows, row);
    clear_row(&rows->all[rows->oldest]);
    rows->all[rows->oldest] = *row;
    rows->oldest = (rows->oldest + 1) % max;
    return CP_OK;
}

/* Newest first. */
static enum cp_code unroll(struct rows *rows)
{
    struct row *all = rows->n ? malloc(rows->n * sizeof *all) : NULL;
    if (rows->n && !all)
        return CP_ENOMEM;
    for (size_t i = 0; i < rows->n; i++)
        all[i] = rows->all[(rows->oldest + rows->n - 1 - i) % rows->n];
    free(rows->all);
    rows->all = all;
    rows->cap = rows->n;
    rows->oldest = 0;
    return CP_OK;
}

/* --- commands on one row --- */

static void set_slot(struct cp_ql_scope *scope, size_t slot, struct cp_ql_value value)
{
    scope->slots[slot] = value;
    scope->is_set[slot] = true;
}

static void run_fields(struct cp_ql_scope *scope, const struct cp_ql_command *c)
{
    for (size_t i = 0; i < c->n; i++)
        set_slot(scope, c->items[i].slot, cp_ql_evaluate(scope, c->items[i].node));
}

static void run_parse(struct cp_ql_scope *scope, const struct cp_ql_command *c)
{
    struct cp_view groups[CP_QL_GROUPS_MAX];
    struct cp_ql_value from = cp_ql_slot(scope, c->field);
    if (from.kind != CP_QL_TEXT || !cp_ql_pattern_find(c->pattern, from.text, groups))
        return;
    for (size_t i = 0; i < c->n; i++) {
        if (groups[i].p)
            set_slot(scope, c->items[i].slot, cp_ql_text(groups[i]));
    }
}

/* false: the row is filtered out. */
static bool run_command(struct cp_ql_scope *scope, const struct cp_ql_command *c)
{
    struct cp_ql_value value;
    switch (c->kind) {
    case CP_QL_FILTER:
        value = cp_ql_evaluate(scope, c->items[0].node);
        return cp_ql_is_true(&value);
    case CP_QL_PARSE:
        run_parse(scope, c);
        return true;
    default:
        run_fields(scope, c);
        return true;
    }
}

/* --- stats --- */

static void clear_groups(struct cp_ql_run *run)
{
    struct groups *g = &run->groups;
    for (size_t i = 0; i < g->n; i++) {
        clear_row(&g->all[i].key);
        for (size_t k = 0; k < g->n_totals; k++)
            cp_ql_total_clear(&g->all[i].totals[k]);
        free(g->all[i].totals);
    }
    free(g->all);
    cp_hash_index_clear(&g->index);
    *g = (struct groups){.all = NULL};
}

static const struct cp_ql_item *group_items(const struct cp_ql_command *c)
{
    return c->items + (c->n - c->n_groups);
}

static uint64_t hash_key(const struct cp_ql_command *c, const struct cp_ql_value *values)
{
    uint64_t hash = c->n_groups;
    struct cp_buf text;
    cp_buf_init(&text, SIZE_MAX / 4);
    for (size_t i = 0; i < c->n_groups; i++) {
        cp_buf_reset(&text);
        const struct cp_ql_value *value = &values[group_items(c)[i].slot];
        cp_ql_print(value, &text);
        hash = cp_hash_mix(hash, cp_hash(cp_buf_view(&text)) + (value->kind != CP_QL_NONE));
    }
    cp_buf_clear(&text);
    return hash;
}

static bool is_same_value(const struct cp_ql_value *a, const struct cp_ql_value *b)
{
    int order;
    if (a->kind == CP_QL_NONE || b->kind == CP_QL_NONE)
        return a->kind == b->kind;
    return cp_ql_compare(a, b, &order) && order == 0;
}

static bool is_same_key(const struct cp_ql_command *c, const struct cp_ql_value *a,
                        const struct cp_ql_value *b)
{
    for (size_t i = 0; i < c->n_groups; i++) {
        size_t slot = group_items(c)[i].slot;
        if (!is_same_value(&a[slot], &b[slot]))
            return false;
    }
    return true;
}

static struct group *add_group(struct cp_ql_run *run, const struct cp_ql_command *c,
                               const struct cp_ql_value *values, uint64_t hash)
{
    enum { FEWEST = 64 };
    struct groups *g = &run->groups;
    bool is_key[CP_QL_SLOTS_MAX] = {false};
    struct group group = {.hash = hash};
    for (size_t i = 0; i < c->n_groups; i++)
        is_key[group_items(c)[i].slot] = true;
    if (g->n == g->cap) {
        size_t cap = g->cap ? 2 * g->cap : FEWEST;
        struct group *all = realloc(g->all, cap * sizeof *all);
        if (!all)
            return NULL;
        g->all = all;
        g->cap = cap;
    }
    group.totals = calloc(c->n_aggregates + 1, sizeof *group.totals);
    if (!group.totals || cp_hash_index_reserve(&g->index, g->n + 1) ||
        copy_row(run, values, is_key, &group.key)) {
        free(group.totals);
        return NULL;
    }
    cp_hash_index_add(&g->index, hash, (uint32_t)g->n);
    g->n_totals = c->n_aggregates;
    g->all[g->n] = group;
    return &g->all[g->n++];
}

static enum cp_code run_stats(struct cp_ql_run *run, struct cp_ql_scope *scope,
                              const struct cp_ql_command *c)
{
    struct groups *g = &run->groups;
    struct cp_ql_value key[CP_QL_SLOTS_MAX] = {{.kind = CP_QL_NONE}};
    for (size_t i = 0; i < c->n_groups; i++)
        key[group_items(c)[i].slot] = cp_ql_evaluate(scope, group_items(c)[i].node);
    uint64_t hash = hash_key(c, key);
    struct group *group = NULL;
    size_t probe = 0;
    uint32_t at;
    while (!group && (at = cp_hash_index_next(&g->index, hash, &probe)) != CP_HASH_INDEX_NONE) {
        if (g->all[at].hash == hash && is_same_key(c, g->all[at].key.values, key))
            group = &g->all[at];
    }
    if (!group && !(group = add_group(run, c, key, hash)))
        return CP_ENOMEM;
    enum cp_code code = CP_OK;
    for (size_t i = 0; !code && i < c->n_aggregates; i++) {
        size_t node = run->query->aggregates[c->first_aggregate + i];
        code = cp_ql_total_add(&group->totals[i], &run->query->nodes[node], scope, &run->kept);
    }
    return code;
}

/* The row of a group: its key, then each result, of which later ones may use earlier ones. */
static enum cp_code end_group(struct cp_ql_run *run, const struct cp_ql_command *c,
                              struct group *group)
{
    const struct cp_ql_query *q = run->query;
    struct cp_ql_value results[CP_QL_SLOTS_MAX] = {{.kind = CP_QL_NONE}};
    bool is_set[CP_QL_SLOTS_MAX];
    struct row row;
    for (size_t i = 0; i < c->n_aggregates; i++) {
        size_t at = c->first_aggregate + i;
        results[at] = cp_ql_total_result(&group->totals[i], &q->nodes[q->aggregates[at]], q);
    }
    for (size_t i = 0; i < q->n_slots; i++)
        is_set[i] = true;
    struct cp_ql_scope scope = {.query = q,
                                .slots = group->key.values,
                                .is_set = is_set,
                                .aggregates = results,
                                .arena = &run->kept};
    for (size_t i = 0; i + c->n_groups < c->n; i++)
        set_slot(&scope, c->items[i].slot, cp_ql_evaluate(&scope, c->items[i].node));
    enum cp_code code = copy_row(run, group->key.values, is_set, &row);
    if (code)
        return code;
    code = push_row(&run->rows, &row);
    if (code)
        clear_row(&row);
    return code;
}

static enum cp_code end_stats(struct cp_ql_run *run, const struct cp_ql_command *c)
{
    enum cp_code code = CP_OK;
    clear_rows(&run->rows);
    for (size_t i = 0; !code && i < run->groups.n; i++)
        code = end_group(run, c, &run->groups.all[i]);
    clear_groups(run);
    return code;
}

/* --- commands on all rows --- */

struct sorted {
    struct cp_ql_value keys[CP_QL_ITEMS_MAX];
    size_t at;
};

static const struct cp_ql_command *sort_command; /* of the qsort under way: one thread */

static int by_keys(const void *a, const void *b)
{
    const struct sorted *x = a, *y = b;
    for (size_t i = 0; i < sort_command->n; i++) {
        int order = 0, sign = sort_command->items[i].is_descending ? -1 : 1;
        bool has_x = x->keys[i].kind != CP_QL_NONE, has_y = y->keys[i].kind != CP_QL_NONE;
        if (has_x != has_y)
            return has_x ? -1 : 1; /* what is absent comes last */
        if (cp_ql_compare(&x->keys[i], &y->keys[i], &order) && order)
            return order * sign;
    }
    return x->at < y->at ? -1 : x->at > y->at;
}

static struct cp_ql_scope row_scope(struct cp_ql_run *run, struct row *row)
{
    for (size_t i = 0; i < run->query->n_slots; i++)
        run->is_set[i] = true;
    return (struct cp_ql_scope){
        .query = run->query, .slots = row->values, .is_set = run->is_set, .arena = &run->kept};
}

static enum cp_code sort_rows(struct cp_ql_run *run, const struct cp_ql_command *c)
{
    struct rows *rows = &run->rows;
    struct sorted *order = calloc(rows->n + 1, sizeof *order);
    struct row *all = malloc((rows->n + 1) * sizeof *all);
    for (size_t i = 0; order && all && i < rows->n; i++) {
        struct cp_ql_scope scope = row_scope(run, &rows->all[i]);
        order[i].at = i;
        for (size_t k = 0; k < c->n; k++)
            order[i].keys[k] = cp_ql_evaluate(&scope, c->items[k].node);
    }
    if (!order || !all) {
        free(order);
        free(all);
        return CP_ENOMEM;
    }
    sort_command = c;
    qsort(order, rows->n, sizeof *order, by_keys);
    for (size_t i = 0; i < rows->n; i++)
        all[i] = rows->all[order[i].at];
    free(order);
    free(rows->all);
    rows->all = all;
    rows->cap = rows->n + 1;
    return CP_OK;
}

static void cut_rows(struct rows *rows, size_t n)
{
    while (rows->n > n)
        clear_row(&rows->all[--rows->n]);
}

static enum cp_code run_on_rows(struct cp_ql_run *run, const struct cp_ql_command *c)
{
    struct rows *rows = &run->rows;
    size_t kept = 0;
    enum cp_code code = CP_OK;
    if (c->kind == CP_QL_SORT)
        return sort_rows(run, c);
    if (c->kind == CP_QL_LIMIT) {
        cut_rows(rows, c->limit);
        return CP_OK;
    }
    for (size_t i = 0; i < rows->n; i++) {
        struct cp_ql_scope scope = row_scope(run, &rows->all[i]);
        bool is_kept = true;
        if (c->kind == CP_QL_STATS)
            code = code ? code : run_stats(run, &scope, c);
        else
            is_kept = run_command(&scope, c);
        struct row row = rows->all[i];
        if (is_kept)
            rows->all[kept++] = row;
        else
            clear_row(&row);
    }
    rows->n = kept;
    return code || c->kind != CP_QL_STATS ? code : end_stats(run, c);
}

/* --- the run --- */

static const struct cp_ql_command *first_of_rows(const struct cp_ql_run *run)
{
    return run->n_first < run->query->n_commands ? &run->query->commands[run->n_first] : NULL;
}

/* What comes out of the commands that see events. */
static enum cp_code take_row(struct cp_ql_run *run, struct cp_ql_scope *scope)
{
    const struct cp_ql_command *c = first_of_rows(run);
    struct row row;
    run->statistics.records_matched++;
    if (c && c->kind == CP_QL_STATS)
        return run_stats(run, scope, c);
    if (c && c->kind == CP_QL_SORT && run->rows.n == SORTED_MAX)
        return CP_ELIMIT;
    for (size_t i = 0; i < run->query->n_slots; i++)
        (void)cp_ql_slot(scope, i);
    enum cp_code code = copy_row(run, run->slots, run->is_set, &row);
    if (code)
        return code;
    size_t max = c && c->kind == CP_QL_LIMIT ? c->limit : run->max_rows;
    code = c && c->kind == CP_QL_SORT ? push_row(&run->rows, &row)
                                      : keep_newest(&run->rows, max, &row);
    if (code)
        clear_row(&row);
    return code;
}

static enum cp_code fail(enum cp_code code, struct cp_error *err)
{
    if (code == CP_ELIMIT)
        return cp_fail(err, code, "more than %d rows to sort: filter or aggregate first",
                       SORTED_MAX);
    return code ? cp_fail(err, code, "out of memory") : CP_OK;
}

enum cp_code cp_ql_run_add(struct cp_ql_run *run, const struct cp_ql_event *event,
                           struct cp_error *err)
{
    struct cp_ql_scope scope = {.query = run->query,
                                .event = event,
                                .slots = run->slots,
                                .is_set = run->is_set,
                                .arena = &run->arena};
    memset(run->is_set, 0, sizeof run->is_set);
    run->statistics.records_scanned++;
    run->statistics.bytes_scanned += event->message.n;
    enum cp_code code = CP_OK;
    size_t i = 0;
    while (i < run->n_first && run_command(&scope, &run->query->commands[i]))
        i++;
    if (i == run->n_first)
        code = take_row(run, &scope);
    cJSON_Delete(scope.json);
    cp_ql_arena_clear(&run->arena);
    return fail(code, err);
}

enum cp_code cp_ql_run_end(struct cp_ql_run *run, struct cp_error *err)
{
    const struct cp_ql_command *c = first_of_rows(run);
    size_t next = run->n_first;
    bool is_stats = c && c->kind == CP_QL_STATS, is_sort = c && c->kind == CP_QL_SORT;
    enum cp_code code = is_stats ? end_stats(run, c) : is_sort ? CP_OK : unroll(&run->rows);
    for (next += is_stats; !code && next < run->query->n_commands; next++)
        code = run_on_rows(run, &run->query->commands[next]);
    cut_rows(&run->rows, run->max_rows);
    return fail(code, err);
}

enum cp_code cp_ql_run_new(const struct cp_ql_query *query, size_t max_rows, struct cp_ql_run **out,
                           struct cp_error *err)
{
    struct cp_ql_run *run = calloc(1, sizeof *run);
    if (!run)
        return cp_fail(err, CP_ENOMEM, "out of memory");
    run->query = query;
    run->max_rows = max_rows;
    while (run->n_first < query->n_commands && query->commands[run->n_first].kind < CP_QL_STATS)
        run->n_first++;
    *out = run;
    return CP_OK;
}

void cp_ql_run_free(struct cp_ql_run *run)
{
    if (!run)
        return;
    clear_rows(&run->rows);
    clear_groups(run);
    cp_ql_arena_clear(&run->arena);
    cp_ql_arena_clear(&run->kept);
    free(run);
}

struct cp_ql_statistics cp_ql_run_statistics(const struct cp_ql_run *run)
{
    return run->statistics;
}

size_t cp_ql_run_rows(const struct cp_ql_run *run)
{
    return run->rows.n;
}

size_t cp_ql_run_columns(const struct cp_ql_run *run)
{
    return run->query->n_columns;
}

struct cp_view cp_ql_run_column(const struct cp_ql_run *run, size_t column)
{
    return run->query->slots[run->query->columns[column]];
}

bool cp_ql_run_cell(const struct cp_ql_run *run, size_t row, size_t column, struct cp_buf *out)
{
    const struct cp_ql_value *value = &run->rows.all[row].values[run->query->columns[column]];
    cp_ql_print(value, out);
    return value->kind != CP_QL_NONE;
}
