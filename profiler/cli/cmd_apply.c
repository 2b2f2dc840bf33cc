/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/cli/render.h"

#include "reports/apply.h"
#include "reports/report.h"

#include <stdio.h>

enum { OUTPUT_MAX = 4 * 1024 * 1024 };

static enum cp_code find_format(const struct cp_cli *cli, const struct cp_apply_format **out,
                                struct cp_error *err)
{
    char known[128] = "";
    size_t n = 0;
    *out = cp_apply_format_find(cli->options.apply_format);
    for (size_t i = 0; i < CP_APPLY_FORMATS && !*out; i++)
        n += (size_t)snprintf(known + n, sizeof known - n, "%s%s", n ? ", " : "",
                              cp_apply_formats[i].name);
    if (*out)
        return CP_OK;
    return cp_fail(err, CP_EINVAL, "--format: '%.40s' is not one of %s", cli->options.apply_format,
                   known);
}

static enum cp_code print_fragment(const struct cp_cli *cli, const struct cp_figures *figures,
                                   const struct cp_apply_format *format, enum cp_status *status,
                                   struct cp_error *err)
{
    struct cp_apply_question question = cp_apply_question_of(figures);
    struct cp_apply apply;
    struct cp_buf out;
    question.alias = cli->options.alias;
    question.candidate = cli->options.candidate;
    enum cp_code code = cp_apply_prepare(&question, &apply, err);
    if (code)
        return code;
    cp_buf_init(&out, OUTPUT_MAX);
    if (cli->options.is_undo)
        cp_apply_print_undo(&apply, format, &out);
    else
        cp_apply_print(&apply, format, &out);
    code = cp_buf_check(&out, "the fragment", err);
    if (!code)
        *status = cp_cli_print(&out);
    if (!code && *status == CP_STATUS_OK && apply.answer == CP_APPLY_UNDECIDED)
        *status = CP_STATUS_MISSED;
    cp_buf_clear(&out);
    return code;
}

static enum cp_status run_apply(struct cp_cli *cli)
{
    struct cp_error err = {CP_OK, ""};
    struct cp_stored_run run = {.store = NULL};
    const struct cp_apply_format *format = NULL;
    enum cp_status status = CP_STATUS_OK;
    cli->asks_anew = true;
    enum cp_code code = find_format(cli, &format, &err);
    if (!code)
        code = cp_render_open(cli, &run, &err);
    if (!code)
        code = print_fragment(cli, run.figures, format, &status, &err);
    if (code)
        status = cp_cli_fail(cli, &err);
    cp_render_close(&run);
    return status;
}

const struct cp_command cp_command_apply = {
    .name = "apply",
    .arguments = "[RUN]",
    .summary = "print what would put a run's decision into effect; changes nothing",
    .detail =
        "RUN is the id that sweep printed, a unique beginning of it, or 'last'. Prints commands "
        "for the AWS CLI, or a fragment for SAM, CloudFormation, Terraform or the CDK "
        "(TypeScript), "
        "with the run, the expected effect and the way back as comments. Nothing is sent anywhere. "
        "Without a proven change it says why; status 3 when the data do not suffice. --budget and "
        "--traffic ask another question, as of recommend.",
    .examples = "  coldprof apply last\n"
                "  coldprof apply 7f3a --format terraform --alias live\n"
                "  coldprof apply 7f3a --candidate 1024/2\n"
                "  coldprof apply 7f3a --undo\n",
    .bit = CP_IN_APPLY,
    .max_words = 1,
    .run = run_apply,
};
