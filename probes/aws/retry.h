/* SPDX-License-Identifier: GPL-3.0-or-later
 * When to repeat a call: one pure policy. No clock and no waiting here; the caller obeys.
 * The figures are those of the AWS SDKs' "standard" mode (2026 rules): three attempts, full jitter
 * below min(base * 2^(attempt - 1), 20 s) with base 50 ms, 1 s for throttling, and a budget of 500
 * tokens from which a repeat takes 14, after throttling 5. With a deadline (an undo must get
 * through) only the time counts, not attempts and tokens.
 */
#ifndef COLDPROF_PROBES_AWS_RETRY_H
#define COLDPROF_PROBES_AWS_RETRY_H

#include <stdbool.h>

#include "model/base/error.h"
#include "model/base/rng.h"

enum cp_call_kind {
    CP_CALL_REPEATABLE, /* reads, and changes that have the same effect twice */
    CP_CALL_ONCE,       /* PublishVersion, CreateAlias: only if it cannot have taken effect */
    CP_CALL_INVOKE,     /* never: an invocation is a measurement, and so is its failure */
};

enum cp_retry_class { CP_RETRY_CLASS_NONE, CP_RETRY_CLASS_TRANSIENT, CP_RETRY_CLASS_THROTTLE };

enum { CP_RETRY_ATTEMPTS_MAX = 3, CP_RETRY_BUDGET_MAX = 500 };

/* One attempt that failed. */
struct cp_retry_attempt {
    enum cp_call_kind kind;
    int attempt;            /* 1 for the first */
    enum cp_code transport; /* CP_OK: an answer came */
    bool was_sent;          /* a byte of the request left */
    int http_status;        /* when an answer came */
    const char *error_code; /* AWS's; "" or NULL when none */
    double retry_after_s;   /* header Retry-After; NAN when absent */
    double retry_after_ms;  /* header x-amz-retry-after; NAN when absent */
    bool has_deadline;
    double left_ms; /* until the deadline, when there is one */
};

struct cp_retry_budget {
    int tokens; /* begins at CP_RETRY_BUDGET_MAX */
};

struct cp_retry_decision {
    bool is_again;
    double wait_ms; /* before the next attempt; 0 when not again */
    int cost;       /* tokens taken from the budget */
};

struct cp_retry_decision cp_retry_decide(const struct cp_retry_attempt *attempt,
                                         struct cp_retry_budget *budget, struct cp_rng *rng);

/* A call succeeded: its last repeat's tokens come back, one token when it needed no repeat. */
void cp_retry_succeeded(struct cp_retry_budget *budget, int last_cost);

/* Class of an AWS error code; NONE for unknown, "" and NULL. */
enum cp_retry_class cp_retry_error_class(const char *error_code);

#endif
