/* SPDX-License-Identifier: GPL-3.0-or-later
 * Inside of the CloudWatch Logs client, for the logs*.c files.
 */
#ifndef COLDPROF_PROBES_AWS_LOGS_CLIENT_H
#define COLDPROF_PROBES_AWS_LOGS_CLIENT_H

#include "probes/aws/call.h"
#include "probes/aws/logs.h"

struct cJSON;

struct cp_logs {
    struct cp_caller *caller;
    bool is_answered; /* a call got through: from now on failures are waited out */
    bool is_stopping; /* a query is stopped because of an interruption: not interrupted again */
    bool (*is_interrupted)(void *context);
    void *interrupt_context;
};

/* Prints and deletes `json` (see cp_json_print), asks, and adds the answer to `answer`. */
enum cp_code cp_logs_ask(struct cp_logs *logs, struct cp_json_request *request, struct cJSON *json,
                         bool is_built, struct cp_buf *answer, struct cp_error *err);
/* The same for an answer that is looked at as a tree; the caller deletes `*out`. */
enum cp_code cp_logs_ask_tree(struct cp_logs *logs, struct cp_json_request *request,
                              struct cJSON *json, bool is_built, struct cJSON **out,
                              struct cp_error *err);
/* The marker of the page after `page` into `token`, empty after the last one. */
enum cp_code cp_logs_next_token(const struct cJSON *page, struct cp_buf *token,
                                struct cp_error *err);
bool cp_logs_is_arn(const char *group);

#endif
