/* SPDX-License-Identifier: GPL-3.0-or-later
 * Expected values: the fact sheet's sample records, copied to tests/data/record.
 */
#include "probes/record/record.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/base/buf.h"
#include "model/base/rng.h"
#include "probes/record/record_dedup.h"
#include "tests/record/sample_lines.h"
#include "tests/test.h"

#include <cjson/cJSON.h>

static struct sample_lines good;
static struct sample_lines malformed;

static int read_samples(void **state)
{
    (void)state;
    good = sample_lines_read(SAMPLE_LINES_GOOD);
    malformed = sample_lines_read(SAMPLE_LINES_MALFORMED);
    return 0;
}

static int free_samples(void **state)
{
    (void)state;
    sample_lines_clear(&good);
    sample_lines_clear(&malformed);
    return 0;
}

static struct cp_view from(struct cp_view v, size_t n)
{
    return (struct cp_view){v.p + n, v.n - n};
}

static bool is_near(double a, double b)
{
    return fabs(a - b) < 1e-9;
}

/* --- what a row expects --- */

#define AT(member) offsetof(struct cp_record, member)

static const struct {
    const char *key;
    size_t offset;
} numbers[] = {
    {"duration_ms", AT(duration_ms)},
    {"billed_ms", AT(billed_ms)},
    {"memory_mb", AT(memory_mb)},
    {"max_memory_mb", AT(max_memory_mb)},
    {"init_ms", AT(init_ms)},
    {"restore_ms", AT(restore_ms)},
    {"billed_restore_ms", AT(billed_restore_ms)},
    {"timeout_s", AT(timeout_s)},
    {"dropped_records", AT(dropped_records)},
};

static const struct {
    const char *key;
    size_t offset;
} texts[] = {
    {"request_id", AT(request_id)},
    {"status", AT(status)},
    {"error_type", AT(error_type)},
    {"reason", AT(exit_reason)},
    {"runtime_version", AT(runtime_version)},
    {"runtime_version_arn", AT(runtime_version_arn)},
    {"phase", AT(phase)},
    {"version", AT(version)},
    {"name", AT(name)},
    {"state", AT(state)},
    {"level", AT(level)},
    {"init_type", AT(init_type)},
};

static const struct {
    const char *key;
    size_t offset;
} lists[] = {{"events", AT(events)}, {"types", AT(types)}};

#define N_OF(a) (sizeof(a) / sizeof((a)[0]))

static const void *at(const struct cp_record *r, size_t offset)
{
    return (const char *)r + offset;
}

static size_t check_numbers(const struct sample_line *row, const struct cp_record *r,
                            const cJSON *expect)
{
    size_t n = 0;
    for (size_t i = 0; i < N_OF(numbers); i++) {
        double value = *(const double *)at(r, numbers[i].offset);
        const cJSON *item = cJSON_GetObjectItemCaseSensitive(expect, numbers[i].key);
        if (!item && !isnan(value))
            fail_msg("%s: %s is %g, expected to be absent", row->id, numbers[i].key, value);
        if (item && !is_near(value, item->valuedouble))
            fail_msg("%s: %s is %g", row->id, numbers[i].key, value);
        n += item != NULL;
    }
    return n;
}

static void check_text(const struct sample_line *row, const char *key, struct cp_view value,
                       const cJSON *item)
{
    if (!cp_view_is(value, item->valuestring))
        fail_msg("%s: %s is '%.*s'", row->id, key, (int)value.n, value.p);
}

static size_t check_texts(const struct sample_line *row, const struct cp_record *r,
                          const cJSON *expect)
{
    size_t n = 0;
    for (size_t i = 0; i < N_OF(texts); i++) {
        const struct cp_view *value = at(r, texts[i].offset);
        const cJSON *item = cJSON_GetObjectItemCaseSensitive(expect, texts[i].key);
        if (item)
            check_text(row, texts[i].key, *value, item);
        n += item != NULL;
    }
    return n;
}

static size_t check_lists(const struct sample_line *row, const struct cp_record *r,
                          const cJSON *expect)
{
    size_t n = 0;
    for (size_t i = 0; i < N_OF(lists); i++) {
        struct cp_view rest = *(const struct cp_view *)at(r, lists[i].offset);
        const cJSON *list = cJSON_GetObjectItemCaseSensitive(expect, lists[i].key);
        const cJSON *item = NULL;
        if (!list)
            continue;
        assert_non_null(rest.p); /* an empty list is there */
        cJSON_ArrayForEach(item, list)
        {
            struct cp_view word = {0};
            assert_true(cp_view_split(&rest, ',', &word));
            check_text(row, lists[i].key, cp_view_trim(word), item);
        }
        assert_int_equal(rest.n, 0);
        n++;
    }
    return n;
}

static size_t check_xray(const struct sample_line *row, const struct cp_record *r,
                         const cJSON *expect)
{
    const cJSON *xray = cJSON_GetObjectItemCaseSensitive(expect, "xray");
    if (!xray) {
        assert_int_equal(r->xray_trace_id.n, 0);
        assert_int_equal(r->xray_sampled, -1);
        return 0;
    }
    check_text(row, "trace_id", r->xray_trace_id,
               cJSON_GetObjectItemCaseSensitive(xray, "trace_id"));
    check_text(row, "segment_id", r->xray_segment_id,
               cJSON_GetObjectItemCaseSensitive(xray, "segment_id"));
    assert_int_equal(r->xray_sampled,
                     cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(xray, "sampled")));
    return 1;
}

static void check_row(const struct sample_line *row, const struct cp_record *r)
{
    const cJSON *expect = cJSON_GetObjectItemCaseSensitive(row->json, "expect");
    const cJSON *kind = cJSON_GetObjectItemCaseSensitive(expect, "kind");
    if (strcmp(cp_record_kind_name(r->kind), kind->valuestring) != 0)
        fail_msg("%s: kind is %s (%s)", row->id, cp_record_kind_name(r->kind),
                 cp_record_reason_text(r->reason));
    if (r->verdict == CP_RECORD_REJECTED)
        fail_msg("%s: rejected: %s", row->id, cp_record_reason_text(r->reason));
    size_t n = 1 + check_numbers(row, r, expect) + check_texts(row, r, expect) +
               check_lists(row, r, expect) + check_xray(row, r, expect);
    if (n != (size_t)cJSON_GetArraySize(expect))
        fail_msg("%s: a key of the expectation is not checked", row->id);
}

static void sample_records_parse_to_their_expected_values(void **state)
{
    (void)state;
    assert_int_equal(good.n, 133);
    for (size_t i = 0; i < good.n; i++) {
        struct cp_record r;
        size_t n = cp_record_parse(good.rows[i].raw, &r);
        check_row(&good.rows[i], &r);
        /* what the record did not take is at most the empty line of its event */
        struct cp_view rest = from(good.rows[i].raw, n);
        if (cp_view_trim(rest).n)
            fail_msg("%s: %zu bytes left", good.rows[i].id, rest.n);
    }
}

static void records_in_one_stream_parse_as_alone(void **state)
{
    (void)state;
    struct cp_buf stream;
    cp_buf_init(&stream, 1 << 20);
    for (size_t i = 0; i < good.n; i++) {
        /* "XRAY" alone would join the REPORT before it, which is what it should do */
        if (strncmp(good.rows[i].id, "C6", 2) == 0)
            continue;
        (void)cp_buf_add_view(&stream, good.rows[i].raw);
        (void)cp_buf_adds(&stream, "\n");
    }
    assert_int_equal(cp_buf_check(&stream, "stream", NULL), CP_OK);
    struct cp_view rest = cp_buf_view(&stream);
    struct cp_record r;
    size_t i = 0;
    while (rest.n) {
        size_t n = cp_record_parse(rest, &r);
        assert_in_range(n, 1, rest.n);
        rest = from(rest, n);
        if (r.kind == CP_RECORD_NONE)
            continue;
        if (strncmp(good.rows[i].id, "C6", 2) == 0)
            i++;
        check_row(&good.rows[i++], &r);
    }
    assert_int_equal(i, good.n);
    cp_buf_clear(&stream);
}

/* A text record of the samples that is not an application line and has no transport form. */
static bool is_bare_text(const struct sample_line *row)
{
    return strchr("ABCDFGHI", row->id[0]) && strncmp(row->id, "H12", 3) != 0 &&
           strncmp(row->id, "H13", 3) != 0;
}

static void blanks_separate_fields_as_tabs_do(void **state)
{
    (void)state;
    size_t n_checked = 0;
    for (size_t i = 0; i < good.n; i++) {
        if (!is_bare_text(&good.rows[i]))
            continue;
        struct cp_buf text;
        struct cp_record r;
        cp_buf_init(&text, 4096);
        (void)cp_buf_add_view(&text, good.rows[i].raw);
        for (size_t k = 0; k < text.n; k++) {
            if (text.p[k] == '\t')
                text.p[k] = ' ';
        }
        (void)cp_record_parse(cp_buf_view(&text), &r);
        check_row(&good.rows[i], &r);
        cp_buf_clear(&text);
        n_checked++;
    }
    assert_true(n_checked > 60);
}

/* The first line of `raw` with the fields after its first one shuffled. */
static void add_shuffled(struct cp_buf *text, struct cp_view raw, struct cp_rng *rng)
{
    struct cp_view cells[16];
    struct cp_view line;
    size_t n = 0;
    assert_true(cp_view_split(&raw, '\n', &line));
    while (n < 16 && cp_view_split(&line, '\t', &cells[n]))
        n++;
    cp_rng_shuffle(rng, cells + 1, n - 1, sizeof(cells[0]));
    for (size_t i = 0; i < n; i++) {
        (void)cp_buf_add_view(text, cells[i]);
        (void)cp_buf_addc(text, '\t');
    }
    (void)cp_buf_addc(text, '\n');
}

/* All REPORTs with tabs, without an X-Ray line (C, F8). */
static void field_order_does_not_matter(void **state)
{
    (void)state;
    struct cp_rng rng;
    cp_rng_init(&rng, 1, 0);
    for (size_t i = 0; i < good.n; i++) {
        if (!cp_view_has_prefix(good.rows[i].raw, "REPORT RequestId: ") ||
            strchr("CHI", good.rows[i].id[0]) || strncmp(good.rows[i].id, "F8", 2) == 0)
            continue;
        for (int k = 0; k < 20; k++) {
            struct cp_buf text;
            struct cp_record r;
            cp_buf_init(&text, 4096);
            add_shuffled(&text, good.rows[i].raw, &rng);
            (void)cp_record_parse(cp_buf_view(&text), &r);
            check_row(&good.rows[i], &r);
            cp_buf_clear(&text);
        }
    }
}

/* --- malformed --- */

static const char *verdict_word(enum cp_record_verdict verdict)
{
    static const char *const words[] = {"accept", "warn", "reject", "skip"};
    return words[verdict];
}

/* The most severe verdict over all records of `raw`; SKIPPED when there is nothing else. */
static enum cp_record_verdict read_all(struct cp_view raw, struct cp_record_counts *counts)
{
    enum cp_record_verdict worst = CP_RECORD_SKIPPED;
    struct cp_record_dedup *dedup = cp_record_dedup_new(64);
    assert_non_null(dedup);
    struct cp_record r;
    while (raw.n) {
        size_t n = cp_record_parse(raw, &r);
        assert_in_range(n, 1, raw.n);
        (void)cp_record_dedup_mark(dedup, &r);
        cp_record_count(counts, (struct cp_view){raw.p, n}, &r);
        if (r.verdict != CP_RECORD_SKIPPED && (worst == CP_RECORD_SKIPPED || r.verdict > worst))
            worst = r.verdict;
        if (r.verdict == CP_RECORD_REJECTED) /* what could not be read is not 0 */
            assert_false(fpclassify(r.duration_ms) == FP_ZERO ||
                         fpclassify(r.billed_ms) == FP_ZERO);
        raw = from(raw, n);
    }
    cp_record_dedup_free(dedup);
    return worst;
}

static void malformed_records_end_as_documented(void **state)
{
    (void)state;
    assert_int_equal(malformed.n, 54);
    for (size_t i = 0; i < malformed.n; i++) {
        struct cp_record_counts counts = {0};
        enum cp_record_verdict verdict = read_all(malformed.rows[i].raw, &counts);
        const cJSON *want = cJSON_GetObjectItemCaseSensitive(malformed.rows[i].json, "want");
        const cJSON *why = cJSON_GetObjectItemCaseSensitive(malformed.rows[i].json, "why");
        if (strcmp(verdict_word(verdict), want->valuestring) != 0)
            fail_msg("%s (%s): %s, want %s", malformed.rows[i].id, why->valuestring,
                     verdict_word(verdict), want->valuestring);
        size_t n_reasons = 0;
        for (size_t k = 1; k < CP_REASON_COUNT; k++)
            n_reasons += counts.by_reason[k];
        /* each rejection and each warning has its reason */
        if (n_reasons < counts.rejected + counts.warned || counts.by_reason[CP_REASON_NONE])
            fail_msg("%s: %zu rejected, %zu reasons", malformed.rows[i].id, counts.rejected,
                     n_reasons);
    }
}

static void malformed_records_name_what_is_wrong(void **state)
{
    (void)state;
    static const struct {
        const char *id;
        enum cp_record_reason reason;
        const char *field;
    } cases[] = {
        {"M1", CP_REASON_CUT, ""},
        {"M2", CP_REASON_CUT, ""},
        {"M3", CP_REASON_CUT, ""},
        {"M5", CP_REASON_NO_REQUEST_ID, "RequestId"},
        {"M6", CP_REASON_REQUEST_ID_NOT_UUID, "RequestId"},
        {"M7", CP_REASON_NEGATIVE, "Duration"},
        {"M8", CP_REASON_NOT_A_NUMBER, "Duration"},
        {"M9", CP_REASON_NOT_A_NUMBER, "Duration"},
        {"M11", CP_REASON_DECIMAL_COMMA, "Duration"},
        {"M12", CP_REASON_NOT_A_NUMBER, "Duration"},
        {"M13", CP_REASON_UNIT_MISSING, "Duration"},
        {"M14", CP_REASON_UNIT_UNKNOWN, "Duration"},
        {"M15", CP_REASON_UNIT_UNSPACED, "Duration"},
        {"M16", CP_REASON_MEMORY_ZERO, "Memory Size"},
        {"M17", CP_REASON_MEMORY_SMALL, "Memory Size"},
        {"M18", CP_REASON_MEMORY_LARGE, "Memory Size"},
        {"M19", CP_REASON_BILLED_BELOW_DURATION, "Billed Duration"},
        {"M20", CP_REASON_OUT_OF_RANGE, "Billed Duration"},
        {"M21", CP_REASON_FIELD_CONFLICT, "Duration"},
        {"M23", CP_REASON_INIT_AND_RESTORE, "Restore Duration"},
        {"M24", CP_REASON_EMPTY_VALUE, "Status"},
        {"M25", CP_REASON_UNKNOWN_STATUS, "Status"},
        {"M34", CP_REASON_CONTROL_BYTE, ""},
        {"M35", CP_REASON_NO_BREAK_SPACE, ""},
        {"M37", CP_REASON_TOO_LONG, ""},
        {"M38", CP_REASON_XRAY_ALONE, ""},
        {"M41", CP_REASON_UNKNOWN_PHASE, "Phase"},
        {"M42", CP_REASON_NEGATIVE, "Restore Duration"},
        {"M43", CP_REASON_JSON_MALFORMED, ""},
        {"M44", CP_REASON_NUMBER_AS_TEXT, "Duration"},
        {"M45", CP_REASON_MISSING_FIELD, "Duration"},
        {"M46", CP_REASON_JSON_WRONG_TYPE, "record"},
        {"M47", CP_REASON_BAD_TIME, "time"},
        {"M48", CP_REASON_UNKNOWN_TYPE, ""},
        {"M49", CP_REASON_FRACTION, "Billed Duration"},
        {"M50", CP_REASON_OUT_OF_RANGE, "Duration"},
        {"M51", CP_REASON_JSON_DEEP, ""},
        {"M52", CP_REASON_JSON_MALFORMED, ""},
    };
    for (size_t i = 0; i < N_OF(cases); i++) {
        struct cp_record r;
        (void)cp_record_parse(sample_lines_get(&malformed, cases[i].id)->raw, &r);
        if (r.reason != cases[i].reason || !cp_view_is(r.field, cases[i].field))
            fail_msg("%s: %s, field '%.*s'", cases[i].id, cp_record_reason_name(r.reason),
                     (int)r.field.n, r.field.p ? r.field.p : "");
    }
}

static void warned_records_keep_their_values(void **state)
{
    (void)state;
    struct cp_record r;
    (void)cp_record_parse(sample_lines_get(&malformed, "M44")->raw, &r);
    assert_true(is_near(r.duration_ms, 1233.96));
    assert_true(is_near(r.billed_ms, 1698));
    (void)cp_record_parse(sample_lines_get(&malformed, "M25")->raw, &r);
    assert_true(cp_view_is(r.status, "melted"));
    (void)cp_record_parse(sample_lines_get(&malformed, "M22")->raw, &r);
    assert_int_equal(r.n_unknown_fields, 1);
    assert_true(cp_view_is(r.unknown_field, "Frobnication Duration: 7 ms"));
    (void)cp_record_parse(sample_lines_get(&good, "I1")->raw, &r);
    assert_int_equal(r.n_unknown_fields, 2);
    (void)cp_record_parse(sample_lines_get(&good, "I3")->raw, &r);
    assert_int_equal(r.reason, CP_REASON_EMULATOR);
}

static void a_repeated_record_is_a_duplicate_and_a_retry_is_not(void **state)
{
    (void)state;
    struct cp_record_counts repeated = {0};
    (void)read_all(sample_lines_get(&malformed, "M31")->raw, &repeated);
    assert_int_equal(repeated.duplicates, 1);
    assert_int_equal(repeated.accepted, 1);
    struct cp_record_counts retried = {0};
    (void)read_all(sample_lines_get(&malformed, "M32")->raw, &retried);
    assert_int_equal(retried.duplicates, 0);
    assert_int_equal(retried.accepted, 2);
}

static void examples_hold_no_control_bytes(void **state)
{
    (void)state;
    struct cp_record_counts counts = {0};
    const char line[] = "REPORT RequestId: x\x1b]0;t\x07\xc2\x9b\xff\xe2\x80\xae\0\t caf\xc3\xa9\n";
    struct cp_view raw = {line, sizeof(line) - 1};
    struct cp_record r;
    assert_int_equal(cp_record_parse(raw, &r), raw.n);
    cp_record_count(&counts, raw, &r);
    assert_int_equal(counts.rejected, 1);
    assert_string_equal(counts.first_example[CP_REASON_CONTROL_BYTE],
                        "REPORT RequestId: x\\x1b]0;t\\x07\\x9b\\xff\\u{202e}\\x00\\x09 "
                        "caf\xc3\xa9");
}

static void examples_are_cut_to_their_room(void **state)
{
    (void)state;
    struct cp_record_counts counts = {0};
    struct cp_record r;
    struct cp_view raw = sample_lines_get(&malformed, "M37")->raw;
    (void)cp_record_parse(raw, &r);
    for (int i = 0; i < 3; i++)
        cp_record_count(&counts, raw, &r);
    assert_int_equal(counts.by_reason[CP_REASON_TOO_LONG], 3);
    assert_int_equal(strlen(counts.first_example[CP_REASON_TOO_LONG]),
                     sizeof(counts.first_example[0]) - 1);
}

/* --- transports --- */

static void transport_forms_give_time_and_stream(void **state)
{
    (void)state;
    /* 1791468191482 ms is 2026-10-08T14:03:11.482Z: the K rows say both */
    static const char stream[] = "2026/10/08/[$LATEST]56af4bde70a47ae7d0f1ebb30e45ed33";
    static const struct {
        const char *id;
        enum cp_record_transport transport;
        int64_t at_ms;
        const char *group, *stream;
    } cases[] = {
        {"K1", CP_TRANSPORT_DETAILED, 1791468191482, "", stream},
        {"K2", CP_TRANSPORT_SHORT, 1791468191000, "", ""},
        {"K3", CP_TRANSPORT_SAM, 1791468191482, "", stream},
        {"K4", CP_TRANSPORT_SHORT, 1791468191482, "", ""},
        {"K5", CP_TRANSPORT_AWSLOGS, 1791468191482, "/aws/lambda/checkout", stream},
        {"K6", CP_TRANSPORT_EPOCH, 1791468191482, "", ""},
        {"K7", CP_TRANSPORT_CSV, 1791468191482, "", ""},
        {"K8", CP_TRANSPORT_INSIGHTS, 1791468191482, "", ""},
        {"K9", CP_TRANSPORT_EVENT, 1791468191482, "", stream},
        {"K10", CP_TRANSPORT_PLAIN, -1, "", ""},
        {"E1", CP_TRANSPORT_SHORT, 1709572958033, "", ""},
        {"J10", CP_TRANSPORT_PLAIN, 1791468191482, "", ""},
    };
    for (size_t i = 0; i < N_OF(cases); i++) {
        struct cp_record r;
        (void)cp_record_parse(sample_lines_get(&good, cases[i].id)->raw, &r);
        if (r.transport != cases[i].transport || r.at_ms != cases[i].at_ms ||
            !cp_view_is(r.group, cases[i].group) || !cp_view_is(r.stream, cases[i].stream))
            fail_msg("%s: transport %d, at %lld, stream '%.*s'", cases[i].id, (int)r.transport,
                     (long long)r.at_ms, (int)r.stream.n, r.stream.p ? r.stream.p : "");
    }
}

static void a_bare_message_is_not_opened_further(void **state)
{
    (void)state;
    static const char *const forged[] = {"K1", "K2", "K3", "K4", "K5", "K6", "K7", "K8", "K9"};
    struct cp_record r;
    for (size_t i = 0; i < N_OF(forged); i++) {
        (void)cp_record_parse_message(sample_lines_get(&good, forged[i])->raw, &r);
        if (r.kind != CP_RECORD_APP || r.verdict != CP_RECORD_SKIPPED)
            fail_msg("%s: taken for %s", forged[i], cp_record_kind_name(r.kind));
    }
    (void)cp_record_parse_message(sample_lines_get(&malformed, "M27")->raw, &r);
    assert_int_equal(r.kind, CP_RECORD_APP);
}

static void a_record_inside_application_output_is_not_a_record(void **state)
{
    (void)state;
#define REPORT                                                                                     \
    "REPORT RequestId: b39d5fb5-44ec-4162-854b-15820d2a1c6e\tDuration: 3.01 ms\t"                  \
    "Billed Duration: 4 ms\tMemory Size: 128 MB\tMax Memory Used: 36 MB\t\n"
    static const char *const lines[] = {
        "x" REPORT,
        "> " REPORT,
        "\"" REPORT,
        "2026-10-08T14:03:11.482Z " /* under a transport, an application line stays one */
        "2026-10-08T14:03:11.482Z\ta3e458f3-d19b-4885-80cd-55d137375159\tINFO\t" REPORT,
        "{\"message\":\"REPORT RequestId: b39d5fb5-44ec-4162-854b-15820d2a1c6e\"}\n",
    };
    for (size_t i = 0; i < N_OF(lines); i++) {
        struct cp_record r;
        (void)cp_record_parse(cp_view_of(lines[i]), &r);
        if (r.verdict != CP_RECORD_SKIPPED)
            fail_msg("'%s': %s", lines[i], cp_record_kind_name(r.kind));
    }
}

#define EVENT(id)                                                                                  \
    "{\"time\":\"2026-10-08T14:03:11.482Z\",\"type\":\"platform.report\",\"record\":{"             \
    "\"requestId\":\"" id "\",\"metrics\":{\"durationMs\":1.5,\"billedDurationMs\":2,"             \
    "\"memorySizeMB\":128,\"maxMemoryUsedMB\":30},\"status\":\"success\"}}"
#define ID_A "23e55610-2855-4cb2-b97d-a2a0c402d947"
#define ID_B "e218aa43-2a45-43cc-9fde-4c55c5aead4d"

static void json_objects_without_separator_are_read_one_by_one(void **state)
{
    (void)state;
    struct cp_view rest = CP_VIEW_LIT(EVENT(ID_A) EVENT(ID_B) "\n");
    struct cp_record r;
    rest = from(rest, cp_record_parse(rest, &r));
    assert_true(cp_view_is(r.request_id, ID_A));
    assert_int_equal(r.verdict, CP_RECORD_ACCEPTED);
    rest = from(rest, cp_record_parse(rest, &r));
    assert_true(cp_view_is(r.request_id, ID_B));
    assert_int_equal(rest.n, 0);
}

static void pretty_printed_json_is_one_event(void **state)
{
    (void)state;
    struct cp_view rest = CP_VIEW_LIT(
        "{\n    \"time\": \"2026-10-08T14:03:11.482Z\",\n    \"type\": \"platform.report\",\n"
        "    \"record\": {\n        \"requestId\": \"" ID_A "\",\n        \"metrics\": {\n"
        "            \"durationMs\": 2.25\n        },\n        \"status\": \"success\"\n    }\n}\n"
        "END RequestId: " ID_A "\n");
    struct cp_record r;
    rest = from(rest, cp_record_parse(rest, &r));
    assert_int_equal(r.kind, CP_RECORD_REPORT);
    assert_true(is_near(r.duration_ms, 2.25));
    (void)cp_record_parse(rest, &r);
    assert_int_equal(r.kind, CP_RECORD_END);
}

static void an_open_brace_does_not_swallow_the_records_after_it(void **state)
{
    (void)state;
    struct cp_view rest = CP_VIEW_LIT("{\n  half an object\nEND RequestId: " ID_A "\n");
    struct cp_record r;
    rest = from(rest, cp_record_parse(rest, &r));
    rest = from(rest, cp_record_parse(rest, &r));
    (void)cp_record_parse(rest, &r);
    assert_int_equal(r.kind, CP_RECORD_END);
}

static void csv_cells_with_doubled_quotes_hold_json_events(void **state)
{
    (void)state;
    struct cp_view row = CP_VIEW_LIT(
        "\"2026-10-08 14:03:11.482\",\"{\"\"time\"\":\"\"2026-10-08T14:03:11.482Z\"\",\"\"type\"\":"
        "\"\"platform.report\"\",\"\"record\"\":{\"\"requestId\"\":\"\"" ID_A
        "\"\",\"\"metrics\"\":{\"\"durationMs\"\":2.25},\"\"status\"\":\"\"success\"\"}}\n\"\n");
    struct cp_record r;
    assert_int_equal(cp_record_parse(row, &r), row.n);
    assert_int_equal(r.kind, CP_RECORD_REPORT);
    assert_int_equal(r.verdict, CP_RECORD_ACCEPTED);
    assert_true(cp_view_is(r.request_id, ID_A));
    assert_true(is_near(r.duration_ms, 2.25));
}

/* --- limits --- */

static void json_depth_is_limited(void **state)
{
    (void)state;
    for (size_t depth = CP_RECORD_JSON_DEPTH_MAX - 1; depth <= CP_RECORD_JSON_DEPTH_MAX + 1;
         depth++) {
        char line[256] = "{\"a\":";
        size_t n = strlen(line);
        memset(line + n, '[', depth - 1);
        memset(line + n + depth - 1, ']', depth - 1);
        line[n + 2 * (depth - 1)] = '}';
        struct cp_record r;
        (void)cp_record_parse((struct cp_view){line, n + 2 * depth - 1}, &r);
        bool is_deep = r.reason == CP_REASON_JSON_DEEP;
        assert_int_equal(is_deep, depth > CP_RECORD_JSON_DEPTH_MAX);
    }
}

static void long_lines_are_bounded(void **state)
{
    (void)state;
    size_t n = (size_t)CP_RECORD_LINE_MAX + 4096;
    static const struct {
        const char *head;
        enum cp_record_verdict verdict;
    } cases[] = {
        {"REPORT RequestId: ", CP_RECORD_REJECTED},
        {"{\"type\":\"platform.report\",\"x\":\"", CP_RECORD_REJECTED},
        {"{\"x\":\"", CP_RECORD_SKIPPED},
        {"hello", CP_RECORD_SKIPPED},
    };
    char *line = malloc(n);
    assert_non_null(line);
    for (size_t i = 0; i < N_OF(cases); i++) {
        struct cp_record r;
        memset(line, 'x', n);
        memcpy(line, cases[i].head, strlen(cases[i].head));
        line[n - 1] = '\n';
        assert_int_equal(cp_record_parse((struct cp_view){line, n}, &r), n);
        if (r.verdict != cases[i].verdict)
            fail_msg("'%s': %s", cases[i].head, verdict_word(r.verdict));
        if (r.verdict == CP_RECORD_REJECTED)
            assert_int_equal(r.reason, CP_REASON_TOO_LONG);
    }
    free(line);
}

static void json_strings_that_do_not_fit_reject_the_record(void **state)
{
    (void)state;
    char line[4096];
    char id[1500];
    memset(id, 'a', sizeof(id) - 1);
    id[sizeof(id) - 1] = '\0';
    int n =
        snprintf(line, sizeof(line),
                 "{\"time\":\"2026-10-08T14:03:11.482Z\",\"type\":\"platform.report\",\"record\":"
                 "{\"requestId\":\"%s\",\"metrics\":{\"durationMs\":1}}}",
                 id);
    struct cp_record r;
    (void)cp_record_parse((struct cp_view){line, (size_t)n}, &r);
    assert_int_equal(r.verdict, CP_RECORD_REJECTED);
    assert_int_equal(r.reason, CP_REASON_FIELD_TOO_LONG);
}

static size_t allocations_left;

static void *scarce_malloc(size_t n)
{
    return allocations_left && allocations_left-- ? malloc(n) : NULL;
}

static void a_json_record_without_memory_is_rejected(void **state)
{
    (void)state;
    cJSON_Hooks hooks = {.malloc_fn = scarce_malloc, .free_fn = free};
    struct cp_record r;
    size_t n = 0;
    cJSON_InitHooks(&hooks);
    do {
        allocations_left = n;
        (void)cp_record_parse(sample_lines_get(&good, "J10")->raw, &r);
        assert_true(r.verdict == CP_RECORD_REJECTED || r.verdict == CP_RECORD_ACCEPTED);
        assert_true(r.verdict == CP_RECORD_ACCEPTED || isnan(r.duration_ms));
        n++;
    } while (r.verdict != CP_RECORD_ACCEPTED && n < 1000);
    cJSON_InitHooks(NULL);
    assert_in_range(n, 10, 999); /* it failed at each of several allocations first */
}

/* A cut record is rejected, or (where the cut leaves a whole record) has the values of the whole
 * one: never a shorter number. */
static void a_cut_report_never_gives_other_numbers(void **state)
{
    (void)state;
    for (size_t i = 0; i < good.n; i++) {
        struct cp_record whole;
        (void)cp_record_parse(good.rows[i].raw, &whole);
        for (size_t n = 0; n < good.rows[i].raw.n; n++) {
            struct cp_record cut;
            (void)cp_record_parse((struct cp_view){good.rows[i].raw.p, n}, &cut);
            if (cut.verdict > CP_RECORD_WARNED || cut.kind != CP_RECORD_REPORT)
                continue;
            for (size_t k = 0; k < N_OF(numbers); k++) {
                double a = *(const double *)at(&whole, numbers[k].offset);
                double b = *(const double *)at(&cut, numbers[k].offset);
                if (!isnan(b) && !is_near(a, b))
                    fail_msg("%s cut to %zu: %s %g, not %g", good.rows[i].id, n, numbers[k].key, b,
                             a);
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sample_records_parse_to_their_expected_values),
        cmocka_unit_test(records_in_one_stream_parse_as_alone),
        cmocka_unit_test(blanks_separate_fields_as_tabs_do),
        cmocka_unit_test(field_order_does_not_matter),
        cmocka_unit_test(malformed_records_end_as_documented),
        cmocka_unit_test(malformed_records_name_what_is_wrong),
        cmocka_unit_test(warned_records_keep_their_values),
        cmocka_unit_test(a_repeated_record_is_a_duplicate_and_a_retry_is_not),
        cmocka_unit_test(examples_hold_no_control_bytes),
        cmocka_unit_test(examples_are_cut_to_their_room),
        cmocka_unit_test(transport_forms_give_time_and_stream),
        cmocka_unit_test(a_bare_message_is_not_opened_further),
        cmocka_unit_test(a_record_inside_application_output_is_not_a_record),
        cmocka_unit_test(json_objects_without_separator_are_read_one_by_one),
        cmocka_unit_test(pretty_printed_json_is_one_event),
        cmocka_unit_test(an_open_brace_does_not_swallow_the_records_after_it),
        cmocka_unit_test(csv_cells_with_doubled_quotes_hold_json_events),
        cmocka_unit_test(json_depth_is_limited),
        cmocka_unit_test(long_lines_are_bounded),
        cmocka_unit_test(json_strings_that_do_not_fit_reject_the_record),
        cmocka_unit_test(a_json_record_without_memory_is_rejected),
        cmocka_unit_test(a_cut_report_never_gives_other_numbers),
    };
    return cmocka_run_group_tests(tests, read_samples, free_samples);
}
