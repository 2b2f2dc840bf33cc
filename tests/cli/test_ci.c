/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/cli/ci.h"

#include "probes/os/file.h"
#include "tests/reports/gates_fixture.h"
#include "tests/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MEBIBYTE = 1024 * 1024, OUT_MAX = 4 * MEBIBYTE, DOCUMENTS_MAX = 20 * 1024 };

/* The environment of a case: "NAME=value" pairs. */
static const char *get(void *context, const char *name)
{
    for (const char *const *pair = context; *pair; pair++) {
        size_t n = strlen(name);
        if (strncmp(*pair, name, n) == 0 && (*pair)[n] == '=')
            return *pair + n + 1;
    }
    return NULL;
}

static void whose_build_it_is_is_told_by_the_environment(void **state)
{
    (void)state;
    static const struct {
        const char *env[3];
        enum cp_ci asked, is;
    } cases[] = {
        {{NULL}, CP_CI_AUTO, CP_CI_NONE},
        {{"CI=true", NULL}, CP_CI_AUTO, CP_CI_NONE}, /* somebody's, whose is not known */
        {{"GITHUB_ACTIONS=true", NULL}, CP_CI_AUTO, CP_CI_GITHUB},
        {{"GITHUB_ACTIONS=false", NULL}, CP_CI_AUTO, CP_CI_NONE},
        {{"GITHUB_ACTIONS=", "GITLAB_CI=true", NULL}, CP_CI_AUTO, CP_CI_GITLAB},
        {{"JENKINS_URL=https://ci.example/", NULL}, CP_CI_AUTO, CP_CI_JENKINS},
        {{"GITHUB_ACTIONS=true", NULL}, CP_CI_NONE, CP_CI_NONE},
        {{NULL}, CP_CI_GITHUB, CP_CI_GITHUB},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *env[3];
        memcpy(env, cases[i].env, sizeof env);
        if (cp_ci_of(cases[i].asked, get, env) != cases[i].is)
            fail_msg("case %zu", i);
    }
}

static void a_log_is_plain(void **state)
{
    (void)state;
    const struct cp_terminal tty = {.is_tty = true, .use_color = true, .can_redraw = true};
    struct cp_terminal t = cp_ci_terminal(CP_CI_GITLAB, tty, CP_COLOR_AUTO);
    assert_false(t.use_color || t.can_redraw);
    assert_true(cp_ci_terminal(CP_CI_JENKINS, tty, CP_COLOR_ALWAYS).use_color);
    assert_true(cp_ci_terminal(CP_CI_NONE, tty, CP_COLOR_AUTO).can_redraw);
}

static size_t count(const char *text, const char *what)
{
    size_t n = 0;
    for (const char *at = strstr(text, what); at; at = strstr(at + 1, what))
        n++;
    return n;
}

static struct gates_fixture *fixture(enum cp_gates_kind kind)
{
    struct gates_fixture *f = calloc(1, sizeof *f);
    assert_non_null(f);
    gates_fixture_make(kind, "orders", "", f);
    return f;
}

/* A summary's path in a new folder; `path` has room for 64. */
static void make_summary(char *path)
{
    (void)snprintf(path, 64, "/tmp/coldprof-ci-XXXXXX");
    assert_non_null(mkdtemp(path));
    (void)snprintf(path + strlen(path), 16, "/summary.md");
}

static void remove_summary(char *path)
{
    (void)unlink(path);
    *strrchr(path, '/') = '\0';
    assert_int_equal(rmdir(path), 0);
}

static enum cp_code tell(enum cp_ci ci, const struct cp_gates *gates, const char *path,
                         struct cp_buf *annotations)
{
    struct cp_error err = {CP_OK, ""};
    char variable[96];
    (void)snprintf(variable, sizeof variable, "GITHUB_STEP_SUMMARY=%s", path);
    const char *env[] = {variable, NULL};
    cp_buf_reset(annotations);
    return cp_ci_tell(ci, gates, get, env, annotations, &err);
}

/* Other steps' summaries are kept, and one too large would be dropped whole. */
static void the_summary_is_added_to_up_to_its_limit(void **state)
{
    (void)state;
    struct gates_fixture *f = fixture(CP_GATES_NIGHT);
    struct cp_error err = {CP_OK, ""};
    struct cp_buf annotations;
    struct cp_buf summary;
    char path[64];
    cp_buf_init(&annotations, OUT_MAX);
    cp_buf_init(&summary, OUT_MAX);
    make_summary(path);
    assert_int_equal(cp_file_append(path, cp_view_of("# before\n"), MEBIBYTE, &err), CP_OK);
    assert_int_equal(tell(CP_CI_GITHUB, &f->gates, path, &annotations), CP_OK);
    assert_int_equal(tell(CP_CI_GITHUB, &f->gates, path, &annotations), CP_OK);
    assert_null(strstr(cp_buf_str(&annotations), "no step summary"));
    assert_int_equal(cp_file_read(path, &summary, &err), CP_OK);
    assert_int_equal(strncmp(cp_buf_str(&summary), "# before\n", 9), 0);
    assert_int_equal(count(cp_buf_str(&summary), "### coldprof: orders\n"), 2);
    size_t n = summary.n;
    assert_int_equal(truncate(path, MEBIBYTE - 100), 0);
    assert_int_equal(tell(CP_CI_GITHUB, &f->gates, path, &annotations), CP_OK);
    assert_non_null(
        strstr(cp_buf_str(&annotations), "::warning title=coldprof%3A no step summary::"));
    cp_buf_reset(&summary);
    assert_int_equal(cp_file_read(path, &summary, &err), CP_OK);
    assert_int_equal(summary.n, MEBIBYTE - 100);
    assert_true(n < DOCUMENTS_MAX);
    remove_summary(path);
    cp_buf_clear(&summary);
    cp_buf_clear(&annotations);
    free(f);
}

static void only_github_is_told(void **state)
{
    (void)state;
    static const enum cp_ci others[] = {CP_CI_NONE, CP_CI_GITLAB, CP_CI_JENKINS};
    struct gates_fixture *f = fixture(CP_GATES_COMPARE);
    struct cp_buf annotations;
    char path[64];
    cp_buf_init(&annotations, OUT_MAX);
    make_summary(path);
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        assert_int_equal(tell(others[i], &f->gates, path, &annotations), CP_OK);
        assert_int_equal(annotations.n, 0);
        assert_false(cp_file_exists(path));
    }
    /* no summary is asked for, or where it cannot be */
    assert_int_equal(tell(CP_CI_GITHUB, &f->gates, "", &annotations), CP_OK);
    assert_null(strstr(cp_buf_str(&annotations), "no step summary"));
    assert_int_equal(tell(CP_CI_GITHUB, &f->gates, "/dev/null", &annotations), CP_OK);
    assert_non_null(strstr(cp_buf_str(&annotations), "no step summary"));
    remove_summary(path);
    cp_buf_clear(&annotations);
    free(f);
}

/* A command is one line, and a value's own escapes are no escapes. */
static void a_value_stays_in_its_annotation(void **state)
{
    (void)state;
    struct gates_fixture *f = calloc(1, sizeof *f);
    struct cp_buf out;
    assert_non_null(f);
    gates_fixture_make(CP_GATES_COMPARE, "a\n::error::b,c%0A", "\r\n::error::d%0A", f);
    cp_buf_init(&out, OUT_MAX);
    cp_ci_annotations(&f->gates, &out);
    size_t n_lines = count(cp_buf_str(&out), "\n");
    assert_int_equal(n_lines, 1 + f->gates.n_failed + f->gates.n_warnings);
    assert_int_equal(count(cp_buf_str(&out), "\n::error title="),
                     f->gates.n_failed); /* behind the verdict */
    assert_null(strstr(cp_buf_str(&out), "\n::error::"));
    assert_null(strchr(cp_buf_str(&out), '\r'));
    assert_null(strstr(cp_buf_str(&out), "%0A"));
    assert_int_equal(count(cp_buf_str(&out), "d%250A\n"), f->gates.n_failed + f->gates.n_warnings);
    assert_int_equal(count(cp_buf_str(&out), "b%2Cc%250A/512MB/"), f->gates.n_failed);
    cp_buf_clear(&out);
    free(f);
}

/* GitHub shows ten of a kind, the first ones: the verdict is among them. */
static void at_most_ten_annotations_of_a_kind(void **state)
{
    (void)state;
    struct gates_fixture *f = fixture(CP_GATES_COMPARE);
    struct cp_buf out;
    cp_buf_init(&out, OUT_MAX);
    for (size_t i = 0; i < GATES_FIXTURE_MAX; i++)
        f->list[i] = f->list[1]; /* a regression */
    f->gates.n = f->gates.n_failed = GATES_FIXTURE_MAX;
    cp_ci_annotations(&f->gates, &out);
    assert_int_equal(count(cp_buf_str(&out), "::error "), 10);
    assert_int_equal(strncmp(cp_buf_str(&out), "::error title=coldprof::", 24), 0);
    assert_non_null(strstr(cp_buf_str(&out), "::warning title=W040::the runs are"));
    for (size_t i = 0; i < GATES_FIXTURE_MAX; i++) {
        f->list[i].fails = false;
        f->list[i].state = CP_TREND_SUSPECT;
    }
    f->gates.kind = CP_GATES_NIGHT;
    f->gates.n_failed = 0;
    cp_buf_reset(&out);
    cp_ci_annotations(&f->gates, &out);
    assert_int_equal(count(cp_buf_str(&out), "::error "), 0);
    assert_int_equal(count(cp_buf_str(&out), "::notice "), 1);
    assert_int_equal(count(cp_buf_str(&out), "::warning "), 10);
    cp_buf_clear(&out);
    free(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whose_build_it_is_is_told_by_the_environment),
        cmocka_unit_test(a_log_is_plain),
        cmocka_unit_test(the_summary_is_added_to_up_to_its_limit),
        cmocka_unit_test(only_github_is_told),
        cmocka_unit_test(a_value_stays_in_its_annotation),
        cmocka_unit_test(at_most_ten_annotations_of_a_kind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
