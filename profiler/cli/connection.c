/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/cli/connection.h"

#include "probes/aws/function_name.h"
#include "probes/os/clock.h"

#include <stdio.h>
#include <string.h>

enum { UNDO_MS = 15 * 60 * 1000, ACCOUNT_SHOWN = 4 };

/* "arn:...:function:name:live" -> "name:live"; a name stays as it is. */
static void set_function(struct cp_connection *c)
{
    struct cp_view region;
    struct cp_view account;
    const char *text = c->options.target ? c->options.target : "";
    if (cp_function_place(text, &region, &account)) {
        const char *head = strstr(account.p + account.n, ":function:");
        text = head ? head + sizeof ":function:" - 1 : text;
    }
    (void)snprintf(c->function, sizeof c->function, "%s", text);
}

/* The endpoint of a service as it is configured, and its URL. `is_plain`: it is the one that AWS
 * has for the Region anyway. */
static enum cp_code look_up(const struct cp_connection *c, const struct cp_service *service,
                            struct cp_endpoint *found, char url[CP_CONNECTION_URL_MAX],
                            bool *is_plain, struct cp_error *err)
{
    struct cp_endpoint plain;
    const struct cp_service_endpoint_options where = {
        .service = service,
        .region = c->region,
        .url = c->options.endpoint_url,
        .allow_insecure = c->options.allow_insecure,
    };
    enum cp_code code = cp_service_endpoint(&c->config, &where, found, err);
    if (code)
        return code;
    (void)snprintf(url, CP_CONNECTION_URL_MAX, "%s%s", found->origin, found->base_path);
    *is_plain = cp_endpoint_of_region(service->host, c->region, &plain, NULL) == CP_OK &&
                strcmp(url, plain.origin) == 0;
    return CP_OK;
}

enum cp_code cp_connection_endpoint(const struct cp_connection *connection,
                                    const struct cp_service *service,
                                    char out[CP_CONNECTION_URL_MAX], struct cp_error *err)
{
    struct cp_endpoint found;
    bool is_plain = false;
    enum cp_code code = look_up(connection, service, &found, out, &is_plain, err);
    if (is_plain)
        out[0] = '\0';
    return code;
}

/* AWS's endpoint is known by its host; what is on this machine is the embedded service or a double
 * of AWS. */
static enum cp_code find_endpoint(struct cp_connection *c, struct cp_error *err)
{
    struct cp_endpoint found;
    bool is_plain = false;
    const struct cp_service *service = c->options.service;
    enum cp_code code =
        look_up(c, service ? service : &cp_service_lambda, &found, c->endpoint, &is_plain, err);
    if (code)
        return code;
    c->endpoint_url = is_plain ? NULL : c->endpoint;
    c->is_loopback = found.is_loopback;
    c->is_aws = cp_endpoint_is_aws(&found);
    (void)snprintf(c->place, sizeof c->place, "%s",
                   c->is_aws        ? "AWS"
                   : c->is_loopback ? "local server"
                                    : "other server");
    return CP_OK;
}

/* A service on this machine does not care for the Region: none means us-east-1 there. */
static enum cp_code find_place(struct cp_connection *c, struct cp_error *err)
{
    const struct cp_connection_options *o = &c->options;
    struct cp_error own = {CP_OK, ""};
    enum cp_code found = cp_region_find(&c->config, o->target, o->region, c->region, &own);
    if (found && found != CP_ENOTFOUND)
        return cp_fail(err, found, "%s", own.text);
    if (found)
        (void)snprintf(c->region, sizeof c->region, "us-east-1");
    enum cp_code code = find_endpoint(c, err);
    if (!code && found && !c->is_loopback)
        code = cp_fail(err, found, "%s", own.text);
    return code;
}

static enum cp_code make_chain(struct cp_connection *c, struct cp_error *err)
{
    const struct cp_connection_options *o = &c->options;
    if (o->credentials_from && strcmp(o->credentials_from, "aws-cli") != 0)
        return cp_fail(err, CP_EINVAL, "--credentials-from: '%s' is not 'aws-cli'",
                       o->credentials_from);
    const struct cp_credential_chain_options options = {
        .shared = c->config.options,
        .region = c->region,
        .allow_insecure = o->allow_insecure,
        .is_from_aws_cli = o->credentials_from != NULL,
        .is_interrupted = o->is_interrupted,
        .interrupt_context = o->interrupt_context,
    };
    return cp_credential_chain_new(&options, &c->chain, err);
}

enum cp_code cp_connection_open(const struct cp_connection_options *options,
                                struct cp_connection *out, struct cp_error *err)
{
    const struct cp_shared_config_options shared = {
        .get = options->get, .get_context = options->get_context, .profile = options->profile};
    *out = (struct cp_connection){.options = *options};
    set_function(out);
    enum cp_code code = cp_shared_config_read(&shared, &out->config, err);
    if (!code)
        code = find_place(out, err);
    if (!code)
        code = make_chain(out, err);
    if (code)
        return code;
    out->ca_bundle = cp_shared_setting(&out->config, "AWS_CA_BUNDLE", "ca_bundle");
    out->source = cp_credential_chain_source(out->chain);
    return CP_OK;
}

/* --- signing in --- */

static void warn_about_end(const struct cp_connection *c, int64_t expires_at_ms, int64_t now_ms)
{
    char text[320];
    if (expires_at_ms == 0 || expires_at_ms - now_ms >= UNDO_MS || !c->options.warn)
        return;
    (void)snprintf(text, sizeof text,
                   "the credentials of '%s' end in %lld min; undoing a sweep may take 15 min, so "
                   "renew them first unless they renew themselves",
                   cp_credential_chain_provider(c->chain),
                   (long long)((expires_at_ms - now_ms) / 60000));
    c->options.warn(c->options.warn_context, text);
}

/* The account in the ARN must be the one of the keys: names are looked up in the latter. */
static enum cp_code check_account(const struct cp_connection *c, const char *account,
                                  struct cp_error *err)
{
    struct cp_view region;
    struct cp_view expected;
    if (!cp_function_place(c->options.target, &region, &expected) || cp_view_is(expected, account))
        return CP_OK;
    return cp_fail(err, CP_EDENIED,
                   "the ARN is of account ...%.*s but the credentials ('%s') are of account ...%s; "
                   "choose a profile of the ARN's account with --profile",
                   ACCOUNT_SHOWN, expected.p + expected.n - ACCOUNT_SHOWN,
                   cp_credential_chain_provider(c->chain),
                   account + strlen(account) - ACCOUNT_SHOWN);
}

/* Who may call Lambda may ask for the account, unless no way leads to STS: then it stays unknown,
 * but not for an ARN. */
static enum cp_code ask_account(struct cp_connection *c, struct cp_error *err)
{
    char account[13];
    struct cp_view region;
    struct cp_view expected;
    struct cp_error own = {CP_OK, ""};
    enum cp_code code = cp_credential_chain_account(c->chain, account, &own);
    if (code && !cp_function_place(c->options.target, &region, &expected) &&
        code != CP_EINTERRUPTED)
        return CP_OK;
    if (code)
        return cp_fail(err, code, "cannot check the account of the ARN: %s", own.text);
    (void)snprintf(c->place, sizeof c->place, "AWS account ...%s",
                   account + strlen(account) - ACCOUNT_SHOWN);
    return check_account(c, account, err);
}

enum cp_code cp_connection_sign_in(struct cp_connection *c, struct cp_error *err)
{
    struct cp_credentials keys;
    int64_t now_ms = cp_clock_unix_ms();
    enum cp_code code = c->source.get(c->source.context, now_ms, false, &keys, err);
    if (code)
        return code;
    warn_about_end(c, keys.expires_at_ms, now_ms);
    cp_credentials_clear(&keys);
    return c->is_aws ? ask_account(c, err) : CP_OK;
}

void cp_connection_close(struct cp_connection *c)
{
    cp_credential_chain_free(c->chain);
    c->chain = NULL;
    cp_shared_config_clear(&c->config);
}
