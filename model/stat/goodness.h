/* SPDX-License-Identifier: GPL-3.0-or-later
 * Does a family describe a sample? Distance between the sample and the law fitted to it:
 *     Kolmogorov & Smirnov   D = sup |F_n(x) - F(x)|, with censored values up to their point only
 *     Anderson & Darling     A^2 = n int (F_n - F)^2 / (F (1 - F)) dF, which weighs the tails more;
 *                            not for censored samples
 * and how often a sample of the fitted law itself is as far from the law fitted to it: parametric
 * bootstrap (Stute, Gonzalez Manteiga & Presedo Quindimil, Metrika 40, 1993). Tables of D do not
 * apply, as the parameters come from the same values. p = (1 + replicates as far) / (1 +
 * replicates).
 *
 * Assumption: independent values of a continuous law; rounding coarser than about sd / sqrt n is
 * seen as a misfit. Smallest n: the family's. Beyond CP_GOODNESS_VALUES_MAX values a random subset
 * of that many is tested: enough to see any misfit that matters to a quantile with an interval.
 * Replicate r draws from substream r of seed + 1: the same for any number of threads.
 */
#ifndef COLDPROF_MODEL_STAT_GOODNESS_H
#define COLDPROF_MODEL_STAT_GOODNESS_H

#include <stddef.h>
#include <stdint.h>

#include "model/base/error.h"
#include "model/stat/dist.h"

enum { CP_GOODNESS_REPS = 199, CP_GOODNESS_VALUES_MAX = 1000 };

struct cp_goodness_options {
    size_t reps; /* 0 means CP_GOODNESS_REPS; at least 99 for a test at 1 % */
    uint64_t seed;
    int n_threads;         /* 0 and 1: the caller's */
    double censored_at_ms; /* as in dist_fit.h */
    /* NULL, or the law fitted to the whole sample, near which a subset's is looked for. */
    const struct cp_dist *start;
};

struct cp_goodness {
    /* CP_OK; as the fit's where that fails; CP_EINVAL: the empirical law, which is the sample, or
     * too few replicates; CP_ENUMERIC: more than one refit in twenty failed; CP_ENOMEM. Numbers are
     * NAN unless CP_OK. */
    enum cp_code status;
    const char *reason; /* constant; "" when CP_OK */
    size_t n;           /* values tested */
    size_t reps;
    double ks, ks_p;
    double ad, ad_p; /* NAN for censored samples */
};

/* `sorted` as for cp_dist_fit; options NULL: none. */
void cp_goodness(enum cp_dist_kind kind, const double *sorted, size_t n,
                 const struct cp_goodness_options *options, struct cp_goodness *out);

struct cp_goodness_distance {
    double ks; /* NAN for n = 0 */
    double ad; /* NAN also for a censored sample */
};

/* Of a sample and any law; values of +INFINITY are known to exceed censored_at_ms. */
struct cp_goodness_distance cp_goodness_distance(const struct cp_dist *d, const double *sorted,
                                                 size_t n, double censored_at_ms);

#endif
