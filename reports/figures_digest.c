/* SPDX-License-Identifier: GPL-3.0-or-later
 * Figures of a log that was too large to keep its records: counts, sums and largest values are
 * exact, distributions come from histograms (model/digest/histogram.h: a value is off by at most
 * 0.4 %).
 *
 * A sorted array stands for a distribution, with at most CP_FIGURES_VALUES_MAX values; intervals
 * are those of so many samples: wider than they need be, never narrower. The init and the handler
 * run of one environment are no longer paired, but their sum has a histogram of its own: pairs are
 * made so that their sums have the measured distribution.
 */
#include <math.h>
#include <stdlib.h>

#include "model/digest/digest.h"
#include "reports/figures.h"

#define US_PER_MS 1000.0

bool cp_figures_is_from_digest(const struct cp_figures *f)
{
    return f->data->n_samples == 0 && f->data->digest;
}

/* Cells of a run, over all its scopes. */
typedef void (*cell_fn)(void *context, const struct cp_digest_cell *cell);

static void each_cell(const struct cp_digest *digest, cell_fn each, void *context)
{
    for (size_t i = 0; i < cp_digest_n_scopes(digest); i++) {
        const struct cp_digest_scope *scope = cp_digest_scope_at(digest, i);
        for (size_t k = 0; k < cp_digest_n_cells(scope); k++)
            each(context, cp_digest_cell_at(scope, k));
    }
}

/* --- counts --- */

static void count_starts(void *context, const struct cp_digest_cell *cell)
{
    uint64_t *n = context; /* cold, restored */
    n[0] += cell->start == CP_START_COLD ? cell->n : 0;
    n[1] += cell->start == CP_START_SNAPSTART ? cell->n : 0;
}

enum cp_start_kind cp_figures_digest_start(const struct cp_digest *digest)
{
    uint64_t n[2] = {0, 0};
    each_cell(digest, count_starts, n);
    return n[1] > n[0] ? CP_START_SNAPSTART : CP_START_COLD;
}

static void find_size(void *context, const struct cp_digest_cell *cell)
{
    if (cell->memory_size_mb > 0)
        cp_figures_add_size(context, cell->memory_size_mb);
}

static void see_used_memory(struct cp_size_figures *size, const struct cp_digest_cell *cell)
{
    const struct cp_histogram *h = &cell->metrics[CP_METRIC_MAX_MEMORY];
    if (h->n > 0 && (int)h->max > size->max_memory_used_mb)
        size->max_memory_used_mb = (int)h->max;
}

/* Right-censored ones; cold where the record tells its init. */
static void count_timeouts(const struct cp_figures *f, struct cp_size_figures *size,
                           const struct cp_digest_cell *cell)
{
    bool is_cold = cell->start == f->fresh_start;
    size_t n = (size_t)(is_cold ? cell->metrics[CP_METRIC_INIT].n : cell->n);
    if (cell->outcome != CP_OUTCOME_TIMEOUT || n == 0 || (!is_cold && cell->start != CP_START_WARM))
        return;
    *(is_cold ? &size->n_cold : &size->n_warm) += n;
    *(is_cold ? &size->n_cold_timeout : &size->n_warm_timeout) += n;
    size->timeout_ms =
        fmax(size->timeout_ms, (double)cell->metrics[CP_METRIC_DURATION].max / US_PER_MS);
}

static void count_cell(void *context, const struct cp_digest_cell *cell)
{
    struct cp_figures *f = context;
    struct cp_size_figures *size = cp_figures_find_size(f, cell->memory_size_mb);
    bool is_measured = cell->outcome == CP_OUTCOME_MEASURED;
    *(is_measured ? &f->accounting.measured : &f->accounting.failed) += (size_t)cell->n;
    f->accounting.planned += (size_t)cell->n;
    if (!size)
        return;
    if (!is_measured) { /* its memory is not looked at: see tells_use in figures.c */
        size->n_failed += (size_t)cell->n;
        count_timeouts(f, size, cell);
        return;
    }
    see_used_memory(size, cell);
    if (cell->start == f->fresh_start)
        size->n_cold += (size_t)cell->n;
    else if (cell->start == CP_START_WARM)
        size->n_warm += (size_t)cell->n;
    else
        size->n_excluded += (size_t)cell->n;
}

void cp_figures_count_digest(struct cp_figures *f)
{
    each_cell(f->data->digest, find_size, f);
    cp_figures_sort_sizes(f);
    f->accounting = (struct cp_accounting){0};
    each_cell(f->data->digest, count_cell, f);
    for (size_t i = 0; i < f->n_sizes; i++) {
        struct cp_size_figures *size = &f->sizes[i];
        size->n_cold_values =
            size->n_cold < CP_FIGURES_VALUES_MAX ? size->n_cold : CP_FIGURES_VALUES_MAX;
        size->n_warm_values =
            size->n_warm < CP_FIGURES_VALUES_MAX ? size->n_warm : CP_FIGURES_VALUES_MAX;
        f->n_mismatched += size->n_excluded;
    }
}

/* --- distributions --- */

/* One metric of the measured records of a size with one kind of start, over all scopes; with those
 * that the timeout ended where they have it whole: init, what was billed. */
struct wanted {
    int memory_size_mb;
    enum cp_start_kind start;
    enum cp_digest_metric metric;
    bool with_timeouts;
    struct cp_histogram sum;
    bool has_failed;
};

static void merge_cell(void *context, const struct cp_digest_cell *cell)
{
    struct wanted *w = context;
    bool is_outcome = cell->outcome == CP_OUTCOME_MEASURED ||
                      (w->with_timeouts && cell->outcome == CP_OUTCOME_TIMEOUT);
    bool is_it = cell->memory_size_mb == w->memory_size_mb && cell->start == w->start && is_outcome;
    if (is_it && cp_histogram_merge(&w->sum, &cell->metrics[w->metric]) != CP_OK)
        w->has_failed = true;
}

/* `n` values in ms; NAN where the metric has fewer records than that. false: out of memory. */
static bool values_of(const struct cp_figures *f, struct wanted *w, double *ms, size_t n)
{
    each_cell(f->data->digest, merge_cell, w);
    bool has_all = w->sum.n >= n;
    if (has_all && !w->has_failed && n > 0)
        cp_histogram_values(&w->sum, ms, n);
    for (size_t i = 0; i < n; i++)
        ms[i] = has_all ? ms[i] / US_PER_MS : NAN;
    return !w->has_failed;
}

/* An array to fill; the last `n_censored` of its values are above the timeout. */
struct array {
    enum cp_digest_metric metric;
    enum cp_start_kind start;
    double *ms;
    size_t n, n_censored;
};

static bool take(const struct cp_figures *f, const struct cp_size_figures *size,
                 const struct array *to)
{
    struct wanted w = {
        .memory_size_mb = size->memory_size_mb,
        .start = to->start,
        .metric = to->metric,
        .with_timeouts = to->metric == CP_METRIC_INIT || to->metric == CP_METRIC_BILLED,
    };
    bool is_good = values_of(f, &w, to->ms, to->n - to->n_censored);
    for (size_t i = to->n - to->n_censored; i < to->n; i++)
        to->ms[i] = INFINITY;
    cp_histogram_clear(&w.sum);
    return is_good;
}

/* How many of `n_values` that stand for `n` are timeouts: rounded up, as they make tails worse. */
static size_t censored_of(size_t n_values, size_t n, size_t n_timeout)
{
    return n ? (size_t)ceil((double)n_values * ((double)n_timeout / (double)n)) : 0;
}

/* Pairs by rank: handler, and what is left of the sum. Timeouts have their init only. */
static void make_pairs(struct cp_size_figures *size)
{
    for (size_t i = 0; i < size->n_cold_values; i++) {
        bool is_finite = isfinite(size->cold_ms[i]);
        size->pair_handler_ms[i] = fmin(size->cold_handler_ms[i], size->cold_ms[i]);
        size->pair_init_ms[i] =
            is_finite ? size->cold_ms[i] - size->pair_handler_ms[i] : size->init_ms[i];
    }
}

bool cp_figures_fill_from_digest(struct cp_figures *f)
{
    bool is_good = true;
    for (size_t i = 0; i < f->n_sizes && is_good; i++) {
        struct cp_size_figures *size = &f->sizes[i];
        size_t n = size->n_cold_values;
        size_t cold = censored_of(n, size->n_cold, size->n_cold_timeout);
        size_t warm = censored_of(size->n_warm_values, size->n_warm, size->n_warm_timeout);
        const struct array rows[] = {
            {CP_METRIC_INIT, f->fresh_start, size->init_ms, n, 0},
            {CP_METRIC_DURATION, f->fresh_start, size->cold_handler_ms, n, cold},
            {CP_METRIC_COLD_TOTAL, f->fresh_start, size->cold_ms, n, cold},
            {CP_METRIC_BILLED, f->fresh_start, size->pair_billed_ms, n, 0},
            {CP_METRIC_DURATION, CP_START_WARM, size->warm_ms, size->n_warm_values, warm},
        };
        for (size_t k = 0; k < sizeof rows / sizeof rows[0] && is_good; k++)
            is_good = take(f, size, &rows[k]);
        if (is_good)
            make_pairs(size);
    }
    return is_good;
}

/* --- cost: means are exact, their interval comes from the distribution --- */

static double deviation_of(const struct cp_histogram *h)
{
    enum { VALUES = 2000 };
    double *values = calloc(VALUES, sizeof *values);
    size_t n = h->n < VALUES ? (size_t)h->n : VALUES;
    double mean = (double)h->sum / (double)h->n;
    double square = 0;
    if (!values)
        return NAN;
    cp_histogram_values(h, values, n);
    for (size_t i = 0; i < n; i++)
        square += (values[i] - mean) * (values[i] - mean);
    free(values);
    return n > 1 ? sqrt(square / (double)(n - 1)) : NAN;
}

static struct cp_interval cost_of(const struct cp_figures *f, int memory_size_mb,
                                  const struct cp_histogram *billed)
{
    struct cp_interval cost = {NAN, NAN, NAN};
    if (billed->n == 0)
        return cost;
    double mean_ms = (double)billed->sum / (double)billed->n / US_PER_MS;
    cost.value = 1e6 * cp_price_invocation_usd(f->price, memory_size_mb, mean_ms);
    if (billed->n < CP_FIGURES_MEAN_MIN_N)
        return cost;
    double half_ms = 1.959964 * deviation_of(billed) / US_PER_MS / sqrt((double)billed->n);
    double half = 1e6 * (cp_price_invocation_usd(f->price, memory_size_mb, mean_ms + half_ms) -
                         cp_price_invocation_usd(f->price, memory_size_mb, mean_ms));
    cost.low = cost.value - half;
    cost.high = cost.value + half;
    return cost;
}

static bool price_size(const struct cp_figures *f, struct cp_size_figures *size)
{
    struct wanted warm = {.memory_size_mb = size->memory_size_mb,
                          .start = CP_START_WARM,
                          .metric = CP_METRIC_BILLED,
                          .with_timeouts = true};
    struct wanted cold = warm;
    cold.start = f->fresh_start;
    each_cell(f->data->digest, merge_cell, &warm);
    each_cell(f->data->digest, merge_cell, &cold);
    size->usd_per_million = cost_of(f, size->memory_size_mb, &warm.sum);
    size->usd_per_million_cold = cost_of(f, size->memory_size_mb, &cold.sum).value;
    size->billed_p50_ms =
        warm.sum.n > 0 ? cp_histogram_rank(&warm.sum, warm.sum.n / 2) / US_PER_MS : NAN;
    cp_histogram_clear(&warm.sum);
    cp_histogram_clear(&cold.sum);
    return !warm.has_failed && !cold.has_failed;
}

bool cp_figures_price_digest(struct cp_figures *f)
{
    bool is_good = true;
    for (size_t i = 0; i < f->n_sizes && is_good; i++)
        is_good = price_size(f, &f->sizes[i]);
    return is_good;
}
