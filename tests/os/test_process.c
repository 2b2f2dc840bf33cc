/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "probes/os/process.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "tests/test.h"

enum { OUTPUT_MAX = 4096, LONG_MS = 60000 };

static enum cp_code run(const char *const *argv, const struct cp_process_options *more,
                        struct cp_buf *out, struct cp_process_result *result, struct cp_error *err)
{
    struct cp_process_options options = *more;
    options.argv = argv;
    if (options.timeout_ms == 0)
        options.timeout_ms = LONG_MS;
    cp_buf_init(out, OUTPUT_MAX);
    return cp_process_run(&options, out, result, err);
}

static void arguments_arrive_as_they_are(void **state)
{
    (void)state;
    static const char *const argv[] = {"printf", "%s|", "a b", "$HOME;`id`", "'\"", NULL};
    static const struct cp_process_options plain = {.timeout_ms = 0};
    struct cp_buf out;
    struct cp_process_result result;
    assert_int_equal(run(argv, &plain, &out, &result, NULL), CP_OK);
    assert_string_equal(cp_buf_str(&out), "a b|$HOME;`id`|'\"|");
    assert_int_equal(result.exit_status, 0);
    assert_int_equal(result.n_error_text, 0);
    cp_buf_clear(&out);
}

static void standard_error_is_counted_and_not_kept(void **state)
{
    (void)state;
    static const char *const argv[] = {"sh", "-c", "printf secret >&2; printf out; exit 3", NULL};
    static const struct cp_process_options plain = {.timeout_ms = 0};
    struct cp_buf out;
    struct cp_process_result result;
    assert_int_equal(run(argv, &plain, &out, &result, NULL), CP_OK);
    assert_string_equal(cp_buf_str(&out), "out");
    assert_int_equal(result.exit_status, 3);
    assert_int_equal(result.n_error_text, 6);
    cp_buf_clear(&out);
}

static void hidden_variables_do_not_reach_the_program(void **state)
{
    (void)state;
    static const char *const argv[] = {"sh", "-c", "printf '%s|%s|' \"$CP_KEPT\" \"$CP_HIDDEN\"",
                                       NULL};
    static const char *const hidden[] = {"CP_HIDDEN", NULL};
    static const struct cp_process_options options = {.hidden = hidden};
    struct cp_buf out;
    struct cp_process_result result;
    assert_int_equal(setenv("CP_HIDDEN", "secret", 1), 0);
    assert_int_equal(setenv("CP_KEPT", "kept", 1), 0);
    assert_int_equal(run(argv, &options, &out, &result, NULL), CP_OK);
    assert_string_equal(cp_buf_str(&out), "kept||");
    cp_buf_clear(&out);
}

static void standard_input_is_empty(void **state)
{
    (void)state;
    static const char *const argv[] = {"cat", NULL};
    static const struct cp_process_options plain = {.timeout_ms = 0};
    struct cp_buf out;
    struct cp_process_result result;
    assert_int_equal(run(argv, &plain, &out, &result, NULL), CP_OK);
    assert_int_equal(out.n, 0);
    cp_buf_clear(&out);
}

/* The grandchild holds the pipes open: without the kill of the group this would take minutes. */
static void input_arrives_whole_and_need_not_be_read(void **state)
{
    (void)state;
    static const char *const read_it[] = {"wc", "-c", NULL};
    static const char *const leave_it[] = {"true", NULL};
    enum { LARGE = 1 << 20 }; /* more than a pipe holds */
    char *text = malloc(LARGE);
    assert_non_null(text);
    memset(text, 'x', LARGE);
    const struct cp_process_options options = {.input = {text, LARGE}};
    struct cp_buf out;
    struct cp_process_result result;
    assert_int_equal(run(read_it, &options, &out, &result, NULL), CP_OK);
    assert_string_equal(cp_buf_str(&out), "1048576\n");
    cp_buf_clear(&out);
    assert_int_equal(run(leave_it, &options, &out, &result, NULL), CP_OK);
    assert_int_equal(result.exit_status, 0);
    cp_buf_clear(&out);
    free(text);
}

/* As its caller sees it: both outputs on the standard error that we have meanwhile. */
static void what_is_shown_goes_to_our_standard_error(void **state)
{
    (void)state;
    static const char *const argv[] = {"sh", "-c", "printf out; printf error >&2; exit 4", NULL};
    static const struct cp_process_options shown = {.timeout_ms = LONG_MS, .is_shown = true};
    struct cp_process_options options = shown;
    struct cp_process_result result;
    char text[32] = "";
    FILE *file = tmpfile();
    int kept = dup(STDERR_FILENO);
    assert_non_null(file);
    options.argv = argv;
    (void)dup2(fileno(file), STDERR_FILENO);
    enum cp_code code = cp_process_run(&options, NULL, &result, NULL);
    (void)dup2(kept, STDERR_FILENO);
    (void)close(kept);
    rewind(file);
    assert_int_equal(fread(text, 1, sizeof text - 1, file), 8);
    (void)fclose(file);
    assert_int_equal(code, CP_OK);
    assert_string_equal(text, "outerror");
    assert_int_equal(result.exit_status, 4);
}

static void what_is_shown_has_a_time_limit_too(void **state)
{
    (void)state;
    static const char *const argv[] = {"sh", "-c", "while :; do :; done", NULL};
    const struct cp_process_options options = {.argv = argv, .timeout_ms = 200, .is_shown = true};
    struct cp_process_result result;
    assert_int_equal(cp_process_run(&options, NULL, &result, NULL), CP_ETIMEOUT);
    assert_int_equal(result.signal_number, 9);
}

static void whole_group_is_killed_when_time_is_over(void **state)
{
    (void)state;
    static const char *const argv[] = {"sh", "-c", "tail -f /dev/null & tail -f /dev/null", NULL};
    static const struct cp_process_options options = {.timeout_ms = 50};
    struct cp_buf out;
    struct cp_process_result result;
    struct cp_error err = {CP_OK, ""};
    assert_int_equal(run(argv, &options, &out, &result, &err), CP_ETIMEOUT);
    assert_string_equal(err.text, "'sh' did not answer within 50 ms");
    cp_buf_clear(&out);
}

static void too_much_output_is_refused(void **state)
{
    (void)state;
    static const char *const argv[] = {"cat", "/dev/zero", NULL};
    static const struct cp_process_options plain = {.timeout_ms = 0};
    struct cp_buf out;
    struct cp_process_result result;
    struct cp_error err = {CP_OK, ""};
    assert_int_equal(run(argv, &plain, &out, &result, &err), CP_ELIMIT);
    cp_buf_clear(&out);
}

static bool yes(void *context)
{
    (void)context;
    return true;
}

static void interruption_ends_it(void **state)
{
    (void)state;
    static const char *const argv[] = {"tail", "-f", "/dev/null", NULL};
    static const struct cp_process_options options = {.is_interrupted = yes};
    struct cp_buf out;
    struct cp_process_result result;
    struct cp_error err = {CP_OK, ""};
    assert_int_equal(run(argv, &options, &out, &result, &err), CP_EINTERRUPTED);
    cp_buf_clear(&out);
}

static bool after_fifty_times(void *context)
{
    return ++*(int *)context > 50;
}

static void interruption_ends_it_after_its_output_too(void **state)
{
    (void)state;
    static const char *const argv[] = {"sh", "-c", "exec tail -f /dev/null >/dev/null 2>&1", NULL};
    int n_asked = 0;
    const struct cp_process_options options = {.is_interrupted = after_fifty_times,
                                               .interrupt_context = &n_asked};
    struct cp_buf out;
    struct cp_process_result result;
    struct cp_error err = {CP_OK, ""};
    assert_int_equal(run(argv, &options, &out, &result, &err), CP_EINTERRUPTED);
    assert_string_equal(err.text, "interrupted while 'sh' ran");
    cp_buf_clear(&out);
}

static void our_descriptors_do_not_reach_the_program(void **state)
{
    (void)state;
    static const char *const argv[] = {"sh", "-c", "test ! -e /proc/self/fd/9", NULL};
    static const struct cp_process_options plain = {.timeout_ms = 0};
    struct cp_buf out;
    struct cp_process_result result;
    assert_int_equal(dup2(STDIN_FILENO, 9), 9); /* as libcurl's sockets: not close-on-exec */
    assert_int_equal(run(argv, &plain, &out, &result, NULL), CP_OK);
    assert_int_equal(close(9), 0);
    assert_int_equal(result.exit_status, 0);
    cp_buf_clear(&out);
}

static void programs_that_cannot_start_are_named(void **state)
{
    (void)state;
    static const struct {
        const char *argv[2];
        enum cp_code code;
        const char *text;
    } cases[] = {
        {{"no-such-program-here", NULL},
         CP_ENOTFOUND,
         "cannot run 'no-such-program-here': No such file or directory"},
        {{"/etc/passwd", NULL}, CP_EDENIED, "cannot run '/etc/passwd': Permission denied"},
    };
    static const struct cp_process_options plain = {.timeout_ms = 0};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct cp_buf out;
        struct cp_process_result result;
        struct cp_error err = {CP_OK, ""};
        assert_int_equal(run(cases[i].argv, &plain, &out, &result, &err), cases[i].code);
        assert_string_equal(err.text, cases[i].text);
        cp_buf_clear(&out);
    }
}

static void secrets_are_kept(void **state)
{
    (void)state;
    struct rlimit core;
    cp_process_keep_secrets();
    assert_int_equal(prctl(PR_GET_DUMPABLE, 0, 0, 0, 0), 0);
    assert_int_equal(getrlimit(RLIMIT_CORE, &core), 0);
    assert_int_equal(core.rlim_max, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(arguments_arrive_as_they_are),
        cmocka_unit_test(standard_error_is_counted_and_not_kept),
        cmocka_unit_test(hidden_variables_do_not_reach_the_program),
        cmocka_unit_test(standard_input_is_empty),
        cmocka_unit_test(input_arrives_whole_and_need_not_be_read),
        cmocka_unit_test(what_is_shown_goes_to_our_standard_error),
        cmocka_unit_test(what_is_shown_has_a_time_limit_too),
        cmocka_unit_test(whole_group_is_killed_when_time_is_over),
        cmocka_unit_test(too_much_output_is_refused),
        cmocka_unit_test(interruption_ends_it),
        cmocka_unit_test(interruption_ends_it_after_its_output_too),
        cmocka_unit_test(our_descriptors_do_not_reach_the_program),
        cmocka_unit_test(programs_that_cannot_start_are_named),
        cmocka_unit_test(secrets_are_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
