/* SPDX-License-Identifier: GPL-3.0-or-later
 * Quantile of a duration as a function of memory size:
 *     q_p(m) = a + b * 1024 / min(m, cap),   a, b >= 0     [ms, MB]
 * Weighted least squares on per-size type-8 quantiles (stage A of the method notes), cap chosen
 * from the nominal core steps or none by AICc (ties to fewer parameters). Constant member: b = 0.
 */
#ifndef COLDPROF_MODEL_MEMORY_LAW_H
#define COLDPROF_MODEL_MEMORY_LAW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/base/error.h"

struct cp_memory_group {
    int memory_size_mb;
    const double *sorted_ms; /* borrowed, ascending */
    size_t n;
    bool is_excluded; /* max memory used > 90 % of the size, or cannot run: not fitted */
};

enum cp_memory_law_kind { CP_MEMORY_LAW_CONSTANT, CP_MEMORY_LAW_INVERSE };

struct cp_memory_law {
    enum cp_code status; /* CP_OK, CP_ENODATA (fewer than 3 usable sizes), CP_ENUMERIC */
    enum cp_memory_law_kind kind;
    double q;
    double a_ms, b_ms;                               /* b per 1024 MB */
    double a_low_ms, a_high_ms, b_low_ms, b_high_ms; /* 95 %, bootstrap; NAN when not computed */
    double cap_mb;                                   /* INFINITY for none */
    double aicc;                                     /* of the chosen member; NAN when undefined */
    size_t n_sizes, n_samples;
    double lack_of_fit; /* largest |log residual| / its bootstrap SE */
    bool is_lack_of_fit;
    int min_mb, max_mb; /* measured range: no prediction outside */
};

struct cp_memory_law_options {
    double q;           /* 0.5 or 0.95 */
    bool is_init;       /* init: constant first, b > 0 only if its 95 % interval excludes 0 */
    int bootstrap_reps; /* 0 means 300 */
    uint64_t seed;
};

/* Never fails loudly: the outcome is law->status. */
void cp_memory_law_fit(const struct cp_memory_group *groups, size_t n_groups,
                       const struct cp_memory_law_options *options, struct cp_memory_law *law);
/* Prediction in ms; NAN outside the measured range or when status is not CP_OK. */
double cp_memory_law_at(const struct cp_memory_law *law, double memory_mb);

#endif
