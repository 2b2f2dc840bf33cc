/* SPDX-License-Identifier: GPL-3.0-or-later
 * Which runs may be compared: those that differ in nothing but what was built. A difference beyond
 * that is refused, unless it is meant: then it is allowed by its name, and told.
 */
#ifndef COLDPROF_PROFILER_CLI_UNLIKE_H
#define COLDPROF_PROFILER_CLI_UNLIKE_H

#include "reports/report.h"

enum { CP_UNLIKE_TEXT_MAX = 480 };

/* `allow`: names between commas, or "all"; NULL: none. What it put up with goes to `allowed`, in
 * words, "" for nothing. CP_EINVAL names every difference that is not allowed and the option that
 * allows them, or a name that is none. CP_EUNSUPPORTED: times of a client, which are no timing. */
enum cp_code cp_unlike_check(const struct cp_figures *base, const struct cp_figures *now,
                             const char *allow, char allowed[CP_UNLIKE_TEXT_MAX],
                             struct cp_error *err);

#endif
