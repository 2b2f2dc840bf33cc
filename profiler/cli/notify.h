/* SPDX-License-Identifier: GPL-3.0-or-later
 * The user's own command that is told of a result.
 */
#ifndef COLDPROF_PROFILER_CLI_NOTIFY_H
#define COLDPROF_PROFILER_CLI_NOTIFY_H

#include <stdbool.h>

#include "model/base/error.h"
#include "model/base/view.h"

enum { CP_NOTIFY_TIMEOUT_MS = 60 * 1000 };

/* Runs `command` by `sh -c`, `text` on its standard input, which it need not read. What it prints
 * goes to standard error: standard output is for the result. AWS keys and tokens are not in its
 * environment. After `timeout_ms` it is killed with all that it started. Failures name the command
 * and how it ended: a status other than 0 or a signal (CP_EREMOTE), CP_ETIMEOUT, CP_EINTERRUPTED
 * when the user asks to stop, CP_EIO. */
enum cp_code cp_notify(const char *command, struct cp_view text, int timeout_ms,
                       struct cp_error *err);

#endif
