/* SPDX-License-Identifier: GPL-3.0-or-later
 * How a number looks and how foreign text is made harmless: one function per kind, used by every
 * format. Pure; results go to the caller's array or buffer.
 *
 * Numbers: three significant digits, a comma between thousands, money in cents, "-" when absent.
 */
#ifndef COLDPROF_REPORTS_FORMAT_H
#define COLDPROF_REPORTS_FORMAT_H

#include <stdbool.h>
#include <stddef.h>

#include "model/base/buf.h"
#include "model/base/number.h"
#include "model/decide/optimize.h"
#include "model/stat/quantile.h"
#include "model/stat/tail_pool.h"

enum cp_unit {
    CP_UNIT_TEXT,
    CP_UNIT_COUNT,    /* whole, exact */
    CP_UNIT_MB,       /* whole, exact */
    CP_UNIT_MS,       /* three significant digits */
    CP_UNIT_S,        /* three significant digits */
    CP_UNIT_PLAIN,    /* three significant digits, without a unit */
    CP_UNIT_USD,      /* cents; four significant digits below one cent */
    CP_UNIT_QUANTILE, /* 0..1, shown as "p99" */
    CP_UNIT_PERCENT,  /* the value is a ratio 0..1, shown times 100 */
};
/* For a header cell: "MB", "ms", "USD", "%"; "" for text and counts. */
const char *cp_unit_name(enum cp_unit unit);

enum { CP_FORMAT_MAX = CP_NUMBER_MAX };

const char *cp_format(enum cp_unit unit, double value, char out[CP_FORMAT_MAX]);
/* "128 MB", "0.41 USD"; "-" without a unit. */
const char *cp_format_with_unit(enum cp_unit unit, double value, char out[CP_FORMAT_MAX]);
const char *cp_format_count(size_t n, char out[CP_FORMAT_MAX]);
/* "[71.2, 77.9]"; "" when a bound is absent. */
const char *cp_format_bounds(enum cp_unit unit, struct cp_interval v, char out[CP_FORMAT_MAX]);
/* "73.9 [71.2, 77.9]"; the value alone without bounds. */
const char *cp_format_interval(enum cp_unit unit, struct cp_interval v, char out[CP_FORMAT_MAX]);
/* What may be said about a quantile: "73.9 [71.2, 77.9]", "<= 80.2" (upper bound only),
 * "n>=299 needed" or "-"; ">= timeout" and "[388, timeout]" where it is right-censored.
 * `with_bounds` false leaves the interval out. */
const char *cp_format_estimate(enum cp_unit unit, const struct cp_estimate *e, bool with_bounds,
                               char out[CP_FORMAT_MAX]);
/* The same for a narrow column: "73.9 ms", "73.9 ms [71, 78]", "<=80.2 ms", "n<299" or "-". The
 * bounds have one decimal less than the value. */
const char *cp_format_brief(enum cp_unit unit, const struct cp_estimate *e, bool with_bounds,
                            char out[CP_FORMAT_MAX]);
/* What a pooled tail says, a model's, marked: "~209 [195, 224]", "~<= 224"; in a narrow column
 * "~209 ms", "~<=224 ms". A model's number is shown with its interval wherever there is room. */
const char *cp_format_pooled(enum cp_unit unit, const struct cp_tail *tail,
                             char out[CP_FORMAT_MAX]);
const char *cp_format_pooled_brief(enum cp_unit unit, const struct cp_tail *tail,
                                   char out[CP_FORMAT_MAX]);
/* "p50", "p95", "p99.9" of a quantile 0..1. */
const char *cp_format_quantile_name(double q, char out[CP_FORMAT_MAX]);

/* "otel:7" of a layer's ARN: its name and version, borrowed from it. */
struct cp_view cp_format_layer(struct cp_view arn);

struct cp_interval cp_interval_of_estimate(const struct cp_estimate *e);

/* --- foreign text: control bytes, C1, bidi controls and bytes that are not UTF-8 become visible
 * escapes (\x1b, \u202e) in every format; the rest is quoted as the format wants it. --- */
void cp_text_terminal(struct cp_buf *b, const char *s);
void cp_text_html(struct cp_buf *b, const char *s); /* element content */
void cp_text_attr(struct cp_buf *b, const char *s); /* inside a double-quoted attribute */
void cp_text_markdown(struct cp_buf *b, const char *s);
/* A JSON string with its quotes; bytes that are not UTF-8 become U+FFFD. */
void cp_text_json(struct cp_buf *b, const char *s);
/* A CSV text cell: quoted as RFC 4180 wants, and never a formula. */
void cp_text_csv(struct cp_buf *b, const char *s);
/* A gnuplot string in single quotes; nothing inside is expanded or executed. */
void cp_text_gnuplot(struct cp_buf *b, const char *s);
/* One word of a POSIX shell, in single quotes when needed; control bytes but the newline are made
 * by its printf. */
void cp_text_shell(struct cp_buf *b, const char *s);
/* One word of a systemd unit's ExecStart= with the prefix ':' (which leaves $ alone), or of its
 * Environment=: in double quotes, % doubled. */
void cp_text_systemd(struct cp_buf *b, const char *s);

/* Columns a terminal uses for UTF-8 text without control bytes. */
size_t cp_text_columns(struct cp_view v);

#endif
