/* SPDX-License-Identifier: GPL-3.0-or-later
 * Reserved and provisioned concurrency, and the account they are taken from. The refusals are
 * AWS's own sentences, blanks included (facts/api.md, recorded texts).
 */
#include <limits.h>
#include <string.h>

#include "model/base/datetime.h"
#include "probes/local/control_body.h"
#include "probes/local/control_state.h"

/* --- reserved --- */

static bool read_count(struct cp_view body, const char *name, const char *member, int min,
                       int *count, struct cp_api_response *response)
{
    struct cp_body b;
    if (!cp_body_open(&b, body, response))
        return false;
    if (!cp_body_int(&b, b.json, name, member, min, INT_MAX, count) &&
        !cp_body_member(b.json, name))
        cp_violations_add(&b.violations, NULL, member, "Member must not be null");
    bool is_good = cp_body_is_valid(&b, response);
    cp_body_close(&b);
    return is_good;
}

static bool may_reserve(const struct cp_control *control, const struct cp_function *f, int count,
                        struct cp_api_response *response)
{
    int provisioned = cp_state_total_provisioned(f);
    if (count < provisioned) {
        cp_api_fail(response, 400, "InvalidParameterValueException", NULL,
                    "ReservedConcurrentExecutions  %d should not be lower than function's total "
                    "provisioned concurrency [%d].",
                    count, provisioned);
        return false;
    }
    if (cp_state_free_pool(control, f) - count < CP_MIN_UNRESERVED) {
        cp_api_fail(response, 400, "InvalidParameterValueException", NULL,
                    "Specified ReservedConcurrentExecutions for function decreases account's "
                    "UnreservedConcurrentExecution below its minimum value of [%d].",
                    CP_MIN_UNRESERVED);
        return false;
    }
    return true;
}

static void answer_reserved(const struct cp_function *f, struct cp_api_response *response)
{
    struct cp_json_out j = {.to = &response->body};
    response->status = 200;
    cp_json_object(&j, NULL);
    if (f->reserved >= 0)
        cp_json_int(&j, "ReservedConcurrentExecutions", f->reserved);
    cp_json_object_end(&j);
}

void cp_op_put_reserved(struct cp_control *control, const struct cp_call *call,
                        struct cp_api_response *response)
{
    int count = 0;
    if (!read_count(call->request->body, "ReservedConcurrentExecutions",
                    "reservedConcurrentExecutions", 0, &count, response) ||
        !may_reserve(control, call->function, count, response))
        return;
    call->function->reserved = count;
    answer_reserved(call->function, response);
}

void cp_op_get_reserved(struct cp_control *control, const struct cp_call *call,
                        struct cp_api_response *response)
{
    (void)control;
    answer_reserved(call->function, response);
}

void cp_op_delete_reserved(struct cp_control *control, const struct cp_call *call,
                           struct cp_api_response *response)
{
    (void)control;
    call->function->reserved = -1;
    cp_answer_empty(response);
}

/* --- provisioned --- */

static const char *const status_names[] = {
    [CP_PROVISIONED_IN_PROGRESS] = "IN_PROGRESS",
    [CP_PROVISIONED_READY] = "READY",
    [CP_PROVISIONED_FAILED] = "FAILED",
};

/* `arn` NULL: not part of a listing. */
static void write_provisioned(struct cp_json_out *j, const struct cp_provisioned *p,
                              const char *arn)
{
    char modified[CP_DATETIME_TEXT_MAX];
    cp_json_object(j, NULL);
    if (arn)
        cp_json_string(j, "FunctionArn", arn);
    cp_json_int(j, "RequestedProvisionedConcurrentExecutions", p->requested);
    cp_json_int(j, "AvailableProvisionedConcurrentExecutions", p->available);
    cp_json_int(j, "AllocatedProvisionedConcurrentExecutions", p->allocated);
    cp_json_string(j, "Status", status_names[p->status]);
    if (p->reason[0])
        cp_json_string(j, "StatusReason", p->reason);
    cp_json_string(j, "LastModified",
                   cp_datetime_format(p->modified_at_ms, CP_DATETIME_AWS_CONFIG, modified));
    cp_json_object_end(j);
}

static void answer_provisioned(struct cp_api_response *response, int status,
                               const struct cp_provisioned *p)
{
    struct cp_json_out j = {.to = &response->body};
    response->status = status;
    write_provisioned(&j, p, NULL);
}

/* The published version that a qualifier means; NULL with AWS's refusal, which differs between a
 * change and a question (`unpublished`). */
static struct cp_version *published_version(const struct cp_control *control,
                                            const struct cp_call *call, const char *unpublished,
                                            struct cp_api_response *response)
{
    const char *qualifier = call->qualifier;
    struct cp_version *version = cp_state_qualified(call->function, qualifier);
    if (version && version->number > 0)
        return version;
    if (version)
        cp_api_fail(response, 400, "InvalidParameterValueException", NULL, "%s", unpublished);
    else if (cp_qualifier_is_version(cp_view_of(qualifier)))
        cp_fail_not_found(control, call->function->name, qualifier, response);
    else
        cp_fail_alias_not_found(control, call->function->name, qualifier, response);
    return NULL;
}

static const char *const PUT_UNPUBLISHED =
    "Provisioned Concurrency Configs cannot be applied to unpublished function versions.";
static const char *const ASK_UNPUBLISHED =
    "The function resource provided must be an alias or a published version.";

/* One configuration per version: by its number or by one alias. */
static bool is_free_version(struct cp_function *f, const char *qualifier, int64_t number,
                            struct cp_api_response *response)
{
    const struct cp_provisioned *other = cp_state_provisioned_of(f, number);
    if (!other || strcmp(other->qualifier, qualifier) == 0)
        return true;
    cp_api_fail(response, 409, "ResourceConflictException", NULL, "%s",
                cp_qualifier_is_version(cp_view_of(qualifier))
                    ? "Version is pointed by a Provisioned Concurrency alias"
                    : "Alias can't be used for Provisioned Concurrency configuration on an already "
                      "Provisioned version");
    return false;
}

/* Provisioned concurrency comes out of the function's reservation, or of the account's pool. */
static bool may_provision(const struct cp_control *control, struct cp_function *f,
                          const char *qualifier, int count, struct cp_api_response *response)
{
    const struct cp_provisioned *own = cp_state_provisioned(f, qualifier);
    int others = cp_state_total_provisioned(f) - (own ? own->requested : 0);
    int pool = cp_state_free_pool(control, f) - others;
    if (f->reserved >= 0) {
        if (count <= f->reserved - others)
            return true;
        cp_api_fail(response, 400, "InvalidParameterValueException", NULL,
                    "Requested Provisioned Concurrency should not be greater than the "
                    "reservedConcurrentExecution for function");
        return false;
    }
    if (count > pool) {
        cp_api_fail(response, 400, "InvalidParameterValueException", NULL,
                    "Specified ConcurrentExecutions for function is greater than account's "
                    "unreserved concurrency [%d].",
                    pool);
        return false;
    }
    if (pool - count < CP_MIN_UNRESERVED) {
        cp_api_fail(response, 400, "InvalidParameterValueException", NULL,
                    "Specified ConcurrentExecutions for function decreases account's "
                    "UnreservedConcurrentExecution below its minimum value of [%d].",
                    CP_MIN_UNRESERVED);
        return false;
    }
    return true;
}

static struct cp_provisioned *open_provisioned(struct cp_function *f, const char *qualifier)
{
    struct cp_provisioned *p = cp_state_provisioned(f, qualifier);
    if (p)
        return p;
    p = cp_state_reserve(f->provisioned, f->n_provisioned, &f->cap_provisioned, sizeof *p);
    if (!p)
        return NULL;
    f->provisioned = p;
    size_t at = 0;
    while (at < f->n_provisioned && strcmp(f->provisioned[at].qualifier, qualifier) < 0)
        at++;
    p = cp_state_insert(f->provisioned, &f->n_provisioned, sizeof *p, at);
    (void)cp_view_copy(cp_view_of(qualifier), p->qualifier, sizeof p->qualifier);
    return p;
}

void cp_op_put_provisioned(struct cp_control *control, const struct cp_call *call,
                           struct cp_api_response *response)
{
    struct cp_function *f = call->function;
    int count = 0;
    if (!read_count(call->request->body, "ProvisionedConcurrentExecutions",
                    "provisionedConcurrentExecutions", 1, &count, response))
        return;
    const struct cp_version *version = published_version(control, call, PUT_UNPUBLISHED, response);
    if (version && version->snapshot != CP_SNAPSHOT_NONE) {
        cp_api_fail(response, 400, "InvalidParameterValueException", NULL,
                    "Provisioned Concurrency is not supported for SnapStart enabled functions.");
        return;
    }
    if (!version || !is_free_version(f, call->qualifier, version->number, response) ||
        !may_provision(control, f, call->qualifier, count, response))
        return;
    struct cp_provisioned *p = open_provisioned(f, call->qualifier);
    if (!p) {
        cp_fail_memory(response);
        return;
    }
    p->requested = count;
    p->allocated = p->allocated < count ? p->allocated : count;
    p->available = p->available < count ? p->available : count;
    p->status = CP_PROVISIONED_IN_PROGRESS;
    p->reason[0] = '\0';
    p->modified_at_ms = call->now_ms;
    answer_provisioned(response, 202, p);
    cp_state_provision(control, version, count);
}

void cp_op_get_provisioned(struct cp_control *control, const struct cp_call *call,
                           struct cp_api_response *response)
{
    if (!published_version(control, call, ASK_UNPUBLISHED, response))
        return;
    const struct cp_provisioned *p = cp_state_provisioned(call->function, call->qualifier);
    if (p)
        answer_provisioned(response, 200, p);
    else
        cp_api_fail(response, 404, "ProvisionedConcurrencyConfigNotFoundException", NULL,
                    "No Provisioned Concurrency Config found for this function");
}

void cp_op_delete_provisioned(struct cp_control *control, const struct cp_call *call,
                              struct cp_api_response *response)
{
    if (!published_version(control, call, ASK_UNPUBLISHED, response))
        return;
    cp_state_drop_provisioned(control, call->function, call->qualifier);
    cp_answer_empty(response);
}

void cp_op_list_provisioned(struct cp_control *control, const struct cp_call *call,
                            struct cp_api_response *response)
{
    const struct cp_function *f = call->function;
    struct cp_page page;
    if (call->request->max_items > CP_PAGE_MAX) {
        struct cp_violations v;
        cp_violations_init(&v);
        cp_violations_add_range(&v, call->request->max_items, "maxItems", 1, CP_PAGE_MAX);
        (void)cp_violations_fail(&v, response);
        cp_violations_clear(&v);
        return;
    }
    cp_page_start(&page, response, "ProvisionedConcurrencyConfigs", call->request->max_items);
    for (size_t i = 0; i < f->n_provisioned; i++) {
        const struct cp_provisioned *p = &f->provisioned[i];
        char arn[CP_ARN_TEXT_MAX];
        if (strcmp(p->qualifier, call->request->marker) <= 0)
            continue;
        if (!cp_page_takes(&page, p->qualifier))
            break;
        cp_state_arn(control, f->name, p->qualifier, arn);
        write_provisioned(&page.out, p, arn);
    }
    cp_page_end(&page);
}

static void set_progress(struct cp_provisioned *p, int n_ready, const char *failure)
{
    bool is_complete = n_ready >= p->requested;
    if (failure) {
        p->status = CP_PROVISIONED_FAILED;
        p->allocated = p->available = 0;
        (void)cp_view_copy(cp_view_of(failure), p->reason, sizeof p->reason);
        return;
    }
    /* none can be used before all are there; later losses leave the others usable */
    p->available = is_complete                         ? p->requested
                   : p->status == CP_PROVISIONED_READY ? n_ready
                   : p->available > n_ready            ? n_ready
                                                       : p->available;
    p->allocated = is_complete ? p->requested : n_ready;
    p->status = is_complete ? CP_PROVISIONED_READY : CP_PROVISIONED_IN_PROGRESS;
    p->reason[0] = '\0';
}

void cp_control_provisioned_progress(struct cp_control *control, int64_t configuration_id,
                                     int n_ready, const char *failure)
{
    for (size_t i = 0; i < control->n_functions; i++) {
        struct cp_function *f = control->functions[i];
        for (size_t k = 0; k < f->n_provisioned; k++) {
            struct cp_provisioned *p = &f->provisioned[k];
            const struct cp_version *version = cp_state_qualified(f, p->qualifier);
            if (version && version->configuration_id == configuration_id)
                set_progress(p, n_ready, failure);
        }
    }
}

/* --- account --- */

/* The quotas of a new account, Developer Guide "Lambda quotas"; concurrency is the user's. */
void cp_op_get_account_settings(struct cp_control *control, const struct cp_call *call,
                                struct cp_api_response *response)
{
    (void)call;
    int64_t code_size = 0;
    for (size_t i = 0; i < control->n_functions; i++)
        code_size += control->functions[i]->latest.settings.folder->folder.code_size;
    struct cp_json_out j = {.to = &response->body};
    response->status = 200;
    cp_json_object(&j, NULL);
    cp_json_object(&j, "AccountLimit");
    cp_json_int(&j, "TotalCodeSize", INT64_C(80530636800));
    cp_json_int(&j, "CodeSizeUnzipped", 262144000);
    cp_json_int(&j, "CodeSizeZipped", 52428800);
    cp_json_int(&j, "ConcurrentExecutions", control->account_concurrency);
    cp_json_int(&j, "UnreservedConcurrentExecutions", cp_state_unreserved(control));
    cp_json_object_end(&j);
    cp_json_object(&j, "AccountUsage");
    cp_json_int(&j, "TotalCodeSize", code_size);
    cp_json_int(&j, "FunctionCount", (int64_t)control->n_functions);
    cp_json_object_end(&j);
    cp_json_object_end(&j);
}
