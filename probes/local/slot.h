/* SPDX-License-Identifier: GPL-3.0-or-later
 * A slot: everything an execution environment needs that takes time to make, made in advance.
 *
 *     service ---- command socket ---- guard            outside the control group
 *        |                               | fork
 *        |   log pipe (stdout, stderr)   |
 *        +------------------------- launcher            inside the group, waiting;
 *        |                               | exec          becomes the runtime
 *        +-- listening socket --------- runtime         AWS_LAMBDA_RUNTIME_API=127.0.0.1:PORT
 *
 * Joining a control group costs 6-8 ms, so the launcher joins by itself before it is needed and
 * then only waits for the command to exec: no fork and no move is in any reported time, and no
 * memory of ours stays in the group. The guard is a child subreaper outside the group (a frozen
 * guard could not clean up): it reaps the runtime and all that it left behind, reports the exit,
 * starts the next launcher in a new group, and when the service closes the socket, or is killed,
 * ends everything inside, removes the group and goes. Should the guard itself be killed, the
 * service does that.
 */
#ifndef COLDPROF_PROBES_LOCAL_SLOT_H
#define COLDPROF_PROBES_LOCAL_SLOT_H

#include <stdbool.h>
#include <sys/types.h>

#include "probes/local/cgroup.h"
#include "probes/local/loop.h"

struct cp_slot;

/* What the slot tells its owner. */
struct cp_slot_events {
    void (*on_ready)(struct cp_slot *slot);                   /* a launcher waits */
    void (*on_exited)(struct cp_slot *slot, int wait_status); /* the runtime is gone, and all it
                                                                 started; the next launcher comes */
    void (*on_broken)(struct cp_slot *slot);                  /* nothing will run here: see error */
    void (*on_connection)(struct cp_slot *slot, int fd);      /* the runtime connected; takes fd */
    void (*on_log)(struct cp_slot *slot);                     /* read cp_slot_log_fd */
};

/* What all slots of a service share. */
struct cp_slot_kit {
    struct cp_loop *loop;
    struct cp_cgroup_base cgroup;
    char scratch_dir[PATH_MAX]; /* removed by the guards if the service is killed */
    unsigned n_made;
};

struct cp_slot {
    struct cp_slot_kit *kit;
    char name[CP_CGROUP_NAME_MAX];
    char group[CP_CGROUP_NAME_MAX]; /* control group of the launcher or runtime; each has its own */
    struct cp_loop_source control, listen, log;
    int port;
    pid_t guard_pid, runtime_pid;
    bool is_ready;         /* a launcher waits for cp_slot_launch */
    int exec_errno;        /* why the last launch failed to exec; 0 when it did not */
    struct cp_error error; /* of a broken slot */
    const struct cp_slot_events *events;
    void *owner;
    struct cp_slot *next; /* in the list of whoever holds it */
};

/* Starts making a slot; on_ready or on_broken follows. `events` may be NULL until it has an owner:
 * `is_ready` and `error` tell. */
enum cp_code cp_slot_new(struct cp_slot_kit *kit, struct cp_slot **out, struct cp_error *err);
/* Ends what runs inside and frees; the guard goes on by itself and is reaped by the service. */
void cp_slot_free(struct cp_slot *slot);

struct cp_launch {
    const char *dir;         /* working directory */
    const char *const *argv; /* NULL-terminated */
    const char *const *env;  /* NULL-terminated NAME=value */
};
/* Only when is_ready. */
enum cp_code cp_slot_launch(struct cp_slot *slot, const struct cp_launch *launch,
                            struct cp_error *err);
/* Kills the runtime and everything it started; on_exited follows, then on_ready. */
void cp_slot_reset(struct cp_slot *slot);

#endif
