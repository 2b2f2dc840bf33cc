/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/test.h"

#include <math.h>
#include <string.h>

#include "probes/local/metric_statistic.h"
#include "probes/local/metrics_api.h"

#define MINUTE_MS INT64_C(60000)
static const int64_t T0_MS = INT64_C(28363574) * MINUTE_MS; /* a minute's begin in 2023 */
static const struct cp_metric_call plain = {"fn", "", "$LATEST"}, live = {"fn", "live", "7"};

static void invoke(struct cp_metric_store *store, const struct cp_metric_call *call,
                   int64_t began_at_ms, double duration_ms, bool is_error)
{
    const struct cp_metric_result result = {.began_at_ms = began_at_ms,
                                            .ended_at_ms = began_at_ms + (int64_t)duration_ms,
                                            .duration_ms = duration_ms,
                                            .is_error = is_error};
    cp_metric_store_begin(store, call, began_at_ms);
    cp_metric_store_end(store, call, &result);
}

static double value(const struct cp_metric_series *s, int64_t at_ms, int minutes,
                    const char *metric, const char *statistic)
{
    struct cp_metric_statistic read;
    assert_non_null(s);
    assert_true(cp_metric_statistic_read(cp_view_of(statistic), &read));
    size_t from = cp_metric_series_find(s, at_ms / MINUTE_MS);
    size_t to = cp_metric_series_find(s, at_ms / MINUTE_MS + minutes);
    return cp_metric_value(s, from, to, metric, &read);
}

static void requests_are_samples_of_one_or_zero(void **state)
{
    (void)state;
    struct cp_metric_store store = {.series = NULL};
    for (int i = 0; i < 8; i++)
        invoke(&store, &plain, T0_MS + i, 10 + i, i < 2);
    for (int i = 0; i < 2; i++)
        cp_metric_store_throttle(&store, &plain, T0_MS + 100);
    invoke(&store, &live, T0_MS + 200, 100, false);
    const struct cp_metric_series *s = cp_metric_store_find(&store, "fn", "fn", "");
    assert_float_equal(value(s, T0_MS, 1, "Invocations", "Sum"), 8, 0);
    assert_float_equal(value(s, T0_MS, 1, "Errors", "Sum"), 2, 0);
    assert_float_equal(value(s, T0_MS, 1, "Errors", "Average"), 0.25, 0);
    assert_float_equal(value(s, T0_MS, 1, "Errors", "SampleCount"), 8, 0);
    assert_float_equal(value(s, T0_MS, 1, "Errors", "p75"), 0, 0);
    assert_float_equal(value(s, T0_MS, 1, "Errors", "p76"), 1, 0);
    assert_float_equal(value(s, T0_MS, 1, "Throttles", "Sum"), 2, 0);
    assert_float_equal(value(s, T0_MS, 1, "Throttles", "SampleCount"), 10, 0);
    assert_true(isnan(value(s, T0_MS, 1, "ProvisionedConcurrencyInvocations", "Sum")));
    assert_true(isnan(value(s, T0_MS + MINUTE_MS, 5, "Invocations", "Sum")));
    assert_true(isnan(value(s, T0_MS, 1, "IteratorAge", "Maximum")));
    s = cp_metric_store_find(&store, "fn", "", "");
    assert_float_equal(value(s, T0_MS, 1, "Invocations", "Sum"), 9, 0);
    s = cp_metric_store_find(&store, "fn", "fn:live", "");
    assert_float_equal(value(s, T0_MS, 1, "Duration", "Maximum"), 100, 0);
    s = cp_metric_store_find(&store, "fn", "", "7");
    assert_float_equal(value(s, T0_MS, 1, "Invocations", "Sum"), 1, 0);
    s = cp_metric_store_find(&store, "", "", "");
    assert_float_equal(value(s, T0_MS, 1, "Invocations", "Sum"), 9, 0);
    assert_null(cp_metric_store_find(&store, "other", "", ""));
    cp_metric_store_clear(&store);
}

static void durations_have_exact_sums_and_near_percentiles(void **state)
{
    (void)state;
    struct cp_metric_store store = {.series = NULL};
    for (int i = 1; i <= 1000; i++) /* over two minutes */
        invoke(&store, &plain, T0_MS + (i % 2) * MINUTE_MS, i * 0.5, false);
    const struct cp_metric_series *s = cp_metric_store_find(&store, "fn", "", "");
    assert_float_equal(value(s, T0_MS, 2, "Duration", "Sum"), 250250, 1e-6);
    assert_float_equal(value(s, T0_MS, 2, "Duration", "Average"), 250.25, 1e-9);
    assert_float_equal(value(s, T0_MS, 2, "Duration", "Minimum"), 0.5, 0);
    assert_float_equal(value(s, T0_MS, 2, "Duration", "Maximum"), 500, 0);
    assert_float_equal(value(s, T0_MS, 2, "Duration", "SampleCount"), 1000, 0);
    assert_float_equal(value(s, T0_MS, 2, "Duration", "p50"), 250, 250 / 256.0);
    assert_float_equal(value(s, T0_MS, 2, "Duration", "p99.9"), 499.5, 499.5 / 256.0);
    assert_float_equal(value(s, T0_MS, 1, "Duration", "SampleCount"), 500, 0);
    assert_float_equal(value(s, T0_MS, 1, "Duration", "Sum"), 125250,
                       1e-6); /* even: 0.5 * 250,500 */
    cp_metric_store_clear(&store);
}

static void concurrency_lasts_as_long_as_the_invocations(void **state)
{
    (void)state;
    struct cp_metric_store store = {.series = NULL};
    const struct cp_metric_result end = {
        .began_at_ms = T0_MS, .ended_at_ms = T0_MS + (3 * MINUTE_MS) + 5, .duration_ms = NAN};
    cp_metric_store_begin(&store, &plain, T0_MS);
    cp_metric_store_begin(&store, &plain, T0_MS + 1);
    cp_metric_store_begin(&store, &plain, T0_MS + MINUTE_MS);
    cp_metric_store_advance(&store, T0_MS + (2 * MINUTE_MS));
    const struct cp_metric_series *s = cp_metric_store_find(&store, "", "", "");
    assert_float_equal(value(s, T0_MS, 1, "ConcurrentExecutions", "Maximum"), 2, 0);
    assert_float_equal(value(s, T0_MS + MINUTE_MS, 1, "ConcurrentExecutions", "Maximum"), 3, 0);
    assert_float_equal(value(s, T0_MS + (2 * MINUTE_MS), 1, "ConcurrentExecutions", "Maximum"), 3,
                       0);
    for (int i = 0; i < 3; i++)
        cp_metric_store_end(&store, &plain, &end);
    cp_metric_store_advance(&store, T0_MS + (9 * MINUTE_MS));
    assert_float_equal(value(s, T0_MS + (3 * MINUTE_MS), 1, "ConcurrentExecutions", "Maximum"), 3,
                       0);
    assert_true(isnan(value(s, T0_MS + (4 * MINUTE_MS), 5, "ConcurrentExecutions", "Maximum")));
    assert_true(isnan(value(s, T0_MS, 1, "ConcurrentExecutions", "Average")));
    assert_float_equal(value(s, T0_MS, 1, "Invocations", "Sum"), 3, 0);
    assert_true(isnan(value(s, T0_MS, 1, "Duration", "Sum"))); /* none was measured */
    cp_metric_store_clear(&store);
}

static void the_oldest_minutes_go_and_that_is_known(void **state)
{
    (void)state;
    struct cp_metric_store store = {.series = NULL};
    enum { MINUTES = CP_METRIC_MINUTES_MAX };
    for (int64_t i = 0; i < MINUTES; i++)
        invoke(&store, &plain, T0_MS + i * MINUTE_MS, 1, false);
    assert_true(store.n_minutes <= CP_METRIC_MINUTES_MAX);
    assert_true(store.kept_from_ms > T0_MS);
    const struct cp_metric_series *s = cp_metric_store_find(&store, "", "", "");
    int64_t kept = MINUTES - (store.kept_from_ms - T0_MS) / MINUTE_MS;
    assert_float_equal(value(s, T0_MS, MINUTES, "Invocations", "Sum"), (double)kept, 0);
    struct cp_metrics metrics = {.store = store};
    struct cp_api_response response;
    cp_api_response_init(&response);
    cp_metrics_handle(
        &metrics, "GetMetricData",
        CP_VIEW_LIT("{\"StartTime\":1,\"EndTime\":9999999999,\"MetricDataQueries\":[{"
                    "\"Id\":\"a\",\"MetricStat\":{\"Stat\":\"Sum\",\"Period\":60,"
                    "\"Metric\":{\"Namespace\":\"AWS/Lambda\",\"MetricName\":\"Errors\""
                    "}}}],\"MaxDatapoints\":2}"),
        T0_MS, 0, &response);
    assert_int_equal(response.status, 200);
    assert_non_null(strstr(cp_buf_str(&response.body), "\"Code\":\"Expired\""));
    assert_non_null(strstr(cp_buf_str(&response.body), "\"StatusCode\":\"PartialData\""));
    cp_api_response_clear(&response);
    cp_metrics_clear(&metrics);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests_are_samples_of_one_or_zero),
        cmocka_unit_test(durations_have_exact_sums_and_near_percentiles),
        cmocka_unit_test(concurrency_lasts_as_long_as_the_invocations),
        cmocka_unit_test(the_oldest_minutes_go_and_that_is_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
