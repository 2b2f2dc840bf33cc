/* SPDX-License-Identifier: GPL-3.0-or-later
 * The three ways AWS lets a caller name a function: name, partial ARN, ARN; each with or without a
 * qualifier at the end.
 */
#ifndef COLDPROF_PROBES_LOCAL_FUNCTION_REF_H
#define COLDPROF_PROBES_LOCAL_FUNCTION_REF_H

#include <stdbool.h>

#include "model/base/view.h"

enum { CP_FUNCTION_NAME_MAX = 64, CP_QUALIFIER_MAX = 128 };

struct cp_function_ref {
    char region[33];     /* "" when not said */
    char account_id[13]; /* "" when not said */
    char name[CP_FUNCTION_NAME_MAX + 1];
    char qualifier[CP_QUALIFIER_MAX + 1]; /* "" when not said */
};

/* false when `text` is none of the forms; `out` is undefined then. */
bool cp_function_ref_parse(struct cp_view text, struct cp_function_ref *out);

/* "$LATEST", or [a-zA-Z0-9-_]{1,128}. */
bool cp_qualifier_is_valid(struct cp_view qualifier);
/* Digits only: a version number, never an alias. */
bool cp_qualifier_is_version(struct cp_view qualifier);

#endif
