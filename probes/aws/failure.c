/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "probes/aws/failure.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <string.h>

#include "probes/aws/http.h"
#include "probes/aws/retry.h"
#include "probes/aws/xml.h"

void cp_failure_copy_text(struct cp_view text, char *to, size_t to_size)
{
    size_t n = text.n < to_size ? text.n : to_size - 1;
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)text.p[i];
        to[i] = (char)(c < 0x20 || c == 0x7f ? ' ' : c);
    }
    to[n] = '\0';
}

void cp_failure_clear(struct cp_lambda_failure *out)
{
    *out = (struct cp_lambda_failure){.http_status = -1, .retry_after_s = NAN};
}

/* "aws.protocoltests#FooError:http://internal/" -> "FooError" */
static struct cp_view strip_code(struct cp_view code)
{
    struct cp_view rest = code;
    struct cp_view bare = {"", 0};
    (void)cp_view_split(&rest, ':', &bare);
    const char *hash = bare.n ? memrchr(bare.p, '#', bare.n) : NULL;
    if (hash)
        bare = (struct cp_view){hash + 1, (size_t)(bare.p + bare.n - hash - 1)};
    return cp_view_trim(bare);
}

/* The first of `names` that is a text in `object`. */
static struct cp_view first_text(const cJSON *object, const char *const names[], size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, names[i]));
        if (text)
            return cp_view_of(text);
    }
    return (struct cp_view){"", 0};
}

/* STS answers in XML: ErrorResponse > Error > Code, Message. */
static void read_xml(struct cp_view body, struct cp_lambda_failure *out)
{
    char text[sizeof out->message];
    struct cp_view error;
    if (!cp_xml_find(body, "Error", &error))
        return;
    if (!out->error_code[0] && cp_xml_text(error, "Code", text, sizeof text))
        cp_failure_copy_text(cp_view_of(text), out->error_code, sizeof out->error_code);
    if (cp_xml_text(error, "Message", text, sizeof text))
        cp_failure_copy_text(cp_view_of(text), out->message, sizeof out->message);
}

static void read_json(struct cp_view body, struct cp_lambda_failure *out)
{
    static const char *const CODES[] = {"code", "Code", "__type"};
    static const char *const MESSAGES[] = {"message", "Message"};
    static const char *const REASONS[] = {"Reason", "reason"};
    cJSON *json = cJSON_ParseWithLength(body.p, body.n);
    if (!json)
        return;
    if (!out->error_code[0])
        cp_failure_copy_text(strip_code(first_text(json, CODES, 3)), out->error_code,
                             sizeof out->error_code);
    cp_failure_copy_text(first_text(json, MESSAGES, 2), out->message, sizeof out->message);
    cp_failure_copy_text(first_text(json, REASONS, 2), out->reason, sizeof out->reason);
    cJSON_Delete(json);
}

void cp_failure_read(const struct cp_http_response *response, struct cp_lambda_failure *out)
{
    cp_failure_clear(out);
    out->http_status = response->status;
    cp_failure_copy_text(strip_code(cp_http_header(response, "x-amzn-ErrorType")), out->error_code,
                         sizeof out->error_code);
    cp_failure_copy_text(cp_http_header(response, "x-amzn-RequestId"), out->request_id,
                         sizeof out->request_id);
    double seconds = 0;
    if (cp_view_to_double(cp_http_header(response, "Retry-After"), &seconds) && seconds >= 0)
        out->retry_after_s = seconds;
    if (cp_view_has_prefix(cp_view_trim(response->body), "<"))
        read_xml(response->body, out);
    else if (response->body.n)
        read_json(response->body, out);
}

enum cp_code cp_failure_code(const struct cp_lambda_failure *failure)
{
    /* Services with JSON protocols answer 400 to everything a client did wrong. */
    static const struct {
        const char *error_code;
        enum cp_code code;
    } NAMES[] = {
        {"ResourceNotFoundException", CP_ENOTFOUND},
        {"AccessDeniedException", CP_EDENIED},
        {"UnrecognizedClientException", CP_EDENIED},
    };
    static const struct {
        int status;
        enum cp_code code;
    } STATUSES[] = {
        {-1, CP_EIO},        {401, CP_EDENIED},   {403, CP_EDENIED},    {404, CP_ENOTFOUND},
        {409, CP_ECONFLICT}, {412, CP_ECONFLICT}, {429, CP_ETHROTTLED},
    };
    if (cp_retry_error_class(failure->error_code) == CP_RETRY_CLASS_THROTTLE)
        return CP_ETHROTTLED;
    for (size_t i = 0; i < sizeof NAMES / sizeof NAMES[0]; i++)
        if (strcmp(NAMES[i].error_code, failure->error_code) == 0)
            return NAMES[i].code;
    for (size_t i = 0; i < sizeof STATUSES / sizeof STATUSES[0]; i++)
        if (STATUSES[i].status == failure->http_status)
            return STATUSES[i].code;
    return CP_EREMOTE;
}
