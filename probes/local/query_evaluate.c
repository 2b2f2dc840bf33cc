/* SPDX-License-Identifier: GPL-3.0-or-later
 * Expressions of a query.
 */
#include <math.h>
#include <string.h>

#include "probes/local/query_tree.h"

static const struct cp_ql_value none = {.kind = CP_QL_NONE};

struct cp_ql_value cp_ql_slot(struct cp_ql_scope *scope, size_t slot)
{
    if (!scope->is_set[slot]) {
        scope->slots[slot] = scope->event ? cp_ql_field(scope, scope->query->slots[slot]) : none;
        scope->is_set[slot] = true;
    }
    return scope->slots[slot];
}

static struct cp_ql_value calculate(enum cp_ql_operator op, const struct cp_ql_value *a,
                                    const struct cp_ql_value *b)
{
    double x, y;
    if (!cp_ql_to_number(a, &x) || !cp_ql_to_number(b, &y))
        return none;
    switch (op) {
    case CP_QL_ADD:
        return cp_ql_number(x + y);
    case CP_QL_SUBTRACT:
        return cp_ql_number(x - y);
    case CP_QL_MULTIPLY:
        return cp_ql_number(x * y);
    case CP_QL_DIVIDE:
        return cp_ql_number(x / y); /* absent when y is 0 */
    case CP_QL_REMAINDER:
        return cp_ql_number(fmod(x, y));
    default:
        return cp_ql_number(pow(x, y));
    }
}

static struct cp_ql_value compare(enum cp_ql_operator op, const struct cp_ql_value *a,
                                  const struct cp_ql_value *b)
{
    int order = 0;
    bool is_known = cp_ql_compare(a, b, &order);
    switch (op) {
    case CP_QL_EQUAL:
        return cp_ql_bool(is_known && order == 0);
    case CP_QL_NOT_EQUAL:
        return cp_ql_bool(is_known && order != 0);
    case CP_QL_LESS:
        return cp_ql_bool(is_known && order < 0);
    case CP_QL_AT_MOST:
        return cp_ql_bool(is_known && order <= 0);
    case CP_QL_GREATER:
        return cp_ql_bool(is_known && order > 0);
    default:
        return cp_ql_bool(is_known && order >= 0);
    }
}

static struct cp_ql_value evaluate_binary(struct cp_ql_scope *scope, const struct cp_ql_node *node)
{
    struct cp_ql_value a = cp_ql_evaluate(scope, node->arguments[0]);
    if (node->op == CP_QL_AND && !cp_ql_is_true(&a))
        return cp_ql_bool(false);
    if (node->op == CP_QL_OR && cp_ql_is_true(&a))
        return cp_ql_bool(true);
    struct cp_ql_value b = cp_ql_evaluate(scope, node->arguments[1]);
    if (node->op >= CP_QL_AND)
        return cp_ql_bool(cp_ql_is_true(&b));
    return node->op >= CP_QL_EQUAL ? compare(node->op, &a, &b) : calculate(node->op, &a, &b);
}

static struct cp_ql_value evaluate_like(const struct cp_ql_node *node, const struct cp_ql_value *a)
{
    struct cp_buf text;
    cp_buf_init(&text, 256);
    if (a->kind != CP_QL_TEXT)
        cp_ql_print(a, &text);
    struct cp_view in = a->kind == CP_QL_TEXT ? a->text : cp_buf_view(&text);
    struct cp_view part = node->constant.text;
    bool is_found = node->kind == CP_QL_LIKE_PATTERN
                        ? cp_ql_pattern_find(node->pattern, in, NULL)
                        : !part.n || (in.n && memmem(in.p, in.n, part.p, part.n));
    cp_buf_clear(&text);
    return cp_ql_bool(a->kind != CP_QL_NONE && is_found);
}

static struct cp_ql_value evaluate_in(struct cp_ql_scope *scope, const struct cp_ql_node *node)
{
    struct cp_ql_value a = cp_ql_evaluate(scope, node->arguments[0]);
    for (size_t i = 1; i < node->n; i++) {
        struct cp_ql_value b = cp_ql_evaluate(scope, node->arguments[i]);
        int order;
        if (cp_ql_compare(&a, &b, &order) && order == 0)
            return cp_ql_bool(true);
    }
    return cp_ql_bool(false);
}

static struct cp_ql_value evaluate_call(struct cp_ql_scope *scope, const struct cp_ql_node *node)
{
    struct cp_ql_value arguments[CP_QL_ARGUMENTS_MAX];
    for (size_t i = 0; i < node->n; i++)
        arguments[i] = cp_ql_evaluate(scope, node->arguments[i]);
    return cp_ql_call(node, arguments, scope);
}

struct cp_ql_value cp_ql_evaluate(struct cp_ql_scope *scope, size_t at)
{
    const struct cp_ql_node *node = &scope->query->nodes[at];
    struct cp_ql_value a;
    double x;
    switch (node->kind) {
    case CP_QL_CONSTANT:
        return node->constant;
    case CP_QL_FIELD:
        return cp_ql_slot(scope, node->slot);
    case CP_QL_BINARY:
        return evaluate_binary(scope, node);
    case CP_QL_NOT:
        a = cp_ql_evaluate(scope, node->arguments[0]);
        return cp_ql_bool(!cp_ql_is_true(&a));
    case CP_QL_NEGATIVE:
        a = cp_ql_evaluate(scope, node->arguments[0]);
        return cp_ql_to_number(&a, &x) ? cp_ql_number(-x) : none;
    case CP_QL_LIKE_TEXT:
    case CP_QL_LIKE_PATTERN:
        a = cp_ql_evaluate(scope, node->arguments[0]);
        return evaluate_like(node, &a);
    case CP_QL_IN:
        return evaluate_in(scope, node);
    case CP_QL_CALL:
        return evaluate_call(scope, node);
    case CP_QL_AGGREGATE:
        break;
    }
    return scope->aggregates ? scope->aggregates[node->slot] : none;
}
