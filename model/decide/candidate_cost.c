/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/decide/candidate_cost.h"

#include "model/base/units.h"

#include <math.h>

#define MILLION 1e6

static bool is_restored(const struct cp_size_data *data)
{
    return data->fresh_start == CP_START_SNAPSTART;
}

static bool pays_snapshots(const struct cp_size_data *data)
{
    return is_restored(data) && data->pays_snapshots;
}

/* What a month's cost rests on. */
struct basis {
    double requests, cold, warm_on_demand, provisioned; /* by where they run */
    double billed_cold_ms, billed_warm_ms;
    double ready;    /* provisioned environments kept ready, mean */
    double n_starts; /* of these in a month: as many begin and end */
    bool is_month;   /* with what is kept for a month besides */
};

/* How far its parts may be off. */
struct errors {
    double cold, spillover; /* requests */
    double billed_cold_ms, billed_warm_ms;
    double ready;
};

/* Environments that begin in an hour of the week; as many end. */
static double weekly_starts(const struct cp_candidate *c)
{
    double starts = 0;
    for (size_t h = 0; h < CP_ARRIVALS_HOURS; h++)
        starts += fmax(0, c->by_hour[(h + 1) % CP_ARRIVALS_HOURS] - c->by_hour[h]);
    return starts;
}

static double weekly_mean(const struct cp_candidate *c)
{
    double sum = 0;
    for (size_t h = 0; h < CP_ARRIVALS_HOURS; h++)
        sum += c->by_hour[h];
    return sum / CP_ARRIVALS_HOURS;
}

/* Without a simulation tracking has its least. */
static void set_ready(const struct cp_candidate *c, const struct cp_pool_result *pool,
                      struct basis *b)
{
    const double weeks = CP_HOURS_PER_MONTH / CP_ARRIVALS_HOURS;
    if (c->mode == CP_MODE_PROVISIONED) {
        b->ready = c->concurrency;
    } else if (c->mode == CP_MODE_SCHEDULED) {
        b->ready = weekly_mean(c);
        b->n_starts = weeks * weekly_starts(c);
    } else if (c->mode == CP_MODE_TRACKING && pool) {
        double arrivals = b->requests / (1 - pool->throttled_share.value);
        b->ready = pool->provisioned_ready.value;
        b->n_starts =
            pool->n_arrivals ? arrivals * (double)pool->n_allocated / (double)pool->n_arrivals : 0;
    } else if (c->mode == CP_MODE_TRACKING) {
        b->ready = c->tracking.min;
    }
}

static struct basis basis_of(const struct cp_optimize_input *input, const struct cp_size_law *law,
                             const struct cp_pool_result *pool, const struct cp_candidate *c)
{
    bool is_provisioned = cp_mode_is_provisioned(c->mode);
    double per_s = cp_demand_per_s(input->demand);
    double served = per_s * CP_S_PER_MONTH * (1 - pool->throttled_share.value);
    double on_demand = is_provisioned ? pool->spillover_share.value : 1;
    double cold = pool->cold_share.value;
    struct basis b = {
        .requests = served,
        .cold = served * cold,
        .warm_on_demand = served * fmax(0, on_demand - cold),
        .provisioned = served * (1 - on_demand),
        .billed_cold_ms = law->billed_cold_ms,
        .billed_warm_ms = law->billed_warm_ms,
        .is_month = true,
    };
    set_ready(c, pool, &b);
    return b;
}

static struct errors errors_of(const struct cp_size_law *law, const struct cp_pool_result *pool,
                               const struct cp_candidate *c, const struct basis *b)
{
    bool is_provisioned = cp_mode_is_provisioned(c->mode);
    bool is_tracking = c->mode == CP_MODE_TRACKING;
    double width = pool->cold_share.high - pool->cold_share.low;
    return (struct errors){
        .cold = b->requests * width / (2 * CP_Z95),
        .spillover = is_provisioned ? b->requests * pool->spillover_share.se : 0,
        .billed_cold_ms = law->billed_cold_se_ms,
        .billed_warm_ms = law->billed_warm_se_ms,
        .ready = is_tracking ? pool->provisioned_ready.se : 0,
    };
}

/* Without any of them it does not matter how long one takes. */
static double all_of(double requests, double ms)
{
    return requests > 0 ? requests * ms : 0;
}

static struct cp_bill bill_of(const struct cp_optimize_input *input, const struct cp_size_law *law,
                              const struct basis *b)
{
    const struct cp_size_data *data = law->data;
    int mb = data->memory_size_mb;
    double init_ms = is_restored(data) ? 0 : all_of(b->cold, law->billed_init_ms);
    double on_demand_ms =
        all_of(b->cold, b->billed_cold_ms) + all_of(b->warm_on_demand, b->billed_warm_ms);
    double provisioned_ms =
        all_of(b->provisioned, b->billed_warm_ms) + all_of(b->n_starts, law->billed_init_ms);
    struct cp_usage usage = {
        .requests = b->requests,
        .on_demand_gb_s = cp_units_gb_s(mb, on_demand_ms - init_ms),
        .init_gb_s = cp_units_gb_s(mb, init_ms),
        .provisioned_gb_s = cp_units_gb_s(mb, provisioned_ms),
    };
    if (b->n_starts > 0)
        cp_usage_add_ready_mean(&usage, mb, b->ready, CP_S_PER_MONTH, b->n_starts);
    else
        cp_usage_add_ready(&usage, mb, b->ready, CP_S_PER_MONTH);
    cp_usage_add_storage(&usage, data->storage_mb, on_demand_ms + provisioned_ms);
    if (pays_snapshots(data)) {
        if (b->is_month)
            cp_usage_add_snapshot(&usage, mb, CP_S_PER_MONTH * CP_MS_PER_S);
        cp_usage_add_restores(&usage, mb, b->cold);
    }
    return cp_bill_of(data->price, input->terms, &usage);
}

/* Each uncertain quantity moved by its standard error: what that does to the bill, into `parts`.
 * They are independent, so squares add. */
static double cost_se(const struct cp_optimize_input *input, const struct cp_size_law *law,
                      const struct basis *basis, const struct errors *off,
                      double parts[CP_COST_PARTS])
{
    struct basis moved[CP_COST_PARTS] = {*basis, *basis, *basis, *basis, *basis};
    moved[CP_COST_COLD_MS].billed_cold_ms += off->billed_cold_ms;
    moved[CP_COST_WARM_MS].billed_warm_ms += off->billed_warm_ms;
    moved[CP_COST_COLD_SHARE].cold += off->cold;
    moved[CP_COST_COLD_SHARE].warm_on_demand -= off->cold;
    moved[CP_COST_SPILLOVER].warm_on_demand += off->spillover;
    moved[CP_COST_SPILLOVER].provisioned -= off->spillover;
    moved[CP_COST_READY].ready += off->ready;
    const struct cp_bill unmoved = bill_of(input, law, basis);
    double usd = cp_bill_known_usd(&unmoved);
    double squares = 0;
    for (size_t i = 0; i < CP_COST_PARTS; i++) {
        const struct cp_bill bill = bill_of(input, law, &moved[i]);
        parts[i] = cp_bill_known_usd(&bill) - usd;
        squares += parts[i] * parts[i];
    }
    return sqrt(squares);
}

static struct cp_interval around(double value, double se)
{
    return (struct cp_interval){value, fmax(0, value - CP_Z95 * se), value + CP_Z95 * se};
}

static void set_monthly_cost(const struct cp_optimize_input *input, const struct cp_size_law *law,
                             const struct cp_pool_result *pool, struct cp_candidate *c)
{
    const struct basis basis = basis_of(input, law, pool, c);
    const struct errors errors = errors_of(law, pool, c, &basis);
    c->bill = bill_of(input, law, &basis);
    c->fixed_usd_per_month = c->bill.usd[CP_BILL_PROVISIONED_READY];
    double usd = cp_bill_known_usd(&c->bill);
    double se = cost_se(input, law, &basis, &errors, c->cost_parts_usd);
    double per_million = basis.requests > 0 ? MILLION / basis.requests : NAN;
    c->usd_per_month = around(usd, se);
    c->usd_per_million = around(usd * per_million, se * per_million);
}

static void set_unit_cost(const struct cp_optimize_input *input, const struct cp_size_law *law,
                          struct cp_candidate *c)
{
    bool is_provisioned = cp_mode_is_provisioned(c->mode);
    struct basis basis = {.requests = MILLION,
                          .warm_on_demand = is_provisioned ? 0 : MILLION,
                          .provisioned = is_provisioned ? MILLION : 0,
                          .billed_warm_ms = law->billed_warm_ms};
    const struct errors errors = {.billed_warm_ms = law->billed_warm_se_ms};
    struct cp_optimize_input listed = *input;
    double parts[CP_COST_PARTS];
    listed.terms = NULL;
    const struct cp_bill bill = bill_of(&listed, law, &basis);
    c->usd_per_million =
        around(cp_bill_known_usd(&bill), cost_se(&listed, law, &basis, &errors, parts));
    basis = (struct basis){.requests = 0};
    set_ready(c, NULL, &basis);
    c->fixed_usd_per_month = bill_of(&listed, law, &basis).usd[CP_BILL_PROVISIONED_READY];
}

void cp_candidate_set_cost(const struct cp_optimize_input *input, const struct cp_size_law *law,
                           const struct cp_pool_result *pool, struct cp_candidate *c)
{
    if (pool)
        set_monthly_cost(input, law, pool, c);
    else
        set_unit_cost(input, law, c);
}
