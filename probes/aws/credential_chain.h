/* SPDX-License-Identifier: GPL-3.0-or-later
 * The ordinary credential chain of AWS: providers in order, the keys kept and renewed in time.
 *
 * Order: environment (not when a profile was named), role of the profile, web identity, SSO,
 * credentials file, credential_process, config file, container, EC2 metadata.
 * Keys that end are renewed 15 minutes ahead. While they are still good, a renewal that fails is
 * not an error: an undo needs them; it is tried again soon.
 *
 * Ownership: cp_credential_chain_new / _free; what the options borrow must live as long. One
 * thread. Asking may block: on STS, on a helper for 60 s.
 */
#ifndef COLDPROF_PROBES_AWS_CREDENTIAL_CHAIN_H
#define COLDPROF_PROBES_AWS_CREDENTIAL_CHAIN_H

#include "probes/aws/provider.h"

struct cp_credential_chain_options {
    struct cp_shared_config_options shared; /* read anew for each renewal: files change */
    const char *region;                     /* for STS; NULL or "": us-east-1 */
    bool is_from_aws_cli;                   /* the AWS CLI and nobody else is asked */
    bool allow_insecure;
    const struct cp_http_ops *http;    /* NULL: libcurl */
    const struct cp_call_clock *clock; /* NULL: the real one */
    bool (*is_interrupted)(void *context);
    void *interrupt_context;
};

enum {
    CP_CREDENTIAL_RENEW_MS = 15 * 60 * 1000, /* before their end keys are renewed */
    CP_CREDENTIAL_MUST_MS = 10 * 60 * 1000,  /* keys that are given out last at least so long, if
                                                the provider gives such */
};

struct cp_credential_chain;

enum cp_code cp_credential_chain_new(const struct cp_credential_chain_options *options,
                                     struct cp_credential_chain **out, struct cp_error *err);
void cp_credential_chain_free(struct cp_credential_chain *chain); /* NULL does nothing */

/* The chain as a source; valid as long as the chain. CP_ENOTFOUND: no provider has keys, and the
 * message lists each with why it declined. */
struct cp_credential_source cp_credential_chain_source(struct cp_credential_chain *chain);

/* Name of the provider of the last keys: "credentials file"; "" before. */
const char *cp_credential_chain_provider(const struct cp_credential_chain *chain);

/* Account of the keys, by STS: 12 digits. */
enum cp_code cp_credential_chain_account(struct cp_credential_chain *chain, char out[13],
                                         struct cp_error *err);

#endif
