/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/base/view.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tests/test.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static void null_is_an_empty_view(void **state)
{
    (void)state;
    struct cp_view v = cp_view_of(NULL);
    struct cp_view head;
    double x = 0;
    int64_t i = 0;
    assert_int_equal(v.n, 0);
    assert_true(cp_view_is(v, ""));
    assert_true(cp_view_is_nocase(v, ""));
    assert_true(cp_view_has_prefix(v, ""));
    assert_int_equal(cp_view_trim(v).n, 0);
    assert_false(cp_view_split(&v, ',', &head));
    assert_false(cp_view_take_double(&v, &x));
    assert_false(cp_view_take_int64(&v, &i));
    assert_int_equal(cp_view_skip_blanks(&v), 0);
    assert_int_equal(cp_view_utf8(v, NULL), 0);
}

static void comparison_sees_only_the_bytes_of_the_view(void **state)
{
    (void)state;
    struct cp_view v = {"Durationxyz", 8};
    assert_true(cp_view_is(v, "Duration"));
    assert_false(cp_view_is(v, "Durationx"));
    assert_false(cp_view_is(v, "Duratio"));
    assert_false(cp_view_is(v, "duration"));
    assert_true(cp_view_is_nocase(v, "dURATION"));
    assert_false(cp_view_is_nocase(v, "dURATIOM"));
    assert_true(cp_view_has_prefix(v, "Dur"));
    assert_true(cp_view_has_prefix(v, ""));
    assert_false(cp_view_has_prefix(v, "Durationx"));
}

static void trim_takes_white_space_at_both_ends(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"", ""},       {"   ", ""},     {"a", "a"}, {" a ", "a"}, {"\t\r\na b\n", "a b"},
        {"\va", "\va"}, {" \t\r\n", ""},
    };
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_true(cp_view_is(cp_view_trim(cp_view_of(cases[i][0])), cases[i][1]));
}

static void copy_needs_room_for_the_nul(void **state)
{
    (void)state;
    char to[4] = "zzz";
    assert_true(cp_view_copy(CP_VIEW_LIT("abc"), to, sizeof to));
    assert_string_equal(to, "abc");
    assert_false(cp_view_copy(CP_VIEW_LIT("abcd"), to, sizeof to));
    assert_string_equal(to, "");
    assert_false(cp_view_copy(CP_VIEW_LIT(""), to, 0));
    assert_true(cp_view_copy((struct cp_view){0}, to, 1));
}

static void views_are_equal_by_their_bytes_and_sort_by_them(void **state)
{
    (void)state;
    const struct cp_view in_order[] = {{NULL, 0},         CP_VIEW_LIT("a"), CP_VIEW_LIT("a\0"),
                                       CP_VIEW_LIT("ab"), CP_VIEW_LIT("b"), CP_VIEW_LIT("\xff")};
    const size_t n = sizeof in_order / sizeof in_order[0];
    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; k < n; k++) {
            int order = cp_view_compare(in_order[i], in_order[k]);
            assert_int_equal((order > 0) - (order < 0), (i > k) - (i < k));
            assert_int_equal(cp_view_equal(in_order[i], in_order[k]), i == k);
        }
    }
    assert_true(cp_view_equal(CP_VIEW_LIT(""), (struct cp_view){NULL, 0}));
}

static void a_cut_copy_fills_what_there_is(void **state)
{
    (void)state;
    char to[4];
    cp_view_copy_cut(CP_VIEW_LIT("abc"), to, sizeof to);
    assert_string_equal(to, "abc");
    cp_view_copy_cut(CP_VIEW_LIT("defg"), to, sizeof to);
    assert_string_equal(to, "def");
    cp_view_copy_cut((struct cp_view){NULL, 0}, to, sizeof to);
    assert_string_equal(to, "");
}

static void a_copy_of_its_own_ends_in_nul(void **state)
{
    (void)state;
    char *copy = cp_view_dup((struct cp_view){"abcdef", 3});
    assert_string_equal(copy, "abc");
    free(copy);
    copy = cp_view_dup((struct cp_view){NULL, 0});
    assert_string_equal(copy, "");
    free(copy);
}

static void skip_consumes_a_literal_or_nothing(void **state)
{
    (void)state;
    struct cp_view v = CP_VIEW_LIT("REPORT x");
    assert_false(cp_view_skip(&v, "REPORTS"));
    assert_int_equal(v.n, 8);
    assert_true(cp_view_skip(&v, "REPORT"));
    assert_int_equal(cp_view_skip_blanks(&v), 1);
    assert_true(cp_view_is(v, "x"));
    v = CP_VIEW_LIT(" \t \nx");
    assert_int_equal(cp_view_skip_blanks(&v), 3);
    assert_true(cp_view_is(v, "\nx"));
}

static void split_gives_every_field_up_to_the_end(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *fields[4];
        size_t n;
    } cases[] = {
        {"", {NULL}, 0},
        {"a", {"a"}, 1},
        {"a,b", {"a", "b"}, 2},
        {",a", {"", "a"}, 2},
        {"a,,b", {"a", "", "b"}, 3},
        {"a,", {"a"}, 1},
        {",", {""}, 1},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct cp_view v = cp_view_of(cases[i].text);
        struct cp_view head;
        size_t n = 0;
        while (cp_view_split(&v, ',', &head)) {
            assert_in_range(n, 0, 3);
            assert_true(cp_view_is(head, cases[i].fields[n]));
            n++;
        }
        assert_int_equal(n, cases[i].n);
    }
}

static void numbers_are_read_to_the_last_bit(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        double value;
        const char *rest;
    } cases[] = {
        {"0", 0, ""},
        {"12.5 ms", 12.5, " ms"},
        {"-3", -3, ""},
        {"+4.25", 4.25, ""},
        {".5", 0.5, ""},
        {"7.", 7, "."},
        {"1e3", 1000, ""},
        {"1E-2x", 0.01, "x"},
        {"1e", 1, "e"},
        {"1e+", 1, "e+"},
        {"2.5e+2", 250, ""},
        {"1.2.3", 1.2, ".3"},
        {"0x10", 0, "x10"},
        {"00012", 12, ""},
        {"1,5", 1, ",5"},
        {"0.1", 0.1, ""},
        {"9007199254740993", 9007199254740992.0, ""},
        {"1.7976931348623157e308", DBL_MAX, ""},
        {"4.9406564584124654e-324", DBL_TRUE_MIN, ""},
        {"1e-999", 0, ""},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct cp_view v = cp_view_of(cases[i].text);
        double x = NAN;
        assert_true(cp_view_take_double(&v, &x));
        assert_memory_equal(&x, &cases[i].value, sizeof x);
        assert_true(cp_view_is(v, cases[i].rest));
        assert_int_equal(cp_view_to_double(cp_view_of(cases[i].text), &x), v.n == 0);
    }
}

static void what_is_no_number_fails_and_changes_nothing(void **state)
{
    (void)state;
    static const char *const cases[] = {
        "",
        ".",
        "-",
        "+",
        "-.",
        "e5",
        "nan",
        "NaN",
        "inf",
        "-inf",
        "infinity",
        " 1",
        "1e999",
        "-1e400",
        "--1",
        "+-1",
        "12345678901234567890123456789012345678901234567890123456789012345",
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct cp_view v = cp_view_of(cases[i]);
        double x = 42;
        assert_false(cp_view_take_double(&v, &x));
        assert_true(x > 41 && x < 43);
        assert_true(cp_view_is(v, cases[i]));
        assert_false(cp_view_to_double(v, &x));
    }
    /* 64 characters are still read */
    struct cp_view v =
        CP_VIEW_LIT("0000000000000000000000000000000000000000000000000000000000000001");
    double x = 0;
    assert_int_equal(v.n, 64);
    assert_true(cp_view_to_double(v, &x));
    assert_true(x > 0.5 && x < 1.5);
}

static void number_ends_with_the_view(void **state)
{
    (void)state;
    double x = 0;
    int64_t i = 0;
    assert_true(cp_view_to_double((struct cp_view){"1234", 2}, &x));
    assert_true(x > 11 && x < 13);
    assert_true(cp_view_to_int64((struct cp_view){"1234", 3}, &i));
    assert_int_equal(i, 123);
}

static void integers_are_read_to_their_limits(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool is_number;
        int64_t value;
    } cases[] = {
        {"0", true, 0},
        {"-0", true, 0},
        {"007", true, 7},
        {"9223372036854775807", true, INT64_MAX},
        {"-9223372036854775808", true, INT64_MIN},
        {"9223372036854775808", false, 0},
        {"-9223372036854775809", false, 0},
        {"99999999999999999999999", false, 0},
        {"", false, 0},
        {"-", false, 0},
        {"+5", false, 0},
        {" 5", false, 0},
        {"5 ", false, 0},
        {"5.0", false, 0},
        {"0x5", false, 0},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        int64_t x = 42;
        assert_int_equal(cp_view_to_int64(cp_view_of(cases[i].text), &x), cases[i].is_number);
        assert_int_equal(x, cases[i].is_number ? cases[i].value : 42);
    }
    struct cp_view v = CP_VIEW_LIT("128 MB");
    int64_t mb = 0;
    assert_true(cp_view_take_int64(&v, &mb));
    assert_int_equal(mb, 128);
    assert_true(cp_view_is(v, " MB"));
}

static void utf8_is_accepted_only_when_well_formed(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t n;
        uint32_t code_point;
    } cases[] = {
        {"a", 1, 'a'},
        {"\x7f", 1, 0x7f},
        {"\xc2\x80", 2, 0x80},
        {"\xc3\xa9", 2, 0xe9},
        {"\xdf\xbf", 2, 0x7ff},
        {"\xe0\xa0\x80", 3, 0x800},
        {"\xe2\x82\xac", 3, 0x20ac},
        {"\xed\x9f\xbf", 3, 0xd7ff},
        {"\xee\x80\x80", 3, 0xe000},
        {"\xef\xbf\xbf", 3, 0xffff},
        {"\xf0\x90\x80\x80", 4, 0x10000},
        {"\xf4\x8f\xbf\xbf", 4, 0x10ffff},
        /* ill-formed: overlong, surrogate, beyond the last, lone, cut, wrong continuation */
        {"\xc0\x80", 0, 0},
        {"\xc1\xbf", 0, 0},
        {"\xe0\x9f\xbf", 0, 0},
        {"\xf0\x8f\xbf\xbf", 0, 0},
        {"\xed\xa0\x80", 0, 0},
        {"\xed\xbf\xbf", 0, 0},
        {"\xf4\x90\x80\x80", 0, 0},
        {"\xf5\x80\x80\x80", 0, 0},
        {"\xff", 0, 0},
        {"\x80", 0, 0},
        {"\xbf", 0, 0},
        {"\xe2\x82", 0, 0},
        {"\xe2\x28\xa1", 0, 0},
        {"\xf0\x28\x8c\xbc", 0, 0},
        {"\xc3", 0, 0},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        uint32_t c = 0;
        assert_int_equal(cp_view_utf8(cp_view_of(cases[i].bytes), &c), cases[i].n);
        assert_int_equal(c, cases[i].code_point);
    }
    uint32_t c = 42;
    assert_int_equal(cp_view_utf8((struct cp_view){"\0", 1}, &c), 1);
    assert_int_equal(c, 0);
}

static void one_line_has_no_control_characters(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool is_one_line;
    } cases[] = {
        {"", true},
        {" ~", true},
        {"gr\xc3\xbc\xc3\x9f"
         "e",
         true},
        {"\xc2\xa0", true},
        {"\xf0\x9f\x90\xa2", true},
        {"a\nb", false},
        {"\x1f", false},
        {"a\x7f", false},
        {"\xc2\x80", false},
        {"\xc2\x9f", false},
        {"a\xc3", false},
        {"\x9b", false},
    };
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_int_equal(cp_view_is_one_line(cp_view_of(cases[i].text)), cases[i].is_one_line);
    assert_false(cp_view_is_one_line((struct cp_view){"a\0b", 3}));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(null_is_an_empty_view),
        cmocka_unit_test(comparison_sees_only_the_bytes_of_the_view),
        cmocka_unit_test(trim_takes_white_space_at_both_ends),
        cmocka_unit_test(copy_needs_room_for_the_nul),
        cmocka_unit_test(views_are_equal_by_their_bytes_and_sort_by_them),
        cmocka_unit_test(a_cut_copy_fills_what_there_is),
        cmocka_unit_test(a_copy_of_its_own_ends_in_nul),
        cmocka_unit_test(skip_consumes_a_literal_or_nothing),
        cmocka_unit_test(split_gives_every_field_up_to_the_end),
        cmocka_unit_test(numbers_are_read_to_the_last_bit),
        cmocka_unit_test(what_is_no_number_fails_and_changes_nothing),
        cmocka_unit_test(number_ends_with_the_view),
        cmocka_unit_test(integers_are_read_to_their_limits),
        cmocka_unit_test(utf8_is_accepted_only_when_well_formed),
        cmocka_unit_test(one_line_has_no_control_characters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
