/* SPDX-License-Identifier: GPL-3.0-or-later
 * A JSON document written in order, two blanks a level. Units are in the key names, NAN and
 * INFINITY are null, numbers are never text and round-trip exactly (shortest of 15 to 17 digits).
 * The caller owns the buffer and opens and closes the outermost object himself.
 */
#ifndef COLDPROF_REPORTS_JSON_WRITER_H
#define COLDPROF_REPORTS_JSON_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/base/buf.h"
#include "model/stat/parameter.h"
#include "model/stat/quantile.h"

/* Starts as {.out = out, .depth = 1, .is_first = true}. */
struct cp_json {
    struct cp_buf *out;
    int depth;
    bool is_first; /* of the innermost open object or array */
};

/* `key` NULL inside an array; quoted, so it may be foreign. cp_json_key leaves the value to the
 * caller. */
void cp_json_key(struct cp_json *j, const char *key);
void cp_json_open(struct cp_json *j, const char *key, char bracket);
void cp_json_close(struct cp_json *j, char bracket);
void cp_json_add_number(struct cp_json *j, const char *key, double value);
/* -1 stands for an absent whole number: null. */
void cp_json_add_int(struct cp_json *j, const char *key, int64_t value);
void cp_json_add_count(struct cp_json *j, const char *key, size_t value);
void cp_json_add_bool(struct cp_json *j, const char *key, bool value);
void cp_json_add_text(struct cp_json *j, const char *key, const char *value);
/* Unix ms, as ISO text with milliseconds; null where it is negative, absent. */
void cp_json_add_time(struct cp_json *j, const char *key, int64_t at_ms);
/* {"value", "low", "high"} */
void cp_json_add_interval(struct cp_json *j, const char *key, struct cp_interval v);

/* "none", "too_few", "upper_only", "ok" */
const char *cp_answer_name(enum cp_answer status);

#endif
