/* SPDX-License-Identifier: GPL-3.0-or-later
 * Nights of runs: every quantile that was measured, by its name and with the report's interval.
 */
#include "reports/figures.h"
#include "reports/night.h"
#include "tests/reports/fixture.h"
#include "tests/test.h"

#include <stdio.h>

static struct cp_figures *measured(const struct cp_run_data *data)
{
    struct cp_figures *f = NULL;
    struct cp_error err;
    assert_int_equal(cp_figures_measured(data, &f, &err), CP_OK);
    return f;
}

static struct cp_night night_of(const struct cp_figures *f)
{
    struct cp_night night;
    struct cp_error err;
    assert_int_equal(cp_night_of(f, &night, &err), CP_OK);
    return night;
}

static const struct cp_night_metric *find(const struct cp_night *night, const char *name)
{
    struct cp_metric_key key;
    assert_true(cp_metric_key_by_name(cp_view_of(name), &key));
    return cp_night_find(night, &key);
}

static void expect_like(const struct cp_night *night, const char *name, const struct cp_estimate *e)
{
    const struct cp_night_metric *m = find(night, name);
    assert_non_null(m);
    assert_near(m->ms.value, e->value, 0);
    assert_int_equal(m->n, e->n);
    assert_true(isnan(e->low) ? isnan(m->ms.low) : m->ms.low == e->low);
    assert_true(isnan(e->high) ? isnan(m->ms.high) : m->ms.high == e->high);
}

static void a_night_has_what_the_report_shows(void **state)
{
    (void)state;
    struct cp_run_data data;
    fixture_data(&(struct fixture_options){0}, &data);
    struct cp_figures *f = measured(&data);
    struct cp_night night = night_of(f);
    const struct cp_size_figures *size = cp_figures_size(f, 1024);
    expect_like(&night, "1024MB/init-p50", &size->init_p50);
    expect_like(&night, "1024MB/init-p95", &size->init_p95);
    expect_like(&night, "1024MB/cold-p50", &size->cold_p50);
    expect_like(&night, "1024MB/cold-p95", &size->cold_p95);
    expect_like(&night, "1024MB/cold-p99", &size->cold_p99);
    expect_like(&night, "1024MB/warm-p50", &size->warm_p50);
    expect_like(&night, "1024MB/warm-p99", &size->warm_p99);
    /* 128 MB cannot run; five sizes with nine quantiles each */
    assert_int_equal(night.n_metrics, 45);
    assert_null(find(&night, "128MB/init-p50"));
    assert_null(find(&night, "1024MB/restore-p50"));
    for (size_t i = 1; i < night.n_metrics; i++)
        assert_true(cp_metric_key_order(&night.metrics[i - 1].metric, &night.metrics[i].metric) <
                    0);
    cp_night_clear(&night);
    cp_figures_free(f);
    cp_run_data_clear(&data);
}

static void a_night_says_what_was_measured_where(void **state)
{
    (void)state;
    struct cp_run_data data;
    fixture_data(&(struct fixture_options){0}, &data);
    (void)snprintf(data.run.runtime_version_arn, sizeof data.run.runtime_version_arn,
                   "arn:aws:lambda:us-east-1::runtime:abc");
    (void)snprintf(data.run.host, sizeof data.run.host, "a host");
    (void)snprintf(data.run.method, sizeof data.run.method, "in place");
    (void)snprintf(data.run.payload_sha256, sizeof data.run.payload_sha256, "44136f");
    struct cp_figures *f = measured(&data);
    struct cp_night night = night_of(f);
    assert_string_equal(night.key.function, "orders-api:live");
    assert_string_equal(night.key.place, "AWS account ...1234");
    assert_string_equal(night.key.region, "us-east-1");
    assert_string_equal(night.key.architecture, "arm64");
    assert_string_equal(night.run_id, "7f3a");
    assert_string_equal(night.runtime, "nodejs22.x");
    assert_string_equal(night.runtime_version_arn, data.run.runtime_version_arn);
    assert_string_equal(night.code_sha256, data.run.code_sha256);
    assert_string_equal(night.payload_sha256, "44136f");
    assert_string_equal(night.method, "in place");
    assert_string_equal(night.host, "a host");
    assert_string_equal(night.coldprof_version, "0.1.0");
    assert_int_equal(night.started_at_ms, data.run.started_at_ms);
    assert_int_equal(night.original_memory_size_mb, 512);
    cp_night_clear(&night);
    cp_figures_free(f);
    data.run.is_init_throttled = true; /* another way to measure */
    f = measured(&data);
    night = night_of(f);
    assert_string_equal(night.method, "in place, throttled init");
    cp_night_clear(&night);
    cp_figures_free(f);
    cp_run_data_clear(&data);
}

/* Their init is a restore, which is another metric: a run with init has none in common but cold
 * and warm. */
static void restore(struct cp_run_data *data)
{
    (void)snprintf(data->run.initialization, sizeof data->run.initialization, "snap-start");
    for (size_t i = 0; i < data->n_samples; i++) {
        struct cp_sample *s = &data->samples[i];
        if (s->start != CP_START_COLD)
            continue;
        s->start = CP_START_SNAPSTART;
        s->restore_duration_ms = s->init_duration_ms;
        s->init_duration_ms = NAN;
    }
}

static void a_restore_is_never_called_init(void **state)
{
    (void)state;
    struct cp_run_data data;
    struct cp_run_data restored;
    struct cp_comparison_series pairs[CP_TIMING_COUNT * CP_RUN_SIZES_MAX];
    fixture_data(&(struct fixture_options){0}, &data);
    fixture_data(&(struct fixture_options){0}, &restored);
    restore(&restored);
    struct cp_figures *base = measured(&data);
    struct cp_figures *now = measured(&restored);
    struct cp_night night = night_of(now);
    assert_non_null(find(&night, "512MB/restore-p95"));
    assert_null(find(&night, "512MB/init-p95"));
    assert_int_equal(cp_series_pairs(base, base, pairs), 15);
    size_t n = cp_series_pairs(base, now, pairs);
    assert_int_equal(n, 10);
    for (size_t i = 0; i < n; i++)
        assert_true(pairs[i].timing == CP_TIMING_COLD || pairs[i].timing == CP_TIMING_WARM);
    cp_night_clear(&night);
    cp_figures_free(base);
    cp_figures_free(now);
    cp_run_data_clear(&data);
    cp_run_data_clear(&restored);
}

static void only_sizes_of_both_are_paired(void **state)
{
    (void)state;
    struct cp_run_data data;
    struct cp_run_data other;
    struct cp_comparison_series pairs[CP_TIMING_COUNT * CP_RUN_SIZES_MAX];
    fixture_data(&(struct fixture_options){0}, &data);
    fixture_data(&(struct fixture_options){0}, &other);
    for (size_t i = 0; i < other.n_samples; i++) {
        if (other.samples[i].memory_size_mb == 512)
            other.samples[i].memory_size_mb = 513;
    }
    struct cp_figures *base = measured(&data);
    struct cp_figures *now = measured(&other);
    size_t n = cp_series_pairs(base, now, pairs);
    assert_int_equal(n, 12);
    for (size_t i = 0; i < n; i++) {
        const struct cp_size_figures *size = cp_figures_size(base, pairs[i].memory_size_mb);
        assert_int_not_equal(pairs[i].memory_size_mb, 512);
        assert_int_equal(pairs[i].n_base,
                         pairs[i].timing == CP_TIMING_WARM ? size->n_warm : size->n_cold);
    }
    cp_figures_free(base);
    cp_figures_free(now);
    cp_run_data_clear(&data);
    cp_run_data_clear(&other);
}

/* Costs are not what is compared. */
static void a_region_without_prices_has_durations(void **state)
{
    (void)state;
    struct cp_run_data data;
    struct cp_error err;
    struct cp_figures *none = NULL;
    fixture_data(&(struct fixture_options){0}, &data);
    (void)snprintf(data.run.region, sizeof data.run.region, "ap-nowhere-1");
    assert_int_equal(cp_figures_new(&data, &none, &err), CP_ENOTFOUND);
    struct cp_figures *f = measured(&data);
    struct cp_night night = night_of(f);
    assert_non_null(find(&night, "512MB/init-p50"));
    assert_true(isnan(cp_figures_size(f, 512)->usd_per_million.value));
    cp_night_clear(&night);
    cp_figures_free(f);
    cp_run_data_clear(&data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_night_has_what_the_report_shows),
        cmocka_unit_test(a_night_says_what_was_measured_where),
        cmocka_unit_test(a_restore_is_never_called_init),
        cmocka_unit_test(only_sizes_of_both_are_paired),
        cmocka_unit_test(a_region_without_prices_has_durations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
