/* SPDX-License-Identifier: GPL-3.0-or-later
 * Commands: one const struct per file, one table, and what every command gets.
 */
#ifndef COLDPROF_PROFILER_CLI_COMMAND_H
#define COLDPROF_PROFILER_CLI_COMMAND_H

#include "model/base/buf.h"
#include "profiler/cli/options.h"
#include "profiler/cli/terminal.h"
#include "profiler/store/store.h"

/* Exit statuses, documented in --help and the README. */
enum cp_status {
    CP_STATUS_OK = 0,
    CP_STATUS_FAILED = 1,
    CP_STATUS_USAGE = 2,
    CP_STATUS_MISSED = 3,      /* budget missed or not shown to be met; a regression */
    CP_STATUS_INTERRUPTED = 4, /* interrupted and undone */
};

struct cp_cli {
    const char *program; /* path of our own executable */
    const char *command_line;
    cp_getenv_fn get; /* environment */
    void *get_context;
    /* Wipes a variable's value where it stands: forked children would show it (/proc/PID/environ).
     */
    void (*forget)(const char *name);
    struct cp_options options;
    bool asks_anew;        /* of a stored run: the options' question takes the place of its own */
    struct cp_words words; /* arguments that are not options */
    struct cp_terminal out, err;
};

struct cp_command {
    const char *name;
    const char *arguments;       /* after the name in the usage line */
    const char *summary;         /* one line */
    const char *detail;          /* paragraphs of --help; NULL when the summary says it all */
    const char *examples;        /* runnable lines */
    unsigned bit;                /* which options it takes */
    bool minds_journals;         /* deals with open journals itself, so none is announced */
    size_t min_words, max_words; /* SIZE_MAX: any number */
    enum cp_status (*run)(struct cp_cli *cli);
};

extern const struct cp_command cp_command_sweep;
extern const struct cp_command cp_command_nightly;
extern const struct cp_command cp_command_import;
extern const struct cp_command cp_command_digest;
extern const struct cp_command cp_command_report;
extern const struct cp_command cp_command_fit;
extern const struct cp_command cp_command_recommend;
extern const struct cp_command cp_command_frontier;
extern const struct cp_command cp_command_simulate;
extern const struct cp_command cp_command_apply;
extern const struct cp_command cp_command_compare;
extern const struct cp_command cp_command_runs;
extern const struct cp_command cp_command_history;
extern const struct cp_command cp_command_local;
extern const struct cp_command cp_command_recover;
extern const struct cp_command cp_command_policy;
extern const struct cp_command cp_command_prices;
extern const struct cp_command cp_command_schedule;
extern const struct cp_command cp_command_help;

/* All commands, NULL at the end; and one by name (NULL when unknown). */
const struct cp_command *const *cp_command_table(void);
const struct cp_command *cp_command_find(struct cp_view name);

/* --- shared by the commands --- */

/* Prints "error: text" on stderr; returns the status that fits the code. */
enum cp_status cp_cli_fail(const struct cp_cli *cli, const struct cp_error *err);
/* Prints bytes on stdout; a closed pipe is quiet. */
enum cp_status cp_cli_print(const struct cp_buf *text);
/* Opens the history (--store, else the XDG place). CP_EINVAL when HOME is unknown. */
enum cp_code cp_cli_open_store(const struct cp_cli *cli, enum cp_store_mode mode,
                               struct cp_store **out, struct cp_error *err);

/* Folder of the undo journals: $XDG_STATE_HOME/coldprof. CP_EINVAL when HOME is unknown. */
enum cp_code cp_cli_journal_folder(const struct cp_cli *cli, char *out, size_t out_size,
                                   struct cp_error *err);

/* Folder of what can be fetched again: $XDG_CACHE_HOME/coldprof. CP_EINVAL when HOME is unknown. */
enum cp_code cp_cli_cache_folder(const struct cp_cli *cli, char *out, size_t out_size,
                                 struct cp_error *err);

/* help.c */
void cp_help_overview(struct cp_buf *out);
void cp_help_command(const struct cp_command *command, struct cp_buf *out);

#endif
