/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/cli/notify.h"
#include "tests/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LONG_MS = 30000 };

static enum cp_code notify(const char *command, int timeout_ms, struct cp_error *err)
{
    return cp_notify(command, cp_view_of("{\"status\":3}\n"), timeout_ms, err);
}

static void the_command_gets_the_text(void **state)
{
    (void)state;
    assert_int_equal(notify("read -r x && test \"$x\" = '{\"status\":3}'", LONG_MS, NULL), CP_OK);
}

static void a_command_need_not_read(void **state)
{
    (void)state;
    assert_int_equal(notify("exec <&-; true", LONG_MS, NULL), CP_OK);
    assert_int_equal(notify("true", LONG_MS, NULL), CP_OK);
}

static void how_it_ended_is_told(void **state)
{
    (void)state;
    static const struct {
        const char *command, *said;
        enum cp_code code;
    } rows[] = {
        {"exit 7", "'exit 7' ended with status 7", CP_EREMOTE},
        {"kill -TERM $$", "'kill -TERM $$' was ended by signal 15", CP_EREMOTE},
        {"no-such-program-anywhere 2>/dev/null", "ended with status 127", CP_EREMOTE},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct cp_error err = {CP_OK, ""};
        assert_int_equal(notify(rows[i].command, LONG_MS, &err), rows[i].code);
        assert_non_null(strstr(err.text, rows[i].said));
    }
}

static void a_command_that_does_not_end_is_ended(void **state)
{
    (void)state;
    struct cp_error err = {CP_OK, ""};
    assert_int_equal(notify("while :; do :; done", 1000, &err), CP_ETIMEOUT);
    assert_non_null(strstr(err.text, "was ended after 1 s"));
}

static void keys_do_not_reach_it_but_settings_do(void **state)
{
    (void)state;
    (void)setenv("AWS_ACCESS_KEY_ID", "AKIA", 1);
    (void)setenv("AWS_SECRET_ACCESS_KEY", "secret", 1);
    (void)setenv("AWS_SESSION_TOKEN", "token", 1);
    (void)setenv("AWS_REGION", "eu-west-1", 1);
    assert_int_equal(
        notify("test -z \"$AWS_ACCESS_KEY_ID$AWS_SECRET_ACCESS_KEY$AWS_SESSION_TOKEN\" "
               "&& test \"$AWS_REGION\" = eu-west-1",
               LONG_MS, NULL),
        CP_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_command_gets_the_text),
        cmocka_unit_test(a_command_need_not_read),
        cmocka_unit_test(how_it_ended_is_told),
        cmocka_unit_test(a_command_that_does_not_end_is_ended),
        cmocka_unit_test(keys_do_not_reach_it_but_settings_do),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
