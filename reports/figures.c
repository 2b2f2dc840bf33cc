/* SPDX-License-Identifier: GPL-3.0-or-later
 * From a run's samples to every figure of the report. Cold and warm samples are never pooled;
 * only usable samples enter a statistic, all others are counted.
 */
#include "reports/figures.h"
#include "reports/fitted.h"
#include "reports/history.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct cp_size_figures *cp_figures_find_size(struct cp_figures *f, int memory_size_mb)
{
    for (size_t i = 0; i < f->n_sizes; i++) {
        if (f->sizes[i].memory_size_mb == memory_size_mb)
            return &f->sizes[i];
    }
    return NULL;
}

void cp_figures_add_size(struct cp_figures *f, int memory_size_mb)
{
    if (memory_size_mb <= 0 || cp_figures_find_size(f, memory_size_mb) ||
        f->n_sizes == CP_RUN_SIZES_MAX)
        return;
    f->sizes[f->n_sizes++] = (struct cp_size_figures){
        .memory_size_mb = memory_size_mb,
        .max_memory_used_mb = -1,
        .headroom_ratio = NAN,
        .timeout_ms = NAN,
    };
}

static int by_memory(const void *a, const void *b)
{
    const struct cp_size_figures *x = a;
    const struct cp_size_figures *y = b;
    return (x->memory_size_mb > y->memory_size_mb) - (x->memory_size_mb < y->memory_size_mb);
}

void cp_figures_sort_sizes(struct cp_figures *f)
{
    qsort(f->sizes, f->n_sizes, sizeof f->sizes[0], by_memory);
}

/* Sizes come from the samples and from the cells: a size that never ran has no sample. */
static void find_sizes(struct cp_figures *f)
{
    const struct cp_run_data *data = f->data;
    for (size_t i = 0; i < data->n_samples; i++) {
        if (data->samples[i].kind != CP_CELL_PRIME) /* those of a probe are at the own size */
            cp_figures_add_size(f, data->samples[i].memory_size_mb);
    }
    for (size_t i = 0; i < data->n_cells; i++)
        cp_figures_add_size(f, data->cells[i].memory_size_mb);
    cp_figures_sort_sizes(f);
    for (size_t i = 0; i < data->n_cells; i++) {
        const struct cp_cell_result *cell = &data->cells[i];
        struct cp_size_figures *size = cp_figures_find_size(f, cell->memory_size_mb);
        if (!size || cell->stop != CP_STOP_CANNOT_RUN)
            continue;
        size->cannot_run = true;
        (void)snprintf(size->cannot_run_note, sizeof size->cannot_run_note, "%s", cell->note);
    }
}

static bool is_failed(enum cp_outcome outcome)
{
    return outcome == CP_OUTCOME_ERROR || outcome == CP_OUTCOME_TIMEOUT ||
           outcome == CP_OUTCOME_OUT_OF_MEMORY || outcome == CP_OUTCOME_INIT_FAILED;
}

/* Runs stored before the member existed, and those read from logs, tell by what most fresh
 * environments did. */
static enum cp_start_kind fresh_start_of(const struct cp_run_data *data)
{
    size_t n_cold = 0;
    size_t n_restored = 0;
    if (data->run.initialization[0])
        return strcmp(data->run.initialization, "snap-start") == 0 ? CP_START_SNAPSTART
                                                                   : CP_START_COLD;
    if (data->n_samples == 0 && data->digest)
        return cp_figures_digest_start(data->digest);
    for (size_t i = 0; i < data->n_samples; i++) {
        n_cold += data->samples[i].start == CP_START_COLD ? 1 : 0;
        n_restored += data->samples[i].start == CP_START_SNAPSTART ? 1 : 0;
    }
    return n_restored > n_cold ? CP_START_SNAPSTART : CP_START_COLD;
}

/* Has a duration, or one that is known to be above the timeout. */
static bool has_duration(const struct cp_sample *s)
{
    return (cp_sample_is_usable(s) || cp_sample_is_censored(s)) && isfinite(s->duration_ms);
}

/* Its place among the others: a timeout is above them all. */
static double order_ms(const struct cp_sample *s)
{
    return cp_sample_is_censored(s) ? INFINITY : s->duration_ms;
}

/* A fresh environment that started as those of this run do: init and restore are never mixed. */
static bool is_cold_row(const struct cp_figures *f, const struct cp_sample *s)
{
    return s->kind == CP_CELL_COLD && s->start == f->fresh_start && has_duration(s) &&
           isfinite(cp_sample_startup_ms(s));
}

static bool is_mismatched(const struct cp_figures *f, const struct cp_sample *s)
{
    bool is_other_start =
        s->kind == CP_CELL_COLD && s->outcome == CP_OUTCOME_MEASURED && s->start != f->fresh_start;
    return is_other_start || cp_sample_is_mismatched(s);
}

static bool is_warm_row(const struct cp_figures *f, const struct cp_sample *s)
{
    (void)f;
    return s->kind == CP_CELL_WARM && has_duration(s);
}

/* A week of production has a failure now and then that used all memory: it is named among the
 * failures. In a sweep one is enough to see that the size does not do. */
static bool tells_use(const struct cp_figures *f, enum cp_outcome outcome)
{
    return outcome == CP_OUTCOME_MEASURED || !cp_figures_is_import(f);
}

static void count_timeout(const struct cp_sample *s, size_t *n, struct cp_size_figures *size)
{
    if (!cp_sample_is_censored(s))
        return;
    (*n)++;
    size->timeout_ms = fmax(size->timeout_ms, s->duration_ms); /* fmax passes NAN over */
}

/* First pass: what belongs to each size. */
static void count_samples(struct cp_figures *f)
{
    for (size_t i = 0; i < f->data->n_samples; i++) {
        const struct cp_sample *s = &f->data->samples[i];
        struct cp_size_figures *size = cp_figures_find_size(f, s->memory_size_mb);
        if (!size)
            continue;
        if (tells_use(f, s->outcome) && s->max_memory_used_mb > size->max_memory_used_mb)
            size->max_memory_used_mb = s->max_memory_used_mb;
        f->n_mismatched += is_mismatched(f, s) ? 1 : 0;
        size->n_failed += is_failed(s->outcome) ? 1 : 0;
        if (is_cold_row(f, s)) {
            size->n_cold++;
            count_timeout(s, &size->n_cold_timeout, size);
        } else if (is_warm_row(f, s)) {
            size->n_warm++;
            count_timeout(s, &size->n_warm_timeout, size);
        } else if (s->outcome == CP_OUTCOME_MEASURED &&
                   (s->kind == CP_CELL_COLD || s->kind == CP_CELL_WARM)) {
            size->n_excluded++;
        }
    }
}

static void settle_sizes(struct cp_figures *f)
{
    for (size_t i = 0; i < f->n_sizes; i++) {
        struct cp_size_figures *size = &f->sizes[i];
        if (!cp_figures_is_from_digest(f)) {
            size->n_cold_values = size->n_cold;
            size->n_warm_values = size->n_warm;
        }
        if (size->max_memory_used_mb >= 0)
            size->headroom_ratio = 1 - (double)size->max_memory_used_mb / size->memory_size_mb;
    }
}

/* All arrays of all sizes in one block. */
static bool give_arrays(struct cp_figures *f)
{
    size_t total = 1;
    for (size_t i = 0; i < f->n_sizes; i++)
        total += 6 * f->sizes[i].n_cold_values + f->sizes[i].n_warm_values;
    f->values = calloc(total, sizeof *f->values);
    if (!f->values)
        return false;
    double *next = f->values;
    for (size_t i = 0; i < f->n_sizes; i++) {
        struct cp_size_figures *size = &f->sizes[i];
        double **cold[] = {&size->pair_init_ms, &size->pair_handler_ms, &size->pair_billed_ms,
                           &size->init_ms,      &size->cold_handler_ms, &size->cold_ms};
        for (size_t k = 0; k < sizeof cold / sizeof cold[0]; k++) {
            *cold[k] = next;
            next += size->n_cold_values;
        }
        size->warm_ms = next;
        next += size->n_warm_values;
    }
    return true;
}

static void fill_arrays(struct cp_figures *f)
{
    size_t n_cold[CP_RUN_SIZES_MAX] = {0};
    size_t n_warm[CP_RUN_SIZES_MAX] = {0};
    for (size_t i = 0; i < f->data->n_samples; i++) {
        const struct cp_sample *s = &f->data->samples[i];
        struct cp_size_figures *size = cp_figures_find_size(f, s->memory_size_mb);
        if (!size)
            continue;
        size_t at = (size_t)(size - f->sizes);
        if (is_cold_row(f, s)) {
            size->pair_init_ms[n_cold[at]] = cp_sample_startup_ms(s);
            size->pair_billed_ms[n_cold[at]] = s->billed_duration_ms;
            size->pair_handler_ms[n_cold[at]++] = order_ms(s);
        } else if (is_warm_row(f, s)) {
            size->warm_ms[n_warm[at]++] = order_ms(s);
        }
    }
    for (size_t i = 0; i < f->n_sizes; i++) {
        struct cp_size_figures *size = &f->sizes[i];
        for (size_t k = 0; k < size->n_cold_values; k++) {
            size->init_ms[k] = size->pair_init_ms[k];
            size->cold_handler_ms[k] = size->pair_handler_ms[k];
            size->cold_ms[k] = size->pair_init_ms[k] + size->pair_handler_ms[k];
        }
        cp_sort(size->init_ms, size->n_cold_values);
        cp_sort(size->cold_handler_ms, size->n_cold_values);
        cp_sort(size->cold_ms, size->n_cold_values);
        cp_sort(size->warm_ms, size->n_warm_values);
    }
}

/* One field of the usable samples of a size, sorted, as a median. */
static struct cp_estimate median_of(const struct cp_figures *f, const struct cp_size_figures *size,
                                    double *scratch, double (*field)(const struct cp_sample *))
{
    size_t n = 0;
    for (size_t i = 0; i < f->data->n_samples; i++) {
        const struct cp_sample *s = &f->data->samples[i];
        if (s->memory_size_mb == size->memory_size_mb && is_warm_row(f, s) && isfinite(field(s)))
            scratch[n++] = field(s);
    }
    cp_sort(scratch, n);
    return cp_quantile_estimate(scratch, n, 0.5, 0);
}

static double client_ms_of(const struct cp_sample *s)
{
    return s->client_ms;
}

static double billed_ms_of(const struct cp_sample *s)
{
    return s->billed_duration_ms;
}

static void estimate_size(struct cp_size_figures *size)
{
    const struct {
        struct cp_estimate *to;
        const double *values;
        bool is_cold;
        double q;
    } rows[] = {
        {&size->init_p50, size->init_ms, true, 0.5},
        {&size->init_p95, size->init_ms, true, 0.95},
        {&size->cold_handler_p50, size->cold_handler_ms, true, 0.5},
        {&size->cold_handler_p95, size->cold_handler_ms, true, 0.95},
        {&size->cold_p50, size->cold_ms, true, 0.5},
        {&size->cold_p95, size->cold_ms, true, 0.95},
        {&size->cold_p99, size->cold_ms, true, 0.99},
        {&size->warm_p50, size->warm_ms, false, 0.5},
        {&size->warm_p95, size->warm_ms, false, 0.95},
        {&size->warm_p99, size->warm_ms, false, 0.99},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        size_t n = rows[i].is_cold ? size->n_cold_values : size->n_warm_values;
        *rows[i].to = cp_quantile_estimate(rows[i].values, n, rows[i].q, 0);
        if (n > 0)
            rows[i].to->n = rows[i].is_cold ? size->n_cold : size->n_warm;
    }
    size->cold_tail_ratio = cp_tail_ratio(size->cold_ms, size->n_cold_values, 0);
    size->warm_tail_ratio = cp_tail_ratio(size->warm_ms, size->n_warm_values, 0);
}

/* USD per million from the billed durations as read. A bill is a sum, so its expectation is the
 * one place for a mean; normal interval from CP_FIGURES_MEAN_MIN_N samples on. */
static struct cp_interval cost_of(const struct cp_figures *f, int memory_size_mb,
                                  bool (*is_row)(const struct cp_figures *,
                                                 const struct cp_sample *))
{
    size_t n = 0;
    double mean = 0;
    double square = 0;
    for (size_t i = 0; i < f->data->n_samples; i++) {
        const struct cp_sample *s = &f->data->samples[i];
        if (s->memory_size_mb != memory_size_mb || !is_row(f, s) ||
            !isfinite(s->billed_duration_ms))
            continue;
        double usd = 1e6 * cp_price_invocation_usd(f->price, memory_size_mb, s->billed_duration_ms);
        double delta = usd - mean;
        n++;
        mean += delta / (double)n;
        square += delta * (usd - mean);
    }
    if (n == 0)
        return (struct cp_interval){NAN, NAN, NAN};
    if (n < CP_FIGURES_MEAN_MIN_N)
        return (struct cp_interval){mean, NAN, NAN};
    double half = 1.959964 * sqrt(square / (double)(n - 1) / (double)n);
    return (struct cp_interval){mean, mean - half, mean + half};
}

static bool estimate_samples(struct cp_figures *f)
{
    double *scratch = calloc(f->data->n_samples + 1, sizeof *scratch);
    if (!scratch)
        return false;
    for (size_t i = 0; i < f->n_sizes; i++) {
        struct cp_size_figures *size = &f->sizes[i];
        size->client_warm_p50 = median_of(f, size, scratch, client_ms_of);
        struct cp_estimate billed = median_of(f, size, scratch, billed_ms_of);
        size->billed_p50_ms = billed.n > 0 ? billed.value : NAN;
        size->usd_per_million = cost_of(f, size->memory_size_mb, is_warm_row);
        size->usd_per_million_cold = cost_of(f, size->memory_size_mb, is_cold_row).value;
    }
    free(scratch);
    return true;
}

static bool estimate_sizes(struct cp_figures *f)
{
    for (size_t i = 0; i < f->n_sizes; i++)
        estimate_size(&f->sizes[i]);
    return cp_figures_is_from_digest(f) ? cp_figures_price_digest(f) : estimate_samples(f);
}

static struct cp_spend spend_of(const struct cp_figures *f)
{
    const struct cp_quote_function function = cp_quote_function_of(&f->data->run);
    struct cp_spend spend = cp_spend_of(f->data->samples, f->data->n_samples, &function,
                                        cp_figures_is_billed(f) ? f->price : NULL);
    spend.snapshots_usd = f->data->run.snapshots_usd;
    return spend;
}

/* Sizes, and what belongs to each. */
static void count(struct cp_figures *f)
{
    if (cp_figures_is_from_digest(f)) {
        cp_figures_count_digest(f);
    } else {
        find_sizes(f);
        count_samples(f);
        f->accounting = cp_accounting_of(f->data->samples, f->data->n_samples);
    }
    settle_sizes(f);
}

static bool fill(struct cp_figures *f)
{
    if (!give_arrays(f))
        return false;
    if (cp_figures_is_from_digest(f))
        return cp_figures_fill_from_digest(f);
    fill_arrays(f);
    return true;
}

static enum cp_code log_batches(const struct cp_digest *digest, struct cp_idle_batch **batches,
                                size_t *n, struct cp_error *err)
{
    size_t n_scopes = cp_digest_n_scopes(digest);
    const struct cp_digest_scope **scopes =
        calloc(n_scopes + 1, sizeof(const struct cp_digest_scope *));
    if (!scopes)
        return cp_fail(err, CP_ENOMEM, "no memory for the versions of a function");
    for (size_t i = 0; i < n_scopes; i++)
        scopes[i] = cp_digest_scope_at(digest, i);
    enum cp_code code = cp_digest_idle_batches(scopes, n_scopes, batches, n, err);
    free(scopes);
    return code;
}

/* Batches are the unit of resampling: probes left idle together, pauses that ended together. */
static enum cp_code fit_survival(struct cp_figures *f, struct cp_error *err)
{
    enum { REFITS = 400, DRAWN_MOST = 100000 }; /* batches of a large log need no bootstrap */
    struct cp_idle_batch *batches = NULL;
    size_t n = 0;
    enum cp_code code =
        f->idle.n_points > 0
            ? log_batches(f->data->digest, &batches, &n, err)
            : cp_idle_batches_of_samples(f->data->samples, f->data->n_samples, &batches, &n, err);
    const struct cp_idle_options options = {.n_refits = n <= DRAWN_MOST ? REFITS : 0,
                                            .seed = f->data->run.seed};
    if (code == CP_OK)
        cp_idle_survival_of_batches(batches, n, &options, &f->survival);
    free(batches);
    if (code == CP_OK && f->survival.status == CP_ENOMEM)
        code = cp_fail(err, CP_ENOMEM, "no memory to resample idle probes");
    return code;
}

/* The sizes with their values: all that a variant of another run's question needs. */
static enum cp_code measure(struct cp_figures *f, struct cp_error *err)
{
    f->fresh_start = fresh_start_of(f->data);
    count(f);
    f->spend = spend_of(f);
    if (!fill(f) || !estimate_sizes(f) || !cp_figures_estimate_wall_clock(f))
        return cp_fail(err, CP_ENOMEM, "no memory for the values of %zu samples",
                       f->accounting.planned);
    return CP_OK;
}

static enum cp_code compute(struct cp_figures *f, struct cp_error *err)
{
    enum cp_code code = cp_figures_read_log(f, err);
    if (code)
        return code;
    if (!cp_figures_observe_cold_share(f))
        return cp_fail(err, CP_ENOMEM, "no memory for the hours of the log");
    if (!cp_figures_fit(f))
        return cp_fail(err, CP_ENOMEM, "no memory for %zu pooled values", f->data->n_samples);
    code = fit_survival(f, err);
    if (code == CP_OK)
        code = cp_figures_decide(f, err);
    if (code == CP_OK)
        code = cp_figures_read_demand(f, err);
    if (code == CP_OK)
        code = cp_figures_read_history(f, err);
    if (code != CP_OK)
        return code;
    if (cp_figures_is_emulated(f))
        cp_figures_forget_costs(f);
    cp_figures_limit_decision(f);
    cp_figures_warn(f);
    return cp_fitted_fill(f) ? CP_OK : cp_fail(err, CP_ENOMEM, "no memory for the fitted models");
}

/* An endpoint that does not tell the architecture tells no duration either: nothing is priced. */
static const char *architecture_of(const struct cp_run *run)
{
    return run->architecture[0] ? run->architecture : "x86_64";
}

/* Without prices of its Region a run has no costs; where costs are asked for, that is an error. */
static enum cp_code find_price(struct cp_figures *f, bool needs_price, struct cp_error *err)
{
    const struct cp_run *run = &f->data->run;
    f->price = f->data->price;
    if (f->price)
        return CP_OK;
    enum cp_code code = cp_price_find(run->region, architecture_of(run), &f->price, err);
    if (code != CP_ENOTFOUND || needs_price)
        return code;
    f->price = NULL;
    return CP_OK;
}

/* Measured, and no more; NULL: *code says why not. */
static struct cp_figures *read_run(const struct cp_run_data *data, bool needs_price,
                                   enum cp_code *code, struct cp_error *err)
{
    if (data->n_samples == 0 && !data->digest) {
        *code = cp_fail(err, CP_EINVAL, "run '%s' has no samples", data->run.id);
        return NULL;
    }
    struct cp_figures *f = calloc(1, sizeof *f);
    if (!f) {
        *code = cp_fail(err, CP_ENOMEM, "no memory for the figures");
        return NULL;
    }
    f->data = data;
    *code = find_price(f, needs_price, err);
    if (!*code)
        *code = measure(f, err);
    if (!*code)
        return f;
    cp_figures_free(f);
    return NULL;
}

static enum cp_code add_variant(struct cp_figures *f, const struct cp_run_data *data,
                                bool has_other_code, struct cp_error *err)
{
    enum cp_code code = CP_OK;
    struct cp_figures *other = read_run(data, true, &code, err);
    if (!other)
        return code;
    code = cp_variants_check(f, other, has_other_code, err);
    if (code)
        cp_figures_free(other);
    else
        f->variants[f->n_variants++] = other;
    return code;
}

enum cp_code cp_figures_of_variants(const struct cp_variant_runs *runs, struct cp_figures **out,
                                    struct cp_error *err)
{
    enum cp_code code = CP_OK;
    struct cp_figures *f = read_run(runs->data[0], true, &code, err);
    *out = NULL;
    if (!f)
        return code;
    for (size_t i = 1; i < runs->n && !code; i++)
        code = add_variant(f, runs->data[i], runs->has_other_code, err);
    if (!code)
        code = compute(f, err);
    if (code)
        cp_figures_free(f);
    else
        *out = f;
    return code;
}

enum cp_code cp_figures_measured(const struct cp_run_data *data, struct cp_figures **out,
                                 struct cp_error *err)
{
    enum cp_code code = CP_OK;
    *out = read_run(data, false, &code, err);
    return code;
}

enum cp_code cp_figures_new(const struct cp_run_data *data, struct cp_figures **out,
                            struct cp_error *err)
{
    const struct cp_variant_runs alone = {.data = &data, .n = 1};
    return cp_figures_of_variants(&alone, out, err);
}

void cp_figures_free(struct cp_figures *figures)
{
    if (!figures)
        return;
    for (size_t i = 0; i < figures->n_variants; i++)
        cp_figures_free(figures->variants[i]); /* which have none themselves */
    cp_figures_forget_log(figures);
    cp_figures_forget_fit(figures);
    free(figures->values);
    free(figures->fitted);
    cp_history_view_free(figures->history);
    free(figures);
}

const struct cp_candidate *cp_figures_candidate(const struct cp_figures *f, int index)
{
    bool is_valid = index >= 0 && (size_t)index < f->decision.n_candidates;
    return is_valid ? &f->decision.candidates[index] : NULL;
}

int cp_figures_recommended(const struct cp_figures *f)
{
    const struct cp_decision *d = &f->decision;
    bool is_answer = d->verdict == CP_VERDICT_CHANGE || d->verdict == CP_VERDICT_KEEP;
    return is_answer && d->is_budget_met && !isnan(f->data->run.budget_ms) ? d->chosen : -1;
}

const struct cp_size_figures *cp_figures_size(const struct cp_figures *f, int memory_size_mb)
{
    for (size_t i = 0; i < f->n_sizes; i++) {
        if (f->sizes[i].memory_size_mb == memory_size_mb)
            return &f->sizes[i];
    }
    return NULL;
}

size_t cp_figures_n_cold(const struct cp_figures *f)
{
    size_t n = 0;
    for (size_t i = 0; i < f->n_sizes; i++)
        n += f->sizes[i].n_cold;
    return n;
}

size_t cp_figures_n_warm(const struct cp_figures *f)
{
    size_t n = 0;
    for (size_t i = 0; i < f->n_sizes; i++)
        n += f->sizes[i].n_warm;
    return n;
}

size_t cp_figures_n_excluded(const struct cp_figures *f)
{
    size_t n = 0;
    for (size_t i = 0; i < f->n_sizes; i++)
        n += f->sizes[i].n_excluded;
    return n;
}

double cp_figures_quantile(const struct cp_figures *f)
{
    return isnan(f->data->run.budget_q) ? 0.99 : f->data->run.budget_q;
}

bool cp_figures_is_import(const struct cp_figures *f)
{
    return cp_run_is_import(&f->data->run);
}

bool cp_figures_has_traffic(const struct cp_figures *f)
{
    return f->data->run.traffic_per_s > 0;
}

/* One block per size, or a sweep up and down again, visits a size once or twice; an interleaved
 * plan comes back many times. Three visits per size on average separate the two. */
bool cp_figures_is_interleaved(const struct cp_figures *f)
{
    const struct cp_sample *last = NULL;
    size_t n_visits = 0;
    for (size_t i = 0; i < f->data->n_samples; i++) {
        const struct cp_sample *s = &f->data->samples[i];
        if (s->outcome == CP_OUTCOME_NOT_SENT)
            continue;
        n_visits += !last || last->memory_size_mb != s->memory_size_mb ? 1 : 0;
        last = s;
    }
    return f->n_sizes > 1 && n_visits >= 3 * f->n_sizes;
}

size_t cp_figures_n_timeout(const struct cp_figures *f)
{
    size_t n = 0;
    for (size_t i = 0; i < f->n_sizes; i++)
        n += f->sizes[i].n_cold_timeout + f->sizes[i].n_warm_timeout;
    return n;
}
