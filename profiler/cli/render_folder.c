/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "probes/os/file.h"
#include "profiler/cli/prices.h"
#include "profiler/cli/render.h"

#include "reports/levels.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

enum { FILE_MAX = 64 * 1024 * 1024 };

/* Where one report goes: a folder, a figures struct, and the first failure. */
struct folder {
    const char *dir;
    const struct cp_figures *figures;
    struct cp_buf bytes;
    struct cp_error *err;
};

static enum cp_code write_file(const struct folder *to, const char *name, const char *ending,
                               struct cp_view bytes)
{
    char path[PATH_MAX];
    int n = snprintf(path, sizeof path, "%s/%s%s", to->dir, name, ending);
    if (n < 0 || (size_t)n >= sizeof path)
        return cp_fail(to->err, CP_ELIMIT, "cannot write into '%s': the path is too long", to->dir);
    return cp_file_write_atomic(path, bytes, to->err);
}

static enum cp_code write_charts(struct folder *to, const struct cp_charts *charts)
{
    enum cp_code code = CP_OK;
    for (size_t i = 0; i < CP_CHART_COUNT && !code; i++) {
        char name[64];
        if (i == CP_CHART_WEEK && !cp_figures_has_week(to->figures))
            continue; /* traffic without a clock */
        if ((i == CP_CHART_PCSWEEP || i == CP_CHART_PCCOLD) && !cp_figures_has_levels(to->figures))
            continue;
        if (i == CP_CHART_HISTORY && !cp_figures_has_history(to->figures))
            continue;
        (void)snprintf(name, sizeof name, "charts/%s",
                       cp_chart_name(to->figures, (enum cp_chart_id)i));
        cp_buf_reset(&to->bytes);
        cp_chart_csv(to->figures, (enum cp_chart_id)i, &to->bytes);
        code = write_file(to, name, ".csv", cp_buf_view(&to->bytes));
        if (!code && charts->png[i].n)
            code = write_file(to, name, ".png", cp_buf_view(&charts->png[i]));
    }
    return code;
}

static enum cp_code write_pages(struct folder *to, const struct cp_charts *charts)
{
    enum cp_code code = CP_OK;
    cp_report_html(to->figures, charts, &to->bytes);
    code = cp_buf_check(&to->bytes, "report.html", to->err);
    if (!code)
        code = write_file(to, "report", ".html", cp_buf_view(&to->bytes));
    cp_buf_reset(&to->bytes);
    cp_report_json(to->figures, &to->bytes);
    if (!code)
        code = cp_buf_check(&to->bytes, "report.json", to->err);
    if (!code)
        code = write_file(to, "report", ".json", cp_buf_view(&to->bytes));
    cp_buf_reset(&to->bytes);
    cp_report_markdown(to->figures, &to->bytes);
    if (!code)
        code = write_file(to, "report", ".md", cp_buf_view(&to->bytes));
    return code;
}

static enum cp_code write_folder(const char *dir, const struct cp_figures *figures, bool is_quiet,
                                 struct cp_error *err)
{
    struct folder to = {.dir = dir, .figures = figures, .err = err};
    struct cp_charts charts;
    char charts_dir[PATH_MAX];
    int n = snprintf(charts_dir, sizeof charts_dir, "%s/charts", dir);
    if (n < 0 || (size_t)n >= sizeof charts_dir)
        return cp_fail(err, CP_ELIMIT, "'%s' is too long for a folder", dir);
    enum cp_code code = cp_file_make_dirs(charts_dir, false, err);
    if (code)
        return code;
    cp_buf_init(&to.bytes, FILE_MAX);
    cp_charts_make(figures, NULL, &charts);
    if (charts.warning[0])
        (void)fprintf(stderr, "warning: %s\n", charts.warning);
    code = write_pages(&to, &charts);
    if (!code)
        code = write_charts(&to, &charts);
    if (!code && !is_quiet)
        (void)fprintf(stderr, "wrote %s/report.html, report.json, report.md and charts/\n", dir);
    cp_charts_clear(&charts);
    cp_buf_clear(&to.bytes);
    return code;
}

enum cp_status cp_render_folder(const struct cp_cli *cli, struct cp_store *store,
                                const char *run_id)
{
    struct cp_error err = {CP_OK, ""};
    struct cp_run_data data = {.run = cp_run_empty()};
    struct cp_history history = {.n_nights = 0};
    struct cp_figures *figures = NULL;
    struct cp_cli_prices prices;
    enum cp_code code = cp_render_load(cli, store, run_id, &data, &err);
    if (!code)
        code = cp_render_load_history(store, &data, &history, &err);
    if (!code)
        code = cp_cli_figures(cli, &data, &prices, &figures, &err);
    if (!code)
        code = write_folder(cli->options.output, figures, cli->options.is_quiet, &err);
    if (!code)
        code = cp_render_exports(cli, figures, &err);
    cp_figures_free(figures);
    cp_history_clear(&history);
    cp_run_data_clear(&data);
    return code ? cp_cli_fail(cli, &err) : CP_STATUS_OK;
}

enum cp_status cp_render_wanted(const struct cp_cli *cli, struct cp_store *store,
                                const char *run_id)
{
    const char *output = cli->options.output;
    bool wants_folder = output && strcmp(output, "-") != 0 && !cli->options.explain;
    return wants_folder ? cp_render_folder(cli, store, run_id) : cp_render_run(cli, store, run_id);
}
