/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/decide/curve_setting.h"

#include "model/base/units.h"
#include "model/decide/erlang.h"
#include "model/decide/lambda_limits.h"

#include <math.h>

#define SHARE_LEAST      1e-7 /* of cold starts: less is none */
#define EXTRA_NEGLIGIBLE 0.01 /* of the work that environments do */
#define PEAK_BUFFER      1.1  /* AWS: 10 % above the measured peak */

enum { SHARE_BISECTIONS = 14, PROVISIONED_MOST = 100 };

struct cp_pool_mean cp_curve_narrowed(const struct cp_pool_mean *mean, double effort)
{
    double by = sqrt(effort);
    return (struct cp_pool_mean){mean->value, mean->se * by,
                                 mean->value - (mean->value - mean->low) * by,
                                 mean->value + (mean->high - mean->value) * by};
}

static double busy_of(const struct cp_candidate_context *context, const struct cp_size_law *law,
                      double cold_share)
{
    double ms = law->billed_warm_ms;
    if (cold_share > 0)
        ms += cold_share * (law->billed_cold_ms - law->billed_warm_ms);
    return cp_demand_per_s(context->input->demand) * ms / CP_MS_PER_S;
}

struct cp_pool_result cp_curve_result(const struct cp_candidate_context *context,
                                      const struct cp_size_law *law,
                                      const struct cp_pool_curve *curve, double effort,
                                      const struct cp_candidate *c)
{
    int n = cp_candidate_provisioned(c);
    const struct cp_pool_point *point = &curve->points[n];
    struct cp_pool_result pool = {.cold_share = cp_curve_narrowed(&point->cold_share, effort),
                                  .spillover_share =
                                      cp_curve_narrowed(&point->spillover_share, effort),
                                  .provisioned_busy = point->busy,
                                  .provisioned_ready = {n, 0, n, n},
                                  .p999_concurrency = NAN};
    int limit =
        c->mode == CP_MODE_RESERVED ? c->concurrency : context->input->unreserved_concurrency;
    pool.mean_busy.value = busy_of(context, law, pool.cold_share.value);
    pool.throttled_share.value = limit > 0 ? cp_erlang_b(limit, pool.mean_busy.value) : 0;
    if (limit > 0 && limit <= curve->n_max && !cp_arrivals_is_even(&context->input->demand->law))
        pool.throttled_share.value =
            fmax(pool.throttled_share.value, curve->points[limit].spillover_share.value);
    return pool;
}

bool cp_curve_is_misled(const struct cp_size_law *law, const struct cp_pool_curve *curve, int n)
{
    double started = curve->points[0].cold_share.value - curve->points[n].cold_share.value;
    double longer = law->billed_cold_ms / law->billed_warm_ms - 1;
    return started * longer > EXTRA_NEGLIGIBLE;
}

int cp_curve_n_max(const struct cp_candidate_context *context, const struct cp_size_law *law,
                   double peak)
{
    const struct cp_optimize_input *in = context->input;
    const struct cp_size_data *data = law->data;
    if (data->fresh_start == CP_START_SNAPSTART || !cp_price_has_provisioned(data->price))
        return 0;
    double even = cp_erlang_servers_for_loss(busy_of(context, law, 0), CP_SPILLOVER_NEGLIGIBLE);
    int most = in->max_provisioned > 0 ? in->max_provisioned : PROVISIONED_MOST;
    /* traffic so low that nothing runs for 99.9 % of the time still has requests */
    int n = (int)fmin(most, fmax(1, ceil(fmax(peak, even) * PEAK_BUFFER)));
    if (in->unreserved_concurrency > 0 &&
        n > in->unreserved_concurrency - CP_LAMBDA_UNRESERVED_LEAST)
        n = in->unreserved_concurrency - CP_LAMBDA_UNRESERVED_LEAST;
    return n > 0 ? n : 0;
}

static enum cp_code meets_at(const struct cp_candidate_context *context,
                             const struct cp_size_law *law, double share, bool *meets,
                             struct cp_error *err)
{
    struct cp_candidate c;
    enum cp_code code = cp_candidate_judge_at(context, law, share, &c, err);
    *meets = c.meets_budget;
    return code;
}

enum cp_code cp_curve_max_share(const struct cp_candidate_context *context,
                                const struct cp_size_law *law, double *max_share,
                                struct cp_error *err)
{
    double low = SHARE_LEAST;
    double high = 1;
    bool meets = false;
    *max_share = -1;
    enum cp_code code = meets_at(context, law, low, &meets, err);
    if (code || !meets)
        return code;
    code = meets_at(context, law, high, &meets, err);
    *max_share = meets ? high : low;
    for (int i = 0; !code && *max_share < 1 && i < SHARE_BISECTIONS; i++) {
        double middle = sqrt(low * high);
        code = meets_at(context, law, middle, &meets, err);
        if (meets)
            *max_share = low = middle;
        else
            high = middle;
    }
    return code;
}
