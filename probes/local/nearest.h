/* SPDX-License-Identifier: GPL-3.0-or-later
 * "Did you mean": the name of a list that is closest to a wrong one.
 */
#ifndef COLDPROF_PROBES_LOCAL_NEAREST_H
#define COLDPROF_PROBES_LOCAL_NEAREST_H

#include <stddef.h>

#include "model/base/view.h"

/* Edit distance (insert, delete, replace: 1 each, case ignored), at most a third of the longer name
 * rounded up; NULL when none is that close. `names[i]` are not NULL. */
const char *cp_nearest(struct cp_view wrong, const char *const *names, size_t n);

#endif
