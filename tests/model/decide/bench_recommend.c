/* SPDX-License-Identifier: GPL-3.0-or-later
 * Not a test: makes one complete recommendation and prints what it took, for scripts/bench
 * simulate.
 *
 *     bench_recommend REQUESTS THREADS
 *
 * Seven memory sizes of two architectures, traffic by hour of the week, a budget at p95 that rare
 * requests at night miss on demand; REQUESTS in each simulation. Numbers of provisioned
 * environments, schedules, tracking, thresholds and sentences are all part of it.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "model/base/rng.h"
#include "model/base/view.h"
#include "model/decide/optimize.h"

enum { SIZES = 7, ARCHITECTURES = 2, N = 400, PROBES = 40, DAY_FROM = 8, DAY_TO = 20 };

static const int memory_mb[SIZES] = {128, 256, 512, 1024, 1769, 2048, 3008};
static const char *const architectures[ARCHITECTURES] = {"x86_64", "arm64"};

struct question {
    double init[ARCHITECTURES][SIZES][N], cold[ARCHITECTURES][SIZES][N],
        warm[ARCHITECTURES][SIZES][N];
    struct cp_size_data sizes[ARCHITECTURES * SIZES];
    struct cp_idle_survival survival;
    struct cp_demand demand;
    struct cp_optimize_input input;
};

static double clock_s(clockid_t clock)
{
    struct timespec t;
    (void)clock_gettime(clock, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static enum cp_code make_sizes(struct question *q, struct cp_error *err)
{
    struct cp_rng rng;
    enum cp_code code = CP_OK;
    cp_rng_init(&rng, 1, 0);
    for (size_t at = 0; at < (size_t)ARCHITECTURES * SIZES; at++) {
        size_t a = at / SIZES;
        size_t s = at % SIZES;
        double work_ms = 15 + 60000.0 / fmin(memory_mb[s], 1769);
        for (size_t i = 0; i < N; i++) {
            q->init[a][s][i] = 350 * exp(0.15 * cp_rng_normal(&rng));
            q->cold[a][s][i] = work_ms * exp(0.2 * cp_rng_normal(&rng));
            q->warm[a][s][i] = work_ms * exp(0.2 * cp_rng_normal(&rng));
        }
        q->sizes[at] = (struct cp_size_data){.memory_size_mb = memory_mb[s],
                                             .architecture = architectures[a],
                                             .init_ms = q->init[a][s],
                                             .cold_handler_ms = q->cold[a][s],
                                             .n_cold = N,
                                             .warm_ms = q->warm[a][s],
                                             .n_warm = N,
                                             .timeout_ms = NAN,
                                             .max_memory_used_mb = 60};
        code = code ? code : cp_price_find("us-east-1", architectures[a], &q->sizes[at].price, err);
    }
    return code;
}

static enum cp_code make(struct question *q, double requests, int n_threads, struct cp_error *err)
{
    const struct cp_idle_point points[] = {
        {.idle_interval_ms = 300e3, .n = PROBES, .n_cold = 0},
        {.idle_interval_ms = 420e3, .n = PROBES, .n_cold = PROBES / 2},
        {.idle_interval_ms = 600e3, .n = PROBES, .n_cold = PROBES}};
    cp_idle_survival_fit(points, sizeof points / sizeof points[0], &q->survival);
    for (size_t h = 0; h < CP_ARRIVALS_HOURS; h++)
        q->demand.week_per_s[h] = h % 24 >= DAY_FROM && h % 24 < DAY_TO ? 2 : 0.02;
    q->demand.law = (struct cp_arrivals_law){
        .kind = CP_ARRIVALS_WEEK, .week_per_s = q->demand.week_per_s, .burst = 5};
    q->demand.first_ms = NAN;
    q->input = (struct cp_optimize_input){.sizes = q->sizes,
                                          .n_sizes = (size_t)ARCHITECTURES * SIZES,
                                          .survival = &q->survival,
                                          .budget_q = 0.99,
                                          .budget_ms = 250,
                                          .demand = &q->demand,
                                          .current_memory_mb = 512,
                                          .unreserved_concurrency = 1000,
                                          .simulated_requests = requests,
                                          .n_threads = n_threads,
                                          .seed = 1};
    return make_sizes(q, err);
}

int main(int argc, char **argv)
{
    static struct question question;
    static struct cp_decision decision;
    double requests;
    double threads;
    struct cp_error err = {.text = ""};
    if (argc != 3 || !cp_view_to_double(cp_view_of(argv[1]), &requests) ||
        !cp_view_to_double(cp_view_of(argv[2]), &threads)) {
        (void)fprintf(stderr, "usage: bench_recommend REQUESTS THREADS\n");
        return EXIT_FAILURE;
    }
    enum cp_code code = make(&question, requests, (int)threads, &err);
    double cpu_s = clock_s(CLOCK_PROCESS_CPUTIME_ID);
    double wall_s = clock_s(CLOCK_MONOTONIC);
    code = code ? code : cp_optimize(&question.input, &decision, &err);
    if (code) {
        (void)fprintf(stderr, "%s\n", err.text);
        return EXIT_FAILURE;
    }
    (void)printf("{\"s\": %.6f, \"wall_s\": %.6f, \"candidates\": %zu, \"sentence\": \"%s\"}\n",
                 clock_s(CLOCK_PROCESS_CPUTIME_ID) - cpu_s, clock_s(CLOCK_MONOTONIC) - wall_s,
                 decision.n_candidates, decision.sentence);
    return EXIT_SUCCESS;
}
