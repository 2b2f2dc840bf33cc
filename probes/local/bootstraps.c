/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "probes/local/bootstraps.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "probes/os/file.h"
#include "probes/os/file_tree.h"

#define DIR_PREFIX "coldprof-"

struct runtime_row {
    const char *prefix, *name;
};

static const struct runtime_row runtimes[] = {
    {"python3", "python3.py"},
    {"nodejs", "nodejs.js"},
};

const char *cp_bootstrap_for(const char *runtime)
{
    for (size_t i = 0; i < sizeof runtimes / sizeof *runtimes; i++) {
        if (cp_view_has_prefix(cp_view_of(runtime), runtimes[i].prefix))
            return runtimes[i].name;
    }
    return NULL;
}

enum { FILE_PATH_MAX = PATH_MAX + NAME_MAX + 2 };

static bool is_of_dead_service(const char *name)
{
    struct cp_view v = cp_view_of(name);
    int64_t pid;
    return cp_view_skip(&v, DIR_PREFIX) && cp_view_take_int64(&v, &pid) &&
           cp_view_has_prefix(v, "-") && pid > 1 && pid <= INT_MAX && kill((pid_t)pid, 0) < 0 &&
           errno == ESRCH;
}

static void sweep_stale(const char *parent)
{
    DIR *dir = opendir(parent);
    if (!dir)
        return;
    for (struct dirent *entry; (entry = readdir(dir));) { /* NOLINT(concurrency-mt-unsafe) */
        char path[PATH_MAX];
        if (is_of_dead_service(entry->d_name) &&
            snprintf(path, sizeof path, "%s/%s", parent, entry->d_name) < (int)sizeof path)
            cp_bootstraps_remove(path);
    }
    (void)closedir(dir);
}

enum cp_code cp_bootstraps_write(const char *parent, char dir[PATH_MAX], struct cp_error *err)
{
    sweep_stale(parent);
    int n = snprintf(dir, PATH_MAX, "%s/" DIR_PREFIX "%d-XXXXXX", parent, (int)getpid());
    if (n >= PATH_MAX || !mkdtemp(dir))
        return cp_fail(err, CP_EIO, "cannot make a folder in '%s' for the bootstraps: %s", parent,
                       strerror(errno));
    for (const struct cp_bootstrap *b = cp_bootstraps; b->name; b++) {
        char path[FILE_PATH_MAX];
        (void)snprintf(path, sizeof path, "%s/%s", dir, b->name);
        enum cp_code code =
            cp_file_write_atomic(path, (struct cp_view){(const char *)b->bytes, b->n}, err);
        if (code) {
            cp_bootstraps_remove(dir);
            return code;
        }
    }
    return CP_OK;
}

void cp_bootstraps_remove(const char *dir)
{
    if (*dir)
        (void)cp_file_remove_tree(dir, NULL);
}
