/* SPDX-License-Identifier: GPL-3.0-or-later
 * The state of one simulated pool: environments in order of creation and departures in order of
 * time. Used by pool_sim only. Times are double ms since the start of a replication.
 *
 * Slots are handed out in order of creation, so "created last" is the highest set bit of the idle
 * bitmap. Expiry is lazy: an environment that is found expired when a request reaches for it is
 * removed then, with the time it really ended. That needs no queue of expiries; the expired ones
 * that nobody reached for are dropped when the slots run out and are renumbered.
 *
 *     slot     0     1     2     3     4   ...   n_slots-1
 *     state   idle  gone  busy  idle  busy       busy
 *     bit      1     0     0     1     0          0
 */
#ifndef COLDPROF_MODEL_ENV_POOL_H
#define COLDPROF_MODEL_ENV_POOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/base/rng.h"
#include "model/decide/event_heap.h"

enum { CP_ENV_NONE = -1, CP_ENV_PROVISIONED = -2 };

struct cp_env {
    double created_at, free_at; /* free_at: last departure, while idle */
    double expire_at;
    bool is_gone;
};

struct cp_env_pool {
    struct cp_env *envs;  /* n_slots used of cap_slots */
    uint64_t *idle;       /* bit per slot */
    uint64_t *idle_words; /* bit per word of `idle` that is not 0 */
    int32_t *renumber;
    int32_t n_slots, cap_slots;
    struct cp_event_heap departures; /* of a slot, or of CP_ENV_PROVISIONED */
    double alive_ms;                 /* of environments removed so far, from count_from on */
    double count_from;
};

enum cp_code cp_env_pool_init(struct cp_env_pool *pool, double count_from);
void cp_env_pool_clear(struct cp_env_pool *pool);

/* The living idle environment created last (or first), now busy; CP_ENV_NONE when there is none. */
int32_t cp_env_pool_take(struct cp_env_pool *pool, double now, bool is_oldest_first);
/* One of the living idle ones, each with the same chance. */
int32_t cp_env_pool_take_random(struct cp_env_pool *pool, double now, struct cp_rng *rng);
/* A new busy environment; CP_ENV_NONE when memory is out. */
int32_t cp_env_pool_create(struct cp_env_pool *pool, double now);
/* Idle from `now` for `lifetime_ms`. */
void cp_env_pool_release(struct cp_env_pool *pool, int32_t slot, double now, double lifetime_ms);

/* Time integral of living environments up to `end`, from count_from on. */
double cp_env_pool_alive_ms(const struct cp_env_pool *pool, double end);

#endif
