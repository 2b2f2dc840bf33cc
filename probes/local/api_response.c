/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "probes/local/control.h"
#include "probes/local/json_out.h"

enum {
    BODY_MAX = 8 << 20, /* an Invoke answer has up to 6 MB */
    MESSAGE_MAX = 8192,
};

/* How AWS words an error body; recorded from its answers (facts/api.md). Errors raised before the
 * service (signature, model validation) have a bare "message"; two errors of the service say
 * "Message"; all others "Type" and "message". */
enum error_body { BODY_TYPE_MESSAGE, BODY_TYPE_CAPITAL_MESSAGE, BODY_BARE };

static const struct {
    const char *error_type;
    enum error_body body;
} error_bodies[] = {
    {"ResourceNotFoundException", BODY_TYPE_CAPITAL_MESSAGE},
    {"ServiceException", BODY_TYPE_CAPITAL_MESSAGE},
    {"ValidationException", BODY_BARE},
    {"SerializationException", BODY_BARE},
    {"MissingAuthenticationTokenException", BODY_BARE},
    {"IncompleteSignatureException", BODY_BARE},
    {"InvalidSignatureException", BODY_BARE},
    {"UnrecognizedClientException", BODY_BARE},
    {"UnknownOperationException", BODY_BARE},
    {"MethodNotAllowedException", BODY_BARE},
    {"BadRequestException", BODY_BARE},
};

static enum error_body body_of(const char *error_type)
{
    for (size_t i = 0; i < sizeof error_bodies / sizeof error_bodies[0]; i++) {
        if (strcmp(error_bodies[i].error_type, error_type) == 0)
            return error_bodies[i].body;
    }
    return BODY_TYPE_MESSAGE;
}

void cp_api_response_init(struct cp_api_response *response)
{
    *response = (struct cp_api_response){.retry_after_s = -1};
    cp_buf_init(&response->body, BODY_MAX);
}

void cp_api_response_clear(struct cp_api_response *response)
{
    cp_buf_clear(&response->body);
}

void cp_api_fail(struct cp_api_response *response, int status, const char *error_type,
                 const char *reason, const char *fmt, ...)
{
    char message[MESSAGE_MAX];
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(message, sizeof message, fmt, args);
    va_end(args);
    response->status = status;
    (void)cp_view_copy(cp_view_of(error_type), response->error_type, sizeof response->error_type);
    cp_buf_reset(&response->body);
    struct cp_json_out j = {.to = &response->body};
    enum error_body body = body_of(error_type);
    cp_json_object(&j, NULL);
    if (reason)
        cp_json_string(&j, "Reason", reason);
    if (body != BODY_BARE)
        cp_json_string(&j, "Type", status >= 500 ? "Service" : "User");
    cp_json_string(&j, body == BODY_TYPE_CAPITAL_MESSAGE ? "Message" : "message", message);
    cp_json_object_end(&j);
}
