/* SPDX-License-Identifier: GPL-3.0-or-later
 * Failing allocations for the tests of the model: a program linked with --wrap for malloc, calloc
 * and (where the code under test uses it) realloc gets NULL once `allocations_left` is used up.
 */
#ifndef COLDPROF_TESTS_MODEL_SCARCE_MEMORY_H
#define COLDPROF_TESTS_MODEL_SCARCE_MEMORY_H

extern int allocations_left; /* negative: unlimited */

#endif
