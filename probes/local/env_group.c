/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "probes/local/env_group.h"

#include <stdio.h>

#include "model/base/units.h"
#include "probes/os/file.h"

static const struct cp_cgroup_base *group_of(const struct cp_env *env)
{
    return &env->slot->kit->cgroup;
}

void cp_env_limit_cpu(struct cp_env *env, bool is_limited)
{
    const struct cp_cgroup_base *base = group_of(env);
    double vcpus = is_limited ? cp_units_cpu_share(env->config->memory_size_mb) : 0;
    if (base->ops)
        (void)base->ops->limit_cpu(base, env->slot->group, vcpus);
}

void cp_env_limit_memory(const struct cp_env *env)
{
    const struct cp_cgroup_base *base = group_of(env);
    if (base->ops)
        (void)base->ops->limit_memory(base, env->slot->group,
                                      (int64_t)env->config->memory_size_mb << 20);
}

void cp_env_freeze(struct cp_env *env, bool is_frozen)
{
    const struct cp_cgroup_base *base = group_of(env);
    cp_loop_timer_cancel(env->host->loop, &env->freezer);
    if (!base->ops || env->is_frozen == is_frozen)
        return;
    if (!base->ops->freeze(base, env->slot->group, is_frozen))
        env->is_frozen = is_frozen;
}

/* Without a group: the peak of the runtime process alone, as the kernel counts it. */
static int64_t peak_of_process(pid_t pid)
{
    char path[64];
    struct cp_buf text;
    int64_t kb = -1;
    (void)snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
    cp_buf_init(&text, 16384);
    (void)cp_file_read(path, &text, NULL);
    struct cp_view rest = cp_buf_view(&text), line;
    while (kb < 0 && cp_view_split(&rest, '\n', &line)) {
        if (!cp_view_skip(&line, "VmHWM:"))
            continue;
        (void)cp_view_skip_blanks(&line);
        if (!cp_view_take_int64(&line, &kb))
            break;
    }
    cp_buf_clear(&text);
    return kb < 0 ? -1 : kb * 1024;
}

/* Peak of what is charged to the group. Pages of files that another group has read before (an
 * interpreter's own binary, after its first start) are charged there and not here, so the figure is
 * below AWS's for large interpreters. */
int cp_env_max_memory_used_mb(const struct cp_env *env)
{
    enum { MB = 1 << 20 };
    const struct cp_cgroup_base *base = group_of(env);
    int64_t bytes = -1;
    if (!base->ops)
        bytes = peak_of_process(env->slot->runtime_pid);
    else if (base->ops->peak_memory(base, env->slot->group, &bytes))
        bytes = -1;
    return bytes < 0 ? -1 : (int)((bytes + MB - 1) / MB);
}

bool cp_env_was_oom_killed(const struct cp_env *env)
{
    const struct cp_cgroup_base *base = group_of(env);
    int64_t n = 0;
    return base->ops && !base->ops->oom_kills(base, env->slot->group, &n) && n > 0;
}
