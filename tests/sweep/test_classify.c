/* SPDX-License-Identifier: GPL-3.0-or-later
 * Answers of Invoke in the shapes that Lambda writes (fact sheet on records, sections 1 and 4):
 * which outcome and which start kind each one is.
 */
#include "tests/test.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "profiler/sweep/classify.h"

#define ID   "3f2504e0-4f89-41d3-9a0c-0305e82c3301"
#define HEAD "START RequestId: " ID " Version: 3\nEND RequestId: " ID "\n"
#define REPORT(rest)                                                                               \
    HEAD "REPORT RequestId: " ID "\tDuration: 250.06 ms\tBilled Duration: 351 ms\t"                \
         "Memory Size: 128 MB\tMax Memory Used: 36 MB\t" rest "\n"
#define REPORT_FULL(rest)                                                                          \
    HEAD "REPORT RequestId: " ID "\tDuration: 1500.00 ms\tBilled Duration: 1500 ms\t"              \
         "Memory Size: 128 MB\tMax Memory Used: 128 MB\t" rest "\n"

struct row {
    const char *name, *log; /* log NULL: no log tail */
    const char *function_error, *payload;
    enum cp_outcome outcome;
    enum cp_start_kind start;
    double init_ms;
    const char *error_type, *note; /* part of it; "" exactly none */
};

static const struct row rows[] = {
    {"cold", REPORT("Init Duration: 100.77 ms\t"), "", "{}", CP_OUTCOME_MEASURED, CP_START_COLD,
     100.77, "", ""},
    {"warm", REPORT(""), "", "{}", CP_OUTCOME_MEASURED, CP_START_WARM, NAN, "", ""},
    {"restored", REPORT("Restore Duration: 300.10 ms\tBilled Restore Duration: 101 ms\t"), "", "{}",
     CP_OUTCOME_MEASURED, CP_START_SNAPSTART, NAN, "", ""},
    {"init ahead of the request", REPORT("Init Duration: 812.30 ms\t"), "", "{}",
     CP_OUTCOME_MEASURED, CP_START_COLD, NAN, "", "ran ahead of the request"},
    {"provisioned",
     "{\"time\":\"2026-10-08T14:03:11.482Z\",\"type\":\"platform.initReport\",\"record\":{"
     "\"initializationType\":\"provisioned-concurrency\",\"phase\":\"init\",\"status\":"
     "\"success\",\"metrics\":{\"durationMs\":79.25}}}\n"
     "{\"time\":\"2026-10-08T14:03:11.482Z\",\"type\":\"platform.report\",\"record\":{"
     "\"requestId\":\"" ID "\",\"status\":\"success\",\"metrics\":{\"durationMs\":10.5,"
     "\"billedDurationMs\":90,\"memorySizeMB\":128,\"maxMemoryUsedMB\":36,"
     "\"initDurationMs\":79.25}}}\n",
     "", "{}", CP_OUTCOME_MEASURED, CP_START_COLD, NAN, "", "for provisioned concurrency"},
    {"suppressed init", "INIT_REPORT Init Duration: 812.30 ms\tPhase: invoke\n" REPORT(""), "",
     "{}", CP_OUTCOME_MEASURED, CP_START_COLD, NAN, "", "suppressed init"},
    {"json success",
     "{\"time\":\"2026-10-08T14:03:11.482Z\",\"type\":\"platform.report\",\"record\":{"
     "\"requestId\":\"" ID "\",\"status\":\"success\",\"metrics\":{\"durationMs\":10.5,"
     "\"billedDurationMs\":90,\"memorySizeMB\":128,\"maxMemoryUsedMB\":36,"
     "\"initDurationMs\":79.25}}}\n",
     "", "{}", CP_OUTCOME_MEASURED, CP_START_COLD, 79.25, "", ""},
    {"returned error", REPORT(""), "Unhandled",
     "{\"errorType\":\"KeyError\",\"errorMessage\":\"x\"}", CP_OUTCOME_ERROR, CP_START_WARM, NAN,
     "KeyError", "the function failed: KeyError"},
    {"exit, new style", REPORT("Status: error\tError Type: Runtime.ExitError"), "Unhandled",
     "{\"errorType\":\"Runtime.ExitError\",\"errorMessage\":\"x\"}", CP_OUTCOME_ERROR,
     CP_START_WARM, NAN, "Runtime.ExitError", "Runtime.ExitError"},
    {"error without payload type", REPORT("Status: error\tError Type: Runtime.Unknown"),
     "Unhandled", "not json", CP_OUTCOME_ERROR, CP_START_WARM, NAN, "Runtime.Unknown",
     "the function failed"},
    {"timeout, new style", REPORT("Status: timeout"), "Unhandled",
     "{\"errorType\":\"Sandbox.Timedout\",\"errorMessage\":\"RequestId: " ID
     " Error: Task timed out after 1.00 seconds\"}",
     CP_OUTCOME_TIMEOUT, CP_START_WARM, NAN, "Sandbox.Timedout", "timed out after 250 ms"},
    {"timeout, old style",
     "2026-10-08T14:03:11.482Z " ID " Task timed out after 3.00 seconds\n\n" REPORT(""),
     "Unhandled", "{}", CP_OUTCOME_TIMEOUT, CP_START_WARM, NAN, "Unhandled", "timed out"},
    {"timeout on a cold start", REPORT("Init Duration: 80.00 ms\tStatus: timeout"), "Unhandled",
     "{\"errorType\":\"Sandbox.Timedout\"}", CP_OUTCOME_TIMEOUT, CP_START_COLD, 80.00,
     "Sandbox.Timedout", "timed out"},
    {"timeout without a record", NULL, "Unhandled", "{\"errorType\":\"Sandbox.Timedout\"}",
     CP_OUTCOME_TIMEOUT, CP_START_UNKNOWN, NAN, "Sandbox.Timedout", "timed out"},
    {"out of memory, new style", REPORT_FULL("Status: error\tError Type: Runtime.OutOfMemory"),
     "Unhandled", "{\"errorType\":\"Runtime.OutOfMemory\"}", CP_OUTCOME_OUT_OF_MEMORY,
     CP_START_WARM, NAN, "Runtime.OutOfMemory", "out of memory: used 128 of 128 MB"},
    {"out of memory, old style",
     "RequestId: " ID " Error: Runtime exited with error: signal: killed\n"
     "Runtime.ExitError\n" REPORT_FULL(""),
     "Unhandled", "{\"errorType\":\"Runtime.ExitError\"}", CP_OUTCOME_OUT_OF_MEMORY, CP_START_WARM,
     NAN, "Runtime.ExitError", "out of memory"},
    {"killed with memory to spare",
     "RequestId: " ID " Error: Runtime exited with error: signal: killed\n"
     "Runtime.ExitError\n" REPORT(""),
     "Unhandled", "{\"errorType\":\"Runtime.ExitError\"}", CP_OUTCOME_ERROR, CP_START_WARM, NAN,
     "Runtime.ExitError", "the function failed"},
    {"import error", REPORT("Init Duration: 90.00 ms\t"), "Unhandled",
     "{\"errorType\":\"Runtime.ImportModuleError\"}", CP_OUTCOME_INIT_FAILED, CP_START_COLD, 90.00,
     "Runtime.ImportModuleError", "init failed: Runtime.ImportModuleError"},
    {"init timed out",
     "INIT_REPORT Init Duration: 10007.33 ms\tPhase: init\tStatus: timeout\n" REPORT(
         "Status: error\tError Type: Runtime.Unknown"),
     "Unhandled", "{\"errorType\":\"Runtime.Unknown\"}", CP_OUTCOME_INIT_FAILED, CP_START_WARM, NAN,
     "Runtime.Unknown", "init failed"},
    {"no record in the tail", "START RequestId: " ID " Version: 3\nhello\n", "", "{}",
     CP_OUTCOME_UNKNOWN, CP_START_UNKNOWN, NAN, "", "no REPORT record"},
    {"no tail at all", NULL, "", "{}", CP_OUTCOME_UNKNOWN, CP_START_UNKNOWN, NAN, "",
     "no REPORT record"},
    {"record of another request",
     "REPORT RequestId: 11111111-2222-4333-8444-555555555555\tDuration: 1.00 ms\t"
     "Billed Duration: 1 ms\tMemory Size: 128 MB\tMax Memory Used: 36 MB\t\n",
     "", "{}", CP_OUTCOME_UNKNOWN, CP_START_UNKNOWN, NAN, "", "no REPORT record"},
};

static void encode(const char *log, char *out, size_t size)
{
    size_t n = strlen(log);
    assert_true(4 * (n / 3 + 1) < size);
    (void)EVP_EncodeBlock((unsigned char *)out, (const unsigned char *)log, (int)n);
}

static struct cp_invoke_result answer_of(const struct row *row, char *encoded, size_t size)
{
    struct cp_invoke_result r = {
        .http_status = 200,
        .payload = cp_view_of(row->payload),
        .client_ms = 400.5,
        .failure = {.http_status = -1, .retry_after_s = NAN},
    };
    (void)snprintf(r.request_id, sizeof r.request_id, "%s", ID);
    (void)snprintf(r.executed_version, sizeof r.executed_version, "3");
    (void)snprintf(r.function_error, sizeof r.function_error, "%s", row->function_error);
    if (row->log) {
        encode(row->log, encoded, size);
        r.log_result = cp_view_of(encoded);
    }
    return r;
}

static void assert_row(const struct row *row, const struct cp_sample *s)
{
    if (s->outcome != row->outcome || s->start != row->start)
        fail_msg("%s: %s, %s: %s", row->name, cp_outcome_name(s->outcome),
                 cp_start_kind_name(s->start), s->note);
    if (isnan(row->init_ms) ? !isnan(s->init_duration_ms) : s->init_duration_ms != row->init_ms)
        fail_msg("%s: init %g", row->name, s->init_duration_ms);
    if (strcmp(s->error_type, row->error_type) != 0)
        fail_msg("%s: error type '%s'", row->name, s->error_type);
    if (row->note[0] ? !strstr(s->note, row->note) : s->note[0] != '\0')
        fail_msg("%s: note '%s'", row->name, s->note);
    assert_string_equal(s->request_id, ID);
    assert_string_equal(s->version, "3");
    assert_true(s->client_ms == 400.5);
}

static void every_shape_of_answer_has_its_outcome(void **state)
{
    struct cp_log_tail *tail = *state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char encoded[4096];
        struct cp_sample sample = cp_sample_planned(CP_CELL_COLD, 128);
        struct cp_invoke_result result = answer_of(&rows[i], encoded, sizeof encoded);
        bool is_silent = rows[i].outcome == CP_OUTCOME_UNKNOWN;
        assert_int_equal(cp_classify(&result, tail, &sample), is_silent ? CP_SILENT : CP_ANSWERED);
        assert_row(&rows[i], &sample);
    }
}

static void numbers_are_read_from_the_record(void **state)
{
    char encoded[4096];
    struct cp_sample s = cp_sample_planned(CP_CELL_COLD, 128);
    struct cp_invoke_result result = answer_of(&rows[0], encoded, sizeof encoded);
    assert_int_equal(cp_classify(&result, *state, &s), CP_ANSWERED);
    assert_true(s.duration_ms == 250.06);
    assert_true(s.billed_duration_ms == 351);
    assert_int_equal(s.max_memory_used_mb, 36);
    assert_true(isnan(s.restore_duration_ms));
}

static void rule_14_answers_without_a_run_are_told_apart(void **state)
{
    static const struct {
        int status;
        bool may_have_run;
        enum cp_answer_kind kind;
        enum cp_outcome outcome;
        const char *note;
    } cases[] = {
        {429, false, CP_THROTTLED_ANSWER, CP_OUTCOME_THROTTLED, "throttled: TheReason"},
        {403, false, CP_REFUSED, CP_OUTCOME_NOT_SENT, "refused: 403 TheType"},
        {404, false, CP_REFUSED, CP_OUTCOME_NOT_SENT, "refused: 404"},
        {400, false, CP_REFUSED, CP_OUTCOME_NOT_SENT, "refused: 400"},
        {500, true, CP_ANSWERED, CP_OUTCOME_UNKNOWN, "500 TheType"},
        {502, true, CP_ANSWERED, CP_OUTCOME_UNKNOWN, "502 TheType"},
        {502, false, CP_NOT_REACHED, CP_OUTCOME_NOT_SENT, "not started: 502 TheType"},
        {302, true, CP_ANSWERED, CP_OUTCOME_UNKNOWN, "302 TheType"},
        {-1, true, CP_ANSWERED, CP_OUTCOME_UNKNOWN, "no answer: reset"},
        {-1, false, CP_NOT_REACHED, CP_OUTCOME_NOT_SENT, "not reached: reset"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct cp_sample s = cp_sample_planned(CP_CELL_WARM, 128);
        struct cp_invoke_result r = {
            .http_status = cases[i].status, .may_have_run = cases[i].may_have_run, .client_ms = 3};
        s.outcome = CP_OUTCOME_SENT;
        s.sent_at_ms = 5;
        if (cases[i].status < 0)
            r.code = cp_fail(&r.error, CP_EIO, "reset");
        (void)snprintf(r.failure.error_code, sizeof r.failure.error_code, "TheType");
        (void)snprintf(r.failure.reason, sizeof r.failure.reason, "TheReason");
        assert_int_equal(cp_classify(&r, *state, &s), cases[i].kind);
        assert_int_equal(s.outcome, cases[i].outcome);
        assert_non_null(strstr(s.note, cases[i].note));
        assert_int_equal(s.sent_at_ms, s.outcome == CP_OUTCOME_NOT_SENT ? -1 : 5);
    }
}

static void rule_12_load_reasons_are_facts_and_our_own_rate_is_not(void **state)
{
    static const struct {
        const char *reason, *error_code;
        enum cp_answer_kind kind;
        const char *note;
    } cases[] = {
        {"ConcurrentInvocationLimitExceeded", "TooManyRequestsException", CP_THROTTLED_ANSWER,
         "throttled: ConcurrentInvocationLimitExceeded"},
        {"FunctionInvocationRateLimitExceeded", "TooManyRequestsException", CP_THROTTLED_ANSWER,
         "throttled: FunctionInvocationRateLimitExceeded"},
        {"ReservedFunctionConcurrentInvocationLimitExceeded", "TooManyRequestsException",
         CP_THROTTLED_ANSWER, "throttled: ReservedFunctionConcurrentInvocationLimitExceeded"},
        {"ReservedFunctionInvocationRateLimitExceeded", "TooManyRequestsException",
         CP_THROTTLED_ANSWER, "throttled: ReservedFunctionInvocationRateLimitExceeded"},
        {"", "TooManyRequestsException", CP_THROTTLED_ANSWER,
         "throttled: TooManyRequestsException"},
        {"CallerRateLimitExceeded", "TooManyRequestsException", CP_TOO_FAST,
         "called too fast: CallerRateLimitExceeded"},
        {"ConcurrentSnapshotCreateLimitExceeded", "TooManyRequestsException", CP_TOO_FAST,
         "called too fast: ConcurrentSnapshotCreateLimitExceeded"},
        {"", "ThrottlingException", CP_TOO_FAST, "called too fast: ThrottlingException"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct cp_sample s = cp_sample_planned(CP_CELL_WARM, 128);
        struct cp_invoke_result r = {.http_status = 429};
        s.outcome = CP_OUTCOME_SENT;
        (void)snprintf(r.failure.reason, sizeof r.failure.reason, "%s", cases[i].reason);
        (void)snprintf(r.failure.error_code, sizeof r.failure.error_code, "%s",
                       cases[i].error_code);
        assert_int_equal(cp_classify(&r, *state, &s), cases[i].kind);
        assert_string_equal(s.note, cases[i].note);
        assert_int_equal(s.outcome,
                         cases[i].kind == CP_TOO_FAST ? CP_OUTCOME_NOT_SENT : CP_OUTCOME_THROTTLED);
    }
}

/* Even where a record is there: it is the client's time that is measured. */
static void a_wall_clock_sample_has_no_duration_and_no_init(void **state)
{
    (void)state;
    static const struct {
        const char *payload, *function_error;
        int status;
        enum cp_outcome outcome;
        const char *error_type;
    } cases[] = {
        {"{\"ok\":true}", "", 200, CP_OUTCOME_MEASURED, ""},
        {"\"errorMessage\"", "", 200, CP_OUTCOME_MEASURED, ""},
        {"{\"errorMessage\":\"x\",\"errorType\":\"KeyError\"}", "", 200, CP_OUTCOME_ERROR,
         "KeyError"},
        {"{}", "Unhandled", 200, CP_OUTCOME_ERROR, ""},
        {"{}", "", 500, CP_OUTCOME_UNKNOWN, ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char encoded[8192];
        struct cp_sample s = cp_sample_planned(CP_CELL_WARM, 128);
        struct cp_invoke_result result = answer_of(&rows[0], encoded, sizeof encoded);
        result.http_status = cases[i].status;
        result.payload = cp_view_of(cases[i].payload);
        result.client_ms = 12.5;
        result.may_have_run = true;
        result.request_id[0] = '\0';
        (void)snprintf(result.function_error, sizeof result.function_error, "%s",
                       cases[i].function_error);
        (void)cp_classify_wall_clock(&result, &s);
        assert_int_equal(s.outcome, cases[i].outcome);
        assert_int_equal(s.start, CP_START_UNKNOWN);
        assert_true(isnan(s.duration_ms) && isnan(s.init_duration_ms));
        assert_true(isnan(s.billed_duration_ms) && s.max_memory_used_mb == -1);
        assert_near(s.client_ms, 12.5, 0);
        if (cases[i].error_type[0])
            assert_string_equal(s.error_type, cases[i].error_type);
    }
}

static void a_tail_that_is_not_base64_is_unknown(void **state)
{
    struct cp_sample s = cp_sample_planned(CP_CELL_WARM, 128);
    struct cp_invoke_result r = {
        .http_status = 200, .request_id = ID, .log_result = CP_VIEW_LIT("!!!")};
    assert_int_equal(cp_classify(&r, *state, &s), CP_ANSWERED);
    assert_int_equal(s.outcome, CP_OUTCOME_UNKNOWN);
}

static void an_answer_without_a_request_id_is_unknown(void **state)
{
    char encoded[4096];
    struct cp_sample s = cp_sample_planned(CP_CELL_COLD, 128);
    struct cp_invoke_result result = answer_of(&rows[0], encoded, sizeof encoded);
    result.request_id[0] = '\0';
    assert_int_equal(cp_classify(&result, *state, &s), CP_ANSWERED);
    assert_int_equal(s.outcome, CP_OUTCOME_UNKNOWN);
    assert_non_null(strstr(s.note, "x-amzn-RequestId"));
    assert_true(isnan(s.duration_ms));
}

static int setup(void **state)
{
    *state = malloc(sizeof(struct cp_log_tail));
    return *state ? 0 : -1;
}

static int teardown(void **state)
{
    free(*state);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_shape_of_answer_has_its_outcome),
        cmocka_unit_test(numbers_are_read_from_the_record),
        cmocka_unit_test(rule_14_answers_without_a_run_are_told_apart),
        cmocka_unit_test(rule_12_load_reasons_are_facts_and_our_own_rate_is_not),
        cmocka_unit_test(a_wall_clock_sample_has_no_duration_and_no_init),
        cmocka_unit_test(a_tail_that_is_not_base64_is_unknown),
        cmocka_unit_test(an_answer_without_a_request_id_is_unknown),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
