/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/test.h"

#include "probes/local/nearest.h"

static const char *const names[] = {"name", "handler", "runtime", "timeout", "memory"};

static void a_slip_finds_the_name_that_was_meant(void **state)
{
    static const struct {
        const char *wrong, *meant;
    } cases[] = {
        {"handlr", "handler"}, {"Timeout", "timeout"}, {"timeuot", "timeout"},
        {"memroy", "memory"},  {"nam", "name"},        {"run_time", "runtime"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *found = cp_nearest(cp_view_of(cases[i].wrong), names, 5);
        assert_non_null(found);
        assert_string_equal(found, cases[i].meant);
    }
}

static void something_else_finds_nothing(void **state)
{
    static const char *const cases[] = {
        "", "x", "description", "vpc",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_null(cp_nearest(cp_view_of(cases[i]), names, 5));
    assert_null(cp_nearest(cp_view_of("name"), NULL, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_slip_finds_the_name_that_was_meant),
        cmocka_unit_test(something_else_finds_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
