/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/digest/digest_idle.h"
#include "model/base/units.h"

#include <math.h>
#include <stdlib.h>

static const double POINTS_AN_OCTAVE = 4;
static const int64_t BATCH_MS = CP_MS_PER_MINUTE;

/* A probe with what tells its batch: which pool, and the minute in which the pause ended. */
struct probe {
    size_t point, pool;
    int64_t minute;
    bool is_cold;
};

struct gathering {
    struct cp_digest_idle *out;
    size_t pool;          /* number of the scope */
    struct probe *probes; /* room for all; NULL: they are only counted */
};

/* Streams of one scope; spans are borrowed. */
struct pool {
    struct cp_digest_stream streams[CP_DIGEST_STREAMS_MAX];
    bool is_counted[CP_DIGEST_STREAMS_MAX]; /* as gone */
    size_t n;
};

static void fill_pool(struct pool *pool, const struct cp_digest_scope *scope)
{
    pool->n = 0;
    while (pool->n < CP_DIGEST_STREAMS_MAX &&
           cp_digest_stream_at(scope, pool->n, &pool->streams[pool->n]))
        pool->is_counted[pool->n++] = false;
}

static int64_t first_start(const struct cp_digest_stream *s)
{
    return s->spans[0].start_ms;
}

static int64_t last_end(const struct cp_digest_stream *s)
{
    return s->spans[s->n_spans - 1].end_ms;
}

static double point_ms(size_t i)
{
    return CP_DIGEST_IDLE_MIN_MS * exp2((double)i / POINTS_AN_OCTAVE);
}

/* Largest point that is not above the gap, for warm probes; smallest that is not below, for cold
 * ones. CP_IDLE_POINTS_MAX: none. */
static size_t point_of(double gap_ms, bool is_cold)
{
    size_t i = 0;
    while (i < CP_IDLE_POINTS_MAX && (is_cold ? point_ms(i) < gap_ms : point_ms(i) <= gap_ms))
        i++;
    return is_cold ? i : i - 1;
}

/* Points stand at their place until all are counted. `at_ms`: when the pause ended. */
static void count(struct gathering *g, int64_t at_ms, int64_t gap_ms, bool is_cold)
{
    struct cp_digest_idle *out = g->out;
    size_t i = point_of((double)gap_ms, is_cold);
    if (i >= CP_IDLE_POINTS_MAX)
        return;
    if (g->probes)
        g->probes[out->n_warm + out->n_cold] =
            (struct probe){i, g->pool, at_ms / BATCH_MS, is_cold};
    out->points[i].n++;
    out->points[i].n_cold += is_cold;
    out->n_cold += is_cold;
    out->n_warm += !is_cold;
}

static void count_pauses(const struct cp_digest_stream *s, struct gathering *g)
{
    for (size_t i = 1; i < s->n_spans; i++)
        count(g, s->spans[i].start_ms, s->spans[i].start_ms - s->spans[i - 1].end_ms, false);
}

/* Free at `at`, and used again later than at the same time. */
static bool is_free_and_alive(const struct cp_digest_stream *s, int64_t at)
{
    for (size_t i = 1; i < s->n_spans; i++) {
        if (s->spans[i - 1].end_ms < at && s->spans[i].start_ms > at + CP_DIGEST_IDLE_SAME_MS)
            return true;
    }
    return false;
}

/* Position of the environment used last among those that ended before `at`; pool->n: none. */
static size_t last_gone(const struct pool *pool, int64_t at)
{
    size_t last = pool->n;
    for (size_t i = 0; i < pool->n; i++) {
        int64_t end = last_end(&pool->streams[i]);
        if (end < at && (last == pool->n || end > last_end(&pool->streams[last])))
            last = i;
    }
    return last;
}

static bool is_contradicting(const struct pool *pool, int64_t at)
{
    bool is_any = false;
    for (size_t i = 0; i < pool->n; i++)
        is_any |= is_free_and_alive(&pool->streams[i], at);
    return is_any;
}

static void probe_with_start(struct pool *pool, const struct cp_digest_stream *started,
                             struct gathering *g)
{
    int64_t at = first_start(started);
    size_t gone = last_gone(pool, at);
    if (!started->n_cold)
        return;
    if (is_contradicting(pool, at)) {
        g->out->n_contradicting++;
        return;
    }
    if (gone == pool->n || pool->is_counted[gone])
        return;
    int64_t gap = at - last_end(&pool->streams[gone]);
    pool->is_counted[gone] = true;
    if (gap < CP_DIGEST_IDLE_MIN_MS)
        g->out->n_short++;
    else
        count(g, at, gap, true);
}

/* The stream with the earliest first start after `after`, ties by position; pool->n: none. */
static size_t next_started(const struct pool *pool, size_t after)
{
    size_t next = pool->n;
    for (size_t i = 0; i < pool->n; i++) {
        int64_t start = first_start(&pool->streams[i]);
        if (after < pool->n) {
            int64_t before = first_start(&pool->streams[after]);
            if (start < before || (start == before && i <= after))
                continue;
        }
        if (next == pool->n || start < first_start(&pool->streams[next]))
            next = i;
    }
    return next;
}

/* Earliest cold start after the stream's last end, which none alive explains; -1 none. */
static int64_t gone_by(const struct pool *pool, const struct cp_digest_stream *s)
{
    int64_t by = -1;
    for (size_t i = 0; i < pool->n; i++) {
        const struct cp_digest_stream *other = &pool->streams[i];
        int64_t at = first_start(other);
        if (other->n_cold && at > last_end(s) && (by < 0 || at < by) && !is_contradicting(pool, at))
            by = at;
    }
    return by;
}

static void count_pool(const struct cp_digest_scope *scope, struct gathering *g)
{
    struct pool pool;
    bool is_all;
    fill_pool(&pool, scope);
    (void)cp_digest_streams_estimate(scope, &is_all);
    g->out->is_partial |= !is_all;
    for (size_t i = 0; i < pool.n; i++) {
        count_pauses(&pool.streams[i], g);
        g->out->n_censored += gone_by(&pool, &pool.streams[i]) < 0;
    }
    for (size_t i = next_started(&pool, pool.n); i < pool.n; i = next_started(&pool, i))
        probe_with_start(&pool, &pool.streams[i], g);
}

static void gather(const struct cp_digest_scope *const *scopes, size_t n, struct probe *probes,
                   struct cp_digest_idle *out)
{
    struct gathering g = {.out = out, .probes = probes};
    *out = (struct cp_digest_idle){.status = CP_ENODATA};
    for (g.pool = 0; g.pool < n; g.pool++)
        count_pool(scopes[g.pool], &g);
}

void cp_digest_idle_of(const struct cp_digest_scope *const *scopes, size_t n,
                       struct cp_digest_idle *out)
{
    gather(scopes, n, NULL, out);
    for (size_t i = 0; i < CP_IDLE_POINTS_MAX; i++) {
        struct cp_idle_point point = out->points[i];
        point.idle_interval_ms = point_ms(i);
        if (point.n)
            out->points[out->n_points++] = point;
    }
    if (out->n_points)
        out->status = CP_OK;
}

static int compare(const void *a, const void *b)
{
    const struct probe *x = a;
    const struct probe *y = b;
    if (x->point != y->point)
        return x->point < y->point ? -1 : 1;
    if (x->pool != y->pool)
        return x->pool < y->pool ? -1 : 1;
    return (x->minute > y->minute) - (x->minute < y->minute);
}

static size_t join(const struct probe *probes, size_t n, struct cp_idle_batch *batches)
{
    size_t n_batches = 0;
    for (size_t i = 0; i < n; i++) {
        if (i == 0 || compare(&probes[i - 1], &probes[i]) != 0)
            batches[n_batches++] =
                (struct cp_idle_batch){.idle_interval_ms = point_ms(probes[i].point)};
        batches[n_batches - 1].n++;
        batches[n_batches - 1].n_cold += probes[i].is_cold;
    }
    return n_batches;
}

enum cp_code cp_digest_idle_batches(const struct cp_digest_scope *const *scopes, size_t n,
                                    struct cp_idle_batch **batches, size_t *n_batches,
                                    struct cp_error *err)
{
    struct cp_digest_idle counted;
    *batches = NULL;
    *n_batches = 0;
    gather(scopes, n, NULL, &counted);
    size_t n_probes = counted.n_warm + counted.n_cold;
    if (n_probes == 0)
        return CP_OK;
    struct probe *probes = calloc(n_probes, sizeof *probes);
    *batches = calloc(n_probes, sizeof **batches);
    if (!probes || !*batches) {
        free(probes);
        free(*batches);
        *batches = NULL;
        return cp_fail(err, CP_ENOMEM, "no memory for %zu pauses of a log", n_probes);
    }
    gather(scopes, n, probes, &counted);
    qsort(probes, n_probes, sizeof *probes, compare);
    *n_batches = join(probes, n_probes, *batches);
    free(probes);
    return CP_OK;
}

size_t cp_digest_lifetimes(const struct cp_digest_scope *scope,
                           struct cp_digest_lifetime out[CP_DIGEST_STREAMS_MAX])
{
    struct pool pool;
    fill_pool(&pool, scope);
    for (size_t i = 0; i < pool.n; i++) {
        const struct cp_digest_stream *s = &pool.streams[i];
        int64_t by = gone_by(&pool, s);
        out[i] = (struct cp_digest_lifetime){.used_ms = (double)(last_end(s) - first_start(s)),
                                             .gone_by_ms =
                                                 by < 0 ? INFINITY : (double)(by - first_start(s)),
                                             .is_start_seen = s->n_cold > 0};
    }
    return pool.n;
}
