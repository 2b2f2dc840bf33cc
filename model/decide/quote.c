/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/decide/quote.h"

#include "model/base/units.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

double cp_quote_worst_ms(int timeout_ms)
{
    return ceil(timeout_ms + CP_QUOTE_INIT_LIMIT_MS);
}

double cp_quote_worst_usd(const struct cp_price_book *book,
                          const struct cp_quote_function *function, int memory_size_mb)
{
    return cp_quote_invocation_usd(book, function, memory_size_mb,
                                   cp_quote_worst_ms(function->timeout_ms), true);
}

/* --- the lines of the bill --- */

struct cp_quote_function cp_quote_function_of(const struct cp_run *run)
{
    return (struct cp_quote_function){
        .timeout_ms = run->timeout_ms,
        .storage_mb = run->ephemeral_storage_mb,
        .is_snap_start = strcmp(run->initialization, "snap-start") == 0,
        .has_free_snapshots = strncmp(run->runtime, "java", 4) == 0,
    };
}

static bool pays_snapshots(const struct cp_quote_function *function)
{
    return function->is_snap_start && !function->has_free_snapshots;
}

/* A duration on demand, with what is billed beside it. */
static struct cp_usage usage_of(const struct cp_quote_function *function, int memory_size_mb,
                                double billed_ms)
{
    struct cp_usage usage = {.on_demand_gb_s = cp_units_gb_s(memory_size_mb, billed_ms)};
    cp_usage_add_storage(&usage, function->storage_mb, billed_ms);
    return usage;
}

/* What is not known is left out. */
static double known_usd(const struct cp_price_book *book, const struct cp_usage *usage)
{
    const struct cp_bill bill = cp_bill_of(book, NULL, usage);
    return cp_bill_known_usd(&bill);
}

const char *cp_quote_unpriced(const struct cp_price_book *book,
                              const struct cp_quote_function *function)
{
    struct cp_usage usage = usage_of(function, CP_MEMORY_MIN_MB, 1);
    if (pays_snapshots(function)) {
        cp_usage_add_snapshot(&usage, CP_MEMORY_MIN_MB, 0);
        cp_usage_add_restores(&usage, CP_MEMORY_MIN_MB, 1);
    }
    const struct cp_bill bill = cp_bill_of(book, NULL, &usage);
    bool lacks_storage = isnan(bill.usd[CP_BILL_STORAGE]);
    bool lacks_snapshots =
        isnan(bill.usd[CP_BILL_SNAPSHOT_CACHE] + bill.usd[CP_BILL_SNAPSHOT_RESTORE]);
    if (lacks_storage && lacks_snapshots)
        return "ephemeral storage above 512 MB, SnapStart's cache and restores";
    if (lacks_storage)
        return "ephemeral storage above 512 MB";
    return lacks_snapshots ? "SnapStart's cache and restores" : NULL;
}

double cp_quote_invocation_usd(const struct cp_price_book *book,
                               const struct cp_quote_function *function, int memory_size_mb,
                               double billed_ms, bool is_fresh)
{
    struct cp_usage usage = usage_of(function, memory_size_mb, billed_ms);
    usage.requests = 1;
    if (is_fresh && pays_snapshots(function))
        cp_usage_add_restores(&usage, memory_size_mb, 1);
    return known_usd(book, &usage);
}

/* The init at publishing is duration without a request. */
double cp_quote_version_usd(const struct cp_price_book *book,
                            const struct cp_quote_function *function, int memory_size_mb,
                            double init_ms, double kept_ms)
{
    if (!function->is_snap_start)
        return 0;
    struct cp_usage usage = usage_of(function, memory_size_mb, cp_price_billed_ms(0, init_ms));
    if (pays_snapshots(function))
        cp_usage_add_snapshot(&usage, memory_size_mb, kept_ms);
    return known_usd(book, &usage);
}

double cp_quote_worst_version_usd(const struct cp_price_book *book,
                                  const struct cp_quote_function *function, int memory_size_mb,
                                  double kept_ms)
{
    double init_ms = fmax(CP_QUOTE_PUBLISH_LIMIT_MS, function->timeout_ms);
    return cp_quote_version_usd(book, function, memory_size_mb, init_ms, kept_ms);
}

/* --- before --- */

static size_t n_planned(const struct cp_quote_size *size)
{
    return size->n_fresh + size->n_warm;
}

/* What all sizes are quoted with. */
struct terms {
    const struct cp_quote_function *function;
    const struct cp_price_book *book;
};

static void add_expected(const struct cp_quote_size *size, double share, struct terms terms,
                         struct cp_quote *quote)
{
    int mb = size->memory_size_mb;
    double fresh_ms = cp_price_billed_ms(size->fresh_ms, size->init_ms);
    double warm_ms = cp_price_billed_ms(size->warm_ms, NAN);
    double n_fresh = share * (double)size->n_fresh;
    double n_warm = share * (double)size->n_warm;
    quote->expected_usd +=
        n_fresh * cp_quote_invocation_usd(terms.book, terms.function, mb, fresh_ms, true) +
        n_warm * cp_quote_invocation_usd(terms.book, terms.function, mb, warm_ms, false);
    quote->expected_gb_s += cp_units_gb_s(mb, n_fresh * fresh_ms + n_warm * warm_ms);
}

static void add_least(const struct cp_quote_size *size, double share, struct terms terms,
                      struct cp_quote *quote)
{
    int mb = size->memory_size_mb;
    quote->least_usd += share * (double)size->n_least *
                        cp_quote_invocation_usd(terms.book, terms.function, mb, 1, false);
    if (size->n_versions)
        quote->least_usd += cp_quote_version_usd(terms.book, terms.function, mb, 0, 0);
}

/* Versions are published whole, however few samples they get. */
static void add_versions(const struct cp_quote_size *size, struct terms terms,
                         struct cp_quote *quote)
{
    double n = (double)size->n_versions;
    quote->n_versions += size->n_versions;
    quote->snapshots_usd +=
        n * cp_quote_version_usd(terms.book, terms.function, size->memory_size_mb, size->init_ms,
                                 size->kept_ms);
    quote->snapshots_most_usd +=
        n * cp_quote_worst_version_usd(terms.book, terms.function, size->memory_size_mb,
                                       size->kept_most_ms);
}

/* The dearest `size` with fewer MB than `below_mb`; NULL when there is none. */
static const struct cp_quote_size *next_dearest(const struct cp_quote_size *sizes, size_t n,
                                                int below_mb)
{
    const struct cp_quote_size *found = NULL;
    for (size_t i = 0; i < n; i++) {
        bool is_below = sizes[i].memory_size_mb < below_mb;
        if (is_below && (!found || sizes[i].memory_size_mb > found->memory_size_mb))
            found = &sizes[i];
    }
    return found;
}

static void add_most(const struct cp_quote_size *sizes, size_t n, struct terms terms,
                     struct cp_quote *quote)
{
    size_t left = quote->n_invocations;
    const struct cp_quote_size *size = next_dearest(sizes, n, CP_MEMORY_MAX_MB + 1);
    for (; size; size = next_dearest(sizes, n, size->memory_size_mb)) {
        size_t possible = n_planned(size) + size->n_spare;
        size_t count = possible < left ? possible : left;
        left -= count;
        quote->most_usd +=
            (double)count * cp_quote_worst_usd(terms.book, terms.function, size->memory_size_mb);
        quote->most_gb_s +=
            (double)count *
            cp_units_gb_s(size->memory_size_mb, cp_quote_worst_ms(terms.function->timeout_ms));
    }
}

static size_t limited(size_t n, size_t limit)
{
    return limit && limit < n ? limit : n;
}

struct cp_quote cp_quote_of(const struct cp_quote_size *sizes, size_t n, size_t limit,
                            const struct cp_quote_function *function,
                            const struct cp_price_book *book)
{
    const struct terms terms = {function, book};
    struct cp_quote quote = {0};
    size_t planned = 0;
    size_t spare = 0;
    for (size_t i = 0; i < n; i++) {
        planned += n_planned(&sizes[i]);
        spare += sizes[i].n_spare;
    }
    quote.n_invocations = limited(planned + spare, limit);
    double share = planned ? (double)limited(planned, limit) / (double)planned : 0;
    for (size_t i = 0; i < n; i++) {
        add_expected(&sizes[i], share, terms, &quote);
        add_least(&sizes[i], share, terms, &quote);
        add_versions(&sizes[i], terms, &quote);
    }
    add_most(sizes, n, terms, &quote);
    quote.expected_usd += quote.snapshots_usd;
    quote.most_usd += quote.snapshots_most_usd;
    return quote;
}

/* --- from an earlier run --- */

struct mean {
    double sum;
    size_t n;
};

static void add_to_mean(struct mean *mean, double value)
{
    if (isnan(value))
        return;
    mean->sum += value;
    mean->n++;
}

static void take_mean(const struct mean *mean, double *to)
{
    if (mean->n)
        *to = mean->sum / (double)mean->n;
}

/* Memory sizes that have usable samples of a kind: the nearest to `mb`, 0 when none has. */
static int nearest_size(const struct cp_sample *samples, size_t n, enum cp_cell_kind kind, int mb)
{
    int nearest = 0;
    for (size_t i = 0; i < n; i++) {
        int other = samples[i].memory_size_mb;
        if (samples[i].kind != kind || !cp_sample_is_usable(&samples[i]))
            continue;
        if (!nearest || abs(other - mb) < abs(nearest - mb))
            nearest = other;
    }
    return nearest;
}

static void learn_size(const struct cp_sample *samples, size_t n, struct cp_quote_size *size)
{
    int cold_mb = nearest_size(samples, n, CP_CELL_COLD, size->memory_size_mb);
    int warm_mb = nearest_size(samples, n, CP_CELL_WARM, size->memory_size_mb);
    struct mean init = {0};
    struct mean fresh = {0};
    struct mean warm = {0};
    for (size_t i = 0; i < n; i++) {
        const struct cp_sample *s = &samples[i];
        if (!cp_sample_is_usable(s))
            continue;
        if (s->kind == CP_CELL_COLD && s->memory_size_mb == cold_mb) {
            add_to_mean(&init, s->init_duration_ms);
            add_to_mean(&fresh, s->duration_ms);
        } else if (s->kind == CP_CELL_WARM && s->memory_size_mb == warm_mb) {
            add_to_mean(&warm, s->duration_ms);
        }
    }
    take_mean(&init, &size->init_ms);
    take_mean(&fresh, &size->fresh_ms);
    take_mean(&warm, &size->warm_ms);
}

void cp_quote_learn(const struct cp_sample *samples, size_t n_samples, struct cp_quote_size *sizes,
                    size_t n)
{
    for (size_t i = 0; i < n; i++)
        learn_size(samples, n_samples, &sizes[i]);
}

/* --- after --- */

void cp_spend_add(struct cp_spend *spend, const struct cp_sample *sample)
{
    if (!spend->book || sample->outcome == CP_OUTCOME_NOT_SENT ||
        sample->outcome == CP_OUTCOME_THROTTLED)
        return;
    if (isfinite(sample->billed_duration_ms)) {
        spend->n_billed++;
        spend->billed_usd +=
            cp_quote_invocation_usd(spend->book, &spend->function, sample->memory_size_mb,
                                    sample->billed_duration_ms, sample->start != CP_START_WARM);
        spend->billed_gb_s += cp_units_gb_s(sample->memory_size_mb, sample->billed_duration_ms);
        return;
    }
    spend->n_unknown++;
    spend->unknown_usd += cp_quote_worst_usd(spend->book, &spend->function, sample->memory_size_mb);
}

struct cp_spend cp_spend_of(const struct cp_sample *samples, size_t n,
                            const struct cp_quote_function *function,
                            const struct cp_price_book *book)
{
    struct cp_spend spend = {.book = book, .function = *function};
    for (size_t i = 0; i < n; i++)
        cp_spend_add(&spend, &samples[i]);
    return spend;
}

double cp_spend_most_usd(const struct cp_spend *spend)
{
    return spend->billed_usd + spend->unknown_usd + spend->snapshots_usd;
}
