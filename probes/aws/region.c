/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "probes/aws/region.h"

#include "probes/aws/endpoint.h"
#include "probes/aws/function_name.h"

struct found {
    const char *from;
    struct cp_view region;
};

static struct found look(const struct cp_shared_config *config, const char *option)
{
    static const char *const VARIABLES[] = {"AWS_REGION", "AWS_DEFAULT_REGION"};
    if (option && option[0])
        return (struct found){"--region", cp_view_of(option)};
    for (size_t i = 0; i < sizeof VARIABLES / sizeof VARIABLES[0]; i++) {
        const char *value = cp_shared_variable(config, VARIABLES[i]);
        if (value)
            return (struct found){VARIABLES[i], cp_view_of(value)};
    }
    const char *value = cp_ini_get(cp_shared_profile(config), "region");
    return (struct found){"'region' of the profile", cp_view_of(value)};
}

enum cp_code cp_region_find(const struct cp_shared_config *config, const char *function,
                            const char *option, char out[CP_REGION_TEXT_MAX], struct cp_error *err)
{
    struct cp_view account;
    struct found f = {"the ARN", {"", 0}};
    bool is_arn = function && cp_function_place(function, &f.region, &account);
    if (is_arn && option && option[0] && !cp_view_is(f.region, option))
        return cp_fail(err, CP_EINVAL,
                       "--region is '%s' but the ARN names '%.*s'; leave --region out", option,
                       (int)f.region.n, f.region.p);
    if (!is_arn)
        f = look(config, option);
    if (f.region.n == 0)
        return cp_fail(err, CP_ENOTFOUND,
                       "no AWS Region: give --region, or set AWS_REGION, or 'region' in profile "
                       "'%s' of '%s'",
                       config->profile, config->config_path);
    if (!cp_region_is_valid(f.region))
        return cp_fail(err, CP_EINVAL, "%s: '%.*s' is not like 'eu-central-1'", f.from,
                       (int)(f.region.n < 40 ? f.region.n : 40), f.region.p);
    (void)cp_view_copy(f.region, out, CP_REGION_TEXT_MAX);
    return CP_OK;
}
