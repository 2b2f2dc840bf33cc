/* SPDX-License-Identifier: GPL-3.0-or-later
 * Target tracking (Application Auto Scaling) of provisioned environments by their utilisation.
 *
 * Every period gives one point: environments in use over environments ready, both averaged over
 * its time. Nothing in use: no point, as Lambda then has none. An alarm looks at the last points:
 *     out   `out_points` in a row above the target
 *     in    `in_points` in a row below in_share of the target; a missing point breaks the row, so
 *           that idle environments are kept (and paid), as AWS warns
 * It sets the number to ceil(n u / target) of the last point, within [min, max]: n u is what was in
 * use then. Nothing is changed while environments are being prepared, nor within a cooldown after a
 * change of the same direction. From 0 environments there is no way up: no point, no alarm.
 *
 * Sources: AWS, "Managing provisioned concurrency with Application Auto Scaling"; the alarms that a
 * policy makes have 3 and 15 points of a minute, with the average; cooldowns are 0 for Lambda.
 * Pure; times in ms.
 */
#ifndef COLDPROF_MODEL_POOL_TRACKING_H
#define COLDPROF_MODEL_POOL_TRACKING_H

#include <stdbool.h>

/* 0 stands for the default, but of target, min, max, ready_ms and cooldowns. */
struct cp_pool_tracking {
    double target; /* 0: no tracking; else up to 1 */
    int min, max;
    int out_points, in_points; /* 3, 15; at most CP_TRACKING_POINTS_MAX */
    double in_share;           /* 0.9; at most 1 */
    double period_ms;          /* a minute */
    double ready_ms;           /* from the alarm until all new environments serve */
    double out_cooldown_ms, in_cooldown_ms;
};

enum { CP_TRACKING_POINTS_MAX = 1440 };

bool cp_pool_tracking_is_usable(const struct cp_pool_tracking *rule);
double cp_pool_tracking_period_ms(const struct cp_pool_tracking *rule);
/* `n` within the rule's limits. */
int cp_pool_tracking_within(const struct cp_pool_tracking *rule, int n);

/* What the alarms remember; zero-initialised. */
struct cp_tracking_alarms {
    int n_above, n_below;       /* points in a row up to now */
    double out_until, in_until; /* cooldowns */
};

/* One period is over: for how long environments were in use and ready in it. The number wanted from
 * `now` on; `n` is what there is, `is_preparing` that more of them are coming. */
int cp_pool_tracking_point(const struct cp_pool_tracking *rule, struct cp_tracking_alarms *alarms,
                           double now, double busy_ms, double ready_ms, int n, bool is_preparing);

#endif
