/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/cli/show_gates.h"

#include <stdio.h>

#include "profiler/cli/ci.h"
#include "profiler/cli/notify.h"
#include "profiler/cli/render.h"

enum { OUTPUT_MAX = 16 * 1024 * 1024 };

enum cp_code cp_cli_check_gate_formats(const struct cp_cli *cli, bool has_history,
                                       struct cp_error *err)
{
    enum cp_code code = CP_OK;
    bool is_otava = cli->options.format == CP_FORMAT_OTAVA_CSV;
    for (size_t i = 0; i < cli->options.exports.n && !code; i++) {
        is_otava = is_otava || cli->options.exports.item[i].format == CP_FORMAT_OTAVA_CSV;
        code = cp_render_check_export(&cli->options.exports.item[i], err);
    }
    if (!code && is_otava && !has_history)
        code = cp_fail(err, CP_EINVAL,
                       "otava-csv shows a history, which two runs have none of; write junit, "
                       "gha-benchmark, bmf or openmetrics");
    return code;
}

static enum cp_code render(const struct cp_cli *cli, const void *document, enum cp_format format,
                           struct cp_buf *out, struct cp_error *err)
{
    static void (*const printers[])(const struct cp_gates *, struct cp_buf *) = {
        [CP_FORMAT_JSON] = cp_gates_json,
        [CP_FORMAT_CSV] = cp_gates_csv,
        [CP_FORMAT_MD] = cp_gates_markdown,
        [CP_FORMAT_JUNIT] = cp_gates_junit,
        [CP_FORMAT_GHA_BENCHMARK] = cp_gates_gha_benchmark,
        [CP_FORMAT_BMF] = cp_gates_bmf,
        [CP_FORMAT_OPENMETRICS] = cp_gates_openmetrics,
        [CP_FORMAT_OTAVA_CSV] = NULL,
    };
    const struct cp_gates *gates = document;
    const struct cp_text_style style = {cli->out.use_color, cli->out.width};
    if (format == CP_FORMAT_TABLE)
        cp_gates_text(gates, &style, out);
    else if (format == CP_FORMAT_OTAVA_CSV && gates->history)
        cp_history_otava_csv(gates->history, out);
    else if (printers[format])
        printers[format](gates, out);
    else
        return cp_fail(err, CP_EINVAL, "there is no such document of a change");
    return cp_buf_check(out, "the verdicts", err);
}

static enum cp_code tell_ci(const struct cp_cli *cli, const struct cp_gates *gates,
                            struct cp_error *err)
{
    struct cp_buf annotations;
    cp_buf_init(&annotations, OUTPUT_MAX);
    enum cp_ci ci = cp_ci_of(cli->options.ci, cli->get, cli->get_context);
    enum cp_code code = cp_ci_tell(ci, gates, cli->get, cli->get_context, &annotations, err);
    if (!code)
        (void)fputs(cp_buf_str(&annotations), stderr);
    cp_buf_clear(&annotations);
    return code;
}

static void notify(const struct cp_cli *cli, const struct cp_gates *gates)
{
    struct cp_error err = {CP_OK, ""};
    struct cp_buf json;
    cp_buf_init(&json, OUTPUT_MAX);
    cp_gates_json(gates, &json);
    enum cp_code code = cp_buf_check(&json, "the notification", &err);
    if (!code)
        code =
            cp_notify(cli->options.notify_command, cp_buf_view(&json), CP_NOTIFY_TIMEOUT_MS, &err);
    if (code)
        (void)fprintf(stderr, "warning: --notify-command: %s\n", err.text);
    cp_buf_clear(&json);
}

enum cp_status cp_cli_show_gates(const struct cp_cli *cli, const struct cp_gates *gates)
{
    struct cp_error err = {CP_OK, ""};
    struct cp_buf out;
    enum cp_status status = CP_STATUS_OK;
    cp_buf_init(&out, OUTPUT_MAX);
    enum cp_code code = render(cli, gates, cli->options.format, &out, &err);
    if (!code)
        status = cp_cli_print(&out);
    if (!code)
        code = cp_render_exports_of(cli, gates, render, &err);
    if (!code)
        code = tell_ci(cli, gates, &err);
    cp_buf_clear(&out);
    if (gates->n_failed && cli->options.notify_command)
        notify(cli, gates);
    if (code)
        return cp_cli_fail(cli, &err);
    if (status == CP_STATUS_OK && gates->n_failed && !cli->options.exit_zero)
        status = CP_STATUS_MISSED;
    return status;
}
