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

/* Longest request head and longest body that is accepted (AWS: 6 MB for Invoke). */
enum { CP_HEAD_MAX = 64 * 1024, CP_HEAD_HEADERS_MAX = 100, CP_BODY_MAX = 6291456 };
/* The same for what carries code: 50 MB as base64, and AWS's own figure. */
enum { CP_UPLOAD_MAX = 70167211 };

enum cp_head_status { CP_HEAD_COMPLETE, CP_HEAD_PARTIAL, CP_HEAD_REFUSED };
/* Splits raw bytes into request line and headers, strictly (RFC 9112 without its leniencies): CRLF
 * ends, one blank between the parts, HTTP/1.0 or 1.1, no folded line, no blank before a colon, no
 * control byte. PARTIAL: more bytes are needed. REFUSED: `response` is 400, or 431 for a head over
 * CP_HEAD_MAX. On COMPLETE `out` points into `bytes` and `headers`, out->body is what follows the
 * head, and `*head_size` its length. */
enum cp_head_status cp_api_parse_head(struct cp_view bytes,
                                      struct cp_header headers[CP_HEAD_HEADERS_MAX],
                                      struct cp_raw_request *out, size_t *head_size,
                                      struct cp_api_response *response);

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

/* The longest body that the request's route takes. */
size_t cp_api_body_max(const struct cp_raw_request *request);
/* The refusal of a longer one: 413, in the words of the route. */
void cp_api_fail_body(const struct cp_raw_request *request, struct cp_api_response *response);

/* A value of the query with its escapes resolved; false: malformed, a NUL, or too long. */
bool cp_query_decode(struct cp_view text, char *out, size_t size);
/* The first value of that name, decoded; false: absent or malformed. */
bool cp_query_find(struct cp_view query, const char *name, char *out, size_t size);

/* Verifies SigV4: algorithm, scope (region, service), date within 15 minutes of now, signed host
 * and date, signature in constant time. 403 MissingAuthenticationToken, InvalidSignature,
 * IncompleteSignature, SignatureDoesNotMatch, RequestExpired ... as AWS words them. */
struct cp_api_signer {
    const struct cp_credentials *credentials;
    const char *region, *service; /* of the scope: lambda, sts */
};
bool cp_api_verify(const struct cp_raw_request *request, const struct cp_api_signer *signer,
                   int64_t now_ms, struct cp_api_response *response);
/* The part of it that needs no body: who asks, for what and when. A stranger's 70 MB are refused
 * before they come. */
bool cp_api_verify_head(const struct cp_raw_request *request, const struct cp_api_signer *signer,
                        int64_t now_ms, struct cp_api_response *response);

#endif
