/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "reports/axis.h"
#include "tests/test.h"

#include <math.h>
#include <string.h>

static void ticks_are_round_and_between_four_and_nine(void **state)
{
    (void)state;
    static const struct {
        bool is_log;
        double low, high;
        const char *expected;
    } cases[] = {
        {false, 8, 53, "('10' 10, '20' 20, '30' 30, '40' 40, '50' 50)"},
        {false, 0, 1, "('0' 0, '0.2' 0.2, '0.4' 0.4, '0.6' 0.6, '0.8' 0.8, '1' 1)"},
        {true, 1, 1000, "('1' 1, '10' 10, '100' 100, '1,000' 1000)"},
        {true, 9, 350, "('10' 10, '30' 30, '100' 100, '300' 300)"},
        {true, 150, 220,
         "('150' 150, '160' 160, '170' 170, '180' 180, '190' 190, '200' 200, '210' 210, '220' "
         "220)"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct cp_buf out;
        struct cp_axis axis = {cases[i].low, cases[i].high, cases[i].is_log};
        cp_buf_init(&out, 1000);
        cp_axis_ticks(&axis, &out);
        assert_string_equal(cp_buf_str(&out), cases[i].expected);
        cp_buf_clear(&out);
    }
}

static void a_range_holds_its_values_with_air(void **state)
{
    (void)state;
    struct cp_axis axis = cp_axis_empty(true);
    cp_axis_see(&axis, 10);
    cp_axis_see(&axis, 1000);
    cp_axis_see(&axis, NAN);
    cp_axis_see(&axis, -3);
    cp_axis_see(&axis, INFINITY);
    cp_axis_pad(&axis, 0.1);
    assert_true(axis.low < 10 && axis.low > 5);
    assert_true(axis.high > 1000 && axis.high < 2000);
    assert_true(fabs(cp_axis_position(&axis, 100) - 0.5) < 1e-12);
}

static void a_single_value_still_makes_a_range(void **state)
{
    (void)state;
    for (int is_log = 0; is_log < 2; is_log++) {
        struct cp_axis axis = cp_axis_empty(is_log);
        cp_axis_see(&axis, 200);
        cp_axis_pad(&axis, 0.08);
        assert_true(axis.low < 200 && axis.high > 200);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ticks_are_round_and_between_four_and_nine),
        cmocka_unit_test(a_range_holds_its_values_with_air),
        cmocka_unit_test(a_single_value_still_makes_a_range),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
