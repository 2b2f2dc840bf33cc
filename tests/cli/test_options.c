/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/cli/options.h"
#include "tests/test.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const char *no_variable(void *context, const char *name)
{
    (void)context;
    (void)name;
    return NULL;
}

static const char *one_variable(void *context, const char *name)
{
    const char *pair = context;
    size_t n = strlen(name);
    return strncmp(pair, name, n) == 0 && pair[n] == '=' ? pair + n + 1 : NULL;
}

struct parsed {
    enum cp_code code;
    struct cp_options o;
    struct cp_words words;
    struct cp_error err;
};

static struct parsed parse_of(unsigned command, const char *const *argv)
{
    static const char *room[16];
    struct parsed p = {.err = {CP_OK, ""}, .words = {.word = room, .max = 16}};
    int argc = 0;
    while (argv[argc])
        argc++;
    char *words[16];
    memcpy(words, argv, (size_t)(argc + 1) * sizeof *words);
    p.code = cp_options_read(command, argc, words, no_variable, NULL, &p.o, &p.words, &p.err);
    return p;
}

static struct parsed parse(const char *const *argv)
{
    return parse_of(CP_IN_SWEEP, argv);
}

#define ARGS(...) ((const char *const[]){__VA_ARGS__, NULL})

static void defaults_say_what_help_says(void **state)
{
    (void)state;
    struct parsed p = parse(ARGS("./fn"));
    assert_int_equal(p.code, CP_OK);
    assert_true(isnan(p.o.budget.ms) && !p.o.traffic && !(p.o.traffic_factor > 0));
    assert_true(p.o.idle.is_auto);
    assert_int_equal(p.o.idle.n, 0);
    assert_near(p.o.idle_max_ms, 0, 0);
    assert_int_equal(p.o.idle_probes, -1);
    assert_near(p.o.precision.p50, 0.05, 1e-12);
    assert_near(p.o.precision.p95, 0.10, 1e-12);
    assert_int_equal(p.o.max_cold, -1);
    assert_string_equal(p.o.payload, "{}");
    assert_int_equal(p.o.seed, 1);
    assert_false(p.o.has_seed);
}

static void a_command_has_its_own_defaults(void **state)
{
    (void)state;
    struct parsed p = parse_of(CP_IN_NIGHTLY, ARGS("./fn"));
    assert_int_equal(p.code, CP_OK);
    assert_int_equal(p.o.max_cold, 100);
    assert_int_equal(p.o.max_warm, 100);
    assert_false(p.o.idle.is_auto);
    assert_int_equal(p.o.idle.n, 0);
    assert_int_equal(p.o.memory.n, 0);
    assert_null(p.o.notify_command);
    p = parse_of(CP_IN_NIGHTLY, ARGS("./fn", "--precision", "5%"));
    assert_int_equal(p.code, CP_EINVAL);
}

static void values_come_after_a_blank_or_an_equals_sign(void **state)
{
    (void)state;
    struct parsed p = parse(ARGS("--budget=p99=200ms", "./fn", "--traffic", "300/m", "--memory",
                                 "512,128,512,1GB", "--seed", "7", "-q"));
    assert_int_equal(p.code, CP_OK);
    assert_near(p.o.budget.q, 0.99, 1e-12);
    assert_near(p.o.budget.ms, 200, 0);
    assert_string_equal(p.o.traffic, "300/m");
    assert_int_equal(p.o.memory.n, 3); /* a size given twice counts once */
    assert_int_equal(p.o.memory.mb[2], 1024);
    assert_true(p.o.has_seed && p.o.is_quiet);
    assert_int_equal(p.words.n, 1);
}

static void quantiles_of_a_budget_may_have_decimals(void **state)
{
    (void)state;
    struct parsed p = parse(ARGS("--budget", "p99.9=1.5s"));
    assert_near(p.o.budget.q, 0.999, 1e-12);
    assert_near(p.o.budget.ms, 1500, 0);
}

static void two_dashes_end_the_options(void **state)
{
    (void)state;
    struct parsed p = parse(ARGS("--", "--budget"));
    assert_int_equal(p.code, CP_OK);
    assert_string_equal(p.words.word[0], "--budget");
}

static void none_means_no_idle_interval(void **state)
{
    (void)state;
    struct parsed p = parse(ARGS("--idle", "none"));
    assert_int_equal(p.o.idle.n, 0);
    assert_false(p.o.idle.is_auto);
}

static void idle_intervals_are_searched_up_to_a_longest_or_given(void **state)
{
    (void)state;
    struct parsed p = parse(ARGS("--idle", "auto", "--idle-max", "1h"));
    assert_int_equal(p.code, CP_OK);
    assert_true(p.o.idle.is_auto);
    assert_near(p.o.idle_max_ms, 3600e3, 0);
    p = parse(ARGS("--idle", "1m,5m"));
    assert_int_equal(p.o.idle.n, 2);
    assert_false(p.o.idle.is_auto);
    assert_near(p.o.idle.ms[1], 300e3, 0);
}

static void flags_win_over_variables_and_variables_over_defaults(void **state)
{
    (void)state;
    const char *room[1];
    struct parsed p = {.err = {CP_OK, ""}, .words = {.word = room, .max = 1}};
    char variable[] = "COLDPROF_MAX_INVOCATIONS=50";
    char option[] = "--max-invocations=60";
    char *argv[] = {option, NULL};
    assert_int_equal(
        cp_options_read(CP_IN_SWEEP, 0, argv, one_variable, variable, &p.o, &p.words, &p.err),
        CP_OK);
    assert_int_equal(p.o.max_invocations, 50);
    assert_int_equal(
        cp_options_read(CP_IN_SWEEP, 1, argv, one_variable, variable, &p.o, &p.words, &p.err),
        CP_OK);
    assert_int_equal(p.o.max_invocations, 60);
}

static void exports_are_kept_in_order(void **state)
{
    (void)state;
    struct parsed p = parse(ARGS("--export", "md=a.md", "--export=json=b=c.json"));
    assert_int_equal(p.o.exports.n, 2);
    assert_int_equal(p.o.exports.item[1].format, CP_FORMAT_JSON);
    assert_string_equal(p.o.exports.item[1].path, "b=c.json");
}

/* A page is of a run, and what other tools read is of a change. */
static void each_document_has_its_own_formats(void **state)
{
    (void)state;
    static const struct {
        unsigned command;
        const char *text;
        bool is_known;
    } cases[] = {
        {CP_IN_COMPARE, "junit=a.xml", true},     {CP_IN_NIGHTLY, "openmetrics=a.prom", true},
        {CP_IN_NIGHTLY, "gha-benchmark=a", true}, {CP_IN_COMPARE, "bmf=a", true},
        {CP_IN_NIGHTLY, "otava-csv=a", true},     {CP_IN_COMPARE, "md=a", true},
        {CP_IN_COMPARE, "html=a.html", false},    {CP_IN_NIGHTLY, "jsonl=a", false},
        {CP_IN_SWEEP, "junit=a.xml", false},      {CP_IN_REPORT, "otava-csv=a", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *room[1];
        struct parsed p = {.err = {CP_OK, ""}, .words = {.word = room, .max = 1}};
        char option[64];
        char *argv[] = {option, NULL};
        (void)snprintf(option, sizeof option, "--export=%s", cases[i].text);
        p.code =
            cp_options_read(cases[i].command, 1, argv, no_variable, NULL, &p.o, &p.words, &p.err);
        if (cases[i].is_known != (p.code == CP_OK))
            fail_msg("%s: %s", cases[i].text, p.err.text);
    }
}

static const char *const refused[][3] = {
    {"--budget", "p100=200ms"}, {"--budget", "p99=0ms"},  {"--budget", "99=200ms"},
    {"--budget", "p99="},       {"--budget", "p99=-5ms"}, {"--traffic", "0/s"},
    {"--traffic-factor", "0"},  {"--memory", ""},         {"--memory", "128.5"},
    {"--memory", "0x200"},      {"--cold", "-1"},         {"--cold", "ten"},
    {"--precision", "0%"},      {"--precision", "150%"},  {"--idle", "5"},
    {"--idle", "1s,,2s"},       {"--seed", "-1"},         {"--seed", "99999999999999999999"},
    {"--export", "md"},         {"--export", "=x"},       {"--parallel", "1e3"},
    {"--color", "sometimes"},   {"--idle-max", "0s"},     {"--idle-max", "60"},
    {"--idle", "auto,5s"},      {"--burst", "0.5"},       {"--burst", "10,50"},
    {"--traffic", ""},          {"--burst", ",50ms"},     {"--traffic-factor", "-2"},
};

static void values_that_cannot_be_meant_are_refused_with_the_option_named(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        struct parsed p = parse(refused[i]);
        bool is_named = strstr(p.err.text, refused[i][0]) != NULL;
        if (p.code != CP_EINVAL || !is_named)
            fail_msg("%s %s: %d %s", refused[i][0], refused[i][1], (int)p.code, p.err.text);
    }
}

static void every_row_of_the_table_is_complete(void **state)
{
    (void)state;
    for (const struct cp_option *o = cp_option_table(); o->name; o++) {
        assert_non_null(o->help);
        assert_true(o->commands != 0);
        assert_true((o->type == CP_OPTION_FLAG) == (o->metavar == NULL));
        /* a name may mean something of its own to another command, never two things to one */
        for (const struct cp_option *p = o + 1; p->name; p++)
            assert_true(strcmp(o->name, p->name) != 0 || !(o->commands & p->commands));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults_say_what_help_says),
        cmocka_unit_test(a_command_has_its_own_defaults),
        cmocka_unit_test(values_come_after_a_blank_or_an_equals_sign),
        cmocka_unit_test(quantiles_of_a_budget_may_have_decimals),
        cmocka_unit_test(two_dashes_end_the_options),
        cmocka_unit_test(none_means_no_idle_interval),
        cmocka_unit_test(idle_intervals_are_searched_up_to_a_longest_or_given),
        cmocka_unit_test(flags_win_over_variables_and_variables_over_defaults),
        cmocka_unit_test(exports_are_kept_in_order),
        cmocka_unit_test(each_document_has_its_own_formats),
        cmocka_unit_test(values_that_cannot_be_meant_are_refused_with_the_option_named),
        cmocka_unit_test(every_row_of_the_table_is_complete),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
