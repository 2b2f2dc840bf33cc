/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "probes/local/rate_limit.h"

void cp_rate_limit_init(struct cp_rate_limit *limit, double per_s, double now_ms)
{
    *limit = (struct cp_rate_limit){.per_s = per_s, .tokens = per_s, .at_ms = now_ms};
}

bool cp_rate_limit_take(struct cp_rate_limit *limit, double now_ms)
{
    if (!(limit->per_s > 0))
        return true;
    limit->tokens += (now_ms - limit->at_ms) * limit->per_s / 1000.0;
    if (limit->tokens > limit->per_s)
        limit->tokens = limit->per_s;
    limit->at_ms = now_ms;
    if (limit->tokens < 1)
        return false;
    limit->tokens -= 1;
    return true;
}
