/* SPDX-License-Identifier: GPL-3.0-or-later
 * assert_near(actual, expected, tolerance): |actual - expected| <= tolerance, infinities equal.
 */
#ifndef COLDPROF_TESTS_MODEL_STAT_NEAR_H
#define COLDPROF_TESTS_MODEL_STAT_NEAR_H

#include <math.h>

#include "tests/test.h"

static inline void assert_near_at(double actual, double expected, double tolerance,
                                  const char *file, int line)
{
    if (isinf(expected) && isinf(actual) && signbit(expected) == signbit(actual))
        return;
    if (!(fabs(actual - expected) <= tolerance)) {
        print_error("%.15g is not within %g of %.15g\n", actual, tolerance, expected);
        _fail(file, line);
    }
}

#define assert_near(actual, expected, tolerance)                                                   \
    assert_near_at(actual, expected, tolerance, __FILE__, __LINE__)

#endif
