/* SPDX-License-Identifier: GPL-3.0-or-later
 * The embedded service as a user meets it: a real cp_serve, real functions, raw sockets.
 * Expected texts: facts/report-lines.md (records, failure payloads) and facts/api.md.
 */
#include "tests/test.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "probes/local/cgroup.h"
#include "probes/os/file.h"
#include "tests/local/service.h"

#define INI     "timeout = 1\nmemory = 256\n"
#define INI_ENV INI "[environment]\nPROBE_INIT = "

static const struct function_setup probe = {"fn", INI, NULL, NULL};

static void assert_has(const struct cp_buf *text, const char *part)
{
    if (!strstr(cp_buf_str(text), part))
        fail_msg("no '%s' in:\n%s", part, cp_buf_str(text));
}

static void assert_has_not(const struct cp_buf *text, const char *part)
{
    if (strstr(cp_buf_str(text), part))
        fail_msg("'%s' in:\n%s", part, cp_buf_str(text));
}

static void assert_header(const struct answer *a, const char *name, const char *value)
{
    char found[256];
    answer_header(a, name, found, sizeof found);
    assert_string_equal(found, value);
}

static double value_in(const struct cp_buf *text, const char *key)
{
    const char *at = strstr(cp_buf_str(text), key);
    struct cp_view v = cp_view_of(at ? at + strlen(key) : "");
    double value = -1;
    (void)cp_view_take_double(&v, &value);
    return value;
}

static void clear(struct answer *a, struct cp_buf *tail)
{
    answer_clear(a);
    cp_buf_clear(tail);
}

/* --- one environment --- */

static void cold_then_warm_uses_one_environment(void **state)
{
    (void)state;
    struct service s;
    struct answer cold, warm;
    struct cp_buf cold_tail, warm_tail;
    service_start(&s, &probe, 1, NULL);
    invoke(&s, "fn", "{}", &cold, &cold_tail);
    invoke(&s, "fn", "{}", &warm, &warm_tail);
    assert_int_equal(cold.status, 200);
    assert_int_equal(warm.status, 200);
    assert_header(&warm, "X-Amz-Executed-Version", "$LATEST");
    assert_header(&warm, "X-Amz-Function-Error", "");
    assert_has(&cold_tail, "Memory Size: 256 MB\tMax Memory Used: ");
    assert_has(&cold_tail, " MB\tInit Duration: ");
    assert_has_not(&warm_tail, "Init Duration: ");
    /* billed: one ceiling over duration and init (2025-08-01) */
    double sum = value_in(&cold_tail, "\tDuration: ") + value_in(&cold_tail, "Init Duration: ");
    double billed = value_in(&cold_tail, "Billed Duration: ");
    assert_true(billed - sum > -0.01 && billed - sum < 1);
    assert_int_equal(number_in(&cold, "pid"), number_in(&warm, "pid"));
    assert_int_equal(number_in(&warm, "n"), 1);
    clear(&cold, &cold_tail);
    clear(&warm, &warm_tail);
    assert_true(service_log_has(&s, " INIT_START Runtime Version: provided"));
    service_stop(&s);
}

static void records_have_the_form_of_lambda(void **state)
{
    (void)state;
    struct service s;
    struct answer a;
    struct cp_buf tail;
    char id[64], expected[512];
    service_start(&s, &probe, 1, NULL);
    invoke(&s, "fn", "{\"do\":\"log\"}", &a, &tail);
    answer_header(&a, "X-Amzn-RequestId", id, sizeof id);
    (void)snprintf(expected, sizeof expected,
                   "START RequestId: %s Version: $LATEST\nhello from the handler\nno end of line\n"
                   "END RequestId: %s\nREPORT RequestId: %s\tDuration: ",
                   id, id, id);
    assert_true(cp_view_has_prefix(cp_buf_view(&tail), expected));
    assert_string_equal(cp_buf_str(&tail) + tail.n - 5, " ms\t\n"); /* ends with a tab */
    clear(&a, &tail);
    service_stop(&s);
}

static void log_tail_is_the_last_4_kb(void **state)
{
    (void)state;
    struct service s;
    struct answer a;
    struct cp_buf tail;
    service_start(&s, &probe, 1, NULL);
    invoke(&s, "fn", "{\"do\":\"noise\"}", &a, &tail);
    assert_int_equal(tail.n, 4096);
    assert_has(&tail, "line 1999 of a long log\nEND RequestId: ");
    assert_has_not(&tail, "START");
    clear(&a, &tail);
    assert_true(service_log_has(&s, "line 0 of a long log"));
    service_stop(&s);
}

static void json_log_format_writes_platform_events(void **state)
{
    (void)state;
    struct service s;
    struct answer a;
    struct cp_buf tail;
    service_start(&s, &probe, 1, NULL);
    call(&s, "PUT", "/2015-03-31/functions/fn/configuration", "",
         "{\"LoggingConfig\":{\"LogFormat\":\"JSON\"}}", &a);
    assert_int_equal(a.status, 200);
    answer_clear(&a);
    invoke(&s, "fn", "{}", &a, &tail);
    assert_has(&tail, "\"type\":\"platform.start\",\"record\":{\"requestId\":\"");
    assert_has(&tail, "\"type\":\"platform.report\"");
    assert_has(&tail, "\"memorySizeMB\":256");
    assert_has(&tail, "\"initDurationMs\":");
    assert_has(&tail, "\"status\":\"success\"");
    clear(&a, &tail);
    invoke(&s, "fn", "{\"do\":\"fail\"}", &a, &tail);
    assert_has(&tail, "\"status\":\"failure\"");
    clear(&a, &tail);
    service_stop(&s);
}

static void environment_has_lambdas_variables(void **state)
{
    (void)state;
    static const struct {
        const char *name, *value; /* value NULL: the task root */
    } rows[] = {
        {"AWS_LAMBDA_FUNCTION_NAME", "fn"},
        {"AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"},
        {"AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256"},
        {"AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand"},
        {"AWS_LAMBDA_LOG_GROUP_NAME", "/aws/lambda/fn"},
        {"AWS_REGION", "us-east-1"},
        {"AWS_DEFAULT_REGION", "us-east-1"},
        {"TZ", ":UTC"},
        {"_HANDLER", "bootstrap"},
        {"LAMBDA_TASK_ROOT", NULL},
        {"GREETING", "hello"},
        {"HOME", "(unset)"}, /* nothing of ours leaks */
        {"COLDPROF_REFERENCE", "(unset)"},
        {"AWS_EXECUTION_ENV", "(unset)"}, /* managed runtimes only */
    };
    struct service s;
    const struct function_setup f = {"fn", INI "[environment]\nGREETING = hello\n", NULL, NULL};
    service_start(&s, &f, 1, NULL);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char event[128], expected[256];
        struct answer a;
        (void)snprintf(event, sizeof event, "{\"env\":\"%s\"}", rows[i].name);
        (void)snprintf(expected, sizeof expected, rows[i].value ? "\"%s\"" : "\"%s/fn\"",
                       rows[i].value ? rows[i].value : s.dir);
        invoke(&s, "fn", event, &a, NULL);
        assert_string_equal(cp_buf_str(&a.body), expected);
        answer_clear(&a);
    }
    service_stop(&s);
}

/* --- failures --- */

struct failure {
    const char *name, *event;
    const char *body;   /* part of the payload */
    const char *report; /* part of the REPORT; NULL: no status */
    bool keeps_runtime;
};

static const struct failure failures[] = {
    {"timeout", "\"sleep 5000\"",
     "{\"errorType\":\"Sandbox.Timedout\",\"errorMessage\":\"RequestId: %s Error: Task timed out "
     "after 1.00 seconds\"}",
     "Duration: 1000.00 ms\tBilled Duration: 1000 ms\t", false},
    {"exit with a status", "\"exit 3\"",
     "{\"errorType\":\"Runtime.ExitError\",\"errorMessage\":\"RequestId: %s Error: Runtime exited "
     "with error: exit status 3\"}",
     "Status: error\tError Type: Runtime.ExitError\t", false},
    {"exit without a reason", "\"exit 0\"",
     "{\"errorType\":\"Runtime.ExitError\",\"errorMessage\":\"RequestId: %s Error: Runtime exited "
     "without providing a reason\"}",
     "Status: error\tError Type: Runtime.ExitError\t", false},
    {"signal", "\"abort\"",
     "{\"errorType\":\"Runtime.ExitError\",\"errorMessage\":\"RequestId: %s Error: Runtime exited "
     "with error: signal: aborted\"}",
     "Status: error\tError Type: Runtime.ExitError\t", false},
    {"error of the handler", "\"fail\"",
     "{\"errorMessage\":\"boom\",\"errorType\":\"Boom\",\"stackTrace\":[]}", NULL, true},
    {"error in the trailers of a stream", "\"stream broken\"", "{\"errorType\":\"Mid\"}", NULL,
     true},
    {"response over 6 MB", "\"large\"",
     "{\"errorType\":\"Function.ResponseSizeTooLarge\",\"errorMessage\":\"Response payload size "
     "(7340032 bytes) exceeded maximum allowed payload size (6291556 bytes).\"}",
     NULL, true},
};

static void check_failure(const struct service *s, const struct failure *f)
{
    struct answer a, after;
    struct cp_buf tail, after_tail;
    char id[64], expected[512];
    print_message("  %s\n", f->name);
    invoke(s, "fn", f->event, &a, &tail);
    answer_header(&a, "X-Amzn-RequestId", id, sizeof id);
    const char *hole = strstr(f->body, "%s");
    (void)snprintf(expected, sizeof expected, "%.*s%s%s",
                   hole ? (int)(hole - f->body) : (int)strlen(f->body), f->body, hole ? id : "",
                   hole ? hole + 2 : "");
    assert_int_equal(a.status, 200);
    assert_header(&a, "X-Amz-Function-Error", "Unhandled");
    assert_string_equal(cp_buf_str(&a.body), expected);
    if (f->report)
        assert_has(&tail, f->report);
    else
        assert_has_not(&tail, "Status: ");
    /* The next use repeats init inside the invocation: nothing of it on the REPORT. */
    invoke(s, "fn", "{}", &after, &after_tail);
    assert_int_equal(after.status, 200);
    assert_has_not(&after_tail, "Init Duration");
    assert_true((number_in(&after, "n") > 0) == f->keeps_runtime);
    clear(&a, &tail);
    clear(&after, &after_tail);
}

static void failures_are_told_as_lambda_tells_them(void **state)
{
    (void)state;
    struct service s;
    struct answer a;
    service_start(&s, &probe, 1, NULL);
    invoke(&s, "fn", "{}", &a, NULL);
    answer_clear(&a);
    for (size_t i = 0; i < sizeof failures / sizeof *failures; i++)
        check_failure(&s, &failures[i]);
    service_stop(&s);
}

/* Time enough to touch 256 MB at its CPU share on a busy machine. */
static const struct function_setup patient = {"fn", "timeout = 30\nmemory = 256\n", NULL, NULL};

static void memory_over_the_limit_is_out_of_memory(void **state)
{
    (void)state;
    struct service s;
    struct answer a;
    struct cp_buf tail;
    if (!has_cgroups())
        skip();
    service_start(&s, &patient, 1, NULL);
    invoke(&s, "fn", "\"memory 100\"", &a, &tail);
    assert_int_equal(a.status, 200);
    double peak_mb = value_in(&tail, "Max Memory Used: ");
    assert_true(peak_mb >= 100 && peak_mb <= 110);
    clear(&a, &tail);
    invoke(&s, "fn", "\"memory 400\"", &a, &tail);
    assert_has(&a.body, "\"errorType\":\"Runtime.OutOfMemory\"");
    assert_has(&a.body, "Runtime exited with error: signal: killed");
    assert_has(&tail, "Max Memory Used: 256 MB\tStatus: error\tError Type: Runtime.OutOfMemory\t");
    clear(&a, &tail);
    invoke(&s, "fn", "{}", &a, &tail); /* a new process has a peak of its own */
    assert_int_equal(number_in(&a, "n"), 0);
    assert_true(value_in(&tail, "Max Memory Used: ") < 60);
    clear(&a, &tail);
    service_stop(&s);
}

static void killed_guard_leaves_nothing(void **state)
{
    (void)state;
    struct service s;
    struct answer a;
    struct cp_buf tail;
    service_start(&s, &probe, 1, NULL);
    invoke(&s, "fn", "\"kill guard\"", &a, &tail);
    assert_int_equal(a.status, 200);
    assert_has(&a.body, "\"errorType\":\"Sandbox.Failure\"");
    assert_has(&tail, "Status: error\tError Type: Sandbox.Failure\t");
    clear(&a, &tail);
    invoke(&s, "fn", "{}", &a, &tail); /* by another environment */
    assert_int_equal(number_in(&a, "n"), 0);
    clear(&a, &tail);
    service_stop(&s);
    assert_int_equal(count_processes(s.dir), 0);
    assert_int_equal(count_groups(s.pid), 0);
}

struct init_failure {
    const char *name, *init, *type; /* type: of the payload */
    const char *first, *second;     /* INIT_REPORT lines, after the duration */
};

static void failed_init_is_repeated_in_the_invocation(void **state)
{
    (void)state;
    static const struct init_failure rows[] = {
        {"reported", "error", "\"errorType\":\"ImportError\"",
         "Phase: init\tStatus: error\tError Type: Runtime.ImportModuleError",
         "Phase: invoke\tStatus: error\tError Type: Runtime.ImportModuleError"},
        {"exit", "exit", "\"errorType\":\"Runtime.ExitError\"",
         "Phase: init\tStatus: error\tError Type: Runtime.ExitError",
         "Phase: invoke\tStatus: error\tError Type: Runtime.ExitError"},
        {"timeout", "sleep 60000", "\"errorType\":\"Sandbox.Timedout\"",
         "Phase: init\tStatus: timeout", "Phase: invoke\tStatus: timeout"},
    };
    const struct cp_serve_options options = {.init_limit_ms = 200};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct service s;
        struct answer a;
        struct cp_buf tail;
        char ini[256];
        print_message("  %s\n", rows[i].name);
        (void)snprintf(ini, sizeof ini, INI_ENV "%s\n", rows[i].init);
        const struct function_setup f = {"fn", ini, NULL, NULL};
        service_start(&s, &f, 1, &options);
        invoke(&s, "fn", "{}", &a, &tail);
        assert_int_equal(a.status, 200);
        assert_header(&a, "X-Amz-Function-Error", "Unhandled");
        assert_has(&a.body, rows[i].type);
        assert_has_not(&tail, "Init Duration: ");
        clear(&a, &tail);
        assert_true(service_log_has(&s, rows[i].first));
        assert_true(service_log_has(&s, rows[i].second));
        service_stop(&s);
    }
}

static void slow_init_that_succeeds_the_second_time_serves(void **state)
{
    (void)state;
    char ini[256], flag[64];
    const struct cp_serve_options options = {.init_limit_ms = 150};
    struct service s;
    struct answer a;
    struct cp_buf tail, log;
    (void)snprintf(flag, sizeof flag, "/tmp/cptest-once-%d", (int)getpid());
    (void)snprintf(ini, sizeof ini, INI_ENV "once %s\n", flag);
    const struct function_setup f = {"fn", ini, NULL, NULL};
    service_start(&s, &f, 1, &options);
    invoke(&s, "fn", "{}", &a, &tail);
    (void)unlink(flag);
    assert_int_equal(number_in(&a, "n"), 0);
    assert_has_not(&tail, "Init Duration: ");
    clear(&a, &tail);
    service_read_log(&s, &log);
    double init_ms = value_in(&log, "INIT_REPORT Init Duration: ");
    assert_true(init_ms >= 150 && init_ms < 1000);
    assert_has(&log, "Phase: init\tStatus: timeout\n");
    assert_has_not(&log, "Phase: invoke");
    cp_buf_clear(&log);
    service_stop(&s);
}

static void runtime_api_refuses_what_it_must(void **state)
{
    (void)state;
    struct service s;
    struct answer a;
    struct cp_buf tail;
    service_start(&s, &probe, 1, NULL);
    invoke(&s, "fn", "\"wrong id\"", &a, NULL);
    assert_int_equal(number_in(&a, "status"), 400);
    answer_clear(&a);
    invoke(&s, "fn", "\"twice\"", &a, &tail);
    assert_string_equal(cp_buf_str(&a.body), "1");
    assert_has(&tail, "status 403\n");
    clear(&a, &tail);
    invoke(&s, "fn", "\"large\"", &a, &tail);
    assert_has(&tail, "status 413\n");
    clear(&a, &tail);
    invoke(&s, "fn", "\"stream\"", &a, NULL);
    assert_string_equal(cp_buf_str(&a.body), "\"abc\"");
    assert_header(&a, "X-Amz-Function-Error", "");
    answer_clear(&a);
    service_stop(&s);
}

/* --- Invoke --- */

static void invoke_checks_its_request(void **state)
{
    (void)state;
    static const struct {
        const char *target, *headers, *body;
        int status;
        const char *error_type;
    } rows[] = {
        {"fn/invocations", "", "{", 400, "InvalidRequestContentException"},
        {"fn/invocations", "", "{\"a\":1}x", 400, "InvalidRequestContentException"},
        {"fn/invocations", "X-Amz-Invocation-Type: Later\r\n", "{}", 400,
         "InvalidParameterValueException"},
        {"fn/invocations", "X-Amz-Client-Context: ***\r\n", "{}", 400,
         "InvalidRequestContentException"},
        {"nothing/invocations", "", "{}", 404, "ResourceNotFoundException"},
        {"fn/invocations?Qualifier=7", "", "{}", 404, "ResourceNotFoundException"},
        {"fn/invocations", "X-Amz-Invocation-Type: DryRun\r\n", "{}", 204, ""},
        {"fn/invocations", "X-Amz-Invocation-Type: Event\r\n", "{}", 202, ""},
        {"fn/invocations", "", "", 200, ""},
    };
    struct service s;
    service_start(&s, &probe, 1, NULL);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char target[128], error_type[128], id[64];
        struct answer a;
        (void)snprintf(target, sizeof target, "/2015-03-31/functions/%s", rows[i].target);
        call(&s, "POST", target, rows[i].headers, rows[i].body, &a);
        answer_header(&a, "x-amzn-ErrorType", error_type, sizeof error_type);
        answer_header(&a, "X-Amzn-RequestId", id, sizeof id);
        print_message("  %s %s%s\n", rows[i].target, rows[i].headers, rows[i].body);
        assert_int_equal(a.status, rows[i].status);
        assert_string_equal(error_type, rows[i].error_type);
        assert_int_equal(strlen(id), 36);
        answer_clear(&a);
    }
    service_stop(&s);
}

static void payload_is_limited_to_6_mb(void **state)
{
    (void)state;
    static const struct {
        size_t n;
        const char *type;
        int status;
    } rows[] = {
        {6 << 20, "RequestResponse", 200},
        {(6 << 20) + 1, "RequestResponse", 413},
        {1 << 20, "Event", 202},
        {(1 << 20) + 1, "Event", 413},
    };
    struct service s;
    service_start(&s, &probe, 1, NULL);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct answer a;
        char headers[64];
        char *payload = malloc(rows[i].n + 1);
        assert_non_null(payload);
        memset(payload, '1', rows[i].n);
        payload[rows[i].n] = '\0';
        (void)snprintf(headers, sizeof headers, "X-Amz-Invocation-Type: %s\r\n", rows[i].type);
        call(&s, "POST", "/2015-03-31/functions/fn/invocations", headers, payload, &a);
        assert_int_equal(a.status, rows[i].status);
        answer_clear(&a);
        free(payload);
    }
    service_stop(&s);
}

static void event_invocation_runs_later(void **state)
{
    (void)state;
    struct service s;
    struct answer a;
    char id[64], report[128];
    service_start(&s, &probe, 1, NULL);
    call(&s, "POST", "/2015-03-31/functions/fn/invocations", "X-Amz-Invocation-Type: Event\r\n",
         "\"log\"", &a);
    assert_int_equal(a.status, 202);
    answer_header(&a, "X-Amzn-RequestId", id, sizeof id);
    (void)snprintf(report, sizeof report, "REPORT RequestId: %s", id);
    assert_true(service_log_has(&s, report));
    answer_clear(&a);
    service_stop(&s);
}

static void unsigned_and_wrongly_signed_requests_are_refused(void **state)
{
    (void)state;
    struct service s, other;
    struct answer a;
    service_start(&s, &probe, 1, NULL);
    int fd = service_connect(&s);
    exchange(fd,
             CP_VIEW_LIT("POST /2015-03-31/functions/fn/invocations HTTP/1.1\r\nHost: 127.0.0.1\r\n"
                         "Content-Length: 2\r\n\r\n{}"),
             &a);
    assert_int_equal(a.status, 403);
    answer_clear(&a);
    (void)close(fd);
    other = s;
    (void)snprintf(other.options.credentials.secret_access_key,
                   sizeof other.options.credentials.secret_access_key, "other");
    invoke(&other, "fn", "{}", &a, NULL);
    assert_int_equal(a.status, 403);
    answer_clear(&a);
    service_stop(&s);
}

/* --- concurrency --- */

static int start_invoke(const struct service *s, const char *event)
{
    struct cp_buf bytes;
    int fd = service_connect(s);
    cp_buf_init(&bytes, 1 << 20);
    sign_request(s, "POST", "/2015-03-31/functions/fn/invocations", "", event, &bytes);
    assert_int_equal(write(fd, bytes.p, bytes.n), bytes.n);
    cp_buf_clear(&bytes);
    return fd;
}

static void end_invoke(int fd, struct answer *a)
{
    exchange(fd, (struct cp_view){"", 0}, a);
    (void)close(fd);
}

static void parallel_requests_get_environments_of_their_own(void **state)
{
    (void)state;
    enum { N = 6 };
    struct service s;
    struct answer a[N], after;
    int fds[N];
    service_start(&s, &probe, 1, NULL);
    for (int i = 0; i < N; i++)
        fds[i] = start_invoke(&s, "\"sleep 300\"");
    for (int i = 0; i < N; i++) {
        end_invoke(fds[i], &a[i]);
        assert_int_equal(a[i].status, 200);
        for (int k = 0; k < i; k++)
            assert_int_not_equal(number_in(&a[i], "pid"), number_in(&a[k], "pid"));
    }
    /* The idle environment that was created last is taken: METHODS 4. Creation order is the order
     * of the requests, which one loop accepts in turn. */
    invoke(&s, "fn", "{}", &after, NULL);
    assert_int_equal(number_in(&after, "n"), 1);
    answer_clear(&after);
    for (int i = 0; i < N; i++)
        answer_clear(&a[i]);
    service_stop(&s);
}

static void reserved_concurrency_throttles(void **state)
{
    (void)state;
    struct service s;
    struct answer a, first;
    char reason[64];
    service_start(&s, &probe, 1, NULL);
    call(&s, "PUT", "/2017-10-31/functions/fn/concurrency", "",
         "{\"ReservedConcurrentExecutions\":1}", &a);
    assert_int_equal(a.status, 200);
    answer_clear(&a);
    int fd = start_invoke(&s, "\"sleep 800 log\"");
    assert_true(service_log_has(&s, "START RequestId"));
    invoke(&s, "fn", "{}", &a, NULL);
    assert_int_equal(a.status, 429);
    assert_header(&a, "x-amzn-ErrorType", "TooManyRequestsException");
    answer_header(&a, "Retry-After", reason, sizeof reason);
    assert_true(*reason != '\0');
    assert_has(&a.body, "ReservedFunctionConcurrentInvocationLimitExceeded");
    answer_clear(&a);
    end_invoke(fd, &first);
    assert_int_equal(first.status, 200);
    answer_clear(&first);
    invoke(&s, "fn", "{}", &a, NULL);
    assert_int_equal(a.status, 200);
    answer_clear(&a);
    service_stop(&s);
}

struct provisioned_wait {
    const struct service *service;
    const char *status;
};

static bool provisioned_is(void *context)
{
    const struct provisioned_wait *w = context;
    struct answer a;
    call(w->service, "GET", "/2019-09-30/functions/fn/provisioned-concurrency?Qualifier=1", "", "",
         &a);
    bool is_so = strstr(cp_buf_str(&a.body), w->status) != NULL;
    answer_clear(&a);
    return is_so;
}

static void provision(const struct service *s, int count)
{
    struct answer a;
    char body[64];
    (void)snprintf(body, sizeof body, "{\"ProvisionedConcurrentExecutions\":%d}", count);
    call(s, "POST", "/2015-03-31/functions/fn/versions", "", "{}", &a);
    assert_int_equal(a.status, 201);
    answer_clear(&a);
    call(s, "PUT", "/2019-09-30/functions/fn/provisioned-concurrency?Qualifier=1", "", body, &a);
    assert_int_equal(a.status, 202);
    answer_clear(&a);
}

static void provisioned_environments_are_initialised_before(void **state)
{
    (void)state;
    struct service s;
    struct answer a;
    char encoded[8192];
    struct provisioned_wait wait = {&s, "\"READY\""};
    service_start(&s, &probe, 1, NULL);
    provision(&s, 2);
    assert_true(wait_until(provisioned_is, &wait));
    assert_true(service_log_has(&s, "INIT_REPORT Init Duration: "));
    for (int i = 0; i < 2; i++) {
        call(&s, "POST", "/2015-03-31/functions/fn/invocations?Qualifier=1",
             "X-Amz-Log-Type: Tail\r\n", "{\"env\":\"AWS_LAMBDA_INITIALIZATION_TYPE\"}", &a);
        assert_string_equal(cp_buf_str(&a.body), "\"provisioned-concurrency\"");
        assert_header(&a, "X-Amz-Executed-Version", "1");
        answer_header(&a, "X-Amz-Log-Result", encoded, sizeof encoded);
        answer_clear(&a);
    }
    struct cp_buf log;
    service_read_log(&s, &log);
    assert_has_not(&log, "\tInit Duration"); /* on no REPORT: nobody waited for it */
    cp_buf_clear(&log);
    /* One that ends is replaced. */
    call(&s, "POST", "/2015-03-31/functions/fn/invocations?Qualifier=1", "", "\"exit 1\"", &a);
    answer_clear(&a);
    assert_true(wait_until(provisioned_is, &wait));
    call(&s, "DELETE", "/2019-09-30/functions/fn/provisioned-concurrency?Qualifier=1", "", "", &a);
    assert_int_equal(a.status, 204);
    answer_clear(&a);
    service_stop(&s);
}

static void provisioned_init_that_fails_is_reported(void **state)
{
    (void)state;
    struct service s;
    const struct function_setup f = {"fn", INI_ENV "exit\n", NULL, NULL};
    struct provisioned_wait wait = {&s, "FUNCTION_ERROR_INIT_FAILURE"};
    service_start(&s, &f, 1, NULL);
    provision(&s, 1);
    assert_true(wait_until(provisioned_is, &wait));
    service_stop(&s);
}

/* --- lifetime --- */

static void configuration_change_makes_the_next_start_cold(void **state)
{
    (void)state;
    struct service s;
    struct answer a, b;
    struct cp_buf tail;
    const struct cp_serve_options options = {.idle_lifetime = "never"};
    service_start(&s, &probe, 1, &options);
    invoke(&s, "fn", "{}", &a, NULL);
    call(&s, "PUT", "/2015-03-31/functions/fn/configuration", "", "{\"MemorySize\":512}", &b);
    assert_int_equal(b.status, 200);
    answer_clear(&b);
    invoke(&s, "fn", "{}", &b, &tail);
    assert_has(&tail, "Memory Size: 512 MB");
    assert_has(&tail, "Init Duration: ");
    assert_int_not_equal(number_in(&a, "pid"), number_in(&b, "pid"));
    answer_clear(&a);
    clear(&b, &tail);
    service_stop(&s);
}

struct gone_wait {
    pid_t pid;
};

static bool is_gone(void *context)
{
    const struct gone_wait *w = context;
    return kill(w->pid, 0) < 0;
}

static void idle_environment_ends_after_its_lifetime(void **state)
{
    (void)state;
    struct service s;
    struct answer a;
    struct cp_buf tail;
    const struct cp_serve_options options = {.idle_lifetime = "fixed:100ms"};
    service_start(&s, &probe, 1, &options);
    invoke(&s, "fn", "{}", &a, NULL);
    struct gone_wait wait = {(pid_t)number_in(&a, "pid")};
    assert_true(wait.pid > 0);
    assert_true(wait_until(is_gone, &wait));
    answer_clear(&a);
    invoke(&s, "fn", "{}", &a, &tail);
    assert_has(&tail, "Init Duration: ");
    clear(&a, &tail);
    service_stop(&s);
}

struct frozen_wait {
    const struct cp_cgroup_base *base;
    const char *prefix;
    int n;
};

static bool n_frozen_is(void *context)
{
    const struct frozen_wait *w = context;
    DIR *dir = opendir(w->base->freezer);
    int n = 0;
    for (struct dirent *e; dir && (e = readdir(dir));) {
        char path[PATH_MAX + 300];
        struct cp_buf text;
        if (strncmp(e->d_name, w->prefix, strlen(w->prefix)) != 0)
            continue;
        (void)snprintf(path, sizeof path, "%s/%s/freezer.state", w->base->freezer, e->d_name);
        cp_buf_init(&text, 256);
        (void)cp_file_read(path, &text, NULL);
        n += strcmp(cp_buf_str(&text), "FROZEN\n") == 0;
        cp_buf_clear(&text);
    }
    if (dir)
        (void)closedir(dir);
    return n == w->n;
}

/* The state as the kernel tells it (version 1: freezer.state). */
static void idle_environment_is_frozen(void **state)
{
    (void)state;
    struct service s;
    struct answer a;
    char prefix[64];
    struct cp_cgroup_base base;
    if (cp_cgroup_detect(&base, NULL) || base.ops != &cp_cgroup_v1)
        skip();
    const struct cp_serve_options options = {.idle_lifetime = "never"};
    service_start(&s, &probe, 1, &options);
    for (int i = 0; i < 3; i++) { /* frozen, thawed for the next request, frozen again */
        invoke(&s, "fn", "{\"env\":\"AWS_LAMBDA_FUNCTION_NAME\"}", &a, NULL);
        assert_string_equal(cp_buf_str(&a.body), "\"fn\"");
        answer_clear(&a);
        (void)snprintf(prefix, sizeof prefix, "coldprof-%d-", (int)s.pid);
        struct frozen_wait wait = {&base, prefix, 1};
        assert_true(wait_until(n_frozen_is, &wait));
    }
    service_stop(&s);
}

static bool all_ended(void *context)
{
    const struct service *s = context;
    return count_processes(s->dir) == 0 && count_groups(s->pid) == 0;
}

static void nothing_is_left_after_the_end(void **state)
{
    (void)state;
    struct service s;
    struct answer a;
    service_start(&s, &probe, 1, NULL);
    invoke(&s, "fn", "\"orphan\"", &a, NULL); /* a child in a session of its own */
    answer_clear(&a);
    int fd = start_invoke(&s, "\"sleep 900 log\"");
    assert_true(service_log_has(&s, "START"));
    assert_int_not_equal(count_processes(s.dir), 0);
    struct service copy = s;
    service_stop(&s);
    (void)close(fd);
    assert_true(all_ended(&copy));
}

static void nothing_is_left_after_kill_9(void **state)
{
    (void)state;
    struct service s;
    struct answer a;
    service_start(&s, &probe, 1, NULL);
    invoke(&s, "fn", "\"orphan\"", &a, NULL);
    answer_clear(&a);
    assert_int_not_equal(count_processes(s.dir), 0);
    (void)kill(s.pid, SIGKILL);
    assert_int_equal(waitpid(s.pid, NULL, 0), s.pid);
    assert_true(wait_until(all_ended, &s));
    s.pid = 0;
    service_stop(&s);
}

static void without_control_groups_it_serves_and_cleans_up(void **state)
{
    (void)state;
    struct service s;
    struct answer a;
    struct cp_buf tail;
    const struct cp_serve_options options = {.no_cpu_share = true};
    service_start(&s, &probe, 1, &options);
    assert_has(&s.ready, "\"cgroup\":\"none\"");
    invoke(&s, "fn", "\"memory 40\"", &a, &tail);
    assert_int_equal(a.status, 200);
    double peak_mb =
        value_in(&tail, "Max Memory Used: "); /* of the process, as the kernel counts */
    assert_true(peak_mb >= 40 && peak_mb <= 60);
    clear(&a, &tail);
    invoke(&s, "fn", "\"orphan\"", &a, NULL);
    answer_clear(&a);
    (void)kill(s.pid, SIGKILL);
    assert_int_equal(waitpid(s.pid, NULL, 0), s.pid);
    assert_true(wait_until(all_ended, &s));
    s.pid = 0;
    service_stop(&s);
}

static void service_ends_with_its_parent(void **state)
{
    (void)state;
    struct service s;
    int status, pipes[2];
    /* A child starts the service and dies. */
    assert_int_equal(pipe(pipes), 0);
    pid_t child = fork();
    if (child == 0) {
        service_start(&s, &probe, 1, NULL);
        (void)!write(pipes[1], &s, sizeof s);
        _exit(0);
    }
    assert_int_equal(read(pipes[0], &s, sizeof s), sizeof s);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(wait_until(all_ended, &s));
    (void)close(pipes[0]);
    (void)close(pipes[1]);
    s.pid = 0;
    cp_buf_init(&s.ready, 1);
    service_stop(&s);
}

static void taken_port_is_named_with_the_fix(void **state)
{
    (void)state;
    struct service first, second;
    service_start(&first, &probe, 1, NULL);
    const struct cp_serve_options options = {.port = first.port};
    char port[32];
    (void)snprintf(port, sizeof port, "port %d", first.port);
    int old_stderr = dup(2), null_fd = open("/dev/null", O_WRONLY);
    (void)dup2(null_fd, 2);
    service_start(&second, &probe, 1, &options);
    assert_has(&second.ready, "\"error\":\"");
    assert_has(&second.ready, port);
    assert_has(&second.ready, "--port 0");
    int status;
    assert_int_equal(waitpid(second.pid, &status, 0), second.pid);
    (void)dup2(old_stderr, 2);
    (void)close(old_stderr);
    (void)close(null_fd);
    assert_int_equal(WEXITSTATUS(status), 1);
    second.pid = 0;
    service_stop(&second);
    service_stop(&first);
}

/* --- shipped bootstraps --- */

static void shipped_bootstraps_run_handlers(void **state)
{
    (void)state;
    static const struct function_setup functions[] = {
        {"py", "runtime = python3\nhandler = app.main\n" INI, "app.py",
         "def main(event, context):\n"
         "    if event.get('fail'):\n"
         "        raise ValueError('boom')\n"
         "    print('seen', context.aws_request_id)\n"
         "    return {'x': event['x'] + 1, 'left': context.get_remaining_time_in_millis() > 0}\n"},
        {"js", "runtime = nodejs\nhandler = app.main\n" INI, "app.js",
         "exports.main = async (event, context) => {\n"
         "    if (event.fail) throw new TypeError('boom');\n"
         "    console.log('seen', context.awsRequestId);\n"
         "    return { x: event.x + 1, left: context.getRemainingTimeInMillis() > 0 };\n"
         "};\n"},
        {"nopy", "runtime = python3\nhandler = missing.main\n" INI, "app.py", "\n"},
        {"nojs", "runtime = nodejs\nhandler = missing.main\n" INI, "app.js", "\n"},
    };
    struct service s;
    service_start(&s, functions, sizeof functions / sizeof *functions, NULL);
    if (!s.port && strstr(cp_buf_str(&s.ready), "interpreter")) {
        print_message("skipped: %s\n", cp_buf_str(&s.ready));
        (void)waitpid(s.pid, NULL, 0);
        s.pid = 0;
        service_stop(&s);
        skip();
    }
    for (size_t i = 0; i < 2; i++) {
        struct answer a;
        struct cp_buf tail;
        const char *name = functions[i].name;
        for (int k = 0; k < 2; k++) {
            invoke(&s, name, "{\"x\":41}", &a, &tail);
            assert_int_equal(number_in(&a, "x"), 42);
            assert_has(&a.body, "true");
            assert_has(&tail, "seen");
            clear(&a, &tail);
        }
        invoke(&s, name, "{\"x\":1,\"fail\":1}", &a, &tail);
        assert_header(&a, "X-Amz-Function-Error", "Unhandled");
        assert_has(&a.body, "\"boom\"");
        assert_has(&a.body, i == 0 ? "\"ValueError\"" : "\"TypeError\"");
        assert_has(&a.body, "\"stackTrace\"");
        clear(&a, &tail);
        invoke(&s, functions[i + 2].name, "{}", &a, &tail);
        assert_has(&a.body, "\"Runtime.ImportModuleError\"");
        assert_has(&tail, "Status: error\tError Type: Runtime.ImportModuleError");
        clear(&a, &tail);
    }
    service_stop(&s);
}

/* An argument picks tests by name (with wildcards). */
int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cold_then_warm_uses_one_environment),
        cmocka_unit_test(records_have_the_form_of_lambda),
        cmocka_unit_test(log_tail_is_the_last_4_kb),
        cmocka_unit_test(json_log_format_writes_platform_events),
        cmocka_unit_test(environment_has_lambdas_variables),
        cmocka_unit_test(failures_are_told_as_lambda_tells_them),
        cmocka_unit_test(memory_over_the_limit_is_out_of_memory),
        cmocka_unit_test(failed_init_is_repeated_in_the_invocation),
        cmocka_unit_test(slow_init_that_succeeds_the_second_time_serves),
        cmocka_unit_test(runtime_api_refuses_what_it_must),
        cmocka_unit_test(invoke_checks_its_request),
        cmocka_unit_test(payload_is_limited_to_6_mb),
        cmocka_unit_test(event_invocation_runs_later),
        cmocka_unit_test(unsigned_and_wrongly_signed_requests_are_refused),
        cmocka_unit_test(parallel_requests_get_environments_of_their_own),
        cmocka_unit_test(reserved_concurrency_throttles),
        cmocka_unit_test(provisioned_environments_are_initialised_before),
        cmocka_unit_test(provisioned_init_that_fails_is_reported),
        cmocka_unit_test(configuration_change_makes_the_next_start_cold),
        cmocka_unit_test(idle_environment_ends_after_its_lifetime),
        cmocka_unit_test(idle_environment_is_frozen),
        cmocka_unit_test(nothing_is_left_after_the_end),
        cmocka_unit_test(killed_guard_leaves_nothing),
        cmocka_unit_test(nothing_is_left_after_kill_9),
        cmocka_unit_test(without_control_groups_it_serves_and_cleans_up),
        cmocka_unit_test(service_ends_with_its_parent),
        cmocka_unit_test(taken_port_is_named_with_the_fix),
        cmocka_unit_test(shipped_bootstraps_run_handlers),
    };
    if (argc > 1)
        cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
