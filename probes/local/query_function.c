/* SPDX-License-Identifier: GPL-3.0-or-later
 * Functions of a query.
 */
#include <math.h>
#include <string.h>

#include "probes/local/query_tree.h"

typedef struct cp_ql_value (*function_fn)(const struct cp_ql_value *a, size_t n,
                                          struct cp_ql_scope *scope);

static const struct cp_ql_value none = {.kind = CP_QL_NONE};

/* --- numbers --- */

static struct cp_ql_value call_abs(const struct cp_ql_value *a, size_t n, struct cp_ql_scope *scope)
{
    double x;
    (void)n;
    (void)scope;
    return cp_ql_to_number(a, &x) ? cp_ql_number(fabs(x)) : none;
}

static struct cp_ql_value call_ceil(const struct cp_ql_value *a, size_t n,
                                    struct cp_ql_scope *scope)
{
    double x;
    (void)n;
    (void)scope;
    return cp_ql_to_number(a, &x) ? cp_ql_number(ceil(x)) : none;
}

static struct cp_ql_value call_floor(const struct cp_ql_value *a, size_t n,
                                     struct cp_ql_scope *scope)
{
    double x;
    (void)n;
    (void)scope;
    return cp_ql_to_number(a, &x) ? cp_ql_number(floor(x)) : none;
}

static struct cp_ql_value call_log(const struct cp_ql_value *a, size_t n, struct cp_ql_scope *scope)
{
    double x;
    (void)n;
    (void)scope;
    return cp_ql_to_number(a, &x) ? cp_ql_number(log(x)) : none;
}

static struct cp_ql_value call_sqrt(const struct cp_ql_value *a, size_t n,
                                    struct cp_ql_scope *scope)
{
    double x;
    (void)n;
    (void)scope;
    return cp_ql_to_number(a, &x) ? cp_ql_number(sqrt(x)) : none;
}

/* Of those that are there and numbers. */
static struct cp_ql_value extreme(const struct cp_ql_value *a, size_t n, double sign)
{
    double best = NAN, x;
    for (size_t i = 0; i < n; i++) {
        if (cp_ql_to_number(&a[i], &x) && !(x * sign <= best * sign))
            best = x;
    }
    return cp_ql_number(best);
}

static struct cp_ql_value call_greatest(const struct cp_ql_value *a, size_t n,
                                        struct cp_ql_scope *scope)
{
    (void)scope;
    return extreme(a, n, 1);
}

static struct cp_ql_value call_least(const struct cp_ql_value *a, size_t n,
                                     struct cp_ql_scope *scope)
{
    (void)scope;
    return extreme(a, n, -1);
}

/* --- text --- */

static struct cp_view text_of(const struct cp_ql_value *a, struct cp_ql_scope *scope)
{
    if (a->kind == CP_QL_TEXT)
        return a->text;
    struct cp_buf text;
    cp_buf_init(&text, 256);
    cp_ql_print(a, &text);
    struct cp_view kept = cp_ql_arena_copy(scope->arena, cp_buf_view(&text));
    cp_buf_clear(&text);
    return kept;
}

static struct cp_ql_value call_strcontains(const struct cp_ql_value *a, size_t n,
                                           struct cp_ql_scope *scope)
{
    (void)n;
    struct cp_view text = text_of(a, scope), part = text_of(a + 1, scope);
    return cp_ql_number(!part.n || (text.n && memmem(text.p, text.n, part.p, part.n)));
}

static struct cp_ql_value call_strlen(const struct cp_ql_value *a, size_t n,
                                      struct cp_ql_scope *scope)
{
    (void)n;
    struct cp_view text = text_of(a, scope);
    double characters = 0;
    for (size_t i = 0; i < text.n; i++)
        characters += ((unsigned char)text.p[i] & 0xc0) != 0x80;
    return a->kind == CP_QL_NONE ? none : cp_ql_number(characters);
}

static struct cp_ql_value call_concat(const struct cp_ql_value *a, size_t n,
                                      struct cp_ql_scope *scope)
{
    size_t size = 0, at = 0;
    struct cp_view parts[CP_QL_ARGUMENTS_MAX];
    for (size_t i = 0; i < n; i++) {
        parts[i] = text_of(&a[i], scope);
        size += parts[i].n;
    }
    char *to = cp_ql_arena_take(scope->arena, size + 1);
    for (size_t i = 0; to && i < n; i++) {
        if (parts[i].n)
            memcpy(to + at, parts[i].p, parts[i].n);
        at += parts[i].n;
    }
    return cp_ql_text((struct cp_view){to ? to : "", at});
}

static struct cp_ql_value call_trim(const struct cp_ql_value *a, size_t n,
                                    struct cp_ql_scope *scope)
{
    (void)n;
    return a->kind == CP_QL_NONE ? none : cp_ql_text(cp_view_trim(text_of(a, scope)));
}

static struct cp_ql_value change_case(const struct cp_ql_value *a, struct cp_ql_scope *scope,
                                      char from, int distance)
{
    struct cp_view text = text_of(a, scope);
    char *to = a->kind == CP_QL_NONE ? NULL : cp_ql_arena_take(scope->arena, text.n + 1);
    for (size_t i = 0; to && i < text.n; i++) {
        bool is_letter = text.p[i] >= from && text.p[i] <= from + ('z' - 'a');
        to[i] = (char)(text.p[i] + (is_letter ? distance : 0));
    }
    return to ? cp_ql_text((struct cp_view){to, text.n}) : none;
}

static struct cp_ql_value call_tolower(const struct cp_ql_value *a, size_t n,
                                       struct cp_ql_scope *scope)
{
    (void)n;
    return change_case(a, scope, 'A', 'a' - 'A');
}

static struct cp_ql_value call_toupper(const struct cp_ql_value *a, size_t n,
                                       struct cp_ql_scope *scope)
{
    (void)n;
    return change_case(a, scope, 'a', 'A' - 'a');
}

static struct cp_ql_value call_isempty(const struct cp_ql_value *a, size_t n,
                                       struct cp_ql_scope *scope)
{
    (void)n;
    return cp_ql_bool(text_of(a, scope).n == 0);
}

/* --- any --- */

static struct cp_ql_value call_ispresent(const struct cp_ql_value *a, size_t n,
                                         struct cp_ql_scope *scope)
{
    (void)n;
    (void)scope;
    return cp_ql_bool(a->kind != CP_QL_NONE);
}

static struct cp_ql_value call_coalesce(const struct cp_ql_value *a, size_t n,
                                        struct cp_ql_scope *scope)
{
    (void)scope;
    for (size_t i = 0; i < n; i++) {
        if (a[i].kind != CP_QL_NONE)
            return a[i];
    }
    return none;
}

/* --- time --- */

static struct cp_ql_value step_time(const struct cp_ql_value *a, double (*to_whole)(double))
{
    double at_ms, period_ms;
    if (!cp_ql_to_number(a, &at_ms) || !cp_ql_to_number(a + 1, &period_ms) || !(period_ms >= 1))
        return none;
    struct cp_ql_value time = cp_ql_number(to_whole(at_ms / period_ms) * period_ms);
    if (time.kind == CP_QL_NUMBER)
        time.kind = CP_QL_TIME;
    return time;
}

static struct cp_ql_value call_datefloor(const struct cp_ql_value *a, size_t n,
                                         struct cp_ql_scope *scope)
{
    (void)n;
    (void)scope;
    return step_time(a, floor);
}

static struct cp_ql_value call_dateceil(const struct cp_ql_value *a, size_t n,
                                        struct cp_ql_scope *scope)
{
    (void)n;
    (void)scope;
    return step_time(a, ceil);
}

static struct cp_ql_value call_bin(const struct cp_ql_value *a, size_t n, struct cp_ql_scope *scope)
{
    (void)n;
    const struct cp_ql_value both[2] = {cp_ql_field(scope, CP_VIEW_LIT("@timestamp")), a[0]};
    return step_time(both, floor);
}

static struct cp_ql_value call_to_millis(const struct cp_ql_value *a, size_t n,
                                         struct cp_ql_scope *scope)
{
    (void)n;
    (void)scope;
    return a->kind == CP_QL_TIME ? cp_ql_number(a->number) : none;
}

static struct cp_ql_value call_from_millis(const struct cp_ql_value *a, size_t n,
                                           struct cp_ql_scope *scope)
{
    double at_ms;
    (void)n;
    (void)scope;
    if (!cp_ql_to_number(a, &at_ms) || !(at_ms >= 0) || at_ms > 253402300799999.0)
        return none;
    return (struct cp_ql_value){.kind = CP_QL_TIME, .number = floor(at_ms)};
}

/* --- the table --- */

static const struct {
    const char *name;
    size_t least, most;
    function_fn call;
} functions[] = {
    {"abs", 1, 1, call_abs},
    {"ceil", 1, 1, call_ceil},
    {"floor", 1, 1, call_floor},
    {"log", 1, 1, call_log},
    {"sqrt", 1, 1, call_sqrt},
    {"greatest", 1, CP_QL_ARGUMENTS_MAX, call_greatest},
    {"least", 1, CP_QL_ARGUMENTS_MAX, call_least},
    {"strcontains", 2, 2, call_strcontains},
    {"strlen", 1, 1, call_strlen},
    {"concat", 1, CP_QL_ARGUMENTS_MAX, call_concat},
    {"trim", 1, 1, call_trim},
    {"tolower", 1, 1, call_tolower},
    {"toupper", 1, 1, call_toupper},
    {"isempty", 1, 1, call_isempty},
    {"ispresent", 1, 1, call_ispresent},
    {"coalesce", 1, CP_QL_ARGUMENTS_MAX, call_coalesce},
    {"datefloor", 2, 2, call_datefloor},
    {"dateceil", 2, 2, call_dateceil},
    {"bin", 1, 1, call_bin},
    {"toMillis", 1, 1, call_to_millis},
    {"fromMillis", 1, 1, call_from_millis},
};

size_t cp_ql_function_find(struct cp_view name, size_t *least, size_t *most)
{
    for (size_t i = 0; i < sizeof functions / sizeof *functions; i++) {
        if (!cp_view_is_nocase(name, functions[i].name))
            continue;
        *least = functions[i].least;
        *most = functions[i].most;
        return i;
    }
    return CP_QL_NO_FUNCTION;
}

struct cp_ql_value cp_ql_call(const struct cp_ql_node *node, const struct cp_ql_value *arguments,
                              struct cp_ql_scope *scope)
{
    return functions[node->function].call(arguments, node->n, scope);
}
