/* SPDX-License-Identifier: GPL-3.0-or-later
 * The part of a digest that is about one function, as a digest of its own: for the run that is kept
 * of it. Without raw records (whoever wants those makes samples of them) and without the tallies of
 * the input, which are about all functions. Pure.
 *
 * A digest counts what it is given twice. Who has the raw records may choose among them: the digest
 * of the chosen ones says nothing about the others.
 */
#ifndef COLDPROF_MODEL_DIGEST_EXTRACT_H
#define COLDPROF_MODEL_DIGEST_EXTRACT_H

#include "model/digest/digest.h"

/* `version` empty: all. *out is the caller's (cp_digest_free), NULL after a failure. */
enum cp_code cp_digest_extract(const struct cp_digest *from, struct cp_view function,
                               struct cp_view version, struct cp_digest **out,
                               struct cp_error *err);

/* A record, and the scope that it is to be counted in; views and record are borrowed. */
struct cp_digest_chosen {
    struct cp_digest_name name;
    const struct cp_digest_record *record;
};
/* The same with these records alone. Notes are counted and texts (but "error type") tallied as in
 * `from`: they belong to no record. */
enum cp_code cp_digest_extract_chosen(const struct cp_digest *from, struct cp_view function,
                                      struct cp_view version, const struct cp_digest_chosen *chosen,
                                      size_t n, struct cp_digest **out, struct cp_error *err);

#endif
