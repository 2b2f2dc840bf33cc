/* SPDX-License-Identifier: GPL-3.0-or-later
 * The straight readers of the hot path against the record parser: on the sample records, on
 * generated records with every kind of value, and on mutants of both from a fixed seed.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/base/rng.h"
#include "probes/log/log_class.h"
#include "probes/log/log_report.h"
#include "probes/log/log_straight.h"
#include "tests/fuzz/log_invariants.h"
#include "tests/record/sample_lines.h"
#include "tests/test.h"

enum { MUTANTS = 40, EDITS_MAX = 4, BYTES_MAX = 4096, SEED = 20261126 };

static const char *const tokens[] = {
    "\t",
    "\n",
    " ",
    ": ",
    "\"",
    "\\u0000",
    "\\u0070",
    "{",
    "[",
    "}",
    "]",
    ",",
    "REPORT ",
    "START RequestId: ",
    "END RequestId: ",
    "RequestId",
    " ms",
    " MB",
    "-",
    "0",
    ".5",
    "e4",
    "nan",
    "\xc2\xa0",
    "\xff",
    "XRAY TraceId:",
    "Duration: ",
    "\tDuration: 1.00 ms",
    "null",
    "\"type\"",
    "\"record\"",
    "\"platform.",
    "\"durationMs\"",
    "99999999999",
    "1,5",
    "\r\n",
    "\r",
    " Task timed out after 3.00 seconds",
    "2026-10-08T14:03:11.482Z ",
    "Runtime.ExitError",
    "\"status\":\"success\",",
    "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[",
    "\\",
    "\"@message\"",
};

#define XRAY                                                                                       \
    "XRAY TraceId: 1-c7faf880-48bd233901574e431be061f6\tSegmentId: cc06c154daac90a0\tSampled: "    \
    "true\t\n"
#define INIT_START                                                                                 \
    "INIT_START Runtime Version: nodejs:22.v51\tRuntime Version ARN: "                             \
    "arn:aws:lambda:eu-west-1::runtime:7b7b7b\n"

struct text {
    char bytes[BYTES_MAX];
    size_t n;
};

static void insert(struct text *t, size_t at, const char *p, size_t n)
{
    if (t->n + n > sizeof(t->bytes))
        return;
    memmove(t->bytes + at + n, t->bytes + at, t->n - at);
    memcpy(t->bytes + at, p, n);
    t->n += n;
}

static void edit(struct text *t, struct cp_rng *rng)
{
    size_t at = cp_rng_below(rng, t->n + 1);
    size_t length = cp_rng_below(rng, (t->n - at < 24 ? t->n - at : 24) + 1);
    const char *token = tokens[cp_rng_below(rng, sizeof(tokens) / sizeof(tokens[0]))];
    switch (cp_rng_below(rng, 4)) {
    case 0:
        if (at < t->n)
            t->bytes[at] = (char)cp_rng_below(rng, 256);
        break;
    case 1:
        memmove(t->bytes + at, t->bytes + at + length, t->n - at - length);
        t->n -= length;
        break;
    case 2:
        if (at < t->n)
            t->bytes[at] = (char)('0' + cp_rng_below(rng, 10));
        break;
    default:
        insert(t, at, token, strlen(token));
        break;
    }
}

/* An allocation of the exact size, so that ASan guards both ends. */
static void check(const struct text *t)
{
    char *exact = malloc(t->n ? t->n : 1);
    assert_non_null(exact);
    memcpy(exact, t->bytes, t->n);
    log_invariants_hold((struct cp_view){exact, t->n});
    free(exact);
}

static void check_mutants(struct cp_view v, struct cp_rng *rng, size_t n)
{
    for (size_t k = 0; k < n; k++) {
        struct text t = {.n = v.n < BYTES_MAX ? v.n : BYTES_MAX};
        memcpy(t.bytes, v.p, t.n);
        for (size_t edits = k ? 1 + cp_rng_below(rng, EDITS_MAX) : 0; edits; edits--)
            edit(&t, rng);
        check(&t);
    }
}

static void mutate_file(const char *path, uint64_t stream)
{
    struct sample_lines lines = sample_lines_read(path);
    struct cp_rng rng;
    cp_rng_init(&rng, SEED, stream);
    for (size_t i = 0; i < lines.n; i++)
        check_mutants(lines.rows[i].raw, &rng, MUTANTS);
    sample_lines_clear(&lines);
}

static void sample_records_read_the_same_both_ways(void **state)
{
    (void)state;
    mutate_file(SAMPLE_LINES_GOOD, 0);
    mutate_file(SAMPLE_LINES_MALFORMED, 1);
}

/* --- generated --- */

static const char *pick(struct cp_rng *rng, const char *const *from, size_t n)
{
    return from[cp_rng_below(rng, n)];
}
#define PICK(rng, list) pick(rng, list, sizeof(list) / sizeof((list)[0]))

static const char *const numbers[] = {"0.00",   "3.01",  "12.34",        "900000.00",     "1.5",
                                      "7",      "1.005", "999999999.99", "1000000000.00", "-1.00",
                                      "007.10", "0.01",  "29.996",       "1.0005",        "2.9999"};
static const char *const wholes[] = {"0",    "1",          "4",         "13", "900001", "13.00",
                                     "13.5", "1000000000", "999999999", "-5", "0013"};
static const char *const sizes[] = {"128",  "0",   "127",         "10240", "10241",
                                    "3008", "512", "99999999999", "256.0"};
static const char *const ends[] = {"\t\n", "\n", "", "\t", "\t\r\n", "\r\n", " \n", "\tx\n"};
static const char *const ids[] = {
    "3d3f449c-2d86-914f-753f-bbcbe9156ca4", "8142650D-E830-D004-B02F-5C7069CAF995",
    "8142650d-e830-d004-b02f-5c7069caf99g", "x", "8142650d_e830-d004-b02f-5c7069caf995"};
static const char *const extras[] = {"",
                                     "\tInit Duration: 201.77 ms",
                                     "\tInit Duration: 0.00 ms",
                                     "\tRestore Duration: 99.00 ms\tBilled Restore Duration: 3 ms",
                                     "\tStatus: timeout",
                                     "\tStatus: error\tError Type: Runtime.OutOfMemory"};

static void text_report(struct cp_rng *rng, struct text *out)
{
    out->n =
        (size_t)snprintf(out->bytes, sizeof(out->bytes),
                         "REPORT RequestId: %s\tDuration: %s ms\tBilled Duration: %s ms\t"
                         "Memory Size: %s MB\tMax Memory Used: %s MB%s%s",
                         PICK(rng, ids), PICK(rng, numbers), PICK(rng, wholes), PICK(rng, sizes),
                         PICK(rng, sizes), PICK(rng, extras), PICK(rng, ends));
}

static void other_text(struct cp_rng *rng, struct text *out)
{
    static const struct {
        const char *before, *between; /* of the id; the id and the version */
    } forms[] = {{"START RequestId: ", " Version: "},
                 {"END RequestId: ", ""},
                 {"", " Task timed out after 3.00 seconds"},
                 {"RequestId: ", " Error: Runtime exited with error: "},
                 {"2026-10-08T14:03:11.482Z ", " Task timed out after 3.00 seconds"}};
    static const char *const versions[] = {"", "$LATEST", "7", "", "12 ", "live", "3\t"};
    size_t form = cp_rng_below(rng, sizeof(forms) / sizeof(forms[0]));
    out->n =
        (size_t)snprintf(out->bytes, sizeof(out->bytes), "%s%s%s%s%s", forms[form].before,
                         PICK(rng, ids), forms[form].between, PICK(rng, versions), PICK(rng, ends));
}

#define METRICS(duration, billed, memory, used)                                                    \
    "\"metrics\":{\"durationMs\":" duration ",\"billedDurationMs\":" billed                        \
    ",\"memorySizeMB\":" memory ",\"maxMemoryUsedMB\":" used "}"
static const char *const json_members[] = {
    "\"requestId\":\"3d3f449c-2d86-914f-753f-bbcbe9156ca4\"",
    "\"requestId\": \"3d3f449c\"",
    "\"status\":\"success\"",
    "\"status\":\"failure\"",
    "\"status\":\"odd\"",
    "\"errorType\":\"Runtime.ExitError\"",
    "\"errorType\":\"\"",
    "\"errorType\":null",
    METRICS("1.234", "2", "128", "64"),
    "\"metrics\":{\"maxMemoryUsedMB\":64,\"memorySizeMB\":128,\"billedDurationMs\":202,"
    "\"durationMs\":101.5,\"initDurationMs\":100.25}",
    "\"metrics\": {\"durationMs\": 1, \"billedDurationMs\": 54, \"memorySizeMB\": 1024, "
    "\"maxMemoryUsedMB\": 64, \"restoreDurationMs\": 300.1, \"billedRestoreDurationMs\": 53}",
    METRICS("1.2345", "2", "128", "64"),
    METRICS("01.2", "2.0", "128", "300"),
    "\"spans\":[{\"name\":\"extensionOverhead\",\"start\":\"2026-10-08T14:03:11.482Z\","
    "\"durationMs\":12.3}]",
    "\"spans\":[]",
    "\"spans\":[1, ,2]",
    "\"spans\":[{},[ ], [1,\"a\"],{\"a\":{\"b\":[1.5]}}]",
    "\"tracing\":{\"spanId\":\"24cd7d670fa455f0\",\"type\":\"X-Amzn-Trace-Id\"}",
    "\"tracing\":{\"a\" : {}}",
    "\"tracing\":{\"a\"}",
    "\"other\":\"x\"",
};

static void json_report(struct cp_rng *rng, struct text *out)
{
    static const char *const times[] = {"2026-10-08T14:03:11.482Z", "2026-10-08T14:03:11Z", "soon",
                                        "2026-10-08T24:00:00.000Z", "2026-02-30T00:00:00.000Z"};
    struct cp_buf text;
    cp_buf_init(&text, BYTES_MAX);
    (void)cp_buf_addf(&text, "{\"time\":\"%s\",\"type\":\"platform.report\",\"record\":{",
                      PICK(rng, times));
    /* mostly what a report needs */
    (void)cp_buf_adds(&text, json_members[0]);
    (void)cp_buf_addc(&text, ',');
    (void)cp_buf_adds(&text, json_members[8 + cp_rng_below(rng, 5)]);
    for (size_t n = cp_rng_below(rng, 4); n; n--)
        (void)cp_buf_addf(&text, ",%s", PICK(rng, json_members));
    (void)cp_buf_adds(&text, cp_rng_below(rng, 10) ? "}}\n" : "}} x\n");
    out->n = text.n;
    memcpy(out->bytes, cp_buf_str(&text), text.n);
    cp_buf_clear(&text);
}

static void generated_records_read_the_same_both_ways(void **state)
{
    (void)state;
    enum { N = 1500 };
    static void (*const makers[])(struct cp_rng *, struct text *) = {text_report, other_text,
                                                                     json_report};
    struct cp_rng rng;
    cp_rng_init(&rng, SEED, 2);
    for (size_t i = 0; i < N; i++) {
        struct text t;
        makers[i % 3](&rng, &t);
        check_mutants((struct cp_view){t.bytes, t.n}, &rng, 3);
    }
}

/* A log of several lines, in which requests open and close. */
static void generated_logs_read_the_same_both_ways(void **state)
{
    (void)state;
    enum { N = 150, LINES = 12 };
    static const char *const apps[] = {"hello\n",
                                       "{\"level\":\"INFO\",\"message\":\"a b\"}\n",
                                       "[INFO]\t2026-10-08T14:03:11.482Z\tx\tdone\n",
                                       "\n",
                                       "  \r\n",
                                       "XRAY TraceId: 1-2-3\tSegmentId: 4\tSampled: true\t\n",
                                       "INIT_START Runtime Version: python:3.12.v27\n"};
    struct cp_rng rng;
    cp_rng_init(&rng, SEED, 3);
    for (size_t i = 0; i < N; i++) {
        struct text log = {.n = 0};
        for (size_t k = 0; k < LINES; k++) {
            struct text t = {.n = 0};
            const char *app = PICK(&rng, apps);
            size_t kind = cp_rng_below(&rng, 4);
            if (kind == 3)
                insert(&t, 0, app, strlen(app));
            else if (kind == 2)
                json_report(&rng, &t);
            else if (kind == 1)
                text_report(&rng, &t);
            else
                other_text(&rng, &t);
            insert(&log, log.n, t.bytes, t.n);
        }
        check(&log);
    }
}

/* --- the usual shapes do take the straight way --- */

static void usual_report_lines_are_read_straight(void **state)
{
    (void)state;
    struct cp_digest_record r;
    struct cp_view cold = CP_VIEW_LIT(
        "REPORT RequestId: 3d3f449c-2d86-914f-753f-bbcbe9156ca4\tDuration: 900.01 ms\tBilled "
        "Duration: 1351 ms\tMemory Size: 128 MB\tMax Memory Used: 64 MB\tInit Duration: 450.50 "
        "ms\t\n");
    static const uint8_t id[] = {0x3d, 0x3f, 0x44, 0x9c, 0x2d, 0x86, 0x91, 0x4f,
                                 0x75, 0x3f, 0xbb, 0xcb, 0xe9, 0x15, 0x6c, 0xa4};
    assert_true(cp_log_report_text(cold, &r));
    assert_int_equal(r.duration_us, 900010);
    assert_int_equal(r.billed_us, 1351000);
    assert_int_equal(r.init_us, 450500);
    assert_int_equal(r.memory_size_mb, 128);
    assert_int_equal(r.max_memory_used_mb, 64);
    assert_int_equal(r.start, CP_START_COLD);
    assert_memory_equal(r.request_id, id, sizeof(id));
}

static void usual_other_lines_are_read_straight(void **state)
{
    (void)state;
    struct cp_rng rng;
    struct cp_view runtime;
    struct cp_view arn;
    assert_true(cp_log_is_xray(CP_VIEW_LIT(XRAY)));
    assert_false(cp_log_is_xray(CP_VIEW_LIT(XRAY XRAY)));
    assert_true(cp_log_read_init_start(CP_VIEW_LIT(INIT_START), &runtime, &arn));
    cp_rng_init(&rng, SEED, 4);
    check_mutants(CP_VIEW_LIT(XRAY), &rng, 500);
    check_mutants(CP_VIEW_LIT(INIT_START), &rng, 500);
}

static void usual_json_reports_are_read_straight(void **state)
{
    (void)state;
    struct cp_log_clock clock = {{0}, 0};
    struct cp_digest_record r;
    struct cp_view line = CP_VIEW_LIT(
        "{\"time\":\"2026-10-08T14:03:11.482Z\",\"type\":\"platform.report\",\"record\":{"
        "\"requestId\":\"3d3f449c-2d86-914f-753f-bbcbe9156ca4\",\"metrics\":{\"durationMs\":"
        "101.578,\"billedDurationMs\":350,\"memorySizeMB\":128,\"maxMemoryUsedMB\":38,"
        "\"initDurationMs\":248.3},\"spans\":[{\"name\":\"extensionOverhead\",\"start\":"
        "\"2026-10-08T14:03:11.482Z\",\"durationMs\":12.3}],\"tracing\":{\"spanId\":\"2\"},"
        "\"status\":\"success\"}}\n");
    assert_true(cp_log_report_json(line, &clock, &r));
    assert_int_equal(r.end_at_ms, 1791468191482);
    assert_int_equal(r.duration_us, 101578);
    assert_int_equal(r.billed_us, 350000);
    assert_int_equal(r.init_us, 248300);
    assert_int_equal(r.start, CP_START_COLD);
    assert_int_equal(r.outcome, CP_OUTCOME_MEASURED);
    assert_int_equal(cp_log_class_of(line), CP_CLASS_JSON_REPORT);
}

static void lines_of_the_function_are_told_without_the_parser(void **state)
{
    (void)state;
    static const char *const lines[] = {
        "hello world\n",
        "2026-10-08T14:03:11.482Z\t3d3f449c-2d86-914f-753f-bbcbe9156ca4\tINFO\thello\n",
        "[INFO]\t2026-10-08T14:03:11.482Z\t3d3f449c-2d86-914f-753f-bbcbe9156ca4\thello\n",
        "{\"level\":\"INFO\",\"message\":\"caf\\u00e9\",\"items\":[1,{\"a\":\"b\"}]}\n",
        "Exception in thread main\n",
        "    at Object.handler (/var/task/index.js:3:9)\n",
        "Error: cannot reach the database\n",
    };
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
        assert_int_equal(cp_log_class_of(cp_view_of(lines[i])), CP_CLASS_APP);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(usual_report_lines_are_read_straight),
        cmocka_unit_test(usual_other_lines_are_read_straight),
        cmocka_unit_test(usual_json_reports_are_read_straight),
        cmocka_unit_test(lines_of_the_function_are_told_without_the_parser),
        cmocka_unit_test(sample_records_read_the_same_both_ways),
        cmocka_unit_test(generated_records_read_the_same_both_ways),
        cmocka_unit_test(generated_logs_read_the_same_both_ways),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
