/* SPDX-License-Identifier: GPL-3.0-or-later
 * Commands of a query.
 */
#include <stdlib.h>
#include <string.h>

#include "probes/local/query_reader.h"

/* --- columns --- */

static void show(struct cp_ql_query *q, size_t slot)
{
    for (size_t i = 0; i < q->n_columns; i++) {
        if (q->columns[i] == slot)
            return;
    }
    q->columns[q->n_columns++] = slot;
}

/* --- parts --- */

/* NULL: there is no room; `r->err` says so, and the code is CP_ELIMIT. */
static struct cp_ql_item *next_item(struct cp_ql_reader *r, struct cp_ql_command *c)
{
    if (c->n < CP_QL_ITEMS_MAX)
        return &c->items[c->n++];
    (void)cp_fail(r->err, CP_ELIMIT, "a command of more than %d items", CP_QL_ITEMS_MAX);
    return NULL;
}

/* An expression and its name: given by `as`, or its own text. */
static enum cp_code take_named(struct cp_ql_reader *r, struct cp_ql_command *c)
{
    struct cp_ql_item *item = next_item(r, c);
    cp_ql_skip_space(r);
    const char *from = r->rest.p;
    enum cp_code code = item ? cp_ql_take_expression(r, &item->node) : CP_ELIMIT;
    if (code)
        return code;
    struct cp_view name = cp_view_trim((struct cp_view){from, (size_t)(r->rest.p - from)});
    const struct cp_ql_node *node = &r->query->nodes[item->node];
    if (cp_ql_take_word(r, "as"))
        code = cp_ql_take_name(r, &name);
    else if (node->kind == CP_QL_FIELD)
        name = r->query->slots[node->slot]; /* without its backticks */
    return code ? code : cp_ql_slot_of(r, name, &item->slot);
}

static enum cp_code take_fields(struct cp_ql_reader *r, struct cp_ql_command *c)
{
    enum cp_code code;
    do
        code = take_named(r, c);
    while (!code && cp_ql_take_symbol(r, ","));
    for (size_t i = 0; !code && i < c->n; i++)
        show(r->query, c->items[i].slot);
    return code;
}

static enum cp_code take_display(struct cp_ql_reader *r, struct cp_ql_command *c)
{
    r->query->n_columns = 0;
    return take_fields(r, c);
}

static enum cp_code take_filter(struct cp_ql_reader *r, struct cp_ql_command *c)
{
    c->n = 1;
    return cp_ql_take_expression(r, &c->items[0].node);
}

static enum cp_code take_group_names(struct cp_ql_reader *r, struct cp_ql_command *c)
{
    enum cp_code code = CP_OK;
    size_t n = cp_ql_pattern_groups(c->pattern);
    for (size_t i = 0; !code && i < n; i++) {
        struct cp_view name = cp_ql_pattern_group(c->pattern, i);
        if (!name.n) {
            if (!(i ? cp_ql_take_symbol(r, ",") : cp_ql_take_word(r, "as")))
                return cp_ql_fail_at(r, "a name for each star of the parse command");
            code = cp_ql_take_name(r, &name);
        }
        struct cp_ql_item *item = code ? NULL : next_item(r, c);
        if (!code)
            code = item ? cp_ql_slot_of(r, name, &item->slot) : CP_ELIMIT;
    }
    if (!code && !n)
        code = cp_fail(r->err, CP_EFORMAT, "a parse command names no group");
    return code;
}

/* parse @field /(?<name>...)/, parse @field "a * b" as name. */
static enum cp_code take_parse(struct cp_ql_reader *r, struct cp_ql_command *c)
{
    struct cp_view name = CP_VIEW_LIT("@message"), text = {"", 0};
    enum cp_code code = CP_OK;
    if (!cp_ql_is_next(r, '/') && !cp_ql_is_next(r, '"') && !cp_ql_is_next(r, '\''))
        code = cp_ql_take_name(r, &name);
    if (!code)
        code = cp_ql_slot_of(r, name, &c->field);
    if (!code && cp_ql_is_next(r, '/'))
        code = cp_ql_take_pattern(r, &c->pattern);
    else if (!code && !(code = cp_ql_take_quoted(r, &text)))
        code = cp_ql_pattern_new_glob(text, &c->pattern, r->err);
    return code ? code : take_group_names(r, c);
}

static enum cp_code take_stats(struct cp_ql_reader *r, struct cp_ql_command *c)
{
    struct cp_ql_query *q = r->query;
    enum cp_code code;
    size_t n_results;
    c->first_aggregate = q->n_aggregates;
    r->is_in_stats = true;
    do
        code = take_named(r, c);
    while (!code && cp_ql_take_symbol(r, ","));
    r->is_in_stats = false;
    c->n_aggregates = q->n_aggregates - c->first_aggregate;
    n_results = c->n;
    if (!code && cp_ql_take_word(r, "by")) {
        do
            code = take_named(r, c);
        while (!code && cp_ql_take_symbol(r, ","));
    }
    if (code)
        return code;
    c->n_groups = c->n - n_results;
    q->n_columns = 0;
    q->has_stats = true;
    for (size_t i = 0; i < c->n; i++) /* groups come first */
        show(q, c->items[(i + n_results) % c->n].slot);
    return CP_OK;
}

static enum cp_code take_sort(struct cp_ql_reader *r, struct cp_ql_command *c)
{
    enum cp_code code;
    (void)cp_ql_take_word(r, "by");
    do {
        struct cp_ql_item *item = next_item(r, c);
        code = item ? cp_ql_take_expression(r, &item->node) : CP_ELIMIT;
        if (code)
            break;
        item->is_descending = cp_ql_take_word(r, "desc");
        if (!item->is_descending)
            (void)cp_ql_take_word(r, "asc");
    } while (!code && cp_ql_take_symbol(r, ","));
    return code;
}

static enum cp_code take_limit(struct cp_ql_reader *r, struct cp_ql_command *c)
{
    int64_t n;
    cp_ql_skip_space(r);
    if (!cp_view_take_int64(&r->rest, &n) || n < 1 || n > CP_QL_ROWS_MAX)
        return cp_fail(r->err, CP_EFORMAT, "limit takes 1 to %d", CP_QL_ROWS_MAX);
    c->limit = (size_t)n;
    return CP_OK;
}

/* --- commands --- */

static enum cp_code take_command(struct cp_ql_reader *r)
{
    static const struct {
        const char *name;
        int kind;
        enum cp_code (*take)(struct cp_ql_reader *r, struct cp_ql_command *c);
    } all[] = {
        {"fields", CP_QL_FIELDS, take_fields}, {"display", CP_QL_DISPLAY, take_display},
        {"filter", CP_QL_FILTER, take_filter}, {"parse", CP_QL_PARSE, take_parse},
        {"stats", CP_QL_STATS, take_stats},    {"sort", CP_QL_SORT, take_sort},
        {"order", CP_QL_SORT, take_sort},      {"limit", CP_QL_LIMIT, take_limit},
        {"head", CP_QL_LIMIT, take_limit},
    };
    struct cp_ql_query *q = r->query;
    if (q->n_commands == CP_QL_COMMANDS_MAX)
        return cp_fail(r->err, CP_ELIMIT, "more than %d commands", CP_QL_COMMANDS_MAX);
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        if (!cp_ql_take_word(r, all[i].name))
            continue;
        struct cp_ql_command *c = &q->commands[q->n_commands++];
        c->kind = (unsigned)all[i].kind;
        return all[i].take(r, c);
    }
    struct cp_view name;
    enum cp_code code = cp_ql_take_name(r, &name);
    return code ? code
                : cp_fail(r->err, CP_EUNSUPPORTED, "the command '%.*s' is not served here",
                          (int)name.n, name.p);
}

enum cp_code cp_ql_read_commands(struct cp_ql_reader *r)
{
    enum cp_code code;
    (void)cp_ql_take_symbol(r, "|");
    do
        code = take_command(r);
    while (!code && cp_ql_take_symbol(r, "|"));
    cp_ql_skip_space(r);
    return code || !r->rest.n ? code : cp_ql_fail_at(r, "'|' or the end");
}

static enum cp_code show_something(struct cp_ql_reader *r)
{
    size_t slot = 0;
    enum cp_code code = CP_OK;
    if (r->query->n_columns)
        return CP_OK;
    code = cp_ql_slot_of(r, CP_VIEW_LIT("@timestamp"), &slot);
    if (!code)
        show(r->query, slot);
    if (!code)
        code = cp_ql_slot_of(r, CP_VIEW_LIT("@message"), &slot);
    if (!code)
        show(r->query, slot);
    return code;
}

static enum cp_code show_pointer(struct cp_ql_reader *r)
{
    size_t slot = 0;
    enum cp_code code = r->query->has_stats ? CP_OK : cp_ql_slot_of(r, CP_VIEW_LIT("@ptr"), &slot);
    if (!code && !r->query->has_stats)
        show(r->query, slot);
    return code;
}

enum cp_code cp_ql_query_new(struct cp_view text, struct cp_ql_query **out, struct cp_error *err)
{
    struct cp_ql_query *q = calloc(1, sizeof *q);
    if (!q)
        return cp_fail(err, CP_ENOMEM, "out of memory");
    q->text = malloc(text.n + 1);
    q->nodes = calloc(CP_QL_NODES_MAX, sizeof *q->nodes);
    q->commands = calloc(CP_QL_COMMANDS_MAX, sizeof *q->commands);
    if (!q->text || !q->nodes || !q->commands) {
        cp_ql_query_free(q);
        return cp_fail(err, CP_ENOMEM, "out of memory");
    }
    (void)cp_view_copy(text, q->text, text.n + 1);
    struct cp_ql_reader r = {.query = q, .rest = {q->text, text.n}, .err = err};
    enum cp_code code = cp_ql_read_commands(&r);
    if (!code)
        code = show_something(&r);
    if (!code)
        code = show_pointer(&r);
    if (code)
        cp_ql_query_free(q);
    else
        *out = q;
    return code;
}

void cp_ql_query_free(struct cp_ql_query *query)
{
    if (!query)
        return;
    for (size_t i = 0; i < query->n_nodes; i++)
        cp_ql_pattern_free(query->nodes[i].pattern);
    for (size_t i = 0; i < query->n_commands; i++)
        cp_ql_pattern_free(query->commands[i].pattern);
    free(query->nodes);
    free(query->commands);
    free(query->text);
    free(query);
}
