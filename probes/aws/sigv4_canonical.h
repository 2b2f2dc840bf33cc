/* SPDX-License-Identifier: GPL-3.0-or-later
 * The three parts of a canonical request that need more than copying. CP_ENOMEM, or an error kept
 * in the buffer.
 */
#ifndef COLDPROF_PROBES_AWS_SIGV4_CANONICAL_H
#define COLDPROF_PROBES_AWS_SIGV4_CANONICAL_H

#include "probes/aws/sigv4.h"

/* The path on the wire, encoded once more; without dot segments when the request asks for it. */
enum cp_code cp_sigv4_add_canonical_path(struct cp_buf *out,
                                         const struct cp_sigv4_request *request);
/* Pairs in order of their canonical bytes. */
enum cp_code cp_sigv4_add_canonical_query(struct cp_buf *out, struct cp_view query);
/* The headers, an empty line and the list of their names, which goes to `signed_headers` too. */
enum cp_code cp_sigv4_add_canonical_headers(struct cp_sigv4 *out,
                                            const struct cp_sigv4_request *request);

#endif
