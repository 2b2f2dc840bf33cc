/* SPDX-License-Identifier: GPL-3.0-or-later
 * A scripted transport: answers in the order given, records what was asked. No sockets, no time.
 * One per test program; fake_http_script begins anew.
 */
#ifndef COLDPROF_TESTS_AWS_FAKE_HTTP_H
#define COLDPROF_TESTS_AWS_FAKE_HTTP_H

#include "probes/aws/call.h"

struct fake_answer {
    int status;          /* 0: no answer, `code` says why */
    const char *headers; /* "Name: value\n" lines; NULL none */
    const char *body;    /* NULL: "" */
    enum cp_code code;
    bool was_sent; /* with a code */
};

struct fake_request {
    char method[8];
    char url[1024];
    char headers[4096]; /* "name: value\n", names in lower case */
    char body[4096];
    int timeout_ms;
    bool is_direct;
};

enum { FAKE_REQUESTS_MAX = 64 };

struct fake_http {
    const struct fake_answer *answers;
    size_t n_answers, n_used;
    struct fake_request requests[FAKE_REQUESTS_MAX];
    size_t n_requests;
    double now_ms;   /* of fake_clock: grows only by sleeping */
    double slept_ms; /* in all */
};

extern struct fake_http fake;
extern const struct cp_http_ops fake_http_ops;
extern const struct cp_call_clock fake_clock;

void fake_http_script(const struct fake_answer *answers, size_t n);

/* Value of a recorded header (lower-case name), NULL when it was not sent. Valid until the next. */
const char *fake_header(const struct fake_request *request, const char *name);

#endif
