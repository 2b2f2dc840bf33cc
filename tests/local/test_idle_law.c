/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/test.h"

#include <string.h>

#include <math.h>

#include "probes/local/idle_law.h"

static void laws_are_parsed(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum cp_idle_law_kind kind;
        double a, b;
    } rows[] = {
        {"fixed:6s", CP_IDLE_FIXED, 6000, 0},
        {"fixed:100ms", CP_IDLE_FIXED, 100, 0},
        {"uniform:4s-8s", CP_IDLE_UNIFORM, 4000, 8000},
        {"exponential:6m", CP_IDLE_EXPONENTIAL, 360000, 0},
        {"weibull:2:6s", CP_IDLE_WEIBULL, 2, 6000},
        {"never", CP_IDLE_NEVER, 0, 0},
        {CP_IDLE_LAW_DEFAULT, CP_IDLE_UNIFORM, 4000, 8000},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct cp_idle_law law;
        assert_int_equal(cp_idle_law_parse(rows[i].text, &law, NULL), CP_OK);
        assert_int_equal(law.kind, rows[i].kind);
        assert_true(law.a == rows[i].a && law.b == rows[i].b);
    }
}

static void wrong_laws_are_refused_with_an_example(void **state)
{
    (void)state;
    static const char *const texts[] = {"",
                                        "fixed",
                                        "fixed:",
                                        "fixed:6",
                                        "fixed:-6s",
                                        "fixed:0s",
                                        "uniform:4s",
                                        "uniform:8s-4s",
                                        "uniform:-8s",
                                        "weibull:6s",
                                        "weibull:0:6s",
                                        "weibull:x:6s",
                                        "exponential:",
                                        "normal:6s",
                                        "never:6s",
                                        "Fixed:6s"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct cp_idle_law law;
        struct cp_error err;
        print_message("  '%s'\n", texts[i]);
        assert_int_equal(cp_idle_law_parse(texts[i], &law, &err), CP_EINVAL);
        assert_non_null(strchr(err.text, ':'));
    }
}

/* Means of the laws: a, (a+b)/2, a, scale * gamma(1 + 1/shape). */
static void draws_have_the_mean_of_the_law(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        double mean_ms, sd_ms;
    } rows[] = {
        {"fixed:6s", 6000, 0},
        {"uniform:4s-8s", 6000, 1154.7},
        {"exponential:6s", 6000, 6000},
        {"weibull:2:6s", 5317.4, 2779.5},
    };
    enum { N = 20000 };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct cp_idle_law law;
        struct cp_rng rng;
        double sum = 0;
        cp_rng_init(&rng, 42, i);
        assert_int_equal(cp_idle_law_parse(rows[i].text, &law, NULL), CP_OK);
        for (int k = 0; k < N; k++)
            sum += cp_idle_law_draw_ms(&law, &rng);
        /* within five standard errors */
        assert_true(fabs(sum / N - rows[i].mean_ms) <= 5 * rows[i].sd_ms / sqrt(N) + 0.1);
    }
    struct cp_idle_law never = {.kind = CP_IDLE_NEVER};
    assert_true(isinf(cp_idle_law_draw_ms(&never, NULL)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(laws_are_parsed),
        cmocka_unit_test(wrong_laws_are_refused_with_an_example),
        cmocka_unit_test(draws_have_the_mean_of_the_law),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
