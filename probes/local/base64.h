/* SPDX-License-Identifier: GPL-3.0-or-later
 * Base64 (RFC 4648, with padding) into a buffer.
 */
#ifndef COLDPROF_PROBES_LOCAL_BASE64_H
#define COLDPROF_PROBES_LOCAL_BASE64_H

#include "model/base/buf.h"

enum cp_code cp_base64_encode(struct cp_buf *out, struct cp_view bytes);
/* CP_EFORMAT: not base64; then `out` is as before. */
enum cp_code cp_base64_decode(struct cp_buf *out, struct cp_view text);

#endif
