/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/quote.h"

#include "model/base/units.h"

#include <math.h>
#include <stdlib.h>

double cp_quote_worst_ms(int timeout_ms)
{
    return ceil(timeout_ms + CP_QUOTE_INIT_LIMIT_MS);
}

double cp_quote_worst_usd(const struct cp_price_book *book, int memory_size_mb, int timeout_ms)
{
    return cp_price_invocation_usd(book, memory_size_mb, cp_quote_worst_ms(timeout_ms));
}

/* --- before --- */

static size_t n_planned(const struct cp_quote_size *size)
{
    return size->n_fresh + size->n_warm;
}

static void add_expected(const struct cp_quote_size *size, double share,
                         const struct cp_price_book *book, struct cp_quote *quote)
{
    double fresh_ms = cp_price_billed_ms(size->fresh_ms, size->init_ms);
    double warm_ms = cp_price_billed_ms(size->warm_ms, NAN);
    double n_fresh = share * (double)size->n_fresh;
    double n_warm = share * (double)size->n_warm;
    quote->expected_usd += n_fresh * cp_price_invocation_usd(book, size->memory_size_mb, fresh_ms) +
                           n_warm * cp_price_invocation_usd(book, size->memory_size_mb, warm_ms);
    quote->expected_gb_s +=
        cp_units_gb_s(size->memory_size_mb, n_fresh * fresh_ms + n_warm * warm_ms);
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

static void add_most(const struct cp_quote_size *sizes, size_t n, int timeout_ms,
                     const struct cp_price_book *book, struct cp_quote *quote)
{
    size_t left = quote->n_invocations;
    const struct cp_quote_size *size = next_dearest(sizes, n, CP_MEMORY_MAX_MB + 1);
    for (; size; size = next_dearest(sizes, n, size->memory_size_mb)) {
        size_t count = n_planned(size) < left ? n_planned(size) : left;
        left -= count;
        quote->most_usd +=
            (double)count * cp_quote_worst_usd(book, size->memory_size_mb, timeout_ms);
        quote->most_gb_s +=
            (double)count * cp_units_gb_s(size->memory_size_mb, cp_quote_worst_ms(timeout_ms));
    }
}

struct cp_quote cp_quote_of(const struct cp_quote_size *sizes, size_t n, size_t limit,
                            int timeout_ms, const struct cp_price_book *book)
{
    struct cp_quote quote = {0};
    size_t planned = 0;
    for (size_t i = 0; i < n; i++)
        planned += n_planned(&sizes[i]);
    quote.n_invocations = limit && limit < planned ? limit : planned;
    double share = planned ? (double)quote.n_invocations / (double)planned : 0;
    for (size_t i = 0; i < n; i++) {
        double n_least = share * (double)sizes[i].n_least;
        add_expected(&sizes[i], share, book, &quote);
        quote.least_usd += n_least * cp_price_invocation_usd(book, sizes[i].memory_size_mb, 1);
    }
    add_most(sizes, n, timeout_ms, book, &quote);
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
        spend->billed_usd += cp_price_invocation_usd(spend->book, sample->memory_size_mb,
                                                     sample->billed_duration_ms);
        spend->billed_gb_s += cp_units_gb_s(sample->memory_size_mb, sample->billed_duration_ms);
        return;
    }
    spend->n_unknown++;
    spend->unknown_usd +=
        cp_quote_worst_usd(spend->book, sample->memory_size_mb, spend->timeout_ms);
}

struct cp_spend cp_spend_of(const struct cp_sample *samples, size_t n, int timeout_ms,
                            const struct cp_price_book *book)
{
    struct cp_spend spend = {.book = book, .timeout_ms = timeout_ms};
    for (size_t i = 0; i < n; i++)
        cp_spend_add(&spend, &samples[i]);
    return spend;
}

double cp_spend_most_usd(const struct cp_spend *spend)
{
    return spend->billed_usd + spend->unknown_usd;
}
