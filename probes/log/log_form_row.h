/* SPDX-License-Identifier: GPL-3.0-or-later
 * One row of a Logs Insights result, told value by value (JSON or CSV), as one event. A row without
 * @message, but with the values that Insights computes of a REPORT (@requestId, @duration, ...),
 * becomes the REPORT text of those values.
 *
 * Ownership: cp_log_row_init / cp_log_row_clear.
 */
#ifndef COLDPROF_PROBES_LOG_LOG_FORM_ROW_H
#define COLDPROF_PROBES_LOG_LOG_FORM_ROW_H

#include "probes/log/log_form_count.h"
#include "probes/log/log_slot.h"

enum cp_row_field {
    CP_ROW_MESSAGE,
    CP_ROW_TIME,
    CP_ROW_STREAM,
    CP_ROW_LOG,
    CP_ROW_REQUEST_ID,
    CP_ROW_TYPE,
    CP_ROW_DURATION,
    CP_ROW_BILLED,
    CP_ROW_MEMORY,
    CP_ROW_MAX_MEMORY,
    CP_ROW_INIT,
    CP_ROW_OTHER, /* any other field of a query: not read */
    CP_ROW_FIELD_COUNT
};

struct cp_log_row {
    struct cp_log_slot fields[CP_ROW_OTHER]; /* empty: not set */
    bool is_any;                             /* a value was set, also OTHER */
};

enum cp_code cp_log_row_init(struct cp_log_row *row, struct cp_error *err);
void cp_log_row_clear(struct cp_log_row *row);

/* "@timestamp" -> CP_ROW_TIME */
enum cp_row_field cp_log_row_field(struct cp_view name);
/* `value` may be exchanged with an empty slot of the same size (CP_RECORD_LINE_MAX). */
void cp_log_row_set(struct cp_log_row *row, enum cp_row_field field, struct cp_log_slot *value);
/* Gives the row to the sink, or counts it, and empties it. */
enum cp_code cp_log_row_emit(struct cp_log_row *row, struct cp_log_sink *sink,
                             struct cp_form_counts *counts, struct cp_error *err);

/* Empties it. */
void cp_log_row_forget(struct cp_log_row *row);

/* Unix ms of a number or of a date in text; -1 when it is neither. */
int64_t cp_log_time_of(struct cp_view text);
/* "123456789012:/aws/lambda/f" (Insights' @log) -> "/aws/lambda/f" */
struct cp_view cp_log_group_of(struct cp_view log);

#endif
