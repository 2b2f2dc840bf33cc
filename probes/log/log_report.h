/* SPDX-License-Identifier: GPL-3.0-or-later
 * One REPORT as the digest takes it, in whole us and MB: from a parsed record, or straight from the
 * bytes of the usual shapes. The straight readers give the same values as the parser or nothing.
 */
#ifndef COLDPROF_PROBES_LOG_LOG_REPORT_H
#define COLDPROF_PROBES_LOG_LOG_REPORT_H

#include <stdbool.h>
#include <stdint.h>

#include "model/base/view.h"
#include "model/digest/digest.h"
#include "probes/log/log_clock.h"
#include "probes/record/record.h"

/* The bytes of a UUID; of another text a hash (records with an odd request id are used, with a
 * warning). */
void cp_log_request_id(struct cp_view text, uint8_t id[16]);

/* A usable REPORT. Views point to where the record's do; stream is empty. A value with more than
 * three decimals of a ms is rounded to the nearest us, halves up. */
void cp_log_report_of(const struct cp_record *record, struct cp_digest_record *out);

/* `line` is an accepted REPORT of the usual text form, with or without its line feed: request id,
 * duration, billed duration, both memories, and maybe an init. false: ask the parser. */
bool cp_log_report_text(struct cp_view line, struct cp_digest_record *out);

/* `line` is an accepted platform.report of JSON with its usual members in any order; end_at_ms is
 * its time. false: ask the parser. */
bool cp_log_report_json(struct cp_view line, struct cp_log_clock *clock,
                        struct cp_digest_record *out);
/* The same of a platform.start: its request id, time and version. */
bool cp_log_start_json(struct cp_view line, struct cp_log_clock *clock, struct cp_digest_note *out);

#endif
