/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/decide/demand.h"

#include "model/base/number.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

static bool copy_values(struct cp_demand *demand, const struct cp_demand *from)
{
    if (!from->values)
        return true;
    demand->values = malloc(from->n * sizeof *from->values);
    if (demand->values)
        memcpy(demand->values, from->values, from->n * sizeof *from->values);
    return demand->values;
}

struct cp_demand *cp_demand_copy(const struct cp_demand *demand)
{
    struct cp_demand *copy = malloc(sizeof *copy);
    if (!copy)
        return NULL;
    *copy = *demand;
    copy->values = NULL;
    if (!copy_values(copy, demand)) {
        free(copy);
        return NULL;
    }
    cp_demand_bind(copy);
    return copy;
}

void cp_demand_multiply(struct cp_demand *demand, double factor)
{
    double before = demand->law.factor > 0 ? demand->law.factor : 1;
    demand->law.factor = before * factor;
    demand->requests *= factor;
}

void cp_demand_bind(struct cp_demand *demand)
{
    struct cp_arrivals_law *law = &demand->law;
    law->week_per_s = law->kind == CP_ARRIVALS_WEEK ? demand->week_per_s : NULL;
    law->counts = law->kind == CP_ARRIVALS_COUNTS ? demand->values : NULL;
    law->times_ms = law->kind == CP_ARRIVALS_TIMES ? demand->values : NULL;
    law->n = law->counts || law->times_ms ? demand->n : 0;
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

void cp_demand_free(struct cp_demand *demand)
{
    if (demand)
        cp_demand_clear(demand);
    free(demand);
}

const char *cp_demand_kind_name(enum cp_arrivals_kind kind)
{
    static const char *const names[] = {
        [CP_ARRIVALS_POISSON] = "rate", [CP_ARRIVALS_PERIODIC] = "even rate",
        [CP_ARRIVALS_WEEK] = "week",    [CP_ARRIVALS_COUNTS] = "counts",
        [CP_ARRIVALS_TIMES] = "times",
    };
    size_t i = (size_t)kind;
    return i < sizeof names / sizeof names[0] ? names[i] : "?";
}
