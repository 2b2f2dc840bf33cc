/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/cli/render.h"

#include "reports/fitted.h"
#include "reports/report.h"

#include <string.h>

enum { OUTPUT_MAX = 16 * 1024 * 1024 };

static enum cp_code check_options(const struct cp_cli *cli, struct cp_error *err)
{
    enum cp_format format = cli->options.format;
    const char *tail = cli->options.tail;
    if (tail && strcmp(tail, "gpd") != 0)
        return cp_fail(err, CP_EINVAL, "--tail: '%.20s' is not known; write --tail gpd", tail);
    if (format == CP_FORMAT_TABLE || format == CP_FORMAT_JSON)
        return CP_OK;
    return cp_fail(err, CP_EINVAL, "fit prints --format table or json");
}

static enum cp_code print_fit(const struct cp_cli *cli, const struct cp_figures *figures,
                              enum cp_status *status, struct cp_error *err)
{
    const struct cp_fit_request request = {cli->options.memory.mb, cli->options.memory.n};
    const struct cp_text_style style = {cli->out.use_color, cli->out.width};
    struct cp_buf out;
    cp_buf_init(&out, OUTPUT_MAX);
    if (cli->options.format == CP_FORMAT_JSON)
        cp_fit_json(figures, &request, &out);
    else
        cp_fit_text(figures, &request, &style, &out);
    enum cp_code code = cp_buf_check(&out, "the fitted models", err);
    if (!code)
        *status = cp_cli_print(&out);
    cp_buf_clear(&out);
    return code;
}

static enum cp_status run_fit(struct cp_cli *cli)
{
    struct cp_error err = {CP_OK, ""};
    struct cp_stored_run run = {.store = NULL};
    enum cp_status status = CP_STATUS_OK;
    enum cp_code code = check_options(cli, &err);
    if (!code)
        code = cp_render_open(cli, &run, &err);
    if (!code && !cp_fitted_add_slow(run.figures, cli->options.tail != NULL))
        code = cp_fail(&err, CP_ENOMEM, "no memory for the fitted models");
    if (!code)
        code = print_fit(cli, run.figures, &status, &err);
    if (code)
        status = cp_cli_fail(cli, &err);
    cp_render_close(&run);
    return status;
}

const struct cp_command cp_command_fit = {
    .name = "fit",
    .arguments = "[RUN]",
    .summary = "show every model fitted to a run, with intervals (default: the last one)",
    .detail =
        "RUN is the id that sweep printed, a unique beginning of it, or 'last'. For each model: "
        "formula, every parameter with its interval and how that was made, n, goodness of fit, and "
        "what was refused with the number of samples that would do. --memory predicts at sizes "
        "that were not measured. --tail gpd adds tails beyond the data, each labelled as such.",
    .examples = "  coldprof fit last\n"
                "  coldprof fit 7f3a --memory 832,1536\n"
                "  coldprof fit last --json\n",
    .bit = CP_IN_FIT,
    .max_words = 1,
    .run = run_fit,
};
