/* SPDX-License-Identifier: GPL-3.0-or-later
 * Real traces, read where COLDPROF_REFERENCE points: the Azure Functions trace of 2021 (Zhang et
 * al., SOSP 2021) and requests to AWS Lambda of 2020 with the cold starts that were seen
 * (Mahmoudi).
 */
#include "model/decide/pool_sim.h"
#include "profiler/traffic/traffic_file.h"
#include "tests/model/stat/csv.h"
#include "tests/test.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *traces(void)
{
    static char folder[1024];
    const char *reference = getenv("COLDPROF_REFERENCE");
    (void)snprintf(folder, sizeof folder, "%s/traces", reference ? reference : "");
    if (access(folder, R_OK) == 0)
        return folder;
    const char *ci = getenv("CI");
    print_message("skipped: no reference data in '%s'\n", folder);
    if (ci && strcmp(ci, "true") == 0)
        fail_msg("CI must have the reference data");
    skip();
    return NULL;
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_azure_trace_arrives_when_its_invocations_began),
        cmocka_unit_test(replayed_requests_start_cold_as_often_as_elsewhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
