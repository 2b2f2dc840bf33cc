/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/cli/render.h"

#include "probes/os/file.h"
#include "profiler/cli/demand.h"
#include "reports/figures.h"
#include "reports/night.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { OUTPUT_MAX = 64 * 1024 * 1024 };

static void render_html(const struct cp_figures *figures, struct cp_buf *out)
{
    struct cp_charts charts;
    cp_charts_make(figures, NULL, &charts);
    if (charts.warning[0])
        (void)fprintf(stderr, "warning: %s\n", charts.warning);
    cp_report_html(figures, &charts, out);
    cp_charts_clear(&charts);
}

enum cp_code cp_render(const struct cp_cli *cli, const struct cp_figures *figures,
                       enum cp_format format, struct cp_buf *out, struct cp_error *err)
{
    struct cp_text_style style = {cli->out.use_color, cli->out.width};
    enum cp_code code = CP_OK;
    switch (format) {
    case CP_FORMAT_TABLE:
        cp_report_text(figures, &style, out);
        break;
    case CP_FORMAT_JSON:
        cp_report_json(figures, out);
        break;
    case CP_FORMAT_CSV:
        cp_report_csv(figures, out);
        break;
    case CP_FORMAT_MD:
        cp_report_markdown(figures, out);
        break;
    case CP_FORMAT_HTML:
        render_html(figures, out);
        break;
    case CP_FORMAT_JSONL:
        code = cp_report_jsonl(figures->data, out, err);
        break;
    default:
        code = cp_fail(err, CP_EINVAL, "a report has no such format");
        break;
    }
    return code ? code : cp_buf_check(out, "the report", err);
}

enum cp_code cp_render_exports_of(const struct cp_cli *cli, const void *document,
                                  cp_document_fn render, struct cp_error *err)
{
    enum cp_code code = CP_OK;
    struct cp_buf out;
    cp_buf_init(&out, OUTPUT_MAX);
    for (size_t i = 0; i < cli->options.exports.n && !code; i++) {
        const struct cp_export *e = &cli->options.exports.item[i];
        /* a file is no terminal: plain, 80 columns */
        struct cp_cli plain = *cli;
        plain.out = (struct cp_terminal){.width = 80};
        cp_buf_reset(&out);
        code = render(&plain, document, e->format, &out, err);
        if (!code)
            code = cp_file_write_atomic(e->path, cp_buf_view(&out), err);
    }
    cp_buf_clear(&out);
    return code;
}

struct report {
    const struct cp_figures *figures;
    cp_render_fn render;
};

static enum cp_code render_report(const struct cp_cli *cli, const void *document,
                                  enum cp_format format, struct cp_buf *out, struct cp_error *err)
{
    const struct report *report = document;
    return report->render(cli, report->figures, format, out, err);
}

enum cp_code cp_render_exports_by(const struct cp_cli *cli, const struct cp_figures *figures,
                                  cp_render_fn render, struct cp_error *err)
{
    const struct report report = {figures, render};
    return cp_render_exports_of(cli, &report, render_report, err);
}

enum cp_code cp_render_exports(const struct cp_cli *cli, const struct cp_figures *figures,
                               struct cp_error *err)
{
    return cp_render_exports_by(cli, figures, cp_render, err);
}

enum cp_code cp_render_check_export(const struct cp_export *e, struct cp_error *err)
{
    char folder[PATH_MAX];
    const char *slash = strrchr(e->path, '/');
    struct cp_view parent =
        slash ? (struct cp_view){e->path, (size_t)(slash - e->path)} : cp_view_of(".");
    if (slash == e->path)
        parent = cp_view_of("/");
    if (!cp_view_copy(parent, folder, sizeof folder))
        return cp_fail(err, CP_ELIMIT, "--export: '%.100s...' is too long", e->path);
    if (!cp_file_is_dir(folder))
        return cp_fail(err, CP_ENOTFOUND, "--export: no folder '%s' to write '%s' into", folder,
                       e->path);
    return CP_OK;
}

static const struct cp_warning *find_warning(const struct cp_figures *figures, const char *id)
{
    for (size_t i = 0; i < figures->n_warnings; i++) {
        if (strcasecmp(figures->warnings[i].id, id) == 0)
            return &figures->warnings[i];
    }
    return NULL;
}

static enum cp_code fail_no_warning(const struct cp_figures *figures, const char *id,
                                    struct cp_error *err)
{
    char known[CP_WARNINGS_MAX * 8] = "none";
    size_t n = 0;
    for (size_t i = 0; i < figures->n_warnings; i++)
        n += (size_t)snprintf(known + n, sizeof known - n, "%s%s", n ? " " : "",
                              figures->warnings[i].id);
    return cp_fail(err, CP_EINVAL, "run '%s' has no warning '%s'; it has: %s",
                   figures->data->run.id, id, known);
}

enum cp_code cp_render_explanation(const struct cp_figures *figures, const char *id,
                                   struct cp_buf *out, struct cp_error *err)
{
    const struct cp_warning *w = find_warning(figures, id);
    if (!w)
        return fail_no_warning(figures, id, err);
    (void)cp_buf_addf(out, "%s in run %s of %s\n\n  found: %s\n  do:    %s\n\n", w->id,
                      figures->data->run.id, figures->data->run.function, w->text, w->advice);
    (void)cp_buf_addf(out, "  %8s  %6s  %6s  %6s  %8s\n", "memory", "cold n", "warm n", "failed",
                      "excluded");
    for (size_t i = 0; i < figures->n_sizes; i++) {
        const struct cp_size_figures *s = &figures->sizes[i];
        (void)cp_buf_addf(out, "  %5d MB  %6zu  %6zu  %6zu  %8zu\n", s->memory_size_mb, s->n_cold,
                          s->n_warm, s->n_failed, s->n_excluded);
    }
    (void)cp_buf_adds(out, "  ");
    cp_accounting_text(figures, out);
    (void)cp_buf_addc(out, '\n');
    return cp_buf_check(out, "the explanation", err);
}

static bool is_runnable_somewhere(const struct cp_figures *figures)
{
    for (size_t i = 0; i < figures->n_sizes; i++) {
        if (!figures->sizes[i].cannot_run)
            return true;
    }
    return false;
}

/* A function that runs nowhere is a failure; a budget that was asked for and missed is status 3. */
enum cp_status cp_render_status(const struct cp_cli *cli, const struct cp_figures *figures)
{
    if (!is_runnable_somewhere(figures)) {
        struct cp_error err;
        (void)cp_fail(&err, CP_EREMOTE, "'%s' ran at none of its %zu memory sizes: %s",
                      figures->data->run.function, figures->n_sizes,
                      figures->n_sizes ? figures->sizes[0].cannot_run_note : "nothing measured");
        return cp_cli_fail(cli, &err);
    }
    bool has_budget = isfinite(figures->data->run.budget_ms);
    bool is_missed = has_budget && !figures->decision.is_budget_met;
    return is_missed && !cli->options.exit_zero ? CP_STATUS_MISSED : CP_STATUS_OK;
}

enum cp_code cp_render_load(const struct cp_cli *cli, struct cp_store *store, const char *run_id,
                            struct cp_run_data *data, struct cp_error *err)
{
    enum cp_code code = cp_store_load(store, run_id, data, err);
    if (!code && cli->asks_anew)
        code = cp_cli_ask(&cli->options, data, err);
    data->throttled_share_max = cli->options.throttle_target;
    return code;
}

enum cp_code cp_render_load_history(struct cp_store *store, struct cp_run_data *data,
                                    struct cp_history *out, struct cp_error *err)
{
    const struct cp_night_key key = cp_night_key_of(&data->run);
    const struct cp_history_span all = {.n_last = 0};
    *out = (struct cp_history){.n_nights = 0};
    enum cp_code code = cp_store_load_history(store, &key, all, out, err);
    if (!code)
        data->history = out;
    return code;
}

enum cp_code cp_render_open(const struct cp_cli *cli, struct cp_stored_run *run,
                            struct cp_error *err)
{
    *run = (struct cp_stored_run){.data = {.run = cp_run_empty()}};
    enum cp_code code = cp_cli_open_store(cli, CP_STORE_READ, &run->store, err);
    if (!code)
        code = cp_render_load(cli, run->store, cli->words.n ? cli->words.word[0] : "last",
                              &run->data, err);
    return code ? code : cp_cli_figures(cli, &run->data, &run->prices, &run->figures, err);
}

void cp_render_close(struct cp_stored_run *run)
{
    cp_figures_free(run->figures);
    cp_run_data_clear(&run->data);
    cp_store_close(run->store);
}

enum cp_status cp_render_run(const struct cp_cli *cli, struct cp_store *store, const char *run_id)
{
    struct cp_error err = {CP_OK, ""};
    struct cp_run_data data = {.run = cp_run_empty()};
    struct cp_history history = {.n_nights = 0};
    struct cp_figures *figures = NULL;
    struct cp_cli_prices prices;
    struct cp_buf out;
    cp_buf_init(&out, OUTPUT_MAX);
    enum cp_status status = CP_STATUS_OK;
    enum cp_code code = cp_render_load(cli, store, run_id, &data, &err);
    if (!code)
        code = cp_render_load_history(store, &data, &history, &err);
    if (!code)
        code = cp_cli_figures(cli, &data, &prices, &figures, &err);
    const char *explain = cli->options.explain;
    if (!code)
        code = explain ? cp_render_explanation(figures, explain, &out, &err)
                       : cp_render(cli, figures, cli->options.format, &out, &err);
    if (!code)
        status = cp_cli_print(&out);
    if (!code)
        code = cp_render_exports(cli, figures, &err);
    if (code)
        status = cp_cli_fail(cli, &err);
    else if (status == CP_STATUS_OK && !explain)
        status = cp_render_status(cli, figures);
    cp_buf_clear(&out);
    cp_figures_free(figures);
    cp_history_clear(&history);
    cp_run_data_clear(&data);
    return status;
}
