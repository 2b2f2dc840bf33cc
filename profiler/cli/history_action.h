/* SPDX-License-Identifier: GPL-3.0-or-later
 * The actions of `coldprof history` that write into the store. cmd_history.c has those that read,
 * and chooses.
 */
#ifndef COLDPROF_PROFILER_CLI_HISTORY_ACTION_H
#define COLDPROF_PROFILER_CLI_HISTORY_ACTION_H

#include "profiler/cli/command.h"
#include "profiler/store/store.h"

struct cp_history_action {
    struct cp_cli *cli;
    struct cp_store *store;
    const char *const *words; /* behind the name of the action; borrowed, as the others */
    size_t n_words;
    enum cp_status status; /* when it did not fail */
};

/* Prints what an action says on stdout. `what` names it in the error of a buffer that failed. */
enum cp_code cp_history_print(struct cp_history_action *self, const struct cp_buf *out,
                              const char *what, struct cp_error *err);

/* import [FILE...], add RUN..., accept FUNCTION. All of it is kept, or none. */
enum cp_code cp_history_action_import(struct cp_history_action *self, struct cp_error *err);
enum cp_code cp_history_action_add(struct cp_history_action *self, struct cp_error *err);
enum cp_code cp_history_action_accept(struct cp_history_action *self, struct cp_error *err);

#endif
