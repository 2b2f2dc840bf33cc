/* SPDX-License-Identifier: GPL-3.0-or-later
 * Code on its way into a function: from the request's base64 to a folder that can be run.
 */
#include <cjson/cJSON.h>
#include <stdio.h>
#include <string.h>

#include "probes/local/api_route.h"
#include "probes/local/base64.h"
#include "probes/local/control_settings.h"

/* What is wrong with the code is the caller's to know; what is wrong here is a failure of ours. */
static bool answer(enum cp_code code, const struct cp_error *err, struct cp_api_response *response)
{
    if (code == CP_EINVAL || code == CP_ELIMIT || code == CP_ENOTFOUND)
        cp_api_fail(response, 400, "InvalidParameterValueException", NULL, "%s", err->text);
    else if (code)
        cp_api_fail(response, 500, "ServiceException", NULL, "%s", err->text);
    return !code;
}

bool cp_code_prepare(struct cp_control *control, struct cp_function_folder *folder,
                     struct cp_api_response *response)
{
    struct cp_error err = {.code = CP_OK};
    const struct cp_control_code *code = &control->code;
    return !code->prepare || answer(code->prepare(code->context, folder, &err), &err, response);
}

bool cp_code_unpack(struct cp_control *control, const cJSON *zip_file,
                    struct cp_function_folder *folder, struct cp_api_response *response)
{
    struct cp_error err = {.code = CP_OK};
    struct cp_buf zip;
    const char *text = cJSON_GetStringValue(zip_file);
    if (!control->code.unpack) {
        cp_api_fail(response, 400, "InvalidParameterValueException", NULL,
                    "This service takes no code");
        return false;
    }
    cp_buf_init(&zip, CP_UPLOAD_MAX);
    enum cp_code code = cp_base64_decode(&zip, cp_view_of(text ? text : ""));
    bool is_good = false;
    if (code == CP_EFORMAT)
        cp_api_fail(response, 400, "SerializationException", NULL, "ZipFile is not base64");
    else if (code)
        cp_fail_memory(response);
    else
        is_good =
            answer(control->code.unpack(control->code.context, cp_buf_view(&zip), folder, &err),
                   &err, response);
    cp_buf_clear(&zip);
    return is_good;
}

bool cp_code_source(struct cp_body *b, const cJSON *code, const cJSON **zip_file,
                    struct cp_api_response *response)
{
    *zip_file = cp_body_member(code, "ZipFile");
    const char *why = cp_body_member(code, "ImageUri")
                          ? "This service runs code from zip archives and has no ImageUri"
                      : cp_body_member(code, "S3Bucket") || cp_body_member(code, "S3Key")
                          ? "This service has no S3: give the archive as ZipFile"
                      : !*zip_file ? "Please provide a source for function code."
                                   : NULL;
    if (*zip_file && !cJSON_IsString(*zip_file))
        b->wrong_type = "NUMBER_VALUE can not be converted to a Blob";
    if (why)
        cp_api_fail(response, 400, "InvalidParameterValueException", NULL, "%s", why);
    return !why;
}

void cp_check_architectures(struct cp_body *b, const cJSON *list, const char *here, char *refusal,
                            size_t size)
{
    const char *wanted = cJSON_GetStringValue(cJSON_GetArrayItem(list, 0));
    if (!cJSON_IsArray(list) || !wanted) {
        b->wrong_type = "Unexpected field type";
        return;
    }
    bool is_known = strcmp(wanted, "x86_64") == 0 || strcmp(wanted, "arm64") == 0;
    if (!is_known || cJSON_GetArraySize(list) != 1)
        cp_violations_add(&b->violations, wanted, "architectures",
                          "Member must satisfy constraint: [Member must have length less than or "
                          "equal to 1, Member must satisfy enum value set: [x86_64, arm64], Member "
                          "must not be null]");
    else if (strcmp(wanted, here) != 0 && !refusal[0])
        (void)snprintf(refusal, size,
                       "This service runs on a machine of architecture %s and cannot run %s", here,
                       wanted);
}
