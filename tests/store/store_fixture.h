/* SPDX-License-Identifier: GPL-3.0-or-later
 * A folder of its own for each test, and rows with a value in every member.
 */
#ifndef COLDPROF_TESTS_STORE_FIXTURE_H
#define COLDPROF_TESTS_STORE_FIXTURE_H

#include "tests/test.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "profiler/store/store.h"

struct store_fixture {
    char folder[64];
    char path[PATH_MAX];
};

static inline int store_fixture_setup(void **state)
{
    struct store_fixture *f = calloc(1, sizeof *f);
    assert_non_null(f);
    /* in memory where there is such a place: thousands of synchronous commits, no disk to wait for
     */
    (void)snprintf(f->folder, sizeof f->folder, "%s/coldprof_store_XXXXXX",
                   access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    assert_non_null(mkdtemp(f->folder));
    (void)snprintf(f->path, sizeof f->path, "%s/runs.sqlite", f->folder);
    *state = f;
    return 0;
}

static inline int store_fixture_teardown(void **state)
{
    static const char *const suffixes[] = {"", "-wal", "-shm", ".lock"};
    struct store_fixture *f = *state;
    for (size_t i = 0; i < sizeof suffixes / sizeof suffixes[0]; i++) {
        char name[PATH_MAX + 8];
        (void)snprintf(name, sizeof name, "%s%s", f->path, suffixes[i]);
        (void)unlink(name);
    }
    (void)rmdir(f->folder);
    free(f);
    return 0;
}

static inline struct cp_store *store_fixture_open(const struct store_fixture *f,
                                                  enum cp_store_mode mode)
{
    struct cp_store *store = NULL;
    struct cp_error err = {0};
    enum cp_code code = cp_store_open(f->path, mode, &store, &err);
    if (code)
        fail_msg("%s", err.text);
    return store;
}

static inline struct cp_run store_fixture_run(uint64_t seed)
{
    struct cp_run run = cp_run_empty();
    run.seed = seed;
    run.started_at_ms = 1790000000000;
    (void)snprintf(run.function, sizeof run.function, "hello-python");
    return run;
}

#endif
