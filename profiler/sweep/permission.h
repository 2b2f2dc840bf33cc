/* SPDX-License-Identifier: GPL-3.0-or-later
 * Which calls of AWS each mode makes, and on what: one table. The least IAM policy of a
 * mode is made from it, and so are the permissions that a dry run lists.
 */
#ifndef COLDPROF_PROFILER_SWEEP_PERMISSION_H
#define COLDPROF_PROFILER_SWEEP_PERMISSION_H

#include "model/base/buf.h"

/* What somebody may want to allow; bits of the table. */
enum cp_permission_mode {
    CP_PERMIT_SHADOW = 1 << 0,   /* sweep */
    CP_PERMIT_IN_PLACE = 1 << 1, /* sweep --in-place */
    CP_PERMIT_DRY_RUN = 1 << 2,  /* sweep --dry-run, also with --in-place */
    CP_PERMIT_RECOVER = 1 << 3,  /* recover, also with --function and --prune */
    CP_PERMIT_IMPORT = 1 << 4,   /* import --log-group, also with --insights and --metrics */
};

struct cp_policy_options {
    enum cp_permission_mode mode;
    const char *function; /* name; NULL: any */
    const char *region;   /* NULL: any */
    const char *account;  /* NULL: any */
    const char
        *role_arn; /* of the function, to be passed to its shadow; NULL: any of the account */
};

/* An IAM policy document, indented JSON and a newline. CP_EINVAL: a name, Region or account that is
 * none. */
enum cp_code cp_policy_write(const struct cp_policy_options *options, struct cp_buf *out,
                             struct cp_error *err);

/* "lambda:CreateFunction" and so on, one a line after `indent`, sorted. */
void cp_permission_list(enum cp_permission_mode mode, const char *indent, struct cp_buf *out);

#endif
