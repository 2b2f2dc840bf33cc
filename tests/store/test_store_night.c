/* SPDX-License-Identifier: GPL-3.0-or-later
 * Nights in the store: what is put is read back to the last bit, in order, and a function is found
 * by what a user calls it.
 */
#include "tests/store/store_fixture.h"

#include <sqlite3.h>

enum { DAY_MS = 86400000 };
#define FIRST_NIGHT_MS INT64_C(1790000000000)

static const struct cp_night_key checkout = {"checkout", "AWS account ...1234", "eu-west-1",
                                             "arm64"};

static struct cp_night night_of(const struct cp_night_key *key, int day, const char *run_id)
{
    struct cp_night night = cp_night_empty();
    night.key = *key;
    night.started_at_ms = FIRST_NIGHT_MS + (int64_t)day * DAY_MS;
    night.code_size_bytes = 1234567890123 + day;
    night.original_memory_size_mb = 1024;
    (void)snprintf(night.run_id, sizeof night.run_id, "%s", run_id);
    (void)snprintf(night.runtime, sizeof night.runtime, "python3.12");
    (void)snprintf(night.runtime_version_arn, sizeof night.runtime_version_arn, "arn:runtime:%d",
                   day);
    (void)snprintf(night.code_sha256, sizeof night.code_sha256, "sha-%d", day);
    (void)snprintf(night.layers, sizeof night.layers, "arn:layer:a:1 arn:layer:b:%d", day);
    (void)snprintf(night.payload_sha256, sizeof night.payload_sha256, "payload-%d", day);
    (void)snprintf(night.method, sizeof night.method, "in place");
    (void)snprintf(night.host, sizeof night.host, "a host");
    (void)snprintf(night.coldprof_version, sizeof night.coldprof_version, "0.6.0");
    return night;
}

/* Numbers without an end, and ones that no short decimal is. */
static struct cp_night_metric metrics[] = {
    {{CP_TIMING_INIT, 0.5, 1024}, {100.1, 99.7, 1.0 / 3 + 100}, 100},
    {{CP_TIMING_COLD, 0.99, 1024}, {250, 240, INFINITY}, 100},
    {{CP_TIMING_WARM, 0.95, 1024}, {2.25, NAN, NAN}, 7},
    {{CP_TIMING_RESTORE, 0.95, 10240}, {1e9, 0, 5e-324}, 9000000},
};

static void put(struct cp_store *store, const struct cp_night_key *key, int day, const char *run_id,
                size_t n_metrics)
{
    struct cp_night night = night_of(key, day, run_id);
    struct cp_error err = {0};
    night.metrics = metrics;
    night.n_metrics = n_metrics;
    if (cp_store_put_night(store, &night, &err))
        fail_msg("%s", err.text);
}

static struct cp_history load(struct cp_store *store, const struct cp_night_key *key,
                              int64_t since_ms, size_t n_last)
{
    struct cp_history history;
    struct cp_error err = {0};
    if (cp_store_load_history(store, key, (struct cp_history_span){since_ms, n_last}, &history,
                              &err))
        fail_msg("%s", err.text);
    return history;
}

static bool is_same(double a, double b)
{
    return (a >= b && a <= b && !signbit(a) == !signbit(b)) || (isnan(a) && isnan(b));
}

static void assert_night(const struct cp_night *night, int day, const char *run_id, size_t n)
{
    struct cp_night expected = night_of(&checkout, day, run_id);
    assert_true(cp_night_key_equal(&night->key, &checkout));
    assert_int_equal(night->started_at_ms, expected.started_at_ms);
    assert_int_equal(night->code_size_bytes, expected.code_size_bytes);
    assert_int_equal(night->original_memory_size_mb, 1024);
    assert_string_equal(night->run_id, run_id);
    assert_string_equal(night->runtime, "python3.12");
    assert_string_equal(night->runtime_version_arn, expected.runtime_version_arn);
    assert_string_equal(night->code_sha256, expected.code_sha256);
    assert_string_equal(night->layers, expected.layers);
    assert_string_equal(night->payload_sha256, expected.payload_sha256);
    assert_string_equal(night->method, "in place");
    assert_string_equal(night->host, "a host");
    assert_string_equal(night->coldprof_version, "0.6.0");
    assert_int_equal(night->n_metrics, n);
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(cp_metric_key_order(&night->metrics[i].metric, &metrics[i].metric), 0);
        assert_int_equal(night->metrics[i].n, metrics[i].n);
        assert_true(is_same(night->metrics[i].ms.value, metrics[i].ms.value));
        assert_true(is_same(night->metrics[i].ms.low, metrics[i].ms.low));
        assert_true(is_same(night->metrics[i].ms.high, metrics[i].ms.high));
    }
}

static void nights_come_back_in_order_to_the_last_bit(void **state)
{
    enum { NIGHTS = 40 };
    struct store_fixture *f = *state;
    struct cp_store *store = store_fixture_open(f, CP_STORE_SWEEP);
    for (int i = 0; i < NIGHTS; i++)
        put(store, &checkout, (i * 7) % NIGHTS, "aaaa", 4);
    cp_store_close(store);
    store = store_fixture_open(f, CP_STORE_READ);
    struct cp_history history = load(store, &checkout, 0, 0);
    assert_int_equal(history.n_nights, NIGHTS);
    for (int i = 0; i < NIGHTS; i++)
        assert_night(&history.nights[i], i, "aaaa", 4);
    cp_history_clear(&history);
    cp_store_close(store);
}

static void a_span_keeps_the_last_and_the_later_nights(void **state)
{
    struct store_fixture *f = *state;
    struct cp_store *store = store_fixture_open(f, CP_STORE_SWEEP);
    for (int i = 0; i < 10; i++)
        put(store, &checkout, i, "aaaa", 1);
    struct cp_history history = load(store, &checkout, 0, 3);
    assert_int_equal(history.n_nights, 3);
    assert_night(&history.nights[0], 7, "aaaa", 1);
    assert_night(&history.nights[2], 9, "aaaa", 1);
    cp_history_clear(&history);
    history = load(store, &checkout, FIRST_NIGHT_MS + INT64_C(8) * DAY_MS, 0);
    assert_int_equal(history.n_nights, 2);
    assert_night(&history.nights[0], 8, "aaaa", 1);
    cp_history_clear(&history);
    history = load(store, &checkout, FIRST_NIGHT_MS + INT64_C(2) * DAY_MS, 1);
    assert_int_equal(history.n_nights, 1);
    assert_night(&history.nights[0], 9, "aaaa", 1);
    cp_history_clear(&history);
    cp_store_close(store);
}

static void the_same_night_is_replaced_and_another_run_is_kept(void **state)
{
    struct store_fixture *f = *state;
    struct cp_night night;
    struct cp_store *store = store_fixture_open(f, CP_STORE_SWEEP);
    put(store, &checkout, 0, "bbbb", 1);
    put(store, &checkout, 0, "bbbb", 3);
    put(store, &checkout, 0, "aaaa", 2);
    struct cp_history history = load(store, &checkout, 0, 0);
    assert_int_equal(history.n_nights, 2);
    assert_night(&history.nights[0], 0, "aaaa", 2);
    assert_night(&history.nights[1], 0, "bbbb", 3);
    cp_history_clear(&history);
    assert_int_equal(cp_store_get_night(store, &checkout, FIRST_NIGHT_MS, "bbbb", &night, NULL),
                     CP_OK);
    assert_night(&night, 0, "bbbb", 3);
    cp_night_clear(&night);
    assert_int_equal(cp_store_get_night(store, &checkout, FIRST_NIGHT_MS, "cccc", &night, NULL),
                     CP_ENOTFOUND);
    cp_store_close(store);
}

static void a_night_without_a_time_is_refused(void **state)
{
    struct store_fixture *f = *state;
    struct cp_error err = {0};
    struct cp_night night = night_of(&checkout, 0, "aaaa");
    struct cp_store *store = store_fixture_open(f, CP_STORE_SWEEP);
    night.started_at_ms = -1;
    assert_int_equal(cp_store_put_night(store, &night, &err), CP_EINVAL);
    assert_non_null(strstr(err.text, "without times"));
    struct cp_history history = load(store, &checkout, 0, 0);
    assert_int_equal(history.n_nights, 0);
    assert_true(cp_night_key_equal(&history.key, &checkout));
    cp_history_clear(&history);
    cp_store_close(store);
}

static void acceptances_are_a_set(void **state)
{
    struct store_fixture *f = *state;
    const struct cp_night_acceptance rows[] = {
        {20, "new SDK"}, {10, ""}, {20, "a note"}, {20, "new SDK"}};
    static const bool are_new[] = {true, true, true, false};
    struct cp_store *store = store_fixture_open(f, CP_STORE_SWEEP);
    for (size_t i = 0; i < 4; i++) {
        bool is_new = !are_new[i];
        assert_int_equal(cp_store_accept(store, &checkout, &rows[i], &is_new, NULL), CP_OK);
        assert_int_equal(is_new, are_new[i]);
    }
    struct cp_history history = load(store, &checkout, 0, 1);
    assert_int_equal(history.n_nights, 0);
    assert_int_equal(history.n_acceptances, 3);
    assert_int_equal(history.acceptances[0].at_ms, 10);
    assert_string_equal(history.acceptances[1].note, "a note");
    assert_string_equal(history.acceptances[2].note, "new SDK");
    cp_history_clear(&history);
    cp_store_close(store);
}

static const struct cp_night_key keys[] = {
    {"cart", "local server", "us-east-1", "x86_64"},
    {"checkout", "AWS account ...1234", "eu-west-1", "arm64"},
    {"checkout", "AWS account ...1234", "eu-west-1", "x86_64"},
    {"checkout", "local server", "us-east-1", "x86_64"},
    {"checkout-v2", "local server", "us-east-1", "x86_64"},
};
enum { N_KEYS = 5 };

static struct cp_store *store_of_keys(const struct store_fixture *f)
{
    struct cp_store *store = store_fixture_open(f, CP_STORE_SWEEP);
    for (int i = N_KEYS - 1; i >= 0; i--) {
        for (int day = 0; day <= i; day++)
            put(store, &keys[i], day, "aaaa", 1);
    }
    return store;
}

static bool check_row(void *context, const struct cp_stored_history *row)
{
    int *i = context;
    assert_true(cp_night_key_equal(&row->key, &keys[*i]));
    assert_int_equal(row->n_nights, *i + 1);
    assert_int_equal(row->first_ms, FIRST_NIGHT_MS);
    assert_int_equal(row->last_ms, FIRST_NIGHT_MS + (int64_t)*i * DAY_MS);
    ++*i;
    return *i < N_KEYS - 1;
}

static void histories_are_listed_by_function(void **state)
{
    int n = 0;
    struct cp_store *store = store_of_keys(*state);
    assert_int_equal(cp_store_histories(store, check_row, &n, NULL), CP_OK);
    assert_int_equal(n, N_KEYS - 1);
    cp_store_close(store);
}

static void a_listing_reads_no_metrics(void **state)
{
    struct store_fixture *f = *state;
    sqlite3 *db = NULL;
    sqlite3_stmt *plan = NULL;
    cp_store_close(store_of_keys(f));
    assert_int_equal(sqlite3_open(f->path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db,
                                        "EXPLAIN QUERY PLAN SELECT count(*), min(started_at_ms)"
                                        " FROM nights WHERE history_id = 1",
                                        -1, &plan, NULL),
                     SQLITE_OK);
    assert_int_equal(sqlite3_step(plan), SQLITE_ROW);
    assert_non_null(strstr((const char *)sqlite3_column_text(plan, 3), "COVERING INDEX"));
    (void)sqlite3_finalize(plan);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void a_user_names_a_function_and_what_tells_it_apart(void **state)
{
    static const struct {
        const char *wanted;
        enum cp_code code;
        int key;             /* index in keys */
        const char *says[3]; /* of a failure */
    } rows[] = {
        {"cart", CP_OK, 0, {NULL}},
        {"checkout-v2", CP_OK, 4, {NULL}},
        {"checkout@eu-west-1/arm64", CP_OK, 1, {NULL}},
        {"checkout@arm64", CP_OK, 1, {NULL}},
        {"checkout@local", CP_OK, 3, {NULL}},
        {"checkout@1234/x86_64", CP_OK, 2, {NULL}},
        {"cart@", CP_OK, 0, {NULL}},
        {"checkout", CP_EINVAL, 0, {"3 histories", "checkout@eu-west-1/arm64", "local server"}},
        {"checkout@eu-west-1", CP_EINVAL, 0, {"2 histories", "x86_64", "'@'"}},
        {"chekout", CP_ENOTFOUND, 0, {"the nearest are checkout@", "", ""}},
        {"sheckout-v2", CP_ENOTFOUND, 0, {"the nearest are checkout-v2@", "", ""}},
        {"cart@eu-west-1", CP_ENOTFOUND, 0, {"cart@us-east-1/x86_64", "", ""}},
        {"", CP_ENOTFOUND, 0, {"no history of ''", "", ""}},
    };
    struct cp_store *store = store_of_keys(*state);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct cp_night_key key;
        struct cp_error err = {0};
        assert_int_equal(cp_store_find_history(store, rows[i].wanted, &key, &err), rows[i].code);
        if (!rows[i].code)
            assert_true(cp_night_key_equal(&key, &keys[rows[i].key]));
        for (size_t k = 0; rows[i].code && k < 3; k++) {
            if (!strstr(err.text, rows[i].says[k]))
                fail_msg("'%s': '%s' is not in: %s", rows[i].wanted, rows[i].says[k], err.text);
        }
    }
    cp_store_close(store);
}

static void an_empty_store_says_how_to_get_a_night(void **state)
{
    struct cp_night_key key;
    struct cp_error err = {0};
    struct cp_store *store = store_fixture_open(*state, CP_STORE_SWEEP);
    assert_int_equal(cp_store_find_history(store, "cart", &key, &err), CP_ENOTFOUND);
    assert_non_null(strstr(err.text, "coldprof nightly"));
    cp_store_close(store);
}

/* The bytes of a metric of 100 samples of 1 ms; P50 is the double 0.5. */
#define PUT(bytes)      "UPDATE nights SET metrics = x'" bytes "'"
#define P50             "000000000000e03f"
#define ONE             "000000000000f03f"
#define METRIC(key, q)  key "64" q ONE ONE ONE
#define INIT_OF_1024_MB "008008"
#define TIMING_4        "048008"
#define INIT_OF_2_TO_31 "008080808008"

static enum cp_code load_after(struct store_fixture *f, const char *sql, size_t *n_metrics,
                               struct cp_error *err)
{
    struct cp_history history;
    sqlite3 *db = NULL;
    struct cp_store *store = store_fixture_open(f, CP_STORE_SWEEP);
    put(store, &checkout, 0, "aaaa", 4);
    cp_store_close(store);
    assert_int_equal(sqlite3_open(f->path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    store = store_fixture_open(f, CP_STORE_READ);
    enum cp_code code =
        cp_store_load_history(store, &checkout, (struct cp_history_span){0}, &history, err);
    assert_int_equal(history.n_nights, code ? 0 : 1);
    *n_metrics = code ? 0 : history.nights[0].n_metrics;
    cp_history_clear(&history);
    cp_store_close(store);
    return code;
}

static void damaged_metrics_are_an_error_and_no_crash(void **state)
{
    static const char *const damages[] = {
        PUT(METRIC(INIT_OF_1024_MB, P50) METRIC(INIT_OF_1024_MB, P50)), /* twice */
        PUT(METRIC(TIMING_4, P50)),
        PUT(METRIC(INIT_OF_2_TO_31, P50)),
        PUT(METRIC(INIT_OF_1024_MB, ONE)), /* the quantile */
        PUT(METRIC(INIT_OF_1024_MB, "0000000000000000")),
        PUT(METRIC(INIT_OF_1024_MB, "000000000000f87f")), /* NAN */
        "UPDATE nights SET metrics = x'00'",
        "UPDATE nights SET metrics = substr(metrics, 1, length(metrics) - 1)",
        "UPDATE nights SET metrics = metrics || x'ff'",
        "UPDATE nights SET metrics = metrics || metrics",
        "UPDATE nights SET metrics = zeroblob(length(metrics))",
        "UPDATE nights SET metrics = x'ffffffffffffffffffffffff' || metrics",
        "UPDATE nights SET original_memory_size_mb = 99999999999",
    };
    size_t n = 0;
    struct cp_error none = {0};
    assert_int_equal(load_after(*state, PUT(METRIC(INIT_OF_1024_MB, P50)), &n, &none), CP_OK);
    assert_int_equal(n, 1);
    for (size_t i = 0; i < sizeof damages / sizeof damages[0]; i++) {
        struct cp_error err = {0};
        if (load_after(*state, damages[i], &n, &err) != CP_EFORMAT || !strstr(err.text, "nights"))
            fail_msg("%s: %s", damages[i], err.text);
    }
}

/* As many as a run can have, and as a line can. */
static void a_night_has_room_for_its_metrics(void **state)
{
    enum { MANY = 1024 };
    struct cp_store *store = store_fixture_open(*state, CP_STORE_SWEEP);
    struct cp_night night = night_of(&checkout, 0, "aaaa");
    struct cp_error err = {0};
    struct cp_night_metric all[MANY];
    for (int i = 0; i < MANY; i++)
        all[i] = (struct cp_night_metric){
            {CP_TIMING_WARM, 0.5, INT_MAX - MANY + i}, {i, i, i}, (size_t)1 << 53};
    night.metrics = all;
    night.n_metrics = MANY;
    assert_int_equal(cp_store_put_night(store, &night, &err), CP_OK);
    struct cp_history history = load(store, &checkout, 0, 0);
    assert_int_equal(history.nights[0].n_metrics, MANY);
    for (size_t i = 0; i < MANY; i++) {
        assert_int_equal(cp_metric_key_order(&history.nights[0].metrics[i].metric, &all[i].metric),
                         0);
        assert_int_equal(history.nights[0].metrics[i].n, all[i].n);
    }
    cp_history_clear(&history);
    cp_store_close(store);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, store_fixture_setup, store_fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(nights_come_back_in_order_to_the_last_bit),
        TEST(a_span_keeps_the_last_and_the_later_nights),
        TEST(the_same_night_is_replaced_and_another_run_is_kept),
        TEST(a_night_without_a_time_is_refused),
        TEST(acceptances_are_a_set),
        TEST(histories_are_listed_by_function),
        TEST(a_listing_reads_no_metrics),
        TEST(a_user_names_a_function_and_what_tells_it_apart),
        TEST(an_empty_store_says_how_to_get_a_night),
        TEST(damaged_metrics_are_an_error_and_no_crash),
        TEST(a_night_has_room_for_its_metrics),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
