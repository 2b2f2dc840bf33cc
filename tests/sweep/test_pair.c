/* SPDX-License-Identifier: GPL-3.0-or-later
 * Two functions in turns against the client model (fake_lambda.h), in its own time.
 */
#include "tests/store/store_fixture.h"

#include "profiler/sweep/pair.h"
#include "tests/sweep/fake_lambda.h"

struct pair_fixture {
    struct store_fixture *files;
    struct cp_store *store;
    struct cp_lambda lambda;
    struct cp_sweep_clock clock;
    struct cp_sweep_hooks hooks;
    struct cp_sweep_options options;
    struct cp_run runs[CP_PAIR];
    struct cp_run_data data[CP_PAIR];
    struct cp_error err;
    int stop_at_call; /* FAKE_CALLS_NEVER */
    size_t n_plans, n_planned, n_warnings;
    char ids[64];
    char warning[2 * CP_ERROR_TEXT_MAX];
    struct cp_sweep_progress progress;
    size_t least_total;
    bool is_seen[CP_PAIR]; /* as the one that is measured now */
};

static const char *const names[CP_PAIR] = {"hello", "hello-new"};

static int stop_requests(void *context)
{
    const struct pair_fixture *f = context;
    return f->lambda.n_calls >= f->stop_at_call;
}

static void on_plan(void *context, const struct cp_sweep_outlook *outlook)
{
    struct pair_fixture *f = context;
    f->n_plans++;
    f->n_planned = outlook->n_planned;
    (void)snprintf(f->ids, sizeof f->ids, "%s and %s", outlook->run_id, outlook->second_run_id);
}

static void on_progress(void *context, const struct cp_sweep_progress *progress)
{
    struct pair_fixture *f = context;
    assert_true(progress->done <= progress->total);
    assert_true(progress->current == SIZE_MAX || progress->current < progress->n_rows);
    f->progress = *progress;
    if (f->least_total == 0 || progress->total < f->least_total)
        f->least_total = progress->total;
    if (progress->current != SIZE_MAX)
        f->is_seen[strcmp(progress->rows[progress->current].side, "new") == 0 ? CP_PAIR_NEW
                                                                              : CP_PAIR_BASE] =
            true;
}

static void on_warning(void *context, const char *text)
{
    struct pair_fixture *f = context;
    f->n_warnings++;
    (void)snprintf(f->warning, sizeof f->warning, "%s", text);
}

static int setup(void **state)
{
    struct pair_fixture *f = calloc(1, sizeof *f);
    assert_int_equal(store_fixture_setup((void **)&f->files), 0);
    f->store = store_fixture_open(f->files, CP_STORE_SWEEP);
    fake_lambda_init(&f->lambda);
    f->lambda.other = f->lambda.latest;
    (void)snprintf(f->lambda.other.name, sizeof f->lambda.other.name, "%s", names[CP_PAIR_NEW]);
    f->clock = fake_lambda_clock(&f->lambda);
    f->hooks = (struct cp_sweep_hooks){.context = f,
                                       .on_plan = on_plan,
                                       .on_progress = on_progress,
                                       .on_warning = on_warning,
                                       .stop_requests = stop_requests,
                                       .clock = &f->clock};
    f->stop_at_call = FAKE_CALLS_NEVER;
    f->options = (struct cp_sweep_options){
        .max_cold = 10,
        .max_warm = 20,
        .idle_probes = -1,
        .precision_p50 = NAN,
        .precision_p95 = NAN,
        .parallel_cold = 1,
        .seed = 7,
        .place = {.endpoint_url = "http://127.0.0.1:9001", .region = "us-east-1"},
    };
    for (int i = 0; i < CP_PAIR; i++) {
        f->runs[i] = cp_run_empty();
        f->runs[i].is_local = true;
        (void)snprintf(f->runs[i].target, sizeof f->runs[i].target, "./%s/hello",
                       i == CP_PAIR_BASE ? "old" : "now");
    }
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct pair_fixture *f = *state;
    for (int i = 0; i < CP_PAIR; i++)
        cp_run_data_clear(&f->data[i]);
    fake_lambda_clear(&f->lambda);
    cp_store_close(f->store);
    store_fixture_teardown((void **)&f->files);
    free(f);
    return 0;
}

static enum cp_code measure(struct pair_fixture *f)
{
    return cp_sweep_pair(&f->lambda, f->store, names, &f->options, &f->hooks, f->runs, &f->err);
}

static void load(struct pair_fixture *f)
{
    for (int i = 0; i < CP_PAIR; i++) {
        if (cp_store_load(f->store, f->runs[i].id, &f->data[i], &f->err))
            fail_msg("%s", f->err.text);
        struct cp_accounting a = cp_accounting_of(f->data[i].samples, f->data[i].n_samples);
        assert_true(cp_accounting_holds(&a));
    }
}

static size_t count(const struct cp_run_data *data, enum cp_outcome outcome)
{
    size_t n = 0;
    for (size_t i = 0; i < data->n_samples; i++)
        n += data->samples[i].outcome == outcome;
    return n;
}

static void assert_put_back(const struct pair_fixture *f)
{
    const struct cp_function_config *both[] = {&f->lambda.latest, &f->lambda.other};
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(both[i]->memory_size_mb, 256);
        assert_string_equal(both[i]->description, "says hello");
    }
    assert_int_equal(fake_lambda_n_versions(&f->lambda), 0);
}

struct sent {
    int64_t at_ms;
    int side;
    int64_t step;
};

static int by_time(const void *a, const void *b)
{
    const struct sent *one = a;
    const struct sent *other = b;
    return (one->at_ms > other->at_ms) - (one->at_ms < other->at_ms);
}

static void steps_alternate_a_b_b_a(void **state)
{
    struct pair_fixture *f = *state;
    struct sent sent[2 * 10];
    size_t n = 0;
    if (measure(f))
        fail_msg("%s", f->err.text);
    load(f);
    for (int i = 0; i < CP_PAIR; i++) {
        const struct cp_run_data *data = &f->data[i];
        assert_int_equal(data->n_samples, 30);
        assert_int_equal(count(data, CP_OUTCOME_MEASURED), 30);
        for (size_t j = 0; j < data->n_samples; j++) {
            if (data->samples[j].kind == CP_CELL_COLD)
                sent[n++] = (struct sent){data->samples[j].sent_at_ms, i, 0};
        }
    }
    assert_int_equal(n, 20);
    qsort(sent, n, sizeof sent[0], by_time);
    char order[21] = "";
    for (size_t i = 0; i < n; i++)
        order[i] = sent[i].side == CP_PAIR_BASE ? 'A' : 'B';
    assert_string_equal(order, "ABBAABBAABBAABBAABBA");
    assert_int_equal(f->lambda.most_in_flight, 1);
    assert_put_back(f);
}

/* Cold and warm samples of a step are together: in time, no two runs of one side are mixed. */
static void nothing_of_one_lies_within_a_step_of_the_other(void **state)
{
    struct pair_fixture *f = *state;
    f->options.parallel_cold = 2;
    assert_int_equal(measure(f), CP_OK);
    load(f);
    struct sent sent[2 * 30];
    size_t n = 0;
    for (int i = 0; i < CP_PAIR; i++) {
        for (size_t j = 0; j < f->data[i].n_samples; j++) {
            const struct cp_sample *s = &f->data[i].samples[j];
            sent[n++] = (struct sent){s->sent_at_ms, i, (int64_t)strtol(s->version, NULL, 10)};
        }
    }
    qsort(sent, n, sizeof sent[0], by_time);
    size_t n_changes = 0;
    for (size_t i = 1; i < n; i++) {
        n_changes += sent[i].step != sent[i - 1].step;
        assert_true(sent[i].step >= sent[i - 1].step); /* a version never comes again */
        assert_true(sent[i].step != sent[i - 1].step || sent[i].side == sent[i - 1].side);
    }
    assert_int_equal(n_changes, 2 * 5 - 1);
    assert_int_equal(f->lambda.most_in_flight, 2);
}

static void both_follow_one_plan(void **state)
{
    struct pair_fixture *f = *state;
    f->options.n_memory = 3;
    f->options.memory_mb[0] = 128;
    f->options.memory_mb[1] = 512;
    f->options.memory_mb[2] = 1024;
    assert_int_equal(measure(f), CP_OK);
    load(f);
    assert_int_equal(f->data[0].n_samples, f->data[1].n_samples);
    for (size_t i = 0; i < f->data[0].n_samples; i++) {
        const struct cp_sample *a = &f->data[0].samples[i];
        const struct cp_sample *b = &f->data[1].samples[i];
        assert_int_equal(a->memory_size_mb, b->memory_size_mb);
        assert_int_equal(a->kind, b->kind);
    }
    assert_string_equal(f->data[0].run.method, "own function, in turns");
    assert_true(cp_run_took_turns(&f->data[0].run, &f->data[1].run));
    assert_string_equal(f->data[0].run.function, "hello");
    assert_string_equal(f->data[1].run.function, "hello-new");
}

static void runs_took_turns_with_their_own_partner_only(void **state)
{
    struct pair_fixture *f = *state;
    assert_int_equal(measure(f), CP_OK);
    const struct cp_run *base = &f->runs[CP_PAIR_BASE];
    const struct cp_run *partner = &f->runs[CP_PAIR_NEW];
    struct cp_run later = *partner;
    struct cp_run other_plan = *partner;
    struct cp_run alone = *partner;
    later.started_at_ms = base->ended_at_ms + 1;
    later.ended_at_ms = later.started_at_ms + 1000;
    other_plan.seed++;
    (void)snprintf(alone.method, sizeof alone.method, "own function");
    assert_true(cp_run_took_turns(base, partner));
    assert_true(cp_run_took_turns(partner, base));
    assert_false(cp_run_took_turns(base, base));
    assert_false(cp_run_took_turns(base, &later));
    assert_false(cp_run_took_turns(&later, base));
    assert_false(cp_run_took_turns(base, &other_plan));
    assert_false(cp_run_took_turns(base, &alone));
}

/* Equal to the last digit: with a wanted precision cells would close at 60. */
static void all_samples_are_taken(void **state)
{
    struct pair_fixture *f = *state;
    f->lambda.init_spread_ms = f->lambda.warm_spread_ms = 0;
    f->options.max_cold = 100;
    f->options.max_warm = 100;
    assert_int_equal(measure(f), CP_OK);
    load(f);
    for (int i = 0; i < CP_PAIR; i++) {
        assert_int_equal(count(&f->data[i], CP_OUTCOME_MEASURED), 200);
        for (size_t j = 0; j < f->data[i].n_cells; j++)
            assert_int_equal(f->data[i].cells[j].stop, CP_STOP_MAX_SAMPLES);
        assert_true(f->data[i].run.precision_p50 <= 0);
    }
}

static void the_user_sees_one_plan_and_rows_of_both(void **state)
{
    struct pair_fixture *f = *state;
    char ids[64];
    assert_int_equal(measure(f), CP_OK);
    (void)snprintf(ids, sizeof ids, "%s and %s", f->runs[0].id, f->runs[1].id);
    assert_int_equal(f->n_plans, 1);
    assert_int_equal(f->n_planned, 60);
    assert_string_equal(f->ids, ids);
    assert_int_equal(f->progress.done, 60);
    assert_int_equal(f->progress.total, 60);
    assert_int_equal(f->progress.n_rows, 4);
    assert_int_equal(f->least_total, 60); /* never one of them as if it were all */
    assert_true(f->is_seen[CP_PAIR_BASE] && f->is_seen[CP_PAIR_NEW]);
    assert_int_equal(f->n_warnings, 0);
}

static void after_an_interrupt_both_are_put_back_and_stored(void **state)
{
    struct pair_fixture *f = *state;
    f->stop_at_call = 60;
    assert_int_equal(measure(f), CP_EINTERRUPTED);
    f->stop_at_call = FAKE_CALLS_NEVER;
    assert_put_back(f);
    load(f);
    for (int i = 0; i < CP_PAIR; i++) {
        assert_true(f->data[i].run.is_interrupted);
        assert_true(count(&f->data[i], CP_OUTCOME_MEASURED) > 2);
        assert_true(count(&f->data[i], CP_OUTCOME_NOT_SENT) > 0);
        assert_int_equal(count(&f->data[i], CP_OUTCOME_SENT), 0);
    }
    size_t most = count(&f->data[0], CP_OUTCOME_MEASURED);
    size_t least = count(&f->data[1], CP_OUTCOME_MEASURED);
    assert_true(most <= least + 3 && least <= most + 3); /* a step has 1 cold and 2 warm */
    struct cp_run resumed = cp_run_empty();
    assert_int_equal(cp_sweep_resume(&f->lambda, f->store, f->runs[0].id, &f->options.place,
                                     &f->hooks, &resumed, &f->err),
                     CP_EUNSUPPORTED);
    assert_non_null(strstr(f->err.text, "took turns with another one"));
}

static void one_that_cannot_run_does_not_stop_the_other(void **state)
{
    struct pair_fixture *f = *state;
    for (int failing = 0; failing < CP_PAIR; failing++) {
        f->lambda.failing = names[failing];
        f->n_warnings = 0;
        assert_int_equal(measure(f), CP_OK);
        assert_put_back(f);
        load(f);
        const struct cp_run_data *bad = &f->data[failing];
        const struct cp_run_data *good = &f->data[!failing];
        assert_int_equal(count(good, CP_OUTCOME_MEASURED), 30);
        assert_int_equal(count(bad, CP_OUTCOME_MEASURED), 0);
        assert_int_equal(count(bad, CP_OUTCOME_ERROR), 2); /* of two batches */
        assert_int_equal(count(bad, CP_OUTCOME_NOT_SENT), 28);
        assert_int_equal(f->n_warnings, 1);
        assert_non_null(strstr(f->warning, failing == CP_PAIR_BASE ? "./old/hello: " : "./now/"));
        assert_non_null(strstr(f->warning, "ran at no memory size"));
        for (int i = 0; i < CP_PAIR; i++) {
            cp_run_data_clear(&f->data[i]);
            f->runs[i].id[0] = '\0';
        }
        f->lambda.failing = NULL;
    }
}

static void a_service_that_fails_leaves_two_whole_records(void **state)
{
    struct pair_fixture *f = *state;
    f->lambda.forbid_at = 31;
    assert_int_equal(measure(f), CP_EREMOTE);
    assert_put_back(f);
    load(f);
    for (int i = 0; i < CP_PAIR; i++)
        assert_true(f->data[i].run.is_interrupted && f->data[i].run.ended_at_ms > 0);
    assert_int_equal(count(&f->data[0], CP_OUTCOME_SENT) + count(&f->data[1], CP_OUTCOME_SENT), 0);
}

static void the_size_is_the_new_ones(void **state)
{
    struct pair_fixture *f = *state;
    f->lambda.other.memory_size_mb = 640;
    assert_int_equal(measure(f), CP_OK);
    load(f);
    for (int i = 0; i < CP_PAIR; i++)
        assert_int_equal(f->data[i].samples[0].memory_size_mb, 640);
    assert_int_equal(f->n_warnings, 1);
    assert_non_null(strstr(f->warning, "./old/hello: it has 256 MB and the new one 640 MB"));
    assert_int_equal(f->data[0].run.original_memory_size_mb, 256);
    assert_int_equal(f->data[1].run.original_memory_size_mb, 640);
}

static void a_limit_is_for_both_together(void **state)
{
    struct pair_fixture *f = *state;
    f->options.max_invocations = 21;
    assert_int_equal(measure(f), CP_OK);
    load(f);
    for (int i = 0; i < CP_PAIR; i++)
        assert_int_equal(count(&f->data[i], CP_OUTCOME_MEASURED), 10);
}

static void what_cannot_take_turns_is_refused(void **state)
{
    struct pair_fixture *f = *state;
    f->options.place.method = CP_METHOD_SHADOW;
    assert_int_equal(measure(f), CP_EUNSUPPORTED);
    assert_non_null(strstr(f->err.text, "give two folders"));
    f->options.place.method = CP_METHOD_OWN;
    f->options.n_idle = 1;
    f->options.idle_ms[0] = 1000;
    assert_int_equal(measure(f), CP_EUNSUPPORTED);
    assert_int_equal(f->lambda.n_calls, 0);
}

static void without_hooks(void **state)
{
    struct pair_fixture *f = *state;
    f->hooks = (struct cp_sweep_hooks){.clock = &f->clock};
    assert_int_equal(measure(f), CP_OK);
    f->lambda.fail_at = f->lambda.n_calls + 9;
    assert_int_not_equal(
        cp_sweep_pair(&f->lambda, f->store, names, &f->options, &f->hooks, f->runs, NULL), CP_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(steps_alternate_a_b_b_a, setup, teardown),
        cmocka_unit_test_setup_teardown(nothing_of_one_lies_within_a_step_of_the_other, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(both_follow_one_plan, setup, teardown),
        cmocka_unit_test_setup_teardown(runs_took_turns_with_their_own_partner_only, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(all_samples_are_taken, setup, teardown),
        cmocka_unit_test_setup_teardown(the_user_sees_one_plan_and_rows_of_both, setup, teardown),
        cmocka_unit_test_setup_teardown(after_an_interrupt_both_are_put_back_and_stored, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(one_that_cannot_run_does_not_stop_the_other, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_service_that_fails_leaves_two_whole_records, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(the_size_is_the_new_ones, setup, teardown),
        cmocka_unit_test_setup_teardown(a_limit_is_for_both_together, setup, teardown),
        cmocka_unit_test_setup_teardown(what_cannot_take_turns_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(without_hooks, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
