/* SPDX-License-Identifier: GPL-3.0-or-later
 * What log streams say about how long idle environments live: current-status points for
 * idle_survival.h, and lifetimes as censored data.
 *
 * Each request that meets no free environment in use just before is a probe of the environment used
 * last: used again after a pause, it was alive at that gap; started cold instead, it was gone.
 *   warm  a stream's pause of CP_DIGEST_IDLE_MIN_MS or more, ended by its next use
 *   cold  the first use of a stream, at t, with init or restore: the environment used last of those
 *         never used again was gone after t - (its last end). Each is counted once.
 * The last pause of a stream without a cold start after it is censored by the end of the log.
 * Points are at 60 s x 2^(k/4): a warm probe at the point below its gap, a cold one above, so that
 * neither says more than was seen.
 *
 * Assumptions: requests go to the free environment used last; those of one scope are one pool; a
 * log stream is an environment. A cold start while an environment was free that was used again
 * later contradicts them: it is counted, and is no probe. Deployments and recycling end
 * environments early, and are in the answer. Where only a sample of the streams is kept
 * (is_partial), a cold start is joined to an older environment than the true one: then F is a lower
 * bound. Reads merged digests, so shards do not matter. Plain records, no ownership.
 */
#ifndef COLDPROF_MODEL_DIGEST_IDLE_H
#define COLDPROF_MODEL_DIGEST_IDLE_H

#include <stdbool.h>
#include <stddef.h>

#include "model/digest/digest.h"
#include "model/stat/idle_survival.h"

/* Starts and ends are known to a few ms only: what begins that close together began together. */
enum { CP_DIGEST_IDLE_SAME_MS = 1000 };

struct cp_digest_idle {
    enum cp_code status;                             /* CP_OK; CP_ENODATA: no probe */
    struct cp_idle_point points[CP_IDLE_POINTS_MAX]; /* counts only; ascending, n > 0 */
    size_t n_points;
    size_t n_warm, n_cold;  /* probes */
    size_t n_short;         /* cold ones after less than CP_DIGEST_IDLE_MIN_MS: no probes */
    size_t n_contradicting; /* cold starts while an environment was free */
    size_t n_censored;      /* streams that nothing is known of after their last use */
    bool is_partial;        /* of some scope only a sample of the streams */
};

/* Together, each scope a pool of its own. */
void cp_digest_idle_of(const struct cp_digest_scope *const *scopes, size_t n,
                       struct cp_digest_idle *out);

/* The same probes in batches, for cp_idle_survival_of_batches: those of one pool at one point whose
 * pauses ended within the same minute are one. What ends them together (a burst that needs many,
 * the loss of a host, a deployment) then counts once; the dependence of one environment's pauses on
 * each other over hours is not in it. Ascending by interval; the sums are those of the points.
 * `*batches` is the caller's to free, NULL when there are none. CP_ENOMEM. */
enum cp_code cp_digest_idle_batches(const struct cp_digest_scope *const *scopes, size_t n,
                                    struct cp_idle_batch **batches, size_t *n_batches,
                                    struct cp_error *err);

struct cp_digest_lifetime {
    double used_ms;     /* first start to last end: it lived that long at least */
    double gone_by_ms;  /* first start to the cold start that proves it gone; INFINITY: censored */
    bool is_start_seen; /* false: older than the log, or started without init in the log */
};
/* Of the streams of one scope, in order of their hashes; returns how many. */
size_t cp_digest_lifetimes(const struct cp_digest_scope *scope,
                           struct cp_digest_lifetime out[CP_DIGEST_STREAMS_MAX]);

#endif
