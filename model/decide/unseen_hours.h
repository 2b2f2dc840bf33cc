/* SPDX-License-Identifier: GPL-3.0-or-later
 * Hours of the week that no window of a curve counted (windows.h): heavy traffic is simulated for
 * some hours only, and a schedule needs all of them. An hour that was not seen, or for less than
 * half as long as others, gets the counts of a seen one of at least its rate, the lowest of those;
 * where none has as many requests, of the busiest. Rates are those of the traffic itself, which are
 * known for all hours; 5 % more or less is the same. So it errs towards more environments. Pure.
 */
#ifndef COLDPROF_MODEL_UNSEEN_HOURS_H
#define COLDPROF_MODEL_UNSEEN_HOURS_H

#include "model/decide/pool_curve.h"

/* Requests per second in each hour of the week, the law's factor left out; NAN of an hour that the
 * law does not reach. `week_origin_ms` as in cp_pool_options. */
void cp_hour_rates(const struct cp_arrivals_law *law, double week_origin_ms,
                   double per_s[CP_ARRIVALS_HOURS]);

/* `curve` by hour of the week, of traffic by this law. */
void cp_unseen_hours_fill(struct cp_pool_curve *curve, const struct cp_arrivals_law *law,
                          double week_origin_ms);

#endif
