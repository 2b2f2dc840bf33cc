/* SPDX-License-Identifier: GPL-3.0-or-later
 * What batches of probes say beyond their sums: the bands and dispersions of idle_survival.h, and
 * the intervals of its laws, by a cluster bootstrap (Davison & Hinkley 1997, 3.8): whole batches
 * are drawn with replacement within each interval, as many as there are.
 *
 * Few batches make percentile intervals too short by the factor of a normal quantile with the
 * n-denominator's variance; they are expanded by it, to the tail Phi(-sqrt(n / (n - 1)) t(n - 1))
 * (Hesterberg, "What teachers should know about the bootstrap", Am. Stat. 2015, 3.3).
 */
#ifndef COLDPROF_MODEL_STAT_IDLE_BANDS_H
#define COLDPROF_MODEL_STAT_IDLE_BANDS_H

#include "model/stat/idle_survival.h"

/* `s` is fitted to the sums of `batches`. CP_ENOMEM; then `s` is as it was. */
enum cp_code cp_idle_bands_add(struct cp_idle_survival *s, const struct cp_idle_batch *batches,
                               size_t n, double confidence, const struct cp_idle_options *options);

#endif
