/* SPDX-License-Identifier: GPL-3.0-or-later
 * A token bucket: so many a second, and as many at once after a pause.
 */
#ifndef COLDPROF_PROBES_LOCAL_RATE_LIMIT_H
#define COLDPROF_PROBES_LOCAL_RATE_LIMIT_H

#include <stdbool.h>

struct cp_rate_limit {
    double per_s; /* 0: no limit */
    double tokens, at_ms;
};

void cp_rate_limit_init(struct cp_rate_limit *limit, double per_s, double now_ms);
/* false: too many. `now_ms` is monotonic. */
bool cp_rate_limit_take(struct cp_rate_limit *limit, double now_ms);

#endif
