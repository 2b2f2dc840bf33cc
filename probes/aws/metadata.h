/* SPDX-License-Identifier: GPL-3.0-or-later
 * One request to a metadata service of the machine (EC2, ECS, EKS): never by a proxy, short
 * time-outs, small answers.
 */
#ifndef COLDPROF_PROBES_AWS_METADATA_H
#define COLDPROF_PROBES_AWS_METADATA_H

#include "probes/aws/provider.h"

enum { CP_METADATA_ANSWER_MAX = 64 << 10 };

struct cp_metadata_request {
    const char *method, *url;
    const struct cp_header *header; /* NULL: none */
    int timeout_ms;
    int attempts; /* >= 1: no answer and 5xx are tried again at once */
};

/* Fills `body` (wipe it) and `status`. CP_OK: an answer came, whatever its status. Else the
 * transport's code; the message does not name the URL. */
enum cp_code cp_metadata_fetch(const struct cp_provider_world *world,
                               const struct cp_metadata_request *request, struct cp_buf *body,
                               int *status, struct cp_error *err);

#endif
