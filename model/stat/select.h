/* SPDX-License-Identifier: GPL-3.0-or-later
 * A few order statistics of an unsorted sample, without sorting it and without changing it.
 *
 * After Floyd & Rivest (CACM 18(3), 1975): a sorted random sample of the values gives for each rank
 * two values that enclose it with near certainty; one pass counts what lies below and keeps what
 * lies between, and only that is sorted. Where the sample was unlucky, or so many ranks are asked
 * that sorting is no dearer, a copy is sorted. The answer is exact either way.
 */
#ifndef COLDPROF_MODEL_STAT_SELECT_H
#define COLDPROF_MODEL_STAT_SELECT_H

#include <stdbool.h>
#include <stddef.h>

/* out[i] = X(ranks[i]), the ranks[i]-th smallest of `values`; ranks ascending, 1 .. n. Infinities
 * are allowed, NAN is not. Takes about n / 10 numbers of scratch, n for small samples or many
 * ranks. False when memory is short, n = 0, or a rank is out of range or order: `out` is then no
 * answer. */
bool cp_select(const double *values, size_t n, const size_t *ranks, size_t n_ranks, double *out);

#endif
