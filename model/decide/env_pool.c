/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/decide/env_pool.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_SLOTS = 256, WORD = 64 };

static size_t words_of(int32_t slots)
{
    return ((size_t)slots + WORD - 1) / WORD;
}

static size_t summary_of(int32_t slots)
{
    return (words_of(slots) + WORD - 1) / WORD;
}

/* False leaves everything usable at the old capacity. */
static bool grow_slots(struct cp_env_pool *p, int32_t cap)
{
    struct cp_env *envs = realloc(p->envs, (size_t)cap * sizeof *envs);
    p->envs = envs ? envs : p->envs;
    uint64_t *idle = realloc(p->idle, words_of(cap) * sizeof *idle);
    p->idle = idle ? idle : p->idle;
    uint64_t *idle_words = realloc(p->idle_words, summary_of(cap) * sizeof *idle_words);
    p->idle_words = idle_words ? idle_words : p->idle_words;
    int32_t *renumber = realloc(p->renumber, (size_t)cap * sizeof *renumber);
    p->renumber = renumber ? renumber : p->renumber;
    if (!envs || !idle || !idle_words || !renumber)
        return false;
    size_t had = words_of(p->cap_slots);
    size_t had_summary = summary_of(p->cap_slots);
    memset(idle + had, 0, (words_of(cap) - had) * sizeof *idle);
    memset(idle_words + had_summary, 0, (summary_of(cap) - had_summary) * sizeof *idle_words);
    p->cap_slots = cap;
    return true;
}

enum cp_code cp_env_pool_init(struct cp_env_pool *pool, double count_from)
{
    *pool = (struct cp_env_pool){.count_from = count_from};
    if (!grow_slots(pool, FIRST_SLOTS)) {
        cp_env_pool_clear(pool);
        return CP_ENOMEM;
    }
    return CP_OK;
}

void cp_env_pool_clear(struct cp_env_pool *pool)
{
    free(pool->envs);
    free(pool->idle);
    free(pool->idle_words);
    free(pool->renumber);
    cp_event_heap_clear(&pool->departures);
    *pool = (struct cp_env_pool){0};
}

static void set_idle(struct cp_env_pool *p, int32_t slot)
{
    size_t word = (size_t)slot / WORD;
    p->idle[word] |= UINT64_C(1) << (slot % WORD);
    p->idle_words[word / WORD] |= UINT64_C(1) << (word % WORD);
}

static void clear_idle(struct cp_env_pool *p, int32_t slot)
{
    size_t word = (size_t)slot / WORD;
    p->idle[word] &= ~(UINT64_C(1) << (slot % WORD));
    if (p->idle[word] == 0)
        p->idle_words[word / WORD] &= ~(UINT64_C(1) << (word % WORD));
}

static size_t highest_bit(uint64_t word)
{
    return WORD - 1 - (size_t)__builtin_clzll(word);
}

static int32_t last_idle(const struct cp_env_pool *p)
{
    for (size_t s = summary_of(p->n_slots); s-- > 0;) {
        if (p->idle_words[s] == 0)
            continue;
        size_t word = s * WORD + highest_bit(p->idle_words[s]);
        return (int32_t)(word * WORD + highest_bit(p->idle[word]));
    }
    return CP_ENV_NONE;
}

static int32_t first_idle(const struct cp_env_pool *p)
{
    for (size_t s = 0; s < summary_of(p->n_slots); s++) {
        if (p->idle_words[s] == 0)
            continue;
        size_t word = s * WORD + (size_t)__builtin_ctzll(p->idle_words[s]);
        return (int32_t)(word * WORD + (size_t)__builtin_ctzll(p->idle[word]));
    }
    return CP_ENV_NONE;
}

static double counted_ms(const struct cp_env_pool *p, double from, double to)
{
    return fmax(0, to - fmax(from, p->count_from));
}

static void remove_env(struct cp_env_pool *p, struct cp_env *e)
{
    p->alive_ms += counted_ms(p, e->created_at, e->expire_at);
    e->is_gone = true;
}

int32_t cp_env_pool_take(struct cp_env_pool *pool, double now, bool is_oldest_first)
{
    int32_t slot;
    while ((slot = is_oldest_first ? first_idle(pool) : last_idle(pool)) != CP_ENV_NONE) {
        struct cp_env *e = &pool->envs[slot];
        clear_idle(pool, slot);
        if (now < e->expire_at)
            return slot;
        remove_env(pool, e);
    }
    return CP_ENV_NONE;
}

/* The k-th idle one (from 0) in order of creation, expired ones included. */
static int32_t nth_idle(const struct cp_env_pool *p, uint64_t k)
{
    size_t word = 0;
    for (;; word++) {
        uint64_t n = (uint64_t)__builtin_popcountll(p->idle[word]);
        if (k < n)
            break;
        k -= n;
    }
    uint64_t bits = p->idle[word];
    for (; k > 0; k--)
        bits &= bits - 1;
    return (int32_t)(word * WORD + (size_t)__builtin_ctzll(bits));
}

static uint64_t count_idle(const struct cp_env_pool *p)
{
    uint64_t n = 0;
    for (size_t word = 0; word < words_of(p->n_slots); word++)
        n += (uint64_t)__builtin_popcountll(p->idle[word]);
    return n;
}

/* Expired ones that were drawn are removed, so what is left to draw from are the living. */
int32_t cp_env_pool_take_random(struct cp_env_pool *pool, double now, struct cp_rng *rng)
{
    for (uint64_t n = count_idle(pool); n > 0; n--) {
        int32_t slot = nth_idle(pool, cp_rng_below(rng, n));
        struct cp_env *e = &pool->envs[slot];
        clear_idle(pool, slot);
        if (now < e->expire_at)
            return slot;
        remove_env(pool, e);
    }
    return CP_ENV_NONE;
}

static bool is_idle(const struct cp_env_pool *p, int32_t slot)
{
    return p->idle[slot / WORD] >> (slot % WORD) & 1;
}

/* Drops what is gone and moves the rest down, in order; departures follow their slot. */
static void compact(struct cp_env_pool *p, double now)
{
    int32_t kept = 0;
    for (int32_t i = 0; i < p->n_slots; i++) {
        struct cp_env *e = &p->envs[i];
        bool was_idle = is_idle(p, i);
        if (was_idle)
            clear_idle(p, i);
        if (was_idle && now >= e->expire_at)
            remove_env(p, e);
        if (e->is_gone)
            continue;
        p->envs[kept] = *e;
        p->renumber[i] = kept;
        if (was_idle)
            set_idle(p, kept);
        kept++;
    }
    for (size_t i = 0; i < p->departures.n; i++) {
        int64_t *slot = &p->departures.what[p->departures.first + i];
        if (*slot >= 0)
            *slot = p->renumber[*slot];
    }
    p->n_slots = kept;
}

int32_t cp_env_pool_create(struct cp_env_pool *pool, double now)
{
    if (pool->n_slots == pool->cap_slots) {
        compact(pool, now);
        if (pool->n_slots > pool->cap_slots / 2 && !grow_slots(pool, 2 * pool->cap_slots))
            return CP_ENV_NONE;
    }
    int32_t slot = pool->n_slots++;
    pool->envs[slot] = (struct cp_env){.created_at = now};
    return slot;
}

void cp_env_pool_release(struct cp_env_pool *pool, int32_t slot, double now, double lifetime_ms)
{
    pool->envs[slot].free_at = now;
    pool->envs[slot].expire_at = now + lifetime_ms;
    set_idle(pool, slot);
}

double cp_env_pool_alive_ms(const struct cp_env_pool *pool, double end)
{
    double alive_ms = pool->alive_ms;
    for (int32_t i = 0; i < pool->n_slots; i++) {
        const struct cp_env *e = &pool->envs[i];
        if (e->is_gone)
            continue;
        double to = is_idle(pool, i) ? fmin(end, e->expire_at) : end;
        alive_ms += counted_ms(pool, e->created_at, to);
    }
    return alive_ms;
}
