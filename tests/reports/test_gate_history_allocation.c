/* SPDX-License-Identifier: GPL-3.0-or-later
 * A night judged with failing allocations. Linked with --wrap: malloc, calloc and realloc come
 * here. Leaks are the sanitizer's to find.
 */
#include "tests/model/scarce_memory.h"
#include "tests/test.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "reports/gate.h"

enum { NIGHTS = 12, METRICS = 2 };

static struct cp_night_metric metrics[NIGHTS][METRICS];
static struct cp_night nights[NIGHTS];
static const struct cp_trend_options options = {.effect = NAN, .effect_ms = NAN};

static struct cp_history history(void)
{
    for (int i = 0; i < NIGHTS; i++) {
        for (int k = 0; k < METRICS; k++)
            metrics[i][k] = (struct cp_night_metric){
                .metric = {CP_TIMING_INIT, 0.5, 128 + k}, .ms = {200 + i % 3, 198, 205}, .n = 100};
        nights[i] = (struct cp_night){
            .started_at_ms = 1000 + i, .metrics = metrics[i], .n_metrics = METRICS};
    }
    return (struct cp_history){.nights = nights, .n_nights = NIGHTS};
}

static enum cp_code judge(struct cp_error *err)
{
    const struct cp_history h = history();
    const struct cp_run_data data = {.run = cp_run_empty()};
    struct cp_gates gates;
    enum cp_code code = cp_gates_of_history(&h, &data, &options, &gates, err);
    cp_gates_clear(&gates);
    return code;
}

static enum cp_code measure_days(struct cp_error *err)
{
    const struct cp_history h = history();
    double day_sd = 0;
    return cp_history_day_sd(&h, &options, &day_sd, err);
}

static void each_refusal_is_told(enum cp_code (*run)(struct cp_error *err), int at_least)
{
    int refused = 0;
    for (enum cp_code code = CP_ENOMEM; code != CP_OK; refused++) {
        struct cp_error err = {CP_OK, ""};
        allocations_left = refused;
        code = run(&err);
        allocations_left = -1;
        assert_true(code == CP_OK || code == CP_ENOMEM);
        assert_int_equal(strstr(err.text, "memory") != NULL, code != CP_OK);
        assert_true(refused < 100);
    }
    assert_true(refused > at_least);
}

static void judging_says_that_memory_is_short(void **state)
{
    (void)state;
    each_refusal_is_told(judge, 5);
    each_refusal_is_told(measure_days, 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(judging_says_that_memory_is_short)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
