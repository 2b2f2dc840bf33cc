/* SPDX-License-Identifier: GPL-3.0-or-later
 * Requests in flight under the traffic asked about, against Little's law (rate times mean time in
 * service); a factor against the multiplied rate; one seed, one answer.
 */
#include "model/decide/demand.h"
#include "reports/figures.h"
#include "tests/reports/fixture.h"
#include "tests/test.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { N_COLD = 40, HOURS = CP_ARRIVALS_HOURS, BUSY_FROM = 8, BUSY_TO = 18 };

static struct cp_run_data *new_data(struct cp_demand *demand)
{
    struct cp_run_data *data = calloc(1, sizeof *data);
    const struct fixture_options options = {.n_cold = N_COLD};
    assert_non_null(data);
    fixture_data(&options, data);
    if (demand) {
        data->demand = cp_demand_copy(demand);
        assert_non_null(data->demand);
        data->run.traffic_per_s = cp_demand_per_s(demand);
    }
    return data;
}

static void free_data(struct cp_run_data *data)
{
    cp_run_data_clear(data);
    free(data);
}

static struct cp_figures *figures_of(const struct cp_run_data *data)
{
    struct cp_figures *f = NULL;
    struct cp_error err = {0};
    if (cp_figures_new(data, &f, &err))
        fail_msg("%s", err.text);
    return f;
}

static double mean_ms(const double *ms, size_t n, double timeout_ms)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += isinf(ms[i]) ? timeout_ms : ms[i];
    return sum / (double)n;
}

/* Rate times the mean time in service, for a share of cold starts. */
static double little(const struct cp_figures *f, double per_s, double cold_share)
{
    const struct cp_size_figures *s = cp_figures_size(f, f->demand.memory_size_mb);
    assert_non_null(s);
    double cold = mean_ms(s->cold_ms, s->n_cold_values, s->timeout_ms);
    double warm = mean_ms(s->warm_ms, s->n_warm_values, s->timeout_ms);
    return per_s / 1000 * (cold_share * cold + (1 - cold_share) * warm);
}

static void a_rate_has_requests_in_flight_as_littles_law_says(void **state)
{
    (void)state;
    struct cp_run_data *data = new_data(NULL);
    struct cp_figures *f = figures_of(data);
    const struct cp_demand_figures *d = &f->demand;
    assert_int_equal(d->status, CP_OK);
    assert_near(d->mean_per_s, 5, 1e-12);
    assert_true(isnan(d->peak_per_s));
    assert_true(d->mean >= little(f, 5, 0) * 0.97 && d->mean <= little(f, 5, 0.1) * 1.03);
    assert_true(d->p50 <= d->p95 && d->p95 <= d->p999 && d->p999 <= d->max);
    assert_int_equal(f->week_source, CP_WEEK_NONE);
    cp_figures_free(f);
    free_data(data);
}

/* Nights without a request, and 20/s in office hours. */
static void a_week_is_told_by_its_hours(void **state)
{
    (void)state;
    struct cp_demand week = {.law.kind = CP_ARRIVALS_WEEK, .first_ms = NAN, .span_ms = 604800e3};
    for (int i = 0; i < HOURS; i++)
        week.week_per_s[i] = i % 24 >= BUSY_FROM && i % 24 < BUSY_TO ? 20 : 0;
    cp_demand_bind(&week);
    struct cp_run_data *data = new_data(&week);
    struct cp_figures *f = figures_of(data);
    assert_int_equal(f->week_source, CP_WEEK_SIMULATED);
    assert_true(cp_figures_has_week(f));
    assert_near(f->demand.peak_per_s, 20, 1e-9);
    assert_near(f->demand.peak_over_ms, 3600e3, 0);
    double busy = 0;
    double n = 0;
    for (int i = 0; i < HOURS; i++) {
        const struct cp_traffic_hour *h = &f->week[i];
        bool is_night = i % 24 < BUSY_FROM || i % 24 > BUSY_TO;
        if (h->n_minutes == 0)
            continue;
        if (is_night)
            assert_true(h->arrivals == 0 && h->in_flight_max < 0.5);
        else if (i % 24 > BUSY_FROM && i % 24 < BUSY_TO)
            busy += h->mean_concurrency, n++;
    }
    assert_true(n > 5);
    assert_true(busy / n >= 0.95 * little(f, 20, 0) && busy / n <= 1.05 * little(f, 20, 0.1));
    cp_figures_free(f);
    free_data(data);
}

/* 30 hours from Monday, 2026-10-05T13:00Z on: 36 requests each, and 360 in the last one. */
static void counts_of_days_have_a_place_in_the_week(void **state)
{
    enum { FIRST = 13, N = 30 };
    (void)state;
    double values[N];
    for (int i = 0; i < N; i++)
        values[i] = i == N - 1 ? 360 : 36;
    struct cp_demand counts = {.law = {.kind = CP_ARRIVALS_COUNTS, .bucket_ms = 3600e3},
                               .values = values,
                               .n = N,
                               .first_ms = 1791205200000.0,
                               .span_ms = N * 3600e3,
                               .requests = 29 * 36 + 360};
    cp_demand_bind(&counts);
    struct cp_run_data *data = new_data(&counts);
    struct cp_figures *f = figures_of(data);
    assert_near(f->demand.peak_per_s, 0.1, 1e-12);
    assert_int_equal(f->week_source, CP_WEEK_SIMULATED);
    assert_near(f->demand.simulated_share, 1, 1e-12);
    for (int i = 0; i < HOURS; i++) {
        bool is_covered = i >= FIRST && i < FIRST + N;
        assert_int_equal(f->week[i].n_minutes, is_covered ? 60 : 0);
        if (is_covered)
            assert_int_equal(f->week[i].arrivals, values[i - FIRST]);
    }
    cp_figures_free(f);
    free_data(data);
}

static void counts_have_a_peak(void **state)
{
    (void)state;
    double values[] = {60, 0, 0, 600, 0, 60, 0, 0};
    struct cp_demand counts = {.law = {.kind = CP_ARRIVALS_COUNTS, .bucket_ms = 30e3, .factor = 2},
                               .values = values,
                               .n = sizeof values / sizeof values[0],
                               .first_ms = 1791207000000.0,
                               .span_ms = 240e3,
                               .requests = 1440};
    cp_demand_bind(&counts);
    struct cp_run_data *data = new_data(&counts);
    struct cp_figures *f = figures_of(data);
    assert_near(f->demand.peak_per_s, 2 * 600 / 60.0, 1e-9); /* two buckets are a minute */
    assert_near(f->demand.peak_over_ms, 60e3, 0);
    assert_int_equal(f->week_source, CP_WEEK_NONE); /* minutes are no week */
    struct cp_buf out;
    cp_buf_init(&out, 4096);
    cp_demand_text(f, &out);
    assert_non_null(strstr(cp_buf_str(&out), "traffic: 6.00/s mean, 20.0/s at most in a minute"));
    assert_non_null(strstr(cp_buf_str(&out), ", times 2"));
    assert_non_null(strstr(cp_buf_str(&out), "requests in flight on average"));
    cp_buf_clear(&out);
    cp_figures_free(f);
    free_data(data);
}

static void times_have_their_busiest_minute(void **state)
{
    (void)state;
    double times[] = {0, 59999, 60000, 119998, 119999, 300000};
    struct cp_demand trace = {.law = {.kind = CP_ARRIVALS_TIMES},
                              .values = times,
                              .n = sizeof times / sizeof times[0],
                              .first_ms = NAN,
                              .span_ms = 300e3,
                              .requests = 6};
    cp_demand_bind(&trace);
    struct cp_run_data *data = new_data(&trace);
    struct cp_figures *f = figures_of(data);
    assert_near(f->demand.peak_per_s, 3 / 60.0, 1e-12); /* 59999, 60000, 119998 */
    assert_int_equal(f->week_source, CP_WEEK_NONE);     /* it has no date */
    cp_figures_free(f);
    free_data(data);
}

static char *json_of(const struct cp_figures *f)
{
    struct cp_buf out;
    cp_buf_init(&out, (size_t)16 << 20);
    cp_report_json(f, &out);
    char *text = strdup(cp_buf_str(&out));
    cp_buf_clear(&out);
    assert_non_null(text);
    return text;
}

static void one_seed_is_one_answer(void **state)
{
    (void)state;
    double values[] = {30, 5, 0, 90, 12, 7};
    struct cp_demand counts = {.law = {.kind = CP_ARRIVALS_COUNTS, .bucket_ms = 60e3},
                               .values = values,
                               .n = sizeof values / sizeof values[0],
                               .first_ms = 1791207000000.0,
                               .span_ms = 360e3,
                               .requests = 144};
    char *text[2];
    cp_demand_bind(&counts);
    for (int i = 0; i < 2; i++) {
        struct cp_run_data *data = new_data(&counts);
        struct cp_figures *f = figures_of(data);
        text[i] = json_of(f);
        cp_figures_free(f);
        free_data(data);
    }
    assert_string_equal(text[0], text[1]);
    free(text[0]);
    free(text[1]);
}

static void a_factor_of_two_is_the_doubled_rate(void **state)
{
    (void)state;
    struct cp_demand demands[] = {cp_demand_of_rate(2.5), cp_demand_of_rate(5)};
    struct cp_run_data *data[2];
    struct cp_figures *f[2];
    cp_demand_multiply(&demands[0], 2);
    for (int i = 0; i < 2; i++) {
        data[i] = new_data(&demands[i]);
        f[i] = figures_of(data[i]);
    }
    const struct cp_decision *a = &f[0]->decision;
    const struct cp_decision *b = &f[1]->decision;
    assert_string_equal(a->sentence, b->sentence);
    assert_string_equal(a->because, b->because);
    assert_string_equal(a->money, b->money);
    assert_int_equal(a->n_candidates, b->n_candidates);
    assert_int_equal(a->chosen, b->chosen);
    for (size_t i = 0; i < a->n_candidates; i++) {
        assert_memory_equal(&a->candidates[i].cold_share, &b->candidates[i].cold_share,
                            sizeof a->candidates[i].cold_share);
        assert_memory_equal(&a->candidates[i].usd_per_month, &b->candidates[i].usd_per_month,
                            sizeof a->candidates[i].usd_per_month);
    }
    for (int i = 0; i < 2; i++) {
        cp_figures_free(f[i]);
        free_data(data[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_rate_has_requests_in_flight_as_littles_law_says),
        cmocka_unit_test(a_week_is_told_by_its_hours),
        cmocka_unit_test(counts_of_days_have_a_place_in_the_week),
        cmocka_unit_test(counts_have_a_peak),
        cmocka_unit_test(times_have_their_busiest_minute),
        cmocka_unit_test(one_seed_is_one_answer),
        cmocka_unit_test(a_factor_of_two_is_the_doubled_rate),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
