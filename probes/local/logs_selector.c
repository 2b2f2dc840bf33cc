/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "probes/local/logs_selector.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "probes/local/logs_pattern.h"

enum { NODES_MAX = 128, CHARS_MAX = 2048, DEPTH_MAX = 16, STEP_MAX = 256 };

enum test {
    EQUAL,
    NOT_EQUAL,
    LESS,
    AT_MOST,
    GREATER,
    AT_LEAST,
    IS_TRUE,
    IS_FALSE,
    IS_NULL,
    EXISTS,
    EXISTS_NOT
};

struct node {
    enum { AND, OR, COMPARE } kind;
    size_t left, right;  /* of AND, OR */
    struct cp_view path; /* without "$" */
    enum test test;
    bool is_number;
    double number;
    struct cp_view text;
};

struct cp_cwl_selector {
    char chars[CHARS_MAX];
    size_t n_chars;
    struct node nodes[NODES_MAX];
    size_t n, root;
};

struct reader {
    struct cp_cwl_selector *to;
    struct cp_view rest;
    int depth;
    struct cp_error *err;
};

/* --- reading --- */

static enum cp_code fail(struct reader *r, const char *wanted)
{
    return cp_fail(r->err, CP_EFORMAT, "%s is expected at '%.*s'", wanted,
                   (int)(r->rest.n < 40 ? r->rest.n : 40), r->rest.p);
}

static bool skip(struct reader *r, const char *literal)
{
    (void)cp_view_skip_blanks(&r->rest);
    return cp_view_skip(&r->rest, literal);
}

static bool skip_word(struct reader *r, const char *word)
{
    size_t n = strlen(word);
    (void)cp_view_skip_blanks(&r->rest);
    if (r->rest.n < n || strncasecmp(r->rest.p, word, n) != 0)
        return false;
    r->rest = (struct cp_view){r->rest.p + n, r->rest.n - n};
    return true;
}

static enum cp_code add_node(struct reader *r, const struct node *node, size_t *at)
{
    if (r->to->n == NODES_MAX)
        return cp_fail(r->err, CP_ELIMIT, "more than %d conditions", NODES_MAX);
    *at = r->to->n++;
    r->to->nodes[*at] = *node;
    return CP_OK;
}

static void keep(struct reader *r, struct cp_view *text)
{
    char *to = r->to->chars + r->to->n_chars;
    memcpy(to, text->p, text->n); /* fits: the parts of a pattern are no longer than the pattern */
    r->to->n_chars += text->n;
    text->p = to;
}

static enum cp_code take_path(struct reader *r, struct node *node)
{
    if (!skip(r, "$"))
        return fail(r, "a property such as $.type");
    const char *start = r->rest.p;
    size_t n = 0;
    while (n < r->rest.n && !strchr(" \t=!<>()&|{}", start[n]))
        n++;
    if (!n || (start[0] != '.' && start[0] != '['))
        return fail(r, "a property such as $.type");
    node->path = (struct cp_view){start, n};
    r->rest = (struct cp_view){start + n, r->rest.n - n};
    keep(r, &node->path);
    return CP_OK;
}

static enum cp_code take_value(struct reader *r, struct node *node)
{
    (void)cp_view_skip_blanks(&r->rest);
    struct cp_view rest = r->rest;
    bool is_quoted = cp_view_skip(&rest, "\"");
    size_t n = 0;
    while (n < rest.n && (is_quoted ? rest.p[n] != '"' : !strchr(" \t()&|}", rest.p[n])))
        n++;
    if ((is_quoted && n == rest.n) || (!is_quoted && !n))
        return fail(r, "a value");
    node->text = (struct cp_view){rest.p, n};
    n += is_quoted;
    r->rest = (struct cp_view){rest.p + n, rest.n - n};
    node->is_number = !is_quoted && cp_view_to_double(node->text, &node->number);
    bool is_order = node->test >= LESS && node->test <= AT_LEAST;
    if (is_order && !node->is_number)
        return cp_fail(r->err, CP_EFORMAT, "'%.*s' is not a number", (int)node->text.n,
                       node->text.p);
    keep(r, &node->text);
    return CP_OK;
}

static enum cp_code take_comparison(struct reader *r, size_t *at)
{
    static const struct {
        const char *text;
        enum test test;
    } operators[] = {{"!=", NOT_EQUAL}, {"<=", AT_MOST}, {">=", AT_LEAST},
                     {"=", EQUAL},      {"<", LESS},     {">", GREATER}};
    static const struct {
        const char *first, *second;
        enum test test;
    } words[] = {{"IS", "TRUE", IS_TRUE},
                 {"IS", "FALSE", IS_FALSE},
                 {"IS", "NULL", IS_NULL},
                 {"NOT", "EXISTS", EXISTS_NOT},
                 {"EXISTS", "", EXISTS}};
    struct node node = {.kind = COMPARE};
    enum cp_code code = take_path(r, &node);
    if (code)
        return code;
    for (size_t i = 0; i < sizeof operators / sizeof *operators; i++) {
        if (!skip(r, operators[i].text))
            continue;
        node.test = operators[i].test;
        code = take_value(r, &node);
        return code ? code : add_node(r, &node, at);
    }
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        struct cp_view before = r->rest;
        node.test = words[i].test;
        if (skip_word(r, words[i].first) && skip_word(r, words[i].second))
            return add_node(r, &node, at);
        r->rest = before;
    }
    return fail(r, "a comparison");
}

static enum cp_code take_any(struct reader *r, size_t *at);

static enum cp_code take_part(struct reader *r, size_t *at)
{
    if (!skip(r, "("))
        return take_comparison(r, at);
    if (++r->depth > DEPTH_MAX)
        return cp_fail(r->err, CP_ELIMIT, "nested deeper than %d", DEPTH_MAX);
    enum cp_code code = take_any(r, at);
    r->depth--;
    return code || skip(r, ")") ? code : fail(r, "a closing parenthesis");
}

static enum cp_code take_all(struct reader *r, size_t *at)
{
    enum cp_code code = take_part(r, at);
    while (!code && skip(r, "&&")) {
        struct node node = {.kind = AND, .left = *at};
        code = take_part(r, &node.right);
        if (!code)
            code = add_node(r, &node, at);
    }
    return code;
}

static enum cp_code take_any(struct reader *r, size_t *at)
{
    enum cp_code code = take_all(r, at);
    while (!code && skip(r, "||")) {
        struct node node = {.kind = OR, .left = *at};
        code = take_all(r, &node.right);
        if (!code)
            code = add_node(r, &node, at);
    }
    return code;
}

enum cp_code cp_cwl_selector_new(struct cp_view text, struct cp_cwl_selector **out,
                                 struct cp_error *err)
{
    if (text.n > CHARS_MAX)
        return cp_fail(err, CP_ELIMIT, "longer than %d characters", CHARS_MAX);
    struct cp_cwl_selector *s = calloc(1, sizeof *s);
    if (!s)
        return cp_fail(err, CP_ENOMEM, "out of memory");
    struct reader r = {.to = s, .rest = text, .err = err};
    enum cp_code code = skip(&r, "{") ? take_any(&r, &s->root) : fail(&r, "an opening brace");
    if (!code && (!skip(&r, "}") || cp_view_trim(r.rest).n))
        code = fail(&r, "a closing brace and the end");
    if (code)
        cp_cwl_selector_free(s);
    else
        *out = s;
    return code;
}

void cp_cwl_selector_free(struct cp_cwl_selector *selector)
{
    free(selector);
}

/* --- matching --- */

/* One step of a path: .name, [3] or ["name"]. NULL: not there. */
static const cJSON *step(const cJSON *at, struct cp_view *path)
{
    char name[STEP_MAX];
    size_t n = 1;
    if (*path->p == '.') {
        while (n < path->n && path->p[n] != '.' && path->p[n] != '[')
            n++;
        if (!cp_view_copy((struct cp_view){path->p + 1, n - 1}, name, sizeof name))
            return NULL;
        *path = (struct cp_view){path->p + n, path->n - n};
        return cJSON_GetObjectItemCaseSensitive(at, name);
    }
    const char *end = memchr(path->p, ']', path->n);
    if (*path->p != '[' || !end)
        return NULL;
    struct cp_view inside = {path->p + 1, (size_t)(end - path->p) - 1};
    *path = (struct cp_view){end + 1, path->n - inside.n - 2};
    int64_t index;
    if (cp_view_to_int64(inside, &index))
        return index >= 0 && index < INT32_MAX ? cJSON_GetArrayItem(at, (int)index) : NULL;
    (void)cp_view_skip(&inside, "\"");
    inside.n -= inside.n && inside.p[inside.n - 1] == '"';
    return cp_view_copy(inside, name, sizeof name) ? cJSON_GetObjectItemCaseSensitive(at, name)
                                                   : NULL;
}

static bool orders(enum test test, double a, double b)
{
    return test == LESS ? a < b : test == AT_MOST ? a <= b : test == GREATER ? a > b : a >= b;
}

static bool equals(const struct node *node, const cJSON *value)
{
    char number[32];
    if (node->is_number && cJSON_IsNumber(value))
        return !(value->valuedouble < node->number) && !(value->valuedouble > node->number);
    const char *text = cJSON_GetStringValue(value);
    if (!text && cJSON_IsNumber(value)) {
        (void)snprintf(number, sizeof number, "%.15g", value->valuedouble);
        text = number;
    }
    return text && cp_cwl_wildcard_matches(node->text, cp_view_of(text));
}

static bool compares(const struct node *node, const cJSON *root)
{
    struct cp_view path = node->path;
    const cJSON *value = root;
    while (value && path.n)
        value = step(value, &path);
    switch (node->test) {
    case EXISTS:
        return value != NULL;
    case EXISTS_NOT:
        return value == NULL;
    case IS_TRUE:
        return cJSON_IsTrue(value);
    case IS_FALSE:
        return cJSON_IsFalse(value);
    case IS_NULL:
        return cJSON_IsNull(value);
    case EQUAL:
        return value && equals(node, value);
    case NOT_EQUAL:
        return value && !equals(node, value);
    default:
        return value && cJSON_IsNumber(value) &&
               orders(node->test, value->valuedouble, node->number);
    }
}

static bool holds(const struct cp_cwl_selector *s, size_t at, const cJSON *root)
{
    const struct node *node = &s->nodes[at];
    if (node->kind == COMPARE)
        return compares(node, root);
    bool is_left = holds(s, node->left, root);
    return node->kind == AND ? is_left && holds(s, node->right, root)
                             : is_left || holds(s, node->right, root);
}

bool cp_cwl_selector_matches(const struct cp_cwl_selector *selector, struct cp_view message)
{
    message = cp_view_trim(message);
    if (!message.n || *message.p != '{')
        return false;
    cJSON *root = cJSON_ParseWithLength(message.p, message.n);
    bool matches = root && holds(selector, selector->root, root);
    cJSON_Delete(root);
    return matches;
}
