/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/aws/fake_http.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/test.h"

enum { IN_FLIGHT_MAX = 16, HEADERS_MAX = 16 };

struct fake_transfer {
    cp_http_done_fn done;
    void *context;
    size_t request; /* its index in fake.requests */
};

struct cp_http {
    struct fake_transfer queue[IN_FLIGHT_MAX];
    size_t n;
};

struct fake_http fake;

static const int64_t START_UNIX_MS = 1791468191482; /* 2026-10-08T14:03:11.482Z */

void fake_http_script(const struct fake_answer *answers, size_t n)
{
    fake = (struct fake_http){.answers = answers, .n_answers = n};
}

static void record_header(struct fake_request *r, struct cp_header h)
{
    size_t used = strlen(r->headers);
    int n = snprintf(r->headers + used, sizeof r->headers - used, "%.*s: %.*s\n", (int)h.name.n,
                     h.name.p, (int)h.value.n, h.value.p);
    assert_true(n > 0 && (size_t)n < sizeof r->headers - used);
    for (size_t i = used; i < used + h.name.n; i++)
        if (r->headers[i] >= 'A' && r->headers[i] <= 'Z')
            r->headers[i] = (char)(r->headers[i] - 'A' + 'a');
}

static void record(const struct cp_http_request *request)
{
    assert_true(fake.n_requests < FAKE_REQUESTS_MAX);
    struct fake_request *r = &fake.requests[fake.n_requests++];
    *r = (struct fake_request){.timeout_ms = request->timeout_ms, .is_direct = request->is_direct};
    assert_true(cp_view_copy(cp_view_of(request->method), r->method, sizeof r->method));
    assert_true(cp_view_copy(cp_view_of(request->url), r->url, sizeof r->url));
    assert_true(cp_view_copy(request->body, r->body, sizeof r->body));
    for (size_t i = 0; i < request->n_headers; i++)
        record_header(r, request->headers[i]);
}

static enum cp_code fake_open(int max_connections, struct cp_http **out, struct cp_error *err)
{
    (void)err;
    assert_true(max_connections > 0);
    *out = calloc(1, sizeof **out);
    assert_non_null(*out);
    return CP_OK;
}

static enum cp_code fake_start(struct cp_http *h, const struct cp_http_request *request,
                               cp_http_done_fn done, void *context, struct cp_error *err)
{
    (void)err;
    assert_true(h->n < IN_FLIGHT_MAX);
    record(request);
    h->queue[h->n++] = (struct fake_transfer){done, context, fake.n_requests - 1};
    return CP_OK;
}

static size_t split_headers(const char *text, struct cp_header headers[HEADERS_MAX])
{
    size_t n = 0;
    struct cp_view rest = cp_view_of(text);
    struct cp_view line;
    struct cp_view name;
    while (cp_view_split(&rest, '\n', &line)) {
        assert_true(n < HEADERS_MAX && cp_view_split(&line, ':', &name));
        headers[n++] = (struct cp_header){name, cp_view_trim(line)};
    }
    return n;
}

static void answer(struct fake_transfer t, const struct fake_answer *a)
{
    struct cp_header headers[HEADERS_MAX];
    struct cp_http_response r = {
        .code = a->code,
        .status = a->code ? -1 : a->status,
        .was_sent = a->code ? a->was_sent : true,
        .headers = headers,
        .n_headers = split_headers(a->headers, headers),
        .body = cp_view_of(a->body ? a->body : ""),
        .request_body = cp_view_of(fake.requests[t.request].body),
        .sent_at_ms = START_UNIX_MS,
        .elapsed_ms = 12.5,
    };
    if (a->code)
        (void)cp_fail(&r.error, a->code, "the scripted connection failed");
    t.done(t.context, &r);
}

static struct fake_transfer take(struct cp_http *h)
{
    struct fake_transfer first = h->queue[0];
    h->n--;
    memmove(h->queue, h->queue + 1, h->n * sizeof h->queue[0]);
    return first;
}

static enum cp_code fake_poll(struct cp_http *h, int timeout_ms, size_t *in_flight,
                              struct cp_error *err)
{
    (void)err;
    assert_true(timeout_ms >= 0);
    if (h->n) {
        if (fake.n_used == fake.n_answers)
            fail_msg("request %zu has no scripted answer", fake.n_requests);
        answer(take(h), &fake.answers[fake.n_used++]);
    }
    if (in_flight)
        *in_flight = h->n;
    return CP_OK;
}

static void fake_close(struct cp_http *h)
{
    static const struct fake_answer closed = {.code = CP_EINTERRUPTED, .was_sent = true};
    while (h && h->n)
        answer(take(h), &closed);
    free(h);
}

const struct cp_http_ops fake_http_ops = {fake_open, fake_start, fake_poll, fake_close};

static int64_t clock_unix_ms(void *context)
{
    (void)context;
    return START_UNIX_MS + (int64_t)fake.now_ms;
}

static double clock_mono_ms(void *context)
{
    (void)context;
    return fake.now_ms;
}

static void clock_sleep_ms(void *context, int ms)
{
    (void)context;
    assert_true(ms > 0);
    fake.now_ms += ms;
    fake.slept_ms += ms;
}

const struct cp_call_clock fake_clock = {clock_unix_ms, clock_mono_ms, clock_sleep_ms, NULL};

const char *fake_header(const struct fake_request *request, const char *name)
{
    static char value[2048];
    struct cp_view rest = cp_view_of(request->headers);
    struct cp_view line;
    struct cp_view head;
    while (cp_view_split(&rest, '\n', &line)) {
        assert_true(cp_view_split(&line, ':', &head));
        if (!cp_view_is(head, name))
            continue;
        assert_true(cp_view_copy(cp_view_trim(line), value, sizeof value));
        return value;
    }
    return NULL;
}
