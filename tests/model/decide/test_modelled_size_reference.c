/* SPDX-License-Identifier: GPL-3.0-or-later
 * Memory sizes that were not measured, on AWS durations of three benchmarks (the SeBS artifact,
 * Copik et al., Middleware 2021; samples with the quantiles of its table) and on memory_synth1:
 * each inner size left out and predicted from the others. What was measured there is uncertain,
 * too: the prediction holds it when they differ by no more than both intervals together.
 */
#include "model/decide/modelled_size.h"

#include "tests/model/stat/csv.h"
#include "tests/model/stat/reference.h"
#include "tests/test.h"

#include <gsl/gsl_errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { SIZES_MAX = 8, VALUES_MAX = 300, KNOTS = 11 };

/* Durations of one function, cold or warm: handled alike. */
struct set {
    char name[48];
    struct cp_size_data sizes[SIZES_MAX];
    double values[SIZES_MAX][VALUES_MAX]; /* ascending */
    size_t n_sizes;
};
static double ones[VALUES_MAX]; /* init durations that are out of the way */

struct tally {
    size_t n, covered, mean_covered;
    double log_error, mean_log_error;
};

/* --- sets --- */

static struct cp_size_data *add_size(struct set *set, int memory_mb, size_t n)
{
    assert_true(set->n_sizes < SIZES_MAX && n <= VALUES_MAX);
    struct cp_size_data *s = &set->sizes[set->n_sizes];
    double *values = set->values[set->n_sizes++];
    *s = (struct cp_size_data){.memory_size_mb = memory_mb,
                               .init_ms = ones,
                               .cold_handler_ms = values,
                               .n_cold = n,
                               .warm_ms = values,
                               .n_warm = n,
                               .timeout_ms = NAN,
                               .failure_share = NAN,
                               .max_memory_used_mb = -1};
    return s;
}

/* The sample whose quantiles are those of the row, joined linearly. */
static void add_row(struct set *set, const struct csv *csv)
{
    static const struct {
        const char *column;
        double q;
    } knots[KNOTS] = {
        {"min", 0},          {"q1_type7", 0.01},  {"q5_type7", 0.05},  {"q10_type7", 0.1},
        {"q25_type7", 0.25}, {"q50_type7", 0.5},  {"q75_type7", 0.75}, {"q90_type7", 0.9},
        {"q95_type7", 0.95}, {"q99_type7", 0.99}, {"max", 1},
    };
    size_t n = csv_size(csv, "n");
    (void)add_size(set, (int)csv_number(csv, "memory_mb"), n);
    size_t at = 0;
    for (size_t i = 0; i < n; i++) {
        double q = (double)i / (double)(n - 1);
        while (at + 2 < KNOTS && knots[at + 1].q < q)
            at++;
        double low = csv_number(csv, knots[at].column);
        double high = csv_number(csv, knots[at + 1].column);
        double share = (q - knots[at].q) / (knots[at + 1].q - knots[at].q);
        set->values[set->n_sizes - 1][i] = low + share * (high - low);
    }
}

static size_t read_sebs(struct set *sets, size_t n_max)
{
    size_t n = 0;
    struct csv csv;
    csv_open(&csv, reference_folder("perfcost_sebs"), "quantiles.csv");
    while (csv_next(&csv)) {
        char name[sizeof sets->name];
        struct cp_view benchmark = csv_text(&csv, "benchmark");
        struct cp_view start = csv_text(&csv, "start");
        (void)snprintf(name, sizeof name, "%.*s %.*s", (int)benchmark.n, benchmark.p, (int)start.n,
                       start.p);
        size_t i = 0;
        while (i < n && strcmp(sets[i].name, name) != 0)
            i++;
        if (i == n) {
            assert_true(n < n_max);
            memcpy(sets[n++].name, name, sizeof name);
        }
        add_row(&sets[i], &csv);
    }
    csv_close(&csv);
    return n;
}

static void read_synth1(struct set *set)
{
    size_t n = 0;
    double *memory = csv_column("tests/data/model/quantreg", "memory_synth1.csv", "memory_mb", &n);
    double *ms = csv_column("tests/data/model/quantreg", "memory_synth1.csv", "duration_ms", &n);
    (void)snprintf(set->name, sizeof set->name, "memory_synth1");
    for (size_t from = 0; from < n;) {
        size_t to = from;
        while (to < n && memory[to] <= memory[from])
            to++;
        (void)add_size(set, (int)memory[from], to - from);
        memcpy(set->values[set->n_sizes - 1], ms + from, (to - from) * sizeof *ms);
        cp_sort(set->values[set->n_sizes - 1], to - from);
        from = to;
    }
    free(memory);
    free(ms);
}

/* --- judge --- */

static double mean_of(const double *values, size_t n, double *se)
{
    double sum = 0;
    double squares = 0;
    for (size_t i = 0; i < n; i++)
        sum += values[i];
    for (size_t i = 0; i < n; i++)
        squares += (values[i] - sum / (double)n) * (values[i] - sum / (double)n);
    *se = sqrt(squares / (double)(n - 1) / (double)n);
    return sum / (double)n;
}

static bool is_within_both(double estimate, struct cp_interval law, struct cp_interval measured)
{
    struct cp_interval wide =
        cp_modelled_size_widen((struct cp_interval){estimate, estimate, estimate}, law);
    double difference = measured.value - estimate;
    return difference < 0
               ? -difference <= hypot(estimate - wide.low, measured.high - measured.value)
               : difference <= hypot(wide.high - estimate, measured.value - measured.low);
}

static void judge(const struct set *set, size_t size, const struct cp_modelled_size *made,
                  struct tally *t)
{
    static double warm[CP_MODELLED_VALUES_MAX];
    size_t n = made->data.n_warm;
    memcpy(warm, made->data.warm_ms, n * sizeof *warm);
    cp_sort(warm, n);
    const struct cp_size_data *d = &set->sizes[size];
    struct cp_estimate e = cp_quantile_estimate(d->warm_ms, d->n_warm, 0.95, 0);
    struct cp_interval measured = {e.value, isnan(e.low) ? e.lower : e.low,
                                   isnan(e.high) ? d->warm_ms[d->n_warm - 1] : e.high};
    double p95 = cp_quantile(warm, n, 0.95, 8);
    double se = 0;
    double true_mean = mean_of(d->warm_ms, d->n_warm, &se);
    double unused = 0;
    double mean = mean_of(warm, n, &unused);
    t->n++;
    t->covered += is_within_both(p95, made->warm_ms, measured);
    t->log_error += fabs(log(p95 / e.value));
    t->mean_covered += is_within_both(
        mean, made->mean_warm_ms,
        (struct cp_interval){true_mean, true_mean - 1.96 * se, true_mean + 1.96 * se});
    t->mean_log_error += fabs(log(mean / true_mean));
}

static void leave_out(const struct set *set, size_t size, struct tally *t)
{
    struct cp_size_data rest[SIZES_MAX];
    size_t n = 0;
    for (size_t i = 0; i < set->n_sizes; i++) {
        if (i != size)
            rest[n++] = set->sizes[i];
    }
    struct cp_size_models models;
    struct cp_modelled_size made;
    cp_size_models_fit(rest, n, 0.95, 1, &models);
    assert_int_equal(models.status, CP_OK);
    assert_int_equal(cp_modelled_size_make(&models, set->sizes[size].memory_size_mb, &made), CP_OK);
    judge(set, size, &made, t);
    cp_modelled_size_clear(&made);
    cp_size_models_clear(&models);
}

static struct tally judge_set(const struct set *set)
{
    struct tally t = {0};
    for (size_t i = 1; i + 1 < set->n_sizes; i++)
        leave_out(set, i, &t);
    print_message("%s: p95 held by %zu of %zu intervals, off by %.1f %%; mean held by %zu, off by "
                  "%.1f %%\n",
                  set->name, t.covered, t.n, 100 * t.log_error / (double)t.n, t.mean_covered,
                  100 * t.mean_log_error / (double)t.n);
    return t;
}

static void aws_durations_at_a_size_left_out_are_predicted(void **state)
{
    (void)state;
    enum { SETS_MAX = 8 };
    static struct set sets[SETS_MAX];
    size_t n = read_sebs(sets, SETS_MAX);
    struct tally all = {0};
    for (size_t i = 0; i < n; i++) {
        struct tally t = judge_set(&sets[i]);
        all.n += t.n;
        all.covered += t.covered;
        all.mean_covered += t.mean_covered;
        all.log_error += t.log_error;
        all.mean_log_error += t.mean_log_error;
    }
    print_message("of %zu sizes left out: p95 held by %zu, off by %.1f %%; mean held by %zu, off "
                  "by %.1f %%\n",
                  all.n, all.covered, 100 * all.log_error / (double)all.n, all.mean_covered,
                  100 * all.mean_log_error / (double)all.n);
    assert_int_equal(all.n, 28);
    assert_true((double)all.covered >= 0.9 * (double)all.n);
    assert_true((double)all.mean_covered >= 0.9 * (double)all.n);
    assert_true(all.log_error <= 0.15 * (double)all.n);
    assert_true(all.mean_log_error <= 0.1 * (double)all.n);
}

static void a_synthetic_sweep_is_predicted(void **state)
{
    (void)state;
    static struct set set;
    read_synth1(&set);
    assert_int_equal(set.n_sizes, 7);
    struct tally t = judge_set(&set);
    assert_int_equal(t.covered, t.n);
    assert_int_equal(t.mean_covered, t.n);
}

int main(void)
{
    gsl_set_error_handler_off();
    for (size_t i = 0; i < VALUES_MAX; i++)
        ones[i] = 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(aws_durations_at_a_size_left_out_are_predicted),
        cmocka_unit_test(a_synthetic_sweep_is_predicted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
