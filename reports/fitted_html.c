/* SPDX-License-Identifier: GPL-3.0-or-later
 * The fitted models in the method appendix of the page: one block each that opens.
 */
#include <math.h>
#include <stdio.h>

#include "reports/fitted.h"

static void add_parameters(const struct cp_fitted *m, struct cp_buf *out)
{
    char number[CP_FORMAT_MAX];
    if (m->n_parameters == 0)
        return;
    cp_buf_adds(out, "<table>\n<caption>Parameters</caption>\n<thead><tr><th scope=\"col\" "
                     "class=\"text\">parameter</th>"
                     "<th scope=\"col\">value [interval]</th>"
                     "<th scope=\"col\" class=\"text\">unit</th>"
                     "<th scope=\"col\" class=\"text\">interval by</th></tr></thead>\n<tbody>\n");
    for (size_t i = 0; i < m->n_parameters; i++) {
        const struct cp_parameter *p = &m->parameters[i];
        cp_buf_adds(out, "<tr><th scope=\"row\" class=\"text\">");
        cp_text_html(out, p->name);
        cp_buf_addf(out, "</th><td>%s</td><td class=\"text\">", cp_parameter_format(p, number));
        cp_text_html(out, p->unit);
        cp_buf_adds(out, "</td><td class=\"text\">");
        cp_text_html(out, p->method);
        if (p->confidence > 0)
            cp_buf_addf(out, ", %g %%", 100 * p->confidence);
        cp_buf_adds(out, "</td></tr>\n");
    }
    cp_buf_adds(out, "</tbody>\n</table>\n");
}

/* "256 MB: 268 [260, 275] ms; ..." */
static void add_values(const struct cp_fitted *m, struct cp_buf *out)
{
    char at[CP_FORMAT_MAX];
    struct cp_buf text;
    if (m->n_values == 0)
        return;
    cp_buf_init(&text, 1U << 14);
    for (size_t i = 0; i < m->n_values; i++) {
        cp_buf_addf(&text, "%s%s: ", i ? "; " : "",
                    cp_format_with_unit(m->at_unit, m->values[i].at, at));
        cp_fitted_value_text(m, &m->values[i], &text);
    }
    cp_buf_adds(out, "<p>");
    cp_text_html(out, cp_buf_str(&text));
    cp_buf_adds(out, ".</p>\n");
    cp_buf_clear(&text);
}

static void add_sentences(const struct cp_fitted *m, struct cp_buf *out)
{
    struct cp_buf text;
    cp_buf_init(&text, 1U << 12);
    cp_fitted_n_text(m, &text);
    if (m->n_checks > 0)
        cp_buf_adds(&text, "; ");
    cp_fitted_checks_text(m, &text);
    cp_buf_adds(out, "<p>");
    cp_text_html(out, cp_buf_str(&text));
    cp_buf_adds(out, ".");
    if (m->note[0])
        cp_buf_adds(out, " ");
    cp_text_html(out, m->note);
    cp_buf_adds(out, m->note[0] ? ".</p>\n" : "</p>\n");
    cp_buf_clear(&text);
}

static void add_model(const struct cp_fitted *m, struct cp_buf *out)
{
    cp_buf_adds(out, "<details class=\"small\">\n<summary>");
    cp_text_html(out, m->title);
    cp_buf_adds(out, ": <code>");
    cp_text_html(out, m->formula);
    cp_buf_adds(out, "</code></summary>\n");
    add_parameters(m, out);
    add_sentences(m, out);
    add_values(m, out);
    cp_buf_adds(out, "</details>\n");
}

static void add_refusals(const struct cp_fitted_list *list, struct cp_buf *out)
{
    bool is_open = false;
    for (size_t i = 0; i < list->n; i++) {
        const struct cp_fitted *m = &list->models[i];
        if (m->refused[0] == '\0')
            continue;
        cp_buf_adds(out, is_open ? "<li>" : "<ul class=\"small\">\n<li>");
        cp_text_html(out, m->title);
        cp_buf_adds(out, ": not fitted; ");
        cp_text_html(out, m->refused);
        cp_buf_adds(out, ".</li>\n");
        is_open = true;
    }
    if (is_open)
        cp_buf_adds(out, "</ul>\n");
}

void cp_fitted_html(const struct cp_figures *f, struct cp_buf *out)
{
    cp_buf_addf(out,
                "<h3 id=\"h-models\">Fitted models</h3>\n"
                "<p class=\"small\">Models add to what was measured, they never replace it: a "
                "value between the tested sizes, a tail where one size has too few samples, a "
                "smoother curve. Bootstraps and the simulation draw from seed %llu; the same run "
                "gives the same numbers.</p>\n",
                (unsigned long long)f->data->run.seed);
    for (size_t i = 0; i < f->fitted->n; i++) {
        if (f->fitted->models[i].refused[0] == '\0')
            add_model(&f->fitted->models[i], out);
    }
    add_refusals(f->fitted, out);
}
