/* SPDX-License-Identifier: GPL-3.0-or-later
 * Pooled tails on real Lambda init durations: random subsamples of n values per memory size against
 * the type-8 quantile of the whole sample (about 210 values), beside the two estimators that look
 * at one size only, the empirical type-8 quantile and a log-normal by maximum likelihood.
 *
 * The few constants of the estimator were settled by rule and on simulated laws. The runtimes are
 * printed in two halves as well, so that an accident of some of them shows. The target is itself a
 * sample and holds the subsample; its own noise is printed.
 */
#include <gsl/gsl_cdf.h>
#include <gsl/gsl_errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "model/base/rng.h"
#include "model/stat/bootstrap.h"
#include "model/stat/sort.h"
#include "model/stat/tail_pool.h"
#include "tests/model/stat/init_samples.h"
#include "tests/test.h"

enum { N_MAX = 100, NIGHTS = 22, REPS = 60, GROUPS_MAX = NIGHTS * INIT_SIZES_MAX };

static const char *const first_runtimes[] = {"dotnet8", "nodejs22.x"};
static const double qs[] = {0.95, 0.99};
static const size_t ns[] = {10, 20, 50, 100};

enum half { FIRST, SECOND, ALL, N_HALVES };
static const char *const half_names[] = {"first", "second", "all"};

enum setting { OWN, SIZES, SIZES_AND_NIGHTS, N_SETTINGS };
static const char *const setting_names[] = {"own size only", "sizes", "sizes, nights"};

static struct init_series all[INIT_SERIES_MAX];

/* One simulated measurement; the first groups are the sizes whose tail is asked for. */
struct subsample {
    struct cp_tail_group groups[GROUPS_MAX];
    size_t n_groups;
    double values[GROUPS_MAX][N_MAX];
};

struct score {
    double ours, empirical, lognormal; /* sums of absolute relative errors */
    size_t n, answered, below, above;  /* the target lies below or above our interval */
};

static enum half half_of(const struct init_series *s)
{
    for (size_t i = 0; i < sizeof first_runtimes / sizeof *first_runtimes; i++) {
        if (strcmp(s->runtime, first_runtimes[i]) == 0)
            return FIRST;
    }
    return SECOND;
}

/* n values of the nights [first, last], without replacement, as one more group. */
static void draw(struct subsample *sub, const struct init_cell *cell, int first, int last, size_t n,
                 struct cp_rng *rng)
{
    double pool[INIT_VALUES_MAX];
    size_t n_pool = 0;
    size_t g = sub->n_groups++;
    for (size_t i = 0; i < cell->n; i++) {
        if (cell->nights[i] >= first && cell->nights[i] <= last)
            pool[n_pool++] = cell->values_ms[i];
    }
    cp_rng_shuffle(rng, pool, n_pool, sizeof *pool);
    n = n < n_pool ? n : n_pool;
    memcpy(sub->values[g], pool, n * sizeof *pool);
    cp_sort(sub->values[g], n);
    sub->groups[g] = (struct cp_tail_group){.sorted_ms = sub->values[g], .n = n};
}

static void draw_setting(struct subsample *sub, const struct init_series *s, enum setting setting,
                         size_t n, struct cp_rng *rng)
{
    bool has_history = setting == SIZES_AND_NIGHTS;
    sub->n_groups = 0;
    for (size_t i = 0; i < s->n_cells; i++)
        draw(sub, &s->cells[i], has_history ? NIGHTS / 2 : 0, NIGHTS - 1, n, rng);
    for (size_t i = 0; has_history && i < s->n_cells; i++)
        draw(sub, &s->cells[i], 0, NIGHTS / 2 - 1, n, rng);
}

static void fit(const struct subsample *sub, size_t n_cells, enum setting setting, double q,
                struct cp_tail *tails)
{
    const struct cp_tail_options options = {.q = q};
    struct cp_tail_pool pool;
    if (setting != OWN) {
        cp_tail_pool_fit(sub->groups, sub->n_groups, &options, &pool, tails);
        assert_int_equal(pool.status, CP_OK);
        return;
    }
    for (size_t i = 0; i < n_cells; i++)
        cp_tail_pool_fit(&sub->groups[i], 1, &options, &pool, &tails[i]);
}

static double lognormal(const struct cp_tail_group *g, double q)
{
    double mean = 0;
    double square = 0;
    for (size_t i = 0; i < g->n; i++)
        mean += log(g->sorted_ms[i]) / (double)g->n;
    for (size_t i = 0; i < g->n; i++)
        square += pow(log(g->sorted_ms[i]) - mean, 2) / (double)g->n;
    return exp(mean + sqrt(square) * gsl_cdf_ugaussian_Pinv(q));
}

static void add_score(struct score *score, const struct cp_tail_group *g, const struct cp_tail *t,
                      double q, double target)
{
    score->n++;
    score->ours += fabs(t->estimate.value / target - 1);
    score->empirical += fabs(cp_quantile(g->sorted_ms, g->n, q, 8) / target - 1);
    score->lognormal += fabs(lognormal(g, q) / target - 1);
    if (t->status != CP_ANSWER_OK)
        return;
    assert_true(t->estimate.low <= t->estimate.value && t->estimate.value <= t->estimate.high);
    score->answered++;
    score->below += target < t->estimate.low;
    score->above += target > t->estimate.high;
}

static void add_scores(struct score scores[N_HALVES], const struct init_series *s,
                       const struct subsample *sub, const struct cp_tail *tails, double q)
{
    for (size_t j = 0; j < s->n_cells; j++) {
        double target = cp_quantile(s->cells[j].values_ms, s->cells[j].n, q, 8);
        add_score(&scores[half_of(s)], &sub->groups[j], &tails[j], q, target);
        add_score(&scores[ALL], &sub->groups[j], &tails[j], q, target);
    }
}

static void measure(size_t n_series, enum setting setting, double q, size_t n, uint64_t seed,
                    struct score scores[N_HALVES])
{
    struct cp_rng rng;
    cp_rng_init(&rng, seed, n);
    for (size_t i = 0; i < n_series; i++) {
        const struct init_series *s = &all[i];
        for (int rep = 0; rep < REPS; rep++) {
            struct subsample sub = {0};
            struct cp_tail tails[GROUPS_MAX];
            draw_setting(&sub, s, setting, n, &rng);
            fit(&sub, s->n_cells, setting, q, tails);
            add_scores(scores, s, &sub, tails, q);
        }
    }
}

static void print_score(const char *what, double q, size_t n, const char *half,
                        const struct score *s)
{
    double count = (double)s->n;
    double best = fmin(s->empirical, s->lognormal);
    print_message("%-14s p%.0f n=%3zu %-6s  ours %.4f  empirical %.4f  log-normal %.4f  to the "
                  "best %.3f",
                  what, 100 * q, n, half, s->ours / count, s->empirical / count,
                  s->lognormal / count, s->ours / best);
    if (s->answered == 0) {
        print_message("  no interval\n");
        return;
    }
    print_message("  interval in %3.0f %%, covers %.3f (below %.3f, above %.3f)\n",
                  100 * (double)s->answered / count,
                  1 - (double)(s->below + s->above) / (double)s->answered,
                  (double)s->below / (double)s->answered, (double)s->above / (double)s->answered);
}

static void assert_wins(const struct score *s, enum half half, double q, size_t n)
{
    assert_true(s->ours <= s->empirical);
    assert_true(s->ours <= s->lognormal);
    if (n == 50 && q > 0.98 && half == ALL)
        assert_true(s->ours <= 0.85 * s->empirical);
}

/* The interval is of the law's quantile; the target, a quantile of 210 values, strays from that. */
static void assert_covers(const struct score *s, double lowest)
{
    assert_true((double)(s->below + s->above) <= (1 - lowest) * (double)s->answered);
}

static void run_setting(size_t n_series, enum setting setting, double lowest_coverage)
{
    for (size_t i = 0; i < sizeof qs / sizeof *qs; i++) {
        for (size_t k = 0; k < sizeof ns / sizeof *ns; k++) {
            struct score scores[N_HALVES] = {0};
            measure(n_series, setting, qs[i], ns[k], 1, scores);
            for (enum half h = FIRST; h < N_HALVES; h++) {
                print_score(setting_names[setting], qs[i], ns[k], half_names[h], &scores[h]);
                if (setting != OWN)
                    assert_wins(&scores[h], h, qs[i], ns[k]);
            }
            assert_covers(&scores[ALL], lowest_coverage);
        }
    }
}

/* Alone there is nothing to share: the empirical quantile, with an interval where it has one. */
static void one_size_alone_is_the_empirical_quantile(void **state)
{
    (void)state;
    run_setting(init_samples_load(all), OWN, 0.95);
}

static void sharing_over_sizes_beats_empirical_and_lognormal(void **state)
{
    (void)state;
    run_setting(init_samples_load(all), SIZES, 0.92);
}

/* The sizes as measured in the last 11 nights, with as many values of each of the 11 before. */
static void sharing_over_sizes_and_nights_beats_empirical_and_lognormal(void **state)
{
    (void)state;
    run_setting(init_samples_load(all), SIZES_AND_NIGHTS, 0.9);
}

/* Tonight's sizes with those of the nights before, as they were measured. */
static void measure_nights(size_t n_series, int n_nights, double q, struct score scores[N_HALVES])
{
    struct cp_rng rng;
    cp_rng_init(&rng, 1, 0);
    for (size_t i = 0; i < n_series; i++) {
        const struct init_series *s = &all[i];
        for (int tonight = n_nights - 1; tonight < NIGHTS; tonight++) {
            static struct subsample sub;
            static struct cp_tail tails[GROUPS_MAX];
            sub.n_groups = 0;
            for (int night = tonight; night > tonight - n_nights; night--) {
                for (size_t j = 0; j < s->n_cells; j++)
                    draw(&sub, &s->cells[j], night, night, N_MAX, &rng);
            }
            fit(&sub, s->n_cells, SIZES_AND_NIGHTS, q, tails);
            add_scores(scores, s, &sub, tails, q);
        }
    }
}

/* About 10 values per size and night. A night tells of itself, the target is of all nights: with
 * few of them intervals are too narrow for it, and their coverage is printed, not asserted. */
static void each_night_more_brings_the_tail_closer(void **state)
{
    (void)state;
    static const int counts[] = {1, 2, 5, 10};
    size_t n_series = init_samples_load(all);
    for (size_t i = 0; i < sizeof qs / sizeof *qs; i++) {
        double before = INFINITY;
        for (size_t k = 0; k < sizeof counts / sizeof *counts; k++) {
            struct score scores[N_HALVES] = {0};
            measure_nights(n_series, counts[k], qs[i], scores);
            print_message("%2d nights: ", counts[k]);
            print_score("sizes", qs[i], 10, "all", &scores[ALL]);
            for (enum half h = FIRST; h < N_HALVES; h++)
                assert_wins(&scores[h], h, qs[i], 10);
            double mean = scores[ALL].ours / (double)scores[ALL].n;
            assert_true(mean < before);
            before = mean;
        }
    }
}

/* What no estimator can know: how far a quantile of 210 values of the same law would stray. */
static void noise_of_the_target_is_printed(void **state)
{
    (void)state;
    enum { DRAWS = 200 };
    size_t n_series = init_samples_load(all);
    struct cp_rng rng;
    cp_rng_init(&rng, 1, 0);
    for (size_t k = 0; k < sizeof qs / sizeof *qs; k++) {
        double error = 0;
        size_t n = 0;
        for (size_t i = 0; i < n_series * INIT_SIZES_MAX; i++) {
            const struct init_cell *cell = &all[i / INIT_SIZES_MAX].cells[i % INIT_SIZES_MAX];
            double target = cp_quantile(cell->values_ms, cell->n, qs[k], 8);
            for (int draw_number = 0; draw_number < DRAWS; draw_number++, n++)
                error +=
                    fabs(cp_bootstrap_quantile(cell->values_ms, cell->n, qs[k], &rng) / target - 1);
        }
        print_message("p%.0f of the full sample: mean absolute relative error %.4f by itself\n",
                      100 * qs[k], error / (double)n);
        assert_true(error > 0);
    }
}

int main(void)
{
    gsl_set_error_handler_off();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_size_alone_is_the_empirical_quantile),
        cmocka_unit_test(sharing_over_sizes_beats_empirical_and_lognormal),
        cmocka_unit_test(sharing_over_sizes_and_nights_beats_empirical_and_lognormal),
        cmocka_unit_test(each_night_more_brings_the_tail_closer),
        cmocka_unit_test(noise_of_the_target_is_printed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
