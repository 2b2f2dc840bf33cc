/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "probes/local/control.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "probes/local/control_state.h"

/* --- life --- */

static enum cp_code check_options(const struct cp_control_options *options, struct cp_error *err)
{
    struct cp_function_ref ref;
    char arn[128];
    (void)snprintf(arn, sizeof arn, "arn:aws:lambda:%s:%s:function:x", options->region,
                   options->account_id);
    if (!cp_function_ref_parse(cp_view_of(arn), &ref))
        return cp_fail(err, CP_EINVAL, "not a region and a 12-digit account id: '%s', '%s'",
                       options->region, options->account_id);
    if (options->account_concurrency < 1)
        return cp_fail(err, CP_EINVAL, "account concurrency must be at least 1, not %d",
                       options->account_concurrency);
    if (options->update_delay_ms < 0)
        return cp_fail(err, CP_EINVAL, "update delay must not be negative");
    return CP_OK;
}

enum cp_code cp_control_new(const struct cp_control_options *options, struct cp_control **out,
                            struct cp_error *err)
{
    *out = NULL;
    enum cp_code code = check_options(options, err);
    if (code)
        return code;
    struct cp_control *c = calloc(1, sizeof *c);
    if (!c)
        return cp_fail(err, CP_ENOMEM, "out of memory");
    (void)cp_view_copy(cp_view_of(options->region), c->region, sizeof c->region);
    (void)cp_view_copy(cp_view_of(options->account_id), c->account_id, sizeof c->account_id);
    c->account_concurrency = options->account_concurrency;
    c->update_delay_ms = options->update_delay_ms;
    c->events = options->events;
    c->code = options->code;
    cp_rng_init(&c->rng, options->seed, 0);
    *out = c;
    return CP_OK;
}

void cp_control_free(struct cp_control *control)
{
    if (!control)
        return;
    for (size_t i = 0; i < control->n_functions; i++)
        cp_function_free(control->functions[i]);
    free(control->functions);
    cJSON_Delete(control->event_sources);
    cJSON_Delete(control->next_versions);
    free(control);
}

/* AWS never gives a version number twice, not even to a function that was deleted and made anew. */
static int64_t first_version(const struct cp_control *control, const char *name)
{
    const cJSON *next = cJSON_GetObjectItemCaseSensitive(control->next_versions, name);
    return next ? (int64_t)next->valuedouble : 1;
}

static struct cp_function *new_function(struct cp_control *control,
                                        const struct cp_settings *settings, int64_t now_ms)
{
    struct cp_function *f = calloc(1, sizeof *f);
    if (!f)
        return NULL;
    (void)cp_view_copy(cp_view_of(settings->folder->folder.name), f->name, sizeof f->name);
    f->reserved = -1;
    f->next_version = first_version(control, f->name);
    cp_settings_copy(&f->latest.settings, settings);
    (void)cp_view_copy(cp_view_of(settings->description), f->latest.description,
                       sizeof f->latest.description);
    f->latest.configuration_id = ++control->next_configuration_id;
    f->latest.modified_at_ms = now_ms;
    cp_state_new_revision(control, f->latest.revision_id);
    f->running = f->latest;
    cp_settings_copy(&f->running.settings, &f->latest.settings);
    return f;
}

struct cp_function *cp_state_add(struct cp_control *control, const struct cp_settings *settings,
                                 int64_t now_ms, bool is_creating)
{
    const char *name = settings->folder->folder.name;
    size_t at = 0;
    while (at < control->n_functions && strcmp(control->functions[at]->name, name) < 0)
        at++;
    struct cp_function **grown = cp_state_reserve(control->functions, control->n_functions,
                                                  &control->cap_functions, sizeof(void *));
    if (grown)
        control->functions = grown;
    struct cp_function *f = grown ? new_function(control, settings, now_ms) : NULL;
    if (!f)
        return NULL;
    f->is_creating = is_creating;
    f->update_due_at_ms = now_ms + control->update_delay_ms;
    struct cp_function **slot =
        cp_state_insert(control->functions, &control->n_functions, sizeof(void *), at);
    *slot = f;
    return f;
}

enum cp_code cp_control_add_function(struct cp_control *control,
                                     const struct cp_function_folder *folder, int64_t now_ms,
                                     struct cp_error *err)
{
    struct cp_settings settings;
    if (!cp_function_name_is_valid(cp_view_of(folder->name)))
        return cp_fail(err, CP_EINVAL, "'%s' is not a function name ([a-zA-Z0-9-_]{1,64})",
                       folder->name);
    if (cp_state_function(control, folder->name))
        return cp_fail(err, CP_EEXIST, "two functions are named '%s': name one of them, NAME=%s",
                       folder->name, folder->dir);
    enum cp_code code = cp_settings_init(&settings, folder);
    if (!code && !cp_state_add(control, &settings, now_ms, false))
        code = CP_ENOMEM;
    cp_settings_clear(&settings);
    return code ? cp_fail(err, CP_ENOMEM, "out of memory") : CP_OK;
}

/* --- time --- */

static void complete_update(struct cp_control *control, struct cp_function *f)
{
    cp_state_new_revision(control, f->latest.revision_id);
    f->is_updating = false;
    if (f->is_creating) { /* nothing was there before */
        f->is_creating = false;
        return;
    }
    struct cp_version old = f->running;
    f->running = f->latest;
    cp_settings_copy(&f->running.settings, &f->latest.settings);
    cp_state_retire(control, &old);
}

void cp_control_advance(struct cp_control *control, int64_t now_ms)
{
    for (size_t i = 0; i < control->n_functions; i++) {
        struct cp_function *f = control->functions[i];
        if ((f->is_creating || f->is_updating) && now_ms >= f->update_due_at_ms)
            complete_update(control, f);
    }
}

/* --- naming a function --- */

enum scope {
    SCOPE_ACCOUNT,     /* no function in the path */
    SCOPE_QUALIFIED,   /* a qualifier may follow */
    SCOPE_UNQUALIFIED, /* the function as a whole */
};

static bool parse_reference(const struct cp_control *control, const char *text,
                            struct cp_function_ref *ref, struct cp_api_response *response)
{
    if (!cp_function_ref_parse(cp_view_of(text), ref)) {
        cp_api_fail(response, 400, "ValidationException", NULL,
                    "1 validation error detected: Value '%s' at 'functionName' failed to satisfy "
                    "constraint: Member must satisfy regular expression pattern: "
                    "(arn:(aws[a-zA-Z-]*)?:lambda:)?([a-z]{2}(-gov)?-[a-z]+-\\d{1}:)?(\\d{12}:)?"
                    "(function:)?([a-zA-Z0-9-_]+)(:(\\$LATEST|[a-zA-Z0-9-_]+))?",
                    text);
        return false;
    }
    if (ref->region[0] && strcmp(ref->region, control->region) != 0) {
        cp_api_fail(response, 404, "ResourceNotFoundException", NULL,
                    "Functions from '%s' are not reachable in this region ('%s')", ref->region,
                    control->region);
        return false;
    }
    if (ref->account_id[0] && strcmp(ref->account_id, control->account_id) != 0) {
        cp_api_fail(response, 404, "ResourceNotFoundException", NULL, "Function not found: %s",
                    text);
        return false;
    }
    return true;
}

/* The qualifier may come inside the name, in the query, or in both if they agree. */
static bool merge_qualifier(const struct cp_function_ref *ref, const char *query,
                            char out[CP_QUALIFIER_MAX + 1], struct cp_api_response *response)
{
    if (query[0] && !cp_qualifier_is_valid(cp_view_of(query))) {
        cp_api_fail(response, 400, "ValidationException", NULL,
                    "1 validation error detected: Value '%s' at 'qualifier' failed to satisfy "
                    "constraint: Member must satisfy regular expression pattern: "
                    "\\$(LATEST(\\.PUBLISHED)?)|[a-zA-Z0-9-_$]+",
                    query);
        return false;
    }
    if (query[0] && ref->qualifier[0] && strcmp(query, ref->qualifier) != 0) {
        cp_api_fail(response, 400, "InvalidParameterValueException", NULL,
                    "The derived qualifier from the function name does not match the specified "
                    "qualifier.");
        return false;
    }
    return cp_view_copy(cp_view_of(query[0] ? query : ref->qualifier), out, CP_QUALIFIER_MAX + 1);
}

/* `missing` is the qualifier that AWS puts into "Function not found" when the caller gave none. */
static bool find_function(struct cp_control *control, enum scope scope, const char *missing,
                          struct cp_call *call, struct cp_api_response *response)
{
    struct cp_function_ref ref;
    if (!parse_reference(control, call->request->function, &ref, response) ||
        !merge_qualifier(&ref, call->request->qualifier, call->qualifier, response))
        return false;
    if (scope == SCOPE_UNQUALIFIED && call->qualifier[0]) {
        cp_api_fail(response, 400, "InvalidParameterValueException", NULL,
                    "This operation is permitted on Lambda functions only. Aliases and versions do "
                    "not support this operation. Please specify either a function name or an "
                    "unqualified function ARN.");
        return false;
    }
    call->function = cp_state_function(control, ref.name);
    if (!call->function)
        cp_fail_not_found(control, ref.name, call->qualifier[0] ? call->qualifier : missing,
                          response);
    return call->function;
}

/* --- operations --- */

static const struct {
    cp_call_fn run;
    enum scope scope;
    const char *missing;
} operations[CP_API_OPERATION_COUNT] = {
    [CP_API_GET_FUNCTION] = {cp_op_get_function, SCOPE_QUALIFIED},
    [CP_API_GET_FUNCTION_CONFIGURATION] = {cp_op_get_configuration, SCOPE_QUALIFIED},
    [CP_API_UPDATE_FUNCTION_CONFIGURATION] = {cp_op_update_configuration, SCOPE_UNQUALIFIED},
    [CP_API_PUBLISH_VERSION] = {cp_op_publish_version, SCOPE_UNQUALIFIED},
    [CP_API_LIST_VERSIONS] = {cp_op_list_versions, SCOPE_UNQUALIFIED},
    [CP_API_LIST_FUNCTIONS] = {cp_op_list_functions, SCOPE_ACCOUNT},
    [CP_API_DELETE_FUNCTION] = {cp_op_delete_function, SCOPE_QUALIFIED},
    [CP_API_CREATE_ALIAS] = {cp_op_create_alias, SCOPE_UNQUALIFIED},
    [CP_API_GET_ALIAS] = {cp_op_get_alias, SCOPE_UNQUALIFIED},
    [CP_API_UPDATE_ALIAS] = {cp_op_update_alias, SCOPE_UNQUALIFIED},
    [CP_API_DELETE_ALIAS] = {cp_op_delete_alias, SCOPE_UNQUALIFIED},
    [CP_API_LIST_ALIASES] = {cp_op_list_aliases, SCOPE_UNQUALIFIED},
    [CP_API_PUT_RESERVED] = {cp_op_put_reserved, SCOPE_UNQUALIFIED, "$LATEST"},
    [CP_API_GET_RESERVED] = {cp_op_get_reserved, SCOPE_UNQUALIFIED},
    [CP_API_DELETE_RESERVED] = {cp_op_delete_reserved, SCOPE_UNQUALIFIED},
    [CP_API_PUT_PROVISIONED] = {cp_op_put_provisioned, SCOPE_QUALIFIED},
    [CP_API_GET_PROVISIONED] = {cp_op_get_provisioned, SCOPE_QUALIFIED},
    [CP_API_DELETE_PROVISIONED] = {cp_op_delete_provisioned, SCOPE_QUALIFIED},
    [CP_API_LIST_PROVISIONED] = {cp_op_list_provisioned, SCOPE_UNQUALIFIED},
    [CP_API_GET_ACCOUNT_SETTINGS] = {cp_op_get_account_settings, SCOPE_ACCOUNT},
    [CP_API_CREATE_FUNCTION] = {cp_op_create_function, SCOPE_ACCOUNT},
    [CP_API_TAG_RESOURCE] = {cp_op_tag_resource, SCOPE_UNQUALIFIED},
    [CP_API_UNTAG_RESOURCE] = {cp_op_untag_resource, SCOPE_UNQUALIFIED},
    [CP_API_LIST_TAGS] = {cp_op_list_tags, SCOPE_UNQUALIFIED},
    [CP_API_UPDATE_CODE] = {cp_op_update_code, SCOPE_UNQUALIFIED},
    [CP_API_ADD_PERMISSION] = {cp_op_add_permission, SCOPE_QUALIFIED},
    [CP_API_GET_POLICY] = {cp_op_get_policy, SCOPE_QUALIFIED},
    [CP_API_REMOVE_PERMISSION] = {cp_op_remove_permission, SCOPE_QUALIFIED},
    [CP_API_CREATE_URL] = {cp_op_create_url, SCOPE_QUALIFIED},
    [CP_API_GET_URL] = {cp_op_get_url, SCOPE_QUALIFIED},
    [CP_API_UPDATE_URL] = {cp_op_update_url, SCOPE_QUALIFIED},
    [CP_API_DELETE_URL] = {cp_op_delete_url, SCOPE_QUALIFIED},
    [CP_API_LIST_URLS] = {cp_op_list_urls, SCOPE_UNQUALIFIED},
    [CP_API_PUT_EVENT_INVOKE] = {cp_op_put_event_invoke, SCOPE_QUALIFIED},
    [CP_API_UPDATE_EVENT_INVOKE] = {cp_op_update_event_invoke, SCOPE_QUALIFIED},
    [CP_API_GET_EVENT_INVOKE] = {cp_op_get_event_invoke, SCOPE_QUALIFIED},
    [CP_API_DELETE_EVENT_INVOKE] = {cp_op_delete_event_invoke, SCOPE_QUALIFIED},
    [CP_API_LIST_EVENT_INVOKES] = {cp_op_list_event_invokes, SCOPE_UNQUALIFIED},
    [CP_API_CREATE_SOURCE] = {cp_op_create_source, SCOPE_ACCOUNT},
    [CP_API_LIST_SOURCES] = {cp_op_list_sources, SCOPE_ACCOUNT},
    [CP_API_GET_SOURCE] = {cp_op_get_source, SCOPE_ACCOUNT},
    [CP_API_UPDATE_SOURCE] = {cp_op_update_source, SCOPE_ACCOUNT},
    [CP_API_DELETE_SOURCE] = {cp_op_delete_source, SCOPE_ACCOUNT},
};

static void run_operation(struct cp_control *control, const struct cp_api_request *request,
                          int64_t now_ms, struct cp_api_response *response)
{
    struct cp_call call = {.request = request, .now_ms = now_ms};
    size_t i = (size_t)request->operation;
    if (i >= CP_API_OPERATION_COUNT || !operations[i].run) {
        cp_api_fail(response, 404, "UnknownOperationException", NULL,
                    "not an operation of the control plane");
        return;
    }
    if (operations[i].scope == SCOPE_ACCOUNT ||
        find_function(control, operations[i].scope, operations[i].missing, &call, response))
        operations[i].run(control, &call, response);
}

void cp_control_handle(struct cp_control *control, const struct cp_api_request *request,
                       int64_t now_ms, struct cp_api_response *response)
{
    cp_control_advance(control, now_ms);
    run_operation(control, request, now_ms, response);
    if (response->body.failed)
        cp_fail_memory(response);
    cp_control_advance(control, now_ms);
}

/* --- Invoke's question: which configuration --- */

static const struct cp_version *invoked_version(struct cp_function *f, const char *qualifier,
                                                double uniform)
{
    const struct cp_alias *alias = cp_state_alias(f, qualifier);
    const struct cp_version *version =
        alias && alias->other_version && uniform < alias->other_weight
            ? cp_state_version(f, alias->other_version)
            : cp_state_qualified(f, qualifier);
    return version == &f->latest ? &f->running : version;
}

static void describe(const struct cp_control *control, struct cp_function *f,
                     const struct cp_version *version, struct cp_configuration *out)
{
    char arn[CP_ARN_TEXT_MAX];
    const struct cp_settings *s = &version->settings;
    const struct cp_provisioned *p =
        version->number ? cp_state_provisioned_of(f, version->number) : NULL;
    *out = (struct cp_configuration){
        .id = version->configuration_id,
        .folder = &s->folder->folder,
        .memory_size_mb = s->memory_size_mb,
        .timeout_s = s->timeout_s,
        .is_json_log = s->is_json_log,
        .is_snap_start = version->snapshot != CP_SNAPSHOT_NONE,
        .provisioned = p ? p->requested : 0,
        .reserved = f->reserved,
        .account_unreserved = cp_state_unreserved(control),
    };
    cp_state_version_name(version->number, out->version);
    cp_state_arn(control, f->name, version->number ? out->version : NULL, arn);
    (void)cp_view_copy(cp_view_of(arn), out->function_arn, sizeof out->function_arn);
    (void)cp_view_copy(cp_view_of(s->log_group), out->log_group, sizeof out->log_group);
    (void)cp_view_copy(cp_view_of(s->system_log_level), out->system_log_level,
                       sizeof out->system_log_level);
}

const struct cp_function_folder *cp_control_code(const struct cp_control *control,
                                                 const struct cp_code_link *link)
{
    struct cp_function *f = cp_state_function(control, link->function);
    if (!f)
        return NULL;
    for (size_t i = 0; i <= f->n_versions; i++) {
        const struct cp_version *version = i ? &f->versions[i - 1] : &f->latest;
        const struct cp_function_folder *folder = &version->settings.folder->folder;
        if (cp_code_link_is_for(link, folder->code_sha256))
            return folder;
    }
    return NULL;
}

bool cp_control_configuration(const struct cp_control *control, int64_t configuration_id,
                              struct cp_configuration *out)
{
    for (size_t i = 0; i < control->n_functions; i++) {
        struct cp_function *f = control->functions[i];
        const struct cp_version *found =
            f->running.configuration_id == configuration_id ? &f->running : NULL;
        for (size_t k = 0; !found && k < f->n_versions; k++) {
            if (f->versions[k].configuration_id == configuration_id)
                found = &f->versions[k];
        }
        if (found) {
            describe(control, f, found, out);
            return true;
        }
    }
    return false;
}

bool cp_control_resolve(struct cp_control *control, const char *function, const char *qualifier,
                        double uniform, struct cp_configuration *out,
                        struct cp_api_response *response)
{
    struct cp_api_request request = {.operation = CP_API_INVOKE};
    struct cp_call call = {.request = &request};
    /* a name that does not fit is left empty and refused as no name; a qualifier that does not fit
     * must not become "none" */
    (void)cp_view_copy(cp_view_of(function), request.function, sizeof request.function);
    if (!cp_view_copy(cp_view_of(qualifier), request.qualifier, sizeof request.qualifier)) {
        cp_fail_not_found(control, function, NULL, response);
        return false;
    }
    if (!find_function(control, SCOPE_QUALIFIED, NULL, &call, response))
        return false;
    if (call.function->is_creating) {
        cp_fail_pending(response);
        return false;
    }
    const struct cp_version *version = invoked_version(call.function, call.qualifier, uniform);
    if (!version) {
        cp_fail_not_found(control, call.function->name, call.qualifier, response);
        return false;
    }
    if (version->snapshot == CP_SNAPSHOT_MAKING || version->snapshot == CP_SNAPSHOT_FAILED) {
        cp_fail_snapshot(version, response);
        return false;
    }
    describe(control, call.function, version, out);
    (void)cp_view_copy(cp_view_of(call.qualifier), out->qualifier, sizeof out->qualifier);
    return true;
}

void cp_control_snapshot_progress(struct cp_control *control, int64_t configuration_id,
                                  const char *failure)
{
    for (size_t i = 0; i < control->n_functions; i++) {
        struct cp_function *f = control->functions[i];
        for (size_t k = 0; k < f->n_versions; k++) {
            struct cp_version *version = &f->versions[k];
            if (version->configuration_id != configuration_id)
                continue;
            version->snapshot = failure ? CP_SNAPSHOT_FAILED : CP_SNAPSHOT_READY;
            (void)snprintf(version->snapshot_failure, sizeof version->snapshot_failure, "%s",
                           failure ? failure : "");
        }
    }
}
