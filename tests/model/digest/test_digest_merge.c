/* SPDX-License-Identifier: GPL-3.0-or-later
 * The one property that everything else stands on: a log in any number of shards, digested anywhere
 * and merged in any order, gives the digest of one pass, byte for byte.
 */
#include <stdlib.h>

#include "tests/model/digest/digest_world.h"
#include "tests/test.h"

enum { SHARDS_MAX = 8 };

static const struct world_options cases[] = {
    {.n = 0, .seed = 1, .from_ms = 1760000000000, .span_ms = 1},
    {.n = 60,
     .seed = 2,
     .from_ms = 1760000000000,
     .span_ms = 90000000,
     .n_streams = 2,
     .n_ids = 40},
    {.n = 800, .seed = 3, .from_ms = -1, .n_ids = 800, .n_streams = 3},
    {.n = 3000,
     .seed = 4,
     .from_ms = 1760000000000,
     .span_ms = 700000000,
     .n_streams = 40,
     .n_ids = 2000,
     .has_notes = true},
    /* three eras; more requests than are sampled */
    {.n = 20000,
     .seed = 5,
     .from_ms = 1600000000000,
     .span_ms = 180000000000,
     .n_streams = 100,
     .n_ids = 15000,
     .has_notes = true},
    /* more records than are kept raw; all within an hour */
    {.n = 90000,
     .seed = 6,
     .from_ms = 1760000000000,
     .span_ms = 3600000,
     .n_streams = 300,
     .n_ids = 40000},
};

/* Each record into a shard by chance, in a random order. */
static size_t make_shards(const struct world *world, struct cp_rng *rng,
                          struct cp_digest *shards[SHARDS_MAX])
{
    size_t n = 1 + cp_rng_below(rng, SHARDS_MAX);
    size_t *order = malloc((world->n + 1) * sizeof *order);
    assert_non_null(order);
    for (size_t i = 0; i < world->n; i++)
        order[i] = i;
    cp_rng_shuffle(rng, order, world->n, sizeof *order);
    for (size_t i = 0; i < n; i++)
        shards[i] = cp_digest_new();
    for (size_t i = 0; i < world->n; i++)
        world_add(shards[cp_rng_below(rng, n)], &world->items[order[i]]);
    free(order);
    return n;
}

static void through_a_file(struct cp_digest **digest)
{
    size_t n;
    struct cp_error err = {.text = ""};
    char *file = world_file(*digest, &n);
    struct cp_digest *again = cp_digest_new();
    (void)cp_digest_read(again, (struct cp_view){file, n}, &err);
    assert_string_equal(err.text, "");
    assert_same_file(*digest, again);
    cp_digest_free(*digest);
    *digest = again;
    free(file);
}

/* Takes two at random and merges one into the other, until one is left: any tree. */
static struct cp_digest *merge_all(struct cp_digest *shards[SHARDS_MAX], size_t n,
                                   struct cp_rng *rng)
{
    struct cp_error err = {.text = ""};
    while (n > 1) {
        size_t into = cp_rng_below(rng, n);
        size_t from = (into + 1 + cp_rng_below(rng, n - 1)) % n;
        (void)cp_digest_merge(shards[into], shards[from], &err);
        assert_string_equal(err.text, "");
        if (cp_rng_below(rng, 3) == 0)
            through_a_file(&shards[into]);
        cp_digest_free(shards[from]);
        shards[from] = shards[--n];
    }
    return shards[0];
}

static void shards_merge_to_the_digest_of_one_pass(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct cp_rng rng;
        cp_rng_init(&rng, 77, i);
        struct world world = world_new(&cases[i]);
        struct cp_digest *whole = world_digest(&world);
        for (int round = 0; round < (world.n > 10000 ? 1 : 4); round++) {
            struct cp_digest *shards[SHARDS_MAX] = {NULL};
            size_t n = make_shards(&world, &rng, shards);
            struct cp_digest *merged = merge_all(shards, n, &rng);
            assert_same_file(whole, merged);
            cp_digest_free(merged);
        }
        cp_digest_free(whole);
        world_free(&world);
    }
}

static void an_empty_digest_changes_nothing(void **state)
{
    (void)state;
    struct world world = world_new(&cases[3]);
    struct cp_digest *whole = world_digest(&world);
    struct cp_digest *again = world_digest(&world);
    struct cp_digest *empty = cp_digest_new();
    assert_int_equal(cp_digest_merge(again, empty, NULL), CP_OK);
    assert_same_file(whole, again);
    assert_int_equal(cp_digest_merge(empty, whole, NULL), CP_OK);
    assert_same_file(whole, empty);
    cp_digest_free(whole);
    cp_digest_free(again);
    cp_digest_free(empty);
    world_free(&world);
}

static void digests_that_count_together_drop_raw_records_together(void **state)
{
    (void)state;
    const struct world_options options = {.n = CP_DIGEST_RAW_MAX + 100,
                                          .seed = 8,
                                          .from_ms = 1760000000000,
                                          .span_ms = 3600000,
                                          .n_streams = 3,
                                          .n_ids = 40000};
    struct world world = world_new(&options);
    struct cp_digest *whole = world_digest(&world);
    struct cp_digest *parts[2] = {cp_digest_new(), cp_digest_new()};
    uint64_t n_records = 0;
    size_t n_raw;
    for (size_t i = 0; i < 2; i++)
        cp_digest_count_with(parts[i], &n_records);
    for (size_t i = 0; i < world.n; i++) {
        if (i == CP_DIGEST_RAW_MAX) {
            assert_non_null(cp_digest_raw(parts[0], &n_raw));
            assert_int_equal(n_raw, CP_DIGEST_RAW_MAX / 2);
        }
        world_add(parts[i % 2], &world.items[i]);
    }
    assert_null(cp_digest_raw(parts[0], &n_raw));
    assert_null(cp_digest_raw(parts[1], &n_raw));
    assert_int_equal(cp_digest_merge(parts[0], parts[1], NULL), CP_OK);
    assert_same_file(whole, parts[0]);
    cp_digest_free(parts[0]);
    cp_digest_free(parts[1]);
    cp_digest_free(whole);
    world_free(&world);
}

static void a_digest_is_not_merged_with_itself(void **state)
{
    (void)state;
    struct cp_digest *digest = cp_digest_new();
    assert_int_equal(cp_digest_merge(digest, digest, NULL), CP_EINVAL);
    cp_digest_free(digest);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shards_merge_to_the_digest_of_one_pass),
        cmocka_unit_test(an_empty_digest_changes_nothing),
        cmocka_unit_test(digests_that_count_together_drop_raw_records_together),
        cmocka_unit_test(a_digest_is_not_merged_with_itself),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
