/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "probes/local/cgroup_file.h"

enum { FILE_TEXT_MAX = 64 * 1024 };

static enum cp_code v2_limit_cpu(const struct cp_cgroup_base *base, const char *name, double vcpus)
{
    char text[64];
    if (vcpus > 0)
        (void)snprintf(text, sizeof text, "%" PRId64 " %d", cp_cgroup_quota_us(vcpus),
                       CP_CFS_PERIOD_US);
    else
        (void)snprintf(text, sizeof text, "max %d", CP_CFS_PERIOD_US);
    return cp_cgroup_write(base->cpu, name, "cpu.max", text);
}

static enum cp_code v2_create(const struct cp_cgroup_base *base, const char *name,
                              struct cp_error *err)
{
    enum cp_code code = cp_cgroup_make(base->cpu, name, err);
    if (!code && v2_limit_cpu(base, name, 0))
        code =
            cp_fail(err, CP_EUNSUPPORTED, "cannot set the CPU period of '%s/%s'", base->cpu, name);
    if (!code && *base->pids)
        (void)cp_cgroup_write_number(base->pids, name, "pids.max", CP_PROCESSES_MAX);
    return code;
}

static enum cp_code v2_join(const struct cp_cgroup_base *base, const char *name,
                            struct cp_error *err)
{
    return cp_cgroup_join(base->cpu, name, err);
}

static enum cp_code v2_limit_memory(const struct cp_cgroup_base *base, const char *name,
                                    int64_t bytes)
{
    enum cp_code code = cp_cgroup_write_number(base->memory, name, "memory.max", bytes);
    if (!code)
        (void)cp_cgroup_write_number(base->memory, name, "memory.swap.max", 0);
    return code;
}

static enum cp_code v2_freeze(const struct cp_cgroup_base *base, const char *name, bool is_frozen)
{
    return cp_cgroup_write_number(base->freezer, name, "cgroup.freeze", is_frozen);
}

static enum cp_code v2_peak_memory(const struct cp_cgroup_base *base, const char *name,
                                   int64_t *bytes)
{
    return cp_cgroup_read_number(base->memory, name, "memory.peak", bytes);
}

static enum cp_code v2_oom_kills(const struct cp_cgroup_base *base, const char *name, int64_t *n)
{
    return cp_cgroup_read_keyed(base->memory, name, "memory.events", "oom_kill", n);
}

static void v2_kill(const struct cp_cgroup_base *base, const char *name)
{
    /* Linux 5.14 and later kill a whole group at once. */
    if (cp_cgroup_write(base->cpu, name, "cgroup.kill", "1"))
        cp_cgroup_kill(base->cpu, name);
    (void)v2_freeze(base, name, false);
}

static enum cp_code v2_remove(const struct cp_cgroup_base *base, const char *name)
{
    return cp_cgroup_remove(base->cpu, name);
}

const struct cp_cgroup_ops cp_cgroup_v2 = {
    .name = "v2",
    .create = v2_create,
    .join = v2_join,
    .limit_memory = v2_limit_memory,
    .limit_cpu = v2_limit_cpu,
    .freeze = v2_freeze,
    .peak_memory = v2_peak_memory,
    .oom_kills = v2_oom_kills,
    .kill = v2_kill,
    .remove = v2_remove,
};

/* --- controllers for children --- */

static bool has_controller(const char *folder, const char *file, const char *controller)
{
    struct cp_buf text;
    cp_buf_init(&text, FILE_TEXT_MAX);
    (void)cp_cgroup_read(folder, ".", file, &text);
    struct cp_view rest = cp_view_trim(cp_buf_view(&text)), word;
    bool has = false;
    while (!has && cp_view_split(&rest, ' ', &word))
        has = cp_view_is(word, controller);
    cp_buf_clear(&text);
    return has;
}

static bool has_needed(const char *folder, const char *file)
{
    return has_controller(folder, file, "cpu") && has_controller(folder, file, "memory");
}

static void move_processes(const char *folder, const char *from, const char *to)
{
    struct cp_buf text;
    cp_buf_init(&text, FILE_TEXT_MAX);
    (void)cp_cgroup_read(folder, from, "cgroup.procs", &text);
    struct cp_view rest = cp_buf_view(&text), line;
    int64_t pid;
    while (cp_view_split(&rest, '\n', &line)) {
        if (cp_view_to_int64(line, &pid))
            (void)cp_cgroup_write_number(folder, to, "cgroup.procs", pid);
    }
    cp_buf_clear(&text);
}

/* A group with processes of its own cannot give controllers to children: the processes of this
 * scope (ours, and whoever started us in it) move to a leaf. One that was born meanwhile is met by
 * the next try. */
static enum cp_code enable_beside_leaf(struct cp_cgroup_base *base, struct cp_error *err)
{
    enum { TRIES = 3 };
    const char *folder = base->cpu;
    (void)snprintf(base->leaf, sizeof base->leaf, "coldprof-%d-service", (int)getpid());
    enum cp_code code = cp_cgroup_make(folder, base->leaf, err);
    if (code) {
        *base->leaf = '\0';
        return code;
    }
    for (int i = 0; i < TRIES; i++) {
        move_processes(folder, ".", base->leaf);
        code = cp_cgroup_write(folder, ".", "cgroup.subtree_control", "+cpu +memory");
        if (!code)
            return CP_OK;
    }
    return cp_fail(err, code, "cannot enable the cpu and memory controllers in '%s'", folder);
}

enum cp_code cp_cgroup_enable_v2(struct cp_cgroup_base *base, struct cp_error *err)
{
    const char *folder = base->cpu;
    enum cp_code code = CP_OK;
    if (!has_needed(folder, "cgroup.controllers"))
        return cp_fail(err, CP_EUNSUPPORTED, "'%s' has no cpu and memory controllers", folder);
    if (!has_needed(folder, "cgroup.subtree_control") &&
        cp_cgroup_write(folder, ".", "cgroup.subtree_control", "+cpu +memory"))
        code = enable_beside_leaf(base, err);
    bool has_pids = !code && (has_controller(folder, "cgroup.subtree_control", "pids") ||
                              !cp_cgroup_write(folder, ".", "cgroup.subtree_control", "+pids"));
    (void)snprintf(base->pids, sizeof base->pids, "%s", has_pids ? folder : "");
    return code;
}

void cp_cgroup_leave(const struct cp_cgroup_base *base)
{
    if (!*base->leaf)
        return;
    static const char *const controllers[] = {"-cpu -memory", "-pids"};
    for (size_t i = 0; i < sizeof controllers / sizeof *controllers; i++)
        (void)cp_cgroup_write(base->cpu, ".", "cgroup.subtree_control", controllers[i]);
    move_processes(base->cpu, base->leaf, ".");
    (void)cp_cgroup_remove(base->cpu, base->leaf);
}
