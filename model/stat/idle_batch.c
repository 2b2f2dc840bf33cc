/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/stat/idle_batch.h"

#include <math.h>
#include <stdlib.h>

/* A probe with what tells its batch. */
struct probe {
    double idle_interval_ms;
    int64_t batch, sent_at_ms;
    bool is_cold;
};

static int order_of(double a, double b)
{
    return (a > b) - (a < b);
}

static int compare(const void *a, const void *b)
{
    const struct probe *x = a;
    const struct probe *y = b;
    int order = order_of(x->idle_interval_ms, y->idle_interval_ms);
    if (!order)
        order = (x->batch > y->batch) - (x->batch < y->batch);
    if (!order)
        order = (x->sent_at_ms > y->sent_at_ms) - (x->sent_at_ms < y->sent_at_ms);
    return order;
}

static bool is_probe(const struct cp_sample *s)
{
    return s->kind == CP_CELL_IDLE && cp_sample_is_usable(s) && isfinite(s->idle_interval_ms);
}

static size_t probes_of(const struct cp_sample *samples, size_t n, struct probe *probes)
{
    size_t found = 0;
    for (size_t i = 0; i < n; i++) {
        const struct cp_sample *s = &samples[i];
        if (is_probe(s))
            probes[found++] = (struct probe){s->idle_interval_ms, s->batch, s->sent_at_ms,
                                             s->start != CP_START_WARM};
    }
    return found;
}

static bool is_same_batch(const struct probe *first, const struct probe *p)
{
    if (first->idle_interval_ms < p->idle_interval_ms || first->batch != p->batch)
        return false;
    return first->batch >= 0 ||
           (double)p->sent_at_ms - (double)first->sent_at_ms <= CP_IDLE_BATCH_SPAN_MS;
}

static size_t join(const struct probe *probes, size_t n, struct cp_idle_batch *batches)
{
    size_t n_batches = 0;
    const struct probe *first = NULL;
    for (size_t i = 0; i < n; i++) {
        if (!first || !is_same_batch(first, &probes[i])) {
            first = &probes[i];
            batches[n_batches++] =
                (struct cp_idle_batch){.idle_interval_ms = first->idle_interval_ms};
        }
        batches[n_batches - 1].n++;
        batches[n_batches - 1].n_cold += probes[i].is_cold;
    }
    return n_batches;
}

enum cp_code cp_idle_batches_of_samples(const struct cp_sample *samples, size_t n,
                                        struct cp_idle_batch **batches, size_t *n_batches,
                                        struct cp_error *err)
{
    size_t n_probes = 0;
    *batches = NULL;
    *n_batches = 0;
    for (size_t i = 0; i < n; i++)
        n_probes += is_probe(&samples[i]);
    if (n_probes == 0)
        return CP_OK;
    struct probe *probes = calloc(n_probes, sizeof *probes);
    *batches = calloc(n_probes, sizeof **batches);
    if (!probes || !*batches) {
        free(probes);
        free(*batches);
        *batches = NULL;
        return cp_fail(err, CP_ENOMEM, "no memory for %zu idle probes", n_probes);
    }
    (void)probes_of(samples, n, probes);
    qsort(probes, n_probes, sizeof *probes, compare);
    *n_batches = join(probes, n_probes, *batches);
    free(probes);
    return CP_OK;
}

double cp_idle_dispersion(const struct cp_idle_batch *batches, size_t n)
{
    double probes = 0;
    double cold = 0;
    size_t n_counted = 0;
    for (size_t i = 0; i < n; i++) {
        probes += (double)batches[i].n;
        cold += (double)batches[i].n_cold;
        n_counted += batches[i].n > 0;
    }
    if (n_counted < 2 || cold <= 0 || cold >= probes)
        return NAN;
    double p = cold / probes;
    double pearson = 0;
    for (size_t i = 0; i < n; i++) {
        double size = (double)batches[i].n;
        double off = (double)batches[i].n_cold - size * p;
        pearson += size > 0 ? off * off / (size * p * (1 - p)) : 0;
    }
    return pearson / (double)(n_counted - 1);
}
