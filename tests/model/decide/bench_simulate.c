/* SPDX-License-Identifier: GPL-3.0-or-later
 * Not a test: simulates one case and prints what it took, for scripts/bench simulate.
 *
 *     bench_simulate pool|curve RATE_PER_S HORIZON_S PROVISIONED THREADS
 *
 * SimFaaS's published example: exponential service of 1.991 s warm and 2.244 s cold, an idle
 * lifetime of 600 s; latencies go into a histogram, and the cost is taken from the result. Times of
 * the processor, of all threads together, and of the clock.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "model/base/view.h"
#include "model/decide/pool_curve.h"
#include "model/decide/price.h"

static const double warm_ms = 1991;
static const double cold_ms = 2244;
static const double lifetime_ms = 600e3;

enum { N_MAX = 1000, MEMORY_MB = 128 };

static double draw_exponential(const void *context, struct cp_rng *rng)
{
    return cp_rng_exponential(rng, *(const double *)context);
}

static double clock_s(clockid_t clock)
{
    struct timespec t;
    (void)clock_gettime(clock, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

struct moment {
    double cpu_s, wall_s;
};

static struct moment now(void)
{
    return (struct moment){clock_s(CLOCK_PROCESS_CPUTIME_ID), clock_s(CLOCK_MONOTONIC)};
}

/* Of this program alone: what getrusage says also holds the one that started it. */
static double most_memory_mb(void)
{
    char line[128];
    double kb = NAN;
    FILE *status = fopen("/proc/self/status", "r");
    while (status && fgets(line, sizeof line, status)) {
        struct cp_view value = cp_view_of(line);
        if (cp_view_skip(&value, "VmHWM:")) {
            value = cp_view_trim(value);
            (void)cp_view_take_double(&value, &kb);
        }
    }
    if (status)
        (void)fclose(status);
    return kb / 1024;
}

static void report(struct moment begin, uint64_t arrivals, double cold_share, double usd)
{
    struct moment end = now();
    (void)printf("{\"arrivals\": %llu, \"s\": %.6f, \"wall_s\": %.6f, \"cold_share\": %.9g, "
                 "\"usd\": %.6f, \"rss_mb\": %.1f}\n",
                 (unsigned long long)arrivals, end.cpu_s - begin.cpu_s, end.wall_s - begin.wall_s,
                 cold_share, usd, most_memory_mb());
}

static int run_pool(const struct cp_pool_options *options, struct moment begin)
{
    struct cp_pool_options o = *options;
    struct cp_histogram latency = {0};
    struct cp_pool_result r;
    struct cp_error err = {.text = ""};
    const struct cp_price_book *price = NULL;
    o.latency_us = &latency;
    if (cp_price_find("us-east-1", "x86_64", &price, &err) || cp_pool_simulate(&o, &r, &err)) {
        (void)fprintf(stderr, "%s\n", err.text);
        return EXIT_FAILURE;
    }
    double billed_ms = r.cold_share.value * cold_ms + (1 - r.cold_share.value) * warm_ms;
    double usd = (double)r.n_arrivals * cp_price_invocation_usd(price, MEMORY_MB, billed_ms);
    report(begin, r.n_arrivals, r.cold_share.value, usd);
    cp_histogram_clear(&latency);
    return EXIT_SUCCESS;
}

static int run_curve(const struct cp_pool_options *o, struct moment begin)
{
    const struct cp_pool_curve_options options = {.pool = *o, .n_max = N_MAX};
    struct cp_pool_curve curve;
    struct cp_error err = {.text = ""};
    if (cp_pool_curve_make(&options, &curve, &err)) {
        (void)fprintf(stderr, "%s\n", err.text);
        return EXIT_FAILURE;
    }
    report(begin, curve.n_arrivals, curve.points[0].cold_share.value, 0);
    cp_pool_curve_clear(&curve);
    return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
    double rate;
    double horizon_s;
    double provisioned;
    double threads;
    if (argc != 6 || !cp_view_to_double(cp_view_of(argv[2]), &rate) ||
        !cp_view_to_double(cp_view_of(argv[3]), &horizon_s) ||
        !cp_view_to_double(cp_view_of(argv[4]), &provisioned) ||
        !cp_view_to_double(cp_view_of(argv[5]), &threads)) {
        (void)fprintf(stderr, "usage: bench_simulate pool|curve RATE_PER_S HORIZON_S PROVISIONED "
                              "THREADS\n");
        return EXIT_FAILURE;
    }
    enum { REPLICATIONS = 2 };
    struct cp_pool_options o = {
        .arrivals = {.per_s = rate},
        .cold = {.draw_ms = draw_exponential, .context = &cold_ms},
        .warm = {.draw_ms = draw_exponential, .context = &warm_ms},
        .lifetime = {.ms = &lifetime_ms, .n = 1},
        .provisioned = (int)provisioned,
        .replications = REPLICATIONS,
        .n_threads = (int)threads,
        .horizon_ms = 1000 * horizon_s / REPLICATIONS,
        .seed = 1,
    };
    struct moment begin = now();
    return strcmp(argv[1], "curve") == 0 ? run_curve(&o, begin) : run_pool(&o, begin);
}
