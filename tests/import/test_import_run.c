/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/decide/demand.h"
#include "profiler/import/import_run.h"
#include "reports/figures.h"
#include "reports/report.h"
#include "tests/import/import_fixture.h"

#include <math.h>
#include <stdio.h>

static const struct cp_import_options nothing_given = {
    .budget_q = NAN, .budget_ms = NAN, .target = "x.log", .seed = 1};

static enum cp_code try_run(const struct cp_digest *d, const char *name,
                            const struct cp_import_options *o, struct cp_run_data *data,
                            struct cp_error *err)
{
    struct cp_import_list list;
    const struct cp_import_function *function = NULL;
    *data = (struct cp_run_data){.run = cp_run_empty()};
    enum cp_code code = cp_import_list(d, &list, err);
    if (!code)
        code = cp_import_choose(&list, name, &function, err);
    if (!code)
        code = cp_import_run(d, function, o, data, err);
    cp_import_list_clear(&list);
    return code;
}

static struct cp_run_data run_of(const struct cp_digest *d, const struct cp_import_options *o)
{
    struct cp_run_data data;
    struct cp_error err = {CP_OK, ""};
    if (try_run(d, NULL, o, &data, &err))
        fail_msg("%s", err.text);
    return data;
}

static void add_many(struct cp_digest *d, struct cp_digest_scope *scope, int n, bool is_cold)
{
    for (int i = 0; i < n; i++) {
        struct cp_digest_record r = import_record(0);
        r.end_at_ms = IMPORT_FIXTURE_START_MS + 100 * (int64_t)i;
        r.duration_us = 1000 * ((int64_t)i + 1);
        r.billed_us = r.duration_us;
        if (is_cold) {
            r.start = CP_START_COLD;
            r.init_us = 100000;
            r.billed_us += r.init_us;
        }
        memcpy(r.request_id, &i, sizeof i);
        r.request_id[15] = is_cold ? 2 : 1;
        import_add(d, scope, &r);
    }
}

/* NULL: there is no such warning. */
static const char *advice_of(const struct cp_figures *f, const char *id)
{
    for (size_t i = 0; i < f->n_warnings; i++) {
        if (strcmp(f->warnings[i].id, id) == 0)
            return f->warnings[i].advice;
    }
    return NULL;
}

static bool has_warning(const struct cp_figures *f, const char *id)
{
    return advice_of(f, id) != NULL;
}

static struct cp_figures *figures_of(const struct cp_run_data *data)
{
    struct cp_figures *f = NULL;
    struct cp_error err = {CP_OK, ""};
    if (cp_figures_new(data, &f, &err))
        fail_msg("%s", err.text);
    return f;
}

static void the_function_with_most_records_is_chosen(void **state)
{
    (void)state;
    struct cp_digest *d = cp_digest_new();
    add_many(d, import_scope(d, "payments", "1"), 3, false);
    add_many(d, import_scope(d, "orders", "1"), 4, false);
    add_many(d, import_scope(d, "orders", "2"), 2, true);
    struct cp_run_data data = run_of(d, &nothing_given);
    assert_string_equal(data.run.function, "orders");
    assert_string_equal(data.run.method, "import");
    assert_string_equal(data.run.target, "x.log");
    assert_int_equal(data.n_samples, 6);
    assert_int_equal(cp_digest_n_scopes(data.digest), 2);
    assert_int_equal(data.run.original_memory_size_mb, 512);
    cp_run_data_clear(&data);
    struct cp_error err = {CP_OK, ""};
    assert_int_equal(try_run(d, "nobody", &nothing_given, &data, &err), CP_ENOTFOUND);
    assert_non_null(strstr(err.text, "orders, payments"));
    cp_run_data_clear(&data);
    cp_digest_free(d);
}

static void what_is_assumed_is_said(void **state)
{
    (void)state;
    struct cp_digest *d = cp_digest_new();
    struct cp_digest_scope *scope = import_scope(d, "orders", "1");
    struct cp_import_options o = nothing_given;
    add_many(d, scope, 3, false);
    struct cp_run_data data = run_of(d, &o);
    assert_string_equal(data.run.region, "us-east-1");
    assert_string_equal(data.run.assumed, "Region us-east-1 and architecture x86_64");
    struct cp_figures *f = figures_of(&data);
    assert_true(has_warning(f, "W021") && has_warning(f, "W023"));
    assert_string_equal(advice_of(f, "W023"), "coldprof sweep orders measures the others");
    cp_figures_free(f);
    cp_run_data_clear(&data);
    /* the ARN of the runtime version names the Region; the environment's does not count then */
    assert_int_equal(cp_digest_tally(scope, "runtime arn",
                                     CP_VIEW_LIT("arn:aws:lambda:eu-west-1::runtime:0a1b"), 1,
                                     NULL),
                     CP_OK);
    o.default_region = "us-west-2";
    o.architecture = "arm64";
    data = run_of(d, &o);
    assert_string_equal(data.run.region, "eu-west-1");
    assert_string_equal(data.run.architecture, "arm64");
    assert_string_equal(data.run.assumed, "");
    cp_run_data_clear(&data);
    o.region = "eu-central-1";
    data = run_of(d, &o);
    assert_string_equal(data.run.region, "eu-central-1");
    cp_run_data_clear(&data);
    cp_digest_free(d);
}

static void a_function_without_a_name_is_no_argument(void **state)
{
    (void)state;
    struct cp_digest *d = cp_digest_new();
    add_many(d, import_scope(d, "", "1"), 3, false);
    struct cp_run_data data = run_of(d, &nothing_given);
    struct cp_figures *f = figures_of(&data);
    assert_string_equal(advice_of(f, "W023"), "coldprof sweep NAME measures the others");
    cp_figures_free(f);
    cp_run_data_clear(&data);
    cp_digest_free(d);
}

static void traffic_is_measured_unless_given(void **state)
{
    (void)state;
    struct cp_digest *d = cp_digest_new();
    struct cp_import_options o = nothing_given;
    add_many(d, import_scope(d, "orders", "1"), 1001, false); /* one in 100 ms */
    struct cp_run_data data = run_of(d, &o);
    /* ends are 100 ms apart, durations grow by 1 ms */
    assert_true(fabs(data.run.traffic_per_s - 1000 / 99.0) < 1e-9);
    assert_int_equal(data.demand->law.kind, CP_ARRIVALS_TIMES);
    assert_int_equal(data.run.started_at_ms, IMPORT_FIXTURE_START_MS);
    assert_int_equal(data.run.ended_at_ms, IMPORT_FIXTURE_START_MS + 100000);
    cp_run_data_clear(&data);
    cp_digest_free(d);
}

/* The system log level WARN leaves REPORTs of failures only. */
static void a_log_of_failures_only_is_refused(void **state)
{
    (void)state;
    struct cp_digest *d = cp_digest_new();
    struct cp_digest_scope *scope = import_scope(d, "orders", "1");
    struct cp_run_data data;
    struct cp_error err = {CP_OK, ""};
    for (uint8_t i = 0; i < 3; i++) {
        struct cp_digest_record r = import_record(i);
        r.outcome = CP_OUTCOME_ERROR;
        import_add(d, scope, &r);
    }
    assert_int_equal(try_run(d, NULL, &nothing_given, &data, &err), CP_EUNSUPPORTED);
    assert_non_null(strstr(err.text, "SystemLogLevel=INFO"));
    cp_run_data_clear(&data);
    import_add_note(d, scope, CP_NOTE_START, 0, -1, "1"); /* a function that always fails */
    assert_int_equal(try_run(d, NULL, &nothing_given, &data, &err), CP_OK);
    cp_run_data_clear(&data);
    cp_digest_free(d);
}

static void an_empty_log_says_what_to_give(void **state)
{
    (void)state;
    struct cp_digest *d = cp_digest_new();
    struct cp_run_data data;
    struct cp_error err = {CP_OK, ""};
    assert_int_equal(try_run(d, NULL, &nothing_given, &data, &err), CP_ENODATA);
    assert_non_null(strstr(err.text, "/aws/lambda/"));
    cp_digest_free(d);
}

static void assert_close(double value, double truth)
{
    if (!(fabs(value - truth) <= 0.004 * truth))
        fail_msg("%.9g is not within 0.4 %% of %.9g", value, truth);
}

/* 1, 2, ... 70,000 ms warm and 1, 2, ... 1,000 ms cold: too many to keep. */
static void a_large_log_gives_exact_counts_and_close_values(void **state)
{
    (void)state;
    enum { N_WARM = 70000, N_COLD = 1000 };
    struct cp_digest *d = cp_digest_new();
    struct cp_digest_scope *scope = import_scope(d, "orders", "1");
    add_many(d, scope, N_WARM, false);
    add_many(d, scope, N_COLD, true);
    struct cp_run_data data = run_of(d, &nothing_given);
    assert_int_equal(data.n_samples, 0);
    struct cp_figures *f = figures_of(&data);
    assert_int_equal(f->n_sizes, 1);
    const struct cp_size_figures *size = &f->sizes[0];
    assert_int_equal(size->n_warm, N_WARM);
    assert_int_equal(size->n_cold, N_COLD);
    assert_int_equal(size->n_warm_values, CP_FIGURES_VALUES_MAX);
    assert_int_equal(size->n_cold_values, N_COLD);
    assert_int_equal(f->accounting.measured, N_WARM + N_COLD);
    assert_int_equal(size->warm_p50.n, N_WARM);
    assert_close(size->warm_p50.value, 35000.5);
    assert_close(size->warm_p95.value, 66500.5);
    assert_close(size->cold_p95.value, 1050.5);
    assert_close(size->init_p50.value, 100);
    assert_true(size->warm_p50.low < 35000.5 && 35000.5 < size->warm_p50.high);
    /* the sum of a pair has the measured distribution */
    for (size_t i = 0; i < size->n_cold_values; i++)
        assert_true(fabs(size->pair_init_ms[i] + size->pair_handler_ms[i] - size->cold_ms[i]) <
                    1e-9);
    /* 35,000.5 ms at 0.5 GB and 0.0000166667 USD per GB-s, and 0.20 USD per million requests */
    assert_true(fabs(size->usd_per_million.value - (35.0005 * 0.5 * 16.6667 + 0.2)) < 0.01);
    assert_true(size->usd_per_million.low < size->usd_per_million.value);
    assert_int_equal(f->eras[CP_ERA_INIT_PAID].n_cold, N_COLD);
    assert_int_equal(f->eras[CP_ERA_INIT_PAID].n_init_billed, N_COLD);
    cp_figures_free(f);
    cp_run_data_clear(&data);
    cp_digest_free(d);
}

/* Both ways from the same records: small enough to keep, and the same digest without them. */
static void histograms_agree_with_samples(void **state)
{
    (void)state;
    struct cp_digest *d = cp_digest_new();
    struct cp_digest_scope *scope = import_scope(d, "orders", "1");
    add_many(d, scope, 900, false);
    add_many(d, scope, 300, true);
    struct cp_run_data data = run_of(d, &nothing_given);
    struct cp_figures *exact = figures_of(&data);
    data.n_samples = 0;
    struct cp_figures *close = figures_of(&data);
    const struct cp_size_figures *a = &exact->sizes[0];
    const struct cp_size_figures *b = &close->sizes[0];
    assert_int_equal(a->n_cold, b->n_cold);
    assert_int_equal(a->n_warm, b->n_warm);
    assert_int_equal(a->max_memory_used_mb, b->max_memory_used_mb);
    assert_close(b->warm_p95.value, a->warm_p95.value);
    assert_close(b->cold_p95.value, a->cold_p95.value);
    assert_close(b->cold_p95.high, a->cold_p95.high);
    assert_true(fabs(a->usd_per_million.value - b->usd_per_million.value) < 1e-6);
    assert_close(b->usd_per_million.high, a->usd_per_million.high);
    assert_true(fabs(a->usd_per_million_cold - b->usd_per_million_cold) < 1e-6);
    cp_figures_free(exact);
    cp_figures_free(close);
    cp_run_data_clear(&data);
    cp_digest_free(d);
}

/* 2 x 40,000 records: every one occurs again, and one says in a line of its own that it timed out.
 */
static void what_a_large_log_cannot_join_is_said(void **state)
{
    (void)state;
    struct cp_digest *d = cp_digest_new();
    struct cp_digest_scope *scope = import_scope(d, "orders", "1");
    add_many(d, scope, 40000, false);
    add_many(d, scope, 40000, false);
    import_add_note(d, scope, CP_NOTE_TIMEOUT, 7, 3000000, "");
    struct cp_run_data data = run_of(d, &nothing_given);
    struct cp_figures *f = figures_of(&data);
    assert_true(has_warning(f, "W029"));
    assert_true(has_warning(f, "W030"));
    cp_figures_free(f);
    cp_run_data_clear(&data);
    cp_digest_free(d);
}

static void an_emulators_log_has_no_cost(void **state)
{
    (void)state;
    struct cp_digest *d = cp_digest_new();
    struct cp_digest_scope *scope = import_scope(d, "orders", "1");
    for (uint8_t i = 0; i < 40; i++) {
        struct cp_digest_record r = import_record(i);
        r.max_memory_used_mb = r.memory_size_mb;
        import_add(d, scope, &r);
    }
    struct cp_run_data data = run_of(d, &nothing_given);
    struct cp_figures *f = figures_of(&data);
    assert_true(isnan(f->sizes[0].usd_per_million.value));
    assert_true(has_warning(f, "W026"));
    assert_int_equal(f->decision.verdict, CP_VERDICT_NOT_ENOUGH_DATA);
    cp_figures_free(f);
    cp_run_data_clear(&data);
    cp_digest_free(d);
}

static void sizes_of_several_versions_are_a_warning(void **state)
{
    (void)state;
    struct cp_digest *d = cp_digest_new();
    struct cp_digest_record r = import_record(0);
    import_add(d, import_scope(d, "orders", "1"), &r);
    r = import_record(1);
    r.memory_size_mb = 1024;
    import_add(d, import_scope(d, "orders", "2"), &r);
    struct cp_run_data data = run_of(d, &nothing_given);
    assert_int_equal(data.run.original_memory_size_mb, 1024); /* of the newest record */
    struct cp_figures *f = figures_of(&data);
    assert_true(has_warning(f, "W022") && !has_warning(f, "W023"));
    cp_figures_free(f);
    cp_run_data_clear(&data);
    cp_digest_free(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_function_with_most_records_is_chosen),
        cmocka_unit_test(what_is_assumed_is_said),
        cmocka_unit_test(a_function_without_a_name_is_no_argument),
        cmocka_unit_test(traffic_is_measured_unless_given),
        cmocka_unit_test(a_log_of_failures_only_is_refused),
        cmocka_unit_test(an_empty_log_says_what_to_give),
        cmocka_unit_test(a_large_log_gives_exact_counts_and_close_values),
        cmocka_unit_test(histograms_agree_with_samples),
        cmocka_unit_test(what_a_large_log_cannot_join_is_said),
        cmocka_unit_test(an_emulators_log_has_no_cost),
        cmocka_unit_test(sizes_of_several_versions_are_a_warning),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
