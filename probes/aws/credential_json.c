/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "probes/aws/credential_json.h"

#include <cjson/cJSON.h>
#include <string.h>

#include "model/base/datetime.h"

/* Names of the members, by dialect. */
static const struct dialect {
    const char *inside; /* the object around; NULL: the whole text */
    const char *id, *secret, *token, *expiration;
    bool has_version, is_temporary; /* a token and an end are required */
} DIALECTS[] = {
    [CP_CREDENTIAL_PROCESS] = {NULL, "AccessKeyId", "SecretAccessKey", "SessionToken", "Expiration",
                               true, false},
    [CP_CREDENTIAL_METADATA] = {NULL, "AccessKeyId", "SecretAccessKey", "Token", "Expiration",
                                false, true},
    [CP_CREDENTIAL_SSO] = {"roleCredentials", "accessKeyId", "secretAccessKey", "sessionToken",
                           "expiration", false, true},
};

/* cJSON's parser calls itself for each level: the depth is found before it runs. */
static bool is_too_deep(struct cp_view text)
{
    int depth = 0;
    bool is_in_string = false;
    for (size_t i = 0; i < text.n; i++) {
        char c = text.p[i];
        if (is_in_string) {
            i += c == '\\';
            is_in_string = c != '"';
        } else {
            is_in_string = c == '"';
            depth += (c == '{' || c == '[') - (c == '}' || c == ']');
        }
        if (depth > CP_CREDENTIAL_JSON_DEPTH_MAX)
            return true;
    }
    return false;
}

static enum cp_code parse(struct cp_view text, cJSON **out, struct cp_error *err)
{
    if (text.n > CP_CREDENTIAL_JSON_MAX || is_too_deep(text))
        return cp_fail(err, CP_ELIMIT, "the JSON is larger than %d bytes or nested deeper than %d",
                       CP_CREDENTIAL_JSON_MAX, CP_CREDENTIAL_JSON_DEPTH_MAX);
    *out = cJSON_ParseWithLength(text.p, text.n);
    if (cJSON_IsObject(*out))
        return CP_OK;
    return cp_fail(err, CP_EFORMAT, "the answer is not a JSON object");
}

/* Wipes every text before the tree is freed. Depth is bounded by is_too_deep. */
static void wipe(cJSON *json) // NOLINT(misc-no-recursion)
{
    for (; json; json = json->next) {
        if (json->valuestring)
            explicit_bzero(json->valuestring, strlen(json->valuestring));
        wipe(json->child);
    }
}

static void wipe_and_delete(cJSON *json)
{
    wipe(json);
    cJSON_Delete(json);
}

static struct cp_view text_of(const cJSON *object, const char *name)
{
    return cp_view_of(cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name)));
}

/* An ISO date, or a number of unix ms. */
static enum cp_code read_expiration(const cJSON *object, const char *name, int64_t *at_ms,
                                    struct cp_error *err)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);
    double number = cJSON_IsNumber(item) ? item->valuedouble : 0;
    if (number > 0 && number < 1e15) {
        *at_ms = (int64_t)number;
        return CP_OK;
    }
    if (cJSON_IsString(item) && cp_datetime_parse(cp_view_of(item->valuestring), at_ms))
        return CP_OK;
    return cp_fail(err, CP_EFORMAT, "'%s' is not a date", name);
}

/* A metadata service says "Success", or which fault it has. */
static enum cp_code check_code(const cJSON *object, struct cp_error *err)
{
    struct cp_view code = text_of(object, "Code");
    if (code.n == 0 || cp_view_is(code, "Success"))
        return CP_OK;
    for (size_t i = 0; i < code.n; i++)
        if (code.p[i] < '0' || code.p[i] > 'z')
            return cp_fail(err, CP_EREMOTE, "the answer is an error");
    return cp_fail(err, CP_EREMOTE, "the answer is the error '%.*s'",
                   (int)(code.n < 64 ? code.n : 64), code.p);
}

static enum cp_code check_version(const cJSON *object, struct cp_error *err)
{
    const cJSON *version = cJSON_GetObjectItemCaseSensitive(object, "Version");
    if (cJSON_IsNumber(version) && version->valuedouble == 1)
        return CP_OK;
    return cp_fail(err, CP_EUNSUPPORTED, "'Version' is not 1");
}

static enum cp_code check_members(const cJSON *object, const struct dialect *d,
                                  struct cp_error *err)
{
    const char *const required[] = {d->id, d->secret, d->is_temporary ? d->token : NULL};
    for (size_t i = 0; i < 3; i++)
        if (required[i] && text_of(object, required[i]).n == 0)
            return cp_fail(err, CP_EFORMAT, "the answer has no '%s'", required[i]);
    return CP_OK;
}

static enum cp_code read_object(const cJSON *object, const struct dialect *d,
                                struct cp_credentials *out, struct cp_error *err)
{
    enum cp_code code = d->has_version ? check_version(object, err) : check_code(object, err);
    if (!code)
        code = check_members(object, d, err);
    if (!code)
        code = cp_credentials_static(text_of(object, d->id), text_of(object, d->secret),
                                     text_of(object, d->token), out, err);
    bool has_end = cJSON_HasObjectItem(object, d->expiration);
    if (!code && (has_end || d->is_temporary))
        code = read_expiration(object, d->expiration, &out->expires_at_ms, err);
    return code;
}

enum cp_code cp_credential_json_read(enum cp_credential_dialect dialect, struct cp_view text,
                                     struct cp_credentials *out, struct cp_error *err)
{
    const struct dialect *d = &DIALECTS[dialect];
    cJSON *json = NULL;
    *out = (struct cp_credentials){0};
    enum cp_code code = parse(text, &json, err);
    const cJSON *object = json;
    if (!code && d->inside) {
        object = cJSON_GetObjectItemCaseSensitive(json, d->inside);
        if (!cJSON_IsObject(object))
            code = cp_fail(err, CP_EFORMAT, "the answer has no '%s'", d->inside);
    }
    if (!code)
        code = read_object(object, d, out, err);
    if (code)
        cp_credentials_clear(out);
    wipe_and_delete(json);
    return code;
}

/* ISO 8601, or an old AWS CLI's "2026-06-17T10:02:08UTC". */
static bool parse_token_end(struct cp_view text, int64_t *at_ms)
{
    if (text.n > 3 && memcmp(text.p + text.n - 3, "UTC", 3) == 0)
        text.n -= 3;
    return cp_datetime_parse(text, at_ms);
}

enum cp_code cp_sso_token_read(struct cp_view text, struct cp_sso_token *out, struct cp_error *err)
{
    cJSON *json = NULL;
    *out = (struct cp_sso_token){.expires_at_ms = 0};
    enum cp_code code = parse(text, &json, err);
    if (!code &&
        !cp_view_copy(text_of(json, "accessToken"), out->access_token, sizeof out->access_token))
        code = cp_fail(err, CP_ELIMIT, "'accessToken' is longer than %zu characters",
                       sizeof out->access_token - 1);
    if (!code && !out->access_token[0])
        code = cp_fail(err, CP_EFORMAT, "there is no 'accessToken'");
    if (!code && !parse_token_end(text_of(json, "expiresAt"), &out->expires_at_ms))
        code = cp_fail(err, CP_EFORMAT, "'expiresAt' is not a date");
    if (code)
        explicit_bzero(out, sizeof *out);
    wipe_and_delete(json);
    return code;
}
