/* SPDX-License-Identifier: GPL-3.0-or-later
 * The comments around a fragment: run, verdict, expected effect, the state before, and what the
 * reader has to know before using it. Foreign text becomes harmless; lines have 80 columns.
 */
#ifndef COLDPROF_REPORTS_APPLY_NOTES_H
#define COLDPROF_REPORTS_APPLY_NOTES_H

#include "reports/apply.h"

void cp_apply_add_header(const struct cp_apply *apply, const struct cp_apply_format *format,
                         struct cp_buf *out);
void cp_apply_add_undo_header(const struct cp_apply *apply, const struct cp_apply_format *format,
                              struct cp_buf *out);

#endif
