/* SPDX-License-Identifier: GPL-3.0-or-later
 * One thread that sends samples, waits for answers and keeps the store true:
 *
 *   NOT_SENT --(committed)--> SENT --(answer, committed)--> its outcome
 *
 * A sample is SENT in the store before a byte of it leaves, and its outcome is committed before
 * anything is sent after it (samples sent together are one commit, and so are answers that come
 * together); what a crash leaves SENT is UNKNOWN. Nothing new starts after a stop request or
 * a failure; flights then get 10 s.
 * Ownership: cp_runner_init / cp_runner_clear. The pointers in the options are borrowed.
 */
#ifndef COLDPROF_PROFILER_SWEEP_RUNNER_H
#define COLDPROF_PROFILER_SWEEP_RUNNER_H

#include "probes/record/record.h"
#include "profiler/sweep/cells.h"
#include "profiler/sweep/sweep_clock.h"
#include "profiler/sweep/swept.h"

struct cp_flight;

/* Times of one sample, monotonic ms; NAN while unknown. */
struct cp_slot {
    double idle_from_ms; /* the answer from which its idle interval runs */
    double answered_at_ms;
};

/* How long things took so far, all together. */
struct cp_pace {
    double total_ms;
    size_t n;
};

/* The commit that the answers of one poll share. */
enum cp_runner_group { CP_GROUP_NONE, CP_GROUP_WANTED, CP_GROUP_OPEN };

struct cp_runner {
    struct cp_lambda *lambda;
    struct cp_store *store;
    const struct cp_sweep_hooks *hooks;
    const struct cp_sweep_clock *clock;
    struct cp_sweep_settings *settings;
    struct cp_run *run;
    struct cp_plan plan;
    struct cp_cells cells;
    struct cp_swept swept;
    struct cp_slot *slots; /* one per sample of the plan */
    size_t n_slots;
    struct cp_flight *flights; /* in the air */
    size_t n_flights;
    size_t n_sent;                /* samples that are not NOT_SENT */
    size_t send_limit;            /* at most so many; SIZE_MAX: no limit */
    struct cp_spend spend;        /* of all answers so far; without a book nothing is billed */
    double reserved_usd;          /* worst case of what is in the air */
    double stock_usd;             /* quoted for the versions that are published ahead, at most */
    double earlier_snapshots_usd; /* of versions of earlier sessions, at most */
    bool is_cost_reached;         /* run->max_cost_usd allows nothing more */
    int stop;                     /* highest stop request seen */
    double halted_at_ms;          /* when it was first decided to start nothing new; NAN */
    struct cp_error failure;      /* first failure noticed in an answer; code CP_OK while none */
    double not_before_ms;         /* throttled: nothing is sent earlier */
    int n_silent;                 /* answers of success without a record; has_record: one had it */
    bool has_record;
    int n_throttled_in_a_row, n_lost_in_a_row, n_unreached_in_a_row;
    struct cp_log_tail *tail; /* scratch */
    enum cp_runner_group group;
    bool is_probed;     /* an endpoint that is neither AWS nor the embedded service */
    bool is_wall_clock; /* times of the client only: no record is expected */
    bool is_emulator;   /* records do not measure memory */
    bool is_idle_blind; /* no idle probe can tell a cold start */
    bool is_init_known; /* whether fresh environments show an init is settled */
    size_t n_events;    /* answers of any kind, also those without an invocation behind them */
    /* what the user is told: progress.c */
    const char *phase;
    double started_at_ms, shown_at_ms;
    double takes_ms;                      /* as quoted; NAN when nothing was */
    struct cp_pace fresh_pace, warm_pace; /* in this session */
    double idle_end_ms;                   /* when the idle phase will end; NAN before it */
    struct cp_sweep_row rows[CP_SWEEP_ROWS_MAX];
    size_t n_rows, current_row;
};

/* Empty, so that cp_runner_clear may follow. */
void cp_runner_init(struct cp_runner *r);
void cp_runner_clear(struct cp_runner *r);

double cp_runner_now_ms(const struct cp_runner *r);
/* False after a stop request, a failure, or at the limit of invocations or cost. */
bool cp_runner_may_send(struct cp_runner *r);
bool cp_runner_has_budget(const struct cp_runner *r);
/* Before a version of `memory_size_mb` is published: waits for answers until its snapshot and one
 * invocation fit the limit of cost, and stores what the versions then cost at most. False in
 * `*fits`: they do not. One that was published ahead fits. */
enum cp_code cp_runner_allow_version(struct cp_runner *r, int memory_size_mb, bool *fits,
                                     struct cp_error *err);
/* What the versions of this run cost at most when those that exist end `more_ms` from now. */
double cp_runner_snapshots_usd(const struct cp_runner *r, double more_ms);
/* CP_OK, CP_EINTERRUPTED after a stop request, or the failure noticed in an answer. */
enum cp_code cp_runner_status(struct cp_runner *r, struct cp_error *err);

/* A prime that the plan did not foresee, stored; its index goes to `*index`. */
enum cp_code cp_runner_add_prime(struct cp_runner *r, int memory_size_mb, size_t *index,
                                 struct cp_error *err);

/* A probe of a search, the same. */
enum cp_code cp_runner_add_probe(struct cp_runner *r, int memory_size_mb, double idle_interval_ms,
                                 int64_t batch, size_t *index, struct cp_error *err);

/* Sends the samples `indices` (all NOT_SENT) to `version` at once: all are committed as SENT before
 * the first leaves. Fewer when a limit is near: with run->max_cost_usd nothing is sent that, with
 * everything in the air at its worst case, could exceed it. */
enum cp_code cp_runner_send(struct cp_runner *r, const size_t *indices, size_t n,
                            const char *version, struct cp_error *err);
/* Waits until nothing is in the air (what does not come back after a stop becomes UNKNOWN). */
enum cp_code cp_runner_drain(struct cp_runner *r, struct cp_error *err);
/* Sends and drains, again for those that could not be reached, while that makes sense. */
enum cp_code cp_runner_exchange(struct cp_runner *r, const size_t *indices, size_t n,
                                const char *version, struct cp_error *err);
/* Waits until `until_ms`, an answer, or a stop request, whatever comes first. */
enum cp_code cp_runner_wait(struct cp_runner *r, double until_ms, struct cp_error *err);

enum cp_code cp_runner_store_cells(struct cp_runner *r, struct cp_error *err);
void cp_runner_warn(const struct cp_runner *r, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* The phases (cold.c, idle.c). CP_OK also when they ended early: see cp_runner_status. */
enum cp_code cp_cold_phase(struct cp_runner *r, struct cp_error *err);
/* One step of it; nothing is in the air afterwards, and its version is deleted. */
enum cp_code cp_cold_step(struct cp_runner *r, size_t step, struct cp_error *err);
enum cp_code cp_idle_phase(struct cp_runner *r, struct cp_error *err);
/* Primes that a chain with so many probes to come may need at most. */
size_t cp_idle_most_primes(size_t n_probes);
/* What the chains to come will take at most: the longest one, or what the search may wait. */
double cp_idle_left_ms(const struct cp_runner *r);

/* The same as expected. */
double cp_idle_expected_ms(const struct cp_runner *r);

/* What a search for the idle lifetime still has before it; all zero when there is none, or it has
 * ended. */
struct cp_idle_outlook {
    bool is_on;
    size_t n_probes, n_most; /* expected, at most */
    double wait_ms, wait_most_ms;
};
struct cp_idle_outlook cp_idle_outlook(const struct cp_runner *r);

#endif
