/* SPDX-License-Identifier: GPL-3.0-or-later
 * Tokens and expressions of a query.
 *
 *     or    = and { "or" and }
 *     and   = not { "and" not }
 *     not   = "not" not | sum [ comparison ]
 *     sum   = product { ("+" | "-") product }
 *     ...   * / %, then ^ (from the right), then the sign
 */
#include <string.h>
#include <strings.h>

#include "probes/local/query_reader.h"

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool is_name_start(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '@';
}

static bool is_name_byte(char c)
{
    return is_name_start(c) || (c >= '0' && c <= '9') || c == '.';
}

/* --- tokens --- */

void cp_ql_skip_space(struct cp_ql_reader *r)
{
    struct cp_view line;
    for (;;) {
        if (r->rest.n && *r->rest.p == '#')
            (void)cp_view_split(&r->rest, '\n', &line);
        else if (r->rest.n && is_space(*r->rest.p))
            r->rest = (struct cp_view){r->rest.p + 1, r->rest.n - 1};
        else
            return;
    }
}

bool cp_ql_is_next(struct cp_ql_reader *r, char c)
{
    cp_ql_skip_space(r);
    return r->rest.n && *r->rest.p == c;
}

bool cp_ql_take_symbol(struct cp_ql_reader *r, const char *symbol)
{
    cp_ql_skip_space(r);
    return cp_view_skip(&r->rest, symbol);
}

bool cp_ql_take_word(struct cp_ql_reader *r, const char *word)
{
    size_t n = strlen(word);
    cp_ql_skip_space(r);
    if (r->rest.n < n || strncasecmp(r->rest.p, word, n) != 0 ||
        (r->rest.n > n && is_name_byte(r->rest.p[n])))
        return false;
    r->rest = (struct cp_view){r->rest.p + n, r->rest.n - n};
    return true;
}

enum cp_code cp_ql_fail_at(struct cp_ql_reader *r, const char *wanted)
{
    enum { SHOWN = 40 };
    cp_ql_skip_space(r);
    if (!r->rest.n)
        return cp_fail(r->err, CP_EFORMAT, "%s is expected at the end of the query", wanted);
    return cp_fail(r->err, CP_EFORMAT, "%s is expected at '%.*s'", wanted,
                   (int)(r->rest.n < SHOWN ? r->rest.n : SHOWN), r->rest.p);
}

enum cp_code cp_ql_take_name(struct cp_ql_reader *r, struct cp_view *name)
{
    size_t n = 0;
    cp_ql_skip_space(r);
    const char *p = r->rest.p;
    if (cp_view_skip(&r->rest, "`")) {
        const char *end = memchr(p + 1, '`', r->rest.n);
        if (!end)
            return cp_ql_fail_at(r, "the end of a name in backticks");
        *name = (struct cp_view){p + 1, (size_t)(end - p) - 1};
        r->rest = (struct cp_view){end + 1, r->rest.n - name->n - 1};
        return CP_OK;
    }
    if (!r->rest.n || !is_name_start(*p))
        return cp_ql_fail_at(r, "a name");
    while (n < r->rest.n && is_name_byte(p[n]))
        n++;
    *name = (struct cp_view){p, n};
    r->rest = (struct cp_view){p + n, r->rest.n - n};
    return CP_OK;
}

/* The query's own copy of its text has room: an escape is longer than what it means. */
enum cp_code cp_ql_take_quoted(struct cp_ql_reader *r, struct cp_view *text)
{
    cp_ql_skip_space(r);
    if (!r->rest.n || (*r->rest.p != '"' && *r->rest.p != '\''))
        return cp_ql_fail_at(r, "quoted text");
    size_t from = (size_t)(r->rest.p - r->query->text) + 1, to = from, i = from;
    char *bytes = r->query->text, quote = *r->rest.p;
    size_t end = from + r->rest.n - 1;
    for (; i < end && bytes[i] != quote; i++) {
        if (bytes[i] == '\\' && i + 1 < end) {
            i++;
            bytes[i] = bytes[i] == 'n' ? '\n' : bytes[i] == 't' ? '\t' : bytes[i];
        }
        bytes[to++] = bytes[i];
    }
    if (i == end)
        return cp_ql_fail_at(r, "the end of quoted text");
    *text = (struct cp_view){bytes + from, to - from};
    r->rest = (struct cp_view){bytes + i + 1, end - i - 1};
    return CP_OK;
}

/* Up to the next slash that is not escaped, nor in brackets. */
enum cp_code cp_ql_take_pattern(struct cp_ql_reader *r, struct cp_ql_pattern **pattern)
{
    if (!cp_ql_take_symbol(r, "/"))
        return cp_ql_fail_at(r, "a regular expression between slashes");
    size_t n = 0;
    while (n < r->rest.n && r->rest.p[n] != '/')
        n += r->rest.p[n] == '\\' && n + 1 < r->rest.n ? 2 : 1;
    if (n == r->rest.n)
        return cp_ql_fail_at(r, "the end of a regular expression");
    struct cp_view text = {r->rest.p, n};
    r->rest = (struct cp_view){r->rest.p + n + 1, r->rest.n - n - 1};
    return cp_ql_pattern_new(text, pattern, r->err);
}

/* --- nodes and slots --- */

enum cp_code cp_ql_slot_of(struct cp_ql_reader *r, struct cp_view name, size_t *slot)
{
    struct cp_ql_query *q = r->query;
    for (*slot = 0; *slot < q->n_slots; ++*slot) {
        struct cp_view have = q->slots[*slot];
        if (have.n == name.n && memcmp(have.p, name.p, name.n) == 0)
            return CP_OK;
    }
    if (q->n_slots == CP_QL_SLOTS_MAX)
        return cp_fail(r->err, CP_ELIMIT, "more than %d names in a query", CP_QL_SLOTS_MAX);
    q->slots[q->n_slots++] = name;
    return CP_OK;
}

static enum cp_code add_node(struct cp_ql_reader *r, const struct cp_ql_node *node, size_t *at)
{
    struct cp_ql_query *q = r->query;
    if (q->n_nodes == CP_QL_NODES_MAX)
        return cp_fail(r->err, CP_ELIMIT, "a query of more than %d terms", CP_QL_NODES_MAX);
    *at = q->n_nodes;
    q->nodes[q->n_nodes++] = *node;
    return CP_OK;
}

static enum cp_code add_constant(struct cp_ql_reader *r, struct cp_ql_value value, size_t *at)
{
    const struct cp_ql_node node = {.kind = CP_QL_CONSTANT, .constant = value};
    return add_node(r, &node, at);
}

/* --- calls --- */

/* 5m, 1h: ms. */
static enum cp_code take_unit(struct cp_ql_reader *r, double *number)
{
    static const struct {
        const char *name;
        double ms;
    } units[] = {{"ms", 1},    {"msec", 1}, {"s", 1e3},   {"sec", 1e3}, {"m", 6e4},
                 {"min", 6e4}, {"h", 36e5}, {"hr", 36e5}, {"d", 864e5}, {"w", 6048e5}};
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        if (cp_ql_take_word(r, units[i].name)) {
            *number *= units[i].ms;
            return CP_OK;
        }
    }
    return cp_ql_fail_at(r, "a unit of time (ms, s, m, h, d or w)");
}

static enum cp_code take_number(struct cp_ql_reader *r, size_t *at)
{
    double number;
    if (!cp_view_take_double(&r->rest, &number))
        return cp_ql_fail_at(r, "a number");
    enum cp_code code = CP_OK;
    if (r->rest.n && is_name_start(*r->rest.p))
        code = take_unit(r, &number);
    return code ? code : add_constant(r, cp_ql_number(number), at);
}

static enum cp_code take_arguments(struct cp_ql_reader *r, struct cp_ql_node *node)
{
    enum cp_code code = CP_OK;
    if (node->kind == CP_QL_AGGREGATE && cp_ql_take_symbol(r, "*"))
        return cp_ql_take_symbol(r, ")") ? CP_OK : cp_ql_fail_at(r, "a closing parenthesis");
    if (cp_ql_take_symbol(r, ")"))
        return CP_OK;
    do {
        if (node->n == CP_QL_ARGUMENTS_MAX)
            return cp_fail(r->err, CP_ELIMIT, "more than %d arguments", CP_QL_ARGUMENTS_MAX);
        code = cp_ql_take_expression(r, &node->arguments[node->n++]);
    } while (!code && cp_ql_take_symbol(r, ","));
    return code || cp_ql_take_symbol(r, ")") ? code : cp_ql_fail_at(r, "a closing parenthesis");
}

static enum cp_code take_call(struct cp_ql_reader *r, struct cp_view name, size_t *at)
{
    struct cp_ql_query *q = r->query;
    size_t least = 0, most = 0;
    struct cp_ql_node node = {.kind = CP_QL_CALL};
    node.function = cp_ql_function_find(name, &least, &most);
    if (node.function == CP_QL_NO_FUNCTION) {
        node.kind = CP_QL_AGGREGATE;
        node.function = cp_ql_aggregate_find(name, &least, &most);
    }
    if (node.function == CP_QL_NO_FUNCTION)
        return cp_fail(r->err, CP_EUNSUPPORTED, "the function '%.*s' is not served here",
                       (int)name.n, name.p);
    if (node.kind == CP_QL_AGGREGATE && !r->is_in_stats)
        return cp_fail(r->err, CP_EFORMAT, "'%.*s' belongs into a stats command", (int)name.n,
                       name.p);
    bool was_in_stats = r->is_in_stats;
    r->is_in_stats = was_in_stats && node.kind == CP_QL_CALL; /* no aggregate of an aggregate */
    enum cp_code code = take_arguments(r, &node);
    r->is_in_stats = was_in_stats;
    if (code)
        return code;
    if (node.n < least || node.n > most)
        return cp_fail(r->err, CP_EFORMAT, "'%.*s' has %zu arguments", (int)name.n, name.p, node.n);
    if (node.kind == CP_QL_AGGREGATE) {
        if (q->n_aggregates == CP_QL_SLOTS_MAX)
            return cp_fail(r->err, CP_ELIMIT, "more than %d aggregates", CP_QL_SLOTS_MAX);
        node.slot = q->n_aggregates;
        q->aggregates[q->n_aggregates++] = q->n_nodes;
    }
    return add_node(r, &node, at);
}

/* --- from the inside out --- */

static enum cp_code take_primary(struct cp_ql_reader *r, size_t *at)
{
    *at = 0;
    struct cp_view name = {"", 0};
    enum cp_code code;
    cp_ql_skip_space(r);
    if (cp_ql_take_symbol(r, "(")) {
        code = cp_ql_take_expression(r, at);
        return code || cp_ql_take_symbol(r, ")") ? code : cp_ql_fail_at(r, "a closing parenthesis");
    }
    if (r->rest.n && *r->rest.p >= '0' && *r->rest.p <= '9')
        return take_number(r, at);
    if (cp_ql_is_next(r, '"') || cp_ql_is_next(r, '\'')) {
        code = cp_ql_take_quoted(r, &name);
        return code ? code : add_constant(r, cp_ql_text(name), at);
    }
    bool is_quoted = cp_ql_is_next(r, '`');
    if (!is_quoted && (cp_ql_take_word(r, "true") || cp_ql_take_word(r, "false"))) {
        char last_but = r->rest.p[-2]; /* tr(u)e, fal(s)e */
        return add_constant(r, cp_ql_bool(last_but == 'u' || last_but == 'U'), at);
    }
    code = cp_ql_take_name(r, &name);
    if (code)
        return code;
    if (!is_quoted && cp_ql_take_symbol(r, "("))
        return take_call(r, name, at);
    struct cp_ql_node node = {.kind = CP_QL_FIELD};
    code = cp_ql_slot_of(r, name, &node.slot);
    return code ? code : add_node(r, &node, at);
}

static enum cp_code join(struct cp_ql_reader *r, enum cp_ql_operator op, size_t right, size_t *at)
{
    const struct cp_ql_node node = {
        .kind = CP_QL_BINARY, .op = op, .arguments = {*at, right}, .n = 2};
    return add_node(r, &node, at);
}

static enum cp_code wrap(struct cp_ql_reader *r, struct cp_ql_node node, size_t *at)
{
    node.arguments[0] = *at;
    node.n = node.n ? node.n : 1;
    return add_node(r, &node, at);
}

static enum cp_code take_signed(struct cp_ql_reader *r, size_t *at)
{
    bool is_negative = cp_ql_take_symbol(r, "-");
    size_t right = 0;
    enum cp_code code = take_primary(r, at);
    if (!code && cp_ql_take_symbol(r, "^")) {
        if (++r->depth > CP_QL_DEPTH_MAX)
            return cp_fail(r->err, CP_ELIMIT, "nested deeper than %d", CP_QL_DEPTH_MAX);
        code = take_signed(r, &right);
        r->depth--;
        if (!code)
            code = join(r, CP_QL_POWER, right, at);
    }
    return code || !is_negative ? code : wrap(r, (struct cp_ql_node){.kind = CP_QL_NEGATIVE}, at);
}

static enum cp_code take_product(struct cp_ql_reader *r, size_t *at)
{
    static const struct {
        const char *symbol;
        enum cp_ql_operator op;
    } all[] = {{"*", CP_QL_MULTIPLY}, {"/", CP_QL_DIVIDE}, {"%", CP_QL_REMAINDER}};
    enum cp_code code = take_signed(r, at);
    for (size_t i = 0; !code && i < sizeof all / sizeof *all;) {
        size_t right = 0;
        if (!cp_ql_take_symbol(r, all[i].symbol)) {
            i++;
            continue;
        }
        code = take_signed(r, &right);
        if (!code)
            code = join(r, all[i].op, right, at);
        i = 0;
    }
    return code;
}

static enum cp_code take_sum(struct cp_ql_reader *r, size_t *at)
{
    enum cp_code code = take_product(r, at);
    while (!code) {
        bool is_plus = cp_ql_take_symbol(r, "+");
        size_t right = 0;
        if (!is_plus && !cp_ql_take_symbol(r, "-"))
            return CP_OK;
        code = take_product(r, &right);
        if (!code)
            code = join(r, is_plus ? CP_QL_ADD : CP_QL_SUBTRACT, right, at);
    }
    return code;
}

/* --- comparisons --- */

static enum cp_code take_like(struct cp_ql_reader *r, size_t *at)
{
    struct cp_ql_node node = {.kind = CP_QL_LIKE_TEXT};
    struct cp_view text = {"", 0};
    enum cp_code code;
    if (cp_ql_is_next(r, '/')) {
        node.kind = CP_QL_LIKE_PATTERN;
        code = cp_ql_take_pattern(r, &node.pattern);
    } else {
        code = cp_ql_take_quoted(r, &text);
        node.constant = cp_ql_text(text);
    }
    if (!code && (code = wrap(r, node, at)))
        cp_ql_pattern_free(node.pattern);
    return code;
}

static enum cp_code take_list(struct cp_ql_reader *r, size_t *at)
{
    struct cp_ql_node node = {.kind = CP_QL_IN, .n = 1};
    enum cp_code code = CP_OK;
    if (!cp_ql_take_symbol(r, "["))
        return cp_ql_fail_at(r, "a list in brackets");
    do {
        if (node.n == CP_QL_ARGUMENTS_MAX)
            return cp_fail(r->err, CP_ELIMIT, "a list of more than %d", CP_QL_ARGUMENTS_MAX - 1);
        code = cp_ql_take_expression(r, &node.arguments[node.n++]);
    } while (!code && cp_ql_take_symbol(r, ","));
    if (!code && !cp_ql_take_symbol(r, "]"))
        return cp_ql_fail_at(r, "a closing bracket");
    return code ? code : wrap(r, node, at);
}

static enum cp_code take_comparison(struct cp_ql_reader *r, size_t *at)
{
    static const struct {
        const char *symbol;
        enum cp_ql_operator op;
    } all[] = {{"!=", CP_QL_NOT_EQUAL}, {"<=", CP_QL_AT_MOST}, {">=", CP_QL_AT_LEAST},
               {"=", CP_QL_EQUAL},      {"<", CP_QL_LESS},     {">", CP_QL_GREATER}};
    size_t right = 0;
    enum cp_code code = take_sum(r, at);
    if (code)
        return code;
    if (cp_ql_take_symbol(r, "=~") || cp_ql_take_word(r, "like"))
        return take_like(r, at);
    if (cp_ql_take_word(r, "in"))
        return take_list(r, at);
    if (cp_ql_take_word(r, "not")) {
        bool is_like = cp_ql_take_word(r, "like");
        if (!is_like && !cp_ql_take_word(r, "in"))
            return cp_ql_fail_at(r, "'like' or 'in'");
        code = is_like ? take_like(r, at) : take_list(r, at);
        return code ? code : wrap(r, (struct cp_ql_node){.kind = CP_QL_NOT}, at);
    }
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        if (!cp_ql_take_symbol(r, all[i].symbol))
            continue;
        code = take_sum(r, &right);
        return code ? code : join(r, all[i].op, right, at);
    }
    return CP_OK;
}

static enum cp_code take_not(struct cp_ql_reader *r, size_t *at)
{
    int n = 0;
    while (cp_ql_take_word(r, "not"))
        n++;
    enum cp_code code = take_comparison(r, at);
    return code || n % 2 == 0 ? code : wrap(r, (struct cp_ql_node){.kind = CP_QL_NOT}, at);
}

static enum cp_code take_and(struct cp_ql_reader *r, size_t *at)
{
    size_t right = 0;
    enum cp_code code = take_not(r, at);
    while (!code && cp_ql_take_word(r, "and")) {
        code = take_not(r, &right);
        if (!code)
            code = join(r, CP_QL_AND, right, at);
    }
    return code;
}

enum cp_code cp_ql_take_expression(struct cp_ql_reader *r, size_t *at)
{
    *at = 0;
    size_t right = 0;
    if (++r->depth > CP_QL_DEPTH_MAX)
        return cp_fail(r->err, CP_ELIMIT, "nested deeper than %d", CP_QL_DEPTH_MAX);
    enum cp_code code = take_and(r, at);
    while (!code && cp_ql_take_word(r, "or")) {
        code = take_and(r, &right);
        if (!code)
            code = join(r, CP_QL_OR, right, at);
    }
    r->depth--;
    return code;
}
