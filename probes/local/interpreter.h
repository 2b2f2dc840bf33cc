/* SPDX-License-Identifier: GPL-3.0-or-later
 * The interpreter of a managed runtime, as installed on this machine.
 */
#ifndef COLDPROF_PROBES_LOCAL_INTERPRETER_H
#define COLDPROF_PROBES_LOCAL_INTERPRETER_H

#include <limits.h>
#include <stdbool.h>

#include "model/base/error.h"
#include "model/base/view.h"

struct cp_interpreter {
    char program[PATH_MAX]; /* the executable itself, not a wrapper script on PATH */
    char runtime[64];       /* python3.11, nodejs20.x */
};

/* true for python3, nodejs and exact names of the two families (python3.11, nodejs20.x). */
bool cp_interpreter_is_known(struct cp_view runtime);

/* Looks along `search_path` (folders separated by ':') and asks what it finds for its own path and
 * version. CP_ENOTFOUND names the package to install; CP_EINVAL: another version is installed than
 * the exact one asked for. */
enum cp_code cp_interpreter_find(struct cp_view runtime, const char *search_path,
                                 int ask_timeout_ms, struct cp_interpreter *out,
                                 struct cp_error *err);

#endif
