/* SPDX-License-Identifier: GPL-3.0-or-later
 * The CloudWatch Logs client over a scripted transport: what it asks (the AWS service model, logs
 * 2014-03-28) and what it makes of the answers.
 */
#include "probes/aws/logs.h"

#include <stdio.h>
#include <string.h>

#include "probes/aws/json.h"
#include "tests/aws/fake_client.h"
#include "tests/test.h"

#define LOGS_ORIGIN "https://logs.eu-central-1.amazonaws.com"

static bool is_stopped; /* what the clients ask */

static bool ask_stopped(void *context)
{
    (void)context;
    return is_stopped;
}

static struct cp_logs *logs_client(const struct fake_answer *answers, size_t n)
{
    struct cp_logs *logs = NULL;
    struct cp_error err;
    const struct cp_client_options options = {
        .region = "eu-central-1",
        .http = &fake_http_ops,
        .clock = &fake_clock,
        .credentials = {.access_key_id = "AKIDEXAMPLE", .secret_access_key = SECRET},
        .is_interrupted = ask_stopped,
    };
    is_stopped = false;
    fake_http_script(answers, n);
    if (cp_logs_new(&options, &logs, &err))
        fail_msg("%s", err.text);
    return logs;
}

/* --- requests --- */

static const struct cp_logs_filter FILTER = {
    .group = "/aws/lambda/f",
    .stream_prefix = "2026/",
    .pattern = "\"REPORT RequestId\"",
    .from_ms = 1767225600000,
    .to_ms = 1767229200000,
};

static bool count_group(void *context, const char *name, int64_t stored_bytes)
{
    (void)name;
    (void)stored_bytes;
    ++*(int *)context;
    return true;
}

static enum cp_code run_filter(struct cp_logs *logs, struct cp_error *err)
{
    struct cp_logs_page page;
    cp_logs_page_init(&page);
    enum cp_code code = cp_logs_filter_events(logs, &FILTER, &page, err);
    cp_logs_page_clear(&page);
    return code;
}

static enum cp_code run_filter_arn(struct cp_logs *logs, struct cp_error *err)
{
    struct cp_logs_page page;
    const struct cp_logs_filter filter = {
        .group = "arn:aws:logs:eu-central-1:123456789012:log-group:g", .from_ms = 1, .to_ms = 11};
    cp_logs_page_init(&page);
    (void)cp_buf_adds(&page.token, "t/1");
    enum cp_code code = cp_logs_filter_events(logs, &filter, &page, err);
    cp_logs_page_clear(&page);
    return code;
}

static enum cp_code run_groups(struct cp_logs *logs, struct cp_error *err)
{
    int n = 0;
    return cp_logs_list_groups(logs, "/aws/lambda/", count_group, &n, err);
}

static enum cp_code run_start(struct cp_logs *logs, struct cp_error *err)
{
    char id[CP_LOGS_QUERY_ID_MAX];
    return cp_logs_start_query(logs,
                               &(struct cp_logs_query){.group = "g",
                                                       .text = "stats count(*)",
                                                       .from_s = 1767225600,
                                                       .to_s = 1767229199,
                                                       .limit = 10000},
                               id, err);
}

static enum cp_code run_stop(struct cp_logs *logs, struct cp_error *err)
{
    return cp_logs_stop_query(logs, "q-1", err);
}

static const struct {
    const char *name;
    enum cp_code (*run)(struct cp_logs *logs, struct cp_error *err);
    const char *answer, *target, *body;
} CALLS[] = {
    {"FilterLogEvents", run_filter, "{\"events\":[],\"searchedLogStreams\":[]}",
     "Logs_20140328.FilterLogEvents",
     "{\"logGroupName\":\"/aws/lambda/f\",\"startTime\":1767225600000,\"endTime\":1767229199999,"
     "\"limit\":10000,\"logStreamNamePrefix\":\"2026/\",\"filterPattern\":"
     "\"\\\"REPORT RequestId\\\"\"}"},
    {"FilterLogEvents of an ARN, next page", run_filter_arn, "{}", "Logs_20140328.FilterLogEvents",
     "{\"logGroupIdentifier\":\"arn:aws:logs:eu-central-1:123456789012:log-group:g\","
     "\"startTime\":1,\"endTime\":10,\"limit\":10000,\"nextToken\":\"t/1\"}"},
    {"DescribeLogGroups", run_groups, "{\"logGroups\":[]}", "Logs_20140328.DescribeLogGroups",
     "{\"limit\":50,\"logGroupNamePrefix\":\"/aws/lambda/\"}"},
    {"StartQuery", run_start, "{\"queryId\":\"q-1\"}", "Logs_20140328.StartQuery",
     "{\"logGroupName\":\"g\",\"startTime\":1767225600,\"endTime\":1767229199,\"queryString\":"
     "\"stats count(*)\",\"limit\":10000}"},
    {"StopQuery", run_stop, "{\"success\":true}", "Logs_20140328.StopQuery",
     "{\"queryId\":\"q-1\"}"},
};

static void each_call_has_the_target_and_body_of_the_service_model(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(CALLS); i++) {
        struct cp_error err = {0};
        const struct fake_answer answer = {200, REQUEST_ID, CALLS[i].answer, 0, 0};
        struct cp_logs *logs = logs_client(&answer, 1);
        if (CALLS[i].run(logs, &err))
            fail_msg("%s: %s", CALLS[i].name, err.text);
        const struct fake_request *r = &fake.requests[0];
        assert_string_equal(r->method, "POST");
        assert_string_equal(r->url, LOGS_ORIGIN "/");
        assert_string_equal(r->body, CALLS[i].body);
        assert_string_equal(fake_header(r, "x-amz-target"), CALLS[i].target);
        assert_string_equal(fake_header(r, "content-type"), "application/x-amz-json-1.1");
        assert_non_null(strstr(fake_header(r, "authorization"), "/eu-central-1/logs/aws4_request"));
        cp_logs_free(logs);
    }
}

/* --- pages --- */

static void the_token_of_the_next_page_is_found_beside_events_that_look_like_one(void **state)
{
    (void)state;
    static const struct fake_answer ANSWERS[] = {
        {200, REQUEST_ID,
         "{\"events\":[{\"message\":\"\\\"nextToken\\\":\\\"no\\\"\",\"nextToken\":\"no\"}],"
         "\"searchedLogStreams\":[\"nextToken\"],\"nextToken\" : \"a\\/b\\u0041\"}",
         0, 0},
        {200, REQUEST_ID, "{\"nextToken\":null,\"events\":[]}", 0, 0},
    };
    struct cp_error err = {0};
    struct cp_logs_page page;
    struct cp_logs *logs = logs_client(ANSWERS, 2);
    cp_logs_page_init(&page);
    assert_int_equal(cp_logs_filter_events(logs, &FILTER, &page, &err), CP_OK);
    assert_string_equal(cp_buf_str(&page.token), "a/bA");
    assert_int_equal(cp_logs_filter_events(logs, &FILTER, &page, &err), CP_OK);
    assert_non_null(strstr(fake.requests[1].body, "\"nextToken\":\"a/bA\""));
    assert_int_equal(page.token.n, 0);
    cp_logs_page_clear(&page);
    cp_logs_free(logs);
}

static void an_answer_that_is_cut_is_an_error_and_the_token_stays(void **state)
{
    (void)state;
    static const char *const BODIES[] = {"{\"events\":[", "[]", "{\"nextToken\":\"a", "", "{}}"};
    for (size_t i = 0; i < COUNT(BODIES); i++) {
        struct cp_error err = {0};
        struct cp_logs_page page;
        const struct fake_answer answer = {200, REQUEST_ID, BODIES[i], 0, 0};
        struct cp_logs *logs = logs_client(&answer, 1);
        cp_logs_page_init(&page);
        (void)cp_buf_adds(&page.token, "t");
        assert_int_equal(cp_logs_filter_events(logs, &FILTER, &page, &err), CP_EFORMAT);
        assert_string_equal(cp_buf_str(&page.token), "t");
        cp_logs_page_clear(&page);
        cp_logs_free(logs);
    }
}

static bool keep_name(void *context, const char *name, int64_t stored_bytes)
{
    char *names = context;
    size_t n = strlen(names);
    (void)snprintf(names + n, 100 - n, "%s:%lld ", name, (long long)stored_bytes);
    return true;
}

static void log_groups_are_listed_page_by_page(void **state)
{
    (void)state;
    static const struct fake_answer ANSWERS[] = {
        {200, REQUEST_ID,
         "{\"logGroups\":[{\"logGroupName\":\"a\",\"storedBytes\":7}],\"nextToken\":\"1\"}", 0, 0},
        {200, REQUEST_ID, "{\"logGroups\":[],\"nextToken\":\"2\"}", 0, 0},
        {200, REQUEST_ID, "{\"logGroups\":[{\"logGroupName\":\"b\"}]}", 0, 0},
    };
    char names[100] = "";
    struct cp_error err = {0};
    struct cp_logs *logs = logs_client(ANSWERS, 3);
    assert_int_equal(cp_logs_list_groups(logs, NULL, keep_name, names, &err), CP_OK);
    assert_string_equal(names, "a:7 b:-1 ");
    assert_int_equal(fake.n_requests, 3);
    cp_logs_free(logs);
}

static void a_list_that_goes_round_ends(void **state)
{
    (void)state;
    static const struct fake_answer ANSWERS[] = {
        {200, REQUEST_ID, "{\"nextToken\":\"1\"}", 0, 0},
        {200, REQUEST_ID, "{\"nextToken\":\"2\"}", 0, 0},
        {200, REQUEST_ID, "{\"nextToken\":\"1\"}", 0, 0},
        {200, REQUEST_ID, "{\"nextToken\":\"2\"}", 0, 0},
        {200, REQUEST_ID, "{\"nextToken\":\"1\"}", 0, 0},
    };
    int n = 0;
    struct cp_error err = {0};
    struct cp_logs *logs = logs_client(ANSWERS, 5);
    assert_int_equal(cp_logs_list_groups(logs, "", count_group, &n, &err), CP_EREMOTE);
    assert_non_null(strstr(err.text, "circle"));
    cp_logs_free(logs);
}

/* --- errors --- */

static void a_log_group_that_is_not_there_is_not_found(void **state)
{
    (void)state;
    static const struct fake_answer ANSWER = {
        400, REQUEST_ID,
        "{\"__type\":\"ResourceNotFoundException\",\"message\":\"The specified log group does not "
        "exist.\"}",
        0, 0};
    struct cp_error err = {0};
    struct cp_logs *logs = logs_client(&ANSWER, 1);
    assert_int_equal(run_filter(logs, &err), CP_ENOTFOUND);
    assert_non_null(strstr(err.text, "/aws/lambda/f"));
    assert_null(strstr(err.text, SECRET));
    cp_logs_free(logs);
}

static void throttling_is_waited_out_once_a_call_was_answered(void **state)
{
    (void)state;
    static const struct fake_answer SLOW = {
        400, REQUEST_ID, "{\"__type\":\"ThrottlingException\",\"message\":\"Rate exceeded\"}", 0,
        0};
    struct fake_answer answers[22];
    struct cp_error err = {0};
    for (size_t i = 0; i < COUNT(answers); i++)
        answers[i] = SLOW;
    struct cp_logs *logs = logs_client(answers, 22);
    assert_int_equal(run_filter(logs, &err), CP_ETHROTTLED);
    assert_int_equal(fake.n_requests, 3); /* as any call: nothing was ever answered */
    cp_logs_free(logs);
    answers[0] = answers[21] = (struct fake_answer){200, REQUEST_ID, "{}", 0, 0};
    logs = logs_client(answers, 22);
    assert_int_equal(run_filter(logs, &err), CP_OK);
    assert_int_equal(run_filter(logs, &err), CP_OK);
    assert_int_equal(fake.n_requests, 22);
    assert_true(fake.slept_ms < 5 * 60 * 1000.0);
    cp_logs_free(logs);
}

/* --- queries --- */

#define RUNNING "{\"status\":\"Running\",\"results\":[],\"statistics\":{\"bytesScanned\":5}}"
#define ROW(n)  "[{\"field\":\"cp_n\",\"value\":\"" n "\"},{\"field\":\"@ptr\",\"value\":\"x\"}]"

static enum cp_code keep_row(void *context, const struct cp_logs_row *row, struct cp_error *err)
{
    struct cp_view value = cp_logs_row_value(row, "cp_n");
    char *values = context;
    size_t n = strlen(values);
    (void)err;
    assert_int_equal(cp_logs_row_value(row, "cp_other").n, 0);
    (void)snprintf(values + n, 100 - n, "%.*s ", (int)value.n, value.p);
    return CP_OK;
}

static const struct cp_logs_query QUERY = {
    .group = "g", .text = "q", .from_s = 1, .to_s = 2, .limit = 10000};

static void a_query_is_looked_at_until_it_is_complete(void **state)
{
    (void)state;
    static const struct fake_answer ANSWERS[] = {
        {200, REQUEST_ID, "{\"queryId\":\"q-1\"}", 0, 0},
        {200, REQUEST_ID, "{\"status\":\"Scheduled\",\"results\":[]}", 0, 0},
        {200, REQUEST_ID, RUNNING, 0, 0},
        {200, REQUEST_ID,
         "{\"status\":\"Complete\",\"results\":[" ROW("1") "," ROW(
             "2.0E0") "],\"nextToken\":\"t\","
                      "\"statistics\":{\"bytesScanned\":1.0E9,\"recordsMatched\":7,"
                      "\"recordsScanned\":9}}",
         0, 0},
        {200, REQUEST_ID,
         "{\"status\":\"Complete\",\"results\":[" ROW(
             "3") "],\"statistics\":{\"bytesScanned\":"
                  "1.0E9,\"recordsMatched\":7,\"recordsScanned\":9}}",
         0, 0},
    };
    char values[100] = "";
    struct cp_error err = {0};
    struct cp_logs_answer answer;
    struct cp_logs *logs = logs_client(ANSWERS, 5);
    if (cp_logs_run_query(logs, &QUERY, keep_row, values, &answer, &err))
        fail_msg("%s", err.text);
    assert_string_equal(values, "1 2.0E0 3 ");
    assert_int_equal(answer.n_rows, 3);
    assert_true(answer.is_complete && answer.scanned_bytes == 1e9);
    assert_true(answer.matched_records == 7 && answer.scanned_records == 9);
    assert_string_equal(fake.requests[1].body, "{\"queryId\":\"q-1\"}");
    assert_string_equal(fake.requests[4].body, "{\"queryId\":\"q-1\",\"nextToken\":\"t\"}");
    assert_true(fake.slept_ms >= 200 + 300 + 450);
    cp_logs_free(logs);
}

static void a_query_that_fails_in_aws_says_how(void **state)
{
    (void)state;
    static const char *const ENDS[] = {"Failed", "Cancelled", "Timeout"};
    for (size_t i = 0; i < COUNT(ENDS); i++) {
        char body[100];
        char values[100] = "";
        struct cp_error err = {0};
        struct cp_logs_answer answer;
        (void)snprintf(body, sizeof body, "{\"status\":\"%s\",\"results\":[]}", ENDS[i]);
        const struct fake_answer answers[] = {{200, REQUEST_ID, "{\"queryId\":\"q-1\"}", 0, 0},
                                              {200, REQUEST_ID, body, 0, 0}};
        struct cp_logs *logs = logs_client(answers, 2);
        assert_int_equal(cp_logs_run_query(logs, &QUERY, keep_row, values, &answer, &err),
                         CP_EREMOTE);
        assert_non_null(strstr(err.text, ENDS[i]));
        assert_int_equal(fake.n_requests, 2); /* nothing to stop */
        cp_logs_free(logs);
    }
}

static enum cp_code stop_row(void *context, const struct cp_logs_row *row, struct cp_error *err)
{
    (void)context;
    (void)row;
    (void)err;
    return CP_OK;
}

/* Interrupts when the query has been started. */
static bool stop_after_start(void *context)
{
    (void)context;
    return fake.n_requests >= 1;
}

static void an_interrupted_query_is_stopped_in_aws(void **state)
{
    (void)state;
    static const struct fake_answer ANSWERS[] = {
        {200, REQUEST_ID, "{\"queryId\":\"q-1\"}", 0, 0},
        {200, REQUEST_ID, "{\"success\":true}", 0, 0},
    };
    struct cp_error err = {0};
    struct cp_logs *logs = NULL;
    struct cp_logs_answer answer;
    const struct cp_client_options options = {
        .region = "eu-central-1",
        .http = &fake_http_ops,
        .clock = &fake_clock,
        .credentials = {.access_key_id = "AKIDEXAMPLE", .secret_access_key = SECRET},
        .is_interrupted = stop_after_start,
    };
    fake_http_script(ANSWERS, 2);
    assert_int_equal(cp_logs_new(&options, &logs, &err), CP_OK);
    assert_int_equal(cp_logs_run_query(logs, &QUERY, stop_row, NULL, &answer, &err),
                     CP_EINTERRUPTED);
    assert_int_equal(fake.n_requests, 2);
    assert_string_equal(fake_header(&fake.requests[1], "x-amz-target"), "Logs_20140328.StopQuery");
    cp_logs_free(logs);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_call_has_the_target_and_body_of_the_service_model),
        cmocka_unit_test(the_token_of_the_next_page_is_found_beside_events_that_look_like_one),
        cmocka_unit_test(an_answer_that_is_cut_is_an_error_and_the_token_stays),
        cmocka_unit_test(log_groups_are_listed_page_by_page),
        cmocka_unit_test(a_list_that_goes_round_ends),
        cmocka_unit_test(a_log_group_that_is_not_there_is_not_found),
        cmocka_unit_test(throttling_is_waited_out_once_a_call_was_answered),
        cmocka_unit_test(a_query_is_looked_at_until_it_is_complete),
        cmocka_unit_test(a_query_that_fails_in_aws_says_how),
        cmocka_unit_test(an_interrupted_query_is_stopped_in_aws),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
