/* SPDX-License-Identifier: GPL-3.0-or-later
 * Provisioned concurrency by the clock: how many environments in which hours cost least while the
 * share of cold starts stays within a limit.
 *
 * From pool_curve.h: in hour h the i-th environment serves N(h,i) requests a week, C(h,i) of which
 * would start cold without it. Keeping it for that hour costs
 *     fixed - N(h,i) warm_saving - C(h,i) cold_saving,
 * and takes C(h,i) from the cold starts. Choosing n(h) is separable but for the limit, so each cold
 * start gets a price lambda (Lagrange) and each group of hours its cheapest n; lambda is the
 * smallest one at which the limit holds (bisection), and whatever can be taken away then is. Each
 * change of n also has a price, which keeps schedules short; for a given lambda they are found by
 * dynamic programming over the hours, beginning at the quietest one.
 *
 * Quantile budgets do not add over hours: the limit is on the cold share of the whole week, since
 * the latency of all requests is the mixture at that share.
 *
 * An hour that no window of the curve saw takes the number of those it shares it with (0 when there
 * are none), and the week's cost is that of the hours seen, scaled.
 *
 * Assumptions: those of pool_curve.h; an hour's environments are ready at its beginning (apply asks
 * for them earlier). Exact against brute force without a price of changes where costs are convex in
 * n; else a feasible schedule that no single step improves. Plain records, no ownership.
 */
#ifndef COLDPROF_MODEL_SCHEDULE_H
#define COLDPROF_MODEL_SCHEDULE_H

#include <stdbool.h>
#include <stddef.h>

#include "model/decide/pool_curve.h"

/* Which hours must have the same number. */
enum cp_schedule_days {
    CP_SCHEDULE_CONSTANT, /* all */
    CP_SCHEDULE_DAILY,    /* the same hour of each day */
    CP_SCHEDULE_WEEKDAYS, /* the same hour of Monday to Friday; of Saturday and Sunday */
    CP_SCHEDULE_WEEK,     /* none */
};

struct cp_schedule_question {
    const struct cp_pool_curve *curve; /* by hour of the week; borrowed */
    enum cp_schedule_days days;
    double fixed_usd;       /* one provisioned environment for one hour */
    double warm_saving_usd; /* a warm request served by it instead of on demand; may be negative */
    double cold_saving_usd; /* a cold start that becomes a warm request, on top of that */
    double change_usd;      /* price of one change of n, so that schedules stay short; >= 0 */
    double max_cold_share;  /* of all requests; NAN: no limit, cost alone decides */
};

struct cp_schedule {
    enum cp_code
        status;       /* CP_OK; CP_EINVAL: no curve by hour, or prices that are none; CP_ENOMEM */
    bool is_feasible; /* false: the limit cannot be met with the curve's n_max; n is then n_max */
    int n[CP_ARRIVALS_HOURS]; /* provisioned environments by hour of the week */
    double usd_per_week;      /* against none provisioned; negative: saves; changes are not in it */
    double cold_share, spillover_share;
    double utilization; /* of what is provisioned; NAN when nothing is */
    int n_most;
    size_t n_changes; /* in a week */
};

void cp_schedule_find(const struct cp_schedule_question *question, struct cp_schedule *out);
/* Costs and shares of a given schedule: out->n is input. */
void cp_schedule_judge(const struct cp_schedule_question *question, struct cp_schedule *out);

#endif
