/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/reports/fixture.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "probes/os/file.h"
#include "reports/figures.h"
#include "reports/fitted.h"
#include "tests/test.h"

enum { N_WARM = 150, N_PROBES = 24, SAMPLES_MAX = 40000 };

static const int sizes_mb[] = {128, 256, 512, 1024, 1769, 3008};
static const double idle_ms[] = {60e3, 300e3, 600e3, 900e3, 1800e3, 3600e3};
/* how many of N_PROBES found their environment gone */
static const int idle_cold[] = {0, 0, 3, 11, 22, 24};

static struct cp_sample *add(struct cp_run_data *data, enum cp_cell_kind kind, int memory_mb)
{
    assert_true(data->n_samples < SAMPLES_MAX);
    struct cp_sample *s = &data->samples[data->n_samples];
    *s = cp_sample_planned(kind, memory_mb);
    s->id = (int64_t)data->n_samples + 1;
    s->plan_no = (int64_t)data->n_samples++;
    s->sent_at_ms = data->run.started_at_ms + 1000 * s->plan_no;
    s->outcome = CP_OUTCOME_MEASURED;
    s->start = kind == CP_CELL_COLD ? CP_START_COLD : CP_START_WARM;
    s->max_memory_used_mb = 92;
    s->http_status = 200;
    return s;
}

/* Two decimals, as records have; also keeps goldens free of the last bits of a C library. */
static double hundredths(double ms)
{
    return floor(ms * 100 + 0.5) / 100;
}

/* Handler work of 14 ms at one vCPU, 20 ms of it waiting at no CPU; a tenth of it noise. */
static double handler_ms(struct cp_rng *rng, int memory_mb, double work_ms, double wait_ms)
{
    double share = fmin(memory_mb / 1769.0, 1);
    return hundredths((wait_ms + work_ms / share) * exp(0.12 * cp_rng_normal(rng)));
}

static void add_cold(struct cp_run_data *data, struct cp_rng *rng, int memory_mb)
{
    struct cp_sample *s = add(data, CP_CELL_COLD, memory_mb);
    s->init_duration_ms = hundredths(160 * exp(0.09 * cp_rng_normal(rng)));
    s->duration_ms = handler_ms(rng, memory_mb, 38, 6);
    s->billed_duration_ms = ceil(s->init_duration_ms + s->duration_ms);
    s->client_ms = s->init_duration_ms + s->duration_ms + 9;
}

static void add_warm(struct cp_run_data *data, struct cp_rng *rng, int memory_mb)
{
    struct cp_sample *s = add(data, CP_CELL_WARM, memory_mb);
    s->duration_ms = handler_ms(rng, memory_mb, 9, 3);
    s->billed_duration_ms = ceil(s->duration_ms);
    s->client_ms = s->duration_ms + 5;
}

static void add_idle(struct cp_run_data *data)
{
    for (size_t i = 0; i < sizeof idle_ms / sizeof idle_ms[0]; i++) {
        for (int k = 0; k < N_PROBES; k++) {
            struct cp_sample *s = add(data, CP_CELL_IDLE, 1024);
            s->idle_interval_ms = idle_ms[i];
            s->idle_actual_ms = idle_ms[i] + 3;
            s->start = k < idle_cold[i] ? CP_START_COLD : CP_START_WARM;
            s->duration_ms = 12;
            s->billed_duration_ms = 12;
            if (s->start == CP_START_COLD)
                s->init_duration_ms = 160;
        }
    }
}

/* One of each thing that may go wrong, and two mismatches. */
static void add_trouble(struct cp_run_data *data)
{
    static const enum cp_outcome outcomes[] = {CP_OUTCOME_ERROR, CP_OUTCOME_THROTTLED,
                                               CP_OUTCOME_UNKNOWN, CP_OUTCOME_NOT_SENT,
                                               CP_OUTCOME_SENT};
    for (size_t i = 0; i < sizeof outcomes / sizeof outcomes[0]; i++) {
        struct cp_sample *s = add(data, CP_CELL_COLD, 512);
        s->outcome = outcomes[i];
        s->start = CP_START_UNKNOWN;
    }
    for (int i = 0; i < 2; i++) {
        struct cp_sample *s = add(data, CP_CELL_COLD, 1024);
        s->start = CP_START_WARM;
        s->duration_ms = 11;
    }
    for (int i = 0; i < 3; i++) {
        struct cp_sample *s = add(data, CP_CELL_COLD, 128);
        s->outcome = CP_OUTCOME_OUT_OF_MEMORY;
        s->start = CP_START_UNKNOWN;
        s->max_memory_used_mb = 128;
    }
}

static void describe(const struct fixture_options *o, struct cp_run *run)
{
    *run = cp_run_empty();
    (void)snprintf(run->id, sizeof run->id, "7f3a");
    (void)snprintf(run->function, sizeof run->function, "%s",
                   o->function ? o->function : "orders-api:live");
    (void)snprintf(run->target, sizeof run->target, "%s",
                   o->function ? o->function : "orders-api:live");
    (void)snprintf(run->place, sizeof run->place, "%s",
                   o->is_local ? "local server" : "AWS account ...1234");
    run->is_local = o->is_local;
    (void)snprintf(run->region, sizeof run->region, "us-east-1");
    (void)snprintf(run->architecture, sizeof run->architecture, "arm64");
    (void)snprintf(run->runtime, sizeof run->runtime, "nodejs22.x");
    (void)snprintf(run->code_sha256, sizeof run->code_sha256,
                   "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08");
    run->code_size_bytes = 2409600;
    (void)snprintf(run->layers, sizeof run->layers,
                   "arn:aws:lambda:us-east-1:123456789012:layer:otel:7 "
                   "arn:aws:lambda:us-east-1:123456789012:layer:params:11");
    (void)snprintf(run->coldprof_version, sizeof run->coldprof_version, "0.1.0");
    (void)snprintf(run->command, sizeof run->command,
                   "coldprof sweep orders-api:live --budget p95=200ms --traffic 5/s");
    run->started_at_ms = 1791468000000; /* 2026-10-08T14:00:00Z */
    run->ended_at_ms = run->started_at_ms + 5400000;
    run->seed = 42;
    run->original_memory_size_mb = 512;
    run->timeout_ms = 15000;
    run->budget_q = 0.95;
    run->budget_ms = 200;
    run->traffic_per_s = 5;
    run->unreserved_concurrency = 1000;
}

void fixture_data(const struct fixture_options *options, struct cp_run_data *data)
{
    size_t n_cold = options->n_cold ? options->n_cold : 120;
    struct cp_rng rng;
    *data = (struct cp_run_data){0};
    describe(options, &data->run);
    data->samples = calloc(SAMPLES_MAX, sizeof *data->samples);
    data->cells = calloc(1, sizeof *data->cells);
    assert_non_null(data->samples);
    assert_non_null(data->cells);
    cp_rng_init(&rng, data->run.seed, 0);
    for (size_t k = 0; k < n_cold || k < N_WARM; k++) {
        for (size_t i = 1; i < sizeof sizes_mb / sizeof sizes_mb[0]; i++) {
            if (k < n_cold)
                add_cold(data, &rng, sizes_mb[i]);
            if (k < N_WARM)
                add_warm(data, &rng, sizes_mb[i]);
        }
    }
    add_idle(data);
    add_trouble(data);
    data->n_cells = 1;
    data->cells[0] = (struct cp_cell_result){.memory_size_mb = 128,
                                             .kind = CP_CELL_COLD,
                                             .idle_interval_ms = NAN,
                                             .planned = 3,
                                             .stop = CP_STOP_CANNOT_RUN};
    (void)snprintf(data->cells[0].note, sizeof data->cells[0].note,
                   "out of memory: 3 of 3 invocations were killed at 128 MB");
}

static struct cp_memory_law law(double q, enum cp_memory_law_kind kind, double a, double b)
{
    return (struct cp_memory_law){.status = CP_OK,
                                  .kind = kind,
                                  .q = q,
                                  .a_ms = a,
                                  .b_ms = b,
                                  .a_low_ms = a * 0.97,
                                  .a_high_ms = a * 1.03,
                                  .c = 1,
                                  .c_low = NAN,
                                  .c_high = NAN,
                                  .leave_one_out_log_error = 0.031,
                                  .interpolation_log_error = 0.044,
                                  .lack_of_fit = 1.5,
                                  .b_low_ms = b * 0.96,
                                  .b_high_ms = b * 1.04,
                                  .cap_mb = 1769,
                                  .aicc = NAN,
                                  .n_sizes = 5,
                                  .n_samples = 600,
                                  .min_mb = 256,
                                  .max_mb = 3008};
}

static struct cp_interval around(double value, double share)
{
    return (struct cp_interval){value, value * (1 - share), value * (1 + share)};
}

/* Latency falls and cost rises with memory and with provisioned concurrency. */
static struct cp_candidate candidate(int memory_mb, int concurrency)
{
    double latency = 90 + 60000.0 / memory_mb / (1 + 0.4 * concurrency);
    double cost = 9 + memory_mb * 0.0085 * (1 + 0.9 * concurrency);
    struct cp_interval none = {NAN, NAN, NAN};
    bool is_provisioned = concurrency > 0;
    return (struct cp_candidate){
        .memory_size_mb = memory_mb,
        .mode = is_provisioned ? CP_MODE_PROVISIONED : CP_MODE_ON_DEMAND,
        .concurrency = concurrency,
        .latency_ms = around(latency, 0.05),
        .p50_ms = around(latency * 0.2, 0.02),
        .p95_ms = around(latency, 0.05),
        .p99_ms = none,
        .latency_status = CP_ANSWER_OK,
        .over_budget = around(latency / 4000, 0.3),
        .n_cold = 120,
        .n_warm = N_WARM,
        .cold_share = around(is_provisioned ? 0.004 : 0.021, 0.1),
        .spillover_share = is_provisioned ? 0.03 / concurrency : NAN,
        .utilization = is_provisioned ? 0.4 / concurrency : NAN,
        .peak_concurrency = 3,
        .usd_per_million = around(cost / 13.14, 0.04),
        .usd_per_month = around(cost, 0.04),
        .fixed_usd_per_month = is_provisioned ? cost * 0.4 : 0,
        .meets_budget = latency * 1.05 <= 200,
        .may_meet_budget = latency <= 200 && latency * 1.05 > 200,
        .is_current = memory_mb == 512 && !is_provisioned,
        .is_runnable = true,
    };
}

static bool is_dominated(const struct cp_decision *d, const struct cp_candidate *c)
{
    for (size_t i = 0; i < d->n_candidates; i++) {
        const struct cp_candidate *k = &d->candidates[i];
        if (k->usd_per_month.value < c->usd_per_month.value &&
            k->latency_ms.value < c->latency_ms.value)
            return true;
    }
    return false;
}

static void decide(struct cp_decision *d)
{
    *d = (struct cp_decision){
        .verdict = CP_VERDICT_CHANGE, .is_budget_met = true, .fallback = -1, .covered = 1};
    for (size_t i = 1; i < sizeof sizes_mb / sizeof sizes_mb[0]; i++) {
        for (int concurrency = 0; concurrency <= 2; concurrency++)
            d->candidates[d->n_candidates++] = candidate(sizes_mb[i], concurrency);
    }
    for (size_t i = 0; i < d->n_candidates; i++)
        d->candidates[i].is_on_frontier = !is_dominated(d, &d->candidates[i]);
    struct cp_candidate *small = &d->candidates[d->n_candidates++];
    *small = (struct cp_candidate){.memory_size_mb = 128,
                                   .latency_ms = {NAN, NAN, NAN},
                                   .p50_ms = {NAN, NAN, NAN},
                                   .p95_ms = {NAN, NAN, NAN},
                                   .p99_ms = {NAN, NAN, NAN},
                                   .over_budget = {NAN, NAN, NAN},
                                   .cold_share = {NAN, NAN, NAN},
                                   .spillover_share = NAN,
                                   .utilization = NAN,
                                   .usd_per_million = {NAN, NAN, NAN},
                                   .usd_per_month = {NAN, NAN, NAN},
                                   .why_not = "cannot run at this size"};
    d->current = 3;
    d->chosen = d->cheapest = 6;
    d->fastest = 14;
    (void)snprintf(d->sentence, sizeof d->sentence,
                   "Set memory size to 1,024 MB, on demand, without provisioned concurrency.");
    (void)snprintf(d->because, sizeof d->because,
                   "p95 latency 149 ms [141, 156] is within the 200 ms target; 512 MB gives 207 ms "
                   "[197, 218]");
    (void)snprintf(d->money, sizeof d->money,
                   "USD 17.70 per month [17.00, 18.41] instead of 13.35: costs 4.35 more");
    (void)snprintf(d->changers[0], sizeof d->changers[0],
                   "A target under 156 ms needs 1,769 MB or provisioned concurrency");
    (void)snprintf(d->changers[1], sizeof d->changers[1],
                   "A target above 218 ms is met by 512 MB, the setting now");
    d->n_changers = d->n_thresholds = 2;
    d->thresholds[0] = (struct cp_threshold){.kind = CP_THRESHOLD_BUDGET,
                                             .flip = CP_FLIP_FAILS,
                                             .value = 156,
                                             .factor = 0.78,
                                             .to = 9,
                                             .to_memory_size_mb = 1769,
                                             .estimate_ms = NAN,
                                             .cold_share = NAN};
    d->thresholds[1] = d->thresholds[0];
    d->thresholds[1].flip = CP_FLIP_CHEAPER;
    d->thresholds[1].value = 218;
    d->thresholds[1].factor = 1.09;
    d->thresholds[1].to = 3;
    d->thresholds[1].to_memory_size_mb = 512;
    d->saving_usd_per_month = (struct cp_interval){-4.35, -5.2, -3.5};
    d->break_even_utilization = 0.6;
    d->survival_used_ms = 1200e3;
}

static double millionths(double x)
{
    return floor(x * 1e6 + 0.5) / 1e6;
}

/* Probabilities from GSL, whose last digits are a matter of its version. */
static void round_probabilities(struct cp_figures *f)
{
    for (size_t i = 0; i < f->n_sizes; i++) {
        struct cp_size_figures *s = &f->sizes[i];
        struct cp_estimate *const estimates[] = {
            &s->init_p50, &s->init_p95, &s->cold_handler_p50, &s->cold_handler_p95,
            &s->cold_p50, &s->cold_p95, &s->cold_p99,         &s->warm_p50,
            &s->warm_p95, &s->warm_p99, &s->client_warm_p50};
        for (size_t k = 0; k < sizeof estimates / sizeof estimates[0]; k++)
            estimates[k]->coverage = millionths(estimates[k]->coverage);
    }
    f->pooled_init_p50.coverage = millionths(f->pooled_init_p50.coverage);
    f->pooled_init_p95.coverage = millionths(f->pooled_init_p95.coverage);
    f->pooled_init_p99.coverage = millionths(f->pooled_init_p99.coverage);
    for (size_t i = 0; i < f->survival.n_points; i++) {
        f->survival.points[i].low = millionths(f->survival.points[i].low);
        f->survival.points[i].high = millionths(f->survival.points[i].high);
        f->survival.points[i].wilson_low = millionths(f->survival.points[i].wilson_low);
        f->survival.points[i].wilson_high = millionths(f->survival.points[i].wilson_high);
        f->survival.points[i].band_low = millionths(f->survival.points[i].band_low);
        f->survival.points[i].band_high = millionths(f->survival.points[i].band_high);
    }
}

/* By hand, but for cold starts: six sizes, of which five are fitted. */
static void set_laws(struct cp_figures *f)
{
    static const struct {
        enum cp_series series;
        int which;
        enum cp_memory_law_kind kind;
        double a, b;
    } rows[] = {
        {CP_SERIES_INIT, CP_LAW_P50, CP_MEMORY_LAW_CONSTANT, 160, 0},
        {CP_SERIES_INIT, CP_LAW_P95, CP_MEMORY_LAW_CONSTANT, 186, 0},
        {CP_SERIES_WARM, CP_LAW_P50, CP_MEMORY_LAW_INVERSE, 3, 15.5},
        {CP_SERIES_WARM, CP_LAW_P95, CP_MEMORY_LAW_INVERSE, 3.6, 19},
        {CP_SERIES_COLD_HANDLER, CP_LAW_P50, CP_MEMORY_LAW_INVERSE, 6, 65.6},
        {CP_SERIES_COLD_HANDLER, CP_LAW_P95, CP_MEMORY_LAW_INVERSE, 7.5, 80},
    };
    cp_figures_forget_fit(f);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        f->laws[rows[i].series][rows[i].which] =
            law(rows[i].which == CP_LAW_P50 ? 0.5 : 0.95, rows[i].kind, rows[i].a, rows[i].b);
    for (size_t which = 0; which < CP_LAW_COUNT; which++)
        f->laws[CP_SERIES_COLD][which] = (struct cp_memory_law){.status = CP_ENODATA};
    for (size_t series = 0; series < CP_SERIES_COUNT; series++)
        f->tail_laws[series] = (struct cp_memory_tail){
            .status = CP_ENODATA, .n_pooled = 240, .n_needed = 299, .p50 = {.status = CP_OK}};
}

static void round_interval(struct cp_interval *v)
{
    v->value = millionths(v->value);
    v->low = millionths(v->low);
    v->high = millionths(v->high);
}

static void round_tails(struct cp_figures *f)
{
    for (size_t k = 0; k < (size_t)CP_SERIES_COUNT * CP_TAIL_COUNT; k++) {
        struct cp_tail_pool *pool = &f->pools[k / CP_TAIL_COUNT][k % CP_TAIL_COUNT];
        round_interval(&pool->residual);
        pool->p_value = millionths(pool->p_value);
        pool->overdispersion = millionths(pool->overdispersion);
        for (size_t i = 0; i < f->n_sizes; i++) {
            struct cp_tail *tail = &f->sizes[i].tails[k / CP_TAIL_COUNT][k % CP_TAIL_COUNT];
            round_interval(&tail->estimate);
            tail->upper_ms = millionths(tail->upper_ms);
        }
    }
}

/* Seven digits: iterations end where the C library lets them. */
static void round_digits(double *x)
{
    if (!isfinite(*x) || fabs(*x) < 1e-9)
        return;
    double scale = pow(10, 6 - floor(log10(fabs(*x))));
    *x = floor(*x * scale + 0.5) / scale;
}

static void round_digits_of(struct cp_interval *v)
{
    round_digits(&v->value);
    round_digits(&v->low);
    round_digits(&v->high);
}

static void round_fitted(struct cp_fitted_list *list)
{
    for (size_t i = 0; i < list->n; i++) {
        struct cp_fitted *m = &list->models[i];
        for (size_t k = 0; k < m->n_parameters; k++)
            round_digits_of(&m->parameters[k].estimate);
        for (size_t k = 0; k < m->n_checks; k++)
            round_digits(&m->checks[k].value);
        for (size_t k = 0; k < m->n_values; k++)
            round_digits_of(&m->values[k].value);
    }
}

struct cp_figures *fixture_figures(const struct cp_run_data *data)
{
    static const struct cp_price_book price = {
        .region = "us-east-1",
        .architecture = "arm64",
        .date = "2026-09-19",
        .source = "list price of the test",
        .request_usd = 2e-7,
        .duration = {{0, 1.33334e-5}, {7.5e9, 1.20001e-5}, {1.875e10, 1.06667e-5}},
        .provisioned_concurrency_usd_per_gb_s = 3.3334e-6,
        .provisioned_duration_usd_per_gb_s = 8.3334e-6,
    };
    struct cp_error err = {.text = ""};
    struct cp_figures *f = NULL;
    enum cp_code code = cp_figures_new(data, &f, &err);
    if (code != CP_OK)
        fail_msg("%s", err.text);
    f->price = &price;
    cp_figures_forget_fit(f);
    set_laws(f);
    round_tails(f);
    decide(&f->decision);
    round_probabilities(f);
    cp_figures_warn(f);
    assert_true(cp_fitted_fill(f));
    round_fitted(f->fitted);
    return f;
}

static struct {
    struct cp_run_data data;
    struct cp_figures *figures;
} shared;

struct cp_figures *fixture_shared(const struct fixture_options *options)
{
    if (!shared.figures) {
        fixture_data(&(struct fixture_options){0}, &shared.data);
        shared.figures = fixture_figures(&shared.data);
    }
    describe(options, &shared.data.run);
    cp_figures_warn(shared.figures);
    return shared.figures;
}

int fixture_shared_free(void **state)
{
    (void)state;
    cp_figures_free(shared.figures);
    shared.figures = NULL;
    cp_run_data_clear(&shared.data);
    return 0;
}

static void golden_path(const char *name, char out[300])
{
    (void)snprintf(out, 300, "tests/data/reports/%s", name);
}

void fixture_check_golden(const char *name, const struct cp_buf *actual)
{
    char path[300];
    struct cp_error err = {.text = ""};
    struct cp_buf expected;
    golden_path(name, path);
    if (getenv("COLDPROF_REWRITE_GOLDENS")) {
        if (cp_file_write_atomic(path, cp_buf_view(actual), &err) != CP_OK)
            fail_msg("%s", err.text);
        return;
    }
    cp_buf_init(&expected, 4U << 20);
    if (cp_file_read(path, &expected, &err) != CP_OK)
        fail_msg("%s", err.text);
    size_t at = 0;
    size_t line = 1;
    while (at < expected.n && at < actual->n && expected.p[at] == actual->p[at])
        line += expected.p[at++] == '\n' ? 1 : 0;
    if (at < expected.n || at < actual->n)
        fail_msg("%s differs in line %zu: expected '%.60s', got '%.60s'", path, line,
                 cp_buf_str(&expected) + at, cp_buf_str(actual) + at);
    cp_buf_clear(&expected);
}

size_t fixture_hostile_names(char names[][200], size_t max)
{
    struct cp_error err = {.text = ""};
    struct cp_buf text;
    size_t n = 0;
    cp_buf_init(&text, 1U << 16);
    if (cp_file_read("tests/data/reports/names.jsonl", &text, &err) != CP_OK)
        fail_msg("%s", err.text);
    struct cp_view rest = cp_buf_view(&text);
    struct cp_view line;
    while (n < max && cp_view_split(&rest, '\n', &line)) {
        cJSON *object = cJSON_ParseWithLength(line.p, line.n);
        const cJSON *name = cJSON_GetObjectItemCaseSensitive(object, "name");
        if (cJSON_IsString(name))
            (void)snprintf(names[n++], 200, "%s", name->valuestring);
        cJSON_Delete(object);
    }
    cp_buf_clear(&text);
    return n;
}
