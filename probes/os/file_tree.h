/* SPDX-License-Identifier: GPL-3.0-or-later
 * Whole folders.
 */
#ifndef COLDPROF_PROBES_OS_FILE_TREE_H
#define COLDPROF_PROBES_OS_FILE_TREE_H

#include "model/base/error.h"

/* Removes the folder and all below it; links are removed, never followed. CP_OK when there is
 * nothing of that name. CP_EIO names what stayed; the rest is removed all the same. */
enum cp_code cp_file_remove_tree(const char *path, struct cp_error *err);

#endif
