/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "probes/aws/caller.h"

#include <openssl/crypto.h>
#include <string.h>

#include "model/base/datetime.h"

enum { SKEW_TOLERATED_MS = 4 * 60 * 1000 }; /* most services allow 5 min */

/* --- keys --- */

static bool is_same_keys(const struct cp_credentials *a, const struct cp_credentials *b)
{
    return strcmp(a->access_key_id, b->access_key_id) == 0 &&
           strcmp(a->secret_access_key, b->secret_access_key) == 0 &&
           strcmp(a->session_token, b->session_token) == 0;
}

/* The source's time is AWS's: keys expire by AWS's clock, not by one that is known to be wrong. */
static enum cp_code ask_source(struct cp_caller *caller, bool is_refused, struct cp_error *err)
{
    const struct cp_credential_source *source = caller->options.credential_source;
    struct cp_credentials keys;
    int64_t now_ms = cp_caller_unix_ms(caller) + caller->skew_ms;
    enum cp_code code = source->get(source->context, now_ms, is_refused, &keys, err);
    if (!code && !is_same_keys(&keys, &caller->credentials)) {
        caller->credentials = keys;
        caller->keys_number++;
    }
    OPENSSL_cleanse(&keys, sizeof keys);
    return code;
}

enum cp_code cp_caller_take_keys(struct cp_caller *caller, struct cp_error *err)
{
    return caller->options.credential_source ? ask_source(caller, false, err) : CP_OK;
}

/* --- refusals --- */

static const struct {
    const char *code;
    enum cp_refusal refusal;
} CODES[] = {
    {"RequestTimeTooSkewed", CP_REFUSAL_TIME},
    {"RequestExpired", CP_REFUSAL_TIME},
    {"RequestInTheFuture", CP_REFUSAL_TIME},
    {"InvalidSignatureException", CP_REFUSAL_TIME},
    {"SignatureDoesNotMatch", CP_REFUSAL_TIME},
    {"AuthFailure", CP_REFUSAL_TIME},
    {"ExpiredToken", CP_REFUSAL_KEYS},
    {"ExpiredTokenException", CP_REFUSAL_KEYS},
    {"UnrecognizedClientException", CP_REFUSAL_KEYS},
    {"InvalidClientTokenId", CP_REFUSAL_KEYS},
};

enum cp_refusal cp_caller_refusal(const struct cp_http_response *response)
{
    struct cp_lambda_failure failure;
    if (response->code || response->status < 400 || response->status > 499)
        return CP_REFUSAL_NONE;
    cp_failure_read(response, &failure);
    for (size_t i = 0; i < sizeof CODES / sizeof CODES[0]; i++)
        if (strcmp(failure.error_code, CODES[i].code) == 0)
            return CODES[i].refusal;
    return CP_REFUSAL_NONE;
}

/* Signs with AWS's time from now on. The machine's clock is never touched. Compared with the time
 * of this request, so that a clock that is set right (or wrong) later is noticed as well. */
static bool learn_skew(struct cp_caller *caller, const struct cp_call_signing *signing,
                       const struct cp_http_response *response)
{
    int64_t server_at_ms = -1;
    if (!cp_datetime_parse_http(cp_http_header(response, "Date"), &server_at_ms))
        return false;
    int64_t skew = server_at_ms - cp_caller_unix_ms(caller);
    int64_t off = skew - signing->skew_ms;
    if (off > -SKEW_TOLERATED_MS && off < SKEW_TOLERATED_MS)
        return false;
    caller->skew_ms = skew;
    return true;
}

void cp_caller_explain_keys(const struct cp_http_response *response, struct cp_error *err)
{
    struct cp_lambda_failure failure;
    cp_failure_read(response, &failure);
    bool is_expired = strncmp(failure.error_code, "Expired", sizeof "Expired" - 1) == 0;
    (void)cp_fail(err, CP_EDENIED,
                  is_expired
                      ? "the credentials have expired; renew them (with SSO: 'aws sso login') "
                        "and start again"
                      : "AWS does not know these credentials; check the access key id, and "
                        "with temporary keys AWS_SESSION_TOKEN");
}

/* Many requests signed with the same keys may be refused together: the first takes others. */
static bool renew_keys(struct cp_caller *caller, const struct cp_call_signing *signing,
                       const struct cp_http_response *response, struct cp_error *err)
{
    if (signing->keys_number != caller->keys_number)
        return true;
    if (caller->options.credential_source) {
        if (ask_source(caller, true, err)) {
            (void)cp_fail_context(err, "AWS refused the credentials, and there are no others");
            return false;
        }
        if (signing->keys_number != caller->keys_number)
            return true;
    }
    cp_caller_explain_keys(response, err);
    return false;
}

bool cp_caller_heed_refusal(struct cp_caller *caller, enum cp_refusal refusal,
                            const struct cp_call_signing *signing,
                            const struct cp_http_response *response, struct cp_error *err)
{
    switch (refusal) {
    case CP_REFUSAL_TIME:
        return learn_skew(caller, signing, response);
    case CP_REFUSAL_KEYS:
        return renew_keys(caller, signing, response, err);
    case CP_REFUSAL_NONE:
    case CP_REFUSALS:
        break;
    }
    return false;
}
