/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/decide/explain.h"

#include "model/decide/candidate.h"
#include "model/decide/erlang.h"
#include "model/decide/phrase.h"
#include "model/decide/saving.h"
#include "model/decide/threshold_words.h"

#include <math.h>
#include <string.h>

#define SAY cp_phrase_say

static const struct cp_candidate *at(const struct cp_decision *d, int index)
{
    return index < 0 ? NULL : &d->candidates[index];
}

static struct cp_phrase budget(const struct cp_optimize_input *in)
{
    return cp_phrase("%s ms budget", cp_phrase_exact(in->budget_ms).text);
}

static bool is_waited_for(const struct cp_optimize_input *in)
{
    return in->workload == CP_CLASS_INTERACTIVE;
}

/* Its estimate was judged, not its upper bound. */
static bool is_by_estimate(const struct cp_optimize_input *in)
{
    return in->risk == CP_RISK_POINT;
}

/* --- whom the sentences are about --- */

static bool is_short_of_samples(const struct cp_candidate *c)
{
    size_t has = c->cold_decides ? c->n_cold : c->n_warm;
    return c->is_runnable && c->latency_status < CP_ANSWER_UPPER_ONLY && c->n_needed > has;
}

/* The candidate to answer first: the choice where it is undecided itself, else the smallest
 * shortfall of samples. */
static const struct cp_candidate *nearest_to_answer(const struct cp_decision *d)
{
    const struct cp_candidate *best = at(d, d->chosen);
    if (best && (d->fallback >= 0 || is_short_of_samples(best)))
        return best;
    size_t least = SIZE_MAX;
    best = NULL;
    for (size_t i = 0; i < d->n_candidates; i++) {
        const struct cp_candidate *c = &d->candidates[i];
        size_t missing = c->n_needed - (c->cold_decides ? c->n_cold : c->n_warm);
        if (is_short_of_samples(c) && missing < least) {
            least = missing;
            best = c;
        }
    }
    return best;
}

/* All sentences of one decision speak of the same setting; NULL: of none. */
static const struct cp_candidate *told(const struct cp_decision *d)
{
    const struct cp_candidate *nearest =
        d->verdict == CP_VERDICT_NOT_ENOUGH_DATA ? nearest_to_answer(d) : NULL;
    return nearest ? nearest : at(d, d->chosen);
}

/* --- sentence: what to set --- */

static void say_setting(const struct cp_optimize_input *in, const struct cp_candidate *c,
                        bool is_change, char out[CP_SENTENCE_MAX])
{
    struct cp_phrase mode = cp_phrase_mode(c);
    if (!is_change)
        SAY(out, "Keep %s", cp_phrase_setting(in, c).text);
    else if (c->mode == CP_MODE_ON_DEMAND)
        SAY(out, "Set memory size to %s, on-demand", cp_phrase_size(in, c).text);
    else if (c->mode == CP_MODE_TRACKING)
        SAY(out, "Set memory size to %s, with %s", cp_phrase_size(in, c).text, mode.text);
    else
        SAY(out, "Set memory size to %s and %s", cp_phrase_size(in, c).text,
            cp_phrase_number_set(c).text);
    if (c->mode == CP_MODE_RESERVED)
        SAY(out, ", the least that throttles at most one request in %s",
            cp_phrase_exact(1 / cp_throttled_share_max(in)).text);
    if (!in->demand && cp_mode_is_provisioned(c->mode) && is_change)
        SAY(out, " (at least; give the traffic to size it)");
    SAY(out, ".");
}

static void say_not_enough(const struct cp_optimize_input *in, const struct cp_decision *d,
                           char out[CP_SENTENCE_MAX])
{
    const struct cp_candidate *c = nearest_to_answer(d);
    if (!c) {
        SAY(out, "No memory size has cold and warm samples with 10 %% memory headroom.");
        return;
    }
    const char *kind = c->cold_decides ? "cold" : "warm";
    SAY(out,
        "%s needs %zu %s samples for an upper bound of %s and has %zu; sweep again with --%s %zu.",
        cp_phrase_setting(in, c).text, c->n_needed, kind, cp_phrase_metric(in, c).text,
        c->cold_decides ? c->n_cold : c->n_warm, kind, c->n_needed);
}

/* What can be had today, when the choice is still open. */
static void say_fallback(const struct cp_optimize_input *in, struct cp_decision *d)
{
    const struct cp_candidate *c = at(d, d->fallback);
    if (!c)
        return;
    double more = c->usd_per_month.value - d->candidates[d->chosen].usd_per_month.value;
    SAY(d->sentence, " %s is %s to meet the budget", cp_phrase_brief(in, d, c).text,
        is_by_estimate(in) ? "estimated" : "shown");
    if (!isnan(more))
        SAY(d->sentence, ", for USD %s more per month", cp_phrase_usd(more).text);
    SAY(d->sentence, ".");
}

/* What would tell, where it may meet the budget. */
static struct cp_phrase advice_for(const struct cp_optimize_input *in, const struct cp_candidate *c)
{
    bool is_short =
        c->latency_status < CP_ANSWER_UPPER_ONLY && c->latency_ms.value <= in->budget_ms;
    if (c->idle_decides && is_short)
        return cp_phrase("longer idle intervals or --%s %zu would tell",
                         c->cold_decides ? "cold" : "warm", c->n_needed);
    if (c->idle_decides)
        return cp_phrase("measure longer idle intervals to tell");
    if (c->bursts_decide)
        return cp_phrase(
            "requests come in bursts: set it for a day and import the log of that day");
    return cp_phrase("more samples would tell");
}

/* The least violation: how far it is, and what the latency is made of there. */
static void say_infeasible(const struct cp_optimize_input *in, const struct cp_candidate *c,
                           char out[CP_SENTENCE_MAX])
{
    double over_ms = c->latency_ms.value - in->budget_ms;
    SAY(out, "No tested setting meets the %s: %s comes nearest", budget(in).text,
        cp_phrase_setting(in, c).text);
    if (isfinite(over_ms) && over_ms > 0)
        SAY(out, ", its %s estimated %s ms (%s) above it", cp_phrase_metric(in, c).text,
            cp_phrase_number(over_ms).text, cp_phrase_percent(over_ms / in->budget_ms).text);
    else
        SAY(out, " to it at %s", cp_phrase_metric(in, c).text);
    if (c->cold_decides)
        SAY(out, "; reduce %s or test more memory.", cp_startup_word(c->fresh_start));
    else
        SAY(out, "; warm requests decide here: make the handler faster or test more memory.");
}

static void say_investigate(const struct cp_optimize_input *in, const struct cp_decision *d,
                            char out[CP_SENTENCE_MAX])
{
    const struct cp_candidate *c = at(d, d->chosen);
    if (!c)
        SAY(out, "No memory size can be recommended.");
    else if (!c->may_meet_budget && !c->idle_decides && !c->bursts_decide)
        say_infeasible(in, c, out);
    else
        SAY(out, "Not proven: %s comes nearest to %s within %s ms; %s.",
            cp_phrase_setting(in, c).text, cp_phrase_metric(in, c).text,
            cp_phrase_exact(in->budget_ms).text, advice_for(in, c).text);
}

static void say_what(const struct cp_optimize_input *in, struct cp_decision *d)
{
    bool has_budget = !isnan(in->budget_q);
    if (d->verdict == CP_VERDICT_NOT_ENOUGH_DATA)
        say_not_enough(in, d, d->sentence);
    else if (d->verdict == CP_VERDICT_INVESTIGATE)
        say_investigate(in, d, d->sentence);
    else if (has_budget)
        say_setting(in, &d->candidates[d->chosen], d->verdict == CP_VERDICT_CHANGE, d->sentence);
    else
        SAY(d->sentence,
            "No latency budget given, nothing to change: cheapest is %s, fastest is %s.",
            cp_phrase_setting(in, &d->candidates[d->cheapest]).text,
            d->fastest < 0 ? "not known" : cp_phrase_setting(in, &d->candidates[d->fastest]).text);
    say_fallback(in, d);
}

/* --- because: the decisive inequality --- */

static bool is_cheaper(const struct cp_candidate *a, const struct cp_candidate *b)
{
    bool has_month = !isnan(b->usd_per_month.value);
    return has_month ? a->usd_per_month.value < b->usd_per_month.value
                     : a->usd_per_million.value < b->usd_per_million.value;
}

/* What the choice had to beat: provisioned concurrency the same size without it; on demand the
 * dearest cheaper size. NULL when that meets the budget too, or does not exist. */
static const struct cp_candidate *rival_of(const struct cp_decision *d)
{
    const struct cp_candidate *chosen = &d->candidates[d->chosen];
    const struct cp_candidate *rival = NULL;
    for (size_t i = 0; i < d->n_candidates; i++) {
        const struct cp_candidate *c = &d->candidates[i];
        if (!c->is_runnable || c->meets_budget || c->mode != CP_MODE_ON_DEMAND)
            continue;
        if (chosen->mode != CP_MODE_ON_DEMAND && cp_phrase_is_same_size(c, chosen))
            return c;
        if (is_cheaper(c, chosen) && (!rival || is_cheaper(rival, c)))
            rival = c;
    }
    return rival;
}

static const char *relation(const struct cp_optimize_input *in, const struct cp_candidate *c)
{
    if (c->meets_budget)
        return is_by_estimate(in) ? "by its estimate within" : "within";
    if (c->may_meet_budget)
        return "not proven within";
    return c->latency_ms.value <= in->budget_ms ? "not shown within" : "above";
}

/* Provisioned concurrency that on-demand would not need for the budget is there for its cost. */
static const struct cp_candidate *dearer_of(const struct cp_decision *d,
                                            const struct cp_candidate *chosen)
{
    for (size_t i = 0; i < d->n_candidates; i++) {
        const struct cp_candidate *c = &d->candidates[i];
        if (cp_mode_is_provisioned(chosen->mode) && c->mode == CP_MODE_ON_DEMAND &&
            c->meets_budget && cp_phrase_is_same_size(c, chosen) && is_cheaper(chosen, c))
            return c;
    }
    return NULL;
}

static void say_difference(const struct cp_optimize_input *in, const struct cp_candidate *c,
                           const struct cp_candidate *other, char out[CP_SENTENCE_MAX])
{
    struct cp_interval more = cp_saving_of(in, other, c);
    if (more.value < 0)
        more = (struct cp_interval){-more.value, -more.high, -more.low};
    SAY(out, "%s per month", cp_phrase_money(&more).text);
}

/* Why the cheapest that meets the budget is not the answer: the tie rule. */
static void say_tie(const struct cp_optimize_input *in, struct cp_decision *d,
                    const struct cp_candidate *c)
{
    const struct cp_candidate *cheapest = at(d, d->cheapest);
    if (!cheapest || cheapest == c || !cheapest->meets_budget ||
        isnan(cheapest->usd_per_month.value))
        return;
    SAY(d->because, "; %s meets it too and would save ", cp_phrase_brief(in, d, cheapest).text);
    say_difference(in, c, cheapest, d->because);
    SAY(d->because, c->is_current ? ", too little to change what works"
                                  : ", within the interval of its cost: the simpler one is taken");
}

static void say_rivals(const struct cp_optimize_input *in, struct cp_decision *d,
                       const struct cp_candidate *c)
{
    const struct cp_candidate *rival =
        c->meets_budget && c == at(d, d->chosen) ? rival_of(d) : NULL;
    if (d->fallback >= 0)
        SAY(d->because, "; %s gives %s", cp_phrase_brief(in, d, at(d, d->fallback)).text,
            cp_phrase_latency(&at(d, d->fallback)->latency_ms).text);
    const struct cp_candidate *dearer =
        c->meets_budget && c == at(d, d->chosen) ? dearer_of(d, c) : NULL;
    if (dearer) {
        SAY(d->because, "; %s meets it too, for ", cp_phrase_brief(in, d, dearer).text);
        say_difference(in, c, dearer, d->because);
        SAY(d->because, " more");
    }
    if (c->meets_budget && c == at(d, d->chosen))
        say_tie(in, d, c);
    if (rival)
        SAY(d->because, "; %s gives %s%s", cp_phrase_brief(in, d, rival).text,
            cp_phrase_latency(&rival->latency_ms).text,
            !in->demand && c->mode != rival->mode ? " for cold starts" : "");
}

/* What provisioned concurrency would cost where it reaches nobody. */
static void say_nobody_waits(const struct cp_optimize_input *in, struct cp_decision *d,
                             const struct cp_candidate *c)
{
    const struct cp_candidate *cheapest = NULL;
    for (size_t i = 0; i < d->n_candidates; i++) {
        const struct cp_candidate *p = &d->candidates[i];
        if (cp_mode_is_provisioned(p->mode) && cp_phrase_is_same_size(p, c) && is_cheaper(c, p) &&
            (!cheapest || is_cheaper(p, cheapest)))
            cheapest = p;
    }
    SAY(d->because, "; nobody waits for a cold start here (%s), so the budget does not bind on it",
        in->workload == CP_CLASS_STREAM ? "stream" : "asynchronous invocations");
    if (cheapest && !cp_mode_is_provisioned(c->mode) && !isnan(cheapest->usd_per_month.value))
        SAY(d->because, "; %s would cost USD %s more per month and reach nobody",
            cp_phrase_brief_mode(d, cheapest).text,
            cp_phrase_usd(cheapest->usd_per_month.value - c->usd_per_month.value).text);
}

static void say_because(const struct cp_optimize_input *in, struct cp_decision *d)
{
    const struct cp_candidate *c = told(d);
    if (!c)
        return;
    bool has_budget = !isnan(in->budget_q);
    SAY(d->because, "%s is %s at %s", cp_phrase_metric(in, c).text,
        cp_phrase_latency(&c->latency_ms).text, cp_phrase_brief(in, d, c).text);
    if (has_budget && is_waited_for(in)) {
        SAY(d->because, ", %s the %s", relation(in, c), budget(in).text);
        say_rivals(in, d, c);
    } else if (has_budget) {
        say_nobody_waits(in, d, c);
    }
    if (c->n_pooled)
        SAY(d->because, "; this bound is from the tail that all memory sizes share, %s samples",
            cp_phrase_exact((double)c->n_pooled).text);
    if (!in->demand)
        SAY(d->because, "; no traffic was given, so cold starts are judged on their own");
    SAY(d->because, ".");
}

/* --- money --- */

/* Where it is never worth its money, somebody should say so before it is asked for. */
static void say_never_pays(const struct cp_optimize_input *in, struct cp_decision *d)
{
    const struct cp_size_data *size =
        d->chosen < 0 ? NULL : &in->sizes[d->candidates[d->chosen].size];
    if (!size || !in->demand || !(d->break_even_utilization > 1) ||
        size->fresh_start == CP_START_SNAPSTART)
        return;
    struct cp_phrase even = isinf(d->break_even_utilization)
                                ? cp_phrase("%s", "no break-even")
                                : cp_phrase("break-even utilization %s",
                                            cp_phrase_percent(d->break_even_utilization).text);
    SAY(d->money,
        " In %s (%s) provisioned concurrency can never cost less than on-demand for the same "
        "seconds, however busy (%s): it only buys latency.",
        size->price->region, size->price->architecture, even.text);
}

/* The interval is that of the difference itself. */
static void say_saving(struct cp_decision *d, const struct cp_candidate *now)
{
    struct cp_interval more = d->saving_usd_per_month;
    const char *verb = more.value >= 0 ? "saves" : "costs";
    if (more.value < 0)
        more = (struct cp_interval){-more.value, -more.high, -more.low};
    SAY(d->money, " instead of %s: %s %s [%s, %s]%s%s.",
        cp_phrase_usd(now->usd_per_month.value).text, verb, cp_phrase_usd(more.value).text,
        cp_phrase_usd(more.low).text, cp_phrase_usd(more.high).text, verb[0] == 'c' ? " more" : "",
        more.low <= 0 ? ", not shown to differ from 0" : "");
}

static void say_money(const struct cp_optimize_input *in, struct cp_decision *d)
{
    const struct cp_candidate *c = told(d);
    const struct cp_candidate *now = at(d, d->current);
    if (!c)
        return;
    if (isnan(c->usd_per_month.value)) {
        SAY(d->money, "%s per million warm invocations", cp_phrase_money(&c->usd_per_million).text);
        if (c->fixed_usd_per_month > 0)
            SAY(d->money, " plus USD %s per month for provisioned concurrency",
                cp_phrase_usd(c->fixed_usd_per_month).text);
        SAY(d->money, ".");
        return;
    }
    SAY(d->money, "%s per month", cp_phrase_money(&c->usd_per_month).text);
    if (!now || now == c || c != at(d, d->chosen) || isnan(d->saving_usd_per_month.value))
        SAY(d->money, ", %s per million requests.", cp_phrase_money(&c->usd_per_million).text);
    else
        say_saving(d, now);
    say_never_pays(in, d);
}

/* --- reserved concurrency --- */

/* The limit of the chosen setting that was simulated; 0: none was. */
static int simulated_limit(const struct cp_decision *d, const struct cp_candidate *chosen)
{
    for (size_t i = 0; i < d->n_candidates; i++) {
        const struct cp_candidate *c = &d->candidates[i];
        if (c->mode == CP_MODE_RESERVED && c->size == chosen->size && !c->is_modelled &&
            cp_candidate_is_working(c))
            return c->concurrency;
    }
    return 0;
}

/* It never buys latency: it keeps other functions of the account from starving this one, and caps
 * this one. The number: the smallest limit that throttles no more than allowed; as simulated where
 * a target was given, else at even arrivals (Erlang B); where requests do not come evenly, as many
 * as were ever there at once. */
static void say_reserved(const struct cp_optimize_input *in, struct cp_decision *d)
{
    const struct cp_candidate *c = at(d, d->chosen);
    if (!c || !d->is_budget_met || isnan(c->busy) || c->mode == CP_MODE_RESERVED)
        return;
    int needed = simulated_limit(d, c);
    bool is_in_flight = needed <= 0 && !(in->demand && cp_arrivals_is_even(&in->demand->law));
    if (needed <= 0)
        needed = cp_erlang_servers_for_loss(c->busy, cp_throttled_share_max(in));
    int least = cp_mode_is_provisioned(c->mode) ? c->concurrency : 1;
    if (needed < 0 || (is_in_flight && c->most_in_flight < 1))
        return;
    if (is_in_flight && c->most_in_flight > least)
        least = c->most_in_flight;
    SAY(d->reserved,
        "Reserved concurrency is not needed for latency; %d would guard this traffic against other "
        "functions of the account and cap it there, at no cost",
        needed > least ? needed : least);
    if (in->throttled_share_max > 0)
        SAY(d->reserved, ": the least that throttles at most %.3g %% of requests, the target",
            100 * in->throttled_share_max);
    SAY(d->reserved, ".");
}

void cp_explain(const struct cp_optimize_input *input, struct cp_decision *decision)
{
    decision->sentence[0] = decision->because[0] = '\0';
    decision->money[0] = decision->reserved[0] = '\0';
    memset(decision->changers, 0, sizeof decision->changers);
    decision->saving_usd_per_month =
        cp_saving_of(input, at(decision, decision->current), at(decision, decision->chosen));
    say_what(input, decision);
    say_because(input, decision);
    say_money(input, decision);
    say_reserved(input, decision);
    decision->n_changers = decision->n_thresholds;
    for (size_t i = 0; i < decision->n_changers; i++)
        cp_threshold_words(input, decision, &decision->thresholds[i], decision->changers[i]);
}
