/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "probes/aws/download.h"

#include <stdlib.h>
#include <string.h>

#include "probes/aws/caller.h"

enum { ATTEMPTS = 3, TIMEOUT_MS = 5 * 60 * 1000, STATUS_OK = 200 };

static bool ends_with(struct cp_view host, const char *end)
{
    size_t n = strlen(end);
    return host.n > n && memcmp(host.p + host.n - n, end, n) == 0;
}

/* Host of an URL that begins with https://, without port; empty when it is none. User information
 * would hide the host: nothing with an '@' before the path. */
static struct cp_view https_host(const char *url)
{
    struct cp_view rest = cp_view_of(url);
    if (!cp_view_skip(&rest, "https://"))
        return (struct cp_view){"", 0};
    rest.n = strcspn(rest.p, "/?#\\");
    if (memchr(rest.p, '@', rest.n))
        return (struct cp_view){"", 0};
    const char *colon = memchr(rest.p, ':', rest.n);
    if (colon)
        rest.n = (size_t)(colon - rest.p);
    return rest;
}

enum cp_code cp_download_check(const char *url, bool may_be_loopback, struct cp_error *err)
{
    struct cp_view host = https_host(url);
    if (ends_with(host, ".amazonaws.com") || ends_with(host, ".amazonaws.com.cn"))
        return CP_OK;
    if (may_be_loopback && cp_url_is_loopback(url))
        return CP_OK;
    return cp_fail(err, CP_EUNSUPPORTED,
                   "the code is at '%.*s', which is not https below amazonaws.com: give --in-place",
                   (int)(host.n < 100 ? host.n : 100), host.p);
}

/* On the heap, because a poll that fails leaves the request in flight: its callback comes later. */
struct fetch {
    bool is_done, is_abandoned;
    enum cp_code code;
    struct cp_error error;
    int status;
    struct cp_buf body;
};

static void fetch_free(struct fetch *f)
{
    cp_buf_clear(&f->body);
    free(f);
}

static void on_done(void *context, const struct cp_http_response *response)
{
    struct fetch *f = context;
    if (f->is_abandoned) {
        fetch_free(f);
        return;
    }
    f->is_done = true;
    f->code = response->code;
    f->error = response->error;
    f->status = response->status;
    if (!f->code && response->status == STATUS_OK && cp_buf_add_view(&f->body, response->body))
        f->code = cp_buf_check(&f->body, "the code", &f->error);
}

static enum cp_code wait_for(struct cp_caller *caller, struct fetch *f, struct cp_error *err)
{
    enum cp_code code = CP_OK;
    while (!code && !f->is_done) {
        size_t in_flight = 0;
        code = cp_caller_poll(caller, CP_POLL_SLICE_MS, &in_flight, err);
        if (!code && !f->is_done && in_flight == 0)
            code = cp_fail(err, CP_EIO, "the transport lost the request");
        if (!code && !f->is_done && cp_caller_is_interrupted(caller))
            code = cp_fail(err, CP_EINTERRUPTED, "interrupted while the code was fetched");
    }
    return f->is_done ? CP_OK : code;
}

static enum cp_code judge(const struct fetch *f, struct cp_buf *out, struct cp_error *err)
{
    if (f->code)
        return cp_fail(err, f->code, "%s", f->error.text);
    if (f->status != STATUS_OK)
        return cp_fail(err, CP_EREMOTE, "the download answered HTTP %d", f->status);
    cp_buf_reset(out);
    return cp_buf_add_view(out, cp_buf_view(&f->body)) ? cp_buf_check(out, "the code", err) : CP_OK;
}

static enum cp_code fetch_once(struct cp_caller *caller, const struct cp_http_request *request,
                               struct cp_buf *out, struct cp_error *err)
{
    struct fetch *f = calloc(1, sizeof *f);
    if (!f)
        return cp_fail(err, CP_ENOMEM, "out of memory");
    cp_buf_init(&f->body, request->max_response_bytes);
    enum cp_code code = caller->options.http->start(caller->http, request, on_done, f, err);
    if (code) {
        fetch_free(f);
        return code;
    }
    code = wait_for(caller, f, err);
    if (!f->is_done) {
        f->is_abandoned = true; /* freed by its callback */
        return code;
    }
    code = judge(f, out, err);
    fetch_free(f);
    return code;
}

enum cp_code cp_download(struct cp_caller *caller, const char *url, size_t max, struct cp_buf *out,
                         struct cp_error *err)
{
    const struct cp_http_request request = {
        .method = "GET",
        .url = url,
        .connect_timeout_ms = caller->options.connect_timeout_ms,
        .timeout_ms = TIMEOUT_MS,
        .max_response_bytes = max,
        .ca_bundle = caller->ca_bundle[0] ? caller->ca_bundle : NULL,
    };
    enum cp_code code = cp_download_check(url, caller->options.endpoint.is_loopback, err);
    if (code)
        return code;
    for (int i = 0; i < ATTEMPTS; i++) {
        code = fetch_once(caller, &request, out, err);
        if (code != CP_EIO && code != CP_ETIMEOUT && code != CP_EREMOTE)
            break;
    }
    return code;
}
