/* SPDX-License-Identifier: GPL-3.0-or-later
 * CreateFunction from a zip archive.
 */
#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "probes/local/control_settings.h"

struct creation {
    struct cp_settings_change change;
    struct cp_function_folder *folder; /* of the change's settings */
    const cJSON *zip_file;
    cJSON *tags; /* NULL: none */
    bool is_published;
};

static bool refuse(struct cp_api_response *response, const char *text)
{
    cp_api_fail(response, 400, "InvalidParameterValueException", NULL, "%s", text);
    return false;
}

/* --- reading --- */

static bool read_name(const struct cp_control *control, struct creation *c,
                      struct cp_api_response *response)
{
    enum { NAME_MAX_CHARS = 140 };
    struct cp_function_ref ref = {0};
    struct cp_body *b = &c->change.body;
    const char *text = cp_body_string(b, b->json, "FunctionName", "functionName", NAME_MAX_CHARS);
    if (!text && !cp_body_member(b->json, "FunctionName"))
        cp_violations_add(&b->violations, NULL, "functionName", "Member must not be null");
    if (!text)
        return true;
    if (!cp_function_ref_parse(cp_view_of(text), &ref)) {
        cp_violations_add(&b->violations, text, "functionName",
                          "Member must satisfy regular expression pattern: "
                          "(arn:(aws[a-zA-Z-]*)?:lambda:)?([a-z]{2}((-gov)|(-iso(b?)))?-[a-z]+-\\d{"
                          "1}:)?(\\d{12}:)?(function:)?([a-zA-Z0-9-_]+)(:(\\$LATEST|[a-zA-Z0-9-_]+)"
                          ")?");
        return true;
    }
    bool is_here = (!ref.region[0] || strcmp(ref.region, control->region) == 0) &&
                   (!ref.account_id[0] || strcmp(ref.account_id, control->account_id) == 0);
    if (ref.qualifier[0] || !is_here)
        return refuse(response, ref.qualifier[0]
                                    ? "The function name must not have a qualifier."
                                    : "The function's ARN is of another region or account.");
    return cp_view_copy(cp_view_of(ref.name), c->folder->name, sizeof c->folder->name);
}

static bool read_code(struct creation *c, struct cp_api_response *response)
{
    static const char *const types[] = {"Image", "Zip", NULL};
    struct cp_body *b = &c->change.body;
    const char *type = cp_body_choice(b, b->json, "PackageType", "packageType", types);
    const cJSON *code = cp_body_object(b, b->json, "Code");
    if (!code && !b->wrong_type[0])
        cp_violations_add(&b->violations, NULL, "code", "Member must not be null");
    if (!type)
        type = "Zip";
    if (strcmp(type, "Image") == 0)
        return refuse(response, "This service runs code from zip archives and has no ImageUri");
    return !code || cp_code_source(b, code, &c->zip_file, response);
}

static bool read_tags(struct creation *c, struct cp_api_response *response)
{
    struct cp_body *b = &c->change.body;
    const cJSON *tags = cp_body_object(b, b->json, "Tags");
    if (!tags)
        return true;
    c->tags = cJSON_CreateObject();
    return cp_tags_merge(&c->tags, tags, b, response);
}

static bool read_all(struct cp_control *control, struct creation *c,
                     struct cp_api_response *response)
{
    struct cp_body *b = &c->change.body;
    c->is_published = cp_body_flag(b, b->json, "Publish");
    return read_name(control, c, response) && read_code(c, response) && read_tags(c, response) &&
           cp_settings_change_read(&c->change, response);
}

/* --- making --- */

static bool is_new(const struct cp_control *control, const char *name,
                   struct cp_api_response *response)
{
    if (!cp_state_function(control, name))
        return true;
    cp_api_fail(response, 409, "ResourceConflictException", NULL, "Function already exist: %s",
                name);
    return false;
}

static void add(struct cp_control *control, struct creation *c, int64_t now_ms,
                struct cp_api_response *response)
{
    struct cp_settings *s = &c->change.settings;
    if (!s->log_group[0])
        (void)snprintf(s->log_group, sizeof s->log_group, "/aws/lambda/%s", c->folder->name);
    struct cp_function *f = cp_state_add(control, s, now_ms, true);
    struct cp_version *version = f ? &f->latest : NULL;
    if (f && c->is_published)
        version = cp_state_publish(control, f, NULL);
    if (!version) {
        if (f)
            cp_state_remove_function(control, f);
        cp_fail_memory(response);
        return;
    }
    f->tags = c->tags;
    c->tags = NULL;
    char number[24];
    cp_state_version_name(version->number, number);
    cp_answer_configuration(response, 201, control, f, version,
                            &(struct cp_document){.qualifier = version->number ? number : NULL});
}

static void create(struct cp_control *control, struct creation *c, const struct cp_call *call,
                   struct cp_api_response *response)
{
    c->folder = &c->change.settings.folder->folder;
    if (read_all(control, c, response) && is_new(control, c->folder->name, response) &&
        cp_code_unpack(control, c->zip_file, c->folder, response) &&
        cp_code_prepare(control, c->folder, response))
        add(control, c, call->now_ms, response);
}

void cp_op_create_function(struct cp_control *control, const struct cp_call *call,
                           struct cp_api_response *response)
{
    struct creation c = {.change.is_create = true};
    struct cp_settings none;
    struct cp_function_folder *nothing = malloc(sizeof *nothing);
    if (nothing)
        cp_function_folder_init(nothing);
    if (!nothing || cp_settings_init(&none, nothing)) {
        free(nothing);
        cp_fail_memory(response);
        return;
    }
    none.log_group[0] = '\0';
    bool is_started = cp_settings_change_start(&c.change, &none, call->request->body, response);
    cp_settings_clear(&none);
    free(nothing);
    if (is_started)
        create(control, &c, call, response);
    cJSON_Delete(c.tags);
    cp_settings_change_end(&c.change);
}
