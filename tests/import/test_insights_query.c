/* SPDX-License-Identifier: GPL-3.0-or-later
 * The texts of the queries: whole texts of one kind each, and what all of them must hold.
 */
#include "profiler/import/insights_query.h"

#include <string.h>

#include "tests/test.h"

static const char *text_of(enum cp_insights_shape shape, enum cp_insights_kind kind,
                           struct cp_buf *out)
{
    struct cp_error err = {0};
    const struct cp_insights_query query = {
        .shape = shape, .kind = kind, .from_ms = 1767225600000, .to_ms = 1767229200000};
    if (cp_insights_query_text(&query, out, &err))
        fail_msg("%s", err.text);
    return cp_buf_str(out);
}

#define INIT_ERRORS                                                                                \
    " + 8 * greatest(strcontains(@message, \"Runtime.ImportModuleError\"), "                       \
    "strcontains(@message, \"Runtime.UserCodeSyntaxError\"), strcontains(@message, "               \
    "\"Runtime.InvalidEntrypoint\"), strcontains(@message, \"Runtime.InvalidWorkingDir\"), "       \
    "strcontains(@message, \"Runtime.HandlerNotFound\"), strcontains(@message, "                   \
    "\"Extension.InitError\"), strcontains(@message, \"Extension.LaunchError\"))"
#define TEXT_HEAD                                                                                  \
    "filter @message like /^REPORT RequestId: /\n"                                                 \
    "| filter toMillis(@timestamp) >= 1767225600000 and toMillis(@timestamp) < 1767229200000\n"    \
    "| parse @logStream /(?<cp_function>[^\\/\\[]*)\\[(?<cp_version>[^\\]]+)\\]/\n"                \
    "| fields @memorySize / 1000000 as cp_size, strcontains(@message, \"Init Duration: \") + 2 * " \
    "strcontains(@message, \"Restore Duration: \") as cp_start, strcontains(@message, \"Status: "  \
    "timeout\") + 2 * strcontains(@message, \"Status: error\") + 4 * strcontains(@message, "       \
    "\"Runtime.OutOfMemory\")" INIT_ERRORS " as cp_status\n"
#define BINS                                                                                       \
    "| fields floor(log(greatest(cp_v, 1)) / 0.6931471805599453) as cp_e\n"                        \
    "| fields 128 * cp_e + floor(128 * cp_v / (2 ^ cp_e)) - 127 as cp_bin\n"                       \
    "| stats count(*) as cp_n, sum(cp_v) as cp_total, min(cp_v) as cp_least, max(cp_v) as "        \
    "cp_most by cp_function, cp_version, cp_size, cp_start, cp_status, cp_bin\n"

static void text_records_are_counted_into_bins(void **state)
{
    (void)state;
    struct cp_buf out;
    cp_buf_init(&out, CP_INSIGHTS_TEXT_MAX);
    assert_string_equal(text_of(CP_INSIGHTS_TEXT, CP_INSIGHTS_DURATION, &out),
                        TEXT_HEAD "| fields floor(@duration * 1000 + 0.5) as cp_v\n" BINS);
    assert_string_equal(text_of(CP_INSIGHTS_TEXT, CP_INSIGHTS_MAX_MEMORY, &out),
                        TEXT_HEAD "| fields floor(@maxMemoryUsed / 1000000 + 0.5) as cp_v\n" BINS);
    assert_string_equal(
        text_of(CP_INSIGHTS_TEXT, CP_INSIGHTS_RESTORED_TOTAL, &out),
        TEXT_HEAD "| filter cp_start = 2\n"
                  "| parse @message /\\tRestore Duration: (?<cp_restore>[0-9.]+) ms/\n"
                  "| fields floor(@duration * 1000 + 0.5) + floor(cp_restore * 1000 + 0.5) as "
                  "cp_v\n" BINS);
    cp_buf_clear(&out);
}

static void json_records_are_counted_into_bins(void **state)
{
    (void)state;
    struct cp_buf out;
    cp_buf_init(&out, CP_INSIGHTS_TEXT_MAX);
    assert_string_equal(
        text_of(CP_INSIGHTS_JSON, CP_INSIGHTS_COLD_TOTAL, &out),
        "filter type = \"platform.report\"\n"
        "| filter toMillis(@timestamp) >= 1767225600000 and toMillis(@timestamp) < "
        "1767229200000\n"
        "| parse @logStream /(?<cp_function>[^\\/\\[]*)\\[(?<cp_version>[^\\]]+)\\]/\n"
        "| fields record.metrics.memorySizeMB as cp_size, strcontains(@message, "
        "\"initDurationMs\") + 2 * strcontains(@message, \"restoreDurationMs\") as cp_start, "
        "strcontains(record.status, \"timeout\") + 2 * strcontains(record.status, \"error\") + 2 * "
        "strcontains(record.status, \"failure\") + 4 * strcontains(@message, "
        "\"Runtime.OutOfMemory\")" INIT_ERRORS " as cp_status\n"
        "| filter cp_start = 1\n"
        "| fields floor(record.metrics.durationMs * 1000 + 0.5) + "
        "floor(record.metrics.initDurationMs * 1000 + 0.5) as cp_v\n" BINS);
    cp_buf_clear(&out);
}

static void minutes_are_those_of_the_arrival(void **state)
{
    (void)state;
    struct cp_buf out;
    cp_buf_init(&out, CP_INSIGHTS_TEXT_MAX);
    assert_string_equal(
        text_of(CP_INSIGHTS_TEXT, CP_INSIGHTS_MINUTES_COLD, &out), TEXT_HEAD
        "| filter cp_start = 1\n"
        "| fields floor(@duration * 1000 + 0.5) + floor(@initDuration * 1000 + 0.5) as cp_v\n"
        "| fields toMillis(@timestamp) as cp_end\n"
        "| fields cp_end - floor((cp_v + 500) / 1000) as cp_begin\n"
        "| fields floor(cp_begin / 60000) as cp_first, floor(cp_end / 60000) as cp_last, "
        "ceil(cp_begin / 15000) as cp_mark, ceil(cp_end / 15000) as cp_past\n"
        "| fields least(cp_end, 60000 * cp_first + 60000) - cp_begin as cp_ahead, "
        "least(cp_last - cp_first, 1) * (cp_end - 60000 * cp_last) as cp_behind\n"
        "| stats count(*) as cp_n, sum(cp_ahead) as cp_lead, sum(cp_behind) as cp_tail by "
        "cp_function, cp_version, cp_first, cp_last, cp_mark, cp_past\n");
    cp_buf_clear(&out);
}

static void error_types_are_counted(void **state)
{
    (void)state;
    struct cp_buf out;
    cp_buf_init(&out, CP_INSIGHTS_TEXT_MAX);
    assert_string_equal(text_of(CP_INSIGHTS_TEXT, CP_INSIGHTS_ERROR_TYPES, &out),
                        TEXT_HEAD "| parse @message /Error Type: (?<cp_type>[A-Za-z0-9_.]+)/\n"
                                  "| filter ispresent(cp_type)\n"
                                  "| stats count(*) as cp_n by cp_function, cp_version, cp_type\n");
    cp_buf_clear(&out);
}

/* A query without the half-open time would count events on a border twice. */
static void every_query_has_its_time_and_fits(void **state)
{
    (void)state;
    struct cp_buf out;
    cp_buf_init(&out, CP_INSIGHTS_TEXT_MAX);
    for (int shape = 0; shape < CP_INSIGHTS_SHAPES; shape++) {
        for (int kind = 0; kind < CP_INSIGHTS_KINDS; kind++) {
            const char *text =
                text_of((enum cp_insights_shape)shape, (enum cp_insights_kind)kind, &out);
            assert_non_null(strstr(text, "| filter toMillis(@timestamp) >= 1767225600000 and "
                                         "toMillis(@timestamp) < 1767229200000\n"));
            assert_non_null(strstr(text, "| stats count(*) as cp_n"));
            assert_non_null(cp_insights_kind_info((enum cp_insights_kind)kind)->name);
        }
    }
    cp_buf_clear(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_records_are_counted_into_bins),
        cmocka_unit_test(json_records_are_counted_into_bins),
        cmocka_unit_test(minutes_are_those_of_the_arrival),
        cmocka_unit_test(error_types_are_counted),
        cmocka_unit_test(every_query_has_its_time_and_fits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
