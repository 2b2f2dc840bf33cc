/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "reports/table.h"

#include <math.h>
#include <string.h>

#include "model/base/units.h"
#include "reports/figures.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* double, where NAN is a float */
#define ABSENT ((double)NAN)

static struct cp_cell cell_of_number(double value)
{
    return (struct cp_cell){.number = {value, NAN, NAN}, .text = ""};
}

static struct cp_cell cell_of_count(size_t n)
{
    return cell_of_number((double)n);
}

static struct cp_cell cell_of_interval(struct cp_interval v)
{
    return (struct cp_cell){.number = v, .text = ""};
}

static struct cp_cell cell_of_estimate(const struct cp_estimate *e)
{
    return (struct cp_cell){.number = cp_interval_of_estimate(e), .of = e, .text = ""};
}

static struct cp_cell cell_of_tail(const struct cp_estimate *e, const struct cp_tail *pooled)
{
    struct cp_cell cell = cell_of_estimate(e);
    cell.pooled = pooled;
    return cell;
}

static struct cp_cell cell_of_text(const char *text)
{
    return (struct cp_cell){.number = {NAN, NAN, NAN}, .text = text};
}

/* --- per memory size --- */

#define SIZE_CELL(name, expression)                                                                \
    static struct cp_cell name(const struct cp_figures *f, size_t row)                             \
    {                                                                                              \
        const struct cp_size_figures *size = &f->sizes[row];                                       \
        return expression;                                                                         \
    }

SIZE_CELL(size_memory, cell_of_number(size->memory_size_mb))
SIZE_CELL(size_n_cold, cell_of_count(size->n_cold))
SIZE_CELL(size_n_warm, cell_of_count(size->n_warm))
SIZE_CELL(size_n_failed, cell_of_count(size->n_failed))
SIZE_CELL(size_n_excluded, cell_of_count(size->n_excluded))
SIZE_CELL(size_init_p50, cell_of_estimate(&size->init_p50))
SIZE_CELL(size_init_p95, cell_of_tail(&size->init_p95, &size->tails[CP_SERIES_INIT][CP_TAIL_P95]))
SIZE_CELL(size_handler_p50, cell_of_estimate(&size->cold_handler_p50))
SIZE_CELL(size_handler_p95,
          cell_of_tail(&size->cold_handler_p95, &size->tails[CP_SERIES_COLD_HANDLER][CP_TAIL_P95]))
SIZE_CELL(size_cold_p50, cell_of_estimate(&size->cold_p50))
SIZE_CELL(size_cold_p95, cell_of_tail(&size->cold_p95, &size->tails[CP_SERIES_COLD][CP_TAIL_P95]))
SIZE_CELL(size_cold_p99, cell_of_tail(&size->cold_p99, &size->tails[CP_SERIES_COLD][CP_TAIL_P99]))
SIZE_CELL(size_warm_p50, cell_of_estimate(&size->warm_p50))
SIZE_CELL(size_warm_p95, cell_of_tail(&size->warm_p95, &size->tails[CP_SERIES_WARM][CP_TAIL_P95]))
SIZE_CELL(size_warm_p99, cell_of_tail(&size->warm_p99, &size->tails[CP_SERIES_WARM][CP_TAIL_P99]))
SIZE_CELL(size_cold_ratio, cell_of_estimate(&size->cold_tail_ratio))
SIZE_CELL(size_warm_ratio, cell_of_estimate(&size->warm_tail_ratio))
SIZE_CELL(size_used,
          cell_of_number(size->max_memory_used_mb < 0 ? ABSENT : size->max_memory_used_mb))
SIZE_CELL(size_headroom, cell_of_number(size->headroom_ratio))
SIZE_CELL(size_billed, cell_of_number(size->billed_p50_ms))
SIZE_CELL(size_usd, cell_of_interval(size->usd_per_million))
SIZE_CELL(size_usd_cold, cell_of_number(size->usd_per_million_cold))
SIZE_CELL(size_init_fit_p50, cell_of_number(cp_memory_law_at(&f->laws[CP_SERIES_INIT][CP_LAW_P50],
                                                             size->memory_size_mb)))
SIZE_CELL(size_init_fit_p95, cell_of_number(cp_memory_law_at(&f->laws[CP_SERIES_INIT][CP_LAW_P95],
                                                             size->memory_size_mb)))
SIZE_CELL(size_note, cell_of_text(size->cannot_run ? size->cannot_run_note : ""))

static size_t n_sizes(const struct cp_figures *f)
{
    return f->n_sizes;
}

static int recommended_memory(const struct cp_figures *f)
{
    const struct cp_candidate *chosen = cp_figures_candidate(f, cp_figures_recommended(f));
    return chosen ? chosen->memory_size_mb : -1;
}

static const char *size_mark(const struct cp_figures *f, size_t row)
{
    return f->sizes[row].memory_size_mb == recommended_memory(f) ? "recommended" : NULL;
}

static const struct cp_column sweep_columns[] = {
    {"memory_size_mb", "memory", CP_UNIT_MB, false, false, size_memory},
    {"n_cold", "n cold", CP_UNIT_COUNT, false, false, size_n_cold},
    {"n_warm", "n warm", CP_UNIT_COUNT, false, false, size_n_warm},
    {"{init}_p50_ms", "{init} p50", CP_UNIT_MS, false, false, size_init_p50},
    {"{init}_p95_ms", "{init} p95", CP_UNIT_MS, true, false, size_init_p95},
    {"cold_p95_ms", "cold p95", CP_UNIT_MS, true, false, size_cold_p95},
    {"cold_p99_ms", "cold p99", CP_UNIT_MS, false, false, size_cold_p99},
    {"warm_p50_ms", "warm p50", CP_UNIT_MS, false, false, size_warm_p50},
    {"warm_p95_ms", "warm p95", CP_UNIT_MS, true, false, size_warm_p95},
    {"max_memory_used_mb", "max used", CP_UNIT_MB, false, false, size_used},
    {"headroom_ratio", "headroom", CP_UNIT_PERCENT, false, false, size_headroom},
    {"billed_p50_ms", "billed p50", CP_UNIT_MS, false, false, size_billed},
    {"usd_per_million", "per million warm", CP_UNIT_USD, false, false, size_usd},
    {"n_failed", "failed", CP_UNIT_COUNT, false, false, size_n_failed},
    {"n_excluded", "excluded", CP_UNIT_COUNT, false, false, size_n_excluded},
    {"note", "note", CP_UNIT_TEXT, false, true, size_note},
};

static const struct cp_column init_columns[] = {
    {"memory_size_mb", "memory", CP_UNIT_MB, false, false, size_memory},
    {"n_cold", "n", CP_UNIT_COUNT, false, false, size_n_cold},
    {"{init}_p50_ms", "{init} p50", CP_UNIT_MS, true, false, size_init_p50},
    {"{init}_p50_fitted_ms", "p50 fitted", CP_UNIT_MS, false, false, size_init_fit_p50},
    {"{init}_p95_ms", "{init} p95", CP_UNIT_MS, true, false, size_init_p95},
    {"{init}_p95_fitted_ms", "p95 fitted", CP_UNIT_MS, false, false, size_init_fit_p95},
};

static const struct cp_column duration_columns[] = {
    {"memory_size_mb", "memory", CP_UNIT_MB, false, false, size_memory},
    {"warm_p50_ms", "warm p50", CP_UNIT_MS, true, false, size_warm_p50},
    {"warm_p95_ms", "warm p95", CP_UNIT_MS, true, false, size_warm_p95},
    {"warm_p99_ms", "warm p99", CP_UNIT_MS, false, false, size_warm_p99},
    {"cold_handler_p50_ms", "first run p50", CP_UNIT_MS, true, false, size_handler_p50},
    {"cold_handler_p95_ms", "first run p95", CP_UNIT_MS, true, false, size_handler_p95},
    {"cold_p50_ms", "{init} + first run p50", CP_UNIT_MS, false, false, size_cold_p50},
    {"warm_tail_ratio", "warm p99 / p50", CP_UNIT_PLAIN, false, false, size_warm_ratio},
    {"cold_tail_ratio", "cold p99 / p50", CP_UNIT_PLAIN, false, false, size_cold_ratio},
    {"usd_per_million_cold", "per million cold", CP_UNIT_USD, false, false, size_usd_cold},
};

/* --- per candidate --- */

#define CANDIDATE_CELL(name, expression)                                                           \
    static struct cp_cell name(const struct cp_figures *f, size_t row)                             \
    {                                                                                              \
        const struct cp_candidate *c = &f->decision.candidates[row];                               \
        return expression;                                                                         \
    }

CANDIDATE_CELL(candidate_memory, cell_of_number(c->memory_size_mb))
CANDIDATE_CELL(candidate_architecture, cell_of_text(c->architecture ? c->architecture : ""))
CANDIDATE_CELL(candidate_start, cell_of_text(cp_startup_word(c->fresh_start)))
CANDIDATE_CELL(candidate_mode, cell_of_text(cp_concurrency_mode_name(c->mode)))
CANDIDATE_CELL(candidate_concurrency,
               cell_of_number(c->mode == CP_MODE_ON_DEMAND ? ABSENT : c->concurrency))
CANDIDATE_CELL(candidate_latency, cell_of_interval(c->latency_ms))
CANDIDATE_CELL(candidate_p50, cell_of_interval(c->p50_ms))
CANDIDATE_CELL(candidate_p95, cell_of_interval(c->p95_ms))
CANDIDATE_CELL(candidate_p99, cell_of_interval(c->p99_ms))
CANDIDATE_CELL(candidate_over, cell_of_interval(c->over_budget))
CANDIDATE_CELL(candidate_ratio, cell_of_interval(cp_candidate_tail_ratio(c)))
CANDIDATE_CELL(candidate_cold_share, cell_of_interval(c->cold_share))
CANDIDATE_CELL(candidate_spillover, cell_of_number(c->spillover_share))
CANDIDATE_CELL(candidate_utilization, cell_of_number(c->utilization))
CANDIDATE_CELL(candidate_usd_million, cell_of_interval(c->usd_per_million))
CANDIDATE_CELL(candidate_usd_month, cell_of_interval(c->usd_per_month))
CANDIDATE_CELL(candidate_note, cell_of_text(c->is_runnable ? "" : c->why_not))

static size_t n_candidates(const struct cp_figures *f)
{
    return f->decision.n_candidates;
}

static const char *candidate_mark(const struct cp_figures *f, size_t row)
{
    if ((int)row == cp_figures_recommended(f))
        return "recommended";
    if (f->decision.candidates[row].is_modelled)
        return "not measured";
    return f->decision.candidates[row].is_current ? "current" : NULL;
}

static const struct cp_column candidate_columns[] = {
    {"memory_size_mb", "memory", CP_UNIT_MB, false, false, candidate_memory},
    {"mode", "mode", CP_UNIT_TEXT, false, false, candidate_mode},
    {"concurrency", "concurrency", CP_UNIT_COUNT, false, false, candidate_concurrency},
    {"latency_ms", "judged quantile", CP_UNIT_MS, true, false, candidate_latency},
    {"p50_ms", "p50", CP_UNIT_MS, false, false, candidate_p50},
    {"p95_ms", "p95", CP_UNIT_MS, false, false, candidate_p95},
    {"p99_ms", "p99", CP_UNIT_MS, false, false, candidate_p99},
    {"tail_ratio", "p99 / p50", CP_UNIT_PLAIN, false, false, candidate_ratio},
    {"over_budget_ratio", "over budget", CP_UNIT_PERCENT, true, false, candidate_over},
    {"cold_share_ratio", "cold share", CP_UNIT_PERCENT, false, false, candidate_cold_share},
    {"spillover_ratio", "spillover", CP_UNIT_PERCENT, false, false, candidate_spillover},
    {"utilization_ratio", "utilization", CP_UNIT_PERCENT, false, false, candidate_utilization},
    {"usd_per_million", "per million", CP_UNIT_USD, false, false, candidate_usd_million},
    {"usd_per_month", "per month", CP_UNIT_USD, true, false, candidate_usd_month},
    {"why_not", "note", CP_UNIT_TEXT, false, true, candidate_note},
};

/* --- the four rows of the decision --- */

enum { KEY_CURRENT, KEY_RECOMMENDED, KEY_CHEAPEST, KEY_FASTEST, KEY_ROWS };

static const struct cp_candidate *key_candidate(const struct cp_figures *f, size_t row)
{
    const int index[KEY_ROWS] = {f->decision.current, f->decision.chosen, f->decision.cheapest,
                                 f->decision.fastest};
    return cp_figures_candidate(f, index[row]);
}

static const char *chosen_name(const struct cp_figures *f)
{
    if (cp_figures_recommended(f) >= 0)
        return "recommended";
    return isnan(f->data->run.budget_ms) ? "kept, no target given" : "closest to target";
}

static struct cp_cell key_name(const struct cp_figures *f, size_t row)
{
    const struct cp_candidate *c = key_candidate(f, row);
    switch (row) {
    case KEY_CURRENT:
        return cell_of_text("current");
    case KEY_RECOMMENDED:
        return cell_of_text(chosen_name(f));
    case KEY_CHEAPEST:
        return cell_of_text(c && c->meets_budget ? "cheapest within target" : "cheapest");
    default:
        return cell_of_text("fastest");
    }
}

#define KEY_CELL(name, candidate_cell)                                                             \
    static struct cp_cell name(const struct cp_figures *f, size_t row)                             \
    {                                                                                              \
        const struct cp_candidate *c = key_candidate(f, row);                                      \
        return c ? candidate_cell(f, (size_t)(c - f->decision.candidates)) : cell_of_number(NAN);  \
    }

KEY_CELL(key_memory, candidate_memory)
KEY_CELL(key_architecture, candidate_architecture)
KEY_CELL(key_start, candidate_start)
KEY_CELL(key_concurrency, candidate_concurrency)
KEY_CELL(key_p50, candidate_p50)
KEY_CELL(key_p95, candidate_p95)
KEY_CELL(key_p99, candidate_p99)
KEY_CELL(key_cold_share, candidate_cold_share)
KEY_CELL(key_usd_million, candidate_usd_million)
KEY_CELL(key_usd_month, candidate_usd_month)

static struct cp_cell key_init(const struct cp_figures *f, size_t row)
{
    const struct cp_candidate *c = key_candidate(f, row);
    const struct cp_size_figures *size = c ? cp_figures_size_of(f, c) : NULL;
    return size ? cell_of_tail(&size->init_p95, &size->tails[CP_SERIES_INIT][CP_TAIL_P95])
                : cell_of_number(NAN);
}

/* Relative change of the cost that is known: per month, else per million. */
static struct cp_cell key_change(const struct cp_figures *f, size_t row)
{
    const struct cp_candidate *c = key_candidate(f, row);
    const struct cp_candidate *current = key_candidate(f, KEY_CURRENT);
    if (!c || !current)
        return cell_of_number(NAN);
    bool has_month = cp_figures_has_traffic(f);
    double now = has_month ? current->usd_per_month.value : current->usd_per_million.value;
    double then = has_month ? c->usd_per_month.value : c->usd_per_million.value;
    return cell_of_number(now > 0 ? then / now - 1 : ABSENT);
}

static size_t n_key_rows(const struct cp_figures *f)
{
    (void)f;
    return KEY_ROWS;
}

static const char *key_mark(const struct cp_figures *f, size_t row)
{
    /* the row's name says it already */
    return row == KEY_RECOMMENDED && cp_figures_recommended(f) >= 0 ? "" : NULL;
}

static const struct cp_column key_columns[] = {
    {"row", "", CP_UNIT_TEXT, false, false, key_name},
    {"memory_size_mb", "memory", CP_UNIT_MB, false, false, key_memory},
    {"concurrency", "provisioned", CP_UNIT_COUNT, false, false, key_concurrency},
    {"p50_ms", "p50", CP_UNIT_MS, false, false, key_p50},
    {"p95_ms", "p95", CP_UNIT_MS, true, false, key_p95},
    {"p99_ms", "p99", CP_UNIT_MS, true, false, key_p99},
    {"{init}_p95_ms", "{init} p95", CP_UNIT_MS, true, false, key_init},
    {"cold_share_ratio", "cold share", CP_UNIT_PERCENT, false, false, key_cold_share},
    {"usd_per_million", "per million", CP_UNIT_USD, false, false, key_usd_million},
    {"usd_per_month", "per month", CP_UNIT_USD, true, false, key_usd_month},
    {"cost_change_ratio", "change", CP_UNIT_PERCENT, false, false, key_change},
    /* last: of several runs only */
    {"architecture", "architecture", CP_UNIT_TEXT, false, false, key_architecture},
    {"fresh_start", "fresh start", CP_UNIT_TEXT, false, false, key_start},
};
enum { N_VARIANT_COLUMNS = 2 };

/* --- idle survival --- */

#define POINT_CELL(name, expression)                                                               \
    static struct cp_cell name(const struct cp_figures *f, size_t row)                             \
    {                                                                                              \
        const struct cp_idle_point *p = &f->survival.points[row];                                  \
        return expression;                                                                         \
    }

POINT_CELL(point_idle, cell_of_number(p->idle_interval_ms / CP_MS_PER_S))
POINT_CELL(point_n, cell_of_count(p->n))
POINT_CELL(point_n_cold, cell_of_count(p->n_cold))
POINT_CELL(point_share, cell_of_interval((struct cp_interval){p->cold_share, p->low, p->high}))
POINT_CELL(point_survival, cell_of_number(1 - p->cold_probability))

static size_t n_points(const struct cp_figures *f)
{
    return f->survival.n_points;
}

static const struct cp_column survival_columns[] = {
    {"idle_interval_s", "idle interval", CP_UNIT_S, false, false, point_idle},
    {"n", "probes", CP_UNIT_COUNT, false, false, point_n},
    {"n_cold", "cold", CP_UNIT_COUNT, false, false, point_n_cold},
    {"cold_share_ratio", "cold share", CP_UNIT_PERCENT, true, false, point_share},
    {"survival_ratio", "survives", CP_UNIT_PERCENT, false, false, point_survival},
};

/* --- distribution of init: one row per value, sizes one after another --- */

static size_t n_ecdf_rows(const struct cp_figures *f)
{
    size_t n = 0;
    for (size_t i = 0; i < f->n_sizes; i++)
        n += f->sizes[i].n_cold_values;
    return n;
}

static const struct cp_size_figures *ecdf_size(const struct cp_figures *f, size_t row, size_t *k)
{
    for (size_t i = 0; i < f->n_sizes; i++) {
        if (row < f->sizes[i].n_cold_values) {
            *k = row;
            return &f->sizes[i];
        }
        row -= f->sizes[i].n_cold_values;
    }
    return NULL;
}

static struct cp_cell ecdf_memory(const struct cp_figures *f, size_t row)
{
    size_t k = 0;
    const struct cp_size_figures *size = ecdf_size(f, row, &k);
    return cell_of_number(size ? size->memory_size_mb : ABSENT);
}

static struct cp_cell ecdf_value(const struct cp_figures *f, size_t row)
{
    size_t k = 0;
    const struct cp_size_figures *size = ecdf_size(f, row, &k);
    return cell_of_number(size ? size->init_ms[k] : ABSENT);
}

static struct cp_cell ecdf_share(const struct cp_figures *f, size_t row)
{
    size_t k = 0;
    const struct cp_size_figures *size = ecdf_size(f, row, &k);
    return cell_of_number(size ? (double)(k + 1) / (double)size->n_cold_values : ABSENT);
}

static const struct cp_column ecdf_columns[] = {
    {"memory_size_mb", "memory", CP_UNIT_MB, false, false, ecdf_memory},
    {"{init}_ms", "{init}", CP_UNIT_MS, false, false, ecdf_value},
    {"share_ratio", "share", CP_UNIT_PERCENT, false, false, ecdf_share},
};

const struct cp_table cp_table_key = {
    "key",       "The setting now, the recommended one, and the ends of the range",
    key_columns, COUNT(key_columns) - N_VARIANT_COLUMNS,
    n_key_rows,  key_mark};
const struct cp_table cp_table_key_variants = {
    "key",       "The setting now, the recommended one, and the ends of the range",
    key_columns, COUNT(key_columns),
    n_key_rows,  key_mark};
const struct cp_table cp_table_sweep = {
    "sweep",       "Every memory size: quantiles with 95% confidence intervals, memory and cost",
    sweep_columns, COUNT(sweep_columns),
    n_sizes,       size_mark};
const struct cp_table cp_table_candidates = {
    "frontier",        "Every candidate behind the decision",
    candidate_columns, COUNT(candidate_columns),
    n_candidates,      candidate_mark};
const struct cp_table cp_table_init = {
    "{init}",     "{Init} duration by memory size, measured and fitted",
    init_columns, COUNT(init_columns),
    n_sizes,      size_mark};
const struct cp_table cp_table_duration = {
    "duration",       "Handler duration of warm starts and of the first run after {init}",
    duration_columns, COUNT(duration_columns),
    n_sizes,          size_mark};
const struct cp_table cp_table_survival = {
    "survival",       "Idle probes: share of cold starts by idle interval",
    survival_columns, COUNT(survival_columns),
    n_points,         NULL};
static const struct cp_table table_ecdf = {"ecdf",       "Distribution of {init} duration",
                                           ecdf_columns, COUNT(ecdf_columns),
                                           n_ecdf_rows,  NULL};

const struct cp_table *cp_table_of_chart(enum cp_chart_id id)
{
    static const struct cp_table *const tables[CP_CHART_COUNT] = {
        [CP_CHART_FRONTIER] = &cp_table_candidates, [CP_CHART_INIT] = &cp_table_init,
        [CP_CHART_DURATION] = &cp_table_duration,   [CP_CHART_ECDF] = &table_ecdf,
        [CP_CHART_SURVIVAL] = &cp_table_survival,   [CP_CHART_WEEK] = &cp_table_week,
        [CP_CHART_PCSWEEP] = &cp_table_levels,      [CP_CHART_PCCOLD] = &cp_table_levels,
        [CP_CHART_HISTORY] = &cp_table_history,
    };
    return tables[id];
}

const struct cp_column *cp_table_column(const struct cp_table *table, const char *key)
{
    for (size_t i = 0; i < table->n_columns; i++) {
        if (strcmp(table->columns[i].key, key) == 0)
            return &table->columns[i];
    }
    return NULL;
}

bool cp_cell_is_pooled(const struct cp_cell *cell)
{
    return cell->of && cell->of->status == CP_ANSWER_TOO_FEW && cell->pooled &&
           cell->pooled->is_pooled && cell->pooled->status >= CP_ANSWER_UPPER_ONLY;
}

bool cp_table_has_pooled(const struct cp_table *table, const struct cp_figures *f)
{
    for (size_t row = 0; row < table->n_rows(f); row++) {
        for (size_t i = 0; i < table->n_columns; i++) {
            struct cp_cell cell = table->columns[i].cell(f, row);
            if (cp_cell_is_pooled(&cell))
                return true;
        }
    }
    return false;
}

const char *cp_cell_format(const struct cp_column *column, const struct cp_cell *cell,
                           char out[CP_FORMAT_MAX])
{
    if (cp_cell_is_pooled(cell))
        return cp_format_pooled(column->unit, cell->pooled, out);
    if (cell->of)
        return cp_format_estimate(column->unit, cell->of, column->has_interval, out);
    if (column->has_interval)
        return cp_format_interval(column->unit, cell->number, out);
    return cp_format(column->unit, cell->number.value, out);
}
