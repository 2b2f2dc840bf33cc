/* SPDX-License-Identifier: GPL-3.0-or-later
 * Cells, samples, eras and raw records of a random world against what its items say.
 */
#include <stdlib.h>
#include <string.h>

#include "model/base/hash.h"
#include "tests/model/digest/digest_world.h"
#include "tests/test.h"

static const struct world_options options = {.n = 6000,
                                             .seed = 12,
                                             .from_ms = 1760000000000,
                                             .span_ms = 600000000,
                                             .n_streams = 2000,
                                             .n_ids = 5000,
                                             .has_notes = true};

static const struct cp_digest_record *record_in(const struct world_item *item, int function,
                                                int version)
{
    bool is_of = !item->is_note && item->function == function && item->version == version;
    return is_of ? &item->record : NULL;
}

static int64_t value_of(const struct cp_digest_record *r, enum cp_digest_metric metric)
{
    int64_t startup = r->start == CP_START_SNAPSTART ? r->restore_us : r->init_us;
    switch (metric) {
    case CP_METRIC_DURATION:
        return r->duration_us;
    case CP_METRIC_BILLED:
        return r->billed_us;
    case CP_METRIC_INIT:
        return startup;
    case CP_METRIC_COLD_TOTAL:
        return startup < 0 ? -1 : startup + r->duration_us;
    default:
        return r->max_memory_used_mb;
    }
}

static void assert_metric(const struct world *world, const struct cp_digest_cell *cell,
                          enum cp_digest_metric metric)
{
    uint64_t n = 0;
    uint64_t sum = 0;
    int64_t min = INT64_MAX;
    int64_t max = -1;
    for (size_t i = 0; i < world->n; i++) {
        const struct cp_digest_record *r = record_in(&world->items[i], 0, 1);
        if (!r || r->memory_size_mb != cell->memory_size_mb || r->start != cell->start ||
            r->outcome != cell->outcome)
            continue;
        int64_t value = value_of(r, metric);
        if (value < 0)
            continue;
        n++;
        sum += (uint64_t)value;
        min = value < min ? value : min;
        max = value > max ? value : max;
    }
    const struct cp_histogram *h = &cell->metrics[metric];
    assert_int_equal(h->n, n);
    assert_int_equal(h->sum, sum);
    if (n)
        assert_true(h->min == (uint64_t)min && h->max == (uint64_t)max);
}

static void cells_have_exact_sums(void **state)
{
    (void)state;
    struct world world = world_new(&options);
    struct cp_digest *digest = world_digest(&world);
    const struct cp_digest_scope *scope = world_scope(digest, 0, 1);
    uint64_t n = 0;
    for (size_t i = 0; i < cp_digest_n_cells(scope); i++) {
        const struct cp_digest_cell *cell = cp_digest_cell_at(scope, i);
        n += cell->n;
        for (size_t k = 0; k < CP_METRIC_COUNT; k++)
            assert_metric(&world, cell, (enum cp_digest_metric)k);
    }
    assert_int_equal(cp_digest_n_cells(scope), 3 * 3 * 5);
    assert_int_equal(cp_digest_scope_n(scope), n);
    assert_null(cp_digest_cell_at(scope, 45));
    cp_digest_free(digest);
    world_free(&world);
}

/* --- samples --- */

static uint64_t id_hash(const struct cp_digest_record *r)
{
    return cp_hash((struct cp_view){(const char *)r->request_id, sizeof r->request_id});
}

static uint64_t stream_hash(const struct cp_digest_record *r)
{
    return cp_hash(r->stream);
}

static int ascending(const void *a, const void *b)
{
    const uint64_t *x = a;
    const uint64_t *y = b;
    return (*x > *y) - (*x < *y);
}

/* Distinct hashes of a scope's records, ascending. */
static size_t distinct(const struct world *world, uint64_t (*hash)(const struct cp_digest_record *),
                       bool is_timed, uint64_t *out)
{
    size_t n = 0;
    size_t kept = 0;
    for (size_t i = 0; i < world->n; i++) {
        const struct cp_digest_record *r = record_in(&world->items[i], 0, 1);
        if (r && (!is_timed || r->end_at_ms >= 0))
            out[n++] = hash(r);
    }
    qsort(out, n, sizeof *out, ascending);
    for (size_t i = 0; i < n; i++) {
        if (kept == 0 || out[kept - 1] != out[i])
            out[kept++] = out[i];
    }
    return kept;
}

static size_t n_with(const struct world *world, uint64_t hash,
                     uint64_t (*of)(const struct cp_digest_record *), bool is_timed)
{
    size_t n = 0;
    for (size_t i = 0; i < world->n; i++) {
        const struct cp_digest_record *r = record_in(&world->items[i], 0, 1);
        n += r && of(r) == hash && (!is_timed || r->end_at_ms >= 0);
    }
    return n;
}

static void requests_of_the_smallest_hashes_are_kept_whole(void **state)
{
    (void)state;
    struct world_options larger = options;
    larger.n = 12000;
    struct world world = world_new(&larger);
    struct cp_digest *digest = world_digest(&world);
    uint64_t *hashes = malloc(world.n * sizeof *hashes);
    size_t n;
    bool is_all;
    assert_true(distinct(&world, id_hash, false, hashes) > CP_DIGEST_REQUESTS_MAX);
    const struct cp_digest_attempt *rows =
        cp_digest_attempts(world_scope(digest, 0, 1), &n, &is_all);
    assert_false(is_all);
    size_t at = 0;
    for (size_t k = 0; k < CP_DIGEST_REQUESTS_MAX; k++) {
        size_t attempts = 0;
        for (; at < n && rows[at].id_hash == hashes[k]; at++)
            attempts += rows[at].count;
        assert_int_equal(attempts, n_with(&world, hashes[k], id_hash, false));
    }
    assert_int_equal(at, n);
    free(hashes);
    cp_digest_free(digest);
    world_free(&world);
}

static void streams_of_the_smallest_hashes_are_kept_whole(void **state)
{
    (void)state;
    struct world world = world_new(&options);
    struct cp_digest *digest = world_digest(&world);
    const struct cp_digest_scope *scope = world_scope(digest, 0, 1);
    uint64_t *hashes = malloc(world.n * sizeof *hashes);
    bool is_all;
    size_t n = distinct(&world, stream_hash, true, hashes);
    assert_true(n > CP_DIGEST_STREAMS_MAX);
    assert_int_equal(cp_digest_n_streams(scope), CP_DIGEST_STREAMS_MAX);
    for (size_t i = 0; i < CP_DIGEST_STREAMS_MAX; i++) {
        struct cp_digest_stream stream;
        assert_true(cp_digest_stream_at(scope, i, &stream));
        assert_true(stream.hash == hashes[i]);
        assert_int_equal(stream.n, n_with(&world, hashes[i], stream_hash, true));
    }
    /* four standard errors */
    assert_near(cp_digest_streams_estimate(scope, &is_all), (double)n, 0.25 * (double)n);
    assert_false(is_all);
    free(hashes);
    cp_digest_free(digest);
    world_free(&world);
}

static void a_flood_of_one_id_is_bounded(void **state)
{
    (void)state;
    struct cp_digest *digest = cp_digest_new();
    struct world_item item = {.record = {.end_at_ms = -1,
                                         .billed_us = -1,
                                         .init_us = -1,
                                         .restore_us = -1,
                                         .billed_restore_us = -1,
                                         .memory_size_mb = -1,
                                         .max_memory_used_mb = -1,
                                         .start = CP_START_WARM,
                                         .outcome = CP_OUTCOME_ERROR,
                                         .request_id = {1}}};
    size_t n;
    bool is_all;
    for (int i = 0; i < 5000; i++) {
        item.record.duration_us = i % 1000;
        world_add(digest, &item);
    }
    const struct cp_digest_attempt *rows =
        cp_digest_attempts(world_scope(digest, 0, 0), &n, &is_all);
    assert_int_equal(n, CP_DIGEST_ATTEMPTS_MAX);
    assert_false(is_all);
    for (size_t i = 0; i < n; i++)
        assert_true(rows[i].count == 5 && rows[i].is_failed);
    cp_digest_free(digest);
}

/* --- eras --- */

static void init_is_billed_where_the_bill_covers_it(void **state)
{
    (void)state;
    static const struct {
        int64_t end_at_ms, duration_us, init_us, billed_us;
        enum cp_billing_era era;
        uint64_t n_cold, n_init_billed;
    } rows[] = {
        {1748736000000, 10500, 200000, 11000, CP_ERA_INIT_FREE, 1, 0},
        {1754006399999, 10500, 200000, 211000, CP_ERA_INIT_FREE, 1, 1}, /* a container image */
        {1754006400000, 10500, 200000, 211000, CP_ERA_INIT_PAID, 1, 1},
        {1754006400000, 10500, 200000, 11000, CP_ERA_INIT_PAID, 1, 0},
        {1600000000000, 10500, 200000, 100000, CP_ERA_100_MS, 1, 0},
        {1600000000000, 10500, 200000, 300000, CP_ERA_100_MS, 1, 1},
        {1600000000000, 10500, 20000, 100000, CP_ERA_100_MS, 0, 0}, /* does not tell */
        {1606780800000, 10500, 20000, 31000, CP_ERA_INIT_FREE, 1, 1},
        {-1, 10500, 20000, 100000, CP_ERA_UNKNOWN, 0, 0},
        {-1, 10500, 20000, 31000, CP_ERA_UNKNOWN, 1, 1},
        {1754006400000, 10500, 200000, -1, CP_ERA_INIT_PAID, 0, 0},
        {1754006400000, 10500, -1, 11000, CP_ERA_INIT_PAID, 0, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct cp_digest *digest = cp_digest_new();
        const struct world_item item = {.record = {.end_at_ms = rows[i].end_at_ms,
                                                   .duration_us = rows[i].duration_us,
                                                   .init_us = rows[i].init_us,
                                                   .billed_us = rows[i].billed_us,
                                                   .restore_us = -1,
                                                   .billed_restore_us = -1,
                                                   .memory_size_mb = 128,
                                                   .max_memory_used_mb = 70,
                                                   .start = CP_START_COLD,
                                                   .outcome = CP_OUTCOME_MEASURED}};
        world_add(digest, &item);
        const struct cp_digest_era *eras = cp_digest_eras(world_scope(digest, 0, 0));
        assert_int_equal(eras[rows[i].era].n_cold, rows[i].n_cold);
        assert_int_equal(eras[rows[i].era].n_init_billed, rows[i].n_init_billed);
        cp_digest_free(digest);
    }
}

/* --- raw --- */

static bool is_same_record(const struct cp_digest_record *a, const struct cp_digest_record *b)
{
    return a->end_at_ms == b->end_at_ms && a->duration_us == b->duration_us &&
           a->billed_us == b->billed_us && a->init_us == b->init_us &&
           a->restore_us == b->restore_us && a->billed_restore_us == b->billed_restore_us &&
           a->memory_size_mb == b->memory_size_mb &&
           a->max_memory_used_mb == b->max_memory_used_mb && a->start == b->start &&
           a->outcome == b->outcome && memcmp(a->request_id, b->request_id, 16) == 0 &&
           a->stream.n == b->stream.n && memcmp(a->stream.p, b->stream.p, a->stream.n) == 0 &&
           a->error_type.n == b->error_type.n &&
           (a->error_type.n == 0 || memcmp(a->error_type.p, b->error_type.p, a->error_type.n) == 0);
}

static void small_digests_keep_every_record(void **state)
{
    (void)state;
    struct world_options small = options;
    small.n = 500;
    struct world world = world_new(&small);
    struct cp_digest *digest = world_digest(&world);
    size_t n, n_notes;
    const struct cp_digest_raw *raw = cp_digest_raw(digest, &n);
    const struct cp_digest_raw_note *notes = cp_digest_raw_notes(digest, &n_notes);
    assert_non_null(raw);
    assert_non_null(notes);
    assert_int_equal(n + n_notes, world.n);
    for (size_t i = 0; i < world.n; i++) {
        const struct world_item *item = &world.items[i];
        const struct cp_digest_scope *scope = world_scope(digest, item->function, item->version);
        size_t k = 0;
        while (!item->is_note && k < n &&
               !(raw[k].scope == scope && is_same_record(&raw[k].record, &item->record)))
            k++;
        assert_true(item->is_note || k < n);
    }
    for (size_t k = 1; k < n; k++)
        assert_true(raw[k - 1].scope != raw[k].scope ||
                    raw[k - 1].record.end_at_ms <= raw[k].record.end_at_ms);
    cp_digest_free(digest);
    world_free(&world);
}

static void large_digests_keep_none_for_good(void **state)
{
    (void)state;
    struct world_options large = options;
    large.n = CP_DIGEST_RAW_MAX;
    large.has_notes = false;
    struct world world = world_new(&large);
    struct cp_digest *digest = world_digest(&world);
    size_t n;
    assert_non_null(cp_digest_raw(digest, &n));
    assert_int_equal(n, CP_DIGEST_RAW_MAX);
    world_add(digest, &world.items[0]);
    assert_null(cp_digest_raw(digest, &n));
    assert_null(cp_digest_raw_notes(digest, &n));
    cp_digest_free(digest);
    world_free(&world);
}

static void digests_from_queries_keep_no_records(void **state)
{
    (void)state;
    struct cp_digest *digest = cp_digest_new();
    struct world_item item = {.is_note = true, .note = {.at_ms = -1, .value_us = -1}};
    struct cp_digest_cell *cell;
    size_t n;
    world_add(digest, &item);
    struct cp_digest_scope *scope;
    const struct cp_digest_name name = {cp_view_of("f"), {NULL, 0}, {NULL, 0}};
    assert_non_null(cp_digest_raw(digest, &n));
    assert_int_equal(cp_digest_scope(digest, &name, &scope, NULL), CP_OK);
    assert_int_equal(
        cp_digest_cell_for(digest, scope, 512, CP_START_WARM, CP_OUTCOME_MEASURED, &cell, NULL),
        CP_OK);
    assert_int_equal(cp_histogram_add_bin(&cell->metrics[CP_METRIC_DURATION],
                                          cp_histogram_bin(5000), 10, 50000, 5000, 5000),
                     CP_OK);
    cell->n += 10;
    assert_null(cp_digest_raw(digest, &n));
    const struct cp_digest_minute minute = {.minute = 29333333, .arrivals = 10};
    assert_int_equal(cp_digest_add_minute(digest, scope, &minute, NULL), CP_OK);
    const struct cp_digest_minute none = {.minute = INT64_MAX};
    assert_int_equal(cp_digest_add_minute(digest, scope, &none, NULL), CP_EINVAL);
    assert_int_equal(
        cp_digest_cell_for(digest, scope, -2, CP_START_WARM, CP_OUTCOME_MEASURED, &cell, NULL),
        CP_EINVAL);
    assert_int_equal(cp_digest_scope_n(scope), 10);
    cp_digest_free(digest);
}

static void records_that_cannot_be_are_refused(void **state)
{
    (void)state;
    const struct cp_digest_record good = {.end_at_ms = -1,
                                          .duration_us = 1,
                                          .billed_us = -1,
                                          .init_us = -1,
                                          .restore_us = -1,
                                          .billed_restore_us = -1,
                                          .memory_size_mb = -1,
                                          .max_memory_used_mb = -1,
                                          .start = CP_START_WARM,
                                          .outcome = CP_OUTCOME_MEASURED};
    struct cp_digest_record bad[10];
    for (size_t i = 0; i < 10; i++)
        bad[i] = good;
    bad[0].duration_us = -1;
    bad[1].duration_us = CP_DIGEST_US_MAX + 1;
    bad[2].billed_us = -2;
    bad[3].init_us = INT64_MAX;
    bad[4].restore_us = INT64_MIN;
    bad[5].memory_size_mb = CP_DIGEST_MEMORY_MAX_MB + 1;
    bad[6].max_memory_used_mb = -2;
    bad[7].start = (enum cp_start_kind)4;
    bad[8].outcome = CP_OUTCOME_NOT_SENT;
    bad[9].outcome = CP_OUTCOME_THROTTLED;
    struct cp_digest *digest = cp_digest_new();
    struct cp_digest_scope *scope;
    const struct cp_digest_name name = {cp_view_of("f"), {NULL, 0}, {NULL, 0}};
    assert_int_equal(cp_digest_scope(digest, &name, &scope, NULL), CP_OK);
    for (size_t i = 0; i < 10; i++)
        assert_int_equal(cp_digest_add(digest, scope, &bad[i], NULL), CP_EINVAL);
    assert_int_equal(cp_digest_scope_n(scope), 0);
    assert_int_equal(cp_digest_add(digest, scope, &good, NULL), CP_OK);
    cp_digest_free(digest);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cells_have_exact_sums),
        cmocka_unit_test(requests_of_the_smallest_hashes_are_kept_whole),
        cmocka_unit_test(streams_of_the_smallest_hashes_are_kept_whole),
        cmocka_unit_test(a_flood_of_one_id_is_bounded),
        cmocka_unit_test(init_is_billed_where_the_bill_covers_it),
        cmocka_unit_test(small_digests_keep_every_record),
        cmocka_unit_test(large_digests_keep_none_for_good),
        cmocka_unit_test(digests_from_queries_keep_no_records),
        cmocka_unit_test(records_that_cannot_be_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
