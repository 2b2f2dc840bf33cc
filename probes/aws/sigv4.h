/* SPDX-License-Identifier: GPL-3.0-or-later
 * AWS Signature Version 4, header form. Three pure steps (canonical request, string to sign,
 * signature), each with its own output so that a failure says where. The time comes in.
 * The canonical URI is the path as sent, encoded once more (every service but S3).
 */
#ifndef COLDPROF_PROBES_AWS_SIGV4_H
#define COLDPROF_PROBES_AWS_SIGV4_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/base/buf.h"
#include "probes/aws/credentials.h"

struct cp_header {
    struct cp_view name;
    struct cp_view value;
};

struct cp_sigv4_request {
    struct cp_view method;
    struct cp_view path;             /* as sent, escaped once, begins with '/' */
    struct cp_view query;            /* as sent, escaped once, without '?' */
    const struct cp_header *headers; /* all headers to sign, host and x-amz-date among them */
    size_t n_headers;
    struct cp_view body;
    const char *region;
    const char *service;
    int64_t at_ms;
    bool normalize_path; /* dot segments and double slashes removed (AWS suite cases) */
};

struct cp_sigv4 {
    struct cp_buf canonical_request;
    struct cp_buf string_to_sign;
    struct cp_buf signed_headers;
    char signature[65];
    struct cp_buf authorization; /* value of the Authorization header */
};

/* Fills `out` (cp_sigv4_clear it, also after a failure). Keys are wiped from the stack. */
enum cp_code cp_sigv4_sign(const struct cp_sigv4_request *request,
                           const struct cp_credentials *credentials, struct cp_sigv4 *out,
                           struct cp_error *err);
void cp_sigv4_clear(struct cp_sigv4 *s);

/* Lower-case hex SHA-256 of bytes into out[65]. */
void cp_sha256_hex(struct cp_view bytes, char out[65]);
/* RFC 3986 percent encoding of one path segment or query part: unreserved kept. */
enum cp_code cp_uri_encode(struct cp_buf *out, struct cp_view text, bool keep_slash);

#endif
