/* SPDX-License-Identifier: GPL-3.0-or-later
 * How often requests were tried again, from the sampled attempts of a digest. An attempt is a
 * distinct record of a request id (asynchronous invocations keep their id over retries); a record
 * that the input holds twice is a duplicate, not an attempt.
 *
 * The sample is uniform over request ids, so shares need no weights; their intervals are exact
 * binomial ones (binomial.h). Of several scopes the ids below the smallest of their thresholds are
 * used, so that they are one sample, and attempts at different versions come together.
 */
#ifndef COLDPROF_MODEL_DIGEST_RETRIES_H
#define COLDPROF_MODEL_DIGEST_RETRIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/base/error.h"
#include "model/digest/digest.h"

enum { CP_DIGEST_TRIES = 3 }; /* 1, 2, 3 or more attempts */

struct cp_digest_retries {
    size_t n_requests; /* looked at; 0: shares are NAN */
    bool is_all; /* then shares are facts, not estimates, and their intervals are [share, share] */
    size_t by_attempts[CP_DIGEST_TRIES];
    double retried_share, retried_low, retried_high; /* requests with 2 or more attempts */
    size_t n_retried_after_failure;                  /* of those: an attempt but the last failed */
    uint64_t n_records, n_duplicates;
    double duplicate_share; /* duplicates / records, duplicates included */
    double *delays_ms;      /* end of one attempt to the end of the next, ascending; owned */
    size_t n_delays;        /* attempts without a time have none */
};

/* CP_ENOMEM. cp_digest_retries_clear it, also after a failure. */
enum cp_code cp_digest_retries_of(const struct cp_digest_scope *const *scopes, size_t n,
                                  struct cp_digest_retries *out, struct cp_error *err);
void cp_digest_retries_clear(struct cp_digest_retries *r);

#endif
