/* SPDX-License-Identifier: GPL-3.0-or-later
 * A really full disk: a 256 KiB tmpfs in a mount namespace of the test's own.
 */
#include "tests/store/store_fixture.h"

#include <errno.h>
#include <sched.h>
#include <sys/mount.h>

static bool mount_small_disk(const char *folder)
{
    if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0)
        return false;
    return mount("tmpfs", folder, "tmpfs", 0, "size=256k") == 0;
}

static void a_full_disk_is_named_and_costs_no_earlier_sample(void **state)
{
    struct store_fixture *f = *state;
    if (!mount_small_disk(f->folder)) {
        print_message("skipped: cannot mount a tmpfs here: %s\n", strerror(errno));
        skip();
    }
    struct cp_run run = store_fixture_run(1);
    struct cp_error err = {0};
    struct cp_run_data data;
    int n_stored = 0;
    enum cp_code code = CP_OK;
    struct cp_store *store = store_fixture_open(f, CP_STORE_SWEEP);
    assert_int_equal(cp_store_add_run(store, &run, NULL), CP_OK);
    for (int i = 0; i < 100000 && !code; i++) {
        struct cp_sample sample = cp_sample_planned(CP_CELL_COLD, 128);
        sample.plan_no = i;
        code = cp_store_add_samples(store, run.id, &sample, 1, &err);
        n_stored += !code;
    }
    assert_int_equal(code, CP_EIO);
    assert_non_null(strstr(err.text, "the disk is full"));
    assert_true(n_stored > 0);
    assert_int_equal(cp_store_load(store, run.id, &data, NULL), CP_OK);
    assert_int_equal(data.n_samples, n_stored);
    cp_run_data_clear(&data);
    cp_store_close(store);
    assert_int_equal(umount2(f->folder, MNT_DETACH), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_full_disk_is_named_and_costs_no_earlier_sample,
                                        store_fixture_setup, store_fixture_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
