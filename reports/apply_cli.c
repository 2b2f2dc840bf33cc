/* SPDX-License-Identifier: GPL-3.0-or-later
 * The plan as commands for the AWS CLI in a POSIX shell. Each waits for the one before: they are
 * joined by "&&", so that they may be pasted as well as run from a file, and stop at the first that
 * fails. Works with versions 1 and 2 of the AWS CLI.
 */
#include <stdio.h>
#include <string.h>

#include "reports/apply.h"
#include "reports/format.h"

#define NEXT " &&\n"
#define MORE " \\\n  "

/* "aws lambda VERB \ --region eu-west-1 --function-name orders-api" */
static void add_lambda(const struct cp_apply_plan *p, const char *verb, struct cp_buf *out)
{
    cp_buf_addf(out, "aws lambda %s" MORE "--region ", verb);
    cp_text_shell(out, p->run->region);
    cp_buf_adds(out, " --function-name ");
    cp_text_shell(out, p->function);
}

static void add_alias(const struct cp_apply_plan *p, const char *option, struct cp_buf *out)
{
    cp_buf_addf(out, " --%s ", option);
    cp_text_shell(out, p->alias);
}

/* "aws application-autoscaling VERB ...": of what, without its values. */
static void add_scaling(const struct cp_apply_plan *p, const char *verb, struct cp_buf *out)
{
    struct cp_buf id;
    cp_buf_init(&id, 1024);
    cp_buf_addf(&id, "function:%s:%s", p->function, p->alias);
    cp_buf_addf(out, "aws application-autoscaling %s" MORE "--region ", verb);
    cp_text_shell(out, p->run->region);
    cp_buf_adds(out, " --service-namespace " CP_SCALING_NAMESPACE MORE "--resource-id ");
    cp_text_shell(out, cp_buf_str(&id));
    cp_buf_adds(out, MORE "--scalable-dimension " CP_SCALING_DIMENSION);
    cp_buf_fail_with(out, &id);
    cp_buf_clear(&id);
}

/* --- steps, in the order in which they are taken --- */

static bool stops_scaling(const struct cp_apply_plan *p)
{
    return p->was.is_scaled && !p->set.is_scaled;
}

static void add_stop_scaling(const struct cp_apply_plan *p, struct cp_buf *out)
{
    add_scaling(p, "deregister-scalable-target", out);
}

static bool removes_provisioned(const struct cp_apply_plan *p)
{
    bool had = p->was.provisioned > 0 || p->was.is_scaled;
    return had && p->set.provisioned == 0 && !p->set.is_scaled;
}

/* A schedule may just have taken it away. */
static void add_remove_provisioned(const struct cp_apply_plan *p, struct cp_buf *out)
{
    if (p->was.is_scaled) {
        cp_buf_adds(out, "if ");
        add_lambda(p, "get-provisioned-concurrency-config", out);
        add_alias(p, "qualifier", out);
        cp_buf_adds(out, " >/dev/null 2>&1\nthen ");
    }
    add_lambda(p, "delete-provisioned-concurrency-config", out);
    add_alias(p, "qualifier", out);
    cp_buf_adds(out, p->was.is_scaled ? "\nfi" : "");
}

/* A package for one architecture does not run on the other: without it the command fails. */
static void add_code(const struct cp_apply_plan *p, struct cp_buf *out)
{
    bool is_image = strcmp(p->run->package_type, "Image") == 0;
    add_lambda(p, "update-function-code", out);
    cp_buf_adds(out, " --architectures ");
    cp_text_shell(out, p->set.architecture);
    cp_buf_addf(out, MORE "%s:?%s for ",
                is_image ? "--image-uri \"${IMAGE_URI" : "--zip-file \"fileb://${CODE_ZIP",
                is_image ? "set it to the image" : "set it to the package");
    cp_text_terminal(out, strcmp(p->set.architecture, "arm64") == 0 ? "arm64" : "x86_64");
    cp_buf_adds(out, "}\"" NEXT);
    add_lambda(p, "wait function-updated-v2", out);
}

static void add_configuration(const struct cp_apply_plan *p, struct cp_buf *out)
{
    add_lambda(p, "update-function-configuration", out);
    if (cp_apply_changes_memory(p))
        cp_buf_addf(out, " --memory-size %d", p->set.memory_size_mb);
    if (cp_apply_changes_snap_start(p))
        cp_buf_addf(out, " --snap-start ApplyOn=%s",
                    p->set.is_snap_start ? "PublishedVersions" : "None");
}

static void add_wait_updated(const struct cp_apply_plan *p, struct cp_buf *out)
{
    add_lambda(p, "wait function-updated-v2", out);
}

static void add_reserved(const struct cp_apply_plan *p, struct cp_buf *out)
{
    add_lambda(p, p->set.reserved < 0 ? "delete-function-concurrency" : "put-function-concurrency",
               out);
    if (p->set.reserved >= 0)
        cp_buf_addf(out, MORE "--reserved-concurrent-executions %d", p->set.reserved);
}

static void add_publish(const struct cp_apply_plan *p, struct cp_buf *out)
{
    const char *sha256 = cp_apply_code_sha256(p);
    cp_buf_adds(out, "version=$(");
    add_lambda(p, "publish-version", out);
    if (sha256[0]) {
        cp_buf_adds(out, MORE "--code-sha256 ");
        cp_text_shell(out, sha256);
    }
    cp_buf_adds(out, MORE "--query Version --output text)" NEXT);
    add_lambda(p, "wait published-version-active", out);
    cp_buf_adds(out, " --qualifier \"$version\"");
}

static void add_set_alias(const struct cp_apply_plan *p, const char *verb, struct cp_buf *out)
{
    add_lambda(p, verb, out);
    add_alias(p, "name", out);
    cp_buf_adds(out, MORE "--function-version \"$version\"");
}

static void add_move_alias(const struct cp_apply_plan *p, struct cp_buf *out)
{
    if (p->alias_is == CP_ALIAS_OF_RUN || p->is_undo) {
        add_set_alias(p, "update-alias", out);
        return;
    }
    cp_buf_adds(out, "if ");
    add_lambda(p, "get-alias", out);
    add_alias(p, "name", out);
    cp_buf_adds(out, " >/dev/null 2>&1\nthen ");
    add_set_alias(p, "update-alias", out);
    cp_buf_adds(out, "\nelse ");
    add_set_alias(p, "create-alias", out);
    cp_buf_adds(out, "\nfi");
}

static bool provisions(const struct cp_apply_plan *p)
{
    return p->set.provisioned > 0;
}

static void add_provision(const struct cp_apply_plan *p, struct cp_buf *out)
{
    add_lambda(p, "put-provisioned-concurrency-config", out);
    add_alias(p, "qualifier", out);
    cp_buf_addf(out, MORE "--provisioned-concurrent-executions %d", p->set.provisioned);
}

/* The AWS CLI has no waiter for it. Lambda prepares for a minute or two. */
static void add_wait_ready(const struct cp_apply_plan *p, struct cp_buf *out)
{
    cp_buf_adds(out, "while state=$(");
    add_lambda(p, "get-provisioned-concurrency-config", out);
    add_alias(p, "qualifier", out);
    cp_buf_adds(out, MORE "--query Status --output text) && [ \"$state\" = IN_PROGRESS ]; do\n"
                          "  sleep 5\n"
                          "done && [ \"$state\" = READY ]");
}

static bool is_scaled(const struct cp_apply_plan *p)
{
    return p->set.is_scaled;
}

static void add_register(const struct cp_apply_plan *p, struct cp_buf *out)
{
    add_scaling(p, "register-scalable-target", out);
    cp_buf_addf(out, MORE "--min-capacity %d --max-capacity %d", p->set.min, p->set.max);
}

static void add_schedule(const struct cp_apply_plan *p, struct cp_buf *out)
{
    char name[CP_ACTION_NAME_MAX];
    char cron[CP_CRON_MAX];
    for (size_t i = 0; i < p->set.actions.n; i++) {
        const struct cp_apply_action *a = &p->set.actions.action[i];
        cp_buf_adds(out, i ? NEXT : "");
        add_scaling(p, "put-scheduled-action", out);
        cp_buf_addf(out,
                    MORE "--scheduled-action-name %s --timezone UTC" MORE "--schedule '%s'" MORE
                         "--scalable-target-action MinCapacity=%d,MaxCapacity=%d",
                    cp_apply_action_name(a, name), cp_apply_cron(a, cron), a->n, a->n);
    }
}

static void add_tracking(const struct cp_apply_plan *p, struct cp_buf *out)
{
    add_scaling(p, "put-scaling-policy", out);
    cp_buf_addf(out,
                MORE "--policy-name " CP_SCALING_POLICY " --policy-type TargetTrackingScaling" MORE
                     "--target-tracking-scaling-policy-configuration '{\"TargetValue\": %g,\n"
                     "    \"PredefinedMetricSpecification\": {\"PredefinedMetricType\":\n"
                     "    \"" CP_SCALING_METRIC "\"}}'",
                p->set.target);
}

static const struct {
    const char *title;
    bool (*is_needed)(const struct cp_apply_plan *plan);
    void (*add)(const struct cp_apply_plan *plan, struct cp_buf *out);
} steps[] = {
    {"stop scaling: its actions and policies go with the target", stops_scaling, add_stop_scaling},
    {"remove provisioned concurrency", removes_provisioned, add_remove_provisioned},
    {"deploy the code for the other architecture", cp_apply_changes_architecture, add_code},
    {"update the configuration", cp_apply_changes_configuration, add_configuration},
    {"wait until it is updated", cp_apply_changes_configuration, add_wait_updated},
    {"reserved concurrency, of all versions together", cp_apply_changes_reserved, add_reserved},
    {"publish a version", cp_apply_publishes, add_publish},
    {"move the alias to it", cp_apply_publishes, add_move_alias},
    {"provision", provisions, add_provision},
    {"wait until all environments are ready", provisions, add_wait_ready},
    {"register the scalable target", is_scaled, add_register},
    {"scheduled actions, UTC, early enough to be ready at the hour", cp_apply_has_schedule,
     add_schedule},
    {"follow the utilisation", cp_apply_has_tracking, add_tracking},
};

void cp_apply_add_cli(const struct cp_apply_plan *plan, struct cp_buf *out)
{
    int number = 0;
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        if (!steps[i].is_needed(plan))
            continue;
        cp_buf_addf(out, "%s# %d. %s\n", number ? NEXT : "", number + 1, steps[i].title);
        steps[i].add(plan, out);
        number++;
    }
    cp_buf_adds(out, number ? "\n" : "");
}
