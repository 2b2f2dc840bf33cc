/* SPDX-License-Identifier: GPL-3.0-or-later
 * The part of a digest that is about one function, as a digest of its own: for the run that is kept
 * of it. Without raw records (whoever wants those makes samples of them) and without the tallies of
 * the input, which are about all functions. Pure.
 */
#ifndef COLDPROF_MODEL_DIGEST_EXTRACT_H
#define COLDPROF_MODEL_DIGEST_EXTRACT_H

#include "model/digest.h"

/* `version` empty: all. *out is the caller's (cp_digest_free), NULL after a failure. */
enum cp_code cp_digest_extract(const struct cp_digest *from, struct cp_view function,
                               struct cp_view version, struct cp_digest **out,
                               struct cp_error *err);

#endif
