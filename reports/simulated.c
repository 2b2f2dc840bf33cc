/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "reports/simulated.h"

#include <math.h>
#include <stdio.h>

#include "model/base/units.h"
#include "reports/figures.h"
#include "reports/format.h"
#include "reports/json_writer.h"
#include "reports/price_json.h"
#include "reports/text_lines.h"

enum { INDENT = 2 };

double cp_simulated_hours(const struct cp_simulated *s)
{
    int n = s->options.replications ? s->options.replications : CP_POOL_REPLICATIONS;
    return n * s->options.horizon_ms / CP_MS_PER_HOUR;
}

double cp_simulated_latency_ms(const struct cp_simulated *s, double q)
{
    uint64_t n = s->latency_us->n;
    double rank = ceil(q * (double)n);
    if (n == 0)
        return NAN;
    return cp_histogram_rank(s->latency_us, rank < 1 ? 0 : (uint64_t)rank - 1) / 1000;
}

/* Billed ms are whole: of a law without values, half a ms more per request on average. */
static double rounding_gb_s(const struct cp_simulated *s, double requests)
{
    return cp_units_gb_s(s->memory_size_mb, 0.5 * requests);
}

void cp_simulated_price(struct cp_simulated *s)
{
    const struct cp_pool_result *r = &s->result;
    double per_month = CP_HOURS_PER_MONTH / cp_simulated_hours(s);
    double gb = s->memory_size_mb / 1024.0;
    s->has_bill = s->memory_size_mb > 0;
    if (!s->has_bill)
        return;
    double provisioned = per_month * (double)r->n_provisioned;
    double served = per_month * (double)s->latency_us->n;
    struct cp_usage usage = {.requests = served};
    usage.provisioned_gb_s = r->provisioned_busy.value * gb * CP_S_PER_MONTH;
    usage.on_demand_gb_s = r->on_demand_busy.value * gb * CP_S_PER_MONTH;
    if (isfinite(r->mean_billed_ms.value)) {
        double billed = cp_units_gb_s(s->memory_size_mb, served * r->mean_billed_ms.value);
        double busy = usage.provisioned_gb_s + usage.on_demand_gb_s;
        double rounding = served > 0 ? (billed - busy) / served : 0;
        usage.provisioned_gb_s += rounding * provisioned;
        usage.on_demand_gb_s += rounding * (served - provisioned);
    } else {
        usage.provisioned_gb_s += rounding_gb_s(s, provisioned);
        usage.on_demand_gb_s += rounding_gb_s(s, served - provisioned);
    }
    if (r->provisioned_ready.value > 0)
        cp_usage_add_ready_mean(&usage, s->memory_size_mb, r->provisioned_ready.value,
                                CP_S_PER_MONTH, per_month * (double)r->n_allocated);
    if (r->n_provisioned == s->latency_us->n) /* all of them: the difference is rounding */
        usage.on_demand_gb_s = 0;
    s->usage = usage;
    if (s->book)
        s->bill = cp_bill_of(s->book, s->terms, &usage);
}

/* --- for people --- */

static void add_share(struct cp_buf *out, const char *name, enum cp_unit unit,
                      const struct cp_pool_mean *m)
{
    char text[CP_FORMAT_MAX];
    const struct cp_interval v = {m->value, fmax(0, m->low), m->high}; /* none can be below 0 */
    const char *sign = cp_unit_name(unit);
    cp_buf_addf(out, "  %-28s %s%s%s\n", name, cp_format_interval(unit, v, text),
                sign[0] ? " " : "", sign);
}

static void add_number(struct cp_buf *out, const char *name, enum cp_unit unit, double value)
{
    char text[CP_FORMAT_MAX];
    cp_buf_addf(out, "  %-28s %s\n", name, cp_format_with_unit(unit, value, text));
}

static void add_fact(const struct cp_text_lines *t, const char *name, const char *words)
{
    struct cp_buf line;
    cp_buf_init(&line, 1U << 14);
    cp_buf_addf(&line, "%s%s", name, words);
    cp_text_blanks(t, INDENT);
    cp_text_foreign(t, INDENT, INDENT + 2, cp_buf_str(&line));
    cp_buf_clear(&line);
}

static void add_traffic(const struct cp_text_lines *t, const struct cp_demand *demand)
{
    struct cp_buf words;
    cp_buf_init(&words, 1U << 14);
    cp_buf_adds(&words, demand->words);
    cp_demand_what_if_text(&demand->law, &words);
    add_fact(t, "traffic: ", cp_buf_str(&words));
    cp_buf_clear(&words);
}

static void add_head(const struct cp_simulated *s, const struct cp_text_style *style,
                     struct cp_buf *out)
{
    const struct cp_text_lines t = cp_text_lines_of(NULL, style, out);
    char count[CP_FORMAT_MAX];
    char hours[CP_FORMAT_MAX];
    cp_format_count((size_t)s->result.n_arrivals, count);
    cp_format(CP_UNIT_PLAIN, cp_simulated_hours(s), hours);
    cp_buf_addf(out, "simulated %s requests in %s hours, %d replications, seed %llu\n", count,
                hours, s->options.replications ? s->options.replications : CP_POOL_REPLICATIONS,
                (unsigned long long)s->options.seed);
    add_traffic(&t, s->demand);
    add_fact(&t, "setting: ", s->setting);
    add_fact(&t, "", s->laws);
    cp_buf_addc(out, '\n');
}

static void add_latency(const struct cp_simulated *s, struct cp_buf *out)
{
    static const double quantiles[] = {0.5, 0.95, 0.99, 0.999};
    char name[CP_FORMAT_MAX];
    char line[CP_FORMAT_MAX + 16];
    for (size_t i = 0; i < sizeof quantiles / sizeof quantiles[0]; i++) {
        (void)snprintf(line, sizeof line, "latency %s",
                       cp_format_quantile_name(quantiles[i], name));
        add_number(out, line, CP_UNIT_MS, cp_simulated_latency_ms(s, quantiles[i]));
    }
}

static void add_month(const struct cp_simulated *s, struct cp_buf *out)
{
    if (!s->has_bill)
        return;
    char usd[CP_FORMAT_MAX];
    cp_buf_addf(out, "\na month at %d MB\n", s->memory_size_mb);
    add_number(out, "GB-s on demand", CP_UNIT_PLAIN, s->usage.on_demand_gb_s);
    if (s->usage.ready_gb_s > 0) {
        add_number(out, "GB-s provisioned, in use", CP_UNIT_PLAIN, s->usage.provisioned_gb_s);
        add_number(out, "GB-s provisioned, kept ready", CP_UNIT_PLAIN, s->usage.ready_gb_s);
    }
    if (!s->book)
        return;
    for (int i = 0; i < CP_BILL_LINES; i++) {
        if (fabs(s->bill.usd[i]) > 0)
            cp_buf_addf(out, "  %-36s %14s\n", cp_bill_line_name((enum cp_bill_line)i),
                        cp_format(CP_UNIT_USD, s->bill.usd[i], usd));
    }
    cp_buf_addf(out, "  %-36s %14s USD\n", "together",
                cp_format(CP_UNIT_USD, cp_bill_known_usd(&s->bill), usd));
    cp_buf_addf(out, "  prices of %s, %s: %s\n", s->book->region, s->book->architecture,
                s->book->date);
}

void cp_simulated_text(const struct cp_simulated *s, const struct cp_text_style *style,
                       struct cp_buf *out)
{
    const struct cp_pool_result *r = &s->result;
    bool has_provisioned = r->provisioned_ready.value > 0;
    add_head(s, style, out);
    add_share(out, "cold share", CP_UNIT_PERCENT, &r->cold_share);
    if (has_provisioned) {
        add_share(out, "spillover", CP_UNIT_PERCENT, &r->spillover_share);
        add_share(out, "utilisation of provisioned", CP_UNIT_PERCENT, &r->utilization);
        add_share(out, "provisioned, mean", CP_UNIT_PLAIN, &r->provisioned_ready);
    }
    add_share(out, "throttled", CP_UNIT_PERCENT, &r->throttled_share);
    add_share(out, "concurrency, mean", CP_UNIT_PLAIN, &r->mean_busy);
    add_number(out, "concurrency, 99.9 % of time", CP_UNIT_COUNT, r->p999_concurrency);
    add_number(out, "concurrency, most", CP_UNIT_COUNT, r->max_concurrency);
    add_share(out, "environments, mean", CP_UNIT_PLAIN, &r->mean_envs);
    add_latency(s, out);
    add_month(s, out);
}

/* --- for programs --- */

static void add_mean(struct cp_json *j, const char *key, const struct cp_pool_mean *m)
{
    cp_json_add_interval(j, key, (struct cp_interval){m->value, m->low, m->high});
}

void cp_simulated_json(const struct cp_simulated *s, struct cp_buf *out)
{
    struct cp_json j = {.out = out, .depth = 1, .is_first = true};
    const struct cp_pool_result *r = &s->result;
    const struct {
        const char *key;
        const struct cp_pool_mean *mean;
    } means[] = {
        {"cold_share_ratio", &r->cold_share},
        {"spillover_ratio", &r->spillover_share},
        {"throttled_ratio", &r->throttled_share},
        {"utilization_ratio", &r->utilization},
        {"mean_concurrency", &r->mean_busy},
        {"mean_environments", &r->mean_envs},
        {"mean_on_demand_busy", &r->on_demand_busy},
        {"mean_provisioned_busy", &r->provisioned_busy},
        {"mean_provisioned_ready", &r->provisioned_ready},
    };
    cp_buf_addc(out, '{');
    cp_json_add_int(&j, "schema_version", 1);
    cp_json_add_text(&j, "command", "simulate");
    cp_json_add_text(&j, "run_id", s->run_id ? s->run_id : "");
    cp_json_add_text(&j, "traffic", s->demand->words);
    cp_json_add_number(&j, "traffic_per_s", cp_demand_per_s(s->demand));
    cp_json_add_text(&j, "setting", s->setting);
    cp_json_add_text(&j, "laws", s->laws);
    cp_json_add_number(&j, "memory_size_mb", s->memory_size_mb ? s->memory_size_mb : (double)NAN);
    cp_json_add_number(&j, "hours", cp_simulated_hours(s));
    cp_json_add_count(&j, "requests", (size_t)r->n_arrivals);
    cp_json_add_count(&j, "cold", (size_t)r->n_cold);
    cp_json_add_count(&j, "throttled", (size_t)r->n_throttled);
    for (size_t i = 0; i < sizeof means / sizeof means[0]; i++)
        add_mean(&j, means[i].key, means[i].mean);
    cp_json_add_number(&j, "p999_concurrency", r->p999_concurrency);
    cp_json_add_int(&j, "max_concurrency", r->max_concurrency);
    cp_json_add_number(&j, "latency_p50_ms", cp_simulated_latency_ms(s, 0.5));
    cp_json_add_number(&j, "latency_p95_ms", cp_simulated_latency_ms(s, 0.95));
    cp_json_add_number(&j, "latency_p99_ms", cp_simulated_latency_ms(s, 0.99));
    cp_json_add_number(&j, "on_demand_gb_s_per_month",
                       s->has_bill ? s->usage.on_demand_gb_s : (double)NAN);
    cp_json_add_number(&j, "provisioned_gb_s_per_month",
                       s->has_bill ? s->usage.provisioned_gb_s : (double)NAN);
    cp_json_add_number(&j, "ready_gb_s_per_month", s->has_bill ? s->usage.ready_gb_s : (double)NAN);
    cp_bill_json(&j, "bill_per_month", s->has_bill && s->book ? &s->bill : NULL);
    cp_buf_adds(out, "\n}\n");
}
