/* SPDX-License-Identifier: GPL-3.0-or-later
 * Mergeable log-linear histogram of whole numbers (after HdrHistogram: octaves of 128 equal bins).
 *
 * Bin of a value v >= 1, with e = floor(log2 v):  1 + 128 e + floor(128 v / 2^e) - 128.
 * Bin 0 holds the value 0. Values below 256 have bins of their own; above, a bin is 1/128 of its
 * octave wide, so its midpoint differs from any value in it by at most 1/256 = 0.39 % of that
 * value. The same formula can be evaluated elsewhere (a log query), and a wrong rounding of log2
 * next to a power of two gives the same bin.
 *
 * n, sum, min and max are exact. Everything is integers, so merging is exact, associative and
 * order-free. Ownership: zero-initialised or cp_histogram_clear'ed by the caller; pages of 128 bins
 * are allocated when first used, those for the upper halves of large counts when a count passes
 * 2^32. Read bins through cp_histogram_count.
 */
#ifndef COLDPROF_MODEL_HISTOGRAM_H
#define COLDPROF_MODEL_HISTOGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/base/error.h"

enum {
    CP_HISTOGRAM_PAGE = 128,   /* bins of an octave */
    CP_HISTOGRAM_OCTAVES = 44, /* values below 2^44: 200 days in us */
    CP_HISTOGRAM_BINS = 1 + CP_HISTOGRAM_PAGE * CP_HISTOGRAM_OCTAVES
};
#define CP_HISTOGRAM_VALUE_MAX ((UINT64_C(1) << CP_HISTOGRAM_OCTAVES) - 1)

struct cp_histogram {
    uint64_t n, sum;
    uint64_t min, max; /* meaningless while n is 0 */
    uint64_t n_zero;
    size_t bytes; /* of pages */
    /* CP_HISTOGRAM_PAGE counts each; NULL: all 0 */
    uint32_t *pages[CP_HISTOGRAM_OCTAVES];
    uint32_t **upper; /* NULL, or CP_HISTOGRAM_OCTAVES pages of the counts' upper halves */
};

/* Larger values than CP_HISTOGRAM_VALUE_MAX are taken for it (callers reject them before). */
size_t cp_histogram_bin(uint64_t value);
/* Smallest and largest value of a bin; low > high for bins that no whole number is in (below 128
 * a value's bin is one of several that would fit). */
void cp_histogram_bounds(size_t bin, uint64_t *low, uint64_t *high);

/* CP_ENOMEM, and CP_ELIMIT for a sum beyond 2^64, leave the histogram unchanged. */
enum cp_code cp_histogram_add(struct cp_histogram *h, uint64_t value);
/* `count` values of one bin whose sum, least and largest are known (a row of a log query, a line of
 * a digest file). A sum that these do not allow, as rounding in a query may make it, is taken for
 * the nearest one that they do. CP_EINVAL: min or max outside the bin, or min > max. */
enum cp_code cp_histogram_add_bin(struct cp_histogram *h, size_t bin, uint64_t count, uint64_t sum,
                                  uint64_t min, uint64_t max);
/* After a failure `into` is good for cp_histogram_clear only. */
enum cp_code cp_histogram_merge(struct cp_histogram *into, const struct cp_histogram *from);
void cp_histogram_clear(struct cp_histogram *h);

uint64_t cp_histogram_count(const struct cp_histogram *h, size_t bin);
/* The i-th smallest value, 0 <= i < n: midpoint of its bin, within [min, max]; exact at both ends.
 * NAN unless i < n. */
double cp_histogram_rank(const struct cp_histogram *h, uint64_t i);
/* `n` values in ascending order that stand for all h->n, n <= h->n: the ranks (k + 1/2) h->n / n,
 * the two ends exact. With n == h->n every value, each as its bin's midpoint. */
void cp_histogram_values(const struct cp_histogram *h, double *out, size_t n);

#endif
