/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/model/stat/dist_cases.h"

#include <stdlib.h>

#include "model/stat/sort.h"
#include "tests/test.h"

struct row {
    const char *name;
    enum cp_dist_kind kind;
    double parameters[CP_DIST_PARAMETERS_MAX];
};

static const struct row rows[] = {
    {"log-normal", CP_DIST_LOGNORMAL, {4.5, 0.39}},
    {"wide log-normal", CP_DIST_LOGNORMAL, {2, 1.5}},
    {"gamma 3.9", CP_DIST_GAMMA, {3.9, 0.06}},
    {"gamma 0.6", CP_DIST_GAMMA, {0.6, 0.01}},
    {"gamma 400", CP_DIST_GAMMA, {400, 2}},
    {"exponential by gamma", CP_DIST_GAMMA, {1, 0.02}},
    {"Weibull 1.9", CP_DIST_WEIBULL, {1.9, 78}},
    {"Weibull 0.7", CP_DIST_WEIBULL, {0.7, 78}},
    {"Weibull 20", CP_DIST_WEIBULL, {20, 300}},
    {"shifted log-normal", CP_DIST_SHIFTED_LOGNORMAL, {184, 3.4, 0.6}},
    {"shifted below 0", CP_DIST_SHIFTED_LOGNORMAL, {-27, 4.5, 0.4}},
    {"two modes", CP_DIST_LOGNORMAL_MIXTURE, {0.9, 4, 0.1, 6, 0.2}},
    {"two modes of one middle", CP_DIST_LOGNORMAL_MIXTURE, {0.3, 5, 0.05, 5.2, 0.5}},
    {"GPD heavy", CP_DIST_GPD_TAIL, {40, 0.3, 0, 0.1}},
    {"GPD exponential", CP_DIST_GPD_TAIL, {40, 0, 0, 0.1}},
    {"GPD bounded", CP_DIST_GPD_TAIL, {40, -0.3, 0, 0.1}},
    {"empirical", CP_DIST_EMPIRICAL, {0}},
};

static double sample[DIST_SAMPLE_N];

static void fill_sample(void)
{
    const struct cp_dist law = cp_dist_of(CP_DIST_LOGNORMAL, (const double[]){4.5, 0.4});
    struct cp_rng rng;
    cp_rng_init(&rng, 7, 7);
    for (size_t i = 0; i < DIST_SAMPLE_N; i++)
        sample[i] = cp_dist_draw(&law, &rng);
    cp_sort(sample, DIST_SAMPLE_N);
}

size_t dist_cases(struct dist_case out[DIST_CASES_MAX])
{
    size_t n = sizeof rows / sizeof *rows;
    fill_sample();
    for (size_t i = 0; i < n; i++) {
        struct cp_dist d = cp_dist_of(rows[i].kind, rows[i].parameters);
        if (d.family->has_sample) {
            d.sorted = sample;
            d.n = DIST_SAMPLE_N;
        }
        if (rows[i].kind == CP_DIST_GPD_TAIL)
            d.parameters[2] = cp_quantile(sample, DIST_SAMPLE_N, 0.9, 7);
        assert_true(cp_dist_is_valid(&d));
        out[i] = (struct dist_case){rows[i].name, d};
    }
    return n;
}

double *dist_draws(const struct cp_dist *d, size_t n, uint64_t seed)
{
    double *x = malloc(n * sizeof *x);
    struct cp_rng rng;
    assert_non_null(x);
    cp_rng_init(&rng, seed, 0);
    for (size_t i = 0; i < n; i++)
        x[i] = cp_dist_draw(d, &rng);
    cp_sort(x, n);
    return x;
}
