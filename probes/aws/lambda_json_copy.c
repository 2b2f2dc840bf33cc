/* SPDX-License-Identifier: GPL-3.0-or-later
 * CreateFunction's body from GetFunction's answer: members copied by a table, the code at the end
 * (a zip of 50 MB does not go through the JSON library).
 */
#include <cjson/cJSON.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

#include "probes/aws/json.h"
#include "probes/aws/lambda_json.h"

enum { BASE64_STEP = 3 * 16 * 1024, HEAD_MAX = 256 * 1024 };

enum copy_as {
    AS_IT_IS,
    LIST_OF_ARNS,    /* [{Arn, ...}] -> [Arn] */
    PARTS,           /* only the named parts of an object, if any is there */
    PARTS_OF_A_PART, /* the object named first, then its parts */
};

/* `parts`: NULL-terminated. */
static const struct member_copy {
    const char *name, *to;
    enum copy_as as;
    const char *parts[5];
} MEMBERS[] = {
    {"Role", "Role", AS_IT_IS, {NULL}},
    {"Handler", "Handler", AS_IT_IS, {NULL}},
    {"Runtime", "Runtime", AS_IT_IS, {NULL}},
    {"Timeout", "Timeout", AS_IT_IS, {NULL}},
    {"MemorySize", "MemorySize", AS_IT_IS, {NULL}},
    {"PackageType", "PackageType", AS_IT_IS, {NULL}},
    {"Architectures", "Architectures", AS_IT_IS, {NULL}},
    {"KMSKeyArn", "KMSKeyArn", AS_IT_IS, {NULL}},
    {"FileSystemConfigs", "FileSystemConfigs", AS_IT_IS, {NULL}},
    {"EphemeralStorage", "EphemeralStorage", AS_IT_IS, {NULL}},
    {"TracingConfig", "TracingConfig", AS_IT_IS, {NULL}},
    {"Layers", "Layers", LIST_OF_ARNS, {NULL}},
    {"Environment", "Environment", PARTS, {"Variables", NULL}},
    {"SnapStart", "SnapStart", PARTS, {"ApplyOn", NULL}},
    {"VpcConfig",
     "VpcConfig",
     PARTS,
     {"SubnetIds", "SecurityGroupIds", "Ipv6AllowedForDualStack", NULL}},
    {"LoggingConfig",
     "LoggingConfig",
     PARTS,
     {"LogFormat", "ApplicationLogLevel", "SystemLogLevel", NULL}},
    {"ImageConfigResponse", "ImageConfig", PARTS_OF_A_PART, {"ImageConfig", NULL}},
};

static bool add_copy(cJSON *to, const char *name, const cJSON *value)
{
    cJSON *copy = cJSON_Duplicate(value, true);
    if (cJSON_AddItemToObject(to, name, copy))
        return true;
    cJSON_Delete(copy);
    return false;
}

static bool copy_arns(cJSON *to, const char *name, const cJSON *list)
{
    cJSON *arns = cJSON_AddArrayToObject(to, name);
    bool is_ok = arns != NULL;
    const cJSON *entry;
    cJSON_ArrayForEach(entry, list)
    {
        const char *arn = cJSON_GetStringValue(cp_json_member(entry, "Arn"));
        if (is_ok && arn)
            is_ok = cJSON_AddItemToArray(arns, cJSON_CreateString(arn));
    }
    return is_ok;
}

static bool copy_parts(cJSON *to, const char *name, const cJSON *from, const char *const *parts)
{
    cJSON *object = NULL;
    bool is_ok = true;
    for (; *parts && is_ok; parts++) {
        const cJSON *part = cp_json_member(from, *parts);
        if (!part || cJSON_IsNull(part))
            continue;
        if (!object)
            object = cJSON_AddObjectToObject(to, name);
        is_ok = object && add_copy(object, *parts, part);
    }
    return is_ok;
}

static bool copy_member(cJSON *to, const struct member_copy *m, const cJSON *config)
{
    const cJSON *value = cp_json_member(config, m->name);
    if (!value || cJSON_IsNull(value))
        return true;
    switch (m->as) {
    case AS_IT_IS:
        return add_copy(to, m->to, value);
    case LIST_OF_ARNS:
        return copy_arns(to, m->to, value);
    case PARTS:
        return copy_parts(to, m->to, value, m->parts);
    case PARTS_OF_A_PART:
        value = cp_json_member(value, m->parts[0]);
        return !cJSON_IsObject(value) || add_copy(to, m->to, value);
    }
    return false;
}

/* A log group of the user's own choice is kept; the default one would be the original's. */
static bool copy_log_group(cJSON *to, const cJSON *config)
{
    const char *group =
        cJSON_GetStringValue(cp_json_member(cp_json_member(config, "LoggingConfig"), "LogGroup"));
    const char *name = cJSON_GetStringValue(cp_json_member(config, "FunctionName"));
    struct cp_view rest = cp_view_of(group);
    if (!group || (cp_view_skip(&rest, "/aws/lambda/") && cp_view_is(rest, name)))
        return true;
    cJSON *logging = cJSON_GetObjectItemCaseSensitive(to, "LoggingConfig");
    return logging && cJSON_AddStringToObject(logging, "LogGroup", group);
}

static bool add_own_members(cJSON *to, const struct cp_function_copy *copy)
{
    cJSON *tags = cJSON_AddObjectToObject(to, "Tags");
    bool is_ok = tags && cJSON_AddStringToObject(to, "FunctionName", copy->name) &&
                 cJSON_AddStringToObject(to, "Description", copy->description);
    for (size_t i = 0; i < copy->n_tags && is_ok; i++)
        is_ok = cJSON_AddStringToObject(tags, copy->tags[i][0], copy->tags[i][1]);
    return is_ok;
}

static void wipe(struct cp_buf *b)
{
    if (b->p)
        explicit_bzero(b->p, b->cap);
    cp_buf_clear(b);
}

static void add_base64(struct cp_buf *out, struct cp_view bytes)
{
    unsigned char text[BASE64_STEP / 3 * 4 + 1];
    while (bytes.n) {
        size_t n = bytes.n < BASE64_STEP ? bytes.n : BASE64_STEP;
        int length = EVP_EncodeBlock(text, (const unsigned char *)bytes.p, (int)n);
        (void)cp_buf_add(out, text, (size_t)length);
        bytes = (struct cp_view){bytes.p + n, bytes.n - n};
    }
}

/* {"Code":{"ZipFile":"..."} or {"ImageUri":"<by digest>"}} before the closing brace of `head`. */
static enum cp_code add_code(const cJSON *code, const struct cp_function_copy *copy,
                             const struct cp_buf *head, struct cp_buf *out, struct cp_error *err)
{
    const char *image = cJSON_GetStringValue(cp_json_member(code, "ResolvedImageUri"));
    if (!copy->zip.n && !image)
        return cp_fail(err, CP_EFORMAT,
                       "the answer has neither a zip nor a 'ResolvedImageUri' to copy");
    (void)cp_buf_add(out, head->p, head->n - 1);
    if (copy->zip.n) {
        (void)cp_buf_adds(out, ",\"Code\":{\"ZipFile\":\"");
        add_base64(out, copy->zip);
        (void)cp_buf_adds(out, "\"}}");
        return cp_buf_check(out, "the request", err);
    }
    cJSON *holder = cJSON_CreateObject();
    bool is_built = holder && cJSON_AddStringToObject(holder, "ImageUri", image);
    (void)cp_buf_adds(out, ",\"Code\":");
    enum cp_code result = cp_json_print(holder, is_built, out, err);
    (void)cp_buf_adds(out, "}");
    return result ? result : cp_buf_check(out, "the request", err);
}

/* Everything but the code. NULL: out of memory. */
static cJSON *make_head(const cJSON *config, const struct cp_function_copy *copy)
{
    cJSON *body = cJSON_CreateObject();
    bool is_built = body && add_own_members(body, copy);
    for (size_t i = 0; i < sizeof MEMBERS / sizeof MEMBERS[0] && is_built; i++)
        is_built = copy_member(body, &MEMBERS[i], config);
    if (is_built && copy_log_group(body, config))
        return body;
    cJSON_Delete(body);
    return NULL;
}

enum cp_code cp_lambda_json_copy(struct cp_view document, const struct cp_function_copy *copy,
                                 struct cp_buf *out, struct cp_error *err)
{
    cJSON *json = NULL;
    struct cp_buf head;
    cp_buf_init(&head, HEAD_MAX);
    enum cp_code code = cp_json_parse(document, &json, err);
    if (!code) {
        cJSON *body = make_head(cp_json_member(json, "Configuration"), copy);
        code = cp_json_print(body, body != NULL, &head, err);
    }
    if (!code)
        code = add_code(cp_json_member(json, "Code"), copy, &head, out, err);
    wipe(&head);
    cJSON_Delete(json);
    return code;
}

static bool hide_values(cJSON *body, int64_t code_bytes)
{
    char size[48];
    cJSON *item;
    cJSON *variables = cJSON_GetObjectItemCaseSensitive(
        cJSON_GetObjectItemCaseSensitive(body, "Environment"), "Variables");
    bool is_ok = true;
    cJSON_ArrayForEach(item, variables) is_ok &=
        cJSON_SetValuestring(item, "...") != NULL || cJSON_IsString(item);
    (void)snprintf(size, sizeof size, "<%lld bytes>", (long long)code_bytes);
    return is_ok && cJSON_AddStringToObject(body, "Code", size);
}

enum cp_code cp_lambda_json_copy_shown(struct cp_view document, const struct cp_function_copy *copy,
                                       int64_t code_bytes, struct cp_buf *out, struct cp_error *err)
{
    cJSON *json = NULL;
    enum cp_code code = cp_json_parse(document, &json, err);
    cJSON *body = code ? NULL : make_head(cp_json_member(json, "Configuration"), copy);
    if (!code)
        code = cp_json_print(body, body && hide_values(body, code_bytes), out, err);
    cJSON_Delete(json);
    return code;
}

enum cp_code cp_lambda_json_location(struct cp_view document, struct cp_buf *url,
                                     struct cp_error *err)
{
    cJSON *json = NULL;
    enum cp_code code = cp_json_parse(document, &json, err);
    const char *location =
        cJSON_GetStringValue(cp_json_member(cp_json_member(json, "Code"), "Location"));
    if (!code && !location)
        code = cp_fail(err, CP_EFORMAT, "the answer has no 'Location' of the code");
    if (!code && cp_buf_adds(url, location))
        code = cp_buf_check(url, "the address of the code", err);
    cJSON_Delete(json);
    return code;
}
