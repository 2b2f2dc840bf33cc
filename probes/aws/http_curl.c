/* SPDX-License-Identifier: GPL-3.0-or-later
 * The transport over libcurl's multi interface. Transfers (easy handle and buffers) are pooled with
 * their fixed options set, so that a request sets only what is its own.
 */
#include <curl/curl.h>
#include <math.h>
#include <openssl/crypto.h>
#include <openssl/x509_vfy.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <unistd.h>

#include "probes/aws/endpoint.h"
#include "probes/aws/http.h"
#include "probes/os/clock.h"

enum {
    HEAD_MAX = 256 << 10,   /* answer headers in all */
    HEADER_MAX = 64 << 10,  /* one of them; libcurl itself stops at 100 kB */
    HEADERS_MAX = 64 << 10, /* request headers in all */
    KEPT_BUFFER = 64 << 10, /* a pooled transfer keeps no larger body buffer */
    SPARE_DESCRIPTORS = 64, /* files, pipes and the store, beside the connections */
    DNS_CACHE_S = 300,
    STARTS_TOGETHER = 16,
    EVENTS_MAX = 256, /* at once; the others come with the next poll */
};

struct list;

struct transfer {
    struct cp_http *http;
    struct list *in; /* the one list of cp_http it is in */
    struct transfer *next, *prev;
    CURL *easy;
    cp_http_done_fn done;
    void *context;
    const char *method;             /* one of METHODS */
    struct cp_buf header_text;      /* "Name: value" with NULs between; wiped, it holds tokens */
    struct curl_slist *header_list; /* nodes of an array, into header_text */
    size_t header_list_cap;
    struct cp_buf request_body;
    struct cp_buf head; /* answer: status line and headers as they came */
    struct cp_buf body;
    struct cp_header *headers; /* into head */
    size_t headers_cap;
    const char *too_large; /* what was, NULL nothing */
    size_t limit;          /* of it */
    long bytes_before;     /* sent to a proxy before the request; -1: the request did not begin */
    bool has_ca_bundle;    /* set in `easy` */
    char *system_ca_file, *system_ca_path; /* libcurl's defaults, its texts */
    int64_t sent_at_ms;
    double started_mono_ms;
    char curl_text[CURL_ERROR_SIZE];
};

struct list {
    struct transfer *first, *last;
};

/* A request waits here for a free connection, not in libcurl: in 7.88.1 its own queue
 * (CURLMOPT_MAX_TOTAL_CONNECTIONS) now and then forgets to go on until some timer runs out. */
struct cp_http {
    CURLM *multi;
    int epoll; /* libcurl's sockets */
    struct list running, waiting, idle;
    int n_running, max_connections;
    size_t in_flight; /* running and waiting */
    unsigned n_started;
    bool is_closing;
};

/* --- lists --- */

static void list_remove(struct transfer *t)
{
    if (t->prev)
        t->prev->next = t->next;
    else
        t->in->first = t->next;
    if (t->next)
        t->next->prev = t->prev;
    else
        t->in->last = t->prev;
    t->next = t->prev = NULL;
    t->in = NULL;
}

static void list_append(struct list *list, struct transfer *t)
{
    t->in = list;
    t->prev = list->last;
    t->next = NULL;
    if (list->last)
        list->last->next = t;
    else
        list->first = t;
    list->last = t;
}

/* --- libcurl's callbacks --- */

/* Returns 0, which ends the transfer with CURLE_WRITE_ERROR. */
static size_t end_transfer(struct transfer *t, enum cp_code why, const char *what, size_t limit)
{
    if (why == CP_ELIMIT) {
        t->too_large = what;
        t->limit = limit;
    }
    return 0;
}

static size_t on_body(char *bytes, size_t size, size_t n, void *context)
{
    struct transfer *t = context;
    if (cp_buf_add(&t->body, bytes, size * n))
        return end_transfer(t, t->body.failed, "the answer", t->body.max);
    return size * n;
}

/* Each status line begins a new head, so that only the final answer's headers are kept. */
static size_t on_header(char *bytes, size_t size, size_t n, void *context)
{
    struct transfer *t = context;
    struct cp_view line = {bytes, size * n};
    if (cp_view_has_prefix(line, "HTTP/"))
        cp_buf_reset(&t->head);
    if (line.n > HEADER_MAX)
        return end_transfer(t, CP_ELIMIT, "a header of the answer", HEADER_MAX);
    if (cp_buf_add_view(&t->head, line))
        return end_transfer(t, t->head.failed, "the head of the answer", HEAD_MAX);
    return line.n;
}

static long request_bytes(CURL *easy)
{
    long n = 0;
    return curl_easy_getinfo(easy, CURLINFO_REQUEST_SIZE, &n) == CURLE_OK ? n : 0;
}

/* libcurl counts what it asks a proxy (CONNECT) as well: only what follows is the request's. */
static bool has_sent_bytes(const struct transfer *t)
{
    return t->bytes_before >= 0 && request_bytes(t->easy) > t->bytes_before;
}

/* Called before each sending of the request. When a reused connection dies without an answer,
 * libcurl sends the request again by itself, up to five times (Curl_retry_request in its
 * transfer.c); an invocation would run twice and be counted once. So only a request of which no
 * byte has left may pass here. */
static int before_sending(void *context, char *remote_ip, char *local_ip, int remote_port,
                          int local_port)
{
    (void)remote_ip, (void)local_ip, (void)remote_port, (void)local_port;
    struct transfer *t = context;
    if (has_sent_bytes(t))
        return CURL_PREREQFUNC_ABORT;
    t->bytes_before = request_bytes(t->easy);
    return CURL_PREREQFUNC_OK;
}

/* --- sockets and time, for libcurl --- */

/* libcurl tells which sockets it waits for, and we tell it which are ready: with a thousand in
 * flight, curl_multi_perform would look at each of them for every one that is ready. */
static int on_socket(CURL *easy, curl_socket_t fd, int what, void *context, void *known)
{
    (void)easy;
    struct cp_http *http = context;
    struct epoll_event event = {.data.fd = fd};
    if (what == CURL_POLL_REMOVE) {
        (void)epoll_ctl(http->epoll, EPOLL_CTL_DEL, fd, &event);
        return 0;
    }
    event.events = (what & CURL_POLL_IN ? (uint32_t)EPOLLIN : 0) |
                   (what & CURL_POLL_OUT ? (uint32_t)EPOLLOUT : 0);
    if (epoll_ctl(http->epoll, known ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd, &event) != 0)
        return -1; /* libcurl ends its transfers */
    if (!known)
        (void)curl_multi_assign(http->multi, fd, http);
    return 0;
}

/* When libcurl wants to be called whatever the sockets do; INFINITY: never. Asked for, not told by
 * its timer callback: that one is silent when libcurl was called a little early and did nothing. */
static double timer_ms(const struct cp_http *http)
{
    long ms = -1;
    (void)curl_multi_timeout(http->multi, &ms);
    return ms < 0 ? INFINITY : (double)ms;
}

static CURLMcode run_timer(struct cp_http *http)
{
    int running = 0;
    if (timer_ms(http) > 0)
        return CURLM_OK;
    return curl_multi_socket_action(http->multi, CURL_SOCKET_TIMEOUT, 0, &running);
}

/* --- transfers --- */

static void transfer_free(struct transfer *t)
{
    if (!t)
        return;
    curl_easy_cleanup(t->easy);
    cp_buf_clear(&t->header_text);
    cp_buf_clear(&t->request_body);
    cp_buf_clear(&t->head);
    cp_buf_clear(&t->body);
    free(t->header_list);
    free(t->headers);
    free(t);
}

/* Options that are the same for every request. */
static bool set_fixed_options(struct transfer *t)
{
    CURL *e = t->easy;
    return !curl_easy_getinfo(e, CURLINFO_CAINFO, &t->system_ca_file) &&
           !curl_easy_getinfo(e, CURLINFO_CAPATH, &t->system_ca_path) &&
           !curl_easy_setopt(e, CURLOPT_PRIVATE, t) &&
           !curl_easy_setopt(e, CURLOPT_ERRORBUFFER, t->curl_text) &&
           !curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, on_body) &&
           !curl_easy_setopt(e, CURLOPT_WRITEDATA, t) &&
           !curl_easy_setopt(e, CURLOPT_HEADERFUNCTION, on_header) &&
           !curl_easy_setopt(e, CURLOPT_HEADERDATA, t) &&
           !curl_easy_setopt(e, CURLOPT_PREREQFUNCTION, before_sending) &&
           !curl_easy_setopt(e, CURLOPT_PREREQDATA, t) &&
           !curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L) &&
           !curl_easy_setopt(e, CURLOPT_NOPROGRESS, 1L) &&
           !curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, "http,https") &&
           !curl_easy_setopt(e, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1) &&
           !curl_easy_setopt(e, CURLOPT_FOLLOWLOCATION, 0L) &&
           !curl_easy_setopt(e, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED) &&
           !curl_easy_setopt(e, CURLOPT_DISALLOW_USERNAME_IN_URL, 1L) &&
           !curl_easy_setopt(e, CURLOPT_PATH_AS_IS, 1L) &&
           !curl_easy_setopt(e, CURLOPT_TCP_NODELAY, 1L) &&
           !curl_easy_setopt(e, CURLOPT_TCP_KEEPALIVE, 1L) &&
           !curl_easy_setopt(e, CURLOPT_LOW_SPEED_LIMIT, 0L) && /* Invoke is silent for minutes */
           !curl_easy_setopt(e, CURLOPT_SSL_VERIFYPEER, 1L) &&
           !curl_easy_setopt(e, CURLOPT_SSL_VERIFYHOST, 2L) &&
           !curl_easy_setopt(e, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L) &&
           !curl_easy_setopt(e, CURLOPT_DNS_CACHE_TIMEOUT, (long)DNS_CACHE_S) &&
           !curl_easy_setopt(e, CURLOPT_USERAGENT, "coldprof/" COLDPROF_VERSION);
}

static struct transfer *transfer_new(struct cp_http *http)
{
    struct transfer *t = calloc(1, sizeof *t);
    if (!t)
        return NULL;
    t->http = http;
    cp_buf_init(&t->header_text, HEADERS_MAX);
    cp_buf_init(&t->request_body, SIZE_MAX / 2);
    cp_buf_init(&t->head, HEAD_MAX);
    cp_buf_init(&t->body, 0);
    t->easy = curl_easy_init();
    if (!t->easy || !set_fixed_options(t)) {
        transfer_free(t);
        return NULL;
    }
    return t;
}

static void reset_buffer(struct cp_buf *b)
{
    if (b->cap > KEPT_BUFFER)
        cp_buf_clear(b);
    else
        cp_buf_reset(b);
}

/* Back into the pool, without anything of its last request. */
static void transfer_rest(struct transfer *t)
{
    if (t->header_text.p)
        OPENSSL_cleanse(t->header_text.p, t->header_text.n);
    cp_buf_reset(&t->header_text);
    reset_buffer(&t->request_body);
    reset_buffer(&t->head);
    reset_buffer(&t->body);
    t->too_large = NULL;
    t->curl_text[0] = '\0';
    list_append(&t->http->idle, t);
}

/* --- request --- */

static const char *const METHODS[] = {"GET", "POST", "PUT", "DELETE"};

static const char *known_method(const char *method)
{
    for (size_t i = 0; i < sizeof METHODS / sizeof METHODS[0]; i++)
        if (strcmp(method, METHODS[i]) == 0)
            return METHODS[i];
    return NULL;
}

static bool has_control(struct cp_view v)
{
    for (size_t i = 0; i < v.n; i++)
        if (v.p[i] == '\r' || v.p[i] == '\n' || v.p[i] == '\0')
            return true;
    return false;
}

static enum cp_code check_request(const struct cp_http_request *r, struct cp_error *err)
{
    if (!known_method(r->method))
        return cp_fail(err, CP_EINVAL, "HTTP method '%s' is not supported", r->method);
    for (size_t i = 0; i < r->n_headers; i++) {
        const struct cp_header *h = &r->headers[i];
        if (h->name.n == 0 || has_control(h->name) || has_control(h->value))
            return cp_fail(err, CP_EINVAL, "HTTP header %zu has no name or holds a line break",
                           i + 1);
    }
    return CP_OK;
}

/* What libcurl would add by itself and nobody asked for: a form's Content-Type and, for a large
 * body, a wait for "100 Continue". "Name:" without a value means "do not send". */
static bool needs_no_content_type(const struct cp_http_request *r)
{
    for (size_t i = 0; i < r->n_headers; i++)
        if (cp_view_is_nocase(r->headers[i].name, "content-type"))
            return false;
    return true;
}

static void add_header_text(struct cp_buf *text, struct cp_header h)
{
    (void)cp_buf_add_view(text, h.name);
    (void)cp_buf_adds(text,
                      h.value.n ? ": " : ";"); /* libcurl's form of an empty value is "Name;" */
    (void)cp_buf_add_view(text, h.value);
    (void)cp_buf_addc(text, '\0');
}

static size_t header_text_size(const struct cp_http_request *r)
{
    size_t n = sizeof "Expect:" + sizeof "Content-Type:";
    for (size_t i = 0; i < r->n_headers; i++)
        n += r->headers[i].name.n + r->headers[i].value.n + 3;
    return n;
}

/* Points one list node at each text. The array is ours, so libcurl copies nothing. */
static bool link_headers(struct transfer *t, size_t n)
{
    if (n > t->header_list_cap) {
        struct curl_slist *list = realloc(t->header_list, n * sizeof *list);
        if (!list)
            return false;
        t->header_list = list;
        t->header_list_cap = n;
    }
    char *text = t->header_text.p;
    for (size_t i = 0; i < n; i++) {
        t->header_list[i].data = text;
        t->header_list[i].next = i + 1 < n ? &t->header_list[i + 1] : NULL;
        text += strlen(text) + 1;
    }
    return true;
}

static enum cp_code set_headers(struct transfer *t, const struct cp_http_request *r,
                                struct cp_error *err)
{
    struct cp_buf *text = &t->header_text;
    size_t n = r->n_headers + 1;
    (void)cp_buf_reserve(text, header_text_size(r)); /* once: growing would leave copies behind */
    for (size_t i = 0; i < r->n_headers; i++)
        add_header_text(text, r->headers[i]);
    (void)cp_buf_add(text, "Expect:", sizeof "Expect:");
    if (needs_no_content_type(r)) {
        (void)cp_buf_add(text, "Content-Type:", sizeof "Content-Type:");
        n++;
    }
    enum cp_code code = cp_buf_check(text, "the HTTP request's headers", err);
    if (!code && (!link_headers(t, n) ||
                  curl_easy_setopt(t->easy, CURLOPT_HTTPHEADER, t->header_list) != CURLE_OK))
        code = cp_fail(err, CP_ENOMEM, "cannot set the HTTP headers: out of memory");
    return code;
}

static bool set_method_and_body(struct transfer *t)
{
    CURL *e = t->easy;
    bool has_body = t->request_body.n > 0 || t->method[0] == 'P';
    if (!has_body)
        return !curl_easy_setopt(e, CURLOPT_HTTPGET, 1L) &&
               !curl_easy_setopt(e, CURLOPT_CUSTOMREQUEST, t->method);
    return !curl_easy_setopt(e, CURLOPT_POST, 1L) &&
           !curl_easy_setopt(e, CURLOPT_CUSTOMREQUEST, t->method) &&
           !curl_easy_setopt(e, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)t->request_body.n) &&
           !curl_easy_setopt(e, CURLOPT_POSTFIELDS, cp_buf_str(&t->request_body));
}

/* A bundle replaces the system's CAs, it does not add to them. */
static bool set_ca_bundle(struct transfer *t, const char *bundle)
{
    if (!bundle && !t->has_ca_bundle)
        return true;
    t->has_ca_bundle = bundle != NULL;
    return !curl_easy_setopt(t->easy, CURLOPT_CAINFO, bundle ? bundle : t->system_ca_file) &&
           !curl_easy_setopt(t->easy, CURLOPT_CAPATH, bundle ? NULL : t->system_ca_path);
}

static enum cp_code set_request(struct transfer *t, const struct cp_http_request *r,
                                struct cp_error *err)
{
    CURL *e = t->easy;
    t->method = known_method(r->method);
    t->body.max = r->max_response_bytes;
    (void)cp_buf_add_view(&t->request_body, r->body);
    enum cp_code code = cp_buf_check(&t->request_body, "the HTTP request's body", err);
    if (!code)
        code = set_headers(t, r, err);
    if (code)
        return code;
    /* "" means no proxy even when http_proxy is set; NULL means as the environment says */
    const char *proxy = r->is_direct || cp_url_is_loopback(r->url) ? "" : NULL;
    if (curl_easy_setopt(e, CURLOPT_URL, r->url) || !set_ca_bundle(t, r->ca_bundle) ||
        curl_easy_setopt(e, CURLOPT_PROXY, proxy) ||
        curl_easy_setopt(e, CURLOPT_CONNECTTIMEOUT_MS, (long)r->connect_timeout_ms) ||
        curl_easy_setopt(e, CURLOPT_TIMEOUT_MS, (long)r->timeout_ms) || !set_method_and_body(t))
        return cp_fail(err, CP_ENOMEM, "cannot prepare the HTTP request: out of memory");
    return CP_OK;
}

static bool admit(struct transfer *t)
{
    struct cp_http *http = t->http;
    if (curl_multi_add_handle(http->multi, t->easy) != CURLM_OK)
        return false;
    list_remove(t);
    list_append(&http->running, t);
    http->n_running++;
    return true;
}

/* libcurl begins a transfer when it is called next. A thousand started one after the other would
 * all wait for the last one: now and then the first ones are let go. Runs no callbacks of ours. */
static void let_go(struct cp_http *http)
{
    if (++http->n_started % STARTS_TOGETHER == 0)
        (void)run_timer(http);
}

static struct transfer *take_idle(struct cp_http *http)
{
    struct transfer *t = http->idle.last; /* the one used last: warm in the cache */
    if (!t)
        return transfer_new(http);
    list_remove(t);
    return t;
}

static enum cp_code http_start(struct cp_http *http, const struct cp_http_request *request,
                               cp_http_done_fn done, void *context, struct cp_error *err)
{
    enum cp_code code = check_request(request, err);
    if (code)
        return code;
    if (http->is_closing)
        return cp_fail(err, CP_EINTERRUPTED, "the HTTP transport is closing");
    struct transfer *t = take_idle(http);
    if (!t)
        return cp_fail(err, CP_ENOMEM, "cannot make an HTTP transfer: out of memory");
    t->done = done;
    t->context = context;
    t->bytes_before = -1;
    t->sent_at_ms = cp_clock_unix_ms();
    t->started_mono_ms = cp_clock_mono_ms();
    code = set_request(t, request, err);
    if (code) {
        transfer_rest(t);
        return code;
    }
    list_append(&http->waiting, t);
    http->in_flight++;
    if (http->n_running < http->max_connections && admit(t))
        let_go(http);
    return CP_OK;
}

/* --- response --- */

static size_t count_lines(struct cp_view text)
{
    size_t n = 0;
    for (size_t i = 0; i < text.n; i++)
        n += text.p[i] == '\n';
    return n;
}

/* Splits the head once, when the answer is whole. Returns the number of headers. */
static size_t split_head(struct transfer *t)
{
    struct cp_view rest = cp_buf_view(&t->head);
    size_t most = count_lines(rest);
    if (most > t->headers_cap) {
        struct cp_header *headers = realloc(t->headers, most * sizeof *headers);
        if (!headers)
            return 0;
        t->headers = headers;
        t->headers_cap = most;
    }
    size_t n = 0;
    struct cp_view line;
    while (n < most && cp_view_split(&rest, '\n', &line)) {
        struct cp_view name;
        bool is_status_line = cp_view_has_prefix(line, "HTTP/");
        if (is_status_line || !memchr(line.p, ':', line.n) || !cp_view_split(&line, ':', &name))
            continue;
        t->headers[n++] = (struct cp_header){cp_view_trim(name), cp_view_trim(line)};
    }
    return n;
}

/* What to do, where libcurl's text says only what is wrong. `verified` is X509_V_ERR_* of OpenSSL,
 * ANY_RESULT: whatever it is; the first row that fits. */
enum { ANY_RESULT = -1 };
#define OTHER_CA                                                                                   \
    "its CA is not trusted here: name the CA's PEM file in AWS_CA_BUNDLE (a proxy that reads TLS " \
    "has a CA of its own)"

static const struct {
    CURLcode result;
    long verified;
    const char *advice;
} ADVICE[] = {
    {CURLE_PEER_FAILED_VERIFICATION, X509_V_ERR_CERT_HAS_EXPIRED,
     "check this machine's clock; when it is right, the endpoint's certificate has expired"},
    {CURLE_PEER_FAILED_VERIFICATION, X509_V_ERR_CERT_NOT_YET_VALID,
     "check this machine's clock; when it is right, the endpoint's certificate is not valid yet"},
    {CURLE_PEER_FAILED_VERIFICATION, X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT, OTHER_CA},
    {CURLE_PEER_FAILED_VERIFICATION, X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN, OTHER_CA},
    {CURLE_PEER_FAILED_VERIFICATION, X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, OTHER_CA},
    {CURLE_PEER_FAILED_VERIFICATION, X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE, OTHER_CA},
    {CURLE_PEER_FAILED_VERIFICATION, ANY_RESULT,
     "the certificate is of another host: check the endpoint's URL"},
    {CURLE_SSL_CACERT_BADFILE, ANY_RESULT, "correct AWS_CA_BUNDLE or ca_bundle of the profile"},
    {CURLE_SSL_CONNECT_ERROR, ANY_RESULT,
     "check that the endpoint speaks TLS, and no proxy answers in its place"},
    {CURLE_COULDNT_CONNECT, ANY_RESULT,
     "check the endpoint, that its service runs, and https_proxy in the environment"},
    {CURLE_COULDNT_RESOLVE_HOST, ANY_RESULT, "check the network, the region and the endpoint"},
    {CURLE_COULDNT_RESOLVE_PROXY, ANY_RESULT, "check https_proxy in the environment"},
};

static const char *advice_for(const struct transfer *t, CURLcode result)
{
    long verified = 0;
    (void)curl_easy_getinfo(t->easy, CURLINFO_SSL_VERIFYRESULT, &verified);
    for (size_t i = 0; i < sizeof ADVICE / sizeof ADVICE[0]; i++)
        if (ADVICE[i].result == result &&
            (ADVICE[i].verified == verified || ADVICE[i].verified == ANY_RESULT))
            return ADVICE[i].advice;
    return "";
}

static enum cp_code describe_failure(const struct transfer *t, CURLcode result,
                                     struct cp_error *err)
{
    char *url = NULL;
    (void)curl_easy_getinfo(t->easy, CURLINFO_EFFECTIVE_URL, &url);
    struct cp_view rest = cp_view_of(url);
    struct cp_view where = {"", 0}; /* a query may hold markers: not in messages */
    (void)cp_view_split(&rest, '?', &where);
    const char *text = t->curl_text[0] ? t->curl_text : curl_easy_strerror(result);
    enum cp_code code = result == CURLE_OPERATION_TIMEDOUT ? CP_ETIMEOUT : CP_EIO;
    if (t->too_large)
        return cp_fail(err, CP_ELIMIT, "%s '%.*s': %s is larger than %zu bytes", t->method,
                       (int)where.n, where.p, t->too_large, t->limit);
    if (result == CURLE_ABORTED_BY_CALLBACK)
        text = "the connection was closed after the request was sent";
    const char *advice = advice_for(t, result);
    return cp_fail(err, code, "%s '%.*s': %s%s%s", t->method, (int)where.n, where.p, text,
                   advice[0] ? "; " : "", advice);
}

static void finish(struct transfer *t, struct cp_http_response *response)
{
    struct cp_http *http = t->http;
    if (t->in == &http->running) {
        (void)curl_multi_remove_handle(http->multi, t->easy);
        http->n_running--;
    }
    list_remove(t);
    http->in_flight--;
    response->was_sent = has_sent_bytes(t);
    response->request_body = cp_buf_view(&t->request_body);
    response->sent_at_ms = t->sent_at_ms;
    response->elapsed_ms = cp_clock_mono_ms() - t->started_mono_ms;
    t->done(t->context, response);
    transfer_rest(t);
}

static void finish_with(struct transfer *t, CURLcode result)
{
    struct cp_http_response response = {.status = -1, .headers = t->headers};
    if (result == CURLE_OK) {
        long status = -1;
        (void)curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
        response.status = (int)status;
        response.n_headers = split_head(t);
        response.headers = t->headers;
        response.body = cp_buf_view(&t->body);
    } else {
        response.code = describe_failure(t, result, &response.error);
    }
    finish(t, &response);
}

/* Hands waiting requests to libcurl while there are connections for them. */
static void admit_waiting(struct cp_http *http)
{
    while (http->waiting.first && http->n_running < http->max_connections)
        if (!admit(http->waiting.first))
            finish_with(http->waiting.first, CURLE_OUT_OF_MEMORY);
}

/* Runs the callbacks of all ended transfers; they may start new ones meanwhile. */
static size_t reap(struct cp_http *http)
{
    size_t n = 0;
    int left = 0;
    for (const CURLMsg *m = curl_multi_info_read(http->multi, &left); m;
         m = curl_multi_info_read(http->multi, &left)) {
        void *t = NULL;
        if (m->msg != CURLMSG_DONE || curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, &t))
            continue;
        finish_with(t, m->data.result);
        n++;
    }
    return n;
}

/* --- poll, open, close --- */

/* A signal ends it like an event. */
static CURLMcode wait_for_events(struct cp_http *http, int timeout_ms)
{
    struct epoll_event events[EVENTS_MAX];
    CURLMcode code = CURLM_OK;
    int running = 0;
    int n = epoll_wait(http->epoll, events, EVENTS_MAX, (int)fmin(timer_ms(http), timeout_ms));
    for (int i = 0; i < n && !code; i++) {
        int ready = (events[i].events & EPOLLIN ? CURL_CSELECT_IN : 0) |
                    (events[i].events & EPOLLOUT ? CURL_CSELECT_OUT : 0) |
                    (events[i].events & (EPOLLERR | EPOLLHUP) ? CURL_CSELECT_ERR : 0);
        code = curl_multi_socket_action(http->multi, events[i].data.fd, ready, &running);
    }
    return code;
}

static enum cp_code http_poll(struct cp_http *http, int timeout_ms, size_t *in_flight,
                              struct cp_error *err)
{
    admit_waiting(http);
    CURLMcode code = run_timer(http);
    size_t ended = reap(http);
    if (!code && !ended && http->in_flight) {
        code = wait_for_events(http, timeout_ms);
        if (!code)
            code = run_timer(http);
        (void)reap(http);
    }
    if (in_flight)
        *in_flight = http->in_flight;
    return code ? cp_fail(err, CP_EIO, "cannot poll connections: %s", curl_multi_strerror(code))
                : CP_OK;
}

static void http_close(struct cp_http *http)
{
    if (!http)
        return;
    http->is_closing = true;
    while (http->in_flight) {
        struct cp_http_response response = {.status = -1};
        response.code = cp_fail(&response.error, CP_EINTERRUPTED,
                                "the HTTP transport was closed before the answer came");
        finish(http->running.first ? http->running.first : http->waiting.first, &response);
    }
    for (struct transfer *t = http->idle.first, *next; t; t = next) {
        next = t->next;
        transfer_free(t);
    }
    (void)curl_multi_cleanup(http->multi);
    if (http->epoll >= 0)
        (void)close(http->epoll);
    free(http);
    curl_global_cleanup();
}

/* A connection is a descriptor, and the usual soft limit is 1,024. Where the hard limit is too low
 * as well, connections fail with a message of their own. */
static void raise_descriptor_limit(int max_connections)
{
    struct rlimit limit;
    rlim_t wanted = (rlim_t)max_connections + SPARE_DESCRIPTORS;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= wanted)
        return;
    limit.rlim_cur = wanted < limit.rlim_max ? wanted : limit.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &limit);
}

/* libcurl counts its global initialisations, so each transport has its own: nothing is set up
 * (3 ms) before the first one opens. */
static enum cp_code http_open(int max_connections, struct cp_http **out, struct cp_error *err)
{
    *out = NULL;
    if (max_connections < 1)
        return cp_fail(err, CP_EINVAL, "%d is not a number of connections", max_connections);
    struct cp_http *http = calloc(1, sizeof *http);
    if (!http)
        return cp_fail(err, CP_ENOMEM, "cannot open the HTTP transport: out of memory");
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        free(http);
        return cp_fail(err, CP_ENOMEM, "cannot initialise libcurl");
    }
    http->max_connections = max_connections;
    raise_descriptor_limit(max_connections);
    http->epoll = epoll_create1(EPOLL_CLOEXEC);
    http->multi = curl_multi_init();
    if (http->epoll < 0 || !http->multi ||
        curl_multi_setopt(http->multi, CURLMOPT_SOCKETFUNCTION, on_socket) ||
        curl_multi_setopt(http->multi, CURLMOPT_SOCKETDATA, http) ||
        curl_multi_setopt(http->multi, CURLMOPT_MAXCONNECTS, (long)max_connections) ||
        curl_multi_setopt(http->multi, CURLMOPT_PIPELINING, (long)CURLPIPE_NOTHING)) {
        http_close(http);
        return cp_fail(err, CP_ENOMEM, "cannot open the HTTP transport: out of memory");
    }
    *out = http;
    return CP_OK;
}

const struct cp_http_ops cp_http_curl = {
    .open = http_open,
    .start = http_start,
    .poll = http_poll,
    .close = http_close,
};
