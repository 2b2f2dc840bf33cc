/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "probes/aws/lambda_copy.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

#include "probes/aws/download.h"
#include "probes/aws/function_name.h"
#include "probes/aws/lambda_client.h"
#include "probes/aws/lambda_json.h"

enum {
    DOCUMENT_MAX = 1 << 20,
    BODY_MAX = CP_CODE_ZIP_MAX / 3 * 4 + DOCUMENT_MAX,
    URL_MAX = 16 * 1024,
    SHA256_BYTES = 32,
    SHA256_BASE64 = 44,
    ARN_COLONS = 6, /* arn:aws:lambda:region:account:function:name */
};

static void wipe(struct cp_buf *b)
{
    if (b->p)
        explicit_bzero(b->p, b->cap);
    cp_buf_clear(b);
}

void cp_function_source_clear(struct cp_function_source *source)
{
    wipe(&source->document);
}

enum cp_code cp_lambda_get_source(struct cp_lambda *l, const char *function, const char *qualifier,
                                  struct cp_function_source *out, struct cp_error *err)
{
    struct cp_lambda_target target = {.function = function, .qualifier = qualifier};
    int reserved = -1;
    enum cp_code code =
        cp_lambda_run(l, CP_OP_GET_FUNCTION, &target, NULL, NULL, &out->document, err);
    if (!code && cp_lambda_json_function(cp_buf_view(&out->document), &out->config, &reserved, err))
        code = cp_fail_context(err, "'%s'", function);
    if (code)
        cp_function_source_clear(out);
    return code;
}

/* --- the code --- */

static bool has_sha256(struct cp_view bytes, const char *base64)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned char text[SHA256_BASE64 + 1];
    unsigned int n = 0;
    if (EVP_Digest(bytes.p, bytes.n, digest, &n, EVP_sha256(), NULL) != 1 || n != SHA256_BYTES)
        return false;
    (void)EVP_EncodeBlock(text, digest, SHA256_BYTES);
    return strcmp((const char *)text, base64) == 0;
}

enum cp_code cp_lambda_download_code(struct cp_lambda *l, const struct cp_function_source *source,
                                     struct cp_buf *zip, struct cp_error *err)
{
    struct cp_buf url;
    if (strcmp(source->config.package_type, "Image") == 0)
        return CP_OK;
    if (source->config.code_size > CP_CODE_ZIP_MAX)
        return cp_fail(err, CP_EUNSUPPORTED,
                       "the code of '%s' has %.1f MB and CreateFunction takes zips up to 50 MB: "
                       "give --in-place",
                       source->config.name, (double)source->config.code_size / (1024.0 * 1024.0));
    cp_buf_init(&url, URL_MAX);
    enum cp_code code = cp_lambda_json_location(cp_buf_view(&source->document), &url, err);
    if (!code)
        code = cp_download(l->caller, cp_buf_str(&url), CP_CODE_ZIP_MAX, zip, err);
    if (!code && !has_sha256(cp_buf_view(zip), source->config.code_sha256))
        code = cp_fail(err, CP_EREMOTE, "what was downloaded has not its CodeSha256; try again");
    wipe(&url); /* signed: whoever has it can read the code */
    if (code)
        (void)cp_fail_context(err, "the code of '%s'", source->config.name);
    return code;
}

/* --- the copy --- */

enum cp_code cp_lambda_create_copy(struct cp_lambda *l, const struct cp_function_source *source,
                                   const struct cp_function_copy *copy,
                                   struct cp_function_config *out, struct cp_error *err)
{
    struct cp_lambda_target target = {.function = NULL};
    struct cp_buf body;
    struct cp_buf answer;
    cp_buf_init(&body, BODY_MAX);
    cp_buf_init(&answer, 0);
    enum cp_code code = cp_copy_name_check(copy->name, err);
    if (!code)
        code = cp_lambda_json_copy(cp_buf_view(&source->document), copy, &body, err);
    if (!code)
        code = cp_lambda_run(l, CP_OP_CREATE_FUNCTION, &target, NULL, &body, &answer, err);
    if (!code)
        code = cp_lambda_json_config(cp_buf_view(&answer), out, err);
    wipe(&body);
    wipe(&answer);
    if (code)
        (void)cp_fail_context(err, "'%s'", copy->name);
    return code;
}

enum cp_code cp_function_copy_describe(const struct cp_function_source *source,
                                       const struct cp_function_copy *copy, struct cp_buf *out,
                                       struct cp_error *err)
{
    return cp_lambda_json_copy_shown(cp_buf_view(&source->document), copy, source->config.code_size,
                                     out, err);
}

/* Its name, with or without an ARN before it; "" when the ARN has another form, a qualifier. */
static const char *name_of(const char *function)
{
    const char *name = function;
    int n_colons = 0;
    for (const char *at = function; *at; at++) {
        if (*at != ':')
            continue;
        n_colons++;
        name = at + 1;
    }
    return n_colons == 0 || n_colons == ARN_COLONS ? name : "";
}

enum cp_code cp_lambda_delete_copy(struct cp_lambda *l, const char *function, struct cp_error *err)
{
    struct cp_lambda_target target = {.function = function};
    struct cp_buf answer;
    enum cp_code code = cp_copy_name_check(name_of(function), err);
    if (code)
        return cp_fail_context(err, "DeleteFunction");
    code = cp_lambda_run(l, CP_OP_DELETE_FUNCTION, &target, NULL, NULL, &answer, err);
    cp_buf_clear(&answer);
    return code;
}

/* --- its name --- */

static bool is_run_id(const char *text)
{
    size_t n = strspn(text, "0123456789abcdef");
    return n > 0 && text[n] == '\0';
}

enum cp_code cp_copy_name(const char *name, const char *run,
                          char out[CP_FUNCTION_NAME_LENGTH_MAX + 1], struct cp_error *err)
{
    size_t tail = strlen(CP_COPY_MARK) + strlen(run);
    if (!is_run_id(run) || tail >= CP_FUNCTION_NAME_LENGTH_MAX)
        return cp_fail(err, CP_EINVAL, "'%s' is not a run id", run);
    int room = (int)(CP_FUNCTION_NAME_LENGTH_MAX - tail);
    (void)snprintf(out, CP_FUNCTION_NAME_LENGTH_MAX + 1, "%.*s%s%s", room, name, CP_COPY_MARK, run);
    return cp_copy_name_check(out, err);
}

enum cp_code cp_copy_name_check(const char *name, struct cp_error *err)
{
    enum cp_code code = cp_function_name_check(name, err);
    if (code)
        return code;
    const char *mark = NULL;
    for (const char *at = strstr(name, CP_COPY_MARK); at; at = strstr(at + 1, CP_COPY_MARK))
        mark = at;
    if (!mark || mark == name || strchr(name, ':') || !is_run_id(mark + strlen(CP_COPY_MARK)))
        return cp_fail(err, CP_EINVAL, "'%s' is not the name of a copy of ours (NAME%s<run>)", name,
                       CP_COPY_MARK);
    return CP_OK;
}

/* --- tags --- */

enum cp_code cp_lambda_get_tag(struct cp_lambda *l, const char *arn, const char *key,
                               char value[CP_TAG_VALUE_MAX], struct cp_error *err)
{
    struct cp_lambda_target target = {.function = arn};
    struct cp_buf answer;
    value[0] = '\0';
    enum cp_code code = cp_lambda_run(l, CP_OP_LIST_TAGS, &target, NULL, NULL, &answer, err);
    if (!code && cp_lambda_json_tag(cp_buf_view(&answer), key, value, err))
        code = cp_fail_context(err, "tags of '%s'", arn);
    cp_buf_clear(&answer);
    return code;
}
