/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/compare/ratio.h"

#include "model/stat/quantile.h"

#include <math.h>

const char *cp_change_verdict_name(enum cp_change_verdict verdict)
{
    static const char *const names[] = {[CP_CHANGE_INCONCLUSIVE] = "inconclusive",
                                        [CP_CHANGE_EQUIVALENT] = "equivalent",
                                        [CP_CHANGE_IMPROVEMENT] = "improvement",
                                        [CP_CHANGE_REGRESSION] = "regression"};
    return names[verdict];
}

static struct cp_interval interval_of(const struct cp_estimate *e)
{
    return (struct cp_interval){e->value, e->low, e->high};
}

/* Log of the ratio's distance to an end: both quantiles' distances to an end of their own, and that
 * of two nights. INFINITY where such an end is not bounded. */
static double joined(double a, double a_end, double b, double b_end, double nights)
{
    return hypot(hypot(log(a / a_end), log(b / b_end)), nights);
}

/* Of what two nights may differ by, on the log scale. */
static double between_nights(double day_sd)
{
    return CP_Z95 * sqrt(2) * day_sd;
}

/* The one quantile is among the timeouts, the other is not. */
static struct cp_interval unbounded_ratio(const struct cp_interval *base,
                                          const struct cp_interval *now, double nights)
{
    struct cp_interval out = {INFINITY, 0, INFINITY};
    if (isinf(base->value))
        out.value = out.low = 0;
    if (isinf(base->value) && isfinite(now->high))
        out.high = now->high / base->low * exp(nights);
    if (isinf(now->value) && isfinite(base->high))
        out.low = now->low / base->high * exp(-nights);
    return out;
}

static struct cp_interval ratio_of(const struct cp_interval *base, const struct cp_interval *now,
                                   double day_sd)
{
    double nights = between_nights(day_sd);
    bool has_ends = base->low > 0 && now->low > 0 && !isnan(base->high) && !isnan(now->high);
    double ratio = now->value / base->value;
    if (has_ends && isinf(now->value) != isinf(base->value))
        return unbounded_ratio(base, now, nights);
    struct cp_interval out = {isfinite(ratio) ? ratio : (double)NAN, NAN, NAN};
    if (isnan(out.value) || !has_ends)
        return out;
    out.low = ratio * exp(-joined(now->value, now->low, base->value, base->high, nights));
    out.high = ratio * exp(joined(now->value, now->high, base->value, base->low, nights));
    return out;
}

enum cp_change_verdict cp_change_verdict_of(const struct cp_interval *ratio, double worse_from)
{
    double better_below = 1 / worse_from;
    if (ratio->low > worse_from)
        return CP_CHANGE_REGRESSION;
    if (ratio->high < better_below)
        return CP_CHANGE_IMPROVEMENT;
    if (ratio->low > better_below && ratio->high < worse_from)
        return CP_CHANGE_EQUIVALENT;
    return CP_CHANGE_INCONCLUSIVE; /* also without ends */
}

double cp_change_least(double effect, double effect_ms, double base_ms)
{
    return fmax(effect, effect_ms / base_ms);
}

void cp_change_effect_default(double *effect, double *effect_ms)
{
    *effect = isnan(*effect) ? CP_CHANGE_EFFECT : *effect;
    *effect_ms = isnan(*effect_ms) ? CP_CHANGE_EFFECT_MS : *effect_ms;
}

double cp_ratio_worse_from(const struct cp_ratio_question *question, double base_ms)
{
    return 1 + cp_change_least(question->effect, question->effect_ms, base_ms);
}

/* Widths shrink with the root of n, but for what nights differ by; what must fit is the distance of
 * the estimate to the nearest verdict: half the interval between the estimate and the edge that it
 * lies across. */
static size_t needed(const struct cp_ratio *r, double most, double day_sd, size_t n_for_interval)
{
    if (isnan(r->ratio.low))
        return n_for_interval;
    double room = fabs(log(r->ratio.value)) - log(most);
    double half =
        room > 0 && r->ratio.value > 1 ? log(r->ratio.value / r->ratio.low)
        : room > 0                     ? log(r->ratio.high / r->ratio.value)
                   : fmax(log(r->ratio.high / r->ratio.value), log(r->ratio.value / r->ratio.low));
    double nights = between_nights(day_sd);
    double n = (double)(r->n_base < r->n_new ? r->n_base : r->n_new);
    double left = room * room - nights * nights;
    double more = left > 0 ? ceil(n * (half * half - nights * nights) / left) : INFINITY;
    const double sensible = 1e6;
    return more <= sensible ? (size_t)fmax(more, (double)n_for_interval) : 0;
}

struct cp_ratio cp_ratio_compare(const double *base_ms, size_t n_base, const double *new_ms,
                                 size_t n_new, const struct cp_ratio_question *question)
{
    struct cp_estimate base =
        cp_quantile_estimate(base_ms, n_base, question->q, question->confidence);
    struct cp_estimate new = cp_quantile_estimate(new_ms, n_new, question->q, question->confidence);
    struct cp_ratio out = {.base_ms = interval_of(&base),
                           .new_ms = interval_of(&new),
                           .n_base = n_base,
                           .n_new = n_new};
    out.ratio = ratio_of(&out.base_ms, &out.new_ms, question->day_sd);
    double worse_from = cp_ratio_worse_from(question, base.value);
    out.verdict = cp_change_verdict_of(&out.ratio, worse_from);
    if (out.verdict == CP_CHANGE_INCONCLUSIVE)
        out.n_needed = needed(&out, worse_from, question->day_sd, base.n_needed);
    return out;
}
