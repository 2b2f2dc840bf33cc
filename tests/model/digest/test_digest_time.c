/* SPDX-License-Identifier: GPL-3.0-or-later
 * Minutes, marks and spans of use against a walk over every millisecond or every pair of records.
 */
#include <stdlib.h>
#include <string.h>

#include "model/base/hash.h"
#include "tests/model/digest/digest_world.h"
#include "tests/test.h"

#define FROM      INT64_C(1760000000000)
#define MINUTE_MS INT64_C(60000)
enum { FLIGHT_MINUTES = 1000 };

static struct cp_digest_record invocation(int64_t start_ms, int64_t length_ms, const char *stream)
{
    return (struct cp_digest_record){.end_at_ms = start_ms + length_ms,
                                     .duration_us = length_ms * 1000,
                                     .billed_us = -1,
                                     .init_us = -1,
                                     .restore_us = -1,
                                     .billed_restore_us = -1,
                                     .memory_size_mb = 128,
                                     .max_memory_used_mb = -1,
                                     .start = CP_START_WARM,
                                     .outcome = CP_OUTCOME_MEASURED,
                                     .stream = cp_view_of(stream)};
}

static void add(struct cp_digest *digest, const struct cp_digest_record *record)
{
    const struct world_item item = {.record = *record};
    world_add(digest, &item);
}

/* What a stop watch at every full millisecond would have seen. */
static void watch(const struct cp_digest_record *r, int64_t start, struct cp_digest_minute *minutes)
{
    int64_t first = FROM / MINUTE_MS;
    minutes[start / MINUTE_MS - first].arrivals++;
    minutes[start / MINUTE_MS - first].cold_arrivals += r->start != CP_START_WARM;
    for (int64_t t = start; t < r->end_at_ms; t++) {
        struct cp_digest_minute *m = &minutes[t / MINUTE_MS - first];
        m->busy_ms++;
        if (t % 15000 == 0)
            m->in_flight[t % MINUTE_MS / 15000]++;
    }
}

static void assert_minutes(const struct cp_digest *digest, const struct cp_digest_minute *expected)
{
    struct cp_digest_minute m;
    size_t at = 0;
    for (int64_t i = 0; i < FLIGHT_MINUTES; i++) {
        const struct cp_digest_minute *e = &expected[i];
        if (!e->arrivals && !e->busy_ms)
            continue;
        assert_true(cp_digest_next_minute(world_scope(digest, 0, 0), &at, &m));
        assert_int_equal(m.minute, FROM / MINUTE_MS + i);
        assert_int_equal(m.arrivals, e->arrivals);
        assert_int_equal(m.cold_arrivals, e->cold_arrivals);
        assert_int_equal(m.busy_ms, e->busy_ms);
        assert_memory_equal(m.in_flight, e->in_flight, sizeof m.in_flight);
    }
    assert_false(cp_digest_next_minute(world_scope(digest, 0, 0), &at, &m));
}

static void minutes_are_what_a_stop_watch_sees(void **state)
{
    (void)state;
    static struct cp_digest_minute expected[FLIGHT_MINUTES];
    struct cp_digest *digest = cp_digest_new();
    struct cp_rng rng;
    cp_rng_init(&rng, 9, 0);
    for (int i = 0; i < 400; i++) {
        int64_t startup = (int64_t)cp_rng_below(&rng, 3000);
        int64_t length = (int64_t)cp_rng_below(&rng, UINT64_C(1) << cp_rng_below(&rng, 19));
        int64_t start =
            FROM + (int64_t)cp_rng_below(&rng, (uint64_t)((FLIGHT_MINUTES - 15) * MINUTE_MS));
        struct cp_digest_record r = invocation(start, startup + length, "");
        if (i % 3 == 0) { /* on a mark, or over one by a millisecond */
            start = (start / 15000 + 1) * 15000 + i % 2;
            r = invocation(start, startup + length, "");
        }
        r.duration_us = length * 1000 - (length > 0 ? (int64_t)cp_rng_below(&rng, 500) : 0);
        r.start = i % 2 ? CP_START_COLD : CP_START_SNAPSTART;
        *(i % 2 ? &r.init_us : &r.restore_us) = startup * 1000;
        add(digest, &r);
        watch(&r, start, expected);
    }
    assert_minutes(digest, expected);
    cp_digest_free(digest);
}

static void busy_minutes_do_not_overflow(void **state)
{
    (void)state;
    static struct cp_digest_minute expected[FLIGHT_MINUTES];
    struct cp_digest *digest = cp_digest_new();
    int64_t start = (FROM / MINUTE_MS + 1) * MINUTE_MS;
    struct cp_digest_record r = invocation(start, 90000, "s");
    for (int i = 0; i < 70000; i++) {
        r.request_id[0] = (uint8_t)i;
        add(digest, &r);
    }
    expected[1] = (struct cp_digest_minute){.arrivals = 70000,
                                            .in_flight = {70000, 70000, 70000, 70000},
                                            .busy_ms = UINT64_C(70000) * 60000};
    expected[2] =
        (struct cp_digest_minute){.in_flight = {70000, 70000}, .busy_ms = UINT64_C(70000) * 30000};
    assert_minutes(digest, expected);
    cp_digest_free(digest);
}

static void times_that_are_none_are_counted(void **state)
{
    (void)state;
    static const int64_t times[] = {0,
                                    -2,
                                    INT64_MIN,
                                    INT64_MAX,
                                    CP_DIGEST_TIME_MIN_MS - 1,
                                    CP_DIGEST_TIME_MAX_MS + 1,
                                    CP_DIGEST_TIME_MIN_MS,
                                    CP_DIGEST_TIME_MAX_MS,
                                    -1};
    struct cp_digest *digest = cp_digest_new();
    struct cp_digest_minute m;
    size_t at = 0;
    size_t n = 0;
    for (size_t i = 0; i < 9; i++) {
        struct cp_digest_record r = invocation(times[i], 0, "s");
        r.duration_us = CP_DIGEST_US_MAX;
        add(digest, &r);
    }
    assert_int_equal(cp_tally_count(cp_digest_counts(digest), "time out of range"), 6);
    assert_int_equal(cp_digest_scope_n(world_scope(digest, 0, 0)), 9);
    while (cp_digest_next_minute(world_scope(digest, 0, 0), &at, &m))
        n += m.arrivals;
    assert_int_equal(n, 2);
    int64_t first, last;
    assert_true(cp_digest_scope_span(world_scope(digest, 0, 0), &first, &last));
    assert_true(first == CP_DIGEST_TIME_MIN_MS && last == CP_DIGEST_TIME_MAX_MS);
    cp_digest_free(digest);
}

/* --- spans --- */

static int by_start(const void *a, const void *b)
{
    const struct cp_digest_span *x = a;
    const struct cp_digest_span *y = b;
    return (x->start_ms > y->start_ms) - (x->start_ms < y->start_ms);
}

/* Sorts, then joins what is no further apart than the pause. */
static size_t union_of(struct cp_digest_span *uses, size_t n, int64_t pause)
{
    size_t out = 0;
    qsort(uses, n, sizeof *uses, by_start);
    for (size_t i = 1; i < n; i++) {
        if (uses[i].start_ms > uses[out].end_ms + pause)
            uses[++out] = uses[i];
        else if (uses[i].end_ms > uses[out].end_ms)
            uses[out].end_ms = uses[i].end_ms;
    }
    return out + 1;
}

static int64_t pause_of(int64_t range)
{
    int64_t pause = MINUTE_MS;
    while (range > pause * CP_DIGEST_SPANS_MAX)
        pause *= 2;
    return pause;
}

static void spans_are_the_union_of_uses(int64_t range, size_t n, uint64_t seed)
{
    struct cp_digest *digest = cp_digest_new();
    struct cp_rng rng;
    struct cp_digest_span *uses = malloc(n * sizeof *uses);
    struct cp_digest_stream stream;
    assert_non_null(uses);
    cp_rng_init(&rng, seed, 0);
    int64_t first = INT64_MAX;
    int64_t last = 0;
    for (size_t i = 0; i < n; i++) {
        int64_t start = FROM + (int64_t)cp_rng_below(&rng, (uint64_t)range);
        struct cp_digest_record r = invocation(start, (int64_t)cp_rng_below(&rng, 90000), "s");
        uses[i] = (struct cp_digest_span){start, r.end_at_ms};
        first = start < first ? start : first;
        last = r.end_at_ms > last ? r.end_at_ms : last;
        add(digest, &r);
    }
    int64_t pause = pause_of(last - first);
    size_t n_spans = union_of(uses, n, pause);
    assert_int_equal(cp_digest_n_streams(world_scope(digest, 0, 0)), 1);
    assert_true(cp_digest_stream_at(world_scope(digest, 0, 0), 0, &stream));
    assert_int_equal(stream.n, n);
    assert_int_equal(stream.pause_ms, pause);
    assert_int_equal(stream.n_spans, n_spans);
    assert_true(n_spans <= CP_DIGEST_SPANS_MAX + 1);
    assert_memory_equal(stream.spans, uses, n_spans * sizeof *uses);
    free(uses);
    cp_digest_free(digest);
}

static void spans_join_short_pauses(void **state)
{
    (void)state;
    spans_are_the_union_of_uses(10 * MINUTE_MS, 1, 1);
    for (uint64_t seed = 0; seed < 20; seed++) {
        spans_are_the_union_of_uses(10 * MINUTE_MS, 5, seed);
        spans_are_the_union_of_uses(100 * MINUTE_MS, 40, seed);
        spans_are_the_union_of_uses(3000 * MINUTE_MS, 300, seed);
        spans_are_the_union_of_uses(100000 * MINUTE_MS, 2000, seed);
    }
}

static void a_pause_of_just_the_limit_is_none(void **state)
{
    (void)state;
    for (int64_t over = 0; over < 2; over++) {
        struct cp_digest *digest = cp_digest_new();
        struct cp_digest_stream stream;
        struct cp_digest_record a = invocation(FROM, 100, "s");
        struct cp_digest_record b = invocation(FROM + 100 + MINUTE_MS + over, 100, "s");
        add(digest, &b);
        add(digest, &a);
        assert_true(cp_digest_stream_at(world_scope(digest, 0, 0), 0, &stream));
        assert_int_equal(stream.n_spans, 1 + over);
        cp_digest_free(digest);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(minutes_are_what_a_stop_watch_sees),
        cmocka_unit_test(busy_minutes_do_not_overflow),
        cmocka_unit_test(times_that_are_none_are_counted),
        cmocka_unit_test(spans_join_short_pauses),
        cmocka_unit_test(a_pause_of_just_the_limit_is_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
