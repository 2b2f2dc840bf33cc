/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/test.h"

#include "probes/local/function_folder.h"
#include "probes/local/function_ref.h"

#define A65 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define A64 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static void each_form_is_taken_apart(void **state)
{
    static const struct {
        const char *text, *region, *account_id, *name, *qualifier;
    } cases[] = {
        {"fn", "", "", "fn", ""},
        {"fn:live", "", "", "fn", "live"},
        {"fn:$LATEST", "", "", "fn", "$LATEST"},
        {"function:fn", "", "", "fn", ""},
        {"123456789012:fn", "", "123456789012", "fn", ""},
        {"123456789012:function:fn:7", "", "123456789012", "fn", "7"},
        {"123456789012", "", "", "123456789012", ""},
        {"function", "", "", "function", ""},
        {"arn:aws:lambda:us-east-1:123456789012:function:fn", "us-east-1", "123456789012", "fn",
         ""},
        {"arn:aws-us-gov:lambda:us-gov-west-1:123456789012:function:fn:prod", "us-gov-west-1",
         "123456789012", "fn", "prod"},
        {A64, "", "", A64, ""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct cp_function_ref ref;
        print_message("%s\n", cases[i].text);
        assert_true(cp_function_ref_parse(cp_view_of(cases[i].text), &ref));
        assert_string_equal(ref.region, cases[i].region);
        assert_string_equal(ref.account_id, cases[i].account_id);
        assert_string_equal(ref.name, cases[i].name);
        assert_string_equal(ref.qualifier, cases[i].qualifier);
    }
}

static void what_is_no_name_is_refused(void **state)
{
    static const char *const cases[] = {
        "",
        ":",
        "fn:",
        ":fn",
        "fn::1",
        "fn:1:2",
        "fn name",
        "fn/../x",
        "fn:$OTHER",
        A65,
        "arn:aws:lambda:us-east-1:123456789012:function:",
        "arn:aws:lambda:us-east-1:123456789012:function",
        "arn:aws:lambda:us-east-1:12345678901:function:fn",
        "arn:aws:s3:us-east-1:123456789012:function:fn",
        "arn:gcp:lambda:us-east-1:123456789012:function:fn",
        "arn:aws:lambda:us-east-1:123456789012:layer:fn",
        "arn:aws:lambda:us-east-1:123456789012:function:fn:1:2",
        "arn:fn",
        "\xc3\xa9t\xc3\xa9",
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct cp_function_ref ref;
        print_message("'%s'\n", cases[i]);
        assert_false(cp_function_ref_parse(cp_view_of(cases[i]), &ref));
    }
}

static void a_nul_in_a_name_is_refused(void **state)
{
    struct cp_function_ref ref;
    (void)state;
    assert_false(cp_function_ref_parse((struct cp_view){"fn\0x", 4}, &ref));
    assert_false(cp_function_name_is_valid((struct cp_view){"fn\0", 3}));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_form_is_taken_apart),
        cmocka_unit_test(what_is_no_name_is_refused),
        cmocka_unit_test(a_nul_in_a_name_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
