/* SPDX-License-Identifier: GPL-3.0-or-later
 * Control plane of the embedded Lambda service: functions, versions, aliases, reserved and
 * provisioned concurrency, RevisionId and the 404/409/412 rules, as AWS has them. A state machine:
 * no sockets, no processes, no clock (time comes in), JSON bodies in and out.
 *
 * Environments belong to a *configuration*: an immutable snapshot (memory, timeout, environment)
 * with its own id. Each update of $LATEST makes a new configuration, used from the moment the
 * update completes; a published version has a configuration of its own with the values that $LATEST
 * had, so that no environment ever serves two versions. The environment side is told when a
 * configuration is retired or gets provisioned concurrency (struct cp_control_events) and reports
 * back how many are ready.
 *
 * Ownership: cp_control_new / cp_control_free. Views and strings given to it are copied.
 */
#ifndef COLDPROF_PROBES_LOCAL_CONTROL_H
#define COLDPROF_PROBES_LOCAL_CONTROL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/base/buf.h"
#include "probes/local/code_link.h"
#include "probes/local/function_folder.h"

struct cp_control;

struct cp_control_events {
    void *context;
    /* No new request will go to this configuration; idle environments must end now, busy ones after
     * their request. */
    void (*on_retired)(void *context, int64_t configuration_id);
    /* Keep exactly `count` provisioned environments for it (0: none). */
    void (*on_provisioned)(void *context, int64_t configuration_id, int count);
    /* A version with SnapStart was published: make its snapshot, then say so by
     * cp_control_snapshot_progress. Until then it is Pending. NULL: nobody can, and SnapStart is
     * kept without effect. */
    void (*on_snapshot)(void *context, int64_t configuration_id);
};

/* What the control plane has done about code, for it opens no file itself. All may be NULL: then
 * nothing can be created, and GetFunction tells no Location. */
struct cp_control_code {
    void *context;
    /* Unpacks an archive: sets dir, package, code_sha256 and code_size. */
    enum cp_code (*unpack)(void *context, struct cp_view zip, struct cp_function_folder *folder,
                           struct cp_error *err);
    /* Sets program, bootstrap and the runtime that is really here, by runtime and dir. */
    enum cp_code (*prepare)(void *context, struct cp_function_folder *folder, struct cp_error *err);
    /* A link that fetches the code, "" when there is none. */
    void (*locate)(void *context, const char *function, const char *sha256_base64, int64_t now_ms,
                   char out[CP_CODE_LINK_MAX]);
};

struct cp_control_options {
    const char *region;      /* us-east-1 */
    const char *account_id;  /* 12 digits */
    int account_concurrency; /* 1,000 as on AWS; at least 100 stay unreserved */
    int update_delay_ms;     /* how long LastUpdateStatus stays InProgress */
    uint64_t seed;           /* RevisionIds */
    struct cp_control_events events;
    struct cp_control_code code;
};

enum cp_code cp_control_new(const struct cp_control_options *options, struct cp_control **out,
                            struct cp_error *err);
void cp_control_free(struct cp_control *control);
/* CP_EEXIST for a second function of the same name. `folder` is copied. */
enum cp_code cp_control_add_function(struct cp_control *control,
                                     const struct cp_function_folder *folder, int64_t now_ms,
                                     struct cp_error *err);

/* What an environment needs to know. Borrowed from the control plane; valid until the configuration
 * is retired: copy what must live longer. */
struct cp_configuration {
    int64_t id;
    const struct cp_function_folder *folder;
    char function_arn[256]; /* with :version when published */
    char version[24];       /* "$LATEST" or a number */
    int memory_size_mb, timeout_s;
    bool is_json_log;
    bool is_snap_start;       /* fresh environments are restored from its snapshot */
    int provisioned;          /* requested provisioned concurrency for it, 0 none */
    int reserved;             /* reserved concurrency of the function, -1 none */
    int account_unreserved;   /* unreserved concurrency of the account */
    char system_log_level[8]; /* JSON log format: DEBUG, INFO, WARN; "" for Text */
    char log_group[513];
    char qualifier[160]; /* by which it was resolved; "" none */
};

/* An answer of the API: status, headers that matter, body. */
struct cp_api_response {
    int status;
    char error_type[64]; /* x-amzn-ErrorType; "" when none */
    int retry_after_s;   /* -1 absent */
    struct cp_buf body;  /* JSON; init by cp_api_response_init, clear after sending */
};
void cp_api_response_init(struct cp_api_response *response);
void cp_api_response_clear(struct cp_api_response *response);
/* Error body as on AWS: {"Type":"User","message":...} or "Message" by error type; 429 with Reason.
 */
void cp_api_fail(struct cp_api_response *response, int status, const char *error_type,
                 const char *reason, const char *fmt, ...) __attribute__((format(printf, 5, 6)));

/* Operations of the control plane; The two of Invoke are not among them. */
enum cp_api_operation {
    CP_API_INVOKE,
    CP_API_INVOKE_WITH_RESPONSE_STREAM,
    CP_API_GET_FUNCTION,
    CP_API_GET_FUNCTION_CONFIGURATION,
    CP_API_UPDATE_FUNCTION_CONFIGURATION,
    CP_API_PUBLISH_VERSION,
    CP_API_LIST_VERSIONS,
    CP_API_LIST_FUNCTIONS,
    CP_API_DELETE_FUNCTION,
    CP_API_CREATE_ALIAS,
    CP_API_GET_ALIAS,
    CP_API_UPDATE_ALIAS,
    CP_API_DELETE_ALIAS,
    CP_API_LIST_ALIASES,
    CP_API_PUT_RESERVED,
    CP_API_GET_RESERVED,
    CP_API_DELETE_RESERVED,
    CP_API_PUT_PROVISIONED,
    CP_API_GET_PROVISIONED,
    CP_API_DELETE_PROVISIONED,
    CP_API_LIST_PROVISIONED,
    CP_API_GET_ACCOUNT_SETTINGS,
    CP_API_CREATE_FUNCTION,
    CP_API_TAG_RESOURCE,
    CP_API_UNTAG_RESOURCE,
    CP_API_LIST_TAGS,
    CP_API_UPDATE_CODE,
    CP_API_ADD_PERMISSION,
    CP_API_GET_POLICY,
    CP_API_REMOVE_PERMISSION,
    CP_API_CREATE_URL,
    CP_API_GET_URL,
    CP_API_UPDATE_URL,
    CP_API_DELETE_URL,
    CP_API_LIST_URLS,
    CP_API_PUT_EVENT_INVOKE,
    CP_API_UPDATE_EVENT_INVOKE,
    CP_API_GET_EVENT_INVOKE,
    CP_API_DELETE_EVENT_INVOKE,
    CP_API_LIST_EVENT_INVOKES,
    CP_API_CREATE_SOURCE,
    CP_API_LIST_SOURCES,
    CP_API_GET_SOURCE,
    CP_API_UPDATE_SOURCE,
    CP_API_DELETE_SOURCE,
    CP_API_GET_CALLER_IDENTITY, /* of STS: not of the control plane */
    CP_API_LOGS,                /* any of CloudWatch Logs, see `action` */
    CP_API_METRICS,             /* any of CloudWatch's metrics, see `action` */
    CP_API_GET_CODE,            /* Code.Location: not of the control plane */
    CP_API_OPERATION_COUNT
};

/* A request after routing and strict decoding (api_route.h). */
struct cp_api_request {
    enum cp_api_operation operation;
    char function[320];  /* decoded {FunctionName}: name, partial ARN or ARN */
    char alias[160];     /* decoded {Name} of the alias routes */
    char qualifier[160]; /* ?Qualifier=, "" when absent */
    char marker[160];    /* ?Marker= */
    int max_items;       /* ?MaxItems=, 0 absent */
    bool is_list;        /* ?List=ALL */
    struct cp_view body;
    char function_version[32]; /* ?FunctionVersion= of the two listings that have it */
    struct cp_view query;      /* undecoded, for the tag keys: they may hold any character */
    char action[64];           /* of X-Amz-Target, without the name of its service */
    char expires[24], token[CP_CODE_TOKEN_MAX]; /* of a code link, whose SHA part is in `alias` */
};

/* Runs any operation but Invoke. The response is always filled. */
void cp_control_handle(struct cp_control *control, const struct cp_api_request *request,
                       int64_t now_ms, struct cp_api_response *response);

/* Completes the updates whose time has come (cp_control_handle does it too). Call it before
 * cp_control_resolve, so that an update reaches requests when it completes and not later. */
void cp_control_advance(struct cp_control *control, int64_t now_ms);

/* Which configuration an Invoke (or a qualifier) means. On failure false and `response` is the
 * API's error (404 and so on). Follows aliases; weighted aliases draw by `uniform` in (0,1). */
bool cp_control_resolve(struct cp_control *control, const char *function, const char *qualifier,
                        double uniform, struct cp_configuration *out,
                        struct cp_api_response *response);

/* The folder with the code of this function that `link` names, in any of its versions; NULL when
 * there is none. Borrowed until the next call. */
const struct cp_function_folder *cp_control_code(const struct cp_control *control,
                                                 const struct cp_code_link *link);

/* The configuration of an id given to struct cp_control_events; false when there is none. */
bool cp_control_configuration(const struct cp_control *control, int64_t configuration_id,
                              struct cp_configuration *out);

/* Environment side reports provisioned progress; `failure` NULL or a StatusReason such as
 * "FUNCTION_ERROR_INIT_FAILURE". */
void cp_control_provisioned_progress(struct cp_control *control, int64_t configuration_id,
                                     int n_ready, const char *failure);

/* The snapshot of a configuration is ready (`failure` NULL: the version becomes Active), or cannot
 * be made: a StateReasonCode such as "FunctionError.RuntimeInitError" (Failed). */
void cp_control_snapshot_progress(struct cp_control *control, int64_t configuration_id,
                                  const char *failure);

#endif
