/* SPDX-License-Identifier: GPL-3.0-or-later
 * The one place that decides whether a report says "init" or "restore". Fixed texts of this room
 * (heads, keys, captions, sentences) hold "{init}" or "{Init}" where the word stands; foreign text
 * never goes through here. Pure.
 */
#ifndef COLDPROF_REPORTS_WORDS_H
#define COLDPROF_REPORTS_WORDS_H

#include "reports/report.h"

enum { CP_WORDS_MAX = 512 };

/* `fixed` with each "{init}" as "init" or "restore", and each "{Init}" with a capital. Returns
 * `out`; longer texts are cut. */
const char *cp_words(const struct cp_figures *f, const char *fixed, char out[CP_WORDS_MAX]);
/* The same, appended. */
void cp_words_add(const struct cp_figures *f, const char *fixed, struct cp_buf *out);

#endif
