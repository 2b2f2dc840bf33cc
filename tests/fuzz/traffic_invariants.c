/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/fuzz/traffic_invariants.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "profiler/traffic/traffic_file.h"

enum { ARRIVALS = 100 };

static void must_hold(bool is_true, const char *what)
{
    if (is_true)
        return;
    (void)fprintf(stderr, "does not hold: %s\n", what);
    abort();
}

static void must_arrive(const struct cp_demand *demand)
{
    struct cp_arrivals arrivals;
    struct cp_error err = {CP_OK, ""};
    double before = 0;
    if (cp_arrivals_open(&arrivals, &demand->law, 1, 0, 0, &err)) {
        must_hold(err.text[0] != '\0', "a law that cannot be says why");
        return;
    }
    for (int i = 0; i < ARRIVALS; i++) {
        double at = cp_arrivals_next(&arrivals);
        must_hold(at >= before, "arrivals ascend");
        before = at;
        if (isinf(at))
            break;
    }
    cp_arrivals_close(&arrivals);
}

void traffic_invariants_hold(struct cp_view bytes)
{
    struct cp_demand demand;
    struct cp_error err = {CP_OK, ""};
    if (cp_traffic_file_read(bytes, "traffic", NULL, &demand, &err)) {
        must_hold(err.text[0] != '\0', "a refusal says why");
        must_hold(!demand.values, "and leaves nothing behind");
        return;
    }
    must_hold(demand.requests > 0, "there are requests");
    must_hold(demand.words[0] != '\0', "it has words");
    must_hold(demand.n_skipped > 0 || demand.first_skipped == 0, "a skipped row is counted");
    must_arrive(&demand);
    cp_demand_clear(&demand);
}
