/* SPDX-License-Identifier: GPL-3.0-or-later
 * A log group as somebody names it: /aws/lambda/checkout, checkout, the ARN of the group or of the
 * function. Pure.
 */
#ifndef COLDPROF_PROFILER_IMPORT_LOG_GROUP_H
#define COLDPROF_PROFILER_IMPORT_LOG_GROUP_H

#include <stdbool.h>

#include "model/base/error.h"
#include "probes/aws/logs.h"

enum { CP_LOG_GROUPS_MAX = 32 };

struct cp_log_group {
    char id[CP_LOGS_ARN_MAX];         /* to ask AWS with: the name, or the ARN as it was given */
    char name[CP_LOGS_GROUP_MAX + 1]; /* "/aws/lambda/checkout" */
    /* A bare word: `name` is /aws/lambda/WORD, and this the group of that very name, which is meant
     * when there is no such function. "" otherwise. */
    char other[CP_LOGS_GROUP_MAX + 1];
    char region[40]; /* of an ARN; "" */
};

/* CP_EINVAL: it can be no log group; the message says what one looks like. */
enum cp_code cp_log_group_read(const char *text, struct cp_log_group *out, struct cp_error *err);

#endif
