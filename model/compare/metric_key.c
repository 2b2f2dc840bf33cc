/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/compare/metric_key.h"

#include <limits.h>
#include <stdio.h>

const double cp_metric_quantiles[CP_METRIC_QUANTILES] = {0.5, 0.95, 0.99};

static const char *const names[CP_TIMING_COUNT] = {[CP_TIMING_INIT] = "init",
                                                   [CP_TIMING_RESTORE] = "restore",
                                                   [CP_TIMING_COLD] = "cold",
                                                   [CP_TIMING_WARM] = "warm"};

const char *cp_timing_name(enum cp_timing timing)
{
    return names[timing];
}

bool cp_timing_by_name(struct cp_view name, enum cp_timing *timing)
{
    for (int i = 0; i < CP_TIMING_COUNT; i++) {
        if (cp_view_is(name, names[i])) {
            *timing = (enum cp_timing)i;
            return true;
        }
    }
    return false;
}

const char *cp_metric_key_name(const struct cp_metric_key *metric, char out[CP_METRIC_KEY_MAX])
{
    (void)snprintf(out, CP_METRIC_KEY_MAX, "%dMB/%s-p%g", metric->memory_size_mb,
                   names[metric->timing], metric->q * 100);
    return out;
}

bool cp_metric_key_by_name(struct cp_view name, struct cp_metric_key *metric)
{
    struct cp_view timing;
    int64_t memory_size_mb = 0;
    double percent = 0;
    struct cp_metric_key out = {.q = 0};
    bool is_name = cp_view_take_int64(&name, &memory_size_mb) && cp_view_skip(&name, "MB/") &&
                   cp_view_split(&name, '-', &timing) && cp_timing_by_name(timing, &out.timing) &&
                   cp_view_skip(&name, "p") && cp_view_to_double(name, &percent);
    if (!is_name || memory_size_mb < 1 || memory_size_mb > INT_MAX || percent <= 0 ||
        percent >= 100)
        return false;
    out.memory_size_mb = (int)memory_size_mb;
    out.q = percent / 100;
    *metric = out;
    return true;
}

int cp_metric_key_order(const struct cp_metric_key *a, const struct cp_metric_key *b)
{
    if (a->memory_size_mb != b->memory_size_mb)
        return a->memory_size_mb < b->memory_size_mb ? -1 : 1;
    if (a->timing != b->timing)
        return a->timing < b->timing ? -1 : 1;
    return (a->q > b->q) - (a->q < b->q);
}
