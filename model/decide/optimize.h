/* SPDX-License-Identifier: GPL-3.0-or-later
 * The decision: the cheapest setting - memory size, variant (architecture, SnapStart), and
 * on-demand, reserved or provisioned concurrency, always, by the clock or by target tracking -
 * whose latency quantile meets the budget at the given traffic. Latency is the mixture of cold and
 * warm starts with the cold share that a pool simulation gives at that traffic. Pure: samples in,
 * decision out.
 *
 * Rule: among candidates whose upper confidence bound of the quantile is <= budget, the lowest
 * monthly cost wins; where it is not shown to cost less than another, fewer provisioned
 * environments win, then the smaller memory size; the current setting wins when it is among those
 * (no change inside the noise), or when the best would save less than 5 % of its cost (a deployment
 * for nothing). Never a size with less than 10 % headroom over max memory used, never a setting
 * that throttles more than the question allows (one request in 10,000).
 *
 * Candidates: every size on demand; reserved where the account throttles or a throttle target is
 * given; numbers of provisioned environments from the size's curve (pool_curve.h), of which the
 * answer and its neighbours are simulated on their own; where the traffic has a clock, a schedule
 * by hour of the week for each size, and target tracking for the size of the best of them. Where
 * nobody waits for an answer (asynchronous work, streams) the budget binds no latency.
 *
 * Nobody is told to spend money because samples are few: a change to a dearer setting needs every
 * cheaper one to be shown, or at least estimated, to miss the budget. While a cheaper one is
 * undecided the verdict is NOT ENOUGH DATA (INVESTIGATE when its interval holds the budget),
 * `chosen` is that one, and `fallback` the setting that is shown to meet the budget.
 *
 * Idle lifetimes beyond the longest measured interval are taken as ended there: an unmeasured range
 * can only make a setting look worse. Without any idle probe every request is taken as cold. A cold
 * share that was observed needs no such assumption.
 */
#ifndef COLDPROF_MODEL_OPTIMIZE_H
#define COLDPROF_MODEL_OPTIMIZE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/base/error.h"
#include "model/decide/bill.h"
#include "model/decide/demand.h"
#include "model/decide/price.h"
#include "model/decide/threshold.h"
#include "model/sample.h"
#include "model/stat/idle_survival.h"
#include "model/stat/parameter.h"
#include "model/stat/quantile.h"

#define CP_HEADROOM_FACTOR     1.1  /* memory size over max memory used */
#define CP_SAVING_MIN          0.05 /* a smaller saving is no reason to change what works */
#define CP_THROTTLED_SHARE_MAX 1e-4 /* more is not a working setting */

enum cp_concurrency_mode {
    CP_MODE_ON_DEMAND,
    CP_MODE_RESERVED,
    CP_MODE_PROVISIONED, /* so many, always */
    CP_MODE_SCHEDULED,   /* provisioned by hour of the week */
    CP_MODE_TRACKING,    /* provisioned, by target tracking of its utilisation */
};
const char *cp_concurrency_mode_name(enum cp_concurrency_mode mode); /* "on-demand", ... */
bool cp_mode_is_provisioned(enum cp_concurrency_mode mode); /* always, by schedule or tracking */

/* Whom a cold start reaches: somebody who waits; or a queue or a stream, where it only takes time.
 */
enum cp_workload_class { CP_CLASS_INTERACTIVE, CP_CLASS_ASYNC, CP_CLASS_STREAM };
/* What must lie within the budget. */
enum cp_risk { CP_RISK_UPPER_BOUND, CP_RISK_POINT };

/* Application Auto Scaling on the utilisation of provisioned concurrency. */
struct cp_tracking {
    double target; /* 0.1..0.9 */
    int min, max;  /* environments */
};

/* Measurements of one memory size. Arrays are borrowed. */
struct cp_size_data {
    int memory_size_mb;
    const char *architecture;          /* "x86_64", "arm64" */
    const struct cp_price_book *price; /* of its Region and architecture */
    /* How a fresh environment starts. CP_START_SNAPSTART: by a restore; no provisioned concurrency
     * is then proposed, since a version cannot have both. */
    enum cp_start_kind fresh_start;
    const double *init_ms;         /* n_cold values, paired with cold_handler_ms by index; of
                                    * restored environments their restores */
    const double *cold_handler_ms; /* first handler run of the same environment */
    const double *cold_billed_ms;  /* n_cold, as billed; NULL: predicted (init and handler) */
    size_t n_cold;
    const double *warm_ms; /* n_warm */
    size_t n_warm;
    /* Function timeout. A handler duration of +INFINITY is one that it ended: above every other in
     * quantiles, `timeout_ms` in costs and in the simulation. NAN: none of them is. */
    double timeout_ms;
    double failure_share;   /* failed / (measured + failed), 0..1; NAN when nothing ran */
    int max_memory_used_mb; /* -1 unknown */
    int storage_mb;         /* ephemeral storage; 512 MB are free */
    bool pays_snapshots;    /* of a SnapStart function: its snapshots are billed (not Java) */
    bool cannot_run;        /* out of memory, timeout or init failure at this size */
};

/* Sizes of one architecture and start kind are a variant of the function: they share tails. The
 * variant of sizes[0] is what runs now. */
struct cp_optimize_input {
    const struct cp_size_data *sizes;
    size_t n_sizes;
    const struct cp_idle_survival *survival;
    const struct cp_price_terms *terms; /* NULL: list price of the first tier, no free tier */
    double budget_q;                    /* 0.99; NAN: no budget, report cost and latency only */
    double budget_ms;
    /* NULL: no traffic given, cold starts judged on their own, and latency_ms, p50_ms .. are those
     * of cold starts (of warm starts with provisioned concurrency). Borrowed. */
    const struct cp_demand *demand;
    enum cp_workload_class workload;
    enum cp_risk risk;
    /* Share of cold starts that this very traffic was seen to have on demand (a log): used instead
     * of the simulated one wherever no concurrency is provisioned. NULL: not seen. */
    const struct cp_interval *observed_cold_share;
    int current_memory_mb;      /* -1 unknown */
    int unreserved_concurrency; /* account's; -1 unknown */
    int max_provisioned;        /* search limit; 0 means 100 */
    /* More throttled requests than that are no working setting; 0 means CP_THROTTLED_SHARE_MAX.
     * When given, reserved concurrency that keeps to it is among the candidates. */
    double throttled_share_max;
    double simulated_requests; /* of one simulation; 0: so many that a decision takes a second */
    uint64_t seed;
    int n_threads; /* of the simulations; the decision does not depend on it */
    /* Called between candidates (may be NULL): lets a user interface stay alive. */
    void (*on_progress)(void *context, size_t done, size_t total);
    void *progress_context;
};

/* What a month's cost is uncertain by. */
enum cp_cost_part {
    CP_COST_COLD_MS,    /* mean billed ms of cold starts */
    CP_COST_WARM_MS,    /* of warm requests */
    CP_COST_COLD_SHARE, /* of requests */
    CP_COST_SPILLOVER,
    CP_COST_READY, /* environments that tracking keeps ready */
    CP_COST_PARTS
};

struct cp_candidate {
    size_t size; /* index into the input's sizes; of a modelled one, of a size of its variant */
    int memory_size_mb;
    const char *architecture; /* of that size, as the next */
    enum cp_start_kind fresh_start;
    enum cp_concurrency_mode mode;
    int concurrency; /* reserved or provisioned number, the most of a schedule; 0 for on-demand */
    uint16_t by_hour[CP_ARRIVALS_HOURS]; /* SCHEDULED: provisioned, UTC, Monday 00:00 first */
    struct cp_tracking tracking;         /* TRACKING */
    struct cp_interval latency_ms;       /* at budget_q (p99 when no budget) of all requests */
    struct cp_interval p50_ms, p95_ms, p99_ms;
    enum cp_answer latency_status;
    /* Share of those requests that take longer than budget_ms; NAN without a budget. */
    struct cp_interval over_budget;
    size_t n_cold, n_warm;         /* samples behind it */
    struct cp_interval cold_share; /* of requests, 0..1 */
    double spillover_share;        /* of requests served outside provisioned concurrency */
    double throttled_share;
    double utilization;      /* of provisioned concurrency, 0..1; NAN for on-demand */
    double peak_concurrency; /* p99.9 over time from the simulation */
    int most_in_flight;      /* requests at once, ever, in the simulation */
    double longest_reuse_ms; /* longest idle interval that an environment was used again after */
    /* Told from the curve of its size (pool_curve.h), not simulated on its own: never so of the
     * chosen one and its neighbours. */
    bool is_from_curve;
    struct cp_interval usd_per_million;
    struct cp_interval usd_per_month; /* at the given traffic; NAN without traffic */
    struct cp_bill bill;              /* the lines of that month */
    /* how much a month costs more when the quantity is one standard error above its value */
    double cost_parts_usd[CP_COST_PARTS];
    double fixed_usd_per_month; /* provisioned concurrency kept ready; 0 otherwise */
    bool meets_budget;          /* upper bound <= budget */
    bool may_meet_budget;       /* point <= budget < upper bound: more samples would tell */
    bool is_on_frontier;        /* not dominated in (cost, latency) */
    bool is_current;
    bool is_modelled; /* a size nobody measured (modelled_answer.h): a reason to measure, no more */
    bool is_throttled; /* more than the question allows: no working setting */
    bool is_runnable;  /* false: listed for completeness, with `why_not` */
    char why_not[160]; /* also set when a runnable candidate throttles */
    /* 0, or the samples of all memory sizes behind the upper bound of latency_ms: this size has too
     * few of its own, and its tail is that which the sizes share */
    size_t n_pooled;
    bool cold_decides;  /* the samples that decide about latency_status: cold, else warm */
    size_t n_needed;    /* how many of those an upper bound of latency_ms takes */
    bool idle_decides;  /* meets the budget only if environments outlive the longest idle probe */
    bool bursts_decide; /* provisioned; meets the budget if what was observed came evenly */
    double busy;        /* requests in flight, time average; NAN without traffic */
};

/* One number of provisioned environments of one size, always kept; n = 0: on demand. */
struct cp_level {
    int n;
    struct cp_interval cold_share;
    double spillover_share, utilization;
    struct cp_interval latency_ms; /* at the quantile that decides */
    struct cp_interval usd_per_month;
    struct cp_bill bill;
};

enum cp_verdict {
    CP_VERDICT_NOT_ENOUGH_DATA,
    CP_VERDICT_KEEP,
    CP_VERDICT_CHANGE,
    CP_VERDICT_INVESTIGATE
};
const char *cp_verdict_name(enum cp_verdict verdict); /* "CHANGE", "KEEP", ... */

enum {
    CP_SIZES_MAX = 64, /* of one question */
    CP_CANDIDATES_MAX = 192,
    CP_LEVELS_MAX = 32,
    CP_SENTENCE_MAX = 640,
    CP_THRESHOLDS_MAX = 16,
    CP_CHANGERS_SHOWN = 3, /* where room is short; they are sorted, nearest first */
};

struct cp_decision {
    enum cp_verdict verdict;
    bool is_budget_met;           /* false: `chosen` is undecided, least violating, or none */
    int chosen, current, fastest; /* index into candidates, -1 none; current is on-demand */
    int cheapest;                 /* of those that meet the budget; of all when none does */
    int fallback; /* shown to meet the budget when `chosen` is only undecided; -1 none */
    struct cp_candidate candidates[CP_CANDIDATES_MAX];
    size_t n_candidates;
    /* The whole curve of the chosen size (else of the cheapest): cost and cold share by number, for
     * charts and tables. None without traffic, or where nothing can be provisioned. */
    struct cp_level levels[CP_LEVELS_MAX];
    size_t n_levels;
    size_t levels_size; /* index into the input's sizes */
    double covered;     /* share of the traffic's span that was simulated, 1: all of it */
    char sentence[CP_SENTENCE_MAX]; /* what to set */
    char because[CP_SENTENCE_MAX];  /* the decisive inequality, in numbers with intervals */
    char money[CP_SENTENCE_MAX];    /* cost, and against the current setting */
    char reserved[CP_SENTENCE_MAX]; /* what reserved concurrency would add, with its number; "" */
    char modelled[CP_SENTENCE_MAX]; /* a size worth measuring (cp_modelled_answer_find); "" */
    /* What would change the answer, nearest first; changers[i] tells thresholds[i] in words. */
    struct cp_threshold thresholds[CP_THRESHOLDS_MAX];
    size_t n_thresholds;
    char changers[CP_THRESHOLDS_MAX][CP_SENTENCE_MAX];
    size_t n_changers;
    /* Cost of the current setting less that of the chosen one, with an interval of its own: the
     * samples and the traffic that both share do not count twice. NAN without both. */
    struct cp_interval saving_usd_per_month;
    double break_even_utilization;
    /* The observed cold share is above what even arrivals would have: requests come in bursts. What
     * of them provisioned concurrency would leave is between the simulated and the observed share;
     * its upper bounds say so. */
    bool is_bursty;
    struct cp_interval even_cold_share; /* simulated, on demand; NAN unless is_bursty */
    double survival_used_ms;            /* largest idle interval the traffic made use of */
    bool is_survival_extrapolated;
};

/* How many of its changers are to be shown where room is short. */
static inline size_t cp_decision_n_shown(const struct cp_decision *d)
{
    return d->n_changers < CP_CHANGERS_SHOWN ? d->n_changers : CP_CHANGERS_SHOWN;
}

/* The most throttled requests that the question allows. */
static inline double cp_throttled_share_max(const struct cp_optimize_input *input)
{
    return input->throttled_share_max > 0 ? input->throttled_share_max : CP_THROTTLED_SHARE_MAX;
}

/* Fills `decision`; CP_EINVAL for impossible input, CP_ENODATA is a verdict, not an error. */
enum cp_code cp_optimize(const struct cp_optimize_input *input, struct cp_decision *decision,
                         struct cp_error *err);

#endif
