/* SPDX-License-Identifier: GPL-3.0-or-later
 * The fitted models in words and as JSON.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "reports/figures.h"
#include "reports/fitted.h"
#include "reports/text_lines.h"

/* --- shared by all formats --- */

const char *cp_parameter_format(const struct cp_parameter *p, char out[CP_FORMAT_MAX])
{
    bool is_memory = strcmp(p->unit, "MB") == 0;
    enum cp_unit unit = is_memory ? CP_UNIT_MB : CP_UNIT_PLAIN;
    char value[CP_FORMAT_MAX];
    char high[CP_FORMAT_MAX];
    if (is_memory && isinf(p->estimate.value))
        return memcpy(out, "none", 5);
    if (!isnan(p->estimate.low) || !isfinite(p->estimate.high))
        return cp_format_interval(unit, p->estimate, out);
    bool has_value = !isnan(p->estimate.value);
    (void)snprintf(out, CP_FORMAT_MAX, "%.40s%sat most %.40s",
                   has_value ? cp_format(unit, p->estimate.value, value) : "",
                   has_value ? ", " : "", cp_format(unit, p->estimate.high, high));
    return out;
}

void cp_fitted_n_text(const struct cp_fitted *m, struct cp_buf *out)
{
    char n[CP_FORMAT_MAX];
    cp_buf_addf(out, "n = %s", cp_format_count(m->n_samples, n));
    if (m->n_groups > 1)
        cp_buf_addf(out, " of %zu %ss", m->n_groups, m->group_word);
}

#define TINY 0.0001 /* the digits of p-values below it tell nothing */

void cp_fitted_checks_text(const struct cp_fitted *m, struct cp_buf *out)
{
    char number[CP_FORMAT_MAX];
    for (size_t i = 0; i < m->n_checks; i++) {
        const struct cp_fitted_check *c = &m->checks[i];
        bool is_tiny = c->unit == CP_UNIT_PLAIN && c->value > 0 && c->value < TINY;
        cp_format(c->unit, is_tiny ? TINY : c->value, number);
        cp_buf_addf(out, "%s%s %s%s%s", i ? "; " : "", c->name, is_tiny ? "below " : "", number,
                    c->unit == CP_UNIT_PERCENT ? " %" : "");
        if (c->remark[0])
            cp_buf_addf(out, " (%s)", c->remark);
    }
}

/* "64.9 [63.5, 66.7]", "<= 80.6", "too few, worth 134 samples of 299" */
static void add_value(const struct cp_fitted *m, const struct cp_fitted_value *v,
                      struct cp_buf *out)
{
    char text[CP_FORMAT_MAX];
    switch (v->status) {
    case CP_ANSWER_NONE:
        cp_buf_adds(out, "-");
        break;
    case CP_ANSWER_TOO_FEW:
        cp_buf_addf(out, "too few, worth %s samples of %zu", cp_format(CP_UNIT_COUNT, v->n, text),
                    v->n_needed);
        break;
    case CP_ANSWER_UPPER_ONLY:
        cp_buf_addf(out, "<= %s", cp_format(m->value_unit, v->value.high, text));
        break;
    case CP_ANSWER_OK:
        cp_buf_adds(out, cp_format_interval(m->value_unit, v->value, text));
        break;
    }
}

void cp_fitted_value_text(const struct cp_fitted *m, const struct cp_fitted_value *v,
                          struct cp_buf *out)
{
    const char *unit = cp_unit_name(m->value_unit);
    char n[CP_FORMAT_MAX];
    bool is_number = v->status == CP_ANSWER_OK || v->status == CP_ANSWER_UPPER_ONLY;
    add_value(m, v, out);
    if (unit[0] && is_number)
        cp_buf_addf(out, " %s", unit);
    if (!isnan(v->n) && is_number)
        cp_buf_addf(out, " (worth %s samples)", cp_format(CP_UNIT_COUNT, v->n, n));
    if (v->label)
        cp_buf_addf(out, " (%s)", v->label);
}

/* --- terminal --- */

enum { INDENT = 2, NAME_WIDTH = 14, AT_WIDTH = 9, VALUE_COLUMN = 15 };

static void add_line(const struct cp_text_lines *t, size_t indent, const char *text)
{
    if (text[0] == '\0')
        return;
    cp_text_blanks(t, indent);
    cp_text_wrapped(t, indent, indent + INDENT, cp_view_of(text));
}

/* Parameters whose intervals are made in one way, all of them, say so once, below them. */
static const struct cp_parameter *shared_method(const struct cp_fitted *m)
{
    const struct cp_parameter *first = NULL;
    for (size_t i = 0; i < m->n_parameters; i++) {
        const struct cp_parameter *p = &m->parameters[i];
        if (p->confidence <= 0)
            continue;
        first = first ? first : p;
        if (strcmp(p->method, first->method) != 0 || p->confidence < first->confidence ||
            p->confidence > first->confidence)
            return NULL;
    }
    return first;
}

static void add_parameter(const struct cp_text_lines *t, const struct cp_parameter *p,
                          bool with_method)
{
    char number[CP_FORMAT_MAX];
    char line[4 * CP_FORMAT_MAX];
    bool has_unit = p->unit[0] && !isinf(p->estimate.value);
    (void)snprintf(line, sizeof line, "%s%s%s", cp_parameter_format(p, number), has_unit ? " " : "",
                   has_unit ? p->unit : "");
    if (with_method && p->confidence > 0) {
        size_t n = strlen(line);
        (void)snprintf(line + n, sizeof line - n, " (%g %%, %s)", 100 * p->confidence, p->method);
    }
    cp_buf_addf(t->out, "    %-*s ", NAME_WIDTH, p->name);
    size_t column = 2 * INDENT + NAME_WIDTH + 1;
    cp_text_wrapped(t, column, column, cp_view_of(line));
}

static void add_shared_method(const struct cp_text_lines *t, const struct cp_parameter *p)
{
    const size_t column = (size_t)2 * INDENT;
    char line[4 * CP_FORMAT_MAX];
    (void)snprintf(line, sizeof line, "(%g %%: %s)", 100 * p->confidence, p->method);
    cp_text_blanks(t, column);
    cp_text_wrapped(t, column, column + 1, cp_view_of(line));
}

static void add_value_line(const struct cp_text_lines *t, const struct cp_fitted *m,
                           const struct cp_fitted_value *v)
{
    char at[CP_FORMAT_MAX];
    struct cp_buf line;
    cp_buf_init(&line, 1U << 10);
    cp_fitted_value_text(m, v, &line);
    cp_buf_addf(t->out, "    %*s  ", AT_WIDTH, cp_format_with_unit(m->at_unit, v->at, at));
    cp_text_wrapped(t, VALUE_COLUMN, VALUE_COLUMN, cp_buf_view(&line));
    cp_buf_clear(&line);
}

static void add_texts(const struct cp_text_lines *t, const struct cp_fitted *m)
{
    static void (*const texts[])(const struct cp_fitted *,
                                 struct cp_buf *) = {cp_fitted_n_text, cp_fitted_checks_text};
    struct cp_buf line;
    cp_buf_init(&line, 1U << 14);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        cp_buf_reset(&line);
        texts[i](m, &line);
        add_line(t, INDENT, cp_buf_str(&line));
    }
    cp_buf_clear(&line);
}

static void add_refusal(const struct cp_text_lines *t, const struct cp_fitted *m)
{
    char line[CP_FITTED_TEXT_MAX + 16];
    (void)snprintf(line, sizeof line, "refused: %s", m->refused);
    cp_text_role(t, CP_ROLE_DIM);
    add_line(t, INDENT, line);
    cp_text_role(t, CP_ROLE_PLAIN);
    cp_buf_addc(t->out, '\n');
}

static void add_fit(const struct cp_text_lines *t, const struct cp_fitted *m)
{
    const struct cp_parameter *shared = shared_method(m);
    add_line(t, INDENT, m->formula);
    for (size_t i = 0; i < m->n_parameters; i++)
        add_parameter(t, &m->parameters[i], !shared);
    if (shared)
        add_shared_method(t, shared);
    add_texts(t, m);
    for (size_t i = 0; i < m->n_values; i++)
        add_value_line(t, m, &m->values[i]);
    add_line(t, INDENT, m->note);
    cp_buf_addc(t->out, '\n');
}

/* Models that are refused for one reason share its line. */
static void add_models(const struct cp_text_lines *t, const struct cp_fitted_list *list)
{
    for (size_t i = 0; i < list->n; i++) {
        const struct cp_fitted *m = &list->models[i];
        const struct cp_fitted *next = i + 1 < list->n ? m + 1 : NULL;
        cp_text_role(t, CP_ROLE_STRONG);
        cp_text_wrapped(t, 0, INDENT, cp_view_of(m->title));
        cp_text_role(t, CP_ROLE_PLAIN);
        if (!m->refused[0])
            add_fit(t, m);
        else if (!next || strcmp(m->refused, next->refused) != 0)
            add_refusal(t, m);
    }
}

/* "150 [140, 163] ms (stratified bootstrap)", "<= 163 ms (...)", "refused: ..." */
static void prediction_text(const struct cp_prediction *p, struct cp_buf *out)
{
    char number[CP_FORMAT_MAX];
    if (!isnan(p->value_ms.value))
        cp_buf_addf(out, "%s ms", cp_format_interval(CP_UNIT_MS, p->value_ms, number));
    else if (!isnan(p->value_ms.high))
        cp_buf_addf(out, "<= %s ms", cp_format(CP_UNIT_MS, p->value_ms.high, number));
    else
        cp_buf_addf(out, "refused: %s", p->refused);
    if (!isnan(p->value_ms.high))
        cp_buf_addf(out, " (95 %%, %s)", p->method);
    if (!isnan(p->value_ms.high) && p->note[0])
        cp_buf_addf(out, "; %s", p->note);
}

static void add_predictions(const struct cp_text_lines *t, int memory_mb)
{
    struct cp_prediction all[CP_PREDICTIONS_MAX];
    char mb[CP_FORMAT_MAX];
    struct cp_buf line;
    cp_text_role(t, CP_ROLE_STRONG);
    cp_buf_addf(t->out, "predicted at %s MB\n", cp_format(CP_UNIT_MB, memory_mb, mb));
    cp_text_role(t, CP_ROLE_PLAIN);
    size_t n = cp_fitted_predict(t->f, memory_mb, all);
    cp_buf_init(&line, 1U << 10);
    for (size_t i = 0; i < n; i++) {
        cp_buf_reset(&line);
        cp_buf_addf(&line, "%s: ", all[i].title);
        if (i > 0 && all[i].refused[0] && strcmp(all[i].refused, all[i - 1].refused) == 0)
            cp_buf_adds(&line, "refused, likewise");
        else
            prediction_text(&all[i], &line);
        add_line(t, INDENT, cp_buf_str(&line));
    }
    cp_buf_clear(&line);
    cp_buf_addc(t->out, '\n');
}

/* What to distrust comes first: "37 models: 28 fitted, 7 refused, 2 flagged, see their notes:" */
static void add_summary(const struct cp_text_lines *t, const struct cp_fitted_list *list)
{
    struct cp_buf line;
    size_t n_refused = 0;
    size_t n_flagged = 0;
    for (size_t i = 0; i < list->n; i++) {
        n_refused += list->models[i].refused[0] ? 1 : 0;
        n_flagged += list->models[i].is_flagged;
    }
    cp_buf_init(&line, 1U << 14);
    cp_buf_addf(&line, "%zu models: %zu fitted, %zu refused, %zu flagged%s", list->n,
                list->n - n_refused, n_refused, n_flagged, n_flagged ? ", see their notes:" : "");
    cp_text_wrapped(t, 0, INDENT, cp_buf_view(&line));
    for (size_t i = 0; i < list->n; i++) {
        if (list->models[i].is_flagged)
            add_line(t, INDENT, list->models[i].title);
    }
    cp_buf_addc(t->out, '\n');
    cp_buf_clear(&line);
}

void cp_fit_text(const struct cp_figures *f, const struct cp_fit_request *request,
                 const struct cp_text_style *style, struct cp_buf *out)
{
    const struct cp_text_lines t = cp_text_lines_of(f, style, out);
    cp_text_header(&t);
    add_summary(&t, f->fitted);
    add_models(&t, f->fitted);
    for (size_t i = 0; i < request->n_memory; i++)
        add_predictions(&t, request->memory_mb[i]);
    cp_buf_addf(out,
                "Quantiles of measured sizes are exact (report); these are models. Seed %llu.\n",
                (unsigned long long)f->data->run.seed);
}

/* --- JSON --- */

static void add_parameter_json(struct cp_json *j, const struct cp_parameter *p)
{
    cp_json_open(j, NULL, '{');
    cp_json_add_text(j, "name", p->name);
    cp_json_add_text(j, "unit", p->unit);
    cp_json_add_number(j, "value", p->estimate.value);
    cp_json_add_number(j, "low", p->estimate.low);
    cp_json_add_number(j, "high", p->estimate.high);
    cp_json_add_number(j, "confidence", p->confidence > 0 ? p->confidence : (double)NAN);
    cp_json_add_text(j, "method", p->method);
    cp_json_close(j, '}');
}

static void add_value_json(struct cp_json *j, const struct cp_fitted_value *v)
{
    cp_json_open(j, NULL, '{');
    cp_json_add_number(j, "at", v->at);
    cp_json_add_text(j, "status", cp_answer_name(v->status));
    cp_json_add_number(j, "value", v->value.value);
    cp_json_add_number(j, "low", v->value.low);
    cp_json_add_number(j, "high", v->value.high);
    cp_json_add_number(j, "n_effective", v->n);
    cp_json_add_count(j, "n_needed", v->n_needed);
    cp_json_add_text(j, "label", v->label ? v->label : "");
    cp_json_close(j, '}');
}

static void add_model_json(struct cp_json *j, const struct cp_fitted *m)
{
    cp_json_open(j, NULL, '{');
    cp_json_add_text(j, "id", m->id);
    cp_json_add_text(j, "title", m->title);
    cp_json_add_text(j, "formula", m->formula);
    cp_json_add_text(j, "refused", m->refused);
    cp_json_add_count(j, "n_samples", m->n_samples);
    cp_json_add_count(j, "n_groups", m->n_groups);
    cp_json_add_text(j, "group", m->group_word);
    cp_json_open(j, "parameters", '[');
    for (size_t i = 0; i < m->n_parameters; i++)
        add_parameter_json(j, &m->parameters[i]);
    cp_json_close(j, ']');
    cp_json_open(j, "checks", '[');
    for (size_t i = 0; i < m->n_checks; i++) {
        cp_json_open(j, NULL, '{');
        cp_json_add_text(j, "name", m->checks[i].name);
        cp_json_add_number(j, "value", m->checks[i].value);
        cp_json_close(j, '}');
    }
    cp_json_close(j, ']');
    cp_json_add_text(j, "at_unit",
                     m->at_unit == CP_UNIT_QUANTILE ? "quantile" : cp_unit_name(m->at_unit));
    cp_json_add_text(j, "value_unit", m->value_unit == CP_UNIT_MS ? "ms" : "ratio");
    cp_json_open(j, "values", '[');
    for (size_t i = 0; i < m->n_values; i++)
        add_value_json(j, &m->values[i]);
    cp_json_close(j, ']');
    cp_json_add_text(j, "note", m->note);
    cp_json_close(j, '}');
}

void cp_fitted_json(const struct cp_figures *f, struct cp_json *j)
{
    cp_json_open(j, "models", '[');
    for (size_t i = 0; i < f->fitted->n; i++)
        add_model_json(j, &f->fitted->models[i]);
    cp_json_close(j, ']');
}

static void add_predictions_json(struct cp_json *j, const struct cp_figures *f, int memory_mb)
{
    struct cp_prediction all[CP_PREDICTIONS_MAX];
    size_t n = cp_fitted_predict(f, memory_mb, all);
    for (size_t i = 0; i < n; i++) {
        cp_json_open(j, NULL, '{');
        cp_json_add_int(j, "memory_size_mb", memory_mb);
        cp_json_add_text(j, "id", all[i].id);
        cp_json_add_number(j, "value_ms", all[i].value_ms.value);
        cp_json_add_number(j, "low_ms", all[i].value_ms.low);
        cp_json_add_number(j, "high_ms", all[i].value_ms.high);
        cp_json_add_text(j, "method", all[i].method);
        cp_json_add_text(j, "note", all[i].note);
        cp_json_add_text(j, "refused", all[i].refused);
        cp_json_close(j, '}');
    }
}

void cp_fit_json(const struct cp_figures *f, const struct cp_fit_request *request,
                 struct cp_buf *out)
{
    struct cp_json j = {.out = out, .depth = 1, .is_first = true};
    cp_buf_addc(out, '{');
    cp_json_add_int(&j, "schema_version", 1);
    cp_json_add_text(&j, "command", "fit");
    cp_json_add_text(&j, "run_id", f->data->run.id);
    cp_json_add_text(&j, "function", f->data->run.function);
    cp_json_add_count(&j, "seed", (size_t)f->data->run.seed);
    cp_fitted_json(f, &j);
    cp_json_open(&j, "predictions", '[');
    for (size_t i = 0; i < request->n_memory; i++)
        add_predictions_json(&j, f, request->memory_mb[i]);
    cp_json_close(&j, ']');
    cp_buf_adds(out, "\n}\n");
}
