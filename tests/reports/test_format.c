/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "reports/format.h"
#include "tests/test.h"

#include <math.h>
#include <string.h>

static void numbers_have_three_digits_money_has_cents(void **state)
{
    (void)state;
    static const struct {
        enum cp_unit unit;
        double value;
        const char *expected;
    } cases[] = {
        {CP_UNIT_MS, 0, "0"},
        {CP_UNIT_MS, 73.94, "73.9"},
        {CP_UNIT_MS, 146.2, "146"},
        {CP_UNIT_MS, 9.996, "10.0"},
        {CP_UNIT_MS, 99.96, "100"},
        {CP_UNIT_MS, 999.6, "1,000"},
        {CP_UNIT_MS, 1234.5, "1,230"},
        {CP_UNIT_MS, 123456.7, "123,000"},
        {CP_UNIT_MS, 0.01234, "0.0123"},
        {CP_UNIT_MS, -12.34, "-12.3"},
        {CP_UNIT_MS, -1234.5, "-1,230"},
        {CP_UNIT_MS, NAN, "-"},
        {CP_UNIT_MS, INFINITY, ">= timeout"},
        {CP_UNIT_MB, INFINITY, "no limit"},
        {CP_UNIT_S, 60, "60.0"},
        {CP_UNIT_USD, 41.2, "41.20"},
        {CP_UNIT_USD, 0.414, "0.41"},
        {CP_UNIT_USD, 1234567.891, "1,234,567.89"},
        {CP_UNIT_USD, 0, "0.00"},
        {CP_UNIT_USD, -0.001, "-0.001000"},
        {CP_UNIT_USD, 0.00012341, "0.0001234"},
        {CP_UNIT_USD, -22.55, "-22.55"},
        {CP_UNIT_PERCENT, 0.0123, "1.23"},
        {CP_UNIT_PERCENT, 1, "100"},
        {CP_UNIT_PERCENT, 0.9996, "100"},
        {CP_UNIT_MB, 1024, "1,024"},
        {CP_UNIT_MB, 10240, "10,240"},
        {CP_UNIT_MB, 128, "128"},
        {CP_UNIT_COUNT, 1234567, "1,234,567"},
        {CP_UNIT_COUNT, 999, "999"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char out[CP_FORMAT_MAX];
        assert_string_equal(cp_format(cases[i].unit, cases[i].value, out), cases[i].expected);
    }
}

static void an_interval_is_shown_only_with_both_bounds(void **state)
{
    (void)state;
    static const struct {
        enum cp_unit unit;
        struct cp_interval v;
        const char *expected;
    } cases[] = {
        {CP_UNIT_MS, {412.3, 388.4, 440.2}, "412 [388, 440]"},
        {CP_UNIT_MS, {73.94, 71.22, 77.91}, "73.9 [71.2, 77.9]"},
        {CP_UNIT_MS, {1234, 1100, 1390}, "1,230 [1,100, 1,390]"},
        {CP_UNIT_USD, {22.55, 17.3, 26.9}, "22.55 [17.30, 26.90]"},
        {CP_UNIT_PERCENT, {0.125, 0.0266, 0.324}, "12.5 [2.66, 32.4]"},
        {CP_UNIT_MS, {412.3, NAN, 440.2}, "412"},
        {CP_UNIT_MS, {412.3, 388.4, INFINITY}, "412 [388, timeout]"},
        {CP_UNIT_MS, {INFINITY, 388.4, INFINITY}, ">= timeout [388, timeout]"},
        {CP_UNIT_MS, {INFINITY, INFINITY, INFINITY}, ">= timeout [timeout, timeout]"},
        {CP_UNIT_MB, {1769, 1024, INFINITY}, "1,769 [1,024, no limit]"},
        {CP_UNIT_MS, {NAN, 388.4, 440.2}, "-"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char out[CP_FORMAT_MAX];
        assert_string_equal(cp_format_interval(cases[i].unit, cases[i].v, out), cases[i].expected);
    }
}

/* n = 40 is between the one-sided (29) and the two-sided (36) minimum of p90 plus some; published
 * minima: p95 59 and 72, p99 299 and 368. */
static void an_estimate_shows_what_its_sample_allows(void **state)
{
    (void)state;
    double values[400];
    char out[CP_FORMAT_MAX];
    for (int i = 0; i < 400; i++)
        values[i] = 100 + i;
    struct cp_estimate e = cp_quantile_estimate(values, 0, 0.95, 0);
    assert_string_equal(cp_format_estimate(CP_UNIT_MS, &e, true, out), "-");
    e = cp_quantile_estimate(values, 58, 0.95, 0);
    assert_string_equal(cp_format_estimate(CP_UNIT_MS, &e, true, out), "n>=59 needed");
    e = cp_quantile_estimate(values, 59, 0.95, 0);
    assert_string_equal(cp_format_estimate(CP_UNIT_MS, &e, true, out), "<= 158");
    e = cp_quantile_estimate(values, 298, 0.99, 0);
    assert_string_equal(cp_format_estimate(CP_UNIT_MS, &e, true, out), "n>=299 needed");
    e = cp_quantile_estimate(values, 400, 0.5, 0);
    assert_string_equal(cp_format_estimate(CP_UNIT_MS, &e, false, out), "300");
    /* Type 8 at p = 1/2 is the median 299.5; qbinom(.025; 400, .5) = 180 and its mirror 220 + 1 */
    assert_string_equal(cp_format_estimate(CP_UNIT_MS, &e, true, out), "300 [279, 320]");
}

static void a_narrow_column_gets_the_same_in_short(void **state)
{
    (void)state;
    static const struct {
        struct cp_estimate e;
        const char *expected;
    } cases[] = {
        {{.status = CP_ANSWER_NONE}, "-"},
        {{.status = CP_ANSWER_TOO_FEW, .n_needed_upper = 59}, "n<59"},
        {{.status = CP_ANSWER_UPPER_ONLY, .upper = 158}, "<=158 ms"},
        {{.status = CP_ANSWER_OK, .value = 74.04, .low = 71.2, .high = 79.8}, "74.0 ms [71, 80]"},
        {{.status = CP_ANSWER_OK, .value = 228.4, .low = 213.6, .high = 247.1},
         "228 ms [214, 247]"},
        {{.status = CP_ANSWER_OK, .value = 2.024, .low = 1.29, .high = 3.52}, "2.02 ms [1.3, 3.5]"},
        {{.status = CP_ANSWER_OK, .value = 1234, .low = 1176, .high = 1404},
         "1,230 ms [1,180, 1,400]"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char out[CP_FORMAT_MAX];
        assert_string_equal(cp_format_brief(CP_UNIT_MS, &cases[i].e, true, out), cases[i].expected);
    }
}

static void quantiles_are_named_as_people_say_them(void **state)
{
    (void)state;
    char out[CP_FORMAT_MAX];
    assert_string_equal(cp_format_quantile_name(0.5, out), "p50");
    assert_string_equal(cp_format_quantile_name(0.99, out), "p99");
    assert_string_equal(cp_format_quantile_name(0.999, out), "p99.9");
}

static void a_layer_is_told_by_name_and_version(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"arn:aws:lambda:eu-west-1:000000000000:layer:otel:7", "otel:7"},
        {"otel:7", "otel:7"},
        {":otel:7", "otel:7"},
        {"otel", "otel"},
        {"", ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_true(cp_view_is(cp_format_layer(cp_view_of(cases[i][0])), cases[i][1]));
}

static void foreign_text_is_harmless_in_every_format(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        void (*write)(struct cp_buf *b, const char *s);
        const char *text, *expected;
    } cases[] = {
        {"terminal ESC", cp_text_terminal, "\x1b[2J", "\\x1b[2J"},
        {"terminal newline", cp_text_terminal, "a\nb\tc\x7f", "a\\x0ab\\x09c\\x7f"},
        {"terminal C1", cp_text_terminal, "\xc2\x9b[31m", "\\x9b[31m"},
        {"terminal bidi", cp_text_terminal, "a\xe2\x80\xaez\xe2\x81\xa6", "a\\u202ez\\u2066"},
        {"terminal not UTF-8", cp_text_terminal, "a\xff\xc3", "a\\xff\\xc3"},
        {"terminal UTF-8", cp_text_terminal, "b\xc3\xbc x", "b\xc3\xbc x"},
        {"html", cp_text_html, "<a href='x'>&\"", "&lt;a href=&#39;x&#39;&gt;&amp;&quot;"},
        {"html control", cp_text_html, "\x01<", "\\x01&lt;"},
        {"attribute", cp_text_attr, "\" onload=\"x", "&quot; onload=&quot;x"},
        {"markdown", cp_text_markdown, "a|b*c_d`e`<f>@g#1",
         "a\\|b\\*c\\_d\\`e\\`&lt;f&gt;&#64;g&#35;1"},
        {"markdown newline", cp_text_markdown, "a\n| b", "a\\x0a\\| b"},
        {"json", cp_text_json, "a\"b\\c\n\x1b\xff", "\"a\\\"b\\\\c\\u000a\\u001b\\ufffd\""},
        {"json line separator", cp_text_json, "\xe2\x80\xa8", "\"\\u2028\""},
        {"csv plain", cp_text_csv, "svc", "svc"},
        {"csv formula", cp_text_csv, "=1+1", "'=1+1"},
        {"csv at", cp_text_csv, "@SUM(A1)", "'@SUM(A1)"},
        {"csv minus", cp_text_csv, "-2,3", "\"'-2,3\""},
        {"csv quote", cp_text_csv, "a\"b", "\"a\"\"b\""},
        {"csv newline", cp_text_csv, "a\r\nb", "a\\x0d\\x0ab"},
        {"gnuplot quote", cp_text_gnuplot, "it's `id`\n", "'it''s `id`\\x0a'"},
        {"shell plain", cp_text_shell, "orders-api", "orders-api"},
        {"shell quote", cp_text_shell, "a'b;id", "'a'\\''b;id'"},
        {"shell empty", cp_text_shell, "", "''"},
        {"shell option", cp_text_shell, "$(id)", "'$(id)'"},
        {"shell newline", cp_text_shell, "a\nb", "'a\nb'"},
        {"shell escape", cp_text_shell, "\x1b[2J", "''\"$(printf '\\033')\"'[2J'"},
        {"shell bidi", cp_text_shell, "\xe2\x80\xae", "''\"$(printf '\\342\\200\\256')\"''"},
        {"shell no utf-8", cp_text_shell, "a\xff", "'a'\"$(printf '\\377')\"''"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct cp_buf b;
        cp_buf_init(&b, 1000);
        cases[i].write(&b, cases[i].text);
        if (strcmp(cp_buf_str(&b), cases[i].expected) != 0)
            fail_msg("%s: expected %s, got %s", cases[i].name, cases[i].expected, cp_buf_str(&b));
        cp_buf_clear(&b);
    }
}

static void columns_are_those_of_a_terminal(void **state)
{
    (void)state;
    assert_int_equal(cp_text_columns(CP_VIEW_LIT("abc")), 3);
    assert_int_equal(cp_text_columns(CP_VIEW_LIT("b\xc3\xbc")), 2); /* u umlaut */
    assert_int_equal(cp_text_columns(CP_VIEW_LIT("e\xcc\x81")), 1); /* combining acute */
    assert_int_equal(cp_text_columns(CP_VIEW_LIT("\xe6\x9d\xb1\xe4\xba\xac")), 4); /* Tokyo */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_have_three_digits_money_has_cents),
        cmocka_unit_test(an_interval_is_shown_only_with_both_bounds),
        cmocka_unit_test(an_estimate_shows_what_its_sample_allows),
        cmocka_unit_test(a_narrow_column_gets_the_same_in_short),
        cmocka_unit_test(quantiles_are_named_as_people_say_them),
        cmocka_unit_test(a_layer_is_told_by_name_and_version),
        cmocka_unit_test(foreign_text_is_harmless_in_every_format),
        cmocka_unit_test(columns_are_those_of_a_terminal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
