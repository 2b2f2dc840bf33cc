/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/decide/saving.h"

#include "model/decide/phrase.h"

#include <math.h>

static bool is_shared(const struct cp_optimize_input *in, enum cp_cost_part part,
                      const struct cp_candidate *a, const struct cp_candidate *b)
{
    if (part == CP_COST_COLD_MS || part == CP_COST_WARM_MS)
        return cp_phrase_is_same_size(a, b);
    return part == CP_COST_COLD_SHARE && in->observed_cold_share &&
           !cp_mode_is_provisioned(a->mode) && !cp_mode_is_provisioned(b->mode);
}

struct cp_interval cp_saving_of(const struct cp_optimize_input *input,
                                const struct cp_candidate *now, const struct cp_candidate *then)
{
    if (!now || !then)
        return (struct cp_interval){NAN, NAN, NAN};
    double squares = 0;
    for (enum cp_cost_part part = 0; part < CP_COST_PARTS; part++) {
        double a = now->cost_parts_usd[part];
        double b = then->cost_parts_usd[part];
        squares += is_shared(input, part, now, then) ? (a - b) * (a - b) : a * a + b * b;
    }
    double usd = now->usd_per_month.value - then->usd_per_month.value;
    double half = CP_Z95 * sqrt(squares);
    return (struct cp_interval){usd, usd - half, usd + half};
}
