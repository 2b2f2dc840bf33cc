/* SPDX-License-Identifier: GPL-3.0-or-later
 * Where third-party reference data is read: COLDPROF_REFERENCE, never copied into the tree.
 */
#ifndef COLDPROF_TESTS_MODEL_STAT_REFERENCE_H
#define COLDPROF_TESTS_MODEL_STAT_REFERENCE_H

/* Path of a folder of the reference data. Where it is missing the running test is skipped with one
 * line that says why; in CI it fails. The text lasts until the next call. */
const char *reference_folder(const char *name);

#endif
