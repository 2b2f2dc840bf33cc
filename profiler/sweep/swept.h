/* SPDX-License-Identifier: GPL-3.0-or-later
 * The function under sweep: what was found, and versions of it at a memory size, whose environments
 * are all fresh. Four methods behind one interface (method.h):
 *
 *   own      memory size and description of $LATEST change, a version is published and, after its
 *            samples, deleted (an unchanged PublishVersion would return an old version);
 *   shadow   a copy is created, then swept as an own function, then deleted whole;
 *   in place all versions are published before the first invocation, $LATEST is put back, versions
 *            are handed out and deleted;
 *   as it is $LATEST is invoked, nothing is changed (endpoints that can do no more).
 *
 * `lambda`, `clock` and the place are borrowed. Ownership: cp_swept_clear.
 */
#ifndef COLDPROF_PROFILER_SWEEP_SWEPT_H
#define COLDPROF_PROFILER_SWEEP_SWEPT_H

#include "model/run.h"
#include "probes/aws/lambda.h"
#include "profiler/sweep/change.h"
#include "profiler/sweep/snapshots.h"
#include "profiler/sweep/sweep_clock.h"
#include "profiler/sweep/undo.h"

enum { CP_VERSION_MAX = 24 };

/* How many versions of one size the plan will ask for. */
struct cp_version_need {
    int memory_size_mb;
    size_t n;
};

/* A version published ahead. */
struct cp_stocked_version {
    int memory_size_mb;
    bool is_given;
    char version[CP_VERSION_MAX];
};

struct cp_swept {
    struct cp_lambda *lambda;
    const struct cp_sweep_clock *clock;
    struct cp_sweep_place place;
    char function[320]; /* what is invoked: the function, or its shadow once that exists */
    struct cp_function_config target; /* as it was given, qualifier included, and found */
    struct cp_function_config latest; /* of `function` after our last change */
    long highest_version;             /* published so far, by anybody */
    struct cp_snapshots snapshots;    /* every version of ours */
    /* own and shadow */
    char token[40]; /* "coldprof <run> ", begins every description of ours */
    int original_memory_mb;
    char original_description[256];
    unsigned n_published;
    /* shadow and in place */
    struct cp_undo_facts facts;
    struct cp_journal *journal; /* open while there may be something to undo */
    struct cp_stocked_version *stock;
    size_t n_stock;
};

/* Reads the function (its $LATEST, or the version or alias that `function` names) when it is
 * neither Pending nor being updated, waiting up to 5 min for that. Refuses what a sweep must not or
 * cannot measure (refuse.h), what this method cannot do, and a function with an open journal
 * (CP_EBUSY names the command). */
enum cp_code cp_swept_read(struct cp_swept *swept, struct cp_lambda *lambda,
                           const struct cp_sweep_clock *clock, const struct cp_sweep_place *place,
                           const char *function, struct cp_error *err);
void cp_swept_clear(struct cp_swept *swept); /* an open journal stays for recover */

struct cp_swept_begin {
    const char *run_id;
    int original_memory_mb;
    const char *original_description;
    unsigned first; /* larger than any number used for this run before */
    const struct cp_version_need *needs;
    size_t n_needs;
};
/* Makes ready what cp_swept_version gives. After a failure cp_swept_undo, as after anything. */
enum cp_code cp_swept_begin(struct cp_swept *swept, const struct cp_swept_begin *begin,
                            struct cp_error *err);

/* A version at `memory_size_mb` whose environments are all fresh, ready to be invoked as
 * swept->function. CP_ECONFLICT when somebody else changed the function meanwhile. */
enum cp_code cp_swept_version(struct cp_swept *swept, int memory_size_mb,
                              char version[CP_VERSION_MAX], struct cp_error *err);
enum cp_code cp_swept_release(struct cp_swept *swept, const char *version, struct cp_error *err);

/* Removes everything of ours and puts the function back, also what lost its answer. Does all it
 * can; the first failure is returned, and then a journal stays. Idempotent. */
enum cp_code cp_swept_undo(struct cp_swept *swept, struct cp_undo_report *report,
                           struct cp_error *err);

/* --- shared by the methods (swept.c) --- */

struct cp_swept_method {
    enum cp_code (*check)(struct cp_swept *swept, struct cp_error *err); /* before anything */
    enum cp_code (*begin)(struct cp_swept *swept, const struct cp_swept_begin *begin,
                          struct cp_error *err);
    enum cp_code (*version)(struct cp_swept *swept, int memory_size_mb,
                            char version[CP_VERSION_MAX], struct cp_error *err);
};
extern const struct cp_swept_method cp_swept_own, cp_swept_shadow, cp_swept_in_place;
extern const struct cp_swept_method cp_swept_as_is;

/* Reads it when it is neither Pending nor being updated. */
enum cp_code cp_swept_look(struct cp_swept *swept, struct cp_error *err);
/* Changes $LATEST (description NULL: unchanged) from what swept->latest says, waits. */
enum cp_code cp_swept_update(struct cp_swept *swept, int memory_size_mb, const char *description,
                             struct cp_error *err);
/* Publishes what cp_swept_update made; the new version is checked and Active. */
enum cp_code cp_swept_publish(struct cp_swept *swept, int memory_size_mb, const char *description,
                              struct cp_function_config *version, struct cp_error *err);
/* CP_ECONFLICT naming what differs between `before` and swept->latest, but memory size. */
enum cp_code cp_swept_check_same(const struct cp_swept *swept,
                                 const struct cp_function_config *before, bool with_description,
                                 struct cp_error *err);
enum cp_code cp_swept_fail_changed(const struct cp_swept *swept, const char *what,
                                   struct cp_error *err);
/* Of a call that failed: whether it was done nobody can tell. */
bool cp_swept_is_unanswered(const struct cp_swept *swept);
/* Fills the facts common to shadow and in place, with a token of this session. */
enum cp_code cp_swept_start_facts(struct cp_swept *swept, const char *run_id, struct cp_error *err);
/* Opens the journal and writes the facts: from now on there may be something to undo. */
enum cp_code cp_swept_open_journal(struct cp_swept *swept, struct cp_error *err);
/* Own functions, and a shadow once it exists. */
enum cp_code cp_swept_own_version(struct cp_swept *swept, int memory_size_mb,
                                  char version[CP_VERSION_MAX], struct cp_error *err);
enum cp_code cp_swept_own_undo(struct cp_swept *swept, struct cp_error *err);
/* Finds swept->highest_version. */
enum cp_code cp_swept_find_highest(struct cp_swept *swept, struct cp_error *err);

#endif
