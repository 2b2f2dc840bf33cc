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
