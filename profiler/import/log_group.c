/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/import/log_group.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "probes/aws/endpoint.h"

#define FUNCTION_PREFIX "/aws/lambda/"

/* a-z, A-Z, 0-9, '_', '-', '/', '.', '#': the service model's pattern. */
static bool is_group_name(struct cp_view name)
{
    if (name.n == 0 || name.n > CP_LOGS_GROUP_MAX)
        return false;
    for (size_t i = 0; i < name.n; i++)
        if (!isascii(name.p[i]) ||
            (!isalnum((unsigned char)name.p[i]) && !strchr("_-/.#", name.p[i])))
            return false;
    return true;
}

static enum cp_code fail(const char *text, struct cp_error *err)
{
    return cp_fail(err, CP_EINVAL,
                   "'%.200s' is no log group; name it like /aws/lambda/checkout, checkout, or by "
                   "its ARN",
                   text);
}

/* arn:PARTITION:SERVICE:REGION:ACCOUNT:KIND:NAME[:...]; the views are of `text`. */
struct arn {
    struct cp_view service, region, kind, name;
};

static bool split_arn(struct cp_view text, struct arn *out)
{
    struct cp_view part;
    struct cp_view *const parts[] = {&part, &part,      &out->service, &out->region,
                                     &part, &out->kind, &out->name};
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        if (!cp_view_split(&text, ':', parts[i]))
            return false;
    return true;
}

static bool set(struct cp_log_group *out, const char *prefix, struct cp_view name)
{
    int n = snprintf(out->name, sizeof out->name, "%s%.*s", prefix, (int)name.n, name.p);
    return is_group_name(name) && n > 0 && (size_t)n < sizeof out->name;
}

static enum cp_code read_arn(const char *text, struct cp_log_group *out, struct cp_error *err)
{
    struct arn arn;
    if (!split_arn(cp_view_of(text), &arn) || !cp_region_is_valid(arn.region) ||
        !cp_view_copy(arn.region, out->region, sizeof out->region))
        return fail(text, err);
    bool is_logs = cp_view_is(arn.service, "logs") && cp_view_is(arn.kind, "log-group");
    bool is_function = cp_view_is(arn.service, "lambda") && cp_view_is(arn.kind, "function");
    if ((!is_logs && !is_function) || !set(out, is_function ? FUNCTION_PREFIX : "", arn.name))
        return fail(text, err);
    /* Without ":*", which a group's ARN has in some answers and no request may have. */
    struct cp_view id = {text, (size_t)(arn.name.p + arn.name.n - text)};
    if (!cp_view_copy(is_logs ? id : cp_view_of(out->name), out->id, sizeof out->id))
        return fail(text, err);
    return CP_OK;
}

enum cp_code cp_log_group_read(const char *text, struct cp_log_group *out, struct cp_error *err)
{
    struct cp_view name = cp_view_of(text);
    *out = (struct cp_log_group){.id = ""};
    if (cp_view_has_prefix(name, "arn:"))
        return read_arn(text, out, err);
    bool is_word = name.n && !memchr(name.p, '/', name.n);
    if (!set(out, is_word ? FUNCTION_PREFIX : "", name))
        return fail(text, err);
    if (is_word)
        (void)cp_view_copy(name, out->other, sizeof out->other);
    (void)snprintf(out->id, sizeof out->id, "%s", out->name);
    return CP_OK;
}
