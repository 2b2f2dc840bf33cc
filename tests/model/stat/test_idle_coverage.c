/* SPDX-License-Identifier: GPL-3.0-or-later
 * Batches of 20 environments under a step law that evicts them in groups: how often the intervals
 * hold the truth when whole batches are drawn, and when probes are taken as independent.
 */
#include <gsl/gsl_errno.h>
#include <math.h>

#include "model/stat/idle_survival.h"
#include "tests/test.h"

enum { GAPS = 8, BATCH = 20, BATCHES_MAX = 12, TRIALS = 80, REFITS = 160 };

static const double gaps_s[GAPS] = {60, 180, 300, 420, 600, 800, 1000, 1200};
static const double T_S = 380;
static const double RATIO = 0.5;

struct setting {
    const char *name;
    size_t n_batches; /* per interval */
    size_t group;     /* environments that are evicted together */
    double eps;       /* each on its own */
};

static const struct setting settings[] = {
    {"12 batches, groups of 5", 12, 5, 0.01},
    {"10 batches, all together", 10, 20, 0.005},
};

struct hits {
    size_t gap[GAPS];
    size_t time, ratio, floor;
};

static double steps_at(size_t gap)
{
    return floor(gaps_s[gap] / T_S);
}

static struct cp_idle_batch draw_batch(const struct setting *set, size_t gap, struct cp_rng *rng)
{
    struct cp_idle_batch batch = {.idle_interval_ms = 1000 * gaps_s[gap], .n = BATCH};
    double kept = pow(RATIO, steps_at(gap));
    for (size_t i = 0; i < BATCH; i += set->group) {
        bool is_gone = cp_rng_uniform(rng) >= kept;
        for (size_t j = 0; j < set->group; j++)
            batch.n_cold += is_gone || cp_rng_uniform(rng) < set->eps;
    }
    return batch;
}

static void count(const struct setting *set, const struct cp_idle_survival *s, struct hits *hits)
{
    const struct cp_idle_law_fit *step = &s->laws.fits[CP_IDLE_LAW_STEP];
    for (size_t i = 0; i < GAPS; i++) {
        double truth = 1 - (1 - set->eps) * pow(RATIO, steps_at(i));
        hits->gap[i] += s->points[i].band_low <= truth && truth <= s->points[i].band_high;
    }
    hits->time += step->time_ms.at.low <= 1000 * T_S && 1000 * T_S <= step->time_ms.at.high;
    hits->ratio += step->form.at.low <= RATIO && RATIO <= step->form.at.high;
    hits->floor += step->floor.at.low <= set->eps && set->eps <= step->floor.at.high;
}

static void simulate(const struct setting *set, uint64_t trial, struct hits *clustered,
                     struct hits *plain)
{
    static struct cp_idle_batch batches[GAPS * BATCHES_MAX];
    static struct cp_idle_batch probes[GAPS * BATCHES_MAX * BATCH];
    struct cp_idle_options options = {
        .n_refits = REFITS, .seed = 2, .first_stream = trial * REFITS};
    struct cp_idle_survival s;
    struct cp_rng rng;
    size_t n = 0;
    cp_rng_init(&rng, 1, trial);
    for (size_t gap = 0; gap < GAPS; gap++) {
        for (size_t i = 0; i < set->n_batches; i++, n++) {
            batches[n] = draw_batch(set, gap, &rng);
            for (size_t j = 0; j < BATCH; j++)
                probes[n * BATCH + j] =
                    (struct cp_idle_batch){batches[n].idle_interval_ms, 1, j < batches[n].n_cold};
        }
    }
    cp_idle_survival_of_batches(batches, n, &options, &s);
    count(set, &s, clustered);
    cp_idle_survival_of_batches(probes, n * BATCH, &options, &s);
    count(set, &s, plain);
}

static double share(size_t hits)
{
    return (double)hits / TRIALS;
}

static double mean_beyond(const struct hits *hits)
{
    double sum = 0;
    size_t n = 0;
    for (size_t i = 0; i < GAPS; i++) {
        if (steps_at(i) > 0) {
            sum += share(hits->gap[i]);
            n++;
        }
    }
    return sum / (double)n;
}

static void bands_cover_by_batch_and_not_by_probe(void **state)
{
    (void)state;
    double slack = 3 * sqrt(0.05 * 0.95 / TRIALS);
    for (size_t k = 0; k < sizeof settings / sizeof *settings; k++) {
        const struct setting *set = &settings[k];
        struct hits clustered = {0};
        struct hits plain = {0};
        for (uint64_t trial = 0; trial < TRIALS; trial++)
            simulate(set, k * TRIALS + trial, &clustered, &plain);
        print_message("%s: interval, coverage by batch and by probe\n", set->name);
        for (size_t i = 0; i < GAPS; i++)
            print_message("  %4g s  %.3f  %.3f\n", gaps_s[i], share(clustered.gap[i]),
                          share(plain.gap[i]));
        print_message("  T       %.3f  %.3f\n  r       %.3f  %.3f\n  eps     %.3f  %.3f\n",
                      share(clustered.time), share(plain.time), share(clustered.ratio),
                      share(plain.ratio), share(clustered.floor), share(plain.floor));
        for (size_t i = 0; i < GAPS; i++)
            assert_true(share(clustered.gap[i]) >= 0.92 - slack);
        assert_true(mean_beyond(&clustered) >= 0.92);
        assert_true(share(clustered.time) >= 0.92 - slack);
        assert_true(share(clustered.ratio) >= 0.92 - slack);
        /* what is lost by taking probes as independent */
        assert_true(mean_beyond(&plain) < 0.8);
        assert_true(share(plain.ratio) < 0.8);
    }
}

int main(void)
{
    gsl_set_error_handler_off();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bands_cover_by_batch_and_not_by_probe),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
