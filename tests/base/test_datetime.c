/* SPDX-License-Identifier: GPL-3.0-or-later
 * Expected instants: POSIX "seconds since the Epoch" of well-known dates, and Python's datetime.
 */
#include "model/base/datetime.h"

#include <string.h>

#include "tests/test.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static void every_form_is_written_as_documented(void **state)
{
    (void)state;
    static const struct {
        enum cp_datetime_form form;
        const char *text;
    } cases[] = {
        {CP_DATETIME_ISO_MS, "2026-10-08T14:03:11.482Z"},
        {CP_DATETIME_ISO_S, "2026-10-08T14:03:11Z"},
        {CP_DATETIME_AWS_CONFIG, "2026-10-08T14:03:11.482+0000"},
        {CP_DATETIME_AMZ, "20261008T140311Z"},
        {CP_DATETIME_DAY, "2026-10-08"},
        {CP_DATETIME_STREAM_DAY, "2026/10/08"},
        {CP_DATETIME_HTTP, "Thu, 08 Oct 2026 14:03:11 GMT"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        char text[CP_DATETIME_TEXT_MAX];
        assert_ptr_equal(cp_datetime_format(1791468191482, cases[i].form, text), text);
        assert_string_equal(text, cases[i].text);
    }
}

static void known_instants_are_written_and_read(void **state)
{
    (void)state;
    static const struct {
        int64_t at_ms;
        const char *iso, *http;
    } cases[] = {
        {0, "1970-01-01T00:00:00.000Z", "Thu, 01 Jan 1970 00:00:00 GMT"},
        {951782400000, "2000-02-29T00:00:00.000Z", "Tue, 29 Feb 2000 00:00:00 GMT"},
        {946684799999, "1999-12-31T23:59:59.999Z", "Fri, 31 Dec 1999 23:59:59 GMT"},
        {1234567890000, "2009-02-13T23:31:30.000Z", "Fri, 13 Feb 2009 23:31:30 GMT"},
        {1440938160000, "2015-08-30T12:36:00.000Z", "Sun, 30 Aug 2015 12:36:00 GMT"},
        {2147483648000, "2038-01-19T03:14:08.000Z", "Tue, 19 Jan 2038 03:14:08 GMT"},
        {4107542400000, "2100-03-01T00:00:00.000Z", "Mon, 01 Mar 2100 00:00:00 GMT"},
        {253402300799999, "9999-12-31T23:59:59.999Z", "Fri, 31 Dec 9999 23:59:59 GMT"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        char text[CP_DATETIME_TEXT_MAX];
        int64_t at = -1;
        assert_string_equal(cp_datetime_format(cases[i].at_ms, CP_DATETIME_ISO_MS, text),
                            cases[i].iso);
        assert_true(cp_datetime_parse(cp_view_of(text), &at));
        assert_int_equal(at, cases[i].at_ms);
        assert_string_equal(cp_datetime_format(cases[i].at_ms, CP_DATETIME_HTTP, text),
                            cases[i].http);
        assert_true(cp_datetime_parse_http(cp_view_of(text), &at));
        assert_int_equal(at, cases[i].at_ms / 1000 * 1000);
    }
}

static void iso_variants_are_read(void **state)
{
    (void)state;
    enum { AT_S = 1791468191 };
    static const struct {
        const char *text;
        int ms;
    } cases[] = {
        {"2026-10-08T14:03:11Z", 0},
        {"2026-10-08T14:03:11", 0},
        {"2026-10-08 14:03:11", 0},
        {"2026-10-08T14:03:11.4Z", 400},
        {"2026-10-08T14:03:11.48", 480},
        {"2026-10-08T14:03:11.482999999Z", 482},
        {"2026-10-08T14:03:11.482+0000", 482},
        {"2026-10-08T16:03:11+02:00", 0},
        {"2026-10-08T16:03:11+0200", 0},
        {"2026-10-08T08:33:11.001-05:30", 1},
        {"2026-10-09T04:03:11+14:00", 0},
        {"20261008T140311Z", 0},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        int64_t at = -1;
        if (!cp_datetime_parse(cp_view_of(cases[i].text), &at))
            fail_msg("'%s' was not read", cases[i].text);
        assert_int_equal(at, AT_S * INT64_C(1000) + cases[i].ms);
    }
}

static void impossible_dates_are_refused(void **state)
{
    (void)state;
    static const char *const cases[] = {
        "",
        "2026",
        "2026-10-08",
        "2026-10-08T",
        "2026-10-08T14:03",
        "2026-10-08T14:03:11x",
        "2026-10-08T14:03:11ZZ",
        "2026-10-08T14:03:11.Z",
        "2026-10-08T14:03:11.1234567890Z",
        "2026-10-08T14:03:11+2",
        "2026-10-08T14:03:11+02",
        "2026-10-08T14:03:11+15:00",
        "2026-10-08T14:03:11+02:60",
        "2026-10-08t14:03:11Z",
        "2026-10-08_14:03:11Z",
        "2026-02-29T00:00:00Z",
        "2100-02-29T00:00:00Z",
        "2026-02-30T00:00:00Z",
        "2026-04-31T00:00:00Z",
        "2026-00-08T00:00:00Z",
        "2026-13-08T00:00:00Z",
        "2026-10-00T00:00:00Z",
        "2026-10-32T00:00:00Z",
        "2026-10-08T24:00:00Z",
        "2026-10-08T23:60:00Z",
        "2026-10-08T23:59:61Z",
        "1969-12-31T23:59:59Z",
        "1970-01-01T00:00:00+01:00",
        "9999-12-31T23:59:59-01:00",
        "-026-10-08T14:03:11Z",
        "2026-1--08T14:03:11Z",
        "+026-10-08T14:03:11Z",
        "10000-01-01T00:00:00Z",
        "2026-1008T140311Z",
        "20261008T14:03:11Z",
        " 2026-10-08T14:03:11Z",
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        int64_t at = 42;
        if (cp_datetime_parse(cp_view_of(cases[i]), &at))
            fail_msg("'%s' was read as %lld", cases[i], (long long)at);
        assert_int_equal(at, 42);
    }
}

static void impossible_http_dates_are_refused(void **state)
{
    (void)state;
    static const char *const cases[] = {
        "",
        "Thu",
        "Thu, ",
        "Thu, 08",
        "Thu, 08 Oct",
        "Thu, 08 Oct 2026",
        "Thu, 08 Oct 2026 14:03:11",
        "Thu, 08 Oct 2026 14:03:11 UTC",
        "Thu, 08 Oct 2026 14:03:11 GMT ",
        "Thu, 8 Oct 2026 14:03:11 GMT",
        "Thu, 08 Okt 2026 14:03:11 GMT",
        "Thu, 31 Sep 2026 14:03:11 GMT",
        "Thu, 08 Oct 2026 24:03:11 GMT",
        "Thu 08 Oct 2026 14:03:11 GMT",
        "Thu, 08 Oct 1969 14:03:11 GMT",
        "Thursday, 08-Oct-26 14:03:11 GMT",
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        int64_t at = 42;
        if (cp_datetime_parse_http(cp_view_of(cases[i]), &at))
            fail_msg("'%s' was read as %lld", cases[i], (long long)at);
        assert_int_equal(at, 42);
    }
}

static void every_day_of_four_centuries_comes_back(void **state)
{
    (void)state;
    char before[CP_DATETIME_TEXT_MAX] = "";
    for (int64_t day = 0; day < 146097; day++) { /* one Gregorian cycle */
        char text[CP_DATETIME_TEXT_MAX];
        int64_t at = -1;
        int64_t at_ms = day * 86400000 + (day * 7919) % 86400000;
        cp_datetime_format(at_ms, CP_DATETIME_ISO_MS, text);
        assert_true(cp_datetime_parse(cp_view_of(text), &at));
        assert_int_equal(at, at_ms);
        cp_datetime_format(at_ms, CP_DATETIME_DAY, text);
        assert_true(strcmp(before, text) < 0);
        memcpy(before, text, sizeof before);
    }
    assert_string_equal(before, "2369-12-31");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_form_is_written_as_documented),
        cmocka_unit_test(known_instants_are_written_and_read),
        cmocka_unit_test(iso_variants_are_read),
        cmocka_unit_test(impossible_dates_are_refused),
        cmocka_unit_test(impossible_http_dates_are_refused),
        cmocka_unit_test(every_day_of_four_centuries_comes_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
