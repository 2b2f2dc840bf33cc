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

/* Log of the ratio's distance to an end: both parts are distances of a quantile to an end of its
 * own. INFINITY where such an end is not bounded. */
static double joined(double a, double a_end, double b, double b_end)
{
    return hypot(log(a / a_end), log(b / b_end));
}

static struct cp_interval ratio_of(const struct cp_interval *base, const struct cp_interval *new)
{
    double ratio = new->value / base->value;
    struct cp_interval out = {isfinite(ratio) ? ratio : (double)NAN, NAN, NAN};
    bool has_ends = base->low > 0 && new->low > 0 && !isnan(base->high) && !isnan(new->high);
    if (isnan(out.value) || !has_ends)
        return out;
    out.low = ratio * exp(-joined(new->value, new->low, base->value, base->high));
    out.high = ratio * exp(joined(new->value, new->high, base->value, base->low));
    return out;
}

static enum cp_change_verdict verdict_of(const struct cp_interval *ratio, double most)
{
    double least = 1 / most;
    if (ratio->low > most)
        return CP_CHANGE_REGRESSION;
    if (ratio->high < least)
        return CP_CHANGE_IMPROVEMENT;
    if (ratio->low > least && ratio->high < most)
        return CP_CHANGE_EQUIVALENT;
    return CP_CHANGE_INCONCLUSIVE; /* also without ends */
}

/* Widths shrink with the root of n; what must fit is the distance of the estimate to the nearest
 * verdict: half the interval between the estimate and the edge that it lies across. */
static size_t needed(const struct cp_ratio *r, double most, size_t n_for_interval)
{
    if (isnan(r->ratio.low))
        return n_for_interval;
    double room = fabs(log(r->ratio.value)) - log(most);
    double half =
        room > 0 && r->ratio.value > 1 ? log(r->ratio.value / r->ratio.low)
        : room > 0                     ? log(r->ratio.high / r->ratio.value)
                   : fmax(log(r->ratio.high / r->ratio.value), log(r->ratio.value / r->ratio.low));
    double n = (double)(r->n_base < r->n_new ? r->n_base : r->n_new);
    double more = ceil(n * (half / room) * (half / room));
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
    out.ratio = ratio_of(&out.base_ms, &out.new_ms);
    double most = 1 + fmax(question->effect, question->effect_ms / base.value);
    out.verdict = verdict_of(&out.ratio, most);
    if (out.verdict == CP_CHANGE_INCONCLUSIVE)
        out.n_needed = needed(&out, most, base.n_needed);
    return out;
}
