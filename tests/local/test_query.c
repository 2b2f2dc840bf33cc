/* SPDX-License-Identifier: GPL-3.0-or-later
 * Queries over six events; what they answer is worked out by hand from the language's reference.
 */
#include "tests/test.h"

#include <string.h>

#include "model/base/rng.h"
#include "probes/local/logs_pattern.h"
#include "probes/local/query.h"

#define ID_A "11111111-2222-4333-8444-555555555555"
#define ID_B "aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee"

static const struct {
    int64_t at_ms; /* after 2023-12-05T22:14:43.000Z */
    const char *message;
} EVENTS[] = {
    {0, "START RequestId: " ID_A " Version: 7\n"},
    {100,
     "REPORT RequestId: " ID_A "\tDuration: 14.97 ms\tBilled Duration: 15 ms\tMemory Size: 128 "
     "MB\tMax Memory Used: 67 MB\tInit Duration: 250.50 ms\t\n"},
    {877, "REPORT RequestId: " ID_B "\tDuration: 2.03 ms\tBilled Duration: 3 ms\tMemory Size: 256 "
          "MB\tMax Memory Used: 40 MB\t\n"},
    {60000, "took 12 ms for user-7 [warm]"},
    {61000, "{\"type\":\"platform.report\",\"record\":{\"status\":\"success\",\"metrics\":{"
            "\"durationMs\":5.125,\"memorySizeMB\":512},\"tags\":[\"x\",{\"y\":3}]}}"},
    {62000, "{\"type\":\"other\",\"n\":\"17\",\"ok\":true,\"none\":null}"},
};

static enum cp_code run(const char *text, size_t max_rows, struct cp_buf *out, struct cp_error *err)
{
    struct cp_ql_query *query = NULL;
    struct cp_ql_run *run = NULL;
    enum cp_code code = cp_ql_query_new(cp_view_of(text), &query, err);
    if (code)
        return code;
    assert_int_equal(cp_ql_run_new(query, max_rows, &run, err), CP_OK);
    for (size_t i = 0; i < sizeof EVENTS / sizeof *EVENTS; i++) {
        const struct cp_ql_event event = {
            .log = CP_VIEW_LIT("0:/g"),
            .stream = CP_VIEW_LIT("2023/12/05/[7]0123456789abcdef0123456789abcdef"),
            .message = cp_view_of(EVENTS[i].message),
            .ptr = CP_VIEW_LIT("p"),
            .at_ms = 1701814483000 + EVENTS[i].at_ms,
            .ingested_at_ms = 1701814484000 + EVENTS[i].at_ms,
        };
        assert_int_equal(cp_ql_run_add(run, &event, err), CP_OK);
    }
    assert_int_equal(cp_ql_run_end(run, err), CP_OK);
    for (size_t row = 0; row < cp_ql_run_rows(run); row++) {
        if (row)
            (void)cp_buf_adds(out, " | ");
        for (size_t i = 0, n = 0; i < cp_ql_run_columns(run); i++) {
            struct cp_buf cell;
            cp_buf_init(&cell, 1 << 20);
            struct cp_view name = cp_ql_run_column(run, i);
            bool has_value = cp_ql_run_cell(run, row, i, &cell);
            if (has_value && !cp_view_is(name, "@ptr"))
                (void)cp_buf_addf(out, "%s%.*s=%s", n++ ? ", " : "", (int)name.n, name.p,
                                  cp_buf_str(&cell));
            cp_buf_clear(&cell);
        }
    }
    assert_int_equal(cp_ql_run_statistics(run).records_scanned, 6);
    cp_ql_run_free(run);
    cp_ql_query_free(query);
    return CP_OK;
}

static const struct {
    const char *text, *expected;
} CASES[] = {
    /* fields that are found in lines, as AWS's own answers print them */
    {"fields @duration, @billedDuration, @initDuration, @memorySize, @maxMemoryUsed, @type"
     " | filter @type = 'REPORT'",
     "@duration=2.03, @billedDuration=3.0, @memorySize=2.56E8, @maxMemoryUsed=4.0E7, @type=REPORT"
     " | @duration=14.97, @billedDuration=15.0, @initDuration=250.5, @memorySize=1.28E8, "
     "@maxMemoryUsed=6.7E7, @type=REPORT"},
    {"fields @timestamp, @requestId | filter @message like /^START/",
     "@timestamp=2023-12-05 22:14:43.000, @requestId=" ID_A},
    {"filter @message like 'user-7'",
     "@timestamp=2023-12-05 22:15:43.000, @message=took 12 ms for user-7 [warm]"},
    {"fields @log, @logStream | limit 1",
     "@log=0:/g, @logStream=2023/12/05/[7]0123456789abcdef0123456789abcdef"},
    {"fields record.metrics.durationMs as d, record.tags.1.y as y, record.status | filter type = "
     "\"platform.report\"",
     "d=5.125, y=3, record.status=success"},
    {"fields n, ok, none, `n` + 1 as m | filter type = 'other'", "n=17, ok=1, m=18"},
    /* arithmetic */
    {"fields 2 + 3 * 4 ^ 2 - 7 % 4 as a, -2 ^ 2 as b, (1 + 2) / 4 as c, 2 ^ 3 ^ 2 as d, 1 / 0 as e "
     "| display a, b, c, d, e | limit 1",
     "a=47, b=-4, c=0.75, d=512"},
    {"fields 1 / 3 as a, 10 / 4 as b, 1e15 * 1 as c, 0.00004 * 1 as d | display a, b, c, d | limit "
     "1",
     "a=0.3333, b=2.5, c=1000000000000000, d=0"},
    {"fields floor(2.5) as a, ceil(2.1) as b, abs(-3) as c, greatest(1, 7, 3) as d, least(4, 2) as "
     "e,"
     " sqrt(16) as f, floor(log(8) / 0.6931471805599453 + 0.0000001) as g | display a, b, c, d, e, "
     "f,"
     " g | limit 1",
     "a=2, b=3, c=3, d=7, e=2, f=4, g=3"},
    {"fields strlen('h\xc3\xa9') as a, concat('x', 1, '-') as b, toupper('aZ') as c, "
     "tolower('aZ') as d, trim(' q ') as e, coalesce(nothing, 5) as f, strcontains('abc', 'bc') as "
     "g,"
     " strcontains('abc', 'x') as h | display a, b, c, d, e, f, g, h | limit 1",
     "a=2, b=x1-, c=AZ, d=az, e=q, f=5, g=1, h=0"},
    {"fields toMillis(@timestamp) as a, bin(1m) as b, datefloor(@timestamp, 1h) as c, "
     "dateceil(@timestamp, 1h) as d, fromMillis(86400000) as e | display a, b, c, d, e | limit 1",
     "a=1701814545000, b=2023-12-05 22:15:00.000, c=2023-12-05 22:00:00.000, d=2023-12-05 "
     "23:00:00.000, e=1970-01-02 00:00:00.000"},
    /* conditions */
    {"filter @duration > 2.03 | stats count(*) as n", "n=1"},
    {"filter @duration >= 2.03 and @memorySize < 200000000 | stats count(*) as n", "n=1"},
    {"filter not ispresent(@duration) | stats count(*) as n", "n=4"},
    {"filter @duration != 14.97 | stats count(*) as n", "n=1"}, /* absent is not unequal */
    {"filter @message not like /REPORT/ or @duration < 3 | stats count(*) as n", "n=5"},
    {"filter @type in ['START', 'END'] | stats count(*) as n", "n=1"},
    {"filter @type not in ['START', 'END'] | stats count(*) as n", "n=5"},
    {"filter @message =~ /(?i)report requestid/ | stats count(*) as n", "n=2"},
    {"filter @message like /\\d+\\.\\d{2} ms\\s/ | stats count(*) as n", "n=2"},
    {"filter @message like /warm\\]$/ | stats count(*) as n", "n=1"},
    {"filter @message like /Version: 7$/ | stats count(*) as n", "n=1"}, /* before the last LF */
    {"filter @message like /user[^\\]\\/-]7/ | stats count(*) as n", ""},
    {"filter @message like /user[-]7 [\\[]warm/ | stats count(*) as n", "n=1"},
    /* parse */
    {"parse @message /took (?<ms>\\d+) ms for (?:user|group)-(?<who>[^ ]+)/ | filter ispresent(ms) "
     "|"
     " display ms + 1 as more, who",
     "more=13, who=7"},
    {"parse @message 'took * ms for * [*]' as ms, who, kind | filter kind = 'warm' | display ms, "
     "who",
     "ms=12, who=user-7"},
    {"parse @logStream /(?<f>[^\\/\\[]*)\\[(?<v>[^\\]]+)\\]/ | stats count(*) as n by f, v",
     "f=, v=7, n=6"},
    /* stats */
    {"stats count(*), count(@duration) as d, sum(@duration) as s, min(@duration) as least, "
     "max(@duration) as most, avg(@billedDuration) as mean, count_distinct(@memorySize) as sizes",
     "count(*)=6, d=2, s=17, least=2.03, most=14.97, mean=9, sizes=2"},
    {"filter @type = 'REPORT' | stats sum(@duration) / count(*) as mean, mean * 2 as twice by "
     "@memorySize / 1000000 as mb | sort mb desc",
     "mb=256, mean=2.03, twice=4.06 | mb=128, mean=14.97, twice=29.94"},
    {"stats count(*) as n by bin(1m) as m | sort m",
     "m=2023-12-05 22:14:00.000, n=3 | m=2023-12-05 22:15:00.000, n=3"},
    {"stats count(*) as n by type | sort n desc, type | limit 2", "n=4 | type=other, n=1"},
    {"stats pct(@duration, 50) as a, pct(@duration, 51) as b, stddev(@billedDuration) as c",
     "a=2.03, b=14.97, c=8.4853"},
    {"stats count(*) as n by @type | stats max(n) as most, count(*) as kinds", "most=3, kinds=3"},
    {"filter @message like /nothing/ | stats count(*) as n", ""},
    /* order, limit, comments */
    {"# newest first\n| fields toMillis(@timestamp) - 1701814483000 as t | display t | limit 3",
     "t=62000 | t=61000 | t=60000"},
    {"fields toMillis(@timestamp) - 1701814483000 as t | sort t asc | limit 2 | display t",
     "t=0 | t=100"},
    {"fields @duration as d | sort d desc, @timestamp asc | limit 3 | display d",
     "d=14.97 | d=2.03 | "},
};

static void queries_answer_what_the_language_says(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct cp_error err = {.text = ""};
        struct cp_buf out;
        cp_buf_init(&out, 1 << 20);
        print_message("%s\n", CASES[i].text);
        enum cp_code code = run(CASES[i].text, 100, &out, &err);
        assert_string_equal(err.text, "");
        assert_int_equal(code, CP_OK);
        assert_string_equal(cp_buf_str(&out), CASES[i].expected);
        cp_buf_clear(&out);
    }
}

static void rows_are_limited_to_the_newest(void **state)
{
    (void)state;
    struct cp_error err;
    struct cp_buf out;
    cp_buf_init(&out, 1 << 20);
    assert_int_equal(run("fields toMillis(@timestamp) as t | display t", 2, &out, &err), CP_OK);
    assert_string_equal(cp_buf_str(&out), "t=1701814545000 | t=1701814544000");
    cp_buf_clear(&out);
}

/* What is not known is refused, and the message names it. */
static void what_is_not_known_is_refused_by_name(void **state)
{
    (void)state;
    static const struct {
        const char *text, *named;
        enum cp_code code;
    } cases[] = {
        {"dedup @type", "dedup", CP_EUNSUPPORTED},
        {"pattern @message", "pattern", CP_EUNSUPPORTED},
        {"fields median(@duration)", "median", CP_EUNSUPPORTED},
        {"stats latest(@duration)", "latest", CP_EUNSUPPORTED},
        {"fields pow(2, 3)", "pow", CP_EUNSUPPORTED}, /* '^' in this language */
        {"filter sum(@duration) > 3", "sum", CP_EFORMAT},
        {"stats sum(max(@duration))", "max", CP_EFORMAT},
        {"filter @message like /a.*?b/", "*?", CP_EUNSUPPORTED},
        {"filter @message like /(?=x)/", "(?=", CP_EUNSUPPORTED},
        {"filter @message like /(?<!x)y/", "(?<", CP_EUNSUPPORTED},
        {"filter @message like /a\\1/", "\\1", CP_EUNSUPPORTED},
        {"filter @message like /(a/", "regular expression", CP_EFORMAT},
        {"filter @message like /[a/", "bracket", CP_EFORMAT},
        {"filter @message like /a", "regular expression", CP_EFORMAT},
        {"filter @message like @type", "quoted", CP_EFORMAT},
        {"fields 'open", "quoted", CP_EFORMAT},
        {"fields (1 + 2", "parenthesis", CP_EFORMAT},
        {"fields 1 +", "end of the query", CP_EFORMAT},
        {"fields @message as", "name", CP_EFORMAT},
        {"fields @message, ", "name", CP_EFORMAT},
        {"fields @message limit 3", "limit 3", CP_EFORMAT},
        {"limit 10001", "10000", CP_EFORMAT},
        {"limit 0", "10000", CP_EFORMAT},
        {"stats count(*) by bin(5x)", "unit of time", CP_EFORMAT},
        {"fields floor(1, 2)", "floor", CP_EFORMAT},
        {"parse @message /no group/", "group", CP_EFORMAT},
        {"parse @message 'a * b * c' as one", "each star", CP_EFORMAT},
        {"", "name", CP_EFORMAT},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct cp_error err = {.text = ""};
        struct cp_ql_query *query = NULL;
        print_message("%s\n", cases[i].text);
        enum cp_code code = cp_ql_query_new(cp_view_of(cases[i].text), &query, &err);
        assert_null(query);
        print_message("    %s\n", err.text);
        assert_int_equal(code, cases[i].code);
        assert_non_null(strstr(err.text, cases[i].named));
    }
}

/* Nesting and length have an end that is no crash. */
static void depth_is_bounded(void **state)
{
    (void)state;
    struct cp_error err;
    struct cp_ql_query *query = NULL;
    static const char *const parts[] = {"(", "2 ^ ", "not (", "floor("};
    for (size_t k = 0; k < sizeof parts / sizeof *parts; k++) {
        struct cp_buf text;
        cp_buf_init(&text, 1 << 20);
        (void)cp_buf_adds(&text, "fields ");
        for (int i = 0; i < 3000; i++)
            (void)cp_buf_adds(&text, parts[k]);
        assert_int_equal(cp_ql_query_new(cp_buf_view(&text), &query, &err), CP_ELIMIT);
        cp_buf_clear(&text);
    }
}

static void mutate(struct cp_rng *rng, const char *from, struct cp_buf *out)
{
    static const char bytes[] = "()[]|/*'\"`?<>=!~^-+%,.#@\\ an5m\n\0\xff{}:";
    cp_buf_reset(out);
    (void)cp_buf_adds(out, from);
    for (uint64_t i = 1 + cp_rng_below(rng, 4); i && out->n; i--) {
        size_t at = (size_t)cp_rng_below(rng, out->n);
        if (cp_rng_below(rng, 3) == 0)
            out->p[out->n = at] = '\0';
        else if (cp_rng_below(rng, 2))
            memmove(out->p + at, out->p + at + 1, out->n-- - at);
        else
            out->p[at] = bytes[cp_rng_below(rng, sizeof bytes - 1)];
    }
}

/* Whatever is asked is answered or refused, within the sanitizers' rules. */
static void damaged_queries_and_patterns_do_no_harm(void **state)
{
    (void)state;
    struct cp_rng rng;
    struct cp_buf text, out;
    cp_rng_init(&rng, 20231205, 1);
    cp_buf_init(&text, 1 << 16);
    cp_buf_init(&out, 1 << 20);
    size_t n_cases = sizeof CASES / sizeof *CASES, n_refused = 0;
    for (int i = 0; i < 4000; i++) {
        struct cp_error err = {.text = ""};
        struct cp_ql_query *query = NULL;
        struct cp_cwl_pattern *pattern = NULL;
        mutate(&rng, CASES[cp_rng_below(&rng, n_cases)].text, &text);
        cp_buf_reset(&out);
        enum cp_code code = cp_ql_query_new(cp_buf_view(&text), &query, &err);
        cp_ql_query_free(query);
        n_refused += code != CP_OK;
        if (!code && !memchr(text.p, 0, text.n))
            assert_int_equal(run(cp_buf_str(&text), 100, &out, &err), CP_OK);
        mutate(&rng,
               i % 2 ? "{ ($.a.b[0] = \"x*\") || $.c >= 3 && $.d IS NULL }" : "a -b ?c \"d e\"",
               &text);
        if (!cp_cwl_pattern_new(cp_buf_view(&text), &pattern, &err))
            (void)cp_cwl_pattern_matches(pattern, CP_VIEW_LIT("{\"a\":{\"b\":[1]},\"c\":5}"));
        cp_cwl_pattern_free(pattern);
    }
    assert_true(n_refused > 400 && n_refused < 3900); /* both happen */
    cp_buf_clear(&text);
    cp_buf_clear(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(queries_answer_what_the_language_says),
        cmocka_unit_test(rows_are_limited_to_the_newest),
        cmocka_unit_test(what_is_not_known_is_refused_by_name),
        cmocka_unit_test(depth_is_bounded),
        cmocka_unit_test(damaged_queries_and_patterns_do_no_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
