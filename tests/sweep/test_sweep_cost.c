/* SPDX-License-Identifier: GPL-3.0-or-later
 * What a sweep of a SnapStart function reserves and stores for its versions, with a clock on which
 * hours pass at once. us-east-1: cache USD 0.0000015046 a GB-second, for 3 hours at least; init at
 * publishing, 130 s at most, USD 0.0000166667 a GB-second. Versions of 1 GB.
 */
#include "profiler/sweep/sweep.h"

#include "tests/store/store_fixture.h"
#include "tests/sweep/fake_lambda.h"
#include "tests/test.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HOUR_MS      3600e3
#define CACHE_USD    0.0000015046
#define PUBLISH_USD  (130 * 0.0000166667)
#define THREE_HOURS  (3 * 3600 * CACHE_USD + PUBLISH_USD)
#define N_IDLE_HOURS 5

struct cost_fixture {
    struct store_fixture *files;
    struct cp_store *store;
    struct cp_lambda lambda;
    struct cp_sweep_clock clock;
    struct cp_sweep_hooks hooks;
    struct cp_run run;
    struct cp_sweep_options options;
    struct cp_error err;
};

/* One step, one chain of one interval: a version each. */
static int setup(void **state)
{
    struct cost_fixture *f = calloc(1, sizeof *f);
    assert_int_equal(store_fixture_setup((void **)&f->files), 0);
    f->store = store_fixture_open(f->files, CP_STORE_SWEEP);
    fake_lambda_init(&f->lambda);
    (void)snprintf(f->lambda.latest.arn, sizeof f->lambda.latest.arn,
                   "arn:aws:lambda:us-east-1:111122223333:function:hello");
    (void)snprintf(f->lambda.latest.snap_start_apply_on,
                   sizeof f->lambda.latest.snap_start_apply_on, "PublishedVersions");
    f->clock = fake_lambda_clock(&f->lambda);
    f->hooks = (struct cp_sweep_hooks){.context = f, .clock = &f->clock};
    f->run = cp_run_empty();
    (void)snprintf(f->run.region, sizeof f->run.region, "us-east-1");
    f->options = (struct cp_sweep_options){
        .function = "hello",
        .memory_mb = {1024},
        .n_memory = 1,
        .max_cold = 2,
        .max_warm = 2,
        .idle_ms = {N_IDLE_HOURS * HOUR_MS},
        .n_idle = 1,
        .idle_probes = 1,
        .precision_p50 = NAN,
        .precision_p95 = NAN,
        .parallel_cold = 2,
        .seed = 42,
        .place = {.endpoint_url = "http://127.0.0.1:9001", .region = "us-east-1"},
    };
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct cost_fixture *f = *state;
    fake_lambda_clear(&f->lambda);
    cp_store_close(f->store);
    store_fixture_teardown((void **)&f->files);
    free(f);
    return 0;
}

static void sweep(struct cost_fixture *f)
{
    if (cp_sweep_run(&f->lambda, f->store, &f->options, &f->hooks, &f->run, &f->err))
        fail_msg("%s", f->err.text);
    assert_int_equal(fake_lambda_n_versions(&f->lambda), 0);
}

static size_t n_idle_sent(struct cost_fixture *f, enum cp_stop_reason *stop)
{
    struct cp_run_data data;
    size_t n = 0;
    assert_int_equal(cp_store_load(f->store, "last", &data, NULL), CP_OK);
    for (size_t i = 0; i < data.n_samples; i++)
        n += data.samples[i].kind == CP_CELL_IDLE && data.samples[i].outcome != CP_OUTCOME_NOT_SENT;
    for (size_t i = 0; i < data.n_cells; i++)
        *stop = data.cells[i].kind == CP_CELL_IDLE ? data.cells[i].stop : *stop;
    assert_near(data.run.snapshots_usd, f->run.snapshots_usd, 1e-15);
    cp_run_data_clear(&data);
    return n;
}

/* The step's version is gone at once; that of the chain is kept for the interval. */
static void a_version_kept_for_5_hours_costs_5_hours(void **state)
{
    struct cost_fixture *f = *state;
    enum cp_stop_reason stop = CP_STOP_NOT_DONE;
    sweep(f);
    double five_hours = N_IDLE_HOURS * 3600 * CACHE_USD + PUBLISH_USD;
    assert_int_equal(n_idle_sent(f, &stop), 1);
    assert_true(f->run.snapshots_usd >= THREE_HOURS + five_hours);
    assert_near(f->run.snapshots_usd, THREE_HOURS + five_hours, 60 * CACHE_USD);
    assert_true(f->run.quoted_usd > f->run.snapshots_usd - 2 * PUBLISH_USD);
    assert_true(f->run.quoted_max_usd > f->run.snapshots_usd);
}

/* Enough for two versions of 3 hours, not for one of 5: that is known before it is published. */
static void a_limit_below_5_hours_does_not_begin_them(void **state)
{
    struct cost_fixture *f = *state;
    enum cp_stop_reason stop = CP_STOP_NOT_DONE;
    f->run.max_cost_usd = 2 * THREE_HOURS + 0.006;
    sweep(f);
    assert_int_equal(n_idle_sent(f, &stop), 0);
    assert_int_equal(stop, CP_STOP_COST);
    assert_near(f->run.snapshots_usd, THREE_HOURS, 1e-12);
    assert_true(f->lambda.now_ms < HOUR_MS);
}

static void a_function_without_snap_start_pays_for_no_version(void **state)
{
    struct cost_fixture *f = *state;
    enum cp_stop_reason stop = CP_STOP_NOT_DONE;
    f->lambda.latest.snap_start_apply_on[0] = '\0';
    sweep(f);
    assert_int_equal(n_idle_sent(f, &stop), 1);
    assert_near(f->run.snapshots_usd, 0, 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_version_kept_for_5_hours_costs_5_hours),
        TEST(a_limit_below_5_hours_does_not_begin_them),
        TEST(a_function_without_snap_start_pays_for_no_version),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
