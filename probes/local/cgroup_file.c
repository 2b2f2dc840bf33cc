/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "probes/local/cgroup_file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "probes/os/file.h"

enum { FILE_TEXT_MAX = 64 * 1024, CGROUP_PATH_MAX = PATH_MAX + CP_CGROUP_NAME_MAX + 64 };

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

enum cp_code cp_cgroup_write(const char *folder, const char *name, const char *file,
                             const char *text)
{
    char path[CGROUP_PATH_MAX];
    return write_text(path_of(path, folder, name, file), text);
}

enum cp_code cp_cgroup_write_number(const char *folder, const char *name, const char *file,
                                    int64_t n)
{
    char text[32];
    (void)snprintf(text, sizeof text, "%" PRId64, n);
    return cp_cgroup_write(folder, name, file, text);
}

enum cp_code cp_cgroup_read(const char *folder, const char *name, const char *file,
                            struct cp_buf *out)
{
    char path[CGROUP_PATH_MAX];
    return cp_file_read(path_of(path, folder, name, file), out, NULL);
}

enum cp_code cp_cgroup_read_number(const char *folder, const char *name, const char *file,
                                   int64_t *n)
{
    struct cp_buf text;
    cp_buf_init(&text, FILE_TEXT_MAX);
    enum cp_code code = cp_cgroup_read(folder, name, file, &text);
    if (!code && !cp_view_to_int64(cp_view_trim(cp_buf_view(&text)), n))
        code = CP_EFORMAT;
    cp_buf_clear(&text);
    return code;
}

/* Value of the line "key value" (memory.events, memory.oom_control). */
enum cp_code cp_cgroup_read_keyed(const char *folder, const char *name, const char *file,
                                  const char *key, int64_t *n)
{
    struct cp_buf text;
    cp_buf_init(&text, FILE_TEXT_MAX);
    enum cp_code code = cp_cgroup_read(folder, name, file, &text);
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

enum cp_code cp_cgroup_make(const char *folder, const char *name, struct cp_error *err)
{
    char path[CGROUP_PATH_MAX];
    if (mkdir(path_of(path, folder, name, NULL), 0755) < 0 && errno != EEXIST)
        return fail_path(err, "make the control group", path);
    return CP_OK;
}

enum cp_code cp_cgroup_remove(const char *folder, const char *name)
{
    char path[CGROUP_PATH_MAX];
    if (rmdir(path_of(path, folder, name, NULL)) < 0 && errno != ENOENT)
        return code_of_errno(errno);
    return CP_OK;
}

enum cp_code cp_cgroup_join(const char *folder, const char *name, struct cp_error *err)
{
    char path[CGROUP_PATH_MAX];
    enum cp_code code = write_text(path_of(path, folder, name, "cgroup.procs"), "0");
    return code ? cp_fail(err, code, "cannot join the control group '%s'", path) : CP_OK;
}

void cp_cgroup_kill(const char *folder, const char *name)
{
    struct cp_buf text;
    cp_buf_init(&text, FILE_TEXT_MAX);
    (void)cp_cgroup_read(folder, name, "cgroup.procs", &text);
    struct cp_view rest = cp_buf_view(&text), line;
    int64_t pid;
    while (cp_view_split(&rest, '\n', &line)) {
        if (cp_view_to_int64(line, &pid) && pid > 1 && pid <= INT_MAX)
            (void)kill((pid_t)pid, SIGKILL);
    }
    cp_buf_clear(&text);
}

int64_t cp_cgroup_quota_us(double vcpus)
{
    enum { QUOTA_MIN_US = 1000 };
    int64_t us = (int64_t)(vcpus * CP_CFS_PERIOD_US + 0.5);
    return us < QUOTA_MIN_US ? QUOTA_MIN_US : us;
}
