/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/import/import_account.h"
#include "tests/test.h"

#include <string.h>

#define DAY_MS    INT64_C(1791417600000) /* 2026-10-08T00:00:00Z */
#define MINUTE_MS INT64_C(60000)

static struct cp_digest *digest;
static struct cp_digest_scope *scope;
static struct cp_buf text;

static int set_up(void **state)
{
    (void)state;
    struct cp_digest_name name = {.function = CP_VIEW_LIT("orders\x1b[2J")};
    digest = cp_digest_new();
    assert_non_null(digest);
    assert_int_equal(cp_digest_scope(digest, &name, &scope, NULL), CP_OK);
    cp_buf_init(&text, 100000);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    cp_digest_free(digest);
    cp_buf_clear(&text);
    return 0;
}

static void add_record(int64_t end_at_ms)
{
    struct cp_digest_record record = {.end_at_ms = end_at_ms,
                                      .duration_us = 1000,
                                      .billed_us = 1000,
                                      .init_us = -1,
                                      .restore_us = -1,
                                      .billed_restore_us = -1,
                                      .memory_size_mb = 128,
                                      .max_memory_used_mb = 60,
                                      .start = CP_START_WARM,
                                      .outcome = CP_OUTCOME_MEASURED};
    assert_int_equal(cp_digest_add(digest, scope, &record, NULL), CP_OK);
}

static void count(const char *what, uint64_t n, const char *example)
{
    assert_int_equal(cp_digest_count(digest, what, n, cp_view_of(example), NULL), CP_OK);
}

static void assert_account(const struct cp_log_import_result *result, const char *expected)
{
    const struct cp_import_account account = {.digest = digest, .result = result};
    cp_import_account_text(&account, &text);
    if (!strstr(cp_buf_str(&text), expected))
        fail_msg("no '%s' in:\n%s", expected, cp_buf_str(&text));
}

static void account_names_files_bytes_and_speed(void **state)
{
    (void)state;
    struct cp_log_file file = {.path = (char[]){"a\x1b.log"}};
    struct cp_log_file_result files[2] = {
        {.file = &file, .is_gzip = true, .bytes = 3000000000, .rejected = 1},
        {.file = &file, .bytes = 0},
    };
    (void)memcpy(files[0].damage, "gzip data is damaged", sizeof "gzip data is damaged");
    const struct cp_log_import_result result = {.files = files, .n = 2, .elapsed_ms = 1500};
    count("lines", 1234567, NULL);
    count("events", 1, NULL);
    assert_account(&result, "read      2 files (1 gzip), 3.00 GB in 1.5 s (2.00 GB/s): 1,234,567 "
                            "lines, 1 event\n");
    assert_account(&result, "in        a\\x1b.log: 1 record rejected; gzip data is damaged\n");
    assert_account(&result, "in        a\\x1b.log: empty\n");
}

static void account_gives_span_and_pauses(void **state)
{
    (void)state;
    add_record(DAY_MS + 30000);
    add_record(DAY_MS + 62 * MINUTE_MS); /* arrived a ms earlier: 60 minutes between are empty */
    add_record(DAY_MS + 100 * MINUTE_MS);
    add_record(DAY_MS + 300 * MINUTE_MS);
    assert_account(NULL, "4 REPORTs from 2026-10-08T00:00:30Z to 2026-10-08T05:00:00Z\n");
    assert_account(NULL, "gaps      2 pauses of an hour or more without a record; the longest from "
                         "2026-10-08T01:40:00Z to 2026-10-08T04:59:00Z\n");
    assert_account(NULL, "functions 1: orders\\x1b[2J\n");
}

static void gaps_count_from_an_hour_on(void **state)
{
    (void)state;
    struct cp_import_gaps gaps;
    assert_true(cp_import_gaps_find(digest, &gaps));
    assert_int_equal(gaps.n, 0);
    add_record(DAY_MS + 30000);
    add_record(DAY_MS + 60 * MINUTE_MS + 30000); /* 59 empty minutes */
    assert_true(cp_import_gaps_find(digest, &gaps));
    assert_int_equal(gaps.n, 0);
    assert_int_equal(gaps.longest_from_ms, -1);
    add_record(DAY_MS + 121 * MINUTE_MS + 30000); /* 60 */
    assert_true(cp_import_gaps_find(digest, &gaps));
    assert_int_equal(gaps.n, 1);
    assert_int_equal(gaps.longest_from_ms, DAY_MS + 61 * MINUTE_MS);
    assert_int_equal(gaps.longest_to_ms, DAY_MS + 121 * MINUTE_MS);
}

static void account_tells_what_was_not_used(void **state)
{
    (void)state;
    count("accepted", 40, NULL);
    count("skipped app", 5000, NULL);
    count("skipped continuation", 1, NULL);
    count("skipped xray", 2, NULL);
    count("rejected NEGATIVE", 12, "Duration: -1.00");
    count("warned FRACTION", 1, "Billed Duration: 1.5");
    count("forged", 2, "REPORT\x1b");
    assert_account(NULL, "accepted  41 records of the platform, ");
    assert_account(NULL, "skipped   5,000 lines of the functions themselves, 1 further line of an "
                         "event, 2 of X-Ray\n");
    assert_account(NULL,
                   "       12 rejected NEGATIVE: a value is negative; e.g. Duration: -1.00\n");
    assert_account(NULL,
                   "        1 warned FRACTION: a value that should be whole has a fraction; ");
    assert_account(NULL, "        2 forged; e.g. REPORT\\x1b\n");
}

static void account_counts_requests_without_a_report(void **state)
{
    (void)state;
    for (uint8_t i = 0; i < 3; i++) {
        struct cp_digest_note note = {
            .kind = CP_NOTE_START, .at_ms = -1, .request_id = {i}, .text = CP_VIEW_LIT("7")};
        assert_int_equal(cp_digest_note(digest, scope, &note, NULL), CP_OK);
    }
    add_record(-1);
    assert_account(NULL, "        2 unfinished: requests started without a REPORT\n");
    assert_account(NULL, "1 REPORT without a time");
}

static void whole_is_what_lost_nothing(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        bool is_whole;
    } cases[] = {
        {"lines", true},           {"skipped app", true},     {"warned FRACTION", true},
        {"forged", true},          {"control message", true}, {"rejected NEGATIVE", false},
        {"damaged file", false},   {"damaged JSON", false},   {"unfinished event", false},
        {"event too long", false}, {"JSON too deep", false},  {"dropped records", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct cp_digest *one = cp_digest_new();
        assert_int_equal(cp_digest_count(one, cases[i].what, 1, CP_VIEW_LIT(""), NULL), CP_OK);
        if (cp_import_account_is_whole(one) != cases[i].is_whole)
            fail_msg("%s", cases[i].what);
        cp_digest_free(one);
    }
}

#define WITH_DIGEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_DIGEST(account_names_files_bytes_and_speed),
        WITH_DIGEST(account_gives_span_and_pauses),
        WITH_DIGEST(gaps_count_from_an_hour_on),
        WITH_DIGEST(account_tells_what_was_not_used),
        WITH_DIGEST(account_counts_requests_without_a_report),
        cmocka_unit_test(whole_is_what_lost_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
