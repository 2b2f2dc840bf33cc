/* SPDX-License-Identifier: GPL-3.0-or-later
 * Invoke: sent once, never repeated here. What happened is the caller's sample, good or bad.
 */
#include <stdlib.h>
#include <string.h>

#include "probes/aws/lambda.h"
#include "probes/aws/lambda_client.h"

enum {
    TIMEOUT_MS = 930 * 1000, /* the longest function timeout (900 s) and 30 s */
    ANSWER_MAX = 8 << 20,    /* 6 MB payload, and the escapes of an error text */
};

struct invocation {
    cp_invoke_done_fn on_done;
    void *context;
};

/* 502 and 503 of an environment that could not be made: the function was not begun. Any other 5xx
 * may come after it ran. */
static bool may_have_run(int status, const char *error_code)
{
    static const char *const BEFORE[] = {"EC2", "ENI"};
    if (status < 300 || (status >= 400 && status < 500)) /* answered, or refused */
        return false;
    for (size_t i = 0; i < sizeof BEFORE / sizeof BEFORE[0]; i++)
        if ((status == 502 || status == 503) &&
            strncmp(error_code, BEFORE[i], strlen(BEFORE[i])) == 0)
            return false;
    return true;
}

static void read_answer(const struct cp_http_response *response, struct cp_invoke_result *r)
{
    r->http_status = response->status;
    r->payload = response->body;
    r->log_result = cp_http_header(response, "X-Amz-Log-Result");
    cp_failure_copy_text(cp_http_header(response, "X-Amz-Function-Error"), r->function_error,
                         sizeof r->function_error);
    cp_failure_copy_text(cp_http_header(response, "X-Amz-Executed-Version"), r->executed_version,
                         sizeof r->executed_version);
    cp_failure_copy_text(cp_http_header(response, "x-amzn-RequestId"), r->request_id,
                         sizeof r->request_id);
    if (response->status < 200 || response->status > 299)
        cp_failure_read(response, &r->failure);
    r->may_have_run = may_have_run(response->status, r->failure.error_code);
}

static void on_response(void *context, const struct cp_http_response *response)
{
    struct invocation *invocation = context;
    struct cp_invoke_result result = {
        .code = response->code,
        .http_status = -1,
        .sent_at_ms = response->sent_at_ms,
        .client_ms = response->elapsed_ms,
    };
    cp_failure_clear(&result.failure);
    result.error = response->error;
    if (response->code) {
        result.may_have_run = response->was_sent;
    } else {
        read_answer(response, &result);
    }
    invocation->on_done(invocation->context, &result);
    free(invocation);
}

static const char *known_type(const char *type)
{
    static const char *const TYPES[] = {"RequestResponse", "Event", "DryRun"};
    for (size_t i = 0; i < sizeof TYPES / sizeof TYPES[0]; i++)
        if (strcmp(TYPES[i], type ? type : "RequestResponse") == 0)
            return TYPES[i];
    return NULL;
}

static size_t make_headers(const struct cp_invoke *invoke, const char *type,
                           struct cp_header headers[CP_CALL_HEADERS_MAX])
{
    size_t n = 0;
    headers[n++] = (struct cp_header){CP_VIEW_LIT("Content-Type"), CP_VIEW_LIT("application/json")};
    headers[n++] = (struct cp_header){CP_VIEW_LIT("X-Amz-Invocation-Type"), cp_view_of(type)};
    if (invoke->log_tail)
        headers[n++] = (struct cp_header){CP_VIEW_LIT("X-Amz-Log-Type"), CP_VIEW_LIT("Tail")};
    return n;
}

enum cp_code cp_lambda_invoke_start(struct cp_lambda *l, const struct cp_invoke *invoke,
                                    struct cp_error *err)
{
    const char *type = known_type(invoke->invocation_type);
    if (!type)
        return cp_fail(err, CP_EINVAL, "invocation type '%s' is not known",
                       invoke->invocation_type);
    struct invocation *invocation = malloc(sizeof *invocation);
    if (!invocation)
        return cp_fail(err, CP_ENOMEM, "Invoke: out of memory");
    *invocation = (struct invocation){invoke->on_done, invoke->context};
    struct cp_header headers[CP_CALL_HEADERS_MAX];
    struct cp_call call = {
        .body = invoke->payload,
        .headers = headers,
        .n_headers = make_headers(invoke, type, headers),
        .timeout_ms = invoke->timeout_ms > 0 ? invoke->timeout_ms : TIMEOUT_MS,
        .max_response_bytes = ANSWER_MAX,
    };
    struct cp_lambda_target target = {.function = invoke->function, .qualifier = invoke->qualifier};
    enum cp_code code = cp_lambda_target_make(CP_OP_INVOKE, &target, &call, err);
    if (!code)
        code = cp_call_start(l->caller, &call, on_response, invocation, err);
    if (code)
        free(invocation);
    cp_lambda_target_clear(&target);
    return code;
}
