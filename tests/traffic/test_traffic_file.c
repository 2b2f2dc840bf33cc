/* SPDX-License-Identifier: GPL-3.0-or-later
 * Traffic files of every form. Expected values are read off the texts.
 */
#include "profiler/traffic/traffic_file.h"

#include "tests/test.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static void read_good(const char *text, struct cp_demand *t)
{
    struct cp_error err = {0};
    if (cp_traffic_file_read(cp_view_of(text), "t", NULL, t, &err))
        fail_msg("%s", err.text);
}

static void assert_refused(const char *text, const char *word)
{
    struct cp_demand t;
    struct cp_error err = {0};
    enum cp_code code = cp_traffic_file_read(cp_view_of(text), "file.x", NULL, &t, &err);
    if (code == CP_OK || !strstr(err.text, word) || !strstr(err.text, "file.x"))
        fail_msg("\"%s\": \"%s\" has no \"%s\"", text, err.text, word);
}

static void a_week_is_read_hour_by_hour(void **state)
{
    (void)state;
    struct cp_demand t;
    read_good("# our shop\n\n[week]\ndefault = 0.5/s   ; at night\nMon-Fri 08:00-18:00 = 20/s\n"
              "friday 17:00-19:00 = 60/m\nsaturday 22:00-02:00 = 3/s\nsunday = 0/s\nburst = 4\n"
              "burst_gap = 20ms\n",
              &t);
    assert_int_equal(t.law.kind, CP_ARRIVALS_WEEK);
    assert_near(t.week_per_s[7], 0.5, 0);           /* Monday 07:00 */
    assert_near(t.week_per_s[8], 20, 0);            /* 08:00 */
    assert_near(t.week_per_s[17], 20, 0);           /* 17:00 */
    assert_near(t.week_per_s[18], 0.5, 0);          /* 18:00 */
    assert_near(t.week_per_s[4 * 24 + 17], 1, 0);   /* Friday */
    assert_near(t.week_per_s[4 * 24 + 18], 1, 0);   /* behind the range */
    assert_near(t.week_per_s[5 * 24 + 21], 0.5, 0); /* Saturday */
    assert_near(t.week_per_s[5 * 24 + 23], 3, 0);
    assert_near(t.week_per_s[6 * 24 + 1], 0, 0); /* the later line wins */
    assert_near(t.law.burst, 4, 0);
    assert_near(t.law.burst_gap_ms, 20, 0);
    double per_week = 0;
    for (int hour = 0; hour < CP_ARRIVALS_HOURS; hour++)
        per_week += 3600 * t.week_per_s[hour];
    assert_near(t.requests, per_week, 1e-6);
    cp_demand_clear(&t);
}

static void local_hours_become_utc(void **state)
{
    (void)state;
    struct cp_demand t;
    read_good("[week]\nutc_offset = +02:00\nmonday 01:00-02:00 = 1/s\ntue 12:00-13:00 = 2/s\n", &t);
    assert_near(t.week_per_s[6 * 24 + 23], 1, 0); /* Sunday 23:00 UTC */
    assert_near(t.week_per_s[1 * 24 + 10], 2, 0);
    cp_demand_clear(&t);
    read_good("[week]\nutc_offset = -05:00\nsunday 23:00-24:00 = 1/s\n", &t);
    assert_near(t.week_per_s[4], 1, 0); /* Monday 04:00 UTC */
    cp_demand_clear(&t);
}

static void assert_counts(const char *text, const double *counts, size_t n, double bucket_ms)
{
    struct cp_demand t;
    read_good(text, &t);
    assert_int_equal(t.law.kind, CP_ARRIVALS_COUNTS);
    assert_int_equal(t.law.n, n);
    assert_near(t.law.bucket_ms, bucket_ms, 0);
    double sum = 0;
    for (size_t i = 0; i < n; i++) {
        assert_near(t.law.counts[i], counts[i], 0);
        sum += counts[i];
    }
    assert_near(t.requests, sum, 0);
    assert_near(t.span_ms, (double)n * bucket_ms, 0);
    cp_demand_clear(&t);
}

static void counts_come_in_several_forms(void **state)
{
    (void)state;
    static const double three[] = {5, 0, 7};
    static const char *const texts[] = {
        "Timestamp,Invocations\n2026-10-08T14:00:00Z,5\n2026-10-08T14:01:00Z,0\n"
        "2026-10-08T14:02:00Z,7\n",
        /* without the empty minute, in no order; a BOM, blanks, CR LF */
        "\xef\xbb\xbf\"time\", \"count\"\r\n1000120, 7\r\n1000000, 5\r\n1000060, 0\r\n",
        "minute;count\n0;5\n60;0\n120;7\n",
        "count\n5\n0\n7\n",
        "0\t5\n60\t0\n120\t7\n",
        "{\"MetricDataResults\":[{\"Id\":\"m1\",\"Label\":\"Errors\",\"Timestamps\":[],\"Values\":["
        "]},"
        "{\"Id\":\"m2\",\"Label\":\"Invocations\",\"Timestamps\":[\"2026-10-08T14:02:00Z\","
        "\"2026-10-08T14:01:00+00:00\",\"2026-10-08T14:00:00Z\"],\"Values\":[7.0,0.0,5.0]}]}",
        "{\"Label\":\"Invocations\",\"Datapoints\":[{\"Timestamp\":\"2026-10-08T14:02:00Z\","
        "\"Sum\":7},"
        "{\"Timestamp\":1791468000,\"Sum\":5},{\"Timestamp\":1791468060,\"Sum\":0}]}",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        assert_counts(texts[i], three, 3, 60e3);
    static const double gap[] = {1, 2, 0, 0, 4};
    assert_counts("time,sum\n300,1\n600,2\n1500,4\n", gap, 5, 300e3);
}

static void a_time_per_request_is_a_trace(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "2026-10-08T14:00:00.000Z\n2026-10-08T14:00:00.250Z\n2026-10-08 14:00:10Z\n",
        "1791468000.25\n1791468010\n1791468000\n",
        "1791468000000\n1791468000250\n1791468010000\n",
        "t_s,cold,duration_ms\n0,0,1.5\n0.25,0,2\n10,1,3\n",
        "t_ms,cold\n500,0\n750,0\n10500,1\n",
        "app,func,end_timestamp,duration\na,f,100,1\na,f,100.5,1.25\na,g,110,1\n",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct cp_demand t;
        read_good(texts[i], &t);
        assert_int_equal(t.law.kind, CP_ARRIVALS_TIMES);
        assert_int_equal(t.law.n, 3);
        assert_near(t.law.times_ms[0], 0, 0);
        assert_near(t.law.times_ms[1], 250, 1e-3);
        assert_near(t.law.times_ms[2], 10000, 1e-3);
        cp_demand_clear(&t);
    }
}

static void an_azure_trace_can_be_of_one_function(void **state)
{
    (void)state;
    struct cp_demand t;
    struct cp_error err;
    const struct cp_view text =
        CP_VIEW_LIT("app,func,end_timestamp,duration\na,f,100,1\nb,g,100.5,1.25\na,h,110,1\n");
    assert_int_equal(cp_traffic_file_read(text, "t", "a", &t, &err), CP_OK);
    assert_int_equal(t.law.n, 2);
    cp_demand_clear(&t);
    assert_int_equal(cp_traffic_file_read(text, "t", "g", &t, &err), CP_OK);
    assert_int_equal(t.law.n, 1);
    cp_demand_clear(&t);
    assert_int_equal(cp_traffic_file_read(text, "t", "nobody", &t, &err), CP_EFORMAT);
}

static void rows_without_sense_are_counted(void **state)
{
    (void)state;
    struct cp_demand t;
    read_good("time,count\n0,5\n60,many\n120,-1\nnever,3\n60,7\n\n", &t);
    assert_int_equal(t.n_skipped, 3);
    assert_int_equal(t.first_skipped, 3);
    assert_near(t.requests, 12, 0);
    cp_demand_clear(&t);
}

static void nonsense_is_refused_in_words(void **state)
{
    (void)state;
    static const struct {
        const char *text, *word;
    } rows[] = {
        {"", "no traffic"},
        {"\n\n", "no traffic"},
        {"hello\nworld\n", "no traffic"},
        {"time,count\n", "no traffic"},
        {"time,count\n0,0\n60,0\n", "no request"},
        {"{}", "CloudWatch"},
        {"[1,2]", "CloudWatch"},
        {"{\"MetricDataResults\":[]}", "no traffic"},
        {"{\"Datapoints\":[{\"Sum\":1}]}", "no traffic"},
        {"time,count\n0,1\n0.001,1\n1e15,1\n", "intervals"},
        {"[week]\n", "no hour"},
        {"[week]\ndefault = 0/s\n", "no hour"},
        {"[week]\ndefault = lots\n", "line 2"},
        {"[week]\n\nmoonday = 1/s\n", "line 3"},
        {"[week]\nmon 08:30-09:00 = 1/s\n", "whole hours"},
        {"[week]\nmon 08:00-25:00 = 1/s\n", "whole hours"},
        {"[week]\nmon 08:00 = 1/s\n", "whole hours"},
        {"[week]\nmon-x = 1/s\n", "whole hours"},
        {"[week]\nburst = 0.5\n", "burst = 4"},
        {"[week]\nburst_gap = 5\n", "20ms"},
        {"[week]\nutc_offset = 2\n", "+02:00"},
        {"[week]\nutc_offset = +15:00\n", "+02:00"},
        {"[week]\njust words\n", "setting"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_refused(rows[i].text, rows[i].word);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_week_is_read_hour_by_hour),
        cmocka_unit_test(local_hours_become_utc),
        cmocka_unit_test(counts_come_in_several_forms),
        cmocka_unit_test(a_time_per_request_is_a_trace),
        cmocka_unit_test(an_azure_trace_can_be_of_one_function),
        cmocka_unit_test(rows_without_sense_are_counted),
        cmocka_unit_test(nonsense_is_refused_in_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
