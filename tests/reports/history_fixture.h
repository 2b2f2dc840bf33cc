/* SPDX-License-Identifier: GPL-3.0-or-later
 * Synthetic histories: seeded nights of one function with steps, gaps, nights of too few samples
 * and nights whose upper quantiles are among the timeouts.
 */
#ifndef COLDPROF_TESTS_REPORTS_HISTORY_FIXTURE_H
#define COLDPROF_TESTS_REPORTS_HISTORY_FIXTURE_H

#include <stddef.h>
#include <stdint.h>

#include "model/compare/night.h"

/* From night `at` (of all days, missed ones included) on, durations are times `factor`; every fact
 * that may explain a change changes with it where `has_cause`. */
struct history_step {
    size_t at;
    double factor;
    bool has_cause;
};

struct history_options {
    const char *function; /* NULL: "orders-api:live" */
    size_t n_days;
    uint64_t seed;
    double day_sd; /* of logs; 0: 0.01 */
    const struct history_step *steps;
    size_t n_steps;
    size_t gap_at, gap_days; /* days without a night; 0: none */
    size_t timeout_at;       /* p95 and p99 of that night are timeouts; 0: none */
    size_t few_at;           /* that night has 20 samples; 0: none */
    size_t interval_days;    /* 0: 1 */
};

/* init, cold and warm, p50, p95 and p99, at 1,024 MB. Owner: cp_history_clear. */
void history_make(const struct history_options *options, struct cp_history *out);

#endif
