/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "probes/local/query_expression.h"

#include <regex.h>
#include <stdlib.h>
#include <string.h>

#include "model/base/buf.h"

enum { NAME_MAX_BYTES = 64, TEXT_MAX = 8192, SUBJECT_MAX = 8 << 20 };

struct cp_ql_pattern {
    regex_t posix;
    struct cp_buf subject;            /* what is being looked at */
    size_t n_groups;                  /* named ones */
    size_t numbers[CP_QL_GROUPS_MAX]; /* of the parenthesis */
    char names[CP_QL_GROUPS_MAX][NAME_MAX_BYTES];
};

struct translation {
    struct cp_ql_pattern *to;
    struct cp_view rest;
    struct cp_buf posix;
    size_t n_parentheses;
    bool ignores_case;
    struct cp_error *err;
};

static char take(struct translation *t)
{
    char c = *t->rest.p++;
    t->rest.n--;
    return c;
}

/* What an escape outside of brackets stands for; NULL: the character itself. */
static const char *class_of(char c)
{
    switch (c) {
    case 'd':
        return "0-9";
    case 'w':
        return "A-Za-z0-9_";
    case 's':
        return " \t\n\r\f\v";
    default:
        return NULL;
    }
}

static bool plain_escape(char c, char *out)
{
    static const char from[] = "tnrfv", to[] = "\t\n\r\f\v";
    const char *at = strchr(from, c);
    if (at && c)
        *out = to[at - from];
    else if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'))
        return false;
    else
        *out = c;
    return true;
}

static enum cp_code fail_escape(const struct translation *t, char c)
{
    return cp_fail(t->err, CP_EUNSUPPORTED, "'\\%c' in a regular expression is not served here", c);
}

static void add_literal(struct translation *t, char c)
{
    if (strchr("\\^$.[]|()*+?{}", c))
        (void)cp_buf_addc(&t->posix, '\\');
    (void)cp_buf_addc(&t->posix, c);
}

static enum cp_code add_escape(struct translation *t)
{
    char c = t->rest.n ? take(t) : '\0', plain;
    const char *members = class_of(c);
    if (members)
        (void)cp_buf_addf(&t->posix, "[%s]", members);
    else if ((c == 'D' || c == 'W' || c == 'S') && class_of((char)(c + ('a' - 'A'))))
        (void)cp_buf_addf(&t->posix, "[^%s]", class_of((char)(c + ('a' - 'A'))));
    else if (c == 'b')
        (void)cp_buf_adds(&t->posix, "\\b"); /* glibc has it */
    else if (plain_escape(c, &plain))
        add_literal(t, plain);
    else
        return fail_escape(t, c);
    return CP_OK;
}

/* POSIX knows no escapes in brackets: ']' has to come first there, '-' last, '^' not first. */
struct bracket {
    struct cp_buf members;
    bool is_negated, has_close, has_minus, has_caret;
};

static enum cp_code add_member(struct translation *t, struct bracket *b)
{
    char c = take(t);
    bool is_escaped = c == '\\' && t->rest.n;
    if (is_escaped)
        c = take(t);
    if (is_escaped && class_of(c))
        (void)cp_buf_adds(&b->members, class_of(c));
    else if (is_escaped && !plain_escape(c, &c))
        return fail_escape(t, c);
    else if (c == '[' && !is_escaped)
        return cp_fail(t->err, CP_EUNSUPPORTED, "'[' inside of brackets is not served here");
    else if (c == ']')
        b->has_close = true;
    else if (c == '^')
        b->has_caret = true;
    else if (c == '-' && (is_escaped || !b->members.n || (t->rest.n && *t->rest.p == ']')))
        b->has_minus = true;
    else
        (void)cp_buf_addc(&b->members, c);
    return CP_OK;
}

static void write_bracket(struct translation *t, const struct bracket *b)
{
    bool is_caret_first = b->has_caret && !b->is_negated && !b->has_close && !b->members.n;
    if (is_caret_first) {
        (void)cp_buf_adds(&t->posix, b->has_minus ? "[-^]" : "\\^");
        return;
    }
    (void)cp_buf_addf(&t->posix, "[%s%s%s%s%s]", b->is_negated ? "^" : "", b->has_close ? "]" : "",
                      cp_buf_str(&b->members), b->has_caret ? "^" : "", b->has_minus ? "-" : "");
}

static enum cp_code add_bracket(struct translation *t)
{
    struct bracket b = {.is_negated = cp_view_skip(&t->rest, "^")};
    enum cp_code code = CP_OK;
    cp_buf_init(&b.members, TEXT_MAX);
    while (!code && t->rest.n && *t->rest.p != ']')
        code = add_member(t, &b);
    if (!code && !t->rest.n)
        code = cp_fail(t->err, CP_EFORMAT, "a bracket in a regular expression has no end");
    if (!code) {
        (void)take(t);
        write_bracket(t, &b);
    }
    cp_buf_clear(&b.members);
    return code;
}

static enum cp_code add_name(struct translation *t)
{
    struct cp_ql_pattern *p = t->to;
    const char *end = memchr(t->rest.p, '>', t->rest.n);
    size_t n = end ? (size_t)(end - t->rest.p) : 0;
    if (!n || n >= NAME_MAX_BYTES || p->n_groups == CP_QL_GROUPS_MAX)
        return cp_fail(t->err, CP_EFORMAT, "a group's name in a regular expression is malformed");
    (void)cp_view_copy((struct cp_view){t->rest.p, n}, p->names[p->n_groups], NAME_MAX_BYTES);
    p->numbers[p->n_groups++] = t->n_parentheses;
    t->rest = (struct cp_view){end + 1, t->rest.n - n - 1};
    return CP_OK;
}

static enum cp_code add_parenthesis(struct translation *t)
{
    (void)cp_buf_addc(&t->posix, '(');
    t->n_parentheses++;
    if (cp_view_skip(&t->rest, "?:") || !t->rest.n || *t->rest.p != '?')
        return CP_OK;
    bool is_look = cp_view_has_prefix(t->rest, "?<=") || cp_view_has_prefix(t->rest, "?<!");
    if (!is_look && (cp_view_skip(&t->rest, "?<") || cp_view_skip(&t->rest, "?P<")))
        return add_name(t);
    return cp_fail(t->err, CP_EUNSUPPORTED, "'(%.*s' in a regular expression is not served here",
                   (int)(t->rest.n < 3 ? t->rest.n : 3), t->rest.p);
}

static enum cp_code add_one(struct translation *t)
{
    char c = take(t);
    switch (c) {
    case '\\':
        return add_escape(t);
    case '[':
        return add_bracket(t);
    case '(':
        return add_parenthesis(t);
    case '.': /* not a line's end; so are '$' and a message's last LF */
        (void)cp_buf_adds(&t->posix, "[^\n]");
        return CP_OK;
    case '$':
        (void)cp_buf_adds(&t->posix, "\n?$");
        return CP_OK;
    case '*':
    case '+':
    case '?':
    case '}':
        (void)cp_buf_addc(&t->posix, c);
        if (t->rest.n && (*t->rest.p == '?' || *t->rest.p == '+'))
            return cp_fail(t->err, CP_EUNSUPPORTED,
                           "'%c%c' in a regular expression is not served here", c, *t->rest.p);
        return CP_OK;
    default:
        (void)cp_buf_addc(&t->posix, c);
        return CP_OK;
    }
}

static enum cp_code compile(struct translation *t)
{
    char text[256];
    if (t->posix.failed)
        return cp_fail(t->err, CP_ELIMIT, "a regular expression is too long");
    int number = regcomp(&t->to->posix, cp_buf_str(&t->posix),
                         REG_EXTENDED | (t->ignores_case ? REG_ICASE : 0));
    if (!number)
        return CP_OK;
    (void)regerror(number, &t->to->posix, text, sizeof text);
    return cp_fail(t->err, CP_EFORMAT, "a regular expression is malformed: %s", text);
}

static enum cp_code finish(struct translation *t, enum cp_code code, struct cp_ql_pattern **out)
{
    if (!code)
        code = compile(t);
    cp_buf_clear(&t->posix);
    if (code)
        free(t->to);
    else
        *out = t->to;
    return code;
}

static enum cp_code begin(struct translation *t, struct cp_view text, struct cp_error *err)
{
    *t = (struct translation){.rest = text, .err = err};
    cp_buf_init(&t->posix, TEXT_MAX);
    t->to = calloc(1, sizeof *t->to);
    if (!t->to)
        return cp_fail(err, CP_ENOMEM, "out of memory");
    cp_buf_init(&t->to->subject, SUBJECT_MAX);
    return CP_OK;
}

enum cp_code cp_ql_pattern_new(struct cp_view text, struct cp_ql_pattern **out,
                               struct cp_error *err)
{
    struct translation t;
    enum cp_code code = begin(&t, text, err);
    t.ignores_case = cp_view_skip(&t.rest, "(?i)");
    while (!code && t.rest.n)
        code = add_one(&t);
    return finish(&t, code, out);
}

enum cp_code cp_ql_pattern_new_glob(struct cp_view text, struct cp_ql_pattern **out,
                                    struct cp_error *err)
{
    struct translation t;
    enum cp_code code = begin(&t, text, err);
    while (!code && t.rest.n) {
        char c = take(&t);
        if (c != '*') {
            add_literal(&t, c);
            continue;
        }
        /* A star takes as little as it can: everything before the next character of the glob. */
        char next = t.rest.n ? *t.rest.p : '\0';
        if (!next)
            (void)cp_buf_adds(&t.posix, "([^\n]*)");
        else
            (void)cp_buf_addf(&t.posix, next == ']' ? "([^%c\n]*)" : "([^\n%c]*)", next);
        if (!code && t.to->n_groups == CP_QL_GROUPS_MAX)
            code = cp_fail(err, CP_ELIMIT, "a parse glob has more than %d stars", CP_QL_GROUPS_MAX);
        if (!code)
            t.to->numbers[t.to->n_groups++] = ++t.n_parentheses;
    }
    return finish(&t, code, out);
}

void cp_ql_pattern_free(struct cp_ql_pattern *pattern)
{
    if (!pattern)
        return;
    regfree(&pattern->posix);
    cp_buf_clear(&pattern->subject);
    free(pattern);
}

size_t cp_ql_pattern_groups(const struct cp_ql_pattern *pattern)
{
    return pattern->n_groups;
}

struct cp_view cp_ql_pattern_group(const struct cp_ql_pattern *pattern, size_t i)
{
    return cp_view_of(pattern->names[i]);
}

bool cp_ql_pattern_find(struct cp_ql_pattern *pattern, struct cp_view text,
                        struct cp_view groups[CP_QL_GROUPS_MAX])
{
    enum { PARENTHESES_MAX = 64 };
    regmatch_t found[PARENTHESES_MAX];
    cp_buf_reset(&pattern->subject); /* POSIX wants a NUL after it */
    (void)cp_buf_add_view(&pattern->subject, text);
    size_t n = groups ? PARENTHESES_MAX : 1;
    if (pattern->subject.failed ||
        regexec(&pattern->posix, cp_buf_str(&pattern->subject), n, found, 0) != 0)
        return false;
    for (size_t i = 0; groups && i < pattern->n_groups; i++) {
        size_t number = pattern->numbers[i];
        groups[i] = (struct cp_view){NULL, 0};
        if (number < PARENTHESES_MAX && found[number].rm_so >= 0)
            groups[i] = (struct cp_view){text.p + found[number].rm_so,
                                         (size_t)(found[number].rm_eo - found[number].rm_so)};
    }
    return true;
}
