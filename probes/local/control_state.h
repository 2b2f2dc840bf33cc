/* SPDX-License-Identifier: GPL-3.0-or-later
 * State of the control plane, shared by the control_*.c files and by nobody else.
 *
 * account -> functions (by name) -> $LATEST, versions (by number), aliases (by name), provisioned
 * configurations (by qualifier). Everything is owned by struct cp_control.
 */
#ifndef COLDPROF_PROBES_LOCAL_CONTROL_STATE_H
#define COLDPROF_PROBES_LOCAL_CONTROL_STATE_H

#include "model/base/rng.h"
#include "probes/local/code_package.h"
#include "probes/local/control.h"
#include "probes/local/function_ref.h"
#include "probes/local/uuid.h"

struct cJSON;

enum {
    CP_MIN_UNRESERVED = 100, /* AWS: reservations must leave this much to the account */
    CP_PAGE_MAX = 50,        /* entries a page, however large MaxItems is */
    CP_DESCRIPTION_MAX = 256,
    CP_ARN_TEXT_MAX = 320,
};

/* A folder is large (its environment), and most configurations of a function have the same one. */
struct cp_shared_folder {
    size_t refs;
    struct cp_function_folder folder; /* holds a reference to its package */
};

/* Settings that are kept as they are given back, and change nothing here: Role, Layers, VpcConfig,
 * and so on. Never written to once it is shared. */
struct cp_shared_extras {
    size_t refs;
    struct cJSON *json; /* an object of members of FunctionConfiguration */
};

/* What UpdateFunctionConfiguration changes and PublishVersion freezes. */
struct cp_settings {
    struct cp_shared_folder *folder; /* its env is the configuration's Environment */
    struct cp_shared_extras *extras; /* NULL: none */
    bool has_environment;            /* Environment was given, maybe empty */
    int memory_size_mb, timeout_s;
    char description[4 * CP_DESCRIPTION_MAX + 1]; /* characters of up to 4 bytes */
    bool is_json_log;
    char application_log_level[8], system_log_level[8]; /* "" for Text */
    char log_group[513];
};

enum cp_snapshot_status {
    CP_SNAPSHOT_NONE,
    CP_SNAPSHOT_MAKING,
    CP_SNAPSHOT_READY,
    CP_SNAPSHOT_FAILED
};

struct cp_version {
    int64_t number;                   /* 0: $LATEST */
    enum cp_snapshot_status snapshot; /* of SnapStart */
    char snapshot_failure[64];        /* StateReasonCode */
    int64_t configuration_id;
    struct cp_settings settings;
    char description[4 * CP_DESCRIPTION_MAX + 1]; /* PublishVersion may give its own */
    char revision_id[CP_UUID_MAX];
    int64_t modified_at_ms;
};

struct cp_alias {
    char name[CP_QUALIFIER_MAX + 1];
    int64_t version;
    int64_t other_version; /* 0: no weighted routing */
    double other_weight;   /* share of requests that go to other_version */
    char description[4 * CP_DESCRIPTION_MAX + 1];
    char revision_id[CP_UUID_MAX];
};

enum cp_provisioned_status {
    CP_PROVISIONED_IN_PROGRESS,
    CP_PROVISIONED_READY,
    CP_PROVISIONED_FAILED
};

struct cp_provisioned {
    char qualifier[CP_QUALIFIER_MAX + 1]; /* version number or alias */
    int requested, allocated, available;
    enum cp_provisioned_status status;
    char reason[256];
    int64_t modified_at_ms;
};

struct cp_function {
    char name[CP_FUNCTION_NAME_MAX + 1];
    struct cp_version latest; /* as Get shows it */
    struct cp_version
        running;      /* as Invoke uses it: the one before while an update is in progress */
    bool is_creating; /* Pending: nothing may change, nothing can be invoked */
    bool is_updating;
    int64_t update_due_at_ms; /* of either */
    int64_t next_version;
    int reserved; /* -1 none */
    struct cp_version *versions;
    size_t n_versions, cap_versions;
    struct cp_alias *aliases;
    size_t n_aliases, cap_aliases;
    struct cp_provisioned *provisioned;
    size_t n_provisioned, cap_provisioned;
    struct cJSON *tags; /* an object of strings; NULL: none */
    /* By qualifier, "" for the function; NULL: none. */
    struct cJSON *policies, *urls, *event_invokes;
};

struct cp_control {
    char region[33], account_id[13];
    int account_concurrency;
    int update_delay_ms;
    struct cp_control_events events;
    struct cp_control_code code;
    struct cp_rng rng;
    int64_t next_configuration_id;
    struct cJSON *event_sources; /* an array; NULL: none */
    struct cJSON *next_versions; /* of deleted functions, by name; NULL: none */
    struct cp_function **functions;
    size_t n_functions, cap_functions;
};

/* One call of the API on its way through the table of operations. */
struct cp_call {
    const struct cp_api_request *request;
    struct cp_function *function;         /* NULL for operations on the account */
    char qualifier[CP_QUALIFIER_MAX + 1]; /* from ?Qualifier= or from the function's ARN, or "" */
    int64_t now_ms;
};
typedef void (*cp_call_fn)(struct cp_control *control, const struct cp_call *call,
                           struct cp_api_response *response);

/* --- arrays --- */
/* Room for one more item: the array, maybe moved; NULL (and nothing changed) when out of memory. */
void *cp_state_reserve(void *items, size_t n, size_t *cap, size_t item_size);
/* Opens a zeroed slot at `at` in an array that has room. */
void *cp_state_insert(void *items, size_t *n, size_t item_size, size_t at);
void cp_state_remove(void *items, size_t *n, size_t item_size, size_t at);

/* --- settings --- */
enum cp_code cp_settings_init(struct cp_settings *s, const struct cp_function_folder *folder);
void cp_settings_copy(struct cp_settings *to, const struct cp_settings *from); /* to is empty */
void cp_settings_clear(struct cp_settings *s);
/* A copy of `from` (NULL: an empty one) with one reference; NULL when out of memory. */
struct cp_shared_folder *cp_shared_folder_new(const struct cp_function_folder *from);
/* Takes over the reference that `folder` was made with. */
void cp_settings_set_folder(struct cp_settings *s, struct cp_shared_folder *folder);
/* An object of its own for the caller, with the extras of `s`; NULL when out of memory. */
struct cJSON *cp_settings_extras_copy(const struct cp_settings *s);
/* Takes `json`, an object, in any case; false when out of memory. */
bool cp_settings_set_extras(struct cp_settings *s, struct cJSON *json);
/* SnapStart.ApplyOn is PublishedVersions. */
bool cp_settings_has_snap_start(const struct cp_settings *s);
bool cp_settings_equal(const struct cp_settings *a, const struct cp_settings *b);

/* --- identifiers --- */
void cp_state_new_revision(struct cp_control *control, char out[CP_UUID_MAX]);
/* `qualifier` NULL or "": unqualified. */
void cp_state_arn(const struct cp_control *control, const char *function, const char *qualifier,
                  char out[CP_ARN_TEXT_MAX]);
/* aws, aws-cn or aws-us-gov */
const char *cp_state_partition(const struct cp_control *control);
/* "$LATEST" or the number. */
void cp_state_version_name(int64_t number, char out[24]);

/* --- lookups; NULL when absent --- */
struct cp_function *cp_state_function(const struct cp_control *control, const char *name);
struct cp_version *cp_state_version(struct cp_function *function, int64_t number); /* 0: latest */
struct cp_alias *cp_state_alias(struct cp_function *function, const char *name);
struct cp_provisioned *cp_state_provisioned(struct cp_function *function, const char *qualifier);
/* "" and $LATEST: latest; a number; an alias (its main version). */
struct cp_version *cp_state_qualified(struct cp_function *function, const char *qualifier);
/* The provisioned configuration of a version, by its number or by an alias that points to it. */
struct cp_provisioned *cp_state_provisioned_of(struct cp_function *function, int64_t number);

/* --- concurrency of the account --- */
int cp_state_unreserved(const struct cp_control *control); /* account - all reserved */
/* What functions without a reservation may still take: also without their provisioned. */
int cp_state_free_pool(const struct cp_control *control, const struct cp_function *except);
int cp_state_total_provisioned(const struct cp_function *function);

/* --- changes that the environment side is told about --- */
/* The last thing to be done with a version that is no longer in the state: tells, and clears it. */
void cp_state_retire(struct cp_control *control, struct cp_version *version);
void cp_state_provision(struct cp_control *control, const struct cp_version *version, int count);
/* Removes the provisioned configuration of a qualifier, if there is one. */
void cp_state_drop_provisioned(struct cp_control *control, struct cp_function *function,
                               const char *qualifier);
void cp_function_free(struct cp_function *function);
/* The whole function with all that it has; tells the environment side. */
void cp_state_remove_function(struct cp_control *control, struct cp_function *f);
/* 409 while a creation or an update is in progress, 412 when the caller's RevisionId (NULL: none)
 * is not the latest. */
bool cp_state_may_change(const struct cp_control *control, const struct cp_function *f,
                         const char *revision_id, struct cp_api_response *response);
/* $LATEST takes the new settings at once; requests get them when the update completes. */
void cp_state_start_update(struct cp_control *control, struct cp_function *f,
                           const struct cp_settings *settings, int64_t now_ms);
/* A version with what $LATEST has; NULL when out of memory. */
struct cp_version *cp_state_publish(struct cp_control *control, struct cp_function *f,
                                    const char *description);
/* A function among the others, with `folder` and Pending when `is_creating`. NULL: no memory. */
struct cp_function *cp_state_add(struct cp_control *control, const struct cp_settings *settings,
                                 int64_t now_ms, bool is_creating);

/* --- code (control_code.c); false: `response` says why --- */
bool cp_code_unpack(struct cp_control *control, const struct cJSON *zip_file,
                    struct cp_function_folder *folder, struct cp_api_response *response);
bool cp_code_prepare(struct cp_control *control, struct cp_function_folder *folder,
                     struct cp_api_response *response);

/* --- operations (control_function.c, control_alias.c, control_concurrency.c) --- */
void cp_op_create_function(struct cp_control *, const struct cp_call *, struct cp_api_response *);
void cp_op_tag_resource(struct cp_control *, const struct cp_call *, struct cp_api_response *);
void cp_op_untag_resource(struct cp_control *, const struct cp_call *, struct cp_api_response *);
void cp_op_list_tags(struct cp_control *, const struct cp_call *, struct cp_api_response *);
void cp_op_update_code(struct cp_control *, const struct cp_call *, struct cp_api_response *);
void cp_op_add_permission(struct cp_control *, const struct cp_call *, struct cp_api_response *);
void cp_op_get_policy(struct cp_control *, const struct cp_call *, struct cp_api_response *);
void cp_op_remove_permission(struct cp_control *, const struct cp_call *, struct cp_api_response *);
void cp_op_create_url(struct cp_control *, const struct cp_call *, struct cp_api_response *);
void cp_op_get_url(struct cp_control *, const struct cp_call *, struct cp_api_response *);
void cp_op_update_url(struct cp_control *, const struct cp_call *, struct cp_api_response *);
void cp_op_delete_url(struct cp_control *, const struct cp_call *, struct cp_api_response *);
void cp_op_list_urls(struct cp_control *, const struct cp_call *, struct cp_api_response *);
void cp_op_put_event_invoke(struct cp_control *, const struct cp_call *, struct cp_api_response *);
void cp_op_update_event_invoke(struct cp_control *, const struct cp_call *,
                               struct cp_api_response *);
void cp_op_get_event_invoke(struct cp_control *, const struct cp_call *, struct cp_api_response *);
void cp_op_delete_event_invoke(struct cp_control *, const struct cp_call *,
                               struct cp_api_response *);
void cp_op_list_event_invokes(struct cp_control *, const struct cp_call *,
                              struct cp_api_response *);
void cp_op_create_source(struct cp_control *, const struct cp_call *, struct cp_api_response *);
void cp_op_list_sources(struct cp_control *, const struct cp_call *, struct cp_api_response *);
void cp_op_get_source(struct cp_control *, const struct cp_call *, struct cp_api_response *);
void cp_op_update_source(struct cp_control *, const struct cp_call *, struct cp_api_response *);
void cp_op_delete_source(struct cp_control *, const struct cp_call *, struct cp_api_response *);
void cp_op_get_function(struct cp_control *, const struct cp_call *, struct cp_api_response *);
void cp_op_get_configuration(struct cp_control *, const struct cp_call *, struct cp_api_response *);
void cp_op_update_configuration(struct cp_control *, const struct cp_call *,
                                struct cp_api_response *);
void cp_op_publish_version(struct cp_control *, const struct cp_call *, struct cp_api_response *);
void cp_op_list_versions(struct cp_control *, const struct cp_call *, struct cp_api_response *);
void cp_op_list_functions(struct cp_control *, const struct cp_call *, struct cp_api_response *);
void cp_op_delete_function(struct cp_control *, const struct cp_call *, struct cp_api_response *);
void cp_op_create_alias(struct cp_control *, const struct cp_call *, struct cp_api_response *);
void cp_op_get_alias(struct cp_control *, const struct cp_call *, struct cp_api_response *);
void cp_op_update_alias(struct cp_control *, const struct cp_call *, struct cp_api_response *);
void cp_op_delete_alias(struct cp_control *, const struct cp_call *, struct cp_api_response *);
void cp_op_list_aliases(struct cp_control *, const struct cp_call *, struct cp_api_response *);
void cp_op_put_reserved(struct cp_control *, const struct cp_call *, struct cp_api_response *);
void cp_op_get_reserved(struct cp_control *, const struct cp_call *, struct cp_api_response *);
void cp_op_delete_reserved(struct cp_control *, const struct cp_call *, struct cp_api_response *);
void cp_op_put_provisioned(struct cp_control *, const struct cp_call *, struct cp_api_response *);
void cp_op_get_provisioned(struct cp_control *, const struct cp_call *, struct cp_api_response *);
void cp_op_delete_provisioned(struct cp_control *, const struct cp_call *,
                              struct cp_api_response *);
void cp_op_list_provisioned(struct cp_control *, const struct cp_call *, struct cp_api_response *);
void cp_op_get_account_settings(struct cp_control *, const struct cp_call *,
                                struct cp_api_response *);

/* --- failures that several operations share --- */
void cp_fail_not_found(const struct cp_control *control, const char *function,
                       const char *qualifier, struct cp_api_response *response);
void cp_fail_alias_not_found(const struct cp_control *control, const char *function,
                             const char *alias, struct cp_api_response *response);
void cp_fail_revision(struct cp_api_response *response);
void cp_fail_pending(struct cp_api_response *response);
/* 409: the version has no snapshot yet, or never will. */
void cp_fail_snapshot(const struct cp_version *version, struct cp_api_response *response);
void cp_fail_memory(struct cp_api_response *response);

#endif
