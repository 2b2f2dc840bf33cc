/* SPDX-License-Identifier: GPL-3.0-or-later
 * The CloudWatch metrics client over a scripted transport (service model cloudwatch 2010-08-01,
 * protocol JSON 1.0).
 */
#include "probes/aws/metrics.h"

#include <string.h>

#include "tests/aws/fake_client.h"
#include "tests/test.h"

static struct cp_metrics *metrics_client(const struct fake_answer *answers, size_t n)
{
    struct cp_metrics *metrics = NULL;
    struct cp_error err;
    const struct cp_client_options options = {
        .region = "eu-central-1",
        .http = &fake_http_ops,
        .clock = &fake_clock,
        .credentials = {.access_key_id = "AKIDEXAMPLE", .secret_access_key = SECRET},
    };
    fake_http_script(answers, n);
    if (cp_metrics_new(&options, &metrics, &err))
        fail_msg("%s", err.text);
    return metrics;
}

static const struct cp_metrics_query QUERY = {
    .function = "checkout", .from_ms = 1767225600500, .to_ms = 1767229200001, .period_s = 60};

static void the_request_asks_for_every_metric_of_the_function(void **state)
{
    (void)state;
    static const struct fake_answer ANSWER = {200, REQUEST_ID, "{\"MetricDataResults\":[]}", 0, 0};
    struct cp_error err = {0};
    struct cp_metric_summary sums[CP_METRIC_AWS_COUNT];
    struct cp_metrics *metrics = metrics_client(&ANSWER, 1);
    if (cp_metrics_get(metrics, &QUERY, sums, &err))
        fail_msg("%s", err.text);
    const struct fake_request *r = &fake.requests[0];
    assert_string_equal(r->url, "https://monitoring.eu-central-1.amazonaws.com/");
    assert_string_equal(fake_header(r, "x-amz-target"),
                        "GraniteServiceVersion20100801.GetMetricData");
    assert_string_equal(fake_header(r, "content-type"), "application/x-amz-json-1.0");
    assert_non_null(
        strstr(fake_header(r, "authorization"), "/eu-central-1/monitoring/aws4_request"));
    assert_non_null(
        strstr(r->body,
               "{\"MetricStat\":{\"Metric\":{\"Dimensions\":[{\"Name\":\"FunctionName\",\"Value\":"
               "\"checkout\"}],\"Namespace\":\"AWS/Lambda\",\"MetricName\":\"Invocations\"},"
               "\"Period\":60,\"Stat\":\"Sum\"},\"Id\":\"m0\"}"));
    assert_non_null(strstr(r->body, "\"MetricName\":\"ConcurrentExecutions\"},\"Period\":60,"
                                    "\"Stat\":\"Maximum\""));
    assert_non_null(strstr(r->body, "\"StartTime\":1767225600,\"EndTime\":1767229201,"));
    for (int i = 0; i < CP_METRIC_AWS_COUNT; i++)
        assert_true(sums[i].n == 0 && sums[i].most_at_ms == -1);
    cp_metrics_free(metrics);
}

static void points_of_several_pages_are_added_up(void **state)
{
    (void)state;
    static const struct fake_answer ANSWERS[] = {
        {200, REQUEST_ID,
         "{\"MetricDataResults\":[{\"Id\":\"m0\",\"Timestamps\":[1767225600,1767225660],"
         "\"Values\":[3.0,40.0],\"StatusCode\":\"PartialData\"},{\"Id\":\"m3\",\"Timestamps\":"
         "[1.76722572E9],\"Values\":[7],\"StatusCode\":\"PartialData\"}],\"NextToken\":\"n\"}",
         0, 0},
        {200, REQUEST_ID,
         "{\"MetricDataResults\":[{\"Id\":\"m0\",\"Timestamps\":[1767225780],\"Values\":[2],"
         "\"StatusCode\":\"Complete\"},{\"Id\":\"e9\",\"Values\":[1]}]}",
         0, 0},
    };
    struct cp_error err = {0};
    struct cp_metric_summary sums[CP_METRIC_AWS_COUNT];
    struct cp_metrics *metrics = metrics_client(ANSWERS, 2);
    if (cp_metrics_get(metrics, &QUERY, sums, &err))
        fail_msg("%s", err.text);
    assert_true(sums[CP_METRIC_AWS_INVOCATIONS].sum == 45);
    assert_int_equal(sums[CP_METRIC_AWS_INVOCATIONS].n, 3);
    assert_true(sums[CP_METRIC_AWS_INVOCATIONS].most == 40);
    assert_int_equal(sums[CP_METRIC_AWS_INVOCATIONS].most_at_ms, 1767225660000);
    assert_true(sums[CP_METRIC_AWS_CONCURRENT].most == 7);
    assert_int_equal(sums[CP_METRIC_AWS_CONCURRENT].most_at_ms, 1767225720000);
    assert_int_equal(sums[CP_METRIC_AWS_THROTTLES].n, 0);
    assert_non_null(strstr(fake.requests[1].body, "\"NextToken\":\"n\""));
    cp_metrics_free(metrics);
}

static void what_aws_does_not_give_is_an_error(void **state)
{
    (void)state;
    static const struct {
        const char *body;
        enum cp_code code;
    } CASES[] = {
        {"{\"MetricDataResults\":[{\"Id\":\"m1\",\"StatusCode\":\"Forbidden\"}]}", CP_EDENIED},
        {"{\"MetricDataResults\":[{\"Id\":\"m1\",\"StatusCode\":\"InternalError\"}]}", CP_EREMOTE},
        {"{\"MetricDataResults\":[{\"Id\":\"m1\",\"Timestamps\":[1],\"Values\":[1,2]}]}",
         CP_EFORMAT},
        {"{\"MetricDataResults\":[{\"Id\":\"m1\",\"Timestamps\":[1],\"Values\":[\"1\"]}]}",
         CP_EFORMAT},
        {"nonsense", CP_EFORMAT},
    };
    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct cp_error err = {0};
        struct cp_metric_summary sums[CP_METRIC_AWS_COUNT];
        const struct fake_answer answer = {200, REQUEST_ID, CASES[i].body, 0, 0};
        struct cp_metrics *metrics = metrics_client(&answer, 1);
        assert_int_equal(cp_metrics_get(metrics, &QUERY, sums, &err), CASES[i].code);
        assert_non_null(strstr(err.text, "GetMetricData"));
        cp_metrics_free(metrics);
    }
}

/* Retention of CloudWatch metrics: 1 min for 15 days, 5 min for 63 days, 1 h for 455 days. */
static void the_period_is_what_aws_still_has(void **state)
{
    (void)state;
    const int64_t day_ms = 86400000;
    const int64_t now_ms = 1767225600000;
    assert_int_equal(cp_metrics_period_s(now_ms - 7 * day_ms, now_ms), 60);
    assert_int_equal(cp_metrics_period_s(now_ms - 16 * day_ms, now_ms), 300);
    assert_int_equal(cp_metrics_period_s(now_ms - 90 * day_ms, now_ms), 3600);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_request_asks_for_every_metric_of_the_function),
        cmocka_unit_test(points_of_several_pages_are_added_up),
        cmocka_unit_test(what_aws_does_not_give_is_an_error),
        cmocka_unit_test(the_period_is_what_aws_still_has),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
