/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "probes/os/file_tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Each level holds a descriptor: what is deeper was not made by us. */
enum { DEPTH_MAX = 200 };

struct removal {
    int first_errno; /* of the first failure */
};

static void remove_entry(struct removal *r, int parent_fd, const char *name, int depth);

static void remove_content(struct removal *r, int fd, int depth)
{
    DIR *dir = fdopendir(fd);
    if (!dir) {
        (void)close(fd);
        return;
    }
    const struct dirent *entry = NULL;
    while ((entry = readdir(dir))) { /* NOLINT(concurrency-mt-unsafe) */
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            remove_entry(r, dirfd(dir), entry->d_name, depth + 1);
    }
    (void)closedir(dir);
}

static void remove_entry(struct removal *r, int parent_fd, const char *name, int depth)
{
    if (unlinkat(parent_fd, name, 0) == 0 || errno == ENOENT)
        return;
    int fd = -1;
    if (depth < DEPTH_MAX)
        fd = openat(parent_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 && errno == EACCES && fchmodat(parent_fd, name, S_IRWXU, 0) == 0)
        fd = openat(parent_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd >= 0) {
        (void)fchmod(fd, S_IRWXU); /* a folder without w keeps its entries */
        remove_content(r, fd, depth);
    }
    if (unlinkat(parent_fd, name, AT_REMOVEDIR) != 0 && errno != ENOENT && !r->first_errno)
        r->first_errno = errno;
}

enum cp_code cp_file_remove_tree(const char *path, struct cp_error *err)
{
    struct removal r = {0};
    remove_entry(&r, AT_FDCWD, path, 0);
    return r.first_errno
               ? cp_fail(err, CP_EIO, "cannot remove '%s': %s", path, strerror(r.first_errno))
               : CP_OK;
}
