/* SPDX-License-Identifier: GPL-3.0-or-later
 * Names that become part of a request: checked before any call is built. Pure.
 */
#ifndef COLDPROF_PROBES_AWS_FUNCTION_NAME_H
#define COLDPROF_PROBES_AWS_FUNCTION_NAME_H

#include <stdbool.h>

#include "model/base/error.h"
#include "model/base/view.h"

/* Forms of a function: "name", "name:qualifier", "account:[function:]name[:qualifier]",
 * "arn:aws:lambda:region:account:function:name[:qualifier]" (any aws* partition).
 * CP_EINVAL names the part that is wrong; NULL and "" too. */
enum cp_code cp_function_name_check(const char *function, struct cp_error *err);

/* Region and account of an ARN; false (both untouched) for every other form. Views of `function`.
 */
bool cp_function_place(const char *function, struct cp_view *region, struct cp_view *account);

/* "$LATEST", a version number or an alias; 1..128 of A-Z a-z 0-9 - _. */
enum cp_code cp_qualifier_check(const char *qualifier, struct cp_error *err);

/* A published version: ^[1-9][0-9]*$, at most 18 digits. */
enum cp_code cp_version_check(const char *version, struct cp_error *err);

#endif
