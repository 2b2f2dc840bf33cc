/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "probes/local/cgroup.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "model/base/buf.h"
#include "probes/os/file.h"

#define CGROUP_FIX                                                                                 \
    "run as root, or under 'systemd-run --user --scope -p Delegate=yes', or give --no-cpu-share "  \
    "(no memory sweep then)"

enum { FILE_TEXT_MAX = 64 * 1024 };

/* --- detection --- */

static enum cp_code try_group(const struct cp_cgroup_base *base, struct cp_error *err)
{
    char name[CP_CGROUP_NAME_MAX];
    (void)snprintf(name, sizeof name, "coldprof-%d-try", (int)getpid());
    enum cp_code code = base->ops->create(base, name, err);
    if (!code && base->ops->limit_memory(base, name, (int64_t)128 << 20))
        code =
            cp_fail(err, CP_EUNSUPPORTED, "cannot limit the memory of '%s/%s'", base->memory, name);
    (void)base->ops->remove(base, name);
    return code;
}

static enum cp_code try_v2(struct cp_view mountinfo, struct cp_view self_cgroup, bool at_mount,
                           struct cp_cgroup_base *out, struct cp_error *err)
{
    if (!cp_cgroup_find_v2(mountinfo, self_cgroup, at_mount, out))
        return cp_fail(err, CP_EUNSUPPORTED, "version 2 is not mounted");
    enum cp_code code = cp_cgroup_enable_v2(out, err);
    if (!code)
        code = try_group(out, err);
    if (code)
        cp_cgroup_leave(out);
    return code;
}

static enum cp_code try_v1(struct cp_view mountinfo, struct cp_view self_cgroup,
                           struct cp_cgroup_base *out, struct cp_error *err)
{
    if (!cp_cgroup_find_v1(mountinfo, self_cgroup, out))
        return cp_fail(err, CP_EUNSUPPORTED, "version 1 is not mounted");
    enum cp_code code = try_group(out, err);
    if (code && *out->pids) { /* it can be done without */
        *out->pids = '\0';
        code = try_group(out, err);
    }
    return code;
}

static enum cp_code detect_in(struct cp_view mountinfo, struct cp_view self_cgroup,
                              struct cp_cgroup_base *out, struct cp_error *err)
{
    struct cp_error own = {.code = CP_OK}, root = {.code = CP_OK}, v1 = {.code = CP_OK};
    if (!try_v2(mountinfo, self_cgroup, true, out, &root) ||
        !try_v2(mountinfo, self_cgroup, false, out, &own) ||
        !try_v1(mountinfo, self_cgroup, out, &v1))
        return CP_OK;
    out->ops = NULL;
    return cp_fail(err, CP_EUNSUPPORTED,
                   "no writable control group for the CPU share (%s; %s): " CGROUP_FIX, own.text,
                   v1.text);
}

enum cp_code cp_cgroup_detect(struct cp_cgroup_base *out, struct cp_error *err)
{
    struct cp_buf mountinfo, self_cgroup;
    *out = (struct cp_cgroup_base){.ops = NULL};
    cp_buf_init(&mountinfo, 1 << 20);
    cp_buf_init(&self_cgroup, FILE_TEXT_MAX);
    enum cp_code code = cp_file_read("/proc/self/mountinfo", &mountinfo, err);
    if (!code)
        code = cp_file_read("/proc/self/cgroup", &self_cgroup, err);
    if (!code)
        code = detect_in(cp_buf_view(&mountinfo), cp_buf_view(&self_cgroup), out, err);
    if (!code)
        (void)cp_cgroup_sweep_stale(out);
    cp_buf_clear(&mountinfo);
    cp_buf_clear(&self_cgroup);
    return code;
}

/* --- groups of services that are gone --- */

/* The pid in "coldprof-<pid>-<number>..."; 0 when the name is not one of an environment. */
static pid_t service_of(const char *name)
{
    struct cp_view v = cp_view_of(name);
    int64_t pid;
    if (!cp_view_skip(&v, "coldprof-") || !cp_view_take_int64(&v, &pid) || !cp_view_skip(&v, "-") ||
        !v.n || v.p[0] < '0' || v.p[0] > '9' || pid < 2 || pid > INT_MAX)
        return 0;
    return (pid_t)pid;
}

static bool is_gone(pid_t pid)
{
    return kill(pid, 0) < 0 && errno == ESRCH;
}

static bool is_own(pid_t pid)
{
    return pid == getpid();
}

static int sweep_folder(const struct cp_cgroup_base *base, const char *folder,
                        bool (*is_meant)(pid_t service))
{
    DIR *dir = opendir(folder);
    if (!dir)
        return 0;
    int n = 0;
    for (struct dirent *entry; (entry = readdir(dir));) { /* NOLINT(concurrency-mt-unsafe) */
        pid_t pid = service_of(entry->d_name);
        if (!pid || !is_meant(pid))
            continue;
        base->ops->kill(base, entry->d_name);
        /* The killed need a moment to leave; what stays now goes at the next start. */
        n += base->ops->remove(base, entry->d_name) == CP_OK;
    }
    (void)closedir(dir);
    return n;
}

static int sweep(const struct cp_cgroup_base *base, bool (*is_meant)(pid_t service))
{
    if (!base->ops)
        return 0;
    int n = sweep_folder(base, base->cpu, is_meant);
    n += sweep_folder(base, base->memory, is_meant);
    n += sweep_folder(base, base->freezer, is_meant);
    if (*base->pids)
        n += sweep_folder(base, base->pids, is_meant);
    return n;
}

int cp_cgroup_sweep_stale(const struct cp_cgroup_base *base)
{
    return sweep(base, is_gone);
}

int cp_cgroup_sweep_own(const struct cp_cgroup_base *base)
{
    return sweep(base, is_own);
}
