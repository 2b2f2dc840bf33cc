/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/sweep/stock_order.h"

#include <stdlib.h>

#include "tests/test.h"

static const struct row {
    const char *name;
    struct cp_version_need needs[4];
    size_t n_needs;
    int before_mb;
    size_t n_spacers; /* fewest that will do */
} rows[] = {
    {"one size once", {{256, 1}}, 1, 0, 0},
    {"one size once, as the latest version", {{256, 1}}, 1, 256, 1},
    {"one size thrice", {{256, 3}}, 1, 0, 2},
    {"two sizes", {{128, 2}, {512, 2}}, 2, 0, 0},
    {"two sizes, the first as the latest version", {{128, 2}, {512, 2}}, 2, 128, 0},
    {"more than half of one size", {{128, 5}, {512, 2}}, 2, 0, 2},
    {"three sizes", {{128, 14}, {512, 14}, {1024, 14}}, 3, 1024, 0},
    {"uneven", {{128, 1}, {512, 2}, {1024, 4}, {2048, 1}}, 4, 0, 0},
    {"the smallest sizes are needed", {{128, 2}, {129, 0}}, 2, 130, 1},
    {"nothing", {{0}}, 0, 128, 0},
};

static size_t count(const struct cp_stock_order *order, int mb)
{
    size_t n = 0;
    for (size_t i = 0; i < order->n; i++)
        n += order->sizes_mb[i] == mb;
    return n;
}

static void neighbours_differ_and_all_are_there(void **state)
{
    (void)state;
    for (size_t r = 0; r < sizeof rows / sizeof rows[0]; r++) {
        const struct row *row = &rows[r];
        struct cp_stock_order order;
        size_t total = row->n_spacers;
        print_message("%s\n", row->name);
        assert_int_equal(
            cp_stock_order_make(row->needs, row->n_needs, row->before_mb, &order, NULL), CP_OK);
        for (size_t i = 0; i < order.n; i++)
            assert_int_not_equal(order.sizes_mb[i], i ? order.sizes_mb[i - 1] : row->before_mb);
        for (size_t i = 0; i < row->n_needs; i++) {
            assert_int_equal(count(&order, row->needs[i].memory_size_mb), row->needs[i].n);
            assert_int_not_equal(order.spacer_mb, row->needs[i].memory_size_mb);
            total += row->needs[i].n;
        }
        assert_int_not_equal(order.spacer_mb, row->before_mb);
        assert_int_equal(order.n, total);
        free(order.sizes_mb);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(neighbours_differ_and_all_are_there)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
