/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "probes/local/cgroup_file.h"

static enum cp_code v1_create(const struct cp_cgroup_base *base, const char *name,
                              struct cp_error *err)
{
    enum cp_code code = cp_cgroup_make(base->cpu, name, err);
    if (!code)
        code = cp_cgroup_make(base->memory, name, err);
    if (!code)
        code = cp_cgroup_make(base->freezer, name, err);
    if (!code && cp_cgroup_write_number(base->cpu, name, "cpu.cfs_period_us", CP_CFS_PERIOD_US))
        code =
            cp_fail(err, CP_EUNSUPPORTED, "cannot set the CPU period of '%s/%s'", base->cpu, name);
    if (!code && *base->pids)
        code = cp_cgroup_make(base->pids, name, err);
    if (!code && *base->pids)
        (void)cp_cgroup_write_number(base->pids, name, "pids.max", CP_PROCESSES_MAX);
    return code;
}

static enum cp_code v1_join(const struct cp_cgroup_base *base, const char *name,
                            struct cp_error *err)
{
    enum cp_code code = cp_cgroup_join(base->cpu, name, err);
    if (!code)
        code = cp_cgroup_join(base->memory, name, err);
    if (!code)
        code = cp_cgroup_join(base->freezer, name, err);
    if (!code && *base->pids)
        code = cp_cgroup_join(base->pids, name, err);
    return code;
}

static enum cp_code v1_limit_memory(const struct cp_cgroup_base *base, const char *name,
                                    int64_t bytes)
{
    enum cp_code code = cp_cgroup_write_number(base->memory, name, "memory.limit_in_bytes", bytes);
    /* Memory and swap together, where swap is accounted: the limit is of memory, not of RAM. */
    if (!code)
        (void)cp_cgroup_write_number(base->memory, name, "memory.memsw.limit_in_bytes", bytes);
    return code;
}

static enum cp_code v1_limit_cpu(const struct cp_cgroup_base *base, const char *name, double vcpus)
{
    return cp_cgroup_write_number(base->cpu, name, "cpu.cfs_quota_us",
                                  vcpus > 0 ? cp_cgroup_quota_us(vcpus) : -1);
}

static enum cp_code v1_freeze(const struct cp_cgroup_base *base, const char *name, bool is_frozen)
{
    return cp_cgroup_write(base->freezer, name, "freezer.state", is_frozen ? "FROZEN" : "THAWED");
}

static enum cp_code v1_peak_memory(const struct cp_cgroup_base *base, const char *name,
                                   int64_t *bytes)
{
    return cp_cgroup_read_number(base->memory, name, "memory.max_usage_in_bytes", bytes);
}

static enum cp_code v1_oom_kills(const struct cp_cgroup_base *base, const char *name, int64_t *n)
{
    return cp_cgroup_read_keyed(base->memory, name, "memory.oom_control", "oom_kill", n);
}

static void v1_kill(const struct cp_cgroup_base *base, const char *name)
{
    /* A process frozen by version 1 does not even die before it is thawed. */
    cp_cgroup_kill(base->freezer, name);
    cp_cgroup_kill(base->memory, name);
    cp_cgroup_kill(base->cpu, name);
    (void)v1_freeze(base, name, false);
}

static enum cp_code v1_remove(const struct cp_cgroup_base *base, const char *name)
{
    enum cp_code freezer = cp_cgroup_remove(base->freezer, name);
    enum cp_code memory = cp_cgroup_remove(base->memory, name);
    enum cp_code cpu = cp_cgroup_remove(base->cpu, name);
    enum cp_code pids = *base->pids ? cp_cgroup_remove(base->pids, name) : CP_OK;
    return freezer ? freezer : memory ? memory : cpu ? cpu : pids;
}

const struct cp_cgroup_ops cp_cgroup_v1 = {
    .name = "v1",
    .create = v1_create,
    .join = v1_join,
    .limit_memory = v1_limit_memory,
    .limit_cpu = v1_limit_cpu,
    .freeze = v1_freeze,
    .peak_memory = v1_peak_memory,
    .oom_kills = v1_oom_kills,
    .kill = v1_kill,
    .remove = v1_remove,
};
