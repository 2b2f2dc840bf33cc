/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/decide/erlang.h"

#include "model/decide/price.h"
#include "tests/model/stat/csv.h"
#include "tests/test.h"

#include <math.h>

static void formulas_agree_with_the_table(void **state)
{
    (void)state;
    struct csv csv;
    csv_open(&csv, "tests/data/model", "decide_erlang.csv");
    size_t rows = 0;
    for (; csv_next(&csv); rows++) {
        int n = (int)csv_number(&csv, "n");
        double a = csv_number(&csv, "a");
        double b = csv_number(&csv, "erlangB");
        double c = csv_number(&csv, "erlangC");
        assert_near(cp_erlang_b(n, a), b, 1e-12 * b);
        assert_near(cp_erlang_c(n, a), c, 1e-12 * c);
    }
    csv_close(&csv);
    assert_int_equal(rows, 10);
}

static void impossible_arguments_have_no_value(void **state)
{
    (void)state;
    assert_true(isnan(cp_erlang_b(-1, 1)));
    assert_true(isnan(cp_erlang_b(1, -1)));
    assert_true(isnan(cp_erlang_c(1, NAN)));
    assert_int_equal(cp_erlang_servers_for_loss(1, 0), -1);
    assert_int_equal(cp_erlang_servers_for_loss(INFINITY, 0.1), -1);
}

static void recursion_is_stable_for_large_pools(void **state)
{
    (void)state;
    double b = cp_erlang_b(100000, 100000);
    /* a = n: B is sqrt(2 / (pi n)) to first order */
    assert_near(b, sqrt(2 / (M_PI * 100000)), 2e-5);
}

/* USD per second of 1 GB in us-east-1. */
static double list_cost(const struct cp_price_book *book, double a, int n)
{
    double b = cp_erlang_b(n, a);
    return n * book->provisioned_concurrency_usd_per_gb_s +
           a * (1 - b) * book->provisioned_duration_usd_per_gb_s +
           cp_price_duration_usd(book, 0, a * b);
}

static void list_prices_have_the_number_of_the_table(void **state)
{
    (void)state;
    struct csv csv;
    const struct cp_price_book *book = NULL;
    struct cp_error err;
    assert_int_equal(cp_price_find("us-east-1", "x86_64", &book, &err), CP_OK);
    csv_open(&csv, "tests/data/model", "decide_pc_newsvendor.csv");
    size_t rows = 0;
    for (; csv_next(&csv); rows++) {
        double a = csv_number(&csv, "a");
        int best = 0;
        for (int n = 1; n < 400; n++)
            best = list_cost(book, a, n) < list_cost(book, a, best) ? n : best;
        assert_int_equal(best, (int)csv_number(&csv, "n_cost_bruteforce"));
        assert_int_equal(cp_erlang_newsvendor(a, cp_price_break_even_utilization(book), 1000),
                         best);
        assert_near(1e6 * list_cost(book, a, best), csv_number(&csv, "cost_opt"),
                    1e-6 * csv_number(&csv, "cost_opt"));
    }
    csv_close(&csv);
    assert_int_equal(rows, 6);
}

static double cost(double a, int n, const struct csv *csv)
{
    double b = cp_erlang_b(n, a);
    return n * csv_number(csv, "pc_rate") + a * (1 - b) * csv_number(csv, "pc_dur_rate") +
           a * b * csv_number(csv, "od_rate");
}

static void newsvendor_rule_is_the_cheapest_number(void **state)
{
    (void)state;
    struct csv csv;
    csv_open(&csv, "tests/data/model", "decide_pc_newsvendor.csv");
    size_t rows = 0;
    for (; csv_next(&csv); rows++) {
        double a = csv_number(&csv, "a");
        int n = cp_erlang_newsvendor(a, csv_number(&csv, "u_star"), 1000);
        assert_int_equal(n, (int)csv_number(&csv, "n_cost_bruteforce"));
        assert_near(cost(a, n, &csv), csv_number(&csv, "cost_opt"),
                    1e-9 * csv_number(&csv, "cost_opt"));
        for (int other = 0; other < 400; other++)
            assert_true(cost(a, n, &csv) <= cost(a, other, &csv) + 1e-9);
        assert_int_equal(cp_erlang_servers_for_loss(a, 0.01),
                         (int)csv_number(&csv, "n_spill_1pct"));
        assert_int_equal(cp_erlang_servers_for_loss(a, 0.001),
                         (int)csv_number(&csv, "n_spill_0.1pct"));
    }
    csv_close(&csv);
    assert_int_equal(rows, 6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(formulas_agree_with_the_table),
        cmocka_unit_test(impossible_arguments_have_no_value),
        cmocka_unit_test(recursion_is_stable_for_large_pools),
        cmocka_unit_test(newsvendor_rule_is_the_cheapest_number),
        cmocka_unit_test(list_prices_have_the_number_of_the_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
