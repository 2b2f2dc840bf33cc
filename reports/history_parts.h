/* SPDX-License-Identifier: GPL-3.0-or-later
 * What the modules that show a history share. Private to this room.
 */
#ifndef COLDPROF_REPORTS_HISTORY_PARTS_H
#define COLDPROF_REPORTS_HISTORY_PARTS_H

#include "reports/history.h"
#include "reports/json_writer.h"
#include "reports/table.h"

enum { CP_HISTORY_CODE_DIGITS = 12 };
#define CP_HISTORY_MAIN_Q 0.95

/* --- history_words.c --- */
/* Fills the strips of the nights shown, and their ends. */
void cp_history_draw_strips(struct cp_history_view *view);
/* Fills the marks of the rows from their changes and gaps. */
void cp_history_mark_rows(struct cp_history_view *view);
/* Fills change->words and change->evidence from the rest of it; false: out of memory. */
bool cp_history_change_words(struct cp_history_change *change);
/* "+24.1 % [19.3, 28.8]" of a ratio; "- %" without one. */
void cp_history_ratio_text(struct cp_interval ratio, struct cp_buf *out);
/* "30 of 400 nights, 2026-07-01 to 2026-10-08; 7 are missing in 3 places"; no end. */
void cp_history_span_text(const struct cp_history_view *view, struct cp_buf *out);
/* How the shown metric is now: "1024MB/init-p95 REGRESSED since 2026-10-03: 260 ms [251, 270], 210
 * were expected [200, 221]"; no end. */
void cp_history_verdict_text(const struct cp_history_view *view, struct cp_buf *out);

/* --- history_table.c: beside those of table.h --- */
extern const struct cp_table cp_table_history_text; /* the nights, with a strip */

/* --- history_json.c --- */
/* The members of an open object. */
void cp_history_json_members(struct cp_json *j, const struct cp_history_view *view);

#endif
