/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "probes/aws/json.h"

#include <cjson/cJSON.h>
#include <string.h>

enum cp_code cp_json_parse(struct cp_view body, cJSON **out, struct cp_error *err)
{
    *out = cJSON_ParseWithLength(body.p, body.n);
    if (cJSON_IsObject(*out))
        return CP_OK;
    cJSON_Delete(*out);
    *out = NULL;
    return cp_fail(err, CP_EFORMAT, "the answer is not a JSON object");
}

const cJSON *cp_json_member(const cJSON *object, const char *name)
{
    return cJSON_GetObjectItemCaseSensitive(object, name);
}

enum cp_code cp_json_print(cJSON *json, bool is_built, struct cp_buf *out, struct cp_error *err)
{
    char *text = is_built ? cJSON_PrintUnformatted(json) : NULL;
    cJSON_Delete(json);
    if (!text)
        return cp_fail(err, CP_ENOMEM, "cannot build the request: out of memory");
    (void)cp_buf_adds(out, text);
    explicit_bzero(text, strlen(text));
    cJSON_free(text);
    return cp_buf_check(out, "the request", err);
}
