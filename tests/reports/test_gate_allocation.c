/* SPDX-License-Identifier: GPL-3.0-or-later
 * Two runs compared with failing allocations: each is said, and nothing is left behind (leaks are
 * the sanitizer's to find). Linked with --wrap: malloc, calloc and realloc come here.
 */
#include "reports/gate.h"
#include "reports/night.h"
#include "tests/model/scarce_memory.h"
#include "tests/test.h"

#include <gsl/gsl_errno.h>
#include <stdio.h>

enum { N = 40, N_STOOD_FOR = 1000, OUT_MAX = 1 << 20 };

/* One size of 512 MB, by hand: figures of a run are tested elsewhere. */
struct one_size {
    struct cp_run_data data;
    struct cp_figures figures;
    double ms[N];
};

static struct one_size base, now;

static void make_run(struct one_size *one, const char *id, double median_ms)
{
    *one = (struct one_size){.figures = {.data = &one->data, .n_sizes = 1}};
    one->data.run = cp_run_empty();
    (void)snprintf(one->data.run.id, sizeof one->data.run.id, "%s", id);
    for (size_t i = 0; i < N; i++)
        one->ms[i] = median_ms + (double)i;
    struct cp_size_figures *size = &one->figures.sizes[0];
    *size = (struct cp_size_figures){.memory_size_mb = 512};
    size->init_ms = size->cold_ms = size->warm_ms = one->ms;
    size->n_cold_values = size->n_warm_values = N;
    size->n_cold = size->n_warm = N_STOOD_FOR;
}

static enum cp_code compare(struct cp_error *err)
{
    const struct cp_gates_question question = {
        .options = {.effect = 0.05, .effect_ms = 5, .n_resamples = 50, .seed = 1}};
    struct cp_comparison comparison;
    struct cp_gates gates;
    enum cp_code code =
        cp_gates_of_runs(&base.figures, &now.figures, &question, &comparison, &gates, err);
    if (!code) {
        assert_int_equal(gates.n, 9);
        assert_int_equal(gates.gates[0].n_base, N_STOOD_FOR);
        assert_int_equal(gates.gates[0].n_new, N_STOOD_FOR);
        assert_int_equal(gates.n_failed, 3); /* p95 and p99 need more values */
    }
    cp_gates_clear(&gates);
    cp_comparison_clear(&comparison);
    return code;
}

static void a_comparison_says_that_memory_is_short(void **state)
{
    (void)state;
    int refused = 0;
    enum cp_code code = CP_ENOMEM;
    for (; code && refused < 200; refused += code ? 1 : 0) {
        struct cp_error err = {CP_OK, ""};
        allocations_left = refused;
        code = compare(&err);
        allocations_left = -1;
        if (code) {
            assert_int_equal(code, CP_ENOMEM);
            assert_int_equal(err.code, CP_ENOMEM);
            assert_true(err.text[0] != '\0');
        }
    }
    assert_int_equal(code, CP_OK);
    /* series, metrics, codes, a table of weights and its column, p-values, gates, two nights, and
     * what each of three series takes */
    assert_in_range(refused, 15, 100);
}

/* A document is whole, or has failed. */
static void documents_are_whole_or_failed(void **state)
{
    (void)state;
    static void (*const printers[])(const struct cp_gates *, struct cp_buf *) = {
        cp_gates_json,  cp_gates_csv,           cp_gates_markdown, cp_gates_verdict_text,
        cp_gates_junit, cp_gates_gha_benchmark, cp_gates_bmf,      cp_gates_openmetrics};
    const struct cp_gates_question question = {.options = {.effect = 0.05, .effect_ms = 5}};
    struct cp_comparison comparison;
    struct cp_gates gates;
    struct cp_error err;
    assert_int_equal(
        cp_gates_of_runs(&base.figures, &now.figures, &question, &comparison, &gates, &err), CP_OK);
    for (size_t i = 0; i < sizeof printers / sizeof printers[0]; i++) {
        struct cp_buf whole;
        cp_buf_init(&whole, OUT_MAX);
        printers[i](&gates, &whole);
        assert_int_equal(whole.failed, CP_OK);
        for (int refused = 0; refused < 12; refused++) {
            struct cp_buf out;
            cp_buf_init(&out, OUT_MAX);
            allocations_left = refused;
            printers[i](&gates, &out);
            allocations_left = -1;
            assert_true(out.failed == CP_ENOMEM || out.n == whole.n);
            cp_buf_clear(&out);
        }
        cp_buf_clear(&whole);
    }
    cp_gates_clear(&gates);
    cp_comparison_clear(&comparison);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_comparison_says_that_memory_is_short),
        cmocka_unit_test(documents_are_whole_or_failed),
    };
    gsl_set_error_handler_off();
    make_run(&base, "7f3a", 200);
    make_run(&now, "92c1", 400);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
