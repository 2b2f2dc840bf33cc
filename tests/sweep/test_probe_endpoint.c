/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/sweep/probe_endpoint.h"

#include "tests/test.h"

#include "profiler/sweep/sweep_quote.h"

#define ALL                                                                                        \
    {                                                                                              \
        true, true, true, true, true, false                                                        \
    }

static void a_mode_promises_no_more_than_was_seen(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        struct cp_endpoint_abilities abilities;
        enum cp_endpoint_mode mode;
    } rows[] = {
        {"everything", ALL, CP_ENDPOINT_FULL},
        {"a warm environment showed no init yet",
         {true, true, true, true, false, false},
         CP_ENDPOINT_FULL},
        {"no versions", {true, false, true, true, true, true}, CP_ENDPOINT_TAIL},
        {"no configuration", {false, false, true, true, true, false}, CP_ENDPOINT_TAIL},
        {"no record", {true, true, true, false, false, false}, CP_ENDPOINT_WALL_CLOCK},
        {"no request id", {true, true, false, true, true, false}, CP_ENDPOINT_WALL_CLOCK},
        {"nothing", {false, false, false, false, false, false}, CP_ENDPOINT_WALL_CLOCK},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (cp_endpoint_mode_of(&rows[i].abilities) != rows[i].mode)
            fail_msg("%s", rows[i].name);
    }
}

static void a_mode_is_found_by_the_name_it_is_stored_under(void **state)
{
    (void)state;
    for (int i = CP_ENDPOINT_FULL; i <= CP_ENDPOINT_WALL_CLOCK; i++) {
        enum cp_endpoint_mode mode = (enum cp_endpoint_mode)i;
        assert_int_equal(cp_endpoint_mode_by_name(cp_endpoint_mode_name(mode)), mode);
    }
    assert_int_equal(cp_endpoint_mode_by_name(""), CP_ENDPOINT_FULL); /* runs of schema 1 */
}

static void only_an_account_that_can_exist_is_billed(void **state)
{
    (void)state;
    static const struct {
        const char *arn;
        bool is_billed;
    } rows[] = {
        {"arn:aws:lambda:us-east-1:111122223333:function:f", true},
        {"arn:aws-cn:lambda:cn-north-1:111122223333:function:f:live", true},
        {"arn:aws:lambda:us-east-1:000000000000:function:f", false},
        {"arn:aws:lambda:us-east-1:123456789012:function:f", false},
        {"", false},
        {"f", false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (cp_sweep_is_billed(rows[i].arn) != rows[i].is_billed)
            fail_msg("%s", rows[i].arn);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_mode_promises_no_more_than_was_seen),
        cmocka_unit_test(a_mode_is_found_by_the_name_it_is_stored_under),
        cmocka_unit_test(only_an_account_that_can_exist_is_billed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
