/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/base/units.h"

#include <math.h>
#include <string.h>

#include "tests/test.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static void assert_same(double actual, double expected)
{
    if (!(fabs(actual - expected) <= 1e-12 * fmax(1, fabs(expected))))
        fail_msg("%.15g is not %.15g", actual, expected);
}

static void gb_seconds_are_binary(void **state)
{
    (void)state;
    assert_same(cp_units_gb_s(1024, 1000), 1);
    assert_same(cp_units_gb_s(128, 1), 0.000125);
    assert_same(cp_units_gb_s(10240, 900000), 9000);
    assert_same(cp_units_gb_s(512, 0), 0);
}

static void one_vcpu_is_1769_mb(void **state)
{
    (void)state;
    assert_same(cp_units_cpu_share(1769), 1);
    assert_same(cp_units_cpu_share(3538), 2);
    assert_same(cp_units_cpu_share(128), 128.0 / 1769);
}

struct parse_case {
    const char *text;
    double value; /* NAN: refused */
};

typedef enum cp_code parse_fn(struct cp_view text, double *value, struct cp_error *err);

static void check_parser(parse_fn *parse, const struct parse_case *cases, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct cp_error err = {0};
        double x = -42;
        enum cp_code code = parse(cp_view_of(cases[i].text), &x, &err);
        if (isnan(cases[i].value)) {
            if (code != CP_EINVAL)
                fail_msg("'%s' was not refused", cases[i].text);
            assert_int_equal(err.code, CP_EINVAL);
            assert_non_null(strstr(err.text, cases[i].text));
            assert_same(x, -42);
        } else {
            if (code != CP_OK)
                fail_msg("'%s' was refused: %s", cases[i].text, err.text);
            assert_same(x, cases[i].value);
        }
    }
}

static void durations_need_a_unit(void **state)
{
    (void)state;
    static const struct parse_case cases[] = {
        {"200ms", 200},   {"5s", 5000},    {"2m", 120000},  {"2min", 120000}, {"1h", 3600000},
        {"7d", 604800e3}, {"1.5s", 1500},  {"250us", 0.25}, {"0s", 0},        {"1e3ms", 1000},
        {"5 s", 5000},    {".5h", 1800e3}, {"200", NAN},    {"", NAN},        {"ms", NAN},
        {"-5s", NAN},     {"5S", NAN},     {"5sec", NAN},   {"5s ", NAN},     {" 5s", NAN},
        {"5ms6", NAN},    {"nan s", NAN},  {"inf s", NAN},  {"1e999s", NAN},  {"0x5s", NAN},
        {"5week", NAN},   {"five s", NAN},
    };
    check_parser(cp_units_parse_duration_ms, cases, COUNT(cases));
}

static void rates_are_per_second(void **state)
{
    (void)state;
    static const struct parse_case cases[] = {
        {"5/s", 5},      {"5/sec", 5}, {"300/m", 5},   {"300/min", 5},         {"36/h", 0.01},
        {"864/d", 0.01}, {"0/s", 0},   {"0.5/s", 0.5}, {"2e6/d", 2e6 / 86400}, {"5", NAN},
        {"5/", NAN},     {"/s", NAN},  {"-5/s", NAN},  {"5/week", NAN},        {"5rps", NAN},
        {"", NAN},
    };
    check_parser(cp_units_parse_rate_per_s, cases, COUNT(cases));
}

static void ratios_are_above_zero_and_at_most_one(void **state)
{
    (void)state;
    static const struct parse_case cases[] = {
        {"5%", 0.05}, {"0.05", 0.05}, {"100%", 1},   {"1", 1},     {"0.5 %", 0.005}, {"0", NAN},
        {"0%", NAN},  {"1.01", NAN},  {"101%", NAN}, {"-5%", NAN}, {"5pct", NAN},    {"", NAN},
    };
    check_parser(cp_units_parse_ratio, cases, COUNT(cases));
}

static void memory_is_a_size_that_lambda_offers(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int mb; /* 0: refused */
    } cases[] = {
        {"128", 128},    {"512MB", 512},
        {"512 MB", 512}, {"512M", 512},
        {"1GB", 1024},   {"1.5GB", 1536},
        {"1G", 1024},    {"10240", 10240},
        {"10GB", 10240}, {"1769", 1769},
        {"127", 0},      {"10241", 0},
        {"11GB", 0},     {"0", 0},
        {"-512", 0},     {"512.5", 0},
        {"512KB", 0},    {"512mb", 0},
        {"", 0},         {"lots", 0},
        {"1e999", 0},    {"99999999999999999999", 0},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct cp_error err = {0};
        int mb = -42;
        enum cp_code code = cp_units_parse_memory_mb(cp_view_of(cases[i].text), &mb, &err);
        assert_int_equal(code, cases[i].mb ? CP_OK : CP_EINVAL);
        assert_int_equal(mb, cases[i].mb ? cases[i].mb : -42);
        if (code)
            assert_non_null(strstr(err.text, cases[i].text));
    }
}

static void refusals_show_what_to_write(void **state)
{
    (void)state;
    struct cp_error err = {0};
    double x = 0;
    cp_units_parse_duration_ms(CP_VIEW_LIT("200"), &x, &err);
    assert_string_equal(err.text, "'200' has no known unit; write it like 200ms, 5s or 10m");
    cp_units_parse_rate_per_s(CP_VIEW_LIT("fast"), &x, &err);
    assert_string_equal(err.text,
                        "'fast' does not start with a number; write it like 5/s, 300/m or 10/h");
}

static void durations_are_written_short_and_without_exponent(void **state)
{
    (void)state;
    static const struct {
        double ms;
        const char *text;
    } cases[] = {
        {0, "0ms"},          {0.5, "0.5ms"},        {850, "850ms"},
        {999, "999ms"},      {1000, "1s"},          {4000, "4s"},
        {1500, "1.5s"},      {100e3, "100s"},       {60e3, "1m"},
        {120e3, "2m"},       {90e3, "1.5m"},        {3600e3, "1h"},
        {5400e3, "1.5h"},    {86400e3, "24h"},      {730 * 3600e3, "730h"},
        {99999e3, "99999s"}, {12345e3, "12345s"},   {87600 * 3600e3, "87600h"},
        {1234, "1.234s"},    {12346, "12.35s"},     {599.5e3, "599.5s"},
        {3661.4e3, "3661s"}, {187.4321, "187.4ms"}, {59999, "60s"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        char text[CP_UNITS_TEXT_MAX];
        assert_ptr_equal(cp_units_format_duration(cases[i].ms, text), text);
        assert_string_equal(text, cases[i].text);
        double back = NAN;
        assert_int_equal(cp_units_parse_duration_ms(cp_view_of(text), &back, NULL), CP_OK);
        assert_true(fabs(back - cases[i].ms) <= 5e-4 * cases[i].ms);
    }
}

static void bytes_of_files_are_decimal(void **state)
{
    (void)state;
    static const struct {
        double bytes;
        const char *text;
    } cases[] = {
        {0, "0 B"},          {812, "812 B"},     {999, "999 B"},    {1000, "1.00 kB"},
        {9994, "9.99 kB"},   {9996, "10.0 kB"},  {99960, "100 kB"}, {999499, "999 kB"},
        {999500, "1.00 MB"}, {1.2e9, "1.20 GB"}, {4e12, "4.00 TB"}, {2e18, "2000 PB"},
        {-1, "-"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        char text[CP_UNITS_TEXT_MAX];
        assert_string_equal(cp_units_format_bytes(cases[i].bytes, text), cases[i].text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes_of_files_are_decimal),
        cmocka_unit_test(gb_seconds_are_binary),
        cmocka_unit_test(one_vcpu_is_1769_mb),
        cmocka_unit_test(durations_need_a_unit),
        cmocka_unit_test(rates_are_per_second),
        cmocka_unit_test(ratios_are_above_zero_and_at_most_one),
        cmocka_unit_test(memory_is_a_size_that_lambda_offers),
        cmocka_unit_test(refusals_show_what_to_write),
        cmocka_unit_test(durations_are_written_short_and_without_exponent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
