/* SPDX-License-Identifier: GPL-3.0-or-later
 * AWS's public price list of Lambda in bulk: one JSON file per Region, unsigned. Products are
 * matched by regionCode and group, never by the prefix of a usage type; tiers by beginRange, never
 * by rate code. Groups that are not known, Lambda@Edge and the free tier are passed over. Of
 * several prices for the same thing the one with the latest effectiveDate counts.
 */
#ifndef COLDPROF_PROBES_AWS_PRICE_LIST_H
#define COLDPROF_PROBES_AWS_PRICE_LIST_H

#include "model/base/buf.h"
#include "model/decide/price_set.h"
#include "probes/aws/http.h"

enum { CP_PRICE_LIST_MAX = 64 << 20 };

/* Reads the prices of `region` into `set`, whose books are checked. CP_EFORMAT: not such a list, or
 * prices that make no sense; CP_ENOTFOUND: nothing of that Region in it; CP_EUNSUPPORTED: another
 * currency than USD. */
enum cp_code cp_price_list_read(struct cp_view json, const char *region, struct cp_price_set *set,
                                struct cp_error *err);

struct cp_price_fetch_options {
    const struct cp_http_ops *http;
    const char *region;
    const char *endpoint_url; /* NULL: AWS's */
    bool allow_insecure;
    const char *ca_bundle;                 /* NULL: the system's */
    bool (*is_interrupted)(void *context); /* may be NULL */
    void *interrupt_context;
};
/* GETs the list of one Region, three times at most. CP_EINVAL: no such Region's name or endpoint;
 * CP_ENOTFOUND: HTTP 403 or 404, AWS has no list of that Region; CP_EREMOTE; CP_EIO; CP_ETIMEOUT;
 * CP_EINTERRUPTED. The message names the address. */
enum cp_code cp_price_list_fetch(const struct cp_price_fetch_options *options, struct cp_buf *json,
                                 struct cp_error *err);

#endif
