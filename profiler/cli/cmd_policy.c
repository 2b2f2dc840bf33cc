/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/cli/command.h"
#include "profiler/sweep/permission.h"

#include <string.h>

enum { POLICY_MAX = 64 * 1024 };

/* --mode; with --in-place a sweep is another one. */
static const struct {
    const char *name;
    enum cp_permission_mode mode, in_place;
} modes[] = {
    {"sweep", CP_PERMIT_SHADOW, CP_PERMIT_IN_PLACE},
    {"dry-run", CP_PERMIT_DRY_RUN, CP_PERMIT_DRY_RUN},
    {"recover", CP_PERMIT_RECOVER, CP_PERMIT_RECOVER},
    {"import", CP_PERMIT_IMPORT, CP_PERMIT_IMPORT},
};

static enum cp_code find_mode(const struct cp_options *o, enum cp_permission_mode *mode,
                              struct cp_error *err)
{
    const char *name = o->mode ? o->mode : "sweep";
    for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
        if (strcmp(modes[i].name, name) != 0)
            continue;
        *mode = o->in_place ? modes[i].in_place : modes[i].mode;
        return CP_OK;
    }
    return cp_fail(err, CP_EINVAL, "--mode: '%s' is not one of sweep, dry-run, recover, import",
                   name);
}

static enum cp_status run_policy(struct cp_cli *cli)
{
    struct cp_error err = {0};
    struct cp_buf out;
    struct cp_policy_options options = {
        .function = cli->options.function,
        .region = cli->options.region,
        .account = cli->options.account,
    };
    cp_buf_init(&out, POLICY_MAX);
    enum cp_code code = find_mode(&cli->options, &options.mode, &err);
    if (!code)
        code = cp_policy_write(&options, &out, &err);
    enum cp_status status = code ? cp_cli_fail(cli, &err) : cp_cli_print(&out);
    cp_buf_clear(&out);
    return status;
}

const struct cp_command cp_command_policy = {
    .name = "iam-policy",
    .arguments = "",
    .summary = "print the least IAM policy for a mode",
    .detail =
        "The policy allows the calls of that mode and no others. Narrow the Resource of "
        "iam:PassRole to the role of the function. Creating a shadow function of one with layers "
        "takes lambda:GetLayerVersion on these, too; in a VPC ec2:DescribeSubnets, "
        "ec2:DescribeSecurityGroups and ec2:DescribeVpcs; of an image ecr:GetRepositoryPolicy and, "
        "when Lambda may not read the repository yet, ecr:SetRepositoryPolicy. An import of a log "
        "group that is not the function's own takes the ARN of "
        "that group as Resource.",
    .examples = "  coldprof iam-policy --function checkout --region eu-central-1 --account "
                "123456789012\n"
                "  coldprof iam-policy --mode recover\n"
                "  coldprof iam-policy --mode import --function checkout\n"
                "  coldprof iam-policy --in-place --function checkout\n",
    .bit = CP_IN_POLICY,
    .run = run_policy,
};
