/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/stat/select.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "model/base/rng.h"
#include "model/stat/sort.h"

enum {
    SORTED_MAX = 1 << 15, /* up to here sorting a copy is as fast */
    SAMPLE_MAX = 1 << 15,
    SAMPLE_SHARE = 16, /* the sample is at most this part of the values */
    BRACKETS_MAX = 16,
    BLOCK = 1024, /* values that stay in the first cache while each bracket looks at them */
};

/* The sample's rank is off by so many standard deviations once in 10^5 times. */
static const double reach = 4.5;

/* Values that enclose some neighbouring ranks. */
struct bracket {
    double low, high;
    size_t first_rank, last_rank; /* indices into the caller's ranks */
    size_t n_below;               /* values < low */
    size_t n_upto;                /* values <= high */
    size_t n_inside;              /* low < value < high, kept in `inside` */
    size_t capacity;
    double *inside;
};

struct selection {
    struct bracket brackets[BRACKETS_MAX];
    size_t n;
    double *sample;
    double *inside; /* of all brackets */
};

static bool are_ranks_valid(const size_t *ranks, size_t n_ranks, size_t n)
{
    for (size_t i = 0; i < n_ranks; i++) {
        if (ranks[i] < 1 || ranks[i] > n || (i > 0 && ranks[i] < ranks[i - 1]))
            return false;
    }
    return true;
}

static bool sort_copy(const double *values, size_t n, const size_t *ranks, size_t n_ranks,
                      double *out)
{
    double *copy = n <= SIZE_MAX / sizeof *copy ? malloc(n * sizeof *copy) : NULL;
    if (!copy)
        return false;
    memcpy(copy, values, n * sizeof *copy);
    cp_sort(copy, n);
    for (size_t i = 0; i < n_ranks; i++)
        out[i] = copy[ranks[i] - 1];
    free(copy);
    return true;
}

static bool draw_sample(struct selection *s, const double *values, size_t n, size_t size)
{
    struct cp_rng rng;
    s->sample = malloc(size * sizeof *s->sample);
    if (!s->sample)
        return false;
    cp_rng_init(&rng, 1, 0);
    for (size_t i = 0; i < size; i++)
        s->sample[i] = values[cp_rng_below(&rng, n)];
    cp_sort(s->sample, size);
    return true;
}

/* Brackets of all ranks, overlapping ones joined. False when they are too many or so wide that
 * sorting is no dearer. */
static bool place_brackets(struct selection *s, size_t size, const size_t *ranks, size_t n_ranks,
                           size_t n)
{
    double last_end = -1;
    double width = 0;
    for (size_t i = 0; i < n_ranks; i++) {
        double p = (double)ranks[i] / (double)n;
        double at = p * (double)size;
        double half = reach * sqrt(at * (1 - p)) + 2;
        double start = floor(at - half);
        double end = fmax(ceil(at + half), last_end);
        bool is_joined = i > 0 && start <= last_end;
        if (!is_joined && s->n == BRACKETS_MAX)
            return false;
        struct bracket *b = &s->brackets[is_joined ? s->n - 1 : s->n++];
        if (!is_joined) {
            b->low = start < 0 ? -INFINITY : s->sample[(size_t)start];
            b->first_rank = i;
        }
        b->high = end >= (double)size ? INFINITY : s->sample[(size_t)end];
        b->last_rank = i;
        double added = end - (is_joined ? last_end : start);
        width += added;
        /* twice what is expected; a block may always be written */
        b->capacity += (size_t)(2 * added / (double)size * (double)n) + (is_joined ? 0 : 2 * BLOCK);
        last_end = end;
    }
    return width < (double)size / 4;
}

static bool allocate_inside(struct selection *s)
{
    size_t total = 0;
    for (size_t i = 0; i < s->n; i++)
        total += s->brackets[i].capacity;
    s->inside = total > 0 ? malloc(total * sizeof *s->inside) : NULL; /* each bracket has room */
    if (!s->inside)
        return false;
    double *at = s->inside;
    for (size_t i = 0; i < s->n; i++) {
        s->brackets[i].inside = at;
        at += s->brackets[i].capacity;
    }
    return true;
}

/* Counts and keeps what a block of at most BLOCK values has for the bracket; without branches, so
 * that neither the values' order nor their law costs time. False when there is no room. */
static bool look_at_block(struct bracket *b, const double *block, size_t n)
{
    const double low = b->low;
    const double high = b->high;
    uint64_t below = 0;
    uint64_t upto = 0;
    for (size_t i = 0; i < n; i++)
        below += block[i] < low;
    for (size_t i = 0; i < n; i++)
        upto += block[i] <= high;
    b->n_below += below;
    b->n_upto += upto;
    if (upto == below)
        return true;
    if (b->capacity - b->n_inside < BLOCK)
        return false;
    double *inside = b->inside + b->n_inside;
    size_t kept = 0;
    for (size_t i = 0; i < n; i++) {
        inside[kept] = block[i];
        kept += (size_t)(block[i] > low) & (size_t)(block[i] < high);
    }
    b->n_inside += kept;
    return true;
}

static bool look_at_all(struct selection *s, const double *values, size_t n)
{
    for (size_t at = 0; at < n; at += BLOCK) {
        for (size_t i = 0; i < s->n; i++) {
            if (!look_at_block(&s->brackets[i], values + at, n - at < BLOCK ? n - at : BLOCK))
                return false;
        }
    }
    return true;
}

static size_t count_equal(const double *values, size_t n, double x)
{
    size_t equal = 0;
    for (size_t i = 0; i < n; i++)
        equal += values[i] <= x && values[i] >= x;
    return equal;
}

/* False when a rank lies outside the bracket after all. */
static bool read_ranks(struct bracket *b, const double *values, size_t n, const size_t *ranks,
                       double *out)
{
    /* values equal to the ends: mostly one each */
    size_t at_ends = b->n_upto - b->n_below - b->n_inside;
    bool is_plain = at_ends == 2 && isfinite(b->low) && isfinite(b->high) && b->low < b->high;
    size_t upto_low = b->n_below + (is_plain ? 1 : count_equal(values, n, b->low));
    cp_sort(b->inside, b->n_inside);
    for (size_t i = b->first_rank; i <= b->last_rank; i++) {
        if (ranks[i] <= b->n_below || ranks[i] > b->n_upto)
            return false;
        if (ranks[i] <= upto_low)
            out[i] = b->low;
        else if (ranks[i] <= upto_low + b->n_inside)
            out[i] = b->inside[ranks[i] - upto_low - 1];
        else
            out[i] = b->high;
    }
    return true;
}

static bool select_by_sample(struct selection *s, const double *values, size_t n,
                             const size_t *ranks, size_t n_ranks, double *out)
{
    size_t size = n / SAMPLE_SHARE < SAMPLE_MAX ? n / SAMPLE_SHARE : SAMPLE_MAX;
    if (!draw_sample(s, values, n, size) || !place_brackets(s, size, ranks, n_ranks, n) ||
        !allocate_inside(s) || !look_at_all(s, values, n))
        return false;
    for (size_t i = 0; i < s->n; i++) {
        if (!read_ranks(&s->brackets[i], values, n, ranks, out))
            return false;
    }
    return true;
}

bool cp_select(const double *values, size_t n, const size_t *ranks, size_t n_ranks, double *out)
{
    struct selection s = {.n = 0};
    if (n_ranks == 0)
        return true;
    if (n == 0 || !are_ranks_valid(ranks, n_ranks, n))
        return false;
    bool is_done = n > SORTED_MAX && select_by_sample(&s, values, n, ranks, n_ranks, out);
    free(s.sample);
    free(s.inside);
    return is_done || sort_copy(values, n, ranks, n_ranks, out);
}
