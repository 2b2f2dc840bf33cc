/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/decide/what_if.h"

#include "model/decide/candidate.h"
#include "model/decide/choice.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define PRICE_STEP      1.02
#define PRICE_TOLERANCE 1e-6

enum cp_code cp_what_if_init(struct cp_what_if *w, const struct cp_optimize_input *input,
                             const struct cp_decision *decision)
{
    *w = (struct cp_what_if){.input = input, .decision = decision};
    w->copy = malloc(sizeof *w->copy);
    return w->copy ? CP_OK : CP_ENOMEM;
}

void cp_what_if_clear(struct cp_what_if *w)
{
    free(w->copy);
    *w = (struct cp_what_if){0};
}

int cp_what_if_shown(const struct cp_decision *decision)
{
    if (decision->fallback >= 0)
        return decision->fallback;
    return decision->is_budget_met ? decision->chosen : -1;
}

static void start(struct cp_what_if *w)
{
    const struct cp_decision *d = w->decision;
    memcpy(w->copy->candidates, d->candidates, d->n_candidates * sizeof d->candidates[0]);
    w->copy->n_candidates = d->n_candidates;
}

static int choose_again(struct cp_what_if *w, const struct cp_optimize_input *input)
{
    struct cp_decision *d = w->copy;
    d->chosen = d->current = d->cheapest = d->fastest = d->fallback = -1;
    d->is_budget_met = false;
    cp_choose(input, d);
    return cp_what_if_shown(d);
}

int cp_what_if_budget(struct cp_what_if *w, double budget_ms)
{
    struct cp_optimize_input input = *w->input;
    input.budget_ms = budget_ms;
    start(w);
    for (size_t i = 0; i < w->copy->n_candidates; i++)
        cp_candidate_judge(&input, &w->copy->candidates[i]);
    return choose_again(w, &input);
}

/* The bill's lines that samples and simulations decide: the others are known without error. */
#define UNCERTAIN_LINES (1u << CP_BILL_DURATION | 1u << CP_BILL_PROVISIONED_DURATION)

static double sum_of(const struct cp_bill *bill, unsigned lines)
{
    double usd = 0;
    for (unsigned line = 0; line < CP_BILL_LINES; line++)
        usd += lines >> line & 1u ? bill->usd[line] : 0;
    return usd;
}

int cp_what_if_prices(struct cp_what_if *w, unsigned lines, double factor)
{
    start(w);
    for (size_t i = 0; i < w->copy->n_candidates; i++) {
        struct cp_candidate *c = &w->copy->candidates[i];
        double more = sum_of(&c->bill, lines) * (factor - 1);
        double uncertain = sum_of(&c->bill, UNCERTAIN_LINES);
        double wider = sum_of(&c->bill, UNCERTAIN_LINES & lines) * (factor - 1);
        double by = uncertain > 0 ? 1 + wider / uncertain : 1;
        double value = c->usd_per_month.value + more;
        c->usd_per_month.low = value - (c->usd_per_month.value - c->usd_per_month.low) * by;
        c->usd_per_month.high = value + (c->usd_per_month.high - c->usd_per_month.value) * by;
        c->usd_per_month.value = value;
    }
    return choose_again(w, w->input);
}

/* --- the nearest flip --- */

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Only where a latency, or a bound of one, crosses the budget can the answer change. */
static size_t crossings(const struct cp_decision *d, double *out)
{
    size_t n = 0;
    for (size_t i = 0; i < d->n_candidates; i++) {
        const struct cp_interval *x = &d->candidates[i].latency_ms;
        const double all[] = {x->low, x->value, x->high};
        for (size_t k = 0; k < sizeof all / sizeof all[0]; k++) {
            if (isfinite(all[k]))
                out[n++] = all[k];
        }
    }
    qsort(out, n, sizeof *out, ascending);
    return n;
}

double cp_what_if_budget_flip(struct cp_what_if *w, bool is_above, int *to)
{
    double at[3 * CP_CANDIDATES_MAX];
    size_t n = crossings(w->decision, at);
    double now = w->input->budget_ms;
    int shown = cp_what_if_shown(w->decision);
    for (size_t k = 0; k < n; k++) {
        double x = at[is_above ? k : n - 1 - k];
        if (is_above ? x <= now : x > now)
            continue;
        *to = cp_what_if_budget(w, is_above ? x : nextafter(x, 0));
        if (*to != shown)
            return x;
    }
    *to = -1;
    return NAN;
}

double cp_what_if_price_flip(struct cp_what_if *w, unsigned lines, double limit, int *to)
{
    int shown = cp_what_if_shown(w->decision);
    bool is_up = limit > 1;
    double same = 1;
    double other = NAN;
    while (isnan(other)) {
        if (is_up ? same >= limit : same <= limit)
            return NAN;
        double next = is_up ? fmin(limit, same * PRICE_STEP) : fmax(limit, same / PRICE_STEP);
        *to = cp_what_if_prices(w, lines, next);
        if (*to == shown)
            same = next;
        else
            other = next;
    }
    while (fabs(other / same - 1) > PRICE_TOLERANCE) {
        double middle = sqrt(same * other);
        int answer = cp_what_if_prices(w, lines, middle);
        if (answer == shown) {
            same = middle;
        } else {
            other = middle;
            *to = answer;
        }
    }
    return other;
}
