/* SPDX-License-Identifier: GPL-3.0-or-later
 * The model behind the page. Units are in the key names, NaN is null, numbers are never text and
 * round-trip exactly (shortest of 15 to 17 digits).
 */
#include <math.h>
#include <stdio.h>

#include "reports/figures.h"
#include "reports/json_number.h"
#include "reports/table.h"
#include "reports/words.h"

/* Writes members in order; `is_first` of the innermost open object or array. */
struct json {
    struct cp_buf *out;
    int depth;
    bool is_first;
};

static void next_item(struct json *j, const char *key)
{
    cp_buf_adds(j->out, j->is_first ? "\n" : ",\n");
    for (int i = 0; i < j->depth; i++)
        cp_buf_adds(j->out, "  ");
    j->is_first = false;
    if (key)
        cp_buf_addf(j->out, "\"%s\": ", key);
}

static void open_item(struct json *j, const char *key, char bracket)
{
    next_item(j, key);
    cp_buf_addc(j->out, bracket);
    j->depth++;
    j->is_first = true;
}

static void close_item(struct json *j, char bracket)
{
    j->depth--;
    if (!j->is_first) {
        cp_buf_addc(j->out, '\n');
        for (int i = 0; i < j->depth; i++)
            cp_buf_adds(j->out, "  ");
    }
    cp_buf_addc(j->out, bracket);
    j->is_first = false;
}

static void add_number(struct json *j, const char *key, double value)
{
    next_item(j, key);
    cp_json_number(j->out, value);
}

/* -1 stands for an absent whole number. */
static void add_int(struct json *j, const char *key, int64_t value)
{
    next_item(j, key);
    if (value < 0)
        cp_buf_adds(j->out, "null");
    else
        cp_buf_addf(j->out, "%lld", (long long)value);
}

static void add_count(struct json *j, const char *key, size_t value)
{
    next_item(j, key);
    cp_buf_addf(j->out, "%zu", value);
}

static void add_bool(struct json *j, const char *key, bool value)
{
    next_item(j, key);
    cp_buf_adds(j->out, value ? "true" : "false");
}

static void add_text(struct json *j, const char *key, const char *value)
{
    next_item(j, key);
    cp_text_json(j->out, value);
}

static const char *answer_name(enum cp_answer status)
{
    static const char *const names[] = {
        [CP_ANSWER_NONE] = "none",
        [CP_ANSWER_TOO_FEW] = "too_few",
        [CP_ANSWER_UPPER_ONLY] = "upper_only",
        [CP_ANSWER_OK] = "ok",
    };
    return names[status];
}

/* A quantile the status does not allow is null: n says what would be needed. So is one, or a bound,
 * that only the timeout ends: is_at_timeout says so. */
static void add_estimate(struct json *j, const char *key, const struct cp_estimate *e)
{
    struct cp_interval shown = cp_interval_of_estimate(e);
    bool has_upper = e->status == CP_ANSWER_OK || e->status == CP_ANSWER_UPPER_ONLY;
    open_item(j, key, '{');
    add_text(j, "status", answer_name(e->status));
    add_count(j, "n", e->n);
    add_number(j, "q", e->q);
    add_number(j, "value_ms", shown.value);
    add_number(j, "low_ms", shown.low);
    add_number(j, "high_ms", shown.high);
    add_number(j, "upper_ms", has_upper ? e->upper : NAN);
    add_bool(j, "is_at_timeout", has_upper && isinf(e->upper));
    add_number(j, "coverage", e->status == CP_ANSWER_OK ? e->coverage : NAN);
    add_count(j, "n_needed", e->n_needed);
    add_count(j, "n_needed_upper", e->n_needed_upper);
    add_bool(j, "is_mode_edge", e->is_mode_edge);
    close_item(j, '}');
}

static void add_interval(struct json *j, const char *key, struct cp_interval v)
{
    open_item(j, key, '{');
    add_number(j, "value", v.value);
    add_number(j, "low", v.low);
    add_number(j, "high", v.high);
    close_item(j, '}');
}

/* p99 / p50; null as far as the sample does not allow it. */
static void add_ratio(struct json *j, const char *key, const struct cp_estimate *e)
{
    struct cp_interval shown = cp_interval_of_estimate(e);
    if (e->status == CP_ANSWER_UPPER_ONLY)
        shown.high = e->upper;
    add_interval(j, key, shown);
}

static void add_run_facts(struct json *j, const struct cp_run *run)
{
    open_item(j, "run", '{');
    add_text(j, "function", run->function);
    add_text(j, "target", run->target);
    add_text(j, "place", run->place);
    add_bool(j, "is_local", run->is_local);
    add_text(j, "region", run->region);
    add_text(j, "architecture", run->architecture);
    add_text(j, "runtime", run->runtime);
    add_text(j, "package_type", run->package_type);
    add_text(j, "provisioned", run->provisioned);
    add_text(j, "initialization", run->initialization);
    add_text(j, "runtime_version_arn", run->runtime_version_arn);
    add_text(j, "code_sha256", run->code_sha256);
    add_text(j, "payload_sha256", run->payload_sha256);
    add_text(j, "coldprof_version", run->coldprof_version);
    add_text(j, "cmdline", run->command);
    add_int(j, "started_at_ms", run->started_at_ms);
    add_int(j, "ended_at_ms", run->ended_at_ms);
    next_item(j, "seed");
    cp_buf_addf(j->out, "%llu", (unsigned long long)run->seed);
    add_int(j, "original_memory_size_mb", run->original_memory_size_mb);
    add_int(j, "timeout_ms", run->timeout_ms);
    add_number(j, "budget_q", run->budget_q);
    add_number(j, "budget_ms", run->budget_ms);
    add_number(j, "traffic_per_s", run->traffic_per_s);
    add_int(j, "unreserved_concurrency", run->unreserved_concurrency);
    add_text(j, "host", run->host);
    add_text(j, "idle_law", run->idle_law);
    add_bool(j, "is_init_throttled", run->is_init_throttled);
    add_bool(j, "is_interrupted", run->is_interrupted);
    add_text(j, "method", run->method);
    add_text(j, "mode", run->mode);
    close_item(j, '}');
}

static void add_accounting(struct json *j, const struct cp_figures *f)
{
    open_item(j, "accounting", '{');
    add_count(j, "planned", f->accounting.planned);
    add_count(j, "measured", f->accounting.measured);
    add_count(j, "failed", f->accounting.failed);
    add_count(j, "throttled", f->accounting.throttled);
    add_count(j, "unknown", f->accounting.unknown);
    add_count(j, "not_sent", f->accounting.not_sent);
    add_count(j, "mismatched", f->n_mismatched);
    close_item(j, '}');
}

/* null: nobody was billed. `unknown_usd` is the worst case of invocations without a record. */
static void add_spend(struct json *j, const struct cp_figures *f)
{
    const struct cp_run *run = &f->data->run;
    const char *unpriced = cp_quote_unpriced(f->price, &f->spend.function);
    if (!cp_figures_is_billed(f)) {
        next_item(j, "spend");
        cp_buf_adds(j->out, "null");
        return;
    }
    open_item(j, "spend", '{');
    add_number(j, "billed_usd", f->spend.billed_usd);
    add_number(j, "billed_gb_s", f->spend.billed_gb_s);
    add_count(j, "n_billed", f->spend.n_billed);
    add_number(j, "unknown_usd", f->spend.unknown_usd);
    add_count(j, "n_unknown", f->spend.n_unknown);
    add_number(j, "snapshots_usd", f->spend.snapshots_usd);
    add_text(j, "without", unpriced ? unpriced : "");
    add_number(j, "quoted_usd", run->quoted_usd);
    add_number(j, "quoted_max_usd", run->quoted_max_usd);
    add_number(j, "max_cost_usd", run->max_cost_usd);
    close_item(j, '}');
}

static void add_size(struct json *j, const struct cp_figures *f, const struct cp_size_figures *size)
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
    open_item(j, NULL, '{');
    add_int(j, "memory_size_mb", size->memory_size_mb);
    add_count(j, "n_cold", size->n_cold);
    add_count(j, "n_warm", size->n_warm);
    add_count(j, "n_excluded", size->n_excluded);
    add_count(j, "n_failed", size->n_failed);
    add_count(j, "n_cold_timeout", size->n_cold_timeout);
    add_count(j, "n_warm_timeout", size->n_warm_timeout);
    add_number(j, "timeout_ms", size->timeout_ms);
    add_bool(j, "cannot_run", size->cannot_run);
    add_text(j, "cannot_run_note", size->cannot_run_note);
    for (size_t i = 0; i < sizeof estimates / sizeof estimates[0]; i++)
        add_estimate(j, cp_words(f, estimates[i].key, key), estimates[i].e);
    add_ratio(j, "cold_tail_ratio", &size->cold_tail_ratio);
    add_ratio(j, "warm_tail_ratio", &size->warm_tail_ratio);
    add_number(j, "billed_p50_ms", size->billed_p50_ms);
    add_interval(j, "usd_per_million", size->usd_per_million);
    add_number(j, "usd_per_million_cold", size->usd_per_million_cold);
    add_int(j, "max_memory_used_mb", size->max_memory_used_mb);
    add_number(j, "headroom_ratio", size->headroom_ratio);
    close_item(j, '}');
}

static void add_eras(struct json *j, const struct cp_figures *f)
{
    static const char *const keys[CP_ERA_COUNT] = {
        [CP_ERA_UNKNOWN] = "time_unknown",
        [CP_ERA_100_MS] = "to_2020_11_30",
        [CP_ERA_INIT_FREE] = "to_2025_07_31",
        [CP_ERA_INIT_PAID] = "from_2025_08_01",
    };
    open_item(j, "billing_eras", '{');
    for (size_t i = 0; i < CP_ERA_COUNT; i++) {
        open_item(j, keys[i], '{');
        add_count(j, "n_cold", (size_t)f->eras[i].n_cold);
        add_count(j, "n_init_billed", (size_t)f->eras[i].n_init_billed);
        close_item(j, '}');
    }
    close_item(j, '}');
}

static void add_hours(struct json *j, const struct cp_traffic *t)
{
    open_item(j, "hours_of_week", '[');
    for (size_t i = 0; i < CP_TRAFFIC_HOURS; i++) {
        const struct cp_traffic_hour *h = &t->hours[i];
        open_item(j, NULL, '{');
        add_count(j, "hour", i);
        add_count(j, "n_minutes", (size_t)h->n_minutes);
        add_count(j, "arrivals", (size_t)h->arrivals);
        add_count(j, "cold_arrivals", (size_t)h->cold_arrivals);
        add_count(j, "max_arrivals_per_minute", h->max_arrivals_per_minute);
        add_number(j, "mean_concurrency", h->mean_concurrency);
        add_number(j, "in_flight_p50", h->in_flight_p50);
        add_number(j, "in_flight_p95", h->in_flight_p95);
        add_number(j, "in_flight_max", h->in_flight_max);
        close_item(j, '}');
    }
    close_item(j, ']');
}

/* null: no record has a time. Hours are of UTC, Monday first. */
static void add_traffic(struct json *j, const struct cp_traffic *t)
{
    enum { MS_A_MINUTE = 60000 };
    if (t->status != CP_OK) {
        next_item(j, "traffic");
        cp_buf_adds(j->out, "null");
        return;
    }
    open_item(j, "traffic", '{');
    add_int(j, "first_minute_at_ms", t->first_minute * MS_A_MINUTE);
    add_int(j, "last_minute_at_ms", t->last_minute * MS_A_MINUTE);
    add_count(j, "arrivals", (size_t)t->arrivals);
    add_count(j, "cold_arrivals", (size_t)t->cold_arrivals);
    add_number(j, "arrivals_per_s", t->arrivals_per_s);
    add_int(j, "peak_minute_at_ms", t->peak_minute * MS_A_MINUTE);
    add_count(j, "peak_arrivals_per_minute", (size_t)t->peak_arrivals);
    add_number(j, "mean_concurrency", t->mean_concurrency);
    add_number(j, "in_flight_p50", t->in_flight_p50);
    add_number(j, "in_flight_p95", t->in_flight_p95);
    add_number(j, "in_flight_p99", t->in_flight_p99);
    add_number(j, "in_flight_max", t->in_flight_max);
    add_count(j, "n_gaps", t->n_gaps_in_all);
    add_int(j, "gap_minutes", t->gap_minutes);
    add_hours(j, t);
    close_item(j, '}');
}

static void add_retries(struct json *j, const struct cp_digest_retries *r)
{
    open_item(j, "retries", '{');
    add_count(j, "n_requests", r->n_requests);
    add_bool(j, "is_all", r->is_all);
    add_interval(j, "retried_ratio",
                 (struct cp_interval){r->retried_share, r->retried_low, r->retried_high});
    add_count(j, "n_retried_after_failure", r->n_retried_after_failure);
    close_item(j, '}');
}

static void add_idle(struct json *j, const struct cp_digest_idle *idle)
{
    open_item(j, "idle_probes", '{');
    add_count(j, "n_warm", idle->n_warm);
    add_count(j, "n_cold", idle->n_cold);
    add_count(j, "n_short", idle->n_short);
    add_count(j, "n_contradicting", idle->n_contradicting);
    add_count(j, "n_censored", idle->n_censored);
    add_bool(j, "is_partial", idle->is_partial);
    close_item(j, '}');
}

static void add_failures(struct json *j, const struct cp_figures *f)
{
    open_item(j, "failures", '{');
    add_count(j, "error", f->n_by_outcome[CP_OUTCOME_ERROR]);
    add_count(j, "timeout", f->n_by_outcome[CP_OUTCOME_TIMEOUT]);
    add_count(j, "out_of_memory", f->n_by_outcome[CP_OUTCOME_OUT_OF_MEMORY]);
    add_count(j, "init_failed", f->n_by_outcome[CP_OUTCOME_INIT_FAILED]);
    close_item(j, '}');
}

/* Of runs that were read from logs. */
static void add_log(struct json *j, const struct cp_figures *f)
{
    if (!cp_figures_is_import(f))
        return;
    open_item(j, "log", '{');
    add_text(j, "assumed", f->data->run.assumed);
    add_count(j, "n_duplicates", (size_t)f->data->run.n_duplicates);
    add_bool(j, "is_from_histograms", cp_figures_is_from_digest(f));
    add_eras(j, f);
    add_interval(j, "observed_cold_share_ratio", f->observed_cold_share);
    add_traffic(j, &f->traffic);
    add_retries(j, &f->retries);
    add_idle(j, &f->idle);
    add_failures(j, f);
    close_item(j, '}');
}

/* In wall-clock runs only: times of the client. */
static void add_wall_clock(struct json *j, const struct cp_figures *f)
{
    if (!cp_figures_is_wall_clock(f))
        return;
    open_item(j, "wall_clock", '[');
    for (size_t i = 0; i < f->n_sizes; i++) {
        open_item(j, NULL, '{');
        add_int(j, "memory_size_mb", f->sizes[i].memory_size_mb);
        add_estimate(j, "client_p50", &f->sizes[i].wall_p50);
        add_estimate(j, "client_p95", &f->sizes[i].wall_p95);
        add_estimate(j, "client_p99", &f->sizes[i].wall_p99);
        close_item(j, '}');
    }
    close_item(j, ']');
}

static void add_law(struct json *j, const char *key, const struct cp_memory_law *law)
{
    bool has_fit = law->status == CP_OK;
    open_item(j, key, '{');
    add_text(j, "status", cp_code_text(law->status));
    add_text(j, "kind", law->kind == CP_MEMORY_LAW_CONSTANT ? "constant" : "inverse");
    add_number(j, "q", law->q);
    add_number(j, "a_ms", has_fit ? law->a_ms : NAN);
    add_number(j, "a_low_ms", has_fit ? law->a_low_ms : NAN);
    add_number(j, "a_high_ms", has_fit ? law->a_high_ms : NAN);
    add_number(j, "b_ms_per_1024_mb", has_fit ? law->b_ms : NAN);
    add_number(j, "b_low_ms_per_1024_mb", has_fit ? law->b_low_ms : NAN);
    add_number(j, "b_high_ms_per_1024_mb", has_fit ? law->b_high_ms : NAN);
    add_number(j, "cap_mb", has_fit ? law->cap_mb : NAN);
    add_count(j, "n_sizes", law->n_sizes);
    add_count(j, "n_samples", law->n_samples);
    add_bool(j, "is_lack_of_fit", law->is_lack_of_fit);
    close_item(j, '}');
}

static void add_laws(struct json *j, const struct cp_figures *f)
{
    char key[CP_WORDS_MAX];
    open_item(j, "memory_laws", '{');
    add_law(j, cp_words(f, "{init}_p50", key), &f->init_law_p50);
    add_law(j, cp_words(f, "{init}_p95", key), &f->init_law_p95);
    add_law(j, "warm_p50", &f->warm_law_p50);
    add_law(j, "warm_p95", &f->warm_law_p95);
    add_law(j, "cold_handler_p50", &f->cold_handler_law_p50);
    close_item(j, '}');
    add_bool(j, cp_words(f, "is_{init}_pooled", key), f->is_init_pooled);
    if (!f->is_init_pooled)
        return;
    add_estimate(j, cp_words(f, "pooled_{init}_p50", key), &f->pooled_init_p50);
    add_estimate(j, cp_words(f, "pooled_{init}_p95", key), &f->pooled_init_p95);
    add_estimate(j, cp_words(f, "pooled_{init}_p99", key), &f->pooled_init_p99);
}

static void add_survival(struct json *j, const struct cp_idle_survival *s)
{
    open_item(j, "idle_survival", '{');
    add_text(j, "status", cp_code_text(s->status));
    add_count(j, "n_probes", s->n_probes);
    add_bool(j, "is_separated", s->is_separated);
    add_number(j, "last_warm_ms", s->status == CP_OK ? s->last_warm_ms : NAN);
    add_number(j, "first_cold_ms", s->status == CP_OK ? s->first_cold_ms : NAN);
    open_item(j, "points", '[');
    for (size_t i = 0; i < s->n_points; i++) {
        const struct cp_idle_point *p = &s->points[i];
        open_item(j, NULL, '{');
        add_number(j, "idle_interval_ms", p->idle_interval_ms);
        add_count(j, "n", p->n);
        add_count(j, "n_cold", p->n_cold);
        add_number(j, "cold_share_ratio", p->cold_share);
        add_number(j, "cold_probability_ratio", p->cold_probability);
        add_number(j, "low_ratio", p->low);
        add_number(j, "high_ratio", p->high);
        close_item(j, '}');
    }
    close_item(j, ']');
    close_item(j, '}');
}

static void add_candidate(struct json *j, const struct cp_candidate *c)
{
    open_item(j, NULL, '{');
    add_int(j, "memory_size_mb", c->memory_size_mb);
    add_text(j, "mode", cp_concurrency_mode_name(c->mode));
    add_int(j, "concurrency", c->concurrency);
    add_interval(j, "latency_ms", c->latency_ms);
    add_interval(j, "p50_ms", c->p50_ms);
    add_interval(j, "p95_ms", c->p95_ms);
    add_interval(j, "p99_ms", c->p99_ms);
    add_text(j, "latency_status", answer_name(c->latency_status));
    add_interval(j, "over_budget_ratio", c->over_budget);
    add_interval(j, "tail_ratio", cp_candidate_tail_ratio(c));
    add_interval(j, "cold_share_ratio", c->cold_share);
    add_number(j, "spillover_ratio", c->spillover_share);
    add_number(j, "throttled_ratio", c->throttled_share);
    add_number(j, "utilization_ratio", c->utilization);
    add_number(j, "peak_concurrency", c->peak_concurrency);
    add_interval(j, "usd_per_million", c->usd_per_million);
    add_interval(j, "usd_per_month", c->usd_per_month);
    add_number(j, "fixed_usd_per_month", c->fixed_usd_per_month);
    add_bool(j, "meets_budget", c->meets_budget);
    add_bool(j, "may_meet_budget", c->may_meet_budget);
    add_bool(j, "is_on_frontier", c->is_on_frontier);
    add_bool(j, "is_current", c->is_current);
    add_bool(j, "is_runnable", c->is_runnable);
    add_text(j, "why_not", c->why_not);
    close_item(j, '}');
}

static void add_decision(struct json *j, const struct cp_decision *d)
{
    open_item(j, "decision", '{');
    add_text(j, "verdict", cp_verdict_name(d->verdict));
    add_bool(j, "is_budget_met", d->is_budget_met);
    add_text(j, "sentence", d->sentence);
    add_text(j, "because", d->because);
    add_text(j, "money", d->money);
    add_text(j, "reserved", d->reserved);
    open_item(j, "changers", '[');
    for (size_t i = 0; i < d->n_changers; i++)
        add_text(j, NULL, d->changers[i]);
    close_item(j, ']');
    add_int(j, "chosen", d->chosen);
    add_int(j, "current", d->current);
    add_int(j, "cheapest", d->cheapest);
    add_int(j, "fastest", d->fastest);
    add_int(j, "fallback", d->fallback);
    add_number(j, "break_even_utilization_ratio", d->break_even_utilization);
    add_number(j, "survival_used_ms", d->survival_used_ms);
    add_bool(j, "is_survival_extrapolated", d->is_survival_extrapolated);
    open_item(j, "candidates", '[');
    for (size_t i = 0; i < d->n_candidates; i++)
        add_candidate(j, &d->candidates[i]);
    close_item(j, ']');
    close_item(j, '}');
}

static void add_price(struct json *j, const struct cp_price_book *price)
{
    open_item(j, "price", '{');
    add_text(j, "region", price->region);
    add_text(j, "architecture", price->architecture);
    add_text(j, "date", price->date);
    add_text(j, "source", price->source);
    add_number(j, "request_usd", price->request_usd);
    open_item(j, "duration_tiers", '[');
    for (size_t i = 0; i < cp_price_n_tiers(price); i++) {
        open_item(j, NULL, '{');
        add_number(j, "from_gb_s", price->duration[i].from_gb_s);
        add_number(j, "usd_per_gb_s", price->duration[i].usd_per_gb_s);
        close_item(j, '}');
    }
    close_item(j, ']');
    add_number(j, "provisioned_concurrency_usd_per_gb_s",
               price->provisioned_concurrency_usd_per_gb_s);
    add_number(j, "provisioned_duration_usd_per_gb_s", price->provisioned_duration_usd_per_gb_s);
    close_item(j, '}');
}

static void add_warnings(struct json *j, const struct cp_figures *f)
{
    open_item(j, "warnings", '[');
    for (size_t i = 0; i < f->n_warnings; i++) {
        open_item(j, NULL, '{');
        add_text(j, "id", f->warnings[i].id);
        add_text(j, "text", f->warnings[i].text);
        add_text(j, "advice", f->warnings[i].advice);
        close_item(j, '}');
    }
    close_item(j, ']');
}

void cp_report_json(const struct cp_figures *f, struct cp_buf *out)
{
    struct json j = {.out = out, .depth = 1, .is_first = true};
    cp_buf_addc(out, '{');
    add_int(&j, "schema_version", 1);
    add_text(&j, "command", "report");
    add_text(&j, "run_id", f->data->run.id);
    add_run_facts(&j, &f->data->run);
    add_accounting(&j, f);
    add_spend(&j, f);
    open_item(&j, "sizes", '[');
    for (size_t i = 0; i < f->n_sizes; i++)
        add_size(&j, f, &f->sizes[i]);
    close_item(&j, ']');
    add_wall_clock(&j, f);
    add_log(&j, f);
    add_laws(&j, f);
    add_survival(&j, &f->survival);
    add_decision(&j, &f->decision);
    add_price(&j, f->price);
    add_warnings(&j, f);
    cp_buf_adds(out, "\n}\n");
}
