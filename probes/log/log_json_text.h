/* SPDX-License-Identifier: GPL-3.0-or-later
 * Text of a JSON string, in pieces of any size: escapes become UTF-8, a lone surrogate or a bad
 * \u becomes U+FFFD, an unknown escape stays as it is written. Bytes above 0x7f pass unchecked.
 */
#ifndef COLDPROF_PROBES_LOG_LOG_JSON_TEXT_H
#define COLDPROF_PROBES_LOG_LOG_JSON_TEXT_H

#include "probes/log/log_slot.h"

struct cp_json_text {
    struct cp_log_slot *to; /* NULL: skipped */
    int n_escape;           /* 0 outside of an escape; 1 after the backslash; 2..5 digits of \u */
    uint32_t hex;
    uint32_t high; /* a high surrogate waits for its low one */
};

/* Starts a string whose opening quote was consumed; `to` is emptied. */
void cp_json_text_begin(struct cp_json_text *text, struct cp_log_slot *to);
/* Reads on at *p. True when the closing quote was consumed, false when the bytes are used up. */
bool cp_json_text_run(struct cp_json_text *text, const char **p, const char *end);

/* The first quote or backslash in [p, end), or end. */
const char *cp_json_text_special(const char *p, const char *end);

#endif
