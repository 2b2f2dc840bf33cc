/* SPDX-License-Identifier: GPL-3.0-or-later
 * Very many invocations in flight from one thread, against a server of its own process that holds
 * each for a fixed time; and the cost of one signature. Not a test: figures depend on the machine.
 *
 *     bench_flight own|peer plain|tls IN_FLIGHT ROUNDS HOLD_MS
 *     bench_flight sign|sign-peer N
 *
 * `own` is the Lambda client as a sweep uses it (signed, answers read); `peer` is a bare loop over
 * libcurl's multi interface, the least that can be done. `sign` is a signature of an Invoke,
 * `sign-peer` the hashing in it alone (two SHA-256, five HMAC). One line of JSON each:
 * added_ms are the client's times minus the time held; all start at once. Two rounds before open
 * the connections (in the first, some are used twice) and are not counted. rss_mb is the highest.
 */
#include <curl/curl.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "probes/aws/lambda.h"
#include "probes/aws/sigv4.h"
#include "probes/os/clock.h"
#include "tests/aws/hold_server.h"

#define PAYLOAD "{\"coldprof\":1}"

struct bench {
    long in_flight, to_start, failed;
    bool is_warm; /* all connections are open */
    double hold_ms;
    double *added_ms;
    size_t n_added;
    struct cp_lambda *lambda;
};

static void need(bool is_done, const char *what)
{
    if (is_done)
        return;
    (void)fprintf(stderr, "bench_flight: cannot %s\n", what);
    exit(1);
}

static void record(struct bench *b, double client_ms)
{
    if (b->is_warm)
        b->added_ms[b->n_added++] = client_ms - b->hold_ms;
}

/* --- the client of a sweep --- */

static void on_done(void *context, const struct cp_invoke_result *result);

static void start_one(struct bench *b)
{
    const struct cp_invoke invoke = {.function = "checkout",
                                     .qualifier = "7",
                                     .payload = CP_VIEW_LIT(PAYLOAD),
                                     .log_tail = true,
                                     .on_done = on_done,
                                     .context = b};
    b->to_start--;
    if (cp_lambda_invoke_start(b->lambda, &invoke, NULL))
        b->failed++;
}

static void on_done(void *context, const struct cp_invoke_result *result)
{
    struct bench *b = context;
    b->failed += result->code != CP_OK || result->http_status != 200;
    record(b, result->client_ms);
    if (b->to_start > 0)
        start_one(b);
}

static void fly_own(struct bench *b, long to_start)
{
    size_t in_flight = 1;
    b->to_start = to_start;
    for (long i = 0; i < b->in_flight; i++)
        start_one(b);
    while (in_flight && !cp_lambda_poll(b->lambda, 1000, &in_flight, NULL))
        ;
}

static void run_own(struct bench *b, long to_start, const char *url, const char *bundle)
{
    struct cp_client_options options = {
        .region = "us-east-1",
        .endpoint_url = url,
        .ca_bundle = bundle,
        .max_connections = (int)b->in_flight,
        .credentials = {.access_key_id = "AKIDEXAMPLE", .secret_access_key = "secret"},
    };
    struct cp_error err;
    if (cp_lambda_new(&options, &b->lambda, &err))
        need(false, err.text);
    fly_own(b, b->in_flight);
    fly_own(b, b->in_flight);
    b->is_warm = true;
    fly_own(b, to_start);
    cp_lambda_free(b->lambda);
}

/* --- the bare loop --- */

struct bare {
    CURL *easy;
    double started_ms;
};

static size_t drop_body(char *bytes, size_t size, size_t n, void *context)
{
    (void)bytes, (void)context;
    return size * n;
}

static void start_bare(struct bench *b, CURLM *multi, struct bare *t)
{
    b->to_start--;
    t->started_ms = cp_clock_mono_ms();
    need(curl_multi_add_handle(multi, t->easy) == CURLM_OK, "start a request");
}

static void reap_bare(struct bench *b, CURLM *multi)
{
    int left = 0;
    for (CURLMsg *m = curl_multi_info_read(multi, &left); m;
         m = curl_multi_info_read(multi, &left)) {
        char *p = NULL;
        (void)curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, &p);
        struct bare *t = (struct bare *)(void *)p;
        b->failed += m->data.result != CURLE_OK;
        record(b, cp_clock_mono_ms() - t->started_ms);
        (void)curl_multi_remove_handle(multi, t->easy);
        if (b->to_start > 0)
            start_bare(b, multi, t);
    }
}

static void fly_peer(struct bench *b, CURLM *multi, struct bare *all, long to_start)
{
    int running = 1;
    b->to_start = to_start;
    for (long i = 0; i < b->in_flight; i++)
        start_bare(b, multi, &all[i]);
    while (running || b->to_start > 0) {
        need(curl_multi_perform(multi, &running) == CURLM_OK, "perform");
        reap_bare(b, multi);
        if (running)
            (void)curl_multi_poll(multi, NULL, 0, 1000, NULL);
    }
}

static void run_peer(struct bench *b, long to_start, const char *origin, const char *bundle)
{
    char url[160];
    (void)snprintf(url, sizeof url, "%s/2015-03-31/functions/checkout/invocations?Qualifier=7",
                   origin);
    (void)curl_global_init(CURL_GLOBAL_DEFAULT);
    CURLM *multi = curl_multi_init();
    (void)curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, b->in_flight);
    struct bare *all = calloc((size_t)b->in_flight, sizeof *all);
    need(multi && all, "begin");
    for (long i = 0; i < b->in_flight; i++) {
        CURL *e = all[i].easy = curl_easy_init();
        (void)curl_easy_setopt(e, CURLOPT_URL, url);
        (void)curl_easy_setopt(e, CURLOPT_PRIVATE, &all[i]);
        (void)curl_easy_setopt(e, CURLOPT_POSTFIELDS, PAYLOAD);
        (void)curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, drop_body);
        if (bundle)
            (void)curl_easy_setopt(e, CURLOPT_CAINFO, bundle);
    }
    fly_peer(b, multi, all, b->in_flight);
    fly_peer(b, multi, all, b->in_flight);
    b->is_warm = true;
    fly_peer(b, multi, all, to_start);
    for (long i = 0; i < b->in_flight; i++)
        curl_easy_cleanup(all[i].easy);
    (void)curl_multi_cleanup(multi);
    free(all);
}

/* --- server, figures --- */

static struct hold_server server;

/* In a process of its own, so that it is in nobody's figures. */
static pid_t start_server(const struct test_certificate *certificate, double hold_ms)
{
    server = (struct hold_server){.certificate = certificate, .hold_ms = hold_ms};
    hold_server_open(&server);
    pid_t pid = fork();
    need(pid >= 0, "fork");
    if (pid > 0)
        return pid;
    hold_server_serve(&server);
    _exit(0);
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;
    return (x > y) - (x < y);
}

static void print_figures(struct bench *b, double cpu_us)
{
    struct rusage usage;
    (void)getrusage(RUSAGE_SELF, &usage);
    qsort(b->added_ms, b->n_added, sizeof *b->added_ms, compare);
    (void)printf(
        "{\"n\": %zu, \"failed\": %ld, \"rss_mb\": %.1f, \"cpu_us\": %.1f, \"added_ms\": [",
        b->n_added, b->failed, (double)usage.ru_maxrss / 1024,
        cpu_us / (double)(b->n_added ? b->n_added : 1));
    for (int i = 0; i <= 1000 && b->n_added; i++) /* quantiles 0, 0.001, ... 1 */
        (void)printf("%s%.3f", i ? ", " : "", b->added_ms[(b->n_added - 1) * (size_t)i / 1000]);
    (void)printf("]}\n");
}

static double cpu_us(void)
{
    struct rusage u;
    (void)getrusage(RUSAGE_SELF, &u);
    return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1e6 +
           (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec);
}

static int measure_flight(char **argv)
{
    bool is_tls = strcmp(argv[2], "tls") == 0;
    struct bench b = {.in_flight = strtol(argv[3], NULL, 10), .hold_ms = strtod(argv[5], NULL)};
    long rounds = strtol(argv[4], NULL, 10);
    long to_start = b.in_flight * rounds;
    need(to_start > 0, "run so few");
    b.added_ms = calloc((size_t)to_start, sizeof *b.added_ms);
    need(b.added_ms != NULL, "begin");
    struct test_certificate ca = test_certificate_new(
        &(struct test_certificate_options){"coldprof bench CA", -86400, 86400, NULL});
    struct test_certificate leaf =
        test_certificate_new(&(struct test_certificate_options){"localhost", -86400, 86400, &ca});
    char bundle[64];
    char url[64];
    test_certificate_save(&ca, bundle);
    pid_t pid = start_server(is_tls ? &leaf : NULL, b.hold_ms);
    (void)snprintf(url, sizeof url, "%s://localhost:%d", is_tls ? "https" : "http", server.port);
    double before_us = cpu_us();
    if (strcmp(argv[1], "own") == 0)
        run_own(&b, to_start, url, is_tls ? bundle : NULL);
    else
        run_peer(&b, to_start, url, is_tls ? bundle : NULL);
    print_figures(&b, cpu_us() - before_us);
    (void)unlink(bundle);
    (void)kill(pid, SIGTERM);
    (void)waitpid(pid, NULL, 0);
    return 0;
}

/* --- signing --- */

static void sign_once(const struct cp_credentials *keys, int64_t at_ms)
{
    const struct cp_header headers[] = {
        {CP_VIEW_LIT("Host"), CP_VIEW_LIT("lambda.us-east-1.amazonaws.com")},
        {CP_VIEW_LIT("Content-Type"), CP_VIEW_LIT("application/json")},
        {CP_VIEW_LIT("X-Amz-Invocation-Type"), CP_VIEW_LIT("RequestResponse")},
        {CP_VIEW_LIT("X-Amz-Log-Type"), CP_VIEW_LIT("Tail")},
        {CP_VIEW_LIT("X-Amz-Date"), CP_VIEW_LIT("20261008T140311Z")},
    };
    const struct cp_sigv4_request request = {
        .method = CP_VIEW_LIT("POST"),
        .path = CP_VIEW_LIT("/2015-03-31/functions/checkout/invocations"),
        .query = CP_VIEW_LIT("Qualifier=7"),
        .headers = headers,
        .n_headers = sizeof headers / sizeof headers[0],
        .body = CP_VIEW_LIT(PAYLOAD),
        .region = "us-east-1",
        .service = "lambda",
        .at_ms = at_ms,
    };
    struct cp_sigv4 signature;
    need(!cp_sigv4_sign(&request, keys, &signature, NULL), "sign");
    cp_sigv4_clear(&signature);
}

/* What no signature can do without; texts of the lengths that an Invoke has. */
static void hash_once(void)
{
    static const unsigned char canonical[420] = "POST";
    unsigned char out[EVP_MAX_MD_SIZE];
    unsigned n = 0;
    need(EVP_Digest(PAYLOAD, sizeof PAYLOAD - 1, out, &n, EVP_sha256(), NULL) &&
             EVP_Digest(canonical, sizeof canonical, out, &n, EVP_sha256(), NULL),
         "hash");
    for (int i = 0; i < 5; i++)
        need(HMAC(EVP_sha256(), out, 32, canonical, i == 4 ? 140 : 10, out, &n) != NULL, "hash");
}

static int measure_signing(const char *what, long n)
{
    const struct cp_credentials keys = {.access_key_id = "AKIDEXAMPLE",
                                        .secret_access_key = "secret"};
    enum { BATCHES = 31 };
    double us[BATCHES];
    for (int k = 0; k < BATCHES; k++) {
        double before = cpu_us();
        for (long i = 0; i < n; i++) {
            if (strcmp(what, "sign") == 0)
                sign_once(&keys, 1791468191482);
            else
                hash_once();
        }
        us[k] = (cpu_us() - before) / (double)n;
    }
    qsort(us, BATCHES, sizeof us[0], compare);
    (void)printf("{\"n\": %d, \"us\": [", BATCHES);
    for (int k = 0; k < BATCHES; k++)
        (void)printf("%s%.3f", k ? ", " : "", us[k]);
    (void)printf("]}\n");
    return 0;
}

int main(int argc, char **argv)
{
    if (argc == 3 && strncmp(argv[1], "sign", 4) == 0)
        return measure_signing(argv[1], strtol(argv[2], NULL, 10));
    if (argc == 6)
        return measure_flight(argv);
    (void)fprintf(stderr, "usage: bench_flight own|peer plain|tls IN_FLIGHT ROUNDS HOLD_MS\n"
                          "       bench_flight sign|sign-peer N\n");
    return 2;
}
