/* SPDX-License-Identifier: GPL-3.0-or-later
 * Every transport form: recognised, and read to the same events. The files and what is in them come
 * from write_forms.py, which writes them with Python's own json, csv, gzip and base64.
 */
#include "tests/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "probes/log/log_form.h"
#include "probes/os/file.h"
#include "tests/log/fake_sink.h"

/* What a form says of each event. */
enum { GROUP = 1, STREAM = 2, TIME = 4, ALL = 7 };

static const struct form_case {
    const char *file, *form;
    unsigned says; /* 0: a form of lines, read by the sink; or not the common events */
    bool is_common;
} cases[] = {
    {"plain.log", "plain text", 0, false},
    {"json-lines.log", "JSON lines", 0, false},
    {"tail-detailed.log", "aws logs tail", 0, false},
    {"tail-short.log", "aws logs tail --format short", 0, false},
    {"s3-export.log", "aws logs tail --format short", 0, false},
    {"sam.log", "sam logs", 0, false},
    {"awslogs.log", "awslogs", 0, false},
    {"epoch.log", "epoch", 0, false},
    {"filter.json", "filter-log-events", STREAM | TIME, true},
    {"filter-compact.json", "filter-log-events", STREAM | TIME, true},
    {"get.json", "get-log-events", TIME, true},
    {"query-events.json", "log events", STREAM | TIME, true},
    {"event-lines.json", "log events", STREAM | TIME, true},
    {"query-messages.json", "messages", 0, true},
    {"insights.json", "get-query-results", ALL, true},
    {"insights-sorted.json", "get-query-results", ALL, true},
    {"insights-console.json", "Logs Insights JSON", ALL, true},
    {"insights-computed.json", "get-query-results", 0, false},
    {"subscription.json", "subscription", ALL, true},
    {"kinesis.json", "subscription by Kinesis", ALL, true},
    {"firehose-records.json", "subscription by Firehose", ALL, true},
    {"firehose.json", "Firehose", ALL, true},
    {"firehose-lines.json", "Firehose", ALL, true},
    {"telemetry.json", "Telemetry API", 0, false},
    {"tail-json.log", "aws logs tail --format json", 0, false},
    {"filter.txt", "aws --output text", STREAM | TIME, true},
    {"get.txt", "aws --output text", TIME, true},
    {"insights.csv", "CSV", ALL, true},
    {"console.csv", "CSV", TIME, true},
    {"insights-computed.csv", "CSV", 0, false},
};
enum { N_CASES = sizeof(cases) / sizeof(cases[0]) };

/* --- files --- */

static struct cp_buf file_of(const char *name)
{
    struct cp_buf bytes;
    struct cp_error err;
    char path[256];
    (void)snprintf(path, sizeof(path), "tests/data/logs/%s", name);
    cp_buf_init(&bytes, 1U << 26);
    if (cp_file_read(path, &bytes, &err))
        fail_msg("%s", err.text);
    return bytes;
}

/* --- decoding --- */

static void decode(const struct cp_log_form *form, struct cp_view bytes, size_t piece,
                   struct cp_log_sink *sink)
{
    struct cp_log_decoder *decoder = NULL;
    struct cp_error err;
    assert_int_equal(form->begin(sink, &decoder, &err), CP_OK);
    assert_non_null(decoder);
    for (size_t at = 0; at < bytes.n; at += piece) {
        size_t n = bytes.n - at < piece ? bytes.n - at : piece;
        /* a copy of its own, so that reading behind it is seen */
        char *copy = malloc(n);
        assert_non_null(copy);
        memcpy(copy, bytes.p + at, n);
        assert_int_equal(form->feed(decoder, (struct cp_view){copy, n}, &err), CP_OK);
        free(copy);
    }
    assert_int_equal(form->end(decoder, &err), CP_OK);
    form->free(decoder);
}

static void decode_text(const char *form_name, const char *text, struct cp_log_sink *sink)
{
    for (size_t i = 0; cp_log_forms[i]; i++) {
        if (strcmp(cp_log_forms[i]->name, form_name) == 0) {
            fake_sink_init(sink);
            decode(cp_log_forms[i], cp_view_of(text), 4096, sink);
            return;
        }
    }
    fail_msg("no form '%s'", form_name);
}

static void expect_counts(const struct cp_log_sink *sink, const char *counts)
{
    assert_string_equal(cp_buf_str(&sink->counts), counts);
}

/* --- the common events --- */

static const char *text_of(const cJSON *row, const char *key)
{
    return cJSON_GetObjectItemCaseSensitive(row, key)->valuestring;
}

static void expect_event(const char *file, const cJSON *row, unsigned says,
                         const struct fake_event *event)
{
    double at_ms = cJSON_GetObjectItemCaseSensitive(row, "at")->valuedouble;
    char *message = strdup(text_of(row, "message"));
    assert_non_null(message);
    size_t n = strlen(message);
    while (n && strchr("\n\t ", message[n - 1]))
        message[--n] = '\0';
    if (strcmp(message, event->message) != 0)
        fail_msg("%s: '%s' instead of '%s'", file, event->message, message);
    free(message);
    if (event->at_ms != (says & TIME ? (int64_t)at_ms : -1))
        fail_msg("%s: time %lld", file, (long long)event->at_ms);
    assert_string_equal(event->group, says & GROUP ? text_of(row, "group") : "");
    assert_string_equal(event->stream, says & STREAM ? text_of(row, "stream") : "");
}

/* Returns how many of the first events are as expected; fails when one is not. */
static void expect_common(const struct form_case *c, const struct cp_log_sink *sink)
{
    struct cp_buf expected = file_of("events.jsonl");
    struct cp_view rest = cp_buf_view(&expected);
    struct cp_view line;
    size_t n = 0;
    while (cp_view_split(&rest, '\n', &line)) {
        cJSON *row = cJSON_ParseWithLength(line.p, line.n);
        assert_non_null(row);
        if (n >= sink->n)
            fail_msg("%s: only %zu events", c->file, sink->n);
        expect_event(c->file, row, c->says, &sink->events[n++]);
        cJSON_Delete(row);
    }
    if (sink->n != n)
        fail_msg("%s: %zu events instead of %zu", c->file, sink->n, n);
    cp_buf_clear(&expected);
}

/* --- detection --- */

static void every_form_is_detected(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_CASES; i++) {
        struct cp_buf bytes = file_of(cases[i].file);
        const struct cp_log_form *form = cp_log_form_detect(cp_buf_view(&bytes));
        if (strcmp(form->name, cases[i].form) != 0)
            fail_msg("%s is taken for '%s'", cases[i].file, form->name);
        cp_buf_clear(&bytes);
    }
}

/* A byte order mark, blank lines, and a line of something else in front. */
static void detection_stands_what_comes_first(void **state)
{
    (void)state;
    static const char *const fronts[] = {
        "\xef\xbb\xbf", "\n\n \n",          "\xef\xbb\xbf\r\n",   "Downloading the log ...\n",
        "}\n",          "[warning] slow\n", "  File \"f.py\"\n\n"};
    for (size_t i = 0; i < N_CASES; i++) {
        struct cp_buf bytes = file_of(cases[i].file);
        for (size_t k = 0; k < sizeof(fronts) / sizeof(fronts[0]); k++) {
            struct cp_buf with;
            cp_buf_init(&with, 1 << 24);
            (void)cp_buf_adds(&with, fronts[k]);
            (void)cp_buf_add_view(&with, cp_buf_view(&bytes));
            const struct cp_log_form *form = cp_log_form_detect(cp_buf_view(&with));
            if (strcmp(form->name, cases[i].form) != 0)
                fail_msg("%s behind front %zu is taken for '%s'", cases[i].file, k, form->name);
            cp_buf_clear(&with);
        }
        cp_buf_clear(&bytes);
    }
}

static void unknown_bytes_are_plain_text(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",   "\n",      "hello\nworld\n", "{",     "[",           "{}",
        "[]", "{\"a\":", "\"text\"",       "[1,2]", "\xef\xbb\xbf"};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        assert_string_equal(cp_log_form_detect(cp_view_of(texts[i]))->name, "plain text");
}

static void a_digest_is_no_log(void **state)
{
    (void)state;
    assert_true(cp_log_is_digest(CP_VIEW_LIT("coldprof digest 1\n...")));
    assert_false(cp_log_is_digest(CP_VIEW_LIT("coldprof digest")));
    assert_false(cp_log_is_digest((struct cp_view){0}));
}

static void every_row_is_complete(void **state)
{
    (void)state;
    for (size_t i = 0; cp_log_forms[i]; i++) {
        const struct cp_log_form *form = cp_log_forms[i];
        assert_true(form->name[0] && form->summary[0] && form->match);
        assert_true(form->is_lines != (form->begin && form->feed && form->end && form->free));
        for (size_t k = 0; k < i; k++)
            assert_string_not_equal(cp_log_forms[k]->name, form->name);
    }
}

/* --- reading --- */

static void every_form_gives_the_same_events(void **state)
{
    (void)state;
    static const size_t pieces[] = {1, 7, 4096, 1 << 24};
    for (size_t i = 0; i < N_CASES; i++) {
        if (!cases[i].is_common)
            continue;
        struct cp_buf bytes = file_of(cases[i].file);
        const struct cp_log_form *form = cp_log_form_detect(cp_buf_view(&bytes));
        for (size_t k = 0; k < sizeof(pieces) / sizeof(pieces[0]); k++) {
            struct cp_log_sink sink = {0};
            fake_sink_init(&sink);
            decode(form, cp_buf_view(&bytes), pieces[k], &sink);
            expect_common(&cases[i], &sink);
            fake_sink_clear(&sink);
        }
        cp_buf_clear(&bytes);
    }
}

/* Without plain lines: the rest of a line whose form cannot be told any more. */
static size_t n_events(const struct cp_log_sink *sink)
{
    size_t n = 0;
    for (size_t i = 0; i < sink->n; i++)
        n += sink->events[i].at_ms != -2;
    return n;
}

/* Of a file that was cut anywhere, the events before the cut are there, and the cut is counted
 * unless it is between documents. */
static void a_cut_file_loses_the_last_event(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_CASES; i++) {
        if (!cases[i].is_common)
            continue;
        struct cp_buf bytes = file_of(cases[i].file);
        const struct cp_log_form *form = cp_log_form_detect(cp_buf_view(&bytes));
        size_t before = 0;
        /* each byte of a short file; a decoder is a few MB, which the sanitizer makes slow */
        for (size_t n = 0; n <= bytes.n; n += bytes.n < 1500 ? 1 : 37) {
            struct cp_log_sink sink = {0};
            fake_sink_init(&sink);
            decode(form, (struct cp_view){bytes.p, n}, 1 << 24, &sink);
            size_t found = n_events(&sink);
            /* the quote that ends a cell may have been the first of two */
            size_t may_lack = strstr(cases[i].file, ".csv") ? 1 : 0;
            if (found + may_lack < before)
                fail_msg("%s: %zu events in %zu bytes, %zu in fewer", cases[i].file, found, n,
                         before);
            if (n < bytes.n && n > 100 && sink.n == 0 && !sink.n_counted)
                fail_msg("%s: nothing counted in %zu bytes", cases[i].file, n);
            before = found;
            fake_sink_clear(&sink);
        }
        cp_buf_clear(&bytes);
    }
}

static void expect_computed(const char *file, const char *form)
{
    struct cp_buf bytes = file_of(file);
    struct cp_log_sink sink = {0};
    decode_text(form, cp_buf_str(&bytes), &sink);
    assert_int_equal(sink.n, 2);
    assert_string_equal(sink.events[0].message,
                        "REPORT RequestId: 8286a188-ba32-4475-8077-530cd35c09a9\t"
                        "Duration: 14.97 ms\tBilled Duration: 229 ms\tMemory Size: 128 MB\t"
                        "Max Memory Used: 67 MB\tInit Duration: 213.2 ms");
    assert_string_equal(sink.events[1].message,
                        "REPORT RequestId: 0f1e2d3c-4b5a-4968-8796-a5b4c3d2e1f0\t"
                        "Duration: 2.5 ms\tBilled Duration: 3 ms\tMemory Size: 1024 MB\t"
                        "Max Memory Used: 90 MB");
    assert_true(sink.events[0].at_ms == 1791468191712);
    expect_counts(&sink, "");
    fake_sink_clear(&sink);
    cp_buf_clear(&bytes);
}

static void computed_fields_become_a_report(void **state)
{
    (void)state;
    expect_computed("insights-computed.json", "get-query-results");
    expect_computed("insights-computed.csv", "CSV");
}

/* The same events as of text, and one JSON message. */
static void pretty_json_of_a_tail_is_one_message(void **state)
{
    (void)state;
    static const struct form_case text = {"tail-json.log", "", STREAM | TIME, true};
    struct cp_buf bytes = file_of(text.file);
    const struct cp_log_form *form = cp_log_form_detect(cp_buf_view(&bytes));
    for (size_t piece = 1; piece < 5000; piece += 999) {
        struct cp_log_sink sink = {0};
        fake_sink_init(&sink);
        decode(form, cp_buf_view(&bytes), piece, &sink);
        assert_int_equal(sink.n, 10);
        cJSON *object = cJSON_Parse(sink.events[9].message);
        assert_string_equal(text_of(object, "type"), "platform.report");
        cJSON_Delete(object);
        free(sink.events[--sink.n].message);
        expect_common(&text, &sink);
        expect_counts(&sink, "");
        fake_sink_clear(&sink);
    }
    cp_buf_clear(&bytes);
}

static void csv_stands_what_people_do_to_it(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t n;
        const char *counts;
    } rows[] = {
        {"@timestamp,@message\r\n1,\"a\"\r\n2,b\r\n\r\n3,c", 3, ""},
        {"\"@message\",\"count\"\n\"say \"\"hi\"\", x\",5\n", 1, ""},
        {"timestamp,message\n1,a\ntimestamp,message\n2,b\n", 2, ""},
        {"timestamp,message\n1,\"a\"b\n2,b\n", 1, "damaged CSV=1;"},
        {"timestamp,message\n1,a,extra\n", 1, "damaged CSV=1;"},
        {"timestamp,message\n1,a\n2,\"b", 1, "unfinished event=1;"},
        {"timestamp,message\n1,a\n2", 1, "unfinished event=1;"},
        {"note\ntimestamp,message\n1,a\n", 2, "text between documents=1;"},
        {"@timestamp,@message\n1,\n", 0, "row without record=1;"},
        {"a,b\n1,2\n", 2, "text between documents=2;"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct cp_log_sink sink = {0};
        decode_text("CSV", rows[i].text, &sink);
        if (sink.n != rows[i].n || strcmp(cp_buf_str(&sink.counts), rows[i].counts) != 0)
            fail_msg("row %zu: %zu events, counts '%s'", i, sink.n, cp_buf_str(&sink.counts));
        fake_sink_clear(&sink);
    }
}

static void utf_16_is_said_once(void **state)
{
    (void)state;
    static const char text[] = "\xff\xfeR\0E\0P\0O\0R\0T\0\n\0";
    struct cp_view bytes = {text, sizeof(text) - 1};
    struct cp_log_sink sink = {0};
    const struct cp_log_form *form = cp_log_form_detect(bytes);
    assert_string_equal(form->name, "UTF-16");
    fake_sink_init(&sink);
    decode(form, bytes, 3, &sink);
    assert_int_equal(sink.n, 0);
    expect_counts(&sink, "UTF-16 text; convert it first: iconv -f UTF-16 -t UTF-8=1;");
    fake_sink_clear(&sink);
}

static void a_byte_order_mark_is_no_text(void **state)
{
    (void)state;
    static const char *const forms[] = {"filter-log-events", "CSV", "aws --output text",
                                        "aws logs tail --format json"};
    static const char *const texts[] = {"\xef\xbb\xbf{\"events\":[{\"message\":\"m\"}]}",
                                        "\xef\xbb\xbftimestamp,message\n1,m\n",
                                        "\xef\xbb\xbf"
                                        "EVENTS\t1791468191482\tm\n\t1791468191482\n",
                                        "\xef\xbb\xbf"
                                        "2026-10-08T14:03:11+00:00 "
                                        "2026/10/08/[1]56af4bde70a47ae7d0f1ebb30e45ed33 m"};
    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        struct cp_log_sink sink = {0};
        decode_text(forms[i], texts[i], &sink);
        if (sink.n != 1 || !sink.events || strcmp(sink.events[0].message, "m") != 0)
            fail_msg("%s", forms[i]);
        expect_counts(&sink, "");
        fake_sink_clear(&sink);
    }
}

static void platform_events_are_messages_themselves(void **state)
{
    (void)state;
    struct cp_buf bytes = file_of("telemetry.json");
    for (size_t piece = 1; piece < 300; piece += 97) {
        struct cp_log_sink sink = {0};
        fake_sink_init(&sink);
        decode(cp_log_form_detect(cp_buf_view(&bytes)), cp_buf_view(&bytes), piece, &sink);
        assert_int_equal(sink.n, 3);
        for (size_t i = 0; i < 3; i++) {
            cJSON *object = cJSON_Parse(sink.events[i].message);
            assert_non_null(object);
            assert_non_null(cJSON_GetObjectItem(object, "type"));
            assert_non_null(cJSON_GetObjectItem(object, "record"));
            cJSON_Delete(object);
        }
        expect_counts(&sink, "");
        fake_sink_clear(&sink);
    }
    cp_buf_clear(&bytes);
}

/* --- damage --- */

#define EVENT(id, message)                                                                         \
    "{\"timestamp\":1791468191482,\"message\":\"" message "\",\"eventId\":\"" id "\"}"

static void damage_loses_one_event(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t n;
        const char *counts;
    } rows[] = {
        {"{\"events\":[" EVENT("1", "a") "," EVENT("2", "b") "]}", 2, ""},
        /* the first page was cut inside of a message, the next follows */
        {"{\"events\":[" EVENT("1", "a") ",{\"message\":\"REP\n{\"events\":[" EVENT("2", "b") "]}",
         2, "damaged JSON=1;"},
        {"{\"events\":[" EVENT("1", "a") ",{x}," EVENT("2", "b") "]}", 2, "damaged JSON=1;"},
        {"{\"events\":[" EVENT("1", "a") ",nonsense," EVENT("2", "b") "]}", 2, ""},
        {"{\"events\":[" EVENT("1", "a") " ? " EVENT("2", "b") "]}", 2, "damaged JSON=1;"},
        {"{\"events\":[" EVENT("1", "a") "]", 1, "unfinished event=1;"},
        {"{\"events\":[" EVENT("1", "a") ",{\"mess", 1, "unfinished event=1;"},
        {"{\"events\":[{\"message\":\"a\",\"timestamp\":17914681914820000000000,\"id\":\"1\"}]}    "
         "      "
         "                              ",
         1, ""},
        {"hello\n{\"events\":[" EVENT("1", "a") "]}bye", 3,
         "text between documents=1;text between documents=1;"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct cp_log_sink sink = {0};
        decode_text("filter-log-events", rows[i].text, &sink);
        if (sink.n != rows[i].n || strcmp(cp_buf_str(&sink.counts), rows[i].counts) != 0)
            fail_msg("row %zu: %zu events, counts '%s'", i, sink.n, cp_buf_str(&sink.counts));
        fake_sink_clear(&sink);
    }
}

static void escapes_become_utf_8(void **state)
{
    (void)state;
    static const struct {
        const char *json, *text;
    } rows[] = {
        {"a\\tb\\\"c\\\\d\\/e\\u0041", "a\tb\"c\\d/eA"},
        {"\\ud83d\\ude00 \\u00e9\\u20ac", "\xf0\x9f\x98\x80 \xc3\xa9\xe2\x82\xac"},
        {"\\ud83d|\\ude00|\\ud83d\\n|\\ud83d\\u0041|",
         "\xef\xbf\xbd|\xef\xbf\xbd|\xef\xbf\xbd\n|\xef\xbf\xbd"
         "A|"},
        {"\\u12|\\uZ|\\q|", "\xef\xbf\xbd|\xef\xbf\xbdZ|\\q|"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char text[256];
        struct cp_log_sink sink = {0};
        (void)snprintf(text, sizeof(text), "{\"events\":[{\"message\":\"%s\"}]}", rows[i].json);
        decode_text("filter-log-events", text, &sink);
        assert_int_equal(sink.n, 1);
        assert_string_equal(sink.events[0].message, rows[i].text);
        fake_sink_clear(&sink);
    }
}

static void deep_and_long_things_are_counted(void **state)
{
    (void)state;
    struct cp_log_sink sink = {0};
    size_t n = 3U << 20;
    size_t n_long = 2U << 20;
    char *text = malloc(n + 100);
    assert_non_null(text);
    memset(text, '[', n);
    text[n] = '\0';
    decode_text("Telemetry API", text, &sink);
    assert_int_equal(sink.n, 0);
    assert_non_null(strstr(cp_buf_str(&sink.counts), "JSON too deep=1;"));
    fake_sink_clear(&sink);

    int head = snprintf(text, n, "{\"events\":[{\"message\":\"");
    memset(text + head, 'x', n_long);
    (void)snprintf(text + head + n_long, 100, "\"}," EVENT("2", "b") "]}");
    decode_text("filter-log-events", text, &sink);
    assert_int_equal(sink.n, 1);
    assert_string_equal(sink.events[0].message, "b");
    expect_counts(&sink, "event too long=1;");
    fake_sink_clear(&sink);
    free(text);
}

static void damaged_payloads_are_counted(void **state)
{
    (void)state;
    static const char *const payloads[] = {"!!!!", "H4sIAAAAAAAC", "H4sIAAAAAAACA5WQXW", "AAA=AAAA",
                                           "A"};
    for (size_t i = 0; i < sizeof(payloads) / sizeof(payloads[0]); i++) {
        char text[256];
        struct cp_log_sink sink = {0};
        (void)snprintf(text, sizeof(text), "{\"awslogs\":{\"data\":\"%s\"}}", payloads[i]);
        decode_text("subscription", text, &sink);
        assert_int_equal(sink.n, 0);
        expect_counts(&sink, "damaged payload=1;");
        fake_sink_clear(&sink);
    }
}

static void a_plain_payload_is_read(void **state)
{
    (void)state;
    struct cp_log_sink sink = {0};
    /* base64 of {"logGroup":"g","logEvents":[{"message":"m"}]}, with an escaped line feed in it */
    decode_text(
        "subscription",
        "{\"awslogs\":{\"data\":\"eyJsb2dHcm91cCI6ImciLCJsb2dFdmVudHMiOlt7Im1lc3NhZ2UiOiJt\\n"
        "In1dfQ==\"}}",
        &sink);
    assert_int_equal(sink.n, 1);
    if (sink.events) {
        assert_string_equal(sink.events[0].message, "m");
        assert_string_equal(sink.events[0].group, "g");
    }
    expect_counts(&sink, "");
    fake_sink_clear(&sink);
}

static void a_sink_that_fails_ends_the_reading(void **state)
{
    (void)state;
    struct cp_log_sink sink = {0};
    struct cp_log_decoder *decoder = NULL;
    struct cp_buf bytes = file_of("filter.json");
    const struct cp_log_form *form = cp_log_form_detect(cp_buf_view(&bytes));
    fake_sink_init(&sink);
    sink.answer = CP_ELIMIT;
    assert_int_equal(form->begin(&sink, &decoder, NULL), CP_OK);
    assert_non_null(decoder);
    assert_int_equal(form->feed(decoder, cp_buf_view(&bytes), NULL), CP_ELIMIT);
    assert_int_equal(sink.n, 1);
    form->free(decoder);
    fake_sink_clear(&sink);
    cp_buf_clear(&bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_row_is_complete),
        cmocka_unit_test(every_form_is_detected),
        cmocka_unit_test(detection_stands_what_comes_first),
        cmocka_unit_test(unknown_bytes_are_plain_text),
        cmocka_unit_test(a_digest_is_no_log),
        cmocka_unit_test(every_form_gives_the_same_events),
        cmocka_unit_test(a_cut_file_loses_the_last_event),
        cmocka_unit_test(computed_fields_become_a_report),
        cmocka_unit_test(pretty_json_of_a_tail_is_one_message),
        cmocka_unit_test(csv_stands_what_people_do_to_it),
        cmocka_unit_test(utf_16_is_said_once),
        cmocka_unit_test(a_byte_order_mark_is_no_text),
        cmocka_unit_test(platform_events_are_messages_themselves),
        cmocka_unit_test(damage_loses_one_event),
        cmocka_unit_test(escapes_become_utf_8),
        cmocka_unit_test(deep_and_long_things_are_counted),
        cmocka_unit_test(damaged_payloads_are_counted),
        cmocka_unit_test(a_plain_payload_is_read),
        cmocka_unit_test(a_sink_that_fails_ends_the_reading),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
