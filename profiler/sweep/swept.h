/* SPDX-License-Identifier: GPL-3.0-or-later
 * The function under sweep: what was found, the versions we publish from it, and how everything is
 * put back. Fresh execution environments come from a version of their own: memory size and
 * description of $LATEST are changed (an unchanged PublishVersion would return an old version),
 * then a version is published and deleted again after its samples.
 *
 * A version is ours only when its description carries our run. $LATEST is put back only while it
 * still holds what we wrote. `lambda` and `clock` are borrowed.
 */
#ifndef COLDPROF_PROFILER_SWEEP_SWEPT_H
#define COLDPROF_PROFILER_SWEEP_SWEPT_H

#include "model/run.h"
#include "probes/aws/lambda.h"
#include "profiler/sweep/sweep_clock.h"

enum { CP_VERSION_MAX = 24 };

struct cp_swept {
    struct cp_lambda *lambda;
    const struct cp_sweep_clock *clock;
    char function[320];
    struct cp_function_config latest; /* $LATEST after our last change */
    char token[40];                   /* "coldprof <run> ", begins every description of ours */
    int original_memory_mb;
    char original_description[256];
    long highest_version; /* published so far, by anybody */
    unsigned n_published;
};

/* Reads $LATEST, waits while it is being updated, and refuses what a sweep must not or cannot
 * measure (refuse.h): CP_EUNSUPPORTED with the reason. */
enum cp_code cp_swept_read(struct cp_swept *swept, struct cp_lambda *lambda,
                           const struct cp_sweep_clock *clock, const char *function,
                           struct cp_error *err);

/* Says whose versions these will be; `first` is larger than any number used for this run before. */
enum cp_code cp_swept_begin(struct cp_swept *swept, const char *run_id, int original_memory_mb,
                            const char *original_description, unsigned first, struct cp_error *err);

/* A new version at `memory_size_mb`, ready to be invoked. CP_ECONFLICT when somebody else changed
 * the function meanwhile. */
enum cp_code cp_swept_publish(struct cp_swept *swept, int memory_size_mb,
                              char version[CP_VERSION_MAX], struct cp_error *err);
enum cp_code cp_swept_delete(struct cp_swept *swept, const char *version, struct cp_error *err);

/* Deletes every version of ours, also one whose publishing lost its answer, and gives $LATEST its
 * memory size and description back. Does all it can; the first failure is returned. Idempotent. */
enum cp_code cp_swept_undo(struct cp_swept *swept, struct cp_error *err);

#endif
