/* SPDX-License-Identifier: GPL-3.0-or-later
 * Inside of a caller: for the sending of one request (call.c) and for waiting with repeats
 * (call_wait.c).
 */
#ifndef COLDPROF_PROBES_AWS_CALLER_H
#define COLDPROF_PROBES_AWS_CALLER_H

#include "probes/aws/call.h"

enum { CP_POLL_SLICE_MS = 200 }; /* how late an interruption may be noticed */

struct cp_caller {
    struct cp_caller_options options;
    struct cp_credentials credentials;
    char region[40], service[40];
    struct cp_http *http;
    struct cp_retry_budget budget;
    struct cp_rng rng;
    int64_t skew_ms; /* server's clock minus ours, set only after AWS refused our time */
    double next_call_mono_ms;
    struct cp_lambda_failure failure;
};

int64_t cp_caller_unix_ms(const struct cp_caller *caller);

#endif
