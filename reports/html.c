/* SPDX-License-Identifier: GPL-3.0-or-later
 * The report page: one file that works offline, printed, and without script. Foreign text passes
 * through cp_text_html (content) or cp_text_attr (attributes), always.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "model/base/datetime.h"
#include "model/base/number.h"
#include "model/base/units.h"
#include "reports/apply.h"
#include "reports/chart_script.h"
#include "reports/figures.h"
#include "reports/fitted.h"
#include "reports/history_parts.h"
#include "reports/levels.h"
#include "reports/page_style.h"
#include "reports/table.h"
#include "reports/words.h"

enum { WARNINGS_SHOWN = 5 };

struct page {
    const struct cp_figures *f;
    const struct cp_charts *charts; /* NULL: tables only */
    struct cp_buf *out;
};

/* --- tables --- */

static void add_head(const struct cp_table *table, const struct cp_figures *f, struct cp_buf *out)
{
    cp_buf_adds(out, "<thead><tr>");
    for (size_t i = 0; i < table->n_columns; i++) {
        const struct cp_column *column = &table->columns[i];
        const char *unit = cp_unit_name(column->unit);
        if (column->is_note)
            continue;
        cp_buf_addf(out, "<th scope=\"col\"%s>",
                    column->unit == CP_UNIT_TEXT ? " class=\"text\"" : "");
        cp_words_add(f, column->head[0] ? column->head : "setting", out);
        if (unit[0])
            cp_buf_addf(out, "<small>%s%s</small>", unit, column->has_interval ? " [95% CI]" : "");
        cp_buf_adds(out, "</th>");
    }
    cp_buf_adds(out, "</tr></thead>\n");
}

/* "412 [388, 440]" with the interval in its own, quieter, span. */
static void add_number(const char *text, struct cp_buf *out)
{
    const char *bounds = strstr(text, " [");
    if (!bounds) {
        cp_text_html(out, text);
        return;
    }
    cp_buf_add(out, text, (size_t)(bounds - text));
    cp_buf_adds(out, " <span class=\"ci\">");
    cp_text_html(out, bounds + 1);
    cp_buf_adds(out, "</span>");
}

static void add_cell(const struct cp_column *column, const struct cp_cell *cell, struct cp_buf *out)
{
    char text[CP_FORMAT_MAX];
    if (column->unit == CP_UNIT_TEXT && cell->text)
        cp_text_html(out, cell->text);
    else
        add_number(cp_cell_format(column, cell, text), out);
}

static void add_one_cell(const struct cp_table *table, const struct cp_figures *f, size_t row,
                         size_t i, struct cp_buf *out)
{
    const struct cp_column *column = &table->columns[i];
    const char *mark = table->mark ? table->mark(f, row) : NULL;
    struct cp_cell cell = column->cell(f, row);
    cp_buf_addf(out, i == 0 ? "<th scope=\"row\"%s>" : "<td%s>",
                column->unit == CP_UNIT_TEXT ? " class=\"text\"" : "");
    add_cell(column, &cell, out);
    if (i == 0 && mark && mark[0])
        cp_buf_addf(out, "<span class=\"mark\">%s</span>", mark);
    cp_buf_adds(out, i == 0 ? "</th>" : "</td>");
}

/* The text of the table's note column for this row, "" without. */
static const char *note_of(const struct cp_table *table, const struct cp_figures *f, size_t row,
                           size_t *n_cells)
{
    const char *note = "";
    *n_cells = 0;
    for (size_t i = 0; i < table->n_columns; i++) {
        if (table->columns[i].is_note)
            note = table->columns[i].cell(f, row).text;
        else
            (*n_cells)++;
    }
    return note;
}

static void add_row(const struct cp_table *table, const struct cp_figures *f, size_t row,
                    struct cp_buf *out)
{
    size_t n_cells = 0;
    const char *note = note_of(table, f, row, &n_cells);
    cp_buf_adds(out, table->mark && table->mark(f, row) ? "<tr class=\"marked\">" : "<tr>");
    add_one_cell(table, f, row, 0, out);
    if (note[0]) {
        cp_buf_addf(out, "<td class=\"note\" colspan=\"%zu\">", n_cells - 1);
        cp_text_html(out, note);
        cp_buf_adds(out, "</td>");
    }
    for (size_t i = 1; i < table->n_columns && !note[0]; i++) {
        if (!table->columns[i].is_note)
            add_one_cell(table, f, row, i, out);
    }
    cp_buf_adds(out, "</tr>\n");
}

void cp_table_html(const struct cp_table *table, const struct cp_figures *f, struct cp_buf *out)
{
    char id[CP_WORDS_MAX];
    char caption[CP_WORDS_MAX];
    cp_words(f, table->caption, caption);
    cp_buf_addf(out,
                "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Table: %s\">\n"
                "<table id=\"table-%s\">\n<caption>%s</caption>\n",
                caption, cp_words(f, table->id, id), caption);
    add_head(table, f, out);
    cp_buf_adds(out, "<tbody>\n");
    size_t n_rows = table->n_rows(f);
    for (size_t row = 0; row < n_rows; row++)
        add_row(table, f, row, out);
    cp_buf_adds(out, "</tbody>\n</table>\n</div>\n");
    if (cp_table_has_pooled(table, f))
        cp_buf_adds(out, "<p class=\"soft small\">" CP_POOLED_NOTE ".</p>\n");
}

/* --- header --- */

static void add_fact(const struct page *p, const char *name, const char *value, bool is_wide)
{
    if (value[0] == '\0')
        return;
    cp_buf_addf(p->out, "<div%s><dt>%s</dt><dd>", is_wide ? " class=\"wide\"" : "", name);
    cp_text_html(p->out, value);
    cp_buf_adds(p->out, "</dd></div>\n");
}

static void add_window(const struct page *p)
{
    const struct cp_run *run = &p->f->data->run;
    char start[CP_DATETIME_TEXT_MAX];
    char end[CP_DATETIME_TEXT_MAX];
    if (run->started_at_ms < 0)
        return;
    cp_buf_addf(p->out, "<div class=\"wide\"><dt>%s, UTC</dt><dd>%s to %s</dd></div>\n",
                cp_figures_is_import(p->f) ? "records of" : "measured",
                cp_datetime_format(run->started_at_ms, CP_DATETIME_ISO_S, start),
                run->ended_at_ms < 0
                    ? "now"
                    : cp_datetime_format(run->ended_at_ms, CP_DATETIME_ISO_S, end));
}

static void add_spent(const struct page *p)
{
    char spent[CP_NUMBER_MAX];
    char fact[CP_NUMBER_MAX + 16];
    if (!cp_figures_is_billed(p->f))
        return;
    (void)snprintf(fact, sizeof fact, "USD %s%s",
                   cp_number_small_usd(p->f->spend.billed_usd, spent),
                   p->f->spend.n_unknown || p->f->spend.snapshots_usd > 0 ? " or more" : "");
    add_fact(p, "spent", fact, false);
}

/* "otel:7, params:11": a header has no room for ARNs; those are in the appendix. */
static void add_layer_names(const struct page *p)
{
    struct cp_buf names;
    struct cp_view rest = cp_view_of(p->f->data->run.layers);
    struct cp_view arn;
    cp_buf_init(&names, CP_RUN_LAYERS_MAX);
    while (cp_view_split(&rest, ' ', &arn)) {
        (void)cp_buf_adds(&names, names.n ? ", " : "");
        (void)cp_buf_add_view(&names, cp_format_layer(arn));
    }
    add_fact(p, "layers", cp_buf_str(&names), false);
    cp_buf_clear(&names);
}

static void add_header(const struct page *p)
{
    const struct cp_run *run = &p->f->data->run;
    char sha[13] = "";
    char seed[32];
    char size[CP_UNITS_TEXT_MAX];
    cp_view_copy((struct cp_view){run->code_sha256, strnlen(run->code_sha256, 12)}, sha,
                 sizeof sha);
    (void)snprintf(seed, sizeof seed, "%llu", (unsigned long long)run->seed);
    cp_buf_adds(p->out, "<header>\n<p class=\"over\">Cold-start report</p>\n<h1>");
    cp_text_html(p->out, run->function);
    cp_buf_adds(p->out, "</h1>\n");
    if (run->is_local)
        cp_buf_adds(p->out, "<p class=\"badge\"><strong>LOCAL</strong>: relative comparison, not "
                            "AWS latency</p>\n");
    cp_buf_adds(p->out, "<dl class=\"facts\">\n");
    add_fact(p, "region", run->region, false);
    add_fact(p, "architecture", run->architecture, false);
    add_fact(p, "runtime", cp_run_runtime(run), false);
    add_fact(p, "fresh environments", cp_run_start_words(run), false);
    add_fact(p, "target", run->place, false);
    add_fact(p, "swept as", cp_run_method_words(run), false);
    add_window(p);
    add_fact(p, "code SHA-256", sha, false);
    if (run->code_size_bytes >= 0)
        add_fact(p, "code size", cp_units_format_bytes((double)run->code_size_bytes, size), false);
    add_layer_names(p);
    add_fact(p, "prices of", p->f->price->date, false);
    add_spent(p);
    add_fact(p, "run", run->id, false);
    add_fact(p, "seed", seed, false);
    add_fact(p, "coldprof", run->coldprof_version, false);
    add_fact(p, "runtime version", run->runtime_version_arn, true);
    cp_buf_adds(p->out, "</dl>\n</header>\n");
}

/* --- decision --- */

static const struct {
    const char *shape, *css;
} verdict_looks[] = {
    [CP_VERDICT_NOT_ENOUGH_DATA] = {"&#9675;", "soft"},
    [CP_VERDICT_KEEP] = {"&#9679;", "good"},
    [CP_VERDICT_CHANGE] = {"&#9632;", "good"},
    [CP_VERDICT_INVESTIGATE] = {"&#9650;", "bad"},
};

static void add_reason(const struct page *p, const char *name, const char *text)
{
    if (text[0] == '\0')
        return;
    cp_buf_addf(p->out, "<dt>%s</dt><dd>", name);
    cp_text_html(p->out, text);
    cp_buf_adds(p->out, "</dd>\n");
}

static void add_exceedance(const struct page *p)
{
    struct cp_buf line;
    cp_buf_init(&line, CP_SENTENCE_MAX);
    cp_exceedance_text(p->f, &line);
    if (line.n)
        cp_buf_addc(&line, '.');
    add_reason(p, "Late answers", cp_buf_str(&line));
    cp_buf_clear(&line);
}

/* One command that takes the recommended change back. Only where we know what was there. */
static void add_undo(const struct page *p)
{
    const struct cp_apply_question question = cp_apply_question_of(p->f);
    struct cp_apply apply;
    struct cp_buf command;
    if (p->f->data->run.is_local || cp_apply_prepare(&question, &apply, NULL))
        return;
    cp_buf_init(&command, 4096);
    cp_apply_undo_line(&apply, &command);
    if (command.n) {
        cp_buf_adds(p->out, "<dt>Undo</dt><dd><code>");
        cp_text_html(p->out, cp_buf_str(&command));
        cp_buf_adds(p->out, "</code></dd>\n");
    }
    cp_buf_clear(&command);
}

static void add_changers(const struct page *p)
{
    const struct cp_decision *d = &p->f->decision;
    if (d->n_changers == 0)
        return;
    cp_buf_adds(p->out, "<dt>What would change this</dt><dd><ul>\n");
    for (size_t i = 0; i < cp_decision_n_shown(d); i++) {
        cp_buf_adds(p->out, "<li>");
        cp_text_html(p->out, d->changers[i]);
        cp_buf_adds(p->out, "</li>\n");
    }
    cp_buf_adds(p->out, "</ul></dd>\n");
}

static void add_quality(const struct page *p)
{
    char cold[CP_FORMAT_MAX];
    char warm[CP_FORMAT_MAX];
    char excluded[CP_FORMAT_MAX];
    char span[CP_UNITS_TEXT_MAX];
    const struct cp_run *run = &p->f->data->run;
    cp_buf_addf(p->out,
                "<p class=\"soft small\">Data: %s cold and %s warm samples in statistics, %s "
                "excluded; ",
                cp_format_count(cp_figures_n_cold(p->f), cold),
                cp_format_count(cp_figures_n_warm(p->f), warm),
                cp_format_count(cp_figures_n_excluded(p->f), excluded));
    cp_accounting_text(p->f, p->out);
    if (!cp_figures_is_import(p->f) && run->started_at_ms >= 0 &&
        run->ended_at_ms >= run->started_at_ms) {
        int64_t seconds = (run->ended_at_ms - run->started_at_ms) / 1000;
        cp_buf_addf(p->out, "; measured over %s",
                    cp_units_format_duration((double)seconds * CP_MS_PER_S, span));
    }
    if (cp_figures_is_import(p->f))
        cp_buf_adds(p->out, "; read from logs.</p>\n");
    else
        cp_buf_addf(p->out, "; memory sizes interleaved: %s.</p>\n",
                    cp_figures_is_interleaved(p->f) ? "yes" : "no");
}

static void add_sentence(const struct page *p,
                         void (*text)(const struct cp_figures *, struct cp_buf *))
{
    struct cp_buf line;
    cp_buf_init(&line, 1U << 10);
    text(p->f, &line);
    if (line.n) {
        cp_buf_adds(p->out, "<li>");
        cp_text_html(p->out, cp_buf_str(&line));
        cp_buf_adds(p->out, "</li>\n");
    }
    cp_buf_clear(&line);
}

static void add_question(const struct page *p)
{
    if (!cp_figures_has_traffic(p->f) && !p->f->data->other_question[0])
        return;
    cp_buf_adds(p->out, "<ul class=\"soft small\">\n");
    add_sentence(p, cp_demand_text);
    add_sentence(p, cp_other_question_text);
    cp_buf_adds(p->out, "</ul>\n");
}

static void add_warnings(const struct page *p)
{
    size_t n = p->f->n_warnings < WARNINGS_SHOWN ? p->f->n_warnings : WARNINGS_SHOWN;
    if (n == 0 && (!p->charts || p->charts->warning[0] == '\0'))
        return;
    cp_buf_adds(p->out, "<ul class=\"warnings small\" aria-label=\"Warnings\">\n");
    for (size_t i = 0; i < n; i++) {
        const struct cp_warning *w = &p->f->warnings[i];
        cp_buf_addf(p->out, "<li><strong>%s</strong> ", w->id);
        cp_text_html(p->out, w->text);
        cp_buf_adds(p->out, " <span class=\"soft\">&#8594; ");
        cp_text_html(p->out, w->advice);
        cp_buf_adds(p->out, "</span></li>\n");
    }
    if (p->charts && p->charts->warning[0]) {
        cp_buf_adds(p->out, "<li>");
        cp_text_html(p->out, p->charts->warning);
        cp_buf_adds(p->out, ".</li>\n");
    }
    cp_buf_adds(p->out, "</ul>\n");
}

static void add_decision(const struct page *p)
{
    const struct cp_decision *d = &p->f->decision;
    cp_buf_addf(p->out,
                "<section id=\"decision\" aria-labelledby=\"h-decision\">\n"
                "<h2 id=\"h-decision\">Decision</h2>\n<p class=\"verdict\"><b class=\"%s\">"
                "<span aria-hidden=\"true\">%s</span> %s</b> ",
                verdict_looks[d->verdict].css, verdict_looks[d->verdict].shape,
                cp_verdict_name(d->verdict));
    cp_text_html(p->out,
                 d->sentence[0] ? d->sentence : "No setting can be recommended from this run.");
    cp_buf_adds(p->out, "</p>\n<dl class=\"reasons\">\n");
    add_reason(p, "Because", d->because);
    add_reason(p, "Money", d->money);
    add_reason(p, "Reserved concurrency", d->reserved);
    add_reason(p, "Not measured", d->modelled);
    add_exceedance(p);
    add_changers(p);
    add_undo(p);
    cp_buf_adds(p->out, "</dl>\n");
    cp_table_html(cp_figures_is_wall_clock(p->f) ? &cp_table_wall_clock : &cp_table_key, p->f,
                  p->out);
    add_quality(p);
    add_question(p);
    add_warnings(p);
    cp_buf_adds(p->out, "</section>\n");
}

/* --- charts --- */

static void add_chart_with(const struct page *p, enum cp_chart_id id, const char *caption,
                           const char *more)
{
    if (!p->charts || p->charts->svg[id].n == 0)
        return;
    cp_buf_addf(p->out, "<figure id=\"chart-%s\">\n", cp_chart_name(p->f, id));
    cp_buf_add_view(p->out, cp_buf_view(&p->charts->svg[id]));
    cp_buf_adds(p->out, "<figcaption>");
    cp_words_add(p->f, caption, p->out);
    cp_words_add(p->f, more, p->out);
    cp_buf_adds(p->out, "</figcaption>\n</figure>\n");
}

static void add_chart(const struct page *p, enum cp_chart_id id, const char *caption)
{
    add_chart_with(p, id, caption, "");
}

static void add_cost(const struct page *p)
{
    char more[CP_WORDS_MAX];
    (void)snprintf(
        more, sizeof more, "%s%s",
        cp_chart_has_modelled(p->f) ? " &#9675; not measured, told from the sizes beside it." : "",
        cp_chart_has_variants(p->f)
            ? " Other variants of the function: &#9650;, &#9660; or &#11039; on the "
              "frontier, +, * or &#11040; dominated."
            : "");
    cp_buf_adds(p->out, "<section id=\"cost\" class=\"first\" aria-labelledby=\"h-cost\">\n"
                        "<h2 id=\"h-cost\">Cost against latency</h2>\n");
    add_chart_with(
        p, CP_CHART_FRONTIER,
        "Label: memory size in MB, then provisioned concurrency (s: at most, by schedule; "
        "t: target of its tracking; r: reserved). "
        "&#9670; recommended, &#9633; current, &#9679; on the frontier, &#215; dominated. "
        "Whiskers: 95% confidence intervals. The table of all "
        "candidates, with settings far more expensive, is in the appendix.",
        more);
    cp_buf_adds(p->out, "</section>\n");
}

static void add_pooled(const struct page *p)
{
    char p50[CP_FORMAT_MAX];
    char p95[CP_FORMAT_MAX];
    char p99[CP_FORMAT_MAX];
    if (!p->f->is_init_pooled)
        return;
    cp_words_add(p->f, "<p>{Init}", p->out);
    cp_buf_addf(p->out,
                " duration does not follow memory here, so all sizes tell about one "
                "distribution: p50 %s, p95 %s, p99 %s (n=%zu). What follows memory is the "
                "first handler run after it.</p>\n",
                cp_format_brief(CP_UNIT_MS, &p->f->pooled_init_p50, true, p50),
                cp_format_brief(CP_UNIT_MS, &p->f->pooled_init_p95, true, p95),
                cp_format_brief(CP_UNIT_MS, &p->f->pooled_init_p99, true, p99),
                p->f->pooled_init_p50.n);
}

static void add_memory(const struct page *p)
{
    cp_buf_addf(p->out,
                "<section id=\"memory\" class=\"next\" aria-labelledby=\"h-memory\">\n"
                "<h2 id=\"h-memory\">%s</h2>\n",
                cp_figures_is_import(p->f) ? "Memory sizes" : "Memory sweep");
    cp_table_html(&cp_table_sweep, p->f, p->out);
    cp_words_add(p->f, "<h3 id=\"h-{init}\">{Init} duration by memory size</h3>\n", p->out);
    add_pooled(p);
    add_chart(p, CP_CHART_INIT,
              "&#9679; solid p50, &#9650; dashed p95; thin grey: fitted law, with its 95% interval "
              "as a band; whiskers: 95% confidence intervals.");
    cp_table_html(&cp_table_init, p->f, p->out);
    cp_buf_adds(p->out, "<h3 id=\"h-duration\">Handler duration by memory size</h3>\n");
    add_chart(p, CP_CHART_DURATION,
              "Blue circles: warm starts; vermilion triangles: first run after {init}. Filled and "
              "solid p50, open and dashed p95; thin grey: fitted law, with its 95% interval as a "
              "band. Grey crosses, ~warm p99: a model's, pooled over the sizes, where a size has "
              "too few samples of its own.");
    cp_table_html(&cp_table_duration, p->f, p->out);
    cp_words_add(p->f, "<h3 id=\"h-ecdf\">Distribution of {init} duration</h3>\n", p->out);
    add_chart(p, CP_CHART_ECDF,
              "One line per memory size. The quantiles are in the table of {init} durations above; "
              "every value is in charts/ecdf.csv.");
    cp_buf_adds(p->out, "</section>\n");
}

static void add_survival(const struct page *p)
{
    const struct cp_idle_survival *s = &p->f->survival;
    cp_buf_adds(p->out, "<section id=\"idle\" aria-labelledby=\"h-idle\">\n"
                        "<h2 id=\"h-idle\">Idle survival</h2>\n");
    if (s->n_points == 0 && cp_figures_is_import(p->f)) {
        cp_buf_adds(p->out, "<p>The log does not show how long an environment survives idle "
                            "time: it has no log streams, or too few pauses in them.</p>\n"
                            "</section>\n");
        return;
    }
    if (s->n_points == 0) {
        cp_buf_adds(p->out, "<p>No idle interval was probed: how long an environment survives "
                            "idle time is unknown.</p>\n</section>\n");
        return;
    }
    if (s->is_separated && isfinite(s->first_cold_ms)) {
        char warm[CP_UNITS_TEXT_MAX];
        char cold[CP_UNITS_TEXT_MAX];
        cp_buf_addf(p->out,
                    "<p>Every environment was still warm after %s of idle time, and every one was "
                    "gone after %s.</p>\n",
                    cp_units_format_duration(s->last_warm_ms, warm),
                    cp_units_format_duration(s->first_cold_ms, cold));
    }
    if (p->f->idle.n_points > 0)
        cp_buf_addf(p->out,
                    "<p>Read from the log's streams, each of which is an environment: %zu pauses "
                    "that an environment outlived, %zu after which another one had to start. It "
                    "is taken that a request goes to the free environment used last; %zu cold "
                    "starts contradict that and are left out.%s</p>\n",
                    p->f->idle.n_warm, p->f->idle.n_cold, p->f->idle.n_contradicting,
                    p->f->idle.is_partial ? " A sample of the streams was kept." : "");
    bool has_law = s->laws.choice < CP_IDLE_LAWS;
    add_chart(p, CP_CHART_SURVIVAL,
              has_law ? "Step line: isotonic estimate; dotted: the law chosen by likelihood, see "
                        "fitted models; whiskers: Wilson 95% intervals of each point; band: what "
                        "is possible between two probed intervals, by resampling batches."
                      : "Step line: isotonic estimate; whiskers: Wilson 95% intervals of each "
                        "point; band: what is possible between two probed intervals, by "
                        "resampling batches.");
    cp_table_html(&cp_table_survival, p->f, p->out);
    cp_buf_adds(p->out, "</section>\n");
}

/* --- provisioned concurrency, level by level --- */

static void add_levels(const struct page *p)
{
    if (!cp_figures_has_levels(p->f))
        return;
    char memory[CP_FORMAT_MAX];
    int mb = p->f->sizes[p->f->decision.levels_size].memory_size_mb;
    cp_buf_addf(p->out,
                "<section id=\"levels\" aria-labelledby=\"h-levels\">\n"
                "<h2 id=\"h-levels\">Provisioned concurrency at %s</h2>\n<ul>\n",
                cp_format_with_unit(CP_UNIT_MB, mb, memory));
    add_sentence(p, cp_break_even_text);
    cp_buf_adds(p->out, "</ul>\n");
    add_chart(p, CP_CHART_PCSWEEP,
              "Bars from below: on demand, provisioned in use, provisioned idle (hatched); "
              "whiskers: 95% intervals of the whole.");
    add_chart(p, CP_CHART_PCCOLD,
              "Logarithmic; a level without any simulated cold start has no point. Dashed: the "
              "share above which the judged quantile is a cold start.");
    cp_table_html(&cp_table_levels, p->f, p->out);
    cp_buf_adds(p->out, "</section>\n");
}

/* --- what only a log tells --- */

static void add_traffic(const struct page *p)
{
    if (!cp_figures_has_week(p->f))
        return;
    char more[CP_WORDS_MAX];
    char share[CP_FORMAT_MAX];
    const bool is_part = p->f->week_source == CP_WEEK_SIMULATED && p->f->demand.simulated_share < 1;
    cp_format(CP_UNIT_PERCENT, p->f->demand.simulated_share, share);
    (void)snprintf(more, sizeof more, "%s%s%s%s",
                   isnan(cp_figures_provisioned_at(p->f, 0))
                       ? ""
                       : " Steps: provisioned concurrency as recommended.",
                   is_part ? " For this chart " : "", is_part ? share : "",
                   is_part ? " % of the traffic's time was simulated; other hours are gaps." : "");
    cp_buf_adds(p->out, "<section id=\"traffic\" aria-labelledby=\"h-traffic\">\n"
                        "<h2 id=\"h-traffic\">Traffic</h2>\n<ul>\n");
    add_sentence(p, cp_traffic_text);
    add_sentence(p, cp_coverage_text);
    add_sentence(p, cp_failures_text);
    cp_buf_adds(p->out, "</ul>\n");
    add_chart_with(
        p, CP_CHART_WEEK,
        p->f->week_source == CP_WEEK_SIMULATED
            ? "Solid p50, dashed p95, dots: largest number of requests in flight, simulated."
            : "Solid p50, dashed p95, dots: largest number of requests in flight, seen at "
              "four instants a minute; a peak between them is not seen.",
        more);
    cp_buf_adds(p->out, "<details>\n<summary>The week by hour</summary>\n");
    cp_table_html(&cp_table_week, p->f, p->out);
    cp_buf_adds(p->out, "</details>\n</section>\n");
}

/* --- the nights of the function --- */

static void add_history_text(const struct page *p,
                             void (*text)(const struct cp_history_view *, struct cp_buf *))
{
    struct cp_buf line;
    cp_buf_init(&line, CP_SENTENCE_MAX);
    text(p->f->history, &line);
    cp_buf_adds(p->out, "<li>");
    cp_text_html(p->out, cp_buf_str(&line));
    cp_buf_adds(p->out, "</li>\n");
    cp_buf_clear(&line);
}

static void add_history(const struct page *p)
{
    if (!cp_figures_has_history(p->f))
        return;
    cp_buf_adds(p->out, "<section id=\"nights\" aria-labelledby=\"h-nights\">\n"
                        "<h2 id=\"h-nights\">Nightly history</h2>\n<ul>\n");
    add_history_text(p, cp_history_verdict_text);
    add_history_text(p, cp_history_span_text);
    cp_buf_adds(p->out, "</ul>\n");
    add_chart(
        p, CP_CHART_HISTORY,
        "&#9679; a night with its 95% confidence interval, &#9675; suspect, &#9650; regressed, "
        "&#215; at the timeout; grey: where a night like those before it lies, 95%; dashed "
        "lines: lasting changes, numbered as in the table. Nights that are missing leave a "
        "gap.");
    if (cp_table_history_changes.n_rows(p->f))
        cp_table_html(&cp_table_history_changes, p->f, p->out);
    else
        cp_buf_adds(p->out, "<p>No lasting change among these nights.</p>\n");
    cp_buf_adds(p->out, "<details>\n<summary>Every metric now, and every night</summary>\n");
    cp_table_html(&cp_table_history_metrics, p->f, p->out);
    cp_table_html(&cp_table_history_page, p->f, p->out);
    cp_buf_adds(p->out, "</details>\n</section>\n");
}

static void add_billing(const struct page *p)
{
    if (!cp_figures_is_import(p->f) || cp_table_eras.n_rows(p->f) == 0)
        return;
    cp_buf_adds(p->out, "<section id=\"billing\" aria-labelledby=\"h-billing\">\n"
                        "<h2 id=\"h-billing\">Billing of init</h2>\n");
    cp_table_html(&cp_table_eras, p->f, p->out);
    cp_buf_adds(p->out, "</section>\n");
}

/* --- method, limits, glossary --- */

static void add_item(const struct page *p, const char *name, const char *text)
{
    if (text[0] == '\0')
        return;
    cp_buf_addf(p->out, "<li>%s: ", name);
    cp_text_html(p->out, text);
    cp_buf_adds(p->out, "</li>\n");
}

static void add_cost_of_sweep(const struct page *p)
{
    char most[CP_NUMBER_MAX];
    if (!cp_figures_is_billed(p->f))
        return;
    cp_buf_adds(p->out, "<li>The sweep itself ");
    cp_spend_text(p->f, p->out);
    cp_buf_addf(p->out, "; USD %s was quoted as the most, if every invocation had taken ",
                cp_number_small_usd(p->f->data->run.quoted_max_usd, most));
    cp_words_add(p->f,
                 "the longest {init}, 10 s, and run to its timeout. Billed durations of the "
                 "records at list price, billed {init} included, and requests; no free tier, no "
                 "discount.</li>\n",
                 p->out);
}

static void add_price_rows(const struct page *p)
{
    const struct cp_price_book *b = p->f->price;
    cp_buf_adds(p->out, "<li>Prices: ");
    cp_text_html(p->out, b->region);
    cp_buf_adds(p->out, ", ");
    cp_text_html(p->out, b->architecture);
    cp_buf_addf(p->out, ", list of %s: USD %.2f per million requests, %.10f per GB-second (%s), ",
                b->date, b->request_usd * 1e6, b->duration[0].usd_per_gb_s,
                cp_price_n_tiers(b) > 1 ? "first tier" : "first tier; the others are not known");
    if (cp_price_has_provisioned(b))
        cp_buf_addf(p->out,
                    "provisioned concurrency %.10f per GB-second kept ready and %.10f per "
                    "GB-second used. Source: ",
                    b->provisioned_concurrency_usd_per_gb_s, b->provisioned_duration_usd_per_gb_s);
    else
        cp_buf_adds(p->out, "provisioned concurrency not known. Source: ");
    cp_text_html(p->out, b->source);
    cp_buf_addf(p->out, ". %s</li>\n", cp_price_terms_words(p->f));
}

static const char billed_init[] =
    "Cost: billed durations as the platform reported them; init is billed since 2025-08-01. 730 "
    "hours per month.";

static void add_words_item(const struct page *p, const char *fixed)
{
    cp_buf_adds(p->out, "<li>");
    cp_words_add(p->f, fixed, p->out);
    cp_buf_adds(p->out, "</li>\n");
}

/* How the numbers of a log came, and what they cannot show. */
static void add_import_rules(const struct page *p)
{
    static const char *const rules[] = {
        "Read from logs of production, which is no designed experiment: cold starts come when "
        "traffic rises and after deployments, memory sizes were in use one after another, payloads "
        "and load are those of the day.",
        "The setting now is the memory size of the newest record. An arrival is the end of an "
        "invocation less its duration and its {init}. A record that occurs again (same request id, "
        "same values) counts once while records are kept.",
    };
    static const char histograms[] =
        "More records than are kept: counts, sums, means of cost and largest values are exact; "
        "distributions come from histograms, whose values are off by at most 0.4%. A distribution "
        "stands on at most 20,000 values here, so intervals are wider than they need be, never "
        "narrower. A first handler run and its {init} are paired by rank, so that their sum has "
        "the measured distribution. Repeated records count each time.";
    if (!cp_figures_is_import(p->f))
        return;
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++)
        add_words_item(p, rules[i]);
    if (cp_figures_is_from_digest(p->f))
        add_words_item(p, histograms);
}

static void add_method_rules(const struct page *p)
{
    static const char *const rules[] = {
        "Cold and warm samples are never pooled, and nothing is trimmed. A sample enters a "
        "statistic only when it succeeded and started as its cell asked; failed, throttled, lost "
        "and mismatched samples are counted above. An invocation that the function timeout ended "
        "is right-censored: slower than every other in quantiles and intervals, the whole timeout "
        "in costs.",
        "Quantiles: Hyndman and Fan type 8. Intervals: exact order-statistic intervals, at least "
        "95%, distribution-free. Below the smallest valid n the report says how many samples are "
        "needed.",
        "Numbers are rounded to three significant digits, money to cents, when printed only.",
        "Memory law: a curve in 1024 / min(memory, cap) through the quantile of each size, chosen "
        "by leaving sizes out (AICc below five); its formula and parameters are below. Where it "
        "does not fit, values between the sizes are interpolated. No prediction outside the tested "
        "sizes.",
        "Tails marked ~ are pooled: with too few samples of one size, its distance from the median "
        "is shared with the other sizes as far as a test finds them alike, and the interval is "
        "that of order statistics at the effective sample size. The decision uses such a bound "
        "only where a size has none of its own.",
        "p99 / p50: of one memory size from exact intervals that hold with at least 95% together; "
        "of all requests from the ends of two 95% intervals, so with at least 90%. Share of late "
        "answers: Clopper-Pearson of both distributions beyond the budget, at the end of the cold "
        "share's interval that is worse.",
        "All requests: the distributions of cold and warm starts mixed by the share of cold "
        "starts, quantiles by root finding; never sums or means of quantiles.",
        "Idle survival: isotonic (nonparametric maximum likelihood) estimate from probes that say "
        "only cold or warm; intervals in the table are Clopper-Pearson, in the chart Wilson; bands "
        "resample batches of probes, which are not independent within. Laws of the lifetime are "
        "fitted by likelihood beside it; no lifetime is assumed.",
        "Decision: pool simulation of the given traffic over the measured durations; the cheapest "
        "setting whose upper bound of the quantile is within the target; never a size with less "
        "than 10% memory free.",
        "Assumed: samples of one memory size are independent and of one distribution; arrivals of "
        "a rate are Poisson, of a week at the rate of each hour, of counts within their interval, "
        "and times are as given; an idle environment that was probed was "
        "known to be warm, and batches of probes are independent. No idle lifetime, no shape of a "
        "distribution and no scaling of {init} with memory is assumed: they are measured.",
        "Sources: quantiles Hyndman and Fan 1996; exact intervals David and Nagaraja 2003, Clopper "
        "and Pearson 1934, Wilson 1927; bootstrap Efron 1979; pooled tails Ferguson 1973, Zou and "
        "Donner 2008; idle survival Ayer et al. 1955, step law Copik et al. 2021; selection "
        "Hurvich and Tsai 1989; p99 / p50 Ustiugov et al. 2021.",
        "Not covered: network between caller and AWS, downstream services under load, other "
        "payloads than the one sent, price discounts.",
    };
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++)
        add_words_item(p, rules[i]);
    if (p->f->fresh_start == CP_START_SNAPSTART)
        cp_buf_addf(p->out,
                    "<li>Cost: billed durations as the platform reported them, the billed part of "
                    "a restore included; %s. 730 hours per month.</li>\n",
                    cp_snapshot_cost_words(p->f));
    else
        add_words_item(p, billed_init);
}

/* The duration of the other kind of start does not occur on this page. */
static bool is_of_other_start(const struct page *p, const char *term)
{
    char wanted[CP_WORDS_MAX];
    return (strcmp(term, "init duration") == 0 || strcmp(term, "restore duration") == 0) &&
           strcmp(term, cp_words(p->f, "{init} duration", wanted)) != 0;
}

static void add_term(const struct page *p, const char *term, const char *meaning)
{
    if (is_of_other_start(p, term))
        return;
    cp_buf_addf(p->out, "<dt>%s</dt><dd>", term);
    cp_words_add(p->f, meaning, p->out);
    cp_buf_adds(p->out, "</dd>\n");
}

static void add_glossary(const struct page *p)
{
    static const struct {
        const char *term, *meaning;
    } terms[] = {
        {"billed duration", "what AWS charges for one invocation: {init} and handler time, rounded "
                            "up to a millisecond"},
        {"cold start", "an invocation that had to wait for a new execution environment"},
        {"confidence interval", "the range that holds the true quantile in at least 95 of 100 "
                                "repeated sweeps"},
        {"execution environment", "the isolated place where one invocation at a time runs"},
        {"first handler run", "the handler's duration in a fresh environment, after {init}"},
        {"frontier", "settings that no other setting beats in both cost and latency"},
        {"init duration", "time the platform spends to start runtime and function code"},
        {"restore duration", "time the platform spends to resume the snapshot of a published "
                             "version, with the function's after-restore hooks"},
        {"p95", "the latency that 95 of 100 requests stay within"},
        {"provisioned concurrency", "environments kept ready, paid whether used or not"},
        {"spillover", "requests that found provisioned concurrency busy and ran on demand"},
    };
    cp_buf_adds(p->out, "<h3 id=\"h-glossary\">Glossary</h3>\n<dl class=\"glossary small\">\n");
    for (size_t i = 0; i < sizeof terms / sizeof terms[0]; i++)
        add_term(p, terms[i].term, terms[i].meaning);
    cp_buf_adds(p->out, "</dl>\n");
}

static void add_more_warnings(const struct page *p)
{
    if (p->f->n_warnings <= WARNINGS_SHOWN)
        return;
    cp_buf_adds(p->out, "<h3 id=\"h-notes\">Further notes</h3>\n<ul class=\"small\">\n");
    for (size_t i = WARNINGS_SHOWN; i < p->f->n_warnings; i++) {
        cp_buf_addf(p->out, "<li><strong>%s</strong> ", p->f->warnings[i].id);
        cp_text_html(p->out, p->f->warnings[i].text);
        cp_buf_adds(p->out, "; ");
        cp_text_html(p->out, p->f->warnings[i].advice);
        cp_buf_adds(p->out, "</li>\n");
    }
    cp_buf_adds(p->out, "</ul>\n");
}

static void add_method(const struct page *p)
{
    const struct cp_run *run = &p->f->data->run;
    cp_buf_adds(p->out, "<section id=\"method\" aria-labelledby=\"h-method\">\n"
                        "<h2 id=\"h-method\">Method and limits</h2>\n<ul class=\"small\">\n");
    add_import_rules(p);
    add_method_rules(p);
    add_price_rows(p);
    cp_buf_adds(p->out, "</ul>\n");
    cp_fitted_html(p->f, p->out);
    cp_buf_adds(p->out, "<h3 id=\"h-candidates\">All candidates</h3>\n");
    cp_table_html(&cp_table_candidates, p->f, p->out);
    cp_buf_adds(p->out, "<h3 id=\"h-run\">This run</h3>\n<ul class=\"small\">\n");
    add_item(p, "Command", run->command);
    add_item(p, "Method", run->method);
    add_item(p, "Mode of the endpoint", run->mode);
    add_cost_of_sweep(p);
    add_item(p, "Target", run->target);
    add_item(p, "Payload SHA-256", run->payload_sha256);
    add_item(p, "Code SHA-256", run->code_sha256);
    add_item(p, "Layers", run->layers);
    add_item(p, "Host", run->host);
    add_item(p, "Idle lifetime configured for the local service", run->idle_law);
    add_item(p, "Search for the idle lifetime", run->idle_end);
    if (run->is_local && p->f->fresh_start != CP_START_SNAPSTART)
        cp_buf_addf(p->out, "<li>Init ran %s</li>\n",
                    run->is_init_throttled ? "with the CPU share of its memory size"
                                           : "at full speed, as on AWS");
    cp_buf_adds(p->out, "</ul>\n");
    add_more_warnings(p);
    add_glossary(p);
    cp_buf_adds(p->out, "</section>\n");
}

void cp_report_html(const struct cp_figures *f, const struct cp_charts *charts, struct cp_buf *out)
{
    const struct page p = {f, charts, out};
    cp_buf_adds(out, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                     "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
                     "style-src 'unsafe-inline'; img-src data:\">\n"
                     "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                     "<meta name=\"color-scheme\" content=\"light dark\">\n<title>coldprof: ");
    cp_text_html(out, f->data->run.function);
    cp_buf_adds(out, "</title>\n<style>\n");
    cp_buf_adds(out, cp_page_style_screen);
    cp_buf_adds(out, cp_page_style_print);
    cp_buf_adds(out, "</style>\n</head>\n<body>\n"
                     "<a class=\"skip\" href=\"#decision\">Skip to the decision</a>\n");
    add_header(&p);
    cp_buf_adds(out, "<main>\n");
    add_decision(&p);
    add_cost(&p);
    add_memory(&p);
    add_survival(&p);
    add_levels(&p);
    add_traffic(&p);
    add_history(&p);
    add_billing(&p);
    cp_apply_html(f, out);
    add_method(&p);
    cp_buf_adds(out, "</main>\n</body>\n</html>\n");
}
