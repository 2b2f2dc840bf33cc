/* SPDX-License-Identifier: GPL-3.0-or-later
 * coldprof import --log-group: the options, the clients and what is said about it.
 *
 * Ownership: cp_import_cloud_run fills a struct that cp_import_cloud_clear empties, also after a
 * failure.
 */
#ifndef COLDPROF_PROFILER_CLI_IMPORT_CLOUD_H
#define COLDPROF_PROFILER_CLI_IMPORT_CLOUD_H

#include "profiler/cli/command.h"
#include "profiler/cli/connection.h"
#include "profiler/import/cloud_import.h"

enum { CP_IMPORT_PATH_MAX = 4096 };

struct cp_import_cloud {
    struct cp_cli *cli;
    struct cp_connection connection;
    struct cp_logs *logs;
    struct cp_log_group groups[CP_LOG_GROUPS_MAX];
    size_t n_groups;
    char checkpoint[CP_IMPORT_PATH_MAX];
    struct cp_cloud_import_options options;
    struct cp_cloud_import_result result;
    double drawn_ms; /* progress: when it was last shown, or began; monotonic */
    bool is_drawn;   /* a line without its end is on the terminal */
};

/* Reads the groups into `digest`, which is empty. Says on stderr what it does, and after an
 * interruption or a failure what is kept and how to go on. */
enum cp_code cp_import_cloud_run(struct cp_cli *cli, const char *function,
                                 struct cp_import_cloud *out, struct cp_digest *digest,
                                 struct cp_error *err);
/* Options of a client of the same account; `url` NULL: AWS's endpoint of the Region. */
struct cp_client_options cp_import_cloud_client(const struct cp_import_cloud *cloud,
                                                const char *url);
/* The import is stored: its checkpoint is not needed any more. */
void cp_import_cloud_stored(struct cp_import_cloud *cloud);
void cp_import_cloud_clear(struct cp_import_cloud *cloud);

#endif
