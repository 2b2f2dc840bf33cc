/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/stat/sort.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { RADIX_BITS = 8, BUCKETS = 1 << RADIX_BITS, PASSES = 64 / RADIX_BITS, INSERTION_MAX = 48 };

static const uint64_t sign_bit = UINT64_C(1) << 63;

/* IEEE 754 doubles as unsigned integers of the same order: positive numbers get the sign bit,
 * negative ones (whose magnitude grows downwards) are inverted. */
static uint64_t key_of(double x)
{
    uint64_t bits = 0;
    memcpy(&bits, &x, sizeof bits);
    return bits & sign_bit ? ~bits : bits | sign_bit;
}

static double value_of(uint64_t key)
{
    uint64_t bits = key & sign_bit ? key ^ sign_bit : ~key;
    double x = 0;
    memcpy(&x, &bits, sizeof x);
    return x;
}

static void insertion_sort(double *values, size_t n)
{
    for (size_t i = 1; i < n; i++) {
        double x = values[i];
        size_t j = i;
        for (; j > 0 && values[j - 1] > x; j--)
            values[j] = values[j - 1];
        values[j] = x;
    }
}

static int compare_values(const void *left, const void *right)
{
    double a = *(const double *)left;
    double b = *(const double *)right;
    return (a > b) - (a < b);
}

static size_t digit_of(uint64_t key, size_t pass)
{
    return (size_t)(key >> (pass * RADIX_BITS)) & (BUCKETS - 1);
}

/* One stable distribution by digit `pass`; false when all keys share that digit. */
static bool distribute(const uint64_t *from, uint64_t *to, size_t n, size_t pass,
                       const size_t counts[BUCKETS])
{
    size_t next[BUCKETS];
    size_t at = 0;
    for (size_t i = 0; i < BUCKETS; i++) {
        if (counts[i] == n)
            return false;
        next[i] = at;
        at += counts[i];
    }
    for (size_t i = 0; i < n; i++)
        to[next[digit_of(from[i], pass)]++] = from[i];
    return true;
}

static void radix_sort(double *values, size_t n, uint64_t *scratch)
{
    size_t counts[PASSES][BUCKETS] = {{0}};
    uint64_t *from = scratch;
    uint64_t *to = scratch + n;
    for (size_t i = 0; i < n; i++) {
        from[i] = key_of(values[i]);
        for (size_t pass = 0; pass < PASSES; pass++)
            counts[pass][digit_of(from[i], pass)]++;
    }
    for (size_t pass = 0; pass < PASSES; pass++) {
        if (distribute(from, to, n, pass, counts[pass])) {
            uint64_t *swap = from;
            from = to;
            to = swap;
        }
    }
    for (size_t i = 0; i < n; i++)
        values[i] = value_of(from[i]);
}

void cp_sort(double *values, size_t n)
{
    if (n <= INSERTION_MAX) {
        insertion_sort(values, n);
        return;
    }
    uint64_t *scratch =
        n <= SIZE_MAX / (2 * sizeof *scratch) ? malloc(2 * n * sizeof *scratch) : NULL;
    if (scratch)
        radix_sort(values, n, scratch);
    else
        qsort(values, n, sizeof *values, compare_values);
    free(scratch);
}

bool cp_sort_is_sorted(const double *values, size_t n)
{
    if (n > 0 && isnan(values[0]))
        return false;
    for (size_t i = 1; i < n; i++) {
        if (!(values[i - 1] <= values[i]))
            return false;
    }
    return true;
}

size_t cp_sort_count_to(const double *sorted, size_t n, double x)
{
    size_t low = 0;
    size_t high = n;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (sorted[mid] <= x)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

double cp_sort_count_above(const double *sorted, size_t n, double x)
{
    size_t below = cp_sort_count_to(sorted, n, nextafter(x, -INFINITY));
    size_t upto = cp_sort_count_to(sorted, n, x);
    return (double)(n - upto) + (double)(upto - below) / 2;
}
