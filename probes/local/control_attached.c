/* SPDX-License-Identifier: GPL-3.0-or-later
 * What hangs on a function or an alias: its URL and the settings of its asynchronous invocations.
 * Kept and given back; the URL is not served, the settings are not followed.
 */
#include <cjson/cJSON.h>
#include <stdio.h>
#include <string.h>

#include "model/base/datetime.h"
#include "probes/local/control_body.h"

/* Documents by qualifier, "" for the function: {QUALIFIER: DOCUMENT}. */
static cJSON *document_of(const cJSON *documents, const struct cp_call *call)
{
    return cJSON_GetObjectItemCaseSensitive(documents, call->qualifier);
}

/* Takes `document`, NULL when there was no memory for it. */
static bool keep(cJSON **documents, const struct cp_call *call, cJSON *document,
                 struct cp_api_response *response)
{
    if (document && !*documents)
        *documents = cJSON_CreateObject();
    if (document)
        cJSON_DeleteItemFromObjectCaseSensitive(*documents, call->qualifier);
    if (document && cJSON_AddItemToObject(*documents, call->qualifier, document))
        return true;
    cJSON_Delete(document);
    cp_fail_memory(response);
    return false;
}

static void answer(struct cp_api_response *response, int status, const cJSON *document)
{
    struct cp_json_out j = {.to = &response->body};
    response->status = status;
    cp_json_item(&j, NULL, document);
}

/* A page of all documents of one kind. */
static void list(const cJSON *documents, const char *name, const struct cp_call *call,
                 struct cp_api_response *response)
{
    struct cp_page page;
    const cJSON *item = NULL;
    bool is_after = !call->request->marker[0];
    cp_page_start(&page, response, name, call->request->max_items);
    cJSON_ArrayForEach(item, documents)
    {
        bool is_wanted = is_after;
        is_after = is_after || strcmp(item->string, call->request->marker) == 0;
        if (!is_wanted)
            continue;
        if (!cp_page_takes(&page, item->string))
            break;
        cp_json_item(&page.out, NULL, item);
    }
    cp_page_end(&page);
}

static bool is_there(struct cp_control *control, const struct cp_call *call,
                     struct cp_api_response *response)
{
    if (cp_state_qualified(call->function, call->qualifier))
        return true;
    cp_fail_not_found(control, call->function->name, call->qualifier, response);
    return false;
}

/* --- function URL --- */

static void fail_no_url(struct cp_api_response *response)
{
    cp_api_fail(response, 404, "ResourceNotFoundException", NULL,
                "The resource you requested does not exist.");
}

struct url_settings {
    const char *auth_type, *invoke_mode;
    const cJSON *cors;
};

static bool read_url(struct cp_body *b, bool is_create, struct url_settings *s,
                     struct cp_api_response *response)
{
    static const char *const auth_types[] = {"NONE", "AWS_IAM", NULL};
    static const char *const modes[] = {"BUFFERED", "RESPONSE_STREAM", NULL};
    *s = (struct url_settings){
        .auth_type = cp_body_choice(b, b->json, "AuthType", "authType", auth_types),
        .invoke_mode = cp_body_choice(b, b->json, "InvokeMode", "invokeMode", modes),
        .cors = cp_body_object(b, b->json, "Cors"),
    };
    if (is_create && !cp_body_member(b->json, "AuthType"))
        cp_violations_add(&b->violations, NULL, "authType", "Member must not be null");
    return cp_body_is_valid(b, response);
}

static bool may_have_url(const struct cp_call *call, struct cp_api_response *response)
{
    bool is_version = strcmp(call->qualifier, "$LATEST") == 0 ||
                      cp_qualifier_is_version(cp_view_of(call->qualifier));
    if (!call->qualifier[0] || !is_version)
        return true;
    cp_api_fail(response, 400, "ValidationException", NULL,
                "1 validation error detected: Value '%s' at 'qualifier' failed to satisfy "
                "constraint: Member must satisfy regular expression pattern: "
                "((?!^\\d+$)^[0-9a-zA-Z-_]+$)",
                call->qualifier);
    return false;
}

/* The URL names no host of AWS, because nothing answers it. */
static cJSON *new_url(struct cp_control *control, const struct cp_call *call)
{
    char id[CP_UUID_MAX];
    char arn[CP_ARN_TEXT_MAX];
    char url[128];
    char time[CP_DATETIME_TEXT_MAX];
    cp_state_new_revision(control, id);
    cp_state_arn(control, call->function->name, call->qualifier, arn);
    (void)snprintf(url, sizeof url, "https://%.8s%.4s.lambda-url.%s.localhost/", id, id + 9,
                   control->region);
    cJSON *document = cJSON_CreateObject();
    (void)cJSON_AddStringToObject(document, "FunctionUrl", url);
    (void)cJSON_AddStringToObject(document, "FunctionArn", arn);
    (void)cJSON_AddStringToObject(document, "CreationTime",
                                  cp_datetime_format(call->now_ms, CP_DATETIME_ISO_MS, time));
    (void)cJSON_AddStringToObject(document, "InvokeMode", "BUFFERED");
    return document;
}

static void set_text(cJSON *document, const char *name, const char *value)
{
    if (!value)
        return;
    cJSON_DeleteItemFromObjectCaseSensitive(document, name);
    (void)cJSON_AddStringToObject(document, name, value);
}

static void set_url(cJSON *document, const struct url_settings *s)
{
    set_text(document, "AuthType", s->auth_type);
    set_text(document, "InvokeMode", s->invoke_mode);
    if (!s->cors)
        return;
    cJSON *copy = cJSON_Duplicate(s->cors, true);
    cJSON_DeleteItemFromObjectCaseSensitive(document, "Cors");
    if (!copy || !cJSON_AddItemToObject(document, "Cors", copy))
        cJSON_Delete(copy);
}

static void set_modified(cJSON *document, int64_t now_ms)
{
    char time[CP_DATETIME_TEXT_MAX];
    set_text(document, "LastModifiedTime", cp_datetime_format(now_ms, CP_DATETIME_ISO_MS, time));
}

void cp_op_create_url(struct cp_control *control, const struct cp_call *call,
                      struct cp_api_response *response)
{
    struct cp_function *f = call->function;
    struct cp_body b;
    struct url_settings s;
    char arn[CP_ARN_TEXT_MAX];
    if (!may_have_url(call, response) || !is_there(control, call, response) ||
        !cp_body_open(&b, call->request->body, response))
        return;
    cp_state_arn(control, f->name, call->qualifier, arn);
    if (!read_url(&b, true, &s, response)) {
        /* the answer is there */
    } else if (document_of(f->urls, call)) {
        cp_api_fail(response, 409, "ResourceConflictException", NULL,
                    "Failed to create function url config for [functionArn = %s]. Error message:  "
                    "FunctionUrlConfig exists for this Lambda function",
                    arn);
    } else {
        cJSON *document = new_url(control, call);
        set_url(document, &s);
        if (keep(&f->urls, call, document, response)) {
            answer(response, 201, document); /* it has no LastModifiedTime yet */
            set_modified(document, call->now_ms);
        }
    }
    cp_body_close(&b);
}

void cp_op_update_url(struct cp_control *control, const struct cp_call *call,
                      struct cp_api_response *response)
{
    struct cp_body b;
    struct url_settings s;
    (void)control;
    cJSON *document = document_of(call->function->urls, call);
    if (!document) {
        fail_no_url(response);
        return;
    }
    if (!cp_body_open(&b, call->request->body, response))
        return;
    if (read_url(&b, false, &s, response)) {
        set_url(document, &s);
        set_modified(document, call->now_ms);
        answer(response, 200, document);
    }
    cp_body_close(&b);
}

void cp_op_get_url(struct cp_control *control, const struct cp_call *call,
                   struct cp_api_response *response)
{
    (void)control;
    const cJSON *document = document_of(call->function->urls, call);
    if (document)
        answer(response, 200, document);
    else
        fail_no_url(response);
}

void cp_op_delete_url(struct cp_control *control, const struct cp_call *call,
                      struct cp_api_response *response)
{
    (void)control;
    if (!document_of(call->function->urls, call)) {
        fail_no_url(response);
        return;
    }
    cJSON_DeleteItemFromObjectCaseSensitive(call->function->urls, call->qualifier);
    cp_answer_empty(response);
}

void cp_op_list_urls(struct cp_control *control, const struct cp_call *call,
                     struct cp_api_response *response)
{
    (void)control;
    list(call->function->urls, "FunctionUrlConfigs", call, response);
}

/* --- event invoke config --- */

enum { RETRIES_MAX = 2, AGE_MIN_S = 60, AGE_MAX_S = 21600 };

static void fail_no_config(const struct cp_control *control, const struct cp_call *call,
                           struct cp_api_response *response)
{
    char arn[CP_ARN_TEXT_MAX];
    cp_state_arn(control, call->function->name, call->qualifier[0] ? call->qualifier : "$LATEST",
                 arn);
    cp_api_fail(response, 404, "ResourceNotFoundException", NULL,
                "The function %s doesn't have an EventInvokeConfig", arn);
}

static cJSON *new_config(struct cp_control *control, const struct cp_call *call)
{
    char arn[CP_ARN_TEXT_MAX];
    cp_state_arn(control, call->function->name, call->qualifier[0] ? call->qualifier : "$LATEST",
                 arn);
    cJSON *document = cJSON_CreateObject();
    (void)cJSON_AddStringToObject(document, "FunctionArn", arn);
    return document;
}

static void set_number(cJSON *document, const char *name, double value)
{
    cJSON_DeleteItemFromObjectCaseSensitive(document, name);
    (void)cJSON_AddNumberToObject(document, name, value);
}

/* Takes `document`, what there was or a new one. */
static void put_config(const struct cp_call *call, cJSON *document,
                       struct cp_api_response *response)
{
    struct cp_body b;
    int retries = 0;
    int age_s = 0;
    if (!cp_body_open(&b, call->request->body, response)) {
        cJSON_Delete(document);
        return;
    }
    if (cp_body_int(&b, b.json, "MaximumRetryAttempts", "maximumRetryAttempts", 0, RETRIES_MAX,
                    &retries))
        set_number(document, "MaximumRetryAttempts", retries);
    if (cp_body_int(&b, b.json, "MaximumEventAgeInSeconds", "maximumEventAgeInSeconds", AGE_MIN_S,
                    AGE_MAX_S, &age_s))
        set_number(document, "MaximumEventAgeInSeconds", age_s);
    const cJSON *destinations = cp_body_object(&b, b.json, "DestinationConfig");
    cJSON *copy = cJSON_Duplicate(destinations, true);
    cJSON_DeleteItemFromObjectCaseSensitive(document, "DestinationConfig");
    if (!copy || !cJSON_AddItemToObject(document, "DestinationConfig", copy))
        cJSON_Delete(copy);
    set_number(document, "LastModified", (double)call->now_ms / 1000.0);
    if (!cp_body_is_valid(&b, response))
        cJSON_Delete(document);
    else if (keep(&call->function->event_invokes, call, document, response))
        answer(response, 200, document);
    cp_body_close(&b);
}

void cp_op_put_event_invoke(struct cp_control *control, const struct cp_call *call,
                            struct cp_api_response *response)
{
    if (is_there(control, call, response))
        put_config(call, new_config(control, call), response);
}

void cp_op_update_event_invoke(struct cp_control *control, const struct cp_call *call,
                               struct cp_api_response *response)
{
    const cJSON *old = document_of(call->function->event_invokes, call);
    if (old)
        put_config(call, cJSON_Duplicate(old, true), response);
    else
        fail_no_config(control, call, response);
}

void cp_op_get_event_invoke(struct cp_control *control, const struct cp_call *call,
                            struct cp_api_response *response)
{
    const cJSON *document = document_of(call->function->event_invokes, call);
    if (document)
        answer(response, 200, document);
    else
        fail_no_config(control, call, response);
}

void cp_op_delete_event_invoke(struct cp_control *control, const struct cp_call *call,
                               struct cp_api_response *response)
{
    if (!document_of(call->function->event_invokes, call)) {
        fail_no_config(control, call, response);
        return;
    }
    cJSON_DeleteItemFromObjectCaseSensitive(call->function->event_invokes, call->qualifier);
    cp_answer_empty(response);
}

void cp_op_list_event_invokes(struct cp_control *control, const struct cp_call *call,
                              struct cp_api_response *response)
{
    (void)control;
    list(call->function->event_invokes, "FunctionEventInvokeConfigs", call, response);
}
