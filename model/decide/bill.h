/* SPDX-License-Identifier: GPL-3.0-or-later
 * The bill of a function, line by line, as AWS writes it: what was used, times a price book. One
 * function per line, so that every amount of USD anywhere comes from these. USD, rounded only when
 * printed. Lambda's GB are of 1,024 MB.
 *
 * A line whose price is not known is NAN when any of it was used, and 0 when none was: an unknown
 * price is never replaced.
 */
#ifndef COLDPROF_MODEL_BILL_H
#define COLDPROF_MODEL_BILL_H

#include <stdbool.h>

#include "model/decide/price.h"

enum cp_bill_line {
    CP_BILL_REQUESTS,
    CP_BILL_DURATION,             /* on demand, tiers and INIT included */
    CP_BILL_PROVISIONED_READY,    /* provisioned concurrency, used or not */
    CP_BILL_PROVISIONED_DURATION, /* requests that it serves */
    CP_BILL_STORAGE,              /* ephemeral storage above 512 MB */
    CP_BILL_STREAMING,            /* response bytes above 6 MB of a request */
    CP_BILL_SNAPSHOT_CACHE,       /* SnapStart */
    CP_BILL_SNAPSHOT_RESTORE,
    CP_BILL_LINES
};

/* Of one month, unless said otherwise. */
struct cp_bill {
    double usd[CP_BILL_LINES];
};

/* What was used in a month, or in any span within one. Zero: nothing. */
struct cp_usage {
    double requests;            /* that ran, each retry one; throttled ones are free */
    double on_demand_gb_s;      /* duration on demand, without init_gb_s */
    double init_gb_s;           /* INIT on demand: billed, unless the terms say otherwise */
    double provisioned_gb_s;    /* duration of requests that provisioned environments serve, and
                                 * their INIT at allocation and when they are replaced */
    double ready_gb_s;          /* provisioned concurrency kept ready, in whole 5-minute steps */
    double storage_gb_s;        /* ephemeral storage above 512 MB, billed durations */
    double streamed_gb;         /* of responses, above 6 MB of each request */
    double snapshot_cache_gb_s; /* SnapStart: while a version exists, 3 hours at least */
    double restored_gb;         /* SnapStart: memory sizes of restored environments */
};

/* --- what is used --- */

/* `count` environments of one memory size kept ready for `seconds` without a break: rounded up to
 * whole 5-minute steps, as from enabling to disabling them. */
void cp_usage_add_ready(struct cp_usage *usage, int memory_mb, double count, double seconds);
/* The same of a number that changes: `mean` environments over `seconds`, of which `stops` were
 * given up in that time. Each of them is billed to the end of its step, half a step more on
 * average. */
void cp_usage_add_ready_mean(struct cp_usage *usage, int memory_mb, double mean, double seconds,
                             double stops);
/* Ephemeral storage of `storage_mb`, of which 512 MB are free, for billed time. */
void cp_usage_add_storage(struct cp_usage *usage, int storage_mb, double billed_ms);
/* Streamed responses of `bytes` each, of which 6 MB are free. */
void cp_usage_add_streams(struct cp_usage *usage, double requests, double bytes);
/* One snapshot, of a version of `memory_mb` that exists for `kept_ms`. Its GB are those of the
 * memory size, as in AWS's own example. Not for Java, which is free. */
void cp_usage_add_snapshot(struct cp_usage *usage, int memory_mb, double kept_ms);
void cp_usage_add_restores(struct cp_usage *usage, int memory_mb, double restores);

/* --- the lines --- */

/* USD 0.20 per million in most Regions; the free tier takes the first million of a month. */
double cp_bill_requests_usd(const struct cp_price_book *book, const struct cp_price_terms *terms,
                            const struct cp_usage *usage);
/* Through the tiers of the month, from where the account stands. The free tier's 400,000 GB-s come
 * off first; never of a function that has provisioned concurrency. */
double cp_bill_duration_usd(const struct cp_price_book *book, const struct cp_price_terms *terms,
                            const struct cp_usage *usage);
double cp_bill_provisioned_ready_usd(const struct cp_price_book *book,
                                     const struct cp_price_terms *terms,
                                     const struct cp_usage *usage);
/* Without tiers, and never free. */
double cp_bill_provisioned_duration_usd(const struct cp_price_book *book,
                                        const struct cp_price_terms *terms,
                                        const struct cp_usage *usage);
double cp_bill_storage_usd(const struct cp_price_book *book, const struct cp_price_terms *terms,
                           const struct cp_usage *usage);
/* The free tier takes the first 100 GB of a month. */
double cp_bill_streaming_usd(const struct cp_price_book *book, const struct cp_price_terms *terms,
                             const struct cp_usage *usage);
double cp_bill_snapshot_cache_usd(const struct cp_price_book *book,
                                  const struct cp_price_terms *terms, const struct cp_usage *usage);
double cp_bill_snapshot_restore_usd(const struct cp_price_book *book,
                                    const struct cp_price_terms *terms,
                                    const struct cp_usage *usage);

/* All of them. `terms` NULL: INIT billed, first tier on, no free tier. */
struct cp_bill cp_bill_of(const struct cp_price_book *book, const struct cp_price_terms *terms,
                          const struct cp_usage *usage);
double cp_bill_total_usd(const struct cp_bill *bill); /* NAN when a line is not known */
double cp_bill_known_usd(const struct cp_bill *bill); /* lines that are not known left out */

/* "requests", "duration on demand", ...: for people; and "provisioned_ready_usd" for programs. */
const char *cp_bill_line_name(enum cp_bill_line line);
const char *cp_bill_line_key(enum cp_bill_line line);

#endif
