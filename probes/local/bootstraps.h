/* SPDX-License-Identifier: GPL-3.0-or-later
 * The runtime bootstraps shipped with the program (python3, nodejs). They are compiled in, and
 * written to a private folder when the service starts, so that they are found wherever the program
 * is installed.
 */
#ifndef COLDPROF_PROBES_LOCAL_BOOTSTRAPS_H
#define COLDPROF_PROBES_LOCAL_BOOTSTRAPS_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#include "model/base/error.h"

struct cp_bootstrap {
    const char *name; /* file name; NULL ends the table */
    const unsigned char *bytes;
    size_t n;
};
extern const struct cp_bootstrap cp_bootstraps[];

/* File name of the bootstrap for a runtime ("python3.11" -> "python3.py"); NULL: it brings its own
 * (provided.*). */
const char *cp_bootstrap_for(const char *runtime);

/* Makes a private folder below `parent` and writes all of them; `dir` gets its path. Folders of
 * services that are gone are removed first. */
enum cp_code cp_bootstraps_write(const char *parent, char dir[PATH_MAX], struct cp_error *err);
/* Removes the folder with all that was put there; nothing when it is gone already. */
void cp_bootstraps_remove(const char *dir);

#endif
