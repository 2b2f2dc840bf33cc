/* SPDX-License-Identifier: GPL-3.0-or-later
 * Laws of every family, for tests that must hold for each row of the table.
 */
#ifndef COLDPROF_TESTS_MODEL_STAT_DIST_CASES_H
#define COLDPROF_TESTS_MODEL_STAT_DIST_CASES_H

#include "model/stat/dist.h"

enum { DIST_CASES_MAX = 24, DIST_SAMPLE_N = 400 };

struct dist_case {
    const char *name;
    struct cp_dist dist;
};

/* At least one law of each family; those with a sample share one without ties. */
size_t dist_cases(struct dist_case out[DIST_CASES_MAX]);

/* n draws, sorted; the caller frees. */
double *dist_draws(const struct cp_dist *d, size_t n, uint64_t seed);

#endif
