/* SPDX-License-Identifier: GPL-3.0-or-later
 * What every test program includes: cmocka with the headers it wants before it.
 */
#ifndef COLDPROF_TESTS_TEST_H
#define COLDPROF_TESTS_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>

/* assert_near(actual, expected, tolerance): |actual - expected| <= tolerance, infinities of one
 * sign are equal, NAN is near nothing. The message shows both. */
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
