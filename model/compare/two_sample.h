/* SPDX-License-Identifier: GPL-3.0-or-later
 * Two independent samples compared without a model of their distribution. A regression is not
 * judged by these p-values (ratio.h does that): they screen, and tell how the samples differ.
 *
 *   A12, Cliff's delta  chance that a candidate value is the larger one, ties half (Vargha and
 * Delaney 2000); twice that less one Mann-Whitney        normal approximation, variance corrected
 * for ties, continuity correction: its null hypothesis is equal distributions Brunner-Munzel of A12
 * = 1/2, with unequal spreads allowed (Biometrical J. 42, 2000), t approximation. Undefined for
 * samples that do not overlap: then the exact permutation p of that, 2 / C(n1 + n2, n1)
 *   Hodges-Lehmann      median of all differences candidate - base
 *   Kolmogorov-Smirnov  largest distance of the distribution functions, asymptotic p
 *   Wasserstein         area between them; energy distance sqrt(2 E|X-Y| - E|X-X'| - E|Y-Y'|)
 *
 * None of them sees a change of the upper tail alone: compare quantiles, too. Values in any unit;
 * Hodges-Lehmann, Wasserstein and energy distance have it (energy its root). INFINITY, a timeout,
 * is above all others in ranks, and makes those three NAN. Pure; O(n log n).
 */
#ifndef COLDPROF_MODEL_TWO_SAMPLE_H
#define COLDPROF_MODEL_TWO_SAMPLE_H

#include <stdbool.h>
#include <stddef.h>

enum { CP_TWO_SAMPLE_MIN_N = 4 }; /* of each; with fewer no test is made */

struct cp_two_sample {
    bool is_tested;    /* false: too few values, p-values are NAN */
    bool is_separated; /* each candidate value is above each of base, or below */
    double u;          /* pairs in which the candidate value is the larger one, ties half */
    double a12, cliffs_delta;
    double mann_whitney_p;
    double brunner_munzel, brunner_munzel_freedom, brunner_munzel_p;
    double hodges_lehmann;
    double ks_distance, ks_p;
    double wasserstein, energy;
};

/* Both ascending; NAN everywhere when one is empty. */
struct cp_two_sample cp_two_sample_compare(const double *base, size_t n_base,
                                           const double *candidate, size_t n_candidate);

#endif
