/* SPDX-License-Identifier: GPL-3.0-or-later
 * The plan as a template for CloudFormation or SAM. Whole templates, so that they can be checked:
 * what the run does not know of the function (code, role, handler) is a parameter, to be replaced
 * by what the reader's own template says.
 *
 * A version is published when a resource of a new name comes, so its name has the run's id. SAM
 * publishes on a change of the configuration only with AutoPublishAliasAllProperties.
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "reports/apply.h"
#include "reports/format.h"

struct yaml {
    const struct cp_apply_plan *p;
    char function[CP_APPLY_ID_MAX]; /* logical ids */
    char alias[3 * CP_APPLY_ID_MAX];
    struct cp_buf *out;
};

static void add_quoted(const struct yaml *y, const char *head, const char *text)
{
    cp_buf_adds(y->out, head);
    cp_text_json(y->out, text); /* a JSON string is one of YAML */
    cp_buf_addc(y->out, '\n');
}

static bool is_image(const struct yaml *y)
{
    return strcmp(y->p->run->package_type, "Image") == 0;
}

static void add_parameters(const struct yaml *y)
{
    cp_buf_adds(y->out, "Parameters: # what your own template says of the function already\n"
                        "  Role:\n    Type: String\n");
    if (is_image(y))
        cp_buf_adds(y->out, "  ImageUri:\n    Type: String\n");
    else
        cp_buf_adds(y->out, "  Handler:\n    Type: String\n"
                            "  CodeBucket:\n    Type: String\n"
                            "  CodeKey:\n    Type: String\n");
    if (!is_image(y) && !cp_apply_runtime(y->p)[0])
        cp_buf_adds(y->out, "  Runtime:\n    Type: String\n");
}

/* --- the function --- */

static void add_runtime(const struct yaml *y)
{
    if (is_image(y))
        return;
    cp_buf_adds(y->out, "      Handler: !Ref Handler\n");
    if (cp_apply_runtime(y->p)[0])
        add_quoted(y, "      Runtime: ", cp_apply_runtime(y->p));
    else
        cp_buf_adds(y->out, "      Runtime: !Ref Runtime\n");
}

static void add_settings(const struct yaml *y)
{
    const struct cp_apply_plan *p = y->p;
    if (p->set.memory_size_mb > 0)
        cp_buf_addf(y->out, "      MemorySize: %d", p->set.memory_size_mb);
    if (p->was.memory_size_mb > 0 && cp_apply_changes_memory(p))
        cp_buf_addf(y->out, " # was %d", p->was.memory_size_mb);
    cp_buf_adds(y->out, p->set.memory_size_mb > 0 ? "\n" : "");
    if (p->set.architecture[0]) {
        cp_buf_adds(y->out, "      Architectures: [");
        cp_text_json(y->out, p->set.architecture);
        cp_buf_adds(y->out, cp_apply_changes_architecture(p)
                                ? "] # changes: the code has to be built for it\n"
                                : "]\n");
    }
    if (p->set.is_snap_start || cp_apply_changes_snap_start(p))
        cp_buf_addf(y->out, "      SnapStart:\n        ApplyOn: %s\n",
                    p->set.is_snap_start ? "PublishedVersions" : "None");
    if (p->set.reserved >= 0)
        cp_buf_addf(y->out, "      ReservedConcurrentExecutions: %d\n", p->set.reserved);
    else if (cp_apply_changes_reserved(p))
        cp_buf_adds(y->out, "      # ReservedConcurrentExecutions: to be removed\n");
}

static void add_plain_function(const struct yaml *y)
{
    cp_buf_addf(y->out, "  %s:\n    Type: AWS::Lambda::Function\n    Properties:\n", y->function);
    add_quoted(y, "      FunctionName: ", y->p->function);
    if (is_image(y))
        cp_buf_adds(y->out, "      PackageType: Image\n"
                            "      Code:\n        ImageUri: !Ref ImageUri\n");
    else
        cp_buf_adds(y->out, "      Code:\n        S3Bucket: !Ref CodeBucket\n"
                            "        S3Key: !Ref CodeKey\n");
    cp_buf_adds(y->out, "      Role: !Ref Role\n");
    add_runtime(y);
    add_settings(y);
}

/* --- version and alias --- */

static void add_provisioned(const struct yaml *y)
{
    if (y->p->set.provisioned > 0)
        cp_buf_addf(y->out,
                    "      ProvisionedConcurrencyConfig:\n"
                    "        ProvisionedConcurrentExecutions: %d\n",
                    y->p->set.provisioned);
}

static void add_version_and_alias(const struct yaml *y)
{
    char run[CP_APPLY_ID_MAX];
    char version[4 * CP_APPLY_ID_MAX];
    cp_apply_logical_id(y->p->run->id, run);
    (void)snprintf(version, sizeof version, "%sVersion%s%s", y->function, run,
                   y->p->is_undo ? "Undo" : "");
    cp_buf_addf(y->out,
                "  %s: # a new name publishes a new version; the one before is kept\n"
                "    Type: AWS::Lambda::Version\n"
                "    DeletionPolicy: Retain\n"
                "    UpdateReplacePolicy: Retain\n"
                "    Properties:\n"
                "      FunctionName: !Ref %s\n"
                "  %s:\n"
                "    Type: AWS::Lambda::Alias\n"
                "    Properties:\n",
                version, y->function, y->alias);
    add_quoted(y, "      Name: ", y->p->alias);
    cp_buf_addf(y->out,
                "      FunctionName: !Ref %s\n"
                "      FunctionVersion: !GetAtt %s.Version\n",
                y->function, version);
    add_provisioned(y);
}

/* --- Application Auto Scaling, the same for both --- */

static void add_actions(const struct yaml *y)
{
    char name[CP_ACTION_NAME_MAX];
    char cron[CP_CRON_MAX];
    if (!cp_apply_has_schedule(y->p))
        return;
    cp_buf_adds(y->out, "      ScheduledActions: # UTC, early enough to be ready at the hour\n");
    for (size_t i = 0; i < y->p->set.actions.n; i++) {
        const struct cp_apply_action *a = &y->p->set.actions.action[i];
        cp_buf_addf(y->out,
                    "        - ScheduledActionName: %s\n"
                    "          Schedule: %s\n"
                    "          Timezone: UTC\n"
                    "          ScalableTargetAction:\n"
                    "            MinCapacity: %d\n"
                    "            MaxCapacity: %d\n",
                    cp_apply_action_name(a, name), cp_apply_cron(a, cron), a->n, a->n);
    }
}

static void add_target(const struct yaml *y)
{
    cp_buf_addf(y->out,
                "  %sTarget:\n"
                "    Type: AWS::ApplicationAutoScaling::ScalableTarget\n"
                "    DependsOn: %s\n"
                "    Properties:\n"
                "      ServiceNamespace: " CP_SCALING_NAMESPACE "\n"
                "      ScalableDimension: " CP_SCALING_DIMENSION "\n"
                "      ResourceId: !Join [\":\", [function, !Ref %s, ",
                y->alias, y->alias, y->function);
    cp_text_json(y->out, y->p->alias);
    cp_buf_addf(y->out, "]]\n      MinCapacity: %d\n      MaxCapacity: %d\n", y->p->set.min,
                y->p->set.max);
    add_actions(y);
}

static void add_policy(const struct yaml *y)
{
    cp_buf_addf(y->out,
                "  %sPolicy:\n"
                "    Type: AWS::ApplicationAutoScaling::ScalingPolicy\n"
                "    Properties:\n"
                "      PolicyName: " CP_SCALING_POLICY "\n"
                "      PolicyType: TargetTrackingScaling\n"
                "      ScalingTargetId: !Ref %sTarget\n"
                "      TargetTrackingScalingPolicyConfiguration:\n"
                "        TargetValue: %g\n"
                "        PredefinedMetricSpecification:\n"
                "          PredefinedMetricType: " CP_SCALING_METRIC "\n",
                y->alias, y->alias, y->p->set.target);
}

static void add_scaling(const struct yaml *y)
{
    if (y->p->set.is_scaled)
        add_target(y);
    if (cp_apply_has_tracking(y->p))
        add_policy(y);
}

static void add_removed(const struct yaml *y)
{
    const struct cp_apply_plan *p = y->p;
    if (p->was.is_scaled && !p->set.is_scaled)
        cp_buf_addf(
            y->out, "  # %sTarget%s: to be removed\n", y->alias,
            cp_apply_has_tracking(&(struct cp_apply_plan){.set = p->was}) ? " and its policy" : "");
}

/* --- templates --- */

void cp_apply_add_cloudformation(const struct cp_apply_plan *plan, struct cp_buf *out)
{
    struct yaml y = {.p = plan, .out = out};
    char alias[CP_APPLY_ID_MAX];
    cp_apply_logical_id(plan->function, y.function);
    cp_apply_logical_id(plan->alias, alias);
    (void)snprintf(y.alias, sizeof y.alias, "%sAlias%s", y.function, alias);
    cp_buf_adds(out, "AWSTemplateFormatVersion: \"2010-09-09\"\n");
    add_parameters(&y);
    cp_buf_adds(out, "Resources:\n");
    add_plain_function(&y);
    if (plan->alias_is != CP_ALIAS_NONE)
        add_version_and_alias(&y);
    add_scaling(&y);
    add_removed(&y);
}

/* SAM's own id of the alias that it makes: - and _ are spelled D and U; it takes no others. */
static void sam_alias_id(const char *function, const char *alias, char *out, size_t size)
{
    size_t n = (size_t)snprintf(out, size, "%sAlias", function);
    for (; *alias && n + 1 < size; alias++) {
        char letter = (char)(*alias == '-' ? 'D' : *alias == '_' ? 'U' : *alias);
        if (isascii((unsigned char)letter) && isalnum((unsigned char)letter))
            out[n++] = letter;
    }
    out[n] = '\0';
}

static void add_serverless_function(const struct yaml *y)
{
    cp_buf_addf(y->out, "  %s:\n    Type: AWS::Serverless::Function\n    Properties:\n",
                y->function);
    add_quoted(y, "      FunctionName: ", y->p->function);
    if (is_image(y))
        cp_buf_adds(y->out, "      PackageType: Image\n      ImageUri: !Ref ImageUri\n");
    else
        cp_buf_adds(y->out, "      CodeUri:\n        Bucket: !Ref CodeBucket\n"
                            "        Key: !Ref CodeKey\n");
    cp_buf_adds(y->out, "      Role: !Ref Role\n");
    add_runtime(y);
    add_settings(y);
    if (y->p->alias_is == CP_ALIAS_NONE)
        return;
    add_quoted(y, "      AutoPublishAlias: ", y->p->alias);
    cp_buf_adds(y->out, "      AutoPublishAliasAllProperties: true\n");
    add_provisioned(y);
}

void cp_apply_add_sam(const struct cp_apply_plan *plan, struct cp_buf *out)
{
    struct yaml y = {.p = plan, .out = out};
    cp_apply_logical_id(plan->function, y.function);
    sam_alias_id(y.function, plan->alias, y.alias, sizeof y.alias);
    cp_buf_adds(out, "AWSTemplateFormatVersion: \"2010-09-09\"\n"
                     "Transform: AWS::Serverless-2016-10-31\n");
    add_parameters(&y);
    cp_buf_adds(out, "Resources:\n");
    add_serverless_function(&y);
    add_scaling(&y);
    add_removed(&y);
}
