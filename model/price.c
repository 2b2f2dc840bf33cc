/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/price.h"

#include "model/base/units.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#define LIST_DATE   "2026-09-19"
#define LIST_SOURCE "AWS price list AWSLambda, us-east-1, published " LIST_DATE

/* One row per (region, architecture). A region that is not here has no price: arm64 provisioned
 * prices in particular are published per region and do not follow from us-east-1. */
static const struct cp_price_book books[] = {
    {.region = "us-east-1",
     .architecture = "x86_64",
     .date = LIST_DATE,
     .source = LIST_SOURCE,
     .request_usd = 0.0000002,
     .duration = {{0, 0.0000166667}, {6e9, 0.0000150000}, {15e9, 0.0000133334}},
     .provisioned_concurrency_usd_per_gb_s = 0.0000041667,
     .provisioned_duration_usd_per_gb_s = 0.0000097222},
    {.region = "us-east-1",
     .architecture = "arm64",
     .date = LIST_DATE,
     .source = LIST_SOURCE,
     .request_usd = 0.0000002,
     .duration = {{0, 0.0000133334}, {7.5e9, 0.0000120001}, {18.75e9, 0.0000106667}},
     .provisioned_concurrency_usd_per_gb_s = 0.0000033334,
     .provisioned_duration_usd_per_gb_s = 0.0000077778},
};

enum { N_BOOKS = sizeof books / sizeof books[0] };

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
    return "us-east-1 x86_64, us-east-1 arm64 (price list of " LIST_DATE ")";
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

double cp_price_duration_month_usd(const struct cp_price_book *book, double gb_s)
{
    double usd = 0;
    for (size_t i = 0; i < CP_PRICE_TIERS; i++) {
        double to = i + 1 < CP_PRICE_TIERS ? book->duration[i + 1].from_gb_s : INFINITY;
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
