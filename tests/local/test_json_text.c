/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/test.h"

#include <string.h>

#include "probes/local/json_out.h"
#include "probes/local/json_text.h"

/* RFC 8259 */
static void well_formed_text_is_told_from_other(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool is_valid;
    } rows[] = {
        {"{}", true},
        {" [ ] ", true},
        {"null", true},
        {"-0.5e+10", true},
        {"\"\\u00e9\\n\"", true},
        {"{\"a\":[1,{\"b\":\"c\"}],\"d\":true}", true},
        {"\"\xc3\xa9\"", true},
        {"", false},
        {" ", false},
        {"{", false},
        {"}", false},
        {"[1,]", false},
        {"{\"a\":1,}", false},
        {"{\"a\"}", false},
        {"{a:1}", false},
        {"{1:1}", false},
        {"[1 2]", false},
        {"01", false},
        {"1.", false},
        {".5", false},
        {"1e", false},
        {"+1", false},
        {"NaN", false},
        {"tru", false},
        {"truex", false},
        {"\"a", false},
        {"\"\\x\"", false},
        {"\"\\u12g4\"", false},
        {"\"\n\"", false},
        {"\"\xff\"", false},
        {"'a'", false},
        {"1 1", false},
        {"[[]", false},
        {"[]]", false},
        {"{\"a\":}", false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        size_t offset;
        print_message("  %s\n", rows[i].text);
        assert_int_equal(cp_json_is_valid(cp_view_of(rows[i].text), &offset), rows[i].is_valid);
        assert_true(offset <= strlen(rows[i].text));
    }
}

static void nesting_is_bounded(void **state)
{
    (void)state;
    enum { DEEP = 1000000 };
    struct cp_buf b;
    size_t offset;
    cp_buf_init(&b, DEEP);
    for (int i = 0; i < DEEP; i++)
        (void)cp_buf_addc(&b, '[');
    assert_false(cp_json_is_valid(cp_buf_view(&b), &offset));
    assert_int_equal(offset, 1001);
    cp_buf_clear(&b);
}

static void strings_are_escaped(void **state)
{
    (void)state;
    struct cp_buf b;
    cp_buf_init(&b, 1024);
    cp_json_add_string(&b, CP_VIEW_LIT("a\"b\\c\n\t\x01\xc3\xa9\xff\0z"));
    assert_string_equal(cp_buf_str(&b), "\"a\\\"b\\\\c\\n\\t\\u0001\xc3\xa9\xef\xbf\xbd\\u0000z\"");
    cp_buf_clear(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(well_formed_text_is_told_from_other),
        cmocka_unit_test(nesting_is_bounded),
        cmocka_unit_test(strings_are_escaped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
