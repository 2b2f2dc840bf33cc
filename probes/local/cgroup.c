/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "probes/local/cgroup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "model/base/buf.h"
#include "probes/os/file.h"

#define CGROUP_FIX                                                                                 \
    "run as root, or under 'systemd-run --user --scope -p Delegate=yes', or give --no-cpu-share "  \
    "(no memory sweep then)"

enum { FILE_TEXT_MAX = 64 * 1024 };

/* --- files of a group --- */

enum { CGROUP_PATH_MAX = PATH_MAX + CP_CGROUP_NAME_MAX + 64 };

static const char *path_of(char out[CGROUP_PATH_MAX], const char *folder, const char *name,
                           const char *file)
{
    (void)snprintf(out, CGROUP_PATH_MAX, "%s/%s%s%s", folder, name, file ? "/" : "",
                   file ? file : "");
    return out;
}

static enum cp_code code_of_errno(int number)
{
    switch (number) {
    case ENOENT:
        return CP_ENOTFOUND;
    case EACCES:
    case EPERM:
    case EROFS:
        return CP_EDENIED;
    case EBUSY:
    case ENOTEMPTY:
        return CP_EBUSY;
    default:
        return CP_EIO;
    }
}

static enum cp_code fail_path(struct cp_error *err, const char *verb, const char *path)
{
    int number = errno;
    return cp_fail(err, code_of_errno(number), "cannot %s '%s': %s", verb, path, strerror(number));
}

static enum cp_code write_text(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC | O_TRUNC);
    if (fd < 0)
        return code_of_errno(errno);
    ssize_t n = write(fd, text, strlen(text));
    int number = errno;
    (void)close(fd);
    return n < 0 ? code_of_errno(number) : CP_OK;
}

static enum cp_code write_in(const char *folder, const char *name, const char *file,
                             const char *text)
{
    char path[CGROUP_PATH_MAX];
    return write_text(path_of(path, folder, name, file), text);
}

static enum cp_code write_number(const char *folder, const char *name, const char *file, int64_t n)
{
    char text[32];
    (void)snprintf(text, sizeof text, "%" PRId64, n);
    return write_in(folder, name, file, text);
}

static enum cp_code read_in(const char *folder, const char *name, const char *file,
                            struct cp_buf *out)
{
    char path[CGROUP_PATH_MAX];
    return cp_file_read(path_of(path, folder, name, file), out, NULL);
}

static enum cp_code read_number(const char *folder, const char *name, const char *file, int64_t *n)
{
    struct cp_buf text;
    cp_buf_init(&text, FILE_TEXT_MAX);
    enum cp_code code = read_in(folder, name, file, &text);
    if (!code && !cp_view_to_int64(cp_view_trim(cp_buf_view(&text)), n))
        code = CP_EFORMAT;
    cp_buf_clear(&text);
    return code;
}

/* Value of the line "key value" (memory.events, memory.oom_control). */
static enum cp_code read_keyed(const char *folder, const char *name, const char *file,
                               const char *key, int64_t *n)
{
    struct cp_buf text;
    cp_buf_init(&text, FILE_TEXT_MAX);
    enum cp_code code = read_in(folder, name, file, &text);
    struct cp_view rest = cp_buf_view(&text), line, word;
    while (!code && cp_view_split(&rest, '\n', &line)) {
        if (cp_view_split(&line, ' ', &word) && cp_view_is(word, key)) {
            code = cp_view_to_int64(line, n) ? CP_OK : CP_EFORMAT;
            goto out;
        }
    }
    if (!code)
        code = CP_ENOTFOUND;
out:
    cp_buf_clear(&text);
    return code;
}

static bool has_word(struct cp_view text, char separator, const char *word)
{
    struct cp_view item;
    while (cp_view_split(&text, separator, &item)) {
        if (cp_view_is(cp_view_trim(item), word))
            return true;
    }
    return false;
}

static enum cp_code make_folder(const char *folder, const char *name, struct cp_error *err)
{
    char path[CGROUP_PATH_MAX];
    if (mkdir(path_of(path, folder, name, NULL), 0755) < 0 && errno != EEXIST)
        return fail_path(err, "make the control group", path);
    return CP_OK;
}

static enum cp_code remove_folder(const char *folder, const char *name)
{
    char path[CGROUP_PATH_MAX];
    if (rmdir(path_of(path, folder, name, NULL)) < 0 && errno != ENOENT)
        return code_of_errno(errno);
    return CP_OK;
}

static enum cp_code join_folder(const char *folder, const char *name, struct cp_error *err)
{
    char path[CGROUP_PATH_MAX];
    enum cp_code code = write_text(path_of(path, folder, name, "cgroup.procs"), "0");
    return code ? cp_fail(err, code, "cannot join the control group '%s'", path) : CP_OK;
}

static void kill_processes(const char *folder, const char *name)
{
    struct cp_buf text;
    cp_buf_init(&text, FILE_TEXT_MAX);
    (void)read_in(folder, name, "cgroup.procs", &text);
    struct cp_view rest = cp_buf_view(&text), line;
    int64_t pid;
    while (cp_view_split(&rest, '\n', &line)) {
        if (cp_view_to_int64(line, &pid) && pid > 1 && pid <= INT_MAX)
            (void)kill((pid_t)pid, SIGKILL);
    }
    cp_buf_clear(&text);
}

static int64_t quota_us(double vcpus)
{
    enum { QUOTA_MIN_US = 1000 };
    int64_t us = (int64_t)(vcpus * CP_CFS_PERIOD_US + 0.5);
    return us < QUOTA_MIN_US ? QUOTA_MIN_US : us;
}

/* --- version 1 --- */

static enum cp_code v1_create(const struct cp_cgroup_base *base, const char *name,
                              struct cp_error *err)
{
    enum cp_code code = make_folder(base->cpu, name, err);
    if (!code)
        code = make_folder(base->memory, name, err);
    if (!code)
        code = make_folder(base->freezer, name, err);
    if (!code && write_number(base->cpu, name, "cpu.cfs_period_us", CP_CFS_PERIOD_US))
        code =
            cp_fail(err, CP_EUNSUPPORTED, "cannot set the CPU period of '%s/%s'", base->cpu, name);
    return code;
}

static enum cp_code v1_join(const struct cp_cgroup_base *base, const char *name,
                            struct cp_error *err)
{
    enum cp_code code = join_folder(base->cpu, name, err);
    if (!code)
        code = join_folder(base->memory, name, err);
    if (!code)
        code = join_folder(base->freezer, name, err);
    return code;
}

static enum cp_code v1_limit_memory(const struct cp_cgroup_base *base, const char *name,
                                    int64_t bytes)
{
    enum cp_code code = write_number(base->memory, name, "memory.limit_in_bytes", bytes);
    /* Memory and swap together, where swap is accounted: the limit is of memory, not of RAM. */
    if (!code)
        (void)write_number(base->memory, name, "memory.memsw.limit_in_bytes", bytes);
    return code;
}

static enum cp_code v1_limit_cpu(const struct cp_cgroup_base *base, const char *name, double vcpus)
{
    return write_number(base->cpu, name, "cpu.cfs_quota_us", vcpus > 0 ? quota_us(vcpus) : -1);
}

static enum cp_code v1_freeze(const struct cp_cgroup_base *base, const char *name, bool is_frozen)
{
    return write_in(base->freezer, name, "freezer.state", is_frozen ? "FROZEN" : "THAWED");
}

static enum cp_code v1_peak_memory(const struct cp_cgroup_base *base, const char *name,
                                   int64_t *bytes)
{
    return read_number(base->memory, name, "memory.max_usage_in_bytes", bytes);
}

static enum cp_code v1_oom_kills(const struct cp_cgroup_base *base, const char *name, int64_t *n)
{
    return read_keyed(base->memory, name, "memory.oom_control", "oom_kill", n);
}

static void v1_kill(const struct cp_cgroup_base *base, const char *name)
{
    /* A process frozen by version 1 does not even die before it is thawed. */
    kill_processes(base->freezer, name);
    kill_processes(base->memory, name);
    kill_processes(base->cpu, name);
    (void)v1_freeze(base, name, false);
}

static enum cp_code v1_remove(const struct cp_cgroup_base *base, const char *name)
{
    enum cp_code freezer = remove_folder(base->freezer, name);
    enum cp_code memory = remove_folder(base->memory, name);
    enum cp_code cpu = remove_folder(base->cpu, name);
    return freezer ? freezer : memory ? memory : cpu;
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

/* --- version 2 --- */

static enum cp_code v2_limit_cpu(const struct cp_cgroup_base *base, const char *name, double vcpus)
{
    char text[64];
    if (vcpus > 0)
        (void)snprintf(text, sizeof text, "%" PRId64 " %d", quota_us(vcpus), CP_CFS_PERIOD_US);
    else
        (void)snprintf(text, sizeof text, "max %d", CP_CFS_PERIOD_US);
    return write_in(base->cpu, name, "cpu.max", text);
}

static enum cp_code v2_create(const struct cp_cgroup_base *base, const char *name,
                              struct cp_error *err)
{
    enum cp_code code = make_folder(base->cpu, name, err);
    if (!code && v2_limit_cpu(base, name, 0))
        code =
            cp_fail(err, CP_EUNSUPPORTED, "cannot set the CPU period of '%s/%s'", base->cpu, name);
    return code;
}

static enum cp_code v2_join(const struct cp_cgroup_base *base, const char *name,
                            struct cp_error *err)
{
    return join_folder(base->cpu, name, err);
}

static enum cp_code v2_limit_memory(const struct cp_cgroup_base *base, const char *name,
                                    int64_t bytes)
{
    enum cp_code code = write_number(base->memory, name, "memory.max", bytes);
    if (!code)
        (void)write_number(base->memory, name, "memory.swap.max", 0);
    return code;
}

static enum cp_code v2_freeze(const struct cp_cgroup_base *base, const char *name, bool is_frozen)
{
    return write_number(base->freezer, name, "cgroup.freeze", is_frozen);
}

static enum cp_code v2_peak_memory(const struct cp_cgroup_base *base, const char *name,
                                   int64_t *bytes)
{
    return read_number(base->memory, name, "memory.peak", bytes);
}

static enum cp_code v2_oom_kills(const struct cp_cgroup_base *base, const char *name, int64_t *n)
{
    return read_keyed(base->memory, name, "memory.events", "oom_kill", n);
}

static void v2_kill(const struct cp_cgroup_base *base, const char *name)
{
    /* Linux 5.14 and later kill a whole group at once. */
    if (write_in(base->cpu, name, "cgroup.kill", "1"))
        kill_processes(base->cpu, name);
    (void)v2_freeze(base, name, false);
}

static enum cp_code v2_remove(const struct cp_cgroup_base *base, const char *name)
{
    return remove_folder(base->cpu, name);
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

/* --- where the hierarchies are --- */

struct mount {
    struct cp_view root, point, fs_type, super_options;
};

/* "36 35 98:0 /root /point options [tags] - type source super-options" (proc(5)). */
static bool mount_parse(struct cp_view line, struct mount *out)
{
    struct cp_view word;
    for (int field = 1; field <= 6; field++) {
        if (!cp_view_split(&line, ' ', &word))
            return false;
        if (field == 4)
            out->root = word;
        if (field == 5)
            out->point = word;
    }
    do {
        if (!cp_view_split(&line, ' ', &word))
            return false;
    } while (!cp_view_is(word, "-"));
    struct cp_view source;
    return cp_view_split(&line, ' ', &out->fs_type) && cp_view_split(&line, ' ', &source) &&
           cp_view_split(&line, ' ', &out->super_options);
}

/* Path of the own group: the line "number:controllers:path"; `controller` "" is version 2. */
static bool own_path(struct cp_view self_cgroup, const char *controller, struct cp_view *path)
{
    struct cp_view line, number, controllers;
    while (cp_view_split(&self_cgroup, '\n', &line)) {
        if (!cp_view_split(&line, ':', &number) || !line.n)
            continue;
        if (line.p[0] == ':') /* an empty list of controllers */
            controllers = (struct cp_view){line.p, 0};
        else if (!cp_view_split(&line, ':', &controllers))
            continue;
        if (!controllers.n && line.n && line.p[0] == ':')
            line = (struct cp_view){line.p + 1, line.n - 1};
        bool is_it = *controller ? has_word(controllers, ',', controller) : !controllers.n;
        if (is_it) {
            *path = line;
            return true;
        }
    }
    return false;
}

/* Folder of the own group below a mount that may itself show only a part of the hierarchy. */
static bool folder_of(const struct mount *mount, struct cp_view path, char out[PATH_MAX])
{
    if (mount->root.n > 1 && path.n >= mount->root.n &&
        memcmp(path.p, mount->root.p, mount->root.n) == 0)
        path = (struct cp_view){path.p + mount->root.n, path.n - mount->root.n};
    if (path.n == 1 && path.p[0] == '/')
        path.n = 0;
    int n = snprintf(out, PATH_MAX, "%.*s%.*s", (int)mount->point.n, mount->point.p, (int)path.n,
                     path.p);
    return n > 0 && n < PATH_MAX;
}

static bool find_v1_controller(struct cp_view mountinfo, struct cp_view self_cgroup,
                               const char *controller, char out[PATH_MAX])
{
    struct cp_view line, path;
    struct mount mount;
    if (!own_path(self_cgroup, controller, &path))
        return false;
    while (cp_view_split(&mountinfo, '\n', &line)) {
        if (mount_parse(line, &mount) && cp_view_is(mount.fs_type, "cgroup") &&
            has_word(mount.super_options, ',', controller))
            return folder_of(&mount, path, out);
    }
    return false;
}

bool cp_cgroup_find_v1(struct cp_view mountinfo, struct cp_view self_cgroup,
                       struct cp_cgroup_base *out)
{
    out->ops = &cp_cgroup_v1;
    return find_v1_controller(mountinfo, self_cgroup, "cpu", out->cpu) &&
           find_v1_controller(mountinfo, self_cgroup, "memory", out->memory) &&
           find_v1_controller(mountinfo, self_cgroup, "freezer", out->freezer);
}

bool cp_cgroup_find_v2(struct cp_view mountinfo, struct cp_view self_cgroup, bool at_mount,
                       struct cp_cgroup_base *out)
{
    struct cp_view line, path;
    struct mount mount;
    if (!own_path(self_cgroup, "", &path))
        return false;
    if (at_mount)
        path = CP_VIEW_LIT("/");
    while (cp_view_split(&mountinfo, '\n', &line)) {
        if (!mount_parse(line, &mount) || !cp_view_is(mount.fs_type, "cgroup2"))
            continue;
        out->ops = &cp_cgroup_v2;
        if (!folder_of(&mount, path, out->cpu))
            return false;
        memcpy(out->memory, out->cpu, sizeof out->memory);
        memcpy(out->freezer, out->cpu, sizeof out->freezer);
        return true;
    }
    return false;
}

/* --- version 2: controllers for children --- */

static bool file_has_controllers(const char *folder, const char *file)
{
    struct cp_buf text;
    cp_buf_init(&text, FILE_TEXT_MAX);
    (void)read_in(folder, ".", file, &text);
    struct cp_view v = cp_view_trim(cp_buf_view(&text));
    bool has = has_word(v, ' ', "cpu") && has_word(v, ' ', "memory");
    cp_buf_clear(&text);
    return has;
}

static void leaf_name(char out[CP_CGROUP_NAME_MAX])
{
    (void)snprintf(out, CP_CGROUP_NAME_MAX, "coldprof-%d-service", (int)getpid());
}

static void move_processes(const char *folder, const char *from, const char *to)
{
    struct cp_buf text;
    cp_buf_init(&text, FILE_TEXT_MAX);
    (void)read_in(folder, from, "cgroup.procs", &text);
    struct cp_view rest = cp_buf_view(&text), line;
    int64_t pid;
    while (cp_view_split(&rest, '\n', &line)) {
        if (cp_view_to_int64(line, &pid))
            (void)write_number(folder, to, "cgroup.procs", pid);
    }
    cp_buf_clear(&text);
}

enum cp_code cp_cgroup_enable_v2(const struct cp_cgroup_base *base, struct cp_error *err)
{
    const char *folder = base->cpu;
    if (!file_has_controllers(folder, "cgroup.controllers"))
        return cp_fail(err, CP_EUNSUPPORTED, "'%s' has no cpu and memory controllers", folder);
    if (file_has_controllers(folder, "cgroup.subtree_control") ||
        !write_in(folder, ".", "cgroup.subtree_control", "+cpu +memory"))
        return CP_OK;
    /* A group with processes of its own cannot give controllers to children: the processes of this
     * scope (ours, and whoever started us in it) move to a leaf. */
    char leaf[CP_CGROUP_NAME_MAX];
    leaf_name(leaf);
    enum cp_code code = make_folder(folder, leaf, err);
    if (code)
        return code;
    move_processes(folder, ".", leaf);
    code = write_in(folder, ".", "cgroup.subtree_control", "+cpu +memory");
    if (!code)
        return CP_OK;
    cp_cgroup_leave(base);
    return cp_fail(err, code, "cannot enable the cpu and memory controllers in '%s'", folder);
}

void cp_cgroup_leave(const struct cp_cgroup_base *base)
{
    char leaf[CP_CGROUP_NAME_MAX], path[CGROUP_PATH_MAX];
    leaf_name(leaf);
    if (base->ops != &cp_cgroup_v2 || !cp_file_is_dir(path_of(path, base->cpu, leaf, NULL)))
        return;
    (void)write_in(base->cpu, ".", "cgroup.subtree_control", "-cpu -memory");
    move_processes(base->cpu, leaf, ".");
    (void)remove_folder(base->cpu, leaf);
}

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
    return code ? code : try_group(out, err);
}

static enum cp_code detect_in(struct cp_view mountinfo, struct cp_view self_cgroup,
                              struct cp_cgroup_base *out, struct cp_error *err)
{
    struct cp_error own = {.code = CP_OK}, root = {.code = CP_OK}, v1 = {.code = CP_OK};
    if (!try_v2(mountinfo, self_cgroup, true, out, &root) ||
        !try_v2(mountinfo, self_cgroup, false, out, &own))
        return CP_OK;
    if (!cp_cgroup_find_v1(mountinfo, self_cgroup, out))
        (void)cp_fail(&v1, CP_EUNSUPPORTED, "version 1 is not mounted");
    else if (!try_group(out, &v1))
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

/* The pid in "coldprof-<pid>-..."; 0 when the name is not one of ours. */
static pid_t service_of(const char *name)
{
    struct cp_view v = cp_view_of(name);
    int64_t pid;
    if (!cp_view_skip(&v, "coldprof-") || !cp_view_take_int64(&v, &pid) ||
        !cp_view_has_prefix(v, "-") || pid < 2 || pid > INT_MAX)
        return 0;
    return (pid_t)pid;
}

static int sweep_folder(const struct cp_cgroup_base *base, const char *folder)
{
    DIR *dir = opendir(folder);
    if (!dir)
        return 0;
    int n = 0;
    for (struct dirent *entry; (entry = readdir(dir));) { /* NOLINT(concurrency-mt-unsafe) */
        pid_t pid = service_of(entry->d_name);
        if (!pid || (kill(pid, 0) == 0 || errno != ESRCH))
            continue;
        base->ops->kill(base, entry->d_name);
        /* The killed need a moment to leave; what stays now goes at the next start. */
        n += base->ops->remove(base, entry->d_name) == CP_OK;
    }
    (void)closedir(dir);
    return n;
}

int cp_cgroup_sweep_stale(const struct cp_cgroup_base *base)
{
    if (!base->ops)
        return 0;
    int n = sweep_folder(base, base->cpu);
    n += sweep_folder(base, base->memory);
    n += sweep_folder(base, base->freezer);
    return n;
}
