/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/base/buf.h"
#include "probes/log/log_input.h"
#include "tests/log/temporary.h"
#include "tests/test.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define HEX "0123456789abcdef0123456789abcdef"

static enum cp_code find(const char *a, const char *b, struct cp_log_files *out,
                         struct cp_error *err)
{
    const char *arguments[] = {a, b};
    return cp_log_files_find(arguments, b ? 2 : 1, out, err);
}

/* The names, relative to the folder, in one text. */
static void assert_found(const struct cp_log_files *files, const char *expected)
{
    struct cp_buf names;
    size_t skip = strlen(temporary_path(""));
    cp_buf_init(&names, 10000);
    for (size_t i = 0; i < files->n; i++)
        (void)cp_buf_addf(&names, "%s%s", i ? " " : "", files->files[i].path + skip);
    assert_string_equal(cp_buf_str(&names), expected);
    cp_buf_clear(&names);
}

static void files_of_a_folder_come_sorted_and_with_sizes(void **state)
{
    (void)state;
    struct cp_log_files files;
    (void)temporary_file("logs/b.log", "12345", 5);
    (void)temporary_file("logs/a.log", "123", 3);
    (void)temporary_file("logs/deep/er/c.log", "", 0);
    assert_int_equal(find(temporary_path("logs/"), NULL, &files, NULL), CP_OK);
    assert_found(&files, "logs/a.log logs/b.log logs/deep/er/c.log");
    assert_int_equal(files.files[1].size, 5);
    assert_int_equal(files.size, 8);
    cp_log_files_clear(&files);
}

static void files_keep_the_order_of_the_arguments(void **state)
{
    (void)state;
    struct cp_log_files files;
    const char *z = temporary_file("z.log", "1", 1);
    (void)temporary_file("logs/a.log", "1", 1);
    assert_int_equal(find(z, temporary_path("logs"), &files, NULL), CP_OK);
    assert_found(&files, "z.log logs/a.log");
    cp_log_files_clear(&files);
}

static void files_match_a_quoted_pattern(void **state)
{
    (void)state;
    struct cp_log_files files;
    (void)temporary_file("logs/2.gz", "1", 1);
    (void)temporary_file("logs/1.gz", "1", 1);
    (void)temporary_file("logs/1.txt", "1", 1);
    (void)temporary_file("logs/x.gz/in.log", "1", 1);
    assert_int_equal(find(temporary_path("logs/*.gz"), NULL, &files, NULL), CP_OK);
    assert_found(&files, "logs/1.gz logs/2.gz logs/x.gz/in.log");
    cp_log_files_clear(&files);
}

static void files_take_brackets_of_an_existing_name_as_they_are(void **state)
{
    (void)state;
    struct cp_log_files files;
    const char *path = temporary_file("2026-10-08-[$LATEST]" HEX "/000000.gz", "1", 1);
    assert_int_equal(find(path, NULL, &files, NULL), CP_OK);
    assert_int_equal(files.n, 1);
    assert_string_equal(files.files[0].stream, "2026/10/08/[$LATEST]" HEX);
    cp_log_files_clear(&files);
}

static void files_of_an_export_tell_their_stream(void **state)
{
    (void)state;
    static const struct {
        const char *folder, *stream;
    } cases[] = {
        {"2026-10-08-[$LATEST]" HEX, "2026/10/08/[$LATEST]" HEX},
        {"2026-10-08-[17]" HEX, "2026/10/08/[17]" HEX},
        {"2026-10-08-my-fn[7]" HEX, "2026/10/08/my-fn[7]" HEX},
        {"2026-10-08-[7]0123456789abcdef0123456789abcdeF", NULL},
        {"2026-10-08-7]" HEX, NULL},
        {"2026-1-08-[$LATEST]" HEX, NULL},
        {"2026-10-08-[$LATEST]", NULL},
        {"2026-10-08-" HEX, NULL},
        {"my-logs", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct cp_log_files files;
        char name[200];
        (void)snprintf(name, sizeof name, "task/%s/000000.gz", cases[i].folder);
        const char *path = temporary_file(name, "1", 1);
        assert_int_equal(find(path, NULL, &files, NULL), CP_OK);
        if (cases[i].stream)
            assert_string_equal(files.files[0].stream, cases[i].stream);
        else
            assert_null(files.files[0].stream);
        cp_log_files_clear(&files);
    }
}

static void files_leave_out_the_write_test_of_an_export(void **state)
{
    (void)state;
    struct cp_log_files files;
    struct cp_error err;
    (void)temporary_file("exported/aws-logs-write-test", "Permission Check Successful", 27);
    assert_int_equal(find(temporary_path("exported"), NULL, &files, &err), CP_ENOTFOUND);
    cp_log_files_clear(&files);
    (void)temporary_file("exported/task/stream/000000.gz", "1", 1);
    assert_int_equal(find(temporary_path("exported"), NULL, &files, &err), CP_OK);
    assert_found(&files, "exported/task/stream/000000.gz");
    assert_int_equal(files.n_write_tests, 1);
    cp_log_files_clear(&files);
}

static void files_name_what_cannot_be_found(void **state)
{
    (void)state;
    struct cp_log_files files;
    struct cp_error err;
    assert_int_equal(find(temporary_path("nowhere.log"), NULL, &files, &err), CP_ENOTFOUND);
    assert_non_null(strstr(err.text, "nowhere.log': No such file"));
    cp_log_files_clear(&files);
    assert_int_equal(find(temporary_path("*.gz"), NULL, &files, &err), CP_ENOTFOUND);
    assert_non_null(strstr(err.text, "no file matches '"));
    cp_log_files_clear(&files);
    (void)temporary_file("folder/x/file", "", 0);
    assert_int_equal(unlink(temporary_path("folder/x/file")), 0);
    assert_int_equal(find(temporary_path("folder"), NULL, &files, &err), CP_ENOTFOUND);
    assert_non_null(strstr(err.text, "no file below '"));
    cp_log_files_clear(&files);
}

static void files_of_two_names_are_there_once(void **state)
{
    (void)state;
    struct cp_log_files files;
    const char *path = temporary_file("logs/2026.log", "12345", 5);
    (void)temporary_file("logs/a.log", "123", 3);
    assert_int_equal(symlink(path, temporary_path("logs/current.log")), 0);
    assert_int_equal(link(path, temporary_path("logs/zzz.log")), 0);
    assert_int_equal(find(temporary_path("logs/a.log"), temporary_path("logs"), &files, NULL),
                     CP_OK);
    assert_found(&files, "logs/a.log logs/2026.log");
    assert_int_equal(files.n_again, 3);
    assert_int_equal(files.size, 8);
    cp_log_files_clear(&files);
}

static void files_take_standard_input_once(void **state)
{
    (void)state;
    struct cp_log_files files;
    struct cp_error err;
    assert_int_equal(find("-", NULL, &files, &err), CP_OK);
    cp_log_files_clear(&files);
    assert_int_equal(find("-", "-", &files, &err), CP_EINVAL);
    cp_log_files_clear(&files);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FOLDER(files_of_a_folder_come_sorted_and_with_sizes),
        WITH_FOLDER(files_keep_the_order_of_the_arguments),
        WITH_FOLDER(files_match_a_quoted_pattern),
        WITH_FOLDER(files_take_brackets_of_an_existing_name_as_they_are),
        WITH_FOLDER(files_of_an_export_tell_their_stream),
        WITH_FOLDER(files_leave_out_the_write_test_of_an_export),
        WITH_FOLDER(files_name_what_cannot_be_found),
        WITH_FOLDER(files_of_two_names_are_there_once),
        WITH_FOLDER(files_take_standard_input_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
