/* SPDX-License-Identifier: GPL-3.0-or-later
 * The digest with failing allocations. Linked with --wrap: the model's malloc and calloc come here.
 */
#include <stdlib.h>
#include <string.h>

#include "model/digest/digest_idle.h"
#include "model/digest/digest_retries.h"
#include "model/digest/log_demand.h"
#include "model/digest/traffic.h"
#include "tests/model/digest/digest_world.h"
#include "tests/model/scarce_memory.h"
#include "tests/test.h"

static const struct world_options options = {.n = 60,
                                             .seed = 31,
                                             .from_ms = 1760000000000,
                                             .span_ms = 90000000,
                                             .n_streams = 3,
                                             .n_ids = 40,
                                             .has_notes = true};

/* All steps of a digest's life; the first failure ends it. */
static enum cp_code live(const struct world *world, struct cp_view file)
{
    enum cp_code code = CP_OK;
    struct cp_digest *digest = cp_digest_new();
    struct cp_digest *other = cp_digest_new();
    struct cp_buf out;
    size_t n;
    cp_buf_init(&out, 1 << 20);
    if (!digest || !other)
        code = CP_ENOMEM;
    for (size_t i = 0; i < world->n && !code; i++) {
        const struct world_item *item = &world->items[i];
        struct cp_digest_scope *scope;
        const struct cp_digest_name name = {cp_view_of("f"), cp_view_of("1"), cp_view_of("")};
        code = cp_digest_scope(digest, &name, &scope, NULL);
        if (!code)
            code = item->is_note ? cp_digest_note(digest, scope, &item->note, NULL)
                                 : cp_digest_add(digest, scope, &item->record, NULL);
        if (!code)
            code = cp_digest_tally(scope, "end", cp_view_of("x"), 1, NULL);
        if (!code)
            code = cp_digest_count(digest, "lines", 1, cp_view_of("an example"), NULL);
    }
    if (!code)
        code = cp_digest_read(other, file, NULL);
    if (!code)
        code = cp_digest_merge(digest, other, NULL);
    if (!code && !cp_digest_raw(digest, &n))
        code = CP_ENOMEM;
    if (!code)
        code = cp_digest_write(digest, &out, NULL);
    cp_buf_clear(&out);
    cp_digest_free(digest);
    cp_digest_free(other);
    return code;
}

static void says_that_memory_is_short_and_leaks_nothing(void **state)
{
    (void)state;
    struct world world = world_new(&options);
    struct cp_digest *digest = world_digest(&world);
    size_t n;
    char *file = world_file(digest, &n);
    int refused = 0;
    for (int limit = 0;; limit++) {
        allocations_left = limit;
        enum cp_code code = live(&world, (struct cp_view){file, n});
        allocations_left = -1;
        if (code == CP_OK)
            break;
        assert_int_equal(code, CP_ENOMEM);
        refused++;
    }
    assert_in_range(refused, 200, 20000);
    free(file);
    cp_digest_free(digest);
    world_free(&world);
}

static enum cp_code describe(const struct cp_digest_scope *scope)
{
    struct cp_traffic traffic;
    struct cp_digest_retries retries;
    enum cp_code code = cp_traffic_of(&scope, 1, 0, &traffic, NULL);
    if (!code)
        code = cp_digest_retries_of(&scope, 1, &retries, NULL);
    if (!code)
        cp_digest_retries_clear(&retries);
    cp_traffic_clear(&traffic);
    return code;
}

static void the_traffic_of_a_log_needs_memory_too(void **state)
{
    (void)state;
    struct world world = world_new(&options);
    struct cp_digest *digest = world_digest(&world);
    struct cp_demand *demand = NULL;
    struct cp_demand *copy = NULL;
    int refused = 0;
    for (int limit = 0; !copy && limit < 20; limit++) {
        allocations_left = limit;
        enum cp_code code = cp_log_demand(digest, NULL, 0, &demand, NULL);
        if (!code)
            copy = cp_demand_copy(demand);
        allocations_left = -1;
        assert_true(code == CP_OK || (code == CP_ENOMEM && !demand));
        refused += !copy;
        cp_demand_free(demand);
        demand = NULL;
    }
    assert_non_null(copy);
    assert_int_equal(refused, 5); /* minutes and their gaps, the traffic, a copy and its numbers */
    cp_demand_free(copy);
    cp_digest_free(digest);
    world_free(&world);
}

static void descriptions_need_memory_too(void **state)
{
    (void)state;
    struct world world = world_new(&options);
    struct cp_digest *digest = world_digest(&world);
    const struct cp_digest_scope *scope = world_scope(digest, 0, 0);
    int refused = 0;
    enum cp_code code = CP_ENOMEM;
    for (int limit = 0; code; limit++) {
        allocations_left = limit;
        code = describe(scope);
        allocations_left = -1;
        assert_true(code == CP_OK || code == CP_ENOMEM);
        refused += code != CP_OK;
    }
    assert_in_range(refused, 5, 1000);
    cp_digest_free(digest);
    world_free(&world);
}

static void batches_of_pauses_need_memory_too(void **state)
{
    (void)state;
    struct world world = world_new(&options);
    struct cp_digest *digest = world_digest(&world);
    const struct cp_digest_scope *scope = world_scope(digest, 0, 0);
    struct cp_idle_batch *batches = NULL;
    size_t n = 0;
    int refused = 0;
    enum cp_code code = CP_ENOMEM;
    for (int limit = 0; code && limit < 10; limit++) {
        allocations_left = limit;
        code = cp_digest_idle_batches(&scope, 1, &batches, &n, NULL);
        allocations_left = -1;
        assert_true(code == CP_OK || (code == CP_ENOMEM && !batches && n == 0));
        refused += code != CP_OK;
    }
    assert_int_equal(code, CP_OK);
    assert_int_equal(refused, 2);
    assert_true(n > 0);
    free(batches);
    cp_digest_free(digest);
    world_free(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(says_that_memory_is_short_and_leaks_nothing),
        cmocka_unit_test(descriptions_need_memory_too),
        cmocka_unit_test(the_traffic_of_a_log_needs_memory_too),
        cmocka_unit_test(batches_of_pauses_need_memory_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
