/* SPDX-License-Identifier: GPL-3.0-or-later
 * Where a series of nightly numbers changes its level, deterministically: the scheme of Hunter
 * (Fleming et al., ICPE 2023, doi 10.1145/3578244.3583719), which Apache Otava uses.
 *
 * Split: in windows of `window` values, the pair t < k that maximises the energy statistic of
 * E-divisive (Matteson and James 2014, alpha = 1) between [start, t) and [t, k) is a candidate, of
 * all segments between the points found so far the one with the largest statistic; it is accepted
 * while a t test of the segment's two sides has p <= ten times max_p (twice from 0.05 on), and the
 * first that is not ends the window. The next window begins at the last point found in it, at least
 * half a window on. Merge: each point is tested between its neighbours; the one with the largest p
 * is removed while that is not below max_p, else the one with the smallest magnitude while that is
 * not above min_magnitude, and the next one is tested again.
 *
 * The t test is the pooled one with standard deviations that divide by n (as Hunter's): slightly
 * liberal for short sides. The p of the largest of many statistics is no error rate; whoever raises
 * an alarm asks for a magnitude and for nights that persist beside it. Values in any unit, in the
 * order of time, without gaps. Pure; O(n window).
 */
#ifndef COLDPROF_MODEL_CHANGE_POINT_H
#define COLDPROF_MODEL_CHANGE_POINT_H

#include <stddef.h>

#include "model/base/error.h"

struct cp_change_options {
    size_t window; /* >= 2; 0 means 50 */
    double max_p;  /* in (0, 1); 0 means 0.001 */
    double min_magnitude;
};

struct cp_change_point {
    size_t index; /* of the first value of the new level */
    double p;
    double mean_before, mean_after; /* up to the neighbouring points */
    double sd_before, sd_after;     /* that divide by n */
    double statistic;               /* energy, where the point was found */
};
/* The larger of the two relative changes between the levels; INFINITY when one of them is 0. */
double cp_change_magnitude(const struct cp_change_point *point);

struct cp_change_points {
    struct cp_change_point *points; /* ascending index, owned */
    size_t n;
};

/* Fewer than 2 values have no point. CP_EINVAL for a value that is not finite, or options that
 * cannot be; CP_ENOMEM. Owner: cp_change_points_clear. */
enum cp_code cp_change_points_find(const double *values, size_t n,
                                   const struct cp_change_options *options,
                                   struct cp_change_points *out, struct cp_error *err);
void cp_change_points_clear(struct cp_change_points *points);

#endif
