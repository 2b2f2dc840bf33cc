/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "probes/aws/service_endpoint.h"

#include <stdio.h>

const struct cp_service cp_service_lambda = {"lambda", "lambda", "AWS_ENDPOINT_URL_LAMBDA",
                                             "lambda"};
const struct cp_service cp_service_sts = {"sts", "sts", "AWS_ENDPOINT_URL_STS", "sts"};
const struct cp_service cp_service_sso = {"sso", "sso", "AWS_ENDPOINT_URL_SSO", "portal.sso"};
const struct cp_service cp_service_logs = {"cloudwatch_logs", "logs",
                                           "AWS_ENDPOINT_URL_CLOUDWATCH_LOGS", "logs"};
const struct cp_service cp_service_metrics = {"cloudwatch", "monitoring",
                                              "AWS_ENDPOINT_URL_CLOUDWATCH", "monitoring"};

enum { URL_MAX = 1024 };

/* A configured URL and the setting it is from; `from` is NULL when there is none. */
struct configured {
    const char *from;
    char url[URL_MAX];
};

static enum cp_code take(struct configured *c, const char *from, struct cp_view url,
                         struct cp_error *err)
{
    if (url.n == 0)
        return CP_OK;
    c->from = from;
    if (!cp_view_copy(url, c->url, sizeof c->url))
        return cp_fail(err, CP_ELIMIT, "%s: the URL is longer than %d characters", from,
                       URL_MAX - 1);
    return CP_OK;
}

/* [services NAME] of the profile. */
static enum cp_code take_from_section(const struct cp_shared_config *config,
                                      const struct cp_service *service, struct configured *c,
                                      struct cp_error *err)
{
    const char *name = cp_ini_get(cp_shared_profile(config), "services");
    if (!name || !name[0])
        return CP_OK;
    const struct cp_ini_section *section = cp_ini_section(&config->ini, CP_INI_SERVICES, name);
    if (!section)
        return cp_fail(err, CP_ENOTFOUND,
                       "profile '%s' names the section [services %s], which is not in '%s'",
                       config->profile, name, config->config_path);
    struct cp_view url = cp_ini_sub_property(cp_ini_get(section, service->id), "endpoint_url");
    return take(c, "endpoint_url of the [services] section", url, err);
}

static enum cp_code find_configured(const struct cp_shared_config *config,
                                    const struct cp_service *service, struct configured *c,
                                    struct cp_error *err)
{
    if (cp_shared_claim(config, "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
                        "ignore_configured_endpoint_urls"))
        return CP_OK;
    const char *const variables[] = {service->variable, "AWS_ENDPOINT_URL"};
    enum cp_code code = CP_OK;
    for (size_t i = 0; i < 2 && !code && !c->from; i++)
        code = take(c, variables[i], cp_view_of(cp_shared_variable(config, variables[i])), err);
    if (!code && !c->from)
        code = take_from_section(config, service, c, err);
    if (!code && !c->from)
        code = take(c, "endpoint_url of the profile",
                    cp_view_of(cp_ini_get(cp_shared_profile(config), "endpoint_url")), err);
    return code;
}

enum cp_code cp_service_endpoint(const struct cp_shared_config *config,
                                 const struct cp_service_endpoint_options *options,
                                 struct cp_endpoint *out, struct cp_error *err)
{
    struct configured c = {.from = NULL};
    enum cp_code code = CP_OK;
    if (options->url)
        code = take(&c, "--endpoint-url", cp_view_of(options->url), err);
    else
        code = find_configured(config, options->service, &c, err);
    if (code)
        return code;
    if (c.from) {
        code = cp_endpoint_parse(c.url, options->allow_insecure, out, err);
        return code ? cp_fail_context(err, "%s", c.from) : CP_OK;
    }
    const struct cp_endpoint_variant variant = {
        .is_fips = cp_shared_claim(config, "AWS_USE_FIPS_ENDPOINT", "use_fips_endpoint"),
        .is_dualstack =
            cp_shared_claim(config, "AWS_USE_DUALSTACK_ENDPOINT", "use_dualstack_endpoint"),
    };
    return cp_endpoint_of_variant(options->service->host, options->region, &variant, out, err);
}
