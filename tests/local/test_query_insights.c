/* SPDX-License-Identifier: GPL-3.0-or-later
 * The queries that coldprof itself sends, in the evaluator of the embedded service. Bins by the
 * formula of model/digest/histogram.h: for v us, e = floor(log2 v), bin = 128 e + floor(128 v /
 * 2^e) - 127.
 */
#include "tests/test.h"

#include <string.h>

#include "probes/local/query.h"
#include "profiler/import/insights_query.h"

/* 2023-12-05T22:14:43.000Z; a minute begins 43 s before. */
static const int64_t BASE_MS = 1701814483000;

static const struct {
    int64_t at_ms;
    const char *message;
} EVENTS[] = {
    {0, "START RequestId: 11111111-2222-4333-8444-555555555555 Version: 7\n"},
    /* e = 13: 1,664 + floor(233.906) - 127 = 1,770 */
    {100,
     "REPORT RequestId: 11111111-2222-4333-8444-555555555555\tDuration: 14.97 ms\tBilled "
     "Duration: 266 ms\tMemory Size: 128 MB\tMax Memory Used: 67 MB\tInit Duration: 250.50 ms\t"
     "\n"},
    {400, "REPORT RequestId: 21111111-2222-4333-8444-555555555555\tDuration: 14.97 ms\tBilled "
          "Duration: 15 ms\tMemory Size: 128 MB\tMax Memory Used: 68 MB\t\n"},
    {500, "REPORT RequestId: 31111111-2222-4333-8444-555555555555\tDuration: 3000.00 ms\tBilled "
          "Duration: 3000 ms\tMemory Size: 128 MB\tMax Memory Used: 68 MB\tStatus: timeout\t\n"},
    {600,
     "REPORT RequestId: 41111111-2222-4333-8444-555555555555\tDuration: 14.97 ms\tBilled "
     "Duration: 15 ms\tMemory Size: 128 MB\tMax Memory Used: 128 MB\tStatus: error\tError Type: "
     "Runtime.OutOfMemory\t\n"},
    {700,
     "REPORT RequestId: 51111111-2222-4333-8444-555555555555\tDuration: 1.00 ms\tBilled "
     "Duration: 60 ms\tMemory Size: 128 MB\tMax Memory Used: 60 MB\tRestore Duration: 40.00 ms\t"
     "Billed Restore Duration: 59 ms\t\n"},
    {800,
     "{\"time\":\"x\",\"type\":\"platform.report\",\"record\":{\"requestId\":\"r\",\"metrics\":{"
     "\"durationMs\":1.0,\"billedDurationMs\":252,\"memorySizeMB\":256,\"maxMemoryUsedMB\":70,"
     "\"initDurationMs\":250.5},\"status\":\"error\",\"errorType\":\"Runtime.ExitError\"}}"},
    {100000, "REPORT RequestId: 61111111-2222-4333-8444-555555555555\tDuration: 1.00 ms\tBilled "
             "Duration: 1 ms\tMemory Size: 128 MB\tMax Memory Used: 60 MB\t\n"}, /* out of time */
};

static void run(const struct cp_insights_query *q, struct cp_buf *out)
{
    struct cp_error err = {.text = ""};
    struct cp_buf text;
    struct cp_ql_query *query = NULL;
    struct cp_ql_run *run = NULL;
    cp_buf_init(&text, CP_INSIGHTS_TEXT_MAX);
    cp_buf_reset(out);
    assert_int_equal(cp_insights_query_text(q, &text, &err), CP_OK);
    print_message("%s", cp_buf_str(&text));
    (void)cp_ql_query_new(cp_buf_view(&text), &query, &err);
    assert_string_equal(err.text, "");
    assert_int_equal(cp_ql_run_new(query, CP_QL_ROWS_MAX, &run, &err), CP_OK);
    for (size_t i = 0; i < sizeof EVENTS / sizeof *EVENTS; i++) {
        const struct cp_ql_event event = {
            .log = CP_VIEW_LIT("0:/g"),
            .stream = CP_VIEW_LIT("2023/12/05/fn[7]0123456789abcdef0123456789abcdef"),
            .message = cp_view_of(EVENTS[i].message),
            .at_ms = BASE_MS + EVENTS[i].at_ms,
        };
        assert_int_equal(cp_ql_run_add(run, &event, &err), CP_OK);
    }
    assert_int_equal(cp_ql_run_end(run, &err), CP_OK);
    for (size_t row = 0; row < cp_ql_run_rows(run); row++) {
        for (size_t i = 0; i < cp_ql_run_columns(run); i++) {
            struct cp_view name = cp_ql_run_column(run, i);
            if (cp_view_is(name, "cp_function") || cp_view_is(name, "cp_version"))
                continue; /* the same in all */
            (void)cp_buf_addf(out, "%.*s ", (int)(name.n - 3), name.p + 3);
            (void)cp_ql_run_cell(run, row, i, out);
            (void)cp_buf_addc(out, i + 1 < cp_ql_run_columns(run) ? ' ' : '\n');
        }
    }
    cp_ql_run_free(run);
    cp_ql_query_free(query);
    cp_buf_clear(&text);
}

static const struct {
    enum cp_insights_shape shape;
    enum cp_insights_kind kind;
    const char *expected;
} CASES[] = {
    /* 3,000,000: e = 21, 2,688 + floor(183.105) - 127 = 2,744; 1,000: e = 9, 1,152 + 250 - 127 */
    {CP_INSIGHTS_TEXT, CP_INSIGHTS_DURATION,
     "size 128 start 1 status 0 bin 1770 n 1 total 14970 least 14970 most 14970\n"
     "size 128 start 0 status 0 bin 1770 n 1 total 14970 least 14970 most 14970\n"
     "size 128 start 0 status 1 bin 2744 n 1 total 3000000 least 3000000 most 3000000\n"
     "size 128 start 0 status 6 bin 1770 n 1 total 14970 least 14970 most 14970\n"
     "size 128 start 2 status 0 bin 1275 n 1 total 1000 least 1000 most 1000\n"},
    /* 250,500: e = 17, 2,176 + floor(244.629) - 127 = 2,293 */
    {CP_INSIGHTS_TEXT, CP_INSIGHTS_INIT,
     "size 128 start 1 status 0 bin 2293 n 1 total 250500 least 250500 most 250500\n"},
    /* 265,470: e = 18, 2,304 + floor(129.624) - 127 = 2,306 */
    {CP_INSIGHTS_TEXT, CP_INSIGHTS_COLD_TOTAL,
     "size 128 start 1 status 0 bin 2306 n 1 total 265470 least 265470 most 265470\n"},
    /* 40,000: e = 15, 1,920 + floor(156.25) - 127 = 1,949 */
    {CP_INSIGHTS_TEXT, CP_INSIGHTS_RESTORE,
     "size 128 start 2 status 0 bin 1949 n 1 total 40000 least 40000 most 40000\n"},
    /* 67, 68: e = 6, 768 + 134 or 136 - 127; 128: e = 7, 896 + 128 - 127; 60: e = 5, 640 + 240 -
     * 127
     */
    {CP_INSIGHTS_TEXT, CP_INSIGHTS_MAX_MEMORY,
     "size 128 start 1 status 0 bin 775 n 1 total 67 least 67 most 67\n"
     "size 128 start 0 status 0 bin 777 n 1 total 68 least 68 most 68\n"
     "size 128 start 0 status 1 bin 777 n 1 total 68 least 68 most 68\n"
     "size 128 start 0 status 6 bin 897 n 1 total 128 least 128 most 128\n"
     "size 128 start 2 status 0 bin 753 n 1 total 60 least 60 most 60\n"},
    {CP_INSIGHTS_TEXT, CP_INSIGHTS_ERROR_TYPES, "type Runtime.OutOfMemory n 1\n"},
    /* Ends 100 ms after the base, 265.47 ms long: begins at 1701814482835, minute 28,363,574; the
       next quarter of a minute is mark 113,454,299 for both. */
    {CP_INSIGHTS_TEXT, CP_INSIGHTS_MINUTES_COLD,
     "first 28363574 last 28363574 mark 113454299 past 113454299 n 1 lead 265 tail 0\n"},
    {CP_INSIGHTS_JSON, CP_INSIGHTS_DURATION,
     "size 256 start 1 status 2 bin 1275 n 1 total 1000 least 1000 most 1000\n"},
    {CP_INSIGHTS_JSON, CP_INSIGHTS_INIT,
     "size 256 start 1 status 2 bin 2293 n 1 total 250500 least 250500 most 250500\n"},
    {CP_INSIGHTS_JSON, CP_INSIGHTS_ERROR_TYPES, "type Runtime.ExitError n 1\n"},
    {CP_INSIGHTS_JSON, CP_INSIGHTS_RESTORE, ""},
};

static void our_queries_are_answered(void **state)
{
    (void)state;
    struct cp_buf out;
    cp_buf_init(&out, 1 << 20);
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        const struct cp_insights_query q = {CASES[i].shape, CASES[i].kind, BASE_MS - 1000,
                                            BASE_MS + 100000};
        run(&q, &out);
        assert_string_equal(cp_buf_str(&out), CASES[i].expected);
    }
    cp_buf_clear(&out);
}

static void every_query_of_ours_is_understood(void **state)
{
    (void)state;
    struct cp_buf out;
    cp_buf_init(&out, 1 << 20);
    for (int shape = 0; shape < CP_INSIGHTS_SHAPES; shape++) {
        for (int kind = 0; kind < CP_INSIGHTS_KINDS; kind++) {
            const struct cp_insights_query q = {(enum cp_insights_shape)shape,
                                                (enum cp_insights_kind)kind, 0, BASE_MS * 2};
            run(&q, &out);
        }
    }
    cp_buf_clear(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(our_queries_are_answered),
        cmocka_unit_test(every_query_of_ours_is_understood),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
