/* SPDX-License-Identifier: GPL-3.0-or-later
 * Every piece is done once, whatever the number of threads.
 */
#include "model/base/parallel.h"

#include <stdatomic.h>

#include "tests/test.h"

enum { PIECES = 1000 };

static void count(void *context, size_t i)
{
    atomic_int *done = context;
    atomic_fetch_add(&done[i], 1);
}

static void each_piece_is_done_once(void **state)
{
    static const int threads[] = {-1, 0, 1, 2, 3, CP_PARALLEL_MAX, 1000};
    (void)state;
    for (size_t t = 0; t < sizeof threads / sizeof threads[0]; t++) {
        atomic_int done[PIECES + 1] = {0};
        for (size_t n = 0; n <= PIECES; n = n == 0   ? 1
                                            : n == 1 ? 2
                                            : n == 2 ? PIECES
                                                     : PIECES + 1) {
            for (size_t i = 0; i <= PIECES; i++)
                atomic_store(&done[i], 0);
            cp_parallel(n, threads[t], count, done);
            for (size_t i = 0; i <= PIECES; i++)
                assert_int_equal(atomic_load(&done[i]), i < n);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(each_piece_is_done_once)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
