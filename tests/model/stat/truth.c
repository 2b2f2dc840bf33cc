/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/model/stat/truth.h"

#include <math.h>
#include <stdlib.h>

#include "model/stat/sort.h"
#include "tests/model/stat/csv.h"
#include "tests/test.h"

static const char data[] = "tests/data/model/des";

struct truth truth_load(const char *id)
{
    struct csv csv;
    struct truth t = {0};
    csv_open(&csv, data, "ground_truth_params.csv");
    while (csv_next(&csv)) {
        if (!cp_view_is(csv_text(&csv, "id"), id))
            continue;
        t = (struct truth){
            .a_ms = csv_number(&csv, "a_ms"),
            .s_ms = csv_number(&csv, "s_ms"),
            .c = csv_number(&csv, "c"),
            .sd = csv_number(&csv, "sdlog"),
            .cap_mb = csv_number(&csv, "cap_mb"),
            .init_median_ms = csv_number(&csv, "init_median_ms"),
            .init_sd = csv_number(&csv, "init_sdlog"),
            .lifetime_shape = csv_number(&csv, "keepalive_weibull_shape"),
            .lifetime_scale_s = csv_number(&csv, "keepalive_weibull_scale_s"),
        };
    }
    csv_close(&csv);
    assert_true(t.s_ms > 0);
    return t;
}

double truth_quantile(const char *id, int memory_mb, const char *column)
{
    struct csv csv;
    double q = NAN;
    csv_open(&csv, data, "ground_truth_quantiles.csv");
    while (csv_next(&csv)) {
        if (cp_view_is(csv_text(&csv, "id"), id) &&
            csv_size(&csv, "memory_mb") == (size_t)memory_mb)
            q = csv_number(&csv, column);
    }
    csv_close(&csv);
    assert_true(q > 0);
    return q;
}

static double draw(const struct truth *t, bool is_init, int memory_mb, struct cp_rng *rng)
{
    double z = cp_rng_normal(rng);
    if (is_init)
        return t->init_median_ms * exp(t->init_sd * z);
    return t->a_ms + t->s_ms * pow(t->cap_mb / fmin(memory_mb, t->cap_mb), t->c) * exp(t->sd * z);
}

void sweep_simulate(struct sweep *sweep, const struct truth *truth, bool is_init, const int *sizes,
                    size_t n_sizes, size_t n, uint64_t seed)
{
    struct cp_rng rng;
    cp_rng_init(&rng, seed, 0);
    *sweep = (struct sweep){.n_sizes = n_sizes};
    sweep->values = calloc(n_sizes * n, sizeof *sweep->values);
    assert_non_null(sweep->values);
    for (size_t i = 0; i < n_sizes; i++) {
        double *values = sweep->values + i * n;
        for (size_t j = 0; j < n; j++)
            values[j] = draw(truth, is_init, sizes[i], &rng);
        cp_sort(values, n);
        sweep->groups[i] =
            (struct cp_memory_group){.memory_size_mb = sizes[i], .sorted_ms = values, .n = n};
    }
}

void sweep_clear(struct sweep *sweep)
{
    free(sweep->values);
    *sweep = (struct sweep){0};
}

double truth_lifetime_s(const struct truth *truth, struct cp_rng *rng)
{
    return truth->lifetime_scale_s * pow(cp_rng_exponential(rng, 1), 1 / truth->lifetime_shape);
}

double truth_cold_probability(const struct truth *truth, double gap_s)
{
    return -expm1(-pow(gap_s / truth->lifetime_scale_s, truth->lifetime_shape));
}
