/* SPDX-License-Identifier: GPL-3.0-or-later
 * Request checks and routing of the Lambda API, on raw bytes, before anything else: libmicrohttpd
 * accepts smuggling shapes, folded headers, any Host and decoded traversal, so the handler checks
 * itself (reliability rules 38-39). One const route table.
 */
#ifndef COLDPROF_PROBES_LOCAL_API_ROUTE_H
#define COLDPROF_PROBES_LOCAL_API_ROUTE_H

#include "probes/aws/sigv4.h"
#include "probes/local/control.h"

struct cp_raw_request {
    struct cp_view method;
    struct cp_view target;           /* raw request target, undecoded, with '?query' */
    const struct cp_header *headers; /* as received, in order */
    size_t n_headers;
    struct cp_view body; /* empty when only the head is checked */
};

/* Head checks: both Content-Length and Transfer-Encoding, two Content-Lengths, a header line with a
 * blank before the colon or a fold, NUL -> 400; no, two or a foreign Host -> 421; Origin -> 403;
 * Content-Length over the limit -> 413. false: `response` holds the refusal and the connection is
 * to be closed. `allowed_host` is the host:port served (loopback names are always allowed). */
bool cp_api_check_head(const struct cp_raw_request *request, const char *allowed_host,
                       struct cp_api_response *response);

/* Routes method and raw target, then decodes strictly (bad escapes, %00, control bytes, '/' or '..'
 * inside a name -> 400). Unknown -> 404, known path with another method -> 405. */
bool cp_api_route(const struct cp_raw_request *request, struct cp_api_request *out,
                  struct cp_api_response *response);

/* Verifies SigV4: algorithm, scope (region, "lambda"), date within 15 minutes of now, signed host
 * and date, signature in constant time. 403 MissingAuthenticationToken, InvalidSignature,
 * IncompleteSignature, SignatureDoesNotMatch, RequestExpired ... as AWS words them. */
bool cp_api_verify(const struct cp_raw_request *request, const struct cp_credentials *credentials,
                   const char *region, int64_t now_ms, struct cp_api_response *response);

#endif
