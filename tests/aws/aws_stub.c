/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/aws/aws_stub.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/base/buf.h"
#include "tests/aws/loop_server.h"
#include "tests/test.h"

#define FAR_AWAY "2080-01-01T00:00:00Z"

struct aws_stub {
    struct loop_server *server;
    char requests[STUB_REQUESTS_MAX][STUB_REQUEST_MAX];
    size_t n;
};

static void add_answer(struct cp_buf *out, int status, const char *type, const char *body)
{
    (void)cp_buf_addf(out,
                      "HTTP/1.1 %d Stub\r\nContent-Type: %s\r\nContent-Length: %zu\r\n"
                      "x-amzn-RequestId: 1-2-3\r\n\r\n%s",
                      status, type, strlen(body), body);
}

/* --- STS --- */

static int hex_value(char c)
{
    static const char digits[] = "0123456789abcdef";
    const char *at = strchr(digits, c >= 'A' && c <= 'F' ? c + ('a' - 'A') : c);
    return at ? (int)(at - digits) : 0;
}

/* Value of a form field, decoded. */
static void form_field(const char *body, const char *name, char *out, size_t out_size)
{
    char start[64];
    size_t n = 0;
    (void)snprintf(start, sizeof start, "&%s=", name);
    const char *at = strstr(body, start);
    for (at = at ? at + strlen(start) : ""; *at && *at != '&' && n + 1 < out_size; at++) {
        bool is_escape = *at == '%' && at[1] && at[2];
        out[n++] = is_escape ? (char)(hex_value(at[1]) * 16 + hex_value(at[2])) : *at;
        at += is_escape ? 2 : 0;
    }
    out[n] = '\0';
}

static void role_tag(const char *role_arn, char out[9])
{
    unsigned char hash[EVP_MAX_MD_SIZE];
    unsigned n = 0;
    assert_int_equal(EVP_Digest(role_arn, strlen(role_arn), hash, &n, EVP_sha1(), NULL), 1);
    for (int i = 0; i < 4; i++)
        (void)snprintf(out + (size_t)2 * (size_t)i, 3, "%02X", hash[i]);
}

static void answer_sts(const char *body, struct cp_buf *out)
{
    char role[256];
    char tag[9];
    char xml[1024];
    form_field(body, "RoleArn", role, sizeof role);
    role_tag(role, tag);
    (void)snprintf(xml, sizeof xml,
                   "<R xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><Credentials>"
                   "<AccessKeyId>ASIA%s</AccessKeyId><SecretAccessKey>sts/%s</SecretAccessKey>"
                   "<SessionToken>tok-%s</SessionToken><Expiration>" FAR_AWAY "</Expiration>"
                   "</Credentials></R>",
                   tag, tag, tag);
    add_answer(out, 200, "text/xml", xml);
}

/* --- the others --- */

static const struct {
    const char *start, *type, *body;
} PLACES[] = {
    {"PUT /latest/api/token ", "text/plain", "IMDSTOKEN"},
    {"GET /latest/meta-data/iam/security-credentials/ ", "text/plain", "the-role"},
    {"GET /latest/meta-data/iam/security-credentials/the-role ", "application/json",
     "{\"Code\":\"Success\",\"AccessKeyId\":\"ASIAIMDS\",\"SecretAccessKey\":\"imds/secret\","
     "\"Token\":\"imds-token\",\"Expiration\":\"" FAR_AWAY "\"}"},
    {"GET /container/", "application/json",
     "{\"AccessKeyId\":\"ASIACONT\",\"SecretAccessKey\":\"cont/secret\",\"Token\":\"cont-token\","
     "\"Expiration\":\"" FAR_AWAY "\"}"},
    {"GET /federation/credentials?", "application/json",
     "{\"roleCredentials\":{\"accessKeyId\":\"ASIASSO\",\"secretAccessKey\":\"sso/secret\","
     "\"sessionToken\":\"sso-token\",\"expiration\":3471292800000}}"},
};

static void answer(void *context, const char *request, struct cp_buf *out)
{
    struct aws_stub *stub = context;
    const char *body = strstr(request, "\r\n\r\n");
    if (stub->n < STUB_REQUESTS_MAX)
        (void)snprintf(stub->requests[stub->n++], STUB_REQUEST_MAX, "%s", request);
    if (strncmp(request, "POST / ", 7) == 0 && body) {
        answer_sts(body + 4, out);
        return;
    }
    for (size_t i = 0; i < sizeof PLACES / sizeof PLACES[0]; i++) {
        if (strncmp(request, PLACES[i].start, strlen(PLACES[i].start)) == 0) {
            add_answer(out, 200, PLACES[i].type, PLACES[i].body);
            return;
        }
    }
    add_answer(out, 404, "text/plain", "");
}

struct aws_stub *aws_stub_start(void)
{
    struct aws_stub *stub = calloc(1, sizeof *stub);
    assert_non_null(stub);
    stub->server = loop_server_start_answering(answer, stub);
    return stub;
}

void aws_stub_stop(struct aws_stub *stub)
{
    loop_server_stop(stub->server);
    free(stub);
}

const char *aws_stub_url(const struct aws_stub *stub)
{
    return loop_server_url(stub->server);
}

size_t aws_stub_count(const struct aws_stub *stub)
{
    return stub->n;
}

const char *aws_stub_request(const struct aws_stub *stub, size_t i)
{
    return stub->requests[i];
}

void aws_stub_forget(struct aws_stub *stub)
{
    stub->n = 0;
}
