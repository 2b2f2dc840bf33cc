/* SPDX-License-Identifier: GPL-3.0-or-later
 * Event source mappings: kept and given back, nothing is ever polled. A client that looks for
 * callers of a function finds them here.
 */
#include <cjson/cJSON.h>
#include <string.h>

#include "probes/local/api_route.h"
#include "probes/local/control_body.h"

enum { ARN_MAX = 2048, SOURCES_MAX = 10000 };

/* The state that a mapping rests in, kept beside the members that are given back. */
static const char SETTLED[] = "SettledState";

static const char *text_of(const cJSON *source, const char *name)
{
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(source, name));
    return text ? text : "";
}

static cJSON *find(const struct cp_control *control, const char *uuid)
{
    cJSON *item = NULL;
    cJSON_ArrayForEach(item, control->event_sources)
    {
        if (strcmp(text_of(item, "UUID"), uuid) == 0)
            return item;
    }
    return NULL;
}

static cJSON *find_or_fail(const struct cp_control *control, const struct cp_call *call,
                           struct cp_api_response *response)
{
    cJSON *source = find(control, call->request->alias);
    if (!source)
        cp_api_fail(response, 404, "ResourceNotFoundException", NULL,
                    "The resource you requested does not exist.");
    return source;
}

/* The mapping, in the state that this one answer shows. */
static void write(struct cp_json_out *j, const cJSON *source, const char *state)
{
    const cJSON *item = NULL;
    cp_json_object(j, NULL);
    cJSON_ArrayForEach(item, source)
    {
        if (strcmp(item->string, SETTLED) != 0)
            cp_json_item(j, item->string, item);
    }
    cp_json_string(j, "State", state ? state : text_of(source, SETTLED));
    cp_json_object_end(j);
}

static void answer(struct cp_api_response *response, int status, const cJSON *source,
                   const char *state)
{
    struct cp_json_out j = {.to = &response->body};
    response->status = status;
    write(&j, source, state);
}

/* The ARN that a function's name in a body or query means, with its qualifier; "" when it is none,
 * or there is no such function. */
static void resolve(const struct cp_control *control, const char *text, char out[CP_ARN_TEXT_MAX])
{
    struct cp_function_ref ref;
    out[0] = '\0';
    if (!cp_function_ref_parse(cp_view_of(text), &ref))
        return;
    struct cp_function *f = cp_state_function(control, ref.name);
    if (f && cp_state_qualified(f, ref.qualifier))
        cp_state_arn(control, ref.name, ref.qualifier, out);
}

/* --- create --- */

/* Members of the request that are given back as they came. */
static const char *const kept[] = {
    "BatchSize",
    "MaximumBatchingWindowInSeconds",
    "ParallelizationFactor",
    "StartingPosition",
    "StartingPositionTimestamp",
    "MaximumRecordAgeInSeconds",
    "MaximumRetryAttempts",
    "BisectBatchOnFunctionError",
    "TumblingWindowInSeconds",
    "FunctionResponseTypes",
    "ScalingConfig",
    "DestinationConfig",
    "FilterCriteria",
    "Topics",
    "Queues",
    "SourceAccessConfigurations",
    "SelfManagedEventSource",
    "KMSKeyArn",
    "MetricsConfig",
};

static void keep_members(cJSON *source, const cJSON *body)
{
    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++) {
        const cJSON *given = cp_body_member(body, kept[i]);
        cJSON *copy = given ? cJSON_Duplicate(given, true) : NULL;
        if (!copy)
            continue;
        cJSON_DeleteItemFromObjectCaseSensitive(source, kept[i]);
        if (!cJSON_AddItemToObject(source, kept[i], copy))
            cJSON_Delete(copy);
    }
}

/* `is_enabled` NULL: as it was. */
static void settle(cJSON *source, const cJSON *is_enabled, int64_t now_ms)
{
    if (is_enabled) {
        cJSON_DeleteItemFromObjectCaseSensitive(source, SETTLED);
        (void)cJSON_AddStringToObject(source, SETTLED,
                                      cJSON_IsFalse(is_enabled) ? "Disabled" : "Enabled");
    }
    cJSON_DeleteItemFromObjectCaseSensitive(source, "LastModified");
    (void)cJSON_AddNumberToObject(source, "LastModified", (double)now_ms / 1000.0);
}

static cJSON *new_source(struct cp_control *control, const struct cp_body *b,
                         const char *function_arn, const char *source_arn, int64_t now_ms)
{
    char uuid[CP_UUID_MAX];
    cp_state_new_revision(control, uuid);
    const cJSON *is_enabled = cp_body_member(b->json, "Enabled");
    cJSON yes = {.type = cJSON_True};
    cJSON *source = cJSON_CreateObject();
    (void)cJSON_AddStringToObject(source, "UUID", uuid);
    (void)cJSON_AddStringToObject(source, "FunctionArn", function_arn);
    if (source_arn)
        (void)cJSON_AddStringToObject(source, "EventSourceArn", source_arn);
    (void)cJSON_AddStringToObject(source, "StateTransitionReason", "User action");
    keep_members(source, b->json);
    settle(source, is_enabled ? is_enabled : &yes, now_ms);
    return source;
}

static const cJSON *same_source(const struct cp_control *control, const char *function_arn,
                                const char *source_arn)
{
    const cJSON *item = NULL;
    cJSON_ArrayForEach(item, control->event_sources)
    {
        if (strcmp(text_of(item, "FunctionArn"), function_arn) == 0 &&
            strcmp(text_of(item, "EventSourceArn"), source_arn) == 0)
            return item;
    }
    return NULL;
}

static void create(struct cp_control *control, const struct cp_call *call, struct cp_body *b,
                   struct cp_api_response *response)
{
    char function_arn[CP_ARN_TEXT_MAX];
    const char *name = cp_body_string(b, b->json, "FunctionName", "functionName", 256);
    const char *source_arn =
        cp_body_string(b, b->json, "EventSourceArn", "eventSourceArn", ARN_MAX);
    if (!cp_body_member(b->json, "FunctionName"))
        cp_violations_add(&b->violations, NULL, "functionName", "Member must not be null");
    if (!cp_body_is_valid(b, response))
        return;
    resolve(control, name, function_arn);
    const cJSON *same = source_arn ? same_source(control, function_arn, source_arn) : NULL;
    if (!function_arn[0]) {
        cp_api_fail(response, 400, "InvalidParameterValueException", NULL,
                    "Function does not exist");
        return;
    }
    if (same) {
        cp_api_fail(response, 409, "ResourceConflictException", NULL,
                    "An event source mapping with the event source arn (\" %s \") and function (\" "
                    "%s \") already exists. Please update or delete the existing mapping with UUID "
                    "%s",
                    source_arn, name, text_of(same, "UUID"));
        return;
    }
    if (!control->event_sources)
        control->event_sources = cJSON_CreateArray();
    cJSON *source = new_source(control, b, function_arn, source_arn, call->now_ms);
    if (cJSON_GetArraySize(control->event_sources) < SOURCES_MAX &&
        cJSON_AddItemToArray(control->event_sources, source)) {
        answer(response, 202, source, "Creating");
        return;
    }
    cJSON_Delete(source);
    cp_fail_memory(response);
}

void cp_op_create_source(struct cp_control *control, const struct cp_call *call,
                         struct cp_api_response *response)
{
    struct cp_body b;
    if (!cp_body_open(&b, call->request->body, response))
        return;
    create(control, call, &b, response);
    cp_body_close(&b);
}

/* --- the others --- */

void cp_op_get_source(struct cp_control *control, const struct cp_call *call,
                      struct cp_api_response *response)
{
    const cJSON *source = find_or_fail(control, call, response);
    if (source)
        answer(response, 200, source, NULL);
}

void cp_op_update_source(struct cp_control *control, const struct cp_call *call,
                         struct cp_api_response *response)
{
    struct cp_body b;
    cJSON *source = find_or_fail(control, call, response);
    if (!source || !cp_body_open(&b, call->request->body, response))
        return;
    keep_members(source, b.json);
    settle(source, cp_body_member(b.json, "Enabled"), call->now_ms);
    answer(response, 202, source, "Updating");
    cp_body_close(&b);
}

void cp_op_delete_source(struct cp_control *control, const struct cp_call *call,
                         struct cp_api_response *response)
{
    cJSON *source = find_or_fail(control, call, response);
    if (!source)
        return;
    answer(response, 202, source, "Deleting");
    cJSON_Delete(cJSON_DetachItemViaPointer(control->event_sources, source));
}

void cp_op_list_sources(struct cp_control *control, const struct cp_call *call,
                        struct cp_api_response *response)
{
    char name[320] = "";
    char source_arn[ARN_MAX + 1] = "";
    char function_arn[CP_ARN_TEXT_MAX] = "";
    struct cp_page page;
    const cJSON *item = NULL;
    bool is_after = !call->request->marker[0];
    if (cp_query_find(call->request->query, "FunctionName", name, sizeof name))
        resolve(control, name, function_arn);
    (void)cp_query_find(call->request->query, "EventSourceArn", source_arn, sizeof source_arn);
    cp_page_start(&page, response, "EventSourceMappings", call->request->max_items);
    cJSON_ArrayForEach(item, control->event_sources)
    {
        bool is_wanted =
            is_after && (!name[0] || strcmp(text_of(item, "FunctionArn"), function_arn) == 0) &&
            (!source_arn[0] || strcmp(text_of(item, "EventSourceArn"), source_arn) == 0);
        is_after = is_after || strcmp(text_of(item, "UUID"), call->request->marker) == 0;
        if (!is_wanted)
            continue;
        if (!cp_page_takes(&page, text_of(item, "UUID")))
            break;
        write(&page.out, item, NULL);
    }
    cp_page_end(&page);
}
