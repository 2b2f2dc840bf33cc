/* SPDX-License-Identifier: GPL-3.0-or-later
 * Parts of the report that shorter documents (recommend, frontier) have, too: the same words and
 * members everywhere.
 */
#ifndef COLDPROF_REPORTS_REPORT_PARTS_H
#define COLDPROF_REPORTS_REPORT_PARTS_H

#include "reports/json_writer.h"
#include "reports/report.h"

/* An object of an open array. */
void cp_candidate_json(struct cp_json *j, const struct cp_candidate *c);
/* Members "decision", "price" and "warnings". */
void cp_decision_json(struct cp_json *j, const struct cp_figures *f);
void cp_price_terms_json(struct cp_json *j, const struct cp_figures *f);
void cp_warnings_json(struct cp_json *j, const struct cp_figures *f);
void cp_warning_list_json(struct cp_json *j, const struct cp_warning *warnings, size_t n);

/* At most so many lines of what would change the answer. */
void cp_decision_markdown(const struct cp_figures *f, size_t n_changers, struct cp_buf *out);
void cp_warnings_markdown(const struct cp_figures *f, struct cp_buf *out);
void cp_warning_list_markdown(const struct cp_warning *warnings, size_t n_warnings,
                              struct cp_buf *out);

#endif
