/* SPDX-License-Identifier: GPL-3.0-or-later
 * The command line and the environment variables of a runtime, as Lambda sets them.
 */
#ifndef COLDPROF_PROBES_LOCAL_ENV_LAUNCH_H
#define COLDPROF_PROBES_LOCAL_ENV_LAUNCH_H

#include "probes/local/env.h"

/* Variables that AWS sets and functions may not set: 24 and the user's. */
enum { CP_LAUNCH_ENV_MAX = CP_FOLDER_ENV_MAX + 40 };

struct cp_env_launch {
    struct cp_launch launch; /* points into what follows */
    struct cp_buf text;
    const char *argv[3];
    const char *env[CP_LAUNCH_ENV_MAX + 1];
};

/* The environment has a slot and a log stream. */
enum cp_code cp_env_launch_init(struct cp_env_launch *out, const struct cp_env *env,
                                struct cp_error *err);
void cp_env_launch_clear(struct cp_env_launch *launch);

#endif
