/* SPDX-License-Identifier: GPL-3.0-or-later
 * CloudWatch Logs over the logs that the service keeps: the operations that clients use to find,
 * read and query them, and those that put events in. JSON 1.1; no sockets, no clock.
 *
 * FilterLogEvents ends a page after 10,000 or `limit` events, 1 MB, or CP_CWL_SCAN_MAX events
 * looked at, so that a page may hold few events or none and still have a nextToken. The second page
 * of each search, and every third after it, is empty: clients have to be ready for that on AWS, so
 * that they meet it here every time.
 */
#ifndef COLDPROF_PROBES_LOCAL_LOGS_API_H
#define COLDPROF_PROBES_LOCAL_LOGS_API_H

#include "probes/local/control.h"
#include "probes/local/log_store.h"

struct cp_cwl;

enum { CP_CWL_SCAN_MAX = 10000 };

struct cp_cwl_options {
    const char *region, *account_id;
    uint64_t max_bytes; /* of the kept logs */
    uint64_t seed;      /* query ids */
    double rate_ratio;  /* of AWS's request quotas; 0: no limit */
};

enum cp_code cp_cwl_new(const struct cp_cwl_options *options, struct cp_cwl **out,
                        struct cp_error *err);
void cp_cwl_free(struct cp_cwl *logs);
struct cp_log_store *cp_cwl_store(struct cp_cwl *logs);

/* `action` is the operation's name; `mono_ms` a clock that never goes back. The response is always
 * filled, in the form of JSON 1.1. */
void cp_cwl_handle(struct cp_cwl *logs, const char *action, struct cp_view body, int64_t now_ms,
                   double mono_ms, struct cp_api_response *response);

#endif
