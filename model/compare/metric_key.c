/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/compare/metric_key.h"

#include <limits.h>
#include <math.h>
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

static bool timing_by_name(struct cp_view name, enum cp_timing *timing)
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
                   cp_view_split(&name, '-', &timing) && timing_by_name(timing, &out.timing) &&
                   cp_view_skip(&name, "p") && cp_view_to_double(name, &percent);
    if (!is_name || memory_size_mb < 1 || memory_size_mb > INT_MAX || percent <= 0 ||
        percent >= 100)
        return false;
    out.memory_size_mb = (int)memory_size_mb;
    out.q = percent / 100;
    *metric = out;
    return true;
}

static bool take_memory(struct cp_view *name, struct cp_metric_pattern *pattern)
{
    struct cp_view rest = *name;
    int64_t mb = 0;
    bool is_memory = cp_view_take_int64(&rest, &mb) && cp_view_skip(&rest, "MB") && mb > 0 &&
                     mb <= INT_MAX && (rest.n == 0 || (cp_view_skip(&rest, "/") && rest.n > 0));
    if (is_memory) {
        pattern->memory_size_mb = (int)mb;
        *name = rest;
    }
    return is_memory;
}

static bool take_quantile(struct cp_view name, struct cp_metric_pattern *pattern)
{
    double percent = 0;
    if (!cp_view_skip(&name, "p") || !cp_view_to_double(name, &percent))
        return false;
    for (size_t i = 0; i < CP_METRIC_QUANTILES; i++) {
        if (fabs(percent - 100 * cp_metric_quantiles[i]) < 1e-9) {
            pattern->q = cp_metric_quantiles[i];
            return true;
        }
    }
    return false;
}

bool cp_metric_pattern_by_name(struct cp_view name, struct cp_metric_pattern *pattern)
{
    struct cp_metric_pattern out = {.timing = CP_TIMING_COUNT, .q = NAN};
    bool has_memory = take_memory(&name, &out);
    struct cp_view word;
    bool is_name = has_memory && name.n == 0;
    if (timing_by_name(name, &out.timing) || take_quantile(name, &out))
        is_name = true;
    else if (cp_view_split(&name, '-', &word))
        is_name = timing_by_name(word, &out.timing) && take_quantile(name, &out);
    if (is_name)
        *pattern = out;
    return is_name;
}

bool cp_metric_pattern_fits(const struct cp_metric_pattern *pattern,
                            const struct cp_metric_key *metric)
{
    return (pattern->memory_size_mb == 0 || pattern->memory_size_mb == metric->memory_size_mb) &&
           (pattern->timing == CP_TIMING_COUNT || pattern->timing == metric->timing) &&
           (isnan(pattern->q) || fabs(pattern->q - metric->q) < 1e-9);
}

int cp_metric_key_order(const struct cp_metric_key *a, const struct cp_metric_key *b)
{
    if (a->memory_size_mb != b->memory_size_mb)
        return a->memory_size_mb < b->memory_size_mb ? -1 : 1;
    if (a->timing != b->timing)
        return a->timing < b->timing ? -1 : 1;
    return (a->q > b->q) - (a->q < b->q);
}
