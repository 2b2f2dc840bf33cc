/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/test.h"

#include "probes/local/json_out.h"

static void members_entries_and_groups_are_separated_by_commas(void **state)
{
    struct cp_buf b;
    struct cp_json_out j = {.to = &b};
    (void)state;
    cp_buf_init(&b, 4096);
    cp_json_object(&j, NULL);
    cp_json_string(&j, "a", "x");
    cp_json_array(&j, "b");
    cp_json_int(&j, NULL, -1);
    cp_json_int(&j, NULL, INT64_MAX);
    cp_json_object(&j, NULL);
    cp_json_object_end(&j);
    cp_json_array_end(&j);
    cp_json_object(&j, "c");
    cp_json_object_end(&j);
    cp_json_double(&j, "d", 0.1);
    cp_json_object_end(&j);
    assert_string_equal(cp_buf_str(&b),
                        "{\"a\":\"x\",\"b\":[-1,9223372036854775807,{}],\"c\":{},\"d\":0.1}");
    cp_buf_clear(&b);
}

static void text_is_escaped_and_made_well_formed(void **state)
{
    static const struct {
        const char *text, *json;
    } cases[] = {
        {"", "\"\""},
        {"a\"b\\c", "\"a\\\"b\\\\c\""},
        {"\n\t\x01\x7f", "\"\\n\\t\\u0001\\u007f\""},
        {"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", "\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\""},
        {"x\xff\xc3y", "\"x\xef\xbf\xbd\xef\xbf\xbdy\""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct cp_buf b;
        struct cp_json_out j = {.to = &b};
        cp_buf_init(&b, 4096);
        cp_json_string(&j, NULL, cases[i].text);
        assert_string_equal(cp_buf_str(&b), cases[i].json);
        cp_buf_clear(&b);
    }
}

static void numbers_are_as_short_as_they_can_be_and_exact(void **state)
{
    static const struct {
        double value;
        const char *json;
    } cases[] = {{0.2, "0.2"},    {0, "0"},
                 {1, "1"},        {0.30000000000000004, "0.30000000000000004"},
                 {1e-7, "1e-07"}, {-2.5, "-2.5"}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct cp_buf b;
        struct cp_json_out j = {.to = &b};
        cp_buf_init(&b, 4096);
        cp_json_double(&j, NULL, cases[i].value);
        assert_string_equal(cp_buf_str(&b), cases[i].json);
        cp_buf_clear(&b);
    }
}

static void a_buffer_that_is_full_stays_failed(void **state)
{
    struct cp_buf b;
    struct cp_json_out j = {.to = &b};
    (void)state;
    cp_buf_init(&b, 8);
    cp_json_string(&j, NULL, "0123456789");
    assert_int_equal(b.failed, CP_ELIMIT);
    cp_buf_clear(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(members_entries_and_groups_are_separated_by_commas),
        cmocka_unit_test(text_is_escaped_and_made_well_formed),
        cmocka_unit_test(numbers_are_as_short_as_they_can_be_and_exact),
        cmocka_unit_test(a_buffer_that_is_full_stays_failed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
