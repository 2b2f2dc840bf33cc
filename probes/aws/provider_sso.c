/* SPDX-License-Identifier: GPL-3.0-or-later
 * IAM Identity Center (SSO) with a token that the AWS CLI has cached. Signing in is the AWS CLI's:
 * the message names the command.
 */
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

#include "probes/aws/credential_json.h"
#include "probes/aws/provider.h"
#include "probes/aws/sigv4.h"

enum {
    CALL_TIMEOUT_MS = 30000,
    SHA1_BYTES = 20,
    QUERY_MAX = 1024,
};

/* The settings of a profile, its session's included. */
struct sso {
    const char *profile;
    const char *session; /* NULL: the older form, all in the profile */
    const char *start_url, *region, *account_id, *role_name;
};

static const char *setting(const struct cp_ini_section *section, const char *name)
{
    const char *value = cp_ini_get(section, name);
    return value && value[0] ? value : NULL;
}

static bool are_digits(const char *text)
{
    return text[strspn(text, "0123456789")] == '\0' && strlen(text) <= 12;
}

static enum cp_code check_settings(const struct sso *sso, struct cp_error *err)
{
    const struct {
        const char *name, *value;
    } required[] = {
        {"sso_start_url", sso->start_url},
        {"sso_region", sso->region},
        {"sso_account_id", sso->account_id},
        {"sso_role_name", sso->role_name},
    };
    for (size_t i = 0; i < sizeof required / sizeof required[0]; i++)
        if (!required[i].value)
            return cp_fail(err, CP_EINVAL, "profile '%s' signs in with SSO but has no %s",
                           sso->profile, required[i].name);
    if (!cp_region_is_valid(cp_view_of(sso->region)))
        return cp_fail(err, CP_EINVAL, "profile '%s': sso_region is not like 'eu-central-1'",
                       sso->profile);
    if (!are_digits(sso->account_id))
        return cp_fail(err, CP_EINVAL, "profile '%s': sso_account_id is not 12 digits",
                       sso->profile);
    return CP_OK;
}

static enum cp_code read_settings(const struct cp_provider_world *world,
                                  const struct cp_ini_section *profile, struct sso *out,
                                  struct cp_error *err)
{
    const struct cp_ini_section *where = profile;
    *out = (struct sso){.profile = profile->name, .session = setting(profile, "sso_session")};
    if (out->session)
        where = cp_ini_section(&world->config->ini, CP_INI_SSO_SESSION, out->session);
    if (!where)
        return cp_fail(err, CP_EINVAL, "profile '%s' names [sso-session %s], which is not in '%s'",
                       profile->name, out->session, world->config->config_path);
    out->start_url = setting(where, "sso_start_url");
    out->region = setting(where, "sso_region");
    out->account_id = setting(profile, "sso_account_id");
    out->role_name = setting(profile, "sso_role_name");
    return check_settings(out, err);
}

/* --- the cached token --- */

/* <home>/.aws/sso/cache/<SHA-1 of the session's name, or of the start URL>.json */
static enum cp_code token_path(const struct cp_shared_config *config, const struct sso *sso,
                               char out[CP_SHARED_PATH_MAX], struct cp_error *err)
{
    const char *key = sso->session ? sso->session : sso->start_url;
    unsigned char hash[EVP_MAX_MD_SIZE];
    unsigned n_hash = 0;
    char name[2 * SHA1_BYTES + 1];
    if (!config->home[0])
        return cp_fail(err, CP_EINVAL, "the SSO cache is below HOME, which is not set");
    if (EVP_Digest(key, strlen(key), hash, &n_hash, EVP_sha1(), NULL) != 1 || n_hash != SHA1_BYTES)
        return cp_fail(err, CP_EIO, "cannot make the name of the SSO token file");
    for (unsigned i = 0; i < n_hash; i++)
        (void)snprintf(name + (size_t)2 * i, 3, "%02x", hash[i]);
    int n = snprintf(out, CP_SHARED_PATH_MAX, "%s/.aws/sso/cache/%s.json", config->home, name);
    return n > 0 && n < CP_SHARED_PATH_MAX ? CP_OK : cp_fail(err, CP_ELIMIT, "HOME is too long");
}

static enum cp_code read_token(const struct cp_provider_world *world, const struct sso *sso,
                               struct cp_sso_token *out, struct cp_error *err)
{
    char path[CP_SHARED_PATH_MAX];
    struct cp_buf text;
    struct cp_error own = {CP_OK, ""};
    enum cp_code code = token_path(world->config, sso, path, err);
    if (code)
        return code;
    cp_buf_init(&text, CP_CREDENTIAL_JSON_MAX);
    code = cp_shared_read_file(world->config, path, &text, &own);
    if (!code)
        code = cp_sso_token_read(cp_buf_view(&text), out, &own);
    cp_shared_wipe(&text);
    if (code)
        return cp_fail(err, CP_EDENIED,
                       "profile '%s' is not signed in ('%.200s': %.100s): run 'aws sso login "
                       "--profile %s'",
                       sso->profile, path, code == CP_ENOTFOUND ? "no such file" : own.text,
                       sso->profile);
    if (cp_provider_is_expired(out->expires_at_ms, world->clock->unix_ms(world->clock->context)))
        return cp_fail(err, CP_EDENIED,
                       "the SSO sign-in of profile '%s' has expired: run 'aws sso login --profile "
                       "%s'",
                       sso->profile, sso->profile);
    return CP_OK;
}

/* --- the call --- */

static enum cp_code call_portal(struct cp_caller *caller, const struct sso *sso,
                                const struct cp_sso_token *token, struct cp_buf *answer,
                                struct cp_error *err)
{
    const struct cp_header bearer = {CP_VIEW_LIT("x-amz-sso_bearer_token"),
                                     cp_view_of(token->access_token)};
    struct cp_error own = {CP_OK, ""};
    struct cp_buf query;
    cp_buf_init(&query, QUERY_MAX);
    (void)cp_buf_adds(&query, "role_name=");
    (void)cp_uri_encode(&query, cp_view_of(sso->role_name), false);
    (void)cp_buf_addf(&query, "&account_id=%s", sso->account_id);
    const struct cp_call call = {
        .operation = "GetRoleCredentials",
        .method = "GET",
        .path = "/federation/credentials",
        .query = cp_buf_str(&query),
        .headers = &bearer,
        .n_headers = 1,
        .timeout_ms = CALL_TIMEOUT_MS,
        .max_response_bytes = CP_CREDENTIAL_JSON_MAX,
        .kind = CP_CALL_REPEATABLE,
    };
    enum cp_code code = cp_buf_check(&query, "sso_role_name", err);
    if (!code && cp_call_wait(caller, &call, answer, &own)) {
        bool is_leak = strstr(own.text, token->access_token) != NULL;
        int status = cp_caller_failure(caller)->http_status;
        code = cp_fail(err, own.code, "%s",
                       is_leak ? "GetRoleCredentials: the answer is an error" : own.text);
        if (status == 401)
            code = cp_fail(err, CP_EDENIED,
                           "the SSO sign-in of profile '%s' is not valid any more: run 'aws sso "
                           "login --profile %s'",
                           sso->profile, sso->profile);
    }
    cp_buf_clear(&query);
    return code;
}

static enum cp_code get_keys(const struct cp_provider_world *world, const struct sso *sso,
                             struct cp_credentials *out, struct cp_error *err)
{
    const struct cp_provider_call where = {.service = &cp_service_sso, .region = sso->region};
    struct cp_sso_token token;
    struct cp_caller *caller = NULL;
    struct cp_buf answer;
    cp_buf_init(&answer, CP_CREDENTIAL_JSON_MAX);
    (void)cp_buf_reserve(&answer, CP_CREDENTIAL_JSON_MAX);
    enum cp_code code = read_token(world, sso, &token, err);
    if (!code)
        code = cp_provider_caller(world, &where, &caller, err);
    if (!code)
        code = call_portal(caller, sso, &token, &answer, err);
    if (!code)
        code = cp_credential_json_read(CP_CREDENTIAL_SSO, cp_buf_view(&answer), out, err);
    cp_caller_free(caller);
    explicit_bzero(&token, sizeof token);
    cp_shared_wipe(&answer);
    return code;
}

enum cp_code cp_profile_sso(const struct cp_provider_world *world,
                            const struct cp_ini_section *profile, struct cp_credentials *out,
                            struct cp_error *err)
{
    struct sso sso;
    *out = (struct cp_credentials){0};
    if (!setting(profile, "sso_session") && !setting(profile, "sso_start_url"))
        return cp_fail(err, CP_ENOTFOUND, "no sso_session or sso_start_url");
    enum cp_code code = read_settings(world, profile, &sso, err);
    if (!code)
        code = get_keys(world, &sso, out, err);
    if (code)
        (void)cp_fail_context(err, "SSO of profile '%s'", profile->name);
    return cp_provider_fault(code, err);
}

static enum cp_code sso_get(const struct cp_provider_world *world, struct cp_credentials *out,
                            struct cp_error *err)
{
    return cp_profile_sso(world, cp_shared_profile(world->config), out, err);
}

const struct cp_provider cp_provider_sso = {"SSO", sso_get};
