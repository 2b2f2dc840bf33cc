/* SPDX-License-Identifier: GPL-3.0-or-later
 * Lines for a terminal: colour by role, words wrapped at its width, the header of a run. Used by
 * the result table and by `coldprof fit`.
 */
#ifndef COLDPROF_REPORTS_TEXT_LINES_H
#define COLDPROF_REPORTS_TEXT_LINES_H

#include "reports/report.h"

enum cp_text_role_kind { CP_ROLE_PLAIN, CP_ROLE_GOOD, CP_ROLE_BAD, CP_ROLE_DIM, CP_ROLE_STRONG };

struct cp_text_lines {
    const struct cp_figures *f; /* borrowed, as the buffer; NULL where no part asks for them */
    struct cp_buf *out;
    size_t width; /* usable columns: one less than the terminal's */
    bool use_color;
};
struct cp_text_lines cp_text_lines_of(const struct cp_figures *f, const struct cp_text_style *style,
                                      struct cp_buf *out);

void cp_text_role(const struct cp_text_lines *t, enum cp_text_role_kind role);
void cp_text_blanks(const struct cp_text_lines *t, size_t n);
/* `words` on lines of the width, continuation lines indented. `column` is where the first word
 * starts; a word longer than a line stays whole. */
void cp_text_wrapped(const struct cp_text_lines *t, size_t column, size_t indent,
                     struct cp_view words);
/* What the table above it needs to be understood: dim, indented. */
void cp_text_note(const struct cp_text_lines *t, const char *note);
/* Foreign text wrapped: made harmless first, measured after. */
void cp_text_foreign(const struct cp_text_lines *t, size_t column, size_t indent, const char *s);
/* Foreign facts beside each other, on as many lines as they take; empty ones are left out. */
void cp_text_facts(const struct cp_text_lines *t, const char *const *facts, size_t n_facts);
/* Function, Region, runtime, place, run and n; an empty line after it. */
void cp_text_header(const struct cp_text_lines *t);

/* --- text.c: parts of the result --- */
/* Verdict, sentences, and at most so many lines of what would change the answer. */
void cp_text_decision(const struct cp_text_lines *t, size_t n_changers);
void cp_text_warning_list(const struct cp_text_lines *t, const struct cp_warning *warnings,
                          size_t n_warnings);
/* The worst warnings, and how many more there are. */
void cp_text_warnings(const struct cp_text_lines *t);

#endif
