/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "probes/local/caller_identity.h"

#include <cjson/cJSON.h>
#include <string.h>

#include "probes/local/api_route.h"
#include "probes/local/control_state.h"

#define NAMESPACE "https://sts.amazonaws.com/doc/2011-06-15/"

static void add_escaped(struct cp_buf *out, const char *text)
{
    for (; *text; text++) {
        switch (*text) {
        case '<':
            (void)cp_buf_adds(out, "&lt;");
            break;
        case '>':
            (void)cp_buf_adds(out, "&gt;");
            break;
        case '&':
            (void)cp_buf_adds(out, "&amp;");
            break;
        default:
            (void)cp_buf_addc(out, *text);
        }
    }
}

void cp_caller_identity_fail(const char *request_id, struct cp_api_response *response)
{
    cJSON *body = cJSON_ParseWithLength(cp_buf_str(&response->body), response->body.n);
    const char *message = cJSON_GetStringValue(cJSON_GetObjectItem(body, "message"));
    struct cp_buf *out = &response->body;
    cp_buf_reset(out);
    (void)cp_buf_addf(out, "<ErrorResponse xmlns=\"" NAMESPACE "\"><Error><Type>%s</Type><Code>",
                      response->status >= 500 ? "Receiver" : "Sender");
    add_escaped(out, response->error_type);
    (void)cp_buf_adds(out, "</Code><Message>");
    add_escaped(out, message ? message : "");
    (void)cp_buf_addf(out, "</Message></Error><RequestId>%s</RequestId></ErrorResponse>\n",
                      request_id);
    cJSON_Delete(body);
}

/* There is one caller: whoever has the service's keys. */
void cp_caller_identity_answer(const struct cp_control *control, struct cp_view form,
                               const char *request_id, struct cp_api_response *response)
{
    char action[64] = "";
    if (!cp_query_find(form, "Action", action, sizeof action) ||
        strcmp(action, "GetCallerIdentity") != 0) {
        cp_api_fail(response, 400, "InvalidAction", NULL,
                    "Could not find operation %s for version 2011-06-15", action);
        cp_caller_identity_fail(request_id, response);
        return;
    }
    response->status = 200;
    (void)cp_buf_addf(&response->body,
                      "<GetCallerIdentityResponse xmlns=\"" NAMESPACE "\">"
                      "<GetCallerIdentityResult><Arn>arn:%s:iam::%s:user/coldprof-local</Arn>"
                      "<UserId>AIDALOCALEXAMPLE0000</UserId><Account>%s</Account>"
                      "</GetCallerIdentityResult><ResponseMetadata><RequestId>%s</RequestId>"
                      "</ResponseMetadata></GetCallerIdentityResponse>\n",
                      cp_state_partition(control), control->account_id, control->account_id,
                      request_id);
}
