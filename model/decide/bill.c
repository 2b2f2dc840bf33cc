/* SPDX-License-Identifier: GPL-3.0-or-later
 * Rules: AWS Lambda pricing page (2026) and "AWS Lambda tiered pricing", 2022-08-04.
 */
#include "model/decide/bill.h"

#include "model/base/units.h"

#include <math.h>

/* The free tier of an account: a month, both architectures together. */
#define FREE_REQUESTS    1e6
#define FREE_GB_S        400e3
#define FREE_STREAMED_GB 100.0

#define FREE_STORAGE_MB   512
#define FREE_STREAM_BYTES (6 * 1024.0 * 1024.0)
#define BYTES_PER_GB      (1024.0 * 1024.0 * 1024.0)
#define MB_PER_GB         1024.0

/* Provisioned concurrency is billed from enabling to disabling it, rounded up to 5 minutes. */
#define READY_STEP_S 300.0
/* A time that is a whole number of steps but for floating-point noise is not another step. */
#define STEP_NOISE 1e-9

/* --- what is used --- */

void cp_usage_add_ready(struct cp_usage *usage, int memory_mb, double count, double seconds)
{
    double kept_s = ceil(seconds / READY_STEP_S - STEP_NOISE) * READY_STEP_S;
    usage->ready_gb_s += count * cp_units_gb_s(memory_mb, kept_s * CP_MS_PER_S);
}

void cp_usage_add_ready_mean(struct cp_usage *usage, int memory_mb, double mean, double seconds,
                             double stops)
{
    double kept_s = mean * seconds + stops * READY_STEP_S / 2;
    usage->ready_gb_s += cp_units_gb_s(memory_mb, kept_s * CP_MS_PER_S);
}

void cp_usage_add_storage(struct cp_usage *usage, int storage_mb, double billed_ms)
{
    if (storage_mb > FREE_STORAGE_MB)
        usage->storage_gb_s += cp_units_gb_s(storage_mb - FREE_STORAGE_MB, billed_ms);
}

void cp_usage_add_streams(struct cp_usage *usage, double requests, double bytes)
{
    usage->streamed_gb += requests * fmax(0, bytes - FREE_STREAM_BYTES) / BYTES_PER_GB;
}

void cp_usage_add_snapshot(struct cp_usage *usage, int memory_mb, double kept_ms)
{
    usage->snapshot_cache_gb_s += cp_units_gb_s(memory_mb, fmax(kept_ms, CP_PRICE_CACHE_LEAST_MS));
}

void cp_usage_add_restores(struct cp_usage *usage, int memory_mb, double restores)
{
    usage->restored_gb += restores * memory_mb / MB_PER_GB;
}

/* --- the lines --- */

/* Nothing used costs nothing, even where the price is not known. */
static double priced(double amount, double usd)
{
    return amount <= 0 ? 0 : amount * usd;
}

/* NAN stays NAN. */
static double beyond(double amount, double free_amount, bool is_free)
{
    double left = is_free ? amount - free_amount : amount;
    return left < 0 ? 0 : left;
}

double cp_bill_requests_usd(const struct cp_price_book *book, const struct cp_price_terms *terms,
                            const struct cp_usage *usage)
{
    return priced(beyond(usage->requests, FREE_REQUESTS, terms->has_free_tier), book->request_usd);
}

double cp_bill_duration_usd(const struct cp_price_book *book, const struct cp_price_terms *terms,
                            const struct cp_usage *usage)
{
    bool has_provisioned = usage->ready_gb_s > 0 || usage->provisioned_gb_s > 0;
    double gb_s = usage->on_demand_gb_s + (terms->is_init_free ? 0 : usage->init_gb_s);
    gb_s = beyond(gb_s, FREE_GB_S, terms->has_free_tier && !has_provisioned);
    return cp_price_duration_usd(book, terms->used_gb_s, gb_s);
}

double cp_bill_provisioned_ready_usd(const struct cp_price_book *book,
                                     const struct cp_price_terms *terms,
                                     const struct cp_usage *usage)
{
    (void)terms;
    return priced(usage->ready_gb_s, book->provisioned_concurrency_usd_per_gb_s);
}

double cp_bill_provisioned_duration_usd(const struct cp_price_book *book,
                                        const struct cp_price_terms *terms,
                                        const struct cp_usage *usage)
{
    (void)terms;
    return priced(usage->provisioned_gb_s, book->provisioned_duration_usd_per_gb_s);
}

double cp_bill_storage_usd(const struct cp_price_book *book, const struct cp_price_terms *terms,
                           const struct cp_usage *usage)
{
    (void)terms;
    return priced(usage->storage_gb_s, book->storage_usd_per_gb_s);
}

double cp_bill_streaming_usd(const struct cp_price_book *book, const struct cp_price_terms *terms,
                             const struct cp_usage *usage)
{
    return priced(beyond(usage->streamed_gb, FREE_STREAMED_GB, terms->has_free_tier),
                  book->streaming_usd_per_gb);
}

double cp_bill_snapshot_cache_usd(const struct cp_price_book *book,
                                  const struct cp_price_terms *terms, const struct cp_usage *usage)
{
    (void)terms;
    return priced(usage->snapshot_cache_gb_s, book->snapshot_cache_usd_per_gb_s);
}

double cp_bill_snapshot_restore_usd(const struct cp_price_book *book,
                                    const struct cp_price_terms *terms,
                                    const struct cp_usage *usage)
{
    (void)terms;
    return priced(usage->restored_gb, book->snapshot_restore_usd_per_gb);
}

/* --- the bill --- */

static const struct {
    const char *name, *key;
    double (*usd)(const struct cp_price_book *book, const struct cp_price_terms *terms,
                  const struct cp_usage *usage);
} lines[CP_BILL_LINES] = {
    [CP_BILL_REQUESTS] = {"requests", "requests_usd", cp_bill_requests_usd},
    [CP_BILL_DURATION] = {"duration on demand", "duration_usd", cp_bill_duration_usd},
    [CP_BILL_PROVISIONED_READY] = {"provisioned concurrency kept ready", "provisioned_ready_usd",
                                   cp_bill_provisioned_ready_usd},
    [CP_BILL_PROVISIONED_DURATION] = {"duration on provisioned concurrency",
                                      "provisioned_duration_usd", cp_bill_provisioned_duration_usd},
    [CP_BILL_STORAGE] = {"ephemeral storage above 512 MB", "storage_usd", cp_bill_storage_usd},
    [CP_BILL_STREAMING] = {"streamed responses above 6 MB", "streaming_usd", cp_bill_streaming_usd},
    [CP_BILL_SNAPSHOT_CACHE] = {"SnapStart cache", "snapshot_cache_usd",
                                cp_bill_snapshot_cache_usd},
    [CP_BILL_SNAPSHOT_RESTORE] = {"SnapStart restores", "snapshot_restore_usd",
                                  cp_bill_snapshot_restore_usd},
};

struct cp_bill cp_bill_of(const struct cp_price_book *book, const struct cp_price_terms *terms,
                          const struct cp_usage *usage)
{
    static const struct cp_price_terms list_price = {0};
    struct cp_bill bill;
    for (int i = 0; i < CP_BILL_LINES; i++)
        bill.usd[i] = lines[i].usd(book, terms ? terms : &list_price, usage);
    return bill;
}

double cp_bill_total_usd(const struct cp_bill *bill)
{
    double usd = 0;
    for (int i = 0; i < CP_BILL_LINES; i++)
        usd += bill->usd[i];
    return usd;
}

double cp_bill_known_usd(const struct cp_bill *bill)
{
    double usd = 0;
    for (int i = 0; i < CP_BILL_LINES; i++)
        usd += isnan(bill->usd[i]) ? 0 : bill->usd[i];
    return usd;
}

const char *cp_bill_line_name(enum cp_bill_line line)
{
    return lines[line].name;
}

const char *cp_bill_line_key(enum cp_bill_line line)
{
    return lines[line].key;
}
