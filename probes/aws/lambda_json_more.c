/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <cjson/cJSON.h>
#include <string.h>

#include "probes/aws/json.h"
#include "probes/aws/lambda_json.h"

static enum cp_code copy_text(const cJSON *object, const char *name, char *to, size_t size,
                              struct cp_error *err)
{
    const char *text = cJSON_GetStringValue(cp_json_member(object, name));
    if (cp_view_copy(cp_view_of(text), to, size))
        return CP_OK;
    return cp_fail(err, CP_EFORMAT, "'%s' in the answer is longer than %zu bytes", name, size - 1);
}

static enum cp_code read_alias(const cJSON *json, struct cp_alias_config *out, struct cp_error *err)
{
    enum cp_code code = copy_text(json, "Name", out->name, sizeof out->name, err);
    if (!code)
        code = copy_text(json, "FunctionVersion", out->version, sizeof out->version, err);
    cp_failure_copy_text(cp_view_of(cJSON_GetStringValue(cp_json_member(json, "Description"))),
                         out->description, sizeof out->description);
    if (!code && !out->name[0])
        code = cp_fail(err, CP_EFORMAT, "the answer has no 'Name'");
    return code;
}

enum cp_code cp_lambda_json_alias(struct cp_view body, struct cp_alias_config *out,
                                  struct cp_error *err)
{
    cJSON *json = NULL;
    enum cp_code code = cp_json_parse(body, &json, err);
    if (!code)
        code = read_alias(json, out, err);
    cJSON_Delete(json);
    return code;
}

enum cp_code cp_lambda_json_alias_body(const struct cp_alias_config *alias, struct cp_buf *out,
                                       struct cp_error *err)
{
    cJSON *json = cJSON_CreateObject();
    bool is_built = json && cJSON_AddStringToObject(json, "Name", alias->name) &&
                    cJSON_AddStringToObject(json, "FunctionVersion", alias->version) &&
                    cJSON_AddStringToObject(json, "Description", alias->description);
    return cp_json_print(json, is_built, out, err);
}

static enum cp_code open_list(struct cp_view body, const char *name, cJSON **json,
                              const cJSON **list, struct cp_buf *marker, struct cp_error *err)
{
    enum cp_code code = cp_json_parse(body, json, err);
    *list = cp_json_member(*json, name);
    if (!code && !cJSON_IsArray(*list))
        code = cp_fail(err, CP_EFORMAT, "the answer has no '%s'", name);
    cp_buf_reset(marker);
    if (!code && cp_buf_adds(marker, cJSON_GetStringValue(cp_json_member(*json, "NextMarker"))))
        code = cp_buf_check(marker, "'NextMarker' in the answer", err);
    return code;
}

enum cp_code cp_lambda_json_aliases(struct cp_view body, cp_lambda_alias_fn each, void *context,
                                    bool *is_ended, struct cp_buf *marker, struct cp_error *err)
{
    cJSON *json = NULL;
    const cJSON *list = NULL;
    const cJSON *entry;
    enum cp_code code = open_list(body, "Aliases", &json, &list, marker, err);
    cJSON_ArrayForEach(entry, list)
    {
        struct cp_alias_config alias;
        if (code || *is_ended)
            break;
        code = read_alias(entry, &alias, err);
        if (!code)
            *is_ended = !each(context, &alias);
    }
    cJSON_Delete(json);
    return code;
}

enum cp_code cp_lambda_json_event_sources(struct cp_view body, cp_lambda_arn_fn each, void *context,
                                          bool *is_ended, struct cp_buf *marker,
                                          struct cp_error *err)
{
    cJSON *json = NULL;
    const cJSON *list = NULL;
    const cJSON *entry;
    enum cp_code code = open_list(body, "EventSourceMappings", &json, &list, marker, err);
    cJSON_ArrayForEach(entry, list)
    {
        const char *arn = cJSON_GetStringValue(cp_json_member(entry, "FunctionArn"));
        if (code || *is_ended)
            break;
        if (arn)
            *is_ended = !each(context, arn);
        else
            code = cp_fail(err, CP_EFORMAT, "an event source mapping has no 'FunctionArn'");
    }
    cJSON_Delete(json);
    return code;
}

enum cp_code cp_lambda_json_tag(struct cp_view body, const char *key, char value[CP_TAG_VALUE_MAX],
                                struct cp_error *err)
{
    cJSON *json = NULL;
    value[0] = '\0';
    enum cp_code code = cp_json_parse(body, &json, err);
    if (!code)
        code = copy_text(cp_json_member(json, "Tags"), key, value, CP_TAG_VALUE_MAX, err);
    cJSON_Delete(json);
    return code;
}
