/* SPDX-License-Identifier: GPL-3.0-or-later
 * Both versions of control groups: where they are found, and what is written and read. The files
 * are a folder of ours; names and forms are those of the kernel's documentation (cgroup-v1/,
 * cgroup-v2.rst).
 */
#include "tests/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "probes/local/cgroup.h"
#include "probes/os/file.h"

/* A machine with version 1 and a version 2 mount without controllers. */
static const char v1_mounts[] =
    "31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755\n"
    "32 31 0:29 / /sys/fs/cgroup/cpu rw,relatime - cgroup cgroup rw,cpu\n"
    "33 31 0:30 / /sys/fs/cgroup/cpuset rw,relatime - cgroup cgroup rw,cpuset\n"
    "35 31 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory\n"
    "37 31 0:34 / /sys/fs/cgroup/freezer rw,relatime - cgroup cgroup rw,freezer\n"
    "41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw\n";
static const char v1_own[] = "6:freezer:/\n4:memory:/jobs/7\n3:cpuset:/\n1:cpu,cpuacct:/\n0::/\n";

static const char v2_mounts[] =
    "30 23 0:26 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate\n";
static const char v2_own[] = "0::/user.slice/user-1000.slice/run-5.scope\n";

static void version_1_is_found_controller_by_controller(void **state)
{
    (void)state;
    struct cp_cgroup_base base;
    assert_true(cp_cgroup_find_v1(cp_view_of(v1_mounts), cp_view_of(v1_own), &base));
    assert_string_equal(base.cpu, "/sys/fs/cgroup/cpu");
    assert_string_equal(base.memory, "/sys/fs/cgroup/memory/jobs/7");
    assert_string_equal(base.freezer, "/sys/fs/cgroup/freezer");
    assert_ptr_equal(base.ops, &cp_cgroup_v1);
    assert_false(cp_cgroup_find_v1(cp_view_of(v2_mounts), cp_view_of(v2_own), &base));
    assert_false(cp_cgroup_find_v1(cp_view_of(v1_mounts), cp_view_of("0::/\n"), &base));
}

static void version_2_is_the_own_group_or_the_root(void **state)
{
    (void)state;
    struct cp_cgroup_base base;
    assert_true(cp_cgroup_find_v2(cp_view_of(v2_mounts), cp_view_of(v2_own), false, &base));
    assert_string_equal(base.cpu, "/sys/fs/cgroup/user.slice/user-1000.slice/run-5.scope");
    assert_string_equal(base.memory, base.cpu);
    assert_true(cp_cgroup_find_v2(cp_view_of(v2_mounts), cp_view_of(v2_own), true, &base));
    assert_string_equal(base.cpu, "/sys/fs/cgroup");
    /* In a container the mount shows a part of the hierarchy, under the same name. */
    assert_true(cp_cgroup_find_v2(
        CP_VIEW_LIT("30 23 0:26 /docker/ab /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n"),
        CP_VIEW_LIT("0::/docker/ab/x\n"), false, &base));
    assert_string_equal(base.cpu, "/sys/fs/cgroup/x");
}

static void nonsense_is_not_a_mount(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "", "\n\n", "1 2 3", "30 23 0:26 / /x rw", "- cgroup2 a b", ":::", "0:", "0::"};
    struct cp_cgroup_base base;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        assert_false(cp_cgroup_find_v1(cp_view_of(texts[i]), cp_view_of(v1_own), &base));
        assert_false(cp_cgroup_find_v2(cp_view_of(texts[i]), cp_view_of(v2_own), false, &base));
        assert_false(cp_cgroup_find_v1(cp_view_of(v1_mounts), cp_view_of(texts[i]), &base));
    }
}

/* --- a folder that stands for a hierarchy --- */

#define GROUP "coldprof-1-1"

struct tree {
    char root[64];
    struct cp_cgroup_base base;
};

static void put(const struct tree *t, const char *file, const char *text)
{
    char path[256];
    (void)snprintf(path, sizeof path, "%s/%s", t->root, file);
    assert_int_equal(cp_file_write_atomic(path, cp_view_of(text), NULL), CP_OK);
}

static void assert_file(const struct tree *t, const char *file, const char *expected)
{
    char path[256];
    struct cp_buf text;
    (void)snprintf(path, sizeof path, "%s/%s", t->root, file);
    cp_buf_init(&text, 65536);
    assert_int_equal(cp_file_read(path, &text, NULL), CP_OK);
    assert_string_equal(cp_buf_str(&text), expected);
    cp_buf_clear(&text);
}

static void make_tree(struct tree *t, const struct cp_cgroup_ops *ops)
{
    static const char *const files[] = {"cpu.max",
                                        "memory.max",
                                        "memory.swap.max",
                                        "memory.peak",
                                        "memory.events",
                                        "cgroup.freeze",
                                        "cgroup.procs",
                                        "cgroup.kill",
                                        "pids.max",
                                        "cpu.cfs_period_us",
                                        "cpu.cfs_quota_us",
                                        "memory.limit_in_bytes",
                                        "memory.memsw.limit_in_bytes",
                                        "memory.max_usage_in_bytes",
                                        "memory.oom_control",
                                        "freezer.state"};
    char path[256];
    (void)snprintf(t->root, sizeof t->root, "/tmp/cpcgroup-XXXXXX");
    assert_non_null(mkdtemp(t->root));
    t->base.ops = ops;
    (void)snprintf(t->base.cpu, sizeof t->base.cpu, "%s", t->root);
    (void)snprintf(t->base.memory, sizeof t->base.memory, "%s", t->root);
    (void)snprintf(t->base.freezer, sizeof t->base.freezer, "%s", t->root);
    (void)snprintf(t->base.pids, sizeof t->base.pids, "%s", t->root);
    *t->base.leaf = '\0';
    (void)snprintf(path, sizeof path, "%s/" GROUP, t->root);
    assert_int_equal(mkdir(path, 0755), 0);
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        (void)snprintf(path, sizeof path, GROUP "/%s", files[i]);
        put(t, path, "something longer that was here before");
    }
}

static void remove_tree(const struct tree *t)
{
    pid_t pid = fork();
    if (pid == 0) {
        (void)execlp("rm", "rm", "-rf", t->root, (char *)NULL);
        _exit(1);
    }
    assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static void version_2_writes_its_files(void **state)
{
    (void)state;
    struct tree t;
    int64_t n;
    make_tree(&t, &cp_cgroup_v2);
    assert_int_equal(cp_cgroup_v2.create(&t.base, GROUP, NULL), CP_OK);
    assert_file(&t, GROUP "/cpu.max", "max 20000");
    assert_file(&t, GROUP "/pids.max", "1024");
    /* 128/1769 of 20 ms = 1,447 us; 3,538 MB are two cores */
    assert_int_equal(cp_cgroup_v2.limit_cpu(&t.base, GROUP, 128 / 1769.0), CP_OK);
    assert_file(&t, GROUP "/cpu.max", "1447 20000");
    assert_int_equal(cp_cgroup_v2.limit_cpu(&t.base, GROUP, 2), CP_OK);
    assert_file(&t, GROUP "/cpu.max", "40000 20000");
    assert_int_equal(cp_cgroup_v2.limit_cpu(&t.base, GROUP, 0), CP_OK);
    assert_file(&t, GROUP "/cpu.max", "max 20000");
    assert_int_equal(cp_cgroup_v2.limit_memory(&t.base, GROUP, 134217728), CP_OK);
    assert_file(&t, GROUP "/memory.max", "134217728");
    assert_file(&t, GROUP "/memory.swap.max", "0");
    assert_int_equal(cp_cgroup_v2.freeze(&t.base, GROUP, true), CP_OK);
    assert_file(&t, GROUP "/cgroup.freeze", "1");
    assert_int_equal(cp_cgroup_v2.join(&t.base, GROUP, NULL), CP_OK);
    assert_file(&t, GROUP "/cgroup.procs", "0");
    put(&t, GROUP "/memory.peak", "38797312\n");
    assert_int_equal(cp_cgroup_v2.peak_memory(&t.base, GROUP, &n), CP_OK);
    assert_int_equal(n, 38797312);
    put(&t, GROUP "/memory.events", "low 0\nhigh 0\nmax 9\noom 2\noom_kill 1\n");
    assert_int_equal(cp_cgroup_v2.oom_kills(&t.base, GROUP, &n), CP_OK);
    assert_int_equal(n, 1);
    cp_cgroup_v2.kill(&t.base, GROUP);
    assert_file(&t, GROUP "/cgroup.kill", "1");
    assert_file(&t, GROUP "/cgroup.freeze", "0");
    remove_tree(&t);
}

static void version_1_writes_its_files(void **state)
{
    (void)state;
    struct tree t;
    int64_t n;
    make_tree(&t, &cp_cgroup_v1);
    assert_int_equal(cp_cgroup_v1.create(&t.base, GROUP, NULL), CP_OK);
    assert_file(&t, GROUP "/cpu.cfs_period_us", "20000");
    assert_file(&t, GROUP "/pids.max", "1024");
    assert_int_equal(cp_cgroup_v1.limit_cpu(&t.base, GROUP, 128 / 1769.0), CP_OK);
    assert_file(&t, GROUP "/cpu.cfs_quota_us", "1447");
    assert_int_equal(cp_cgroup_v1.limit_cpu(&t.base, GROUP, 0), CP_OK);
    assert_file(&t, GROUP "/cpu.cfs_quota_us", "-1");
    assert_int_equal(cp_cgroup_v1.limit_memory(&t.base, GROUP, 134217728), CP_OK);
    assert_file(&t, GROUP "/memory.limit_in_bytes", "134217728");
    assert_int_equal(cp_cgroup_v1.freeze(&t.base, GROUP, true), CP_OK);
    assert_file(&t, GROUP "/freezer.state", "FROZEN");
    assert_int_equal(cp_cgroup_v1.freeze(&t.base, GROUP, false), CP_OK);
    assert_file(&t, GROUP "/freezer.state", "THAWED");
    put(&t, GROUP "/memory.max_usage_in_bytes", "1048576\n");
    assert_int_equal(cp_cgroup_v1.peak_memory(&t.base, GROUP, &n), CP_OK);
    assert_int_equal(n, 1048576);
    put(&t, GROUP "/memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 3\n");
    assert_int_equal(cp_cgroup_v1.oom_kills(&t.base, GROUP, &n), CP_OK);
    assert_int_equal(n, 3);
    remove_tree(&t);
}

static void what_the_kernel_does_not_tell_is_an_error(void **state)
{
    (void)state;
    struct tree t;
    int64_t n = 7;
    make_tree(&t, &cp_cgroup_v2);
    assert_int_equal(cp_cgroup_v2.peak_memory(&t.base, GROUP, &n), CP_EFORMAT);
    assert_int_equal(cp_cgroup_v2.peak_memory(&t.base, "other", &n), CP_ENOTFOUND);
    assert_int_equal(cp_cgroup_v2.oom_kills(&t.base, GROUP, &n), CP_ENOTFOUND);
    assert_int_equal(n, 7);
    remove_tree(&t);
}

static void version_2_needs_cpu_and_memory_controllers(void **state)
{
    (void)state;
    struct tree t;
    struct cp_error err;
    make_tree(&t, &cp_cgroup_v2);
    put(&t, "cgroup.controllers", "hugetlb\n");
    put(&t, "cgroup.subtree_control", "\n");
    assert_int_equal(cp_cgroup_enable_v2(&t.base, &err), CP_EUNSUPPORTED);
    assert_non_null(strstr(err.text, "no cpu and memory controllers"));
    put(&t, "cgroup.controllers", "cpuset cpu io memory pids\n");
    assert_int_equal(cp_cgroup_enable_v2(&t.base, &err), CP_OK);
    assert_file(&t, "cgroup.subtree_control", "+pids"); /* the last write; the kernel adds up */
    assert_string_equal(t.base.pids, t.root);
    assert_string_equal(t.base.leaf, "");
    put(&t, "cgroup.subtree_control", "cpu memory pids\n"); /* enabled already: not touched */
    assert_int_equal(cp_cgroup_enable_v2(&t.base, &err), CP_OK);
    assert_file(&t, "cgroup.subtree_control", "cpu memory pids\n");
    remove_tree(&t);
}

static void processes_of_the_scope_come_back_from_the_leaf(void **state)
{
    (void)state;
    struct tree t;
    make_tree(&t, &cp_cgroup_v2);
    /* What cp_cgroup_enable_v2 leaves behind, undone by another process than made it (a guard). */
    (void)snprintf(t.base.leaf, sizeof t.base.leaf, "%s", GROUP);
    put(&t, GROUP "/cgroup.procs", "4711\n");
    put(&t, "cgroup.procs", "");
    put(&t, "cgroup.subtree_control", "cpu memory pids\n");
    cp_cgroup_leave(&t.base);
    assert_file(&t, "cgroup.procs", "4711");
    assert_file(&t, "cgroup.subtree_control", "-pids");
    remove_tree(&t);
}

static void nothing_is_undone_that_was_not_done(void **state)
{
    (void)state;
    struct tree t;
    make_tree(&t, &cp_cgroup_v2);
    put(&t, "cgroup.subtree_control", "cpu memory\n");
    cp_cgroup_leave(&t.base);
    assert_file(&t, "cgroup.subtree_control", "cpu memory\n");
    remove_tree(&t);
}

static void groups_of_dead_services_are_removed(void **state)
{
    (void)state;
    struct tree t;
    char own[256], dead[256], other[256], leaf[256], own_leaf[256];
    *t.base.pids = '\0';
    make_tree(&t, &cp_cgroup_v2);
    pid_t child = fork(); /* a pid that is certainly gone after the wait */
    if (child == 0)
        _exit(0);
    assert_true(child > 0);
    while (waitpid(child, NULL, 0) != child) {
    }
    (void)snprintf(own, sizeof own, "%s/coldprof-%d-3", t.root, (int)getpid());
    (void)snprintf(dead, sizeof dead, "%s/coldprof-%d-4", t.root, (int)child);
    (void)snprintf(other, sizeof other, "%s/coldprof-notes", t.root);
    /* Leaves hold the processes of the user's own scope: killing those would end his shell. */
    (void)snprintf(leaf, sizeof leaf, "%s/coldprof-%d-service", t.root, (int)child);
    (void)snprintf(own_leaf, sizeof own_leaf, "%s/coldprof-%d-service", t.root, (int)getpid());
    assert_int_equal(mkdir(own, 0755) | mkdir(dead, 0755) | mkdir(other, 0755), 0);
    assert_int_equal(mkdir(leaf, 0755) | mkdir(own_leaf, 0755), 0);
    assert_int_equal(cp_cgroup_sweep_stale(&t.base), 1);
    assert_true(cp_file_is_dir(own));
    assert_false(cp_file_is_dir(dead));
    assert_true(cp_file_is_dir(other));
    assert_true(cp_file_is_dir(leaf));
    assert_int_equal(cp_cgroup_sweep_own(&t.base), 1);
    assert_false(cp_file_is_dir(own));
    assert_true(cp_file_is_dir(own_leaf));
    remove_tree(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(version_1_is_found_controller_by_controller),
        cmocka_unit_test(version_2_is_the_own_group_or_the_root),
        cmocka_unit_test(nonsense_is_not_a_mount),
        cmocka_unit_test(version_2_writes_its_files),
        cmocka_unit_test(version_1_writes_its_files),
        cmocka_unit_test(what_the_kernel_does_not_tell_is_an_error),
        cmocka_unit_test(version_2_needs_cpu_and_memory_controllers),
        cmocka_unit_test(processes_of_the_scope_come_back_from_the_leaf),
        cmocka_unit_test(nothing_is_undone_that_was_not_done),
        cmocka_unit_test(groups_of_dead_services_are_removed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
