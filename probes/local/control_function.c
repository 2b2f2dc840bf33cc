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

static void write_location(struct cp_json_out *j, const struct cp_control *control,
                           const struct cp_call *call, const struct cp_version *version)
{
    char location[CP_CODE_LINK_MAX] = "";
    const struct cp_function_folder *folder = &version->settings.folder->folder;
    if (control->code.locate)
        control->code.locate(control->code.context, call->function->name, folder->code_sha256,
                             call->now_ms, location);
    cp_json_object(j, "Code");
    cp_json_string(j, "RepositoryType", "S3");
    if (location[0])
        cp_json_string(j, "Location", location);
    cp_json_object_end(j);
}

void cp_op_get_function(struct cp_control *control, const struct cp_call *call,
                        struct cp_api_response *response)
{
    const struct cp_version *version = wanted_version(control, call, response);
    if (!version)
        return;
    struct cp_json_out j = {.to = &response->body};
    response->status = 200;
    cp_json_object(&j, NULL);
    write_location(&j, control, call, version);
    if (call->function->tags && call->function->tags->child)
        cp_write_tags(&j, call->function);
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

/* --- PublishVersion --- */

struct cp_version *cp_state_publish(struct cp_control *control, struct cp_function *f,
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
    if (control->events.on_snapshot && cp_settings_has_snap_start(&version->settings)) {
        version->snapshot = CP_SNAPSHOT_MAKING;
        control->events.on_snapshot(control->events.context, version->configuration_id);
    }
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
        version = cp_state_publish(control, f, description);
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
    if (cp_body_is_valid(&b, response) && cp_state_may_change(control, f, revision_id, response) &&
        has_code(f, code_sha256, response))
        publish_or_return(control, f, description, response);
    cp_body_close(&b);
}

/* --- DeleteFunction --- */

static void keep_next_version(struct cp_control *control, const struct cp_function *f)
{
    if (!control->next_versions)
        control->next_versions = cJSON_CreateObject();
    cJSON_DeleteItemFromObjectCaseSensitive(control->next_versions, f->name);
    if (f->next_version > 1)
        (void)cJSON_AddNumberToObject(control->next_versions, f->name, (double)f->next_version);
}

void cp_state_remove_function(struct cp_control *control, struct cp_function *f)
{
    keep_next_version(control, f);
    while (f->n_provisioned)
        cp_state_drop_provisioned(control, f, f->provisioned[0].qualifier);
    size_t at = 0;
    while (control->functions[at] != f)
        at++;
    cp_state_remove(control->functions, &control->n_functions, sizeof(void *), at);
    for (size_t i = 0; i < f->n_versions; i++)
        cp_state_retire(control, &f->versions[i]);
    cp_state_retire(control, &f->running);
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
        struct cp_version old = *version;
        cp_state_remove(f->versions, &f->n_versions, sizeof *f->versions,
                        (size_t)(version - f->versions));
        cp_state_retire(control, &old);
    }
    cp_answer_empty(response);
}

void cp_op_delete_function(struct cp_control *control, const struct cp_call *call,
                           struct cp_api_response *response)
{
    const char *qualifier = call->qualifier;
    int64_t number = 0;
    if (!qualifier[0]) {
        cp_state_remove_function(control, call->function);
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
