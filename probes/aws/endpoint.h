/* SPDX-License-Identifier: GPL-3.0-or-later
 * Where calls go: an endpoint URL taken apart and checked once. Pure; open struct, no ownership.
 */
#ifndef COLDPROF_PROBES_AWS_ENDPOINT_H
#define COLDPROF_PROBES_AWS_ENDPOINT_H

#include <stdbool.h>

#include "model/base/error.h"
#include "model/base/view.h"

struct cp_endpoint {
    char origin[288];    /* "https://lambda.eu-west-1.amazonaws.com", "http://127.0.0.1:4000" */
    char host[272];      /* Host header: without the port when it is the scheme's own */
    char base_path[256]; /* "" or "/prefix", no final slash */
    bool is_loopback;    /* localhost, 127.0.0.0/8 or [::1] */
};

/* "http(s)://host[:port][/prefix]". CP_EINVAL names what is wrong: scheme, user information, query,
 * host or port. Plain http is for loopback only, unless `allow_insecure`. */
enum cp_code cp_endpoint_parse(const char *url, bool allow_insecure, struct cp_endpoint *out,
                               struct cp_error *err);

/* AWS's own endpoint of a service. The region is checked ([a-z0-9-]{1,32}) before it becomes part
 * of a host name; its partition decides the domain (cn-*: amazonaws.com.cn). */
enum cp_code cp_endpoint_of_region(const char *service, const char *region, struct cp_endpoint *out,
                                   struct cp_error *err);

/* The same for the other forms of AWS's hosts: "lambda-fips.us-east-1.api.aws". */
struct cp_endpoint_variant {
    bool is_fips, is_dualstack;
};
enum cp_code cp_endpoint_of_variant(const char *service, const char *region,
                                    const struct cp_endpoint_variant *variant,
                                    struct cp_endpoint *out, struct cp_error *err);

/* Whether the host is below a domain of AWS's: a service's own endpoint in any form, or a VPC's. */
bool cp_endpoint_is_aws(const struct cp_endpoint *endpoint);

/* Whether the URL's host is this machine; false for anything that does not parse. */
bool cp_url_is_loopback(const char *url);

bool cp_region_is_valid(struct cp_view region);

#endif
