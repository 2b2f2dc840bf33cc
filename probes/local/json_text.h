/* SPDX-License-Identifier: GPL-3.0-or-later
 * The two things the service needs of JSON text: is it well-formed (a payload of 6 MB, without
 * building a tree), and a string written into a document.
 */
#ifndef COLDPROF_PROBES_LOCAL_JSON_TEXT_H
#define COLDPROF_PROBES_LOCAL_JSON_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "model/base/buf.h"

/* RFC 8259, one value, blanks around it, nested at most 1,000 deep. false: `offset` is the place
 * of the first byte that does not fit. */
bool cp_json_is_valid(struct cp_view text, size_t *offset);

/* Quoted and escaped; ill-formed UTF-8 becomes U+FFFD. */
void cp_json_add_string(struct cp_buf *out, struct cp_view text);

#endif
