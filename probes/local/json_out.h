/* SPDX-License-Identifier: GPL-3.0-or-later
 * Writes JSON into a cp_buf: no tree, no allocation of its own, and the buffer's sticky failure, so
 * that a body is either whole or refused at the end (cp_buf_check). Reading is cJSON's job.
 *
 * Ownership: the caller's buffer is borrowed. `name` is NULL for members of an array.
 */
#ifndef COLDPROF_PROBES_LOCAL_JSON_OUT_H
#define COLDPROF_PROBES_LOCAL_JSON_OUT_H

#include <stdbool.h>
#include <stdint.h>

#include "model/base/buf.h"

/* One string, quoted and escaped; ill-formed UTF-8 becomes U+FFFD. */
void cp_json_add_string(struct cp_buf *to, struct cp_view text);

struct cp_json_out {
    struct cp_buf *to;
    bool has_member; /* a comma is due before the next member */
};

void cp_json_object(struct cp_json_out *j, const char *name);
void cp_json_object_end(struct cp_json_out *j);
void cp_json_array(struct cp_json_out *j, const char *name);
void cp_json_array_end(struct cp_json_out *j);
/* Ill-formed UTF-8 becomes U+FFFD. */
void cp_json_string(struct cp_json_out *j, const char *name, const char *value);
void cp_json_text(struct cp_json_out *j, const char *name, struct cp_view value);
void cp_json_int(struct cp_json_out *j, const char *name, int64_t value);
void cp_json_bool(struct cp_json_out *j, const char *name, bool value);
/* Shortest form that reads back exactly; `value` is finite. */
void cp_json_double(struct cp_json_out *j, const char *name, double value);

#endif
