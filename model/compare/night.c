/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/compare/night.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

bool cp_night_key_equal(const struct cp_night_key *a, const struct cp_night_key *b)
{
    return cp_night_key_order(a, b) == 0;
}

int cp_night_key_order(const struct cp_night_key *a, const struct cp_night_key *b)
{
    int order = strcmp(a->function, b->function);
    if (!order)
        order = strcmp(a->place, b->place);
    if (!order)
        order = strcmp(a->region, b->region);
    return order ? order : strcmp(a->architecture, b->architecture);
}

struct cp_night cp_night_empty(void)
{
    return (struct cp_night){
        .started_at_ms = -1, .code_size_bytes = -1, .original_memory_size_mb = -1};
}

void cp_night_clear(struct cp_night *night)
{
    free(night->metrics);
    *night = cp_night_empty();
}

void cp_history_clear(struct cp_history *history)
{
    for (size_t i = 0; i < history->n_nights; i++)
        cp_night_clear(&history->nights[i]);
    free(history->nights);
    free(history->acceptances);
    *history = (struct cp_history){.n_nights = 0};
}

static int by_order(const void *a, const void *b)
{
    return cp_metric_key_order(a, b);
}

/* A night has tens of metrics, by order. */
const struct cp_night_metric *cp_night_find(const struct cp_night *night,
                                            const struct cp_metric_key *metric)
{
    size_t low = 0;
    size_t high = night->n_metrics;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = cp_metric_key_order(&night->metrics[middle].metric, metric);
        if (order == 0)
            return &night->metrics[middle];
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

static size_t drop_repeated(struct cp_metric_key *keys, size_t n)
{
    size_t kept = 0;
    for (size_t i = 0; i < n; i++) {
        if (!kept || cp_metric_key_order(&keys[kept - 1], &keys[i]) != 0)
            keys[kept++] = keys[i];
    }
    return kept;
}

enum cp_code cp_history_metrics(const struct cp_history *history, size_t n_last,
                                struct cp_metric_key **out, size_t *n, struct cp_error *err)
{
    size_t n_nights = n_last && n_last < history->n_nights ? n_last : history->n_nights;
    const struct cp_night *first = n_nights ? history->nights + history->n_nights - n_nights : NULL;
    size_t total = 0;
    *out = NULL;
    *n = 0;
    for (size_t i = 0; i < n_nights; i++)
        total += first[i].n_metrics;
    if (!total)
        return CP_OK;
    struct cp_metric_key *keys = calloc(total, sizeof *keys);
    if (!keys)
        return cp_fail(err, CP_ENOMEM, "no memory for the metrics of '%s'", history->key.function);
    size_t at = 0;
    for (size_t i = 0; i < n_nights; i++) {
        for (size_t k = 0; k < first[i].n_metrics; k++)
            keys[at++] = first[i].metrics[k].metric;
    }
    qsort(keys, total, sizeof *keys, by_order);
    *out = keys;
    *n = drop_repeated(keys, total);
    return CP_OK;
}

bool cp_night_is_judged(const struct cp_night_metric *metric)
{
    return !isnan(metric->ms.low) && !isnan(metric->ms.high);
}
