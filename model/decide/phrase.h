/* SPDX-License-Identifier: GPL-3.0-or-later
 * Parts of the sentences about a decision: numbers, settings, latencies. Plain ASCII, numbers as
 * model/base/number.h writes them. Pure; a phrase is a value.
 */
#ifndef COLDPROF_MODEL_PHRASE_H
#define COLDPROF_MODEL_PHRASE_H

#include "model/decide/optimize.h"

enum { CP_PHRASE_MAX = 480 };

struct cp_phrase {
    char text[CP_PHRASE_MAX];
};

__attribute__((format(printf, 1, 2))) struct cp_phrase cp_phrase(const char *fmt, ...);
/* Appends to a sentence, which stays a C string whatever its length. */
__attribute__((format(printf, 2, 3))) void cp_phrase_say(char sentence[CP_SENTENCE_MAX],
                                                         const char *fmt, ...);

struct cp_phrase cp_phrase_number(double x);
struct cp_phrase cp_phrase_exact(double x); /* memory sizes and what the user typed: as they are */
struct cp_phrase cp_phrase_usd(double x);
struct cp_phrase cp_phrase_percent(double share); /* "1.04 %" */
/* "USD 41.20 [37.90, 45.60]" */
struct cp_phrase cp_phrase_money(const struct cp_interval *usd);
/* "3.21 requests per second", "310 requests per hour": whichever unit has a number above one. */
struct cp_phrase cp_phrase_rate(double per_s);
/* "4.00 min", "40.0 s", "1.50 h" */
struct cp_phrase cp_phrase_span(double ms);

/* How the setting runs: "on-demand", "provisioned concurrency 2", "provisioned concurrency 4 on
 * weekdays 07:00-19:00, 1 otherwise (UTC)", "target tracking of provisioned concurrency at 0.7
 * between 1 and 6". */
struct cp_phrase cp_phrase_mode(const struct cp_candidate *c);
/* The same as something that is set: "provisioned concurrency to 2". */
struct cp_phrase cp_phrase_number_set(const struct cp_candidate *c);
/* "512 MB"; where several variants are in question, the variant too: "512 MB on arm64", "512 MB
 * with SnapStart". */
struct cp_phrase cp_phrase_size(const struct cp_optimize_input *in, const struct cp_candidate *c);
/* The same memory size and variant? */
bool cp_phrase_is_same_size(const struct cp_candidate *a, const struct cp_candidate *b);
/* "512 MB on-demand", "512 MB on arm64, on-demand", "1,024 MB with provisioned concurrency 2",
 * "1,024 MB on arm64 and provisioned concurrency 2" */
struct cp_phrase cp_phrase_setting(const struct cp_optimize_input *in,
                                   const struct cp_candidate *c);

/* The same once the decision's sentence is said: a schedule or tracking that stands there is "512
 * MB with that schedule", another one "1,024 MB with scheduled provisioned concurrency up to 11".
 */
struct cp_phrase cp_phrase_brief(const struct cp_optimize_input *in, const struct cp_decision *d,
                                 const struct cp_candidate *c);
struct cp_phrase cp_phrase_brief_mode(const struct cp_decision *d, const struct cp_candidate *c);

/* "41.2 ms [38.9, 44.0]", "at most 44.0 ms", "41.2 ms (too few samples for an interval)" */
struct cp_phrase cp_phrase_latency(const struct cp_interval *ms);
/* "p99 of all requests" */
struct cp_phrase cp_phrase_metric(const struct cp_optimize_input *in, const struct cp_candidate *c);

#endif
