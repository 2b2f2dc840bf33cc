/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/decide/explain.h"

#include "model/base/number.h"
#include "model/decide/erlang.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* --- phrases --- */

struct phrase {
    char text[160];
};

__attribute__((format(printf, 1, 2))) static struct phrase phrase(const char *fmt, ...)
{
    struct phrase p;
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(p.text, sizeof p.text, fmt, args);
    va_end(args);
    return p;
}

/* Appends to a sentence, which stays a C string whatever its length. */
__attribute__((format(printf, 2, 3))) static void say(char sentence[CP_SENTENCE_MAX],
                                                      const char *fmt, ...)
{
    size_t n = strlen(sentence);
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(sentence + n, CP_SENTENCE_MAX - n, fmt, args);
    va_end(args);
}

static struct phrase number(double x)
{
    struct phrase p;
    (void)cp_number_short(x, p.text);
    return p;
}

/* Memory sizes and what the user typed: as they are. */
static struct phrase exact(double x)
{
    struct phrase p;
    (void)cp_number_exact(x, p.text);
    return p;
}

static struct phrase usd(double x)
{
    struct phrase p;
    (void)cp_number_usd(x, p.text);
    return p;
}

/* "512 MB on-demand", "1,024 MB with provisioned concurrency 2" */
static struct phrase setting(const struct cp_candidate *c)
{
    if (c->mode == CP_MODE_ON_DEMAND)
        return phrase("%s MB on-demand", exact(c->memory_size_mb).text);
    return phrase("%s MB with %s concurrency %d", exact(c->memory_size_mb).text,
                  cp_concurrency_mode_name(c->mode), c->concurrency);
}

/* Times; INFINITY is what only the function timeout ended. */
static struct phrase time_of(double ms)
{
    return isinf(ms) ? phrase("at the timeout") : phrase("%s ms", number(ms).text);
}

static struct phrase bound_of(double ms)
{
    return isinf(ms) ? phrase("timeout") : number(ms);
}

/* "41.2 ms [38.9, 44.0]", "at most 44.0 ms", "41.2 ms (no interval)" */
static struct phrase latency(const struct cp_interval *x)
{
    if (isnan(x->high))
        return phrase("%s (too few samples for an interval)", time_of(x->value).text);
    if (isnan(x->low))
        return isinf(x->high) ? phrase("at most the timeout")
                              : phrase("at most %s ms", number(x->high).text);
    return phrase("%s [%s, %s]", time_of(x->value).text, bound_of(x->low).text,
                  bound_of(x->high).text);
}

static struct phrase quantile_name(double q)
{
    return phrase("p%.4g", q * 100);
}

/* "p99 of all requests" */
static struct phrase metric(const struct cp_optimize_input *in, const struct cp_candidate *c)
{
    const char *of = in->demand                        ? "all requests"
                     : cp_mode_is_provisioned(c->mode) ? "warm starts"
                                                       : "cold starts";
    return phrase("%s of %s", quantile_name(cp_decisive_q(in)).text, of);
}

/* --- sentence: what to set --- */

static void say_setting(const struct cp_optimize_input *in, const struct cp_candidate *c,
                        bool is_change, char out[CP_SENTENCE_MAX])
{
    struct phrase memory = exact(c->memory_size_mb);
    const char *note = !in->demand && cp_mode_is_provisioned(c->mode)
                           ? " (at least; give the traffic to size it)"
                           : "";
    if (!is_change)
        say(out, "Keep %s.", setting(c).text);
    else if (c->mode == CP_MODE_ON_DEMAND)
        say(out, "Set memory size to %s MB, on-demand.", memory.text);
    else
        say(out, "Set memory size to %s MB and %s concurrency to %d%s.", memory.text,
            cp_concurrency_mode_name(c->mode), c->concurrency, note);
}

/* The candidate to answer first: an undecided choice, else the smallest shortfall of samples. */
static const struct cp_candidate *nearest_to_answer(const struct cp_decision *d)
{
    if (d->fallback >= 0)
        return &d->candidates[d->chosen];
    const struct cp_candidate *best = NULL;
    size_t least = SIZE_MAX;
    for (size_t i = 0; i < d->n_candidates; i++) {
        const struct cp_candidate *c = &d->candidates[i];
        size_t has = c->cold_decides ? c->n_cold : c->n_warm;
        if (!c->is_runnable || c->latency_status >= CP_ANSWER_UPPER_ONLY || c->n_needed <= has)
            continue;
        if (c->n_needed - has < least) {
            least = c->n_needed - has;
            best = c;
        }
    }
    return best;
}

static void say_not_enough(const struct cp_optimize_input *in, const struct cp_decision *d,
                           char out[CP_SENTENCE_MAX])
{
    const struct cp_candidate *c = nearest_to_answer(d);
    if (!c) {
        say(out, "No memory size has cold and warm samples with 10 %% memory headroom.");
        return;
    }
    const char *kind = c->cold_decides ? "cold" : "warm";
    say(out,
        "%s needs %zu %s samples for an upper bound of %s and has %zu; sweep again with --%s %zu.",
        setting(c).text, c->n_needed, kind, metric(in, c).text,
        c->cold_decides ? c->n_cold : c->n_warm, kind, c->n_needed);
}

/* What can be had today, when the choice is still open. */
static void say_fallback(struct cp_decision *d)
{
    if (d->fallback < 0)
        return;
    const struct cp_candidate *c = &d->candidates[d->fallback];
    double more = c->usd_per_month.value - d->candidates[d->chosen].usd_per_month.value;
    say(d->sentence, " %s is shown to meet the budget", setting(c).text);
    if (!isnan(more))
        say(d->sentence, ", for USD %s more per month", usd(more).text);
    say(d->sentence, ".");
}

static void say_investigate(const struct cp_optimize_input *in, const struct cp_decision *d,
                            char out[CP_SENTENCE_MAX])
{
    const struct cp_candidate *c = d->chosen < 0 ? NULL : &d->candidates[d->chosen];
    if (!c) {
        say(out, "No memory size can be recommended.");
        return;
    }
    bool is_short =
        c->latency_status < CP_ANSWER_UPPER_ONLY && c->latency_ms.value <= in->budget_ms;
    struct phrase advice = phrase("no tested setting does; reduce %s or test more memory",
                                  cp_startup_word(in->fresh_start));
    if (c->idle_decides && is_short)
        advice = phrase("longer idle intervals or --%s %zu would tell",
                        c->cold_decides ? "cold" : "warm", c->n_needed);
    else if (c->idle_decides)
        advice = phrase("measure longer idle intervals to tell");
    else if (c->bursts_decide)
        advice = phrase("requests come in bursts: set it for a day and import the log of that day");
    else if (c->may_meet_budget)
        advice = phrase("more samples would tell");
    say(out, "Not proven: %s comes nearest to %s within %s ms; %s.", setting(c).text,
        metric(in, c).text, exact(in->budget_ms).text, advice.text);
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
        say(d->sentence,
            "No latency budget given, nothing to change: cheapest is %s, fastest is %s.",
            setting(&d->candidates[d->cheapest]).text,
            d->fastest < 0 ? "not known" : setting(&d->candidates[d->fastest]).text);
    say_fallback(d);
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
        if (chosen->mode != CP_MODE_ON_DEMAND && c->memory_size_mb == chosen->memory_size_mb)
            return c;
        if (is_cheaper(c, chosen) && (!rival || is_cheaper(rival, c)))
            rival = c;
    }
    return rival;
}

static const char *relation(const struct cp_optimize_input *in, const struct cp_candidate *c)
{
    if (c->meets_budget)
        return "within";
    if (c->may_meet_budget)
        return "not proven within";
    return c->latency_ms.value <= in->budget_ms ? "not shown within" : "above";
}

static void say_because(const struct cp_optimize_input *in, struct cp_decision *d)
{
    if (d->chosen < 0)
        return;
    const struct cp_candidate *c = &d->candidates[d->chosen];
    say(d->because, "%s is %s at %s", metric(in, c).text, latency(&c->latency_ms).text,
        setting(c).text);
    if (!isnan(in->budget_q))
        say(d->because, ", %s the %s ms budget", relation(in, c), exact(in->budget_ms).text);
    const struct cp_candidate *rival = c->meets_budget && !isnan(in->budget_q) ? rival_of(d) : NULL;
    if (d->fallback >= 0)
        say(d->because, "; %s gives %s", setting(&d->candidates[d->fallback]).text,
            latency(&d->candidates[d->fallback].latency_ms).text);
    if (rival)
        say(d->because, "; %s gives %s%s", setting(rival).text, latency(&rival->latency_ms).text,
            !in->demand && c->mode != rival->mode ? " for cold starts" : "");
    if (c->n_pooled)
        say(d->because, "; this bound is from the tail that all memory sizes share, %s samples",
            exact((double)c->n_pooled).text);
    if (!in->demand)
        say(d->because, "; no traffic was given, so cold starts are judged on their own");
    say(d->because, ".");
}

/* --- money --- */

static struct phrase money_of(const struct cp_interval *x)
{
    return phrase("USD %s [%s, %s]", usd(x->value).text, usd(x->low).text, usd(x->high).text);
}

static void say_money(struct cp_decision *d)
{
    if (d->chosen < 0)
        return;
    const struct cp_candidate *c = &d->candidates[d->chosen];
    const struct cp_candidate *now = d->current < 0 ? NULL : &d->candidates[d->current];
    if (isnan(c->usd_per_month.value)) {
        say(d->money, "%s per million warm invocations", money_of(&c->usd_per_million).text);
        if (c->fixed_usd_per_month > 0)
            say(d->money, " plus USD %s per month for provisioned concurrency",
                usd(c->fixed_usd_per_month).text);
        say(d->money, ".");
        return;
    }
    struct phrase cost = money_of(&c->usd_per_month);
    double saved = now ? now->usd_per_month.value - c->usd_per_month.value : NAN;
    if (!now || now == c || isnan(saved))
        say(d->money, "%s per month, %s per million requests.", cost.text,
            money_of(&c->usd_per_million).text);
    else
        say(d->money, "%s per month instead of %s: %s %s.", cost.text,
            usd(now->usd_per_month.value).text, saved >= 0 ? "saves" : "costs",
            usd(fabs(saved)).text);
}

/* --- reserved concurrency --- */

/* It never buys latency: it keeps other functions of the account from starving this one, and caps
 * this one. The number: the smallest limit that throttles at most CP_THROTTLED_SHARE_MAX of the
 * requests at this load (Erlang B). */
static void say_reserved(struct cp_decision *d)
{
    const struct cp_candidate *c = d->chosen < 0 ? NULL : &d->candidates[d->chosen];
    if (!c || !d->is_budget_met || isnan(c->busy) || c->mode == CP_MODE_RESERVED)
        return;
    int needed = cp_erlang_servers_for_loss(c->busy, CP_THROTTLED_SHARE_MAX);
    int least = cp_mode_is_provisioned(c->mode) ? c->concurrency : 1;
    if (needed < 0)
        return;
    say(d->reserved,
        "Reserved concurrency is not needed for latency; %d would guard this traffic against other "
        "functions of the account and cap it there, at no cost.",
        needed > least ? needed : least);
}

/* --- what would change the answer --- */

static char *next_changer(struct cp_decision *d)
{
    return d->n_changers < CP_CHANGERS_SHOWN ? d->changers[d->n_changers++] : NULL;
}

static void say_rate(const struct cp_optimize_input *in, const struct cp_thresholds *t,
                     struct cp_decision *d)
{
    char *out = isnan(t->rate_per_s) ? NULL : next_changer(d);
    if (!out)
        return;
    const struct cp_candidate *c = &d->candidates[d->chosen];
    if (cp_mode_is_provisioned(c->mode))
        say(out,
            "Above %s requests per second the cold share is under %s %% and %s MB meets the %s ms "
            "budget on-demand.",
            number(t->rate_per_s).text, number(100 * t->rate_cold_share).text,
            exact(c->memory_size_mb).text, exact(in->budget_ms).text);
    else if (t->rate_estimate_ms <= in->budget_ms)
        say(out,
            "Below %s requests per second the cold share exceeds %s %% and %zu cold samples no "
            "longer show that %s meets the %s ms budget (estimate %s ms).",
            number(t->rate_per_s).text, number(100 * t->rate_cold_share).text, c->n_cold,
            setting(c).text, exact(in->budget_ms).text, number(t->rate_estimate_ms).text);
    else
        say(out,
            "Below %s requests per second the cold share exceeds %s %% and %s no longer meets the "
            "%s ms budget.",
            number(t->rate_per_s).text, number(100 * t->rate_cold_share).text, setting(c).text,
            exact(in->budget_ms).text);
}

static void say_cheaper(const struct cp_thresholds *t, struct cp_decision *d)
{
    char *out = t->cheaper < 0 ? NULL : next_changer(d);
    if (!out)
        return;
    const struct cp_candidate *c = &d->candidates[t->cheaper];
    const struct cp_candidate *chosen = &d->candidates[d->chosen];
    double saved = chosen->usd_per_month.value - c->usd_per_month.value;
    say(out, "With a budget of %s ms or more, %s would do", number(t->cheaper_budget_ms).text,
        setting(c).text);
    if (!isnan(saved))
        say(out, " and save USD %s per month", usd(saved).text);
    say(out, ".");
}

static void say_tight(const struct cp_thresholds *t, struct cp_decision *d)
{
    char *out = !isfinite(t->tight_budget_ms) ? NULL : next_changer(d);
    if (!out)
        return;
    if (t->tight >= 0)
        say(out, "A budget below %s ms needs %s.", number(t->tight_budget_ms).text,
            setting(&d->candidates[t->tight]).text);
    else
        say(out, "No tested setting meets a budget below %s ms.", number(t->tight_budget_ms).text);
}

static void say_pays(const struct cp_optimize_input *in, const struct cp_thresholds *t,
                     struct cp_decision *d)
{
    bool is_told = isnan(t->pays_per_s) || cp_demand_per_s(in->demand) >= t->pays_per_s;
    char *out = is_told ? NULL : next_changer(d);
    if (!out)
        return;
    say(out,
        "From %s requests per second one provisioned environment of %s MB is busy %s %% "
        "of the time and costs less than on-demand.",
        number(t->pays_per_s).text, exact(d->candidates[d->chosen].memory_size_mb).text,
        number(100 * d->break_even_utilization).text);
}

static void say_changers(const struct cp_optimize_input *in, const struct cp_thresholds *t,
                         struct cp_decision *d)
{
    d->n_changers = 0;
    if (!t)
        return;
    say_rate(in, t, d);
    say_cheaper(t, d);
    say_tight(t, d);
    say_pays(in, t, d);
}

void cp_explain(const struct cp_optimize_input *input, const struct cp_thresholds *thresholds,
                struct cp_decision *decision)
{
    decision->sentence[0] = decision->because[0] = '\0';
    decision->money[0] = decision->reserved[0] = '\0';
    memset(decision->changers, 0, sizeof decision->changers);
    say_what(input, decision);
    say_because(input, decision);
    say_money(decision);
    say_reserved(decision);
    say_changers(input, thresholds, decision);
}
