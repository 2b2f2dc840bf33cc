/* SPDX-License-Identifier: GPL-3.0-or-later
 * The Lambda client: one typed function per API call. The same client speaks to AWS and to the
 * embedded service; nothing above it knows which.
 *
 * Ownership: cp_lambda_new / cp_lambda_free. Result structs are plain records. Control-plane calls
 * block (invocations in flight go on progressing meanwhile); Invoke is asynchronous: start any
 * number, then cp_lambda_poll runs the callbacks. One thread.
 * Errors: CP_EREMOTE with HTTP status, AWS error code and request id in the text and in
 * cp_lambda_last_failure; 404 is CP_ENOTFOUND, 409/412 CP_ECONFLICT, 429 CP_ETHROTTLED,
 * 401/403 CP_EDENIED, no connection CP_EIO.
 */
#ifndef COLDPROF_PROBES_AWS_LAMBDA_H
#define COLDPROF_PROBES_AWS_LAMBDA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/base/buf.h"
#include "probes/aws/client.h"
#include "probes/aws/failure.h"

struct cp_lambda;

/* CP_EINVAL: no region, a region that is none, an endpoint that is none, no credentials for AWS.
 * Control-plane calls beyond loopback are paced to 10 a second (AWS allows 15 per account), all
 * clients of the process together. */
enum cp_code cp_lambda_new(const struct cp_client_options *options, struct cp_lambda **out,
                           struct cp_error *err);
void cp_lambda_free(struct cp_lambda *lambda);

/* Until `mono_ms` (of the client's clock: cp_clock_mono_ms unless options.clock is another) reads
 * and repeatable changes are repeated after failures that may pass, however often; a call that is
 * not through by then fails and says so. For undoing, which must get through: now + 15 min. NAN
 * ends it: three attempts again. is_interrupted is asked as ever, so answer false to the
 * interruption that led to the undo. */
void cp_lambda_set_deadline(struct cp_lambda *l, double mono_ms);
/* Between two looks. CP_EINTERRUPTED. */
enum cp_code cp_lambda_sleep(struct cp_lambda *l, double ms, struct cp_error *err);

/* Did the last answer come from the embedded service? */
bool cp_lambda_is_embedded(const struct cp_lambda *lambda);

/* Details of the last control-plane call that failed on this client. */
const struct cp_lambda_failure *cp_lambda_last_failure(const struct cp_lambda *lambda);

enum { CP_CONFIG_MEMBERS_MAX = 32, CP_CONFIG_LAYERS_MAX = 1152 }; /* five, names of 140 */

struct cp_function_config {
    char name[72];
    char arn[256];
    char version[24];
    char runtime[64]; /* "" for images */
    char handler[160];
    char architecture[16];
    char package_type[16];
    char code_sha256[72];
    char revision_id[48];
    char state[24], state_reason_code[64];
    char last_update_status[24];
    char description[256];
    char log_format[8]; /* Text, JSON */
    char system_log_level[8];
    char runtime_version_arn[160];
    char log_group[512];
    char snap_start_apply_on[24];    /* None, PublishedVersions */
    char snap_start_optimization[8]; /* On, Off; of a published version */
    char master_arn[256];            /* Lambda@Edge: the function it was copied from */
    char environment_error[64];      /* error code when the variables cannot be read */
    bool has_capacity_provider;      /* Managed Instances */
    bool has_tenancy, has_code_signing, is_durable;
    int memory_size_mb;
    int ephemeral_storage_mb; /* 512 where the answer does not say */
    int timeout_s;
    int64_t code_size;
    char layers[CP_CONFIG_LAYERS_MAX]; /* their ARNs in order, blank between them; whole ones */
    uint64_t members[CP_CONFIG_MEMBERS_MAX]; /* see cp_function_config_difference */
};
/* Name of the first member in which `b` differs from `a`: of all that decide how the function runs
 * but memory size, state and identity. With `with_description` also "Description". NULL: none. */
const char *cp_function_config_difference(const struct cp_function_config *a,
                                          const struct cp_function_config *b,
                                          bool with_description);
/* One number for all these members, description included. */
uint64_t cp_function_config_hash(const struct cp_function_config *config);

struct cp_function_update {
    int memory_size_mb;      /* 0: unchanged */
    int timeout_s;           /* 0: unchanged */
    const char *description; /* NULL: unchanged */
    const char *revision_id; /* NULL: no precondition */
};

struct cp_version_publish {
    const char *description; /* NULL: that of $LATEST */
    const char *revision_id; /* NULL: no precondition */
    const char *code_sha256; /* NULL: no precondition */
};

struct cp_provisioned_config {
    int requested, available, allocated;
    char status[16]; /* IN_PROGRESS, READY, FAILED */
    char status_reason[256];
};

struct cp_account_settings {
    int concurrent_executions, unreserved_concurrent_executions;
};

/* `function`: name, partial ARN or ARN. `qualifier` may be NULL. Both are checked before anything
 * is sent (CP_EINVAL). Every `out` may be NULL; it is filled on CP_OK only. CP_EFORMAT: the answer
 * does not hold what it must. Reads and repeatable changes are retried (retry.h); PublishVersion is
 * not when it may have taken effect. A change that meets an update in progress (409) waits for its
 * end, at most 5 min, and is asked again. */
enum cp_code cp_lambda_get_function_configuration(struct cp_lambda *l, const char *function,
                                                  const char *qualifier,
                                                  struct cp_function_config *out,
                                                  struct cp_error *err);
/* GetFunction: configuration and reserved concurrency (-1 unset). */
enum cp_code cp_lambda_get_function(struct cp_lambda *l, const char *function,
                                    const char *qualifier, struct cp_function_config *out,
                                    int *reserved, struct cp_error *err);
enum cp_code cp_lambda_update_function_configuration(struct cp_lambda *l, const char *function,
                                                     const struct cp_function_update *update,
                                                     struct cp_function_config *out,
                                                     struct cp_error *err);
/* Polls GetFunction until LastUpdateStatus is not InProgress; CP_ETIMEOUT, CP_EREMOTE when Failed.
 */
enum cp_code cp_lambda_wait_updated(struct cp_lambda *l, const char *function, int timeout_ms,
                                    struct cp_function_config *out, struct cp_error *err);
/* Polls until the version's State is Active. */
enum cp_code cp_lambda_wait_active(struct cp_lambda *l, const char *function, const char *qualifier,
                                   int timeout_ms, struct cp_function_config *out,
                                   struct cp_error *err);
enum cp_code cp_lambda_publish_version(struct cp_lambda *l, const char *function,
                                       const struct cp_version_publish *publish,
                                       struct cp_function_config *out, struct cp_error *err);
/* Only a number is accepted as version: CP_EINVAL otherwise, before anything is sent (a missing
 * qualifier would delete the function). */
enum cp_code cp_lambda_delete_version(struct cp_lambda *l, const char *function,
                                      const char *version, struct cp_error *err);
enum cp_code cp_lambda_put_provisioned(struct cp_lambda *l, const char *function,
                                       const char *qualifier, int count,
                                       struct cp_provisioned_config *out, struct cp_error *err);
enum cp_code cp_lambda_get_provisioned(struct cp_lambda *l, const char *function,
                                       const char *qualifier, struct cp_provisioned_config *out,
                                       struct cp_error *err);
enum cp_code cp_lambda_delete_provisioned(struct cp_lambda *l, const char *function,
                                          const char *qualifier, struct cp_error *err);
enum cp_code cp_lambda_put_reserved(struct cp_lambda *l, const char *function, int count,
                                    struct cp_error *err);
enum cp_code cp_lambda_delete_reserved(struct cp_lambda *l, const char *function,
                                       struct cp_error *err);
enum cp_code cp_lambda_get_account_settings(struct cp_lambda *l, struct cp_account_settings *out,
                                            struct cp_error *err);
/* Calls `each` for every version, $LATEST too (pages are followed); a false return ends the
 * listing. */
typedef bool (*cp_lambda_version_fn)(void *context, const struct cp_function_config *version);
enum cp_code cp_lambda_list_versions(struct cp_lambda *l, const char *function,
                                     cp_lambda_version_fn each, void *context,
                                     struct cp_error *err);
/* For "did you mean": names of the account's functions. */
enum cp_code cp_lambda_list_functions(struct cp_lambda *l, cp_lambda_version_fn each, void *context,
                                      struct cp_error *err);

/* --- Invoke --- */
struct cp_invoke_result {
    enum cp_code code;     /* CP_OK: an HTTP answer came (also for function errors) */
    struct cp_error error; /* when code is not CP_OK, and after a refusal of the keys (403) */
    int http_status;       /* -1 no answer */
    /* No answer after a byte was sent, or a 5xx other than those of an environment that could not
     * be made (EC2*, ENI*): never to be repeated. False also after 2xx: it has run. */
    bool may_have_run;
    struct cp_view payload;    /* borrowed during the callback */
    struct cp_view log_result; /* base64 tail; empty when absent */
    char function_error[24];   /* "" none, Unhandled, Handled */
    char executed_version[24];
    char request_id[40];
    struct cp_lambda_failure failure; /* 4xx/5xx */
    int64_t sent_at_ms;               /* unix ms, when the request was handed to the transport */
    double client_ms;                 /* send to last byte, monotonic */
};
typedef void (*cp_invoke_done_fn)(void *context, const struct cp_invoke_result *result);

struct cp_invoke {
    const char *function;
    const char *qualifier;       /* NULL: $LATEST */
    struct cp_view payload;      /* copied */
    bool log_tail;               /* X-Amz-Log-Type: Tail */
    const char *invocation_type; /* NULL: RequestResponse */
    int timeout_ms;              /* total; 0 means 930 s */
    cp_invoke_done_fn on_done;   /* called exactly once, from cp_lambda_poll or cp_lambda_free */
    void *context;
};
enum cp_code cp_lambda_invoke_start(struct cp_lambda *l, const struct cp_invoke *invoke,
                                    struct cp_error *err);
/* Waits up to timeout_ms for progress, runs callbacks; `in_flight` may be NULL. */
enum cp_code cp_lambda_poll(struct cp_lambda *l, int timeout_ms, size_t *in_flight,
                            struct cp_error *err);

#endif
