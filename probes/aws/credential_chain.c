/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "probes/aws/credential_chain.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "probes/aws/sts.h"

enum { ASK_AGAIN_MS = 60 * 1000 };

static const struct cp_provider *const ORDER[] = {
    &cp_provider_environment,
    &cp_provider_role,
    &cp_provider_web_identity,
    &cp_provider_sso,
    &cp_provider_credentials_file,
    &cp_provider_process,
    &cp_provider_config_file,
    &cp_provider_container,
    &cp_provider_imds,
    NULL,
};
static const struct cp_provider *const AWS_CLI_ONLY[] = {&cp_provider_aws_cli, NULL};

struct cp_credential_chain {
    struct cp_credential_chain_options options;
    struct cp_credentials keys; /* no access key id: none yet */
    const char *provider;
    int64_t ask_again_at_ms; /* not before: the provider had nothing better */
};

enum cp_code cp_credential_chain_new(const struct cp_credential_chain_options *options,
                                     struct cp_credential_chain **out, struct cp_error *err)
{
    *out = calloc(1, sizeof **out);
    if (!*out)
        return cp_fail(err, CP_ENOMEM, "cannot make the credential chain: out of memory");
    (*out)->options = *options;
    (*out)->provider = "";
    if (!options->http)
        (*out)->options.http = &cp_http_curl;
    if (!options->clock)
        (*out)->options.clock = &cp_call_clock_real;
    return CP_OK;
}

void cp_credential_chain_free(struct cp_credential_chain *chain)
{
    if (!chain)
        return;
    cp_credentials_clear(&chain->keys);
    free(chain);
}

const char *cp_credential_chain_provider(const struct cp_credential_chain *chain)
{
    return chain->provider;
}

static struct cp_provider_world world_of(const struct cp_credential_chain *chain,
                                         const struct cp_shared_config *config)
{
    const struct cp_credential_chain_options *o = &chain->options;
    return (struct cp_provider_world){
        .config = config,
        .http = o->http,
        .clock = o->clock,
        .region = o->region,
        .allow_insecure = o->allow_insecure,
        .is_interrupted = o->is_interrupted,
        .interrupt_context = o->interrupt_context,
    };
}

/* --- asking --- */

/* Who was asked and why each declined. */
struct tried {
    char text[CP_ERROR_TEXT_MAX];
    size_t n;
};

static void note(struct tried *t, const char *provider, const char *why)
{
    int n = snprintf(t->text + t->n, sizeof t->text - t->n, "%s%s: %.80s", t->n ? "; " : "",
                     provider, why);
    t->n += n > 0 ? (size_t)n : 0;
    if (t->n >= sizeof t->text)
        t->n = sizeof t->text - 1;
}

static bool signs_in_by_aws_login(const struct cp_provider_world *world)
{
    const char *session = cp_ini_get(cp_shared_profile(world->config), "login_session");
    return session && session[0];
}

static enum cp_code ask_providers(struct cp_credential_chain *chain,
                                  const struct cp_provider_world *world, struct cp_credentials *out,
                                  struct cp_error *err)
{
    const struct cp_provider *const *p = chain->options.is_from_aws_cli ? AWS_CLI_ONLY : ORDER;
    struct tried tried = {.n = 0};
    for (; *p; p++) {
        struct cp_error own = {CP_OK, ""};
        enum cp_code code = (*p)->get(world, out, &own);
        if (!code) {
            chain->provider = (*p)->name;
            return CP_OK;
        }
        if (code != CP_ENOTFOUND)
            return cp_fail(err, code, "AWS credentials: %s", own.text);
        note(&tried, (*p)->name, own.text);
    }
    if (signs_in_by_aws_login(world))
        return cp_fail(err, CP_ENOTFOUND,
                       "profile '%s' signs in with 'aws login', which the AWS CLI keeps for "
                       "itself; give --credentials-from aws-cli",
                       world->config->profile);
    return cp_fail(err, CP_ENOTFOUND,
                   "no AWS credentials; name a profile with --profile, or run 'aws configure' (%s)",
                   tried.text);
}

static enum cp_code ask(struct cp_credential_chain *chain, int64_t now_ms,
                        struct cp_credentials *out, struct cp_error *err)
{
    struct cp_shared_config config;
    enum cp_code code = cp_shared_config_read(&chain->options.shared, &config, err);
    if (!code) {
        const struct cp_provider_world world = world_of(chain, &config);
        code = ask_providers(chain, &world, out, err);
    }
    cp_shared_config_clear(&config);
    if (code || !cp_provider_is_expired(out->expires_at_ms, now_ms))
        return code;
    cp_credentials_clear(out);
    return cp_fail(err, CP_EDENIED, "the AWS credentials of '%s' have expired; renew them",
                   chain->provider);
}

/* --- keeping --- */

static bool are_good(const struct cp_credentials *keys, int64_t now_ms)
{
    return keys->access_key_id[0] && !cp_provider_is_expired(keys->expires_at_ms, now_ms);
}

static bool is_renewal_due(const struct cp_credential_chain *chain, int64_t now_ms)
{
    const struct cp_credentials *keys = &chain->keys;
    if (!are_good(keys, now_ms))
        return true;
    return keys->expires_at_ms != 0 && keys->expires_at_ms - now_ms < CP_CREDENTIAL_RENEW_MS &&
           now_ms >= chain->ask_again_at_ms;
}

/* Short-lived keys: a helper is not run for each signature, but often enough to have new keys
 * before these end. */
static void plan_next(struct cp_credential_chain *chain, int64_t now_ms)
{
    int64_t quarter_ms = (chain->keys.expires_at_ms - now_ms) / 4;
    chain->ask_again_at_ms = now_ms + (quarter_ms < ASK_AGAIN_MS ? quarter_ms : ASK_AGAIN_MS);
}

static enum cp_code renew(struct cp_credential_chain *chain, int64_t now_ms, bool is_refused,
                          struct cp_error *err)
{
    struct cp_credentials fresh = {.expires_at_ms = 0};
    struct cp_error own = {CP_OK, ""};
    enum cp_code code = ask(chain, now_ms, &fresh, &own);
    if (!code) {
        chain->keys = fresh;
        cp_credentials_clear(&fresh);
    }
    if (code && (is_refused || !are_good(&chain->keys, now_ms)))
        return cp_fail(err, code, "%s", own.text);
    plan_next(chain, now_ms);
    return CP_OK;
}

static enum cp_code chain_get(void *context, int64_t now_ms, bool is_refused,
                              struct cp_credentials *out, struct cp_error *err)
{
    struct cp_credential_chain *chain = context;
    enum cp_code code = CP_OK;
    if (is_refused || is_renewal_due(chain, now_ms))
        code = renew(chain, now_ms, is_refused, err);
    if (code)
        *out = (struct cp_credentials){0};
    else
        *out = chain->keys;
    return code;
}

struct cp_credential_source cp_credential_chain_source(struct cp_credential_chain *chain)
{
    return (struct cp_credential_source){.context = chain, .get = chain_get};
}

enum cp_code cp_credential_chain_account(struct cp_credential_chain *chain, char out[13],
                                         struct cp_error *err)
{
    const struct cp_call_clock *clock = chain->options.clock;
    struct cp_shared_config config;
    struct cp_credentials keys;
    enum cp_code code = chain_get(chain, clock->unix_ms(clock->context), false, &keys, err);
    if (code)
        return code;
    code = cp_shared_config_read(&chain->options.shared, &config, err);
    if (!code) {
        const struct cp_provider_world world = world_of(chain, &config);
        code = cp_sts_account(&world, &keys, out, err);
    }
    cp_shared_config_clear(&config);
    cp_credentials_clear(&keys);
    return code;
}
