/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "probes/local/logs_pattern.h"

#include <stdlib.h>
#include <string.h>

#include "probes/local/logs_selector.h"

enum { TEXT_MAX = 1024, TERMS_MAX = 128 };

struct term {
    enum { TERM_ALL, TERM_ANY, TERM_NONE } kind;
    struct cp_view text; /* into `chars` */
};

struct cp_cwl_pattern {
    char chars[TEXT_MAX]; /* unquoted terms, one after the other */
    size_t n_chars;
    struct term terms[TERMS_MAX];
    size_t n, n_of[3];
    struct cp_cwl_selector *selector; /* of a JSON pattern */
};

/* --- terms --- */

static bool is_term_byte(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           strchr("_.:/$@-", c);
}

static enum cp_code take_quoted(struct cp_cwl_pattern *p, struct cp_view *rest,
                                struct cp_error *err)
{
    for (rest->p++, rest->n--; rest->n; rest->p++, rest->n--) {
        if (*rest->p == '"') {
            rest->p++;
            rest->n--;
            return CP_OK;
        }
        if (*rest->p == '\\' && rest->n > 1) {
            rest->p++;
            rest->n--;
        }
        p->chars[p->n_chars++] = *rest->p;
    }
    return cp_fail(err, CP_EFORMAT, "a quoted phrase has no end");
}

static enum cp_code take_word(struct cp_cwl_pattern *p, struct cp_view *rest, struct cp_error *err)
{
    const char *start = rest->p;
    while (rest->n && is_term_byte(*rest->p)) {
        p->chars[p->n_chars++] = *rest->p++;
        rest->n--;
    }
    if (rest->p == start)
        return cp_fail(err, *start == '%' ? CP_EUNSUPPORTED : CP_EFORMAT,
                       "'%c' is not allowed outside of a quoted phrase", *start);
    return CP_OK;
}

static enum cp_code take_term(struct cp_cwl_pattern *p, struct cp_view *rest, struct cp_error *err)
{
    struct term *t = &p->terms[p->n];
    if (p->n == TERMS_MAX)
        return cp_fail(err, CP_ELIMIT, "more than %d terms", TERMS_MAX);
    t->kind = cp_view_skip(rest, "?") ? TERM_ANY : cp_view_skip(rest, "-") ? TERM_NONE : TERM_ALL;
    size_t from = p->n_chars;
    if (!rest->n)
        return cp_fail(err, CP_EFORMAT, "a term is missing at the end");
    enum cp_code code = *rest->p == '"' ? take_quoted(p, rest, err) : take_word(p, rest, err);
    t->text = (struct cp_view){p->chars + from, p->n_chars - from};
    p->n += !code;
    p->n_of[t->kind] += !code;
    return code;
}

static enum cp_code read_terms(struct cp_cwl_pattern *p, struct cp_view text, struct cp_error *err)
{
    enum cp_code code = CP_OK;
    for (text = cp_view_trim(text); !code && text.n; (void)cp_view_skip_blanks(&text))
        code = take_term(p, &text, err);
    return code;
}

enum cp_code cp_cwl_pattern_new(struct cp_view text, struct cp_cwl_pattern **out,
                                struct cp_error *err)
{
    text = cp_view_trim(text);
    if (text.n > TEXT_MAX)
        return cp_fail(err, CP_EFORMAT, "longer than %d characters", TEXT_MAX);
    if (text.n && *text.p == '[')
        return cp_fail(err, CP_EUNSUPPORTED, "patterns of fields in brackets are not served here");
    struct cp_cwl_pattern *p = calloc(1, sizeof *p);
    if (!p)
        return cp_fail(err, CP_ENOMEM, "out of memory");
    bool is_json = text.n && *text.p == '{';
    enum cp_code code =
        is_json ? cp_cwl_selector_new(text, &p->selector, err) : read_terms(p, text, err);
    if (code) {
        cp_cwl_pattern_free(p);
        return code;
    }
    *out = p;
    return CP_OK;
}

void cp_cwl_pattern_free(struct cp_cwl_pattern *pattern)
{
    if (!pattern)
        return;
    cp_cwl_selector_free(pattern->selector);
    free(pattern);
}

/* --- matching --- */

static bool has_text(struct cp_view message, struct cp_view term)
{
    return !term.n || memmem(message.p, message.n, term.p, term.n);
}

bool cp_cwl_pattern_matches(const struct cp_cwl_pattern *p, struct cp_view message)
{
    if (p->selector)
        return cp_cwl_selector_matches(p->selector, message);
    bool has_any = false;
    for (size_t i = 0; i < p->n; i++) {
        bool is_there = has_text(message, p->terms[i].text);
        if (p->terms[i].kind == TERM_ALL && !is_there)
            return false;
        if (p->terms[i].kind == TERM_NONE && is_there)
            return false;
        has_any |= p->terms[i].kind == TERM_ANY && is_there;
    }
    return has_any || p->n_of[TERM_ALL] || !p->n_of[TERM_ANY];
}

bool cp_cwl_wildcard_matches(struct cp_view pattern, struct cp_view text)
{
    size_t p = 0, t = 0, star = SIZE_MAX, resume = 0;
    while (t < text.n) {
        if (p < pattern.n && pattern.p[p] == '*') {
            star = p++;
            resume = t;
        } else if (p < pattern.n && pattern.p[p] == text.p[t]) {
            p++;
            t++;
        } else if (star != SIZE_MAX) {
            p = star + 1;
            t = ++resume;
        } else {
            return false;
        }
    }
    while (p < pattern.n && pattern.p[p] == '*')
        p++;
    return p == pattern.n;
}
