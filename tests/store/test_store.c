/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/store/store_fixture.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "probes/os/file.h"

#include <sqlite3.h>

#define OPEN(f, mode) store_fixture_open(f, mode)

/* As isnan-aware equality: absent must come back absent. */
static void assert_real(double wanted, double got)
{
    if (isnan(wanted))
        assert_true(isnan(got));
    else
        assert_memory_equal(&wanted, &got, sizeof got);
}

static struct cp_run full_run(void)
{
    struct cp_run run = {
        .function = "checkout:live",
        .target = "it's; DROP TABLE runs; -- \"%s\" \xc3\xa9",
        .place = "local server",
        .is_local = true,
        .region = "eu-west-1",
        .architecture = "x86_64",
        .runtime = "python3.12",
        .runtime_version_arn = "arn:aws:lambda:eu-west-1::runtime:0a",
        .code_sha256 = "q1+/=",
        .coldprof_version = "0.1.0",
        .command = "coldprof sweep x",
        .payload_sha256 = "00ff",
        .started_at_ms = 1790000000123,
        .ended_at_ms = INT64_MAX,
        .seed = UINT64_MAX - 6,
        .original_memory_size_mb = 512,
        .timeout_ms = 3000,
        .budget_q = 0.99,
        .budget_ms = 0.1 + 0.2,
        .traffic_per_s = 1.0 / 3.0,
        .precision_p50 = 0.05,
        .precision_p95 = NAN,
        .unreserved_concurrency = 1000,
        .host = "2 cores",
        .idle_law = "uniform:4s-8s",
        .is_init_throttled = true,
        .is_interrupted = true,
        .method = "shadow function",
        .mode = "tail without init",
        .initialization = "snap-start",
        .package_type = "Image",
        .quoted_usd = 0.1,
        .quoted_max_usd = 1e9,
        .max_cost_usd = 5e-324,
        .provisioned = "'live' has provisioned concurrency",
        .ephemeral_storage_mb = 10240,
        .snapshots_usd = 0.7,
        .idle_end = "the bracket is 30 s wide",
        .workload_class = "interactive",
        .risk = "upper",
        .layers = "arn:aws:lambda:eu-west-1:123456789012:layer:otel:7",
        .code_size_bytes = 262144001,
    };
    return run;
}

static struct cp_sample full_sample(int64_t plan_no)
{
    return (struct cp_sample){
        .cell = 7,
        .plan_no = plan_no,
        .kind = CP_CELL_IDLE,
        .outcome = CP_OUTCOME_OUT_OF_MEMORY,
        .start = CP_START_SNAPSTART,
        .memory_size_mb = 1769,
        .idle_interval_ms = 5000,
        .idle_actual_ms = 5000.0625,
        .batch = 3,
        .scheduled_at_ms = 1,
        .sent_at_ms = INT64_MIN,
        .client_ms = 5e-324,
        .duration_ms = 1.7976931348623157e308,
        .billed_duration_ms = 351,
        .init_duration_ms = 100.77,
        .restore_duration_ms = INFINITY,
        .max_memory_used_mb = 36,
        .http_status = 200,
        .request_id = "3a1b",
        .version = "12",
        .error_type = "Runtime.OutOfMemory",
        .note = "used 128 of 128 MB",
    };
}

static void assert_same_run(const struct cp_run *a, const struct cp_run *b)
{
    assert_string_equal(a->id, b->id);
    assert_string_equal(a->function, b->function);
    assert_string_equal(a->target, b->target);
    assert_string_equal(a->place, b->place);
    assert_string_equal(a->region, b->region);
    assert_string_equal(a->architecture, b->architecture);
    assert_string_equal(a->runtime, b->runtime);
    assert_string_equal(a->runtime_version_arn, b->runtime_version_arn);
    assert_string_equal(a->code_sha256, b->code_sha256);
    assert_string_equal(a->coldprof_version, b->coldprof_version);
    assert_string_equal(a->command, b->command);
    assert_string_equal(a->payload_sha256, b->payload_sha256);
    assert_string_equal(a->host, b->host);
    assert_string_equal(a->idle_law, b->idle_law);
    assert_int_equal(a->is_local, b->is_local);
    assert_int_equal(a->is_init_throttled, b->is_init_throttled);
    assert_int_equal(a->is_interrupted, b->is_interrupted);
    assert_int_equal(a->started_at_ms, b->started_at_ms);
    assert_int_equal(a->ended_at_ms, b->ended_at_ms);
    assert_true(a->seed == b->seed);
    assert_int_equal(a->original_memory_size_mb, b->original_memory_size_mb);
    assert_int_equal(a->timeout_ms, b->timeout_ms);
    assert_int_equal(a->unreserved_concurrency, b->unreserved_concurrency);
    assert_real(a->budget_q, b->budget_q);
    assert_real(a->budget_ms, b->budget_ms);
    assert_real(a->traffic_per_s, b->traffic_per_s);
    assert_real(a->precision_p50, b->precision_p50);
    assert_real(a->precision_p95, b->precision_p95);
    assert_string_equal(a->method, b->method);
    assert_string_equal(a->mode, b->mode);
    assert_string_equal(a->initialization, b->initialization);
    assert_string_equal(a->package_type, b->package_type);
    assert_real(a->quoted_usd, b->quoted_usd);
    assert_real(a->quoted_max_usd, b->quoted_max_usd);
    assert_real(a->max_cost_usd, b->max_cost_usd);
    assert_string_equal(a->provisioned, b->provisioned);
    assert_int_equal(a->ephemeral_storage_mb, b->ephemeral_storage_mb);
    assert_real(a->snapshots_usd, b->snapshots_usd);
    assert_string_equal(a->idle_end, b->idle_end);
    assert_string_equal(a->workload_class, b->workload_class);
    assert_string_equal(a->risk, b->risk);
    assert_string_equal(a->layers, b->layers);
    assert_int_equal(a->code_size_bytes, b->code_size_bytes);
}

static void assert_same_sample(const struct cp_sample *a, const struct cp_sample *b)
{
    assert_int_equal(a->id, b->id);
    assert_int_equal(a->cell, b->cell);
    assert_int_equal(a->plan_no, b->plan_no);
    assert_int_equal(a->batch, b->batch);
    assert_int_equal(a->kind, b->kind);
    assert_int_equal(a->outcome, b->outcome);
    assert_int_equal(a->start, b->start);
    assert_int_equal(a->memory_size_mb, b->memory_size_mb);
    assert_int_equal(a->scheduled_at_ms, b->scheduled_at_ms);
    assert_int_equal(a->sent_at_ms, b->sent_at_ms);
    assert_int_equal(a->max_memory_used_mb, b->max_memory_used_mb);
    assert_int_equal(a->http_status, b->http_status);
    assert_real(a->idle_interval_ms, b->idle_interval_ms);
    assert_real(a->idle_actual_ms, b->idle_actual_ms);
    assert_real(a->client_ms, b->client_ms);
    assert_real(a->duration_ms, b->duration_ms);
    assert_real(a->billed_duration_ms, b->billed_duration_ms);
    assert_real(a->init_duration_ms, b->init_duration_ms);
    assert_real(a->restore_duration_ms, b->restore_duration_ms);
    assert_string_equal(a->request_id, b->request_id);
    assert_string_equal(a->version, b->version);
    assert_string_equal(a->error_type, b->error_type);
    assert_string_equal(a->note, b->note);
}

static void a_run_comes_back_as_it_was_stored(void **state)
{
    struct cp_run runs[] = {full_run(), cp_run_empty()};
    for (size_t i = 0; i < 2; i++) {
        struct cp_run_data data;
        struct cp_store *store = OPEN(*state, CP_STORE_SWEEP);
        assert_int_equal(cp_store_add_run(store, &runs[i], NULL), CP_OK);
        cp_store_close(store);
        store = OPEN(*state, CP_STORE_READ);
        assert_int_equal(cp_store_load(store, runs[i].id, &data, NULL), CP_OK);
        assert_same_run(&runs[i], &data.run);
        assert_int_equal(data.n_samples, 0);
        cp_run_data_clear(&data);
        cp_store_close(store);
    }
}

static void samples_come_back_exactly_and_in_plan_order(void **state)
{
    struct cp_run run = full_run();
    struct cp_run_data data;
    struct cp_sample samples[] = {full_sample(2), cp_sample_planned(CP_CELL_COLD, 128)};
    samples[1].plan_no = 0;
    struct cp_store *store = OPEN(*state, CP_STORE_SWEEP);
    assert_int_equal(cp_store_add_run(store, &run, NULL), CP_OK);
    assert_int_equal(cp_store_add_samples(store, run.id, samples, 2, NULL), CP_OK);
    assert_true(samples[0].id > 0 && samples[1].id > 0 && samples[0].id != samples[1].id);
    assert_int_equal(cp_store_load(store, run.id, &data, NULL), CP_OK);
    assert_int_equal(data.n_samples, 2);
    assert_same_sample(&samples[1], &data.samples[0]);
    assert_same_sample(&samples[0], &data.samples[1]);
    cp_run_data_clear(&data);
    cp_store_close(store);
}

static void an_updated_sample_is_there_after_reopening(void **state)
{
    struct cp_run run = full_run();
    struct cp_run_data data;
    struct cp_sample sample = cp_sample_planned(CP_CELL_WARM, 256);
    struct cp_store *store = OPEN(*state, CP_STORE_SWEEP);
    assert_int_equal(cp_store_add_run(store, &run, NULL), CP_OK);
    assert_int_equal(cp_store_add_samples(store, run.id, &sample, 1, NULL), CP_OK);
    sample.outcome = CP_OUTCOME_MEASURED;
    sample.start = CP_START_WARM;
    sample.duration_ms = 1.25;
    assert_int_equal(cp_store_update_sample(store, &sample, NULL), CP_OK);
    cp_store_close(store);
    store = OPEN(*state, CP_STORE_READ);
    assert_int_equal(cp_store_load(store, "last", &data, NULL), CP_OK);
    assert_same_sample(&sample, &data.samples[0]);
    cp_run_data_clear(&data);
    cp_store_close(store);
}

static enum cp_outcome outcome_on_disk(void *path)
{
    struct cp_run_data data;
    struct cp_store *reader = OPEN(path, CP_STORE_READ);
    assert_int_equal(cp_store_load(reader, "last", &data, NULL), CP_OK);
    enum cp_outcome outcome = data.samples[0].outcome;
    cp_run_data_clear(&data);
    cp_store_close(reader);
    return outcome;
}

static void rule_15_a_group_of_writes_is_one_commit(void **state)
{
    struct cp_run run = full_run();
    struct cp_sample sample = cp_sample_planned(CP_CELL_WARM, 256);
    struct cp_store *store = OPEN(*state, CP_STORE_SWEEP);
    assert_int_equal(cp_store_add_run(store, &run, NULL), CP_OK);
    assert_int_equal(cp_store_add_samples(store, run.id, &sample, 1, NULL), CP_OK);
    sample.outcome = CP_OUTCOME_SENT;
    assert_int_equal(cp_store_begin(store, NULL), CP_OK);
    assert_int_equal(cp_store_update_sample(store, &sample, NULL), CP_OK);
    assert_int_equal(cp_store_put_cells(store, run.id, NULL, 0, NULL), CP_OK); /* nested */
    assert_int_equal(outcome_on_disk(*state), CP_OUTCOME_NOT_SENT);
    assert_int_equal(cp_store_end(store, CP_OK, NULL), CP_OK);
    assert_int_equal(outcome_on_disk(*state), CP_OUTCOME_SENT);
    cp_store_close(store);
}

static void a_group_that_fails_in_part_is_undone(void **state)
{
    struct cp_run run = full_run();
    struct cp_error err = {0};
    struct cp_sample sample = cp_sample_planned(CP_CELL_WARM, 256);
    struct cp_sample foreign = full_sample(0);
    struct cp_store *store = OPEN(*state, CP_STORE_SWEEP);
    assert_int_equal(cp_store_add_run(store, &run, NULL), CP_OK);
    assert_int_equal(cp_store_add_samples(store, run.id, &sample, 1, NULL), CP_OK);
    sample.outcome = CP_OUTCOME_SENT;
    assert_int_equal(cp_store_begin(store, NULL), CP_OK);
    assert_int_equal(cp_store_update_sample(store, &sample, NULL), CP_OK);
    assert_int_not_equal(cp_store_add_samples(store, "beef", &foreign, 1, NULL), CP_OK);
    assert_int_not_equal(cp_store_end(store, CP_OK, &err), CP_OK);
    assert_non_null(strstr(err.text, "a part of it failed"));
    assert_int_equal(outcome_on_disk(*state), CP_OUTCOME_NOT_SENT);
    assert_int_equal(cp_store_update_sample(store, &sample, NULL), CP_OK); /* and goes on */
    assert_int_equal(outcome_on_disk(*state), CP_OUTCOME_SENT);
    cp_store_close(store);
}

static void a_sample_that_was_never_added_cannot_be_updated(void **state)
{
    struct cp_error err = {0};
    struct cp_sample sample = cp_sample_planned(CP_CELL_WARM, 256);
    sample.id = 99;
    struct cp_store *store = OPEN(*state, CP_STORE_SWEEP);
    assert_int_equal(cp_store_update_sample(store, &sample, &err), CP_ENOTFOUND);
    cp_store_close(store);
}

static void a_sample_of_an_unknown_run_is_refused(void **state)
{
    struct cp_error err = {0};
    struct cp_sample sample = full_sample(0);
    struct cp_store *store = OPEN(*state, CP_STORE_SWEEP);
    assert_int_not_equal(cp_store_add_samples(store, "beef", &sample, 1, &err), CP_OK);
    assert_non_null(strstr(err.text, "FOREIGN KEY"));
    assert_int_equal(sample.id, 0);
    cp_store_close(store);
}

static void cells_are_replaced_as_a_whole(void **state)
{
    struct cp_run run = full_run();
    struct cp_run_data data;
    struct cp_cell_result cells[] = {
        {128, CP_CELL_COLD, NAN, 135, CP_STOP_CANNOT_RUN, NAN, NAN, "out of memory"},
        {256, CP_CELL_IDLE, 3000, 12, CP_STOP_PRECISION, 0.01, 0.02, ""},
    };
    struct cp_store *store = OPEN(*state, CP_STORE_SWEEP);
    assert_int_equal(cp_store_add_run(store, &run, NULL), CP_OK);
    assert_int_equal(cp_store_put_cells(store, run.id, cells, 1, NULL), CP_OK);
    assert_int_equal(cp_store_put_cells(store, run.id, cells, 2, NULL), CP_OK);
    assert_int_equal(cp_store_load(store, run.id, &data, NULL), CP_OK);
    assert_int_equal(data.n_cells, 2);
    assert_int_equal(data.cells[0].stop, CP_STOP_CANNOT_RUN);
    assert_string_equal(data.cells[0].note, "out of memory");
    assert_int_equal(data.cells[0].planned, 135);
    assert_real(NAN, data.cells[0].idle_interval_ms);
    assert_int_equal(data.cells[1].kind, CP_CELL_IDLE);
    assert_real(3000, data.cells[1].idle_interval_ms);
    assert_real(0.02, data.cells[1].precision_p95);
    cp_run_data_clear(&data);
    cp_store_close(store);
}

static void a_plan_text_comes_back(void **state)
{
    struct cp_run run = full_run();
    struct cp_error err = {0};
    struct cp_buf plan;
    cp_buf_init(&plan, 4096);
    struct cp_store *store = OPEN(*state, CP_STORE_SWEEP);
    assert_int_equal(cp_store_add_run(store, &run, NULL), CP_OK);
    assert_int_equal(cp_store_get_plan(store, run.id, &plan, &err), CP_ENOTFOUND);
    assert_int_equal(cp_store_put_plan(store, run.id, CP_VIEW_LIT("{\"a\":\"'\"}"), NULL), CP_OK);
    assert_int_equal(cp_store_get_plan(store, run.id, &plan, &err), CP_OK);
    assert_string_equal(cp_buf_str(&plan), "{\"a\":\"'\"}");
    assert_int_equal(cp_store_put_plan(store, "none", CP_VIEW_LIT("{}"), &err), CP_ENOTFOUND);
    cp_buf_clear(&plan);
    cp_store_close(store);
}

static void run_ids_are_short_hex_and_unique(void **state)
{
    struct cp_store *store = OPEN(*state, CP_STORE_SWEEP);
    char ids[40][CP_RUN_ID_MAX];
    for (size_t i = 0; i < 40; i++) { /* one seed and one start: the same draws each time */
        struct cp_run run = store_fixture_run(1);
        assert_int_equal(cp_store_add_run(store, &run, NULL), CP_OK);
        assert_true(strlen(run.id) >= 4 && strlen(run.id) < CP_RUN_ID_MAX);
        assert_int_equal(strspn(run.id, "0123456789abcdef"), strlen(run.id));
        (void)snprintf(ids[i], sizeof ids[i], "%s", run.id);
        for (size_t j = 0; j < i; j++)
            assert_string_not_equal(ids[i], ids[j]);
    }
    cp_store_close(store);
}

static void a_run_is_found_by_id_prefix_or_last(void **state)
{
    struct cp_store *store = OPEN(*state, CP_STORE_SWEEP);
    struct cp_error err = {0};
    struct cp_run_data data;
    struct cp_run sweep = store_fixture_run(1);
    struct cp_run import = store_fixture_run(2); /* of a log from before the sweep */
    import.started_at_ms -= 1000;
    assert_int_equal(cp_store_load(store, "last", &data, &err), CP_ENOTFOUND);
    assert_int_equal(cp_store_add_run(store, &sweep, NULL), CP_OK);
    assert_int_equal(cp_store_add_run(store, &import, NULL), CP_OK);
    char prefix[4];
    (void)snprintf(prefix, sizeof prefix, "%.3s", sweep.id);
    const char *const wanted[][2] = {{sweep.id, sweep.id}, {prefix, sweep.id}, {"last", import.id}};
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(cp_store_load(store, wanted[i][0], &data, &err), CP_OK);
        assert_string_equal(data.run.id, wanted[i][1]);
        cp_run_data_clear(&data);
    }
    cp_store_close(store);
}

static void an_unknown_run_names_the_nearest(void **state)
{
    struct cp_store *store = OPEN(*state, CP_STORE_SWEEP);
    struct cp_error err = {0};
    struct cp_run_data data;
    struct cp_run run = store_fixture_run(1);
    assert_int_equal(cp_store_add_run(store, &run, NULL), CP_OK);
    static const char *const wanted[] = {"%", "", "zzzz", "' OR 1=1 --"};
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(cp_store_load(store, wanted[i], &data, &err), CP_ENOTFOUND);
        assert_non_null(strstr(err.text, run.id));
    }
    cp_store_close(store);
}

static void an_ambiguous_prefix_is_refused(void **state)
{
    struct cp_store *store = OPEN(*state, CP_STORE_SWEEP);
    struct cp_error err = {0};
    struct cp_run_data data;
    char first[CP_RUN_ID_MAX] = "";
    for (uint64_t seed = 0; seed < 17; seed++) { /* 17 ids: two begin with the same digit */
        struct cp_run run = store_fixture_run(seed);
        assert_int_equal(cp_store_add_run(store, &run, NULL), CP_OK);
        (void)snprintf(first, sizeof first, "%s", run.id);
    }
    int n_ambiguous = 0;
    for (int digit = 0; digit < 16; digit++) {
        char prefix[2] = {"0123456789abcdef"[digit], '\0'};
        enum cp_code code = cp_store_load(store, prefix, &data, &err);
        n_ambiguous += code == CP_EINVAL;
        cp_run_data_clear(&data);
    }
    assert_true(n_ambiguous >= 1);
    cp_store_close(store);
}

struct listed {
    size_t n, stop_after;
    char ids[4][CP_RUN_ID_MAX];
    struct cp_accounting accounting[4];
};

static bool keep(void *context, const struct cp_run *run, const struct cp_accounting *accounting)
{
    struct listed *listed = context;
    (void)snprintf(listed->ids[listed->n], CP_RUN_ID_MAX, "%s", run->id);
    listed->accounting[listed->n++] = *accounting;
    return listed->n < listed->stop_after;
}

static void runs_are_listed_newest_first_with_their_accounting(void **state)
{
    struct cp_store *store = OPEN(*state, CP_STORE_SWEEP);
    struct cp_run runs[] = {store_fixture_run(1), store_fixture_run(2)};
    struct cp_sample samples[9];
    runs[1].started_at_ms++;
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(cp_store_add_run(store, &runs[i], NULL), CP_OK);
    for (int i = 0; i < 9; i++) {
        samples[i] = cp_sample_planned(CP_CELL_COLD, 128);
        samples[i].plan_no = i;
        samples[i].outcome = (enum cp_outcome)i;
    }
    assert_int_equal(cp_store_add_samples(store, runs[0].id, samples, 9, NULL), CP_OK);
    struct listed listed = {.stop_after = 4};
    assert_int_equal(cp_store_list(store, keep, &listed, NULL), CP_OK);
    assert_int_equal(listed.n, 2);
    assert_string_equal(listed.ids[0], runs[1].id);
    assert_int_equal(listed.accounting[0].planned, 0);
    struct cp_accounting wanted = {
        .planned = 9, .measured = 1, .failed = 4, .throttled = 1, .unknown = 2, .not_sent = 1};
    assert_memory_equal(&listed.accounting[1], &wanted, sizeof wanted);
    assert_true(cp_accounting_holds(&listed.accounting[1]));
    listed = (struct listed){.stop_after = 1};
    assert_int_equal(cp_store_list(store, keep, &listed, NULL), CP_OK);
    assert_int_equal(listed.n, 1);
    cp_store_close(store);
}

static void a_second_sweep_is_told_who_holds_the_store(void **state)
{
    struct store_fixture *f = *state;
    struct cp_error err = {0};
    struct cp_store *second = NULL;
    char pid[32];
    struct cp_store *first = OPEN(f, CP_STORE_SWEEP);
    (void)snprintf(pid, sizeof pid, "process %ld", (long)getpid());
    assert_int_equal(cp_store_open(f->path, CP_STORE_SWEEP, &second, &err), CP_EBUSY);
    assert_null(second);
    assert_non_null(strstr(err.text, pid));
    struct cp_store *reader = OPEN(f, CP_STORE_READ); /* readers are always welcome */
    cp_store_close(reader);
    cp_store_close(first);
    cp_store_close(OPEN(f, CP_STORE_SWEEP));
}

static void a_killed_holder_does_not_block(void **state)
{
    struct store_fixture *f = *state;
    int ready[2];
    assert_int_equal(pipe(ready), 0);
    pid_t child = fork();
    if (child == 0) {
        struct cp_store *store = NULL;
        enum cp_code code = cp_store_open(f->path, CP_STORE_SWEEP, &store, NULL);
        char byte = code ? 'x' : 'k';
        if (write(ready[1], &byte, 1) != 1)
            _exit(1);
        for (;;)
            (void)pause();
    }
    char byte = 0;
    assert_int_equal(read(ready[0], &byte, 1), 1);
    assert_int_equal(byte, 'k');
    struct cp_store *store = NULL;
    assert_int_equal(cp_store_open(f->path, CP_STORE_SWEEP, &store, NULL), CP_EBUSY);
    assert_int_equal(kill(child, SIGKILL), 0);
    assert_int_equal(waitpid(child, NULL, 0), child);
    cp_store_close(OPEN(f, CP_STORE_SWEEP));
    (void)close(ready[0]);
    (void)close(ready[1]);
}

static void a_missing_store_is_not_created_by_reading(void **state)
{
    struct store_fixture *f = *state;
    struct cp_store *store = NULL;
    struct cp_error err = {0};
    assert_int_equal(cp_store_open(f->path, CP_STORE_READ, &store, &err), CP_ENOTFOUND);
    assert_non_null(strstr(err.text, f->path));
    assert_false(cp_file_exists(f->path));
}

static void a_foreign_or_damaged_file_is_refused_and_left_alone(void **state)
{
    struct store_fixture *f = *state;
    static const char text[] = "This is certainly not a database, it is a letter to my aunt.\n";
    for (int mode = CP_STORE_READ; mode <= CP_STORE_SWEEP; mode++) {
        struct cp_store *store = NULL;
        struct cp_error err = {0};
        struct cp_buf after;
        assert_int_equal(cp_file_write_atomic(f->path, CP_VIEW_LIT(text), NULL), CP_OK);
        assert_int_equal(cp_store_open(f->path, (enum cp_store_mode)mode, &store, &err),
                         CP_EFORMAT);
        assert_non_null(strstr(err.text, "not a coldprof store"));
        cp_buf_init(&after, 4096);
        assert_int_equal(cp_file_read(f->path, &after, NULL), CP_OK);
        assert_string_equal(cp_buf_str(&after), text);
        cp_buf_clear(&after);
    }
}

static long page_of_runs(const char *path)
{
    sqlite3 *db = NULL;
    sqlite3_stmt *statement = NULL;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db,
                                        "SELECT rootpage FROM sqlite_schema WHERE name = 'runs'",
                                        -1, &statement, NULL),
                     SQLITE_OK);
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    long page = (long)sqlite3_column_int(statement, 0);
    (void)sqlite3_finalize(statement);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    return page;
}

/* Zeroes `n` pages from the 1-based page `first` on; 0: to the end. */
static void damage(const char *path, long first, long n)
{
    static const char zeros[4096];
    FILE *file = fopen(path, "r+b");
    assert_non_null(file);
    assert_int_equal(fseek(file, 0, SEEK_END), 0);
    long end = n ? (first - 1 + n) * 4096 : ftell(file);
    for (long at = (first - 1) * 4096; at < end; at += 4096) {
        assert_int_equal(fseek(file, at, SEEK_SET), 0);
        assert_int_equal(fwrite(zeros, 1, sizeof zeros, file), sizeof zeros);
    }
    assert_int_equal(fclose(file), 0);
}

static void damaged_tables_are_a_clear_error(void **state)
{
    struct store_fixture *f = *state;
    struct cp_run run = store_fixture_run(1);
    struct cp_run_data data;
    struct cp_error err = {0};
    struct cp_store *store = OPEN(f, CP_STORE_SWEEP);
    assert_int_equal(cp_store_add_run(store, &run, NULL), CP_OK);
    cp_store_close(store);
    damage(f->path, page_of_runs(f->path), 1);
    store = OPEN(f, CP_STORE_READ);
    assert_int_equal(cp_store_load(store, run.id, &data, &err), CP_EFORMAT);
    assert_non_null(strstr(err.text, "damaged"));
    cp_store_close(store);
}

static void a_damaged_schema_is_a_clear_error(void **state)
{
    struct store_fixture *f = *state;
    struct cp_error err = {0};
    struct cp_store *store = OPEN(f, CP_STORE_SWEEP);
    cp_store_close(store);
    damage(f->path, 2, 0); /* the texts of so many tables do not fit into the first page */
    assert_int_equal(cp_store_open(f->path, CP_STORE_READ, &store, &err), CP_EFORMAT);
    assert_non_null(strstr(err.text, "damaged"));
}

/* A write that fails in the middle (here: the file size limit of the process). */
static void a_failed_write_leaves_earlier_samples_intact(void **state)
{
    struct store_fixture *f = *state;
    struct cp_run run = store_fixture_run(1);
    struct cp_run_data data;
    struct cp_error err = {0};
    struct cp_sample samples[2000];
    struct rlimit old;
    for (int i = 0; i < 2000; i++) {
        samples[i] = full_sample(i);
    }
    struct cp_store *store = OPEN(f, CP_STORE_SWEEP);
    assert_int_equal(cp_store_add_run(store, &run, NULL), CP_OK);
    assert_int_equal(cp_store_add_samples(store, run.id, samples, 10, NULL), CP_OK);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    struct rlimit tight = {.rlim_cur = (rlim_t)128 * 1024, .rlim_max = old.rlim_max};
    (void)signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &tight), 0);
    enum cp_code code = cp_store_add_samples(store, run.id, samples + 10, 1990, &err);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
    assert_int_equal(code, CP_EIO);
    assert_non_null(strstr(err.text, "everything stored before is intact"));
    assert_int_equal(samples[10].id, 0);
    cp_store_close(store);
    store = OPEN(f, CP_STORE_SWEEP);
    assert_int_equal(cp_store_load(store, run.id, &data, NULL), CP_OK);
    assert_int_equal(data.n_samples, 10);
    assert_same_sample(&samples[9], &data.samples[9]);
    cp_run_data_clear(&data);
    assert_int_equal(cp_store_add_samples(store, run.id, samples + 10, 1990, NULL), CP_OK);
    cp_store_close(store);
}

static void the_folder_of_a_new_store_is_made(void **state)
{
    struct store_fixture *f = *state;
    struct cp_store *store = NULL;
    char path[PATH_MAX];
    char folder[PATH_MAX];
    (void)snprintf(folder, sizeof folder, "%s/a", f->folder);
    (void)snprintf(path, sizeof path, "%s/a/runs.sqlite", f->folder);
    assert_int_equal(cp_store_open(path, CP_STORE_SWEEP, &store, NULL), CP_OK);
    cp_store_close(store);
    assert_true(cp_file_exists(path));
    assert_int_equal(unlink(path), 0);
    (void)snprintf(path, sizeof path, "%s/a/runs.sqlite.lock", f->folder);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rmdir(folder), 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, store_fixture_setup, store_fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_run_comes_back_as_it_was_stored),
        TEST(samples_come_back_exactly_and_in_plan_order),
        TEST(an_updated_sample_is_there_after_reopening),
        TEST(rule_15_a_group_of_writes_is_one_commit),
        TEST(a_group_that_fails_in_part_is_undone),
        TEST(a_sample_that_was_never_added_cannot_be_updated),
        TEST(a_sample_of_an_unknown_run_is_refused),
        TEST(cells_are_replaced_as_a_whole),
        TEST(a_plan_text_comes_back),
        TEST(run_ids_are_short_hex_and_unique),
        TEST(a_run_is_found_by_id_prefix_or_last),
        TEST(an_unknown_run_names_the_nearest),
        TEST(an_ambiguous_prefix_is_refused),
        TEST(runs_are_listed_newest_first_with_their_accounting),
        TEST(a_second_sweep_is_told_who_holds_the_store),
        TEST(a_killed_holder_does_not_block),
        TEST(a_missing_store_is_not_created_by_reading),
        TEST(a_foreign_or_damaged_file_is_refused_and_left_alone),
        TEST(damaged_tables_are_a_clear_error),
        TEST(a_damaged_schema_is_a_clear_error),
        TEST(a_failed_write_leaves_earlier_samples_intact),
        TEST(the_folder_of_a_new_store_is_made),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
