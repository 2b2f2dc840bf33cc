/* SPDX-License-Identifier: GPL-3.0-or-later
 * Which stretches of the traffic a simulation plays, so that it has about so many arrivals and each
 * part of the traffic counts as often as any other.
 *
 * A rate has no clock: ten replications of one length. Anything else has a span, which repeats: a
 * week, the days of counts, a trace. It is cut into CP_WINDOWS_STRATA windows, and each is played
 * twice or more with other random numbers, so that the interval of a mean is about chance and not
 * about day and night being different. Where the wanted arrivals do not last for two rounds of the
 * span, shorter windows are spread over it: a step that is no divisor of a day sees all its hours.
 * Pure.
 */
#ifndef COLDPROF_MODEL_WINDOWS_H
#define COLDPROF_MODEL_WINDOWS_H

#include "model/decide/pool_sim.h"

enum { CP_WINDOWS_STRATA = 10, CP_WINDOWS_SPREAD = 25, CP_WINDOWS_ROUNDS_MAX = 8 };

struct cp_windows_question {
    const struct cp_arrivals_law *law; /* with the factor that is asked about */
    double first_ms;                   /* unix ms of its beginning; NAN unknown */
    double arrivals;                   /* wanted, of all replications together; > 0 */
    double lifetime_ms;                /* idle environments live about so long: warm-up */
};

/* How many arrivals to want when so many memory sizes are simulated: so that a decision takes a
 * second, and some seconds of traffic that goes by a clock. */
double cp_windows_arrivals(const struct cp_arrivals_law *law, size_t n_sizes);

/* Sets window_step_ms, week_origin_ms, replications, horizon_ms and warm_up_ms. */
void cp_windows_set(const struct cp_windows_question *question, struct cp_pool_options *options);
/* Share of the span that the windows count, at most 1; 1 of a rate. */
double cp_windows_covered(const struct cp_pool_options *options);

/* Does the traffic go by a clock, so that a schedule can follow it? */
bool cp_windows_has_clock(const struct cp_arrivals_law *law);

#endif
