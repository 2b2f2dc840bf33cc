/* SPDX-License-Identifier: GPL-3.0-or-later
 * Providers of credentials: one file each (provider_*.c), one noun each. The chain
 * (credential_chain.h) asks them in order.
 *
 * A provider's answer: CP_OK and keys in `out`; CP_ENOTFOUND: nothing is set up for it, with why in
 * a few words, and the next one is asked; anything else: it is set up and does not work, which ends
 * the chain. `out` is zeroed unless CP_OK. Messages never hold a secret, an answer's body or a
 * line of a file.
 */
#ifndef COLDPROF_PROBES_AWS_PROVIDER_H
#define COLDPROF_PROBES_AWS_PROVIDER_H

#include "probes/aws/call.h"
#include "probes/aws/service_endpoint.h"
#include "probes/aws/shared_config.h"

/* What providers reach the outside with. */
struct cp_provider_world {
    const struct cp_shared_config *config;
    const struct cp_http_ops *http;
    const struct cp_call_clock *clock;
    const char *region;                    /* for STS, checked; "" not known: us-east-1 */
    bool allow_insecure;                   /* plain http for STS and SSO too: --insecure-endpoint */
    bool (*is_interrupted)(void *context); /* NULL: never */
    void *interrupt_context;
};

struct cp_provider {
    const char *name;
    enum cp_code (*get)(const struct cp_provider_world *world, struct cp_credentials *out,
                        struct cp_error *err);
};

extern const struct cp_provider cp_provider_environment;
extern const struct cp_provider cp_provider_role;         /* role_arn and a source */
extern const struct cp_provider cp_provider_web_identity; /* of the profile or the environment */
extern const struct cp_provider cp_provider_sso;
extern const struct cp_provider cp_provider_credentials_file; /* keys in it */
extern const struct cp_provider cp_provider_process;
extern const struct cp_provider cp_provider_config_file; /* keys in it */
extern const struct cp_provider cp_provider_container;
extern const struct cp_provider cp_provider_imds;
extern const struct cp_provider cp_provider_aws_cli; /* --credentials-from aws-cli */

/* --- of one profile, which need not be the chosen one: sources of roles --- */

typedef enum cp_code (*cp_profile_keys_fn)(const struct cp_provider_world *world,
                                           const struct cp_ini_section *profile,
                                           struct cp_credentials *out, struct cp_error *err);
enum cp_code cp_profile_static_keys(const struct cp_provider_world *world,
                                    const struct cp_ini_section *profile,
                                    struct cp_credentials *out, struct cp_error *err);
enum cp_code cp_profile_web_identity(const struct cp_provider_world *world,
                                     const struct cp_ini_section *profile,
                                     struct cp_credentials *out, struct cp_error *err);
enum cp_code cp_profile_sso(const struct cp_provider_world *world,
                            const struct cp_ini_section *profile, struct cp_credentials *out,
                            struct cp_error *err);
enum cp_code cp_profile_process(const struct cp_provider_world *world,
                                const struct cp_ini_section *profile, struct cp_credentials *out,
                                struct cp_error *err);

/* --- rules that tests look at --- */

enum { CP_PROVIDER_URL_MAX = 1024 };

/* Where a container's credentials are: CP_ENOTFOUND when no variable says. Plain http only to this
 * machine and the container addresses of ECS and EKS. */
enum cp_code cp_container_url(const struct cp_shared_config *config, char out[CP_PROVIDER_URL_MAX],
                              struct cp_error *err);
/* "http://169.254.169.254", no final slash. */
enum cp_code cp_imds_endpoint(const struct cp_shared_config *config, char out[CP_PROVIDER_URL_MAX],
                              struct cp_error *err);

/* Of a provider that is set up and does not work: "not found" would mean "ask the next one". */
enum cp_code cp_provider_fault(enum cp_code code, struct cp_error *err);

/* A service that gives keys for one call: STS, SSO. */
struct cp_provider_call {
    const struct cp_service *service;
    const char *region;                /* checked */
    const struct cp_credentials *keys; /* NULL: the call is not signed */
};
/* Caller owns `*out` (cp_caller_free). */
enum cp_code cp_provider_caller(const struct cp_provider_world *world,
                                const struct cp_provider_call *call, struct cp_caller **out,
                                struct cp_error *err);

/* Whether keys that end at `expires_at_ms` (0: never) are of no use at `now_ms`. */
bool cp_provider_is_expired(int64_t expires_at_ms, int64_t now_ms);

#endif
