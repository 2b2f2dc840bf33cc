/* SPDX-License-Identifier: GPL-3.0-or-later
 * What AWS said when it refused a call. Pure; open struct, no ownership.
 */
#ifndef COLDPROF_PROBES_AWS_FAILURE_H
#define COLDPROF_PROBES_AWS_FAILURE_H

#include "model/base/error.h"
#include "model/base/view.h"

struct cp_http_response;

struct cp_lambda_failure {
    int http_status;     /* -1 no answer */
    char error_code[96]; /* ResourceConflictException, ... */
    char reason[96];     /* 429: ReservedFunctionConcurrentInvocationLimitExceeded, ... */
    char request_id[40];
    char message[512];
    double retry_after_s; /* NAN when absent */
};

/* Reads an error answer. The code is header x-amzn-ErrorType (up to ':', after '#'), else `code`,
 * `Code` or `__type` of the body; the text is `message` or `Message`. A body that is no JSON (5xx,
 * proxies) leaves them empty. Texts too long are cut; control bytes become blanks. */
void cp_failure_read(const struct cp_http_response *response, struct cp_lambda_failure *out);

/* As after no answer at all: status -1, texts "", NAN. */
void cp_failure_clear(struct cp_lambda_failure *out);

/* 404 and ResourceNotFoundException CP_ENOTFOUND, 409 and 412 CP_ECONFLICT, 429 and throttling
 * codes CP_ETHROTTLED, 401 and 403 CP_EDENIED, -1 CP_EIO, others CP_EREMOTE. */
enum cp_code cp_failure_code(const struct cp_lambda_failure *failure);

/* Copies foreign text for people: cut where it does not fit, control bytes as blanks. */
void cp_failure_copy_text(struct cp_view text, char *to, size_t to_size);

#endif
