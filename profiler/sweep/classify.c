/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/sweep/classify.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include <cjson/cJSON.h>

enum { HTTP_THROTTLED = 429, HTTP_CLIENT_ERROR = 400, HTTP_SERVER_ERROR = 500 };

static void note(struct cp_sample *s, const char *text)
{
    (void)snprintf(s->note, sizeof s->note, "%s", text);
}

static void set_view(char *to, size_t size, struct cp_view v)
{
    (void)snprintf(to, size, "%.*s", (int)v.n, v.p ? v.p : "");
}

/* --- answers without an invocation behind them --- */

/* Of a 429: why, else what it is called. */
static const char *reason_of(const struct cp_invoke_result *result)
{
    const struct cp_lambda_failure *f = &result->failure;
    return f->reason[0] ? f->reason : f->error_code[0] ? f->error_code : "no reason given";
}

static enum cp_answer_kind not_sent(const struct cp_invoke_result *result, struct cp_sample *s,
                                    enum cp_answer_kind kind)
{
    s->outcome = CP_OUTCOME_NOT_SENT;
    s->sent_at_ms = -1;
    s->client_ms = NAN;
    if (kind == CP_TOO_FAST)
        (void)snprintf(s->note, sizeof s->note, "called too fast: %.60s", reason_of(result));
    else if (result->http_status >= HTTP_CLIENT_ERROR)
        (void)snprintf(s->note, sizeof s->note, "%s: %d %.60s: %.50s",
                       kind == CP_REFUSED ? "refused" : "not started", result->http_status,
                       result->failure.error_code, result->failure.message);
    else
        (void)snprintf(s->note, sizeof s->note, "not reached: %.140s", result->error.text);
    return kind;
}

/* Not what the function's load meets, but what we did. Gateways throttle without a reason, under
 * general names. */
static bool is_our_own_doing(const struct cp_invoke_result *result)
{
    static const char *const OURS[] = {
        "CallerRateLimitExceeded",
        "ConcurrentSnapshotCreateLimitExceeded",
        "Throttling",
        "ThrottlingException",
        "RequestLimitExceeded",
    };
    for (size_t i = 0; i < sizeof OURS / sizeof OURS[0]; i++)
        if (strcmp(reason_of(result), OURS[i]) == 0)
            return true;
    return false;
}

static enum cp_answer_kind throttled(const struct cp_invoke_result *result, struct cp_sample *s)
{
    if (is_our_own_doing(result))
        return not_sent(result, s, CP_TOO_FAST);
    s->outcome = CP_OUTCOME_THROTTLED;
    (void)snprintf(s->error_type, sizeof s->error_type, "%.63s", result->failure.error_code);
    (void)snprintf(s->note, sizeof s->note, "throttled: %s", reason_of(result));
    return CP_THROTTLED_ANSWER;
}

/* A lost answer or a 5xx: it may have run, so it is neither repeated nor counted as failed. */
static enum cp_answer_kind unknown(const struct cp_invoke_result *result, struct cp_sample *s)
{
    s->outcome = CP_OUTCOME_UNKNOWN;
    if (result->http_status >= 0)
        (void)snprintf(s->note, sizeof s->note, "%d %.60s: %.60s", result->http_status,
                       result->failure.error_code, result->failure.message);
    else
        (void)snprintf(s->note, sizeof s->note, "no answer: %.140s", result->error.text);
    return CP_ANSWERED;
}

/* Without the id nobody can tell the platform's record from a line that the function printed. */
static enum cp_answer_kind nameless(struct cp_sample *s)
{
    s->outcome = CP_OUTCOME_UNKNOWN;
    note(s, "the answer has no x-amzn-RequestId, so its record cannot be told");
    return CP_ANSWERED;
}

/* --- the platform record --- */

static void take_report(const struct cp_log_tail *tail, struct cp_sample *s)
{
    const struct cp_record *r = &tail->report;
    s->duration_ms = r->duration_ms;
    s->billed_duration_ms = r->billed_ms;
    s->init_duration_ms = r->init_ms;
    s->restore_duration_ms = r->restore_ms;
    if (r->max_memory_mb >= 0)
        s->max_memory_used_mb = (int)r->max_memory_mb;
    if (!isnan(r->restore_ms))
        s->start = CP_START_SNAPSTART;
    else
        s->start = isnan(r->init_ms) ? CP_START_WARM : CP_START_COLD;
}

/* Lambda repeated a failed or slow init inside this invocation: a cold start whose init is part of
 * Duration and cannot be told from it. */
static void take_suppressed_init(const struct cp_log_tail *tail, struct cp_sample *s)
{
    if (!tail->has_suppressed_init || s->start == CP_START_SNAPSTART)
        return;
    s->start = CP_START_COLD;
    s->init_duration_ms = NAN;
    note(s, "init ran inside Duration (suppressed init)");
}

/* The environment was initialised before the request, for provisioned concurrency or ahead of
 * demand: nobody waited for this init, although the REPORT tells of it. An answer that came sooner
 * than init and handler together take is the proof. */
static void take_init_ahead(const struct cp_log_tail *tail, struct cp_sample *s)
{
    enum { ROUNDING_MS = 1 };
    if (s->start != CP_START_COLD || isnan(s->init_duration_ms))
        return;
    bool is_sooner = s->client_ms + ROUNDING_MS < s->init_duration_ms + s->duration_ms;
    if (!tail->is_provisioned && !is_sooner)
        return;
    s->init_duration_ms = NAN;
    note(s, tail->is_provisioned
                ? "init ran ahead of the request, for provisioned concurrency"
                : "init ran ahead of the request: the answer came sooner than init takes");
}

/* --- failures --- */

struct failure {
    const struct cp_invoke_result *result;
    const struct cp_log_tail *tail;
    char error_type[64]; /* from the payload, else from the record */
};

static bool has_status(const struct cp_record *record, const char *status)
{
    return cp_view_is(record->status, status);
}

static bool is_timeout(const struct failure *f)
{
    return strcmp(f->error_type, "Sandbox.Timedout") == 0 || f->tail->has_timeout_text ||
           (f->tail->has_report && has_status(&f->tail->report, "timeout"));
}

/* Runtime.OutOfMemory, or (older logs) killed by a signal with all its memory in use. */
static bool is_out_of_memory(const struct failure *f)
{
    static const char oom[] = "Runtime.OutOfMemory";
    const struct cp_log_tail *tail = f->tail;
    if (strcmp(f->error_type, oom) == 0 || cp_view_is(tail->report.error_type, oom) ||
        (tail->has_init_report && cp_view_is(tail->init_report.error_type, oom)))
        return true;
    return tail->has_exit_text && cp_view_is(tail->exit_text.exit_reason, "signal: killed") &&
           tail->has_report && tail->report.max_memory_mb >= tail->report.memory_mb;
}

static bool is_init_failure(const struct failure *f)
{
    if (cp_record_is_init_error(cp_view_of(f->error_type)))
        return true;
    return f->tail->has_init_report && (has_status(&f->tail->init_report, "error") ||
                                        has_status(&f->tail->init_report, "timeout"));
}

static bool is_error(const struct failure *f)
{
    (void)f;
    return true;
}

/* First row that holds. */
static const struct {
    bool (*holds)(const struct failure *f);
    enum cp_outcome outcome;
    const char *words;
} failures[] = {
    {is_out_of_memory, CP_OUTCOME_OUT_OF_MEMORY, "out of memory"},
    {is_timeout, CP_OUTCOME_TIMEOUT, "timed out"},
    {is_init_failure, CP_OUTCOME_INIT_FAILED, "init failed"},
    {is_error, CP_OUTCOME_ERROR, "the function failed"},
};

static void note_failure(const char *words, struct cp_sample *s)
{
    if (s->outcome == CP_OUTCOME_OUT_OF_MEMORY && s->max_memory_used_mb >= 0)
        (void)snprintf(s->note, sizeof s->note, "%s: used %d of %d MB", words,
                       s->max_memory_used_mb, s->memory_size_mb);
    else if (s->outcome == CP_OUTCOME_TIMEOUT && !isnan(s->duration_ms))
        (void)snprintf(s->note, sizeof s->note, "%s after %.0f ms", words, s->duration_ms);
    else
        (void)snprintf(s->note, sizeof s->note, "%s%s%s", words, s->error_type[0] ? ": " : "",
                       s->error_type);
}

static void classify_failure(const struct failure *f, struct cp_sample *s)
{
    (void)snprintf(s->error_type, sizeof s->error_type, "%s", f->error_type);
    for (size_t i = 0; i < sizeof failures / sizeof failures[0]; i++) {
        if (!failures[i].holds(f))
            continue;
        s->outcome = failures[i].outcome;
        note_failure(failures[i].words, s);
        return;
    }
}

/* "errorType" of {"errorType":"Runtime.ExitError","errorMessage":...}. */
static void read_error_type(struct cp_view payload, char *to, size_t size)
{
    cJSON *json = cJSON_ParseWithLength(payload.p, payload.n);
    const cJSON *type = cJSON_GetObjectItemCaseSensitive(json, "errorType");
    if (cJSON_IsString(type))
        (void)snprintf(to, size, "%s", type->valuestring);
    cJSON_Delete(json);
}

static struct failure failure_of(const struct cp_invoke_result *result,
                                 const struct cp_log_tail *tail)
{
    struct failure f = {.result = result, .tail = tail};
    if (result->function_error[0])
        read_error_type(result->payload, f.error_type, sizeof f.error_type);
    if (!f.error_type[0] && tail->has_report)
        set_view(f.error_type, sizeof f.error_type, tail->report.error_type);
    if (!f.error_type[0])
        (void)snprintf(f.error_type, sizeof f.error_type, "%s", result->function_error);
    return f;
}

/* JSON records say "success"; text records say nothing. */
static bool is_success_status(struct cp_view status)
{
    return !status.n || cp_view_is(status, "success");
}

static void classify_run(const struct cp_invoke_result *result, const struct cp_log_tail *tail,
                         struct cp_sample *s)
{
    bool is_usable = tail->has_report && tail->report.verdict != CP_RECORD_REJECTED;
    if (is_usable) {
        take_report(tail, s);
        take_suppressed_init(tail, s);
        take_init_ahead(tail, s);
    }
    bool has_failed = result->function_error[0] || tail->has_timeout_text ||
                      (tail->has_report && !is_success_status(tail->report.status));
    if (has_failed) {
        struct failure f = failure_of(result, tail);
        classify_failure(&f, s);
        return;
    }
    s->outcome = is_usable ? CP_OUTCOME_MEASURED : CP_OUTCOME_UNKNOWN;
    if (!tail->has_report)
        note(s, "no REPORT record in the last 4 KB of the log");
    else if (!is_usable)
        (void)snprintf(s->note, sizeof s->note, "unusable REPORT record: %s",
                       cp_record_reason_text(tail->report.reason));
}

/* What holds of every answer. False: the sample is settled, and `*kind` says as what. */
static bool is_run(const struct cp_invoke_result *result, struct cp_sample *sample,
                   enum cp_answer_kind *kind)
{
    int status = result->http_status;
    sample->http_status = status;
    sample->client_ms = result->client_ms;
    (void)snprintf(sample->request_id, sizeof sample->request_id, "%s", result->request_id);
    (void)snprintf(sample->version, sizeof sample->version, "%.15s", result->executed_version);
    *kind = CP_ANSWERED;
    if (status == HTTP_THROTTLED)
        *kind = throttled(result, sample);
    else if (status >= HTTP_CLIENT_ERROR && status < HTTP_SERVER_ERROR)
        *kind = not_sent(result, sample, CP_REFUSED);
    else if (!result->code && status >= 200 && status < 300)
        return true;
    else
        *kind = result->may_have_run ? unknown(result, sample)
                                     : not_sent(result, sample, CP_NOT_REACHED);
    return false;
}

enum cp_answer_kind cp_classify(const struct cp_invoke_result *result, struct cp_log_tail *tail,
                                struct cp_sample *sample)
{
    struct cp_error err = {0};
    enum cp_answer_kind kind = CP_ANSWERED;
    if (!is_run(result, sample, &kind))
        return kind;
    if (!sample->request_id[0])
        return nameless(sample);
    memset(tail, 0, sizeof *tail);
    if (result->log_result.n &&
        cp_log_tail_read(result->log_result, cp_view_of(sample->request_id), tail, &err)) {
        memset(tail, 0, sizeof *tail);
        (void)snprintf(sample->note, sizeof sample->note, "%.150s", err.text);
    }
    classify_run(result, tail, sample);
    bool is_silent = !tail->has_report && !err.code && !result->function_error[0];
    return is_silent && sample->outcome == CP_OUTCOME_UNKNOWN ? CP_SILENT : CP_ANSWERED;
}

/* The emulators send what a function failed with as an ordinary answer. */
static bool is_error_payload(struct cp_view payload)
{
    cJSON *json = cJSON_ParseWithLength(payload.p, payload.n);
    bool is_error = cJSON_IsString(cJSON_GetObjectItemCaseSensitive(json, "errorMessage")) &&
                    cJSON_IsString(cJSON_GetObjectItemCaseSensitive(json, "errorType"));
    cJSON_Delete(json);
    return is_error;
}

enum cp_answer_kind cp_classify_wall_clock(const struct cp_invoke_result *result,
                                           struct cp_sample *sample)
{
    enum cp_answer_kind kind = CP_ANSWERED;
    if (!is_run(result, sample, &kind))
        return kind;
    sample->outcome = CP_OUTCOME_MEASURED;
    if (result->function_error[0] || is_error_payload(result->payload)) {
        sample->outcome = CP_OUTCOME_ERROR;
        read_error_type(result->payload, sample->error_type, sizeof sample->error_type);
        note_failure("the function failed", sample);
    }
    return CP_ANSWERED;
}
