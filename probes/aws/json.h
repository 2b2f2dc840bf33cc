/* SPDX-License-Identifier: GPL-3.0-or-later
 * What every reader and writer of JSON bodies here needs.
 */
#ifndef COLDPROF_PROBES_AWS_JSON_H
#define COLDPROF_PROBES_AWS_JSON_H

#include <stdbool.h>

#include "model/base/buf.h"

struct cJSON;

/* An object, or CP_EFORMAT. The caller deletes it; NULL after a failure. */
enum cp_code cp_json_parse(struct cp_view body, struct cJSON **out, struct cp_error *err);
/* NULL when absent or when `object` is none. */
const struct cJSON *cp_json_member(const struct cJSON *object, const char *name);
/* The text member `name` of the object `body`, found without a tree: for large answers. Replaces
 * the content of `out`; empty when the member is absent, null or no text. CP_EFORMAT: not one whole
 * object. */
enum cp_code cp_json_scan_text(struct cp_view body, const char *name, struct cp_buf *out,
                               struct cp_error *err);
/* Appends `json` as text and deletes it; `is_built` tells whether every member could be added. The
 * text made between is wiped. */
enum cp_code cp_json_print(struct cJSON *json, bool is_built, struct cp_buf *out,
                           struct cp_error *err);

#endif
