/* SPDX-License-Identifier: GPL-3.0-or-later
 * Lines of a history: written as the header says, read back to the last bit, refused with a reason.
 */
#include "tests/test.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "profiler/history/night_line.h"

#include <cjson/cJSON.h>

#define KEY                                                                                        \
    "\"function\":\"checkout:live\",\"place\":\"AWS account ...1234\",\"region\":\"eu-west-1\","   \
    "\"architecture\":\"arm64\""
#define AT "\"started_at\":\"2026-10-08T01:00:00.250Z\""

/* By hand, from the header's words. */
static const char full_line[] =
    "{\"schema\":1,\"kind\":\"night\"," KEY "," AT
    ",\"run_id\":\"7f3a\",\"runtime\":\"python3.12\",\"runtime_version_arn\":\"arn:r\","
    "\"code_sha256\":\"q1+/=\",\"code_size_bytes\":2409600,\"layers\":[\"arn:a:1\",\"arn:b:2\"],"
    "\"memory_size_mb\":1024,\"payload_sha256\":\"44136f\",\"method\":\"in place\",\"host\":\"a "
    "\\\"host\\\"\",\"coldprof_version\":\"0.6.0\","
    "\"metrics\":["
    "{\"metric\":\"512MB/warm-p50\",\"n\":7,\"ms\":2.25,\"low_ms\":null,\"high_ms\":null},"
    "{\"metric\":\"1024MB/init-p99\",\"n\":100,\"ms\":250.1,\"low_ms\":240,\"high_ms\":null,"
    "\"at_timeout\":[\"high_ms\"]},"
    "{\"metric\":\"1024MB/cold-p99\",\"n\":100,\"ms\":null,\"low_ms\":240,\"high_ms\":null,"
    "\"at_timeout\":[\"ms\",\"high_ms\"]}]}\n";

static struct cp_night_metric full_metrics[] = {
    {{CP_TIMING_WARM, 0.5, 512}, {2.25, NAN, NAN}, 7},
    {{CP_TIMING_INIT, 0.99, 1024}, {250.1, 240, INFINITY}, 100},
    {{CP_TIMING_COLD, 0.99, 1024}, {INFINITY, 240, INFINITY}, 100},
};

static struct cp_night full_night(void)
{
    return (struct cp_night){.key = {"checkout:live", "AWS account ...1234", "eu-west-1", "arm64"},
                             .run_id = "7f3a",
                             .started_at_ms = 1791421200250,
                             .runtime = "python3.12",
                             .runtime_version_arn = "arn:r",
                             .code_sha256 = "q1+/=",
                             .code_size_bytes = 2409600,
                             .layers = "arn:a:1 arn:b:2",
                             .original_memory_size_mb = 1024,
                             .payload_sha256 = "44136f",
                             .method = "in place",
                             .host = "a \"host\"",
                             .coldprof_version = "0.6.0",
                             .metrics = full_metrics,
                             .n_metrics = 3};
}

static struct cp_night_line read(const char *text)
{
    struct cp_night_line line;
    struct cp_error err = {CP_OK, ""};
    if (cp_night_line_read(cp_view_trim(cp_view_of(text)), &line, &err))
        fail_msg("%s: %s", err.text, text);
    return line;
}

static void a_night_is_written_as_the_header_says(void **state)
{
    (void)state;
    struct cp_night night = full_night();
    struct cp_buf out;
    cp_buf_init(&out, 4096);
    cp_night_line_write(&night, &out);
    assert_string_equal(cp_buf_str(&out), full_line);
    cJSON *json = cJSON_ParseWithLength(out.p, out.n);
    assert_non_null(json);
    assert_string_equal(json->child->string, "schema");
    cJSON_Delete(json);
    cp_buf_clear(&out);
}

static void assert_interval(struct cp_interval a, struct cp_interval b)
{
    const double first[] = {a.value, a.low, a.high};
    const double second[] = {b.value, b.low, b.high};
    for (size_t i = 0; i < 3; i++)
        assert_true(memcmp(&first[i], &second[i], sizeof first[i]) == 0 ||
                    (isnan(first[i]) && isnan(second[i])));
}

static void a_night_is_read_to_the_last_bit(void **state)
{
    (void)state;
    struct cp_night_line line = read(full_line);
    const struct cp_night expected = full_night();
    const struct cp_night *got = &line.night;
    assert_false(line.is_acceptance);
    assert_true(cp_night_key_equal(&got->key, &expected.key));
    assert_int_equal(got->started_at_ms, expected.started_at_ms);
    assert_string_equal(got->run_id, "7f3a");
    assert_string_equal(got->runtime, "python3.12");
    assert_string_equal(got->runtime_version_arn, "arn:r");
    assert_string_equal(got->code_sha256, "q1+/=");
    assert_string_equal(got->layers, "arn:a:1 arn:b:2");
    assert_string_equal(got->payload_sha256, "44136f");
    assert_string_equal(got->method, "in place");
    assert_string_equal(got->host, "a \"host\"");
    assert_string_equal(got->coldprof_version, "0.6.0");
    assert_int_equal(got->code_size_bytes, 2409600);
    assert_int_equal(got->original_memory_size_mb, 1024);
    assert_int_equal(got->n_metrics, 3);
    for (size_t i = 0; i < 3; i++) {
        /* p50 of 512 MB, then init and cold of 1,024 MB: the order that was written */
        assert_int_equal(cp_metric_key_order(&got->metrics[i].metric, &expected.metrics[i].metric),
                         0);
        assert_int_equal(got->metrics[i].n, expected.metrics[i].n);
        assert_interval(got->metrics[i].ms, expected.metrics[i].ms);
    }
    cp_night_clear(&line.night);
}

static void numbers_without_a_short_decimal_come_back(void **state)
{
    (void)state;
    static const double values[] = {1.0 / 3, 0.1 + 0.2, 5e-324, 1.7976931348623157e308, 0};
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        struct cp_night night = full_night();
        struct cp_night_metric metric = {
            {CP_TIMING_INIT, 0.95, 128}, {values[i], values[i], values[i]}, 1};
        struct cp_buf out;
        cp_buf_init(&out, 4096);
        night.metrics = &metric;
        night.n_metrics = 1;
        cp_night_line_write(&night, &out);
        struct cp_night_line line = read(cp_buf_str(&out));
        assert_interval(line.night.metrics[0].ms, metric.ms);
        cp_night_clear(&line.night);
        cp_buf_clear(&out);
    }
}

static void absent_facts_are_absent(void **state)
{
    (void)state;
    struct cp_night_line line = read("{\"schema\":1,\"kind\":\"night\",\"function\":\"f\"," AT
                                     ",\"host\":null,\"colour\":{\"a\":[1]},\"metrics\":[]}");
    assert_string_equal(line.night.key.region, "");
    assert_string_equal(line.night.host, "");
    assert_string_equal(line.night.layers, "");
    assert_string_equal(line.night.payload_sha256, "");
    assert_string_equal(line.night.method, "");
    assert_int_equal(line.night.code_size_bytes, -1);
    assert_int_equal(line.night.original_memory_size_mb, -1);
    assert_int_equal(line.night.n_metrics, 0);
    cp_night_clear(&line.night);
}

static void metrics_in_any_order_are_sorted(void **state)
{
    (void)state;
    static const char *const sorted[] = {"128MB/init-p50", "128MB/init-p99", "128MB/warm-p50",
                                         "1024MB/init-p50"};
    struct cp_night_line line =
        read("{\"schema\":1,\"kind\":\"night\",\"function\":\"f\"," AT ",\"metrics\":["
             "{\"metric\":\"1024MB/init-p50\",\"n\":1},{\"metric\":\"128MB/warm-p50\",\"n\":1},"
             "{\"metric\":\"128MB/init-p99\",\"n\":1},{\"metric\":\"128MB/init-p50\",\"n\":1}]}");
    assert_int_equal(line.night.n_metrics, 4);
    for (size_t i = 0; i < 4; i++) {
        char name[CP_METRIC_KEY_MAX];
        assert_string_equal(cp_metric_key_name(&line.night.metrics[i].metric, name), sorted[i]);
        assert_true(isnan(line.night.metrics[i].ms.value));
    }
    cp_night_clear(&line.night);
}

static void an_acceptance_is_a_line(void **state)
{
    (void)state;
    static const char text[] = "{\"schema\":1,\"kind\":\"acceptance\"," KEY
                               ",\"at\":\"2026-10-09T08:00:00.000Z\",\"note\":\"new SDK\"}\n";
    struct cp_buf out;
    struct cp_night_line line = read(text);
    assert_true(line.is_acceptance);
    assert_string_equal(line.acceptance.note, "new SDK");
    cp_buf_init(&out, 4096);
    cp_acceptance_line_write(&line.night.key, &line.acceptance, &out);
    assert_string_equal(cp_buf_str(&out), text);
    cp_buf_clear(&out);
    cp_night_clear(&line.night);
}

#define NIGHT(rest)  "{\"schema\":1,\"kind\":\"night\",\"function\":\"f\"," AT "," rest "}"
#define METRIC(rest) NIGHT("\"metrics\":[{\"metric\":\"128MB/init-p50\",\"n\":5," rest "}]")

static void bad_lines_are_refused_with_a_reason(void **state)
{
    (void)state;
    static const struct {
        const char *line;
        enum cp_code code;
        const char *why;
    } rows[] = {
        {"", CP_EFORMAT, "not one JSON object"},
        {"null", CP_EFORMAT, "begins with \"schema\""},
        {"[]", CP_EFORMAT, "begins with \"schema\""},
        {"{}", CP_EFORMAT, "begins with \"schema\""},
        {"{\"kind\":\"night\",\"schema\":1}", CP_EFORMAT, "begins with \"schema\""},
        {"{\"schema\":\"1\"}", CP_EFORMAT, "begins with \"schema\""},
        {"{\"schema\":0,\"kind\":\"night\"}", CP_EFORMAT, "schema is not 1"},
        {"{\"schema\":2}", CP_EUNSUPPORTED, "schema 2, written by a newer coldprof"},
        {"{\"schema\":1.5}", CP_EUNSUPPORTED, "newer"},
        {"{\"schema\":1}", CP_EFORMAT, "'kind'"},
        {"{\"schema\":1,\"kind\":\"run\"}", CP_EFORMAT, "'kind'"},
        {"{\"schema\":1,\"kind\":\"night\"}", CP_EFORMAT, "no 'function'"},
        {"{\"schema\":1,\"kind\":\"night\",\"function\":7}", CP_EFORMAT,
         "'function' is not a text"},
        {"{\"schema\":1,\"kind\":\"night\",\"function\":\"f\"}", CP_EFORMAT, "'started_at'"},
        {"{\"schema\":1,\"kind\":\"night\",\"function\":\"f\",\"started_at\":\"2026-02-30T00:00:"
         "00Z\"}",
         CP_EFORMAT, "'started_at' is not a time like"},
        {"{\"schema\":1,\"kind\":\"acceptance\",\"function\":\"f\"}", CP_EFORMAT, "'at'"},
        {NIGHT("\"host\":\"\\u0001\""), CP_EFORMAT, "'host' has bytes"},
        {NIGHT("\"host\":\"\xff\""), CP_EFORMAT, "'host' has bytes"},
        {NIGHT("\"host\":\"\\u009b\""), CP_EFORMAT, "'host' has bytes"},
        {NIGHT("\"host\":\"a\\u0000b\""), CP_EFORMAT, "a NUL in it"},
        {NIGHT("\"host\":\"\\\\\\u0000\""), CP_EFORMAT, "a NUL in it"},
        {NIGHT("\"run_id\":\"0123456789abcdef\""), CP_ELIMIT, "'run_id' is longer than 15 bytes"},
        {NIGHT("\"layers\":\"arn\""), CP_EFORMAT, "'layers'"},
        {NIGHT("\"layers\":[\"a b\"]"), CP_EFORMAT, "'layers'"},
        {NIGHT("\"code_size_bytes\":-1"), CP_EFORMAT, "'code_size_bytes'"},
        {NIGHT("\"memory_size_mb\":1.5"), CP_EFORMAT, "'memory_size_mb'"},
        {NIGHT("\"memory_size_mb\":1e10"), CP_EFORMAT, "'memory_size_mb'"},
        {NIGHT("\"host\":\"\""), CP_EFORMAT, "no list 'metrics'"},
        {NIGHT("\"metrics\":[7]"), CP_EFORMAT, "no name"},
        {NIGHT("\"metrics\":[{\"metric\":\"init-p95\"}]"), CP_EFORMAT, "no name"},
        {NIGHT("\"metrics\":[{\"metric\":\"128MB/init-p95\"}]"), CP_EFORMAT, "no 'n'"},
        {NIGHT("\"metrics\":[{\"metric\":\"128MB/init-p95\",\"n\":-3}]"), CP_EFORMAT, "'n'"},
        {NIGHT("\"metrics\":[{\"metric\":\"128MB/init-p95\",\"n\":1},"
               "{\"metric\":\"128MB/init-p95\",\"n\":2}]"),
         CP_EFORMAT, "'128MB/init-p95' is there twice"},
        {METRIC("\"ms\":\"5\""), CP_EFORMAT, "'ms' of a metric"},
        {METRIC("\"ms\":-5"), CP_EFORMAT, "'ms' of a metric"},
        {METRIC("\"ms\":1e999"), CP_EFORMAT, "'ms' of a metric"},
        {METRIC("\"ms\":5,\"at_timeout\":[\"ms\"]"), CP_EFORMAT, "'ms' of a metric"},
        {METRIC("\"ms\":5,\"low_ms\":6,\"high_ms\":7"), CP_EFORMAT, "not around its value"},
        {METRIC("\"ms\":5,\"low_ms\":4,\"high_ms\":4.5"), CP_EFORMAT, "not around its value"},
        {METRIC("\"low_ms\":4,\"high_ms\":3"), CP_EFORMAT, "not around its value"},
        {METRIC("\"ms\":5") "x", CP_EFORMAT, "not one JSON object"},
        {"{\"schema\":1,\"kind\":\"night\",\"x\":[[[[[[[[]]]]]]]]}", CP_ELIMIT, "brackets"},
        {"{\"schema\":1,\"kind\":\"night\",\"x\":[[[[[[[]]]]]]]}", CP_EFORMAT, "'function'"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct cp_night_line line;
        struct cp_error err = {CP_OK, ""};
        enum cp_code code = cp_night_line_read(cp_view_of(rows[i].line), &line, &err);
        if (code != rows[i].code || !strstr(err.text, rows[i].why))
            fail_msg("%s: %d, %s", rows[i].line, (int)code, err.text);
        assert_null(line.night.metrics);
    }
}

static void a_backslash_before_u0000_is_no_nul(void **state)
{
    (void)state;
    struct cp_night_line line = read(NIGHT("\"host\":\"a\\\\u0000\",\"metrics\":[]"));
    assert_string_equal(line.night.host, "a\\u0000");
    cp_night_clear(&line.night);
}

/* A line of `n` metrics, each of another size. */
static void write_metrics(struct cp_buf *out, int n)
{
    cp_buf_adds(out, "{\"schema\":1,\"kind\":\"night\",\"function\":\"f\"," AT ",\"metrics\":[");
    for (int i = 0; i < n; i++)
        cp_buf_addf(out, "%s{\"metric\":\"%dMB/init-p50\",\"n\":1}", i ? "," : "", i + 1);
    cp_buf_adds(out, "]}");
}

static void limits_are_kept(void **state)
{
    (void)state;
    struct cp_night_line line;
    struct cp_error err = {CP_OK, ""};
    struct cp_buf text;
    cp_buf_init(&text, 4 * CP_NIGHT_LINE_MAX);
    write_metrics(&text, CP_NIGHT_LINE_METRICS_MAX);
    assert_int_equal(cp_night_line_read(cp_buf_view(&text), &line, &err), CP_OK);
    assert_int_equal(line.night.n_metrics, CP_NIGHT_LINE_METRICS_MAX);
    cp_night_clear(&line.night);
    cp_buf_reset(&text);
    write_metrics(&text, CP_NIGHT_LINE_METRICS_MAX + 1);
    assert_int_equal(cp_night_line_read(cp_buf_view(&text), &line, &err), CP_ELIMIT);
    assert_non_null(strstr(err.text, "1024 metrics"));
    while (text.n <= CP_NIGHT_LINE_MAX)
        cp_buf_adds(&text, "                                                                ");
    assert_int_equal(cp_night_line_read(cp_buf_view(&text), &line, &err), CP_ELIMIT);
    assert_non_null(strstr(err.text, "longer than 262144 bytes"));
    cp_buf_clear(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_night_is_written_as_the_header_says),
        cmocka_unit_test(a_night_is_read_to_the_last_bit),
        cmocka_unit_test(numbers_without_a_short_decimal_come_back),
        cmocka_unit_test(absent_facts_are_absent),
        cmocka_unit_test(metrics_in_any_order_are_sorted),
        cmocka_unit_test(an_acceptance_is_a_line),
        cmocka_unit_test(bad_lines_are_refused_with_a_reason),
        cmocka_unit_test(a_backslash_before_u0000_is_no_nul),
        cmocka_unit_test(limits_are_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
