/* SPDX-License-Identifier: GPL-3.0-or-later
 * What the user means by TARGET: a folder (runs here, in the embedded service) or a function name
 * or ARN (runs on AWS or on --endpoint-url).
 */
#ifndef COLDPROF_PROFILER_CLI_TARGET_H
#define COLDPROF_PROFILER_CLI_TARGET_H

#include <stdbool.h>

#include "model/base/error.h"

/* A path has a '/' or is '.' or '..'. Everything else is checked as a function name or ARN
 * ([a-zA-Z0-9-_]{1,64}, :qualifier allowed); CP_EINVAL says what is wrong and, when a folder of
 * that name exists here, how to name it. */
enum cp_code cp_target_read(const char *text, bool *is_path, struct cp_error *err);

#endif
