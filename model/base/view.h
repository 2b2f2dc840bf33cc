/* SPDX-License-Identifier: GPL-3.0-or-later
 * Non-owning view of bytes, and the small scanners that parsers are made of.
 *
 * A view never owns and never assumes a terminating NUL; it is valid as long as the bytes it
 * points into. Scanners advance the view on success and leave it untouched on failure.
 */
#ifndef COLDPROF_MODEL_BASE_VIEW_H
#define COLDPROF_MODEL_BASE_VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cp_view {
    const char *p;
    size_t n;
};

#define CP_VIEW_LIT(s) ((struct cp_view){(s), sizeof(s) - 1})

/* View of a C string; NULL gives an empty view. */
struct cp_view cp_view_of(const char *s);
struct cp_view cp_view_trim(struct cp_view v); /* blanks, tabs, CR, LF at both ends */

bool cp_view_equal(struct cp_view a, struct cp_view b);
/* Byte by byte; a text sorts before what it begins. < 0, 0, > 0. */
int cp_view_compare(struct cp_view a, struct cp_view b);
bool cp_view_is(struct cp_view v, const char *s);
bool cp_view_is_nocase(struct cp_view v, const char *s);
bool cp_view_has_prefix(struct cp_view v, const char *prefix);
/* Copies with a terminating NUL; false (and an empty string) when it does not fit. */
bool cp_view_copy(struct cp_view v, char *to, size_t to_size);
/* The same, cut to what fits. `to_size` > 0. */
void cp_view_copy_cut(struct cp_view v, char *to, size_t to_size);
/* A copy with a terminating NUL; free() it. NULL: out of memory. */
char *cp_view_dup(struct cp_view v);

/* --- scanners: advance `v` on success --- */
bool cp_view_skip(struct cp_view *v, const char *literal);
size_t cp_view_skip_blanks(struct cp_view *v); /* blanks and tabs; returns how many */
/* Everything up to `separator` (which is consumed) or the end. false when `v` is empty. */
bool cp_view_split(struct cp_view *v, char separator, struct cp_view *head);

/* Decimal number: [-+]digits[.digits][e[-+]digits], at most 64 characters, C locale, finite.
 * Hexadecimal, "nan", "inf", a lone '.', or overflow is a failure, never 0. */
bool cp_view_take_double(struct cp_view *v, double *value);
/* Decimal integer with optional '-'; false on overflow of int64. */
bool cp_view_take_int64(struct cp_view *v, int64_t *value);

/* Whole view is one number (surrounding blanks not allowed). */
bool cp_view_to_double(struct cp_view v, double *value);
bool cp_view_to_int64(struct cp_view v, int64_t *value);

/* Length of the well-formed UTF-8 sequence at the start of `v` (1..4), 0 when ill-formed or
 * empty; the code point goes to `*code_point` when not NULL. Overlong forms and surrogates are
 * ill-formed. */
size_t cp_view_utf8(struct cp_view v, uint32_t *code_point);
/* Well-formed UTF-8 without control characters (also U+007F to U+009F): what fits in one line. */
bool cp_view_is_one_line(struct cp_view v);

#endif
