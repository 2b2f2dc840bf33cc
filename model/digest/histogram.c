/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/digest/histogram.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { PAGE_BITS = 7 };
_Static_assert(CP_HISTOGRAM_PAGE == 1 << PAGE_BITS, "pages are octaves");

__extension__ typedef unsigned __int128 uint128;

struct place {
    size_t octave, slot;
};

static struct place place_of(uint64_t value)
{
    size_t octave = 63 - (size_t)__builtin_clzll(value);
    uint64_t mantissa = octave < PAGE_BITS ? value << (PAGE_BITS - octave)
                                           : value >> (octave - PAGE_BITS); /* 128..255 */
    return (struct place){octave, (size_t)(mantissa & (CP_HISTOGRAM_PAGE - 1))};
}

static struct place place_of_bin(size_t bin)
{
    return (struct place){(bin - 1) / CP_HISTOGRAM_PAGE, (bin - 1) % CP_HISTOGRAM_PAGE};
}

size_t cp_histogram_bin(uint64_t value)
{
    if (value == 0)
        return 0;
    struct place at = place_of(value < CP_HISTOGRAM_VALUE_MAX ? value : CP_HISTOGRAM_VALUE_MAX);
    return 1 + at.octave * CP_HISTOGRAM_PAGE + at.slot;
}

/* Smallest whole number of which the bin formula gives this mantissa or more. */
static uint64_t lower_edge(size_t octave, uint64_t mantissa)
{
    if (octave >= PAGE_BITS)
        return mantissa << (octave - PAGE_BITS);
    uint64_t step = UINT64_C(1) << (PAGE_BITS - octave);
    return (mantissa + step - 1) / step;
}

void cp_histogram_bounds(size_t bin, uint64_t *low, uint64_t *high)
{
    *low = *high = 0;
    if (bin == 0)
        return;
    struct place at = place_of_bin(bin);
    *low = lower_edge(at.octave, CP_HISTOGRAM_PAGE + at.slot);
    *high = lower_edge(at.octave, CP_HISTOGRAM_PAGE + at.slot + 1) - 1;
}

static uint32_t *new_page(struct cp_histogram *h, uint32_t **page)
{
    *page = calloc(CP_HISTOGRAM_PAGE, sizeof **page);
    if (*page)
        h->bytes += CP_HISTOGRAM_PAGE * sizeof **page;
    return *page;
}

static uint32_t *upper_page(struct cp_histogram *h, size_t octave)
{
    if (!h->upper) {
        h->upper = calloc(CP_HISTOGRAM_OCTAVES, sizeof(uint32_t *));
        if (!h->upper)
            return NULL;
        h->bytes += CP_HISTOGRAM_OCTAVES * sizeof(uint32_t *);
    }
    return h->upper[octave] ? h->upper[octave] : new_page(h, &h->upper[octave]);
}

static uint64_t count_at(const struct cp_histogram *h, struct place at)
{
    uint64_t count = h->pages[at.octave] ? h->pages[at.octave][at.slot] : 0;
    if (h->upper && h->upper[at.octave])
        count |= (uint64_t)h->upper[at.octave][at.slot] << 32;
    return count;
}

/* The total n is checked before, so a single count cannot pass 2^64. */
static enum cp_code add_count(struct cp_histogram *h, struct place at, uint64_t count)
{
    uint32_t *page = h->pages[at.octave];
    if (!page && !(page = new_page(h, &h->pages[at.octave])))
        return CP_ENOMEM;
    uint64_t sum = count_at(h, at) + count;
    if (sum > UINT32_MAX) {
        uint32_t *upper = upper_page(h, at.octave);
        if (!upper)
            return CP_ENOMEM;
        upper[at.slot] = (uint32_t)(sum >> 32);
    }
    page[at.slot] = (uint32_t)sum;
    return CP_OK;
}

static void widen(struct cp_histogram *h, uint64_t min, uint64_t max)
{
    bool is_first = h->n == 0;
    if (is_first || min < h->min)
        h->min = min;
    if (is_first || max > h->max)
        h->max = max;
}

enum cp_code cp_histogram_add(struct cp_histogram *h, uint64_t value)
{
    uint64_t sum;
    if (value > CP_HISTOGRAM_VALUE_MAX)
        value = CP_HISTOGRAM_VALUE_MAX;
    if (__builtin_add_overflow(h->sum, value, &sum))
        return CP_ELIMIT;
    if (value == 0) {
        h->n_zero++;
    } else {
        struct place at = place_of(value);
        uint32_t *page = h->pages[at.octave];
        if (page && page[at.slot] != UINT32_MAX) {
            page[at.slot]++;
        } else {
            enum cp_code code = add_count(h, at, 1);
            if (code)
                return code;
        }
    }
    widen(h, value, value);
    h->n++;
    h->sum = sum;
    return CP_OK;
}

/* The sum nearest to `sum` that `count` values from min to max can have. */
static bool allowed_sum(uint64_t count, uint64_t min, uint64_t max, uint64_t *sum)
{
    uint128 least = (uint128)(count - 1) * min + max;
    uint128 most = (uint128)(count - 1) * max + min;
    uint128 s = *sum < least ? least : *sum > most ? most : *sum;
    *sum = (uint64_t)s;
    return s <= UINT64_MAX;
}

enum cp_code cp_histogram_add_bin(struct cp_histogram *h, size_t bin, uint64_t count, uint64_t sum,
                                  uint64_t min, uint64_t max)
{
    uint64_t n, total;
    if (count == 0)
        return CP_OK;
    if (bin >= CP_HISTOGRAM_BINS || min > max || cp_histogram_bin(min) != bin ||
        cp_histogram_bin(max) != bin || max > CP_HISTOGRAM_VALUE_MAX)
        return CP_EINVAL;
    if (count == 1)
        max = min;
    if (!allowed_sum(count, min, max, &sum) || __builtin_add_overflow(h->n, count, &n) ||
        __builtin_add_overflow(h->sum, sum, &total))
        return CP_ELIMIT;
    if (bin == 0) {
        h->n_zero += count;
    } else {
        enum cp_code code = add_count(h, place_of_bin(bin), count);
        if (code)
            return code;
    }
    widen(h, min, max);
    h->n = n;
    h->sum = total;
    return CP_OK;
}

static enum cp_code merge_page(struct cp_histogram *into, const struct cp_histogram *from,
                               size_t octave)
{
    enum cp_code code = CP_OK;
    for (size_t slot = 0; slot < CP_HISTOGRAM_PAGE && !code; slot++) {
        uint64_t count = count_at(from, (struct place){octave, slot});
        if (count)
            code = add_count(into, (struct place){octave, slot}, count);
    }
    return code;
}

enum cp_code cp_histogram_merge(struct cp_histogram *into, const struct cp_histogram *from)
{
    uint64_t n, sum;
    enum cp_code code = CP_OK;
    if (from->n == 0)
        return CP_OK;
    if (__builtin_add_overflow(into->n, from->n, &n) ||
        __builtin_add_overflow(into->sum, from->sum, &sum))
        return CP_ELIMIT;
    for (size_t octave = 0; octave < CP_HISTOGRAM_OCTAVES && !code; octave++) {
        if (from->pages[octave])
            code = merge_page(into, from, octave);
    }
    widen(into, from->min, from->max);
    into->n = n;
    into->sum = sum;
    into->n_zero += from->n_zero;
    return code;
}

void cp_histogram_clear(struct cp_histogram *h)
{
    for (size_t octave = 0; octave < CP_HISTOGRAM_OCTAVES; octave++) {
        free(h->pages[octave]);
        if (h->upper)
            free(h->upper[octave]);
    }
    free(h->upper);
    *h = (struct cp_histogram){0};
}

uint64_t cp_histogram_count(const struct cp_histogram *h, size_t bin)
{
    if (bin == 0)
        return h->n_zero;
    return bin < CP_HISTOGRAM_BINS ? count_at(h, place_of_bin(bin)) : 0;
}

/* Walks upwards over the ranks of a histogram. */
struct walk {
    const struct cp_histogram *h;
    size_t bin;
    uint64_t n_to_here; /* values in bins up to and with `bin` */
};

/* Next bin whose octave has a page. */
static size_t bin_after(const struct cp_histogram *h, size_t bin)
{
    bin++;
    while (bin < CP_HISTOGRAM_BINS && !h->pages[(bin - 1) / CP_HISTOGRAM_PAGE])
        bin = 1 + ((bin - 1) / CP_HISTOGRAM_PAGE + 1) * CP_HISTOGRAM_PAGE;
    return bin;
}

static double value_at_rank(struct walk *walk, uint64_t i)
{
    const struct cp_histogram *h = walk->h;
    uint64_t low, high;
    if (i == 0)
        return (double)h->min;
    if (i >= h->n - 1)
        return (double)h->max;
    while (walk->n_to_here <= i && walk->bin < CP_HISTOGRAM_BINS) {
        walk->bin = bin_after(h, walk->bin);
        walk->n_to_here += cp_histogram_count(h, walk->bin);
    }
    cp_histogram_bounds(walk->bin, &low, &high);
    double middle = ((double)low + (double)high) / 2;
    return fmin(fmax(middle, (double)h->min), (double)h->max);
}

double cp_histogram_rank(const struct cp_histogram *h, uint64_t i)
{
    struct walk walk = {.h = h, .n_to_here = h->n_zero};
    return i < h->n ? value_at_rank(&walk, i) : NAN;
}

void cp_histogram_values(const struct cp_histogram *h, double *out, size_t n)
{
    struct walk walk = {.h = h, .n_to_here = h->n_zero};
    for (size_t k = 0; k < n; k++) {
        uint64_t i = (uint64_t)((2 * (uint128)k + 1) * h->n / (2 * (uint128)n));
        if (n > 1 && k == 0)
            i = 0;
        else if (n > 1 && k == n - 1)
            i = h->n - 1;
        out[k] = h->n ? value_at_rank(&walk, i) : NAN;
    }
}
