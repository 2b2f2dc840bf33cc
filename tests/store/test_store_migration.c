/* SPDX-License-Identifier: GPL-3.0-or-later
 * Stores of other versions: the fixture of schema 1 (tests/data/store/schema-1.sql, written by the
 * first release) must open for ever; a newer schema is refused.
 */
#include "tests/store/store_fixture.h"

#include "probes/os/file.h"
#include "profiler/store/schema.h"

#include <sqlite3.h>

static void execute(const char *path, const char *sql)
{
    sqlite3 *db = NULL;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
        fail_msg("%s", sqlite3_errmsg(db));
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void make_schema_1(const char *path)
{
    struct cp_buf sql;
    struct cp_error err = {0};
    cp_buf_init(&sql, (size_t)64 * 1024);
    if (cp_file_read("tests/data/store/schema-1.sql", &sql, &err))
        fail_msg("%s", err.text);
    execute(path, cp_buf_str(&sql));
    cp_buf_clear(&sql);
}

static void a_store_of_schema_1_opens_and_reads(void **state)
{
    struct store_fixture *f = *state;
    struct cp_run_data data;
    make_schema_1(f->path);
    struct cp_store *store = store_fixture_open(f, CP_STORE_SWEEP);
    assert_int_equal(cp_store_load(store, "7f3a", &data, NULL), CP_OK);
    assert_string_equal(data.run.function, "hello-python");
    assert_true(data.run.seed == UINT64_C(18446744073709551609));
    assert_true(isnan(data.run.traffic_per_s));
    assert_string_equal(data.run.method, "");
    assert_true(isnan(data.run.quoted_usd) && isnan(data.run.max_cost_usd));
    assert_int_equal(data.n_samples, 2);
    assert_int_equal(data.samples[0].outcome, CP_OUTCOME_MEASURED);
    assert_true(data.samples[0].init_duration_ms == 100.77);
    assert_int_equal(data.samples[1].outcome, CP_OUTCOME_NOT_SENT);
    assert_true(isnan(data.samples[1].duration_ms));
    assert_int_equal(data.samples[0].batch, -1);
    assert_string_equal(data.run.idle_end, "");
    assert_string_equal(data.run.workload_class, "");
    assert_string_equal(data.run.risk, "");
    assert_null(data.demand);
    assert_int_equal(data.n_cells, 1);
    assert_int_equal(data.cells[0].stop, CP_STOP_MAX_SAMPLES);
    cp_run_data_clear(&data);
    cp_store_close(store);
}

static void runs_of_schema_5_are_as_they_were(void **state)
{
    enum { BEFORE = 5 };
    struct store_fixture *f = *state;
    struct cp_run_data data;
    sqlite3 *db = NULL;
    make_schema_1(f->path);
    assert_int_equal(sqlite3_open(f->path, &db), SQLITE_OK);
    assert_int_equal(cp_store_schema_migrate(db, f->path, cp_store_migrations, BEFORE, NULL),
                     CP_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    execute(f->path, "UPDATE runs SET traffic_per_s = 2.5, idle_end = 'found' WHERE id = '7f3a'");
    struct cp_store *store = store_fixture_open(f, CP_STORE_SWEEP);
    assert_int_equal(cp_store_load(store, "7f3a", &data, NULL), CP_OK);
    assert_true(data.run.traffic_per_s == 2.5);
    assert_string_equal(data.run.idle_end, "found");
    assert_string_equal(data.run.workload_class, "");
    assert_null(data.demand);
    cp_run_data_clear(&data);
    cp_store_close(store);
}

static void runs_of_schema_6_lack_the_later_facts_and_take_nights(void **state)
{
    enum { BEFORE = 6 };
    struct store_fixture *f = *state;
    struct cp_run_data data;
    struct cp_history history;
    struct cp_store *store = NULL;
    struct cp_error err = {0};
    sqlite3 *db = NULL;
    make_schema_1(f->path);
    assert_int_equal(sqlite3_open(f->path, &db), SQLITE_OK);
    assert_int_equal(cp_store_schema_migrate(db, f->path, cp_store_migrations, BEFORE, NULL),
                     CP_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    assert_int_equal(cp_store_open(f->path, CP_STORE_READ, &store, &err), CP_EUNSUPPORTED);
    assert_non_null(strstr(err.text, "old schema 6"));
    store = store_fixture_open(f, CP_STORE_SWEEP);
    assert_int_equal(cp_store_load(store, "7f3a", &data, NULL), CP_OK);
    assert_string_equal(data.run.layers, "");
    assert_int_equal(data.run.code_size_bytes, -1);
    struct cp_night night = cp_night_empty();
    (void)snprintf(night.key.function, sizeof night.key.function, "%s", data.run.function);
    night.started_at_ms = data.run.started_at_ms;
    cp_run_data_clear(&data);
    assert_int_equal(cp_store_put_night(store, &night, NULL), CP_OK);
    assert_int_equal(
        cp_store_load_history(store, &night.key, (struct cp_history_span){0}, &history, NULL),
        CP_OK);
    assert_int_equal(history.n_nights, 1);
    cp_history_clear(&history);
    cp_store_close(store);
}

static void a_newer_store_is_refused_with_both_numbers(void **state)
{
    struct store_fixture *f = *state;
    cp_store_close(store_fixture_open(f, CP_STORE_SWEEP));
    execute(f->path, "PRAGMA user_version = 9");
    for (int mode = CP_STORE_READ; mode <= CP_STORE_SWEEP; mode++) {
        struct cp_store *store = NULL;
        struct cp_error err = {0};
        assert_int_equal(cp_store_open(f->path, (enum cp_store_mode)mode, &store, &err),
                         CP_EUNSUPPORTED);
        assert_non_null(strstr(err.text, "schema 9"));
        assert_non_null(strstr(err.text, "schema 7"));
    }
}

static void another_programs_database_is_refused_and_left_alone(void **state)
{
    struct store_fixture *f = *state;
    struct cp_store *store = NULL;
    struct cp_error err = {0};
    execute(f->path, "CREATE TABLE songs (name TEXT)");
    for (int mode = CP_STORE_READ; mode <= CP_STORE_SWEEP; mode++) {
        assert_int_equal(cp_store_open(f->path, (enum cp_store_mode)mode, &store, &err),
                         CP_EFORMAT);
        assert_non_null(strstr(err.text, "another program"));
    }
    execute(f->path, "INSERT INTO songs VALUES ('still here')");
}

static const struct cp_migration with_a_second[] = {
    {1, "CREATE TABLE never (reached TEXT)"},
    {2, "ALTER TABLE runs ADD COLUMN colour TEXT DEFAULT 'blue'; PRAGMA user_version = 2;"},
};
static const struct cp_migration with_a_broken_second[] = {
    {1, "CREATE TABLE never (reached TEXT)"},
    {2, "ALTER TABLE runs ADD COLUMN colour TEXT; PRAGMA user_version = 2; INSERT INTO nowhere "
        "VALUES (1);"},
};

static int number_of(sqlite3 *db, const char *sql)
{
    sqlite3_stmt *statement = NULL;
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &statement, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    int number = sqlite3_column_int(statement, 0);
    (void)sqlite3_finalize(statement);
    return number;
}

static void only_the_missing_migrations_run(void **state)
{
    struct store_fixture *f = *state;
    sqlite3 *db = NULL;
    make_schema_1(f->path);
    assert_int_equal(sqlite3_open(f->path, &db), SQLITE_OK);
    assert_int_equal(cp_store_schema_migrate(db, f->path, with_a_second, 2, NULL), CP_OK);
    assert_int_equal(number_of(db, "PRAGMA user_version"), 2);
    assert_int_equal(number_of(db, "SELECT count(*) FROM runs WHERE colour = 'blue'"), 1);
    assert_int_equal(cp_store_schema_migrate(db, f->path, with_a_second, 2, NULL), CP_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void a_failed_migration_leaves_the_version_before(void **state)
{
    struct store_fixture *f = *state;
    struct cp_error err = {0};
    sqlite3 *db = NULL;
    make_schema_1(f->path);
    assert_int_equal(sqlite3_open(f->path, &db), SQLITE_OK);
    assert_int_not_equal(cp_store_schema_migrate(db, f->path, with_a_broken_second, 2, &err),
                         CP_OK);
    assert_non_null(strstr(err.text, "cannot migrate"));
    assert_int_equal(number_of(db, "PRAGMA user_version"), 1);
    assert_int_equal(
        number_of(db, "SELECT count(*) FROM pragma_table_info('runs') WHERE name = 'colour'"), 0);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void a_new_store_has_the_schema_of_the_migrated_fixture(void **state)
{
    struct store_fixture *f = *state;
    char old_path[PATH_MAX + 8];
    sqlite3 *db = NULL;
    (void)snprintf(old_path, sizeof old_path, "%s.old", f->path);
    struct cp_store *old = NULL;
    make_schema_1(old_path);
    assert_int_equal(cp_store_open(old_path, CP_STORE_SWEEP, &old, NULL), CP_OK);
    cp_store_close(old);
    cp_store_close(store_fixture_open(f, CP_STORE_SWEEP));
    assert_int_equal(sqlite3_open(f->path, &db), SQLITE_OK);
    char *attach = sqlite3_mprintf("ATTACH %Q AS old", old_path);
    assert_int_equal(sqlite3_exec(db, attach, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_free(attach);
    static const char differing[] =
        "SELECT count(*) FROM (SELECT m.name, c.name, c.type, c.\"notnull\", c.pk"
        " FROM main.sqlite_schema m, pragma_table_info(m.name, 'main') c"
        " EXCEPT SELECT o.name, c.name, c.type, c.\"notnull\", c.pk"
        " FROM old.sqlite_schema o, pragma_table_info(o.name, 'old') c)";
    assert_int_equal(number_of(db, differing), 0);
    assert_true(number_of(db, "SELECT count(*) FROM main.sqlite_schema WHERE type = 'table'") >= 4);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    assert_int_equal(unlink(old_path), 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, store_fixture_setup, store_fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_store_of_schema_1_opens_and_reads),
        TEST(runs_of_schema_5_are_as_they_were),
        TEST(runs_of_schema_6_lack_the_later_facts_and_take_nights),
        TEST(a_newer_store_is_refused_with_both_numbers),
        TEST(another_programs_database_is_refused_and_left_alone),
        TEST(only_the_missing_migrations_run),
        TEST(a_failed_migration_leaves_the_version_before),
        TEST(a_new_store_has_the_schema_of_the_migrated_fixture),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
