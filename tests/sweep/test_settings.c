/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/test.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "model/base/units.h"
#include "profiler/sweep/settings.h"

static struct cp_function_config function_of(int memory_size_mb)
{
    struct cp_function_config f = {.memory_size_mb = memory_size_mb, .timeout_s = 3};
    (void)snprintf(f.description, sizeof f.description, "it \"greets\" \xc3\xa9");
    return f;
}

static struct cp_sweep_options default_options(void)
{
    return (struct cp_sweep_options){
        .function = "hello",
        .max_cold = -1,
        .max_warm = -1,
        .idle_probes = -1,
        .precision_p50 = NAN,
        .precision_p95 = NAN,
        .parallel_cold = 2,
        .seed = UINT64_MAX,
    };
}

static struct cp_sweep_settings make(const struct cp_sweep_options *options, int own_mb)
{
    struct cp_function_config function = function_of(own_mb);
    struct cp_sweep_settings settings;
    struct cp_error err = {0};
    if (cp_sweep_settings_make(options, &function, &settings, &err))
        fail_msg("%s", err.text);
    return settings;
}

static void defaults_are_filled_in(void **state)
{
    (void)state;
    struct cp_sweep_options options = default_options();
    struct cp_sweep_settings s = make(&options, 512);
    static const int sizes[] = {128, 256, 512, 1024, 1769};
    assert_int_equal(s.n_memory, 5);
    assert_memory_equal(s.memory_mb, sizes, sizeof sizes);
    assert_int_equal(s.max_cold, 135);
    assert_int_equal(s.max_warm, 456);
    assert_int_equal(s.idle_probes, 12);
    assert_int_equal(s.n_idle, 0);
    assert_true(s.precision_p50 == 0.05 && s.precision_p95 == 0.10);
    assert_string_equal(cp_buf_str(&s.payload), "{}");
    /* warm is through (456) before cold can stop (90 samples, 45 batches) */
    assert_true(s.warm_per_batch * 45 >= 456);
    cp_sweep_settings_clear(&s);
}

static void the_functions_own_size_joins_the_defaults(void **state)
{
    (void)state;
    struct cp_sweep_options options = default_options();
    struct cp_sweep_settings s = make(&options, 700);
    assert_int_equal(s.n_memory, 6);
    assert_int_equal(s.memory_mb[3], 700);
    cp_sweep_settings_clear(&s);
}

/* What is measured night after night. */
static void the_functions_own_size_may_be_the_only_one(void **state)
{
    (void)state;
    struct cp_sweep_options options = default_options();
    options.is_own_memory = true;
    struct cp_sweep_settings s = make(&options, 700);
    assert_int_equal(s.n_memory, 1);
    assert_int_equal(s.memory_mb[0], 700);
    cp_sweep_settings_clear(&s);
    options.memory_mb[0] = 256;
    options.n_memory = 1;
    s = make(&options, 700);
    assert_int_equal(s.n_memory, 1);
    assert_int_equal(s.memory_mb[0], 256);
    cp_sweep_settings_clear(&s);
}

static void an_own_size_too_large_for_this_machine_is_an_error(void **state)
{
    (void)state;
    double here_mb = (double)sysconf(_SC_PHYS_PAGES) * (double)sysconf(_SC_PAGESIZE) / 1048576;
    if (here_mb >= CP_MEMORY_MAX_MB)
        skip();
    struct cp_sweep_options options = default_options();
    options.is_own_memory = true;
    options.place.endpoint_url = "http://127.0.0.1:9001";
    const struct cp_function_config function = {.memory_size_mb = CP_MEMORY_MAX_MB};
    struct cp_sweep_settings s;
    struct cp_error err = {CP_OK, ""};
    assert_int_equal(cp_sweep_settings_make(&options, &function, &s, &err), CP_EINVAL);
    assert_non_null(strstr(err.text, "--memory"));
}

static void counted_cells_want_no_precision(void **state)
{
    (void)state;
    struct cp_sweep_options options = default_options();
    options.is_counted = true;
    struct cp_sweep_settings s = make(&options, 512);
    assert_true(s.precision_p50 == 0 && s.precision_p95 == 0);
    cp_sweep_settings_clear(&s);
}

/* 100 and 100, one at a time: one of each in every step, to the end. */
static void warm_samples_go_with_all_cold_ones_that_are_counted(void **state)
{
    (void)state;
    struct cp_sweep_options options = default_options();
    options.max_cold = options.max_warm = 100;
    options.parallel_cold = 1;
    struct cp_sweep_settings s = make(&options, 512);
    assert_int_equal(s.warm_per_batch, 2); /* a cell could stop at 90 */
    cp_sweep_settings_clear(&s);
    options.is_counted = true;
    s = make(&options, 512);
    assert_int_equal(s.warm_per_batch, 1);
    cp_sweep_settings_clear(&s);
}

/* On AWS a function may have more memory than the machine that sweeps it. */
static void only_what_runs_here_is_limited_by_this_machine(void **state)
{
    (void)state;
    double here_mb = (double)sysconf(_SC_PHYS_PAGES) * (double)sysconf(_SC_PAGESIZE) / 1048576;
    struct cp_sweep_options options = default_options();
    options.memory_mb[0] = CP_MEMORY_MAX_MB;
    options.n_memory = 1;
    options.place.method = CP_METHOD_SHADOW;
    struct cp_sweep_settings s = make(&options, 512);
    assert_int_equal(s.memory_mb[0], CP_MEMORY_MAX_MB);
    cp_sweep_settings_clear(&s);
    if (here_mb >= CP_MEMORY_MAX_MB)
        return;
    const struct cp_function_config function = {.memory_size_mb = 512};
    options.place.endpoint_url = "http://127.0.0.1:9001";
    assert_int_equal(cp_sweep_settings_make(&options, &function, &s, NULL), CP_EINVAL);
}

static int parallel_of(enum cp_sweep_method method, const char *endpoint_url, int wanted)
{
    struct cp_sweep_options options = default_options();
    options.parallel_cold = wanted;
    options.place.method = method;
    options.place.endpoint_url = endpoint_url;
    struct cp_sweep_settings s = make(&options, 512);
    int n = s.cold_per_batch;
    cp_sweep_settings_clear(&s);
    return n;
}

static void only_what_runs_in_our_own_service_is_started_by_cores(void **state)
{
    (void)state;
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    const char *here = "http://127.0.0.1:9001";
    assert_int_equal(parallel_of(CP_METHOD_OWN, here, 0), cores > 8 ? 8 : cores);
    assert_int_equal(parallel_of(CP_METHOD_SHADOW, NULL, 0), 10);
    assert_int_equal(parallel_of(CP_METHOD_IN_PLACE, NULL, 0), 10);
    assert_int_equal(parallel_of(CP_METHOD_SHADOW, here, 0), 10);
    assert_int_equal(parallel_of(CP_METHOD_SHADOW, NULL, 3), 3);
    assert_int_equal(parallel_of(CP_METHOD_OWN, here, 3), 3);
}

static void sizes_and_intervals_are_sorted_and_unique(void **state)
{
    (void)state;
    struct cp_sweep_options options = default_options();
    static const int given[] = {1024, 128, 1024, 256};
    static const double idle[] = {3000, 1000, 3000};
    memcpy(options.memory_mb, given, sizeof given);
    memcpy(options.idle_ms, idle, sizeof idle);
    options.n_memory = 4;
    options.n_idle = 3;
    struct cp_sweep_settings s = make(&options, 512);
    static const int sizes[] = {128, 256, 1024};
    assert_int_equal(s.n_memory, 3);
    assert_memory_equal(s.memory_mb, sizes, sizeof sizes);
    assert_int_equal(s.n_idle, 2);
    assert_true(s.idle_ms[0] == 1000 && s.idle_ms[1] == 3000);
    cp_sweep_settings_clear(&s);
}

static void a_search_has_seconds_here_and_minutes_elsewhere(void **state)
{
    (void)state;
    struct cp_sweep_options options = default_options();
    options.is_idle_search = true;
    options.place.method = CP_METHOD_OWN;
    struct cp_sweep_settings here = make(&options, 512);
    assert_true(cp_sweep_searches_idle(&here));
    assert_near(here.idle_first_ms, 1000, 0);
    assert_near(here.idle_longest_ms, 10000, 0);
    assert_near(here.idle_wait_ms, 10000, 0);
    assert_int_equal(here.idle_probes, 10);
    options.place = (struct cp_sweep_place){.method = CP_METHOD_SHADOW};
    struct cp_sweep_settings there = make(&options, 512);
    assert_near(there.idle_first_ms, 60e3, 0);
    assert_near(there.idle_longest_ms, 900e3, 0);
    assert_near(there.idle_wait_ms, 3 * 900e3, 0);
    options.idle_longest_ms = 3600e3;
    options.idle_probes = 20;
    options.max_invocations = 100;
    struct cp_sweep_settings asked = make(&options, 512);
    struct cp_idle_design_options design = cp_sweep_idle_design(&asked);
    assert_near(design.longest_ms, 3600e3, 0);
    assert_near(design.max_wait_ms, 3 * 3600e3, 0);
    assert_int_equal(design.final_probes, 20);
    assert_int_equal(design.n_parallel, 25); /* few invocations, few environments */
    cp_sweep_settings_clear(&here);
    cp_sweep_settings_clear(&there);
    cp_sweep_settings_clear(&asked);
}

/* Written before there was a search: goes on without one. */
static void a_plan_without_a_search_is_read(void **state)
{
    (void)state;
    struct cp_sweep_options options = default_options();
    struct cp_sweep_settings s = make(&options, 512);
    struct cp_sweep_settings back;
    struct cp_buf json;
    cp_buf_init(&json, 1 << 20);
    assert_int_equal(cp_sweep_settings_write(&s, &json, NULL), CP_OK);
    char *old = strdup(cp_buf_str(&json));
    static const char *const later[] = {"\"idle_first_ms\":0,", "\"idle_longest_ms\":0,",
                                        "\"idle_wait_ms\":0,", "\"idle_environments\":0,"};
    for (size_t i = 0; i < 4; i++) {
        char *at = strstr(old, later[i]);
        assert_non_null(at);
        memmove(at, at + strlen(later[i]), strlen(at + strlen(later[i])) + 1);
    }
    assert_int_equal(cp_sweep_settings_read(cp_view_of(old), &back, NULL), CP_OK);
    assert_false(cp_sweep_searches_idle(&back));
    free(old);
    cp_buf_clear(&json);
    cp_sweep_settings_clear(&s);
    cp_sweep_settings_clear(&back);
}

static void settings_come_back_from_json(void **state)
{
    (void)state;
    struct cp_sweep_options options = default_options();
    struct cp_sweep_settings back;
    struct cp_buf json;
    options.payload = CP_VIEW_LIT("{\"name\": \"O'Hara \\u00e9\"}");
    options.n_idle = 2;
    options.idle_ms[1] = 5000;
    options.precision_p50 = 0.1 + 0.2;
    options.idle_ms[0] = 1000.0 / 3.0;
    options.max_invocations = 1000;
    struct cp_sweep_settings s = make(&options, 512);
    cp_buf_init(&json, 1 << 20);
    assert_int_equal(cp_sweep_settings_write(&s, &json, NULL), CP_OK);
    assert_int_equal(cp_sweep_settings_read(cp_buf_view(&json), &back, NULL), CP_OK);
    assert_string_equal(back.function, s.function);
    assert_int_equal(back.n_memory, s.n_memory);
    assert_memory_equal(back.memory_mb, s.memory_mb, s.n_memory * sizeof s.memory_mb[0]);
    assert_int_equal(back.n_idle, s.n_idle);
    assert_memory_equal(back.idle_ms, s.idle_ms, s.n_idle * sizeof s.idle_ms[0]);
    assert_int_equal(back.max_cold, s.max_cold);
    assert_int_equal(back.max_warm, s.max_warm);
    assert_int_equal(back.cold_per_batch, s.cold_per_batch);
    assert_int_equal(back.warm_per_batch, s.warm_per_batch);
    assert_int_equal(back.idle_probes, s.idle_probes);
    assert_int_equal(back.max_invocations, 1000);
    assert_true(back.seed == UINT64_MAX);
    assert_true(back.precision_p50 == s.precision_p50);
    assert_true(back.precision_p95 == s.precision_p95);
    assert_int_equal(back.original_memory_mb, 512);
    assert_string_equal(back.original_description, s.original_description);
    assert_string_equal(cp_buf_str(&back.payload), cp_buf_str(&s.payload));
    cp_sweep_settings_clear(&back);
    cp_sweep_settings_clear(&s);
    cp_buf_clear(&json);
}

/* Each replacement makes the stored text wrong in one place. */
static void damaged_json_is_refused(void **state)
{
    static const struct {
        const char *from, *to, *wrong;
    } rows[] = {
        {"\"format\":1", "\"format\":2", "format"},
        {"\"seed\":\"18", "\"seed\":\"x8", "seed"},
        {"\"max_cold\":135", "\"max_cold\":\"1\"", "max_cold"},
        {"\"cold_per_batch\":2", "\"cold_per_batch\":0", "cold_per_batch"},
        {"\"memory_mb\":[128", "\"memory_mb\":[999", "memory_mb"},
        {"\"idle_ms\":[]", "\"idle_ms\":[0]", "idle_ms"},
        {"{\"format", "[\"format", "text"},
    };
    (void)state;
    struct cp_sweep_options options = default_options();
    struct cp_sweep_settings s = make(&options, 512);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct cp_buf json;
        struct cp_buf wrong;
        struct cp_sweep_settings back;
        struct cp_error err = {0};
        cp_buf_init(&json, 1 << 20);
        cp_buf_init(&wrong, 1 << 20);
        assert_int_equal(cp_sweep_settings_write(&s, &json, NULL), CP_OK);
        const char *at = strstr(cp_buf_str(&json), rows[i].from);
        assert_non_null(at);
        (void)cp_buf_add(&wrong, json.p, (size_t)(at - json.p));
        (void)cp_buf_adds(&wrong, rows[i].to);
        (void)cp_buf_adds(&wrong, at + strlen(rows[i].from));
        assert_int_equal(cp_sweep_settings_read(cp_buf_view(&wrong), &back, &err), CP_EFORMAT);
        assert_non_null(strstr(err.text, rows[i].wrong));
        cp_buf_clear(&json);
        cp_buf_clear(&wrong);
    }
    cp_sweep_settings_clear(&s);
}

static void a_payload_must_be_json(void **state)
{
    static const struct {
        const char *text;
        bool is_json;
    } rows[] = {
        {"{}", true},      {" [1, 2]\n", true}, {"\"x\"", true}, {"null", true},
        {"{a: 1}", false}, {"{} {}", false},    {"", false},     {"{\"a\":", false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct cp_error err = {0};
        enum cp_code code = cp_sweep_payload_check(cp_view_of(rows[i].text), &err);
        assert_int_equal(code, rows[i].is_json ? CP_OK : CP_EINVAL);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults_are_filled_in),
        cmocka_unit_test(the_functions_own_size_joins_the_defaults),
        cmocka_unit_test(the_functions_own_size_may_be_the_only_one),
        cmocka_unit_test(an_own_size_too_large_for_this_machine_is_an_error),
        cmocka_unit_test(counted_cells_want_no_precision),
        cmocka_unit_test(warm_samples_go_with_all_cold_ones_that_are_counted),
        cmocka_unit_test(only_what_runs_here_is_limited_by_this_machine),
        cmocka_unit_test(only_what_runs_in_our_own_service_is_started_by_cores),
        cmocka_unit_test(sizes_and_intervals_are_sorted_and_unique),
        cmocka_unit_test(settings_come_back_from_json),
        cmocka_unit_test(a_search_has_seconds_here_and_minutes_elsewhere),
        cmocka_unit_test(a_plan_without_a_search_is_read),
        cmocka_unit_test(damaged_json_is_refused),
        cmocka_unit_test(a_payload_must_be_json),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
