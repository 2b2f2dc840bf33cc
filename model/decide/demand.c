/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/decide/demand.h"

#include "model/base/number.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

struct cp_demand cp_demand_of_rate(double per_s)
{
    char rate[CP_NUMBER_MAX];
    struct cp_demand demand = {.law = {.kind = CP_ARRIVALS_POISSON, .per_s = per_s},
                               .first_ms = NAN,
                               .span_ms = INFINITY,
                               .requests = NAN};
    (void)snprintf(demand.words, sizeof demand.words, "%s per second",
                   cp_number_short(per_s, rate));
    return demand;
}

double cp_demand_per_s(const struct cp_demand *demand)
{
    return demand ? cp_arrivals_mean_per_s(&demand->law) : (double)NAN;
}

void cp_demand_clear(struct cp_demand *demand)
{
    free(demand->values);
    *demand = (struct cp_demand){.first_ms = NAN};
}
