/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "probes/aws/lambda_json.h"

#include <cjson/cJSON.h>
#include <limits.h>
#include <math.h>
#include <stddef.h>
#include <string.h>

#include "probes/aws/config_member.h"
#include "probes/aws/json.h"

static const double INT64_EXACT_MAX = 9007199254740992.0; /* 2^53 */

/* A whole number in 0..most; absent leaves *out as it is. */
static enum cp_code read_whole(const cJSON *object, const char *name, double most, double *out,
                               struct cp_error *err)
{
    const cJSON *item = cp_json_member(object, name);
    if (!item || cJSON_IsNull(item))
        return CP_OK;
    double v = item->valuedouble;
    if (!cJSON_IsNumber(item) || !(v >= 0 && v <= most) || v != floor(v))
        return cp_fail(err, CP_EFORMAT, "'%s' in the answer is not a whole number in 0..%.0f", name,
                       most);
    *out = v;
    return CP_OK;
}

static enum cp_code read_int(const cJSON *object, const char *name, int *out, struct cp_error *err)
{
    double v = *out;
    enum cp_code code = read_whole(object, name, INT_MAX, &v, err);
    *out = (int)v;
    return code;
}

/* --- FunctionConfiguration --- */

enum { DEFAULT_STORAGE_MB = 512 };

#define FIELD(m) offsetof(struct cp_function_config, m), sizeof(((struct cp_function_config *)0)->m)

static const struct text_field {
    const char *parent; /* NULL: the configuration itself */
    const char *name;
    size_t offset, size;
    bool may_be_cut; /* free text, kept for display; the others must fit */
} TEXT_FIELDS[] = {
    {NULL, "FunctionName", FIELD(name), false},
    {NULL, "FunctionArn", FIELD(arn), false},
    {NULL, "Version", FIELD(version), false},
    {NULL, "Runtime", FIELD(runtime), false},
    {NULL, "Handler", FIELD(handler), true},
    {NULL, "PackageType", FIELD(package_type), false},
    {NULL, "CodeSha256", FIELD(code_sha256), false},
    {NULL, "RevisionId", FIELD(revision_id), false},
    {NULL, "State", FIELD(state), false},
    {NULL, "StateReasonCode", FIELD(state_reason_code), true},
    {NULL, "LastUpdateStatus", FIELD(last_update_status), false},
    {NULL, "Description", FIELD(description), true},
    {"LoggingConfig", "LogFormat", FIELD(log_format), false},
    {"LoggingConfig", "SystemLogLevel", FIELD(system_log_level), false},
    {"RuntimeVersionConfig", "RuntimeVersionArn", FIELD(runtime_version_arn), true},
    {"LoggingConfig", "LogGroup", FIELD(log_group), false},
    {"SnapStart", "ApplyOn", FIELD(snap_start_apply_on), false},
    {"SnapStart", "OptimizationStatus", FIELD(snap_start_optimization), false},
    {NULL, "MasterArn", FIELD(master_arn), true},
};

static enum cp_code read_text(const cJSON *config, const struct text_field *f,
                              struct cp_function_config *out, struct cp_error *err)
{
    const cJSON *parent = f->parent ? cp_json_member(config, f->parent) : config;
    struct cp_view text = cp_view_of(cJSON_GetStringValue(cp_json_member(parent, f->name)));
    char *to = (char *)out + f->offset;
    if (cp_view_copy(text, to, f->size))
        return CP_OK;
    if (!f->may_be_cut)
        return cp_fail(err, CP_EFORMAT, "'%s' in the answer is longer than %zu bytes", f->name,
                       f->size - 1);
    cp_failure_copy_text(text, to, f->size);
    return CP_OK;
}

static enum cp_code read_architecture(const cJSON *config, struct cp_function_config *out,
                                      struct cp_error *err)
{
    const cJSON *first = cJSON_GetArrayItem(cp_json_member(config, "Architectures"), 0);
    const char *text = cJSON_GetStringValue(first);
    if (!text) /* a service older than arm64 */
        text = "x86_64";
    if (!cp_view_copy(cp_view_of(text), out->architecture, sizeof out->architecture))
        return cp_fail(err, CP_EFORMAT, "'Architectures' in the answer holds an unknown name");
    return CP_OK;
}

/* The error is told without its message: that may name keys. */
static void read_environment_error(const cJSON *config, struct cp_function_config *out)
{
    const cJSON *error = cp_json_member(cp_json_member(config, "Environment"), "Error");
    const char *code = cJSON_GetStringValue(cp_json_member(error, "ErrorCode"));
    if (cJSON_IsObject(error))
        cp_failure_copy_text(cp_view_of(code ? code : "no error code"), out->environment_error,
                             sizeof out->environment_error);
}

/* Members that are there or not there, and so tell what kind of function it is. */
static void read_kinds(const cJSON *config, struct cp_function_config *out)
{
    out->has_capacity_provider = cJSON_IsObject(cp_json_member(config, "CapacityProviderConfig"));
    out->has_tenancy = cJSON_IsObject(cp_json_member(config, "TenancyConfig"));
    out->is_durable = cJSON_IsObject(cp_json_member(config, "DurableConfig"));
    out->has_code_signing = cJSON_IsString(cp_json_member(config, "SigningProfileVersionArn")) ||
                            cJSON_IsString(cp_json_member(config, "SigningJobArn"));
    read_environment_error(config, out);
}

/* In their order, which decides which file wins. One that does not fit is left out: they are told,
 * nothing depends on them. */
static void read_layers(const cJSON *config, struct cp_function_config *out)
{
    const cJSON *layer = NULL;
    size_t n = 0;
    cJSON_ArrayForEach(layer, cp_json_member(config, "Layers"))
    {
        struct cp_view arn = cp_view_of(cJSON_GetStringValue(cp_json_member(layer, "Arn")));
        size_t gap = n > 0;
        if (!arn.n || arn.n + gap >= sizeof out->layers - n)
            continue;
        out->layers[n] = ' ';
        n += gap;
        cp_failure_copy_text(arn, out->layers + n, sizeof out->layers - n);
        n += strlen(out->layers + n);
    }
}

static enum cp_code read_config(const cJSON *config, struct cp_function_config *out,
                                struct cp_error *err)
{
    *out = (struct cp_function_config){.ephemeral_storage_mb = DEFAULT_STORAGE_MB};
    enum cp_code code = CP_OK;
    for (size_t i = 0; i < sizeof TEXT_FIELDS / sizeof TEXT_FIELDS[0] && !code; i++)
        code = read_text(config, &TEXT_FIELDS[i], out, err);
    double code_size = 0;
    if (!code)
        code = read_architecture(config, out, err);
    if (!code)
        code = read_int(config, "MemorySize", &out->memory_size_mb, err);
    if (!code)
        code = read_int(config, "Timeout", &out->timeout_s, err);
    if (!code)
        code = read_int(cp_json_member(config, "EphemeralStorage"), "Size",
                        &out->ephemeral_storage_mb, err);
    if (!code)
        code = read_whole(config, "CodeSize", INT64_EXACT_MAX, &code_size, err);
    out->code_size = (int64_t)code_size;
    cp_config_members_read(config, out->members);
    read_layers(config, out);
    read_kinds(config, out);
    if (!code && !out->name[0])
        code = cp_fail(err, CP_EFORMAT, "the answer has no 'FunctionName'");
    return code;
}

enum cp_code cp_lambda_json_config(struct cp_view body, struct cp_function_config *out,
                                   struct cp_error *err)
{
    cJSON *json = NULL;
    enum cp_code code = cp_json_parse(body, &json, err);
    if (!code)
        code = read_config(json, out, err);
    cJSON_Delete(json);
    return code;
}

enum cp_code cp_lambda_json_function(struct cp_view body, struct cp_function_config *out,
                                     int *reserved, struct cp_error *err)
{
    cJSON *json = NULL;
    *reserved = -1;
    enum cp_code code = cp_json_parse(body, &json, err);
    if (!code)
        code = read_config(cp_json_member(json, "Configuration"), out, err);
    if (!code)
        code = read_int(cp_json_member(json, "Concurrency"), "ReservedConcurrentExecutions",
                        reserved, err);
    cJSON_Delete(json);
    return code;
}

/* --- other answers --- */

enum cp_code cp_lambda_json_provisioned(struct cp_view body, struct cp_provisioned_config *out,
                                        struct cp_error *err)
{
    cJSON *json = NULL;
    *out = (struct cp_provisioned_config){0};
    enum cp_code code = cp_json_parse(body, &json, err);
    if (!code)
        code = read_int(json, "RequestedProvisionedConcurrentExecutions", &out->requested, err);
    if (!code)
        code = read_int(json, "AvailableProvisionedConcurrentExecutions", &out->available, err);
    if (!code)
        code = read_int(json, "AllocatedProvisionedConcurrentExecutions", &out->allocated, err);
    struct cp_view status = cp_view_of(cJSON_GetStringValue(cp_json_member(json, "Status")));
    if (!code && (status.n == 0 || !cp_view_copy(status, out->status, sizeof out->status)))
        code = cp_fail(err, CP_EFORMAT, "the answer has no known 'Status'");
    cp_failure_copy_text(cp_view_of(cJSON_GetStringValue(cp_json_member(json, "StatusReason"))),
                         out->status_reason, sizeof out->status_reason);
    cJSON_Delete(json);
    return code;
}

enum cp_code cp_lambda_json_account(struct cp_view body, struct cp_account_settings *out,
                                    struct cp_error *err)
{
    cJSON *json = NULL;
    *out = (struct cp_account_settings){-1, -1};
    enum cp_code code = cp_json_parse(body, &json, err);
    const cJSON *limit = cp_json_member(json, "AccountLimit");
    if (!code)
        code = read_int(limit, "ConcurrentExecutions", &out->concurrent_executions, err);
    if (!code)
        code = read_int(limit, "UnreservedConcurrentExecutions",
                        &out->unreserved_concurrent_executions, err);
    if (!code && out->concurrent_executions < 0)
        code = cp_fail(err, CP_EFORMAT, "the answer has no 'ConcurrentExecutions'");
    cJSON_Delete(json);
    return code;
}

enum cp_code cp_lambda_json_page(struct cp_view body, struct cp_lambda_page *page,
                                 struct cp_error *err)
{
    cJSON *json = NULL;
    enum cp_code code = cp_json_parse(body, &json, err);
    const cJSON *list = cp_json_member(json, page->list_name);
    if (!code && !cJSON_IsArray(list))
        code = cp_fail(err, CP_EFORMAT, "the answer has no '%s'", page->list_name);
    const cJSON *entry;
    cJSON_ArrayForEach(entry, list)
    {
        struct cp_function_config config;
        if (code || page->is_ended)
            break;
        code = read_config(entry, &config, err);
        if (!code)
            page->is_ended = !page->each(page->context, &config);
    }
    cp_buf_reset(&page->marker);
    if (!code &&
        cp_buf_adds(&page->marker, cJSON_GetStringValue(cp_json_member(json, "NextMarker"))))
        code = cp_buf_check(&page->marker, "'NextMarker' in the answer", err);
    cJSON_Delete(json);
    return code;
}

/* --- request bodies --- */

static bool add_text(cJSON *object, const char *name, const char *text)
{
    return !text || cJSON_AddStringToObject(object, name, text);
}

static bool add_positive(cJSON *object, const char *name, int value)
{
    return value <= 0 || cJSON_AddNumberToObject(object, name, value);
}

enum cp_code cp_lambda_json_update(const struct cp_function_update *update, struct cp_buf *out,
                                   struct cp_error *err)
{
    cJSON *json = cJSON_CreateObject();
    bool is_built = json && add_positive(json, "MemorySize", update->memory_size_mb) &&
                    add_positive(json, "Timeout", update->timeout_s) &&
                    add_text(json, "Description", update->description) &&
                    add_text(json, "RevisionId", update->revision_id);
    return cp_json_print(json, is_built, out, err);
}

enum cp_code cp_lambda_json_publish(const struct cp_version_publish *publish, struct cp_buf *out,
                                    struct cp_error *err)
{
    cJSON *json = cJSON_CreateObject();
    bool is_built = json && add_text(json, "Description", publish->description) &&
                    add_text(json, "RevisionId", publish->revision_id) &&
                    add_text(json, "CodeSha256", publish->code_sha256);
    return cp_json_print(json, is_built, out, err);
}

enum cp_code cp_lambda_json_count(const char *name, int count, struct cp_buf *out,
                                  struct cp_error *err)
{
    cJSON *json = cJSON_CreateObject();
    bool is_built = json && cJSON_AddNumberToObject(json, name, count);
    return cp_json_print(json, is_built, out, err);
}
