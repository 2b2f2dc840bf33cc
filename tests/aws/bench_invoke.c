/* SPDX-License-Identifier: GPL-3.0-or-later
 * CPU time and rate of invocations against a trivial server on loopback (its thread's time is not
 * counted). Not a test: figures depend on the machine.
 *     bench_invoke [invocations [concurrency]]
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "probes/aws/lambda.h"
#include "probes/os/clock.h"
#include "tests/aws/loop_server.h"

struct bench {
    struct cp_lambda *lambda;
    long to_start, failed;
};

static double thread_cpu_us(void)
{
    struct rusage u;
    (void)getrusage(RUSAGE_THREAD, &u);
    return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1e6 +
           (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec);
}

static void on_done(void *context, const struct cp_invoke_result *result);

static void start_one(struct bench *b)
{
    const struct cp_invoke invoke = {.function = "checkout",
                                     .qualifier = "7",
                                     .payload = CP_VIEW_LIT("{\"coldprof\":1}"),
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
    b->failed += result->code != CP_OK;
    if (b->to_start > 0)
        start_one(b);
}

static void run(struct bench *b, long invocations, long concurrency)
{
    b->to_start = invocations;
    for (long i = 0; i < concurrency && b->to_start > 0; i++)
        start_one(b);
    size_t in_flight = 1;
    while (in_flight && !cp_lambda_poll(b->lambda, 1000, &in_flight, NULL))
        ;
}

static void measure(const char *name, const char *key_id, long invocations, long concurrency)
{
    struct loop_server *server = loop_server_start(LOOP_ANSWER, 0);
    struct cp_client_options options = {.region = "us-east-1",
                                        .endpoint_url = loop_server_url(server)};
    (void)snprintf(options.credentials.access_key_id, sizeof options.credentials.access_key_id,
                   "%s", key_id);
    (void)snprintf(options.credentials.secret_access_key,
                   sizeof options.credentials.secret_access_key, "secret");
    struct bench b = {.failed = 0};
    if (cp_lambda_new(&options, &b.lambda, NULL))
        exit(1);
    run(&b, 1000, concurrency); /* connections, pool, caches */
    double cpu_us = thread_cpu_us();
    double wall_ms = cp_clock_mono_ms();
    run(&b, invocations, concurrency);
    cpu_us = thread_cpu_us() - cpu_us;
    wall_ms = cp_clock_mono_ms() - wall_ms;
    (void)printf("%-8s  %ld invocations, concurrency %ld: %.1f us CPU each, %.0f/s, %ld failed\n",
                 name, invocations, concurrency, cpu_us / (double)invocations,
                 (double)invocations / wall_ms * 1000, b.failed);
    cp_lambda_free(b.lambda);
    loop_server_stop(server);
}

int main(int argc, char **argv)
{
    long invocations = argc > 1 ? strtol(argv[1], NULL, 10) : 100000;
    long concurrency = argc > 2 ? strtol(argv[2], NULL, 10) : 10;
    if (invocations < 1 || concurrency < 1)
        return 2;
    measure("unsigned", "", invocations, concurrency);
    measure("signed", "AKIDEXAMPLE", invocations, concurrency);
    return 0;
}
