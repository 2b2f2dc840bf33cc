/* SPDX-License-Identifier: GPL-3.0-or-later
 * A function of a digest as a run: what a sweep would have stored, as far as a log tells it. What
 * it does not tell is assumed in words (run.assumed) or refused. Pure: nothing is opened.
 */
#ifndef COLDPROF_PROFILER_IMPORT_IMPORT_RUN_H
#define COLDPROF_PROFILER_IMPORT_IMPORT_RUN_H

#include "model/digest/digest.h"
#include "model/run.h"
#include "profiler/import/import_list.h"

struct cp_import_options {
    const char *version;      /* only of this version; NULL: all together */
    const char *region;       /* --region; NULL: as the log tells, then default_region */
    const char *architecture; /* --architecture; NULL: as the log tells, then x86_64 */
    /* Region of the environment (AWS_REGION ...); NULL: us-east-1. */
    const char *default_region;
    const char *target;         /* the inputs, as they were given */
    const char *command;        /* the command line */
    double budget_q, budget_ms; /* NAN: no budget */
    uint64_t seed;
};

/* Makes the run of `function` (a row of cp_import_list of the same digest). With raw records it has
 * samples; it always has its part of the digest. cp_run_data_clear it, also after a failure.
 * CP_EUNSUPPORTED: a log of failures only; CP_ENOTFOUND: no such version; CP_ENODATA: no record
 * says its memory size; CP_ENOMEM. */
enum cp_code cp_import_run(const struct cp_digest *digest,
                           const struct cp_import_function *function,
                           const struct cp_import_options *options, struct cp_run_data *out,
                           struct cp_error *err);

#endif
