/* SPDX-License-Identifier: GPL-3.0-or-later
 * A folder for one test, and files in it. Failures end the test.
 */
#ifndef COLDPROF_TESTS_LOG_TEMPORARY_H
#define COLDPROF_TESTS_LOG_TEMPORARY_H

#include <stddef.h>

/* One folder at a time: cmocka's set-up and tear-down. */
int temporary_make(void **state);
int temporary_remove(void **state);
#define WITH_FOLDER(test) cmocka_unit_test_setup_teardown(test, temporary_make, temporary_remove)
/* Path of `name` in the folder, in one of eight buffers that take turns. */
const char *temporary_path(const char *name);
/* Makes the folders before it, too. */
const char *temporary_file(const char *name, const void *bytes, size_t n);

#endif
