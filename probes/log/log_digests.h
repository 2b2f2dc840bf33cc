/* SPDX-License-Identifier: GPL-3.0-or-later
 * An input that is digests, one behind the other, into a digest. Held at a time: one of them.
 *
 * Ownership: cp_log_digests_init / cp_log_digests_clear; the digest is borrowed.
 */
#ifndef COLDPROF_PROBES_LOG_LOG_DIGESTS_H
#define COLDPROF_PROBES_LOG_LOG_DIGESTS_H

#include "model/base/buf.h"
#include "model/digest/digest.h"

struct cp_log_digests {
    struct cp_digest *digest;
    struct cp_buf held;
    size_t searched; /* of `held`: the end is not there */
};

void cp_log_digests_init(struct cp_log_digests *digests, struct cp_digest *digest);
void cp_log_digests_clear(struct cp_log_digests *digests);
/* CP_EFORMAT, CP_EUNSUPPORTED of cp_digest_read; CP_ELIMIT: one is larger than
 * CP_DIGEST_BYTES_MAX. */
enum cp_code cp_log_digests_feed(struct cp_log_digests *digests, struct cp_view bytes,
                                 struct cp_error *err);
/* CP_EFORMAT: the last one is cut off. */
enum cp_code cp_log_digests_end(struct cp_log_digests *digests, struct cp_error *err);

#endif
