/* SPDX-License-Identifier: GPL-3.0-or-later
 * The model behind the page. Units are in the key names, NaN is null, numbers are never text and
 * round-trip exactly (shortest of 15 to 17 digits).
 */
#include <math.h>

#include "model/base/units.h"
#include <stdio.h>

#include "reports/demand_json.h"
#include "reports/figures.h"
#include "reports/fitted.h"
#include "reports/history_parts.h"
#include "reports/json_writer.h"
#include "reports/levels.h"
#include "reports/price_json.h"
#include "reports/report_parts.h"
#include "reports/table.h"
#include "reports/words.h"

/* A quantile the status does not allow is null: n says what would be needed. So is one, or a bound,
 * that only the timeout ends: is_at_timeout says so. */
static void add_estimate(struct cp_json *j, const char *key, const struct cp_estimate *e)
{
    struct cp_interval shown = cp_interval_of_estimate(e);
    bool has_upper = e->status == CP_ANSWER_OK || e->status == CP_ANSWER_UPPER_ONLY;
    cp_json_open(j, key, '{');
    cp_json_add_text(j, "status", cp_answer_name(e->status));
    cp_json_add_count(j, "n", e->n);
    cp_json_add_number(j, "q", e->q);
    cp_json_add_number(j, "value_ms", shown.value);
    cp_json_add_number(j, "low_ms", shown.low);
    cp_json_add_number(j, "high_ms", shown.high);
    cp_json_add_number(j, "upper_ms", has_upper ? e->upper : NAN);
    cp_json_add_bool(j, "is_at_timeout", has_upper && isinf(e->upper));
    cp_json_add_number(j, "coverage", e->status == CP_ANSWER_OK ? e->coverage : NAN);
    cp_json_add_count(j, "n_needed", e->n_needed);
    cp_json_add_count(j, "n_needed_upper", e->n_needed_upper);
    cp_json_add_bool(j, "is_mode_edge", e->is_mode_edge);
    cp_json_close(j, '}');
}

/* p99 / p50; null as far as the sample does not allow it. */
static void add_ratio(struct cp_json *j, const char *key, const struct cp_estimate *e)
{
    struct cp_interval shown = cp_interval_of_estimate(e);
    if (e->status == CP_ANSWER_UPPER_ONLY)
        shown.high = e->upper;
    cp_json_add_interval(j, key, shown);
}

static void add_layers(struct cp_json *j, const struct cp_run *run)
{
    struct cp_view rest = cp_view_of(run->layers);
    struct cp_view layer;
    cp_json_open(j, "layers", '[');
    while (cp_view_split(&rest, ' ', &layer)) {
        char arn[CP_RUN_LAYERS_MAX];
        cp_view_copy_cut(layer, arn, sizeof arn);
        cp_json_add_text(j, NULL, arn);
    }
    cp_json_close(j, ']');
}

static void add_run_facts(struct cp_json *j, const struct cp_run *run)
{
    cp_json_open(j, "run", '{');
    cp_json_add_text(j, "function", run->function);
    cp_json_add_text(j, "target", run->target);
    cp_json_add_text(j, "place", run->place);
    cp_json_add_bool(j, "is_local", run->is_local);
    cp_json_add_text(j, "region", run->region);
    cp_json_add_text(j, "architecture", run->architecture);
    cp_json_add_text(j, "runtime", run->runtime);
    cp_json_add_text(j, "package_type", run->package_type);
    cp_json_add_text(j, "provisioned", run->provisioned);
    cp_json_add_text(j, "initialization", run->initialization);
    cp_json_add_text(j, "runtime_version_arn", run->runtime_version_arn);
    cp_json_add_text(j, "code_sha256", run->code_sha256);
    cp_json_add_int(j, "code_size_bytes", run->code_size_bytes);
    add_layers(j, run);
    cp_json_add_text(j, "payload_sha256", run->payload_sha256);
    cp_json_add_text(j, "coldprof_version", run->coldprof_version);
    cp_json_add_text(j, "cmdline", run->command);
    cp_json_add_int(j, "started_at_ms", run->started_at_ms);
    cp_json_add_int(j, "ended_at_ms", run->ended_at_ms);
    cp_json_key(j, "seed");
    cp_buf_addf(j->out, "%llu", (unsigned long long)run->seed);
    cp_json_add_int(j, "original_memory_size_mb", run->original_memory_size_mb);
    cp_json_add_int(j, "timeout_ms", run->timeout_ms);
    cp_json_add_number(j, "budget_q", run->budget_q);
    cp_json_add_number(j, "budget_ms", run->budget_ms);
    cp_json_add_number(j, "traffic_per_s", run->traffic_per_s);
    cp_json_add_text(j, "workload_class",
                     run->workload_class[0] ? run->workload_class : "interactive");
    cp_json_add_text(j, "risk", run->risk[0] ? run->risk : "upper");
    cp_json_add_int(j, "unreserved_concurrency", run->unreserved_concurrency);
    cp_json_add_text(j, "host", run->host);
    cp_json_add_text(j, "idle_law", run->idle_law);
    cp_json_add_text(j, "idle_end", run->idle_end);
    cp_json_add_bool(j, "is_init_throttled", run->is_init_throttled);
    cp_json_add_bool(j, "is_interrupted", run->is_interrupted);
    cp_json_add_text(j, "method", run->method);
    cp_json_add_text(j, "mode", run->mode);
    cp_json_close(j, '}');
}

static void add_accounting(struct cp_json *j, const struct cp_figures *f)
{
    cp_json_open(j, "accounting", '{');
    cp_json_add_count(j, "planned", f->accounting.planned);
    cp_json_add_count(j, "measured", f->accounting.measured);
    cp_json_add_count(j, "failed", f->accounting.failed);
    cp_json_add_count(j, "throttled", f->accounting.throttled);
    cp_json_add_count(j, "unknown", f->accounting.unknown);
    cp_json_add_count(j, "not_sent", f->accounting.not_sent);
    cp_json_add_count(j, "mismatched", f->n_mismatched);
    cp_json_close(j, '}');
}

/* null: nobody was billed. `unknown_usd` is the worst case of invocations without a record. */
static void add_spend(struct cp_json *j, const struct cp_figures *f)
{
    const struct cp_run *run = &f->data->run;
    const char *unpriced = cp_quote_unpriced(f->price, &f->spend.function);
    if (!cp_figures_is_billed(f)) {
        cp_json_key(j, "spend");
        cp_buf_adds(j->out, "null");
        return;
    }
    cp_json_open(j, "spend", '{');
    cp_json_add_number(j, "billed_usd", f->spend.billed_usd);
    cp_json_add_number(j, "billed_gb_s", f->spend.billed_gb_s);
    cp_json_add_count(j, "n_billed", f->spend.n_billed);
    cp_json_add_number(j, "unknown_usd", f->spend.unknown_usd);
    cp_json_add_count(j, "n_unknown", f->spend.n_unknown);
    cp_json_add_number(j, "snapshots_usd", f->spend.snapshots_usd);
    cp_json_add_text(j, "without", unpriced ? unpriced : "");
    cp_json_add_number(j, "quoted_usd", run->quoted_usd);
    cp_json_add_number(j, "quoted_max_usd", run->quoted_max_usd);
    cp_json_add_number(j, "max_cost_usd", run->max_cost_usd);
    cp_json_close(j, '}');
}

/* Tails with the help of the other sizes: a model's, never in place of the measured ones. */
static void add_tails(struct cp_json *j, const struct cp_figures *f,
                      const struct cp_size_figures *size)
{
    static const char *const names[CP_SERIES_COUNT][CP_TAIL_COUNT] = {
        [CP_SERIES_INIT] = {"{init}_p95", "{init}_p99"},
        [CP_SERIES_COLD_HANDLER] = {"cold_handler_p95", "cold_handler_p99"},
        [CP_SERIES_COLD] = {"cold_p95", "cold_p99"},
        [CP_SERIES_WARM] = {"warm_p95", "warm_p99"},
    };
    char key[CP_WORDS_MAX];
    cp_json_open(j, "pooled_tails", '{');
    for (size_t i = 0; i < (size_t)CP_SERIES_COUNT * CP_TAIL_COUNT; i++) {
        const struct cp_tail *tail = &size->tails[i / CP_TAIL_COUNT][i % CP_TAIL_COUNT];
        struct cp_interval shown = cp_tail_interval(tail);
        cp_json_open(j, cp_words(f, names[i / CP_TAIL_COUNT][i % CP_TAIL_COUNT], key), '{');
        cp_json_add_text(j, "status", cp_answer_name(tail->status));
        cp_json_add_bool(j, "is_pooled", tail->is_pooled);
        cp_json_add_number(j, "value_ms", shown.value);
        cp_json_add_number(j, "low_ms", shown.low);
        cp_json_add_number(j, "high_ms", shown.high);
        cp_json_add_count(j, "n_pooled", tail->n_pooled);
        cp_json_close(j, '}');
    }
    cp_json_close(j, '}');
}

static void add_size(struct cp_json *j, const struct cp_figures *f,
                     const struct cp_size_figures *size)
{
    char key[CP_WORDS_MAX];
    const struct {
        const char *key;
        const struct cp_estimate *e;
    } estimates[] = {
        {"{init}_p50", &size->init_p50},
        {"{init}_p95", &size->init_p95},
        {"cold_handler_p50", &size->cold_handler_p50},
        {"cold_handler_p95", &size->cold_handler_p95},
        {"cold_p50", &size->cold_p50},
        {"cold_p95", &size->cold_p95},
        {"cold_p99", &size->cold_p99},
        {"warm_p50", &size->warm_p50},
        {"warm_p95", &size->warm_p95},
        {"warm_p99", &size->warm_p99},
        {"client_warm_p50", &size->client_warm_p50},
    };
    cp_json_open(j, NULL, '{');
    cp_json_add_int(j, "memory_size_mb", size->memory_size_mb);
    cp_json_add_count(j, "n_cold", size->n_cold);
    cp_json_add_count(j, "n_warm", size->n_warm);
    cp_json_add_count(j, "n_excluded", size->n_excluded);
    cp_json_add_count(j, "n_failed", size->n_failed);
    cp_json_add_count(j, "n_cold_timeout", size->n_cold_timeout);
    cp_json_add_count(j, "n_warm_timeout", size->n_warm_timeout);
    cp_json_add_number(j, "timeout_ms", size->timeout_ms);
    cp_json_add_bool(j, "cannot_run", size->cannot_run);
    cp_json_add_text(j, "cannot_run_note", size->cannot_run_note);
    for (size_t i = 0; i < sizeof estimates / sizeof estimates[0]; i++)
        add_estimate(j, cp_words(f, estimates[i].key, key), estimates[i].e);
    add_tails(j, f, size);
    add_ratio(j, "cold_tail_ratio", &size->cold_tail_ratio);
    add_ratio(j, "warm_tail_ratio", &size->warm_tail_ratio);
    cp_json_add_number(j, "billed_p50_ms", size->billed_p50_ms);
    cp_json_add_interval(j, "usd_per_million", size->usd_per_million);
    cp_json_add_number(j, "usd_per_million_cold", size->usd_per_million_cold);
    cp_json_add_int(j, "max_memory_used_mb", size->max_memory_used_mb);
    cp_json_add_number(j, "headroom_ratio", size->headroom_ratio);
    cp_json_close(j, '}');
}

static void add_eras(struct cp_json *j, const struct cp_figures *f)
{
    static const char *const keys[CP_ERA_COUNT] = {
        [CP_ERA_UNKNOWN] = "time_unknown",
        [CP_ERA_100_MS] = "to_2020_11_30",
        [CP_ERA_INIT_FREE] = "to_2025_07_31",
        [CP_ERA_INIT_PAID] = "from_2025_08_01",
    };
    cp_json_open(j, "billing_eras", '{');
    for (size_t i = 0; i < CP_ERA_COUNT; i++) {
        cp_json_open(j, keys[i], '{');
        cp_json_add_count(j, "n_cold", (size_t)f->eras[i].n_cold);
        cp_json_add_count(j, "n_init_billed", (size_t)f->eras[i].n_init_billed);
        cp_json_close(j, '}');
    }
    cp_json_close(j, '}');
}

static void add_hours(struct cp_json *j, const struct cp_traffic *t)
{
    cp_json_open(j, "hours_of_week", '[');
    for (size_t i = 0; i < CP_TRAFFIC_HOURS; i++) {
        const struct cp_traffic_hour *h = &t->hours[i];
        cp_json_open(j, NULL, '{');
        cp_json_add_count(j, "hour", i);
        cp_json_add_count(j, "n_minutes", (size_t)h->n_minutes);
        cp_json_add_count(j, "arrivals", (size_t)h->arrivals);
        cp_json_add_count(j, "cold_arrivals", (size_t)h->cold_arrivals);
        cp_json_add_count(j, "max_arrivals_per_minute", h->max_arrivals_per_minute);
        cp_json_add_number(j, "mean_concurrency", h->mean_concurrency);
        cp_json_add_number(j, "in_flight_p50", h->in_flight_p50);
        cp_json_add_number(j, "in_flight_p95", h->in_flight_p95);
        cp_json_add_number(j, "in_flight_max", h->in_flight_max);
        cp_json_close(j, '}');
    }
    cp_json_close(j, ']');
}

/* null: no record has a time. Hours are of UTC, Monday first. */
static void add_traffic(struct cp_json *j, const struct cp_traffic *t)
{
    if (t->status != CP_OK) {
        cp_json_key(j, "traffic");
        cp_buf_adds(j->out, "null");
        return;
    }
    cp_json_open(j, "traffic", '{');
    cp_json_add_int(j, "first_minute_at_ms", t->first_minute * CP_MS_PER_MINUTE);
    cp_json_add_int(j, "last_minute_at_ms", t->last_minute * CP_MS_PER_MINUTE);
    cp_json_add_count(j, "arrivals", (size_t)t->arrivals);
    cp_json_add_count(j, "cold_arrivals", (size_t)t->cold_arrivals);
    cp_json_add_number(j, "arrivals_per_s", t->arrivals_per_s);
    cp_json_add_int(j, "peak_minute_at_ms", t->peak_minute * CP_MS_PER_MINUTE);
    cp_json_add_count(j, "peak_arrivals_per_minute", (size_t)t->peak_arrivals);
    cp_json_add_number(j, "mean_concurrency", t->mean_concurrency);
    cp_json_add_number(j, "in_flight_p50", t->in_flight_p50);
    cp_json_add_number(j, "in_flight_p95", t->in_flight_p95);
    cp_json_add_number(j, "in_flight_p99", t->in_flight_p99);
    cp_json_add_number(j, "in_flight_max", t->in_flight_max);
    cp_json_add_count(j, "n_gaps", t->n_gaps_in_all);
    cp_json_add_int(j, "gap_minutes", t->gap_minutes);
    add_hours(j, t);
    cp_json_close(j, '}');
}

static void add_retries(struct cp_json *j, const struct cp_digest_retries *r)
{
    cp_json_open(j, "retries", '{');
    cp_json_add_count(j, "n_requests", r->n_requests);
    cp_json_add_bool(j, "is_all", r->is_all);
    cp_json_add_interval(j, "retried_ratio",
                         (struct cp_interval){r->retried_share, r->retried_low, r->retried_high});
    cp_json_add_count(j, "n_retried_after_failure", r->n_retried_after_failure);
    cp_json_close(j, '}');
}

static void add_idle(struct cp_json *j, const struct cp_digest_idle *idle)
{
    cp_json_open(j, "idle_probes", '{');
    cp_json_add_count(j, "n_warm", idle->n_warm);
    cp_json_add_count(j, "n_cold", idle->n_cold);
    cp_json_add_count(j, "n_short", idle->n_short);
    cp_json_add_count(j, "n_contradicting", idle->n_contradicting);
    cp_json_add_count(j, "n_censored", idle->n_censored);
    cp_json_add_bool(j, "is_partial", idle->is_partial);
    cp_json_close(j, '}');
}

static void add_failures(struct cp_json *j, const struct cp_figures *f)
{
    cp_json_open(j, "failures", '{');
    cp_json_add_count(j, "error", f->n_by_outcome[CP_OUTCOME_ERROR]);
    cp_json_add_count(j, "timeout", f->n_by_outcome[CP_OUTCOME_TIMEOUT]);
    cp_json_add_count(j, "out_of_memory", f->n_by_outcome[CP_OUTCOME_OUT_OF_MEMORY]);
    cp_json_add_count(j, "init_failed", f->n_by_outcome[CP_OUTCOME_INIT_FAILED]);
    cp_json_close(j, '}');
}

/* Of runs that were read from logs. */
static void add_log(struct cp_json *j, const struct cp_figures *f)
{
    if (!cp_figures_is_import(f))
        return;
    cp_json_open(j, "log", '{');
    cp_json_add_text(j, "assumed", f->data->run.assumed);
    cp_json_add_count(j, "n_duplicates", (size_t)f->data->run.n_duplicates);
    cp_json_add_bool(j, "is_from_histograms", cp_figures_is_from_digest(f));
    add_eras(j, f);
    cp_json_add_interval(j, "observed_cold_share_ratio", f->observed_cold_share);
    add_traffic(j, &f->traffic);
    add_retries(j, &f->retries);
    add_idle(j, &f->idle);
    add_failures(j, f);
    cp_json_close(j, '}');
}

/* In wall-clock runs only: times of the client. */
static void add_wall_clock(struct cp_json *j, const struct cp_figures *f)
{
    if (!cp_figures_is_wall_clock(f))
        return;
    cp_json_open(j, "wall_clock", '[');
    for (size_t i = 0; i < f->n_sizes; i++) {
        cp_json_open(j, NULL, '{');
        cp_json_add_int(j, "memory_size_mb", f->sizes[i].memory_size_mb);
        add_estimate(j, "client_p50", &f->sizes[i].wall_p50);
        add_estimate(j, "client_p95", &f->sizes[i].wall_p95);
        add_estimate(j, "client_p99", &f->sizes[i].wall_p99);
        cp_json_close(j, '}');
    }
    cp_json_close(j, ']');
}

static void add_law(struct cp_json *j, const char *key, const struct cp_memory_law *law)
{
    bool has_fit = law->status == CP_OK;
    cp_json_open(j, key, '{');
    cp_json_add_text(j, "status", cp_code_text(law->status));
    cp_json_add_text(j, "kind", cp_memory_curve_name(law->kind));
    cp_json_add_number(j, "q", law->q);
    cp_json_add_number(j, "a_ms", has_fit ? law->a_ms : NAN);
    cp_json_add_number(j, "a_low_ms", has_fit ? law->a_low_ms : NAN);
    cp_json_add_number(j, "a_high_ms", has_fit ? law->a_high_ms : NAN);
    cp_json_add_number(j, "b_ms_per_1024_mb", has_fit ? law->b_ms : NAN);
    cp_json_add_number(j, "b_low_ms_per_1024_mb", has_fit ? law->b_low_ms : NAN);
    cp_json_add_number(j, "b_high_ms_per_1024_mb", has_fit ? law->b_high_ms : NAN);
    cp_json_add_number(j, "cap_mb", has_fit ? law->cap_mb : NAN);
    cp_json_add_count(j, "n_sizes", law->n_sizes);
    cp_json_add_count(j, "n_samples", law->n_samples);
    cp_json_add_bool(j, "is_lack_of_fit", law->is_lack_of_fit);
    cp_json_close(j, '}');
}

static void add_laws(struct cp_json *j, const struct cp_figures *f)
{
    char key[CP_WORDS_MAX];
    cp_json_open(j, "memory_laws", '{');
    add_law(j, cp_words(f, "{init}_p50", key), &f->laws[CP_SERIES_INIT][CP_LAW_P50]);
    add_law(j, cp_words(f, "{init}_p95", key), &f->laws[CP_SERIES_INIT][CP_LAW_P95]);
    add_law(j, "warm_p50", &f->laws[CP_SERIES_WARM][CP_LAW_P50]);
    add_law(j, "warm_p95", &f->laws[CP_SERIES_WARM][CP_LAW_P95]);
    add_law(j, "cold_handler_p50", &f->laws[CP_SERIES_COLD_HANDLER][CP_LAW_P50]);
    cp_json_close(j, '}');
    cp_json_add_bool(j, cp_words(f, "is_{init}_pooled", key), f->is_init_pooled);
    if (!f->is_init_pooled)
        return;
    add_estimate(j, cp_words(f, "pooled_{init}_p50", key), &f->pooled_init_p50);
    add_estimate(j, cp_words(f, "pooled_{init}_p95", key), &f->pooled_init_p95);
    add_estimate(j, cp_words(f, "pooled_{init}_p99", key), &f->pooled_init_p99);
}

static void add_survival(struct cp_json *j, const struct cp_idle_survival *s)
{
    cp_json_open(j, "idle_survival", '{');
    cp_json_add_text(j, "status", cp_code_text(s->status));
    cp_json_add_count(j, "n_probes", s->n_probes);
    cp_json_add_bool(j, "is_separated", s->is_separated);
    cp_json_add_text(j, "law", s->status == CP_OK ? cp_idle_law_text(s->laws.choice) : "");
    cp_json_add_number(j, "last_warm_ms", s->status == CP_OK ? s->last_warm_ms : NAN);
    cp_json_add_number(j, "first_cold_ms", s->status == CP_OK ? s->first_cold_ms : NAN);
    cp_json_open(j, "points", '[');
    for (size_t i = 0; i < s->n_points; i++) {
        const struct cp_idle_point *p = &s->points[i];
        cp_json_open(j, NULL, '{');
        cp_json_add_number(j, "idle_interval_ms", p->idle_interval_ms);
        cp_json_add_count(j, "n", p->n);
        cp_json_add_count(j, "n_cold", p->n_cold);
        cp_json_add_number(j, "cold_share_ratio", p->cold_share);
        cp_json_add_number(j, "cold_probability_ratio", p->cold_probability);
        cp_json_add_number(j, "low_ratio", p->low);
        cp_json_add_number(j, "high_ratio", p->high);
        cp_json_add_number(j, "wilson_low_ratio", p->wilson_low);
        cp_json_add_number(j, "wilson_high_ratio", p->wilson_high);
        cp_json_add_number(j, "band_low_ratio", p->band_low);
        cp_json_add_number(j, "band_high_ratio", p->band_high);
        cp_json_add_text(j, "band_method", cp_idle_band_text(p->band_method));
        cp_json_add_count(j, "n_batches", p->n_batches);
        cp_json_close(j, '}');
    }
    cp_json_close(j, ']');
    cp_json_close(j, '}');
}

/* What `concurrency` alone does not tell: each hour of the week (UTC, Monday 00:00 first) of a
 * schedule, target and bounds of tracking; null for the other modes. */
static void add_strategy(struct cp_json *j, const struct cp_candidate *c)
{
    if (c->mode == CP_MODE_SCHEDULED) {
        cp_json_open(j, "provisioned_by_hour_utc", '[');
        for (size_t h = 0; h < CP_ARRIVALS_HOURS; h++)
            cp_json_add_int(j, NULL, c->by_hour[h]);
        cp_json_close(j, ']');
    } else {
        cp_json_add_number(j, "provisioned_by_hour_utc", NAN);
    }
    if (c->mode != CP_MODE_TRACKING) {
        cp_json_add_number(j, "tracking", NAN);
        return;
    }
    cp_json_open(j, "tracking", '{');
    cp_json_add_number(j, "target_utilization_ratio", c->tracking.target);
    cp_json_add_int(j, "min", c->tracking.min);
    cp_json_add_int(j, "max", c->tracking.max);
    cp_json_close(j, '}');
}

void cp_candidate_json(struct cp_json *j, const struct cp_candidate *c)
{
    cp_json_open(j, NULL, '{');
    cp_json_add_int(j, "memory_size_mb", c->memory_size_mb);
    cp_json_add_text(j, "architecture", c->architecture ? c->architecture : "");
    cp_json_add_bool(j, "is_snapstart", c->fresh_start == CP_START_SNAPSTART);
    cp_json_add_text(j, "mode", cp_concurrency_mode_name(c->mode));
    cp_json_add_int(j, "concurrency", c->concurrency);
    add_strategy(j, c);
    cp_json_add_interval(j, "latency_ms", c->latency_ms);
    cp_json_add_interval(j, "p50_ms", c->p50_ms);
    cp_json_add_interval(j, "p95_ms", c->p95_ms);
    cp_json_add_interval(j, "p99_ms", c->p99_ms);
    cp_json_add_text(j, "latency_status", cp_answer_name(c->latency_status));
    cp_json_add_interval(j, "over_budget_ratio", c->over_budget);
    cp_json_add_interval(j, "tail_ratio", cp_candidate_tail_ratio(c));
    cp_json_add_interval(j, "cold_share_ratio", c->cold_share);
    cp_json_add_number(j, "spillover_ratio", c->spillover_share);
    cp_json_add_number(j, "throttled_ratio", c->throttled_share);
    cp_json_add_number(j, "utilization_ratio", c->utilization);
    cp_json_add_number(j, "peak_concurrency", c->peak_concurrency);
    cp_json_add_interval(j, "usd_per_million", c->usd_per_million);
    cp_json_add_interval(j, "usd_per_month", c->usd_per_month);
    cp_json_add_number(j, "fixed_usd_per_month", c->fixed_usd_per_month);
    cp_bill_json(j, "bill_per_month", isnan(c->usd_per_month.value) ? NULL : &c->bill);
    cp_json_add_bool(j, "meets_budget", c->meets_budget);
    cp_json_add_bool(j, "may_meet_budget", c->may_meet_budget);
    cp_json_add_bool(j, "is_on_frontier", c->is_on_frontier);
    cp_json_add_bool(j, "is_current", c->is_current);
    cp_json_add_bool(j, "is_modelled", c->is_modelled);
    cp_json_add_bool(j, "is_from_curve", c->is_from_curve);
    cp_json_add_bool(j, "is_runnable", c->is_runnable);
    cp_json_add_text(j, "why_not", c->why_not);
    cp_json_close(j, '}');
}

static void add_threshold(struct cp_json *j, const struct cp_threshold *row)
{
    cp_json_open(j, NULL, '{');
    cp_json_add_text(j, "kind", cp_threshold_kind_name(row->kind));
    cp_json_add_text(j, "flip", cp_flip_name(row->flip));
    cp_json_add_number(j, "value", row->value);
    cp_json_add_text(j, "unit", cp_threshold_unit(row->kind));
    cp_json_add_number(j, "factor", row->factor);
    cp_json_add_int(j, "to", row->to);
    cp_json_add_number(j, "to_memory_size_mb",
                       row->to_memory_size_mb ? row->to_memory_size_mb : (double)NAN);
    cp_json_add_text(j, "to_mode",
                     row->to_memory_size_mb
                         ? cp_concurrency_mode_name((enum cp_concurrency_mode)row->to_mode)
                         : "");
    cp_json_add_int(j, "to_concurrency", row->to_concurrency);
    cp_json_add_number(j, "estimate_ms", row->estimate_ms);
    cp_json_add_number(j, "cold_share_ratio", row->cold_share);
    cp_json_add_bool(j, "by_search", row->by_search);
    cp_json_close(j, '}');
}

void cp_decision_json(struct cp_json *j, const struct cp_figures *f)
{
    const struct cp_decision *d = &f->decision;
    cp_json_open(j, "decision", '{');
    cp_json_add_text(j, "verdict", cp_verdict_name(d->verdict));
    cp_json_add_bool(j, "is_budget_met", d->is_budget_met);
    cp_json_add_text(j, "sentence", d->sentence);
    cp_json_add_text(j, "because", d->because);
    cp_json_add_text(j, "money", d->money);
    cp_json_add_text(j, "reserved", d->reserved);
    cp_json_add_text(j, "modelled", d->modelled);
    cp_json_open(j, "changers", '[');
    for (size_t i = 0; i < d->n_changers; i++)
        cp_json_add_text(j, NULL, d->changers[i]);
    cp_json_close(j, ']');
    cp_json_open(j, "thresholds", '[');
    for (size_t i = 0; i < d->n_thresholds; i++)
        add_threshold(j, &d->thresholds[i]);
    cp_json_close(j, ']');
    cp_json_add_interval(j, "saving_usd_per_month", d->saving_usd_per_month);
    cp_json_add_int(j, "chosen", d->chosen);
    cp_json_add_int(j, "current", d->current);
    cp_json_add_int(j, "cheapest", d->cheapest);
    cp_json_add_int(j, "fastest", d->fastest);
    cp_json_add_int(j, "fallback", d->fallback);
    cp_json_add_number(j, "break_even_utilization_ratio", d->break_even_utilization);
    cp_json_add_number(j, "covered_share_ratio", cp_figures_has_traffic(f) ? d->covered : NAN);
    cp_json_add_number(j, "survival_used_ms", d->survival_used_ms);
    cp_json_add_bool(j, "is_survival_extrapolated", d->is_survival_extrapolated);
    cp_levels_json(j, f);
    cp_json_open(j, "candidates", '[');
    for (size_t i = 0; i < d->n_candidates; i++)
        cp_candidate_json(j, &d->candidates[i]);
    cp_json_close(j, ']');
    cp_json_close(j, '}');
}

void cp_price_terms_json(struct cp_json *j, const struct cp_figures *f)
{
    cp_json_open(j, "price", '{');
    cp_price_json(j, f->price);
    cp_json_add_bool(j, "is_free_tier_taken_off", f->data->terms.has_free_tier);
    cp_json_add_number(j, "account_gb_s", f->data->terms.used_gb_s);
    cp_json_close(j, '}');
}

void cp_warning_list_json(struct cp_json *j, const struct cp_warning *warnings, size_t n)
{
    cp_json_open(j, "warnings", '[');
    for (size_t i = 0; i < n; i++) {
        cp_json_open(j, NULL, '{');
        cp_json_add_text(j, "id", warnings[i].id);
        cp_json_add_text(j, "text", warnings[i].text);
        cp_json_add_text(j, "advice", warnings[i].advice);
        cp_json_close(j, '}');
    }
    cp_json_close(j, ']');
}

void cp_warnings_json(struct cp_json *j, const struct cp_figures *f)
{
    cp_warning_list_json(j, f->warnings, f->n_warnings);
}

/* Only of functions that were measured on several nights. */
static void add_history(struct cp_json *j, const struct cp_figures *f)
{
    if (!cp_figures_has_history(f))
        return;
    cp_json_open(j, "history", '{');
    cp_history_json_members(j, f->history);
    cp_json_close(j, '}');
}

void cp_report_json(const struct cp_figures *f, struct cp_buf *out)
{
    struct cp_json j = {.out = out, .depth = 1, .is_first = true};
    cp_buf_addc(out, '{');
    cp_json_add_int(&j, "schema_version", 1);
    cp_json_add_text(&j, "command", "report");
    cp_json_add_text(&j, "run_id", f->data->run.id);
    add_run_facts(&j, &f->data->run);
    add_accounting(&j, f);
    add_spend(&j, f);
    cp_json_open(&j, "sizes", '[');
    for (size_t i = 0; i < f->n_sizes; i++)
        add_size(&j, f, &f->sizes[i]);
    cp_json_close(&j, ']');
    add_wall_clock(&j, f);
    add_log(&j, f);
    cp_demand_json(&j, f);
    add_laws(&j, f);
    cp_fitted_json(f, &j);
    add_survival(&j, &f->survival);
    cp_decision_json(&j, f);
    cp_price_terms_json(&j, f);
    add_history(&j, f);
    cp_warnings_json(&j, f);
    cp_buf_adds(out, "\n}\n");
}
