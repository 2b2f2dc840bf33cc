/* SPDX-License-Identifier: GPL-3.0-or-later
 * How a sweep reaches a function by its name: Region, endpoint, keys, account. A FUNCTION is on AWS
 * unless --endpoint-url or the settings of the AWS tools name another endpoint.
 *
 * Ownership: cp_connection_open fills a struct that cp_connection_close empties, also after a
 * failure; it must not move in between. Texts are borrowed until then.
 */
#ifndef COLDPROF_PROFILER_CLI_CONNECTION_H
#define COLDPROF_PROFILER_CLI_CONNECTION_H

#include "probes/aws/credential_chain.h"
#include "probes/aws/endpoint.h"
#include "probes/aws/region.h"
#include "probes/aws/service_endpoint.h"

struct cp_connection_options {
    cp_getenv_fn get;
    void *get_context;
    const char *target; /* name or ARN, checked by cp_target_read; NULL: no function */
    const struct cp_service *service; /* whose endpoint is meant; NULL: Lambda */
    const char *region;               /* --region; NULL: none */
    const char *endpoint_url;         /* --endpoint-url; NULL: none */
    bool allow_insecure;              /* --insecure-endpoint: plain http beyond this machine */
    const char *profile;              /* --profile; NULL: none */
    const char *credentials_from;     /* "aws-cli"; NULL: the ordinary chain */
    bool (*is_interrupted)(void *context);
    void *interrupt_context;
    void (*warn)(void *context, const char *text);
    void *warn_context;
};

enum { CP_CONNECTION_URL_MAX = 560, CP_CONNECTION_FUNCTION_MAX = 200 };

struct cp_connection {
    struct cp_connection_options options;
    struct cp_shared_config config;
    struct cp_credential_chain *chain;
    struct cp_credential_source source; /* of the chain */
    char region[CP_REGION_TEXT_MAX];
    char endpoint[CP_CONNECTION_URL_MAX]; /* the URL, AWS's own too */
    const char *endpoint_url;             /* the same; NULL: the Region's ordinary one of AWS */
    char function[CP_CONNECTION_FUNCTION_MAX]; /* name[:qualifier] */
    char place[32];        /* "AWS account ...1234", "AWS", "local server", "other server" */
    bool is_aws;           /* AWS's own endpoint */
    bool is_loopback;      /* an endpoint on this machine */
    const char *ca_bundle; /* NULL: the system's */
};

/* No call: settings, Region and endpoint. An endpoint on this machine needs no Region (us-east-1).
 * CP_EINVAL, CP_ENOTFOUND (no Region, no such profile), or the codes of the files. */
enum cp_code cp_connection_open(const struct cp_connection_options *options,
                                struct cp_connection *out, struct cp_error *err);

/* The endpoint of another service, by the same settings: its URL, or "" for the Region's ordinary
 * one of AWS. */
enum cp_code cp_connection_endpoint(const struct cp_connection *connection,
                                    const struct cp_service *service,
                                    char out[CP_CONNECTION_URL_MAX], struct cp_error *err);

/* Takes keys and, on AWS, asks for the account: an ARN of another account is CP_EDENIED. Warns when
 * the keys end before an undo could. */
enum cp_code cp_connection_sign_in(struct cp_connection *connection, struct cp_error *err);

void cp_connection_close(struct cp_connection *connection);

#endif
