/* SPDX-License-Identifier: GPL-3.0-or-later
 * The logs named on the command line into a digest: what import and digest have in common.
 * Progress, warnings and the account of every line go to stderr.
 *
 * Ownership: cp_read_logs / cp_read_logs_clear; the digest is borrowed.
 */
#ifndef COLDPROF_PROFILER_CLI_READ_LOGS_H
#define COLDPROF_PROFILER_CLI_READ_LOGS_H

#include <stdbool.h>

#include "probes/log/log_import.h"
#include "profiler/cli/command.h"

struct cp_read_logs {
    const char *function; /* name where the logs tell none; NULL */
    /* what came of it */
    struct cp_log_files files;
    struct cp_log_import_result result;
    bool is_interrupted;
    bool is_whole; /* nothing was rejected or damaged */
};

/* Of cli->words, or of standard input when there are none. An interruption is no failure: what was
 * read before is in the digest. Clear it, also after a failure. */
enum cp_code cp_read_logs(struct cp_cli *cli, struct cp_read_logs *logs, struct cp_digest *digest,
                          struct cp_error *err);
void cp_read_logs_clear(struct cp_read_logs *logs);

/* The one rule for the exit status of a command that did its work (`status`) with such logs:
 * interrupted 4; else a worse status stays; else 1 where something of the input could not be used,
 * unless --exit-zero. Says so on stderr. */
enum cp_status cp_read_logs_status(const struct cp_cli *cli, const struct cp_read_logs *logs,
                                   enum cp_status status);

#endif
