/* SPDX-License-Identifier: GPL-3.0-or-later
 * What the model says of one stretch of traffic, for the live check (tests/program/live.py): its
 * arrivals, and what single replays of it should show.
 *
 *     live_model arrivals PER_S BURST GAP_MS SECONDS SEED
 *     live_model decide PER_S BURST GAP_MS Q BUDGET_MS < samples
 *     live_model predict MB N SECONDS FILE < samples
 *
 * The first prints times in ms, one a line, the others an object of JSON. Samples are lines "cold
 * MB INIT HANDLER", "warm MB DURATION" and "idle INTERVAL PROBES COLD". The bounds of `predict`
 * hold 95 % of single replays: lifetimes and durations are drawn anew, arrivals are those of FILE.
 */
#include "model/base/units.h"
#include "model/base/view.h"
#include "model/decide/optimize.h"
#include "model/decide/pool_sim.h"
#include "model/stat/sort.h"

#include <gsl/gsl_errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SIZES_MAX = 8, VALUES_MAX = 2000, TIMES_MAX = 100000, TEXT_MAX = 1 << 22, REPLAYS = 400 };

static struct size {
    double init[VALUES_MAX], handler[VALUES_MAX], cold[VALUES_MAX], warm[VALUES_MAX];
    struct cp_size_data data;
} sizes[SIZES_MAX];
static size_t n_sizes;
static struct cp_idle_survival survival;
static double times_ms[TIMES_MAX];
static char text[TEXT_MAX];

static void fail(const char *what)
{
    (void)fprintf(stderr, "live_model: %s\n", what);
    exit(1);
}

static double number(struct cp_view *rest)
{
    struct cp_view word;
    double value = NAN;
    if (!cp_view_split(rest, ' ', &word) || !cp_view_to_double(word, &value))
        fail("not a number");
    return value;
}

static double argument(const char *word)
{
    struct cp_view rest = cp_view_of(word);
    return number(&rest);
}

static struct cp_view read_all(FILE *f)
{
    size_t n = fread(text, 1, TEXT_MAX, f);
    if (n == TEXT_MAX)
        fail("too much input");
    return (struct cp_view){text, n};
}

/* --- samples --- */

static struct size *size_of(int memory_mb)
{
    for (size_t i = 0; i < n_sizes; i++) {
        if (sizes[i].data.memory_size_mb == memory_mb)
            return &sizes[i];
    }
    if (n_sizes == SIZES_MAX)
        fail("too many memory sizes");
    struct size *s = &sizes[n_sizes++];
    s->data = (struct cp_size_data){.memory_size_mb = memory_mb,
                                    .init_ms = s->init,
                                    .cold_handler_ms = s->handler,
                                    .warm_ms = s->warm,
                                    .timeout_ms = NAN,
                                    .failure_share = NAN,
                                    .max_memory_used_mb = -1};
    return s;
}

static void add_sample(struct cp_view kind, struct cp_view rest)
{
    struct size *s = size_of((int)number(&rest));
    if (s->data.n_cold == VALUES_MAX || s->data.n_warm == VALUES_MAX)
        fail("too many samples");
    if (cp_view_is(kind, "warm")) {
        s->warm[s->data.n_warm++] = number(&rest);
        return;
    }
    size_t i = s->data.n_cold++;
    s->init[i] = number(&rest);
    s->handler[i] = number(&rest);
    s->cold[i] = s->init[i] + s->handler[i];
}

static void read_samples(void)
{
    struct cp_idle_point points[CP_IDLE_POINTS_MAX];
    size_t n = 0;
    struct cp_view rest = read_all(stdin);
    struct cp_view line;
    while (cp_view_split(&rest, '\n', &line)) {
        struct cp_view kind;
        if (!cp_view_split(&line, ' ', &kind))
            continue;
        if (!cp_view_is(kind, "idle")) {
            add_sample(kind, line);
            continue;
        }
        if (n == CP_IDLE_POINTS_MAX)
            fail("too many idle intervals");
        points[n].idle_interval_ms = number(&line);
        points[n].n = (size_t)number(&line);
        points[n++].n_cold = (size_t)number(&line);
    }
    cp_idle_survival_fit(points, n, &survival);
    if (survival.status)
        fail("no idle probes");
}

/* --- arrivals --- */

static struct cp_arrivals_law law_of(char **words)
{
    return (struct cp_arrivals_law){.kind = CP_ARRIVALS_POISSON,
                                    .per_s = argument(words[0]),
                                    .burst = argument(words[1]),
                                    .burst_gap_ms = argument(words[2])};
}

static void print_arrivals(char **words)
{
    const struct cp_arrivals_law law = law_of(words);
    double end_ms = CP_MS_PER_S * argument(words[3]);
    struct cp_arrivals arrivals;
    struct cp_error err = {0};
    if (cp_arrivals_open(&arrivals, &law, (uint64_t)argument(words[4]), 0, 0, &err))
        fail(err.text);
    double at = cp_arrivals_next(&arrivals);
    while (at < end_ms) {
        (void)printf("%.3f\n", at);
        at = cp_arrivals_next(&arrivals);
    }
    cp_arrivals_close(&arrivals);
}

static size_t read_times(const char *path)
{
    FILE *f = fopen(path, "r");
    if (!f)
        fail("cannot open the arrivals");
    struct cp_view rest = read_all(f);
    (void)fclose(f);
    struct cp_view line;
    size_t n = 0;
    while (n < TIMES_MAX && cp_view_split(&rest, '\n', &line))
        times_ms[n++] = number(&line);
    return n;
}

/* --- decide --- */

static void decide(char **words)
{
    static struct cp_decision decision;
    struct cp_size_data data[SIZES_MAX];
    struct cp_error err = {0};
    const struct cp_price_book *price = NULL;
    if (cp_price_find("us-east-1", "x86_64", &price, &err))
        fail(err.text);
    for (size_t i = 0; i < n_sizes; i++) {
        data[i] = sizes[i].data;
        data[i].price = price;
        data[i].architecture = price->architecture;
    }
    struct cp_demand demand = cp_demand_of_rate(1);
    demand.law = law_of(words);
    struct cp_optimize_input in = {.sizes = data,
                                   .n_sizes = n_sizes,
                                   .survival = &survival,
                                   .budget_q = argument(words[3]),
                                   .budget_ms = argument(words[4]),
                                   .demand = &demand,
                                   .current_memory_mb = -1,
                                   .unreserved_concurrency = -1,
                                   .seed = 1};
    if (cp_optimize(&in, &decision, &err))
        fail(err.text);
    if (decision.chosen < 0)
        fail("nothing is recommended");
    /* what is shown to keep the budget, where the nearest is not */
    int answer = decision.fallback >= 0 ? decision.fallback : decision.chosen;
    const struct cp_candidate *c = &decision.candidates[answer];
    (void)printf("{\"memory_mb\": %d, \"n\": %d, \"verdict\": \"%s\", \"sentence\": \"%s\"}\n",
                 c->memory_size_mb, cp_mode_is_provisioned(c->mode) ? c->concurrency : 0,
                 cp_verdict_name(decision.verdict), decision.sentence);
}

/* --- predict --- */

struct replay {
    double cold_share, p95_ms, gb_s;
};

/* Two replays of the same arrivals: the simulation takes no fewer. */
static struct replay simulate(const struct size *s, int n, double seconds, size_t n_times,
                              uint64_t seed)
{
    const struct cp_pool_survival lifetimes = {
        &survival, survival.points[survival.n_points - 1].idle_interval_ms};
    struct cp_histogram latency = {0};
    const struct cp_pool_options options = {
        .arrivals = {.kind = CP_ARRIVALS_TIMES, .times_ms = times_ms, .n = n_times},
        .cold = {.ms = s->cold, .n = s->data.n_cold},
        .warm = {.ms = s->warm, .n = s->data.n_warm},
        .lifetime = cp_pool_law_of_survival(&lifetimes),
        .provisioned = n,
        .horizon_ms = CP_MS_PER_S * (seconds + 60),
        .replications = 2,
        .seed = seed,
        .latency_us = &latency,
    };
    struct cp_pool_result r;
    struct cp_error err = {0};
    if (cp_pool_simulate(&options, &r, &err))
        fail(err.text);
    uint64_t rank = (uint64_t)(0.95 * (double)(latency.n - 1));
    double gb_s = cp_units_gb_s(s->data.memory_size_mb, r.mean_billed_ms.value * (double)n_times +
                                                            CP_MS_PER_S * seconds * n);
    struct replay replay = {r.cold_share.value, cp_histogram_rank(&latency, rank) / 1000, gb_s};
    cp_histogram_clear(&latency);
    return replay;
}

/* The mean of two replays varies less than one of them, by the root of two. */
static void print_range(const char *name, const double pairs[REPLAYS], const char *end)
{
    double sorted[REPLAYS];
    double sum = 0;
    memcpy(sorted, pairs, sizeof sorted);
    cp_sort(sorted, REPLAYS);
    for (size_t i = 0; i < REPLAYS; i++)
        sum += pairs[i];
    double mean = sum / REPLAYS;
    double low = mean + sqrt(2) * (sorted[REPLAYS / 40] - mean);
    double high = mean + sqrt(2) * (sorted[REPLAYS - 1 - REPLAYS / 40] - mean);
    (void)printf("\"%s\": [%.6g, %.6g, %.6g]%s", name, mean, fmax(0, low), high, end);
}

static void predict(char **words)
{
    const struct size *s = size_of((int)argument(words[0]));
    size_t n_times = read_times(words[3]);
    double cold_share[REPLAYS];
    double p95_ms[REPLAYS];
    double gb_s[REPLAYS];
    for (size_t i = 0; i < REPLAYS; i++) {
        struct replay r =
            simulate(s, (int)argument(words[1]), argument(words[2]), n_times, 1000 + i);
        cold_share[i] = r.cold_share;
        p95_ms[i] = r.p95_ms;
        gb_s[i] = r.gb_s;
    }
    (void)printf("{");
    print_range("cold_share", cold_share, ", ");
    print_range("p95_ms", p95_ms, ", ");
    print_range("gb_s", gb_s, "}\n");
}

int main(int argc, char **argv)
{
    gsl_set_error_handler_off();
    if (argc == 7 && strcmp(argv[1], "arrivals") == 0) {
        print_arrivals(argv + 2);
        return 0;
    }
    if (argc == 7 && strcmp(argv[1], "decide") == 0) {
        read_samples();
        decide(argv + 2);
        return 0;
    }
    if (argc == 6 && strcmp(argv[1], "predict") == 0) {
        read_samples();
        predict(argv + 2);
        return 0;
    }
    fail("see the head of live_model.c");
    return 2;
}
