/* SPDX-License-Identifier: GPL-3.0-or-later
 * The alarm on real nights: four functions' medians of about 900 nights, and ten init durations a
 * night of 80 functions over 22 nights. How often it is false, and how soon steps are found, beside
 * the rules that are in use elsewhere. The rule's constants were chosen on the functions with an
 * even number; the odd ones prove it.
 *
 *   lasting step  the median of the 10 nights from it on is above that of the 20 before it, by as
 *                 much as is asked for (fewer nights where the series ends)
 *   false alarm   the first night of an alarm that no lasting step of the effect stands behind: the
 *                 median of the 10 nights after the alarm, which it has not seen
 *   found         an alarm within 5 nights, the step's first one included. Steps are nights times a
 *                 factor from one night on, at every third night; each counts, and again those that
 *                 are lasting steps of 20 % together with what the real nights did
 */
#include "model/compare/trend.h"
#include "model/compare/two_sample.h"
#include "model/stat/quantile.h"
#include "tests/model/stat/csv.h"
#include "tests/model/stat/init_samples.h"
#include "tests/model/stat/reference.h"
#include "tests/test.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    NIGHTS_MAX = 1000,
    SERIES_MAX = 80,
    SAMPLES_MAX = 16,
    BEFORE = 20,
    AFTER = 10,
    HISTORY = 100, /* nights that a step is judged with */
    FOUND_WITHIN = 5,
    STEP_EVERY = 3,
};

/* In per cent alone: 5 ms are more than a fifth of the fastest of these functions. */
static const struct cp_trend_options in_percent = {
    .effect = NAN, .effect_ms = 0, .is_accepted_at_once = true};

struct series {
    size_t n; /* nights */
    struct cp_trend_value values[NIGHTS_MAX];
    double samples[NIGHTS_MAX][SAMPLES_MAX]; /* ascending; n 0: only the median is known */
};

struct data {
    struct series *series; /* owned */
    size_t n;
    size_t first_step; /* night of the first made-up step */
    size_t after;      /* nights that a lasting step must have, at least */
    bool has_samples;
};

/* --- data --- */

static struct data medians(void)
{
    static const char *const names[] = {
        "nightly_java17_zip_x86_64_512.csv", "nightly_nodejs20.x_zip_arm64_1024.csv",
        "nightly_python3.12_zip_x86_64_128.csv", "nightly_rust_prov.al2023_image_arm64_256.csv"};
    enum { N = sizeof names / sizeof *names };
    const char *folder = reference_folder("changepoint");
    struct data d = {
        .series = calloc(N, sizeof *d.series), .n = N, .first_step = 40, .after = AFTER};
    assert_non_null(d.series);
    for (size_t i = 0; i < N; i++) {
        struct series *s = &d.series[i];
        double *ms = csv_column(folder, names[i], "median_init_ms", &s->n);
        assert_in_range(s->n, 500, NIGHTS_MAX);
        for (size_t t = 0; t < s->n; t++)
            s->values[t] = (struct cp_trend_value){(int64_t)t, {ms[t], NAN, NAN}, 0};
        free(ms);
    }
    return d;
}

static void fill_from_cell(struct series *s, const struct init_cell *cell)
{
    for (size_t i = 0; i < cell->n; i++) {
        size_t night = (size_t)cell->nights[i];
        struct cp_trend_value *v = &s->values[night];
        assert_in_range(v->n, 0, SAMPLES_MAX - 1);
        s->samples[night][v->n++] = cell->values_ms[i];
        s->n = night >= s->n ? night + 1 : s->n;
    }
    for (size_t t = 0; t < s->n; t++) {
        struct cp_trend_value *v = &s->values[t];
        struct cp_estimate e = cp_quantile_estimate(s->samples[t], v->n, 0.5, 0);
        v->at_ms = (int64_t)t;
        v->ms = (struct cp_interval){e.value, e.low, e.high};
    }
}

static struct data samples(void)
{
    (void)reference_folder("lambda_perf"); /* skips before there is anything to free */
    struct init_series *all = calloc(INIT_SERIES_MAX, sizeof *all);
    struct data d = {.series = calloc(SERIES_MAX, sizeof *d.series),
                     .first_step = 10,
                     .after = FOUND_WITHIN + 1,
                     .has_samples = true};
    assert_true(all && d.series);
    size_t n = init_samples_load(all);
    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; k < all[i].n_cells; k++) {
            assert_in_range(d.n, 0, SERIES_MAX - 1);
            fill_from_cell(&d.series[d.n++], &all[i].cells[k]);
        }
    }
    free(all);
    assert_int_equal(d.n, 80);
    return d;
}

/* --- rules: one night of alarm or none for each night --- */

typedef void judge_fn(const struct series *s, double parameter, bool *alarms);

static void ours(const struct series *s, double parameter, bool *alarms)
{
    (void)parameter;
    static struct cp_trend_night out[NIGHTS_MAX];
    struct cp_error err = {0};
    if (cp_trend_judge(s->values, s->n, NULL, 0, &in_percent, out, &err))
        fail_msg("%s", err.text);
    for (size_t t = 0; t < s->n; t++)
        alarms[t] = out[t].is_alarm;
}

static double mean_of(const struct series *s, size_t t)
{
    if (s->values[t].n == 0)
        return s->values[t].ms.value;
    double sum = 0;
    for (size_t i = 0; i < s->values[t].n; i++)
        sum += s->samples[t][i];
    return sum / (double)s->values[t].n;
}

/* Tonight against last night, as thresholds are set in CI. */
static void mean_is_up(const struct series *s, double parameter, bool *alarms)
{
    for (size_t t = 1; t < s->n; t++)
        alarms[t] = mean_of(s, t) > (1 + parameter) * mean_of(s, t - 1);
}

/* Tonight against all of the 20 nights before. */
static void mean_is_up_on_20(const struct series *s, double parameter, bool *alarms)
{
    for (size_t t = 1; t < s->n; t++) {
        size_t from = t < BEFORE ? 0 : t - BEFORE;
        double sum = 0;
        for (size_t i = from; i < t; i++)
            sum += mean_of(s, i);
        alarms[t] = mean_of(s, t) > (1 + parameter) * sum / (double)(t - from);
    }
}

static void mann_whitney(const struct series *s, double parameter, bool *alarms)
{
    for (size_t t = 1; t < s->n; t++) {
        struct cp_two_sample c = cp_two_sample_compare(s->samples[t - 1], s->values[t - 1].n,
                                                       s->samples[t], s->values[t].n);
        alarms[t] = c.mann_whitney_p < parameter && c.a12 > 0.5;
    }
}

static double squares_of(const struct series *s, size_t t)
{
    double mean = mean_of(s, t);
    double sum = 0;
    for (size_t i = 0; i < s->values[t].n; i++)
        sum += (s->samples[t][i] - mean) * (s->samples[t][i] - mean);
    return sum;
}

static void cohens_d(const struct series *s, double parameter, bool *alarms)
{
    for (size_t t = 1; t < s->n; t++) {
        double freedom = (double)(s->values[t].n + s->values[t - 1].n) - 2;
        double sd = sqrt((squares_of(s, t) + squares_of(s, t - 1)) / freedom);
        alarms[t] = mean_of(s, t) - mean_of(s, t - 1) > parameter * sd;
    }
}

static const struct rule {
    const char *name;
    judge_fn *judge;
    double parameter;
    bool needs_samples;
} rules[] = {
    {"coldprof", ours, 0, false},
    {"mean +10 %, last night", mean_is_up, 0.10, false},
    {"mean +5 %, last night", mean_is_up, 0.05, false},
    {"mean +10 %, last 20 nights", mean_is_up_on_20, 0.10, false},
    {"mean +5 %, last 20 nights", mean_is_up_on_20, 0.05, false},
    {"Mann-Whitney p < 0.01", mann_whitney, 0.01, true},
    {"Cohen's d > 0.5", cohens_d, 0.5, true},
};

/* --- lasting steps --- */

static double median_of(const struct series *s, size_t from, size_t to)
{
    double ms[BEFORE];
    assert_in_range(to - from, 1, BEFORE);
    for (size_t t = from; t < to; t++)
        ms[t - from] = s->values[t].ms.value;
    cp_sort(ms, to - from);
    return cp_quantile(ms, to - from, 0.5, 7);
}

static double before(const struct series *s, size_t at)
{
    return median_of(s, at < BEFORE ? 0 : at - BEFORE, at);
}

/* The nights from `at` on over those before `step`; 0 where too few are left to say so. */
static double lasting_ratio(const struct series *s, size_t step, size_t at)
{
    const size_t least = 3;
    size_t end = at + AFTER < s->n ? at + AFTER : s->n;
    return end < at + least ? 0 : median_of(s, at, end) / before(s, step);
}

/* --- what is counted --- */

static const double factors[] = {1.1, 1.15, 1.2, 1.3, 1.5};
enum { N_FACTORS = sizeof factors / sizeof *factors, ASKED = 2 /* x 1.2 */ };

struct tally {
    size_t n_nights, n_alarms, n_false;
    size_t n_steps[N_FACTORS], n_found[N_FACTORS];
    size_t n_lasting[N_FACTORS], n_lasting_found[N_FACTORS];
    size_t n_by_delay[FOUND_WITHIN]; /* of the steps asked for */
};

static void count_alarms(const struct series *s, const struct rule *rule, struct tally *tally)
{
    static bool alarms[NIGHTS_MAX];
    memset(alarms, 0, sizeof alarms);
    rule->judge(s, rule->parameter, alarms);
    for (size_t t = CP_TREND_MIN_NIGHTS; t < s->n; t++) {
        tally->n_nights++;
        if (!alarms[t] || alarms[t - 1])
            continue;
        size_t step = t >= FOUND_WITHIN + 1 ? t - FOUND_WITHIN + 1 : 1;
        tally->n_alarms++;
        tally->n_false += !(lasting_ratio(s, step, t + 1) >= 1 + CP_CHANGE_EFFECT);
    }
}

static void raise_level(struct series *s, size_t from, double factor)
{
    for (size_t t = from; t < s->n; t++) {
        struct cp_interval *ms = &s->values[t].ms;
        *ms = (struct cp_interval){factor * ms->value, factor * ms->low, factor * ms->high};
        for (size_t i = 0; i < s->values[t].n; i++)
            s->samples[t][i] *= factor;
    }
}

/* The nights around a step at `at`; *step is its place in them. */
static void cut(const struct series *s, size_t at, struct series *out, size_t *step)
{
    size_t from = at < HISTORY ? 0 : at - HISTORY;
    size_t to = at + AFTER < s->n ? at + AFTER : s->n;
    out->n = to - from;
    *step = at - from;
    memcpy(out->values, s->values + from, out->n * sizeof *out->values);
    memcpy(out->samples, s->samples + from, out->n * sizeof *out->samples);
}

static void count_step(const struct series *s, size_t at, size_t f, const struct rule *rule,
                       struct tally *tally)
{
    static struct series with;
    static bool alarms[NIGHTS_MAX];
    size_t step = 0;
    cut(s, at, &with, &step);
    raise_level(&with, step, factors[f]);
    memset(alarms, 0, sizeof alarms);
    rule->judge(&with, rule->parameter, alarms);
    size_t delay = 0;
    while (delay < FOUND_WITHIN && !alarms[step + delay])
        delay++;
    bool is_found = delay < FOUND_WITHIN;
    bool is_lasting = lasting_ratio(&with, step, step) >= factors[f];
    tally->n_steps[f]++;
    tally->n_found[f] += is_found;
    tally->n_lasting[f] += is_lasting;
    tally->n_lasting_found[f] += is_lasting && is_found;
    if (f == ASKED && is_found)
        tally->n_by_delay[delay]++;
}

static struct tally tally_of(const struct data *d, const struct rule *rule, size_t half)
{
    struct tally tally = {0};
    for (size_t i = half; i < d->n; i += 2) {
        const struct series *s = &d->series[i];
        count_alarms(s, rule, &tally);
        for (size_t at = d->first_step; at + d->after <= s->n; at += STEP_EVERY) {
            for (size_t f = 0; f < N_FACTORS; f++)
                count_step(s, at, f, rule, &tally);
        }
    }
    return tally;
}

static double share(size_t part, size_t all)
{
    return all ? (double)part / (double)all : (double)NAN;
}

/* Nights until half of the steps asked for are found; 0: they are not within the time. */
static size_t median_delay(const struct tally *t)
{
    size_t n = 0;
    for (size_t delay = 0; delay < FOUND_WITHIN; delay++) {
        n += t->n_by_delay[delay];
        if (2 * n >= t->n_steps[ASKED])
            return delay + 1;
    }
    return 0;
}

static void print_row(const struct rule *rule, const struct tally *t)
{
    print_message("  %-27s %6.2f %6.2f |", rule->name, 1000 * share(t->n_false, t->n_nights),
                  1000 * share(t->n_alarms, t->n_nights));
    for (size_t f = 0; f < N_FACTORS; f++)
        print_message(" %5.1f", 100 * share(t->n_found[f], t->n_steps[f]));
    print_message(" | %5.1f | %zu\n", 100 * share(t->n_lasting_found[ASKED], t->n_lasting[ASKED]),
                  median_delay(t));
}

/* Prints the table of one half and returns the tally of our rule. */
static struct tally table(const struct data *d, const char *what, size_t half)
{
    struct tally mine = tally_of(d, &rules[0], half);
    print_message("%s, %s: %zu nights judged\n"
                  "  %-27s  per 1,000     | %% found in 5 nights: | lasting | median\n"
                  "  %-27s  false  alarms | x1.1 x1.15  x1.2  x1.3  x1.5 | x1.2 | nights\n",
                  what, half ? "proof" : "where the constants were chosen", mine.n_nights, "",
                  "rule");
    print_row(&rules[0], &mine);
    for (size_t i = 1; i < sizeof rules / sizeof *rules; i++) {
        if (rules[i].needs_samples && !d->has_samples)
            continue;
        struct tally rival = tally_of(d, &rules[i], half);
        print_row(&rules[i], &rival);
    }
    return mine;
}

static void assert_bounds(const struct tally *t, double found, double lasting_found)
{
    assert_true(1000 * share(t->n_false, t->n_nights) <= 2);
    assert_true(1000 * share(t->n_alarms, t->n_nights) <= 2); /* with those that are right */
    assert_true(share(t->n_found[ASKED], t->n_steps[ASKED]) >= found);
    assert_true(share(t->n_lasting_found[ASKED], t->n_lasting[ASKED]) >= lasting_found);
    assert_in_range(median_delay(t), 1, 3);
}

static void medians_of_900_nights(void **state)
{
    (void)state;
    struct data d = medians();
    for (size_t half = 0; half < 2; half++) {
        struct tally mine = table(&d, "medians", half);
        assert_bounds(&mine, 0.96, 0.98);
    }
    free(d.series);
}

static void ten_samples_a_night(void **state)
{
    (void)state;
    struct data d = samples();
    for (size_t half = 0; half < 2; half++) {
        struct tally mine = table(&d, "10 samples", half);
        assert_bounds(&mine, 0.89, 0.92);
    }
    free(d.series);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(medians_of_900_nights),
        cmocka_unit_test(ten_samples_a_night),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
