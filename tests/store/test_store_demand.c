/* SPDX-License-Identifier: GPL-3.0-or-later
 * Traffic kept with a run: every kind comes back bit for bit, counts take little room, and bytes
 * that no store wrote are refused.
 */
#include "tests/store/store_fixture.h"

#include "model/decide/demand.h"

#include <sqlite3.h>

static void add_a_run(struct cp_store *store, struct cp_run *run)
{
    *run = cp_run_empty();
    run->started_at_ms = 1790000000123;
    assert_int_equal(cp_store_add_run(store, run, NULL), CP_OK);
}

static void assert_same_numbers(const struct cp_demand *a, const struct cp_demand *b)
{
    const double *wanted[] = {&a->law.per_s,  &a->law.bucket_ms,   &a->law.burst,
                              &a->law.factor, &a->span_ms,         &a->requests,
                              &a->first_ms,   &a->law.burst_gap_ms};
    const double *got[] = {&b->law.per_s, &b->law.bucket_ms, &b->law.burst, &b->law.factor,
                           &b->span_ms,   &b->requests,      &b->first_ms,  &b->law.burst_gap_ms};
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
        bool are_absent = isnan(*wanted[i]) && isnan(*got[i]);
        assert_true(are_absent || memcmp(wanted[i], got[i], sizeof **wanted) == 0);
    }
}

static void assert_comes_back(struct store_fixture *f, struct cp_demand *demand)
{
    struct cp_run run;
    struct cp_run_data data;
    struct cp_store *store = store_fixture_open(f, CP_STORE_SWEEP);
    add_a_run(store, &run);
    cp_demand_bind(demand);
    assert_int_equal(cp_store_put_demand(store, run.id, demand, NULL), CP_OK);
    cp_store_close(store);
    store = store_fixture_open(f, CP_STORE_READ);
    assert_int_equal(cp_store_load(store, run.id, &data, NULL), CP_OK);
    const struct cp_demand *got = data.demand;
    assert_non_null(got);
    assert_int_equal(got->law.kind, demand->law.kind);
    assert_string_equal(got->words, demand->words);
    assert_same_numbers(demand, got);
    assert_int_equal(got->n, demand->n);
    assert_int_equal(got->law.n, demand->law.n);
    assert_int_equal(got->n_skipped, demand->n_skipped);
    assert_int_equal(got->first_skipped, demand->first_skipped);
    if (demand->n)
        assert_memory_equal(got->values, demand->values, demand->n * sizeof *demand->values);
    assert_memory_equal(got->week_per_s, demand->week_per_s, sizeof demand->week_per_s);
    assert_true(cp_demand_per_s(got) == cp_demand_per_s(demand));
    cp_run_data_clear(&data);
    cp_store_close(store);
}

static void a_rate_with_bursts_and_a_factor_comes_back(void **state)
{
    struct cp_demand rate = cp_demand_of_rate(1.0 / 3);
    rate.law.burst = 10;
    rate.law.burst_gap_ms = 50;
    cp_demand_multiply(&rate, 2.5);
    assert_comes_back(*state, &rate);
}

static void a_week_comes_back(void **state)
{
    struct cp_demand week = {.law.kind = CP_ARRIVALS_WEEK, .first_ms = NAN, .span_ms = 604800e3};
    for (size_t i = 0; i < CP_ARRIVALS_HOURS; i++)
        week.week_per_s[i] = (double)i / 7;
    (void)snprintf(week.words, sizeof week.words, "a week by the hour");
    assert_comes_back(*state, &week);
}

static void counts_and_times_come_back(void **state)
{
    double whole[] = {0, 1, 127, 128, 16384, 9007199254740991.0, 0};
    double broken[] = {0.5, 1, 2};
    double times[] = {0, 0, 3, 1790000000123.0};
    double fine_times[] = {0, 0.25, 1e9 + 0.125};
    struct cp_demand counts = {.law = {.kind = CP_ARRIVALS_COUNTS, .bucket_ms = 60e3},
                               .first_ms = 1790000000000.0,
                               .n_skipped = 3,
                               .first_skipped = 17};
    counts.values = whole;
    counts.n = sizeof whole / sizeof whole[0];
    assert_comes_back(*state, &counts);
    counts.values = broken;
    counts.n = sizeof broken / sizeof broken[0];
    assert_comes_back(*state, &counts);
    counts.law.kind = CP_ARRIVALS_TIMES;
    counts.values = times;
    counts.n = sizeof times / sizeof times[0];
    assert_comes_back(*state, &counts);
    counts.values = fine_times;
    counts.n = sizeof fine_times / sizeof fine_times[0];
    assert_comes_back(*state, &counts);
}

static sqlite3_int64 number_of(struct store_fixture *f, const char *sql)
{
    sqlite3 *db = NULL;
    sqlite3_stmt *statement = NULL;
    assert_int_equal(sqlite3_open(f->path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &statement, NULL), SQLITE_OK);
    sqlite3_int64 number = sqlite3_step(statement) == SQLITE_ROW
                               ? sqlite3_column_int64(statement, 0)
                               : sqlite3_changes(db);
    (void)sqlite3_finalize(statement);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    return number;
}

/* A day of minutes with less than 128 requests each: a byte per minute. */
static void counts_take_little_room(void **state)
{
    enum { MINUTES = 1440, MOST = 128 };
    double values[MINUTES];
    for (size_t i = 0; i < MINUTES; i++)
        values[i] = (double)(i % MOST);
    struct cp_demand day = {
        .law = {.kind = CP_ARRIVALS_COUNTS, .bucket_ms = 60e3}, .values = values, .n = MINUTES};
    assert_comes_back(*state, &day);
    assert_int_equal(number_of(*state, "SELECT length(bytes) FROM demands"), MINUTES);
}

static void bytes_that_no_store_wrote_are_refused(void **state)
{
    static const char *const damages[] = {
        "UPDATE demands SET bytes = x'0102'",                  /* one value less */
        "UPDATE demands SET bytes = x'01020304'",              /* one more */
        "UPDATE demands SET bytes = x'0102ff'",                /* a value that goes on */
        "UPDATE demands SET n = 1000000000000",                /* more values than bytes */
        "UPDATE demands SET kind = 'tides'",                   /* no law */
        "UPDATE demands SET bucket_ms = NULL",                 /* a law without its step */
        "UPDATE demands SET kind = 'week'",                    /* a week of three hours */
        "UPDATE demands SET is_whole = 0",                     /* three bytes are no double */
        "UPDATE demands SET n = 0, kind = 'rate', per_s = -1", /* less than nothing */
    };
    struct store_fixture *f = *state;
    double values[] = {1, 2, 3};
    for (size_t i = 0; i < sizeof damages / sizeof damages[0]; i++) {
        struct cp_run run;
        struct cp_run_data data;
        struct cp_error err = {0};
        struct cp_demand counts = {
            .law = {.kind = CP_ARRIVALS_COUNTS, .bucket_ms = 60e3}, .values = values, .n = 3};
        struct cp_store *store = store_fixture_open(f, CP_STORE_SWEEP);
        add_a_run(store, &run);
        cp_demand_bind(&counts);
        assert_int_equal(cp_store_put_demand(store, run.id, &counts, NULL), CP_OK);
        (void)number_of(f, damages[i]);
        assert_int_equal(cp_store_load(store, run.id, &data, &err), CP_EFORMAT);
        assert_non_null(strstr(err.text, "holds no valid value"));
        cp_store_close(store);
        (void)number_of(f, "DELETE FROM demands");
    }
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, store_fixture_setup, store_fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_rate_with_bursts_and_a_factor_comes_back),
        TEST(a_week_comes_back),
        TEST(counts_and_times_come_back),
        TEST(counts_take_little_room),
        TEST(bytes_that_no_store_wrote_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
