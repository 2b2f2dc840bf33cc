/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "probes/os/append_file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "probes/os/file.h"

enum { NAME_SIZE = 128, OTHERS = 077, READ_STEP = 16 * 1024, CREATE_TRIES = 3 };

struct cp_append_file {
    int fd, folder;
    size_t size; /* of what is known to be whole */
    bool is_broken;
    char name[NAME_SIZE];
};

static enum cp_code fail_errno(struct cp_error *err, const char *verb, const char *name)
{
    int number = errno;
    enum cp_code code = CP_EIO;
    if (number == ENOENT || number == ENOTDIR)
        code = CP_ENOTFOUND;
    if (number == EACCES || number == EPERM || number == EROFS || number == ELOOP)
        code = CP_EDENIED;
    if (number == EEXIST)
        code = CP_EEXIST;
    return cp_fail(err, code, "cannot %s '%s': %s", verb, name, strerror(number));
}

/* --- the folder --- */

static enum cp_code open_folder(const char *path, int *fd, struct cp_error *err)
{
    struct stat st;
    *fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (*fd < 0)
        return fail_errno(err, "open folder", path);
    enum cp_code code = CP_OK;
    if (fstat(*fd, &st) != 0)
        code = fail_errno(err, "look at folder", path);
    else if (st.st_uid != geteuid())
        code = cp_fail(err, CP_EDENIED, "folder '%s' belongs to another user", path);
    else if (st.st_mode & OTHERS)
        code = cp_fail(err, CP_EDENIED, "folder '%s' is open to others: chmod 700 it", path);
    if (code) {
        (void)close(*fd);
        *fd = -1;
    }
    return code;
}

/* --- one file --- */

static struct cp_append_file *file_new(int folder, const char *name, struct cp_error *err)
{
    struct cp_append_file *file = calloc(1, sizeof *file);
    if (!file) {
        (void)cp_fail(err, CP_ENOMEM, "cannot open '%s': out of memory", name);
        return NULL;
    }
    file->fd = -1;
    file->folder = folder;
    if (!name[0] || strchr(name, '/') || !cp_view_copy(cp_view_of(name), file->name, NAME_SIZE)) {
        (void)cp_fail(err, CP_EINVAL, "'%s' is not a file name", name);
        free(file);
        return NULL;
    }
    return file;
}

void cp_append_close(struct cp_append_file *file)
{
    if (!file)
        return;
    if (file->fd >= 0)
        (void)close(file->fd);
    if (file->folder >= 0)
        (void)close(file->folder);
    free(file);
}

/* A new file is held by nobody for longer than a look takes: waited for. */
static enum cp_code lock(const struct cp_append_file *file, bool is_new, struct cp_error *err)
{
    int result = 0;
    do
        result = flock(file->fd, is_new ? LOCK_EX : LOCK_EX | LOCK_NB);
    while (result != 0 && errno == EINTR);
    if (result == 0)
        return CP_OK;
    if (errno == EWOULDBLOCK)
        return cp_fail(err, CP_EBUSY, "'%s' is in use by another process", file->name);
    return fail_errno(err, "lock", file->name);
}

static enum cp_code check_file(const struct cp_append_file *file, struct cp_error *err)
{
    struct stat st;
    if (fstat(file->fd, &st) != 0)
        return fail_errno(err, "look at", file->name);
    if (st.st_nlink == 0) /* between our opening and our lock */
        return cp_fail(err, CP_ENOTFOUND, "'%s' was removed meanwhile", file->name);
    if (!S_ISREG(st.st_mode) || st.st_nlink != 1)
        return cp_fail(err, CP_EDENIED, "'%s' is not a regular file with one name", file->name);
    if (st.st_uid != geteuid())
        return cp_fail(err, CP_EDENIED, "'%s' belongs to another user", file->name);
    if (st.st_mode & OTHERS)
        return cp_fail(err, CP_EDENIED, "'%s' is open to others: chmod 600 it", file->name);
    return CP_OK;
}

/* Opens `name` with `flags` in a folder that was checked, and takes the lock. */
static enum cp_code open_file(const char *folder, const char *name, int flags,
                              struct cp_append_file **out, struct cp_error *err)
{
    int dir = -1;
    *out = NULL;
    enum cp_code code = open_folder(folder, &dir, err);
    if (code)
        return code;
    struct cp_append_file *file = file_new(dir, name, err);
    if (!file) {
        (void)close(dir);
        return err ? err->code : CP_EINVAL;
    }
    file->fd = openat(dir, name, flags | O_RDWR | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (file->fd < 0)
        code = fail_errno(err, "open", name);
    if (!code)
        code = lock(file, flags & O_CREAT, err);
    if (!code)
        code = check_file(file, err);
    if (code)
        cp_append_close(file);
    else
        *out = file;
    return code;
}

enum cp_code cp_append_create(const char *folder, const char *name, struct cp_append_file **out,
                              struct cp_error *err)
{
    *out = NULL;
    enum cp_code code = cp_file_make_dirs(folder, true, err);
    enum cp_code opened = CP_ENOTFOUND; /* somebody tidied away the empty file */
    for (int i = 0; i < CREATE_TRIES && !code && opened == CP_ENOTFOUND; i++)
        opened = open_file(folder, name, O_CREAT | O_EXCL, out, err);
    code = code ? code : opened;
    if (*out && (fsync((*out)->fd) != 0 || fsync((*out)->folder) != 0)) {
        code = fail_errno(err, "sync", name);
        (void)unlinkat((*out)->folder, name, 0);
        cp_append_close(*out);
        *out = NULL;
    }
    return code;
}

static enum cp_code read_all(struct cp_append_file *file, struct cp_buf *content,
                             struct cp_error *err)
{
    for (;;) {
        char step[READ_STEP];
        ssize_t n = pread(file->fd, step, sizeof step, (off_t)file->size);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return fail_errno(err, "read", file->name);
        if (n == 0)
            return CP_OK;
        file->size += (size_t)n;
        if (cp_buf_add(content, step, (size_t)n))
            return cp_buf_check(content, file->name, err);
    }
}

enum cp_code cp_append_open(const char *folder, const char *name, struct cp_append_file **out,
                            struct cp_buf *content, struct cp_error *err)
{
    enum cp_code code = open_file(folder, name, 0, out, err);
    if (*out)
        code = read_all(*out, content, err);
    if (code) {
        cp_append_close(*out);
        *out = NULL;
    }
    return code;
}

/* What was written in part must not stay: a record behind it would be unreadable. */
static void take_back(struct cp_append_file *file)
{
    if (ftruncate(file->fd, (off_t)file->size) != 0)
        file->is_broken = true;
}

enum cp_code cp_append(struct cp_append_file *file, struct cp_view bytes, struct cp_error *err)
{
    if (file->is_broken)
        return cp_fail(err, CP_EIO, "'%s' could not be written before", file->name);
    enum cp_code code = cp_fd_write_all(file->fd, bytes, file->name, err);
    if (!code && fdatasync(file->fd) != 0) {
        code = fail_errno(err, "sync", file->name);
        file->is_broken = true; /* what the disk holds is not known any more */
    }
    if (code)
        take_back(file);
    else
        file->size += bytes.n;
    return code;
}

enum cp_code cp_append_cut(struct cp_append_file *file, size_t size, struct cp_error *err)
{
    if (size >= file->size)
        return CP_OK;
    if (ftruncate(file->fd, (off_t)size) != 0 || fdatasync(file->fd) != 0)
        return fail_errno(err, "cut", file->name);
    file->size = size;
    return CP_OK;
}

enum cp_code cp_append_remove(struct cp_append_file *file, struct cp_error *err)
{
    enum cp_code code = CP_OK;
    if (unlinkat(file->folder, file->name, 0) != 0 && errno != ENOENT)
        code = fail_errno(err, "remove", file->name);
    if (!code && fsync(file->folder) != 0)
        code = fail_errno(err, "sync", file->name);
    cp_append_close(file);
    return code;
}

/* --- listing --- */

static bool ends_with(const char *name, const char *ending)
{
    size_t n = strlen(name);
    size_t m = strlen(ending);
    return n > m && strcmp(name + n - m, ending) == 0;
}

enum cp_code cp_append_list(const char *folder, const char *ending, cp_append_name_fn each,
                            void *context, struct cp_error *err)
{
    int fd = -1;
    struct cp_error own;
    enum cp_code code = open_folder(folder, &fd, &own);
    if (code == CP_ENOTFOUND)
        return CP_OK;
    if (code)
        return cp_fail(err, code, "%s", own.text);
    DIR *dir = fdopendir(fd);
    if (!dir) {
        code = fail_errno(err, "list folder", folder);
        (void)close(fd);
        return code;
    }
    /* one thread reads one stream: readdir is safe */
    for (struct dirent *entry = readdir(dir); entry;
         entry = readdir(dir)) { // NOLINT(concurrency-mt-unsafe)
        if (ends_with(entry->d_name, ending) && !each(context, entry->d_name))
            break;
    }
    (void)closedir(dir);
    return CP_OK;
}
