/* SPDX-License-Identifier: GPL-3.0-or-later
 * Environments of the idle phase side by side, each of a version of its own, so that whatever
 * answers on it is the one that was primed, or a new one that says so:
 *
 *   prime -> answer .. interval .. probe -> answer .. interval .. probe -> ...
 *
 * Each answer is the known-warm start of the next interval. After an answer that does not leave a
 * warm environment behind, the chain is primed again. Which interval comes next is decided by a
 * source: the plan's list (idle_list.c) or the search for the idle lifetime (idle_search.c).
 */
#ifndef COLDPROF_PROFILER_SWEEP_IDLE_CHAIN_H
#define COLDPROF_PROFILER_SWEEP_IDLE_CHAIN_H

#include "profiler/sweep/runner.h"

#define CP_NO_SAMPLE SIZE_MAX

struct cp_idle_chain {
    const struct cp_plan_chain *plan;
    char version[CP_VERSION_MAX]; /* "" while there is none */
    size_t current;               /* in the air; CP_NO_SAMPLE */
    double warm_since_ms;         /* last answer of a living environment; NAN: to be primed */
    double interval_ms;           /* to be probed next; NAN: none now */
    double prime_from_ms;         /* not before: an invocation without answer may still run */
    int n_primes;                 /* in a row without a probe between */
    int n_late;                   /* intervals in a row that passed before the probe could leave */
    bool is_over;
};

struct cp_idle_chains {
    struct cp_idle_chain *at;
    size_t n;
    bool is_short; /* the limit of cost allows no more of them */
};

struct cp_idle_source {
    void *context;
    /* Before anything is opened, and whenever answers may have come: plans ahead. */
    enum cp_code (*plan)(void *context, struct cp_runner *r, const struct cp_idle_chains *chains,
                         struct cp_error *err);
    /* Whether the chain, open or not yet, will have anything more to do. */
    bool (*has_more)(const void *context, const struct cp_runner *r,
                     const struct cp_plan_chain *plan);
    /* The interval that the chain probes next; NAN: none now. Asked again until it is probed. */
    double (*interval_ms)(void *context, struct cp_runner *r, struct cp_idle_chain *chain);
    /* What is due late_ms ago, and cannot leave before: whether it still measures its interval. */
    bool (*is_in_time)(const struct cp_idle_chain *chain, double late_ms);
    /* The sample to send for it. */
    enum cp_code (*take)(void *context, struct cp_runner *r, struct cp_idle_chain *chain,
                         size_t *index, struct cp_error *err);
    /* chain->current is a probe that is answered, or chain->interval_ms will not be probed. */
    void (*settle)(void *context, const struct cp_runner *r, struct cp_idle_chain *chain);
    /* How long the chain will be busy at most from its warm start on. */
    double (*left_ms)(const void *context, const struct cp_runner *r,
                      const struct cp_idle_chain *chain);
};

/* The first unsent sample first..first+n-1; CP_NO_SAMPLE. */
size_t cp_idle_first_unsent(const struct cp_runner *r, size_t first, size_t n);
/* Intervals of a planned chain that are not probed yet, summed. */
double cp_idle_planned_ms(const struct cp_runner *r, const struct cp_plan_chain *plan);

extern const struct cp_idle_source cp_idle_list_source;
/* Borrows nothing beyond `search`. */
struct cp_idle_search;
enum cp_code cp_idle_search_new(const struct cp_runner *r, struct cp_idle_search **out,
                                struct cp_error *err);
struct cp_idle_source cp_idle_search_source(struct cp_idle_search *search);
/* Stores why it ended, and tells what of it measured nothing. */
enum cp_code cp_idle_search_end(struct cp_idle_search *search, struct cp_runner *r,
                                struct cp_error *err);
void cp_idle_search_free(struct cp_idle_search *search);

#endif
