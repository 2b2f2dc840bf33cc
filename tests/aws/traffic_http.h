/* SPDX-License-Identifier: GPL-3.0-or-later
 * A transport that replays recorded traffic (http-traffic.json of the SDKs' cases): it answers in
 * the order of the record and compares each request with the recorded one: method, URI, form
 * fields and the headers that hold credentials. No sockets, no time.
 */
#ifndef COLDPROF_TESTS_AWS_TRAFFIC_HTTP_H
#define COLDPROF_TESTS_AWS_TRAFFIC_HTTP_H

#include "probes/aws/call.h"

struct cJSON;

struct traffic {
    const char *name;           /* of the case, for messages */
    const struct cJSON *events; /* borrowed */
    int next;                   /* index of the event to come */
    bool ignores_identity;      /* role and tokens of the record are not the case's own */
    const char *authorization;  /* left out of the record; NULL: as recorded */
};

/* The record in use; the program has one at a time. */
extern struct traffic traffic;
extern const struct cp_http_ops traffic_http_ops;

/* Fails when recorded requests were not made. */
void traffic_check_end(void);

#endif
