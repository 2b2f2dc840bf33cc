/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "probes/local/control_state.h"

#include <cjson/cJSON.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- arrays --- */

void *cp_state_reserve(void *items, size_t n, size_t *cap, size_t item_size)
{
    if (n < *cap)
        return items;
    size_t more = *cap ? *cap * 2 : 4;
    void *grown = reallocarray(items, more, item_size);
    if (grown)
        *cap = more;
    return grown;
}

void *cp_state_insert(void *items, size_t *n, size_t item_size, size_t at)
{
    char *slot = (char *)items + at * item_size;
    memmove(slot + item_size, slot, (*n - at) * item_size);
    memset(slot, 0, item_size);
    (*n)++;
    return slot;
}

void cp_state_remove(void *items, size_t *n, size_t item_size, size_t at)
{
    char *slot = (char *)items + at * item_size;
    memmove(slot, slot + item_size, (*n - at - 1) * item_size);
    (*n)--;
}

/* --- settings --- */

/* As if SnapStart had been given by the API. */
static enum cp_code give_snap_start(struct cp_settings *s)
{
    cJSON *extras = cJSON_CreateObject();
    cJSON *own = cJSON_AddObjectToObject(extras, "SnapStart");
    bool is_built = cJSON_AddStringToObject(own, "ApplyOn", "PublishedVersions") != NULL;
    if (cp_settings_set_extras(s, extras) && is_built)
        return CP_OK;
    cp_settings_clear(s);
    return CP_ENOMEM;
}

enum cp_code cp_settings_init(struct cp_settings *s, const struct cp_function_folder *folder)
{
    *s = (struct cp_settings){
        .folder = cp_shared_folder_new(folder),
        .has_environment = folder->n_env > 0,
        .memory_size_mb = folder->memory_size_mb,
        .timeout_s = folder->timeout_s,
    };
    if (!s->folder)
        return CP_ENOMEM;
    (void)snprintf(s->log_group, sizeof s->log_group, "/aws/lambda/%s", folder->name);
    return folder->is_snap_start ? give_snap_start(s) : CP_OK;
}

bool cp_settings_has_snap_start(const struct cp_settings *s)
{
    const cJSON *all = s->extras ? s->extras->json : NULL;
    const cJSON *own = cJSON_GetObjectItemCaseSensitive(all, "SnapStart");
    const char *on = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(own, "ApplyOn"));
    return on && strcmp(on, "PublishedVersions") == 0;
}

void cp_settings_copy(struct cp_settings *to, const struct cp_settings *from)
{
    *to = *from;
    to->folder->refs++;
    if (to->extras)
        to->extras->refs++;
}

struct cp_shared_folder *cp_shared_folder_new(const struct cp_function_folder *from)
{
    struct cp_shared_folder *folder = calloc(1, sizeof *folder);
    if (!folder)
        return NULL;
    folder->refs = 1;
    if (from) {
        folder->folder = *from;
        (void)cp_code_package_ref(from->package);
    }
    return folder;
}

static void release_folder(struct cp_shared_folder *folder)
{
    if (!folder || --folder->refs > 0)
        return;
    cp_code_package_unref(folder->folder.package);
    free(folder);
}

static void release_extras(struct cp_shared_extras *extras)
{
    if (!extras || --extras->refs > 0)
        return;
    cJSON_Delete(extras->json);
    free(extras);
}

void cp_settings_clear(struct cp_settings *s)
{
    release_folder(s->folder);
    release_extras(s->extras);
    *s = (struct cp_settings){0};
}

void cp_settings_set_folder(struct cp_settings *s, struct cp_shared_folder *folder)
{
    release_folder(s->folder);
    s->folder = folder;
}

cJSON *cp_settings_extras_copy(const struct cp_settings *s)
{
    return s->extras ? cJSON_Duplicate(s->extras->json, true) : cJSON_CreateObject();
}

bool cp_settings_set_extras(struct cp_settings *s, cJSON *json)
{
    bool is_empty = !json->child;
    struct cp_shared_extras *extras = is_empty ? NULL : calloc(1, sizeof *extras);
    if (!extras) {
        cJSON_Delete(json);
        if (!is_empty)
            return false;
    } else {
        *extras = (struct cp_shared_extras){.refs = 1, .json = json};
    }
    release_extras(s->extras);
    s->extras = extras;
    return true;
}

static bool same_extras(const struct cp_settings *a, const struct cp_settings *b)
{
    if (a->extras == b->extras)
        return true;
    return a->extras && b->extras && cJSON_Compare(a->extras->json, b->extras->json, true);
}

static const struct cp_env_pair *find_env(const struct cp_function_folder *folder, const char *name)
{
    for (size_t i = 0; i < folder->n_env; i++) {
        if (strcmp(folder->env[i].name, name) == 0)
            return &folder->env[i];
    }
    return NULL;
}

/* Environment is a map: order does not count. */
static bool same_env(const struct cp_function_folder *a, const struct cp_function_folder *b)
{
    if (a == b)
        return true;
    if (a->n_env != b->n_env)
        return false;
    for (size_t i = 0; i < a->n_env; i++) {
        const struct cp_env_pair *other = find_env(b, a->env[i].name);
        if (!other || strcmp(other->value, a->env[i].value) != 0)
            return false;
    }
    return true;
}

bool cp_settings_equal(const struct cp_settings *a, const struct cp_settings *b)
{
    return a->memory_size_mb == b->memory_size_mb && a->timeout_s == b->timeout_s &&
           a->is_json_log == b->is_json_log && strcmp(a->description, b->description) == 0 &&
           strcmp(a->application_log_level, b->application_log_level) == 0 &&
           strcmp(a->system_log_level, b->system_log_level) == 0 &&
           strcmp(a->log_group, b->log_group) == 0 &&
           strcmp(a->folder->folder.code_sha256, b->folder->folder.code_sha256) == 0 &&
           strcmp(a->folder->folder.runtime, b->folder->folder.runtime) == 0 &&
           strcmp(a->folder->folder.handler, b->folder->folder.handler) == 0 && same_extras(a, b) &&
           same_env(&a->folder->folder, &b->folder->folder);
}

/* --- identifiers --- */

/* UUID version 4: 122 random bits, version and variant in the other six. */
void cp_state_new_revision(struct cp_control *control, char out[CP_UUID_MAX])
{
    cp_uuid_format(&control->rng, out);
}

const char *cp_state_partition(const struct cp_control *control)
{
    struct cp_view v = cp_view_of(control->region);
    return cp_view_has_prefix(v, "cn-")       ? "aws-cn"
           : cp_view_has_prefix(v, "us-gov-") ? "aws-us-gov"
                                              : "aws";
}

void cp_state_arn(const struct cp_control *control, const char *function, const char *qualifier,
                  char out[CP_ARN_TEXT_MAX])
{
    bool is_qualified = qualifier && qualifier[0];
    (void)snprintf(out, CP_ARN_TEXT_MAX, "arn:%s:lambda:%s:%s:function:%s%s%s",
                   cp_state_partition(control), control->region, control->account_id, function,
                   is_qualified ? ":" : "", is_qualified ? qualifier : "");
}

void cp_state_version_name(int64_t number, char out[24])
{
    (void)snprintf(out, 24, number ? "%" PRId64 : "$LATEST", number);
}

/* --- lookups --- */

struct cp_function *cp_state_function(const struct cp_control *control, const char *name)
{
    for (size_t i = 0; i < control->n_functions; i++) {
        if (strcmp(control->functions[i]->name, name) == 0)
            return control->functions[i];
    }
    return NULL;
}

struct cp_version *cp_state_version(struct cp_function *function, int64_t number)
{
    if (number == 0)
        return &function->latest;
    for (size_t i = 0; i < function->n_versions; i++) {
        if (function->versions[i].number == number)
            return &function->versions[i];
    }
    return NULL;
}

struct cp_alias *cp_state_alias(struct cp_function *function, const char *name)
{
    for (size_t i = 0; i < function->n_aliases; i++) {
        if (strcmp(function->aliases[i].name, name) == 0)
            return &function->aliases[i];
    }
    return NULL;
}

struct cp_provisioned *cp_state_provisioned(struct cp_function *function, const char *qualifier)
{
    for (size_t i = 0; i < function->n_provisioned; i++) {
        if (strcmp(function->provisioned[i].qualifier, qualifier) == 0)
            return &function->provisioned[i];
    }
    return NULL;
}

struct cp_version *cp_state_qualified(struct cp_function *function, const char *qualifier)
{
    if (!qualifier[0] || strcmp(qualifier, "$LATEST") == 0)
        return &function->latest;
    int64_t number = 0;
    if (cp_view_to_int64(cp_view_of(qualifier), &number) && number > 0)
        return cp_state_version(function, number);
    const struct cp_alias *alias = cp_state_alias(function, qualifier);
    return alias ? cp_state_version(function, alias->version) : NULL;
}

struct cp_provisioned *cp_state_provisioned_of(struct cp_function *function, int64_t number)
{
    for (size_t i = 0; i < function->n_provisioned; i++) {
        struct cp_provisioned *p = &function->provisioned[i];
        const struct cp_version *version = cp_state_qualified(function, p->qualifier);
        if (version && version->number == number)
            return p;
    }
    return NULL;
}

/* --- concurrency of the account --- */

int cp_state_unreserved(const struct cp_control *control)
{
    int left = control->account_concurrency;
    for (size_t i = 0; i < control->n_functions; i++) {
        if (control->functions[i]->reserved > 0)
            left -= control->functions[i]->reserved;
    }
    return left;
}

int cp_state_total_provisioned(const struct cp_function *function)
{
    int total = 0;
    for (size_t i = 0; i < function->n_provisioned; i++)
        total += function->provisioned[i].requested;
    return total;
}

int cp_state_free_pool(const struct cp_control *control, const struct cp_function *except)
{
    int left = control->account_concurrency;
    for (size_t i = 0; i < control->n_functions; i++) {
        const struct cp_function *f = control->functions[i];
        if (f != except)
            left -= f->reserved >= 0 ? f->reserved : cp_state_total_provisioned(f);
    }
    return left;
}

/* --- changes that the environment side is told about --- */

void cp_state_retire(struct cp_control *control, struct cp_version *version)
{
    if (version->configuration_id && control->events.on_retired)
        control->events.on_retired(control->events.context, version->configuration_id);
    cp_settings_clear(&version->settings);
}

void cp_state_provision(struct cp_control *control, const struct cp_version *version, int count)
{
    if (version && control->events.on_provisioned)
        control->events.on_provisioned(control->events.context, version->configuration_id, count);
}

void cp_state_drop_provisioned(struct cp_control *control, struct cp_function *function,
                               const char *qualifier)
{
    struct cp_provisioned *p = cp_state_provisioned(function, qualifier);
    if (!p)
        return;
    cp_state_provision(control, cp_state_qualified(function, qualifier), 0);
    cp_state_remove(function->provisioned, &function->n_provisioned, sizeof *p,
                    (size_t)(p - function->provisioned));
}

void cp_function_free(struct cp_function *function)
{
    if (!function)
        return;
    cp_settings_clear(&function->latest.settings);
    cp_settings_clear(&function->running.settings);
    for (size_t i = 0; i < function->n_versions; i++)
        cp_settings_clear(&function->versions[i].settings);
    free(function->versions);
    free(function->aliases);
    free(function->provisioned);
    cJSON_Delete(function->tags);
    cJSON_Delete(function->policies);
    cJSON_Delete(function->urls);
    cJSON_Delete(function->event_invokes);
    free(function);
}

/* --- failures that several operations share --- */

void cp_fail_not_found(const struct cp_control *control, const char *function,
                       const char *qualifier, struct cp_api_response *response)
{
    char arn[CP_ARN_TEXT_MAX];
    cp_state_arn(control, function, qualifier, arn);
    cp_api_fail(response, 404, "ResourceNotFoundException", NULL, "Function not found: %s", arn);
}

void cp_fail_alias_not_found(const struct cp_control *control, const char *function,
                             const char *alias, struct cp_api_response *response)
{
    char arn[CP_ARN_TEXT_MAX];
    cp_state_arn(control, function, alias, arn);
    cp_api_fail(response, 404, "ResourceNotFoundException", NULL, "Cannot find alias arn: %s", arn);
}

void cp_fail_revision(struct cp_api_response *response)
{
    cp_api_fail(response, 412, "PreconditionFailedException", NULL,
                "The Revision Id provided does not match the latest Revision Id. Call the "
                "GetFunction/GetAlias API to retrieve the latest Revision Id");
}

void cp_fail_pending(struct cp_api_response *response)
{
    cp_api_fail(response, 409, "ResourceConflictException", NULL,
                "The operation cannot be performed at this time. The function is currently in the "
                "following state: Pending");
}

void cp_fail_snapshot(const struct cp_version *version, struct cp_api_response *response)
{
    if (version->snapshot == CP_SNAPSHOT_FAILED)
        cp_api_fail(response, 409, "ResourceConflictException", NULL,
                    "The operation cannot be performed at this time. The function is currently in "
                    "the following state: Failed");
    else
        cp_api_fail(response, 409, "SnapStartNotReadyException", NULL,
                    "Lambda is initializing your function. It will be ready to invoke once your "
                    "function state becomes ACTIVE.");
}

void cp_fail_memory(struct cp_api_response *response)
{
    cp_api_fail(response, 500, "ServiceException", NULL, "out of memory");
}
