/* SPDX-License-Identifier: GPL-3.0-or-later
 * The payload of a subscription: base64 of gzip of documents of events (of plain documents, where
 * somebody has inflated them already). Streams; at most CP_LOG_PAYLOAD_MAX bytes come out of one.
 *
 * Ownership: cp_log_payload_new / cp_log_payload_free.
 */
#ifndef COLDPROF_PROBES_LOG_LOG_FORM_PAYLOAD_H
#define COLDPROF_PROBES_LOG_LOG_FORM_PAYLOAD_H

#include "probes/log/log_form_count.h"

enum { CP_LOG_PAYLOAD_MAX = 64 * 1024 * 1024 };

struct cp_log_payload;

enum cp_code cp_log_payload_new(struct cp_log_sink *sink, struct cp_log_payload **out,
                                struct cp_error *err);
void cp_log_payload_free(struct cp_log_payload *payload);
enum cp_code cp_log_payload_feed(struct cp_log_payload *payload, struct cp_view base64,
                                 struct cp_error *err);
/* The payload is complete; damage is counted. Then the next one may come. */
enum cp_code cp_log_payload_end(struct cp_log_payload *payload, struct cp_form_counts *counts,
                                struct cp_error *err);

#endif
