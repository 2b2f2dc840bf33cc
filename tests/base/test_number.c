/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/base/number.h"

#include "tests/test.h"

#include <math.h>

static void numbers_have_three_significant_digits_and_commas(void **state)
{
    (void)state;
    static const struct {
        double x;
        const char *text;
    } cases[] = {
        {41.23, "41.2"},
        {43.96, "44.0"},
        {263.4, "263"},
        {1236, "1,240"},
        {99.96, "100"},
        {999.6, "1,000"},
        {0.012345, "0.0123"},
        {9.999, "10.0"},
        {1234567, "1,230,000"},
        {0, "0"},
        {-1536, "-1,540"},
        {1, "1.00"},
        {NAN, "-"},
        {INFINITY, "-"},
        {100, "100"},
        {123456, "123,000"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char out[CP_NUMBER_MAX];
        assert_string_equal(cp_number_short(cases[i].x, out), cases[i].text);
    }
}

static void money_is_in_cents_and_below_a_cent_in_four_digits(void **state)
{
    (void)state;
    static const struct {
        double usd;
        const char *text;
    } cases[] = {
        {41.2, "41.20"},        {0.0100, "0.01"}, {0.0041234, "0.004123"}, {1234.5, "1,234.50"},
        {2e-7, "0.0000002000"}, {0, "0.00"},      {5235.981, "5,235.98"},  {-22.55, "-22.55"},
        {1e6, "1,000,000.00"},  {NAN, "-"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char out[CP_NUMBER_MAX];
        assert_string_equal(cp_number_usd(cases[i].usd, out), cases[i].text);
    }
}

static void what_was_typed_stays_as_it_is(void **state)
{
    (void)state;
    static const struct {
        double x;
        const char *text;
    } cases[] = {{10240, "10,240"}, {418.2, "418.2"}, {0.25, "0.25"}, {200, "200"}, {NAN, "-"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char out[CP_NUMBER_MAX];
        assert_string_equal(cp_number_exact(cases[i].x, out), cases[i].text);
    }
}

static void rounding_at_a_digit_never_says_minus_zero(void **state)
{
    (void)state;
    static const struct {
        double x;
        int digit;
        const char *text;
    } cases[] = {{1236, 1, "1,240"}, {71, -1, "71.0"}, {-0.04, -1, "0.0"}, {-0.4, 0, "0"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char out[CP_NUMBER_MAX];
        assert_string_equal(cp_number_at(cases[i].x, cases[i].digit, out), cases[i].text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_have_three_significant_digits_and_commas),
        cmocka_unit_test(money_is_in_cents_and_below_a_cent_in_four_digits),
        cmocka_unit_test(what_was_typed_stays_as_it_is),
        cmocka_unit_test(rounding_at_a_digit_never_says_minus_zero),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
