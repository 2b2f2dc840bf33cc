/* SPDX-License-Identifier: GPL-3.0-or-later
 * Pooled tails on samples whose law is known.
 */
#include <gsl/gsl_errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "model/base/rng.h"
#include "model/stat/sort.h"
#include "model/stat/tail_pool.h"
#include "tests/model/stat/truth.h"
#include "tests/test.h"

static void one_group_stands_for_itself(void **state)
{
    (void)state;
    double x[400];
    for (size_t i = 0; i < 400; i++)
        x[i] = (double)(i + 1);
    const struct cp_tail_group group = {.sorted_ms = x, .n = 400};
    struct cp_tail_pool pool;
    struct cp_tail tail;
    cp_tail_pool_fit(&group, 1, &(struct cp_tail_options){.q = 0.99}, &pool, &tail);
    assert_int_equal(pool.status, CP_OK);
    assert_int_equal(pool.scale, CP_TAIL_NONE);
    assert_false(tail.is_pooled);
    assert_int_equal(tail.status, CP_ANSWER_OK);
    /* h = 400 1/3 x 0.99 + 1/3 */
    assert_near(tail.estimate.value, 396.66333333333336, 1e-9);
    assert_int_equal(tail.n_needed, 368);
    assert_int_equal(tail.n_needed_upper, 299);
}

int main(void)
{
    gsl_set_error_handler_off();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_group_stands_for_itself),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
