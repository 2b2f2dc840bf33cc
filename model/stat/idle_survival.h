/* SPDX-License-Identifier: GPL-3.0-or-later
 * Chance that an idle execution environment is gone after an idle interval, from probes that say
 * only cold or warm (current-status data). Estimator: NPMLE = weighted isotonic regression of the
 * cold share on the interval (PAVA; Ayer et al. 1955, Groeneboom & Wellner 1992). No lifetime is
 * ever assumed: an unmeasured range is an answer of its own.
 *
 * Assumptions: F does not decrease with the interval; every probe started from an environment known
 * to be warm. The interval of a point is exact for independent probes; probes of one batch are not
 * independent, so count a batch once or read the interval as too narrow. Smallest valid n: one
 * probe (its interval then spans nearly everything). Without probes: CP_ENODATA.
 * Plain records, no ownership.
 */
#ifndef COLDPROF_MODEL_IDLE_SURVIVAL_H
#define COLDPROF_MODEL_IDLE_SURVIVAL_H

#include <stdbool.h>
#include <stddef.h>

#include "model/base/error.h"
#include "model/base/rng.h"
#include "model/sample.h"

struct cp_idle_point {
    double idle_interval_ms;
    size_t n; /* probes */
    size_t n_cold;
    double cold_share;       /* n_cold / n; filled by the fit */
    double cold_probability; /* isotonic estimate of F(g) = P(gone by g) */
    double low, high;        /* Clopper-Pearson 95 % of this point's own counts */
};

enum { CP_IDLE_POINTS_MAX = 64 };

struct cp_idle_survival {
    /* CP_OK; CP_ENODATA: no probes; CP_EINVAL: a negative or non-finite interval, or more cold
     * probes than probes; CP_ELIMIT: more than CP_IDLE_POINTS_MAX intervals. Points only if CP_OK.
     */
    enum cp_code status;
    struct cp_idle_point points[CP_IDLE_POINTS_MAX]; /* ascending interval */
    size_t n_points;
    size_t n_probes;
    /* All warm up to last_warm_ms, all cold from first_cold_ms: the lifetime is a threshold in
     * (last_warm_ms, first_cold_ms]. false while no probe was cold: no threshold seen. */
    bool is_separated;
    double last_warm_ms;  /* largest interval with only warm probes below the first cold one; 0 */
    double first_cold_ms; /* smallest interval with a cold probe; INFINITY when none */
};

/* Groups usable CP_CELL_IDLE samples by their planned interval and fits. */
void cp_idle_survival_of_samples(const struct cp_sample *samples, size_t n,
                                 struct cp_idle_survival *out);
/* From counts; intervals need not be sorted, equal ones are merged. */
void cp_idle_survival_fit(const struct cp_idle_point *counts, size_t n,
                          struct cp_idle_survival *out);

/* F(gap): isotonic values joined linearly between measured intervals, 0 at gap 0, the last value
 * beyond the last interval (the pessimistic reading is the caller's: see is_extrapolated, which may
 * be NULL). NAN when status is not CP_OK or gap is NAN. */
double cp_idle_survival_cold_probability(const struct cp_idle_survival *s, double gap_ms,
                                         bool *is_extrapolated);
/* One lifetime drawn from F by inversion, ms; INFINITY for the share that outlives every probe.
 * NAN when status is not CP_OK. */
double cp_idle_survival_draw_ms(const struct cp_idle_survival *s, struct cp_rng *rng);

#endif
