/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/stat/dist_choice.h"

#include <math.h>

static const double level = 0.01;
static const double aicc_tie = 2;

static bool is_compared(const struct cp_dist_fit *fit)
{
    return !fit->status && !fit->is_fallback && fit->asked->is_comparable && !isnan(fit->aicc);
}

static void rank(struct cp_dist_choice *choice)
{
    for (int kind = 0; kind < CP_DIST_KINDS; kind++) {
        if (!is_compared(&choice->fits[kind]))
            continue;
        size_t i = choice->n_order++;
        for (; i > 0 && choice->fits[choice->order[i - 1]].aicc > choice->fits[kind].aicc; i--)
            choice->order[i] = choice->order[i - 1];
        choice->order[i] = (enum cp_dist_kind)kind;
    }
}

/* The fewest parameters among those that AICc cannot tell apart; of these the smallest AICc. */
static enum cp_dist_kind best(const struct cp_dist_choice *choice)
{
    enum cp_dist_kind found = choice->order[0];
    double limit = choice->fits[found].aicc + aicc_tie;
    for (size_t i = 1; i < choice->n_order; i++) {
        const struct cp_dist_fit *fit = &choice->fits[choice->order[i]];
        if (fit->aicc < limit && fit->asked->n_estimated < cp_dist_family(found)->n_estimated)
            found = choice->order[i];
    }
    return found;
}

void cp_dist_choose(const double *sorted, size_t n, const struct cp_goodness_options *options,
                    struct cp_dist_choice *choice)
{
    const struct cp_dist_fit_options fit_options = {.censored_at_ms =
                                                        options ? options->censored_at_ms : 0};
    *choice = (struct cp_dist_choice){.chosen = CP_DIST_EMPIRICAL};
    for (int kind = 0; kind < CP_DIST_KINDS; kind++)
        cp_dist_fit((enum cp_dist_kind)kind, sorted, n, &fit_options, &choice->fits[kind]);
    choice->status = choice->fits[CP_DIST_EMPIRICAL].status;
    choice->reason = choice->fits[CP_DIST_EMPIRICAL].reason;
    rank(choice);
    if (choice->status)
        return;
    choice->reason = "no law could be fitted";
    if (choice->n_order == 0)
        return;
    choice->tested = best(choice);
    struct cp_goodness_options test = options ? *options : (struct cp_goodness_options){0};
    test.start = &choice->fits[choice->tested].dist;
    cp_goodness(choice->tested, sorted, n, &test, &choice->goodness);
    choice->reason = "the best law could not be tested";
    if (choice->goodness.status)
        return;
    choice->reason = "the best law is rejected at 1 % (Kolmogorov-Smirnov)";
    if (choice->goodness.ks_p <= level)
        return;
    choice->reason = "";
    choice->chosen = choice->tested;
}
