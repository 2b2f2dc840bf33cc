/* SPDX-License-Identifier: GPL-3.0-or-later
 * Coverage of every interval that is shown, on the generator G1 to G3: 400 data sets per setting
 * and n values at each of five sizes; init durations do not depend on memory. Below its smallest n
 * an estimator must refuse. From there a nominal 95 % interval must hold the truth in 0.92 to 0.985
 * of its answers (400 sets tell a share of 0.95 to 0.011).
 *
 * The table is printed: share of answers that hold the truth, and "of" which share of the questions
 * was answered. Argument: the number of data sets instead of 400.
 */
#include <gsl/gsl_errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "model/stat/bootstrap.h"
#include "model/stat/idle_survival.h"
#include "model/stat/memory_law.h"
#include "model/stat/memory_tail.h"
#include "model/stat/quantile.h"
#include "model/stat/tail_pool.h"
#include "tests/model/stat/truth.h"
#include "tests/test.h"

enum { SIZES = 5, BETWEEN_MB = 832, REPS = 300, NS = 3, SETTINGS = 3 };
static const int sizes_mb[SIZES] = {128, 512, 1024, 1769, 3008};
static const size_t per_size[NS] = {60, 200, 500};
static const char *const settings[SETTINGS] = {"G1", "G2", "G3"};
static size_t data_sets = 400;

/* One simulated sweep and where its truth is. */
struct trial {
    const char *id;
    const struct truth *truth;
    size_t n; /* values at each size, probes after each gap */
    struct sweep warm, init;
    uint64_t seed;
};

struct tally {
    size_t asked, answered, held;
};

static void count(struct tally *t, bool is_answer, double low, double high, double truth)
{
    t->asked++;
    t->answered += is_answer;
    t->held += is_answer && low <= truth && truth <= high;
}

/* "warm_q95" and the like; table look-ups cost more than an estimate: kept. */
static double true_quantile(const char *id, int memory_mb, const char *kind, double q)
{
    static struct {
        const char *id, *kind;
        int memory_mb;
        double q, value;
    } known[128];
    static size_t n;
    size_t i = 0;
    while (i < n && !(known[i].id == id && known[i].kind == kind &&
                      known[i].memory_mb == memory_mb && fabs(known[i].q - q) < 1e-9))
        i++;
    if (i == n) {
        char column[32];
        (void)snprintf(column, sizeof column, "%s_q%d", kind, (int)lround(100 * q));
        assert_in_range(n, 0, 127);
        known[n].id = id;
        known[n].kind = kind;
        known[n].memory_mb = memory_mb;
        known[n].q = q;
        known[n++].value = truth_quantile(id, memory_mb, column);
    }
    return known[i].value;
}

static const char warm[] = "warm";
static const char init[] = "init";

/* --- the estimators --- */

static void order_statistics(const struct trial *t, double q, struct tally *tally)
{
    for (size_t i = 0; i < SIZES; i++) {
        const struct cp_memory_group *g = &t->warm.groups[i];
        struct cp_estimate e = cp_quantile_estimate(g->sorted_ms, g->n, q, 0.95);
        count(tally, e.status == CP_ANSWER_OK, e.low, e.high,
              true_quantile(t->id, g->memory_size_mb, warm, q));
    }
}

static void upper_bounds(const struct trial *t, double q, struct tally *tally)
{
    for (size_t i = 0; i < SIZES; i++) {
        const struct cp_memory_group *g = &t->warm.groups[i];
        struct cp_estimate e = cp_quantile_estimate(g->sorted_ms, g->n, q, 0.95);
        count(tally, e.status >= CP_ANSWER_UPPER_ONLY, 0, e.upper,
              true_quantile(t->id, g->memory_size_mb, warm, q));
    }
}

static void law(const struct trial *t, const struct sweep *sweep, bool is_init, const int *at_mb,
                size_t n_at, double q, struct tally *tally)
{
    struct cp_memory_law fit;
    const struct cp_memory_law_options options = {
        .q = q, .is_init = is_init, .bootstrap_reps = REPS, .seed = t->seed, .keep_refits = true};
    cp_memory_law_fit(sweep->groups, sweep->n_sizes, &options, &fit);
    for (size_t i = 0; i < n_at; i++) {
        struct cp_interval p = cp_memory_law_predict(&fit, at_mb[i]);
        count(tally, isfinite(p.low) && isfinite(p.high), p.low, p.high,
              true_quantile(t->id, at_mb[i], is_init ? init : warm, q));
    }
    cp_memory_law_clear(&fit);
}

static void law_between(const struct trial *t, double q, struct tally *tally)
{
    static const int at = BETWEEN_MB;
    law(t, &t->warm, false, &at, 1, q, tally);
}

static void law_at_sizes(const struct trial *t, double q, struct tally *tally)
{
    law(t, &t->warm, false, sizes_mb, SIZES, q, tally);
}

static void law_of_init(const struct trial *t, double q, struct tally *tally)
{
    static const int at = BETWEEN_MB;
    law(t, &t->init, true, &at, 1, q, tally);
}

/* p99 of any size from the residuals of all. */
static void tail_of_law(const struct trial *t, const int *at_mb, size_t n_at, double q,
                        struct tally *tally)
{
    struct cp_memory_tail fit;
    const struct cp_memory_tail_options options = {.q = q, .bootstrap_reps = REPS, .seed = t->seed};
    cp_memory_tail_fit(t->warm.groups, t->warm.n_sizes, &options, &fit);
    for (size_t i = 0; i < n_at; i++) {
        struct cp_interval p = cp_memory_tail_predict(&fit, at_mb[i]);
        count(tally, isfinite(p.low) && isfinite(p.high), p.low, p.high,
              true_quantile(t->id, at_mb[i], warm, q));
    }
    cp_memory_tail_clear(&fit);
}

static void tail_between(const struct trial *t, double q, struct tally *tally)
{
    static const int at = BETWEEN_MB;
    tail_of_law(t, &at, 1, q, tally);
}

static void tail_at_sizes(const struct trial *t, double q, struct tally *tally)
{
    tail_of_law(t, sizes_mb, SIZES, q, tally);
}

static void pooled_tail(const struct trial *t, double q, struct tally *tally)
{
    struct cp_tail_group groups[SIZES];
    struct cp_tail tails[SIZES];
    struct cp_tail_pool pool;
    for (size_t i = 0; i < SIZES; i++)
        groups[i] = (struct cp_tail_group){.sorted_ms = t->warm.groups[i].sorted_ms,
                                           .n = t->warm.groups[i].n};
    cp_tail_pool_fit(groups, SIZES, &(struct cp_tail_options){.q = q}, &pool, tails);
    for (size_t i = 0; i < SIZES; i++)
        count(tally, tails[i].status == CP_ANSWER_OK, tails[i].estimate.low, tails[i].estimate.high,
              true_quantile(t->id, sizes_mb[i], warm, q));
}

/* Bands of the cold probability at each gap, from batches of ten probes. Every fourth data set: the
 * refits of all laws take as long as the rest of the table. Where nearly all probes are alike the
 * band is that of an exact binomial interval. */
static void idle_bands(const struct trial *t, double q, struct tally *tally)
{
    enum { GAPS = 6, OF_BATCH = 10, BATCHES_MAX = GAPS * 500 / OF_BATCH };
    static const double gaps_s[GAPS] = {60, 120, 300, 480, 900, 1800};
    struct cp_idle_batch batches[BATCHES_MAX];
    struct cp_rng rng;
    size_t n = 0;
    (void)q;
    if (t->seed % 4 != 0)
        return;
    cp_rng_init(&rng, t->seed, 2);
    for (size_t i = 0; i < GAPS; i++) {
        for (size_t k = 0; k < t->n / OF_BATCH; k++) {
            struct cp_idle_batch *b = &batches[n++];
            *b = (struct cp_idle_batch){.idle_interval_ms = 1e3 * gaps_s[i], .n = OF_BATCH};
            for (size_t p = 0; p < OF_BATCH; p++)
                b->n_cold += truth_lifetime_s(t->truth, &rng) <= gaps_s[i];
        }
    }
    struct cp_idle_survival fit;
    const struct cp_idle_options options = {.n_refits = REPS, .seed = t->seed};
    cp_idle_survival_of_batches(batches, n, &options, &fit);
    assert_int_equal(fit.status, CP_OK);
    for (size_t i = 0; i < GAPS; i++)
        count(tally, true, fit.points[i].band_low, fit.points[i].band_high,
              truth_cold_probability(t->truth, gaps_s[i]));
}

struct pair {
    const struct cp_memory_group *slow, *fast;
    double q;
};

static void draw_ratio(const void *context, struct cp_rng *rng, void *scratch, double *out)
{
    const struct pair *p = context;
    (void)scratch;
    *out = cp_bootstrap_quantile(p->slow->sorted_ms, p->slow->n, p->q, rng) /
           cp_bootstrap_quantile(p->fast->sorted_ms, p->fast->n, p->q, rng);
}

/* How many times slower the smallest size is: a derived quantity, by the bootstrap. */
static void ratio_of_sizes(const struct trial *t, double q, struct tally *tally)
{
    enum { RATIO_REPS = 999 };
    double replicates[RATIO_REPS];
    double low = NAN;
    double high = NAN;
    const struct pair pair = {&t->warm.groups[0], &t->warm.groups[3], q};
    const struct cp_bootstrap_options options = {.reps = RATIO_REPS, .seed = t->seed};
    assert_int_equal(cp_bootstrap_draw(&options, draw_ratio, &pair, replicates, NULL), CP_OK);
    cp_bootstrap_interval(replicates, RATIO_REPS, 0.95, &low, &high);
    count(tally, isfinite(high), low, high,
          true_quantile(t->id, sizes_mb[0], warm, q) / true_quantile(t->id, sizes_mb[3], warm, q));
}

/* --- the table --- */

static const struct row {
    const char *what;
    double q;
    void (*judge)(const struct trial *trial, double q, struct tally *tally);
    size_t n_min;  /* below: refused */
    size_t n_from; /* from here it must cover */
} rows[] = {
    {"order statistics, measured sizes", 0.5, order_statistics, 6, 60},
    {"order statistics, measured sizes", 0.95, order_statistics, 72, 200},
    {"order statistics, measured sizes", 0.99, order_statistics, 368, 500},
    {"upper bounds, measured sizes", 0.95, upper_bounds, 59, 60},
    {"upper bounds, measured sizes", 0.99, upper_bounds, 299, 500},
    {"memory law, measured sizes", 0.5, law_at_sizes, 0, 60},
    {"memory law, measured sizes", 0.95, law_at_sizes, 0, 60},
    {"memory law, 832 MB", 0.5, law_between, 0, 60},
    {"memory law, 832 MB", 0.95, law_between, 0, 60},
    {"memory law of init, 832 MB", 0.5, law_of_init, 0, 60},
    {"memory law of init, 832 MB", 0.95, law_of_init, 0, 60},
    {"memory tail, measured sizes", 0.99, tail_at_sizes, 60, 60},
    {"memory tail, 832 MB", 0.99, tail_between, 60, 60},
    {"pooled tails, measured sizes", 0.95, pooled_tail, 0, 60},
    {"pooled tails, measured sizes", 0.99, pooled_tail, 74, 200},
    {"idle bands, six gaps", NAN, idle_bands, 0, 200},
    {"ratio of sizes, bootstrap", 0.5, ratio_of_sizes, 0, 60},
    {"ratio of sizes, bootstrap", 0.95, ratio_of_sizes, 0, 60},
};
enum { ROWS = sizeof rows / sizeof *rows };

static struct tally tallies[SETTINGS][NS][ROWS];

static void run_setting(size_t s, size_t k)
{
    struct truth truth = truth_load(settings[s]);
    for (uint64_t seed = 1; seed <= data_sets; seed++) {
        struct trial t = {.id = settings[s], .truth = &truth, .n = per_size[k], .seed = seed};
        sweep_simulate(&t.warm, &truth, false, sizes_mb, SIZES, per_size[k], seed);
        sweep_simulate(&t.init, &truth, true, sizes_mb, SIZES, per_size[k], seed + 1000000);
        for (size_t r = 0; r < ROWS; r++)
            rows[r].judge(&t, rows[r].q, &tallies[s][k][r]);
        sweep_clear(&t.warm);
        sweep_clear(&t.init);
    }
}

/* False, and a mark in the table, where the requirement is missed. */
static bool is_kept(const struct row *row, size_t n, const struct tally *t)
{
    if (n < row->n_min)
        return t->answered == 0;
    if (n < row->n_from)
        return true;
    double share = (double)t->held / (double)t->answered;
    return t->answered > 0 && share >= 0.92 && share <= 0.985;
}

static void print_cell(const struct row *row, size_t n, const struct tally *t)
{
    char text[32];
    double share = (double)t->held / (double)t->answered;
    if (t->answered == 0)
        (void)snprintf(text, sizeof text, "refused");
    else if (t->answered < t->asked)
        (void)snprintf(text, sizeof text, "%.3f of %.2f", share,
                       (double)t->answered / (double)t->asked);
    else
        (void)snprintf(text, sizeof text, "%.3f", share);
    print_message(" %15s%s", text, is_kept(row, n, t) ? " " : "!");
}

static void intervals_cover_the_truth_and_are_refused_below_their_minimum(void **state)
{
    (void)state;
    size_t missed = 0;
    for (size_t s = 0; s < SETTINGS; s++) {
        for (size_t k = 0; k < NS; k++)
            run_setting(s, k);
        print_message("%s, %zu data sets; nominal 0.95\n%-34s %4s", settings[s], data_sets, "", "");
        for (size_t k = 0; k < NS; k++)
            print_message("       n = %5zu ", per_size[k]);
        print_message("\n");
        for (size_t r = 0; r < ROWS; r++) {
            char q[8] = "";
            if (rows[r].q > 0)
                (void)snprintf(q, sizeof q, "p%02.0f", 100 * rows[r].q);
            print_message("%-34s %4s", rows[r].what, q);
            for (size_t k = 0; k < NS; k++) {
                print_cell(&rows[r], per_size[k], &tallies[s][k][r]);
                missed += !is_kept(&rows[r], per_size[k], &tallies[s][k][r]);
            }
            print_message("\n");
        }
    }
    assert_int_equal(missed, 0);
}

int main(int argc, char **argv)
{
    gsl_set_error_handler_off();
    if (argc > 1)
        data_sets = strtoul(argv[1], NULL, 10);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(intervals_cover_the_truth_and_are_refused_below_their_minimum),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
