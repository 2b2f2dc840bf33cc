/* SPDX-License-Identifier: GPL-3.0-or-later
 * Aliases: create, get, update, delete, list; weighted routing to one further version.
 */
#include <cjson/cJSON.h>
#include <stdio.h>
#include <string.h>

#include "probes/local/control_body.h"
#include "probes/local/control_state.h"

static void write_alias(struct cp_json_out *j, const struct cp_control *control,
                        const struct cp_function *f, const struct cp_alias *alias)
{
    char arn[CP_ARN_TEXT_MAX];
    char number[24];
    cp_state_arn(control, f->name, alias->name, arn);
    cp_state_version_name(alias->version, number);
    cp_json_object(j, NULL);
    cp_json_string(j, "AliasArn", arn);
    cp_json_string(j, "Name", alias->name);
    cp_json_string(j, "FunctionVersion", number);
    cp_json_string(j, "Description", alias->description);
    cp_json_string(j, "RevisionId", alias->revision_id);
    if (alias->other_version) {
        cp_state_version_name(alias->other_version, number);
        cp_json_object(j, "RoutingConfig");
        cp_json_object(j, "AdditionalVersionWeights");
        cp_json_double(j, number, alias->other_weight);
        cp_json_object_end(j);
        cp_json_object_end(j);
    }
    cp_json_object_end(j);
}

static void answer_alias(struct cp_api_response *response, int status,
                         const struct cp_control *control, const struct cp_function *f,
                         const struct cp_alias *alias)
{
    struct cp_json_out j = {.to = &response->body};
    response->status = status;
    write_alias(&j, control, f, alias);
}

/* --- what a request wants --- */

struct alias_change {
    struct cp_body body;
    struct cp_alias alias;   /* as it is to be */
    const char *revision_id; /* NULL: no precondition */
};

static void take_description(struct alias_change *c)
{
    const char *value =
        cp_body_string(&c->body, c->body.json, "Description", "description", CP_DESCRIPTION_MAX);
    if (value)
        (void)cp_view_copy(cp_view_of(value), c->alias.description, sizeof c->alias.description);
}

static void take_version(struct alias_change *c)
{
    const char *value =
        cp_body_string(&c->body, c->body.json, "FunctionVersion", "functionVersion", 1024);
    if (!value)
        return;
    c->alias.version = 0;
    if (strcmp(value, "$LATEST") != 0 &&
        (!cp_view_to_int64(cp_view_of(value), &c->alias.version) || c->alias.version <= 0))
        cp_violations_add(&c->body.violations, value, "functionVersion",
                          "Member must satisfy regular expression pattern: (\\$LATEST|[0-9]+)");
}

/* One entry of AdditionalVersionWeights: {"2": 0.1}. */
static void take_weight(struct alias_change *c, const cJSON *item)
{
    double weight = cJSON_GetNumberValue(item);
    int64_t number = 0;
    char text[64];
    if (!cJSON_IsNumber(item)) {
        c->body.wrong_type = "STRING_VALUE can not be converted to a Double";
        return;
    }
    struct cp_view key = cp_view_of(item->string);
    if (!cp_qualifier_is_version(key) || !cp_view_to_int64(key, &number)) {
        (void)snprintf(text, sizeof text, "{%.32s=%g}", item->string, weight);
        cp_violations_add(&c->body.violations, text, "routingConfig.additionalVersionWeights",
                          "Map keys must satisfy constraint: [Member must have length less than or "
                          "equal to 1024, Member must have length greater than or equal to 1, "
                          "Member must satisfy regular expression pattern: [0-9]+, Member must not "
                          "be null]");
        return;
    }
    if (!(weight >= 0 && weight <= 1)) {
        (void)snprintf(text, sizeof text, "{%.20s=%.1f}", item->string, weight);
        cp_violations_add(&c->body.violations, text, "routingConfig.additionalVersionWeights",
                          "Map value must satisfy constraint: [Member must have value less than or "
                          "equal to 1.0, Member must have value greater than or equal to 0.0, "
                          "Member must not be null]");
        return;
    }
    c->alias.other_version = number;
    c->alias.other_weight = weight;
}

/* An empty RoutingConfig or map ends weighted routing; an absent one leaves it. */
static bool take_routing(struct alias_change *c, struct cp_api_response *response)
{
    const cJSON *routing = cp_body_object(&c->body, c->body.json, "RoutingConfig");
    const cJSON *weights =
        routing ? cp_body_object(&c->body, routing, "AdditionalVersionWeights") : NULL;
    if (!routing)
        return true;
    c->alias.other_version = 0;
    c->alias.other_weight = 0;
    if (!weights || !weights->child)
        return true;
    if (weights->child->next) {
        cp_api_fail(response, 400, "InvalidParameterValueException", NULL,
                    "Number of items in AdditionalVersionWeights cannot be greater than 1");
        return false;
    }
    take_weight(c, weights->child);
    return true;
}

static bool read_change(struct alias_change *c, struct cp_api_response *response)
{
    take_description(c);
    take_version(c);
    c->revision_id =
        cp_body_string(&c->body, c->body.json, "RevisionId", "revisionId", CP_DESCRIPTION_MAX);
    return take_routing(c, response) && cp_body_is_valid(&c->body, response);
}

/* The versions exist, differ, and are not $LATEST when there are two. */
static bool check_versions(const struct cp_control *control, struct cp_function *f,
                           const struct cp_alias *alias, struct cp_api_response *response)
{
    char number[24];
    cp_state_version_name(alias->version, number);
    if (alias->other_version && alias->version == 0) {
        cp_api_fail(response, 400, "InvalidParameterValueException", NULL,
                    "$LATEST is not supported for an alias pointing to more than 1 version");
        return false;
    }
    if (alias->other_version && alias->other_version == alias->version) {
        cp_api_fail(response, 400, "InvalidParameterValueException", NULL,
                    "Invalid function version %s. Function version %s is already included in "
                    "routing configuration.",
                    number, number);
        return false;
    }
    bool is_main_there = cp_state_version(f, alias->version);
    if (is_main_there && cp_state_version(f, alias->other_version))
        return true;
    if (is_main_there)
        cp_state_version_name(alias->other_version, number);
    cp_fail_not_found(control, f->name, number, response);
    return false;
}

/* --- create --- */

static bool is_alias_name(const char *name)
{
    struct cp_view v = cp_view_of(name);
    return cp_qualifier_is_valid(v) && !cp_qualifier_is_version(v) && name[0] != '$';
}

static void take_new_name(struct alias_change *c)
{
    const char *name = cp_body_string(&c->body, c->body.json, "Name", "name", CP_QUALIFIER_MAX);
    if (!name && !cp_body_member(c->body.json, "Name"))
        cp_violations_add(&c->body.violations, NULL, "name", "Member must not be null");
    if (!cp_body_member(c->body.json, "FunctionVersion"))
        cp_violations_add(&c->body.violations, NULL, "functionVersion", "Member must not be null");
    if (name && !is_alias_name(name))
        cp_violations_add(
            &c->body.violations, name, "name",
            "Member must satisfy regular expression pattern: (?!^[0-9]+$)([a-zA-Z0-9-_]+)");
    else if (name)
        (void)cp_view_copy(cp_view_of(name), c->alias.name, sizeof c->alias.name);
}

static const struct cp_alias *insert_alias(struct cp_control *control, struct cp_function *f,
                                           const struct cp_alias *wanted)
{
    struct cp_alias *grown =
        cp_state_reserve(f->aliases, f->n_aliases, &f->cap_aliases, sizeof *f->aliases);
    if (!grown)
        return NULL;
    f->aliases = grown;
    size_t at = 0;
    while (at < f->n_aliases && strcmp(f->aliases[at].name, wanted->name) < 0)
        at++;
    struct cp_alias *alias = cp_state_insert(f->aliases, &f->n_aliases, sizeof *f->aliases, at);
    *alias = *wanted;
    cp_state_new_revision(control, alias->revision_id);
    return alias;
}

static void create(struct cp_control *control, struct cp_function *f, const struct cp_alias *wanted,
                   struct cp_api_response *response)
{
    char arn[CP_ARN_TEXT_MAX];
    if (cp_state_alias(f, wanted->name)) {
        cp_state_arn(control, f->name, wanted->name, arn);
        cp_api_fail(response, 409, "ResourceConflictException", NULL, "Alias already exists: %s",
                    arn);
        return;
    }
    const struct cp_alias *alias = insert_alias(control, f, wanted);
    if (alias)
        answer_alias(response, 201, control, f, alias);
    else
        cp_fail_memory(response);
}

void cp_op_create_alias(struct cp_control *control, const struct cp_call *call,
                        struct cp_api_response *response)
{
    struct alias_change c = {0};
    if (!cp_body_open(&c.body, call->request->body, response))
        return;
    take_new_name(&c);
    if (read_change(&c, response) && check_versions(control, call->function, &c.alias, response))
        create(control, call->function, &c.alias, response);
    cp_body_close(&c.body);
}

/* --- get, list, delete --- */

static struct cp_alias *wanted_alias(struct cp_control *control, const struct cp_call *call,
                                     struct cp_api_response *response)
{
    struct cp_alias *alias = cp_state_alias(call->function, call->request->alias);
    if (!alias)
        cp_fail_alias_not_found(control, call->function->name, call->request->alias, response);
    return alias;
}

void cp_op_get_alias(struct cp_control *control, const struct cp_call *call,
                     struct cp_api_response *response)
{
    const struct cp_alias *alias = wanted_alias(control, call, response);
    if (alias)
        answer_alias(response, 200, control, call->function, alias);
}

void cp_op_list_aliases(struct cp_control *control, const struct cp_call *call,
                        struct cp_api_response *response)
{
    const struct cp_function *f = call->function;
    const struct cp_api_request *request = call->request;
    struct cp_page page;
    cp_page_start(&page, response, "Aliases", request->max_items);
    for (size_t i = 0; i < f->n_aliases; i++) {
        char number[24];
        cp_state_version_name(f->aliases[i].version, number);
        bool is_wanted =
            strcmp(f->aliases[i].name, request->marker) > 0 &&
            (!request->function_version[0] || strcmp(number, request->function_version) == 0);
        if (!is_wanted)
            continue;
        if (!cp_page_takes(&page, f->aliases[i].name))
            break;
        write_alias(&page.out, control, f, &f->aliases[i]);
    }
    cp_page_end(&page);
}

/* Deleting what is not there succeeds, as on AWS. */
void cp_op_delete_alias(struct cp_control *control, const struct cp_call *call,
                        struct cp_api_response *response)
{
    struct cp_function *f = call->function;
    const struct cp_alias *alias = cp_state_alias(f, call->request->alias);
    if (alias) {
        cp_state_drop_provisioned(control, f, alias->name);
        cp_state_remove(f->aliases, &f->n_aliases, sizeof *f->aliases,
                        (size_t)(alias - f->aliases));
    }
    cp_answer_empty(response);
}

/* --- update --- */

/* Provisioned concurrency follows its alias to the new version: first it is asked for there, then
 * given up at the old one. */
static void move_provisioned(struct cp_control *control, struct cp_function *f,
                             const struct cp_alias *from, const struct cp_alias *to)
{
    struct cp_provisioned *p = cp_state_provisioned(f, to->name);
    if (!p || from->version == to->version)
        return;
    p->status = CP_PROVISIONED_IN_PROGRESS;
    p->allocated = p->available = 0;
    p->reason[0] = '\0';
    cp_state_provision(control, cp_state_version(f, to->version), p->requested);
    cp_state_provision(control, cp_state_version(f, from->version), 0);
}

static bool may_move(struct cp_function *f, const struct cp_alias *from, const struct cp_alias *to,
                     struct cp_api_response *response)
{
    if (from->version == to->version || !cp_state_provisioned(f, to->name))
        return true;
    if (to->version == 0) {
        cp_api_fail(response, 400, "InvalidParameterValueException", NULL,
                    "Provisioned Concurrency Configs cannot be applied to unpublished function "
                    "versions.");
        return false;
    }
    if (cp_state_provisioned_of(f, to->version)) {
        cp_api_fail(response, 409, "ResourceConflictException", NULL,
                    "Alias can't be used for Provisioned Concurrency configuration on an already "
                    "Provisioned version");
        return false;
    }
    return true;
}

static void apply_update(struct cp_control *control, struct cp_function *f, struct cp_alias *alias,
                         const struct alias_change *c, struct cp_api_response *response)
{
    struct cp_alias before = *alias;
    if (c->revision_id && strcmp(c->revision_id, alias->revision_id) != 0) {
        cp_fail_revision(response);
        return;
    }
    if (!check_versions(control, f, &c->alias, response) ||
        !may_move(f, alias, &c->alias, response))
        return;
    *alias = c->alias;
    cp_state_new_revision(control, alias->revision_id);
    move_provisioned(control, f, &before, alias);
    answer_alias(response, 200, control, f, alias);
}

void cp_op_update_alias(struct cp_control *control, const struct cp_call *call,
                        struct cp_api_response *response)
{
    struct cp_alias *alias = wanted_alias(control, call, response);
    struct alias_change c = {0};
    if (!alias || !cp_body_open(&c.body, call->request->body, response))
        return;
    c.alias = *alias;
    if (read_change(&c, response))
        apply_update(control, call->function, alias, &c, response);
    cp_body_close(&c.body);
}
