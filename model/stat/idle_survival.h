/* SPDX-License-Identifier: GPL-3.0-or-later
 * Chance that an idle execution environment is gone after an idle interval, from probes that say
 * only cold or warm (current-status data). Estimator: NPMLE = weighted isotonic regression of the
 * cold share on the interval (PAVA; Ayer et al. 1955, Groeneboom & Wellner 1992). No lifetime is
 * ever assumed: an unmeasured range is an answer of its own. Fitted laws stand beside it
 * (idle_law.h) and serve draws only where the caller asks for that.
 *
 * Intervals of a point, three of them:
 *   low, high    Clopper-Pearson of its own probes, for claims; exact for independent probes
 *   wilson_*     Wilson of its own probes, for display
 *   band_*       of the NPMLE there, for probes in batches: the percentile interval of a cluster
 *                bootstrap, which draws whole batches within each interval. The bootstrap of an
 *                NPMLE is inconsistent for continuous intervals and sound on a fixed grid with
 *                CP_IDLE_BATCHES_MIN batches or more at each of its points; where there are fewer,
 *                or all batches are alike, the band is Clopper-Pearson with a batch as one trial
 *                (valid for any dependence within a batch), and band_method says so.
 * Without batches each probe is taken as a batch of its own.
 *
 * Assumptions: F does not decrease with the interval; every probe started from an environment known
 * to be warm; batches are independent. Smallest valid n: one probe (its interval then spans nearly
 * everything). Without probes: CP_ENODATA. Plain records, no ownership.
 */
#ifndef COLDPROF_MODEL_IDLE_SURVIVAL_H
#define COLDPROF_MODEL_IDLE_SURVIVAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/base/error.h"
#include "model/base/rng.h"
#include "model/sample.h"
#include "model/stat/idle_batch.h"
#include "model/stat/idle_law.h"

enum { CP_IDLE_BATCHES_MIN = 10 };

enum cp_idle_band {
    CP_IDLE_BAND_PROBES,    /* Clopper-Pearson, probes as trials: no batches are known */
    CP_IDLE_BAND_BATCHES,   /* Clopper-Pearson, batches as trials: too few, or all alike */
    CP_IDLE_BAND_BOOTSTRAP, /* cluster bootstrap of batches */
};

struct cp_idle_point {
    double idle_interval_ms;
    size_t n; /* probes */
    size_t n_cold;
    double cold_share;       /* n_cold / n; filled by the fit */
    double cold_probability; /* isotonic estimate of F(g) = P(gone by g) */
    double low, high;        /* Clopper-Pearson 95 % of this point's own counts */
    double wilson_low, wilson_high;
    double band_low, band_high; /* of cold_probability, by batches */
    enum cp_idle_band band_method;
    size_t n_batches;
    double dispersion; /* cp_idle_dispersion; NAN */
};

struct cp_idle_options {
    size_t n_refits; /* of the cluster bootstrap; below 40 there is none */
    uint64_t seed;
    uint64_t first_stream; /* refit i draws from stream first_stream + i of the seed */
    int n_threads;         /* the result does not depend on it */
};

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
    size_t n_batches;     /* n_probes when no batches are known */
    double dispersion;    /* of all batches about their interval's share; NAN */
    struct cp_idle_laws laws;
};

/* Groups usable CP_CELL_IDLE samples by their planned interval and fits; probes as independent. */
void cp_idle_survival_of_samples(const struct cp_sample *samples, size_t n,
                                 struct cp_idle_survival *out);
/* From counts; intervals need not be sorted, equal ones are merged. */
void cp_idle_survival_fit(const struct cp_idle_point *counts, size_t n,
                          struct cp_idle_survival *out);

/* From batches in any order, with bands, dispersion and the intervals of the laws by resampling of
 * batches. CP_ENOMEM also. */
void cp_idle_survival_of_batches(const struct cp_idle_batch *batches, size_t n,
                                 const struct cp_idle_options *options,
                                 struct cp_idle_survival *out);

/* F(gap): isotonic values joined linearly between measured intervals, 0 at gap 0, the last value
 * beyond the last interval (the pessimistic reading is the caller's: see is_extrapolated, which may
 * be NULL). NAN when status is not CP_OK or gap is NAN. */
double cp_idle_survival_cold_probability(const struct cp_idle_survival *s, double gap_ms,
                                         bool *is_extrapolated);
/* One lifetime drawn from F by inversion, ms; INFINITY for the share that outlives every probe.
 * NAN when status is not CP_OK. */
double cp_idle_survival_draw_ms(const struct cp_idle_survival *s, struct cp_rng *rng);
/* One lifetime drawn from the chosen law; from F where none was chosen. Beyond the longest measured
 * interval INFINITY, unless the caller wants the law's word for what nobody measured. */
double cp_idle_survival_draw_law_ms(const struct cp_idle_survival *s, bool may_extrapolate,
                                    struct cp_rng *rng);
/* How a band was made: "batch bootstrap", "exact, batches as trials", ... */
const char *cp_idle_band_text(enum cp_idle_band band);

#endif
