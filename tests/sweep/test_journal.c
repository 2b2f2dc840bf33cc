/* SPDX-License-Identifier: GPL-3.0-or-later
 * The undo journal: what is written is read, a torn end is dropped, anything else stops.
 */
#include "tests/store/store_fixture.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "probes/os/file.h"
#include "profiler/sweep/leftover.h"

/* CRCs by Python's zlib.crc32. */
#define LINE_1    "3c2e56f8 1 begin run=7f3a memory=256\n"
#define LINE_2    "07554bdf 2 intent change=lock\n"
#define NAME      "7f3a-00000001"
#define FILE_NAME NAME ".journal"

struct seen {
    int n;
    char last_kind[32];
    char memory[16];
};

static bool see(void *context, const struct cp_journal_record *record)
{
    struct seen *seen = context;
    const char *memory = cp_journal_get(record, "memory");
    seen->n++;
    assert_int_equal(record->number, seen->n);
    (void)snprintf(seen->last_kind, sizeof seen->last_kind, "%s", record->kind);
    if (memory)
        (void)snprintf(seen->memory, sizeof seen->memory, "%s", memory);
    return true;
}

struct journal_fixture {
    struct store_fixture *files;
    char folder[PATH_MAX];
    char path[PATH_MAX + 64];
};

static int setup(void **state)
{
    struct journal_fixture *f = calloc(1, sizeof *f);
    assert_int_equal(store_fixture_setup((void **)&f->files), 0);
    (void)snprintf(f->folder, sizeof f->folder, "%s/state", f->files->folder);
    (void)snprintf(f->path, sizeof f->path, "%s/" FILE_NAME, f->folder);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct journal_fixture *f = *state;
    (void)unlink(f->path);
    (void)rmdir(f->folder);
    assert_int_equal(store_fixture_teardown((void **)&f->files), 0);
    free(f);
    return 0;
}

static struct cp_journal *create(const struct journal_fixture *f)
{
    struct cp_journal *j = NULL;
    struct cp_error err;
    if (cp_journal_create(f->folder, NAME, &j, &err))
        fail_msg("%s", err.text);
    return j;
}

static void write_begin(struct cp_journal *j)
{
    const struct cp_journal_field fields[] = {{"run", "7f3a"}, {"memory", "256"}};
    assert_int_equal(cp_journal_write(j, "begin", fields, 2, NULL), CP_OK);
}

static void write_intent(struct cp_journal *j)
{
    const struct cp_journal_field field = {"change", "lock"};
    assert_int_equal(cp_journal_write(j, "intent", &field, 1, NULL), CP_OK);
}

static void write_both(const struct journal_fixture *f)
{
    struct cp_journal *j = create(f);
    write_begin(j);
    write_intent(j);
    cp_journal_close(j);
}

static void assert_file_is(const struct journal_fixture *f, const char *text)
{
    struct cp_buf content;
    cp_buf_init(&content, 4096);
    assert_int_equal(cp_file_read(f->path, &content, NULL), CP_OK);
    assert_string_equal(cp_buf_str(&content), text);
    cp_buf_clear(&content);
}

static void put_file(const struct journal_fixture *f, struct cp_view text)
{
    (void)unlink(f->path);
    int fd = open(f->path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(cp_fd_write_all(fd, text, f->path, NULL), CP_OK);
    (void)close(fd);
}

static enum cp_code reopen(const struct journal_fixture *f, struct seen *seen, struct cp_error *err)
{
    struct cp_journal *j = NULL;
    *seen = (struct seen){0};
    enum cp_code code = cp_journal_open(f->folder, FILE_NAME, see, seen, &j, err);
    cp_journal_close(j);
    return code;
}

static void records_are_lines_with_a_crc(void **state)
{
    const struct journal_fixture *f = *state;
    struct seen seen;
    struct stat st;
    write_both(f);
    assert_file_is(f, LINE_1 LINE_2);
    assert_int_equal(reopen(f, &seen, NULL), CP_OK);
    assert_int_equal(seen.n, 2);
    assert_string_equal(seen.memory, "256");
    assert_int_equal(stat(f->path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(stat(f->folder, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0700);
}

static void a_journal_cut_at_any_byte_keeps_its_whole_records(void **state)
{
    const struct journal_fixture *f = *state;
    static const char whole[] = LINE_1 LINE_2;
    write_both(f);
    for (size_t n = 0; n < sizeof whole; n++) {
        struct seen seen;
        struct cp_journal *j = NULL;
        int n_whole = (n >= sizeof LINE_1 - 1) + (n == sizeof whole - 1);
        put_file(f, (struct cp_view){whole, n});
        assert_int_equal(reopen(f, &seen, NULL), CP_OK);
        assert_int_equal(seen.n, n_whole);
        /* and what is written behind it can be read */
        seen = (struct seen){0};
        assert_int_equal(cp_journal_open(f->folder, FILE_NAME, see, &seen, &j, NULL), CP_OK);
        write_intent(j);
        cp_journal_close(j);
        assert_int_equal(reopen(f, &seen, NULL), CP_OK);
        assert_int_equal(seen.n, n_whole + 1);
        assert_string_equal(seen.last_kind, "intent");
    }
}

static void a_record_damaged_before_the_last_stops(void **state)
{
    const struct journal_fixture *f = *state;
    write_both(f);
    for (size_t i = 0; i + 2 < sizeof LINE_1; i++) { /* all but its newline */
        char text[] = LINE_1 LINE_2;
        struct seen seen;
        struct cp_error err;
        text[i] ^= 1;
        put_file(f, cp_view_of(text));
        assert_int_equal(reopen(f, &seen, &err), CP_EFORMAT);
        assert_non_null(strstr(err.text, "record 1"));
        assert_int_equal(seen.n, 0);
    }
}

static void a_record_missing_in_the_middle_stops(void **state)
{
    const struct journal_fixture *f = *state;
    struct seen seen;
    struct cp_error err;
    write_both(f);
    put_file(f, CP_VIEW_LIT(LINE_2 LINE_1));
    assert_int_equal(reopen(f, &seen, &err), CP_EFORMAT);
}

static void a_value_that_could_break_a_line_is_refused(void **state)
{
    static const char *const bad[] = {"a b", "a\nb", "\x01", "caf\xc3\xa9"};
    const struct journal_fixture *f = *state;
    struct cp_journal *j = create(f);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        const struct cp_journal_field field = {"x", bad[i]};
        assert_int_equal(cp_journal_write(j, "begin", &field, 1, NULL), CP_EINVAL);
    }
    write_begin(j);
    cp_journal_close(j);
    assert_file_is(f, LINE_1);
}

static void one_process_holds_it(void **state)
{
    const struct journal_fixture *f = *state;
    struct cp_journal *again = NULL;
    struct seen seen;
    struct cp_journal *j = create(f);
    write_begin(j);
    assert_int_equal(reopen(f, &seen, NULL), CP_EBUSY);
    assert_int_equal(cp_journal_create(f->folder, NAME, &again, NULL), CP_EEXIST);
    cp_journal_close(j);
    assert_int_equal(reopen(f, &seen, NULL), CP_OK);
}

static void an_ended_journal_is_gone(void **state)
{
    const struct journal_fixture *f = *state;
    struct cp_journal *j = create(f);
    write_begin(j);
    assert_int_equal(cp_journal_end(j, NULL), CP_OK);
    assert_false(cp_file_exists(f->path));
}

static void a_journal_that_was_removed_meanwhile_is_not_there(void **state)
{
    const struct journal_fixture *f = *state;
    struct seen seen;
    struct cp_journal *j = create(f);
    cp_journal_close(j); /* the crash came before the first record */
    assert_true(cp_file_exists(f->path));
    assert_int_equal(cp_leftover_tidy(f->folder, NULL), CP_OK);
    assert_false(cp_file_exists(f->path));
    assert_int_equal(reopen(f, &seen, NULL), CP_ENOTFOUND);
    j = create(f);
    write_begin(j);
    assert_int_equal(cp_leftover_tidy(f->folder, NULL), CP_OK); /* held */
    cp_journal_close(j);
    assert_int_equal(cp_leftover_tidy(f->folder, NULL), CP_OK); /* holds something */
    assert_true(cp_file_exists(f->path));
}

static void places_that_others_reach_are_refused(void **state)
{
    const struct journal_fixture *f = *state;
    struct cp_journal *j = NULL;
    struct cp_error err;
    struct seen seen;
    write_both(f);
    assert_int_equal(chmod(f->path, 0644), 0);
    assert_int_equal(reopen(f, &seen, &err), CP_EDENIED);
    assert_non_null(strstr(err.text, "chmod 600"));
    assert_int_equal(unlink(f->path), 0);
    assert_int_equal(symlink("/etc/hostname", f->path), 0);
    assert_int_equal(reopen(f, &seen, &err), CP_EDENIED);
    assert_int_equal(unlink(f->path), 0);
    assert_int_equal(chmod(f->folder, 0755), 0);
    assert_int_equal(cp_journal_create(f->folder, NAME, &j, &err), CP_EDENIED);
    assert_non_null(strstr(err.text, "nothing is changed"));
    assert_int_equal(rmdir(f->folder), 0);
    assert_int_equal(symlink(f->files->folder, f->folder), 0);
    assert_int_not_equal(cp_journal_create(f->folder, NAME, &j, &err), CP_OK);
    assert_int_equal(unlink(f->folder), 0);
}

/* A disk that is full after `limit` bytes: what was acknowledged stays readable. */
static void a_write_that_fails_leaves_whole_records(void **state)
{
    const struct journal_fixture *f = *state;
    struct rlimit before;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    (void)signal(SIGXFSZ, SIG_IGN);
    for (rlim_t limit = 0; limit < sizeof LINE_1 + sizeof LINE_2; limit++) {
        const struct cp_journal_field fields[] = {{"run", "7f3a"}, {"memory", "256"}};
        struct rlimit small = {limit, before.rlim_max};
        struct seen seen;
        struct cp_journal *j = create(f);
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
        enum cp_code first = cp_journal_write(j, "begin", fields, 2, NULL);
        enum cp_code second = cp_journal_write(j, "begin", fields, 2, NULL);
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
        cp_journal_close(j);
        assert_int_equal(first == CP_OK, limit >= sizeof LINE_1 - 1);
        assert_int_equal(reopen(f, &seen, NULL), CP_OK);
        assert_int_equal(seen.n, (first == CP_OK) + (second == CP_OK));
        assert_int_equal(unlink(f->path), 0);
    }
    (void)signal(SIGXFSZ, SIG_DFL);
}

static bool count_name(void *context, const char *name)
{
    assert_string_equal(name, FILE_NAME);
    ++*(int *)context;
    return true;
}

static void journals_are_listed(void **state)
{
    const struct journal_fixture *f = *state;
    int n = 0;
    assert_int_equal(cp_journal_list(f->folder, count_name, &n, NULL), CP_OK);
    assert_int_equal(n, 0);
    write_both(f);
    assert_int_equal(cp_journal_list(f->folder, count_name, &n, NULL), CP_OK);
    assert_int_equal(n, 1);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(records_are_lines_with_a_crc),
        TEST(a_journal_cut_at_any_byte_keeps_its_whole_records),
        TEST(a_record_damaged_before_the_last_stops),
        TEST(a_record_missing_in_the_middle_stops),
        TEST(a_value_that_could_break_a_line_is_refused),
        TEST(one_process_holds_it),
        TEST(an_ended_journal_is_gone),
        TEST(a_journal_that_was_removed_meanwhile_is_not_there),
        TEST(places_that_others_reach_are_refused),
        TEST(a_write_that_fails_leaves_whole_records),
        TEST(journals_are_listed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
