/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/stat/bootstrap.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "model/base/parallel.h"
#include "model/stat/quantile.h"

/* Of the replicates, so many may have no answer before the rest says nothing about the law. */
static const double missing_limit = 0.05;

/* Threads write to cache lines of their own. */
enum { CACHE_LINE = 64 };

/* Value that a resample takes from the uniform number u in (0, 1). */
static double value_at(const double *sorted, size_t n, double u)
{
    size_t i = (size_t)(u * (double)n);
    return sorted[i < n ? i : n - 1];
}

/* Order statistics of n uniform numbers, drawn in ascending order. */
struct walk {
    size_t n;
    size_t rank; /* of u; 0 before the first */
    double u;
};

static double walk_to(struct walk *w, size_t rank, struct cp_rng *rng)
{
    if (rank == w->rank)
        return w->u;
    double step = 0;
    if (w->rank > 0 && rank == w->rank + 1) {
        /* the smallest of n - rank + 1: by inversion, cheaper than two gamma draws */
        step = 1 - pow(cp_rng_uniform(rng), 1 / (double)(w->n - w->rank));
    } else {
        double below = cp_rng_gamma(rng, (double)(rank - w->rank));
        double above = cp_rng_gamma(rng, (double)(w->n - rank + 1));
        step = below / (below + above);
    }
    w->u += (1 - w->u) * step;
    w->rank = rank;
    return w->u;
}

void cp_bootstrap_quantiles(const double *sorted, size_t n, const double *qs, size_t n_qs,
                            struct cp_rng *rng, double *out)
{
    bool is_valid = n > 0;
    for (size_t i = 0; i < n_qs; i++) {
        is_valid = is_valid && qs[i] > 0 && qs[i] < 1 && (i == 0 || qs[i - 1] <= qs[i]);
        out[i] = NAN;
    }
    struct walk walk = {.n = n};
    /* two quantiles may share their neighbours: the walk stands on the upper one, this below it */
    struct walk behind = walk;
    for (size_t i = 0; is_valid && i < n_qs; i++) {
        struct cp_quantile_position at = cp_quantile_position(n, qs[i], 8);
        if (at.rank != behind.rank) {
            (void)walk_to(&walk, at.rank, rng);
            behind = walk;
        }
        out[i] = value_at(sorted, n, behind.u);
        if (at.weight <= 0)
            continue;
        double high = value_at(sorted, n, walk_to(&walk, at.rank + 1, rng));
        out[i] = cp_quantile_between(out[i], high, at.weight);
    }
}

double cp_bootstrap_quantile(const double *sorted, size_t n, double q, struct cp_rng *rng)
{
    double value = NAN;
    cp_bootstrap_quantiles(sorted, n, &q, 1, rng, &value);
    return value;
}

/* --- any statistic --- */

struct run {
    const struct cp_bootstrap_options *options;
    cp_bootstrap_draw_fn *draw;
    const void *context;
    double *replicates;
    size_t reps, n_outputs;
    size_t n_pieces;   /* one per thread: its share of the replicates and its memory */
    size_t piece_size; /* bytes: scratch, then the outputs of one replicate */
    size_t scratch_size;
    char *memory;
};

static void run_piece(void *context, size_t piece)
{
    const struct run *run = context;
    char *scratch = run->memory + piece * run->piece_size;
    double *out = (double *)(void *)(scratch + run->scratch_size);
    size_t share = run->reps / run->n_pieces;
    size_t rest = run->reps % run->n_pieces;
    size_t first = piece * share + (piece < rest ? piece : rest);
    size_t end = first + share + (piece < rest);
    for (size_t r = first; r < end; r++) {
        struct cp_rng rng;
        cp_rng_init(&rng, run->options->seed, r);
        run->draw(run->context, &rng, scratch, out);
        for (size_t k = 0; k < run->n_outputs; k++)
            run->replicates[k * run->reps + r] = out[k];
    }
}

/* Rounded up to whole cache lines; 0 where that is beyond memory's range. */
static size_t whole_lines(size_t size)
{
    return size > SIZE_MAX / 4 ? 0 : (size / CACHE_LINE + 1) * CACHE_LINE;
}

enum cp_code cp_bootstrap_draw(const struct cp_bootstrap_options *options,
                               cp_bootstrap_draw_fn *draw, const void *context, double *replicates,
                               struct cp_error *err)
{
    struct run run = {.options = options, .draw = draw, .context = context};
    run.replicates = replicates;
    run.reps = options->reps ? options->reps : CP_BOOTSTRAP_REPS;
    run.n_outputs = options->n_outputs ? options->n_outputs : 1;
    if (!draw || !replicates)
        return cp_fail(err, CP_EINVAL, "a bootstrap needs a statistic and room for its replicates");
    if (run.n_outputs > SIZE_MAX / 8 / sizeof(double) / run.reps)
        return cp_fail(err, CP_EINVAL, "%zu bootstrap replicates of %zu numbers are too many",
                       run.reps, run.n_outputs);
    run.scratch_size = whole_lines(options->scratch_size);
    if (run.scratch_size == 0)
        return cp_fail(err, CP_EINVAL, "a bootstrap replicate cannot have %zu bytes of scratch",
                       options->scratch_size);
    run.piece_size = run.scratch_size + whole_lines(run.n_outputs * sizeof(double));
    run.n_pieces = options->n_threads > 1 ? (size_t)options->n_threads : 1;
    if (run.n_pieces > CP_PARALLEL_MAX)
        run.n_pieces = CP_PARALLEL_MAX;
    if (run.n_pieces > run.reps)
        run.n_pieces = run.reps;
    run.memory = calloc(run.n_pieces, run.piece_size);
    if (!run.memory)
        return cp_fail(err, CP_ENOMEM, "no memory for a bootstrap of %zu replicates", run.reps);
    cp_parallel(run.n_pieces, (int)run.n_pieces, run_piece, &run);
    free(run.memory);
    return CP_OK;
}

struct resampling {
    const struct cp_bootstrap_sample *sample;
    cp_bootstrap_statistic_fn *statistic;
    const void *context;
    size_t counts_at; /* in the scratch, behind the statistic's */
};

/* Uniform on 0 .. n - 1 without bias from 32 random bits (Lemire, ACM TOMACS 29, 2019). False: draw
 * again. */
static bool take_index(uint32_t bits, uint32_t n, uint32_t reject_below, uint32_t *index)
{
    uint64_t product = (uint64_t)bits * n;
    *index = (uint32_t)(product >> 32);
    return (uint32_t)product >= reject_below;
}

/* Draws n of n values with replacement; two indices from one random number. */
static void count_draws(uint32_t *counts, uint32_t n, struct cp_rng *rng)
{
    const uint32_t reject_below = -n % n; /* 2^32 mod n */
    memset(counts, 0, n * sizeof *counts);
    for (uint32_t drawn = 0; drawn < n;) {
        uint64_t bits = cp_rng_next(rng);
        uint32_t index = 0;
        if (take_index((uint32_t)bits, n, reject_below, &index)) {
            counts[index]++;
            drawn++;
        }
        if (drawn < n && take_index((uint32_t)(bits >> 32), n, reject_below, &index)) {
            counts[index]++;
            drawn++;
        }
    }
}

static void draw_statistic(const void *context, struct cp_rng *rng, void *scratch, double *out)
{
    const struct resampling *r = context;
    const struct cp_bootstrap_sample *sample = r->sample;
    uint32_t *counts = (uint32_t *)(void *)((char *)scratch + r->counts_at);
    if (!sample->stratum_sizes)
        count_draws(counts, (uint32_t)sample->n, rng);
    size_t first = 0;
    for (size_t i = 0; sample->stratum_sizes && i < sample->n_strata; i++) {
        if (sample->stratum_sizes[i] > 0)
            count_draws(counts + first, (uint32_t)sample->stratum_sizes[i], rng);
        first += sample->stratum_sizes[i];
    }
    r->statistic(r->context, counts, sample->n, scratch, out);
}

static bool do_strata_add_up(const struct cp_bootstrap_sample *sample)
{
    size_t left = sample->n;
    for (size_t i = 0; sample->stratum_sizes && i < sample->n_strata; i++) {
        if (sample->stratum_sizes[i] > left)
            return false;
        left -= sample->stratum_sizes[i];
    }
    return !sample->stratum_sizes || left == 0;
}

enum cp_code cp_bootstrap_statistic(const struct cp_bootstrap_sample *sample,
                                    const struct cp_bootstrap_options *options,
                                    cp_bootstrap_statistic_fn *statistic, const void *context,
                                    double *replicates, struct cp_error *err)
{
    if (sample->n == 0 || sample->n > UINT32_MAX)
        return cp_fail(err, CP_EINVAL, "a bootstrap takes 1 to %lu values, not %zu",
                       (unsigned long)UINT32_MAX, sample->n);
    if (!do_strata_add_up(sample))
        return cp_fail(err, CP_EINVAL, "the bootstrap's %zu strata do not add up to its %zu values",
                       sample->n_strata, sample->n);
    struct cp_bootstrap_options with_counts = *options;
    const struct resampling resampling = {
        .sample = sample,
        .statistic = statistic,
        .context = context,
        .counts_at = whole_lines(options->scratch_size),
    };
    /* one that has no whole lines is refused there */
    if (resampling.counts_at > 0)
        with_counts.scratch_size = resampling.counts_at + sample->n * sizeof(uint32_t);
    return cp_bootstrap_draw(&with_counts, statistic ? draw_statistic : NULL, &resampling,
                             replicates, err);
}

/* X(rank) and X(rank + 1) of the counted sample are found in one pass. */
double cp_bootstrap_counted_quantile(const double *sorted, const uint32_t *counts, size_t n,
                                     double q)
{
    size_t total = 0;
    for (size_t i = 0; i < n; i++)
        total += counts[i];
    struct cp_quantile_position at = cp_quantile_position(total, q, 8);
    if (at.rank == 0)
        return NAN;
    size_t upto = 0;
    size_t i = 0;
    while (upto + counts[i] < at.rank)
        upto += counts[i++];
    double low = sorted[i];
    if (at.weight <= 0 || upto + counts[i] > at.rank)
        return low;
    do
        i++;
    while (counts[i] == 0);
    return cp_quantile_between(low, sorted[i], at.weight);
}

/* Moves the NAN behind the numbers; returns how many numbers there are. */
static size_t numbers_first(double *values, size_t n)
{
    size_t kept = 0;
    for (size_t i = 0; i < n; i++) {
        double x = values[i];
        if (isnan(x))
            continue;
        values[i] = values[kept];
        values[kept++] = x;
    }
    return kept;
}

void cp_bootstrap_interval(double *replicates, size_t n, double confidence, double *low,
                           double *high)
{
    double tail = (1 - confidence) / 2;
    *low = NAN;
    *high = NAN;
    size_t kept = numbers_first(replicates, n);
    cp_sort(replicates, kept);
    if (!(tail > 0 && tail < 0.5) || (double)kept * tail < 1)
        return;
    if ((double)(n - kept) > missing_limit * (double)n)
        return;
    *low = cp_quantile(replicates, kept, tail, 8);
    *high = cp_quantile(replicates, kept, 1 - tail, 8);
}
