/* SPDX-License-Identifier: GPL-3.0-or-later
 * Not a test: simulates one case and prints what it took, for scripts/bench simulate.
 *
 *     bench_simulate pool|curve RATE_PER_S HORIZON_S
 *
 * SimFaaS's published example: exponential service of 1.991 s warm and 2.244 s cold, an idle
 * lifetime of 600 s; latencies go into a histogram, and the month's cost is taken from the result.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
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

static double cpu_s(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void report(double begin, uint64_t arrivals, double cold_share, double usd)
{
    struct rusage usage;
    (void)getrusage(RUSAGE_SELF, &usage);
    (void)printf("{\"arrivals\": %llu, \"s\": %.6f, \"cold_share\": %.9g, \"usd\": %.6f, "
                 "\"rss_mb\": %.1f}\n",
                 (unsigned long long)arrivals, cpu_s() - begin, cold_share, usd,
                 (double)usage.ru_maxrss / 1024);
}

static int run_pool(struct cp_pool_options *o, double begin)
{
    struct cp_histogram latency = {0};
    struct cp_pool_result r;
    struct cp_error err = {.text = ""};
    const struct cp_price_book *price = NULL;
    o->latency_us = &latency;
    if (cp_price_find("us-east-1", "x86_64", &price, &err) || cp_pool_simulate(o, &r, &err)) {
        (void)fprintf(stderr, "%s\n", err.text);
        return EXIT_FAILURE;
    }
    double billed_ms = r.cold_share.value * cold_ms + (1 - r.cold_share.value) * warm_ms;
    double usd = (double)r.n_arrivals * cp_price_invocation_usd(price, MEMORY_MB, billed_ms);
    report(begin, r.n_arrivals, r.cold_share.value, usd);
    cp_histogram_clear(&latency);
    return EXIT_SUCCESS;
}

static int run_curve(const struct cp_pool_options *o, double begin)
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
    if (argc != 4 || !cp_view_to_double(cp_view_of(argv[2]), &rate) ||
        !cp_view_to_double(cp_view_of(argv[3]), &horizon_s)) {
        (void)fprintf(stderr, "usage: bench_simulate pool|curve RATE_PER_S HORIZON_S\n");
        return EXIT_FAILURE;
    }
    enum { REPLICATIONS = 2 };
    struct cp_pool_options o = {
        .arrivals = {.per_s = rate},
        .cold = {.draw_ms = draw_exponential, .context = &cold_ms},
        .warm = {.draw_ms = draw_exponential, .context = &warm_ms},
        .lifetime = {.ms = &lifetime_ms, .n = 1},
        .replications = REPLICATIONS,
        .horizon_ms = 1000 * horizon_s / REPLICATIONS,
        .seed = 1,
    };
    double begin = cpu_s();
    return strcmp(argv[1], "curve") == 0 ? run_curve(&o, begin) : run_pool(&o, begin);
}
