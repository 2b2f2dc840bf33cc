/* SPDX-License-Identifier: GPL-3.0-or-later
 * A query that was read: expressions as nodes, commands in order, and one slot for each name.
 * Shared by the query_*.c files and nobody else.
 */
#ifndef COLDPROF_PROBES_LOCAL_QUERY_TREE_H
#define COLDPROF_PROBES_LOCAL_QUERY_TREE_H

#include "probes/local/query.h"
#include "probes/local/query_expression.h"
#include "probes/local/query_value.h"

enum {
    CP_QL_NODES_MAX = 2048,
    CP_QL_SLOTS_MAX = 128,
    CP_QL_COMMANDS_MAX = 64,
    CP_QL_ITEMS_MAX = 64, /* of one command */
    CP_QL_ARGUMENTS_MAX = 16,
    CP_QL_DEPTH_MAX = 64,
};

enum cp_ql_operator {
    CP_QL_ADD,
    CP_QL_SUBTRACT,
    CP_QL_MULTIPLY,
    CP_QL_DIVIDE,
    CP_QL_REMAINDER,
    CP_QL_POWER,
    CP_QL_EQUAL,
    CP_QL_NOT_EQUAL,
    CP_QL_LESS,
    CP_QL_AT_MOST,
    CP_QL_GREATER,
    CP_QL_AT_LEAST,
    CP_QL_AND,
    CP_QL_OR,
};

struct cp_ql_node {
    enum {
        CP_QL_CONSTANT,
        CP_QL_FIELD,
        CP_QL_BINARY,
        CP_QL_NOT,
        CP_QL_NEGATIVE,
        CP_QL_LIKE_TEXT,
        CP_QL_LIKE_PATTERN,
        CP_QL_IN,
        CP_QL_CALL,
        CP_QL_AGGREGATE,
    } kind;
    enum cp_ql_operator op;
    struct cp_ql_value constant; /* LIKE_TEXT too */
    size_t slot;                 /* FIELD; AGGREGATE: index of its result */
    size_t function;             /* CALL, AGGREGATE: index into its table */
    size_t arguments[CP_QL_ARGUMENTS_MAX];
    size_t n;
    struct cp_ql_pattern *pattern; /* LIKE_PATTERN; owned */
};

struct cp_ql_item {
    size_t node, slot; /* an expression and the name of its result */
    bool is_descending;
};

struct cp_ql_command {
    enum {
        CP_QL_FIELDS,
        CP_QL_DISPLAY,
        CP_QL_FILTER,
        CP_QL_PARSE,
        CP_QL_STATS,
        CP_QL_SORT,
        CP_QL_LIMIT,
    } kind;
    struct cp_ql_item items[CP_QL_ITEMS_MAX]; /* STATS: the groups follow the results */
    size_t n, n_groups;
    size_t limit;
    size_t field;                  /* PARSE: slot of what is parsed */
    struct cp_ql_pattern *pattern; /* PARSE; owned. Group i goes to items[i].slot */
    size_t first_aggregate, n_aggregates;
};

struct cp_ql_query {
    char *text;
    struct cp_ql_node *nodes;
    size_t n_nodes;
    struct cp_view slots[CP_QL_SLOTS_MAX];
    size_t n_slots;
    struct cp_ql_command *commands;
    size_t n_commands;
    size_t columns[CP_QL_SLOTS_MAX]; /* slots that are shown */
    size_t n_columns;
    bool has_stats;
    size_t aggregates[CP_QL_SLOTS_MAX]; /* nodes */
    size_t n_aggregates;
};

/* --- functions (query_function.c, query_aggregate.c) --- */
#define CP_QL_NO_FUNCTION ((size_t)-1)
size_t cp_ql_function_find(struct cp_view name, size_t *least, size_t *most);
size_t cp_ql_aggregate_find(struct cp_view name, size_t *least, size_t *most);

/* --- evaluation --- */
struct cp_ql_scope {
    const struct cp_ql_query *query;
    const struct cp_ql_event *event; /* NULL: a row of results */
    struct cp_ql_value *slots;
    bool *is_set;                         /* per slot; the others are looked up in the event */
    const struct cp_ql_value *aggregates; /* results, by index; NULL outside of stats */
    struct cp_ql_arena *arena;            /* for what is computed */
    struct cJSON *json;                   /* of the message, when it was needed */
    bool is_json_read;
};
struct cp_ql_value cp_ql_evaluate(struct cp_ql_scope *scope, size_t at);
struct cp_ql_value cp_ql_call(const struct cp_ql_node *node, const struct cp_ql_value *arguments,
                              struct cp_ql_scope *scope);
struct cp_ql_value cp_ql_slot(struct cp_ql_scope *scope, size_t slot);
/* A field that Insights finds by itself (query_field.c). */
struct cp_ql_value cp_ql_field(struct cp_ql_scope *scope, struct cp_view name);

#endif
