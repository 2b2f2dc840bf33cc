/* SPDX-License-Identifier: GPL-3.0-or-later
 * An execution environment: one slot, one runtime process at a time, one request at a time.
 *
 *   STARTING --launch--> INIT --first /next--> IDLE <--> BUSY
 *       ^                 |                      |         |
 *       |                 +---- failure ----+    |         |
 *       +---- next launcher ready ---- RESET <--- timeout, exit
 *
 * A failed or timed-out INIT is repeated inside the invocation ("suppressed init"), under the
 * function timeout and inside Duration. After a failure the environment stays: its next use repeats
 * init in the same way. IDLE is frozen.
 *
 * SnapStart: INIT ends in SNAPSHOT instead of IDLE, parked in the runtime's GET /restore/next, or
 * in its first /next when it has no restore hooks, and frozen. That frozen process is the snapshot:
 * it cannot be copied, so each environment to be restored is a process of its own that ran the same
 * init ahead of demand. A request takes one to RESTORE: Restore Duration runs from the thaw to the
 * runtime's /next, and contains its after-restore hooks; the time of these alone is the billed
 * part. AWS reads a snapshot from storage there, which this cannot show.
 *
 * The environment knows neither HTTP nor pools: it is told what the runtime did (cp_env_on_...) and
 * tells its host.
 */
#ifndef COLDPROF_PROBES_LOCAL_ENV_H
#define COLDPROF_PROBES_LOCAL_ENV_H

#include <stdbool.h>
#include <stdint.h>

#include "probes/local/control.h"
#include "probes/local/env_log.h"
#include "probes/local/loop.h"
#include "probes/local/record_writer.h"
#include "probes/local/slot.h"

/* AWS: payloads of 6 MB; responses may have 100 bytes more. */
enum { CP_PAYLOAD_MAX = 6 * 1024 * 1024, CP_RESPONSE_MAX = CP_PAYLOAD_MAX + 100 };
/* Of a response that is streamed to its caller. */
enum { CP_STREAM_MAX = 200 * 1024 * 1024 };

struct cp_env;

/* One request on its way. Owned by whoever made it; on_done is called exactly once. */
struct cp_invocation {
    char request_id[40];
    char trace_id[96];     /* Root=...;Parent=...;Sampled=... */
    struct cp_buf context; /* decoded X-Amz-Client-Context, "" none */
    struct cp_buf payload; /* the event */
    struct cp_env *env;    /* who serves it, NULL before */
    bool is_provisioned;   /* served by provisioned concurrency */
    bool is_unreserved;    /* counts against the account's unreserved concurrency */
    bool is_spillover;     /* of a version whose provisioned concurrency was all in use */
    int64_t began_at_ms;   /* when the pool took it */
    char qualifier[160];   /* it was invoked with; "" none */
    void (*on_done)(struct cp_invocation *invocation);
    /* NULL: the response is kept whole. Else each part of it is told as it comes, and `response`
     * holds at the end only what was not told: the error, if there is one. */
    void (*on_part)(struct cp_invocation *invocation, struct cp_view bytes);

    /* result */
    struct cp_buf response;
    const char *function_error; /* NULL, or "Unhandled" */
    double duration_ms;         /* as its REPORT has it; NAN: it has none */
    bool is_error;              /* its REPORT does not say success */
    int api_status;             /* not 0: Invoke itself fails (restore), with: */
    const char *api_error_type, *api_message;
    struct cp_buf log_tail;
};
void cp_invocation_init(struct cp_invocation *invocation);
void cp_invocation_clear(struct cp_invocation *invocation);

enum cp_env_state {
    CP_ENV_STARTING, /* waits for a launcher: nothing ran yet */
    CP_ENV_INIT,
    CP_ENV_SNAPSHOT, /* SnapStart: initialised, parked and frozen; served nothing yet */
    CP_ENV_RESTORE,  /* thawed for a request, runs its after-restore hooks */
    CP_ENV_IDLE,
    CP_ENV_BUSY,
    CP_ENV_RESET, /* the runtime is gone or going */
};

/* What environments share, and whom they tell. */
struct cp_env_host {
    struct cp_loop *loop;
    const char *region, *account_id;
    const char *bootstraps_dir;
    int sink_fd; /* logs */
    struct cp_log_store *log_store;
    int init_limit_ms;  /* 10,000 on AWS */
    bool throttle_init; /* CPU share during INIT too */
    struct cp_rng *rng; /* stream names, trace ids */
    /* Init succeeded and the runtime waits; only told when no invocation waited. */
    void (*on_initialised)(struct cp_env *env);
    /* Init failed with no invocation waiting (provisioned). The host ends the environment. */
    void (*on_init_failed)(struct cp_env *env);
    /* An invocation leaves the environment, however it went; called just before its on_done. */
    void (*on_done)(struct cp_env *env, struct cp_invocation *invocation);
    /* Its invocation is done, it may be used again (IDLE or RESET). Called after on_done. */
    void (*on_free)(struct cp_env *env);
    /* The slot is beyond repair. The host ends the environment; an invocation was failed. */
    void (*on_broken)(struct cp_env *env);
    /* The lifetime given by cp_env_expire_after is over. The host ends the environment. */
    void (*on_expired)(struct cp_env *env);
    /* A parked /next has something to do: an event to take, or the connection to close. */
    void (*wake_next)(void *parked);
    /* The runtime connected. Takes fd. */
    void (*on_connection)(struct cp_env *env, int fd);
};

struct cp_env {
    struct cp_env_host *host;
    const struct cp_configuration *config; /* of the pool; outlives the environment */
    struct cp_slot *slot;
    enum cp_env_state state;
    uint64_t number; /* creation order */
    bool is_provisioned;
    bool is_copy;          /* of a snapshot: its init is not reported again */
    bool has_restore_call; /* parked in /restore/next, not in /next */
    double restore_started_at_ms, restore_resumed_at_ms; /* monotonic: thaw, runtime goes on */
    struct cp_record_restore restore; /* for the next REPORT; duration NAN: none */
    bool is_suppressed;               /* this INIT is inside the invocation */
    bool is_frozen;
    bool has_response; /* of the current invocation */
    bool is_over;      /* being ended: nothing more happens */
    struct cp_invocation *invocation;
    void *parked;                        /* /next that waits */
    double spawned_at_ms, started_at_ms; /* monotonic: runtime, invocation */
    double init_duration_ms;             /* to be reported with the next REPORT; NAN none */
    char init_error_type[64];            /* from /init/error, "" none */
    double init_failed_at_ms;
    struct cp_buf init_error; /* its body */
    struct cp_loop_timer deadline, freezer;
    struct cp_env_log log;
    struct cp_env *next; /* in the pool's list */
    void *owner;         /* the pool's configuration */
};

/* Takes the slot, also on failure. `invocation` NULL: initialise ahead (provisioned, snapshot). The
 * runtime starts as soon as the slot is ready. `is_copy`: of a snapshot that was made before. */
enum cp_code cp_env_new(struct cp_env_host *host, const struct cp_configuration *config,
                        struct cp_slot *slot, uint64_t number, struct cp_invocation *invocation,
                        bool is_copy, struct cp_env **out, struct cp_error *err);
/* Ends it at once (shutdown without extensions takes 0 ms). An invocation in it is failed first. */
void cp_env_free(struct cp_env *env);

/* Gives a request to an environment that is IDLE or in RESET without one. */
void cp_env_assign(struct cp_env *env, struct cp_invocation *invocation);
bool cp_env_is_free(const struct cp_env *env);
/* Of a free environment, from now; INFINITY: for ever. The next request cancels it. */
void cp_env_expire_after(struct cp_env *env, double lifetime_ms);

/* on-demand, provisioned-concurrency, snap-start */
const char *cp_env_initialization_type(const struct cp_env *env);

/* --- what the runtime did --- */

enum cp_env_answer { CP_ENV_OK, CP_ENV_PARK, CP_ENV_BAD_ID, CP_ENV_BAD_STATE, CP_ENV_GONE };

/* GET /next. PARK: `call` is kept and woken later, then cp_env_take_event is asked. */
enum cp_env_answer cp_env_on_next(struct cp_env *env, void *call);
/* OK: the event to send, with its deadline; its time runs from now. PARK: nothing yet. */
enum cp_env_answer cp_env_take_event(struct cp_env *env, void *call,
                                     struct cp_invocation **invocation, int64_t *deadline_at_ms);
/* GET /restore/next: the same for restores. PARK until there is one, then OK: go on. */
enum cp_env_answer cp_env_on_restore_next(struct cp_env *env, void *call);
enum cp_env_answer cp_env_take_restore(struct cp_env *env, void *call);
/* POST /restore/error. */
enum cp_env_answer cp_env_on_restore_error(struct cp_env *env, struct cp_view error_type);
/* The connection of a parked call is gone. */
void cp_env_forget(struct cp_env *env, const void *call);

/* A part of the body of POST .../response, for an invocation with on_part. */
bool cp_env_is_streamed(const struct cp_env *env, struct cp_view request_id);
void cp_env_on_part(struct cp_env *env, struct cp_view bytes);

struct cp_env_response {
    struct cp_view request_id;
    struct cp_view body; /* of a streamed response: of its error only */
    bool is_error;       /* POST .../error, or an error in the trailers of a stream */
    bool is_too_large;   /* body was not kept; `size` tells */
    size_t size;
};
enum cp_env_answer cp_env_on_response(struct cp_env *env, const struct cp_env_response *response);
/* POST /init/error. */
enum cp_env_answer cp_env_on_init_error(struct cp_env *env, struct cp_view error_type,
                                        struct cp_view body);

#endif
