/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "reports/figures.h"
#include "reports/fitted.h"
#include "tests/reports/fixture.h"
#include "tests/test.h"

#include <cjson/cJSON.h>
#include <gsl/gsl_errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static const struct cp_fit_request no_memory = {NULL, 0};

static void goldens_match_and_keep_to_80_columns(void **state)
{
    (void)state;
    struct cp_buf out;
    struct cp_view line;
    struct cp_figures *f = fixture_shared(&(struct fixture_options){0});
    cp_buf_init(&out, 1U << 20);
    cp_fit_text(f, &no_memory, &(struct cp_text_style){.width = 80}, &out);
    fixture_check_golden("fit.txt", &out);
    assert_null(strchr(cp_buf_str(&out), '\x1b'));
    struct cp_view rest = cp_buf_view(&out);
    while (cp_view_split(&rest, '\n', &line))
        assert_true(cp_text_columns(line) < 80);
    cp_buf_reset(&out);
    cp_fit_json(f, &no_memory, &out);
    fixture_check_golden("fit.json", &out);
    cp_buf_clear(&out);
}

/* Whoever reads a number is told how sure it is, and whoever gets none, why and what would do. */
static void every_model_has_parameters_or_a_reason(void **state)
{
    (void)state;
    const struct cp_figures *f = fixture_shared(&(struct fixture_options){0});
    assert_true(f->fitted->n > 10);
    for (size_t i = 0; i < f->fitted->n; i++) {
        const struct cp_fitted *m = &f->fitted->models[i];
        if (m->refused[0] ? m->n_parameters > 0
                          : m->n_parameters + m->n_values == 0 || !m->formula[0])
            fail_msg("%s: %zu parameters, refused '%s'", m->id, m->n_parameters, m->refused);
        for (size_t k = 0; k < m->n_parameters; k++) {
            const struct cp_parameter *p = &m->parameters[k];
            if ((p->confidence > 0) != (p->method[0] != '\0'))
                fail_msg("%s: %s has an interval without a method", m->id, p->name);
        }
        for (size_t k = 0; k < i; k++)
            assert_string_not_equal(m->id, f->fitted->models[k].id);
    }
}

static const struct cp_prediction *find(const struct cp_prediction *all, size_t n, const char *id)
{
    size_t i = 0;
    while (i < n && strcmp(all[i].id, id) != 0)
        i++;
    assert_true(i < n);
    return &all[i];
}

/* The generator's truth (fixture.c): handler = (3 + 9 / share) times a log-normal of sigma 0.12,
 * share = 832 / 1769; init 160 ms of sigma 0.09 at every size. */
static void an_unmeasured_size_is_predicted_with_an_interval_that_holds_the_truth(void **state)
{
    (void)state;
    struct cp_run_data data;
    struct cp_error err = {.text = ""};
    struct cp_figures *f = NULL;
    struct cp_prediction all[CP_PREDICTIONS_MAX];
    fixture_data(&(struct fixture_options){0}, &data);
    if (cp_figures_new(&data, &f, &err))
        fail_msg("%s", err.text);
    const double p50 = 3 + 9 / (832 / 1769.0);
    const struct {
        const char *id;
        double truth;
    } cases[] = {
        {"warm_p50", p50},
        {"warm_p95", p50 * exp(0.12 * 1.644854)},
        {"warm_p99", p50 * exp(0.12 * 2.326348)},
        {"init_p50", 160},
        {"init_p95", 160 * exp(0.09 * 1.644854)},
        {"init_p99", 160 * exp(0.09 * 2.326348)},
    };
    size_t n = cp_fitted_predict(f, 832, all);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct cp_prediction *p = find(all, n, cases[i].id);
        double truth = cases[i].truth;
        if (p->refused[0] || !(p->value_ms.low <= truth && truth <= p->value_ms.high) ||
            fabs(p->value_ms.value / truth - 1) > 0.08)
            fail_msg("%s: %g [%g, %g], truth %g %s", p->id, p->value_ms.value, p->value_ms.low,
                     p->value_ms.high, truth, p->refused);
    }
    n = cp_fitted_predict(f, 192, all);
    const struct cp_prediction *outside = find(all, n, "warm_p50");
    assert_true(isnan(outside->value_ms.value) && isnan(outside->value_ms.high));
    assert_string_equal(outside->refused, "192 MB is outside what was measured, 256 to 3,008 MB: "
                                          "sweep with --memory 192");
    cp_figures_free(f);
    cp_run_data_clear(&data);
}

static const struct cp_fitted *model(const struct cp_figures *f, const char *id)
{
    size_t i = 0;
    while (i < f->fitted->n && strcmp(f->fitted->models[i].id, id) != 0)
        i++;
    assert_true(i < f->fitted->n);
    return &f->fitted->models[i];
}

/* Warm durations of the generator are log-normal, sd of the log 0.12; 1,024 MB decides. */
static void the_law_of_a_series_is_named_with_its_goodness(void **state)
{
    (void)state;
    struct cp_figures *f = fixture_shared(&(struct fixture_options){0});
    assert_true(cp_fitted_fill(f) && cp_fitted_add_slow(f, true));
    /* the mean of a log-normal is its median times exp(sd^2 / 2) */
    const struct cp_fitted *mean = model(f, "warm_mean");
    double at_1024 = (3 + 9 / (1024 / 1769.0)) * exp(0.12 * 0.12 / 2);
    assert_true(mean->n_values == 5 && mean->values[2].at == 1024);
    assert_true(fabs(mean->values[2].value.value / at_1024 - 1) < 0.03);
    const struct cp_fitted *warm = model(f, "warm_law");
    assert_string_equal(warm->refused, "");
    assert_non_null(strstr(warm->note, "at 1,024 MB; AICc: "));
    assert_string_equal(warm->checks[0].name, "Kolmogorov-Smirnov p");
    double median = 3 + 9 / (1024 / 1769.0);
    assert_true(warm->values[0].at == 0.5 && warm->values[0].label);
    assert_true(fabs(warm->values[0].value.value / median - 1) < 0.05);
    /* 120 cold starts have 12 beyond their p90, fewer than the 30 that a tail takes */
    assert_non_null(strstr(model(f, "init_tail_gpd")->refused, "no generalised Pareto tail"));
    assert_true(cp_fitted_fill(f));
}

static void two_sizes_are_too_few_for_a_law_and_it_says_so(void **state)
{
    (void)state;
    struct cp_run_data data;
    struct cp_error err = {.text = ""};
    struct cp_figures *f = NULL;
    fixture_data(&(struct fixture_options){0}, &data);
    size_t kept = 0;
    for (size_t i = 0; i < data.n_samples; i++) {
        if (data.samples[i].memory_size_mb == 512 || data.samples[i].memory_size_mb == 1024)
            data.samples[kept++] = data.samples[i];
    }
    data.n_samples = kept;
    data.n_cells = 0;
    if (cp_figures_new(&data, &f, &err))
        fail_msg("%s", err.text);
    const struct cp_fitted *m = &f->fitted->models[0];
    assert_string_equal(m->id, "init_p50");
    assert_non_null(strstr(m->refused, "2 memory sizes: a law needs 3 of them with 5 samples"));
    struct cp_prediction all[CP_PREDICTIONS_MAX];
    size_t n = cp_fitted_predict(f, 832, all);
    assert_non_null(strstr(find(all, n, "warm_p99")->refused, "sweep more memory sizes"));
    cp_figures_free(f);
    cp_run_data_clear(&data);
}

/* Timeouts of warm invocations at all sizes but one: no p95 and no mean there, and not for want of
 * sizes. */
static void timeouts_are_named_where_they_leave_no_law(void **state)
{
    (void)state;
    struct cp_run_data data;
    struct cp_error err = {.text = ""};
    struct cp_figures *f = NULL;
    fixture_data(&(struct fixture_options){0}, &data);
    for (size_t i = 0; i < data.n_samples; i++) {
        struct cp_sample *s = &data.samples[i];
        if (s->kind == CP_CELL_WARM && s->memory_size_mb != 512 && i % 8 == 0)
            s->outcome = CP_OUTCOME_TIMEOUT;
    }
    if (cp_figures_new(&data, &f, &err))
        fail_msg("%s", err.text);
    const struct cp_fitted *m = model(f, "warm_p95");
    assert_string_equal(m->refused, "of 5 memory sizes fewer than 3 have samples enough (5; p95: "
                                    "14) that no timeout reaches; measured points only");
    assert_string_equal(model(f, "warm_p50")->refused, "");
    cp_figures_free(f);
    cp_run_data_clear(&data);
}

/* What is flagged in the list is flagged where it is used. */
static void predictions_carry_the_flags_of_their_model(void **state)
{
    (void)state;
    struct cp_figures *f = fixture_shared(&(struct fixture_options){0});
    struct cp_memory_law *law = &f->laws[CP_SERIES_WARM][CP_LAW_P50];
    struct cp_memory_tail *tail = &f->tail_laws[CP_SERIES_WARM];
    struct cp_prediction all[CP_PREDICTIONS_MAX];
    size_t n = cp_fitted_predict(f, 832, all);
    assert_string_equal(find(all, n, "warm_p50")->note, "");
    law->is_lack_of_fit = true;
    tail->is_uneven = true;
    n = cp_fitted_predict(f, 832, all);
    assert_non_null(strstr(find(all, n, "warm_p50")->note, "does not fit well"));
    assert_non_null(strstr(find(all, n, "warm_p99")->note, "differ beyond chance"));
    law->is_lack_of_fit = tail->is_uneven = false;
}

/* Twice as slow below 512 MB as above and the same within: no curve. */
static void an_interpolated_law_does_not_pass_for_its_curve(void **state)
{
    (void)state;
    struct cp_run_data data;
    struct cp_error err = {.text = ""};
    struct cp_figures *f = NULL;
    fixture_data(&(struct fixture_options){0}, &data);
    for (size_t i = 0; i < data.n_samples; i++) {
        struct cp_sample *s = &data.samples[i];
        if (s->kind == CP_CELL_WARM)
            s->duration_ms = (s->memory_size_mb < 512 ? 40 : 20) + (double)(i % 7) / 10;
    }
    if (cp_figures_new(&data, &f, &err))
        fail_msg("%s", err.text);
    assert_true(f->laws[CP_SERIES_WARM][CP_LAW_P50].is_interpolated);
    const struct cp_fitted *m = model(f, "warm_p50");
    assert_non_null(strstr(m->formula, "q(m) interpolated between the sizes, monotone; q(m) = "));
    assert_non_null(strstr(m->formula, "does not fit"));
    assert_non_null(strstr(m->note, "the curve's, which does not fit"));
    assert_null(strstr(model(f, "warm_p99")->formula, "p50(m) = "));
    cp_figures_free(f);
    cp_run_data_clear(&data);
}

/* The first lines say what to distrust, and a method that all parameters share stands once. */
static void the_text_begins_with_what_to_distrust(void **state)
{
    (void)state;
    struct cp_figures *f = fixture_shared(&(struct fixture_options){0});
    const struct cp_text_style style = {.width = 80};
    struct cp_buf out;
    cp_buf_init(&out, 1U << 20);
    cp_fit_text(f, &no_memory, &style, &out);
    assert_non_null(strstr(cp_buf_str(&out), " refused, 0 flagged\n\n"));
    f->laws[CP_SERIES_WARM][CP_LAW_P50].is_lack_of_fit = true;
    assert_true(cp_fitted_fill(f));
    cp_buf_reset(&out);
    cp_fit_text(f, &no_memory, &style, &out);
    assert_non_null(strstr(cp_buf_str(&out), " refused, 1 flagged, see their notes:\n"
                                             "  warm duration, p50 by memory size\n\n"));
    const char *law = strstr(cp_buf_str(&out), "\n\nwarm duration, p50 by memory size\n");
    const char *end = law ? strstr(law + 2, "\n\n") : NULL;
    size_t n = 0;
    for (const char *at = law; end && (at = strstr(at, "percentile bootstrap")) && at < end; at++)
        n++;
    assert_int_equal(n, 1);
    f->laws[CP_SERIES_WARM][CP_LAW_P50].is_lack_of_fit = false;
    assert_true(cp_fitted_fill(f));
    cp_buf_clear(&out);
}

/* A step law that saw no step has no parameters, and says from where on T may be. */
static void a_lifetime_beyond_the_probes_is_no_parameter(void **state)
{
    (void)state;
    struct cp_figures *f = fixture_shared(&(struct fixture_options){0});
    const struct cp_idle_survival kept = f->survival;
    const struct cp_idle_point warm[] = {{.idle_interval_ms = 1000, .n = 12},
                                         {.idle_interval_ms = 6000, .n = 12}};
    cp_idle_survival_fit(warm, 2, &f->survival);
    assert_true(cp_fitted_fill(f));
    const struct cp_fitted *m = model(f, "idle_step");
    assert_int_equal(m->n_parameters, 0);
    assert_non_null(strstr(m->note, "no step was seen: T is above 6.00 s"));
    f->survival = kept;
    assert_true(cp_fitted_fill(f));
}

/* Every value lies on the curve: what the best fit leaves is rounding, and no measure of a law. */
static void a_perfect_fit_is_no_measure_of_check_loss(void **state)
{
    (void)state;
    struct cp_run_data data;
    struct cp_error err = {.text = ""};
    struct cp_figures *f = NULL;
    fixture_data(&(struct fixture_options){0}, &data);
    for (size_t i = 0; i < data.n_samples; i++) {
        struct cp_sample *s = &data.samples[i];
        s->duration_ms = 10 + 9 * 1024 / fmin(s->memory_size_mb, 1769);
    }
    if (cp_figures_new(&data, &f, &err))
        fail_msg("%s", err.text);
    const struct cp_fitted *m = model(f, "warm_p50");
    assert_string_equal(m->refused, "");
    for (size_t i = 0; i < m->n_checks; i++) {
        if (strstr(m->checks[i].name, "check loss") && !isnan(m->checks[i].value))
            fail_msg("%s: %g", m->checks[i].name, m->checks[i].value);
    }
    cp_figures_free(f);
    cp_run_data_clear(&data);
}

/* An upper bound without a lower one is shown as such, and digits that tell nothing are not. */
static void bounds_and_tiny_numbers_are_in_words(void **state)
{
    (void)state;
    char text[CP_FORMAT_MAX];
    const struct cp_parameter p99 = {
        .name = "p99", .unit = "ms", .estimate = {10.5, NAN, 14.3}, .method = "exact"};
    assert_string_equal(cp_parameter_format(&p99, text), "10.5, at most 14.3");
    const struct cp_parameter ratio = {.name = "p99 / p50", .unit = "", .estimate = {NAN, NAN, 79}};
    assert_string_equal(cp_parameter_format(&ratio, text), "at most 79.0");
    struct cp_fitted m = {.n_checks = 2};
    struct cp_fitted_value v = {
        .status = CP_ANSWER_TOO_FEW, .value = {NAN, NAN, NAN}, .n = 1134, .n_needed = 2995};
    m.checks[0] = (struct cp_fitted_check){"p-value", CP_UNIT_PLAIN, 2.55e-11, ""};
    m.checks[1] = (struct cp_fitted_check){"rho", CP_UNIT_PLAIN, 0, "0: alike"};
    struct cp_buf out;
    cp_buf_init(&out, 1U << 10);
    cp_fitted_value_text(&m, &v, &out);
    assert_string_equal(cp_buf_str(&out), "too few, worth 1,134 samples of 2995");
    cp_buf_reset(&out);
    cp_fitted_checks_text(&m, &out);
    assert_string_equal(cp_buf_str(&out), "p-value below 0.000100; rho 0 (0: alike)");
    cp_buf_clear(&out);
}

/* The ratio's ends come from two intervals of 95 %: 90 % is what they hold together; and where p99
 * has only a bound the ratio has one. */
static void all_requests_have_a_ratio_at_its_own_level(void **state)
{
    (void)state;
    struct cp_figures *f = fixture_shared(&(struct fixture_options){0});
    struct cp_candidate *c = &f->decision.candidates[f->decision.chosen];
    const struct cp_candidate kept = *c;
    c->p50_ms = (struct cp_interval){10, 8, 12};
    c->p99_ms = (struct cp_interval){30, NAN, 40};
    assert_true(cp_fitted_fill(f));
    const struct cp_fitted *m = model(f, "mixture");
    const struct cp_parameter *ratio = &m->parameters[m->n_parameters - 1];
    assert_string_equal(ratio->name, "p99 / p50");
    assert_true(isnan(ratio->estimate.value) && fabs(ratio->estimate.high - 5) < 1e-12);
    assert_true(fabs(ratio->confidence - 0.9) < 1e-12);
    *c = kept;
    assert_true(cp_fitted_fill(f));
}

/* Where smooth laws cannot be chosen a smaller AICc of theirs would mislead. */
static void laws_of_idle_survival_say_whether_they_were_chosen(void **state)
{
    (void)state;
    const struct cp_figures *f = fixture_shared(&(struct fixture_options){0});
    assert_true(f->survival.laws.choice < CP_IDLE_LAWS);
    for (size_t i = 0; i < f->fitted->n; i++) {
        const struct cp_fitted *m = &f->fitted->models[i];
        bool is_smooth = strncmp(m->title, "idle survival, ", 15) == 0 &&
                         !strstr(m->title, "without") && !strstr(m->title, "step") &&
                         !strstr(m->title, "halving");
        if (is_smooth && !m->refused[0])
            assert_non_null(strstr(m->note, "to compare only"));
    }
}

int main(void)
{
    gsl_set_error_handler_off(); /* as main does */
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(goldens_match_and_keep_to_80_columns),
        cmocka_unit_test(every_model_has_parameters_or_a_reason),
        cmocka_unit_test(an_unmeasured_size_is_predicted_with_an_interval_that_holds_the_truth),
        cmocka_unit_test(the_law_of_a_series_is_named_with_its_goodness),
        cmocka_unit_test(two_sizes_are_too_few_for_a_law_and_it_says_so),
        cmocka_unit_test(timeouts_are_named_where_they_leave_no_law),
        cmocka_unit_test(predictions_carry_the_flags_of_their_model),
        cmocka_unit_test(an_interpolated_law_does_not_pass_for_its_curve),
        cmocka_unit_test(the_text_begins_with_what_to_distrust),
        cmocka_unit_test(a_lifetime_beyond_the_probes_is_no_parameter),
        cmocka_unit_test(a_perfect_fit_is_no_measure_of_check_loss),
        cmocka_unit_test(bounds_and_tiny_numbers_are_in_words),
        cmocka_unit_test(all_requests_have_a_ratio_at_its_own_level),
        cmocka_unit_test(laws_of_idle_survival_say_whether_they_were_chosen),
    };
    return cmocka_run_group_tests(tests, NULL, fixture_shared_free);
}
