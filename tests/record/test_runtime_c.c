/* SPDX-License-Identifier: GPL-3.0-or-later
 * The C runtime and the knobs, as real processes against a scripted Runtime API. Knobs are their
 * own truth: CPU time and memory are checked with what the kernel counted for the process.
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include <cjson/cJSON.h>

#include "tests/record/runtime_api.h"
#include "tests/test.h"

#define NEXT     "GET /2018-06-01/runtime/invocation/next"
#define RESPONSE "POST /2018-06-01/runtime/invocation/id-1/response"
#define ERROR    "POST /2018-06-01/runtime/invocation/id-1/error"

static struct runtime_api api;

static cJSON *body_json(void)
{
    cJSON *json = cJSON_ParseWithLength(api.body.p, api.body.n);
    if (!json)
        fail_msg("not JSON: %.*s", (int)api.body.n, api.body.p);
    return json;
}

static double body_number(const char *key)
{
    cJSON *json = body_json();
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(json, key);
    assert_true(cJSON_IsNumber(item));
    double value = item->valuedouble;
    cJSON_Delete(json);
    return value;
}

static void assert_body_text(const char *key, const char *value)
{
    cJSON *json = body_json();
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(json, key);
    assert_true(cJSON_IsString(item));
    assert_string_equal(item->valuestring, value);
    cJSON_Delete(json);
}

static void assert_exit(int wait_status, int code)
{
    assert_true(WIFEXITED(wait_status));
    assert_int_equal(WEXITSTATUS(wait_status), code);
}

static void hello_answers_over_one_connection(void **state)
{
    (void)state;
    runtime_api_start(&api, HELLO_C, NULL);
    for (int i = 0; i < 5; i++) {
        runtime_api_invoke(&api, "id-1", "{}");
        runtime_api_expect(&api, RESPONSE);
        assert_body_text("message", "hello from C");
    }
    assert_int_equal(api.n_accepted, 1);
    assert_exit(runtime_api_end(&api, NULL, NULL), 0);
}

static void invocations_are_counted_per_environment(void **state)
{
    (void)state;
    runtime_api_start(&api, KNOBS_C, NULL);
    for (int i = 1; i <= 3; i++) {
        runtime_api_invoke(&api, "id-1", "null");
        assert_int_equal(body_number("invocation"), i);
        assert_int_equal(body_number("pid"), api.child);
    }
    assert_exit(runtime_api_end(&api, NULL, NULL), 0);
}

static void a_connection_closed_while_idle_is_opened_again(void **state)
{
    (void)state;
    runtime_api_start(&api, KNOBS_C, NULL);
    runtime_api_invoke(&api, "id-1", "{}");
    runtime_api_read(&api);
    runtime_api_expect(&api, NEXT);
    runtime_api_drop(&api);
    runtime_api_invoke(&api, "id-1", "{}");
    assert_int_equal(body_number("invocation"), 2);
    assert_int_equal(api.n_accepted, 2);
    assert_exit(runtime_api_end(&api, NULL, NULL), 0);
}

static void connection_close_is_obeyed(void **state)
{
    (void)state;
    runtime_api_start(&api, KNOBS_C, NULL);
    runtime_api_read(&api);
    runtime_api_send(&api, CP_VIEW_LIT("HTTP/1.1 200 OK\r\nConnection: close\r\n"
                                       "Lambda-Runtime-Aws-Request-Id: id-1\r\n"
                                       "Content-Length: 2\r\n\r\n{}"));
    runtime_api_drop(&api);
    runtime_api_read(&api);
    runtime_api_expect(&api, RESPONSE);
    runtime_api_send_status(&api, 202);
    assert_exit(runtime_api_end(&api, NULL, NULL), 0);
}

static void chunked_events_are_read(void **state)
{
    (void)state;
    runtime_api_start(&api, KNOBS_C, NULL);
    runtime_api_read(&api);
    runtime_api_send(&api, CP_VIEW_LIT("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n"
                                       "Lambda-Runtime-Aws-Request-Id: id-1\r\n\r\n"
                                       "8;x=y\r\n{\"ERROR\"\r\nA\r\n: \"Teapot\"\r\n"));
    runtime_api_send(&api, CP_VIEW_LIT("1\r\n}\r\n0\r\nTrailer: x\r\n\r\n"));
    runtime_api_read(&api);
    runtime_api_expect(&api, ERROR);
    assert_body_text("errorType", "Teapot");
    runtime_api_send_status(&api, 202);
    assert_exit(runtime_api_end(&api, NULL, NULL), 0);
}

static void errors_are_posted_with_their_type(void **state)
{
    (void)state;
    runtime_api_start(&api, KNOBS_C, NULL);
    runtime_api_invoke(&api, "id-1", "{\"ERROR\": \"MyError\"}");
    runtime_api_expect(&api, ERROR);
    assert_true(runtime_api_has_header(&api, "Lambda-Runtime-Function-Error-Type: MyError"));
    assert_body_text("errorType", "MyError");
    runtime_api_invoke(&api, "id-1", "{}");
    runtime_api_expect(&api, RESPONSE);
    assert_exit(runtime_api_end(&api, NULL, NULL), 0);
}

static void a_bad_knob_is_named(void **state)
{
    (void)state;
    static const char *const events[] = {"{\"CPU_MS\": -1}", "{\"CPU_MS\": \"ten\"}",
                                         "{\"CPU_MS\": 1e3}", "{\"CPU_MS\": 99999999999999999999}",
                                         "{\"x\": [1,{\"y\":2}], \"CPU_MS\" : {} }"};
    runtime_api_start(&api, KNOBS_C, NULL);
    for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++) {
        runtime_api_invoke(&api, "id-1", events[i]);
        runtime_api_expect(&api, ERROR);
        assert_body_text("errorType", "BadKnob");
        assert_body_text("errorMessage", "CPU_MS");
    }
    assert_exit(runtime_api_end(&api, NULL, NULL), 0);
}

static void events_without_knobs_change_nothing(void **state)
{
    (void)state;
    static const char *const events[] = {
        "",
        "null",
        "[]",
        "7",
        "\"{\\\"ERROR\\\":1}\"",
        "{\"x\":{\"ERROR\":\"Inner\"}}",
        "{",
        "{\"",
        "{\"a",
        "{}}",
        "{\"a\":\"\\\"ERROR\\\":\\\"x\\\"\"}",
        "{\"INIT_ERROR\": \"x\", \"unknown\": [1, 2, {\"a\": \"}\"}]}"};
    runtime_api_start(&api, KNOBS_C, NULL);
    for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++) {
        runtime_api_invoke(&api, "id-1", events[i]);
        runtime_api_expect(&api, RESPONSE);
    }
    assert_exit(runtime_api_end(&api, NULL, NULL), 0);
}

static void output_has_exactly_the_bytes_asked_for(void **state)
{
    (void)state;
    static const struct {
        const char *event;
        size_t n;
    } cases[] = {{"{\"OUTPUT_BYTES\":1000}", 1000},
                 {"{ \"x\": \"y\", \"OUTPUT_BYTES\" : 70000 }", 70000},
                 {"{\"OUTPUT_BYTES\":6291556}", 6291556}};
    runtime_api_start(&api, KNOBS_C, NULL);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        runtime_api_invoke(&api, "id-1", cases[i].event);
        assert_int_equal(api.body.n, cases[i].n);
        cJSON_Delete(body_json());
    }
    assert_exit(runtime_api_end(&api, NULL, NULL), 0);
}

static double cpu_ms_of(const struct rusage *usage)
{
    return (double)(usage->ru_utime.tv_sec + usage->ru_stime.tv_sec) * 1e3 +
           (double)(usage->ru_utime.tv_usec + usage->ru_stime.tv_usec) / 1e3;
}

static void cpu_knobs_burn_cpu_time(void **state)
{
    (void)state;
    static const char *const env[] = {"INIT_CPU_MS=40", "CPU_MS=10", NULL};
    struct rusage usage;
    runtime_api_start(&api, KNOBS_C, env);
    runtime_api_invoke(&api, "id-1", "{\"CPU_MS\":60}");
    assert_true(body_number("cpu_ms") >= 60);
    runtime_api_invoke(&api, "id-1", "{}"); /* the environment's default again */
    assert_true(body_number("cpu_ms") >= 10);
    assert_exit(runtime_api_end(&api, &usage, NULL), 0);
    /* the kernel's own account, which may round a clock tick down */
    assert_true(cpu_ms_of(&usage) >= 40 + 60 + 10 - 10);
}

static void memory_knobs_touch_their_pages(void **state)
{
    (void)state;
    static const char *const env[] = {"INIT_MEMORY_MB=48", NULL};
    struct rusage usage;
    runtime_api_start(&api, KNOBS_C, env);
    runtime_api_invoke(&api, "id-1", "{\"MEMORY_MB\":64}");
    assert_int_equal(body_number("memory_mb"), 64);
    assert_exit(runtime_api_end(&api, &usage, NULL), 0);
    assert_true(usage.ru_maxrss >= (48L + 64) * 1024); /* kB */
}

static void sleep_takes_wall_time_not_cpu_time(void **state)
{
    (void)state;
    runtime_api_start(&api, KNOBS_C, NULL);
    runtime_api_invoke(&api, "id-1", "{\"SLEEP_MS\":30}");
    assert_true(body_number("wall_ms") >= 30);
    assert_true(body_number("cpu_ms") < body_number("wall_ms"));
    assert_exit(runtime_api_end(&api, NULL, NULL), 0);
}

static size_t count_lines(const char *text, const char *prefix)
{
    size_t n = 0;
    struct cp_view rest = cp_view_of(text);
    struct cp_view line;
    while (cp_view_split(&rest, '\n', &line))
        n += cp_view_has_prefix(line, prefix);
    return n;
}

static void log_lines_are_written(void **state)
{
    (void)state;
    struct cp_buf printed;
    cp_buf_init(&printed, 1 << 20);
    runtime_api_start(&api, KNOBS_C, NULL);
    runtime_api_invoke(&api, "id-1", "{\"LOG_LINES\":7,\"ERR_LINES\":4,\"FORGE_REPORT\":1}");
    assert_exit(runtime_api_end(&api, NULL, &printed), 0);
    assert_int_equal(count_lines(cp_buf_str(&printed), "line "), 11);
    assert_int_equal(count_lines(cp_buf_str(&printed), "line 7 of 7 id-1"), 1);
    assert_int_equal(count_lines(cp_buf_str(&printed), "REPORT RequestId: id-1\tDuration: "), 1);
    cp_buf_clear(&printed);
}

static void init_error_is_reported_and_ends_the_process(void **state)
{
    (void)state;
    static const struct {
        const char *env[2], *type, *message;
    } cases[] = {
        {{"INIT_ERROR=Boom"}, "Boom", "told to fail by the knob INIT_ERROR"},
        {{"INIT_SLEEP_MS=soon"}, "BadKnob", "INIT_SLEEP_MS"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        runtime_api_start(&api, KNOBS_C, cases[i].env);
        runtime_api_read(&api);
        runtime_api_expect(&api, "POST /2018-06-01/runtime/init/error");
        assert_body_text("errorType", cases[i].type);
        assert_body_text("errorMessage", cases[i].message);
        runtime_api_send_status(&api, 202);
        assert_exit(runtime_api_end(&api, NULL, NULL), 1);
    }
}

static void crashes_end_the_process_as_told(void **state)
{
    (void)state;
    static const struct {
        const char *event;
        int exit_code, signal;
    } cases[] = {
        {"{\"CRASH\":\"exit 3\"}", 3, 0},
        {"{\"CRASH\":4}", 4, 0},
        {"{\"CRASH\":\"exit 0\"}", 0, 0},
        {"{\"CRASH\":\"signal 9\"}", 0, SIGKILL},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        runtime_api_start(&api, KNOBS_C, NULL);
        runtime_api_read(&api);
        runtime_api_send_event(&api, "id-1", cp_view_of(cases[i].event));
        int status = runtime_api_end(&api, NULL, NULL);
        if (cases[i].signal)
            assert_true(WIFSIGNALED(status) && WTERMSIG(status) == cases[i].signal);
        else
            assert_exit(status, cases[i].exit_code);
    }
}

static void a_crash_at_init_comes_before_the_first_request(void **state)
{
    (void)state;
    static const char *const env[] = {"INIT_CRASH=exit 5", NULL};
    runtime_api_start(&api, KNOBS_C, env);
    assert_exit(runtime_api_end(&api, NULL, NULL), 5);
    assert_int_equal(api.n_accepted, 0);
}

static void a_hanging_function_holds_its_answer(void **state)
{
    (void)state;
    runtime_api_start(&api, KNOBS_C, NULL);
    runtime_api_read(&api);
    runtime_api_send_event(&api, "id-1", CP_VIEW_LIT("{\"HANG\":1,\"LOG_LINES\":1}"));
    assert_true(runtime_api_is_silent(&api));
    assert_int_equal(kill(api.child, SIGTERM), 0);
    int status = runtime_api_end(&api, NULL, NULL);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
}

static void a_container_error_ends_the_process(void **state)
{
    (void)state;
    runtime_api_start(&api, KNOBS_C, NULL);
    runtime_api_read(&api);
    runtime_api_send_event(&api, "id-1", CP_VIEW_LIT("{}"));
    runtime_api_read(&api);
    runtime_api_send_status(&api, 500);
    assert_exit(runtime_api_end(&api, NULL, NULL), 1);
}

static void a_refused_response_does_not_end_the_process(void **state)
{
    (void)state;
    runtime_api_start(&api, KNOBS_C, NULL);
    runtime_api_read(&api);
    runtime_api_send_event(&api, "id-1", CP_VIEW_LIT("{}"));
    runtime_api_read(&api);
    runtime_api_send_status(&api, 413);
    runtime_api_invoke(&api, "id-1", "{}");
    assert_exit(runtime_api_end(&api, NULL, NULL), 0);
}

static void answers_that_are_not_http_end_the_process(void **state)
{
    (void)state;
    static const char *const answers[] = {
        "hello\r\n\r\n",
        "HTTP/1.1 200\r\n\r\n",
        "HTTP/1.1 2x0 OK\r\n\r\n",
        "HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 9999999999\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n7fffffffffffffff\r\n",
        "HTTP/1.1 200 OK\r\nLambda-Runtime-Deadline-Ms: soon\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n",
    };
    for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
        runtime_api_start(&api, KNOBS_C, NULL);
        runtime_api_read(&api);
        runtime_api_send(&api, cp_view_of(answers[i]));
        int status = runtime_api_end(&api, NULL, NULL);
        if (!WIFEXITED(status) || WEXITSTATUS(status) != 1)
            fail_msg("'%s': status %d", answers[i], status);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hello_answers_over_one_connection),
        cmocka_unit_test(invocations_are_counted_per_environment),
        cmocka_unit_test(a_connection_closed_while_idle_is_opened_again),
        cmocka_unit_test(connection_close_is_obeyed),
        cmocka_unit_test(chunked_events_are_read),
        cmocka_unit_test(errors_are_posted_with_their_type),
        cmocka_unit_test(a_bad_knob_is_named),
        cmocka_unit_test(events_without_knobs_change_nothing),
        cmocka_unit_test(output_has_exactly_the_bytes_asked_for),
        cmocka_unit_test(cpu_knobs_burn_cpu_time),
        cmocka_unit_test(memory_knobs_touch_their_pages),
        cmocka_unit_test(sleep_takes_wall_time_not_cpu_time),
        cmocka_unit_test(log_lines_are_written),
        cmocka_unit_test(init_error_is_reported_and_ends_the_process),
        cmocka_unit_test(crashes_end_the_process_as_told),
        cmocka_unit_test(a_crash_at_init_comes_before_the_first_request),
        cmocka_unit_test(a_hanging_function_holds_its_answer),
        cmocka_unit_test(a_container_error_ends_the_process),
        cmocka_unit_test(a_refused_response_does_not_end_the_process),
        cmocka_unit_test(answers_that_are_not_http_end_the_process),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
