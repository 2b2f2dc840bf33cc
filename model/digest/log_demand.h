/* SPDX-License-Identifier: GPL-3.0-or-later
 * The traffic that a log shows, as arrivals for the simulation: the time of every request where all
 * of them are known (a TIMES law), else counts per minute (COUNTS).
 *
 * A silence of an hour or more is either a time without requests, or one that the log does not
 * cover (a lost file, a retention that ended). The minutes alone tell only by comparison: where the
 * same hours of other days have so many arrivals that the silence would be no chance (a Poisson
 * count of LOG_DEMAND_EXPECTED_MIN or more expected, none seen), it is a gap; its minutes get the
 * mean of the same hour on the days that have it. Any other silence counts as no requests, which
 * leaves environments idle for longer: the safe side.
 *
 * Pure but for memory. Ownership: *out is the caller's (cp_demand_free).
 */
#ifndef COLDPROF_MODEL_LOG_DEMAND_H
#define COLDPROF_MODEL_LOG_DEMAND_H

#include "model/base/error.h"
#include "model/decide/demand.h"
#include "model/digest/digest.h"
#include "model/sample.h"

enum {
    CP_LOG_DEMAND_SPAN_MIN_MS = 60000, /* a rate needs some time to be one */
    CP_LOG_DEMAND_SILENCE_MIN = 60,    /* minutes that may be a gap */
    CP_LOG_DEMAND_EXPECTED_MIN = 12,   /* exp(-12) = 6e-6 */
};

/* `digest`: of the function alone. `samples`: its requests, of a log that is small enough, in any
 * order; n_samples 0: none. NULL in *out where less than a minute, or nothing, has a time.
 * CP_ENOMEM. */
enum cp_code cp_log_demand(const struct cp_digest *digest, const struct cp_sample *samples,
                           size_t n_samples, struct cp_demand **out, struct cp_error *err);

#endif
