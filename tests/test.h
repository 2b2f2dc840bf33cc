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

#endif
