/* SPDX-License-Identifier: GPL-3.0-or-later
 * Undoing a sweep: the same for its regular end, an error, an interruption and `recover`. Looks at
 * what is there and removes what is ours, so it may be run again at any point, any number of times.
 *
 * Never touched: a function whose tag is not ours, a memory size that we did not write, versions
 * from before or of others, aliases of others. What somebody else did meanwhile is reported.
 */
#ifndef COLDPROF_PROFILER_SWEEP_UNDO_H
#define COLDPROF_PROFILER_SWEEP_UNDO_H

#include "profiler/sweep/undo_facts.h"

struct cp_undo_report {
    bool has_deleted_shadow, has_put_back, has_unlocked;
    unsigned n_versions; /* deleted */
    /* Called for each thing that others did and that stays as it is. NULL: nobody listens. */
    void (*on_note)(void *context, const char *text);
    void *context;
};

/* Does all it can; the first failure is returned and something of ours may be left. `journal` hears
 * when $LATEST holds nothing of ours any more, so that an undo that is repeated later leaves alone
 * what others have written since; NULL: there is none. */
enum cp_code cp_undo(struct cp_lambda *lambda, const struct cp_undo_facts *facts,
                     struct cp_journal *journal, struct cp_undo_report *report,
                     struct cp_error *err);

/* A version is ours: published after `highest_version` with our token in its description. */
bool cp_undo_is_our_version(const struct cp_undo_facts *facts,
                            const struct cp_function_config *version);

/* 0 for "$LATEST". */
long cp_version_number(const char *version);

#endif
