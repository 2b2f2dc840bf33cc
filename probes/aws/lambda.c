/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "probes/aws/lambda.h"

#include <stdlib.h>
#include <string.h>

#include "probes/aws/function_name.h"
#include "probes/aws/lambda_client.h"
#include "probes/aws/lambda_json.h"
#include "probes/aws/service_endpoint.h"
#include "probes/aws/sigv4.h"

enum {
    CALL_TIMEOUT_MS = 30000,
    UPLOAD_BYTES_PER_MS = 250, /* 2 Mbit/s: a zip of 50 MB gets 5 min more */
    ANSWER_MAX = 16 << 20,
    REQUEST_MAX = 64 << 10,
    MARKER_MAX = 2048,
    PAGE_QUERY_MAX = 8192,
    PAGES_MAX = 10000,
    WAIT_POLL_MS = 1000, /* as the botocore waiters FunctionUpdatedV2 and FunctionActiveV2 */
    CONFLICT_WAIT_MS = 5 * 60 * 1000,
};

/* --- client --- */

enum cp_code cp_lambda_new(const struct cp_client_options *options, struct cp_lambda **out,
                           struct cp_error *err)
{
    *out = NULL;
    struct cp_lambda *l = calloc(1, sizeof *l);
    if (!l)
        return cp_fail(err, CP_ENOMEM, "cannot make the Lambda client: out of memory");
    enum cp_code code = cp_client_caller(options, &cp_service_lambda, &l->caller, err);
    if (code) {
        free(l);
        return code;
    }
    *out = l;
    return CP_OK;
}

void cp_lambda_free(struct cp_lambda *lambda)
{
    if (!lambda)
        return;
    cp_caller_free(lambda->caller);
    free(lambda);
}

void cp_lambda_set_deadline(struct cp_lambda *l, double mono_ms)
{
    cp_caller_set_deadline(l->caller, mono_ms);
}

enum cp_code cp_lambda_sleep(struct cp_lambda *l, double ms, struct cp_error *err)
{
    return cp_caller_sleep(l->caller, ms, err);
}

bool cp_lambda_is_embedded(const struct cp_lambda *lambda)
{
    return cp_caller_is_embedded(lambda->caller);
}

const struct cp_lambda_failure *cp_lambda_last_failure(const struct cp_lambda *lambda)
{
    return cp_caller_failure(lambda->caller);
}

enum cp_code cp_lambda_poll(struct cp_lambda *l, int timeout_ms, size_t *in_flight,
                            struct cp_error *err)
{
    return cp_caller_poll(l->caller, timeout_ms, in_flight, err);
}

/* --- one control-plane call --- */

static const struct cp_header JSON_TYPE[] = {
    {{"Content-Type", sizeof "Content-Type" - 1},
     {"application/json", sizeof "application/json" - 1}},
};

enum cp_code cp_lambda_run(struct cp_lambda *l, enum cp_lambda_operation operation,
                           struct cp_lambda_target *target, const char *extra_query,
                           const struct cp_buf *body, struct cp_buf *answer, struct cp_error *err)
{
    struct cp_call call = {.timeout_ms = CALL_TIMEOUT_MS, .max_response_bytes = ANSWER_MAX};
    cp_buf_init(answer, ANSWER_MAX);
    enum cp_code code = cp_lambda_target_make(operation, target, &call, err);
    if (!code && extra_query)
        call.query = extra_query;
    if (!code && body) {
        call.body = cp_buf_view(body);
        call.timeout_ms += (int)(body->n / UPLOAD_BYTES_PER_MS);
        call.headers = JSON_TYPE;
        call.n_headers = 1;
    }
    if (!code)
        code = cp_call_wait(l->caller, &call, answer, err);
    cp_lambda_target_clear(target);
    return code;
}

/* --- waiting for a state --- */

enum cp_code cp_lambda_get_function(struct cp_lambda *l, const char *function,
                                    const char *qualifier, struct cp_function_config *out,
                                    int *reserved, struct cp_error *err)
{
    struct cp_lambda_target target = {.function = function, .qualifier = qualifier};
    struct cp_buf answer;
    struct cp_function_config config;
    int count = -1;
    enum cp_code code = cp_lambda_run(l, CP_OP_GET_FUNCTION, &target, NULL, NULL, &answer, err);
    if (!code) {
        code = cp_lambda_json_function(cp_buf_view(&answer), &config, &count, err);
        if (code)
            (void)cp_fail_context(err, "'%s'", function);
    }
    if (!code && out)
        *out = config;
    if (!code && reserved)
        *reserved = count;
    cp_buf_clear(&answer);
    return code;
}

enum wait_result { WAIT_GO_ON, WAIT_DONE, WAIT_FAILED };

static enum wait_result judge_update(const struct cp_function_config *c)
{
    if (strcmp(c->last_update_status, "InProgress") == 0)
        return WAIT_GO_ON;
    return strcmp(c->last_update_status, "Failed") == 0 ? WAIT_FAILED : WAIT_DONE;
}

/* Inactive is a function that was not called for weeks: it becomes active with the next call. */
static enum wait_result judge_state(const struct cp_function_config *c)
{
    if (strcmp(c->state, "Pending") == 0)
        return WAIT_GO_ON;
    return strcmp(c->state, "Failed") == 0 ? WAIT_FAILED : WAIT_DONE;
}

struct wait {
    const char *function, *qualifier;
    const char *what; /* "the update", "the activation" */
    enum wait_result (*judge)(const struct cp_function_config *c);
    double timeout_ms;
    int n_polls; /* out: looks that found it in progress */
};

static enum cp_code wait_for(struct cp_lambda *l, struct wait *wait, struct cp_function_config *out,
                             struct cp_error *err)
{
    struct cp_function_config config;
    double until = cp_caller_mono_ms(l->caller) + wait->timeout_ms;
    for (;;) {
        enum cp_code code =
            cp_lambda_get_function(l, wait->function, wait->qualifier, &config, NULL, err);
        if (code)
            return code;
        enum wait_result result = wait->judge(&config);
        if (result == WAIT_FAILED)
            return cp_fail(err, CP_EREMOTE, "'%s': %s failed (%s)", wait->function, wait->what,
                           config.state_reason_code[0] ? config.state_reason_code : "no reason");
        if (result == WAIT_DONE)
            break;
        if (cp_caller_mono_ms(l->caller) + WAIT_POLL_MS > until)
            return cp_fail(err, CP_ETIMEOUT, "'%s': %s is not through after %.0f s", wait->function,
                           wait->what, wait->timeout_ms / 1000);
        wait->n_polls++;
        code = cp_caller_sleep(l->caller, WAIT_POLL_MS, err);
        if (code)
            return code;
    }
    if (out)
        *out = config;
    return CP_OK;
}

enum cp_code cp_lambda_wait_updated(struct cp_lambda *l, const char *function, int timeout_ms,
                                    struct cp_function_config *out, struct cp_error *err)
{
    return wait_for(l,
                    &(struct wait){.function = function,
                                   .what = "the update",
                                   .judge = judge_update,
                                   .timeout_ms = timeout_ms},
                    out, err);
}

enum cp_code cp_lambda_wait_active(struct cp_lambda *l, const char *function, const char *qualifier,
                                   int timeout_ms, struct cp_function_config *out,
                                   struct cp_error *err)
{
    return wait_for(l,
                    &(struct wait){.function = function,
                                   .qualifier = qualifier,
                                   .what = "the activation",
                                   .judge = judge_state,
                                   .timeout_ms = timeout_ms},
                    out, err);
}

/* --- a change that meets an update --- */

/* Calls that AWS refuses while the function's last update is in progress. Of others a 409 says that
 * the thing exists or is in use. */
static bool is_blocked_by_updates(enum cp_lambda_operation operation)
{
    switch (operation) {
    case CP_OP_UPDATE_FUNCTION_CONFIGURATION:
    case CP_OP_PUBLISH_VERSION:
    case CP_OP_DELETE_FUNCTION:
    case CP_OP_PUT_PROVISIONED:
    case CP_OP_DELETE_PROVISIONED:
    case CP_OP_PUT_RESERVED:
    case CP_OP_DELETE_RESERVED:
        return true;
    default:
        return false;
    }
}

static bool has_met_an_update(const struct cp_lambda *l, enum cp_lambda_operation operation)
{
    return is_blocked_by_updates(operation) &&
           strcmp(cp_lambda_last_failure(l)->error_code, "ResourceConflictException") == 0;
}

/* A function that failed is as settled as one that did not. */
static enum wait_result judge_settled(const struct cp_function_config *c)
{
    bool is_moving =
        strcmp(c->last_update_status, "InProgress") == 0 || strcmp(c->state, "Pending") == 0;
    return is_moving ? WAIT_GO_ON : WAIT_DONE;
}

/* Asks again after each update that was seen in progress, and once when it had just ended: what is
 * refused then is refused for another reason. */
static enum cp_code run_function(struct cp_lambda *l, enum cp_lambda_operation operation,
                                 const char *function, const char *qualifier,
                                 const struct cp_buf *body, struct cp_buf *answer,
                                 struct cp_error *err)
{
    double until = cp_caller_mono_ms(l->caller) + CONFLICT_WAIT_MS;
    struct wait wait = {.function = function, .what = "another update", .judge = judge_settled};
    for (bool is_first = true;; is_first = false) {
        struct cp_lambda_target target = {.function = function, .qualifier = qualifier};
        enum cp_code code = cp_lambda_run(l, operation, &target, NULL, body, answer, err);
        if (code != CP_ECONFLICT || !has_met_an_update(l, operation) ||
            (!is_first && wait.n_polls == 0))
            return code;
        wait.n_polls = 0;
        wait.timeout_ms = until - cp_caller_mono_ms(l->caller);
        cp_buf_clear(answer);
        code = wait_for(l, &wait, NULL, err);
        if (code)
            return code;
    }
}

/* --- calls by what they answer --- */

/* A call whose answer does not matter. */
static enum cp_code run_plain(struct cp_lambda *l, enum cp_lambda_operation operation,
                              const char *function, const char *qualifier,
                              const struct cp_buf *body, struct cp_error *err)
{
    struct cp_buf answer;
    enum cp_code code = run_function(l, operation, function, qualifier, body, &answer, err);
    cp_buf_clear(&answer);
    return code;
}

/* A call whose answer is a FunctionConfiguration. */
static enum cp_code run_config(struct cp_lambda *l, enum cp_lambda_operation operation,
                               const char *function, const char *qualifier,
                               const struct cp_buf *body, struct cp_function_config *out,
                               struct cp_error *err)
{
    struct cp_buf answer;
    struct cp_function_config config;
    enum cp_code code = run_function(l, operation, function, qualifier, body, &answer, err);
    if (!code) {
        code = cp_lambda_json_config(cp_buf_view(&answer), &config, err);
        if (code)
            (void)cp_fail_context(err, "'%s'", function);
    }
    if (!code && out)
        *out = config;
    cp_buf_clear(&answer);
    return code;
}

/* --- functions and versions --- */

enum cp_code cp_lambda_get_function_configuration(struct cp_lambda *l, const char *function,
                                                  const char *qualifier,
                                                  struct cp_function_config *out,
                                                  struct cp_error *err)
{
    return run_config(l, CP_OP_GET_FUNCTION_CONFIGURATION, function, qualifier, NULL, out, err);
}

enum cp_code cp_lambda_update_function_configuration(struct cp_lambda *l, const char *function,
                                                     const struct cp_function_update *update,
                                                     struct cp_function_config *out,
                                                     struct cp_error *err)
{
    struct cp_buf body;
    cp_buf_init(&body, REQUEST_MAX);
    enum cp_code code = cp_lambda_json_update(update, &body, err);
    if (!code)
        code = run_config(l, CP_OP_UPDATE_FUNCTION_CONFIGURATION, function, NULL, &body, out, err);
    cp_buf_clear(&body);
    return code;
}

enum cp_code cp_lambda_publish_version(struct cp_lambda *l, const char *function,
                                       const struct cp_version_publish *publish,
                                       struct cp_function_config *out, struct cp_error *err)
{
    struct cp_buf body;
    cp_buf_init(&body, REQUEST_MAX);
    enum cp_code code = cp_lambda_json_publish(publish, &body, err);
    if (!code)
        code = run_config(l, CP_OP_PUBLISH_VERSION, function, NULL, &body, out, err);
    cp_buf_clear(&body);
    return code;
}

enum cp_code cp_lambda_delete_version(struct cp_lambda *l, const char *function,
                                      const char *version, struct cp_error *err)
{
    enum cp_code code = cp_version_check(version, err);
    if (code)
        return cp_fail_context(err, "DeleteFunction '%s'", function ? function : "");
    return run_plain(l, CP_OP_DELETE_FUNCTION, function, version, NULL, err);
}

/* --- concurrency --- */

static enum cp_code run_provisioned(struct cp_lambda *l, enum cp_lambda_operation operation,
                                    const char *function, const char *qualifier,
                                    const struct cp_buf *body, struct cp_provisioned_config *out,
                                    struct cp_error *err)
{
    struct cp_buf answer;
    struct cp_provisioned_config config;
    enum cp_code code = cp_qualifier_check(qualifier, err); /* required here */
    if (code)
        return code;
    code = run_function(l, operation, function, qualifier, body, &answer, err);
    if (!code) {
        code = cp_lambda_json_provisioned(cp_buf_view(&answer), &config, err);
        if (code)
            (void)cp_fail_context(err, "'%s:%s'", function, qualifier);
    }
    if (!code && out)
        *out = config;
    cp_buf_clear(&answer);
    return code;
}

enum cp_code cp_lambda_put_provisioned(struct cp_lambda *l, const char *function,
                                       const char *qualifier, int count,
                                       struct cp_provisioned_config *out, struct cp_error *err)
{
    struct cp_buf body;
    if (count < 1)
        return cp_fail(err, CP_EINVAL, "'%s': provisioned concurrency of %d is below 1",
                       function ? function : "", count);
    cp_buf_init(&body, REQUEST_MAX);
    enum cp_code code = cp_lambda_json_count("ProvisionedConcurrentExecutions", count, &body, err);
    if (!code)
        code = run_provisioned(l, CP_OP_PUT_PROVISIONED, function, qualifier, &body, out, err);
    cp_buf_clear(&body);
    return code;
}

enum cp_code cp_lambda_get_provisioned(struct cp_lambda *l, const char *function,
                                       const char *qualifier, struct cp_provisioned_config *out,
                                       struct cp_error *err)
{
    return run_provisioned(l, CP_OP_GET_PROVISIONED, function, qualifier, NULL, out, err);
}

enum cp_code cp_lambda_delete_provisioned(struct cp_lambda *l, const char *function,
                                          const char *qualifier, struct cp_error *err)
{
    enum cp_code code = cp_qualifier_check(qualifier, err);
    if (code)
        return code;
    return run_plain(l, CP_OP_DELETE_PROVISIONED, function, qualifier, NULL, err);
}

enum cp_code cp_lambda_put_reserved(struct cp_lambda *l, const char *function, int count,
                                    struct cp_error *err)
{
    struct cp_buf body;
    if (count < 0)
        return cp_fail(err, CP_EINVAL, "'%s': reserved concurrency of %d is below 0",
                       function ? function : "", count);
    cp_buf_init(&body, REQUEST_MAX);
    enum cp_code code = cp_lambda_json_count("ReservedConcurrentExecutions", count, &body, err);
    if (!code)
        code = run_plain(l, CP_OP_PUT_RESERVED, function, NULL, &body, err);
    cp_buf_clear(&body);
    return code;
}

enum cp_code cp_lambda_delete_reserved(struct cp_lambda *l, const char *function,
                                       struct cp_error *err)
{
    return run_plain(l, CP_OP_DELETE_RESERVED, function, NULL, NULL, err);
}

/* --- account and listings --- */

enum cp_code cp_lambda_get_account_settings(struct cp_lambda *l, struct cp_account_settings *out,
                                            struct cp_error *err)
{
    struct cp_buf answer;
    struct cp_account_settings settings;
    enum cp_code code = run_function(l, CP_OP_GET_ACCOUNT_SETTINGS, NULL, NULL, NULL, &answer, err);
    if (!code) {
        code = cp_lambda_json_account(cp_buf_view(&answer), &settings, err);
        if (code)
            (void)cp_fail_context(err, "GetAccountSettings");
    }
    if (!code && out)
        *out = settings;
    cp_buf_clear(&answer);
    return code;
}

/* "MaxItems=50" or "Marker=...&MaxItems=50"; the server gives at most 50 whatever is asked. */
static enum cp_code make_page_query(const struct cp_buf *marker, struct cp_buf *out,
                                    struct cp_error *err)
{
    cp_buf_reset(out);
    if (marker->n) {
        (void)cp_buf_adds(out, "Marker=");
        (void)cp_uri_encode(out, cp_buf_view(marker), false);
        (void)cp_buf_addc(out, '&');
    }
    (void)cp_buf_adds(out, "MaxItems=50");
    return cp_buf_check(out, "the request's query", err);
}

static enum cp_code list_page(struct cp_lambda *l, enum cp_lambda_operation operation,
                              const char *function, struct cp_lambda_page *page,
                              struct cp_buf *query, struct cp_error *err)
{
    struct cp_lambda_target target = {.function = function};
    struct cp_buf answer;
    enum cp_code code = make_page_query(&page->marker, query, err);
    if (code)
        return code;
    code = cp_lambda_run(l, operation, &target, cp_buf_str(query), NULL, &answer, err);
    if (!code) {
        code = cp_lambda_json_page(cp_buf_view(&answer), page, err);
        if (code)
            (void)cp_fail_context(err, "the list of '%s'", page->list_name);
    }
    cp_buf_clear(&answer);
    return code;
}

/* The next page, unless there are too many or they go round. */
static enum cp_code check_progress(const struct cp_lambda_page *page, struct cp_page_watch *watch,
                                   struct cp_error *err)
{
    if (watch->pages >= PAGES_MAX)
        return cp_fail(err, CP_ELIMIT, "the list of '%s' has more than %d pages", page->list_name,
                       PAGES_MAX);
    return cp_page_watch_next(watch, cp_buf_view(&page->marker), page->list_name, err);
}

static enum cp_code list(struct cp_lambda *l, enum cp_lambda_operation operation,
                         const char *function, struct cp_lambda_page *page, struct cp_error *err)
{
    struct cp_buf query;
    struct cp_page_watch watch;
    cp_buf_init(&page->marker, MARKER_MAX);
    cp_page_watch_init(&watch);
    cp_buf_init(&query, PAGE_QUERY_MAX);
    enum cp_code code = CP_OK;
    do {
        code = list_page(l, operation, function, page, &query, err);
        if (!code && !page->is_ended)
            code = check_progress(page, &watch, err);
    } while (!code && !page->is_ended && page->marker.n);
    cp_buf_clear(&page->marker);
    cp_page_watch_clear(&watch);
    cp_buf_clear(&query);
    return code;
}

enum cp_code cp_lambda_list_versions(struct cp_lambda *l, const char *function,
                                     cp_lambda_version_fn each, void *context, struct cp_error *err)
{
    struct cp_lambda_page page = {.list_name = "Versions", .each = each, .context = context};
    return list(l, CP_OP_LIST_VERSIONS, function, &page, err);
}

enum cp_code cp_lambda_list_functions(struct cp_lambda *l, cp_lambda_version_fn each, void *context,
                                      struct cp_error *err)
{
    struct cp_lambda_page page = {.list_name = "Functions", .each = each, .context = context};
    return list(l, CP_OP_LIST_FUNCTIONS, NULL, &page, err);
}
