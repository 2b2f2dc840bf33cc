/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/decide/price.h"

#include "model/base/units.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#define LIST_DATE   "2026-09-19"
#define LIST_SOURCE "AWS price list AWSLambda, us-east-1, published " LIST_DATE

/* Other Regions: region, request, duration x86_64, duration arm64, provisioned concurrency x86_64,
 * provisioned duration x86_64, ephemeral storage, how sure. From the unit map behind
 * calculator.aws: first tier only, no arm64 prices of provisioned concurrency, which do not follow
 * from those of x86_64, and none of SnapStart. */
#define COPY_DATE    "2024-25, undated copy"
#define COPY_OF      "unit map of calculator.aws, copied into public repositories; "
#define THREE_COPIES COPY_OF "one source, three dated copies agree"
#define ONE_COPY     COPY_OF "single source, to be confirmed"
#define OTHER_REGIONS(X)                                                                           \
    X("us-east-2", 0.0000002, 0.0000166667, 0.0000133334, 0.0000041667, 0.0000097222,              \
      0.0000000309, THREE_COPIES)                                                                  \
    X("us-west-2", 0.0000002, 0.0000166667, 0.0000133334, 0.0000041667, 0.0000097222,              \
      0.0000000309, THREE_COPIES)                                                                  \
    X("us-west-1", 0.0000002, 0.0000166667, 0.0000133334, 0.0000049041, 0.000011443, 0.000000037,  \
      ONE_COPY)                                                                                    \
    X("ca-central-1", 0.0000002, 0.0000166667, 0.0000133334, 0.000004646, 0.0000108407,            \
      0.000000034, ONE_COPY)                                                                       \
    X("eu-west-1", 0.0000002, 0.0000166667, 0.0000133334, 0.000004646, 0.0000108407, 0.000000034,  \
      THREE_COPIES)                                                                                \
    X("eu-west-2", 0.0000002, 0.0000166667, 0.0000133334, 0.0000048304, 0.0000112709,              \
      0.0000000358, THREE_COPIES)                                                                  \
    X("eu-west-3", 0.0000002, 0.0000166667, 0.0000133334, 0.0000048673, 0.0000113569,              \
      0.0000000358, ONE_COPY)                                                                      \
    X("eu-central-1", 0.0000002, 0.0000166667, 0.0000133334, 0.0000050147, 0.0000117011,           \
      0.0000000367, THREE_COPIES)                                                                  \
    X("eu-north-1", 0.0000002, 0.0000166667, 0.0000133334, 0.0000044248, 0.0000103245,             \
      0.0000000323, ONE_COPY)                                                                      \
    X("eu-central-2", 0.00000022, 0.0000183334, 0.0000146667, 0.0000055162, 0.0000128712,          \
      0.0000000441, ONE_COPY)                                                                      \
    X("eu-south-1", 0.00000023, 0.0000195172, 0.0000156138, 0.0000048783, 0.0000113827,            \
      0.0000000357, ONE_COPY)                                                                      \
    X("ap-south-1", 0.0000002, 0.0000166667, 0.0000133334, 0.0000044985, 0.0000104966,             \
      0.0000000352, THREE_COPIES)                                                                  \
    X("ap-northeast-1", 0.0000002, 0.0000166667, 0.0000133334, 0.0000053835, 0.0000125615,         \
      0.000000037, THREE_COPIES)                                                                   \
    X("ap-northeast-2", 0.0000002, 0.0000166667, 0.0000133334, 0.0000051254, 0.0000119592,         \
      0.0000000352, ONE_COPY)                                                                      \
    X("ap-northeast-3", 0.0000002, 0.0000166667, 0.0000133334, 0.0000053835, 0.0000125615,         \
      0.000000037, ONE_COPY)                                                                       \
    X("ap-southeast-1", 0.0000002, 0.0000166667, 0.0000133334, 0.0000051991, 0.0000121313,         \
      0.000000037, THREE_COPIES)                                                                   \
    X("ap-southeast-2", 0.0000002, 0.0000166667, 0.0000133334, 0.000005236, 0.0000122173,          \
      0.000000037, THREE_COPIES)                                                                   \
    X("ap-southeast-4", 0.0000002, 0.0000166667, 0.0000133334, 0.000005236, 0.0000122173,          \
      0.000000037, ONE_COPY)                                                                       \
    X("ap-southeast-5", 0.00000018, 0.000015, 0.000012, 0.0000046791, 0.0000109181, 0.0000000333,  \
      ONE_COPY)                                                                                    \
    X("ap-east-1", 0.00000028, 0.00002292, 0.0000183, 0.0000057153, 0.0000133358, 0.0000000407,    \
      ONE_COPY)                                                                                    \
    X("me-south-1", 0.00000025, 0.0000206667, 0.0000165334, 0.0000051108, 0.0000119251,            \
      0.0000000374, ONE_COPY)                                                                      \
    X("af-south-1", 0.00000027, 0.0000221, 0.00001768, 0.00000553, 0.0000129, 0.0000000404,        \
      ONE_COPY)                                                                                    \
    X("sa-east-1", 0.0000002, 0.0000166667, 0.0000133334, 0.0000066372, 0.0000154867,              \
      0.0000000586, ONE_COPY)

#define OTHER_BOOK(region_name, arch, request, per_gb_s, kept, used, storage, how_sure)            \
    {                                                                                              \
        .region = (region_name), .architecture = (arch), .date = COPY_DATE, .source = (how_sure),  \
        .request_usd = (request), .duration = {{0, (per_gb_s)}},                                   \
        .provisioned_concurrency_usd_per_gb_s = (kept),                                            \
        .provisioned_duration_usd_per_gb_s = (used), .storage_usd_per_gb_s = (storage),            \
        .snapshot_cache_usd_per_gb_s = NAN, .snapshot_restore_usd_per_gb = NAN                     \
    }
#define OTHER_BOOKS(region, request, x86, arm, kept, used, storage, how_sure)                      \
    OTHER_BOOK(region, "x86_64", request, x86, kept, used, storage, how_sure),                     \
        OTHER_BOOK(region, "arm64", request, arm, NAN, NAN, storage, how_sure),
#define OTHER_NAME(region, request, x86, arm, kept, used, storage, how_sure) ", " region

/* One row per (region, architecture). A region that is not here has no price. */
static const struct cp_price_book books[] = {
    {.region = "us-east-1",
     .architecture = "x86_64",
     .date = LIST_DATE,
     .source = LIST_SOURCE,
     .request_usd = 0.0000002,
     .duration = {{0, 0.0000166667}, {6e9, 0.0000150000}, {15e9, 0.0000133334}},
     .provisioned_concurrency_usd_per_gb_s = 0.0000041667,
     .provisioned_duration_usd_per_gb_s = 0.0000097222,
     .storage_usd_per_gb_s = 0.0000000309,
     .snapshot_cache_usd_per_gb_s = 0.0000015046,
     .snapshot_restore_usd_per_gb = 0.0001397998},
    {.region = "us-east-1",
     .architecture = "arm64",
     .date = LIST_DATE,
     .source = LIST_SOURCE,
     .request_usd = 0.0000002,
     .duration = {{0, 0.0000133334}, {7.5e9, 0.0000120001}, {18.75e9, 0.0000106667}},
     .provisioned_concurrency_usd_per_gb_s = 0.0000033334,
     .provisioned_duration_usd_per_gb_s = 0.0000077778,
     .storage_usd_per_gb_s = 0.0000000309,
     .snapshot_cache_usd_per_gb_s = 0.0000015046,
     .snapshot_restore_usd_per_gb = 0.0001397998},
    OTHER_REGIONS(OTHER_BOOKS)};

enum { N_BOOKS = sizeof books / sizeof books[0] };

enum { FREE_STORAGE_MB = 512, MB_PER_GB = 1024 };

/* Provisioned concurrency is billed from enable to disable, rounded up to 5 minutes. */
#define PROVISIONED_STEP_S 300.0
/* Records carry at most three decimals of a millisecond; what a sum of two of them is off by is
 * floating-point noise, not time. */
#define BILLED_NOISE_MS 1e-6

enum cp_code cp_price_find(const char *region, const char *architecture,
                           const struct cp_price_book **book, struct cp_error *err)
{
    bool is_region_known = false;
    for (size_t i = 0; i < N_BOOKS; i++) {
        if (strcmp(books[i].region, region) != 0)
            continue;
        is_region_known = true;
        if (strcmp(books[i].architecture, architecture) == 0) {
            *book = &books[i];
            return CP_OK;
        }
    }
    if (is_region_known)
        return cp_fail(err, CP_ENOTFOUND,
                       "no prices for architecture '%s' in region '%s': known are %s", architecture,
                       region, cp_price_known());
    return cp_fail(err, CP_ENOTFOUND, "no prices for region '%s': known are %s", region,
                   cp_price_known());
}

const char *cp_price_known(void)
{
    return "x86_64 and arm64 in us-east-1" OTHER_REGIONS(OTHER_NAME);
}

double cp_price_invocation_usd(const struct cp_price_book *book, int memory_mb, double billed_ms)
{
    return book->request_usd + cp_units_gb_s(memory_mb, billed_ms) * book->duration[0].usd_per_gb_s;
}

double cp_price_provisioned_invocation_usd(const struct cp_price_book *book, int memory_mb,
                                           double billed_ms)
{
    return book->request_usd +
           cp_units_gb_s(memory_mb, billed_ms) * book->provisioned_duration_usd_per_gb_s;
}

double cp_price_provisioned_concurrency_usd(const struct cp_price_book *book, int memory_mb,
                                            int count, double seconds)
{
    double steps = ceil(seconds / PROVISIONED_STEP_S - 1e-9);
    double kept_ms = steps * PROVISIONED_STEP_S * CP_MS_PER_S;
    return count * cp_units_gb_s(memory_mb, kept_ms) * book->provisioned_concurrency_usd_per_gb_s;
}

double cp_price_storage_usd(const struct cp_price_book *book, int storage_mb, double billed_ms)
{
    if (storage_mb <= FREE_STORAGE_MB)
        return 0;
    return cp_units_gb_s(storage_mb - FREE_STORAGE_MB, billed_ms) * book->storage_usd_per_gb_s;
}

double cp_price_snapshot_cache_usd(const struct cp_price_book *book, int memory_mb, double kept_ms)
{
    double billed_ms = fmax(kept_ms, CP_PRICE_CACHE_LEAST_MS);
    return cp_units_gb_s(memory_mb, billed_ms) * book->snapshot_cache_usd_per_gb_s;
}

double cp_price_snapshot_restore_usd(const struct cp_price_book *book, int memory_mb)
{
    return (double)memory_mb / MB_PER_GB * book->snapshot_restore_usd_per_gb;
}

size_t cp_price_n_tiers(const struct cp_price_book *book)
{
    size_t n = 0;
    while (n < CP_PRICE_TIERS && book->duration[n].usd_per_gb_s > 0)
        n++;
    return n;
}

bool cp_price_has_provisioned(const struct cp_price_book *book)
{
    return isfinite(book->provisioned_concurrency_usd_per_gb_s) &&
           isfinite(book->provisioned_duration_usd_per_gb_s);
}

double cp_price_duration_month_usd(const struct cp_price_book *book, double gb_s)
{
    double usd = 0;
    size_t n = cp_price_n_tiers(book);
    for (size_t i = 0; i < n; i++) {
        double to = i + 1 < n ? book->duration[i + 1].from_gb_s : INFINITY;
        double in_tier = fmin(gb_s, to) - book->duration[i].from_gb_s;
        if (in_tier > 0)
            usd += in_tier * book->duration[i].usd_per_gb_s;
    }
    return usd;
}

double cp_price_break_even_utilization(const struct cp_price_book *book)
{
    return book->provisioned_concurrency_usd_per_gb_s /
           (book->duration[0].usd_per_gb_s - book->provisioned_duration_usd_per_gb_s);
}

double cp_price_billed_ms(double duration_ms, double init_duration_ms)
{
    double init_ms = isnan(init_duration_ms) ? 0 : init_duration_ms;
    return ceil(duration_ms + init_ms - BILLED_NOISE_MS);
}
