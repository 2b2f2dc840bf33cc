/* SPDX-License-Identifier: GPL-3.0-or-later
 * The decoder of all JSON forms. The input is a sequence of values with anything or nothing between
 * them. What an object is, is told by its keys:
 *
 *   {"events":[E,...]}  {"logEvents":[E,...], "logGroup", "logStream"}    documents of events E
 *   {"results":[[{"field","value"},...],...]}                             rows of Insights
 *   {"awslogs":{"data"}}  {"Records":[{"kinesis":{"data"}}]}  {"records":[{"data"}]}
 *                                            base64 of gzip of such documents, once inside the
 * other E = {"timestamp","message",...}          an event, also on its own
 *   {"@timestamp","@message",...}            a row of Insights, on its own
 *   any other object, on its own or in a list: is itself the message (platform event, output)
 *   a string in a list: a message
 *
 * The bytes are read once, token by token; nothing is held but the texts of the event at hand, each
 * up to CP_RECORD_LINE_MAX. Every state can wait for the next piece. After damage the reading goes
 * on at the next object. Lines between values that are no JSON go to the sink as plain lines.
 *
 * Ownership: cp_log_json_new / cp_log_json_free.
 */
#ifndef COLDPROF_PROBES_LOG_LOG_FORM_JSON_H
#define COLDPROF_PROBES_LOG_LOG_FORM_JSON_H

#include "probes/log/log_form_count.h"
#include "probes/log/log_form_row.h"
#include "probes/log/log_slot.h"
#include "probes/record/record.h"

struct cp_log_json;

/* `is_payload`: the bytes are of a payload inside another document, and hold none themselves. */
enum cp_code cp_log_json_new(struct cp_log_sink *sink, bool is_payload, struct cp_log_json **out,
                             struct cp_error *err);
enum cp_code cp_log_json_feed(struct cp_log_json *json, struct cp_view bytes, struct cp_error *err);
enum cp_code cp_log_json_end(struct cp_log_json *json, struct cp_error *err);
void cp_log_json_free(struct cp_log_json *json);

#endif
