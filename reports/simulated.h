/* SPDX-License-Identifier: GPL-3.0-or-later
 * What a simulation of a function's environments under traffic gave, as a document: shares with
 * intervals, concurrency, latency of all requests, GB-seconds of a month by kind and their bill.
 */
#ifndef COLDPROF_REPORTS_SIMULATED_H
#define COLDPROF_REPORTS_SIMULATED_H

#include "model/base/buf.h"
#include "model/decide/bill.h"
#include "model/decide/demand.h"
#include "model/decide/pool_sim.h"
#include "reports/report.h"

struct cp_simulated {
    const struct cp_demand *demand; /* borrowed, as the texts */
    struct cp_pool_options options;
    struct cp_pool_result result;
    const struct cp_histogram *latency_us;
    const char *run_id;               /* NULL: of no run */
    int memory_size_mb;               /* 0: not said, so neither GB-seconds nor a bill */
    const struct cp_price_book *book; /* NULL: no bill */
    const struct cp_price_terms *terms;
    char setting[160]; /* "on-demand", "provisioned concurrency 2" */
    char laws[240];    /* how long requests take and idle environments live, in words */
    bool has_bill;     /* filled by cp_simulated_price */
    struct cp_usage usage;
    struct cp_bill bill;
};

/* A month's usage and bill from the shares that were simulated, where a memory size is known. */
void cp_simulated_price(struct cp_simulated *s);
/* Of all requests served, ms; NAN: none was. */
double cp_simulated_latency_ms(const struct cp_simulated *s, double q);
/* Simulated time of all replications, hours. */
double cp_simulated_hours(const struct cp_simulated *s);

void cp_simulated_text(const struct cp_simulated *s, const struct cp_text_style *style,
                       struct cp_buf *out);
void cp_simulated_json(const struct cp_simulated *s, struct cp_buf *out);

#endif
