/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/log/temporary.h"

#include "probes/os/file.h"
#include "probes/os/file_tree.h"
#include "tests/test.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char folder[] = "/tmp/coldprof-log-XXXXXX";

int temporary_make(void **state)
{
    (void)state;
    memset(folder + sizeof folder - 7, 'X', 6);
    assert_non_null(mkdtemp(folder));
    return 0;
}

int temporary_remove(void **state)
{
    (void)state;
    assert_int_equal(cp_file_remove_tree(folder, NULL), CP_OK);
    return 0;
}

const char *temporary_path(const char *name)
{
    static char paths[8][PATH_MAX];
    static size_t turn;
    char *path = paths[turn++ % 8];
    assert_true(snprintf(path, PATH_MAX, "%s/%s", folder, name) < PATH_MAX);
    return path;
}

const char *temporary_file(const char *name, const void *bytes, size_t n)
{
    const char *path = temporary_path(name);
    char parent[PATH_MAX];
    (void)snprintf(parent, sizeof parent, "%s", path);
    *strrchr(parent, '/') = '\0';
    assert_int_equal(cp_file_make_dirs(parent, false, NULL), CP_OK);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    assert_true(fd >= 0);
    assert_int_equal(cp_fd_write_all(fd, (struct cp_view){bytes, n}, path, NULL), CP_OK);
    assert_int_equal(close(fd), 0);
    return path;
}
