/* SPDX-License-Identifier: GPL-3.0-or-later
 * Real traces, read where COLDPROF_REFERENCE points: the Azure Functions trace of 2021 (Zhang et
 * al., SOSP 2021) and requests to AWS Lambda of 2020 with the cold starts that were seen
 * (Mahmoudi).
 */
#include "model/decide/pool_sim.h"
#include "model/digest/digest_idle.h"
#include "profiler/traffic/traffic_file.h"
#include "tests/model/digest/digest_world.h"
#include "tests/model/stat/csv.h"
#include "tests/model/stat/reference.h"
#include "tests/test.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *traces(void)
{
    return reference_folder("traces");
}

static void read_trace(const char *name, struct cp_demand *t)
{
    struct csv csv; /* for its text */
    struct cp_error err = {0};
    csv_open(&csv, traces(), name);
    if (cp_traffic_file_read(cp_view_of(csv.text), name, NULL, t, &err))
        fail_msg("%s", err.text);
    csv_close(&csv);
}

static void the_azure_trace_arrives_when_its_invocations_began(void **state)
{
    (void)state;
    struct cp_demand t;
    read_trace("azure2021_first199.csv", &t);
    size_t n = 0;
    double *end_s = csv_column(traces(), "azure2021_first199.csv", "end_timestamp", &n);
    double *duration_s = csv_column(traces(), "azure2021_first199.csv", "duration", &n);
    double first = INFINITY;
    double last = -INFINITY;
    double sum = 0;
    for (size_t i = 0; i < n; i++) {
        double start = end_s[i] - duration_s[i];
        first = fmin(first, start);
        last = fmax(last, start);
        sum += start;
    }
    double sum_ms = 0;
    for (size_t i = 0; i < t.n; i++)
        sum_ms += t.law.times_ms[i];
    assert_int_equal(t.n, n);
    assert_int_equal(t.n_skipped, 0);
    assert_near(t.span_ms, 1000 * (last - first), 1e-6);
    assert_near(sum_ms / 1000, sum - (double)n * first, 1e-6);
    free(end_s);
    free(duration_s);
    cp_demand_clear(&t);
}

/* The expected shares are those of another simulation of the same arrivals, with these lifetimes.
 */
static void replayed_requests_start_cold_as_often_as_elsewhere(void **state)
{
    (void)state;
    static const struct {
        double lifetime_s;
        const char *column;
    } rows[] = {{600, "des_pcold_T600"}, {640, "des_pcold_T640"}};
    struct csv csv;
    csv_open(&csv, traces(), "aws2020_expected.csv");
    size_t n_traces = 0;
    for (; csv_next(&csv); n_traces++) {
        char name[64];
        struct cp_view trace = csv_text(&csv, "trace");
        (void)snprintf(name, sizeof name, "%.*s.csv", (int)trace.n, trace.p);
        struct cp_demand t;
        read_trace(name, &t);
        assert_int_equal(t.n, csv_size(&csv, "n"));
        double warm_ms = 1000 * csv_number(&csv, "warm_client_median_s");
        double cold_ms = 1000 * csv_number(&csv, "cold_client_median_s");
        for (size_t i = 0; i < 2; i++) {
            double lifetime_ms = 1000 * rows[i].lifetime_s;
            const struct cp_pool_options o = {.arrivals = t.law,
                                              .cold = {.ms = &cold_ms, .n = 1},
                                              .warm = {.ms = &warm_ms, .n = 1},
                                              .lifetime = {.ms = &lifetime_ms, .n = 1},
                                              .horizon_ms = t.span_ms + 1,
                                              .replications = 2};
            struct cp_pool_result r;
            struct cp_error err;
            assert_int_equal(cp_pool_simulate(&o, &r, &err), CP_OK);
            double expected = csv_number(&csv, rows[i].column) * (double)t.n;
            print_message("%s, %g s: %g cold starts, elsewhere %g, seen %g\n", name,
                          rows[i].lifetime_s, (double)r.n_cold / 2, expected,
                          csv_number(&csv, "cold"));
            assert_near((double)r.n_cold / 2, expected, 1.01);
        }
        cp_demand_clear(&t);
    }
    csv_close(&csv);
    assert_int_equal(n_traces, 4);
}

/* --- an idle law from some days, for another --- */

#define BEGIN_MS INT64_C(1590000000000)

enum { DAYS = 4, FUNCTIONS = 3 };

static const char *const days[DAYS] = {"aws2020_2020-05-26.csv", "aws2020_2020-05-28.csv",
                                       "aws2020_2020-06-06.csv", "aws2020_2020-06-10.csv"};

/* A day's requests as an import of its log has them: a function of its own each day. */
static void add_day(struct cp_digest *digest, int day)
{
    size_t n = 0;
    double *t_s = csv_column(traces(), days[day], "t_s", &n);
    double *is_cold = csv_column(traces(), days[day], "cold", &n);
    double *duration_ms = csv_column(traces(), days[day], "duration_ms", &n);
    double *client_ms = csv_column(traces(), days[day], "client_ms", &n);
    double *instance = csv_column(traces(), days[day], "instance", &n);
    for (size_t i = 0; i < n; i++) {
        char stream[32];
        struct world_item item = {
            .function = day % FUNCTIONS,
            .version = day / FUNCTIONS,
            .record = {.end_at_ms = BEGIN_MS + (int64_t)(1000 * t_s[i] + client_ms[i]),
                       .duration_us = (int64_t)(1000 * duration_ms[i]),
                       .billed_us = -1,
                       .init_us =
                           is_cold[i] > 0 ? (int64_t)(1000 * (client_ms[i] - duration_ms[i])) : -1,
                       .restore_us = -1,
                       .billed_restore_us = -1,
                       .memory_size_mb = 128,
                       .max_memory_used_mb = -1,
                       .start = is_cold[i] > 0 ? CP_START_COLD : CP_START_WARM,
                       .outcome = CP_OUTCOME_MEASURED}};
        (void)snprintf(stream, sizeof stream, "%g", instance[i]);
        item.record.stream = cp_view_of(stream);
        world_add(digest, &item);
    }
    free(t_s);
    free(is_cold);
    free(duration_ms);
    free(client_ms);
    free(instance);
}

static struct cp_idle_survival fit_all_but(const struct cp_digest *digest, int left_out)
{
    const struct cp_digest_scope *scopes[DAYS];
    size_t n = 0;
    for (int day = 0; day < DAYS; day++) {
        if (day != left_out)
            scopes[n++] = world_scope(digest, day % FUNCTIONS, day / FUNCTIONS);
    }
    struct cp_digest_idle idle;
    struct cp_idle_survival s;
    cp_digest_idle_of(scopes, n, &idle);
    assert_int_equal(idle.status, CP_OK);
    cp_idle_survival_fit(idle.points, idle.n_points, &s);
    assert_int_equal(s.status, CP_OK);
    return s;
}

/* The relative error of the cold share. */
static double predict(const char *name, const struct cp_idle_survival *s, double seen,
                      double warm_ms, double cold_ms)
{
    struct cp_demand t;
    read_trace(name, &t);
    const struct cp_pool_survival survival = {s, INFINITY};
    const struct cp_pool_options o = {.arrivals = t.law,
                                      .cold = {.ms = &cold_ms, .n = 1},
                                      .warm = {.ms = &warm_ms, .n = 1},
                                      .lifetime = cp_pool_law_of_survival(&survival),
                                      .horizon_ms = t.span_ms + 1,
                                      .replications = 200,
                                      .seed = 1};
    struct cp_pool_result r;
    struct cp_error err;
    assert_int_equal(cp_pool_simulate(&o, &r, &err), CP_OK);
    double share = r.cold_share.value;
    print_message("%s: cold share %.4f, seen %.4f, off by %+.1f %%\n", name, share, seen,
                  100 * (share / seen - 1));
    cp_demand_clear(&t);
    return fabs(share / seen - 1);
}

/* METHODS asks for 12 % on average, which is what SimFaaS published for its own experiments. */
static void a_day_starts_cold_as_often_as_the_idle_law_of_the_others_says(void **state)
{
    (void)state;
    struct csv csv;
    csv_open(&csv, traces(), "aws2020_expected.csv");
    struct cp_digest *digest = cp_digest_new();
    assert_non_null(digest);
    double sum = 0;
    for (int day = 0; day < DAYS; day++)
        add_day(digest, day);
    int day = 0;
    for (; csv_next(&csv); day++) {
        struct cp_idle_survival s = fit_all_but(digest, day);
        sum += predict(days[day], &s, csv_number(&csv, "p_cold"),
                       1000 * csv_number(&csv, "warm_client_median_s"),
                       1000 * csv_number(&csv, "cold_client_median_s"));
    }
    csv_close(&csv);
    cp_digest_free(digest);
    print_message("mean error of the cold share: %.1f %%\n", 100 * sum / DAYS);
    assert_int_equal(day, DAYS);
    assert_true(sum / DAYS <= 0.12);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_azure_trace_arrives_when_its_invocations_began),
        cmocka_unit_test(replayed_requests_start_cold_as_often_as_elsewhere),
        cmocka_unit_test(a_day_starts_cold_as_often_as_the_idle_law_of_the_others_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
