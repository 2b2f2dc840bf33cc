/* SPDX-License-Identifier: GPL-3.0-or-later
 * Tags of functions.
 */
#include <cjson/cJSON.h>
#include <string.h>

#include "probes/local/api_route.h"
#include "probes/local/control_body.h"

enum { TAGS_MAX = 50, KEY_MAX = 128, VALUE_MAX = 256 };

static bool is_tag(const cJSON *item, struct cp_body *b)
{
    if (!cJSON_IsString(item)) {
        b->wrong_type = "NUMBER_VALUE can not be converted to a String";
        return false;
    }
    size_t key_n = cp_body_characters(item->string);
    if (key_n == 0 || key_n > KEY_MAX || cp_body_characters(item->valuestring) > VALUE_MAX) {
        cp_violations_add(&b->violations, item->string, "tags",
                          "Map keys must satisfy constraint: [Member must have length less than or "
                          "equal to 128, Member must have length greater than or equal to 1], map "
                          "values: [Member must have length less than or equal to 256]");
        return false;
    }
    return true;
}

bool cp_tags_merge(cJSON **tags, const cJSON *more, struct cp_body *b,
                   struct cp_api_response *response)
{
    const cJSON *item = NULL;
    cJSON *merged = *tags ? cJSON_Duplicate(*tags, true) : cJSON_CreateObject();
    cJSON_ArrayForEach(item, more)
    {
        if (merged && !is_tag(item, b))
            break;
        if (merged)
            cJSON_DeleteItemFromObjectCaseSensitive(merged, item->string);
        if (!merged || !cJSON_AddStringToObject(merged, item->string, item->valuestring)) {
            cJSON_Delete(merged);
            cp_fail_memory(response);
            return false;
        }
    }
    if (!cp_body_is_valid(b, response)) {
        cJSON_Delete(merged);
        return false;
    }
    if (cJSON_GetArraySize(merged) > TAGS_MAX) {
        cJSON_Delete(merged);
        cp_api_fail(response, 400, "InvalidParameterValueException", NULL,
                    "Number of tags exceeds resource tag limit.");
        return false;
    }
    cJSON_Delete(*tags);
    *tags = merged;
    return true;
}

void cp_write_tags(struct cp_json_out *j, const struct cp_function *f)
{
    const cJSON *item = NULL;
    cp_json_object(j, "Tags");
    cJSON_ArrayForEach(item, f->tags)
    {
        cp_json_string(j, item->string, item->valuestring);
    }
    cp_json_object_end(j);
}

/* These operations take an ARN, not a name. */
static bool is_arn(const struct cp_call *call, struct cp_api_response *response)
{
    if (cp_view_has_prefix(cp_view_of(call->request->function), "arn:"))
        return true;
    cp_api_fail(response, 400, "ValidationException", NULL,
                "1 validation error detected: Value '%s' at 'resource' failed to satisfy "
                "constraint: Member must satisfy regular expression pattern: "
                "arn:(aws[a-zA-Z-]*):lambda:[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\\d{1}:\\d{12}:"
                "(function:[a-zA-Z0-9-_]+(:(\\$LATEST|[a-zA-Z0-9-_]+))?|layer:([a-zA-Z0-9-_]+)|"
                "code-signing-config:csc-[a-z0-9]{17}|event-source-mapping:[a-f0-9]{8}-[a-f0-9]{4}-"
                "[a-f0-9]{4}-[a-f0-9]{4}-[a-f0-9]{12})",
                call->request->function);
    return false;
}

void cp_op_list_tags(struct cp_control *control, const struct cp_call *call,
                     struct cp_api_response *response)
{
    (void)control;
    if (!is_arn(call, response))
        return;
    struct cp_json_out j = {.to = &response->body};
    response->status = 200;
    cp_json_object(&j, NULL);
    cp_write_tags(&j, call->function);
    cp_json_object_end(&j);
}

void cp_op_tag_resource(struct cp_control *control, const struct cp_call *call,
                        struct cp_api_response *response)
{
    struct cp_body b;
    if (!is_arn(call, response) || !cp_state_may_change(control, call->function, NULL, response) ||
        !cp_body_open(&b, call->request->body, response))
        return;
    const cJSON *tags = cp_body_object(&b, b.json, "Tags");
    if (!tags && !b.wrong_type[0])
        cp_violations_add(&b.violations, NULL, "tags", "Member must not be null");
    if (cp_body_is_valid(&b, response) && cp_tags_merge(&call->function->tags, tags, &b, response))
        cp_answer_empty(response);
    cp_body_close(&b);
}

/* --- UntagResource: ?tagKeys=A&tagKeys=B --- */

void cp_op_untag_resource(struct cp_control *control, const struct cp_call *call,
                          struct cp_api_response *response)
{
    struct cp_view query = call->request->query;
    struct cp_view item;
    int n = 0;
    if (!is_arn(call, response) || !cp_state_may_change(control, call->function, NULL, response))
        return;
    while (cp_view_split(&query, '&', &item)) {
        char key[4 * KEY_MAX + 1];
        struct cp_view name;
        if (!cp_view_split(&item, '=', &name) || !cp_view_is(name, "tagKeys"))
            continue;
        n++;
        if (cp_query_decode(item, key, sizeof key))
            cJSON_DeleteItemFromObjectCaseSensitive(call->function->tags, key);
    }
    if (n)
        cp_answer_empty(response);
    else
        cp_api_fail(response, 400, "ValidationException", NULL,
                    "1 validation error detected: Value null at 'tagKeys' failed to satisfy "
                    "constraint: Member must not be null");
}
