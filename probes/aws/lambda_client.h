/* SPDX-License-Identifier: GPL-3.0-or-later
 * Inside of the Lambda client, for the lambda_*.c files.
 */
#ifndef COLDPROF_PROBES_AWS_LAMBDA_CLIENT_H
#define COLDPROF_PROBES_AWS_LAMBDA_CLIENT_H

#include "probes/aws/lambda_operation.h"

struct cp_lambda {
    struct cp_caller *caller;
};

/* One call, waited for. `body` is the request's, NULL for none; the answer's goes to `answer`
 * (initialised here; clear it). `extra_query` is escaped and replaces the qualifier, NULL for none.
 */
enum cp_code cp_lambda_run(struct cp_lambda *l, enum cp_lambda_operation operation,
                           struct cp_lambda_target *target, const char *extra_query,
                           const struct cp_buf *body, struct cp_buf *answer, struct cp_error *err);

#endif
