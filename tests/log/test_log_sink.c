/* SPDX-License-Identifier: GPL-3.0-or-later
 * Logs into digests: names, line forms, counts, and what is forged.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "probes/log/log_origin.h"
#include "probes/log/log_sink.h"
#include "tests/test.h"

#define X         "3d3f449c-2d86-914f-753f-bbcbe9156ca4"
#define Y         "8142650d-e830-d004-b02f-5c7069caf995"
#define Z         "12ca9541-216d-1932-2bda-dbaff8bd5fa9"
#define START(id) "START RequestId: " id " Version: $LATEST\n"
#define END(id)   "END RequestId: " id "\n"
#define REPORT(id, duration)                                                                       \
    "REPORT RequestId: " id "\tDuration: " duration " ms\tBilled Duration: 901 ms\tMemory Size: "  \
    "128 MB\tMax Memory Used: 64 MB\t\n"
#define JSON_EVENT(type, id, rest)                                                                 \
    "{\"time\":\"2026-10-08T14:03:11.482Z\",\"type\":\"platform." type                             \
    "\",\"record\":{\"requestId\":\"" id "\"" rest "}}\n"
#define JSON_START(id) JSON_EVENT("start", id, ",\"version\":\"7\"")
#define JSON_DONE(id)  JSON_EVENT("runtimeDone", id, ",\"status\":\"success\"")
#define JSON_REPORT(id, n)                                                                         \
    JSON_EVENT("report", id,                                                                       \
               ",\"metrics\":{\"durationMs\":" n ",\"billedDurationMs\":901,\"memorySizeMB\":128," \
               "\"maxMemoryUsedMB\":64},\"status\":\"success\"")
#define STREAM_A "2026/10/08/[7]56af4bde70a47ae7d0f1ebb30e45ed33"
#define STREAM_B "2026/10/08/[8]66af4bde70a47ae7d0f1ebb30e45ed34"
#define TIME     "2026-10-08T14:03:11.482Z"

struct read {
    struct cp_digest *digest;
    struct cp_log_sink *sink;
    struct cp_error err;
};

static struct read read_of(const struct cp_log_sink_options *options)
{
    struct read r = {.digest = cp_digest_new()};
    struct cp_log_sink_options o = options ? *options : (struct cp_log_sink_options){0};
    assert_non_null(r.digest);
    o.digest = r.digest;
    assert_int_equal(cp_log_sink_new(&o, &r.sink, &r.err), CP_OK);
    return r;
}

static void end_read(struct read *r)
{
    cp_log_sink_free(r->sink);
    cp_digest_free(r->digest);
}

static void lines(struct read *r, enum cp_log_line_form form, const char *text)
{
    assert_int_equal(cp_log_sink_lines(r->sink, form, cp_view_of(text), false, &r->err), CP_OK);
}

static uint64_t counted(const struct read *r, const char *what)
{
    return cp_tally_count(cp_digest_counts(r->digest), what);
}

static uint64_t samples(const struct read *r)
{
    uint64_t n = 0;
    for (size_t i = 0; i < cp_digest_n_scopes(r->digest); i++)
        n += cp_digest_scope_n(cp_digest_scope_at(r->digest, i));
    return n;
}

/* --- names --- */

static void functions_are_named_by_group_or_stream(void **state)
{
    (void)state;
    static const struct {
        const char *group, *stream, *function, *version;
    } rows[] = {
        {"/aws/lambda/checkout", STREAM_A, "checkout", "7"},
        {"/aws/lambda/us-east-1.edge", STREAM_A, "edge", "7"},
        {"123456789012:/aws/lambda/checkout", "", "checkout", ""},
        {"arn:aws:logs:eu-west-1:123456789012:log-group:/aws/lambda/checkout:*", "", "checkout",
         ""},
        {"my-group", "2026/10/08/pay[$LATEST]56af4bde70a47ae7d0f1ebb30e45ed33", "pay", "$LATEST"},
        {"", "2026-10-08-pay-now[12]56af4bde70a47ae7d0f1ebb30e45ed33", "pay-now", "12"},
        {"my-group", STREAM_B, "by option", "8"},
        {"x/aws/lambda/no", "2026/10/08/[7]", "by option", ""},
        {"", "", "by option", ""},
    };
    struct cp_log_sink_options options = {.function = "by option", .architecture = "arm64"};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct read r = read_of(&options);
        struct cp_log_event event = {.group = cp_view_of(rows[i].group),
                                     .stream = cp_view_of(rows[i].stream),
                                     .at_ms = 1791468191482,
                                     .message = CP_VIEW_LIT(REPORT(X, "1.00"))};
        assert_int_equal(cp_log_sink_event(r.sink, &event, &r.err), CP_OK);
        assert_int_equal(cp_digest_n_scopes(r.digest), 1);
        struct cp_digest_name name = cp_digest_scope_name(cp_digest_scope_at(r.digest, 0));
        if (!cp_view_is(name.function, rows[i].function))
            fail_msg("row %zu: function '%.*s'", i, (int)name.function.n, name.function.p);
        assert_true(cp_view_is(name.version, rows[i].version));
        assert_true(cp_view_is(name.architecture, "arm64"));
        end_read(&r);
    }
}

/* --- line forms --- */

static void every_line_form_is_read(void **state)
{
    (void)state;
    static const struct {
        enum cp_log_line_form form;
        const char *prefix;
        int64_t at_ms;
        const char *version;
    } rows[] = {
        {CP_LINES_PLAIN, "", -1, ""},
        {CP_LINES_DETAILED, "2026-10-08T14:03:11.482000+00:00 " STREAM_A " ", 1791468191482, "7"},
        {CP_LINES_DETAILED, "2026-10-08T14:03:11+00:00 " STREAM_A " ", 1791468191000, "7"},
        {CP_LINES_SHORT, "2026-10-08T14:03:11 ", 1791468191000, ""},
        {CP_LINES_SHORT, TIME " ", 1791468191482, ""},
        {CP_LINES_SAM, STREAM_A " 2026-10-08T14:03:11.482000 ", 1791468191482, "7"},
        {CP_LINES_AWSLOGS, "/aws/lambda/f " STREAM_A " " TIME " ", 1791468191482, "7"},
        {CP_LINES_EPOCH, "1791468191482\t", 1791468191482, ""},
    };
    static const char *const messages[] = {START(X), "hello\n", END(X), REPORT(X, "900.00")};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct read r = read_of(NULL);
        for (size_t k = 0; k < 4; k++) {
            char text[1024];
            (void)snprintf(text, sizeof(text), "%s%s", rows[i].prefix, messages[k]);
            lines(&r, rows[i].form, text);
        }
        size_t n = 0;
        const struct cp_digest_raw *raw = cp_digest_raw(r.digest, &n);
        if (n != 1 || counted(&r, "accepted") != 3 || counted(&r, "skipped app") != 1)
            fail_msg("row %zu: %zu records", i, n);
        assert_int_equal(raw[0].record.end_at_ms, rows[i].at_ms);
        assert_true(cp_view_is(cp_digest_scope_name(raw[0].scope).version, rows[i].version));
        assert_int_equal(cp_digest_note_count(raw[0].scope, CP_NOTE_START), 1);
        assert_int_equal(cp_tally_count(cp_digest_scope_tally(raw[0].scope, "end"), ""), 1);
        assert_int_equal(counted(&r, "lines"), 4);
        assert_int_equal(counted(&r, "events"), 4);
        end_read(&r);
    }
}

static void lines_without_the_prefix_continue_an_event(void **state)
{
    (void)state;
    struct read r = read_of(NULL);
    lines(&r, CP_LINES_SHORT,
          TIME " " START(X) "\n" TIME " Traceback\n  File x\n" REPORT(X, "1.00") TIME
          " " END(X) "\n" TIME " " REPORT(
              X, "900.00") "XRAY TraceId: 1-5759e988-bd862e3fe1be46a994272793\tSegmentId: "
                           "53995c3f42cd8ad8\tSampled: "
                           "true\t\n");
    assert_int_equal(samples(&r), 1);
    assert_int_equal(counted(&r, "forged"), 1);
    assert_int_equal(counted(&r, "skipped xray"), 1);
    assert_int_equal(counted(&r, "skipped continuation"), 3);
    assert_int_equal(counted(&r, "lines"), 9);
    assert_int_equal(counted(&r, "events"), 4);
    end_read(&r);
}

/* --- forged or not --- */

struct case_of_forgery {
    const char *name;
    enum cp_log_line_form form;
    const char *text;
    uint64_t n_samples, n_forged;
};

static const struct case_of_forgery forgeries[] = {
    {"usual", CP_LINES_PLAIN, START(X) END(X) REPORT(X, "1.00"), 1, 0},
    {"own id", CP_LINES_PLAIN, START(X) REPORT(X, "1.00") END(X) REPORT(X, "2.00"), 1, 1},
    {"foreign id", CP_LINES_PLAIN, START(X) REPORT(Y, "1.00") END(X) REPORT(X, "2.00"), 1, 1},
    {"id of the request before", CP_LINES_PLAIN,
     START(Y) END(Y) REPORT(Y, "1.00") START(X) REPORT(Y, "1.00") END(X) REPORT(X, "2.00"), 2, 1},
    {"interleaved", CP_LINES_PLAIN,
     START(X) START(Y) END(X) REPORT(X, "1.00") END(Y) REPORT(Y, "1.00"), 2, 0},
    {"retry", CP_LINES_PLAIN, START(X) END(X) REPORT(X, "1.00") START(X) END(X) REPORT(X, "2.00"),
     2, 0},
    {"REPORT only", CP_LINES_PLAIN, REPORT(X, "1.00") REPORT(Y, "1.00"), 2, 0},
    {"descending", CP_LINES_PLAIN,
     REPORT(X, "1.00") END(X) START(X) REPORT(Y, "1.00") END(Y) START(Y), 2, 0},
    {"orphan", CP_LINES_PLAIN, START(Z) START(X) END(X) REPORT(X, "1.00"), 1, 0},
    {"JSON", CP_LINES_PLAIN, JSON_START(X) JSON_REPORT(X, "1.5"), 1, 0},
    {"JSON twice", CP_LINES_PLAIN, JSON_START(X) JSON_REPORT(X, "1.5") JSON_REPORT(X, "2.5"), 1, 1},
    {"JSON retry", CP_LINES_PLAIN,
     JSON_START(X) JSON_REPORT(X, "1.5") JSON_START(X) JSON_REPORT(X, "2.5"), 2, 0},
    {"JSON foreign id", CP_LINES_PLAIN, JSON_START(X) JSON_REPORT(Y, "1.5") JSON_REPORT(X, "2.5"),
     2, 0},
    {"JSON foreign id in a stream", CP_LINES_DETAILED,
     TIME " " STREAM_A " " JSON_START(X) TIME " " STREAM_A " " JSON_REPORT(Y, "1.5"), 0, 1},
    {"JSON of another stream", CP_LINES_DETAILED,
     TIME " " STREAM_A " " JSON_START(X) TIME " " STREAM_B " " JSON_REPORT(Y, "1.5"), 1, 0},
    {"JSON from the middle", CP_LINES_PLAIN,
     JSON_REPORT(Z, "1.5") JSON_START(X) JSON_REPORT(Y, "1.5") JSON_REPORT(X, "2.5") JSON_START(Z),
     3, 0},
    {"JSON foreign id in a text log", CP_LINES_PLAIN,
     START(X) JSON_REPORT(Y, "1.5") END(X) REPORT(X, "1.00"), 1, 1},
    {"text from the middle to the middle", CP_LINES_PLAIN,
     END(Z) REPORT(Z, "1.00") START(X) END(X) REPORT(X, "1.00") START(Y), 2, 0},
    {"after END and REPORT", CP_LINES_PLAIN,
     START(X) END(X) REPORT(X, "1.00") START(Y) REPORT(X, "2.00") END(Y) REPORT(Y, "3.00"), 2, 1},
    {"JSON with runtimeDone", CP_LINES_PLAIN, JSON_START(X) JSON_DONE(X) JSON_REPORT(X, "1.5"), 1,
     0},
    {"JSON descending", CP_LINES_PLAIN,
     JSON_REPORT(X, "1.5") JSON_START(X) JSON_REPORT(Y, "1.5") JSON_START(Y), 2, 0},
    {"JSON in a text log", CP_LINES_PLAIN, START(X) JSON_REPORT(X, "1.5") END(X) REPORT(X, "1.00"),
     1, 1},
    {"JSON end in a text log", CP_LINES_PLAIN,
     START(X) JSON_DONE(X) REPORT(X, "1.00") END(X) REPORT(X, "1.00"), 1, 1},
    {"text in a JSON log", CP_LINES_PLAIN, JSON_START(X) REPORT(X, "1.00") JSON_REPORT(X, "1.5"), 1,
     1},
    {"another stream is open", CP_LINES_DETAILED,
     TIME " " STREAM_A " " START(X) TIME " " STREAM_B " " REPORT(Y, "1.00"), 1, 0},
    {"this stream is open", CP_LINES_DETAILED,
     TIME " " STREAM_A " " START(X) TIME " " STREAM_A " " REPORT(Y, "1.00"), 0, 1},
    {"orphan of a stream", CP_LINES_DETAILED,
     TIME " " STREAM_A " " START(Z) TIME " " STREAM_A " " START(X) TIME " " STREAM_A " " END(X) TIME
     " " STREAM_A " " REPORT(X, "1.00") TIME " " STREAM_A " " REPORT(Y, "1.00"),
     2, 0},
};

static void reports_before_the_end_are_forged(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(forgeries) / sizeof(forgeries[0]); i++) {
        struct read r = read_of(NULL);
        lines(&r, forgeries[i].form, forgeries[i].text);
        if (samples(&r) != forgeries[i].n_samples || counted(&r, "forged") != forgeries[i].n_forged)
            fail_msg("%s: %d samples, %d forged", forgeries[i].name, (int)samples(&r),
                     (int)counted(&r, "forged"));
        end_read(&r);
    }
}

/* As `grep -E 'START|REPORT'` leaves them. */
static void filtered_logs_keep_their_reports(void **state)
{
    (void)state;
    static const struct case_of_forgery rows[] = {
        {"one after the other", CP_LINES_PLAIN,
         START(X) REPORT(X, "1.00") START(Y) REPORT(Y, "1.00"), 2, 0},
        {"interleaved", CP_LINES_PLAIN,
         START(X) START(Y) REPORT(X, "1.00") START(Z) REPORT(Z, "1.00") REPORT(Y, "1.00"), 3, 0},
        {"from the middle to the middle", CP_LINES_PLAIN,
         START(X) REPORT(Y, "1.00") REPORT(X, "1.00") START(Z), 2, 0},
        {"retry", CP_LINES_PLAIN, START(X) REPORT(X, "1.00") START(X) REPORT(X, "2.00"), 2, 0},
        {"twice", CP_LINES_PLAIN, START(X) REPORT(X, "1.00") REPORT(X, "2.00"), 1, 1},
        {"descending", CP_LINES_PLAIN, REPORT(X, "1.00") START(X) REPORT(Y, "1.00") START(Y), 2, 0},
        {"JSON printed", CP_LINES_PLAIN, START(X) JSON_REPORT(X, "1.5") REPORT(X, "1.00"), 1, 1},
        {"ENDs after all", CP_LINES_PLAIN,
         START(X) END(X) REPORT(X, "1.00") START(Y) REPORT(Y, "1.00") END(Y) REPORT(Y, "2.00"), 2,
         1},
        {"streams", CP_LINES_DETAILED,
         TIME " " STREAM_A " " START(X) TIME " " STREAM_B " " START(Y) TIME
         " " STREAM_A " " REPORT(X, "1.00") TIME " " STREAM_B " " REPORT(Y, "1.00"),
         2, 0},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct read r = read_of(NULL);
        cp_log_sink_lacks_ends(r.sink);
        lines(&r, rows[i].form, rows[i].text);
        if (samples(&r) != rows[i].n_samples || counted(&r, "forged") != rows[i].n_forged)
            fail_msg("%s: %d samples, %d forged", rows[i].name, (int)samples(&r),
                     (int)counted(&r, "forged"));
        cp_log_sink_source(r.sink, NULL, NULL, NULL); /* the next input has ENDs again */
        lines(&r, CP_LINES_PLAIN, START(X) REPORT(X, "1.00"));
        assert_int_equal(counted(&r, "forged"), rows[i].n_forged + 1);
        end_read(&r);
    }
}

static void head_without_ends_is_told(void **state)
{
    (void)state;
    assert_true(cp_log_head_lacks_ends(CP_VIEW_LIT(START(X) REPORT(X, "1.00"))));
    assert_false(cp_log_head_lacks_ends(CP_VIEW_LIT(START(X) REPORT(X, "1.00") END(X))));
    assert_false(cp_log_head_lacks_ends(CP_VIEW_LIT(REPORT(X, "1.00"))));
    assert_false(cp_log_head_lacks_ends(CP_VIEW_LIT(START(X) "hello\n")));
    assert_false(cp_log_head_lacks_ends(CP_VIEW_LIT(JSON_START(X) JSON_REPORT(X, "1.5"))));
    assert_false(cp_log_head_lacks_ends((struct cp_view){0}));
}

static void many_open_requests_are_forgotten_not_kept(void **state)
{
    (void)state;
    enum { N = 100000 };
    struct read r = read_of(NULL);
    for (int i = 0; i < N; i++) {
        char text[256];
        (void)snprintf(text, sizeof(text),
                       "START RequestId: 3d3f449c-2d86-914f-753f-%012x Version: 1\n", i);
        lines(&r, CP_LINES_PLAIN, text);
    }
    lines(&r, CP_LINES_PLAIN, START(X) END(X) REPORT(X, "1.00"));
    assert_int_equal(samples(&r), 1);
    end_read(&r);
}

static void what_is_open_is_known_from_the_lines_before_a_segment(void **state)
{
    (void)state;
    struct read r = read_of(NULL);
    cp_log_sink_warm_up(r.sink, CP_LINES_PLAIN, CP_VIEW_LIT("hello\n" START(X)));
    lines(&r, CP_LINES_PLAIN, REPORT(X, "1.00") END(X) REPORT(X, "2.00"));
    assert_int_equal(samples(&r), 1);
    assert_int_equal(counted(&r, "forged"), 1);
    assert_int_equal(counted(&r, "lines"), 3);
    end_read(&r);
}

static void another_input_has_its_own_open_requests(void **state)
{
    (void)state;
    struct read r = read_of(NULL);
    lines(&r, CP_LINES_PLAIN, START(X));
    cp_log_sink_source(r.sink, "b.log", "/aws/lambda/b", NULL);
    lines(&r, CP_LINES_PLAIN, "\xef\xbb\xbf" REPORT(X, "2.00"));
    assert_int_equal(samples(&r), 1);
    end_read(&r);
}

/* --- what else is in a log --- */

static void init_and_failures_are_tallied_and_noted(void **state)
{
    (void)state;
    struct read r = read_of(NULL);
    lines(&r, CP_LINES_PLAIN,
          "INIT_START Runtime Version: python:3.12.v27\tRuntime Version ARN: "
          "arn:aws:lambda:eu-west-1::runtime:07a4\n"
          "INIT_REPORT Init Duration: 9999.79 ms\tPhase: init\tStatus: timeout\n"
          "INIT_REPORT Init Duration: 10.00 ms\tPhase: invoke\tStatus: error\tError Type: "
          "Runtime.ExitError\n"
          "2026-10-08T14:03:11.482Z " X " Task timed out after 3.00 seconds\n"
          "RequestId: " X " Error: Runtime exited with error: signal: killed\n"
          "Runtime.ExitError\n"
          "{\"time\":\"2026-10-08T14:03:11.482Z\",\"type\":\"platform.logsDropped\",\"record\":{"
          "\"droppedBytes\":12345,\"droppedRecords\":123,\"reason\":\"Consumer is behind\"}}\n");
    const struct cp_digest_scope *scope = cp_digest_scope_at(r.digest, 0);
    assert_int_equal(cp_tally_count(cp_digest_scope_tally(scope, "runtime"), "python:3.12.v27"), 1);
    assert_int_equal(cp_tally_count(cp_digest_scope_tally(scope, "runtime arn"),
                                    "arn:aws:lambda:eu-west-1::runtime:07a4"),
                     1);
    assert_int_equal(cp_tally_count(cp_digest_scope_tally(scope, "init report"), "init timeout"),
                     1);
    assert_int_equal(cp_tally_count(cp_digest_scope_tally(scope, "init report"), "invoke error"),
                     1);
    size_t n = 0;
    const struct cp_digest_raw_note *notes = cp_digest_raw_notes(r.digest, &n);
    assert_int_equal(n, 2);
    for (size_t i = 0; i < n; i++) {
        if (notes[i].note.kind != CP_NOTE_TIMEOUT)
            continue;
        assert_int_equal(notes[i].note.value_us, 3000000);
        assert_int_equal(notes[i].note.at_ms, 1791468191482);
    }
    assert_int_equal(cp_digest_note_count(scope, CP_NOTE_EXIT), 1);
    assert_int_equal(counted(&r, "dropped records"), 123);
    end_read(&r);
}

static void outcomes_are_those_of_a_sweep(void **state)
{
    (void)state;
    static const struct {
        const char *end;
        enum cp_outcome outcome;
    } rows[] = {
        {"", CP_OUTCOME_MEASURED},
        {"\tStatus: timeout", CP_OUTCOME_TIMEOUT},
        {"\tStatus: error\tError Type: Runtime.ExitError", CP_OUTCOME_ERROR},
        {"\tStatus: error\tError Type: Runtime.OutOfMemory", CP_OUTCOME_OUT_OF_MEMORY},
        {"\tStatus: error\tError Type: Runtime.ImportModuleError", CP_OUTCOME_INIT_FAILED},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct read r = read_of(NULL);
        char text[512];
        size_t n = 0;
        (void)snprintf(text, sizeof(text),
                       "REPORT RequestId: " X "\tDuration: 3.00 ms\tBilled Duration: 3 ms\tMemory "
                       "Size: 128 MB\tMax Memory Used: 64 MB%s\t\n",
                       rows[i].end);
        lines(&r, CP_LINES_PLAIN, text);
        const struct cp_digest_raw *raw = cp_digest_raw(r.digest, &n);
        assert_int_equal(n, 1);
        assert_int_equal(raw[0].record.outcome, rows[i].outcome);
        end_read(&r);
    }
}

static void examples_are_printable_and_name_source_and_field(void **state)
{
    (void)state;
    struct cp_log_sink_options options = {.source = "a.log"};
    struct read r = read_of(&options);
    lines(&r, CP_LINES_PLAIN, REPORT(X, "-1.00"));
    lines(&r, CP_LINES_PLAIN, "REPORT RequestId: " X "\x1b[2J\tDuration: 1.00 ms\n");
    const struct cp_tally *counts = cp_digest_counts(r.digest);
    size_t n_seen = 0;
    for (size_t i = 0; i < counts->n; i++) {
        const char *example = counts->rows[i].example;
        if (strcmp(counts->rows[i].text, "rejected NEGATIVE") == 0) {
            assert_int_equal(strncmp(example, "a.log: Duration: REPORT RequestId: " X, 71), 0);
            n_seen++;
        }
        if (strcmp(counts->rows[i].text, "rejected CONTROL_BYTE") == 0) {
            assert_non_null(strstr(example, "\\x1b[2J"));
            n_seen++;
        }
    }
    assert_int_equal(n_seen, 2);
    end_read(&r);
}

static void a_line_in_pieces_is_one_line(void **state)
{
    (void)state;
    struct read r = read_of(NULL);
    static const char *const pieces[] = {"aaaa", "REPORT RequestId: ", "bbbb\n"};
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(
            cp_log_sink_lines(r.sink, CP_LINES_PLAIN, cp_view_of(pieces[i]), true, &r.err), CP_OK);
    lines(&r, CP_LINES_PLAIN, REPORT(X, "1.00"));
    assert_int_equal(
        cp_log_sink_lines(r.sink, CP_LINES_PLAIN, CP_VIEW_LIT("REPORT RequestId: x"), true, &r.err),
        CP_OK);
    assert_int_equal(counted(&r, "lines"), 3);
    assert_int_equal(counted(&r, "skipped app"), 1);
    assert_int_equal(counted(&r, "rejected TOO_LONG"), 1);
    assert_int_equal(samples(&r), 1);
    end_read(&r);
}

/* Exact decimals, and halves up. */
static void milliseconds_become_whole_microseconds(void **state)
{
    (void)state;
    static const struct {
        const char *ms;
        int64_t us;
    } rows[] = {{"0.01", 10},
                {"29.99", 29990},
                {"0.29", 290},
                {"1.005", 1005},
                {"999999.99", 999999990},
                {"4.35", 4350},
                {"1.0004", 1000},
                {"1.0005", 1001},
                {"1.9999", 2000},
                {"86400000.07", 86400000070}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        for (int is_json = 0; is_json < 2; is_json++) {
            struct read r = read_of(NULL);
            char text[512];
            size_t n = 0;
            (void)snprintf(text, sizeof(text),
                           is_json
                               ? JSON_EVENT("report", X,
                                            ",\"metrics\":{\"durationMs\":%s,\"billedDurationMs\":"
                                            "90000000,\"memorySizeMB\":128,\"maxMemoryUsedMB\":64}")
                               : "REPORT RequestId: " X "\tDuration: %s ms\tBilled Duration: "
                                 "90000000 ms\tMemory Size: 128 MB\tMax Memory Used: 64 MB\t\n",
                           rows[i].ms);
            lines(&r, CP_LINES_PLAIN, text);
            const struct cp_digest_raw *raw = cp_digest_raw(r.digest, &n);
            assert_int_equal(n, 1);
            assert_int_equal(raw[0].record.duration_us, rows[i].us);
            end_read(&r);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(functions_are_named_by_group_or_stream),
        cmocka_unit_test(every_line_form_is_read),
        cmocka_unit_test(lines_without_the_prefix_continue_an_event),
        cmocka_unit_test(reports_before_the_end_are_forged),
        cmocka_unit_test(filtered_logs_keep_their_reports),
        cmocka_unit_test(head_without_ends_is_told),
        cmocka_unit_test(many_open_requests_are_forgotten_not_kept),
        cmocka_unit_test(what_is_open_is_known_from_the_lines_before_a_segment),
        cmocka_unit_test(another_input_has_its_own_open_requests),
        cmocka_unit_test(init_and_failures_are_tallied_and_noted),
        cmocka_unit_test(outcomes_are_those_of_a_sweep),
        cmocka_unit_test(examples_are_printable_and_name_source_and_field),
        cmocka_unit_test(a_line_in_pieces_is_one_line),
        cmocka_unit_test(milliseconds_become_whole_microseconds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
