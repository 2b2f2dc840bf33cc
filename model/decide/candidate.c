/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/decide/candidate.h"

#include "model/base/units.h"
#include "model/decide/candidate_cost.h"
#include "model/decide/lambda_limits.h"
#include "model/decide/windows.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CONFIDENCE    0.95
#define RESAMPLED_MAX 5000 /* values of a size whose resamples are kept: 12 MB */

/* --- measurements --- */

/* What a handler run took: one that the timeout ended, the whole of it. */
static double taken_ms(const struct cp_size_data *data, double handler_ms)
{
    return isinf(handler_ms) ? data->timeout_ms : handler_ms;
}

/* The billed ms of one cold start: as read, where that is known. */
static double billed_cold(const struct cp_size_data *data, size_t i)
{
    return data->cold_billed_ms
               ? data->cold_billed_ms[i]
               : cp_price_billed_ms(taken_ms(data, data->cold_handler_ms[i]), data->init_ms[i]);
}

static double billed_warm(const struct cp_size_data *data, size_t i)
{
    return cp_price_billed_ms(taken_ms(data, data->warm_ms[i]), NAN);
}

/* What of it is INIT; a restore is not. */
static double billed_init(const struct cp_size_data *data, size_t i)
{
    double handler_ms = cp_price_billed_ms(taken_ms(data, data->cold_handler_ms[i]), NAN);
    return fmax(0, billed_cold(data, i) - handler_ms);
}

/* Mean of the billed ms and its standard error. */
static void mean_billed(const struct cp_size_data *data, size_t n,
                        double (*billed)(const struct cp_size_data *data, size_t i), double *mean,
                        double *se)
{
    *mean = *se = NAN;
    if (n == 0)
        return;
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += billed(data, i);
    *mean = sum / (double)n;
    double squares = 0;
    for (size_t i = 0; i < n; i++) {
        double off = billed(data, i) - *mean;
        squares += off * off;
    }
    if (n > 1)
        *se = sqrt(squares / (double)(n - 1) / (double)n);
}

enum cp_code cp_size_law_init(struct cp_size_law *law, const struct cp_size_data *data,
                              uint64_t seed)
{
    *law = (struct cp_size_law){.data = data};
    law->cold_ms = malloc((data->n_cold + 1) * sizeof *law->cold_ms);
    law->warm_ms = malloc((data->n_warm + 1) * sizeof *law->warm_ms);
    law->cold_busy_ms = malloc((data->n_cold + 1) * sizeof *law->cold_busy_ms);
    law->warm_busy_ms = malloc((data->n_warm + 1) * sizeof *law->warm_busy_ms);
    if (!law->cold_ms || !law->warm_ms || !law->cold_busy_ms || !law->warm_busy_ms) {
        cp_size_law_clear(law);
        return CP_ENOMEM;
    }
    for (size_t i = 0; i < data->n_cold; i++) {
        law->cold_ms[i] = data->init_ms[i] + data->cold_handler_ms[i];
        law->cold_busy_ms[i] = data->init_ms[i] + taken_ms(data, data->cold_handler_ms[i]);
    }
    for (size_t i = 0; i < data->n_warm; i++) {
        law->warm_ms[i] = data->warm_ms[i];
        law->warm_busy_ms[i] = taken_ms(data, data->warm_ms[i]);
    }
    cp_sort(law->cold_ms, data->n_cold);
    cp_sort(law->warm_ms, data->n_warm);
    cp_sort(law->cold_busy_ms, data->n_cold);
    cp_sort(law->warm_busy_ms, data->n_warm);
    law->cold = (struct cp_mixture_sample){law->cold_ms, data->n_cold};
    law->warm = (struct cp_mixture_sample){law->warm_ms, data->n_warm};
    mean_billed(data, data->n_cold, billed_cold, &law->billed_cold_ms, &law->billed_cold_se_ms);
    double init_se_ms = NAN; /* that of cold starts holds for both parts */
    mean_billed(data, data->n_cold, billed_init, &law->billed_init_ms, &init_se_ms);
    mean_billed(data, data->n_warm, billed_warm, &law->billed_warm_ms, &law->billed_warm_se_ms);
    law->max_share = NAN;
    return data->n_cold + data->n_warm > RESAMPLED_MAX
               ? CP_OK
               : cp_mixture_resamples_draw(&law->cold, &law->warm, 0, seed, &law->resamples);
}

void cp_size_law_clear(struct cp_size_law *law)
{
    free(law->cold_ms);
    free(law->warm_ms);
    free(law->cold_busy_ms);
    free(law->warm_busy_ms);
    cp_mixture_resamples_clear(&law->resamples);
    *law = (struct cp_size_law){0};
}

/* --- simulation --- */

double cp_longest_probe_ms(const struct cp_idle_survival *survival)
{
    if (!survival || survival->n_points == 0)
        return 0;
    return survival->points[survival->n_points - 1].idle_interval_ms;
}

double cp_decisive_q(const struct cp_optimize_input *input)
{
    return isnan(input->budget_q) ? 0.99 : input->budget_q;
}

struct cp_pool_options cp_candidate_pool_options(const struct cp_candidate_context *context,
                                                 const struct cp_size_law *law)
{
    struct cp_pool_options options = {
        .arrivals = context->input->demand->law,
        .cold = {.ms = law->cold_busy_ms, .n = law->data->n_cold},
        .warm = {.ms = law->warm_busy_ms, .n = law->data->n_warm},
        .lifetime = cp_pool_law_of_survival(&context->survival),
        .seed = context->input->seed,
        .n_threads = context->input->n_threads,
    };
    const struct cp_windows_question question = {
        .law = &options.arrivals,
        .first_ms = context->input->demand->first_ms,
        .arrivals = context->arrivals,
        .lifetime_ms = cp_longest_probe_ms(context->survival.survival)};
    cp_windows_set(&question, &options);
    return options;
}

static void set_limits(const struct cp_optimize_input *in, const struct cp_candidate *c,
                       struct cp_pool_options *options)
{
    int limit = c->mode == CP_MODE_RESERVED ? c->concurrency : in->unreserved_concurrency;
    options->limit = limit > 0 ? limit : 0;
    options->requests_per_s = CP_LAMBDA_REQUESTS_PER_S_AND_SLOT * options->limit;
    options->starts_per_10_s = CP_LAMBDA_STARTS_PER_10_S;
}

enum cp_code cp_candidate_simulate(const struct cp_candidate_context *context,
                                   const struct cp_size_law *law, const struct cp_candidate *c,
                                   struct cp_pool_result *result, struct cp_error *err)
{
    struct cp_pool_options options = cp_candidate_pool_options(context, law);
    struct cp_pool_step steps[CP_ARRIVALS_HOURS];
    set_limits(context->input, c, &options);
    if (c->mode == CP_MODE_PROVISIONED)
        options.provisioned = c->concurrency;
    if (c->mode == CP_MODE_SCHEDULED) { /* asked for early, so that it is ready on the hour */
        for (size_t h = 0; h < CP_ARRIVALS_HOURS; h++)
            steps[h] = (struct cp_pool_step){(double)h * CP_MS_PER_HOUR, c->by_hour[h]};
        options.schedule = (struct cp_pool_schedule){
            .steps = steps, .n_steps = CP_ARRIVALS_HOURS, .period_ms = CP_MS_PER_WEEK};
    }
    if (c->mode == CP_MODE_TRACKING) {
        options.provisioned = c->tracking.min;
        options.tracking = (struct cp_pool_tracking){.target = c->tracking.target,
                                                     .min = c->tracking.min,
                                                     .max = c->tracking.max,
                                                     .ready_ms = CP_LAMBDA_READY_MS};
    }
    return cp_pool_simulate(&options, result, err);
}

void cp_candidate_observe_share(const struct cp_optimize_input *input,
                                enum cp_concurrency_mode mode, struct cp_pool_result *pool)
{
    const struct cp_interval *seen = input->observed_cold_share;
    if (!seen || cp_mode_is_provisioned(mode))
        return;
    pool->cold_share.value = seen->value;
    pool->cold_share.low = seen->low;
    pool->cold_share.high = seen->high;
}

/* --- latency --- */

static struct cp_interval no_interval(void)
{
    return (struct cp_interval){NAN, NAN, NAN};
}

static struct cp_interval interval_of(const struct cp_mixture_estimate *e)
{
    return (struct cp_interval){e->value, e->low, e->high};
}

static struct cp_mixture_options mixture_options(const struct cp_candidate_context *context,
                                                 const struct cp_size_law *law,
                                                 const struct cp_interval *share)
{
    return (struct cp_mixture_options){.cold_share = share->value,
                                       .cold_share_low = fmax(0, share->low),
                                       .cold_share_high = fmin(1, share->high),
                                       .seed = context->input->seed,
                                       .resamples = law->resamples.reps ? &law->resamples : NULL};
}

/* The cold share the latency is judged at: simulated; without traffic all cold, or all warm when
 * provisioned. */
static struct cp_interval judged_share(const struct cp_candidate *c)
{
    if (!isnan(c->cold_share.value))
        return c->cold_share;
    double share = cp_mode_is_provisioned(c->mode) ? 0 : 1;
    return (struct cp_interval){share, share, share};
}

/* Quantiles of all requests at one cold share. Where a size has too few samples for a bound of its
 * own, the tail that the sizes share has one. */
static enum cp_code estimate(const struct cp_candidate_context *context,
                             const struct cp_size_law *law,
                             const struct cp_mixture_options *options, const double *qs, size_t n_q,
                             struct cp_mixture_estimate *e, size_t *n_pooled, struct cp_error *err)
{
    enum cp_code code = cp_mixture_estimate(&law->cold, &law->warm, options, qs, n_q, e, err);
    for (size_t i = 0; !code && i < n_q; i++) {
        n_pooled[i] = 0;
        if (e[i].status >= CP_ANSWER_UPPER_ONLY)
            continue;
        struct cp_shared_bound bound;
        code = cp_shared_tails_bound(&context->tails[law->variant], law->index,
                                     options->cold_share_high, qs[i], CONFIDENCE, &bound);
        if (code)
            return cp_fail(err, code, "cannot share tails: %s", cp_code_text(code));
        if (isnan(bound.upper_ms))
            continue;
        e[i].status = CP_ANSWER_UPPER_ONLY;
        e[i].upper = e[i].high = fmax(bound.upper_ms, e[i].value);
        e[i].cold_decides = bound.is_cold;
        n_pooled[i] = bound.n_pooled;
    }
    return code;
}

static enum cp_code set_latency(const struct cp_candidate_context *context,
                                const struct cp_size_law *law, struct cp_candidate *c,
                                struct cp_error *err)
{
    const double qs[] = {0.5, 0.95, 0.99, cp_decisive_q(context->input)};
    struct cp_mixture_estimate e[4] = {0};
    size_t n_pooled[4] = {0};
    size_t decisive = 0;
    while (qs[decisive] != qs[3])
        decisive++;
    struct cp_interval share = judged_share(c);
    struct cp_mixture_options options = mixture_options(context, law, &share);
    enum cp_code code =
        estimate(context, law, &options, qs, decisive == 3 ? 4 : 3, e, n_pooled, err);
    if (code)
        return code;
    c->p50_ms = interval_of(&e[0]);
    c->p95_ms = interval_of(&e[1]);
    c->p99_ms = interval_of(&e[2]);
    c->latency_ms = interval_of(&e[decisive]);
    c->latency_status = e[decisive].status;
    c->cold_decides = e[decisive].cold_decides;
    c->n_needed = e[decisive].n_needed;
    c->n_pooled = n_pooled[decisive];
    c->over_budget =
        cp_mixture_exceedance(&law->cold, &law->warm, &options, context->input->budget_ms);
    return CP_OK;
}

enum cp_code cp_candidate_judge_at(const struct cp_candidate_context *context,
                                   const struct cp_size_law *law, double cold_share,
                                   struct cp_candidate *c, struct cp_error *err)
{
    const struct cp_interval share = {cold_share, cold_share, cold_share};
    const struct cp_mixture_options options = mixture_options(context, law, &share);
    double q = cp_decisive_q(context->input);
    struct cp_mixture_estimate e = {0};
    size_t n_pooled = 0;
    enum cp_code code = estimate(context, law, &options, &q, 1, &e, &n_pooled, err);
    *c = cp_candidate_of(law, CP_MODE_ON_DEMAND, 0);
    c->is_runnable = true;
    c->latency_ms = interval_of(&e);
    cp_candidate_judge(context->input, c);
    return code;
}

void cp_candidate_judge(const struct cp_optimize_input *input, struct cp_candidate *c)
{
    if (isnan(input->budget_q))
        return;
    bool is_working = cp_candidate_is_working(c);
    if (input->workload != CP_CLASS_INTERACTIVE) { /* nobody waits for it */
        c->meets_budget = is_working;
        c->may_meet_budget = false;
        return;
    }
    double low = isnan(c->latency_ms.low) ? c->latency_ms.value : c->latency_ms.low;
    double judged = input->risk == CP_RISK_POINT ? c->latency_ms.value : c->latency_ms.high;
    c->meets_budget = is_working && judged <= input->budget_ms;
    c->may_meet_budget = is_working && !c->meets_budget && low <= input->budget_ms;
}

/* --- all of it --- */

static void set_pool(const struct cp_optimize_input *input, const struct cp_pool_result *pool,
                     struct cp_candidate *c)
{
    c->cold_share =
        (struct cp_interval){pool->cold_share.value, pool->cold_share.low, pool->cold_share.high};
    c->spillover_share = pool->spillover_share.value;
    c->throttled_share = pool->throttled_share.value;
    c->peak_concurrency = pool->p999_concurrency;
    c->most_in_flight = pool->max_concurrency;
    c->busy = pool->mean_busy.value;
    c->longest_reuse_ms = pool->longest_reuse_ms;
    if (cp_mode_is_provisioned(c->mode))
        c->utilization = pool->provisioned_busy.value / pool->provisioned_ready.value;
    c->is_throttled = c->throttled_share > cp_throttled_share_max(input);
    if (c->is_throttled)
        (void)snprintf(c->why_not, sizeof c->why_not, "throttles %.2g %% of requests",
                       100 * c->throttled_share);
}

void cp_candidate_price(const struct cp_candidate_context *context, const struct cp_size_law *law,
                        const struct cp_pool_result *pool, struct cp_candidate *c)
{
    set_pool(context->input, pool, c);
    cp_candidate_set_cost(context->input, law, pool, c);
}

enum cp_code cp_candidate_evaluate(const struct cp_candidate_context *context,
                                   const struct cp_size_law *law, const struct cp_pool_result *pool,
                                   struct cp_candidate *c, struct cp_error *err)
{
    c->is_runnable = true;
    c->n_cold = law->data->n_cold;
    c->n_warm = law->data->n_warm;
    if (pool)
        cp_candidate_price(context, law, pool, c);
    else
        cp_candidate_set_cost(context->input, law, NULL, c);
    enum cp_code code = set_latency(context, law, c, err);
    if (!code)
        cp_candidate_judge(context->input, c);
    return code;
}

struct cp_candidate cp_candidate_empty(int memory_size_mb, enum cp_concurrency_mode mode,
                                       int concurrency)
{
    return (struct cp_candidate){
        .memory_size_mb = memory_size_mb,
        .mode = mode,
        .concurrency = concurrency,
        .latency_ms = no_interval(),
        .p50_ms = no_interval(),
        .p95_ms = no_interval(),
        .p99_ms = no_interval(),
        .over_budget = no_interval(),
        .cold_share = no_interval(),
        .spillover_share = NAN,
        .throttled_share = NAN,
        .utilization = NAN,
        .peak_concurrency = NAN,
        .busy = NAN,
        .usd_per_million = no_interval(),
        .usd_per_month = no_interval(),
    };
}

struct cp_candidate cp_candidate_of(const struct cp_size_law *law, enum cp_concurrency_mode mode,
                                    int concurrency)
{
    struct cp_candidate c = cp_candidate_empty(law->data->memory_size_mb, mode, concurrency);
    c.size = law->index;
    c.architecture = law->data->architecture;
    c.fresh_start = law->data->fresh_start;
    return c;
}

bool cp_candidate_is_of_now(const struct cp_optimize_input *input, const struct cp_candidate *c)
{
    const struct cp_size_data *now = &input->sizes[0];
    const struct cp_size_data *data = &input->sizes[c->size];
    return c->mode == CP_MODE_ON_DEMAND && data->memory_size_mb == input->current_memory_mb &&
           cp_size_data_is_one_variant(now, data);
}

bool cp_size_data_is_one_variant(const struct cp_size_data *a, const struct cp_size_data *b)
{
    return a->fresh_start == b->fresh_start && strcmp(a->architecture, b->architecture) == 0;
}

int cp_candidate_provisioned(const struct cp_candidate *c)
{
    return cp_mode_is_provisioned(c->mode) ? c->concurrency : 0;
}

bool cp_candidate_is_working(const struct cp_candidate *c)
{
    return c->is_runnable && !c->is_throttled;
}
