/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/store/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "model/base/view.h"

/* The process id written by the holder; 0 while it is not (yet) readable. */
static int64_t holder_of(int fd)
{
    char text[32];
    int64_t pid = 0;
    ssize_t n = pread(fd, text, sizeof text, 0);
    if (n <= 0 || !cp_view_to_int64(cp_view_trim((struct cp_view){text, (size_t)n}), &pid))
        return 0;
    return pid;
}

static enum cp_code fail_busy(const char *path, int64_t pid, struct cp_error *err)
{
    if (!pid)
        return cp_fail(err, CP_EBUSY, "'%s' is being written to by another coldprof", path);
    return cp_fail(err, CP_EBUSY,
                   "'%s' is being written to by another coldprof (process %" PRId64
                   "): wait for it to end, or choose another store",
                   path, pid);
}

static void write_holder(int fd)
{
    char text[32];
    int n = snprintf(text, sizeof text, "%ld\n", (long)getpid());
    /* Only a hint for the message of the next one: the lock is held whatever happens here. */
    if (ftruncate(fd, 0) != 0 || pwrite(fd, text, (size_t)n, 0) != n)
        return;
}

enum cp_code cp_store_lock_take(const char *path, int *fd, struct cp_error *err)
{
    char name[PATH_MAX];
    *fd = -1;
    int length = snprintf(name, sizeof name, "%s.lock", path);
    if (length < 0 || (size_t)length >= sizeof name)
        return cp_fail(err, CP_ELIMIT, "cannot lock '%s': the path is too long", path);
    int opened = open(name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
    if (opened < 0) {
        enum cp_code code = errno == EACCES || errno == EROFS ? CP_EDENIED : CP_EIO;
        return cp_fail(err, code, "cannot open '%s': %s", name, strerror(errno));
    }
    if (flock(opened, LOCK_EX | LOCK_NB) != 0) {
        enum cp_code code = errno == EWOULDBLOCK ? fail_busy(path, holder_of(opened), err)
                                                 : cp_fail(err, CP_EIO, "cannot lock '%s': %s",
                                                           name, strerror(errno));
        (void)close(opened);
        return code;
    }
    write_holder(opened);
    *fd = opened;
    return CP_OK;
}

void cp_store_lock_release(int fd)
{
    if (fd < 0)
        return;
    /* An empty file: nobody holds it. */
    if (ftruncate(fd, 0) != 0) {
        /* The next owner overwrites it. */
    }
    (void)close(fd);
}
