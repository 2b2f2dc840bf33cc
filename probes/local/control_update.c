/* SPDX-License-Identifier: GPL-3.0-or-later
 * Changes of $LATEST: UpdateFunctionConfiguration and UpdateFunctionCode.
 */
#include <cjson/cJSON.h>
#include <string.h>

#include "probes/local/control_settings.h"

/* 409 while an update is in progress, 412 when the caller's RevisionId is not the latest. */
bool cp_state_may_change(const struct cp_control *control, const struct cp_function *f,
                         const char *revision_id, struct cp_api_response *response)
{
    char arn[CP_ARN_TEXT_MAX];
    if (f->is_creating) {
        cp_fail_pending(response);
        return false;
    }
    if (f->is_updating) {
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
void cp_state_start_update(struct cp_control *control, struct cp_function *f,
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

/* --- UpdateFunctionConfiguration --- */

static bool choose_program(struct cp_control *control, struct cp_settings_change *c,
                           struct cp_api_response *response)
{
    struct cp_function_folder *folder = c->has_new_program ? cp_settings_change_folder(c) : NULL;
    if (c->is_out_of_memory) {
        cp_fail_memory(response);
        return false;
    }
    return !folder || cp_code_prepare(control, folder, response);
}

void cp_op_update_configuration(struct cp_control *control, const struct cp_call *call,
                                struct cp_api_response *response)
{
    struct cp_function *f = call->function;
    struct cp_settings_change c = {0};
    if (cp_settings_change_start(&c, &f->latest.settings, call->request->body, response) &&
        cp_settings_change_read(&c, response) &&
        cp_state_may_change(control, f, c.revision_id, response) &&
        choose_program(control, &c, response)) {
        cp_state_start_update(control, f, &c.settings, call->now_ms);
        cp_answer_configuration(response, 200, control, f, &f->latest,
                                &(struct cp_document){.qualifier = NULL});
    }
    cp_settings_change_end(&c);
}

/* --- UpdateFunctionCode --- */

struct code_change {
    struct cp_body body;
    struct cp_settings settings; /* a copy of $LATEST's, whose folder is being changed */
    const cJSON *zip_file;
    const char *revision_id;
    bool is_published, is_dry_run;
};

static bool read_code_change(struct code_change *c, const char *architecture,
                             struct cp_api_response *response)
{
    struct cp_body *b = &c->body;
    char refusal[256] = "";
    const cJSON *architectures = cp_body_member(b->json, "Architectures");
    c->is_published = cp_body_flag(b, b->json, "Publish");
    c->is_dry_run = cp_body_flag(b, b->json, "DryRun");
    c->revision_id = cp_body_string(b, b->json, "RevisionId", "revisionId", CP_DESCRIPTION_MAX);
    if (architectures)
        cp_check_architectures(b, architectures, architecture, refusal, sizeof refusal);
    if (!cp_code_source(b, b->json, &c->zip_file, response) || !cp_body_is_valid(b, response))
        return false;
    if (refusal[0])
        cp_api_fail(response, 400, "InvalidParameterValueException", NULL, "%s", refusal);
    return !refusal[0];
}

/* A folder of its own for the change, with the new code in it. */
static bool take_code(struct cp_control *control, struct code_change *c,
                      struct cp_api_response *response)
{
    struct cp_shared_folder *fresh = cp_shared_folder_new(&c->settings.folder->folder);
    if (!fresh) {
        cp_fail_memory(response);
        return false;
    }
    cp_settings_set_folder(&c->settings, fresh);
    return cp_code_unpack(control, c->zip_file, &fresh->folder, response) &&
           cp_code_prepare(control, &fresh->folder, response);
}

static void change_code(struct cp_control *control, const struct cp_call *call,
                        const struct code_change *c, struct cp_api_response *response)
{
    struct cp_function *f = call->function;
    struct cp_version *version = &f->latest;
    char number[24];
    if (!c->is_dry_run)
        cp_state_start_update(control, f, &c->settings, call->now_ms);
    if (!c->is_dry_run && c->is_published)
        version = cp_state_publish(control, f, NULL);
    if (!version) {
        cp_fail_memory(response);
        return;
    }
    cp_state_version_name(version->number, number);
    cp_answer_configuration(response, 200, control, f, version,
                            &(struct cp_document){.qualifier = version->number ? number : NULL});
}

void cp_op_update_code(struct cp_control *control, const struct cp_call *call,
                       struct cp_api_response *response)
{
    struct cp_function *f = call->function;
    struct code_change c = {.zip_file = NULL};
    if (!cp_body_open(&c.body, call->request->body, response))
        return;
    cp_settings_copy(&c.settings, &f->latest.settings);
    if (read_code_change(&c, c.settings.folder->folder.architecture, response) &&
        cp_state_may_change(control, f, c.revision_id, response) &&
        take_code(control, &c, response))
        change_code(control, call, &c, response);
    cp_settings_clear(&c.settings);
    cp_body_close(&c.body);
}
