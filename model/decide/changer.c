/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/decide/changer.h"

#include "model/base/units.h"
#include "model/decide/rival.h"
#include "model/decide/what_if.h"
#include "model/decide/windows.h"

#include <math.h>
#include <stdlib.h>

#define PROVISIONED_LINES (1u << CP_BILL_PROVISIONED_READY | 1u << CP_BILL_PROVISIONED_DURATION)
#define COMPUTE_LINES     (PROVISIONED_LINES | 1u << CP_BILL_DURATION)
#define PRICE_RANGE       10.0
#define DISCOUNT_MOST     0.72 /* of any Savings Plan */
#define TRAFFIC_RANGE     100.0
#define LIFETIME_RANGE    16.0
#define SEARCH_TOLERANCE  1.02
#define CLOCK_TOLERANCE   1.05 /* traffic by the clock takes longer simulations, and fewer */
#define BEYOND            1.1

/* Factors looked at before bisection, 1, 2, 4 ... range, and the bisections from a factor of 2: a
 * bound, which traffic by the clock stays well below. */
enum { SCANS_MAX = 8, BISECTIONS_MAX = 6 };
/* Traffic: both ways, two flips each; lifetime: both ways, one each. A flip is looked at once more
 * when it is found. */
enum {
    FLIPS_MAX = 6,
    WORLDS_MAX = 1 + 2 * SCANS_MAX + 2 * 4 + FLIPS_MAX * (BISECTIONS_MAX + 1),
};

/* --- rows --- */

static struct cp_threshold row_of(enum cp_threshold_kind kind, enum cp_flip flip, double value,
                                  double now)
{
    return (struct cp_threshold){.kind = kind,
                                 .flip = flip,
                                 .value = value,
                                 .factor = now > 0 ? value / now : (double)NAN,
                                 .to = -1,
                                 .estimate_ms = NAN,
                                 .cold_share = NAN};
}

static void add_row(struct cp_decision *d, const struct cp_threshold *row)
{
    if (d->n_thresholds < CP_THRESHOLDS_MAX)
        d->thresholds[d->n_thresholds++] = *row;
}

/* The answer beyond the threshold; `to` NULL: none. */
static void set_answer(const struct cp_decision *d, const struct cp_candidate *to,
                       struct cp_threshold *row)
{
    if (!to)
        return;
    row->to_size = to->size;
    row->to_memory_size_mb = to->memory_size_mb;
    row->to_mode = (int)to->mode;
    row->to_concurrency = to->concurrency;
    for (size_t i = 0; i < d->n_candidates && row->to < 0; i++) {
        const struct cp_candidate *c = &d->candidates[i];
        if (c->size == to->size && c->mode == to->mode && c->concurrency == to->concurrency)
            row->to = (int)i;
    }
}

static void set_candidate(const struct cp_decision *d, int to, struct cp_threshold *row)
{
    if (to < 0)
        return;
    set_answer(d, &d->candidates[to], row);
    row->to = to;
}

/* Nearest first; what has no distance, last. */
static int by_distance(const void *a, const void *b)
{
    const struct cp_threshold *rows[] = {a, b};
    double far[2];
    for (int i = 0; i < 2; i++)
        far[i] = isnan(rows[i]->factor) ? (double)INFINITY : fabs(log(rows[i]->factor));
    if (far[0] < far[1] || far[0] > far[1])
        return far[0] < far[1] ? -1 : 1;
    return (int)rows[0]->kind - (int)rows[1]->kind;
}

/* --- budget and prices: no simulation --- */

static void find_budget(struct cp_what_if *w, struct cp_decision *d)
{
    int shown = cp_what_if_shown(d);
    for (int is_above = 0; is_above < 2; is_above++) {
        int to = -1;
        double ms = cp_what_if_budget_flip(w, is_above, &to);
        if (isnan(ms))
            continue;
        enum cp_flip flip = shown < 0 ? CP_FLIP_MEETS : is_above ? CP_FLIP_CHEAPER : CP_FLIP_FAILS;
        struct cp_threshold row = row_of(CP_THRESHOLD_BUDGET, flip, ms, w->input->budget_ms);
        set_candidate(d, to, &row);
        add_row(d, &row);
    }
}

static void find_price(struct cp_what_if *w, struct cp_decision *d, enum cp_threshold_kind kind,
                       unsigned lines, double limit)
{
    int to = -1;
    double factor = cp_what_if_price_flip(w, lines, limit, &to);
    if (isnan(factor))
        return;
    struct cp_threshold row = row_of(kind, CP_FLIP_CHEAPER, factor, 1);
    set_candidate(d, to, &row);
    add_row(d, &row);
}

static enum cp_code find_exact(const struct cp_candidate_context *context, struct cp_decision *d,
                               struct cp_error *err)
{
    struct cp_what_if w;
    enum cp_code code = cp_what_if_init(&w, context->input, d);
    if (code)
        return cp_fail(err, code, "out of memory for what would change the decision");
    find_budget(&w, d);
    if (context->input->demand && cp_what_if_shown(d) >= 0) {
        find_price(&w, d, CP_THRESHOLD_PRICE, PROVISIONED_LINES, PRICE_RANGE);
        find_price(&w, d, CP_THRESHOLD_PRICE, PROVISIONED_LINES, 1 / PRICE_RANGE);
        find_price(&w, d, CP_THRESHOLD_DISCOUNT, COMPUTE_LINES, 1 - DISCOUNT_MOST);
    }
    cp_what_if_clear(&w);
    return CP_OK;
}

/* --- traffic and idle lifetime: simulations --- */

/* What must be the same to be the same answer. */
enum level { SETTING, STRATEGY };

struct search {
    struct cp_rivals rivals;
    enum cp_threshold_kind kind;
    bool has_clock;
    double step;  /* from one factor to the next: 2, or 4 with a clock; or one over that */
    double range; /* >= 1 */
    double now;   /* value at factor 1 */
};

struct trial {
    double factor;
    struct cp_rival_answer answer;
};

static enum cp_code try_factor(struct search *s, double factor, struct trial *trial,
                               struct cp_error *err)
{
    bool is_traffic = s->kind == CP_THRESHOLD_TRAFFIC;
    const struct cp_rival_world world = {is_traffic ? factor : 1, is_traffic ? 1 : factor};
    trial->factor = factor;
    return cp_rivals_answer(&s->rivals, &world, &trial->answer, err);
}

static bool is_same(const struct search *s, enum level level, const struct cp_rival_answer *answer)
{
    const struct cp_candidate *chosen = &s->rivals.decision->candidates[s->rivals.chosen];
    const struct cp_candidate *c = &answer->winner;
    bool is_same_strategy = c->memory_size_mb == chosen->memory_size_mb &&
                            cp_mode_is_provisioned(c->mode) == cp_mode_is_provisioned(chosen->mode);
    bool is_same_number = c->mode == chosen->mode && c->concurrency == chosen->concurrency;
    return is_same_strategy &&
           (level == STRATEGY || is_same_number || !cp_mode_is_provisioned(chosen->mode));
}

/* Bisection between a factor with the same answer and one with another, which `other` becomes. */
static enum cp_code bisect(struct search *s, enum level level, double same, struct trial *other,
                           struct cp_error *err)
{
    const struct cp_candidate *chosen = &s->rivals.decision->candidates[s->rivals.chosen];
    double tolerance = s->has_clock ? CLOCK_TOLERANCE : SEARCH_TOLERANCE;
    enum cp_code code = CP_OK;
    if (other->answer.winner.memory_size_mb)
        cp_rivals_narrow(&s->rivals, chosen, &other->answer.winner);
    for (int i = 0; !code && i < BISECTIONS_MAX &&
                    fmax(same / other->factor, other->factor / same) > tolerance;
         i++) {
        struct trial middle;
        code = try_factor(s, sqrt(same * other->factor), &middle, err);
        if (code)
            break;
        if (is_same(s, level, &middle.answer))
            same = middle.factor;
        else
            *other = middle;
    }
    cp_rivals_widen(&s->rivals);
    return code;
}

/* The answer a little beyond the threshold, among all sizes: one that holds in between only would
 * mislead. */
static enum cp_code look_beyond(struct search *s, enum level level, struct trial *at,
                                struct cp_error *err)
{
    struct trial beyond;
    double by = s->step > 1 ? BEYOND : 1 / BEYOND;
    enum cp_code code = try_factor(s, at->factor * by, &beyond, err);
    if (!code && !is_same(s, level, &beyond.answer))
        at->answer.winner = beyond.answer.winner;
    return code;
}

/* `is_replaced`: the chosen number of environments had been left before; the strategy was not. */
static enum cp_code add_found(struct search *s, struct cp_decision *d, const struct trial *at,
                              bool is_replaced, struct cp_error *err)
{
    const struct cp_candidate *winner = &at->answer.winner;
    const struct cp_candidate *kept = &at->answer.kept;
    enum cp_flip flip = !cp_candidate_is_working(kept) ? CP_FLIP_THROTTLES
                        : kept->meets_budget           ? CP_FLIP_CHEAPER
                                                       : CP_FLIP_FAILS;
    struct cp_threshold row = row_of(s->kind, flip, s->now * at->factor, s->now);
    row.by_search = true;
    set_answer(d, winner->memory_size_mb ? winner : NULL, &row);
    enum cp_code code = CP_OK;
    if (is_replaced) {
        row.flip = winner->memory_size_mb ? CP_FLIP_CHEAPER : CP_FLIP_FAILS;
    } else {
        row.cold_share = kept->cold_share.value;
        code = cp_rivals_latency(&s->rivals, kept, &row.estimate_ms, err);
    }
    if (!code)
        add_row(d, &row);
    return code;
}

/* Where the answer of a level is another one for the first time. */
struct found {
    bool is_found;
    double last_same;
    struct trial trial;
};

/* Factors step, step^2 ... until the strategy changes. */
static enum cp_code scan(struct search *s, struct found found[2], struct cp_error *err)
{
    double limit = s->step > 1 ? s->range : 1 / s->range;
    double factor = 1;
    while (!found[STRATEGY].is_found && (s->step > 1 ? factor < limit : factor > limit)) {
        struct trial trial;
        factor = s->step > 1 ? fmin(limit, factor * s->step) : fmax(limit, factor * s->step);
        enum cp_code code = try_factor(s, factor, &trial, err);
        if (code)
            return code;
        for (enum level level = SETTING; level <= STRATEGY; level++) {
            struct found *f = &found[level];
            if (f->is_found)
                continue;
            f->is_found = !is_same(s, level, &trial.answer);
            if (f->is_found)
                f->trial = trial;
            else
                f->last_same = factor;
        }
    }
    return CP_OK;
}

/* Another number of provisioned environments is told for traffic only, and where it comes before
 * another strategy. */
static enum cp_code search_one_way(struct search *s, struct cp_decision *d, struct cp_error *err)
{
    struct found found[2] = {{.last_same = 1}, {.last_same = 1}};
    enum cp_code code = scan(s, found, err);
    enum level first = s->kind == CP_THRESHOLD_TRAFFIC ? SETTING : STRATEGY;
    for (enum level level = first; !code && level <= STRATEGY; level++) {
        struct found *f = &found[level];
        if (!f->is_found)
            continue;
        code = bisect(s, level, f->last_same, &f->trial, err);
        if (!code)
            code = look_beyond(s, level, &f->trial, err);
        if (!code)
            code = add_found(s, d, &f->trial,
                             found[SETTING].is_found && level == STRATEGY && first == SETTING, err);
        if (!is_same(s, STRATEGY, &f->trial.answer))
            break;
    }
    return code;
}

static enum cp_code search_both_ways(struct search *s, struct cp_decision *d, struct cp_error *err)
{
    struct trial now;
    enum cp_code code = try_factor(s, 1, &now, err);
    /* where the shorter simulations do not even give the decision, they tell nothing */
    if (code || !is_same(s, STRATEGY, &now.answer))
        return code;
    s->step = s->has_clock ? 4 : 2;
    code = search_one_way(s, d, err);
    s->step = 1 / s->step;
    return code ? code : search_one_way(s, d, err);
}

static enum cp_code find_by_search(const struct cp_candidate_context *context,
                                   const struct cp_size_law *laws, struct cp_decision *d,
                                   struct cp_error *err)
{
    struct search s = {.kind = CP_THRESHOLD_TRAFFIC, .range = TRAFFIC_RANGE};
    enum cp_code code = cp_rivals_init(&s.rivals, context, laws, d, WORLDS_MAX, err);
    if (!code) {
        s.has_clock = cp_windows_has_clock(&context->input->demand->law);
        s.now = cp_demand_per_s(context->input->demand);
        code = search_both_ways(&s, d, err);
    }
    if (!code && context->survival.longest_ms > 0) {
        s.kind = CP_THRESHOLD_IDLE_LIFETIME;
        s.range = LIFETIME_RANGE;
        s.now = cp_rival_lifetime_ms(&context->survival);
        code = search_both_ways(&s, d, err);
    }
    cp_rivals_clear(&s.rivals);
    return code == CP_ENODATA ? CP_OK : code;
}

/* --- utilization --- */

/* The tier that a month of this traffic would pay on demand, at the chosen memory size. */
static size_t tier_of(const struct cp_optimize_input *in, const struct cp_candidate *c)
{
    double gb_s = cp_units_gb_s(c->memory_size_mb, c->busy * CP_S_PER_MONTH * CP_MS_PER_S);
    if (in->terms)
        gb_s += in->terms->used_gb_s;
    const struct cp_price_book *price = in->sizes[c->size].price;
    size_t tier = 0;
    while (tier + 1 < cp_price_n_tiers(price) && gb_s >= price->duration[tier + 1].from_gb_s)
        tier++;
    return tier;
}

/* First environment: it carries a / (1 + a) of one (Erlang B); that is u from a = u / (1 - u) on.
 */
static double pays_per_s(const struct cp_size_law *law, double break_even)
{
    return break_even / (1 - break_even) / (law->billed_warm_ms / CP_MS_PER_S);
}

/* Provisioned: how busy it is against how busy it must be to cost less. On demand and independent
 * requests at a constant rate: the rate at which one environment would be that busy. */
static void find_utilization(const struct cp_optimize_input *in, const struct cp_size_law *law,
                             struct cp_decision *d)
{
    int shown = cp_what_if_shown(d);
    double break_even = d->break_even_utilization;
    const struct cp_candidate *c = shown < 0 ? NULL : &d->candidates[shown];
    if (!c || !in->demand || !(break_even <= 1) || c->fresh_start == CP_START_SNAPSTART)
        return;
    struct cp_threshold row =
        row_of(CP_THRESHOLD_UTILIZATION, CP_FLIP_PAYS, break_even, c->utilization);
    bool is_told = false; /* by the traffic that makes provisioned concurrency the answer */
    for (size_t i = 0; i < d->n_thresholds; i++)
        is_told = is_told || (d->thresholds[i].kind == CP_THRESHOLD_TRAFFIC &&
                              d->thresholds[i].to_mode == CP_MODE_PROVISIONED);
    if (!cp_mode_is_provisioned(c->mode)) {
        double needed = pays_per_s(law, break_even);
        double now = cp_demand_per_s(in->demand);
        if (is_told || !cp_arrivals_is_even(&in->demand->law) || !isfinite(needed) || now >= needed)
            return;
        row.factor = needed / now;
    }
    add_row(d, &row);
}

/* --- all of it --- */

enum cp_code cp_changer_find(const struct cp_candidate_context *context,
                             const struct cp_size_law *laws, struct cp_decision *decision,
                             struct cp_error *err)
{
    const struct cp_optimize_input *in = context->input;
    decision->n_thresholds = 0;
    if (decision->chosen < 0)
        return CP_OK;
    const struct cp_candidate *chosen = &decision->candidates[decision->chosen];
    if (in->demand)
        decision->break_even_utilization =
            cp_price_break_even_in_tier(in->sizes[chosen->size].price, tier_of(in, chosen));
    if (isnan(in->budget_q))
        return CP_OK;
    enum cp_code code = find_exact(context, decision, err);
    if (!code)
        code = find_by_search(context, laws, decision, err);
    if (!code)
        find_utilization(in, &laws[chosen->size], decision);
    qsort(decision->thresholds, decision->n_thresholds, sizeof decision->thresholds[0],
          by_distance);
    return code;
}
