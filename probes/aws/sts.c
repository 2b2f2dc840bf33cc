/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "probes/aws/sts.h"

#include <string.h>

#include "model/base/datetime.h"
#include "probes/aws/sigv4.h"
#include "probes/aws/xml.h"

enum {
    CALL_TIMEOUT_MS = 30000,
    FORM_MAX = 64 << 10, /* a web identity token has up to 20,000 characters */
    ANSWER_MAX = 64 << 10,
    ROLE_ARN_MAX = 2048,
    DURATION_MIN_S = 900,
    DURATION_MAX_S = 43200,
};

static const char *region_of(const struct cp_provider_world *world)
{
    return world->region && world->region[0] ? world->region : "us-east-1";
}

/* AWS's own texts hold no secrets; an answer that repeats what was sent would. */
static bool holds(const char *text, struct cp_view secret)
{
    return secret.n && memmem(text, strlen(text), secret.p, secret.n);
}

static enum cp_code fail_call(const struct cp_caller *caller, const struct cp_credentials *keys,
                              struct cp_view identity_token, const char *operation,
                              struct cp_error *err)
{
    bool is_leak = holds(err->text, identity_token);
    if (keys)
        is_leak = is_leak || holds(err->text, cp_view_of(keys->secret_access_key)) ||
                  holds(err->text, cp_view_of(keys->session_token));
    if (is_leak)
        return cp_fail(err, err->code, "%s: HTTP %d", operation,
                       cp_caller_failure(caller)->http_status);
    return err->code;
}

static enum cp_code post(const struct cp_provider_world *world, const struct cp_credentials *keys,
                         const char *operation, const struct cp_buf *form,
                         struct cp_view identity_token, struct cp_buf *answer, struct cp_error *err)
{
    const struct cp_header type = {CP_VIEW_LIT("Content-Type"),
                                   CP_VIEW_LIT("application/x-www-form-urlencoded")};
    const struct cp_provider_call where = {
        .service = &cp_service_sts, .region = region_of(world), .keys = keys};
    struct cp_caller *caller = NULL;
    struct cp_error own = {CP_OK, ""};
    enum cp_code code = cp_provider_caller(world, &where, &caller, err);
    if (code)
        return code;
    const struct cp_call call = {
        .operation = operation,
        .method = "POST",
        .path = "/",
        .body = cp_buf_view(form),
        .headers = &type,
        .n_headers = 1,
        .timeout_ms = CALL_TIMEOUT_MS,
        .max_response_bytes = ANSWER_MAX,
        .kind = CP_CALL_REPEATABLE,
    };
    (void)cp_buf_reserve(answer, ANSWER_MAX);
    if (cp_call_wait(caller, &call, answer, &own)) {
        (void)fail_call(caller, keys, identity_token, operation, &own);
        code = cp_fail(err, own.code, "%s", own.text);
    }
    cp_caller_free(caller);
    return code;
}

static void add_field(struct cp_buf *form, const char *name, struct cp_view value)
{
    if (value.n == 0)
        return;
    (void)cp_buf_addf(form, "&%s=", name);
    (void)cp_uri_encode(form, value, false);
}

/* --- AssumeRole --- */

/* Of the form arn:aws*:iam::account:role/path; it is sent, and shown in messages. */
static bool is_role_arn(const char *arn)
{
    for (const char *p = arn; *p; p++)
        if (*p <= ' ' || *p > '~')
            return false;
    return strlen(arn) <= ROLE_ARN_MAX && strncmp(arn, "arn:", 4) == 0;
}

static bool is_session_name(const char *name)
{
    size_t n = strlen(name);
    for (const char *p = name; *p; p++) {
        bool is_word = (*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') ||
                       (*p >= '0' && *p <= '9') || strchr("_+=,.@-", *p);
        if (!is_word)
            return false;
    }
    return n >= 2 && n <= 64;
}

static bool is_duration(const char *text)
{
    int64_t s = 0;
    return !text ||
           (cp_view_to_int64(cp_view_of(text), &s) && s >= DURATION_MIN_S && s <= DURATION_MAX_S);
}

static enum cp_code check_role(const struct cp_sts_role *role, struct cp_error *err)
{
    if (!is_role_arn(role->role_arn))
        return cp_fail(err, CP_EINVAL,
                       "role_arn is not like 'arn:aws:iam::123456789012:role/name'");
    if (!is_session_name(role->session_name))
        return cp_fail(err, CP_EINVAL,
                       "role '%s': a session name is 2 to 64 letters, digits or _+=,.@-",
                       role->role_arn);
    if (!is_duration(role->duration_s))
        return cp_fail(err, CP_EINVAL, "role '%s': duration_seconds is not within %d..%d",
                       role->role_arn, DURATION_MIN_S, DURATION_MAX_S);
    return CP_OK;
}

static enum cp_code build_form(const char *operation, const struct cp_sts_role *role,
                               struct cp_buf *form, struct cp_error *err)
{
    (void)cp_buf_reserve(form, FORM_MAX / 2); /* once: growing leaves copies of the token behind */
    (void)cp_buf_addf(form, "Action=%s&Version=2011-06-15", operation);
    add_field(form, "RoleArn", cp_view_of(role->role_arn));
    add_field(form, "RoleSessionName", cp_view_of(role->session_name));
    add_field(form, "ExternalId", cp_view_of(role->external_id));
    add_field(form, "DurationSeconds", cp_view_of(role->duration_s));
    add_field(form, "WebIdentityToken", role->identity_token);
    return cp_buf_check(form, operation, err);
}

static enum cp_code read_keys(struct cp_view answer, const char *operation,
                              struct cp_credentials *out, struct cp_error *err)
{
    struct cp_view inner;
    char expiration[CP_DATETIME_TEXT_MAX];
    if (!cp_xml_find(answer, "Credentials", &inner))
        return cp_fail(err, CP_EFORMAT, "%s: the answer has no 'Credentials'", operation);
    const struct {
        const char *name;
        char *to;
        size_t size;
    } parts[] = {
        {"AccessKeyId", out->access_key_id, sizeof out->access_key_id},
        {"SecretAccessKey", out->secret_access_key, sizeof out->secret_access_key},
        {"SessionToken", out->session_token, sizeof out->session_token},
        {"Expiration", expiration, sizeof expiration},
    };
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        if (!cp_xml_text(inner, parts[i].name, parts[i].to, parts[i].size) || !parts[i].to[0])
            return cp_fail(err, CP_EFORMAT, "%s: the answer has no proper '%s'", operation,
                           parts[i].name);
    if (!cp_datetime_parse(cp_view_of(expiration), &out->expires_at_ms))
        return cp_fail(err, CP_EFORMAT, "%s: 'Expiration' is not a date", operation);
    return CP_OK;
}

enum cp_code cp_sts_assume_role(const struct cp_provider_world *world,
                                const struct cp_credentials *keys, const struct cp_sts_role *role,
                                struct cp_credentials *out, struct cp_error *err)
{
    const char *operation = role->identity_token.n ? "AssumeRoleWithWebIdentity" : "AssumeRole";
    struct cp_buf form;
    struct cp_buf answer;
    *out = (struct cp_credentials){0};
    cp_buf_init(&form, FORM_MAX);
    cp_buf_init(&answer, ANSWER_MAX);
    enum cp_code code = check_role(role, err);
    if (code)
        return code;
    code = build_form(operation, role, &form, err);
    if (!code)
        code = post(world, keys, operation, &form, role->identity_token, &answer, err);
    if (!code)
        code = read_keys(cp_buf_view(&answer), operation, out, err);
    if (code) {
        (void)cp_fail_context(err, "role '%s'", role->role_arn);
        cp_credentials_clear(out);
    }
    cp_shared_wipe(&form);
    cp_shared_wipe(&answer);
    return cp_provider_fault(code, err);
}

/* --- GetCallerIdentity --- */

static bool is_account(const char *text)
{
    return strlen(text) == CP_ACCOUNT_TEXT_MAX - 1 &&
           strspn(text, "0123456789") == CP_ACCOUNT_TEXT_MAX - 1;
}

enum cp_code cp_sts_account(const struct cp_provider_world *world,
                            const struct cp_credentials *keys, char out[CP_ACCOUNT_TEXT_MAX],
                            struct cp_error *err)
{
    static const char operation[] = "GetCallerIdentity";
    struct cp_buf form;
    struct cp_buf answer;
    cp_buf_init(&form, FORM_MAX);
    cp_buf_init(&answer, ANSWER_MAX);
    (void)cp_buf_addf(&form, "Action=%s&Version=2011-06-15", operation);
    enum cp_code code = cp_buf_check(&form, operation, err);
    if (!code)
        code = post(world, keys, operation, &form, (struct cp_view){"", 0}, &answer, err);
    if (!code && (!cp_xml_text(cp_buf_view(&answer), "Account", out, CP_ACCOUNT_TEXT_MAX) ||
                  !is_account(out)))
        code = cp_fail(err, CP_EFORMAT, "%s: the answer has no proper 'Account'", operation);
    cp_buf_clear(&form);
    cp_shared_wipe(&answer);
    return code;
}
