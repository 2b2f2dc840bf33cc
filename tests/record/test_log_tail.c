/* SPDX-License-Identifier: GPL-3.0-or-later
 * Tails are put together from the sample records of tests/data/record.
 */
#include "probes/record/record.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "model/base/buf.h"
#include "tests/fuzz/record_invariants.h"
#include "tests/record/sample_lines.h"
#include "tests/test.h"

static struct sample_lines good;

static int read_samples(void **state)
{
    (void)state;
    good = sample_lines_read(SAMPLE_LINES_GOOD);
    return 0;
}

static int free_samples(void **state)
{
    (void)state;
    sample_lines_clear(&good);
    return 0;
}

static struct cp_log_tail tail; /* 10 KB and more: not on the stack of every test */
static struct cp_buf log_text;

static int clear_log(void **state)
{
    (void)state;
    cp_buf_init(&log_text, 1 << 16);
    return 0;
}

static int free_log(void **state)
{
    (void)state;
    cp_buf_clear(&log_text);
    return 0;
}

static void add(const char *s)
{
    assert_int_equal(cp_buf_adds(&log_text, s), CP_OK);
}

static void add_sample(const char *id)
{
    assert_int_equal(cp_buf_add_view(&log_text, sample_lines_get(&good, id)->raw), CP_OK);
}

static enum cp_code read_bytes(struct cp_view bytes, const char *request_id)
{
    char *text = record_base64(bytes);
    struct cp_error err;
    enum cp_code code = cp_log_tail_read(cp_view_of(text), cp_view_of(request_id), &tail, &err);
    free(text);
    return code;
}

static void read_log(const char *request_id)
{
    assert_int_equal(read_bytes(cp_buf_view(&log_text), request_id), CP_OK);
}

#define ID    "927e66cc-d1a4-4885-99a1-098887bc58d3" /* of sample B2 */
#define OTHER "8142650d-e830-d004-b02f-5c7069caf995"

static void add_forged(const char *id, const char *duration)
{
    add("REPORT RequestId: ");
    add(id);
    add("\tDuration: ");
    add(duration);
    add(" ms\tBilled Duration: 1 ms\tMemory Size: 128 MB\tMax Memory Used: 64 MB\t\n");
}

static bool is_b2(void)
{
    return tail.has_report && cp_view_is(tail.report.request_id, ID) &&
           fabs(tail.report.duration_ms - 2.06) < 1e-9 &&
           fabs(tail.report.init_ms - 115.85) < 1e-9 && fabs(tail.report.billed_ms - 118) < 1e-9;
}

static void a_whole_log_gives_its_report(void **state)
{
    (void)state;
    add_sample("G1");
    add("START RequestId: " ID " Version: $LATEST\n");
    add("hello\n");
    add_sample("H12");
    add("END RequestId: " ID "\n");
    add_sample("B2");
    read_log(ID);
    assert_true(is_b2());
    assert_int_equal(tail.n_forged, 0);
    assert_int_equal(tail.counts.rejected, 0);
    assert_int_equal(tail.counts.accepted, 4);
    assert_int_equal(tail.counts.skipped, 2);
    assert_false(tail.has_init_report);
    assert_false(tail.has_exit_text);
    read_log("");
    assert_true(is_b2());
    read_log(OTHER);
    assert_false(tail.has_report);
    assert_true(isnan(tail.report.duration_ms));
}

/* Cut in front at every byte, and behind at every byte: the REPORT is found exactly when its line
 * is whole, and a cut one never gives other numbers. */
static void check_cuts(size_t report_from, size_t report_to)
{
    struct cp_view whole = cp_buf_view(&log_text);
    for (size_t i = 0; i <= whole.n; i++) {
        assert_int_equal(read_bytes((struct cp_view){whole.p + i, whole.n - i}, ID), CP_OK);
        if (is_b2() != (i <= report_from))
            fail_msg("head cut at %zu of %zu", i, whole.n);
        assert_int_equal(tail.has_report, is_b2());
    }
    for (size_t n = 0; n <= whole.n; n++) {
        assert_int_equal(read_bytes((struct cp_view){whole.p, n}, ID), CP_OK);
        if (n >= report_to && !is_b2())
            fail_msg("end cut at %zu of %zu", n, whole.n);
        if (tail.has_report)
            assert_true(fabs(tail.report.duration_ms - 2.06) < 1e-9);
    }
}

static void text_tails_can_be_cut_at_every_byte(void **state)
{
    (void)state;
    add("START RequestId: " ID " Version: $LATEST\n");
    add_sample("G9");
    add("caf\xc3\xa9 \xf0\x9f\x98\x80 \xe2\x82\xac\n");
    add_sample("H13");
    add_sample("J25");
    add("END RequestId: " ID "\n");
    size_t report = log_text.n;
    add_sample("B2");
    size_t end = log_text.n;
    add("text after the report\n");
    check_cuts(report, end);
}

#define JSON_REPORT                                                                                \
    "{\"time\":\"2026-10-08T14:03:11.482Z\",\"type\":\"platform.report\",\"record\":{"             \
    "\"requestId\":\"" ID "\",\"metrics\":{\"durationMs\":2.06,\"billedDurationMs\":118,"          \
    "\"memorySizeMB\":128,\"maxMemoryUsedMB\":37,\"initDurationMs\":115.85},"                      \
    "\"status\":\"success\"}}\n"

static void json_tails_can_be_cut_at_every_byte(void **state)
{
    (void)state;
    add_sample("J1");
    add_sample("J8");
    add_sample("J25");
    add("{\"timestamp\":\"2026-10-08T14:03:11.470Z\",\"message\":\"\xf0\x9f\x98\x80\"}\n");
    add_sample("J9");
    size_t report = log_text.n;
    add(JSON_REPORT);
    size_t end = log_text.n;
    check_cuts(report, end);
}

static void a_full_tail_drops_its_first_line(void **state)
{
    (void)state;
    /* 4,096 bytes whose first line begins with a quoted REPORT of the same request, cut exactly
     * before it, and whose own REPORT is the last line */
    add_forged(ID, "0.01");
    struct cp_view report = sample_lines_get(&good, "B2")->raw;
    while (log_text.n + report.n < CP_LOG_TAIL_MAX - 1)
        assert_int_equal(cp_buf_addc(&log_text, 'x'), CP_OK);
    add("\n");
    add_sample("B2");
    assert_int_equal(log_text.n, CP_LOG_TAIL_MAX);
    read_log(ID);
    assert_true(is_b2());
    assert_int_equal(tail.n_forged, 0);
}

static void rule_16_the_last_report_is_the_platforms_own(void **state)
{
    (void)state;
    add("START RequestId: " ID " Version: $LATEST\n");
    add_forged(ID, "0.01");
    add_forged(OTHER, "0.02");
    add_forged(ID, "nan");
    add(JSON_REPORT);
    add("END RequestId: " ID "\n");
    add_sample("B2");
    read_log(ID);
    assert_true(is_b2());
    assert_int_equal(tail.n_forged, 4);
    assert_int_equal(tail.counts.by_reason[CP_REASON_NOT_A_NUMBER], 1);
    read_log("");
    assert_true(is_b2());
}

static void rule_16_without_the_platforms_own_a_look_alike_is_no_report(void **state)
{
    (void)state;
    add("START RequestId: " ID " Version: $LATEST\n");
    add_forged(ID, "0.01");
    add("END RequestId: " OTHER "\n");
    read_log(ID);
    assert_true(tail.has_report); /* a tail that ends here says no more */
    add("END RequestId: " ID "\n");
    read_log(ID);
    assert_false(tail.has_report);
    assert_true(isnan(tail.report.duration_ms));
    assert_int_equal(tail.n_forged, 1);
}

static void transport_forms_in_a_tail_are_the_functions_own_text(void **state)
{
    (void)state;
    static const char *const ids[] = {"K1", "K2", "K3", "K4", "K5", "K6", "K7", "K8", "K9"};
    for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++)
        add_sample(ids[i]);
    read_log("b39d5fb5-44ec-4162-854b-15820d2a1c6e");
    assert_false(tail.has_report);
}

static void suppressed_init_and_exit_are_seen(void **state)
{
    (void)state;
    add_sample("G9");
    add("RequestId: 0129c6bd-b776-4f2d-8ff4-bc27fe4017a3 Error: Runtime exited with error: "
        "signal: killed\nRuntime.ExitError\n");
    add("END RequestId: 0129c6bd-b776-4f2d-8ff4-bc27fe4017a3\n");
    read_log("0129c6bd-b776-4f2d-8ff4-bc27fe4017a3");
    assert_true(tail.has_init_report);
    assert_true(tail.has_suppressed_init);
    assert_true(fabs(tail.init_report.init_ms - 1299.81) < 1e-9);
    assert_true(tail.has_exit_text);
    assert_true(cp_view_is(tail.exit_text.exit_reason, "signal: killed"));
    assert_false(tail.has_report);
    assert_false(tail.has_timeout_text);
}

static void a_failed_init_is_not_a_suppressed_one(void **state)
{
    (void)state;
    add_sample("G6");
    read_log("");
    assert_true(tail.has_init_report);
    assert_false(tail.has_suppressed_init);
}

static void json_init_report_with_phase_invoke_is_suppressed(void **state)
{
    (void)state;
    add("{\"time\":\"2026-10-08T14:03:11.482Z\",\"type\":\"platform.initReport\",\"record\":{"
        "\"initializationType\":\"on-demand\",\"phase\":\"invoke\",\"status\":\"error\","
        "\"errorType\":\"Runtime.ExitError\",\"metrics\":{\"durationMs\":125.33}}}\n");
    add(JSON_REPORT);
    read_log(ID);
    assert_true(tail.has_suppressed_init);
    assert_true(cp_view_is(tail.init_report.error_type, "Runtime.ExitError"));
    assert_true(is_b2());
}

static void an_old_timeout_is_seen_beside_its_report(void **state)
{
    (void)state;
    add_sample("E2");
    add_sample("E1");
    read_log("52f15bf2-85d3-400b-8e9e-3bbbafa499f5");
    assert_true(tail.has_report);
    assert_true(tail.has_timeout_text);
    read_log(OTHER);
    assert_false(tail.has_timeout_text);
}

static void the_xray_line_belongs_to_the_report(void **state)
{
    (void)state;
    add_sample("C1");
    read_log("");
    assert_true(tail.has_report);
    assert_int_equal(tail.report.xray_sampled, 1);
    assert_true(cp_view_is(tail.report.xray_segment_id, "636e090010c84b3f"));
}

static void what_is_not_base64_is_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "A",    "QUJ",     "QUJ*",     "====",     "Q===", "QQ==QUJD", "QU=D",
        "Q U=", "QUJD\nQ", "QUJD-_==", "QUJD====", "=QUJ", "QUJDQQ=A", "\x80QUJ"};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct cp_error err = {0};
        if (cp_log_tail_read(cp_view_of(texts[i]), cp_view_of(""), &tail, &err) != CP_EFORMAT)
            fail_msg("'%s' was decoded", texts[i]);
        assert_non_null(strstr(err.text, "log tail"));
    }
}

static void base64_padding_is_read(void **state)
{
    (void)state;
    static const struct {
        const char *text, *bytes; /* RFC 4648 section 10 */
    } cases[] = {{"", ""},
                 {"Zg==", "f"},
                 {"Zm8=", "fo"},
                 {"Zm9v", "foo"},
                 {"Zm9vYg==", "foob"},
                 {"Zm9vYmE=", "fooba"},
                 {"Zm9vYmFy\n", "foobar"}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(cp_log_tail_read(cp_view_of(cases[i].text), cp_view_of(""), &tail, NULL),
                         CP_OK);
        assert_string_equal(tail.bytes, cases[i].bytes);
    }
}

static void more_than_4_kb_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < CP_LOG_TAIL_MAX; i++)
        assert_int_equal(cp_buf_addc(&log_text, 'x'), CP_OK);
    read_log("");
    assert_int_equal(tail.n_bytes, CP_LOG_TAIL_MAX);
    add("x");
    assert_int_equal(read_bytes(cp_buf_view(&log_text), ""), CP_EFORMAT);
}

int main(void)
{
#define TAIL_TEST(f) cmocka_unit_test_setup_teardown(f, clear_log, free_log)
    const struct CMUnitTest tests[] = {
        TAIL_TEST(a_whole_log_gives_its_report),
        TAIL_TEST(text_tails_can_be_cut_at_every_byte),
        TAIL_TEST(json_tails_can_be_cut_at_every_byte),
        TAIL_TEST(a_full_tail_drops_its_first_line),
        TAIL_TEST(rule_16_the_last_report_is_the_platforms_own),
        TAIL_TEST(rule_16_without_the_platforms_own_a_look_alike_is_no_report),
        TAIL_TEST(transport_forms_in_a_tail_are_the_functions_own_text),
        TAIL_TEST(suppressed_init_and_exit_are_seen),
        TAIL_TEST(a_failed_init_is_not_a_suppressed_one),
        TAIL_TEST(json_init_report_with_phase_invoke_is_suppressed),
        TAIL_TEST(an_old_timeout_is_seen_beside_its_report),
        TAIL_TEST(the_xray_line_belongs_to_the_report),
        TAIL_TEST(what_is_not_base64_is_refused),
        TAIL_TEST(base64_padding_is_read),
        TAIL_TEST(more_than_4_kb_is_refused),
    };
    return cmocka_run_group_tests(tests, read_samples, free_samples);
}
