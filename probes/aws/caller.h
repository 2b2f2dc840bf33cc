/* SPDX-License-Identifier: GPL-3.0-or-later
 * Inside of a caller: its life and clock (call.c), the sending of one request (call_send.c), keys
 * and time of its signature (call_keys.c), waiting with repeats (call_wait.c).
 */
#ifndef COLDPROF_PROBES_AWS_CALLER_H
#define COLDPROF_PROBES_AWS_CALLER_H

#include "probes/aws/call.h"

enum { CP_POLL_SLICE_MS = 200 }; /* how late an interruption may be noticed */

struct cp_caller {
    struct cp_caller_options options;
    struct cp_credentials credentials; /* in use; a source's last answer */
    unsigned keys_number;              /* grows when the keys in use change */
    char region[40], service[40];
    char ca_bundle[1024]; /* "" the system's */
    struct cp_http *http;
    struct cp_retry_budget budget;
    struct cp_rng rng;
    int64_t skew_ms; /* server's clock minus ours, set only after AWS refused our time */
    struct cp_call_pace own_pace;
    double deadline_mono_ms; /* NAN: none */
    bool is_embedded;        /* the last answer came from the embedded service */
    struct cp_lambda_failure failure;
};

bool cp_caller_is_interrupted(const struct cp_caller *caller);

/* What a request was signed with. */
struct cp_call_signing {
    unsigned keys_number;
    int64_t skew_ms;
};

/* Asks the source, when there is one, for the keys of the next signature. */
enum cp_code cp_caller_take_keys(struct cp_caller *caller, struct cp_error *err);

enum cp_refusal {
    CP_REFUSAL_NONE, /* of something else, or no refusal at all */
    CP_REFUSAL_TIME, /* of the signature, which a clock that is wrong makes wrong */
    CP_REFUSAL_KEYS, /* of keys that are expired or unknown */
    CP_REFUSALS
};

/* What the answer refuses. Pure. */
enum cp_refusal cp_caller_refusal(const struct cp_http_response *response);

/* After a refusal: learns the time, or takes other keys. Returns whether signing anew is worth
 * another try. When it is not because of the keys, `err` says what to do about them. */
bool cp_caller_heed_refusal(struct cp_caller *caller, enum cp_refusal refusal,
                            const struct cp_call_signing *signing,
                            const struct cp_http_response *response, struct cp_error *err);
/* Fills `err`: keys that are refused once more, with what to do. */
void cp_caller_explain_keys(const struct cp_http_response *response, struct cp_error *err);

#endif
