/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/decide/price.h"

#include "model/base/units.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#define LIST_DATE   "2026-09-19"
#define LIST_SOURCE "AWS price list AWSLambda, us-east-1, published " LIST_DATE

/* Other Regions: region, request, duration x86_64, duration arm64, provisioned concurrency x86_64,
 * provisioned duration x86_64, ephemeral storage, grade. From the unit map behind calculator.aws:
 * first tier only, no arm64 prices of provisioned concurrency, which do not follow from those of
 * x86_64, and none of SnapStart and streaming. Not here: me-central-1, of which only durations are
 * known, and China, which has other currencies. */
#define COPY_DATE     "2024-25, undated copy"
#define COPY_OF       "unit map of calculator.aws, copied into public repositories; "
#define TEXT_VERIFIED "two independent sources agree"
#define TEXT_COPIED   "one source, three dated copies agree"
#define TEXT_SINGLE   "single source, to be confirmed"
#define OTHER_REGIONS(X)                                                                           \
    X("us-west-2", 0.0000002, 0.0000166667, 0.0000133334, 0.0000041667, 0.0000097222,              \
      0.0000000309, COPIED)                                                                        \
    X("us-west-1", 0.0000002, 0.0000166667, 0.0000133334, 0.0000049041, 0.000011443, 0.000000037,  \
      SINGLE)                                                                                      \
    X("ca-central-1", 0.0000002, 0.0000166667, 0.0000133334, 0.000004646, 0.0000108407,            \
      0.000000034, SINGLE)                                                                         \
    X("eu-west-1", 0.0000002, 0.0000166667, 0.0000133334, 0.000004646, 0.0000108407, 0.000000034,  \
      COPIED)                                                                                      \
    X("eu-west-2", 0.0000002, 0.0000166667, 0.0000133334, 0.0000048304, 0.0000112709,              \
      0.0000000358, COPIED)                                                                        \
    X("eu-west-3", 0.0000002, 0.0000166667, 0.0000133334, 0.0000048673, 0.0000113569,              \
      0.0000000358, SINGLE)                                                                        \
    X("eu-central-1", 0.0000002, 0.0000166667, 0.0000133334, 0.0000050147, 0.0000117011,           \
      0.0000000367, COPIED)                                                                        \
    X("eu-north-1", 0.0000002, 0.0000166667, 0.0000133334, 0.0000044248, 0.0000103245,             \
      0.0000000323, SINGLE)                                                                        \
    X("eu-central-2", 0.00000022, 0.0000183334, 0.0000146667, 0.0000055162, 0.0000128712,          \
      0.0000000441, SINGLE)                                                                        \
    X("eu-south-1", 0.00000023, 0.0000195172, 0.0000156138, 0.0000048783, 0.0000113827,            \
      0.0000000357, SINGLE)                                                                        \
    X("ap-south-1", 0.0000002, 0.0000166667, 0.0000133334, 0.0000044985, 0.0000104966,             \
      0.0000000352, COPIED)                                                                        \
    X("ap-northeast-1", 0.0000002, 0.0000166667, 0.0000133334, 0.0000053835, 0.0000125615,         \
      0.000000037, COPIED)                                                                         \
    X("ap-northeast-2", 0.0000002, 0.0000166667, 0.0000133334, 0.0000051254, 0.0000119592,         \
      0.0000000352, SINGLE)                                                                        \
    X("ap-northeast-3", 0.0000002, 0.0000166667, 0.0000133334, 0.0000053835, 0.0000125615,         \
      0.000000037, SINGLE)                                                                         \
    X("ap-southeast-1", 0.0000002, 0.0000166667, 0.0000133334, 0.0000051991, 0.0000121313,         \
      0.000000037, COPIED)                                                                         \
    X("ap-southeast-2", 0.0000002, 0.0000166667, 0.0000133334, 0.000005236, 0.0000122173,          \
      0.000000037, COPIED)                                                                         \
    X("ap-southeast-4", 0.0000002, 0.0000166667, 0.0000133334, 0.000005236, 0.0000122173,          \
      0.000000037, SINGLE)                                                                         \
    X("ap-southeast-5", 0.00000018, 0.000015, 0.000012, 0.0000046791, 0.0000109181, 0.0000000333,  \
      SINGLE)                                                                                      \
    X("ap-east-1", 0.00000028, 0.00002292, 0.0000183, 0.0000057153, 0.0000133358, 0.0000000407,    \
      SINGLE)                                                                                      \
    X("me-south-1", 0.00000025, 0.0000206667, 0.0000165334, 0.0000051108, 0.0000119251,            \
      0.0000000374, SINGLE)                                                                        \
    X("af-south-1", 0.00000027, 0.0000221, 0.00001768, 0.00000553, 0.0000129, 0.0000000404,        \
      SINGLE)                                                                                      \
    X("sa-east-1", 0.0000002, 0.0000166667, 0.0000133334, 0.0000066372, 0.0000154867,              \
      0.0000000586, SINGLE)

#define OTHER_BOOK(region_name, arch, request, per_gb_s, kept, used, storage, how_sure)            \
    {                                                                                              \
        .region = (region_name), .architecture = (arch), .date = COPY_DATE,                        \
        .source = COPY_OF TEXT_##how_sure, .grade = CP_PRICE_##how_sure, .request_usd = (request), \
        .duration = {{0, (per_gb_s)}}, .provisioned_concurrency_usd_per_gb_s = (kept),             \
        .provisioned_duration_usd_per_gb_s = (used), .storage_usd_per_gb_s = (storage),            \
        .snapshot_cache_usd_per_gb_s = NAN, .snapshot_restore_usd_per_gb = NAN,                    \
        .streaming_usd_per_gb = NAN                                                                \
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
     .grade = CP_PRICE_VERIFIED,
     .request_usd = 0.0000002,
     .duration = {{0, 0.0000166667}, {6e9, 0.0000150000}, {15e9, 0.0000133334}},
     .provisioned_concurrency_usd_per_gb_s = 0.0000041667,
     .provisioned_duration_usd_per_gb_s = 0.0000097222,
     .storage_usd_per_gb_s = 0.0000000309,
     .snapshot_cache_usd_per_gb_s = 0.0000015046,
     .snapshot_restore_usd_per_gb = 0.0001397998,
     .streaming_usd_per_gb = 0.008},
    {.region = "us-east-1",
     .architecture = "arm64",
     .date = LIST_DATE,
     .source = LIST_SOURCE,
     .grade = CP_PRICE_VERIFIED,
     .request_usd = 0.0000002,
     .duration = {{0, 0.0000133334}, {7.5e9, 0.0000120001}, {18.75e9, 0.0000106667}},
     .provisioned_concurrency_usd_per_gb_s = 0.0000033334,
     .provisioned_duration_usd_per_gb_s = 0.0000077778,
     .storage_usd_per_gb_s = 0.0000000309,
     .snapshot_cache_usd_per_gb_s = 0.0000015046,
     .snapshot_restore_usd_per_gb = 0.0001397998,
     .streaming_usd_per_gb = 0.008},
    OTHER_BOOK("us-east-2", "x86_64", 0.0000002, 0.0000166667, 0.0000041667, 0.0000097222,
               0.0000000309, COPIED),
    /* the one arm64 price of provisioned concurrency that is known: of that kept ready */
    OTHER_BOOK("us-east-2", "arm64", 0.0000002, 0.0000133334, 0.0000033334, NAN, 0.0000000309,
               COPIED),
    OTHER_REGIONS(OTHER_BOOKS)};

enum { N_BOOKS = sizeof books / sizeof books[0] };

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
    return "x86_64 and arm64 in us-east-1, us-east-2" OTHER_REGIONS(OTHER_NAME);
}

double cp_price_invocation_usd(const struct cp_price_book *book, int memory_mb, double billed_ms)
{
    if (!book)
        return NAN;
    return book->request_usd + cp_units_gb_s(memory_mb, billed_ms) * book->duration[0].usd_per_gb_s;
}

const struct cp_price_book *cp_price_at(size_t i)
{
    return i < N_BOOKS ? &books[i] : NULL;
}

const char *cp_price_grade_name(enum cp_price_grade grade)
{
    static const char *const names[] = {
        [CP_PRICE_VERIFIED] = TEXT_VERIFIED,
        [CP_PRICE_COPIED] = TEXT_COPIED,
        [CP_PRICE_SINGLE] = TEXT_SINGLE,
        [CP_PRICE_BY_HAND] = "a price file of yours",
    };
    return names[grade];
}

/* Compute Savings Plans, the same for 1 and 3 years; single source, to be confirmed. The rates of
 * provisioned concurrency are those without upfront payment (12 % off), so that with all of it
 * upfront a bill can only be lower; those of arm64 are not known. */
static const struct savings {
    const char *region, *architecture;
    double no_upfront, all_upfront, provisioned_concurrency, provisioned_duration;
} savings[] = {
    {"us-east-1", "x86_64", 0.0000147, 0.0000138, 0.00000367, 0.00000856},
    {"us-east-1", "arm64", 0.0000117, 0.0000111, NAN, NAN},
};

static const struct savings *find_savings(const struct cp_price_book *book)
{
    for (size_t i = 0; i < sizeof savings / sizeof savings[0]; i++) {
        if (strcmp(savings[i].region, book->region) == 0 &&
            strcmp(savings[i].architecture, book->architecture) == 0)
            return &savings[i];
    }
    return NULL;
}

enum cp_code cp_price_with_savings(const struct cp_price_book *book, enum cp_savings_plan plan,
                                   struct cp_price_book *out, struct cp_error *err)
{
    *out = *book;
    if (plan == CP_SAVINGS_NONE)
        return CP_OK;
    const struct savings *s = find_savings(book);
    if (!s)
        return cp_fail(err, CP_ENOTFOUND,
                       "the rates of Savings Plans for %s in %s are not known, only those of "
                       "us-east-1: leave --savings-plan out",
                       book->architecture, book->region);
    memset(out->duration, 0, sizeof out->duration);
    out->duration[0].usd_per_gb_s = plan == CP_SAVINGS_NO_UPFRONT ? s->no_upfront : s->all_upfront;
    out->provisioned_concurrency_usd_per_gb_s = s->provisioned_concurrency;
    out->provisioned_duration_usd_per_gb_s = s->provisioned_duration;
    out->grade = CP_PRICE_SINGLE;
    out->plan = plan;
    out->source = plan == CP_SAVINGS_NO_UPFRONT ? "Compute Savings Plan, no upfront; " TEXT_SINGLE
                                                : "Compute Savings Plan, all upfront; " TEXT_SINGLE;
    return CP_OK;
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

double cp_price_duration_usd(const struct cp_price_book *book, double used_gb_s, double gb_s)
{
    double usd = isnan(gb_s) ? NAN : 0;
    size_t n = cp_price_n_tiers(book);
    for (size_t i = 0; i < n; i++) {
        double from = fmax(book->duration[i].from_gb_s, used_gb_s);
        double to = i + 1 < n ? book->duration[i + 1].from_gb_s : INFINITY;
        double in_tier = fmin(used_gb_s + gb_s, to) - from;
        if (in_tier > 0)
            usd += in_tier * book->duration[i].usd_per_gb_s;
    }
    return usd;
}

double cp_price_break_even_in_tier(const struct cp_price_book *book, size_t tier)
{
    double saved = book->duration[tier].usd_per_gb_s - book->provisioned_duration_usd_per_gb_s;
    return saved <= 0 ? INFINITY : book->provisioned_concurrency_usd_per_gb_s / saved;
}

double cp_price_break_even_utilization(const struct cp_price_book *book)
{
    return cp_price_break_even_in_tier(book, 0);
}

double cp_price_billed_ms(double duration_ms, double init_duration_ms)
{
    double init_ms = isnan(init_duration_ms) ? 0 : init_duration_ms;
    return ceil(duration_ms + init_ms - BILLED_NOISE_MS);
}
