/* SPDX-License-Identifier: GPL-3.0-or-later
 * The plan as Terraform (provider hashicorp/aws), formatted as `terraform fmt` does: the "=" of
 * neighbouring lines stand in one column. What the run does not know of the function is a variable,
 * to be replaced by what the reader's own configuration says.
 */
#include <stdio.h>
#include <string.h>

#include "reports/apply.h"
#include "reports/format.h"

enum { VALUE_MAX = 2048, PAIRS_MAX = 16 };

struct hcl {
    const struct cp_apply_plan *p;
    char function[CP_APPLY_ID_MAX];
    char alias[2 * CP_APPLY_ID_MAX + 2];
    struct cp_buf *out;
};

/* --- values --- */

/* Templates begin with "${" or "%{": there the sign is written as an escape, which never begins
 * one. The rest is as in JSON. */
static void add_string(struct cp_buf *out, const char *s)
{
    struct cp_buf json;
    cp_buf_init(&json, VALUE_MAX);
    cp_text_json(&json, s);
    const char *text = cp_buf_str(&json);
    for (; *text; text++) {
        bool is_template = (*text == '$' || *text == '%') && text[1] == '{';
        if (is_template)
            cp_buf_addf(out, "\\u%04x", (unsigned)*text);
        else
            cp_buf_addc(out, *text);
    }
    cp_buf_fail_with(out, &json);
    cp_buf_clear(&json);
}

/* --- lines that stand together --- */

struct pair {
    const char *name;
    struct cp_buf value;
    const char *comment; /* "" none */
};

struct block {
    struct pair pair[PAIRS_MAX];
    size_t n;
    int indent;
};

/* The buffer for the value of a new line. */
static struct cp_buf *add_pair(struct block *b, const char *name)
{
    struct pair *pair = &b->pair[b->n++];
    *pair = (struct pair){.name = name, .comment = ""};
    cp_buf_init(&pair->value, VALUE_MAX);
    return &pair->value;
}

static void add_text(struct block *b, const char *name, const char *text)
{
    add_string(add_pair(b, name), text);
}

static void add_number(struct block *b, const char *name, int value)
{
    cp_buf_addf(add_pair(b, name), "%d", value);
}

static void add_expression(struct block *b, const char *name, const char *of, const char *what)
{
    cp_buf_addf(add_pair(b, name), "%s%s", of, what);
}

/* Writes and empties it. Comments of neighbouring lines stand in one column, too; here no two
 * neighbours have one. */
static void end_block(struct block *b, struct cp_buf *out)
{
    size_t width = 0;
    for (size_t i = 0; i < b->n; i++)
        width = strlen(b->pair[i].name) > width ? strlen(b->pair[i].name) : width;
    for (size_t i = 0; i < b->n; i++) {
        struct pair *pair = &b->pair[i];
        cp_buf_addf(out, "%*s%-*s = ", b->indent, "", (int)width, pair->name);
        cp_buf_add_view(out, cp_buf_view(&pair->value));
        cp_buf_addf(out, "%s%s\n", pair->comment[0] ? " # " : "", pair->comment);
        cp_buf_fail_with(out, &pair->value);
        cp_buf_clear(&pair->value);
    }
    b->n = 0;
}

static void begin_resource(const struct hcl *h, const char *type, const char *name)
{
    cp_buf_addf(h->out, "\nresource \"%s\" \"%s\" {\n", type, name);
}

/* --- the function --- */

static bool is_image(const struct hcl *h)
{
    return strcmp(h->p->run->package_type, "Image") == 0;
}

static void add_variables(const struct hcl *h)
{
    static const char *const of_zip[] = {"role", "handler", "code_bucket", "code_key", NULL};
    static const char *const of_image[] = {"role", "image_uri", NULL};
    cp_buf_adds(h->out, "# What your own configuration says of the function already.\n");
    for (const char *const *name = is_image(h) ? of_image : of_zip; *name; name++)
        cp_buf_addf(h->out, "variable \"%s\" { type = string }\n", *name);
    if (!is_image(h) && !cp_apply_runtime(h->p)[0])
        cp_buf_adds(h->out, "variable \"runtime\" { type = string }\n");
}

static void add_code(const struct hcl *h, struct block *b)
{
    add_expression(b, "role", "var.", "role");
    if (is_image(h)) {
        add_text(b, "package_type", "Image");
        add_expression(b, "image_uri", "var.", "image_uri");
        return;
    }
    add_expression(b, "s3_bucket", "var.", "code_bucket");
    add_expression(b, "s3_key", "var.", "code_key");
    add_expression(b, "handler", "var.", "handler");
    if (cp_apply_runtime(h->p)[0])
        add_text(b, "runtime", cp_apply_runtime(h->p));
    else
        add_expression(b, "runtime", "var.", "runtime");
}

static void add_settings(const struct hcl *h, struct block *b)
{
    const struct cp_apply_plan *p = h->p;
    if (p->set.architecture[0]) {
        struct cp_buf *value = add_pair(b, "architectures");
        cp_buf_addc(value, '[');
        add_string(value, p->set.architecture);
        cp_buf_addc(value, ']');
    }
    if (p->set.memory_size_mb > 0) {
        add_number(b, "memory_size", p->set.memory_size_mb);
        if (p->was.memory_size_mb > 0 && cp_apply_changes_memory(p))
            cp_buf_addf(&b->pair[b->n - 1].value, " # was %d", p->was.memory_size_mb);
    }
    if (p->set.reserved >= 0 || cp_apply_changes_reserved(p))
        add_number(b, "reserved_concurrent_executions", p->set.reserved);
    if (p->alias_is != CP_ALIAS_NONE)
        add_expression(b, "publish", "true", "");
}

static void add_snap_start(const struct hcl *h)
{
    if (h->p->set.is_snap_start || cp_apply_changes_snap_start(h->p))
        cp_buf_addf(h->out, "\n  snap_start {\n    apply_on = \"%s\"\n  }\n",
                    h->p->set.is_snap_start ? "PublishedVersions" : "None");
}

static void add_function(const struct hcl *h)
{
    struct block b = {.indent = 2};
    begin_resource(h, "aws_lambda_function", h->function);
    add_text(&b, "function_name", h->p->function);
    add_code(h, &b);
    end_block(&b, h->out);
    cp_buf_adds(h->out, "\n");
    if (cp_apply_changes_architecture(h->p))
        cp_buf_adds(h->out, "  # the code has to be built for this architecture\n");
    add_settings(h, &b);
    end_block(&b, h->out);
    add_snap_start(h);
    cp_buf_adds(h->out, "}\n");
}

/* --- alias, provisioned concurrency --- */

static void add_of_function(const struct hcl *h, struct block *b, const char *name,
                            const char *attribute)
{
    cp_buf_addf(add_pair(b, name), "aws_lambda_function.%s.%s", h->function, attribute);
}

static void add_alias(const struct hcl *h)
{
    struct block b = {.indent = 2};
    begin_resource(h, "aws_lambda_alias", h->alias);
    add_text(&b, "name", h->p->alias);
    add_of_function(h, &b, "function_name", "function_name");
    add_of_function(h, &b, "function_version", "version");
    end_block(&b, h->out);
    cp_buf_adds(h->out, "}\n");
}

/* What is scaled is not to be set back by the next plan. */
static void add_provisioned(const struct hcl *h)
{
    struct block b = {.indent = 2};
    begin_resource(h, "aws_lambda_provisioned_concurrency_config", h->alias);
    add_of_function(h, &b, "function_name", "function_name");
    add_expression(&b, "qualifier", "aws_lambda_alias.", h->alias);
    cp_buf_adds(&b.pair[b.n - 1].value, ".name");
    add_number(&b, "provisioned_concurrent_executions", h->p->set.provisioned);
    end_block(&b, h->out);
    if (h->p->set.is_scaled)
        cp_buf_adds(h->out, "\n  lifecycle {\n"
                            "    ignore_changes = [provisioned_concurrent_executions]\n  }\n");
    cp_buf_adds(h->out, "}\n");
}

/* --- Application Auto Scaling --- */

static void add_target(const struct hcl *h)
{
    struct block b = {.indent = 2};
    begin_resource(h, "aws_appautoscaling_target", h->alias);
    add_text(&b, "service_namespace", CP_SCALING_NAMESPACE);
    add_text(&b, "scalable_dimension", CP_SCALING_DIMENSION);
    cp_buf_addf(add_pair(&b, "resource_id"),
                "\"function:${aws_lambda_alias.%s.function_name}:${aws_lambda_alias.%s.name}\"",
                h->alias, h->alias);
    add_number(&b, "min_capacity", h->p->set.min);
    add_number(&b, "max_capacity", h->p->set.max);
    end_block(&b, h->out);
    if (cp_apply_has_schedule(h->p)) /* the actions set them */
        cp_buf_adds(h->out, "\n  lifecycle {\n"
                            "    ignore_changes = [min_capacity, max_capacity]\n  }\n");
    if (h->p->set.provisioned > 0)
        cp_buf_addf(h->out, "\n  depends_on = [aws_lambda_provisioned_concurrency_config.%s]\n",
                    h->alias);
    cp_buf_adds(h->out, "}\n");
}

static void add_of_target(const struct hcl *h, struct block *b)
{
    static const char *const names[] = {"service_namespace", "scalable_dimension", "resource_id"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        cp_buf_addf(add_pair(b, names[i]), "aws_appautoscaling_target.%s.%s", h->alias, names[i]);
}

static void add_action(const struct hcl *h, size_t i)
{
    const struct cp_apply_action *a = &h->p->set.actions.action[i];
    char name[CP_ACTION_NAME_MAX];
    char cron[CP_CRON_MAX];
    char id[4 * CP_APPLY_ID_MAX];
    char action_id[CP_APPLY_ID_MAX];
    struct block b = {.indent = 2};
    cp_apply_snake_id(cp_apply_action_name(a, name) + strlen("coldprof-"), action_id);
    (void)snprintf(id, sizeof id, "%s_%s", h->alias, action_id);
    begin_resource(h, "aws_appautoscaling_scheduled_action", id);
    add_text(&b, "name", name);
    add_of_target(h, &b);
    add_text(&b, "schedule", cp_apply_cron(a, cron));
    add_text(&b, "timezone", "UTC");
    end_block(&b, h->out);
    cp_buf_addf(h->out,
                "\n  scalable_target_action {\n    min_capacity = %d\n    max_capacity = %d\n"
                "  }\n}\n",
                a->n, a->n);
}

static void add_policy(const struct hcl *h)
{
    struct block b = {.indent = 2};
    begin_resource(h, "aws_appautoscaling_policy", h->alias);
    add_text(&b, "name", CP_SCALING_POLICY);
    add_text(&b, "policy_type", "TargetTrackingScaling");
    add_of_target(h, &b);
    end_block(&b, h->out);
    cp_buf_addf(h->out,
                "\n  target_tracking_scaling_policy_configuration {\n    target_value = %g\n\n"
                "    predefined_metric_specification {\n"
                "      predefined_metric_type = \"" CP_SCALING_METRIC "\"\n    }\n  }\n}\n",
                h->p->set.target);
}

void cp_apply_add_terraform(const struct cp_apply_plan *plan, struct cp_buf *out)
{
    struct hcl h = {.p = plan, .out = out};
    char alias[CP_APPLY_ID_MAX];
    cp_apply_snake_id(plan->function, h.function);
    cp_apply_snake_id(plan->alias, alias);
    (void)snprintf(h.alias, sizeof h.alias, "%s_%s", h.function, alias);
    add_variables(&h);
    add_function(&h);
    if (plan->alias_is != CP_ALIAS_NONE)
        add_alias(&h);
    if (plan->set.provisioned > 0)
        add_provisioned(&h);
    if (plan->set.is_scaled)
        add_target(&h);
    for (size_t i = 0; i < plan->set.actions.n && plan->set.is_scaled; i++)
        add_action(&h, i);
    if (cp_apply_has_tracking(plan))
        add_policy(&h);
}
