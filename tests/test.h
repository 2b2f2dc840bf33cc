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

/* |a - b| <= tolerance; the message shows both. NAN equals nothing. */
#define assert_near(a, b, tolerance)                                                               \
    do {                                                                                           \
        double near_a = (a);                                                                       \
        double near_b = (b);                                                                       \
        if (!(fabs(near_a - near_b) <= (tolerance)))                                               \
            fail_msg("%s: %.12g, wanted %.12g", #a, near_a, near_b);                               \
    } while (0)

#endif
