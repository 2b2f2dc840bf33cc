/* SPDX-License-Identifier: GPL-3.0-or-later
 * Writing, reading and merging nights with failing allocations, those of the JSON library included:
 * each failure says why and leaves nothing behind (leaks are the sanitizer's to find), and the
 * store is whole.
 */
#include "tests/store/store_fixture.h"

#include "profiler/history/history_file.h"
#include "tests/model/scarce_memory.h"

#include <cjson/cJSON.h>

static const char text[] =
    "{\"schema\":1,\"kind\":\"night\",\"function\":\"f\",\"started_at\":\"2026-10-08T01:00:00Z\","
    "\"run_id\":\"a\",\"metrics\":[{\"metric\":\"128MB/init-p50\",\"n\":3,\"ms\":5}]}\n"
    "{\"schema\":1,\"kind\":\"night\",\"function\":\"f\",\"started_at\":\"2026-10-08T01:00:00Z\","
    "\"run_id\":\"a\",\"metrics\":[{\"metric\":\"128MB/init-p50\",\"n\":3,\"ms\":6}]}\n"
    "{\"schema\":1,\"kind\":\"acceptance\",\"function\":\"f\",\"at\":\"2026-10-09T01:00:00Z\"}\n";

static enum cp_code merge(struct cp_store *store, struct cp_history_counts *counts,
                          struct cp_error *err)
{
    struct cp_history_import import;
    cp_history_import_init(&import, store);
    enum cp_code code = cp_store_begin(store, err);
    if (!code) {
        code = cp_history_import_add(&import, cp_view_of(text), err);
        code = cp_store_end(store, code, err);
    }
    *counts = import.counts;
    cp_history_import_clear(&import);
    return code;
}

static enum cp_code list_metrics(struct cp_store *store, const struct cp_night_key *key,
                                 struct cp_error *err)
{
    struct cp_history history;
    struct cp_metric_key *metrics = NULL;
    const struct cp_history_span last = {0, 1};
    size_t n = 0;
    enum cp_code code = cp_store_load_history(store, key, last, &history, err);
    if (!code)
        code = cp_history_metrics(&history, 0, &metrics, &n, err);
    assert_true(code || n == 1 || history.n_nights == 0);
    free(metrics);
    cp_history_clear(&history);
    return code;
}

static enum cp_code use(struct cp_store *store, struct cp_history_counts *counts,
                        struct cp_error *err)
{
    struct cp_buf out;
    struct cp_night_key key;
    cp_buf_init(&out, 1 << 20);
    enum cp_code code = merge(store, counts, err);
    if (!code)
        code = cp_store_find_history(store, "f", &key, err);
    if (!code)
        code = list_metrics(store, &key, err);
    if (!code)
        code = cp_history_export(store, NULL, &out, err);
    cp_buf_clear(&out);
    return code;
}

/* The JSON library does not tell that memory was at fault: such a line counts as rejected. */
static void every_allocation_may_fail(void **state)
{
    int refused = 0;
    bool is_through = false;
    for (; !is_through; refused++) {
        struct cp_error err = {CP_OK, ""};
        struct cp_history_counts counts = {.n_nights = 0};
        struct cp_store *store = store_fixture_open(*state, CP_STORE_SWEEP);
        allocations_left = refused;
        enum cp_code code = use(store, &counts, &err);
        allocations_left = -1;
        assert_true(!code || err.text[0] != '\0');
        is_through = !code && counts.n_rejected == 0;
        cp_store_close(store);
        store = store_fixture_open(*state, CP_STORE_READ);
        struct cp_night_key key = {.function = "f"};
        struct cp_history history;
        const struct cp_history_span all = {0, 0};
        assert_int_equal(cp_store_load_history(store, &key, all, &history, NULL), CP_OK);
        assert_true(history.n_nights <= 1 && history.n_acceptances <= 1);
        cp_history_clear(&history);
        cp_store_close(store);
        assert_true(refused < 3000);
    }
    assert_true(refused > 50);
}

static void *allocate(size_t n)
{
    return malloc(n);
}

int main(void)
{
    cJSON_Hooks hooks = {.malloc_fn = allocate, .free_fn = free};
    cJSON_InitHooks(&hooks);
    const struct CMUnitTest tests[] = {cmocka_unit_test_setup_teardown(
        every_allocation_may_fail, store_fixture_setup, store_fixture_teardown)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
