/* SPDX-License-Identifier: GPL-3.0-or-later
 * The rows of the JSON forms. They differ in how they are recognised; one decoder reads them all.
 */
#include <stdint.h>

#include "probes/log/log_form_json.h"
#include "probes/log/log_form_peek.h"
#include "probes/log/log_form_rows.h"

/* --- the decoder's interface --- */

static enum cp_code begin(struct cp_log_sink *sink, struct cp_log_decoder **out,
                          struct cp_error *err)
{
    struct cp_log_json *json = NULL;
    enum cp_code code = cp_log_json_new(sink, false, &json, err);
    *out = (struct cp_log_decoder *)json;
    return code;
}

static enum cp_code feed(struct cp_log_decoder *decoder, struct cp_view bytes, struct cp_error *err)
{
    return cp_log_json_feed((struct cp_log_json *)decoder, bytes, err);
}

static enum cp_code end(struct cp_log_decoder *decoder, struct cp_error *err)
{
    return cp_log_json_end((struct cp_log_json *)decoder, err);
}

static void free_decoder(struct cp_log_decoder *decoder)
{
    cp_log_json_free((struct cp_log_json *)decoder);
}

/* --- matches --- */

#define BIT(name) CP_PEEK_BIT(name)

/* Which keys say it: all of `outer`, and any of `any` or of `inner` unless both are 0; none of
 * `without`. */
struct marks {
    bool is_list, has_texts;
    uint64_t outer, any, inner, without;
};

static bool fits(const struct cp_log_peek *peek, const struct marks *marks)
{
    if (!peek->is_json || peek->is_list != marks->is_list || (marks->has_texts && !peek->has_texts))
        return false;
    bool needs_more = marks->any || marks->inner;
    return (peek->outer & marks->outer) == marks->outer &&
           !((peek->outer | peek->inner) & marks->without) &&
           (!needs_more || (peek->outer & marks->any) || (peek->inner & marks->inner));
}

/* The next line that begins with a bracket, from *at; false when there is none. Pretty-printed
 * documents have such lines only at their start. */
static bool next_document(struct cp_view head, size_t *at)
{
    bool at_line_start = true;
    for (size_t i = *at; i < head.n; i++) {
        char c = head.p[i];
        if (at_line_start && (c == '{' || c == '[')) {
            *at = i;
            return true;
        }
        at_line_start = c == '\n' || (at_line_start && (c == ' ' || c == '\t' || c == '\r'));
    }
    return false;
}

static bool is_blank_before(struct cp_view head, size_t at)
{
    return cp_view_trim((struct cp_view){head.p, at}).n == 0;
}

static int sure_at(struct cp_view head, size_t at)
{
    return is_blank_before(head, at) ? CP_SURE_OPENING : CP_SURE_DOCUMENT;
}

static void skip_line(struct cp_view head, size_t *at)
{
    while (*at < head.n && head.p[*at] != '\n')
        ++*at;
}

/* The first documents of the head, one of which may be it. */
static int match_marks(struct cp_view head, const struct marks *marks)
{
    enum { DOCUMENTS = 8 };
    size_t at = 0;
    for (int i = 0; i < DOCUMENTS && next_document(head, &at); i++) {
        struct cp_log_peek peek = cp_log_peek((struct cp_view){head.p + at, head.n - at});
        if (fits(&peek, marks))
            return sure_at(head, at);
        skip_line(head, &at);
    }
    return CP_SURE_NOT;
}

#define MATCH(name, ...)                                                                           \
    static int match_##name(struct cp_view head)                                                   \
    {                                                                                              \
        static const struct marks marks = {__VA_ARGS__};                                           \
        return match_marks(head, &marks);                                                          \
    }

MATCH(filter, .outer = BIT(EVENTS), .any = BIT(SEARCHED), .inner = BIT(EVENT_ID) | BIT(STREAM_NAME),
      .without = BIT(LOG_EVENTS))
MATCH(get, .outer = BIT(EVENTS), .any = BIT(FORWARD) | BIT(BACKWARD), .inner = BIT(INGESTION),
      .without = BIT(EVENT_ID) | BIT(SEARCHED) | BIT(STREAM_NAME))
MATCH(event_list, .is_list = true, .outer = BIT(TIMESTAMP) | BIT(MESSAGE),
      .any = BIT(EVENT_ID) | BIT(STREAM_NAME) | BIT(INGESTION) | BIT(ID))
MATCH(event_lines, .outer = BIT(TIMESTAMP) | BIT(MESSAGE),
      .any = BIT(EVENT_ID) | BIT(STREAM_NAME) | BIT(INGESTION) | BIT(ID))
MATCH(results, .outer = BIT(RESULTS), .any = BIT(STATISTICS), .inner = BIT(FIELD))
MATCH(rows_of_fields, .is_list = true, .outer = BIT(FIELD) | BIT(VALUE))
MATCH(row_list, .is_list = true,
      .any = BIT(AT_MESSAGE) | BIT(AT_TIMESTAMP) | BIT(AT_REQUEST_ID) | BIT(AT_PTR))
MATCH(row_lines, .any = BIT(AT_MESSAGE) | BIT(AT_REQUEST_ID) | BIT(AT_PTR))
MATCH(awslogs, .outer = BIT(AWSLOGS), .inner = BIT(DATA))
MATCH(kinesis, .outer = BIT(UPPER_RECORDS), .inner = BIT(KINESIS))
MATCH(firehose, .outer = BIT(RECORDS), .inner = BIT(DATA))
MATCH(data_message, .outer = BIT(LOG_EVENTS), .any = BIT(MESSAGE_TYPE), .inner = BIT(ID))
MATCH(data_message_list, .is_list = true, .outer = BIT(LOG_EVENTS), .any = BIT(MESSAGE_TYPE),
      .inner = BIT(ID))
MATCH(messages, .is_list = true, .has_texts = true)
MATCH(telemetry, .is_list = true, .outer = BIT(TIME) | BIT(TYPE) | BIT(RECORD))

static int surer(int a, int b)
{
    return a > b ? a : b;
}

static int match_event_objects(struct cp_view head)
{
    return surer(match_event_list(head), match_event_lines(head));
}

static int match_query_results(struct cp_view head)
{
    return surer(match_results(head), match_rows_of_fields(head));
}

static int match_query_rows(struct cp_view head)
{
    return surer(match_row_list(head), match_row_lines(head));
}

static int match_firehose_output(struct cp_view head)
{
    return surer(match_data_message(head), match_data_message_list(head));
}

/* A platform event printed over several lines is read as a value, not as lines. */
static int match_telemetry_batch(struct cp_view head)
{
    size_t at = 0;
    int sure = match_telemetry(head);
    if (sure || !next_document(head, &at) || !is_blank_before(head, at))
        return sure;
    struct cp_log_peek peek = cp_log_peek((struct cp_view){head.p + at, head.n - at});
    uint64_t event = BIT(TIME) | BIT(TYPE) | BIT(RECORD);
    bool is_pretty = peek.is_json && !peek.is_list && !peek.ends_in_line;
    return is_pretty && (peek.outer & event) == event ? CP_SURE_OPENING : CP_SURE_NOT;
}

#define JSON_FORM(id, a_name, a_match, a_summary)                                                  \
    const struct cp_log_form cp_log_form_##id = {                                                  \
        .name = (a_name),                                                                          \
        .summary = (a_summary),                                                                    \
        .match = (a_match),                                                                        \
        .begin = begin,                                                                            \
        .feed = feed,                                                                              \
        .end = end,                                                                                \
        .free = free_decoder,                                                                      \
    }

JSON_FORM(filter_log_events, "filter-log-events", match_filter,
          "`aws logs filter-log-events`: JSON, any number of pages one after another");
JSON_FORM(get_log_events, "get-log-events", match_get,
          "`aws logs get-log-events`: JSON, any number of pages one after another");
JSON_FORM(event_objects, "log events", match_event_objects,
          "events of either as a JSON list (`--query events`) or one a line");
JSON_FORM(messages, "messages", match_messages,
          "a JSON list of messages (`--query 'events[].message'`)");
JSON_FORM(query_results, "get-query-results", match_query_results,
          "`aws logs get-query-results`: rows with @message, or with the fields that Logs Insights "
          "computes of a REPORT");
JSON_FORM(query_rows, "Logs Insights JSON", match_query_rows,
          "results of Logs Insights, downloaded from the console as JSON");
JSON_FORM(subscription, "subscription", match_awslogs,
          "what a subscription filter sends to a function: base64 of gzip in JSON");
JSON_FORM(kinesis, "subscription by Kinesis", match_kinesis,
          "the same inside of the records of a Kinesis stream");
JSON_FORM(firehose_records, "subscription by Firehose", match_firehose,
          "the same inside of the records given to a Firehose transformation");
JSON_FORM(firehose, "Firehose", match_firehose_output,
          "what a subscription delivers by Firehose to S3: JSON documents with or without "
          "anything between them");
JSON_FORM(telemetry, "Telemetry API", match_telemetry_batch,
          "batches of the Telemetry API: JSON lists of platform events");
