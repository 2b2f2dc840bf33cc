/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "probes/aws/caller.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- one attempt, waited for --- */

/* On the heap, because a poll that fails leaves the request in flight: its callback comes later. */
struct waiter {
    bool is_done, is_abandoned;
    enum cp_code code; /* the transport's */
    struct cp_error error;
    bool was_sent;
    struct cp_lambda_failure failure; /* status and request id also when it is none */
    double retry_after_ms;
    struct cp_buf body;
};

static void waiter_free(struct waiter *w)
{
    cp_buf_clear(&w->body);
    free(w);
}

static void read_answer(struct waiter *w, const struct cp_http_response *r)
{
    cp_failure_clear(&w->failure);
    w->was_sent = r->was_sent;
    w->code = r->code;
    w->error = r->error;
    if (r->code)
        return;
    if (r->status >= 200 && r->status < 300) {
        w->failure.http_status = r->status;
        cp_failure_copy_text(cp_http_header(r, "x-amzn-RequestId"), w->failure.request_id,
                             sizeof w->failure.request_id);
        if (cp_buf_add_view(&w->body, r->body))
            w->code = cp_buf_check(&w->body, "the answer", &w->error);
        return;
    }
    cp_failure_read(r, &w->failure);
    if (!cp_view_to_double(cp_http_header(r, "x-amz-retry-after"), &w->retry_after_ms))
        w->retry_after_ms = NAN;
}

static void on_waited(void *context, const struct cp_http_response *response)
{
    struct waiter *w = context;
    if (w->is_abandoned) {
        waiter_free(w);
        return;
    }
    read_answer(w, response);
    w->is_done = true;
}

/* Polls until the answer is there. NULL: our own failure, in `err`. */
static struct waiter *attempt(struct cp_caller *caller, const struct cp_call *call,
                              struct cp_error *err)
{
    struct waiter *w = calloc(1, sizeof *w);
    if (!w) {
        (void)cp_fail(err, CP_ENOMEM, "%s: out of memory", call->operation);
        return NULL;
    }
    w->retry_after_ms = NAN;
    cp_buf_init(&w->body, call->max_response_bytes);
    if (cp_call_start(caller, call, on_waited, w, err)) {
        waiter_free(w);
        return NULL;
    }
    enum cp_code code = CP_OK;
    while (!code && !w->is_done) {
        size_t in_flight = 0;
        code = cp_caller_poll(caller, CP_POLL_SLICE_MS, &in_flight, err);
        if (!code && !w->is_done && in_flight == 0)
            code = cp_fail(err, CP_EIO, "%s: the transport lost the request", call->operation);
        if (!code && !w->is_done && cp_caller_is_interrupted(caller))
            code = cp_fail(err, CP_EINTERRUPTED, "interrupted before the answer to %s came",
                           call->operation);
    }
    if (w->is_done)
        return w;           /* a poll that failed beside it comes again with the next one */
    w->is_abandoned = true; /* freed by its callback */
    return NULL;
}

/* --- repeats --- */

static bool is_success(const struct waiter *w)
{
    return !w->code && w->failure.http_status >= 200 && w->failure.http_status < 300;
}

static struct cp_retry_decision decide(struct cp_caller *caller, const struct cp_call *call, int n,
                                       const struct waiter *w)
{
    const struct cp_retry_attempt failed = {
        .kind = call->kind,
        .attempt = n,
        .transport = w->code,
        .was_sent = w->was_sent,
        .http_status = w->failure.http_status,
        .error_code = w->failure.error_code,
        .retry_after_s = w->failure.retry_after_s,
        .retry_after_ms = w->retry_after_ms,
        .has_deadline = !isnan(caller->deadline_mono_ms),
        .left_ms = caller->deadline_mono_ms - cp_caller_mono_ms(caller),
    };
    return cp_retry_decide(&failed, &caller->budget, &caller->rng);
}

/* "UpdateFunctionConfiguration 'checkout'" */
static void name_call(const struct cp_call *call, char out[320])
{
    if (call->subject)
        (void)snprintf(out, 320, "%s '%s'", call->operation, call->subject);
    else
        (void)snprintf(out, 320, "%s", call->operation);
}

static enum cp_code describe(const struct cp_caller *caller, const struct cp_call *call, int n,
                             const struct waiter *w, struct cp_error *err)
{
    const struct cp_lambda_failure *f = &w->failure;
    char name[320];
    char times[48] = "";
    name_call(call, name);
    if (n > 1)
        (void)snprintf(times, sizeof times, " (%d attempts%s)", n,
                       isnan(caller->deadline_mono_ms) ? "" : " until the deadline");
    bool may_have_run = w->code ? w->was_sent : f->http_status >= 500;
    const char *unknown =
        call->kind == CP_CALL_ONCE && may_have_run ? "; it may have taken effect" : "";
    const char *advice = w->error.text; /* after an answer: what to do about refused keys */
    if (w->code)
        return cp_fail(err, w->code, "%s%s: %s%s", name, times, w->error.text, unknown);
    return cp_fail(err, cp_failure_code(f), "%s%s: HTTP %d%s%s%s%s%s%s%s%s%s%s", name, times,
                   f->http_status, f->error_code[0] ? " " : "", f->error_code,
                   f->message[0] ? ": " : "", f->message, f->request_id[0] ? " (request id " : "",
                   f->request_id, f->request_id[0] ? ")" : "", unknown, advice[0] ? ": " : "",
                   advice);
}

/* Control-plane calls are counted per account (15/s on AWS): keep below that. */
static enum cp_code keep_pace(struct cp_caller *caller, struct cp_error *err)
{
    struct cp_call_pace *shared = caller->options.clock->pace;
    struct cp_call_pace *pace = shared ? shared : &caller->own_pace;
    if (caller->options.pace_ms <= 0)
        return CP_OK;
    double now = cp_caller_mono_ms(caller);
    double at = fmax(now, pace->next_mono_ms);
    pace->next_mono_ms = at + caller->options.pace_ms;
    return cp_caller_sleep(caller, at - now, err);
}

static enum cp_code take_body(const struct cp_call *call, const struct waiter *w,
                              struct cp_buf *body, struct cp_error *err)
{
    if (!cp_buf_add_view(body, cp_buf_view(&w->body)))
        return CP_OK;
    (void)cp_buf_check(body, "the answer", err);
    return cp_fail_context(err, "%s", call->operation);
}

/* One attempt and what follows from it: when next->is_again, wait next->wait_ms and come again. */
static enum cp_code try_once(struct cp_caller *caller, const struct cp_call *call, int n,
                             struct cp_retry_decision *next, struct cp_buf *body,
                             struct cp_error *err)
{
    int cost_before = next->cost;
    *next = (struct cp_retry_decision){.is_again = false};
    cp_failure_clear(&caller->failure);
    enum cp_code code = keep_pace(caller, err);
    if (code)
        return code;
    struct cp_error own = {.code = CP_EIO};
    struct waiter *w = attempt(caller, call, &own);
    if (!w)
        return cp_fail(err, own.code, "%s", own.text);
    if (is_success(w)) {
        cp_retry_succeeded(&caller->budget, cost_before);
        code = take_body(call, w, body, err);
    } else {
        *next = decide(caller, call, n, w);
        code = describe(caller, call, n, w, err);
        caller->failure = w->failure;
    }
    waiter_free(w);
    return code;
}

enum cp_code cp_call_wait(struct cp_caller *caller, const struct cp_call *call, struct cp_buf *body,
                          struct cp_error *err)
{
    struct cp_retry_decision next = {.is_again = true};
    enum cp_code code = CP_OK;
    for (int n = 1; next.is_again; n++) {
        code = try_once(caller, call, n, &next, body, err);
        if (next.is_again) {
            enum cp_code waited = cp_caller_sleep(caller, next.wait_ms, err);
            if (waited)
                return waited;
        }
    }
    return code;
}
