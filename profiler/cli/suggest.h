/* SPDX-License-Identifier: GPL-3.0-or-later
 * "Did you mean": the nearest of the known names by edit distance (insert, delete, replace, swap
 * of neighbours; Damerau 1964). Names are borrowed.
 */
#ifndef COLDPROF_PROFILER_CLI_SUGGEST_H
#define COLDPROF_PROFILER_CLI_SUGGEST_H

#include "model/base/view.h"

struct cp_suggest {
    struct cp_view wanted;
    const char *best;
    size_t distance;
};

void cp_suggest_init(struct cp_suggest *s, struct cp_view wanted);
void cp_suggest_consider(struct cp_suggest *s, const char *name);
/* The nearest considered name, NULL when none is near (more than a third of its letters differ). */
const char *cp_suggest_best(const struct cp_suggest *s);

#endif
