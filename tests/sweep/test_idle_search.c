/* SPDX-License-Identifier: GPL-3.0-or-later
 * The search for the idle lifetime against the client model (fake_lambda.h), in its own time: the
 * model keeps idle environments for lifetime_ms.
 */
#include "profiler/sweep/plan.h"
#include "profiler/sweep/sweep.h"

#include "tests/store/store_fixture.h"
#include "tests/sweep/fake_lambda.h"
#include "tests/test.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LIFETIME_MS 5700.0

struct search_fixture {
    struct store_fixture *files;
    struct cp_store *store;
    struct cp_lambda lambda;
    struct cp_sweep_clock clock;
    struct cp_sweep_hooks hooks;
    struct cp_sweep_options options;
    struct cp_run run;
    struct cp_error err;
    int stop_at_call; /* FAKE_CALLS_NEVER */
    struct cp_sweep_progress last_progress;
    size_t n_foreseen;
};

static int stop_requests(void *context)
{
    const struct search_fixture *f = context;
    return f->lambda.n_calls >= f->stop_at_call;
}

static void on_progress(void *context, const struct cp_sweep_progress *progress)
{
    struct search_fixture *f = context;
    assert_true(progress->done <= progress->total);
    f->last_progress = *progress;
}

static void on_plan(void *context, const struct cp_sweep_outlook *outlook)
{
    struct search_fixture *f = context;
    f->n_foreseen = outlook->n_planned;
}

static void renew(struct search_fixture *f)
{
    if (f->lambda.versions)
        fake_lambda_clear(&f->lambda);
    fake_lambda_init(&f->lambda);
    f->lambda.lifetime_ms = LIFETIME_MS;
    f->clock = fake_lambda_clock(&f->lambda);
    f->stop_at_call = FAKE_CALLS_NEVER;
    f->run = cp_run_empty();
    f->run.is_local = true;
}

static int setup(void **state)
{
    struct search_fixture *f = calloc(1, sizeof *f);
    assert_int_equal(store_fixture_setup((void **)&f->files), 0);
    f->store = store_fixture_open(f->files, CP_STORE_SWEEP);
    f->hooks = (struct cp_sweep_hooks){
        .context = f,
        .on_plan = on_plan,
        .on_progress = on_progress,
        .stop_requests = stop_requests,
        .clock = &f->clock,
    };
    f->options = (struct cp_sweep_options){
        .function = "hello",
        .memory_mb = {128, 512},
        .n_memory = 2,
        .is_idle_search = true,
        .idle_probes = -1,
        .precision_p50 = NAN,
        .precision_p95 = NAN,
        .parallel_cold = 4,
        .seed = 42,
        .place = {.endpoint_url = "http://127.0.0.1:9001", .region = "us-east-1"},
    };
    renew(f);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct search_fixture *f = *state;
    fake_lambda_clear(&f->lambda);
    cp_store_close(f->store);
    store_fixture_teardown((void **)&f->files);
    free(f);
    return 0;
}

static void assert_ok(struct search_fixture *f, enum cp_code code)
{
    if (code)
        fail_msg("%s", f->err.text);
    assert_int_equal(fake_lambda_n_versions(&f->lambda), 0);
}

static enum cp_code sweep(struct search_fixture *f)
{
    return cp_sweep_run(&f->lambda, f->store, &f->options, &f->hooks, &f->run, &f->err);
}

static enum cp_code resume(struct search_fixture *f)
{
    char id[CP_RUN_ID_MAX];
    (void)snprintf(id, sizeof id, "%s", f->run.id);
    return cp_sweep_resume(&f->lambda, f->store, id, &f->options.place, &f->hooks, &f->run,
                           &f->err);
}

static struct cp_run_data load(struct search_fixture *f)
{
    struct cp_run_data data;
    if (cp_store_load(f->store, f->run.id, &data, &f->err))
        fail_msg("%s", f->err.text);
    struct cp_accounting a = cp_accounting_of(data.samples, data.n_samples);
    assert_true(cp_accounting_holds(&a));
    for (size_t i = 0; i < data.n_samples; i++)
        assert_int_not_equal(data.samples[i].outcome, CP_OUTCOME_SENT);
    return data;
}

/* What the probes of a run say. */
struct found {
    double warm_ms, cold_ms; /* the last all warm, the first all cold */
    size_t n_warm, n_cold;   /* probes there */
    size_t n_probes;
    int64_t n_looks;
};

static struct found found_in(const struct cp_run_data *data)
{
    struct found f = {.cold_ms = INFINITY};
    for (size_t i = 0; i < data->n_samples; i++) {
        const struct cp_sample *s = &data->samples[i];
        if (s->kind != CP_CELL_IDLE || !cp_sample_is_usable(s))
            continue;
        f.n_probes++;
        int64_t n_looks = s->batch / CP_PLAN_ROUNDS_MAX + 1;
        f.n_looks = n_looks > f.n_looks ? n_looks : f.n_looks;
        if (s->start == CP_START_WARM)
            f.warm_ms = fmax(f.warm_ms, s->idle_interval_ms);
        else
            f.cold_ms = fmin(f.cold_ms, s->idle_interval_ms);
    }
    for (size_t i = 0; i < data->n_samples; i++) {
        const struct cp_sample *s = &data->samples[i];
        if (s->kind != CP_CELL_IDLE || !cp_sample_is_usable(s))
            continue;
        f.n_warm += !(s->idle_interval_ms < f.warm_ms) && !(s->idle_interval_ms > f.warm_ms);
        f.n_cold += !(s->idle_interval_ms < f.cold_ms) && !(s->idle_interval_ms > f.cold_ms);
    }
    return f;
}

static void assert_bracketed(struct search_fixture *f, double lifetime_ms)
{
    struct cp_run_data data = load(f);
    struct found found = found_in(&data);
    assert_true(found.warm_ms <= lifetime_ms && lifetime_ms < found.cold_ms);
    assert_true(found.cold_ms - found.warm_ms <= 1.05 * fmax(500, 0.1 * found.cold_ms));
    assert_true(found.n_warm >= 10 && found.n_cold >= 10);
    assert_memory_equal(data.run.idle_end, "bracket reached: 0 to 100 % cold between", 40);
    cp_run_data_clear(&data);
}

static void the_lifetime_is_bracketed_in_two_looks(void **state)
{
    struct search_fixture *f = *state;
    f->options.idle_longest_ms = 16000;
    assert_ok(f, sweep(f));
    assert_bracketed(f, LIFETIME_MS);
    assert_true(f->lambda.now_ms < 25000);
    struct cp_run_data data = load(f);
    struct found found = found_in(&data);
    assert_int_equal(found.n_looks, 2);
    assert_true(found.n_probes < 84 && f->n_foreseen > data.n_samples);
    size_t n_not_sent = 0; /* environments that the look no longer needed */
    for (size_t i = 0; i < data.n_samples; i++)
        n_not_sent += data.samples[i].outcome == CP_OUTCOME_NOT_SENT;
    assert_int_equal(f->lambda.n_invocations, data.n_samples - n_not_sent);
    assert_int_equal(f->last_progress.done, f->last_progress.total);
    assert_int_equal(data.run.idle_end[0], f->run.idle_end[0]);
    for (size_t i = 0; i < data.n_samples; i++) {
        const struct cp_sample *s = &data.samples[i];
        if (s->kind == CP_CELL_PRIME && s->outcome == CP_OUTCOME_NOT_SENT)
            continue;
        assert_int_equal(s->outcome, CP_OUTCOME_MEASURED);
        if (s->kind != CP_CELL_IDLE)
            continue;
        assert_int_equal(s->start,
                         s->idle_interval_ms <= LIFETIME_MS ? CP_START_WARM : CP_START_COLD);
        assert_true(s->idle_actual_ms >= s->idle_interval_ms);
        assert_true(s->idle_actual_ms < s->idle_interval_ms + 20);
    }
    for (size_t i = 0; i < data.n_samples; i++) {
        for (size_t j = 0; j < i; j++) { /* no interval twice in a round */
            if (data.samples[i].batch >= 0 && data.samples[i].batch == data.samples[j].batch)
                assert_true(data.samples[i].idle_interval_ms < data.samples[j].idle_interval_ms ||
                            data.samples[i].idle_interval_ms > data.samples[j].idle_interval_ms);
        }
    }
    for (size_t i = 0; i < data.n_cells; i++) {
        if (data.cells[i].kind == CP_CELL_IDLE)
            assert_int_equal(data.cells[i].stop, CP_STOP_MAX_SAMPLES);
    }
    cp_run_data_clear(&data);
}

/* What a first sweep has time for: one look in quarter steps. */
static void the_default_here_waits_no_longer_than_its_longest_interval(void **state)
{
    struct search_fixture *f = *state;
    assert_ok(f, sweep(f));
    assert_string_equal(f->run.idle_end,
                        "limit of waiting reached: 0 to 100 % cold between 5s and 6s");
    assert_true(f->lambda.now_ms < 14000);
}

static void minutes_are_found_when_they_are_asked_for(void **state)
{
    struct search_fixture *f = *state;
    f->options.idle_longest_ms = 1800e3;
    f->lambda.lifetime_ms = 377e3;
    assert_ok(f, sweep(f));
    assert_bracketed(f, 377e3);
    assert_true(f->lambda.now_ms < 1400e3);
}

static void what_never_goes_and_what_is_gone_at_once_is_said(void **state)
{
    struct search_fixture *f = *state;
    f->lambda.lifetime_ms = INFINITY;
    assert_ok(f, sweep(f));
    assert_string_equal(f->run.idle_end, "environments outlive 10s");
    assert_true(f->lambda.now_ms < 13000);
    renew(f);
    f->lambda.lifetime_ms = 100;
    assert_ok(f, sweep(f));
    assert_string_equal(f->run.idle_end, "environments are gone before 1s");
    assert_true(f->lambda.now_ms < 9000);
}

static size_t count_outcome(const struct cp_run_data *data, enum cp_outcome outcome)
{
    size_t n = 0;
    for (size_t i = 0; i < data->n_samples; i++)
        n += data->samples[i].outcome == outcome;
    return n;
}

/* An invocation whose answer is lost may still run: nothing else meets its version until then. */
static void a_lost_answer_leaves_no_second_environment(void **state)
{
    struct search_fixture *f = *state;
    f->lambda.lose_every = 7;
    f->lambda.lost_busy_ms = 3000; /* the function's timeout */
    f->options.idle_longest_ms = 16000;
    assert_ok(f, sweep(f));
    assert_bracketed(f, LIFETIME_MS);
    struct cp_run_data data = load(f);
    assert_int_equal(count_outcome(&data, CP_OUTCOME_UNKNOWN), f->lambda.n_invocations / 7);
    cp_run_data_clear(&data);
    for (size_t i = 0; i < f->lambda.n_versions; i++)
        assert_true(f->lambda.versions[i].n_envs <= 1);
}

static void what_measured_nothing_is_repeated(void **state)
{
    struct search_fixture *f = *state;
    f->lambda.throttle_every = 9;
    f->options.idle_longest_ms = 16000;
    assert_ok(f, sweep(f));
    assert_bracketed(f, LIFETIME_MS);
    renew(f);
    f->lambda.unreach_every = 5;
    assert_ok(f, sweep(f));
    assert_bracketed(f, LIFETIME_MS);
    struct cp_run_data data = load(f);
    assert_int_equal(count_outcome(&data, CP_OUTCOME_MEASURED) +
                         count_outcome(&data, CP_OUTCOME_NOT_SENT),
                     data.n_samples);
    cp_run_data_clear(&data);
}

static void a_size_that_cannot_run_is_left_out(void **state)
{
    struct search_fixture *f = *state;
    f->lambda.oom_below_mb = 256;
    f->options.idle_longest_ms = 16000;
    assert_ok(f, sweep(f));
    assert_bracketed(f, LIFETIME_MS);
    struct cp_run_data data = load(f);
    for (size_t i = 0; i < data.n_samples; i++) {
        if (data.samples[i].kind == CP_CELL_IDLE)
            assert_int_equal(data.samples[i].memory_size_mb, 512);
    }
    cp_run_data_clear(&data);
}

static void the_limit_of_invocations_is_kept_and_said(void **state)
{
    struct search_fixture *f = *state;
    f->options.max_invocations = 40;
    f->options.idle_longest_ms = 16000;
    assert_ok(f, sweep(f));
    assert_int_equal(f->lambda.n_invocations, 40);
    assert_string_equal(f->run.idle_end, "limit of invocations reached");
}

struct trace {
    size_t n;
    struct {
        double interval_ms;
        int64_t batch;
        enum cp_start_kind start;
    } at[1000];
};

static struct trace trace_of(struct search_fixture *f)
{
    struct trace t = {.n = 0};
    struct cp_run_data data = load(f);
    for (size_t i = 0; i < data.n_samples; i++) {
        const struct cp_sample *s = &data.samples[i];
        assert_int_equal(s->plan_no, i);
        if (s->kind != CP_CELL_IDLE || t.n == 1000)
            continue;
        t.at[t.n].interval_ms = s->idle_interval_ms;
        t.at[t.n].batch = s->batch;
        t.at[t.n++].start = s->start;
    }
    cp_run_data_clear(&data);
    return t;
}

/* Interrupted at call `k`, resumed: the same samples each time, and the bracket all the same. */
static struct trace interrupted_at(struct search_fixture *f, int k)
{
    renew(f);
    f->stop_at_call = k;
    enum cp_code code = sweep(f);
    if (code == CP_EINTERRUPTED) {
        struct cp_run_data data = load(f);
        assert_string_equal(data.run.idle_end, "");
        cp_run_data_clear(&data);
        f->stop_at_call = FAKE_CALLS_NEVER;
        code = resume(f);
    }
    assert_ok(f, code);
    assert_bracketed(f, LIFETIME_MS);
    return trace_of(f);
}

static void an_interrupted_search_goes_on_from_what_is_stored(void **state)
{
    struct search_fixture *f = *state;
    f->options.idle_longest_ms = 16000;
    assert_ok(f, sweep(f));
    int n_calls = f->lambda.n_calls;
    for (int k = 100; k < n_calls - 50; k += n_calls / 12) {
        struct trace a = interrupted_at(f, k);
        struct trace b = interrupted_at(f, k);
        assert_int_equal(a.n, b.n);
        assert_memory_equal(a.at, b.at, a.n * sizeof a.at[0]);
    }
}

static void a_finished_search_is_not_begun_again(void **state)
{
    struct search_fixture *f = *state;
    assert_ok(f, sweep(f));
    int n_invocations = f->lambda.n_invocations;
    struct trace whole = trace_of(f);
    renew(f);
    f->stop_at_call = FAKE_CALLS_NEVER;
    assert_ok(f, sweep(f));
    struct trace again = trace_of(f);
    assert_int_equal(f->lambda.n_invocations, n_invocations);
    assert_int_equal(whole.n, again.n);
    assert_memory_equal(whole.at, again.at, whole.n * sizeof whole.at[0]);
}

static void a_longest_interval_goes_with_a_search_only(void **state)
{
    struct search_fixture *f = *state;
    f->options.idle_longest_ms = 500;
    assert_int_equal(sweep(f), CP_EINVAL);
    f->options.idle_longest_ms = 60e3;
    f->options.is_idle_search = false;
    f->options.max_cold = 4;
    assert_int_equal(sweep(f), CP_EINVAL);
    assert_non_null(strstr(f->err.text, "--idle-max"));
    assert_int_equal(f->lambda.n_changes, 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_lifetime_is_bracketed_in_two_looks),
        TEST(the_default_here_waits_no_longer_than_its_longest_interval),
        TEST(minutes_are_found_when_they_are_asked_for),
        TEST(what_never_goes_and_what_is_gone_at_once_is_said),
        TEST(a_lost_answer_leaves_no_second_environment),
        TEST(what_measured_nothing_is_repeated),
        TEST(a_size_that_cannot_run_is_left_out),
        TEST(the_limit_of_invocations_is_kept_and_said),
        TEST(an_interrupted_search_goes_on_from_what_is_stored),
        TEST(a_finished_search_is_not_begun_again),
        TEST(a_longest_interval_goes_with_a_search_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
