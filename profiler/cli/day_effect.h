/* SPDX-License-Identifier: GPL-3.0-or-later
 * What the history of a function knows of the difference that a night makes.
 */
#ifndef COLDPROF_PROFILER_CLI_DAY_EFFECT_H
#define COLDPROF_PROFILER_CLI_DAY_EFFECT_H

#include "profiler/store/store.h"

struct cp_day_effect {
    double sd;       /* of log quantiles between nights, beside sampling; NAN: not known */
    size_t n_nights; /* of the history that the run belongs to */
};

/* Of the history of this run's function, place, Region and architecture; unknown where there is
 * none, or its first nights are still learning. CP_EIO, CP_ENOMEM. */
enum cp_code cp_cli_day_effect(struct cp_store *store, const struct cp_run *run,
                               struct cp_day_effect *out, struct cp_error *err);

#endif
