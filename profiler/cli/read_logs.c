/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/cli/read_logs.h"

#include "profiler/cli/log_progress.h"
#include "profiler/cli/stop.h"
#include "profiler/import/import_account.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static bool is_stopped(void *context)
{
    return cp_stop_requests(context) > 0;
}

static void tell_account(const struct cp_cli *cli, const struct cp_read_logs *logs,
                         const struct cp_digest *digest)
{
    const struct cp_import_account account = {digest, &logs->result, &logs->files};
    struct cp_buf text;
    if (cli->options.is_quiet)
        return;
    cp_buf_init(&text, (size_t)256 * 1024);
    cp_import_account_text(&account, &text);
    (void)fputs(cp_buf_str(&text), stderr);
    cp_buf_clear(&text);
}

static enum cp_code read_all(struct cp_cli *cli, struct cp_read_logs *logs,
                             struct cp_digest *digest, struct cp_error *err)
{
    struct cp_log_view view = {.terminal = cli->err, .is_quiet = cli->options.is_quiet};
    const struct cp_log_import_options options = {
        .function = logs->function,
        .architecture = cli->options.architecture,
        .threads = cli->options.threads,
        .on_progress = cp_log_view_show,
        .progress_context = &view,
        .is_interrupted = is_stopped,
    };
    enum cp_code code = cp_log_import(&logs->files, &options, digest, &logs->result, err);
    cp_log_view_end(&view);
    return code;
}

enum cp_code cp_read_logs(struct cp_cli *cli, struct cp_read_logs *logs, struct cp_digest *digest,
                          struct cp_error *err)
{
    static const char *const standard_input[] = {"-"};
    bool has_words = cli->words.n > 0;
    cp_stop_watch();
    if (!has_words && isatty(STDIN_FILENO) && !cli->options.is_quiet)
        (void)fputs("reading logs from standard input, to its end (Ctrl-D)\n", stderr);
    enum cp_code code = cp_log_files_find(has_words ? cli->words.word : standard_input,
                                          has_words ? cli->words.n : 1, &logs->files, err);
    if (!code)
        code = read_all(cli, logs, digest, err);
    logs->is_interrupted = code == CP_EINTERRUPTED;
    if (logs->is_interrupted)
        code = CP_OK;
    if (code)
        return code;
    logs->is_whole = cp_import_account_is_whole(digest);
    tell_account(cli, logs, digest);
    return CP_OK;
}

void cp_read_logs_clear(struct cp_read_logs *logs)
{
    free(logs->result.files);
    logs->result = (struct cp_log_import_result){0};
    cp_log_files_clear(&logs->files);
}

enum cp_status cp_read_logs_status(const struct cp_cli *cli, const struct cp_read_logs *logs,
                                   enum cp_status status)
{
    if (logs->is_interrupted) {
        (void)fputs("interrupted: only a part of the logs was read\n", stderr);
        return CP_STATUS_INTERRUPTED;
    }
    if (logs->is_whole)
        return status;
    if (!cli->options.is_quiet)
        (void)fputs("warning: a part of the input was rejected or damaged; the rest was used\n",
                    stderr);
    return status == CP_STATUS_OK && !cli->options.exit_zero ? CP_STATUS_FAILED : status;
}
