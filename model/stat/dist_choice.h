/* SPDX-License-Identifier: GPL-3.0-or-later
 * Which law describes a sample.
 *
 * Every family whose likelihood is that of the whole sample is fitted; the smallest AICc is the
 * best, families within 2 of it give way to the one with the fewest parameters. The best is tested
 * (goodness.h); rejected at 1 % by Kolmogorov-Smirnov, or without a fit at all, it is the empirical
 * law, which never extrapolates. A test cannot reject what it cannot see: at n = 20 nearly every
 * law passes, and what the law then says beyond the data is labelled by cp_dist_claim.
 *
 * The GPD tail is fitted too, but never chosen: its likelihood is that of the tail only. Smallest
 * n: 1 (the empirical law). Laws borrow `sorted`.
 */
#ifndef COLDPROF_MODEL_STAT_DIST_CHOICE_H
#define COLDPROF_MODEL_STAT_DIST_CHOICE_H

#include <stdbool.h>
#include <stddef.h>

#include "model/base/error.h"
#include "model/stat/dist.h"
#include "model/stat/dist_fit.h"
#include "model/stat/goodness.h"

struct cp_dist_choice {
    /* CP_OK; CP_ENODATA: no values; CP_EINVAL: a sample that no law takes (see dist_fit.h). */
    enum cp_code status;
    const char *reason; /* constant: why it is the empirical law; "" when another is chosen */
    struct cp_dist_fit fits[CP_DIST_KINDS];
    enum cp_dist_kind chosen;               /* fits[chosen] */
    enum cp_dist_kind order[CP_DIST_KINDS]; /* compared families, smallest AICc first */
    size_t n_order;
    enum cp_dist_kind tested; /* the best of them, valid when n_order > 0 */
    struct cp_goodness goodness;
};

/* `sorted` and options as for cp_goodness; options->start is not used. */
void cp_dist_choose(const double *sorted, size_t n, const struct cp_goodness_options *options,
                    struct cp_dist_choice *choice);

#endif
