/* SPDX-License-Identifier: GPL-3.0-or-later
 * Sorting of doubles: radix sort on their bits, linear in n (gsl_sort is a heap sort).
 */
#ifndef COLDPROF_MODEL_SORT_H
#define COLDPROF_MODEL_SORT_H

#include <stdbool.h>
#include <stddef.h>

/* Ascending sort in place; infinities are allowed, NAN is not. Takes 16 n bytes of scratch for
 * large n and sorts without it, slower, when memory is short: it never fails. */
void cp_sort(double *values, size_t n);
/* Ascending and free of NAN; true for n = 0. */
bool cp_sort_is_sorted(const double *values, size_t n);
/* How many of the ascending values are <= x. */
size_t cp_sort_count_to(const double *sorted, size_t n, double x);
/* How many are > x, those equal to x counted by half. */
double cp_sort_count_above(const double *sorted, size_t n, double x);

#endif
