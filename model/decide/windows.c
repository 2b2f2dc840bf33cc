/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/decide/windows.h"

#include "model/base/units.h"

#include <math.h>

/* Warm-up: the time until the first environments can expire, but never more than this many times
 * the counted time. A shorter warm-up overstates the cold share, which is the safe side. */
#define WARM_UP_COUNTED_MAX 1.0
#define WARM_UP_SHARE_MIN   0.05
/* Arrivals of one simulation. The sizes share so many; each has two simulations or three, the
 * explanation as many again: about half a second. */
#define ARRIVALS_TOTAL 1e6
#define ARRIVALS_MIN   2e4
#define ARRIVALS_MAX   2e5
/* Of traffic with a clock two rounds, as long as these are enough for it: a million for each of 7
 * sizes of 2 architectures. */
#define ROUNDS_OF_SPAN         2.0
#define ARRIVALS_OF_SPAN_MAX   2e6
#define ARRIVALS_OF_SPAN_TOTAL 1.4e7
#define THURSDAY_TO_MONDAY     (4.0 * CP_MS_PER_DAY) /* unix time begins on a Thursday */

bool cp_windows_has_clock(const struct cp_arrivals_law *law)
{
    return law->kind == CP_ARRIVALS_WEEK ||
           (law->kind != CP_ARRIVALS_POISSON && law->kind != CP_ARRIVALS_PERIODIC &&
            cp_arrivals_span_ms(law) >= CP_MS_PER_DAY);
}

/* Hour 0 of the week on the law's own clock. */
static double week_origin_ms(const struct cp_windows_question *q)
{
    if (q->law->kind == CP_ARRIVALS_WEEK || !isfinite(q->first_ms))
        return 0;
    double into_week = fmod(q->first_ms - THURSDAY_TO_MONDAY, CP_MS_PER_WEEK);
    return into_week > 0 ? -into_week : into_week;
}

double cp_windows_arrivals(const struct cp_arrivals_law *law, size_t n_sizes)
{
    double arrivals = fmin(ARRIVALS_MAX, fmax(ARRIVALS_MIN, ARRIVALS_TOTAL / (double)n_sizes));
    double span_s = cp_arrivals_span_ms(law) / CP_MS_PER_S;
    if (!isfinite(span_s))
        return arrivals;
    double rounds = ROUNDS_OF_SPAN * span_s * cp_arrivals_mean_per_s(law);
    double most = fmin(ARRIVALS_OF_SPAN_MAX, ARRIVALS_OF_SPAN_TOTAL / (double)n_sizes);
    return fmax(arrivals, fmin(ceil(rounds * (1 + 1e-9)), most));
}

static void set_without_span(double counted_ms, struct cp_pool_options *o)
{
    o->replications = CP_POOL_REPLICATIONS;
    o->horizon_ms = counted_ms / CP_POOL_REPLICATIONS;
    o->window_step_ms = 0;
}

static void set_with_span(double counted_ms, double span_ms, struct cp_pool_options *o)
{
    double rounds = counted_ms / span_ms;
    if (rounds >= 2) {
        int n = (int)fmin(floor(rounds), CP_WINDOWS_ROUNDS_MAX);
        o->replications = CP_WINDOWS_STRATA * n;
        o->horizon_ms = o->window_step_ms = span_ms / CP_WINDOWS_STRATA;
    } else {
        o->replications = 2 * CP_WINDOWS_SPREAD;
        o->window_step_ms = span_ms / CP_WINDOWS_SPREAD;
        o->horizon_ms = counted_ms / o->replications;
    }
}

void cp_windows_set(const struct cp_windows_question *question, struct cp_pool_options *options)
{
    double counted_ms = question->arrivals / cp_arrivals_mean_per_s(question->law) * CP_MS_PER_S;
    double span_ms = cp_arrivals_span_ms(question->law);
    options->week_origin_ms = week_origin_ms(question);
    if (isfinite(span_ms))
        set_with_span(counted_ms, span_ms, options);
    else
        set_without_span(counted_ms, options);
    options->warm_up_ms =
        fmax(WARM_UP_SHARE_MIN * options->horizon_ms,
             fmin(question->lifetime_ms, WARM_UP_COUNTED_MAX * options->horizon_ms));
}

double cp_windows_covered(const struct cp_pool_options *options)
{
    return options->window_step_ms > 0 ? fmin(1, options->horizon_ms / options->window_step_ms) : 1;
}
