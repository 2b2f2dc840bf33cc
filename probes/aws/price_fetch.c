/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "probes/aws/endpoint.h"
#include "probes/aws/http_once.h"
#include "probes/aws/price_list.h"

#include <stdio.h>

#define AWS_URL "https://pricing.us-east-1.amazonaws.com"
enum { ATTEMPTS = 3, CONNECT_MS = 10000, TIMEOUT_MS = 120000, URL_MAX = 700 };
enum { HTTP_OK = 200, HTTP_FORBIDDEN = 403, HTTP_NOT_FOUND = 404, HTTP_SERVER = 500 };

/* A host that has no such list answers 403 where the bucket may not be listed. */
static enum cp_code judge(int status, const char *url, const char *region, struct cp_error *err)
{
    if (status == HTTP_OK)
        return CP_OK;
    if (status == HTTP_FORBIDDEN || status == HTTP_NOT_FOUND)
        return cp_fail(err, CP_ENOTFOUND, "AWS has no price list of region '%s' (HTTP %d from %s)",
                       region, status, url);
    return cp_fail(err, CP_EREMOTE, "HTTP %d from %s", status, url);
}

static enum cp_code fetch(const struct cp_price_fetch_options *o, const char *url,
                          struct cp_buf *json, struct cp_error *err)
{
    const struct cp_http_once once = {o->http, o->is_interrupted, o->interrupt_context};
    const struct cp_http_request request = {
        .method = "GET",
        .url = url,
        .connect_timeout_ms = CONNECT_MS,
        .timeout_ms = TIMEOUT_MS,
        .max_response_bytes = CP_PRICE_LIST_MAX,
        .ca_bundle = o->ca_bundle,
    };
    enum cp_code code = CP_OK;
    for (int i = 0; i < ATTEMPTS; i++) {
        int status = -1;
        cp_buf_reset(json);
        code = cp_http_once(&once, &request, json, &status, err);
        bool is_again = code == CP_EIO || code == CP_ETIMEOUT || (!code && status >= HTTP_SERVER);
        if (!code)
            code = judge(status, url, o->region, err);
        else if (code != CP_EINTERRUPTED)
            (void)cp_fail_context(err, "cannot fetch %s", url);
        if (!is_again)
            break;
    }
    return code;
}

enum cp_code cp_price_list_fetch(const struct cp_price_fetch_options *options, struct cp_buf *json,
                                 struct cp_error *err)
{
    struct cp_endpoint endpoint;
    char url[URL_MAX];
    if (!cp_region_is_valid(cp_view_of(options->region)))
        return cp_fail(err, CP_EINVAL, "'%.40s' is no Region's name; write it like eu-west-1",
                       options->region);
    enum cp_code code = cp_endpoint_parse(options->endpoint_url ? options->endpoint_url : AWS_URL,
                                          options->allow_insecure, &endpoint, err);
    if (code)
        return code;
    (void)snprintf(url, sizeof url, "%s%s/offers/v1.0/aws/AWSLambda/current/%s/index.json",
                   endpoint.origin, endpoint.base_path, options->region);
    return fetch(options, url, json, err);
}
