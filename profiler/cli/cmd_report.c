/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/cli/render.h"

static enum cp_status run_report(struct cp_cli *cli)
{
    struct cp_error err = {CP_OK, ""};
    struct cp_store *store = NULL;
    cli->asks_anew = true;
    if (cp_cli_open_store(cli, CP_STORE_READ, &store, &err))
        return cp_cli_fail(cli, &err);
    const char *run_id = cli->words.n ? cli->words.word[0] : "last";
    enum cp_status status = cp_render_wanted(cli, store, run_id);
    cp_store_close(store);
    return status;
}

const struct cp_command cp_command_report = {
    .name = "report",
    .arguments = "[RUN]",
    .summary = "show or write the report of a stored run (default: the last one)",
    .detail =
        "RUN is the id that sweep printed, a unique beginning of it, or 'last'. With -o DIR it "
        "writes report.html (one self-contained page), report.json, report.md and charts/*.png "
        "with a table beside each; without it, prints the table.",
    .examples = "  coldprof report last -o report\n"
                "  coldprof report 7f3a --format md > summary.md\n"
                "  coldprof report last --explain W010\n",
    .bit = CP_IN_REPORT,
    .max_words = 1,
    .run = run_report,
};
