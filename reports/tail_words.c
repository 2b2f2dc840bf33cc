/* SPDX-License-Identifier: GPL-3.0-or-later
 * Tails in sentences: how many requests are later than the budget, how far p99 is from p50, which
 * quantile lies between two modes. The same in every format.
 */
#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "model/decide/phrase.h"
#include "reports/figures.h"
#include "reports/format.h"
#include "reports/words.h"

/* --- later than the budget --- */

void cp_setting_text(const struct cp_candidate *c, struct cp_buf *out)
{
    char mb[CP_FORMAT_MAX];
    cp_buf_addf(out, "%s MB %s%s", cp_format(CP_UNIT_MB, c->memory_size_mb, mb),
                c->mode == CP_MODE_ON_DEMAND ? "" : "with ", cp_phrase_mode(c).text);
}

/* " on arm64" where the candidates are of several architectures. */
static void add_architecture(const struct cp_decision *d, const struct cp_candidate *c,
                             struct cp_buf *out)
{
    bool has_several = false;
    for (size_t i = 0; i < d->n_candidates && c->architecture; i++) {
        const char *other = d->candidates[i].architecture;
        has_several = has_several || (other && strcmp(other, c->architecture) != 0);
    }
    if (has_several)
        cp_buf_addf(out, " on %s", c->architecture);
}

void cp_setting_brief_text(const struct cp_decision *d, const struct cp_candidate *c,
                           struct cp_buf *out)
{
    char mb[CP_FORMAT_MAX];
    cp_buf_addf(out, "%s MB", cp_format(CP_UNIT_MB, c->memory_size_mb, mb));
    add_architecture(d, c, out);
    cp_buf_addf(out, " %s%s", c->mode == CP_MODE_ON_DEMAND ? "" : "with ",
                cp_phrase_brief_mode(d, c).text);
}

/* "0.4 % [0.2, 0.9]" */
static void add_share(struct cp_interval share, struct cp_buf *out)
{
    char value[CP_FORMAT_MAX];
    char bounds[CP_FORMAT_MAX];
    cp_format_bounds(CP_UNIT_PERCENT, share, bounds);
    cp_buf_addf(out, "%s %%%s%s", cp_format(CP_UNIT_PERCENT, share.value, value),
                bounds[0] ? " " : "", bounds);
}

/* Without traffic cold starts are judged on their own, warm ones with provisioned concurrency. */
static const char *judged(const struct cp_figures *f, const struct cp_candidate *c)
{
    if (cp_figures_has_traffic(f))
        return "requests";
    return cp_mode_is_provisioned(c->mode) ? "warm starts" : "cold starts";
}

struct cp_interval cp_candidate_tail_ratio(const struct cp_candidate *c)
{
    struct cp_interval tail = c->p99_ms;
    struct cp_interval median = c->p50_ms;
    struct cp_interval ratio = {NAN, NAN, NAN};
    if (isnan(tail.high) || isnan(median.low) || !(median.low > 0) || !isfinite(median.high))
        return ratio; /* too few for any statement about p99 */
    ratio.high = tail.high / median.low;
    if (isnan(tail.low))
        return ratio; /* an upper bound only */
    ratio.value = tail.value / median.value;
    ratio.low = tail.low / median.high;
    return ratio;
}

static void add_ratio(const struct cp_candidate *c, struct cp_buf *out)
{
    char text[CP_FORMAT_MAX];
    struct cp_interval ratio = cp_candidate_tail_ratio(c);
    if (isfinite(ratio.value))
        cp_buf_addf(out, "; p99 / p50 there: %s", cp_format_interval(CP_UNIT_PLAIN, ratio, text));
    else if (isfinite(ratio.high))
        cp_buf_addf(out, "; p99 / p50 there: at most %s",
                    cp_format(CP_UNIT_PLAIN, ratio.high, text));
}

void cp_exceedance_text(const struct cp_figures *f, struct cp_buf *out)
{
    char budget[CP_NUMBER_MAX];
    const struct cp_candidate *c = cp_figures_candidate(f, f->decision.chosen);
    const struct cp_candidate *now = cp_figures_candidate(f, f->decision.current);
    if (!c || isnan(c->over_budget.value))
        return;
    add_share(c->over_budget, out);
    cp_buf_addf(out, " of %s take longer than %s ms at ", judged(f, c),
                cp_number_exact(f->data->run.budget_ms, budget));
    cp_setting_brief_text(&f->decision, c, out);
    add_ratio(c, out);
    if (!now || now == c || isnan(now->over_budget.value))
        return;
    cp_buf_adds(out, "; now, ");
    cp_setting_brief_text(&f->decision, now, out);
    cp_buf_adds(out, ": ");
    add_share(now->over_budget, out);
    if (judged(f, now) != judged(f, c))
        cp_buf_addf(out, " of %s", judged(f, now));
}

/* --- between two modes --- */

/* A quantile whose interval's ends differ by more than a factor of 2. */
struct edge {
    const char *name; /* with {init}, see words.h */
    int memory_size_mb;
    double low, high;
};

static bool is_wider(const struct edge *a, const struct edge *b)
{
    return !b->name || a->high / a->low > b->high / b->low;
}

static void see(struct edge edge, struct edge *widest, size_t *n)
{
    (*n)++;
    if (is_wider(&edge, widest))
        *widest = edge;
}

static void see_size(const struct cp_size_figures *size, struct edge *widest, size_t *n)
{
    const struct {
        const char *name;
        const struct cp_estimate *e;
    } rows[] = {
        {"{init} p95", &size->init_p95}, {"cold p95", &size->cold_p95},
        {"cold p99", &size->cold_p99},   {"warm p95", &size->warm_p95},
        {"warm p99", &size->warm_p99},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct cp_estimate *e = rows[i].e;
        if (e->is_mode_edge)
            see((struct edge){rows[i].name, size->memory_size_mb, e->low, e->high}, widest, n);
    }
}

static void add_end(double ms, struct cp_buf *out)
{
    char text[CP_FORMAT_MAX];
    cp_buf_adds(out, isinf(ms) ? "the timeout" : cp_format_with_unit(CP_UNIT_MS, ms, text));
}

bool cp_mode_edge_text(const struct cp_figures *f, struct cp_buf *out)
{
    struct edge widest = {.name = NULL};
    size_t n = 0;
    char mb[CP_FORMAT_MAX];
    for (size_t i = 0; i < f->n_sizes; i++)
        see_size(&f->sizes[i], &widest, &n);
    if (n == 0)
        return false;
    cp_words_add(f, widest.name, out);
    cp_buf_addf(out, " at %s MB lies between two modes: ",
                cp_format(CP_UNIT_MB, widest.memory_size_mb, mb));
    add_end(widest.low, out);
    cp_buf_adds(out, " to ");
    add_end(widest.high, out);
    if (n > 1)
        cp_buf_addf(out, " (%zu quantiles do, this one most)", n);
    return true;
}
