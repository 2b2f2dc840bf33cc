/* SPDX-License-Identifier: GPL-3.0-or-later
 * Names of a function's environment variables: AWS's pattern, and the names that are the runtime's
 * own (Developer Guide, "Defined runtime environment variables", reserved ones).
 */
#ifndef COLDPROF_PROBES_LOCAL_ENV_NAME_H
#define COLDPROF_PROBES_LOCAL_ENV_NAME_H

#include <stdbool.h>

#include "model/base/view.h"

#define CP_ENV_NAME_PATTERN "[a-zA-Z]([a-zA-Z0-9_])+"
enum { CP_ENV_TOTAL_MAX = 4096 }; /* bytes of all names and values together */

bool cp_env_name_is_valid(struct cp_view name);
bool cp_env_name_is_reserved(struct cp_view name);

#endif
