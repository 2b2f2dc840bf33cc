/* SPDX-License-Identifier: GPL-3.0-or-later
 * function.ini: `key = value` lines, comments with # or ;, one section [environment].
 */
#ifndef COLDPROF_PROBES_LOCAL_FOLDER_INI_H
#define COLDPROF_PROBES_LOCAL_FOLDER_INI_H

#include "probes/local/function_folder.h"

/* Sets what the file says in `out` (name, handler, runtime, timeout, memory, env) and leaves the
 * rest. CP_EINVAL: unknown key or section, bad value, a key twice; the message names file and line.
 */
enum cp_code cp_folder_ini_read(const char *file_name, struct cp_view text,
                                struct cp_function_folder *out, struct cp_error *err);

#endif
