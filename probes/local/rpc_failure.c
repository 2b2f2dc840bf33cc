/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "probes/local/rpc_failure.h"

#include <cjson/cJSON.h>

#include "probes/local/json_out.h"

void cp_rpc_failure(struct cp_api_response *response)
{
    cJSON *body = cJSON_ParseWithLength(cp_buf_str(&response->body), response->body.n);
    const char *message = cJSON_GetStringValue(cJSON_GetObjectItem(body, "message"));
    struct cp_json_out j = {.to = &response->body};
    if (response->status < 500)
        response->status = 400;
    cp_buf_reset(&response->body);
    cp_json_object(&j, NULL);
    cp_json_string(&j, "__type", response->error_type);
    cp_json_string(&j, "message", message ? message : "");
    cp_json_object_end(&j);
    cJSON_Delete(body);
}
