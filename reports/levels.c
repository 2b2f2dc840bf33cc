/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "reports/levels.h"

#include <math.h>

#include "reports/figures.h"
#include "reports/price_json.h"
#include "reports/table.h"

struct cp_level_cost cp_level_cost_of(const struct cp_level *level)
{
    double ready = level->bill.usd[CP_BILL_PROVISIONED_READY];
    double in_use = isfinite(level->utilization) ? level->utilization : 0;
    struct cp_level_cost cost = {.idle_usd = ready * (1 - in_use)};
    cost.used_usd = ready * in_use + level->bill.usd[CP_BILL_PROVISIONED_DURATION];
    cost.on_demand_usd = cp_bill_known_usd(&level->bill) - cost.used_usd - cost.idle_usd;
    return cost;
}

bool cp_figures_has_levels(const struct cp_figures *f)
{
    return f->decision.n_levels > 1 && f->decision.levels_size < f->n_sizes;
}

int cp_levels_cheapest(const struct cp_decision *d)
{
    int least = -1;
    for (size_t i = 0; i < d->n_levels; i++) {
        if (least < 0 || d->levels[i].usd_per_month.value < d->levels[least].usd_per_month.value)
            least = (int)i;
    }
    return least;
}

int cp_levels_chosen(const struct cp_figures *f)
{
    const struct cp_decision *d = &f->decision;
    const struct cp_candidate *c = cp_figures_candidate(f, d->chosen);
    bool is_level = c && cp_figures_has_levels(f) &&
                    c->memory_size_mb == f->sizes[d->levels_size].memory_size_mb &&
                    (c->mode == CP_MODE_ON_DEMAND || c->mode == CP_MODE_PROVISIONED);
    for (size_t i = 0; is_level && i < d->n_levels; i++) {
        if (d->levels[i].n == (c->mode == CP_MODE_ON_DEMAND ? 0 : c->concurrency))
            return (int)i;
    }
    return -1;
}

/* Requests in flight over requests per second: how long one takes. */
static double seconds_per_request(const struct cp_figures *f)
{
    for (size_t i = 0; i < f->decision.n_candidates; i++) {
        const struct cp_candidate *c = &f->decision.candidates[i];
        if (c->memory_size_mb == f->sizes[f->decision.levels_size].memory_size_mb && c->busy > 0)
            return c->busy / f->data->run.traffic_per_s;
    }
    return NAN;
}

void cp_break_even_text(const struct cp_figures *f, struct cp_buf *out)
{
    double share = f->decision.break_even_utilization;
    char percent[CP_FORMAT_MAX];
    char rate[CP_FORMAT_MAX];
    if (!cp_figures_has_levels(f) || isnan(share))
        return;
    if (share > 1) {
        cp_buf_adds(out, "Provisioned concurrency never costs less than on-demand at these prices; "
                         "it only buys latency.");
        return;
    }
    cp_buf_addf(out,
                "A provisioned environment costs less than on-demand when it is in use %s %% of "
                "its time or more",
                cp_format(CP_UNIT_PERCENT, share, percent));
    double seconds = seconds_per_request(f);
    if (seconds > 0)
        cp_buf_addf(out, ": here from %s invocations per hour on that it serves",
                    cp_format(CP_UNIT_PLAIN, share * 3600 / seconds, rate));
    cp_buf_addc(out, '.');
}

void cp_levels_json(struct cp_json *j, const struct cp_figures *f)
{
    const struct cp_decision *d = &f->decision;
    bool has_levels = cp_figures_has_levels(f);
    cp_json_add_int(j, "levels_memory_size_mb",
                    has_levels ? f->sizes[d->levels_size].memory_size_mb : -1);
    cp_json_open(j, "levels", '[');
    for (size_t i = 0; has_levels && i < d->n_levels; i++) {
        const struct cp_level *level = &d->levels[i];
        cp_json_open(j, NULL, '{');
        cp_json_add_count(j, "concurrency", (size_t)level->n);
        cp_json_add_interval(j, "cold_share_ratio", level->cold_share);
        cp_json_add_number(j, "spillover_ratio", level->spillover_share);
        cp_json_add_number(j, "utilization_ratio", level->utilization);
        cp_json_add_interval(j, "latency_ms", level->latency_ms);
        cp_json_add_interval(j, "usd_per_month", level->usd_per_month);
        cp_bill_json(j, "bill_per_month", &level->bill);
        cp_json_close(j, '}');
    }
    cp_json_close(j, ']');
}

/* --- the table --- */

/* NOLINTBEGIN(bugprone-macro-parentheses): an interval in braces is no expression */
#define LEVEL_CELL(name, expression)                                                               \
    static struct cp_cell name(const struct cp_figures *f, size_t row)                             \
    {                                                                                              \
        const struct cp_level *level = &f->decision.levels[row];                                   \
        return (struct cp_cell){.number = expression, .text = ""};                                 \
    }
/* NOLINTEND(bugprone-macro-parentheses) */
#define ALONE(value)                                                                               \
    {                                                                                              \
        (value), NAN, NAN                                                                          \
    }

LEVEL_CELL(level_n, ALONE(level->n))
LEVEL_CELL(level_utilization, ALONE(level->utilization))
LEVEL_CELL(level_spillover, ALONE(level->spillover_share))
LEVEL_CELL(level_cold, level->cold_share)
LEVEL_CELL(level_latency, level->latency_ms)
LEVEL_CELL(level_usd, level->usd_per_month)
LEVEL_CELL(level_on_demand, ALONE(cp_level_cost_of(level).on_demand_usd))
LEVEL_CELL(level_used, ALONE(cp_level_cost_of(level).used_usd))
LEVEL_CELL(level_idle, ALONE(cp_level_cost_of(level).idle_usd))

static struct cp_cell level_break_even(const struct cp_figures *f, size_t row)
{
    (void)row;
    return (struct cp_cell){.number = ALONE(f->decision.break_even_utilization), .text = ""};
}

static size_t n_levels(const struct cp_figures *f)
{
    return cp_figures_has_levels(f) ? f->decision.n_levels : 0;
}

static const char *level_mark(const struct cp_figures *f, size_t row)
{
    if ((int)row == cp_levels_chosen(f))
        return "chosen";
    return (int)row == cp_levels_cheapest(&f->decision) ? "lowest cost" : NULL;
}

static const struct cp_column level_columns[] = {
    {"concurrency", "provisioned", CP_UNIT_COUNT, false, false, level_n},
    {"utilization_ratio", "utilization", CP_UNIT_PERCENT, false, false, level_utilization},
    {"break_even_ratio", "break-even", CP_UNIT_PERCENT, false, false, level_break_even},
    {"spillover_ratio", "spillover", CP_UNIT_PERCENT, false, false, level_spillover},
    {"cold_share_ratio", "cold share", CP_UNIT_PERCENT, true, false, level_cold},
    {"latency_ms", "judged quantile", CP_UNIT_MS, true, false, level_latency},
    {"on_demand_usd", "on demand", CP_UNIT_USD, false, false, level_on_demand},
    {"used_usd", "provisioned, in use", CP_UNIT_USD, false, false, level_used},
    {"idle_usd", "provisioned, idle", CP_UNIT_USD, false, false, level_idle},
    {"usd_per_month", "per month", CP_UNIT_USD, true, false, level_usd},
};

const struct cp_table cp_table_levels = {
    "levels",      "Provisioned concurrency of the decided memory size, level by level",
    level_columns, sizeof level_columns / sizeof level_columns[0],
    n_levels,      level_mark};
