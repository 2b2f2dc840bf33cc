/* SPDX-License-Identifier: GPL-3.0-or-later
 * Is a text well-formed JSON? A payload of 6 MB is checked without building a tree.
 */
#ifndef COLDPROF_PROBES_LOCAL_JSON_TEXT_H
#define COLDPROF_PROBES_LOCAL_JSON_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "model/base/buf.h"

/* RFC 8259, one value, blanks around it, nested at most 1,000 deep. false: `offset` is the place
 * of the first byte that does not fit. */
bool cp_json_is_valid(struct cp_view text, size_t *offset);

#endif
