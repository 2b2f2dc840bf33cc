/* SPDX-License-Identifier: GPL-3.0-or-later
 * Schedules: names, what is refused, and every file with too little memory. What the files say is
 * judged by those who read them: tests/cli/test_schedule*.py, tests/peers/test_schedule.py.
 */
#include "reports/schedule.h"

#include <string.h>

#include "reports/schedule_text.h"
#include "tests/model/scarce_memory.h"
#include "tests/test.h"

enum { TEXT_MAX = 1 << 20 };

static struct cp_schedule any(const char *target, bool is_folder)
{
    static const char *const words[] = {"--memory", "512", "--payload={\"a\": \"${{ b }}\"}"};
    static const struct cp_schedule_variable variables[] = {{"PATH", "/usr/bin:/opt/50%"}};
    return (struct cp_schedule){
        .name = "night",
        .target = target,
        .is_folder = is_folder,
        .hour = 3,
        .words = words,
        .n_words = sizeof words / sizeof words[0],
        .program = "/usr/bin/coldprof",
        .folder = "/srv/a b\\",
        .script = "/srv/100%/night.sh",
        .variables = variables,
        .n_variables = 1,
        .store = "my nights.db",
        .policy = is_folder ? NULL : "{\n\t\"Version\":\t\"2012-10-17\"\n}\n",
        .policy_command = is_folder ? NULL : "coldprof iam-policy --function checkout",
    };
}

static void names_are_of_the_target_s_last_part(void **state)
{
    (void)state;
    static const struct {
        const char *target, *name;
    } rows[] = {
        {"checkout", "coldprof-nightly-checkout"},
        {"Orders_API", "coldprof-nightly-orders-api"},
        {"./functions/hello-c/", "coldprof-nightly-hello-c"},
        {"../a b", "coldprof-nightly-a-b"},
        {"123456789012:checkout:live", "coldprof-nightly-123456789012-checkout-live"},
        {"arn:aws:lambda:eu-west-1:123456789012:function:checkout:7",
         "coldprof-nightly-checkout-7"},
        {"/", "coldprof-nightly"},
        {"./\xe5\xa4\x9c", "coldprof-nightly"},
        {"aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffgggg",
         "coldprof-nightly-aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeee"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char name[CP_SCHEDULE_NAME_MAX];
        cp_schedule_name_of(rows[i].target, name);
        assert_string_equal(name, rows[i].name);
    }
}

static void what_a_format_cannot_carry_is_refused(void **state)
{
    (void)state;
    struct cp_error err = {0};
    static const char *const two_lines[] = {"--payload", "{\n}"};
    struct cp_schedule lines = any("checkout", false);
    lines.words = two_lines;
    lines.n_words = 2;
    struct cp_schedule quoted = any("checkout", false);
    quoted.program = "/opt/\"x\"/coldprof";
    const struct cp_schedule here = any("/srv/fn", true);
    for (size_t i = 0; i < CP_SCHEDULE_FORMATS; i++) {
        const struct cp_schedule_format *format = &cp_schedule_formats[i];
        assert_ptr_equal(cp_schedule_format_find(format->name), format);
        assert_int_equal(cp_schedule_check(&lines, format, &err), CP_EINVAL);
        assert_non_null(strstr(err.text, "line break"));
        assert_int_equal(cp_schedule_check(&quoted, format, &err),
                         format->is_here ? CP_EINVAL : CP_OK);
        assert_int_equal(cp_schedule_check(&here, format, &err),
                         format->is_here ? CP_OK : CP_EINVAL);
    }
    assert_null(cp_schedule_format_find("launchd"));
}

static void a_name_that_looks_like_an_option_comes_last(void **state)
{
    (void)state;
    struct cp_buf out;
    struct cp_schedule odd = any("-f", false);
    odd.n_words = 2;
    cp_buf_init(&out, TEXT_MAX);
    cp_schedule_add_ci_night(&odd, &out);
    assert_non_null(strstr(cp_buf_str(&out), "coldprof nightly --export "));
    assert_non_null(strstr(cp_buf_str(&out), " --memory 512 -- -f"));
    cp_buf_clear(&out);
}

static void an_option_is_known_by_its_whole_name(void **state)
{
    (void)state;
    struct cp_schedule s = any("checkout", false);
    assert_true(cp_schedule_has(&s, "memory"));
    assert_true(cp_schedule_has(&s, "payload"));
    assert_false(cp_schedule_has(&s, "mem"));
    assert_false(cp_schedule_has(&s, "export"));
}

/* With 0, 1, 2 ... allocations until it is written: whole, or it has failed. */
static void write_with_little_memory(const struct cp_schedule *s,
                                     const struct cp_schedule_file *file)
{
    struct cp_buf whole;
    struct cp_buf out;
    struct cp_error err = {0};
    cp_buf_init(&whole, TEXT_MAX);
    cp_buf_init(&out, TEXT_MAX);
    file->add(s, &whole);
    assert_int_equal(cp_buf_check(&whole, "file", &err), CP_OK);
    int refused = 0;
    enum cp_code code = CP_ENOMEM;
    for (; code; refused++) {
        cp_buf_clear(&out);
        cp_buf_init(&out, TEXT_MAX);
        allocations_left = refused;
        file->add(s, &out);
        allocations_left = -1;
        code = cp_buf_check(&out, "file", &err);
        assert_true(code == CP_OK || code == CP_ENOMEM);
    }
    assert_true(refused > 1);
    assert_true(cp_view_equal(cp_buf_view(&out), cp_buf_view(&whole)));
    cp_buf_clear(&out);
    cp_buf_clear(&whole);
}

static void no_file_is_cut_short_for_lack_of_memory(void **state)
{
    (void)state;
    const struct cp_schedule schedules[] = {any("checkout", false), any("./a \"b\"", true)};
    for (size_t i = 0; i < CP_SCHEDULE_FORMATS; i++) {
        for (size_t j = 0; j < CP_SCHEDULE_FILES && cp_schedule_formats[i].files[j].add; j++) {
            for (size_t k = 0; k < sizeof schedules / sizeof schedules[0]; k++)
                write_with_little_memory(&schedules[k], &cp_schedule_formats[i].files[j]);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_of_the_target_s_last_part),
        cmocka_unit_test(what_a_format_cannot_carry_is_refused),
        cmocka_unit_test(a_name_that_looks_like_an_option_comes_last),
        cmocka_unit_test(an_option_is_known_by_its_whole_name),
        cmocka_unit_test(no_file_is_cut_short_for_lack_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
