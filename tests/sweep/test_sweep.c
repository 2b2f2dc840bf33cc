/* SPDX-License-Identifier: GPL-3.0-or-later
 * Whole sweeps against the client model (fake_lambda.h), in its own time.
 */
#include "tests/store/store_fixture.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "profiler/sweep/sweep.h"
#include "tests/sweep/fake_lambda.h"

struct sweep_fixture {
    struct store_fixture *files;
    struct cp_store *store;
    struct cp_lambda lambda;
    struct cp_sweep_clock clock;
    struct cp_sweep_hooks hooks;
    struct cp_sweep_options options;
    struct cp_run run;
    struct cp_error err;
    /* hooks */
    int stop_at_call; /* FAKE_CALLS_NEVER */
    int stop_level;
    size_t n_warnings, n_progress, n_foreseen;
    char last_warning[CP_ERROR_TEXT_MAX];
    struct cp_sweep_progress last_progress;
};

static int stop_requests(void *context)
{
    const struct sweep_fixture *f = context;
    return f->lambda.n_calls >= f->stop_at_call ? f->stop_level : 0;
}

static void on_warning(void *context, const char *text)
{
    struct sweep_fixture *f = context;
    f->n_warnings++;
    (void)snprintf(f->last_warning, sizeof f->last_warning, "%s", text);
}

static void on_plan(void *context, const struct cp_sweep_outlook *outlook)
{
    struct sweep_fixture *f = context;
    f->n_foreseen = outlook->n_planned;
}

static void on_progress(void *context, const struct cp_sweep_progress *progress)
{
    struct sweep_fixture *f = context;
    assert_true(progress->done <= progress->total);
    f->n_progress++;
    f->last_progress = *progress;
}

static void use_options(struct sweep_fixture *f)
{
    f->options = (struct cp_sweep_options){
        .function = "hello",
        .memory_mb = {128, 512},
        .n_memory = 2,
        .max_cold = 4,
        .max_warm = 6,
        .idle_ms = {1000, 10000},
        .n_idle = 2,
        .idle_probes = 2,
        .precision_p50 = NAN,
        .precision_p95 = NAN,
        .parallel_cold = 2,
        .seed = 42,
        .place = {.endpoint_url = "http://127.0.0.1:9001", .region = "us-east-1"},
    };
}

static int setup(void **state)
{
    struct sweep_fixture *f = calloc(1, sizeof *f);
    assert_int_equal(store_fixture_setup((void **)&f->files), 0);
    f->store = store_fixture_open(f->files, CP_STORE_SWEEP);
    fake_lambda_init(&f->lambda);
    f->clock = fake_lambda_clock(&f->lambda);
    f->hooks = (struct cp_sweep_hooks){
        .context = f,
        .on_plan = on_plan,
        .on_progress = on_progress,
        .on_warning = on_warning,
        .stop_requests = stop_requests,
        .clock = &f->clock,
    };
    f->stop_at_call = FAKE_CALLS_NEVER;
    f->stop_level = 1;
    f->run = cp_run_empty();
    f->run.is_local = true;
    use_options(f);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct sweep_fixture *f = *state;
    fake_lambda_clear(&f->lambda);
    cp_store_close(f->store);
    store_fixture_teardown((void **)&f->files);
    free(f);
    return 0;
}

static enum cp_code sweep(struct sweep_fixture *f)
{
    return cp_sweep_run(&f->lambda, f->store, &f->options, &f->hooks, &f->run, &f->err);
}

static enum cp_code resume(struct sweep_fixture *f)
{
    char id[CP_RUN_ID_MAX];
    (void)snprintf(id, sizeof id, "%s", f->run.id);
    return cp_sweep_resume(&f->lambda, f->store, id, &f->options.place, &f->hooks, &f->run,
                           &f->err);
}

static struct cp_run_data load(struct sweep_fixture *f)
{
    struct cp_run_data data;
    if (cp_store_load(f->store, "last", &data, &f->err))
        fail_msg("%s", f->err.text);
    struct cp_accounting a = cp_accounting_of(data.samples, data.n_samples);
    assert_true(cp_accounting_holds(&a));
    for (size_t i = 0; i < data.n_samples; i++)
        assert_int_not_equal(data.samples[i].outcome, CP_OUTCOME_SENT);
    return data;
}

static void assert_ok(struct sweep_fixture *f, enum cp_code code)
{
    if (code)
        fail_msg("%s", f->err.text);
}

static void assert_put_back(const struct sweep_fixture *f)
{
    assert_int_equal(f->lambda.latest.memory_size_mb, 256);
    assert_string_equal(f->lambda.latest.description, "says hello");
    assert_int_equal(fake_lambda_n_versions(&f->lambda), 0);
}

static const struct cp_cell_result *find_cell(const struct cp_run_data *data, int mb,
                                              enum cp_cell_kind kind)
{
    for (size_t i = 0; i < data->n_cells; i++) {
        if (data->cells[i].memory_size_mb == mb && data->cells[i].kind == kind)
            return &data->cells[i];
    }
    fail_msg("no cell %d MB %s", mb, cp_cell_kind_name(kind));
    return NULL;
}

static size_t count(const struct cp_run_data *data, int mb, enum cp_cell_kind kind,
                    enum cp_outcome outcome)
{
    size_t n = 0;
    for (size_t i = 0; i < data->n_samples; i++) {
        const struct cp_sample *s = &data->samples[i];
        n += (mb == 0 || s->memory_size_mb == mb) && s->kind == kind && s->outcome == outcome;
    }
    return n;
}

/* --- ordinary sweeps --- */

static void assert_plausible(const struct cp_sample *s)
{
    assert_int_equal(s->outcome, CP_OUTCOME_MEASURED);
    assert_int_equal(s->http_status, 200);
    assert_true(s->duration_ms > 0 && s->client_ms > 0 && s->sent_at_ms > 0);
    assert_int_equal(s->max_memory_used_mb, 40);
    assert_string_equal(s->note, "");
    if (s->kind != CP_CELL_IDLE) {
        assert_true(s->kind == CP_CELL_PRIME || cp_sample_is_usable(s));
        assert_true(isnan(s->idle_actual_ms));
        return;
    }
    /* the model's lifetime is 6 s: 1 s stays warm, 10 s does not */
    assert_int_equal(s->start, s->idle_interval_ms < 6000 ? CP_START_WARM : CP_START_COLD);
    assert_true(s->idle_actual_ms >= s->idle_interval_ms);
    assert_true(s->idle_actual_ms < s->idle_interval_ms + 20);
}

static void every_planned_sample_is_measured_and_the_function_put_back(void **state)
{
    struct sweep_fixture *f = *state;
    assert_ok(f, sweep(f));
    assert_put_back(f);
    struct cp_run_data data = load(f);
    assert_int_equal(data.n_samples, 2 * (4 + 6) + 2 * (2 + 2));
    for (size_t i = 0; i < data.n_samples; i++)
        assert_plausible(&data.samples[i]);
    assert_int_equal(data.n_cells, 2 * 2 + 2 * 2);
    for (size_t i = 0; i < data.n_cells; i++)
        assert_int_equal(data.cells[i].stop, CP_STOP_MAX_SAMPLES);
    assert_int_equal(data.run.original_memory_size_mb, 256);
    assert_int_equal(data.run.code_size_bytes, 2409600);
    assert_string_equal(data.run.layers, "arn:a:1 arn:b:2");
    assert_int_equal(data.run.timeout_ms, 3000);
    assert_string_equal(data.run.runtime, "python3.12");
    assert_int_equal(data.run.unreserved_concurrency, 900);
    assert_string_equal(data.run.payload_sha256, /* printf {} | sha256sum */
                        "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a");
    assert_false(data.run.is_interrupted);
    assert_true(data.run.ended_at_ms > data.run.started_at_ms);
    assert_int_equal(f->lambda.n_invocations, data.n_samples);
    assert_int_equal(f->n_warnings, 0);
    assert_true(f->n_progress > 0);
    assert_int_equal(f->last_progress.done, data.n_samples);
    assert_int_equal(f->last_progress.total, data.n_samples);
    assert_int_equal(f->n_foreseen, data.n_samples);
    cp_run_data_clear(&data);
}

static void the_default_sweep_covers_the_default_sizes(void **state)
{
    struct sweep_fixture *f = *state;
    f->options.n_memory = 0;
    f->options.max_cold = f->options.max_warm = f->options.idle_probes = -1;
    f->options.n_idle = 0;
    f->options.is_idle_search = true;
    f->lambda.latest.memory_size_mb = 320; /* the function's own size joins in */
    assert_ok(f, sweep(f));
    assert_int_equal(f->lambda.latest.memory_size_mb, 320);
    struct cp_run_data data = load(f);
    static const int sizes[] = {128, 256, 320, 512, 1024, 1769};
    for (size_t i = 0; i < 6; i++) {
        assert_int_equal(find_cell(&data, sizes[i], CP_CELL_COLD)->planned, 135);
        assert_int_equal(find_cell(&data, sizes[i], CP_CELL_WARM)->planned, 456);
        assert_true(count(&data, sizes[i], CP_CELL_WARM, CP_OUTCOME_MEASURED) >= 368);
    }
    assert_true(count(&data, 0, CP_CELL_IDLE, CP_OUTCOME_MEASURED) >= 2 * 10);
    assert_true(f->lambda.now_ms < 95e3);
    cp_run_data_clear(&data);
}

static void the_idle_phase_takes_about_the_longest_interval(void **state)
{
    struct sweep_fixture *f = *state;
    f->options.max_cold = f->options.max_warm = 0;
    f->options.idle_probes = 12;
    assert_ok(f, sweep(f));
    assert_true(f->lambda.now_ms > 10000 && f->lambda.now_ms < 10000 + 4000);
    struct cp_run_data data = load(f);
    assert_int_equal(count(&data, 0, CP_CELL_IDLE, CP_OUTCOME_MEASURED), 24);
    cp_run_data_clear(&data);
}

static void cold_samples_overlap_and_no_more_than_asked(void **state)
{
    struct sweep_fixture *f = *state;
    f->options.parallel_cold = 3;
    f->options.n_idle = 0;
    assert_ok(f, sweep(f));
    assert_int_equal(f->lambda.most_in_flight, 3);
}

static void a_cell_stops_when_it_is_precise_and_the_rest_is_not_sent(void **state)
{
    struct sweep_fixture *f = *state;
    f->options.n_idle = 0;
    f->options.max_cold = 200;
    f->options.max_warm = 700;
    f->lambda.init_spread_ms = 0;
    f->lambda.warm_spread_ms = 0;
    assert_ok(f, sweep(f));
    struct cp_run_data data = load(f);
    for (size_t i = 0; i < 2; i++) {
        int mb = f->options.memory_mb[i];
        const struct cp_cell_result *cold = find_cell(&data, mb, CP_CELL_COLD);
        const struct cp_cell_result *warm = find_cell(&data, mb, CP_CELL_WARM);
        assert_int_equal(cold->stop, CP_STOP_PRECISION);
        assert_int_equal(warm->stop, CP_STOP_PRECISION);
        /* a p95 interval needs 72: the look at 90; a p99 interval 368: the look at 456 */
        assert_int_equal(count(&data, mb, CP_CELL_COLD, CP_OUTCOME_MEASURED), 90);
        assert_int_equal(count(&data, mb, CP_CELL_COLD, CP_OUTCOME_NOT_SENT), 110);
        assert_int_equal(count(&data, mb, CP_CELL_WARM, CP_OUTCOME_MEASURED), 456);
        assert_true(cold->precision_p50 <= 0.05 && cold->precision_p95 <= 0.10);
    }
    cp_run_data_clear(&data);
}

static void an_imprecise_cell_goes_on_to_its_limit(void **state)
{
    struct sweep_fixture *f = *state;
    f->options.n_idle = 0;
    f->options.n_memory = 1;
    f->options.max_cold = 135;
    f->options.max_warm = 0;
    f->lambda.init_spread_ms = 150;
    assert_ok(f, sweep(f));
    struct cp_run_data data = load(f);
    const struct cp_cell_result *cold = find_cell(&data, 128, CP_CELL_COLD);
    assert_int_equal(cold->stop, CP_STOP_MAX_SAMPLES);
    assert_int_equal(count(&data, 128, CP_CELL_COLD, CP_OUTCOME_MEASURED), 135);
    assert_true(cold->precision_p50 > 0.05);
    cp_run_data_clear(&data);
}

static void the_invocation_limit_is_kept_and_idle_gets_its_share(void **state)
{
    struct sweep_fixture *f = *state;
    f->options.max_invocations = 16;
    assert_ok(f, sweep(f));
    assert_int_equal(f->lambda.n_invocations, 16);
    struct cp_run_data data = load(f);
    assert_true(count(&data, 0, CP_CELL_IDLE, CP_OUTCOME_MEASURED) > 0);
    assert_int_equal(find_cell(&data, 128, CP_CELL_COLD)->stop, CP_STOP_BUDGET);
    assert_put_back(f);
    cp_run_data_clear(&data);
}

static void warm_samples_alone_get_primed_environments(void **state)
{
    struct sweep_fixture *f = *state;
    f->options.n_idle = 0;
    f->options.max_cold = 0;
    assert_ok(f, sweep(f));
    struct cp_run_data data = load(f);
    assert_int_equal(count(&data, 0, CP_CELL_WARM, CP_OUTCOME_MEASURED), 12);
    assert_int_equal(count(&data, 0, CP_CELL_PRIME, CP_OUTCOME_MEASURED), 2);
    cp_run_data_clear(&data);
}

/* --- things that go wrong --- */

static void throttles_are_counted_and_waited_for(void **state)
{
    struct sweep_fixture *f = *state;
    f->options.n_idle = 0;
    f->lambda.throttle_every = 5;
    assert_ok(f, sweep(f));
    struct cp_run_data data = load(f);
    struct cp_accounting a = cp_accounting_of(data.samples, data.n_samples);
    assert_int_equal(a.throttled, f->lambda.n_invocations / 5);
    assert_true(a.throttled > 0);
    /* Retry-After is 2 s; nothing follows the last one */
    assert_true(f->lambda.now_ms > 2000.0 * (double)(a.throttled - 1));
    for (size_t i = 0; i < data.n_samples; i++) {
        if (data.samples[i].outcome == CP_OUTCOME_THROTTLED)
            assert_non_null(strstr(data.samples[i].note, "ConcurrentInvocationLimitExceeded"));
    }
    cp_run_data_clear(&data);
}

static void endless_throttling_ends_the_sweep(void **state)
{
    struct sweep_fixture *f = *state;
    f->options.max_warm = 0;
    f->options.max_cold = 40;
    f->lambda.throttle_every = 1;
    assert_int_equal(sweep(f), CP_ETHROTTLED);
    assert_put_back(f);
    assert_true(f->lambda.n_invocations < 40);
}

static void a_lost_answer_is_unknown_and_never_repeated(void **state)
{
    struct sweep_fixture *f = *state;
    f->lambda.lose_every = 6;
    assert_ok(f, sweep(f));
    struct cp_run_data data = load(f);
    struct cp_accounting a = cp_accounting_of(data.samples, data.n_samples);
    assert_int_equal(a.unknown, f->lambda.n_invocations / 6);
    assert_int_equal(a.planned - a.not_sent, f->lambda.n_invocations);
    assert_put_back(f);
    cp_run_data_clear(&data);
}

/* A lost answer says nothing about the size: it may be that the function runs there very well. */
static void a_size_whose_answers_are_lost_is_not_one_that_cannot_run(void **state)
{
    struct sweep_fixture *f = *state;
    f->options.n_idle = 0;
    f->options.max_cold = 1;
    f->lambda.lose_every = 1;
    assert_ok(f, sweep(f));
    struct cp_run_data data = load(f);
    assert_int_equal(find_cell(&data, 128, CP_CELL_COLD)->stop, CP_STOP_MAX_SAMPLES);
    assert_int_equal(find_cell(&data, 128, CP_CELL_WARM)->stop, CP_STOP_LOST);
    assert_int_equal(count(&data, 128, CP_CELL_WARM, CP_OUTCOME_NOT_SENT), 6);
    cp_run_data_clear(&data);
}

static void what_never_left_is_sent_again(void **state)
{
    struct sweep_fixture *f = *state;
    f->lambda.unreach_every = 4;
    assert_ok(f, sweep(f));
    struct cp_run_data data = load(f);
    struct cp_accounting a = cp_accounting_of(data.samples, data.n_samples);
    assert_int_equal(a.measured, a.planned);
    cp_run_data_clear(&data);
}

static void rule_14_what_found_no_environment_is_sent_again(void **state)
{
    struct sweep_fixture *f = *state;
    f->lambda.no_env_every = 4;
    assert_ok(f, sweep(f));
    struct cp_run_data data = load(f);
    struct cp_accounting a = cp_accounting_of(data.samples, data.n_samples);
    assert_int_equal(a.measured, a.planned);
    cp_run_data_clear(&data);
}

static void rule_12_what_was_called_too_fast_is_sent_again_later(void **state)
{
    struct sweep_fixture *f = *state;
    f->options.n_idle = 0;
    f->lambda.throttle_every = 5;
    f->lambda.throttle_reason = "CallerRateLimitExceeded";
    assert_ok(f, sweep(f));
    struct cp_run_data data = load(f);
    struct cp_accounting a = cp_accounting_of(data.samples, data.n_samples);
    assert_int_equal(a.measured, a.planned);
    assert_int_equal(a.throttled, 0);
    assert_true(f->lambda.now_ms > 2000.0 * (f->lambda.n_invocations / 5 - 1));
    cp_run_data_clear(&data);
}

static void an_unreachable_service_ends_the_sweep(void **state)
{
    struct sweep_fixture *f = *state;
    f->lambda.unreach_every = 1;
    assert_int_equal(sweep(f), CP_EIO);
    assert_non_null(strstr(f->err.text, "connection refused"));
    struct cp_run_data data = load(f);
    struct cp_accounting a = cp_accounting_of(data.samples, data.n_samples);
    assert_int_equal(a.not_sent, a.planned);
    assert_true(data.run.is_interrupted);
    cp_run_data_clear(&data);
}

static void a_refused_invocation_ends_the_sweep(void **state)
{
    struct sweep_fixture *f = *state;
    f->lambda.forbid_at = 3;
    assert_int_equal(sweep(f), CP_EREMOTE);
    assert_non_null(strstr(f->err.text, "AccessDeniedException"));
    assert_put_back(f);
}

/* Measuring on would keep failures only: their records come at any log level. */
static void hidden_records_end_the_sweep_with_the_reason(void **state)
{
    struct sweep_fixture *f = *state;
    f->lambda.hides_records = true;
    assert_int_equal(sweep(f), CP_EUNSUPPORTED);
    assert_non_null(strstr(f->err.text, "none came with its REPORT record"));
    assert_non_null(strstr(f->err.text, "SystemLogLevel"));
    assert_true(f->lambda.n_invocations <= 20);
    assert_put_back(f);
}

static void a_size_that_cannot_run_is_a_result_and_the_others_go_on(void **state)
{
    struct sweep_fixture *f = *state;
    f->options.max_cold = 20;
    f->lambda.oom_below_mb = 512;
    assert_ok(f, sweep(f));
    struct cp_run_data data = load(f);
    const struct cp_cell_result *cell = find_cell(&data, 128, CP_CELL_COLD);
    assert_int_equal(cell->stop, CP_STOP_CANNOT_RUN);
    assert_string_equal(cell->note, "out of memory: used 128 of 128 MB");
    assert_int_equal(find_cell(&data, 128, CP_CELL_WARM)->stop, CP_STOP_CANNOT_RUN);
    assert_int_equal(find_cell(&data, 128, CP_CELL_IDLE)->stop, CP_STOP_CANNOT_RUN);
    /* the first batch and a retry */
    assert_int_equal(count(&data, 128, CP_CELL_COLD, CP_OUTCOME_OUT_OF_MEMORY), 4);
    assert_int_equal(count(&data, 128, CP_CELL_COLD, CP_OUTCOME_NOT_SENT), 16);
    assert_int_equal(count(&data, 512, CP_CELL_COLD, CP_OUTCOME_MEASURED), 20);
    assert_int_equal(f->n_warnings, 1);
    assert_non_null(strstr(f->last_warning, "128 MB cannot run"));
    cp_run_data_clear(&data);
}

static void a_function_that_runs_nowhere_is_a_result_too(void **state)
{
    struct sweep_fixture *f = *state;
    f->options.max_cold = 50;
    f->lambda.timeout_below_mb = 10000;
    assert_ok(f, sweep(f));
    struct cp_run_data data = load(f);
    assert_int_equal(count(&data, 0, CP_CELL_COLD, CP_OUTCOME_TIMEOUT), 8);
    assert_string_equal(find_cell(&data, 512, CP_CELL_COLD)->note, "timed out after 3000 ms");
    assert_non_null(strstr(f->last_warning, "ran at no memory size"));
    assert_int_equal(f->lambda.n_invocations, 8);
    cp_run_data_clear(&data);
}

static void a_function_that_always_fails_is_not_called_on_and_on(void **state)
{
    struct sweep_fixture *f = *state;
    f->options.max_cold = 50;
    f->lambda.always_fails = true;
    assert_ok(f, sweep(f));
    assert_int_equal(f->lambda.n_invocations, 8);
    assert_non_null(strstr(f->last_warning, "KeyError"));
}

static void a_suppressed_init_is_cold_but_no_measurement_of_a_cold_start(void **state)
{
    struct sweep_fixture *f = *state;
    f->options.n_idle = 0;
    f->lambda.has_suppressed_init = true;
    assert_ok(f, sweep(f));
    struct cp_run_data data = load(f);
    for (size_t i = 0; i < data.n_samples; i++) {
        const struct cp_sample *s = &data.samples[i];
        if (s->kind != CP_CELL_COLD)
            continue;
        assert_int_equal(s->start, CP_START_COLD);
        assert_true(isnan(s->init_duration_ms));
        assert_false(cp_sample_is_usable(s));
        assert_non_null(strstr(s->note, "suppressed init"));
    }
    cp_run_data_clear(&data);
}

static void shrink_files(void *context, int n_calls)
{
    const struct rlimit tight = {.rlim_cur = 1, .rlim_max = RLIM_INFINITY};
    (void)context;
    if (n_calls == 20)
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &tight), 0);
}

static void a_store_that_fails_ends_the_sweep_and_the_function_is_put_back(void **state)
{
    struct sweep_fixture *f = *state;
    struct rlimit old;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    (void)signal(SIGXFSZ, SIG_IGN);
    f->lambda.at_call = shrink_files;
    enum cp_code code = sweep(f);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
    assert_int_equal(code, CP_EIO);
    assert_put_back(f);
    int n_before = f->lambda.n_invocations;
    assert_true(n_before < 26);
    /* with room again the same run goes on */
    f->lambda.at_call = NULL;
    assert_ok(f, resume(f));
    struct cp_run_data data = load(f);
    assert_true(f->lambda.n_invocations <= (int)data.n_samples);
    cp_run_data_clear(&data);
}

struct foreigner {
    struct cp_lambda *lambda;
    int comes_at;
};

static void foreign_change(void *context, int n_calls)
{
    const struct foreigner *who = context;
    struct cp_lambda *l = who->lambda;
    if (n_calls != who->comes_at)
        return;
    l->latest.memory_size_mb = 999;
    (void)snprintf(l->latest.description, sizeof l->latest.description, "theirs");
    l->revision++;
}

static void renew(struct sweep_fixture *f)
{
    fake_lambda_clear(&f->lambda);
    fake_lambda_init(&f->lambda);
    f->run = cp_run_empty();
    f->run.is_local = true;
}

static void a_foreign_change_at_any_call_survives(void **state)
{
    struct sweep_fixture *f = *state;
    int n_conflicts = 0;
    assert_ok(f, sweep(f));
    int n_calls = f->lambda.n_calls;
    for (int k = 1; k <= n_calls; k++) {
        struct foreigner who = {&f->lambda, k};
        renew(f);
        f->lambda.at_call = foreign_change;
        f->lambda.at_context = &who;
        enum cp_code code = sweep(f);
        assert_true(code == CP_OK || code == CP_ECONFLICT);
        if (code && !strstr(f->err.text, "changed by somebody else"))
            fail_msg("%s", f->err.text);
        n_conflicts += code == CP_ECONFLICT;
        assert_int_equal(f->lambda.latest.memory_size_mb, 999);
        assert_string_equal(f->lambda.latest.description, "theirs");
        assert_int_equal(fake_lambda_n_versions(&f->lambda), 0);
    }
    assert_true(n_conflicts > n_calls / 2);
}

static void one_failed_call_anywhere_leaves_nothing_behind(void **state)
{
    struct sweep_fixture *f = *state;
    int n_failed = 0;
    int n_calls = FAKE_CALLS_NEVER;
    for (int k = 1; k <= n_calls; k++) {
        renew(f);
        f->lambda.fail_at = k;
        n_failed += sweep(f) != CP_OK;
        assert_put_back(f);
        if (f->lambda.n_calls < k)
            n_calls = k; /* the sweep was over before its k-th call */
    }
    assert_true(n_calls > 40 && n_failed > 20);
}

/* --- interrupt and resume --- */

/* plan_no -> how often it was answered or lost, over all sessions. */
static void assert_none_repeated(const struct sweep_fixture *f, const struct cp_run_data *data)
{
    size_t n_sent = 0;
    for (size_t i = 0; i < data->n_samples; i++)
        n_sent += data->samples[i].outcome != CP_OUTCOME_NOT_SENT;
    assert_int_equal(n_sent, f->lambda.n_invocations);
}

static void assert_same_plan(const struct cp_run_data *whole, const struct cp_run_data *parts)
{
    assert_true(parts->n_samples >= whole->n_samples);
    for (size_t i = 0; i < whole->n_samples; i++) {
        const struct cp_sample *a = &whole->samples[i];
        const struct cp_sample *b = &parts->samples[i];
        assert_int_equal(a->plan_no, b->plan_no);
        assert_int_equal(a->kind, b->kind);
        assert_int_equal(a->memory_size_mb, b->memory_size_mb);
        assert_int_equal(a->cell, b->cell);
        assert_int_equal(b->outcome, CP_OUTCOME_MEASURED);
    }
    for (size_t i = whole->n_samples; i < parts->n_samples; i++)
        assert_int_equal(parts->samples[i].kind, CP_CELL_PRIME); /* new environments */
}

static void an_interrupt_at_any_call_and_a_resume_give_the_same_samples(void **state)
{
    struct sweep_fixture *f = *state;
    assert_ok(f, sweep(f));
    int n_calls = f->lambda.n_calls;
    struct cp_run_data whole = load(f);
    int n_interrupted = 0;
    for (int k = 1; k <= n_calls; k++) {
        renew(f);
        f->stop_at_call = k;
        enum cp_code code = sweep(f);
        if (code && code != CP_EINTERRUPTED)
            fail_msg("call %d: %s", k, f->err.text);
        assert_put_back(f);
        f->stop_at_call = FAKE_CALLS_NEVER;
        if (code) {
            n_interrupted++;
            assert_true(f->run.is_interrupted);
            assert_ok(f, resume(f));
            assert_put_back(f);
        }
        struct cp_run_data parts;
        assert_ok(f, cp_store_load(f->store, f->run.id, &parts, &f->err));
        assert_false(parts.run.is_interrupted);
        assert_same_plan(&whole, &parts);
        assert_none_repeated(f, &parts);
        cp_run_data_clear(&parts);
    }
    assert_true(n_interrupted > n_calls / 2);
    cp_run_data_clear(&whole);
}

static void a_second_stop_request_does_not_wait_for_answers(void **state)
{
    struct sweep_fixture *f = *state;
    f->options.n_idle = 0;
    f->stop_level = 2;
    f->stop_at_call = 9; /* with the first batch in the air */
    assert_int_equal(sweep(f), CP_EINTERRUPTED);
    assert_non_null(f->lambda.flights);
    struct cp_run_data data = load(f);
    struct cp_accounting a = cp_accounting_of(data.samples, data.n_samples);
    assert_true(a.unknown > 0);
    cp_run_data_clear(&data);
    fake_lambda_clear(&f->lambda); /* the late answers come when nobody waits any more */
    fake_lambda_init(&f->lambda);
}

static void exit_now(void *context, int n_calls)
{
    if (n_calls == *(const int *)context)
        _exit(0);
}

/* The sweep dies in a child, as by SIGKILL: no undo, no end of the run. */
static void kill_sweep_at(struct sweep_fixture *f, int k)
{
    cp_store_close(f->store);
    f->store = NULL;
    f->lambda.n_calls = 0;
    pid_t child = fork();
    if (child == 0) {
        f->store = store_fixture_open(f->files, CP_STORE_SWEEP);
        f->lambda.at_call = exit_now;
        f->lambda.at_context = &k;
        (void)sweep(f);
        _exit(1);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    f->store = store_fixture_open(f->files, CP_STORE_SWEEP);
}

static void a_killed_sweep_resumes_and_repeats_nothing(void **state)
{
    struct sweep_fixture *f = *state;
    for (int k = 4; k < 60; k += 5) {
        struct cp_run_data data;
        f->run = cp_run_empty();
        f->run.is_local = true;
        f->options.seed = (uint64_t)k;
        kill_sweep_at(f, k);
        assert_ok(f, cp_store_load(f->store, "last", &data, &f->err));
        assert_true(data.run.ended_at_ms < 0);
        size_t n_in_the_air = 0;
        for (size_t i = 0; i < data.n_samples; i++)
            n_in_the_air += data.samples[i].outcome == CP_OUTCOME_SENT;
        f->run = data.run;
        cp_run_data_clear(&data);
        assert_ok(f, resume(f));
        assert_ok(f, cp_store_load(f->store, f->run.id, &data, &f->err));
        struct cp_accounting a = cp_accounting_of(data.samples, data.n_samples);
        assert_int_equal(a.unknown, n_in_the_air);
        assert_int_equal(a.measured, a.planned - n_in_the_air);
        assert_false(data.run.is_interrupted);
        cp_run_data_clear(&data);
        f->lambda.now_ms += 1e5; /* so that "last" is the next one */
        assert_put_back(f);
    }
}

static void leftovers_of_a_killed_sweep_are_removed_by_the_resume(void **state)
{
    struct sweep_fixture *f = *state;
    f->stop_at_call = 12;
    assert_int_equal(sweep(f), CP_EINTERRUPTED);
    struct fake_version *left = &f->lambda.versions[f->lambda.n_versions++];
    *left = (struct fake_version){.config = f->lambda.latest};
    (void)snprintf(left->config.version, sizeof left->config.version, "%zu", f->lambda.n_versions);
    (void)snprintf(left->config.description, sizeof left->config.description, "coldprof %s 77",
                   f->run.id);
    f->lambda.latest.memory_size_mb = 128;
    (void)snprintf(f->lambda.latest.description, sizeof f->lambda.latest.description,
                   "coldprof %s 77", f->run.id);
    f->stop_at_call = FAKE_CALLS_NEVER;
    assert_ok(f, resume(f));
    assert_put_back(f);
}

static void versions_of_others_are_never_deleted(void **state)
{
    struct sweep_fixture *f = *state;
    struct fake_version *theirs = &f->lambda.versions[f->lambda.n_versions++];
    *theirs = (struct fake_version){.config = f->lambda.latest};
    (void)snprintf(theirs->config.version, sizeof theirs->config.version, "1");
    (void)snprintf(theirs->config.description, sizeof theirs->config.description,
                   "coldprof is nice");
    assert_ok(f, sweep(f));
    assert_int_equal(fake_lambda_n_versions(&f->lambda), 1);
    assert_false(theirs->is_deleted);
}

static void a_finished_run_has_nothing_to_resume(void **state)
{
    struct sweep_fixture *f = *state;
    assert_ok(f, sweep(f));
    assert_int_equal(resume(f), CP_EINVAL);
}

static void a_resume_with_other_code_is_refused(void **state)
{
    struct sweep_fixture *f = *state;
    f->stop_at_call = 20;
    assert_int_equal(sweep(f), CP_EINTERRUPTED);
    f->stop_at_call = FAKE_CALLS_NEVER;
    (void)snprintf(f->lambda.latest.code_sha256, sizeof f->lambda.latest.code_sha256, "bmV3");
    int n_changes = f->lambda.n_changes;
    assert_int_equal(resume(f), CP_ECONFLICT);
    assert_non_null(strstr(f->err.text, "the code of 'hello' has changed"));
    assert_int_equal(f->lambda.n_changes, n_changes);
}

static void a_resume_with_another_seed_is_refused(void **state)
{
    struct sweep_fixture *f = *state;
    f->stop_at_call = 20;
    assert_int_equal(sweep(f), CP_EINTERRUPTED);
    f->stop_at_call = FAKE_CALLS_NEVER;
    struct cp_run changed = f->run;
    changed.seed++;
    assert_ok(f, cp_store_update_run(f->store, &changed, &f->err));
    assert_int_equal(resume(f), CP_ECONFLICT);
}

/* --- refusals --- */

static void be_managed(struct sweep_fixture *f)
{
    f->lambda.latest.has_capacity_provider = true;
}

static void be_at_the_edge(struct sweep_fixture *f)
{
    (void)snprintf(f->lambda.latest.name, sizeof f->lambda.latest.name, "us-east-1.hello");
}

static void hide_records(struct sweep_fixture *f)
{
    (void)snprintf(f->lambda.latest.system_log_level, sizeof f->lambda.latest.system_log_level,
                   "WARN");
}

static void be_inactive(struct sweep_fixture *f)
{
    (void)snprintf(f->lambda.latest.state, sizeof f->lambda.latest.state, "Inactive");
}

static void point_elsewhere(struct sweep_fixture *f)
{
    f->options.place.endpoint_url = "http://127.0.0.1.example.com:80";
}

static void give_no_json(struct sweep_fixture *f)
{
    f->options.payload = CP_VIEW_LIT("{\"a\": 1} x");
}

static void ask_too_small(struct sweep_fixture *f)
{
    f->options.memory_mb[0] = 64;
}

static void ask_nothing(struct sweep_fixture *f)
{
    f->options.max_cold = f->options.max_warm = 0;
    f->options.n_idle = 0;
}

static void ask_bad_interval(struct sweep_fixture *f)
{
    f->options.idle_ms[0] = NAN;
}

static void what_cannot_be_swept_is_refused_before_any_change(void **state)
{
    static const struct {
        void (*be)(struct sweep_fixture *f);
        enum cp_code code;
        const char *text;
    } rows[] = {
        {be_managed, CP_EUNSUPPORTED, "Managed Instances"},
        {be_at_the_edge, CP_EUNSUPPORTED, "Lambda@Edge"},
        {hide_records, CP_EUNSUPPORTED, "WARN"},
        {be_inactive, CP_EUNSUPPORTED, "Inactive"},
        {point_elsewhere, CP_EUNSUPPORTED, "not on this machine"},
        {give_no_json, CP_EINVAL, "not JSON"},
        {ask_too_small, CP_EINVAL, "64 MB"},
        {ask_nothing, CP_EINVAL, "nothing to sample"},
        {ask_bad_interval, CP_EINVAL, "idle interval"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct sweep_fixture *f = NULL;
        assert_int_equal(setup((void **)&f), 0);
        rows[i].be(f);
        assert_int_equal(sweep(f), rows[i].code);
        assert_non_null(strstr(f->err.text, rows[i].text));
        assert_int_equal(f->lambda.n_changes, 0);
        assert_int_equal(f->lambda.n_invocations, 0);
        assert_int_equal(teardown((void **)&f), 0);
    }
    (void)state;
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_planned_sample_is_measured_and_the_function_put_back),
        TEST(the_default_sweep_covers_the_default_sizes),
        TEST(the_idle_phase_takes_about_the_longest_interval),
        TEST(cold_samples_overlap_and_no_more_than_asked),
        TEST(a_cell_stops_when_it_is_precise_and_the_rest_is_not_sent),
        TEST(an_imprecise_cell_goes_on_to_its_limit),
        TEST(the_invocation_limit_is_kept_and_idle_gets_its_share),
        TEST(warm_samples_alone_get_primed_environments),
        TEST(throttles_are_counted_and_waited_for),
        TEST(endless_throttling_ends_the_sweep),
        TEST(a_lost_answer_is_unknown_and_never_repeated),
        TEST(a_size_whose_answers_are_lost_is_not_one_that_cannot_run),
        TEST(what_never_left_is_sent_again),
        TEST(rule_14_what_found_no_environment_is_sent_again),
        TEST(rule_12_what_was_called_too_fast_is_sent_again_later),
        TEST(an_unreachable_service_ends_the_sweep),
        TEST(a_refused_invocation_ends_the_sweep),
        TEST(hidden_records_end_the_sweep_with_the_reason),
        TEST(a_size_that_cannot_run_is_a_result_and_the_others_go_on),
        TEST(a_function_that_runs_nowhere_is_a_result_too),
        TEST(a_function_that_always_fails_is_not_called_on_and_on),
        TEST(a_suppressed_init_is_cold_but_no_measurement_of_a_cold_start),
        TEST(a_store_that_fails_ends_the_sweep_and_the_function_is_put_back),
        TEST(a_foreign_change_at_any_call_survives),
        TEST(one_failed_call_anywhere_leaves_nothing_behind),
        TEST(an_interrupt_at_any_call_and_a_resume_give_the_same_samples),
        TEST(a_second_stop_request_does_not_wait_for_answers),
        TEST(a_killed_sweep_resumes_and_repeats_nothing),
        TEST(leftovers_of_a_killed_sweep_are_removed_by_the_resume),
        TEST(versions_of_others_are_never_deleted),
        TEST(a_finished_run_has_nothing_to_resume),
        TEST(a_resume_with_other_code_is_refused),
        TEST(a_resume_with_another_seed_is_refused),
        TEST(what_cannot_be_swept_is_refused_before_any_change),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
