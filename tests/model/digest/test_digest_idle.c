/* SPDX-License-Identifier: GPL-3.0-or-later
 * A pool whose lifetimes are known, told as a log: the points must bracket them.
 */
#include "model/digest/digest_idle.h"

#include <stdio.h>
#include <stdlib.h>

#include "tests/model/digest/digest_world.h"
#include "tests/test.h"

#define FROM      INT64_C(1760000000000)
#define MINUTE_MS INT64_C(60000)
enum { ENVS_MAX = 250 };

static void use(struct cp_digest *digest, int env, int64_t start_ms, int64_t length_ms,
                bool is_cold)
{
    char stream[16];
    struct world_item item = {.record = {.end_at_ms = start_ms + length_ms,
                                         .duration_us = length_ms * 1000,
                                         .billed_us = -1,
                                         .init_us = is_cold ? 0 : -1,
                                         .restore_us = -1,
                                         .billed_restore_us = -1,
                                         .memory_size_mb = 128,
                                         .max_memory_used_mb = -1,
                                         .start = is_cold ? CP_START_COLD : CP_START_WARM,
                                         .outcome = CP_OUTCOME_MEASURED}};
    item.record.stream =
        (struct cp_view){stream, (size_t)snprintf(stream, sizeof stream, "env %d", env)};
    world_add(digest, &item);
}

struct env {
    int64_t free_at, gone_at;
};

static int64_t draw_lifetime(struct cp_rng *rng, int64_t from_ms, int64_t to_ms)
{
    return from_ms + (int64_t)cp_rng_below(rng, (uint64_t)(to_ms - from_ms + 1));
}

/* Poisson arrivals, the free environment used last serves; it lives an idle time that is drawn
 * anew for each pause. Requests come in pairs now and then. */
static struct cp_digest *simulate(uint64_t seed, int64_t from_ms, int64_t to_ms, double mean_ms)
{
    struct cp_digest *digest = cp_digest_new();
    struct env envs[ENVS_MAX];
    int n = 0;
    double at = 0;
    struct cp_rng rng;
    cp_rng_init(&rng, seed, 0);
    while (n < ENVS_MAX - 2) {
        at += cp_rng_exponential(&rng, mean_ms);
        int many = cp_rng_below(&rng, 10) ? 1 : 2;
        for (int k = 0; k < many; k++) {
            int64_t start = FROM + (int64_t)at + k;
            int64_t length = 100 + (int64_t)cp_rng_below(&rng, 3000);
            int chosen = -1;
            for (int i = 0; i < n; i++) {
                if (envs[i].free_at < start && start <= envs[i].gone_at &&
                    (chosen < 0 || envs[i].free_at > envs[chosen].free_at))
                    chosen = i;
            }
            bool is_cold = chosen < 0;
            chosen = is_cold ? n++ : chosen;
            envs[chosen].free_at = start + length;
            envs[chosen].gone_at = start + length + draw_lifetime(&rng, from_ms, to_ms);
            use(digest, chosen, start, length, is_cold);
        }
    }
    return digest;
}

static void fit(const struct cp_digest *digest, struct cp_digest_idle *idle,
                struct cp_idle_survival *survival)
{
    const struct cp_digest_scope *scope = world_scope(digest, 0, 0);
    cp_digest_idle_of(&scope, 1, idle);
    assert_int_equal(idle->status, CP_OK);
    assert_true(idle->n_points <= CP_IDLE_POINTS_MAX);
    cp_idle_survival_fit(idle->points, idle->n_points, survival);
    assert_int_equal(survival->status, CP_OK);
}

static struct cp_digest_idle idle_of(const struct cp_digest *digest)
{
    struct cp_digest_idle idle;
    const struct cp_digest_scope *scope = world_scope(digest, 0, 0);
    cp_digest_idle_of(&scope, 1, &idle);
    return idle;
}

/* The sums of batches are the points. */
static size_t batches_of(const struct cp_digest *digest, const struct cp_digest_idle *idle)
{
    const struct cp_digest_scope *scope = world_scope(digest, 0, 0);
    struct cp_idle_batch *batches = NULL;
    size_t n = 0;
    assert_int_equal(cp_digest_idle_batches(&scope, 1, &batches, &n, NULL), CP_OK);
    size_t at = 0;
    for (size_t i = 0; i < idle->n_points; i++) {
        const struct cp_idle_point *p = &idle->points[i];
        size_t probes = 0;
        size_t n_cold = 0;
        for (; at < n && batches[at].idle_interval_ms <= p->idle_interval_ms; at++) {
            assert_near(batches[at].idle_interval_ms, p->idle_interval_ms, 0);
            probes += batches[at].n;
            n_cold += batches[at].n_cold;
        }
        assert_int_equal(probes, p->n);
        assert_int_equal(n_cold, p->n_cold);
    }
    assert_int_equal(at, n);
    free(batches);
    return n;
}

static void pauses_that_end_in_one_minute_are_a_batch(void **state)
{
    (void)state;
    struct cp_digest *digest = cp_digest_new();
    /* six environments left together; four used again together after 20 minutes, one a minute
     * later, one the next hour */
    static const int64_t back_ms[] = {0, 10, 200, 3000, 80000, 60 * MINUTE_MS};
    int64_t from = FROM - FROM % MINUTE_MS;
    for (int env = 0; env < 6; env++) {
        use(digest, env, from + env, 1000, true);
        use(digest, env, from + 20 * MINUTE_MS + back_ms[env] + 5000, 1000, false);
    }
    struct cp_digest_idle idle = idle_of(digest);
    assert_int_equal(idle.n_warm, 6);
    assert_int_equal(batches_of(digest, &idle), 3);
    cp_digest_free(digest);
}

static void no_pause_makes_no_batch(void **state)
{
    (void)state;
    struct cp_digest *digest = cp_digest_new();
    use(digest, 0, FROM, 1000, true);
    const struct cp_digest_scope *scope = world_scope(digest, 0, 0);
    struct cp_idle_batch *batches = NULL;
    size_t n = 7;
    assert_int_equal(cp_digest_idle_batches(&scope, 1, &batches, &n, NULL), CP_OK);
    assert_int_equal(n, 0);
    assert_null(batches);
    cp_digest_free(digest);
}

static void a_constant_lifetime_is_bracketed(void **state)
{
    (void)state;
    static const int64_t lifetimes[] = {5 * MINUTE_MS, 11 * MINUTE_MS, 45 * MINUTE_MS};
    for (size_t i = 0; i < 3; i++) {
        struct cp_digest_idle idle;
        struct cp_idle_survival s;
        struct cp_digest *digest =
            simulate(i, lifetimes[i], lifetimes[i], 0.5 * (double)lifetimes[i]);
        fit(digest, &idle, &s);
        assert_true(s.is_separated);
        /* within two steps of the points, 2^(1/4) each */
        assert_in_range((uint64_t)s.last_warm_ms, (uint64_t)((double)lifetimes[i] / 1.5),
                        (uint64_t)lifetimes[i]);
        assert_in_range((uint64_t)s.first_cold_ms, (uint64_t)lifetimes[i],
                        (uint64_t)((double)lifetimes[i] * 1.5));
        assert_false(idle.is_partial);
        assert_true(idle.n_cold > 30 && idle.n_warm > 50);
        assert_in_range(batches_of(digest, &idle), 50, idle.n_warm + idle.n_cold);
        cp_digest_free(digest);
    }
}

/* Uniform on 5..25 minutes: F(g) = (g - 5) / 20. A probe never sees the exact gap but its point, a
 * factor of 2^(1/4) off at most. */
static void uniform_lifetimes_are_bracketed(void **state)
{
    (void)state;
    static const double minutes[] = {7, 10, 13, 16, 20};
    double off = exp2(0.25);
    for (size_t i = 0; i < 5; i++) {
        double low = 0;
        double high = 0;
        for (uint64_t seed = 0; seed < 6; seed++) {
            struct cp_digest_idle idle;
            struct cp_idle_survival s;
            struct cp_digest *digest =
                simulate(100 + seed, 5 * MINUTE_MS, 25 * MINUTE_MS, 10 * MINUTE_MS);
            fit(digest, &idle, &s);
            low +=
                cp_idle_survival_cold_probability(&s, minutes[i] * (double)MINUTE_MS / off, NULL) /
                6;
            high +=
                cp_idle_survival_cold_probability(&s, minutes[i] * (double)MINUTE_MS * off, NULL) /
                6;
            cp_digest_free(digest);
        }
        double truth = (minutes[i] - 5) / 20;
        assert_true(low <= truth + 0.06 && truth - 0.06 <= high);
    }
}

static void a_cold_start_beside_a_free_environment_is_no_probe(void **state)
{
    (void)state;
    struct cp_digest *digest = cp_digest_new();
    use(digest, 0, FROM, 100, true);
    use(digest, 1, FROM + 5 * MINUTE_MS, 100, true); /* 0 is free, as it is used again */
    use(digest, 0, FROM + 9 * MINUTE_MS, 100, false);
    struct cp_digest_idle idle = idle_of(digest);
    assert_int_equal(idle.n_contradicting, 1);
    assert_int_equal(idle.n_cold, 0);
    assert_int_equal(idle.n_warm, 1);
    assert_int_equal(idle.n_censored, 2);
    cp_digest_free(digest);
}

static void each_environment_is_gone_once(void **state)
{
    (void)state;
    struct cp_digest *digest = cp_digest_new();
    struct cp_digest_lifetime lifetimes[CP_DIGEST_STREAMS_MAX];
    use(digest, 0, FROM, 100, true);
    use(digest, 1, FROM + 8 * MINUTE_MS, 20 * MINUTE_MS, true);
    use(digest, 2, FROM + 9 * MINUTE_MS, 20 * MINUTE_MS, true);   /* 1 is busy */
    use(digest, 3, FROM + 10 * MINUTE_MS, 20 * MINUTE_MS, false); /* not cold: no probe */
    struct cp_digest_idle idle = idle_of(digest);
    assert_int_equal(idle.n_cold, 1);
    assert_int_equal(idle.n_points, 1);
    assert_near(idle.points[0].idle_interval_ms, 8 * 60000, 1); /* 2^3 minutes is a point */
    assert_int_equal(idle.n_censored, 3);
    assert_int_equal(cp_digest_lifetimes(world_scope(digest, 0, 0), lifetimes), 4);
    int n_gone = 0;
    int n_unseen = 0;
    for (int i = 0; i < 4; i++) {
        n_gone += isfinite(lifetimes[i].gone_by_ms);
        n_unseen += !lifetimes[i].is_start_seen;
        if (isfinite(lifetimes[i].gone_by_ms))
            assert_true(lifetimes[i].used_ms == 100 && lifetimes[i].gone_by_ms == 8 * 60000);
    }
    assert_int_equal(n_gone, 1);
    assert_int_equal(n_unseen, 1);
    cp_digest_free(digest);
}

static void short_gaps_and_nothing_are_no_probes(void **state)
{
    (void)state;
    struct cp_digest *digest = cp_digest_new();
    use(digest, 0, FROM, 100, true);
    assert_int_equal(idle_of(digest).status, CP_ENODATA);
    use(digest, 1, FROM + 30000, 100, true);
    struct cp_digest_idle idle = idle_of(digest);
    assert_int_equal(idle.status, CP_ENODATA);
    assert_int_equal(idle.n_short, 1);
    cp_digest_free(digest);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_constant_lifetime_is_bracketed),
        cmocka_unit_test(pauses_that_end_in_one_minute_are_a_batch),
        cmocka_unit_test(no_pause_makes_no_batch),
        cmocka_unit_test(uniform_lifetimes_are_bracketed),
        cmocka_unit_test(a_cold_start_beside_a_free_environment_is_no_probe),
        cmocka_unit_test(each_environment_is_gone_once),
        cmocka_unit_test(short_gaps_and_nothing_are_no_probes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
