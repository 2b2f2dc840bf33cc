/* SPDX-License-Identifier: GPL-3.0-or-later
 * The rows of the table of forms, and what their matches say. A new form is a file with its row,
 * an `extern` here and a line in log_form.c.
 */
#ifndef COLDPROF_PROBES_LOG_LOG_FORM_ROWS_H
#define COLDPROF_PROBES_LOG_LOG_FORM_ROWS_H

#include "probes/log/log_form.h"

/* How sure a match is. */
enum {
    CP_SURE_NOT = 0,
    CP_SURE_DEFAULT = 1,    /* nothing speaks for it */
    CP_SURE_SHAPE = 10,     /* + share of lines that have the shape, up to 10 */
    CP_SURE_DOCUMENT = 40,  /* a known document after lines of something else */
    CP_SURE_RECORDS = 50,   /* + number of platform records in that shape, up to 30 */
    CP_SURE_OPENING = 90,   /* the input opens with the document's own words */
    CP_SURE_SIGNATURE = 100 /* bytes that nothing else begins with */
};

/* log_form_lines.c */
extern const struct cp_log_form cp_log_form_plain, cp_log_form_json_lines, cp_log_form_detailed,
    cp_log_form_short, cp_log_form_sam, cp_log_form_awslogs, cp_log_form_epoch;
/* log_form_documents.c */
extern const struct cp_log_form cp_log_form_filter_log_events, cp_log_form_get_log_events,
    cp_log_form_event_objects, cp_log_form_messages, cp_log_form_query_results,
    cp_log_form_query_rows, cp_log_form_subscription, cp_log_form_kinesis,
    cp_log_form_firehose_records, cp_log_form_firehose, cp_log_form_telemetry;
/* log_form_samples.c */
extern const struct cp_log_form cp_log_form_samples;
extern const struct cp_log_form cp_log_form_csv, cp_log_form_tail_json, cp_log_form_cli_text,
    cp_log_form_utf16;

#endif
