/* SPDX-License-Identifier: GPL-3.0-or-later
 * Code archives: the same bytes for the same files, and nothing of an archive outside its folder.
 * Hostile archives are made with libzip itself, which writes any name.
 */
#include "tests/test.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zip.h>

#include "probes/local/code_package.h"
#include "probes/local/code_zip.h"
#include "probes/os/file.h"
#include "probes/os/file_list.h"
#include "probes/os/file_tree.h"

struct place {
    char root[256];
    char from[300], to[300];
    struct cp_buf zip;
};

static void path_in(const char *folder, const char *name, char out[512])
{
    int n = snprintf(out, 512, "%s/%s", folder, name);
    assert_true(n > 0 && n < 512);
}

static void put(const char *folder, const char *name, const char *text, mode_t mode)
{
    char path[512];
    struct cp_error err;
    path_in(folder, name, path);
    assert_int_equal(cp_file_write_atomic(path, cp_view_of(text), &err), CP_OK);
    assert_int_equal(chmod(path, mode), 0);
}

static int setup(void **state)
{
    struct place *p = calloc(1, sizeof *p);
    assert_non_null(p);
    const char *base = getenv("TMPDIR");
    (void)snprintf(p->root, sizeof p->root, "%s/coldprof-zip-XXXXXX", base ? base : "/tmp");
    assert_non_null(mkdtemp(p->root));
    (void)snprintf(p->from, sizeof p->from, "%s/from", p->root);
    (void)snprintf(p->to, sizeof p->to, "%s/to", p->root);
    assert_int_equal(mkdir(p->from, 0755), 0);
    assert_int_equal(mkdir(p->to, 0700), 0);
    cp_buf_init(&p->zip, CP_CODE_ARCHIVE_MAX);
    *state = p;
    return 0;
}

static int teardown(void **state)
{
    struct place *p = *state;
    struct cp_error err = {.code = CP_OK};
    cp_buf_clear(&p->zip);
    assert_int_equal(cp_file_remove_tree(p->root, &err), CP_OK);
    assert_false(cp_file_exists(p->root));
    free(p);
    return 0;
}

/* --- writing --- */

static void an_archive_comes_back_as_the_same_files(void **state)
{
    struct place *p = *state;
    struct cp_error err = {.code = CP_OK};
    struct cp_buf text;
    struct stat st;
    char path[512];
    path_in(p->from, "lib", path);
    assert_int_equal(mkdir(path, 0755), 0);
    put(p->from, "bootstrap", "#!/bin/sh\n", 0755);
    put(p->from, "lib/data", "123456789", 0600);
    assert_int_equal(cp_code_zip_write(p->from, &p->zip, &err), CP_OK);
    assert_int_equal(cp_code_zip_extract(cp_buf_view(&p->zip), p->to, &err), CP_OK);
    path_in(p->to, "lib/data", path);
    cp_buf_init(&text, 100);
    assert_int_equal(cp_file_read(path, &text, &err), CP_OK);
    assert_string_equal(cp_buf_str(&text), "123456789");
    cp_buf_clear(&text);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    path_in(p->to, "bootstrap", path);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0700);
}

/* APPNOTE 4.3.7: the first local header; CRC-32 of "123456789" is its well-known check value. */
static void files_are_stored_with_a_fixed_time(void **state)
{
    struct place *p = *state;
    struct cp_error err = {.code = CP_OK};
    static const unsigned char check[] = {0x26, 0x39, 0xf4, 0xcb};
    put(p->from, "data", "123456789", 0644);
    assert_int_equal(cp_code_zip_write(p->from, &p->zip, &err), CP_OK);
    const unsigned char *b = (const unsigned char *)p->zip.p;
    assert_memory_equal(b, "PK\3\4", 4);
    assert_int_equal(b[8] | b[9] << 8, 0);            /* stored */
    assert_int_equal(b[10] | b[11] << 8, 12 << 11);   /* 12:00:00 */
    assert_int_equal(b[12] | b[13] << 8, 1 << 5 | 1); /* 1980-01-01 */
    assert_memory_equal(b + 14, check, 4);
    assert_memory_equal(b + 30, "data123456789", 13);
    assert_int_equal(p->zip.n, 30 + 4 + 9 + 46 + 4 + 22);
}

static void the_archive_is_the_same_whenever_and_wherever_it_is_made(void **state)
{
    struct place *p = *state;
    struct cp_error err = {.code = CP_OK};
    struct cp_buf again;
    const struct timespec times[2] = {{.tv_sec = 1000000000}, {.tv_sec = 1000000000}};
    char path[512];
    cp_buf_init(&again, CP_CODE_ARCHIVE_MAX);
    put(p->from, "b", "2", 0644);
    put(p->from, "a", "1", 0755);
    assert_int_equal(cp_code_zip_write(p->from, &p->zip, &err), CP_OK);
    put(p->to, "a", "1", 0700);
    put(p->to, "b", "2", 0600);
    path_in(p->to, "b", path);
    assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
    assert_int_equal(setenv("TZ", "Pacific/Auckland", 1), 0);
    tzset();
    assert_int_equal(cp_code_zip_write(p->to, &again, &err), CP_OK);
    assert_int_equal(unsetenv("TZ"), 0);
    tzset();
    assert_int_equal(again.n, p->zip.n);
    assert_memory_equal(again.p, p->zip.p, again.n);
    cp_buf_clear(&again);
}

/* --- hostile archives --- */

struct entry {
    const char *name, *bytes;
    unsigned mode; /* with type; 0: not said */
};
enum { ENTRIES_MAX = 4, LINK = S_IFLNK | 0777, FILE_ = S_IFREG | 0644 };

static void make_zip(struct place *p, const struct entry *entries)
{
    zip_error_t why;
    zip_error_init(&why);
    zip_source_t *source = zip_source_buffer_create(NULL, 0, 0, &why);
    assert_non_null(source);
    zip_source_keep(source);
    zip_t *archive = zip_open_from_source(source, ZIP_TRUNCATE, &why);
    assert_non_null(archive);
    for (size_t i = 0; i < ENTRIES_MAX && entries[i].name; i++) {
        const struct entry *e = &entries[i];
        zip_source_t *bytes = zip_source_buffer(archive, e->bytes, strlen(e->bytes), 0);
        zip_int64_t at = zip_file_add(archive, e->name, bytes, ZIP_FL_ENC_RAW);
        assert_true(at >= 0);
        if (e->mode)
            assert_int_equal(zip_file_set_external_attributes(archive, (zip_uint64_t)at, 0,
                                                              ZIP_OPSYS_UNIX,
                                                              (zip_uint32_t)e->mode << 16),
                             0);
    }
    assert_int_equal(zip_close(archive), 0);
    zip_stat_t st;
    assert_int_equal(zip_source_stat(source, &st), 0);
    assert_int_equal(zip_source_open(source), 0);
    char *to = cp_buf_reserve(&p->zip, st.size);
    assert_non_null(to);
    assert_int_equal(zip_source_read(source, to, st.size), st.size);
    p->zip.n = st.size;
    (void)zip_source_close(source);
    zip_source_free(source);
    zip_error_fini(&why);
}

static const struct {
    const char *name;
    struct entry entries[ENTRIES_MAX];
} hostile[] = {
    {"up and out", {{"../evil", "x", FILE_}}},
    {"up from below", {{"a/../../evil", "x", FILE_}}},
    {"absolute", {{"/tmp/coldprof-evil", "x", FILE_}}},
    {"backslashes", {{"..\\evil", "x", FILE_}}},
    {"a dot", {{"./evil", "x", FILE_}}},
    {"an empty part", {{"a//evil", "x", FILE_}}},
    {"a link to a path", {{"l", "/etc/passwd", LINK}}},
    {"a link up", {{"l", "../evil", LINK}}},
    {"a link down and up", {{"l", "a/../../evil", LINK}}},
    {"a link that is too far up", {{"a/b/l", "../../../evil", LINK}}},
    {"a file through a link", {{"l", ".", LINK}, {"l/evil", "x", FILE_}}},
    {"a link in place of a file", {{"l", "x", FILE_}, {"l/evil", "x", FILE_}}},
    {"a device", {{"d", "", S_IFCHR | 0666}}},
    {"a pipe", {{"d", "", S_IFIFO | 0666}}},
    {"a link to nothing", {{"l", "", LINK}}},
};

static void what_leaves_the_folder_is_refused(void **state)
{
    struct place *p = *state;
    char path[512];
    path_in(p->root, "evil", path);
    for (size_t i = 0; i < sizeof hostile / sizeof *hostile; i++) {
        struct cp_error err = {.code = CP_OK};
        print_message("%s\n", hostile[i].name);
        cp_buf_reset(&p->zip);
        make_zip(p, hostile[i].entries);
        assert_int_equal(cp_code_zip_extract(cp_buf_view(&p->zip), p->to, &err), CP_EINVAL);
        assert_true(err.text[0]);
        assert_false(cp_file_exists(path));
        assert_false(cp_file_exists("/tmp/coldprof-evil"));
        assert_int_equal(cp_file_remove_tree(p->to, &err), CP_OK);
        assert_int_equal(mkdir(p->to, 0700), 0);
    }
}

static void a_link_that_stays_inside_is_kept(void **state)
{
    struct place *p = *state;
    struct cp_error err = {.code = CP_OK};
    struct cp_buf text;
    char path[512];
    const struct entry entries[ENTRIES_MAX] = {{"pkg/run.js", "ok", FILE_},
                                               {"node_modules/.bin/run", "../../pkg/run.js", LINK}};
    make_zip(p, entries);
    assert_int_equal(cp_code_zip_extract(cp_buf_view(&p->zip), p->to, &err), CP_OK);
    path_in(p->to, "node_modules/.bin/run", path);
    cp_buf_init(&text, 100);
    assert_int_equal(cp_file_read(path, &text, &err), CP_OK);
    assert_string_equal(cp_buf_str(&text), "ok");
    cp_buf_clear(&text);
}

static void what_is_no_archive_is_refused(void **state)
{
    struct place *p = *state;
    struct cp_error err = {.code = CP_OK};
    const struct cp_view not_archives[] = {{"", 0}, CP_VIEW_LIT("PK\3\4"), CP_VIEW_LIT("text")};
    for (size_t i = 0; i < sizeof not_archives / sizeof *not_archives; i++)
        assert_int_equal(cp_code_zip_extract(not_archives[i], p->to, &err), CP_EINVAL);
    put(p->from, "data", "123456789", 0644);
    assert_int_equal(cp_code_zip_write(p->from, &p->zip, &err), CP_OK);
    p->zip.p[34] = 'X'; /* the first byte of the data: the CRC no longer holds */
    assert_int_equal(cp_code_zip_extract(cp_buf_view(&p->zip), p->to, &err), CP_EINVAL);
}

/* 300 MB of zeros take 300 kB. */
static void what_blows_up_is_stopped(void **state)
{
    enum { ZEROS = 300 << 20 };
    struct place *p = *state;
    struct cp_error err = {.code = CP_OK};
    char *zeros = calloc(1, ZEROS);
    assert_non_null(zeros);
    zip_error_t why;
    zip_error_init(&why);
    zip_source_t *source = zip_source_buffer_create(NULL, 0, 0, &why);
    zip_source_keep(source);
    zip_t *archive = zip_open_from_source(source, ZIP_TRUNCATE, &why);
    assert_true(zip_file_add(archive, "zeros", zip_source_buffer(archive, zeros, ZEROS, 0), 0) ==
                0);
    assert_int_equal(zip_close(archive), 0);
    free(zeros);
    zip_stat_t st;
    assert_int_equal(zip_source_stat(source, &st), 0);
    assert_true(st.size < (1 << 20));
    assert_int_equal(zip_source_open(source), 0);
    char *to = cp_buf_reserve(&p->zip, st.size);
    assert_int_equal(zip_source_read(source, to, st.size), st.size);
    p->zip.n = st.size;
    (void)zip_source_close(source);
    zip_source_free(source);
    assert_int_equal(cp_code_zip_extract(cp_buf_view(&p->zip), p->to, &err), CP_ELIMIT);
    assert_string_equal(err.text, "Unzipped size must be smaller than 262144000 bytes");
}

/* --- packages --- */

static void a_package_lives_as_long_as_its_last_user(void **state)
{
    struct place *p = *state;
    struct cp_error err = {.code = CP_OK};
    struct cp_code_package *package = NULL;
    struct cp_buf again;
    struct stat st;
    char root[PATH_MAX];
    put(p->from, "data", "123456789", 0644);
    assert_int_equal(cp_code_zip_write(p->from, &p->zip, &err), CP_OK);
    assert_int_equal(cp_code_package_new(p->to, cp_buf_view(&p->zip), &package, &err), CP_OK);
    memcpy(root, package->root, sizeof root);
    assert_int_equal(stat(root, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0700);
    cp_buf_init(&again, CP_CODE_ARCHIVE_MAX);
    assert_int_equal(cp_code_package_read(package, &again, &err), CP_OK);
    assert_int_equal(again.n, p->zip.n);
    assert_memory_equal(again.p, p->zip.p, again.n);
    cp_buf_clear(&again);
    assert_ptr_equal(cp_code_package_ref(package), package);
    cp_code_package_unref(package);
    assert_true(cp_file_is_dir(root));
    cp_code_package_unref(package);
    assert_false(cp_file_exists(root));
}

static void a_package_that_cannot_be_unpacked_leaves_nothing(void **state)
{
    struct place *p = *state;
    struct cp_error err = {.code = CP_OK};
    struct cp_code_package *package = NULL;
    assert_int_equal(cp_code_package_new(p->to, CP_VIEW_LIT("text"), &package, &err), CP_EINVAL);
    assert_null(package);
    assert_int_equal(rmdir(p->to), 0); /* it is empty */
}

#define IN_PLACE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_PLACE(an_archive_comes_back_as_the_same_files),
        IN_PLACE(files_are_stored_with_a_fixed_time),
        IN_PLACE(the_archive_is_the_same_whenever_and_wherever_it_is_made),
        IN_PLACE(what_leaves_the_folder_is_refused),
        IN_PLACE(a_link_that_stays_inside_is_kept),
        IN_PLACE(what_is_no_archive_is_refused),
        IN_PLACE(what_blows_up_is_stopped),
        IN_PLACE(a_package_lives_as_long_as_its_last_user),
        IN_PLACE(a_package_that_cannot_be_unpacked_leaves_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
