/* SPDX-License-Identifier: GPL-3.0-or-later
 * Control groups: CPU share, memory limit and peak, freezer. One small vtable with two real
 * implementations, because a machine has either version 1 hierarchies (one folder per controller)
 * or the unified version 2, and a mounted version 2 need not have the controllers.
 *
 * A group is a name inside a base. Names are "coldprof-<pid of the service>-<number>-<number>", so
 * that groups of a service that was killed can be told from those of one that lives. The leaf of a
 * scope ("coldprof-<pid>-service") holds the user's own processes: it is never killed.
 */
#ifndef COLDPROF_PROBES_LOCAL_CGROUP_H
#define COLDPROF_PROBES_LOCAL_CGROUP_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include "model/base/error.h"
#include "model/base/view.h"

/* The kernel refuses a quota under 1 ms; 128 MB of 1,769 in 20 ms are 1.447 ms. */
#define CP_CFS_PERIOD_US 20000

enum { CP_CGROUP_NAME_MAX = 64 };

struct cp_cgroup_ops;

/* AWS: processes and threads of an environment. */
enum { CP_PROCESSES_MAX = 1024 };

/* Where groups are made. Version 2: the folders are one. `ops` NULL: no groups at all. */
struct cp_cgroup_base {
    const struct cp_cgroup_ops *ops;
    char cpu[PATH_MAX], memory[PATH_MAX], freezer[PATH_MAX];
    char pids[PATH_MAX];           /* "": processes are not counted by group */
    char leaf[CP_CGROUP_NAME_MAX]; /* made by cp_cgroup_enable_v2 for the processes of our scope */
};

struct cp_cgroup_ops {
    const char *name; /* "v1", "v2" */
    /* Makes the folders; an existing one is not an error. */
    enum cp_code (*create)(const struct cp_cgroup_base *base, const char *name,
                           struct cp_error *err);
    /* Moves the calling process in. 6-8 ms for each move: never on a measured path. */
    enum cp_code (*join)(const struct cp_cgroup_base *base, const char *name, struct cp_error *err);
    enum cp_code (*limit_memory)(const struct cp_cgroup_base *base, const char *name,
                                 int64_t bytes);
    /* `vcpus`: share of CPU time; 0 lifts the limit. */
    enum cp_code (*limit_cpu)(const struct cp_cgroup_base *base, const char *name, double vcpus);
    enum cp_code (*freeze)(const struct cp_cgroup_base *base, const char *name, bool is_frozen);
    /* Peak since the group was made (no kernel before 6.12 resets it). CP_ENOTFOUND where the
     * kernel does not tell (v2 < 5.19). */
    enum cp_code (*peak_memory)(const struct cp_cgroup_base *base, const char *name,
                                int64_t *bytes);
    enum cp_code (*oom_kills)(const struct cp_cgroup_base *base, const char *name, int64_t *n);
    /* SIGKILL to every process inside, thawed first. */
    void (*kill)(const struct cp_cgroup_base *base, const char *name);
    /* Removes the folders; CP_EBUSY while a process is inside. */
    enum cp_code (*remove)(const struct cp_cgroup_base *base, const char *name);
};

extern const struct cp_cgroup_ops cp_cgroup_v1, cp_cgroup_v2;

/* Finds the folders for version 1 in the texts of /proc/self/mountinfo and /proc/self/cgroup.
 * false when cpu, memory or freezer is not mounted. Pure. */
bool cp_cgroup_find_v1(struct cp_view mountinfo, struct cp_view self_cgroup,
                       struct cp_cgroup_base *out);
/* Version 2: the own group (`at_mount` false) or the root of the mount. Pure. */
bool cp_cgroup_find_v2(struct cp_view mountinfo, struct cp_view self_cgroup, bool at_mount,
                       struct cp_cgroup_base *out);
/* Version 2: are cpu and memory in cgroup.controllers, and enabled (or can they be) for children?
 * Sets `pids` and, when the processes of the scope had to move, `leaf`. */
enum cp_code cp_cgroup_enable_v2(struct cp_cgroup_base *base, struct cp_error *err);

/* The base that works here: version 2 with controllers, else version 1; tried by making and
 * removing a group. CP_EDENIED or CP_EUNSUPPORTED with the fix in the message. Removes groups of
 * services that are gone. */
enum cp_code cp_cgroup_detect(struct cp_cgroup_base *out, struct cp_error *err);
/* Undoes what detection had to change (version 2 in a delegated scope: the leaf). In the service
 * or, when it was killed, in a guard. */
void cp_cgroup_leave(const struct cp_cgroup_base *base);
/* Ends and removes groups whose service (the pid in the name) is gone. Returns how many. */
int cp_cgroup_sweep_stale(const struct cp_cgroup_base *base);
/* The same for groups of this process, at its end: those of a guard that was killed. */
int cp_cgroup_sweep_own(const struct cp_cgroup_base *base);

#endif
