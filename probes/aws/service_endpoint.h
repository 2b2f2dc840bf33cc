/* SPDX-License-Identifier: GPL-3.0-or-later
 * Where the calls of one AWS service go.
 */
#ifndef COLDPROF_PROBES_AWS_SERVICE_ENDPOINT_H
#define COLDPROF_PROBES_AWS_SERVICE_ENDPOINT_H

#include "probes/aws/endpoint.h"
#include "probes/aws/shared_config.h"

struct cp_service {
    const char *id;       /* in a [services] section: "lambda", "cloudwatch_logs" */
    const char *signing;  /* signing name: "lambda", "logs" */
    const char *variable; /* "AWS_ENDPOINT_URL_LAMBDA" */
    const char *host;     /* first part of AWS's host name */
};
extern const struct cp_service cp_service_lambda, cp_service_sts, cp_service_sso, cp_service_logs,
    cp_service_metrics;

struct cp_service_endpoint_options {
    const struct cp_service *service;
    const char *region; /* checked */
    const char *url;    /* --endpoint-url; NULL: as configured */
    bool allow_insecure;
};

/* In this order: `url`, the service's variable, AWS_ENDPOINT_URL, `endpoint_url` of the service in
 * the profile's [services] section, `endpoint_url` of the profile, AWS's own host (with FIPS or
 * dual stack as AWS_USE_FIPS_ENDPOINT and AWS_USE_DUALSTACK_ENDPOINT or the profile say).
 * AWS_IGNORE_CONFIGURED_ENDPOINT_URLS turns off all that is configured. Messages name the setting
 * and never repeat user information. */
enum cp_code cp_service_endpoint(const struct cp_shared_config *config,
                                 const struct cp_service_endpoint_options *options,
                                 struct cp_endpoint *out, struct cp_error *err);

#endif
