/* SPDX-License-Identifier: GPL-3.0-or-later
 * The plan as TypeScript for aws-cdk-lib: properties for the function that the reader's stack
 * makes, and a function that publishes, moves the alias, provisions and scales. A JSON string is
 * one of TypeScript.
 */
#include <ctype.h>
#include <string.h>

#include "reports/apply.h"
#include "reports/format.h"

struct cdk {
    const struct cp_apply_plan *p;
    char function[CP_APPLY_ID_MAX]; /* "OrdersApi" */
    char alias[CP_APPLY_ID_MAX];    /* "Live" */
    struct cp_buf *out;
};

static void add_imports(const struct cdk *c)
{
    if (cp_apply_has_schedule(c->p))
        cp_buf_adds(c->out, "import * as scaling from 'aws-cdk-lib/aws-applicationautoscaling';\n");
    cp_buf_adds(c->out, "import * as lambda from 'aws-cdk-lib/aws-lambda';\n");
}

static void add_architecture(const struct cdk *c)
{
    bool is_arm = strcmp(c->p->set.architecture, "arm64") == 0;
    if (c->p->set.architecture[0])
        cp_buf_addf(
            c->out, "  architecture: lambda.Architecture.%s,%s\n", is_arm ? "ARM_64" : "X86_64",
            cp_apply_changes_architecture(c->p) ? " // the code has to be built for it" : "");
}

/* In the CDK a function has no SnapStart unless its properties say so. */
static void add_snap_start(const struct cdk *c)
{
    if (c->p->set.is_snap_start)
        cp_buf_adds(c->out, "  snapStart: lambda.SnapStartConf.ON_PUBLISHED_VERSIONS,\n");
    else if (cp_apply_changes_snap_start(c->p))
        cp_buf_adds(c->out, "  snapStart: undefined, // off\n");
}

static void add_reserved(const struct cdk *c)
{
    if (c->p->set.reserved >= 0)
        cp_buf_addf(c->out, "  reservedConcurrentExecutions: %d,\n", c->p->set.reserved);
    else if (cp_apply_changes_reserved(c->p))
        cp_buf_adds(c->out, "  reservedConcurrentExecutions: undefined, // none\n");
}

static void add_props(const struct cdk *c)
{
    const struct cp_apply_plan *p = c->p;
    cp_buf_addf(c->out,
                "\n// For the function: new lambda.Function(this, id, { ...yours, ...apply%sProps "
                "})\nexport const apply%sProps = {\n",
                c->function, c->function);
    if (p->set.memory_size_mb > 0)
        cp_buf_addf(c->out, "  memorySize: %d,", p->set.memory_size_mb);
    if (p->was.memory_size_mb > 0 && cp_apply_changes_memory(p))
        cp_buf_addf(c->out, " // was %d", p->was.memory_size_mb);
    cp_buf_adds(c->out, p->set.memory_size_mb > 0 ? "\n" : "");
    add_architecture(c);
    add_snap_start(c);
    add_reserved(c);
    cp_buf_adds(c->out, "};\n");
}

/* --- the alias, and what scales it --- */

static void add_schedule(const struct cdk *c)
{
    char name[CP_ACTION_NAME_MAX];
    char cron[CP_CRON_MAX];
    if (!cp_apply_has_schedule(c->p))
        return;
    cp_buf_adds(c->out, "  // UTC, early enough to be ready at the hour\n");
    for (size_t i = 0; i < c->p->set.actions.n; i++) {
        const struct cp_apply_action *a = &c->p->set.actions.action[i];
        cp_buf_addf(c->out,
                    "  target.scaleOnSchedule('%s', {\n"
                    "    schedule: scaling.Schedule.expression('%s'),\n"
                    "    minCapacity: %d,\n"
                    "    maxCapacity: %d,\n"
                    "  });\n",
                    cp_apply_action_name(a, name), cp_apply_cron(a, cron), a->n, a->n);
    }
}

static void add_scaling(const struct cdk *c)
{
    if (!c->p->set.is_scaled)
        return;
    cp_buf_addf(c->out,
                "  const target = alias.addAutoScaling({ minCapacity: %d, maxCapacity: %d });\n",
                c->p->set.min, c->p->set.max);
    add_schedule(c);
    if (cp_apply_has_tracking(c->p))
        cp_buf_addf(c->out,
                    "  target.scaleOnUtilization({\n"
                    "    policyName: '" CP_SCALING_POLICY "',\n"
                    "    utilizationTarget: %g,\n"
                    "  });\n",
                    c->p->set.target);
}

/* currentVersion publishes whenever code or configuration changes. */
static void add_alias(const struct cdk *c)
{
    cp_buf_addf(c->out,
                "\n// Publishes a version and moves the alias: apply%sAlias(fn)\n"
                "export function apply%sAlias(fn: lambda.Function): lambda.Alias {\n"
                "  const alias = new lambda.Alias(fn, 'Alias%s', {\n"
                "    aliasName: ",
                c->function, c->function, c->alias);
    cp_text_json(c->out, c->p->alias);
    cp_buf_adds(c->out, ",\n    version: fn.currentVersion,\n");
    if (c->p->set.provisioned > 0)
        cp_buf_addf(c->out, "    provisionedConcurrentExecutions: %d,\n", c->p->set.provisioned);
    cp_buf_adds(c->out, "  });\n");
    add_scaling(c);
    cp_buf_adds(c->out, "  return alias;\n}\n");
}

void cp_apply_add_cdk(const struct cp_apply_plan *plan, struct cp_buf *out)
{
    struct cdk c = {.p = plan, .out = out};
    cp_apply_logical_id(plan->function, c.function);
    cp_apply_logical_id(plan->alias, c.alias);
    add_imports(&c);
    add_props(&c);
    if (plan->alias_is != CP_ALIAS_NONE)
        add_alias(&c);
}
