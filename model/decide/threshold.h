/* SPDX-License-Identifier: GPL-3.0-or-later
 * Where a decision would turn over: the nearest value of one input, all others as they are, at
 * which another setting is the answer. Plain records.
 */
#ifndef COLDPROF_MODEL_THRESHOLD_H
#define COLDPROF_MODEL_THRESHOLD_H

#include <stdbool.h>
#include <stddef.h>

enum cp_threshold_kind {
    CP_THRESHOLD_TRAFFIC,       /* requests per second on average; the same law, faster or slower */
    CP_THRESHOLD_BUDGET,        /* ms */
    CP_THRESHOLD_PRICE,         /* of provisioned concurrency, ready and used; 1 is the price now */
    CP_THRESHOLD_DISCOUNT,      /* on every line of compute (a Savings Plan); 1 is no discount */
    CP_THRESHOLD_IDLE_LIFETIME, /* ms that half of the idle environments live */
    CP_THRESHOLD_UTILIZATION,   /* busy share at which provisioned costs as much as on-demand */
};
const char *cp_threshold_kind_name(enum cp_threshold_kind kind); /* "traffic", "budget", ... */

/* Of its value: "requests_per_s", "ms", "ratio". */
const char *cp_threshold_unit(enum cp_threshold_kind kind);

/* What happens there. */
enum cp_flip {
    CP_FLIP_FAILS,     /* the chosen setting no longer meets the budget; `to` does, or nothing */
    CP_FLIP_CHEAPER,   /* `to` meets the budget too and costs less, or is simpler at that cost */
    CP_FLIP_MEETS,     /* nothing was shown to meet the budget; `to` is */
    CP_FLIP_THROTTLES, /* the chosen setting throttles too many requests; `to` does not */
    CP_FLIP_PAYS,      /* UTILIZATION: provisioned concurrency costs less than on-demand above it */
};
const char *cp_flip_name(enum cp_flip flip); /* "fails", "cheaper", "meets", "throttles", "pays" */

struct cp_threshold {
    enum cp_threshold_kind kind;
    enum cp_flip flip;
    double value;  /* in the unit of its kind */
    double factor; /* value over the value now; NAN where there is none now */
    int to;        /* candidate that is the answer beyond it; -1 none, or not among them */
    /* The answer beyond it, also when it is not among the candidates (another number of
     * provisioned environments); memory size 0: no setting meets the budget there. */
    size_t to_size; /* index into the input's sizes: memory and variant */
    int to_memory_size_mb;
    int to_mode; /* enum cp_concurrency_mode */
    int to_concurrency;
    /* Of the chosen setting at the threshold, by simulation; NAN: not simulated. The estimate is a
     * point: within the budget where only the proof ends. */
    double estimate_ms, cold_share;
    bool by_search; /* by bisection with simulations (changer.h): an estimate */
};

#endif
