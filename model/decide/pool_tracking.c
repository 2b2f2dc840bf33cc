/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/decide/pool_tracking.h"

#include "model/base/units.h"

#include <math.h>

static const int default_out_points = 3;
static const int default_in_points = 15;
static const double default_in_share = 0.9;
static const double rounding = 1e-9; /* of a quotient that is whole but for its last digits */

static bool is_time(double ms)
{
    return ms >= 0 && !isinf(ms);
}

static bool is_points(int n)
{
    return n >= 0 && n <= CP_TRACKING_POINTS_MAX;
}

bool cp_pool_tracking_is_usable(const struct cp_pool_tracking *r)
{
    return r->target >= 0 && r->target <= 1 && r->min >= 0 && r->max >= r->min &&
           is_points(r->out_points) && is_points(r->in_points) && r->in_share >= 0 &&
           r->in_share <= 1 && is_time(r->period_ms) && is_time(r->ready_ms) &&
           is_time(r->out_cooldown_ms) && is_time(r->in_cooldown_ms);
}

double cp_pool_tracking_period_ms(const struct cp_pool_tracking *rule)
{
    return rule->period_ms > 0 ? rule->period_ms : CP_MS_PER_MINUTE;
}

int cp_pool_tracking_within(const struct cp_pool_tracking *rule, int n)
{
    return n < rule->min ? rule->min : n > rule->max ? rule->max : n;
}

static int or_default(int points, int otherwise)
{
    return points > 0 ? points : otherwise;
}

int cp_pool_tracking_point(const struct cp_pool_tracking *rule, struct cp_tracking_alarms *alarms,
                           double now, double busy_ms, double ready_ms, int n, bool is_preparing)
{
    bool is_missing = !(busy_ms > 0) || !(ready_ms > 0);
    double in_share = rule->in_share > 0 ? rule->in_share : default_in_share;
    double u = is_missing ? NAN : busy_ms / ready_ms;
    alarms->n_above = u > rule->target ? alarms->n_above + 1 : 0;
    alarms->n_below = u < in_share * rule->target ? alarms->n_below + 1 : 0;
    bool is_out = alarms->n_above >= or_default(rule->out_points, default_out_points);
    bool is_in = alarms->n_below >= or_default(rule->in_points, default_in_points);
    if (is_preparing || (!is_out && !is_in))
        return n;
    double in_use = busy_ms / cp_pool_tracking_period_ms(rule);
    double wanted = fmin(ceil(in_use / rule->target - rounding), rule->max);
    int within = cp_pool_tracking_within(rule, (int)wanted);
    if (is_out && within > n && now >= alarms->out_until) {
        alarms->out_until = now + rule->ready_ms + rule->out_cooldown_ms;
        return within;
    }
    if (is_in && within < n && now >= alarms->in_until) {
        alarms->in_until = now + rule->in_cooldown_ms;
        return within;
    }
    return n;
}
