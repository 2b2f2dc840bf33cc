/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "probes/local/control_body.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "model/base/datetime.h"

enum { VIOLATIONS_MAX = 4096, CONSTRAINT_MAX = 512 };

/* --- violations --- */

void cp_violations_init(struct cp_violations *v)
{
    v->n = 0;
    cp_buf_init(&v->text, VIOLATIONS_MAX);
}

void cp_violations_clear(struct cp_violations *v)
{
    cp_buf_clear(&v->text);
}

void cp_violations_add(struct cp_violations *v, const char *value, const char *member,
                       const char *constraint)
{
    const char *quote = value ? "'" : "";
    (void)cp_buf_addf(&v->text, "%sValue %s%s%s at '%s' failed to satisfy constraint: %s",
                      v->n ? "; " : "", quote, value ? value : "null", quote, member, constraint);
    v->n++;
}

void cp_violations_add_range(struct cp_violations *v, double value, const char *member, int min,
                             int max)
{
    char text[32];
    char constraint[96];
    bool is_low = value < min;
    (void)snprintf(text, sizeof text, "%.0f", value);
    (void)snprintf(constraint, sizeof constraint, "Member must have value %s than or equal to %d",
                   is_low ? "greater" : "less", is_low ? min : max);
    cp_violations_add(v, text, member, constraint);
}

bool cp_violations_fail(const struct cp_violations *v, struct cp_api_response *response)
{
    if (v->n == 0)
        return false;
    cp_api_fail(response, 400, "ValidationException", NULL, "%d validation error%s detected: %s",
                v->n, v->n == 1 ? "" : "s", cp_buf_str(&v->text));
    return true;
}

/* --- reading a request body --- */

bool cp_body_open(struct cp_body *b, struct cp_view bytes, struct cp_api_response *response)
{
    *b = (struct cp_body){.wrong_type = ""};
    cp_violations_init(&b->violations);
    bytes = cp_view_trim(bytes);
    const char *end = NULL;
    b->json =
        bytes.n ? cJSON_ParseWithLengthOpts(bytes.p, bytes.n, &end, false) : cJSON_CreateObject();
    if (b->json && cJSON_IsObject(b->json) && (bytes.n == 0 || end == bytes.p + bytes.n))
        return true;
    cp_body_close(b);
    cp_api_fail(response, 400, "InvalidRequestContentException", NULL,
                "Could not parse request body into json: the body is not one JSON object");
    return false;
}

void cp_body_close(struct cp_body *b)
{
    cJSON_Delete(b->json);
    b->json = NULL;
    cp_violations_clear(&b->violations);
}

bool cp_body_is_valid(const struct cp_body *b, struct cp_api_response *response)
{
    if (b->wrong_type[0]) {
        cp_api_fail(response, 400, "SerializationException", NULL, "%s", b->wrong_type);
        return false;
    }
    return !cp_violations_fail(&b->violations, response);
}

const struct cJSON *cp_body_member(const struct cJSON *object, const char *name)
{
    const cJSON *member = cJSON_GetObjectItemCaseSensitive(object, name);
    return member && !cJSON_IsNull(member) ? member : NULL;
}

size_t cp_body_characters(const char *text)
{
    size_t n = 0;
    for (; *text; text++)
        n += ((unsigned char)*text & 0xc0) != 0x80;
    return n;
}

const char *cp_body_string(struct cp_body *b, const struct cJSON *object, const char *name,
                           const char *member, size_t max)
{
    const cJSON *item = cp_body_member(object, name);
    if (!item)
        return NULL;
    const char *value = cJSON_GetStringValue(item);
    if (!value) {
        b->wrong_type = "NUMBER_VALUE can not be converted to a String";
        return NULL;
    }
    if (cp_body_characters(value) > max) {
        char constraint[CONSTRAINT_MAX];
        (void)snprintf(constraint, sizeof constraint,
                       "Member must have length less than or equal to %zu", max);
        cp_violations_add(&b->violations, value, member, constraint);
        return NULL;
    }
    return value;
}

const char *cp_body_choice(struct cp_body *b, const struct cJSON *object, const char *name,
                           const char *member, const char *const *names)
{
    const char *value = cp_body_string(b, object, name, member, CP_DESCRIPTION_MAX);
    if (!value)
        return NULL;
    char constraint[CONSTRAINT_MAX] = "Member must satisfy enum value set: [";
    size_t n = strlen(constraint);
    for (size_t i = 0; names[i]; i++) {
        if (strcmp(names[i], value) == 0)
            return value;
        n += (size_t)snprintf(constraint + n, sizeof constraint - n, "%s%s", i ? ", " : "",
                              names[i]);
    }
    (void)snprintf(constraint + n, sizeof constraint - n, "]");
    cp_violations_add(&b->violations, value, member, constraint);
    return NULL;
}

bool cp_body_int(struct cp_body *b, const struct cJSON *object, const char *name,
                 const char *member, int min, int max, int *value)
{
    const cJSON *item = cp_body_member(object, name);
    if (!item)
        return false;
    double x = cJSON_GetNumberValue(item);
    if (!cJSON_IsNumber(item) || !isfinite(x) || fabs(x) > 2147483647.0 || trunc(x) < x ||
        trunc(x) > x) {
        b->wrong_type = cJSON_IsString(item) ? "STRING_VALUE can not be converted to an Integer"
                                             : "DECIMAL_VALUE can not be converted to an Integer";
        return false;
    }
    if (x < min || x > max) {
        cp_violations_add_range(&b->violations, x, member, min, max);
        return false;
    }
    *value = (int)x;
    return true;
}

bool cp_body_flag(struct cp_body *b, const struct cJSON *object, const char *name)
{
    const cJSON *item = cp_body_member(object, name);
    if (item && !cJSON_IsBool(item))
        b->wrong_type = "STRING_VALUE can not be converted to a Boolean";
    return cJSON_IsTrue(item);
}

const struct cJSON *cp_body_object(struct cp_body *b, const struct cJSON *object, const char *name)
{
    const cJSON *item = cp_body_member(object, name);
    if (item && !cJSON_IsObject(item)) {
        b->wrong_type = "Unexpected field type";
        return NULL;
    }
    return item;
}

/* --- documents --- */

static void write_environment(struct cp_json_out *j, const struct cp_settings *s)
{
    if (!s->has_environment)
        return;
    const struct cp_function_folder *folder = &s->folder->folder;
    cp_json_object(j, "Environment");
    cp_json_object(j, "Variables");
    for (size_t i = 0; i < folder->n_env; i++)
        cp_json_string(j, folder->env[i].name, folder->env[i].value);
    cp_json_object_end(j);
    cp_json_object_end(j);
}

static void write_logging(struct cp_json_out *j, const struct cp_settings *s)
{
    cp_json_object(j, "LoggingConfig");
    cp_json_string(j, "LogFormat", s->is_json_log ? "JSON" : "Text");
    if (s->is_json_log) {
        cp_json_string(j, "ApplicationLogLevel", s->application_log_level);
        cp_json_string(j, "SystemLogLevel", s->system_log_level);
    }
    cp_json_string(j, "LogGroup", s->log_group);
    cp_json_object_end(j);
}

static void write_snapshot_state(struct cp_json_out *j, const struct cp_version *version)
{
    bool has_failed = version->snapshot == CP_SNAPSHOT_FAILED;
    cp_json_string(j, "State", has_failed ? "Failed" : "Pending");
    cp_json_string(j, "StateReason",
                   has_failed ? "Initialization of the function failed."
                              : "The function is being created.");
    cp_json_string(j, "StateReasonCode", has_failed ? version->snapshot_failure : "Creating");
}

static void write_state(struct cp_json_out *j, const struct cp_function *function,
                        const struct cp_version *version)
{
    if (function->is_creating) {
        cp_json_string(j, "State", "Pending");
        cp_json_string(j, "StateReason", "The function is being created.");
        cp_json_string(j, "StateReasonCode", "Creating");
        return;
    }
    if (version->snapshot == CP_SNAPSHOT_MAKING || version->snapshot == CP_SNAPSHOT_FAILED)
        write_snapshot_state(j, version);
    else
        cp_json_string(j, "State", "Active");
    if (version->number == 0 && function->is_updating) {
        cp_json_string(j, "LastUpdateStatus", "InProgress");
        /* AWS's own words for an update of an existing function, recorded 2023 and 2024 */
        cp_json_string(j, "LastUpdateStatusReason", "The function is being created.");
        cp_json_string(j, "LastUpdateStatusReasonCode", "Creating");
    } else {
        cp_json_string(j, "LastUpdateStatus", "Successful");
    }
}

void cp_json_item(struct cp_json_out *j, const char *name, const cJSON *item)
{
    const cJSON *child = NULL;
    if (cJSON_IsString(item)) {
        cp_json_string(j, name, item->valuestring);
    } else if (cJSON_IsNumber(item)) {
        bool is_whole =
            fabs(item->valuedouble) < 1e15 && !(trunc(item->valuedouble) < item->valuedouble ||
                                                trunc(item->valuedouble) > item->valuedouble);
        if (is_whole)
            cp_json_int(j, name, (int64_t)item->valuedouble);
        else
            cp_json_double(j, name, item->valuedouble);
    } else if (cJSON_IsBool(item)) {
        cp_json_bool(j, name, cJSON_IsTrue(item));
    } else if (cJSON_IsArray(item)) {
        cp_json_array(j, name);
        cJSON_ArrayForEach(child, item)
        {
            cp_json_item(j, NULL, child);
        }
        cp_json_array_end(j);
    } else if (cJSON_IsObject(item)) {
        cp_json_object(j, name);
        cJSON_ArrayForEach(child, item)
        {
            cp_json_item(j, child->string, child);
        }
        cp_json_object_end(j);
    }
}

/* A folder has no role; AWS's documents always have one, and a copy of the function needs it. */
static void write_role(struct cp_json_out *j, const struct cp_control *control)
{
    char text[96];
    (void)snprintf(text, sizeof text, "arn:%s:iam::%s:role/coldprof-local",
                   cp_state_partition(control), control->account_id);
    cp_json_string(j, "Role", text);
}

/* On: the version has its snapshot. */
static void write_snap_start(struct cp_json_out *j, const cJSON *extras,
                             const struct cp_version *version)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(extras, "SnapStart");
    const char *apply_on = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(item, "ApplyOn"));
    cp_json_object(j, "SnapStart");
    cp_json_string(j, "ApplyOn", apply_on ? apply_on : "None");
    cp_json_string(j, "OptimizationStatus", version->snapshot == CP_SNAPSHOT_READY ? "On" : "Off");
    cp_json_object_end(j);
}

/* What was given, and AWS's value for what was not. */
static void write_extras(struct cp_json_out *j, const struct cp_control *control,
                         const struct cp_version *version)
{
    const struct cp_shared_extras *shared = version->settings.extras;
    const cJSON *extras = shared ? shared->json : NULL;
    enum { EPHEMERAL_STORAGE_MB = 512 };
    const cJSON *item = NULL;
    cJSON_ArrayForEach(item, extras)
    {
        if (strcmp(item->string, "SnapStart") != 0)
            cp_json_item(j, item->string, item);
    }
    write_snap_start(j, extras, version);
    if (!cJSON_GetObjectItemCaseSensitive(extras, "Role"))
        write_role(j, control);
    if (!cJSON_GetObjectItemCaseSensitive(extras, "TracingConfig")) {
        cp_json_object(j, "TracingConfig");
        cp_json_string(j, "Mode", "PassThrough");
        cp_json_object_end(j);
    }
    if (!cJSON_GetObjectItemCaseSensitive(extras, "EphemeralStorage")) {
        cp_json_object(j, "EphemeralStorage");
        cp_json_int(j, "Size", EPHEMERAL_STORAGE_MB);
        cp_json_object_end(j);
    }
}

static void write_code(struct cp_json_out *j, const struct cp_function_folder *folder)
{
    if (!folder->is_image) { /* an image brings its own */
        cp_json_string(j, "Runtime", folder->runtime);
        cp_json_string(j, "Handler", folder->handler);
    }
    cp_json_int(j, "CodeSize", folder->code_size);
    cp_json_string(j, "CodeSha256", folder->code_sha256);
    cp_json_string(j, "PackageType", folder->is_image ? "Image" : "Zip");
    cp_json_array(j, "Architectures");
    cp_json_string(j, NULL, folder->architecture);
    cp_json_array_end(j);
}

void cp_write_configuration(struct cp_json_out *j, const char *name,
                            const struct cp_control *control, const struct cp_function *function,
                            const struct cp_version *version, const struct cp_document *how)
{
    char arn[CP_ARN_TEXT_MAX];
    char number[24];
    char modified[CP_DATETIME_TEXT_MAX];
    const struct cp_settings *s = &version->settings;
    cp_state_arn(control, function->name, how->qualifier, arn);
    cp_state_version_name(version->number, number);
    cp_json_object(j, name);
    cp_json_string(j, "FunctionName", function->name);
    cp_json_string(j, "FunctionArn", arn);
    cp_json_string(j, "Version", number);
    write_code(j, &s->folder->folder);
    cp_json_string(j, "Description", version->description);
    cp_json_int(j, "Timeout", s->timeout_s);
    cp_json_int(j, "MemorySize", s->memory_size_mb);
    cp_json_string(j, "LastModified",
                   cp_datetime_format(version->modified_at_ms, CP_DATETIME_AWS_CONFIG, modified));
    cp_json_string(j, "RevisionId", version->revision_id);
    write_environment(j, s);
    write_logging(j, s);
    write_extras(j, control, version);
    if (!how->without_state)
        write_state(j, function, version);
    cp_json_object_end(j);
}

void cp_answer_configuration(struct cp_api_response *response, int status,
                             const struct cp_control *control, const struct cp_function *function,
                             const struct cp_version *version, const struct cp_document *how)
{
    struct cp_json_out j = {.to = &response->body};
    response->status = status;
    cp_write_configuration(&j, NULL, control, function, version, how);
}

void cp_answer_empty(struct cp_api_response *response)
{
    response->status = 204;
}

/* --- listings --- */

void cp_page_start(struct cp_page *page, struct cp_api_response *response, const char *name,
                   int max_items)
{
    *page = (struct cp_page){
        .out = {.to = &response->body},
        .limit = max_items > 0 && max_items < CP_PAGE_MAX ? max_items : CP_PAGE_MAX,
    };
    response->status = 200;
    cp_json_object(&page->out, NULL);
    cp_json_array(&page->out, name);
}

bool cp_page_takes(struct cp_page *page, const char *key)
{
    if (page->n == page->limit) {
        page->has_more = true;
        return false;
    }
    page->n++;
    (void)cp_view_copy(cp_view_of(key), page->last, sizeof page->last);
    return true;
}

void cp_page_end(struct cp_page *page)
{
    cp_json_array_end(&page->out);
    if (page->has_more)
        cp_json_string(&page->out, "NextMarker", page->last);
    cp_json_object_end(&page->out);
}
