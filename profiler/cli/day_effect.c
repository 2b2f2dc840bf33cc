/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/cli/day_effect.h"

#include "reports/gate.h"
#include "reports/night.h"

#include <math.h>

enum cp_code cp_cli_day_effect(struct cp_store *store, const struct cp_run *run,
                               struct cp_day_effect *out, struct cp_error *err)
{
    const struct cp_history_span all = {0, 0};
    const struct cp_trend_options options = {.effect = NAN, .effect_ms = NAN};
    const struct cp_night_key key = cp_night_key_of(run);
    struct cp_history history = {.n_nights = 0};
    *out = (struct cp_day_effect){.sd = NAN};
    enum cp_code code = cp_store_load_history(store, &key, all, &history, err);
    if (!code)
        code = cp_history_day_sd(&history, &options, &out->sd, err);
    out->n_nights = history.n_nights;
    cp_history_clear(&history);
    return code;
}
