/* SPDX-License-Identifier: GPL-3.0-or-later
 * List prices and what a configuration costs. USD throughout; rounded only when printed.
 * A price always carries region, architecture, date and source; an unknown region or architecture
 * is CP_ENOTFOUND, never another region's price.
 */
#ifndef COLDPROF_MODEL_PRICE_H
#define COLDPROF_MODEL_PRICE_H

#include <stdbool.h>
#include <stddef.h>

#include "model/base/error.h"

enum { CP_PRICE_TIERS = 3 };

struct cp_price_book {
    const char *region;       /* "us-east-1" */
    const char *architecture; /* "x86_64", "arm64" */
    const char *date;         /* date of the price list, "2026-09-19" */
    const char *source;
    double request_usd;
    struct {
        double from_gb_s; /* per month, per account and architecture */
        double usd_per_gb_s;
    } duration[CP_PRICE_TIERS]; /* an unknown tier is 0: the one before it goes on, which is dearer
                                 */
    double provisioned_concurrency_usd_per_gb_s; /* kept ready, used or not; NAN unknown */
    double provisioned_duration_usd_per_gb_s;    /* on provisioned environments; NAN unknown */
    double storage_usd_per_gb_s;        /* /tmp above 512 MB, billed duration; NAN unknown */
    double snapshot_cache_usd_per_gb_s; /* SnapStart, while a version exists; NAN unknown */
    double snapshot_restore_usd_per_gb; /* SnapStart, each restored environment; NAN unknown */
};

/* Borrowed const row; static storage. The message of CP_ENOTFOUND lists what is known. */
enum cp_code cp_price_find(const char *region, const char *architecture,
                           const struct cp_price_book **book, struct cp_error *err);

size_t cp_price_n_tiers(const struct cp_price_book *book); /* how many are known */
/* Are both prices of provisioned concurrency known? Without them its functions give NAN. */
bool cp_price_has_provisioned(const struct cp_price_book *book);

/* What cp_price_find knows, in words: for messages and help. */
const char *cp_price_known(void);

/* One on-demand invocation, first tier, no free tier. billed_ms as read from (or predicted for) the
 * record: INIT included since 2025-08-01. */
double cp_price_invocation_usd(const struct cp_price_book *book, int memory_mb, double billed_ms);
double cp_price_provisioned_invocation_usd(const struct cp_price_book *book, int memory_mb,
                                           double billed_ms);
/* `count` environments kept for `seconds` (billed in whole 5-minute steps). */
double cp_price_provisioned_concurrency_usd(const struct cp_price_book *book, int memory_mb,
                                            int count, double seconds);
/* Ephemeral storage beside the duration of one invocation; the first 512 MB are free. */
double cp_price_storage_usd(const struct cp_price_book *book, int storage_mb, double billed_ms);
/* The snapshot of one version of `memory_mb`, kept from publication to deletion: 3 hours at least.
 * Its GB are those of the memory size, as in AWS's own example. Not for Java, which is free. */
#define CP_PRICE_CACHE_LEAST_MS (3 * 3600 * 1000.0)
double cp_price_snapshot_cache_usd(const struct cp_price_book *book, int memory_mb, double kept_ms);
double cp_price_snapshot_restore_usd(const struct cp_price_book *book, int memory_mb);
/* Monthly on-demand duration with tiers. */
double cp_price_duration_month_usd(const struct cp_price_book *book, double gb_s);
/* Busy share above which provisioned costs less than on-demand (0.600 in us-east-1, first tier). */
double cp_price_break_even_utilization(const struct cp_price_book *book);
/* Predicted billed ms: one ceiling over duration + init (era from 2025-08-01: 250.06 + 100.77 is
 * billed as 351). init NAN = warm. Floating-point noise below a nanosecond is not billed. */
double cp_price_billed_ms(double duration_ms, double init_duration_ms);

#endif
