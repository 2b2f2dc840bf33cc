/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "probes/local/metric_statistic.h"

#include <math.h>
#include <string.h>

bool cp_metric_statistic_read(struct cp_view text, struct cp_metric_statistic *out)
{
    static const char *const names[] = {"Sum", "Average", "Minimum", "Maximum", "SampleCount"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (cp_view_is(text, names[i])) {
            *out = (struct cp_metric_statistic){.kind = (enum cp_metric_statistic_kind)i};
            return true;
        }
    }
    out->kind = CP_STATISTIC_PERCENTILE;
    return cp_view_skip(&text, "p") && text.n && *text.p != '-' && *text.p != '+' &&
           cp_view_to_double(text, &out->percent) && out->percent <= 100;
}

/* Requests of which each is a sample of 1 or 0, as CloudWatch has it for counts. */
static double of_count(uint64_t ones, uint64_t samples, const struct cp_metric_statistic *s)
{
    if (!samples)
        return NAN;
    switch (s->kind) {
    case CP_STATISTIC_SUM:
        return (double)ones;
    case CP_STATISTIC_AVERAGE:
        return (double)ones / (double)samples;
    case CP_STATISTIC_MINIMUM:
        return ones == samples;
    case CP_STATISTIC_MAXIMUM:
        return ones > 0;
    case CP_STATISTIC_SAMPLES:
        return (double)samples;
    default: /* nearest rank: zeros come first */
        return ceil(s->percent / 100 * (double)samples) > (double)(samples - ones);
    }
}

static double of_histogram(const struct cp_histogram *h, const struct cp_metric_statistic *s)
{
    const double us_per_ms = 1000;
    if (!h->n)
        return NAN;
    switch (s->kind) {
    case CP_STATISTIC_SUM:
        return (double)h->sum / us_per_ms;
    case CP_STATISTIC_AVERAGE:
        return (double)h->sum / us_per_ms / (double)h->n;
    case CP_STATISTIC_MINIMUM:
        return (double)h->min / us_per_ms;
    case CP_STATISTIC_MAXIMUM:
        return (double)h->max / us_per_ms;
    case CP_STATISTIC_SAMPLES:
        return (double)h->n;
    default: {
        double rank = ceil(s->percent / 100 * (double)h->n);
        return cp_histogram_rank(h, rank < 1 ? 0 : (uint64_t)rank - 1) / us_per_ms;
    }
    }
}

static double of_duration(const struct cp_metric_series *series, size_t from, size_t to,
                          const struct cp_metric_statistic *s)
{
    struct cp_histogram all = {.n = 0};
    double value = NAN;
    bool is_whole = true;
    for (size_t i = from; is_whole && i < to; i++)
        is_whole = !cp_histogram_merge(&all, &series->minutes[i].duration_us);
    if (is_whole)
        value = of_histogram(&all, s);
    cp_histogram_clear(&all);
    return value;
}

double cp_metric_value(const struct cp_metric_series *series, size_t from, size_t to,
                       const char *metric, const struct cp_metric_statistic *statistic)
{
    struct cp_metric_minute sum = {.minute = 0};
    struct cp_view name = cp_view_of(metric);
    for (size_t i = from; i < to; i++) {
        const struct cp_metric_minute *m = &series->minutes[i];
        sum.invocations += m->invocations;
        sum.errors += m->errors;
        sum.throttles += m->throttles;
        sum.provisioned += m->provisioned;
        sum.spillover += m->spillover;
        sum.concurrency = m->concurrency > sum.concurrency ? m->concurrency : sum.concurrency;
    }
    uint64_t with_provisioned = sum.provisioned + sum.spillover;
    if (cp_view_is(name, "Duration"))
        return of_duration(series, from, to, statistic);
    if (cp_view_is(name, "Invocations"))
        return of_count(sum.invocations, sum.invocations, statistic);
    if (cp_view_is(name, "Errors"))
        return of_count(sum.errors, sum.invocations, statistic);
    if (cp_view_is(name, "Throttles"))
        return of_count(sum.throttles, sum.invocations + sum.throttles, statistic);
    if (cp_view_is(name, "ProvisionedConcurrencyInvocations"))
        return of_count(sum.provisioned, with_provisioned, statistic);
    if (cp_view_is(name, "ProvisionedConcurrencySpilloverInvocations"))
        return of_count(sum.spillover, with_provisioned, statistic);
    bool is_known = cp_view_is(name, "ConcurrentExecutions") && sum.concurrency &&
                    statistic->kind == CP_STATISTIC_MAXIMUM;
    return is_known ? (double)sum.concurrency : (double)NAN;
}
