/* SPDX-License-Identifier: GPL-3.0-or-later
 * A point in time as somebody names it: 7d (so long ago), 2026-10-08, 2026-10-08T14:00Z, now. Pure.
 */
#ifndef COLDPROF_PROFILER_IMPORT_IMPORT_TIME_H
#define COLDPROF_PROFILER_IMPORT_IMPORT_TIME_H

#include <stdint.h>

#include "model/base/error.h"

/* Unix ms. `option` ("--since") is named in the message of CP_EINVAL. */
enum cp_code cp_import_time_read(const char *text, const char *option, int64_t now_ms,
                                 int64_t *at_ms, struct cp_error *err);

#endif
