/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "probes/os/file.h"
#include "profiler/cli/command.h"
#include "profiler/cli/read_logs.h"

#include <stdio.h>
#include <string.h>

static bool wants_stdout(const struct cp_cli *cli)
{
    return !cli->options.output || strcmp(cli->options.output, "-") == 0;
}

static enum cp_code check_options(const struct cp_cli *cli, struct cp_error *err)
{
    if (wants_stdout(cli) && cli->out.is_tty)
        return cp_fail(err, CP_EINVAL,
                       "a digest is for programs, and standard output is a terminal: give -o FILE");
    return CP_OK;
}

static enum cp_status write_digest(const struct cp_cli *cli, const struct cp_digest *digest)
{
    struct cp_error err;
    struct cp_buf text;
    cp_buf_init(&text, 2 * CP_DIGEST_BYTES_MAX);
    enum cp_status status = CP_STATUS_OK;
    enum cp_code code = cp_digest_write(digest, &text, &err);
    if (!code && wants_stdout(cli))
        status = cp_cli_print(&text);
    else if (!code)
        code = cp_file_write_atomic(cli->options.output, cp_buf_view(&text), &err);
    cp_buf_clear(&text);
    return code ? cp_cli_fail(cli, &err) : status;
}

static enum cp_status run_digest(struct cp_cli *cli)
{
    struct cp_error err = {CP_OK, ""};
    struct cp_read_logs logs = {.function = cli->options.function};
    struct cp_digest *digest = cp_digest_new();
    enum cp_code code =
        digest ? check_options(cli, &err) : cp_fail(&err, CP_ENOMEM, "out of memory");
    if (!code)
        code = cp_read_logs(cli, &logs, digest, &err);
    enum cp_status status = code ? cp_cli_fail(cli, &err) : write_digest(cli, digest);
    if (!code)
        status = cp_read_logs_status(cli, &logs, status);
    cp_read_logs_clear(&logs);
    cp_digest_free(digest);
    return status;
}

const struct cp_command cp_command_digest = {
    .name = "digest",
    .arguments = "[FILE...]",
    .summary = "read logs into a small file that merges with others",
    .detail =
        "A FILE is what 'coldprof import' takes: a log in any form, plain or gzip, a folder, a "
        "quoted pattern, a digest, or '-'; without any, standard input. The digest goes to "
        "standard output or to -o FILE. Digests of the parts of a log, made anywhere, merge into "
        "exactly the digest of the whole log: 'coldprof digest *.digest', or give them to import. "
        "Status 1 also says that lines were rejected or files damaged; the rest is in the digest.",
    .examples = "  coldprof digest logs/ -o logs.digest\n"
                "  zstdcat app.log.zst | coldprof digest --function orders > app.digest\n"
                "  coldprof digest part-*.digest -o all.digest && coldprof import all.digest\n",
    .bit = CP_IN_DIGEST,
    .minds_journals = true, /* touches no account, and may run a thousand times in a cluster */
    .max_words = SIZE_MAX,
    .run = run_digest,
};
