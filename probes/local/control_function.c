/* SPDX-License-Identifier: GPL-3.0-or-later
 * Functions and versions: get, list, update, publish, delete.
 */
#include <cjson/cJSON.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/base/units.h"
#include "probes/local/control_body.h"
#include "probes/local/control_state.h"
#include "probes/local/env_name.h"

/* --- reading --- */

static const struct cp_version *wanted_version(struct cp_control *control,
                                               const struct cp_call *call,
                                               struct cp_api_response *response)
{
    const struct cp_version *version = cp_state_qualified(call->function, call->qualifier);
    if (!version)
        cp_fail_not_found(control, call->function->name, call->qualifier, response);
    return version;
}

void cp_op_get_configuration(struct cp_control *control, const struct cp_call *call,
                             struct cp_api_response *response)
{
    const struct cp_version *version = wanted_version(control, call, response);
    if (version)
        cp_answer_configuration(response, 200, control, call->function, version,
                                &(struct cp_document){.qualifier = call->qualifier});
}

void cp_op_get_function(struct cp_control *control, const struct cp_call *call,
                        struct cp_api_response *response)
{
    const struct cp_version *version = wanted_version(control, call, response);
    if (!version)
        return;
    char location[PATH_MAX + 8];
    (void)snprintf(location, sizeof location, "file://%s", version->settings.folder->folder.dir);
    struct cp_json_out j = {.to = &response->body};
    response->status = 200;
    cp_json_object(&j, NULL);
    cp_json_object(&j, "Code");
    cp_json_string(&j, "RepositoryType", "local");
    cp_json_string(&j, "Location", location);
    cp_json_object_end(&j);
    if (call->function->reserved >= 0) {
        cp_json_object(&j, "Concurrency");
        cp_json_int(&j, "ReservedConcurrentExecutions", call->function->reserved);
        cp_json_object_end(&j);
    }
    cp_write_configuration(&j, "Configuration", control, call->function, version,
                           &(struct cp_document){.qualifier = call->qualifier});
    cp_json_object_end(&j);
}

/* --- listings of functions and versions: ordered by name, then by number ($LATEST is 0) --- */

struct listing {
    struct cp_page page;
    const struct cp_control *control;
    char after_name[CP_FUNCTION_NAME_MAX + 1]; /* "": from the start */
    int64_t after_number;
    bool is_qualified; /* FunctionArn ends in the version */
};

/* The marker is the key of the last entry that was given: NAME:NUMBER. */
static bool listing_start(struct listing *l, const struct cp_control *control, const char *name,
                          const struct cp_call *call, struct cp_api_response *response)
{
    struct cp_view number = cp_view_of(call->request->marker);
    struct cp_view after = {0};
    *l = (struct listing){.control = control};
    if (cp_view_split(&number, ':', &after) &&
        (!cp_view_copy(after, l->after_name, sizeof l->after_name) ||
         !cp_view_to_int64(number, &l->after_number))) {
        cp_api_fail(response, 400, "InvalidParameterValueException", NULL, "Invalid Marker");
        return false;
    }
    cp_page_start(&l->page, response, name, call->request->max_items);
    return true;
}

/* false when the page is full. */
static bool listing_add(struct listing *l, const struct cp_function *f,
                        const struct cp_version *version)
{
    int order = strcmp(f->name, l->after_name);
    if (order < 0 || (order == 0 && version->number <= l->after_number))
        return true;
    char number[24];
    char key[CP_FUNCTION_NAME_MAX + 24];
    (void)snprintf(key, sizeof key, "%s:%" PRId64, f->name, version->number);
    if (!cp_page_takes(&l->page, key))
        return false;
    cp_state_version_name(version->number, number);
    cp_write_configuration(
        &l->page.out, NULL, l->control, f, version,
        &(struct cp_document){.qualifier = l->is_qualified ? number : NULL, .without_state = true});
    return true;
}

static bool listing_add_all(struct listing *l, const struct cp_function *f)
{
    bool has_room = listing_add(l, f, &f->latest);
    for (size_t i = 0; has_room && i < f->n_versions; i++)
        has_room = listing_add(l, f, &f->versions[i]);
    return has_room;
}

void cp_op_list_versions(struct cp_control *control, const struct cp_call *call,
                         struct cp_api_response *response)
{
    struct listing l;
    if (!listing_start(&l, control, "Versions", call, response))
        return;
    l.is_qualified = true;
    (void)listing_add_all(&l, call->function);
    cp_page_end(&l.page);
}

void cp_op_list_functions(struct cp_control *control, const struct cp_call *call,
                          struct cp_api_response *response)
{
    struct listing l;
    if (!listing_start(&l, control, "Functions", call, response))
        return;
    l.is_qualified = strcmp(call->request->function_version, "ALL") == 0;
    bool has_room = true;
    for (size_t i = 0; has_room && i < control->n_functions; i++) {
        const struct cp_function *f = control->functions[i];
        has_room = l.is_qualified ? listing_add_all(&l, f) : listing_add(&l, f, &f->latest);
    }
    cp_page_end(&l.page);
}

/* --- UpdateFunctionConfiguration --- */

struct update {
    struct cp_body body;
    struct cp_settings settings;          /* a copy of $LATEST's, being changed */
    const char *revision_id;              /* NULL: no precondition */
    char refusal[CP_ENV_TOTAL_MAX + 512]; /* "", or an InvalidParameterValueException */
    bool is_out_of_memory;
};
typedef void (*member_fn)(struct update *u, const char *name);

static void take_memory_size(struct update *u, const char *name)
{
    (void)cp_body_int(&u->body, u->body.json, name, "memorySize", CP_MEMORY_MIN_MB,
                      CP_MEMORY_MAX_MB, &u->settings.memory_size_mb);
}

static void take_timeout(struct update *u, const char *name)
{
    enum { TIMEOUT_MIN_S = 1, TIMEOUT_MAX_S = 900 };
    (void)cp_body_int(&u->body, u->body.json, name, "timeout", TIMEOUT_MIN_S, TIMEOUT_MAX_S,
                      &u->settings.timeout_s);
}

static void take_description(struct update *u, const char *name)
{
    const char *value =
        cp_body_string(&u->body, u->body.json, name, "description", CP_DESCRIPTION_MAX);
    if (value)
        (void)cp_view_copy(cp_view_of(value), u->settings.description,
                           sizeof u->settings.description);
}

static void take_revision_id(struct update *u, const char *name)
{
    u->revision_id = cp_body_string(&u->body, u->body.json, name, "revisionId", CP_DESCRIPTION_MAX);
}

/* One variable into the new environment; false when it was refused. */
static bool take_variable(struct update *u, struct cp_function_folder *folder, const cJSON *item,
                          size_t *total)
{
    const char *value = cJSON_GetStringValue(item);
    struct cp_view name = cp_view_of(item->string);
    if (!value) {
        u->body.wrong_type = "NUMBER_VALUE can not be converted to a String";
        return false;
    }
    if (!cp_env_name_is_valid(name)) {
        cp_violations_add(&u->body.violations, item->string, "environment.variables",
                          "Map keys must satisfy constraint: [Member must satisfy regular "
                          "expression pattern: " CP_ENV_NAME_PATTERN "]");
        return false;
    }
    if (cp_env_name_is_reserved(name)) {
        (void)snprintf(u->refusal, sizeof u->refusal,
                       "Lambda was unable to configure your environment variables because the "
                       "environment variables you have provided contains reserved keys that are "
                       "currently not supported for modification. Reserved keys used in this "
                       "request: %s",
                       item->string);
        return false;
    }
    *total += name.n + strlen(value);
    struct cp_env_pair *pair = &folder->env[folder->n_env];
    if (folder->n_env == CP_FOLDER_ENV_MAX || !cp_view_copy(name, pair->name, sizeof pair->name) ||
        !cp_view_copy(cp_view_of(value), pair->value, sizeof pair->value)) {
        (void)snprintf(u->refusal, sizeof u->refusal,
                       "This service holds %d environment variables with names of %zu and values "
                       "of %zu bytes at most; '%s' does not fit",
                       CP_FOLDER_ENV_MAX, sizeof pair->name - 1, sizeof pair->value - 1,
                       item->string);
        return false;
    }
    folder->n_env++;
    return true;
}

/* The whole map is replaced, as on AWS. */
static void take_environment(struct update *u, const char *name)
{
    const cJSON *environment = cp_body_object(&u->body, u->body.json, name);
    const cJSON *variables =
        environment ? cp_body_object(&u->body, environment, "Variables") : NULL;
    if (!variables)
        return;
    struct cp_shared_folder *fresh = malloc(sizeof *fresh);
    if (!fresh) {
        u->is_out_of_memory = true;
        return;
    }
    *fresh = (struct cp_shared_folder){.refs = 1};
    fresh->folder = u->settings.folder->folder;
    fresh->folder.n_env = 0;
    size_t total = 0;
    const cJSON *item = variables->child;
    while (item && take_variable(u, &fresh->folder, item, &total))
        item = item->next;
    if (total > CP_ENV_TOTAL_MAX)
        (void)snprintf(u->refusal, sizeof u->refusal,
                       "Lambda was unable to configure your environment variables because the "
                       "environment variables you have provided exceeded the 4KB limit.");
    cp_settings_set_folder(&u->settings, fresh);
}

static void take_log_levels(struct update *u, const cJSON *logging)
{
    static const char *const application[] = {"TRACE", "DEBUG", "INFO", "WARN",
                                              "ERROR", "FATAL", NULL};
    static const char *const system[] = {"DEBUG", "INFO", "WARN", NULL};
    struct cp_settings *s = &u->settings;
    const char *app = cp_body_choice(&u->body, logging, "ApplicationLogLevel",
                                     "loggingConfig.applicationLogLevel", application);
    const char *sys =
        cp_body_choice(&u->body, logging, "SystemLogLevel", "loggingConfig.systemLogLevel", system);
    if ((app || sys) && !s->is_json_log) {
        (void)snprintf(u->refusal, sizeof u->refusal,
                       "Log levels can only be set when the LogFormat is JSON.");
        return;
    }
    const char *unset = s->is_json_log ? "INFO" : "";
    if (app || !s->is_json_log || !s->application_log_level[0])
        (void)cp_view_copy(cp_view_of(app ? app : unset), s->application_log_level,
                           sizeof s->application_log_level);
    if (sys || !s->is_json_log || !s->system_log_level[0])
        (void)cp_view_copy(cp_view_of(sys ? sys : unset), s->system_log_level,
                           sizeof s->system_log_level);
}

static void take_logging(struct update *u, const char *name)
{
    static const char *const formats[] = {"JSON", "Text", NULL};
    const cJSON *logging = cp_body_object(&u->body, u->body.json, name);
    if (!logging)
        return;
    struct cp_settings *s = &u->settings;
    const char *format =
        cp_body_choice(&u->body, logging, "LogFormat", "loggingConfig.logFormat", formats);
    const char *group = cp_body_string(&u->body, logging, "LogGroup", "loggingConfig.logGroup",
                                       sizeof s->log_group - 1);
    if (format)
        s->is_json_log = strcmp(format, "JSON") == 0;
    if (group && group[0])
        (void)cp_view_copy(cp_view_of(group), s->log_group, sizeof s->log_group);
    take_log_levels(u, logging);
}

/* AWS can change it, a folder on this machine cannot: refused, because silence would be a lie. */
static void refuse_member(struct update *u, const char *name)
{
    if (cp_body_member(u->body.json, name))
        (void)snprintf(u->refusal, sizeof u->refusal,
                       "This service runs a folder and cannot change %s; edit the folder or its "
                       "function.ini and start the service again",
                       name);
}

static const struct {
    const char *name;
    member_fn take;
} update_members[] = {
    {"MemorySize", take_memory_size},
    {"Timeout", take_timeout},
    {"Description", take_description},
    {"Environment", take_environment},
    {"LoggingConfig", take_logging},
    {"RevisionId", take_revision_id},
    {"Runtime", refuse_member},
    {"Handler", refuse_member},
    {"Role", refuse_member},
    {"Layers", refuse_member},
    {"VpcConfig", refuse_member},
    {"EphemeralStorage", refuse_member},
    {"SnapStart", refuse_member},
    {"TracingConfig", refuse_member},
    {"DeadLetterConfig", refuse_member},
    {"FileSystemConfigs", refuse_member},
    {"ImageConfig", refuse_member},
    {"KMSKeyArn", refuse_member},
};

static bool read_update(struct update *u, struct cp_api_response *response)
{
    for (size_t i = 0; i < sizeof update_members / sizeof update_members[0]; i++)
        update_members[i].take(u, update_members[i].name);
    if (u->is_out_of_memory) {
        cp_fail_memory(response);
        return false;
    }
    if (!cp_body_is_valid(&u->body, response))
        return false;
    if (u->refusal[0])
        cp_api_fail(response, 400, "InvalidParameterValueException", NULL, "%s", u->refusal);
    return !u->refusal[0];
}

/* 409 while an update is in progress, 412 when the caller's RevisionId is not the latest. */
static bool may_change(const struct cp_control *control, const struct cp_function *f,
                       const char *revision_id, struct cp_api_response *response)
{
    if (f->is_updating) {
        char arn[CP_ARN_TEXT_MAX];
        cp_state_arn(control, f->name, NULL, arn);
        cp_api_fail(response, 409, "ResourceConflictException", NULL,
                    "The operation cannot be performed at this time. An update is in progress for "
                    "resource: %s",
                    arn);
        return false;
    }
    if (revision_id && strcmp(revision_id, f->latest.revision_id) != 0) {
        cp_fail_revision(response);
        return false;
    }
    return true;
}

/* $LATEST takes the new settings at once; requests get them when the update completes. */
static void start_update(struct cp_control *control, struct cp_function *f,
                         const struct cp_settings *settings, int64_t now_ms)
{
    struct cp_version *latest = &f->latest;
    cp_settings_clear(&latest->settings);
    cp_settings_copy(&latest->settings, settings);
    (void)cp_view_copy(cp_view_of(settings->description), latest->description,
                       sizeof latest->description);
    latest->configuration_id = ++control->next_configuration_id;
    latest->modified_at_ms = now_ms;
    cp_state_new_revision(control, latest->revision_id);
    f->is_updating = true;
    f->update_due_at_ms = now_ms + control->update_delay_ms;
}

void cp_op_update_configuration(struct cp_control *control, const struct cp_call *call,
                                struct cp_api_response *response)
{
    struct cp_function *f = call->function;
    struct update u = {0};
    if (!cp_body_open(&u.body, call->request->body, response))
        return;
    cp_settings_copy(&u.settings, &f->latest.settings);
    if (read_update(&u, response) && may_change(control, f, u.revision_id, response)) {
        start_update(control, f, &u.settings, call->now_ms);
        cp_answer_configuration(response, 200, control, f, &f->latest,
                                &(struct cp_document){.qualifier = NULL});
    }
    cp_settings_clear(&u.settings);
    cp_body_close(&u.body);
}

/* --- PublishVersion --- */

static struct cp_version *publish(struct cp_control *control, struct cp_function *f,
                                  const char *description)
{
    struct cp_version *grown =
        cp_state_reserve(f->versions, f->n_versions, &f->cap_versions, sizeof *f->versions);
    if (!grown)
        return NULL;
    f->versions = grown;
    struct cp_version *version =
        cp_state_insert(f->versions, &f->n_versions, sizeof *f->versions, f->n_versions);
    *version = f->latest;
    cp_settings_copy(&version->settings, &f->latest.settings);
    version->number = f->next_version++;
    version->configuration_id = ++control->next_configuration_id;
    cp_state_new_revision(control, version->revision_id);
    cp_state_new_revision(control, f->latest.revision_id);
    if (description)
        (void)cp_view_copy(cp_view_of(description), version->description,
                           sizeof version->description);
    return version;
}

/* The version that was published last, when nothing was changed since. */
static struct cp_version *unchanged_version(struct cp_function *f)
{
    struct cp_version *last = f->next_version > 1 ? cp_state_version(f, f->next_version - 1) : NULL;
    return last && cp_settings_equal(&last->settings, &f->latest.settings) ? last : NULL;
}

static bool has_code(const struct cp_function *f, const char *code_sha256,
                     struct cp_api_response *response)
{
    const char *current = f->latest.settings.folder->folder.code_sha256;
    if (!code_sha256 || !code_sha256[0] || strcmp(code_sha256, current) == 0)
        return true;
    cp_api_fail(response, 400, "InvalidParameterValueException", NULL,
                "CodeSHA256 (%s) is different from current CodeSHA256 in $LATEST (%s). Please try "
                "again with the CodeSHA256 in $LATEST.",
                code_sha256, current);
    return false;
}

static void publish_or_return(struct cp_control *control, struct cp_function *f,
                              const char *description, struct cp_api_response *response)
{
    struct cp_version *version = unchanged_version(f);
    if (!version)
        version = publish(control, f, description);
    if (!version) {
        cp_fail_memory(response);
        return;
    }
    char number[24];
    cp_state_version_name(version->number, number);
    cp_answer_configuration(response, 201, control, f, version,
                            &(struct cp_document){.qualifier = number});
}

void cp_op_publish_version(struct cp_control *control, const struct cp_call *call,
                           struct cp_api_response *response)
{
    struct cp_function *f = call->function;
    struct cp_body b;
    if (!cp_body_open(&b, call->request->body, response))
        return;
    const char *description =
        cp_body_string(&b, b.json, "Description", "description", CP_DESCRIPTION_MAX);
    const char *revision_id =
        cp_body_string(&b, b.json, "RevisionId", "revisionId", CP_DESCRIPTION_MAX);
    const char *code_sha256 =
        cp_body_string(&b, b.json, "CodeSha256", "codeSha256", CP_DESCRIPTION_MAX);
    if (cp_body_is_valid(&b, response) && may_change(control, f, revision_id, response) &&
        has_code(f, code_sha256, response))
        publish_or_return(control, f, description, response);
    cp_body_close(&b);
}

/* --- DeleteFunction --- */

static void delete_whole_function(struct cp_control *control, struct cp_function *f)
{
    while (f->n_provisioned)
        cp_state_drop_provisioned(control, f, f->provisioned[0].qualifier);
    for (size_t i = 0; i < f->n_versions; i++)
        cp_state_retire(control, &f->versions[i]);
    cp_state_retire(control, &f->running);
    size_t at = 0;
    while (control->functions[at] != f)
        at++;
    cp_state_remove(control->functions, &control->n_functions, sizeof(struct cp_function *), at);
    cp_function_free(f);
}

static bool is_aliased(const struct cp_function *f, int64_t number,
                       struct cp_api_response *response)
{
    struct cp_buf names;
    cp_buf_init(&names, 4096);
    for (size_t i = 0; i < f->n_aliases; i++) {
        const struct cp_alias *alias = &f->aliases[i];
        if (alias->version == number || alias->other_version == number)
            (void)cp_buf_addf(&names, "%s%s", names.n ? ", " : "", alias->name);
    }
    bool is_used = names.n > 0;
    if (is_used)
        cp_api_fail(response, 409, "ResourceConflictException", NULL,
                    "Unable to delete version because the following aliases reference it: [%s]",
                    cp_buf_str(&names));
    cp_buf_clear(&names);
    return is_used;
}

static void delete_version(struct cp_control *control, struct cp_function *f, int64_t number,
                           struct cp_api_response *response)
{
    char name[24];
    struct cp_version *version = cp_state_version(f, number);
    if (version && is_aliased(f, number, response))
        return;
    if (version) {
        cp_state_version_name(number, name);
        cp_state_drop_provisioned(control, f, name);
        cp_state_retire(control, version);
        cp_state_remove(f->versions, &f->n_versions, sizeof *f->versions,
                        (size_t)(version - f->versions));
    }
    cp_answer_empty(response);
}

void cp_op_delete_function(struct cp_control *control, const struct cp_call *call,
                           struct cp_api_response *response)
{
    const char *qualifier = call->qualifier;
    int64_t number = 0;
    if (!qualifier[0]) {
        delete_whole_function(control, call->function);
        cp_answer_empty(response);
    } else if (strcmp(qualifier, "$LATEST") == 0) {
        cp_api_fail(response, 400, "InvalidParameterValueException", NULL,
                    "$LATEST version cannot be deleted without deleting the function.");
    } else if (!cp_view_to_int64(cp_view_of(qualifier), &number) || number <= 0) {
        cp_api_fail(response, 400, "InvalidParameterValueException", NULL,
                    "Deletion of aliases is not currently supported.");
    } else {
        delete_version(control, call->function, number, response);
    }
}
