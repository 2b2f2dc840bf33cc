/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "probes/local/control_settings.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/base/units.h"

typedef void (*member_fn)(struct cp_settings_change *u, const char *name);

static void refuse(struct cp_settings_change *u, const char *text)
{
    if (!u->refusal[0])
        (void)snprintf(u->refusal, sizeof u->refusal, "%s", text);
}

/* --- numbers and texts --- */

static void take_memory_size(struct cp_settings_change *u, const char *name)
{
    (void)cp_body_int(&u->body, u->body.json, name, "memorySize", CP_MEMORY_MIN_MB,
                      CP_MEMORY_MAX_MB, &u->settings.memory_size_mb);
}

static void take_timeout(struct cp_settings_change *u, const char *name)
{
    enum { TIMEOUT_MIN_S = 1, TIMEOUT_MAX_S = 900 };
    (void)cp_body_int(&u->body, u->body.json, name, "timeout", TIMEOUT_MIN_S, TIMEOUT_MAX_S,
                      &u->settings.timeout_s);
}

static void take_description(struct cp_settings_change *u, const char *name)
{
    const char *value =
        cp_body_string(&u->body, u->body.json, name, "description", CP_DESCRIPTION_MAX);
    if (value)
        (void)cp_view_copy(cp_view_of(value), u->settings.description,
                           sizeof u->settings.description);
}

static void take_revision_id(struct cp_settings_change *u, const char *name)
{
    u->revision_id = cp_body_string(&u->body, u->body.json, name, "revisionId", CP_DESCRIPTION_MAX);
}

/* --- the folder: environment, runtime, handler --- */

struct cp_function_folder *cp_settings_change_folder(struct cp_settings_change *c)
{
    struct cp_shared_folder *old = c->settings.folder;
    if (old && old->refs == 1)
        return &old->folder;
    struct cp_shared_folder *fresh = cp_shared_folder_new(old ? &old->folder : NULL);
    if (!fresh) {
        c->is_out_of_memory = true;
        return NULL;
    }
    cp_settings_set_folder(&c->settings, fresh);
    return &fresh->folder;
}

/* One variable into the new environment; false when it was refused. */
static bool take_variable(struct cp_settings_change *u, struct cp_function_folder *folder,
                          const cJSON *item, size_t *total)
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
static void take_environment(struct cp_settings_change *u, const char *name)
{
    const cJSON *environment = cp_body_object(&u->body, u->body.json, name);
    const cJSON *variables =
        environment ? cp_body_object(&u->body, environment, "Variables") : NULL;
    struct cp_function_folder *folder = variables ? cp_settings_change_folder(u) : NULL;
    if (!folder)
        return;
    folder->n_env = 0;
    u->settings.has_environment = true;
    size_t total = 0;
    const cJSON *item = variables->child;
    while (item && take_variable(u, folder, item, &total))
        item = item->next;
    if (total > CP_ENV_TOTAL_MAX)
        (void)snprintf(u->refusal, sizeof u->refusal,
                       "Lambda was unable to configure your environment variables because the "
                       "environment variables you have provided exceeded the 4KB limit.");
}

static void take_program(struct cp_settings_change *u, const char *name, const char *member,
                         size_t offset, size_t size)
{
    const char *value = cp_body_string(&u->body, u->body.json, name, member, CP_HANDLER_MAX);
    if (!value && u->is_create && !cp_body_member(u->body.json, name))
        refuse(u, "Runtime and Handler are mandatory parameters for functions created with "
                  "deployment packages.");
    struct cp_function_folder *folder = value ? cp_settings_change_folder(u) : NULL;
    if (!folder)
        return;
    u->has_new_program = true;
    if (!value[0] || !cp_view_copy(cp_view_of(value), (char *)folder + offset, size))
        cp_violations_add(&u->body.violations, value, member,
                          "Member must satisfy regular expression pattern: [^\\s]+");
}

static void take_runtime(struct cp_settings_change *u, const char *name)
{
    take_program(u, name, "runtime", offsetof(struct cp_function_folder, runtime),
                 sizeof((struct cp_function_folder *)0)->runtime);
}

static void take_handler(struct cp_settings_change *u, const char *name)
{
    take_program(u, name, "handler", offsetof(struct cp_function_folder, handler),
                 sizeof((struct cp_function_folder *)0)->handler);
}

/* Architectures belong to the code; the machine has one. */
static void take_architectures(struct cp_settings_change *u, const char *name)
{
    const cJSON *list = u->is_create ? cp_body_member(u->body.json, name) : NULL;
    if (list)
        cp_check_architectures(&u->body, list, u->settings.folder->folder.architecture, u->refusal,
                               sizeof u->refusal);
}

/* --- logging --- */

static void take_log_levels(struct cp_settings_change *u, const cJSON *logging)
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

static void take_logging(struct cp_settings_change *u, const char *name)
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

/* --- what is kept and given back, and has no effect here --- */

static void set_extra(struct cp_settings_change *u, const char *name, cJSON *value)
{
    cJSON_DeleteItemFromObjectCaseSensitive(u->extras, name);
    if (!value || !cJSON_AddItemToObject(u->extras, name, value)) {
        cJSON_Delete(value);
        u->is_out_of_memory = true;
    }
}

static void set_extra_text(struct cp_settings_change *u, const char *name, const char *member,
                           const char *value)
{
    cJSON *object = cJSON_CreateObject();
    if (!cJSON_AddStringToObject(object, member, value)) {
        cJSON_Delete(object);
        object = NULL;
    }
    set_extra(u, name, object);
}

/* arn:aws:iam::ACCOUNT:role/NAME */
static bool is_role(const char *text)
{
    struct cp_view rest = cp_view_of(text);
    struct cp_view part;
    const char *const expected[] = {"arn", NULL, "iam", "", NULL};
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
        if (!cp_view_split(&rest, ':', &part) || (expected[i] && !cp_view_is(part, expected[i])))
            return false;
    }
    int64_t account = 0;
    return part.n == 12 && cp_view_to_int64(part, &account) && cp_view_skip(&rest, "role/") &&
           rest.n > 0;
}

static void take_role(struct cp_settings_change *u, const char *name)
{
    enum { ROLE_MAX = 2048 };
    const char *value = cp_body_string(&u->body, u->body.json, name, "role", ROLE_MAX);
    if (!value && u->is_create && !cp_body_member(u->body.json, name))
        cp_violations_add(&u->body.violations, NULL, "role", "Member must not be null");
    if (value && !is_role(value))
        cp_violations_add(&u->body.violations, value, "role",
                          "Member must satisfy regular expression pattern: "
                          "arn:(aws[a-zA-Z-]*)?:iam::\\d{12}:role/?[a-zA-Z_0-9+=,.@\\-_/]+");
    else if (value)
        set_extra(u, name, cJSON_CreateString(value));
}

static void take_tracing(struct cp_settings_change *u, const char *name)
{
    static const char *const modes[] = {"Active", "PassThrough", NULL};
    const cJSON *object = cp_body_object(&u->body, u->body.json, name);
    const char *mode =
        object ? cp_body_choice(&u->body, object, "Mode", "tracingConfig.mode", modes) : NULL;
    if (mode)
        set_extra_text(u, name, "Mode", mode);
}

static void take_snap_start(struct cp_settings_change *u, const char *name)
{
    static const char *const choices[] = {"PublishedVersions", "None", NULL};
    const cJSON *object = cp_body_object(&u->body, u->body.json, name);
    const char *apply_on =
        object ? cp_body_choice(&u->body, object, "ApplyOn", "snapStart.applyOn", choices) : NULL;
    if (apply_on)
        set_extra_text(u, name, "ApplyOn", apply_on);
}

static void take_dead_letter(struct cp_settings_change *u, const char *name)
{
    enum { ARN_MAX = 2048 };
    const cJSON *object = cp_body_object(&u->body, u->body.json, name);
    const char *arn = object ? cp_body_string(&u->body, object, "TargetArn",
                                              "deadLetterConfig.targetArn", ARN_MAX)
                             : NULL;
    if (arn && arn[0])
        set_extra_text(u, name, "TargetArn", arn);
    else if (object)
        cJSON_DeleteItemFromObjectCaseSensitive(u->extras, name);
}

static void take_ephemeral_storage(struct cp_settings_change *u, const char *name)
{
    enum { SIZE_MIN_MB = 512, SIZE_MAX_MB = 10240 };
    int size_mb = 0;
    const cJSON *object = cp_body_object(&u->body, u->body.json, name);
    if (!object || !cp_body_int(&u->body, object, "Size", "ephemeralStorage.size", SIZE_MIN_MB,
                                SIZE_MAX_MB, &size_mb))
        return;
    cJSON *value = cJSON_CreateObject();
    if (!cJSON_AddNumberToObject(value, "Size", size_mb)) {
        cJSON_Delete(value);
        value = NULL;
    }
    set_extra(u, name, value);
}

static void take_kms_key(struct cp_settings_change *u, const char *name)
{
    enum { ARN_MAX = 2048 };
    const char *arn = cp_body_string(&u->body, u->body.json, name, "kmsKeyArn", ARN_MAX);
    if (arn && arn[0])
        set_extra(u, name, cJSON_CreateString(arn));
    else if (arn)
        cJSON_DeleteItemFromObjectCaseSensitive(u->extras, name);
}

/* An array of texts, `max` at most. NULL when absent or refused. */
static const cJSON *text_list(struct cp_settings_change *u, const cJSON *object, const char *name,
                              const char *member, int max)
{
    const cJSON *list = cp_body_member(object, name);
    const cJSON *item = NULL;
    if (!list)
        return NULL;
    if (!cJSON_IsArray(list)) {
        u->body.wrong_type = "Unexpected field type";
        return NULL;
    }
    cJSON_ArrayForEach(item, list)
    {
        if (!cJSON_IsString(item)) {
            u->body.wrong_type = "NUMBER_VALUE can not be converted to a String";
            return NULL;
        }
    }
    if (cJSON_GetArraySize(list) > max) {
        char constraint[96];
        (void)snprintf(constraint, sizeof constraint,
                       "Member must have length less than or equal to %d", max);
        cp_violations_add(&u->body.violations, "[...]", member, constraint);
        return NULL;
    }
    return list;
}

/* Networks do not exist here: the ids are kept, VpcId is not known. */
static void take_vpc(struct cp_settings_change *u, const char *name)
{
    enum { SUBNETS_MAX = 16, GROUPS_MAX = 5 };
    const cJSON *object = cp_body_object(&u->body, u->body.json, name);
    if (!object)
        return;
    const cJSON *lists[] = {
        text_list(u, object, "SubnetIds", "vpcConfig.subnetIds", SUBNETS_MAX),
        text_list(u, object, "SecurityGroupIds", "vpcConfig.securityGroupIds", GROUPS_MAX),
    };
    static const char *const names[] = {"SubnetIds", "SecurityGroupIds"};
    cJSON *value = cJSON_CreateObject();
    for (size_t i = 0; value && i < sizeof names / sizeof *names; i++) {
        cJSON *copy = lists[i] ? cJSON_Duplicate(lists[i], true) : cJSON_CreateArray();
        if (!copy || !cJSON_AddItemToObject(value, names[i], copy)) {
            cJSON_Delete(copy);
            cJSON_Delete(value);
            value = NULL;
        }
    }
    set_extra(u, name, value);
}

/* [{"Arn": ...}]; their size is not known here. */
static void take_layers(struct cp_settings_change *u, const char *name)
{
    enum { LAYERS_MAX = 5 };
    const cJSON *item = NULL;
    const cJSON *list = text_list(u, u->body.json, name, "layers", LAYERS_MAX);
    if (!list)
        return;
    cJSON *value = cJSON_CreateArray();
    cJSON_ArrayForEach(item, list)
    {
        cJSON *layer = cJSON_CreateObject();
        if (!cJSON_AddStringToObject(layer, "Arn", item->valuestring) ||
            !cJSON_AddItemToArray(value, layer)) {
            cJSON_Delete(layer);
            cJSON_Delete(value);
            value = NULL;
            break;
        }
    }
    if (value && !value->child) {
        cJSON_Delete(value);
        cJSON_DeleteItemFromObjectCaseSensitive(u->extras, name);
        return;
    }
    set_extra(u, name, value);
}

static void take_file_systems(struct cp_settings_change *u, const char *name)
{
    const cJSON *list = cp_body_member(u->body.json, name);
    const cJSON *item = NULL;
    if (!list)
        return;
    bool is_good = cJSON_IsArray(list);
    cJSON_ArrayForEach(item, list)
    {
        is_good = is_good && cJSON_IsString(cp_body_member(item, "Arn")) &&
                  cJSON_IsString(cp_body_member(item, "LocalMountPath"));
    }
    if (!is_good)
        u->body.wrong_type = "Unexpected field type";
    else if (list->child)
        set_extra(u, name, cJSON_Duplicate(list, true));
    else
        cJSON_DeleteItemFromObjectCaseSensitive(u->extras, name);
}

/* AWS has it, this service cannot do it: refused, because silence would be a lie. */
static void refuse_member(struct cp_settings_change *u, const char *name)
{
    char text[160];
    if (!cp_body_member(u->body.json, name))
        return;
    (void)snprintf(text, sizeof text, "This service runs code from zip archives and has no %s",
                   name);
    refuse(u, text);
}

/* --- all of them --- */

static const struct {
    const char *name;
    member_fn take;
} members[] = {
    {"MemorySize", take_memory_size},
    {"Timeout", take_timeout},
    {"Description", take_description},
    {"Runtime", take_runtime},
    {"Handler", take_handler},
    {"Role", take_role},
    {"Architectures", take_architectures},
    {"Environment", take_environment},
    {"LoggingConfig", take_logging},
    {"RevisionId", take_revision_id},
    {"TracingConfig", take_tracing},
    {"EphemeralStorage", take_ephemeral_storage},
    {"SnapStart", take_snap_start},
    {"VpcConfig", take_vpc},
    {"DeadLetterConfig", take_dead_letter},
    {"Layers", take_layers},
    {"FileSystemConfigs", take_file_systems},
    {"KMSKeyArn", take_kms_key},
    {"ImageConfig", refuse_member},
    {"CapacityProviderConfig", refuse_member},
    {"DurableConfig", refuse_member},
    {"TenancyConfig", refuse_member},
};

bool cp_settings_change_start(struct cp_settings_change *c, const struct cp_settings *from,
                              struct cp_view body, struct cp_api_response *response)
{
    if (!cp_body_open(&c->body, body, response))
        return false;
    cp_settings_copy(&c->settings, from);
    c->extras = cp_settings_extras_copy(from);
    if (!c->extras)
        cp_fail_memory(response);
    return c->extras;
}

bool cp_settings_change_read(struct cp_settings_change *c, struct cp_api_response *response)
{
    for (size_t i = 0; i < sizeof members / sizeof *members; i++)
        members[i].take(c, members[i].name);
    if (!c->is_out_of_memory) {
        c->is_out_of_memory = !cp_settings_set_extras(&c->settings, c->extras);
        c->extras = NULL;
    }
    if (c->is_out_of_memory) {
        cp_fail_memory(response);
        return false;
    }
    if (!cp_body_is_valid(&c->body, response))
        return false;
    if (c->refusal[0])
        cp_api_fail(response, 400, "InvalidParameterValueException", NULL, "%s", c->refusal);
    return !c->refusal[0];
}

void cp_settings_change_end(struct cp_settings_change *c)
{
    cJSON_Delete(c->extras);
    cp_settings_clear(&c->settings);
    if (c->body.json)
        cp_body_close(&c->body);
}
