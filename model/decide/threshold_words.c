/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/decide/threshold_words.h"

#include "model/decide/candidate.h"
#include "model/decide/phrase.h"
#include "model/decide/saving.h"
#include "model/decide/what_if.h"

#include <math.h>

struct sentence {
    const struct cp_optimize_input *in;
    const struct cp_decision *d;
    const struct cp_threshold *row;
    const struct cp_candidate *chosen; /* shown to meet the budget; else the one to answer first */
    const struct cp_candidate *to;     /* NULL: nothing meets the budget there */
    char *out;
};

#define SAY(s, ...) cp_phrase_say((s)->out, __VA_ARGS__)

static struct cp_phrase setting(const struct sentence *s, const struct cp_candidate *c)
{
    return cp_phrase_brief(s->in, s->d, c);
}

static const char *direction(const struct sentence *s)
{
    return s->row->factor > 1 ? "Above" : "Below";
}

/* --- traffic and idle lifetime --- */

static void say_where(const struct sentence *s)
{
    const struct cp_threshold *row = s->row;
    if (row->kind == CP_THRESHOLD_TRAFFIC)
        SAY(s, "%s about %s (%s times this traffic)", direction(s), cp_phrase_rate(row->value).text,
            cp_phrase_number(row->factor).text);
    else
        SAY(s, "If idle environments lived about %s or %s (median; now %s),",
            cp_phrase_span(row->value).text, row->factor > 1 ? "longer" : "less",
            cp_phrase_span(row->value / row->factor).text);
}

static bool is_same_strategy(const struct cp_candidate *a, const struct cp_candidate *b)
{
    return cp_phrase_is_same_size(a, b) &&
           cp_mode_is_provisioned(a->mode) == cp_mode_is_provisioned(b->mode);
}

/* The chosen setting there. Too few cold samples for a bound are another matter than a latency that
 * is too long. */
static void say_failure(const struct sentence *s)
{
    const struct cp_threshold *row = s->row;
    struct cp_phrase ms = cp_phrase_exact(s->in->budget_ms);
    struct cp_phrase chosen = setting(s, s->chosen);
    if (isnan(row->estimate_ms)) {
        SAY(s, " no tested setting is shown to meet the %s ms budget", ms.text);
        return;
    }
    if (row->estimate_ms <= s->in->budget_ms)
        SAY(s, " %zu cold samples no longer show that %s meets the %s ms budget", s->chosen->n_cold,
            chosen.text, ms.text);
    else
        SAY(s, " %s no longer meets the %s ms budget", chosen.text, ms.text);
    bool is_outgrown =
        s->chosen->mode == CP_MODE_SCHEDULED && s->to && is_same_strategy(s->to, s->chosen);
    if (is_outgrown) {
        SAY(s, " (estimate %s ms, cold share %s): it takes another schedule",
            cp_phrase_number(row->estimate_ms).text, cp_phrase_percent(row->cold_share).text);
        return;
    }
    SAY(s, " (estimate %s ms, cold share %s); %s is shown to",
        cp_phrase_number(row->estimate_ms).text, cp_phrase_percent(row->cold_share).text,
        s->to ? setting(s, s->to).text : "no tested setting");
}

static void say_better(const struct sentence *s)
{
    struct cp_phrase ms = cp_phrase_exact(s->in->budget_ms);
    bool is_bound = s->in->workload == CP_CLASS_INTERACTIVE; /* else there is only cost */
    bool is_left = isnan(s->row->estimate_ms); /* the chosen setting was left before that */
    if (is_bound && is_same_strategy(s->to, s->chosen) &&
        s->to->concurrency < s->chosen->concurrency)
        SAY(s, " %s is enough", cp_phrase_brief_mode(s->d, s->to).text);
    else if (is_bound && !cp_mode_is_provisioned(s->to->mode) &&
             cp_mode_is_provisioned(s->chosen->mode))
        SAY(s, " %s meets the %s ms budget without provisioned concurrency", setting(s, s->to).text,
            ms.text);
    else if (!is_bound || is_left)
        SAY(s, " %s would be the answer", setting(s, s->to).text);
    else
        SAY(s,
            " %s would be the answer: it meets the %s ms budget too and costs less, or as much "
            "within the interval",
            setting(s, s->to).text, ms.text);
}

static void say_throttling(const struct sentence *s)
{
    bool is_reserved = s->chosen->mode == CP_MODE_RESERVED;
    SAY(s, " more than one request in %s would be throttled at %s (%d concurrent requests %s)",
        cp_phrase_exact(1 / CP_THROTTLED_SHARE_MAX).text, setting(s, s->chosen).text,
        is_reserved ? s->chosen->concurrency : s->in->unreserved_concurrency,
        is_reserved ? "are reserved" : "are unreserved in the account");
    if (s->to)
        SAY(s, "; %s would be the answer", setting(s, s->to).text);
    else
        SAY(s, "; no tested setting avoids it: ask for a higher quota");
}

static void say_searched(const struct sentence *s)
{
    say_where(s);
    if (s->row->flip == CP_FLIP_FAILS) {
        say_failure(s);
    } else if (s->row->flip == CP_FLIP_THROTTLES) {
        say_throttling(s);
    } else if (s->to) {
        say_better(s);
    }
    SAY(s, ".");
}

/* --- budget --- */

/* By how much a month is dearer, with the interval of the difference; "" where that is not known.
 */
static struct cp_phrase difference(const struct sentence *s)
{
    struct cp_interval saving = cp_saving_of(s->in, s->chosen, s->to);
    if (isnan(saving.value))
        return cp_phrase("%s", "");
    if (saving.low <= 0 && saving.high >= 0)
        return cp_phrase("%s", ", at a cost that cannot be told apart");
    if (saving.value > 0)
        return cp_phrase(", saving %s per month", cp_phrase_money(&saving).text);
    saving = (struct cp_interval){-saving.value, -saving.high, -saving.low};
    return cp_phrase(", for %s more per month", cp_phrase_money(&saving).text);
}

static void say_budget(const struct sentence *s)
{
    struct cp_phrase ms = cp_phrase_number(s->row->value);
    if (!s->to)
        SAY(s, "No tested setting is shown to meet a budget below %s ms.", ms.text);
    else if (s->row->flip == CP_FLIP_MEETS)
        SAY(s, "A budget of %s ms or more is shown to be met by %s.", ms.text,
            setting(s, s->to).text);
    else if (s->row->flip == CP_FLIP_CHEAPER)
        SAY(s, "With a budget of %s ms or more, %s would do%s.", ms.text, setting(s, s->to).text,
            difference(s).text);
    else
        SAY(s, "A budget below %s ms needs %s%s.", ms.text, setting(s, s->to).text,
            difference(s).text);
}

/* --- prices --- */

static void say_price(const struct sentence *s)
{
    double factor = s->row->factor;
    if (!s->to)
        return;
    if (s->row->kind == CP_THRESHOLD_DISCOUNT)
        SAY(s, "With a discount of %s or more on all compute (a Savings Plan)",
            cp_phrase_percent(1 - factor).text);
    else
        SAY(s, "If provisioned concurrency cost at least %s %s",
            cp_phrase_percent(fabs(factor - 1)).text, factor > 1 ? "more" : "less");
    SAY(s, ", %s would be the answer.", setting(s, s->to).text);
}

/* --- utilization --- */

static void say_utilization(const struct sentence *s)
{
    const struct cp_threshold *row = s->row;
    struct cp_phrase memory = cp_phrase_exact(s->chosen->memory_size_mb);
    struct cp_phrase even = cp_phrase_percent(row->value);
    if (cp_mode_is_provisioned(s->chosen->mode))
        SAY(s,
            "The provisioned environments of %s MB are busy %s of the time; above %s (%s, %s) they "
            "cost less than on-demand for the same seconds: here they %s.",
            memory.text, cp_phrase_percent(s->chosen->utilization).text, even.text,
            s->chosen->architecture, s->in->sizes[s->chosen->size].price->region,
            s->chosen->utilization > row->value ? "do" : "buy latency");
    else
        SAY(s,
            "From %s on one provisioned environment of %s MB is busy %s of the time and costs less "
            "than on-demand for the same seconds.",
            cp_phrase_rate(row->factor * cp_demand_per_s(s->in->demand)).text, memory.text,
            even.text);
}

void cp_threshold_words(const struct cp_optimize_input *input, const struct cp_decision *decision,
                        const struct cp_threshold *row, char out[CP_SENTENCE_MAX])
{
    static void (*const says[])(const struct sentence *s) = {
        [CP_THRESHOLD_TRAFFIC] = say_searched,
        [CP_THRESHOLD_BUDGET] = say_budget,
        [CP_THRESHOLD_PRICE] = say_price,
        [CP_THRESHOLD_DISCOUNT] = say_price,
        [CP_THRESHOLD_IDLE_LIFETIME] = say_searched,
        [CP_THRESHOLD_UTILIZATION] = say_utilization,
    };
    int shown = cp_what_if_shown(decision);
    struct cp_candidate other = cp_candidate_empty(
        row->to_memory_size_mb, (enum cp_concurrency_mode)row->to_mode, row->to_concurrency);
    other.size = row->to_size;
    if (row->to_size < input->n_sizes) {
        other.architecture = input->sizes[row->to_size].architecture;
        other.fresh_start = input->sizes[row->to_size].fresh_start;
    }
    const struct cp_candidate *to = row->to >= 0             ? &decision->candidates[row->to]
                                    : row->to_memory_size_mb ? &other
                                                             : NULL;
    const struct sentence s = {input, decision,
                               row,   &decision->candidates[shown >= 0 ? shown : decision->chosen],
                               to,    out};
    out[0] = '\0';
    says[row->kind](&s);
}
