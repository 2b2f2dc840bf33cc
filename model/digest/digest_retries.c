/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/digest/digest_retries.h"

#include <math.h>
#include <stdlib.h>

#include "model/stat/binomial.h"
#include "model/stat/sort.h"

static const double confidence = 0.95;

struct sample {
    struct cp_digest_attempt *rows;
    size_t n;
    uint64_t threshold; /* largest id hash that all scopes are complete up to */
};

void cp_digest_retries_clear(struct cp_digest_retries *r)
{
    free(r->delays_ms);
    *r = (struct cp_digest_retries){0};
}

/* Ids, of each the attempts by time. */
static int compare(const void *left, const void *right)
{
    const struct cp_digest_attempt *a = left;
    const struct cp_digest_attempt *b = right;
    if (a->id_hash != b->id_hash)
        return a->id_hash < b->id_hash ? -1 : 1;
    if (a->end_at_ms != b->end_at_ms)
        return a->end_at_ms < b->end_at_ms ? -1 : 1;
    return (a->record_hash > b->record_hash) - (a->record_hash < b->record_hash);
}

static enum cp_code gather(const struct cp_digest_scope *const *scopes, size_t n,
                           struct sample *sample)
{
    size_t total = 0;
    size_t n_rows;
    bool is_all;
    for (size_t i = 0; i < n; i++) {
        const struct cp_digest_attempt *rows = cp_digest_attempts(scopes[i], &n_rows, &is_all);
        total += n_rows;
        if (!is_all && n_rows && rows[n_rows - 1].id_hash < sample->threshold)
            sample->threshold = rows[n_rows - 1].id_hash;
    }
    sample->rows = malloc((total + 1) * sizeof *sample->rows);
    if (!sample->rows)
        return CP_ENOMEM;
    for (size_t i = 0; i < n; i++) {
        const struct cp_digest_attempt *rows = cp_digest_attempts(scopes[i], &n_rows, &is_all);
        for (size_t k = 0; k < n_rows && rows[k].id_hash <= sample->threshold; k++)
            sample->rows[sample->n++] = rows[k];
    }
    if (sample->n)
        qsort(sample->rows, sample->n, sizeof *sample->rows, compare);
    return CP_OK;
}

/* The attempts of one request. */
static void count_request(struct cp_digest_retries *out, const struct cp_digest_attempt *rows,
                          size_t n)
{
    bool is_after_failure = false;
    for (size_t i = 0; i < n; i++) {
        out->n_records += rows[i].count;
        out->n_duplicates += rows[i].count - 1;
        if (i == 0)
            continue;
        is_after_failure |= rows[i - 1].is_failed;
        if (rows[i - 1].end_at_ms >= 0)
            out->delays_ms[out->n_delays++] = (double)(rows[i].end_at_ms - rows[i - 1].end_at_ms);
    }
    out->n_requests++;
    out->by_attempts[n < CP_DIGEST_TRIES ? n - 1 : CP_DIGEST_TRIES - 1]++;
    out->n_retried_after_failure += is_after_failure;
}

static void find_shares(struct cp_digest_retries *out)
{
    size_t retried = out->n_requests - out->by_attempts[0];
    out->retried_share = out->retried_low = out->retried_high = out->duplicate_share = NAN;
    if (!out->n_requests)
        return;
    out->retried_share = (double)retried / (double)out->n_requests;
    out->duplicate_share = (double)out->n_duplicates / (double)out->n_records;
    out->retried_low = out->retried_high = out->retried_share;
    if (!out->is_all)
        (void)cp_binomial_interval(retried, out->n_requests, confidence, &out->retried_low,
                                   &out->retried_high);
}

enum cp_code cp_digest_retries_of(const struct cp_digest_scope *const *scopes, size_t n,
                                  struct cp_digest_retries *out, struct cp_error *err)
{
    struct sample sample = {.threshold = UINT64_MAX};
    *out = (struct cp_digest_retries){0};
    enum cp_code code = gather(scopes, n, &sample);
    out->delays_ms = code ? NULL : malloc((sample.n + 1) * sizeof *out->delays_ms);
    if (!out->delays_ms) {
        free(sample.rows);
        return cp_fail(err, CP_ENOMEM, "out of memory while counting retries");
    }
    out->is_all = sample.threshold == UINT64_MAX;
    for (size_t i = 0, to; i < sample.n; i = to) {
        for (to = i + 1; to < sample.n && sample.rows[to].id_hash == sample.rows[i].id_hash;)
            to++;
        count_request(out, &sample.rows[i], to - i);
    }
    cp_sort(out->delays_ms, out->n_delays);
    find_shares(out);
    free(sample.rows);
    return CP_OK;
}
