/* SPDX-License-Identifier: GPL-3.0-or-later
 * The Lambda client of probes/aws/lambda.h as a model in memory with a clock of its own: versions,
 * RevisionIds, execution environments that are cold, warm or expired, REPORT records in base64 log
 * tails; and faults on demand. A test program that links this gets it instead of the real client.
 */
#ifndef COLDPROF_TESTS_FAKE_LAMBDA_H
#define COLDPROF_TESTS_FAKE_LAMBDA_H

#include "probes/aws/lambda.h"
#include "probes/aws/lambda_alias.h"
#include "probes/aws/lambda_copy.h"
#include "profiler/sweep/sweep_clock.h"

#define FAKE_ARN "arn:aws:lambda:us-east-1:000000000000:function:hello"

enum { FAKE_VERSIONS_MAX = 4096, FAKE_ENVS_MAX = 16, FAKE_CALLS_NEVER = 1 << 30 };

struct fake_env {
    double busy_until_ms;
};

struct fake_version {
    struct cp_function_config config;
    bool is_deleted;
    struct fake_env envs[FAKE_ENVS_MAX];
    int n_envs;
};

struct fake_flight {
    cp_invoke_done_fn on_done;
    void *context;
    double sent_ms, answer_ms;
    struct fake_version *version;
    bool is_cold;
    int number;
    struct fake_flight *next;
};

struct cp_lambda {
    double now_ms;
    struct cp_function_config latest;
    int64_t revision;
    struct cp_function_config other; /* a second function, called so; name "": none. A call about it
                                        makes it the latest one, and the latest the other */
    int64_t other_revision;
    const char *failing; /* function that returns an error; NULL: none */
    struct fake_version *versions;
    size_t n_versions;
    struct fake_flight *flights;
    struct cp_lambda_failure failure;
    int n_calls, n_changes, n_invocations;
    int most_in_flight;
    /* laws */
    double init_ms, init_spread_ms; /* uniform around init_ms */
    double warm_ms_at_1769, warm_spread_ms;
    double lifetime_ms;
    int oom_below_mb;                                /* smaller sizes run out of memory */
    int timeout_below_mb;                            /* smaller sizes time out */
    bool always_fails;                               /* the function returns an error */
    const struct cp_provisioned_config *provisioned; /* of any qualifier; NULL: none */
    double provisioned_at_ms;                        /* IN_PROGRESS until then */
    bool hides_records;                              /* answers come without a log tail */
    bool has_suppressed_init;
    /* faults: every k-th invocation (0 never) */
    int throttle_every, lose_every, unreach_every, forbid_at;
    double lost_busy_ms;         /* so much longer runs an invocation whose answer is lost */
    int no_env_every;            /* 502 EC2ThrottledException: nothing ran */
    const char *throttle_reason; /* NULL: ConcurrentInvocationLimitExceeded */
    /* at the k-th call (1 = first): */
    int fail_at;                                 /* answers 500 without effect */
    int busy_at;                                 /* answers 409: an update is in progress */
    int lose_at;                                 /* answers 500 after the effect of a change */
    void (*at_call)(void *context, int n_calls); /* before every call */
    void *at_context;
    uint64_t seed_state;
    struct cp_alias_config alias, user_alias; /* name "": none */
    int pending_looks;                        /* $LATEST is Pending for so many more looks at it */
    bool has_policy, has_url, has_event_source;
    double deadline_ms; /* NAN: none */
};

void fake_lambda_init(struct cp_lambda *l);
void fake_lambda_clear(struct cp_lambda *l); /* answers what is in the air, as cp_lambda_free */
struct cp_sweep_clock fake_lambda_clock(struct cp_lambda *l);
size_t fake_lambda_n_versions(const struct cp_lambda *l); /* not deleted */

#endif
