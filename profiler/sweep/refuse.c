/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/sweep/refuse.h"

#include <string.h>

static bool is(const char *text, const char *wanted)
{
    return strcmp(text, wanted) == 0;
}

static bool begins(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

/* --- what holds of a function --- */

static bool is_managed(const struct cp_function_config *f)
{
    return f->has_capacity_provider;
}

/* Nothing else in the configuration tells a Web Function; its log group cannot be chosen. */
static bool is_web(const struct cp_function_config *f)
{
    return begins(f->log_group, "/aws/lambda/web/");
}

/* A replica carries the ARN of the function it was copied from; where only the name is left, it
 * begins with the Region of the original, and Lambda's own names hold no dot. */
static bool is_edge(const struct cp_function_config *f)
{
    return f->master_arn[0] || begins(f->name, "us-east-1.");
}

static bool is_tenant_isolated(const struct cp_function_config *f)
{
    return f->has_tenancy;
}

/* The level exists in JSON format only; text logs always hold the REPORT. */
static bool hides_records(const struct cp_function_config *f)
{
    return is(f->system_log_level, "WARN") && !is(f->log_format, "Text");
}

static bool has_hidden_environment(const struct cp_function_config *f)
{
    return f->environment_error[0];
}

static bool is_signed(const struct cp_function_config *f)
{
    return f->has_code_signing;
}

static bool is_inactive(const struct cp_function_config *f)
{
    return is(f->state, "Inactive");
}

static bool is_failed(const struct cp_function_config *f)
{
    return is(f->state, "Failed");
}

/* "" in answers of older services. */
static bool is_in_another_state(const struct cp_function_config *f)
{
    return f->state[0] && !is(f->state, "Active");
}

static bool has_failed_update(const struct cp_function_config *f)
{
    return is(f->last_update_status, "Failed");
}

static bool is_updating(const struct cp_function_config *f)
{
    return is(f->last_update_status, "InProgress");
}

static bool is_durable(const struct cp_function_config *f)
{
    return f->is_durable;
}

bool cp_function_is_snap_start(const struct cp_function_config *f)
{
    return is(f->snap_start_apply_on, "PublishedVersions");
}

const char *cp_function_initialization(const struct cp_function_config *f)
{
    return cp_function_is_snap_start(f) ? "snap-start" : "on-demand";
}

/* --- refusals --- */

static const char *environment_error(const struct cp_function_config *f)
{
    return f->environment_error;
}

static const char *state(const struct cp_function_config *f)
{
    return f->state;
}

static const char *state_reason(const struct cp_function_config *f)
{
    return f->state_reason_code[0] ? f->state_reason_code : "no reason given";
}

/* First row that holds: what it is for good comes before what may pass. */
static const struct {
    bool (*holds)(const struct cp_function_config *f);
    const char *why;
    const char *(*detail)(const struct cp_function_config *f); /* in brackets; NULL: none */
    const char *way_out;                                       /* "" none */
    bool only_copies;
} refusals[] = {
    {is_managed, "it runs on Managed Instances, which have no cold starts on the request path",
     NULL, "", false},
    {is_web, "it is a Web Function, which writes no REPORT record for a request", NULL, "", false},
    {is_edge, "it is a Lambda@Edge replica, which CloudFront alone runs and changes", NULL,
     "; sweep the original function in us-east-1 under an ordinary name", false},
    {is_tenant_isolated, "it isolates tenants: each invocation needs a tenant id of yours", NULL,
     "; sweep a copy of it without tenant isolation", false},
    {hides_records, "its system log level WARN hides the REPORT records of all that succeeds", NULL,
     "; set SystemLogLevel to INFO", false},
    {has_hidden_environment, "its environment variables cannot be read", environment_error,
     "; allow kms:Decrypt with the function's key to these credentials", false},
    {is_signed, "its code is signed, and a shadow function cannot be created from signed code",
     NULL, "; use --in-place", true},
    {is_inactive, "its state is Inactive, as after weeks without a request", NULL,
     "; invoke it once and wait until it is Active", false},
    {is_failed, "its state is Failed", state_reason, "; repair it first", false},
    {is_in_another_state, "its state is not Active", state, "; wait until it is", false},
    {has_failed_update, "its last update has failed", NULL, "; update it again first", false},
    {is_updating, "it is being updated", NULL, "; wait until that is done", false},
};

enum cp_code cp_refuse_function(const struct cp_function_config *f, const char *function,
                                bool is_copied, struct cp_error *err)
{
    for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++) {
        if (!refusals[i].holds(f) || (refusals[i].only_copies && !is_copied))
            continue;
        const char *detail = refusals[i].detail ? refusals[i].detail(f) : NULL;
        return cp_fail(err, CP_EUNSUPPORTED, "cannot sweep '%s': %s%s%s%s%s", function,
                       refusals[i].why, detail ? " (" : "", detail ? detail : "", detail ? ")" : "",
                       refusals[i].way_out);
    }
    return CP_OK;
}

/* --- caveats --- */

static const struct {
    bool (*holds)(const struct cp_function_config *f);
    const char *text;
} caveats[] = {
    {is_durable,
     "it is a durable function: one execution may be many invocations, and each is measured as an "
     "ordinary one"},
};

const char *cp_function_caveat(const struct cp_function_config *f, size_t i)
{
    for (size_t k = 0; k < sizeof caveats / sizeof caveats[0]; k++) {
        if (caveats[k].holds(f) && i-- == 0)
            return caveats[k].text;
    }
    return NULL;
}
