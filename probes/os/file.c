/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "probes/os/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum cp_code cp_file_code(int number)
{
    switch (number) {
    case ENOENT:
    case ENOTDIR:
        return CP_ENOTFOUND;
    case EACCES:
    case EPERM:
    case EROFS:
        return CP_EDENIED;
    case ENOMEM:
        return CP_ENOMEM;
    default:
        return CP_EIO;
    }
}

static enum cp_code fail_errno(struct cp_error *err, const char *verb, const char *path)
{
    int number = errno;
    return cp_fail(err, cp_file_code(number), "cannot %s '%s': %s", verb, path, strerror(number));
}

/* To the end of the file, or to a failure of `out`. */
static enum cp_code read_all(int fd, const char *path, struct cp_buf *out, struct cp_error *err)
{
    enum { STEP = 64 * 1024 };
    enum cp_code code = CP_OK;
    static const char nothing[1];
    char step[STEP];
    (void)cp_buf_add(out, nothing, 0);
    for (;;) {
        ssize_t n = read(fd, step, sizeof step);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            code = fail_errno(err, "read", path);
        if (n <= 0 || cp_buf_add(out, step, (size_t)n))
            break;
    }
    explicit_bzero(step, sizeof step); /* it may have been a file of keys */
    return code ? code : cp_buf_check(out, path, err);
}

enum cp_code cp_file_read(const char *path, struct cp_buf *out, struct cp_error *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return fail_errno(err, "open", path);
    enum cp_code code = read_all(fd, path, out, err);
    (void)close(fd);
    return code;
}

enum cp_code cp_file_read_whole(const char *path, struct cp_buf *out, struct cp_error *err)
{
    struct stat st;
    size_t before = out->n;
    size_t size = 0; /* of a pipe nothing is known */
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return fail_errno(err, "open", path);
    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
        size = (size_t)st.st_size;
    enum cp_code code = CP_OK;
    if (size > out->max - before)
        code = cp_fail(err, CP_ELIMIT, "'%s' has more than %zu bytes", path, out->max - before);
    if (!code)
        code = read_all(fd, path, out, err);
    if (!code && out->n - before < size)
        code = cp_fail(err, CP_EIO, "'%s' became shorter while it was read; try again", path);
    (void)close(fd);
    return code;
}

enum cp_code cp_fd_write_all(int fd, struct cp_view bytes, const char *name, struct cp_error *err)
{
    while (bytes.n) {
        ssize_t n = write(fd, bytes.p, bytes.n);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return fail_errno(err, "write", name);
        bytes = (struct cp_view){bytes.p + n, bytes.n - (size_t)n};
    }
    return CP_OK;
}

enum cp_code cp_file_write_atomic(const char *path, struct cp_view bytes, struct cp_error *err)
{
    struct stat st;
    if (lstat(path, &st) == 0 && !S_ISREG(st.st_mode))
        return cp_fail(err, CP_EEXIST, "cannot write '%s': it exists and is not a regular file",
                       path);
    char temporary[PATH_MAX];
    int length = snprintf(temporary, sizeof temporary, "%s.tmp.%ld", path, (long)getpid());
    if (length < 0 || (size_t)length >= sizeof temporary)
        return cp_fail(err, CP_ELIMIT, "cannot write '%s': the path is too long", path);
    int fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
    if (fd < 0)
        return fail_errno(err, "write", path);
    enum cp_code code = cp_fd_write_all(fd, bytes, path, err);
    if (!code && fsync(fd) != 0)
        code = fail_errno(err, "write", path);
    if (close(fd) != 0 && !code)
        code = fail_errno(err, "write", path);
    if (!code && rename(temporary, path) != 0)
        code = fail_errno(err, "replace", path);
    if (code)
        (void)unlink(temporary);
    return code;
}

static enum cp_code append_to(int fd, const char *path, struct cp_view bytes, size_t max_size,
                              struct cp_error *err)
{
    struct stat st;
    if (fstat(fd, &st) != 0)
        return fail_errno(err, "add to", path);
    if (!S_ISREG(st.st_mode))
        return cp_fail(err, CP_EEXIST, "cannot add to '%s': it is not a regular file", path);
    if (bytes.n > max_size || (size_t)st.st_size > max_size - bytes.n)
        return cp_fail(err, CP_ELIMIT, "cannot add to '%s': it would have more than %zu bytes",
                       path, max_size);
    return cp_fd_write_all(fd, bytes, path, err);
}

enum cp_code cp_file_append(const char *path, struct cp_view bytes, size_t max_size,
                            struct cp_error *err)
{
    /* a pipe without a reader must not hold us up */
    int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK, 0644);
    if (fd < 0)
        return fail_errno(err, "add to", path);
    enum cp_code code = append_to(fd, path, bytes, max_size, err);
    if (close(fd) != 0 && !code)
        code = fail_errno(err, "add to", path);
    return code;
}

enum cp_code cp_file_make_dirs(const char *path, bool is_private, struct cp_error *err)
{
    char part[PATH_MAX];
    if (!cp_view_copy(cp_view_of(path), part, sizeof part))
        return cp_fail(err, CP_ELIMIT, "cannot make folder '%s': the path is too long", path);
    for (char *at = part + 1; part[0]; at++) {
        bool is_end = *at == '\0';
        if (*at != '/' && !is_end)
            continue;
        *at = '\0';
        if (mkdir(part, is_private ? 0700 : 0755) != 0 && errno != EEXIST)
            return fail_errno(err, "make folder", part);
        if (is_end)
            break;
        *at = '/';
    }
    if (!cp_file_is_dir(path))
        return cp_fail(err, CP_EEXIST, "cannot make folder '%s': a file of that name is in the way",
                       path);
    return CP_OK;
}

enum cp_code cp_file_remove(const char *path, struct cp_error *err)
{
    if (unlink(path) == 0 || errno == ENOENT)
        return CP_OK;
    return cp_fail(err, CP_EIO, "cannot remove '%s': %s", path, strerror(errno));
}

bool cp_file_exists(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0;
}

bool cp_file_is_dir(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

bool cp_file_is_executable(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISREG(st.st_mode) && access(path, X_OK) == 0;
}
