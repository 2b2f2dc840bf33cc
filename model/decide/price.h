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

/* How far a price is known. */
enum cp_price_grade {
    CP_PRICE_VERIFIED, /* two independent sources, or the list itself */
    CP_PRICE_COPIED,   /* one source, of which three dated copies agree */
    CP_PRICE_SINGLE,   /* one source, to be confirmed */
    CP_PRICE_BY_HAND,  /* a file of the user's */
};
const char *cp_price_grade_name(enum cp_price_grade grade);

enum cp_savings_plan { CP_SAVINGS_NONE, CP_SAVINGS_NO_UPFRONT, CP_SAVINGS_ALL_UPFRONT };

struct cp_price_book {
    const char *region;       /* "us-east-1" */
    const char *architecture; /* "x86_64", "arm64" */
    const char *date;         /* date of the price list, "2026-09-19" */
    const char *source;
    enum cp_price_grade grade;
    enum cp_savings_plan plan; /* that it is discounted by */
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
    double streaming_usd_per_gb;        /* response bytes above 6 MB of a request; NAN unknown */
};

/* What an account pays differently. Zero: list price of the first tier, INIT billed. */
struct cp_price_terms {
    double used_gb_s;   /* on demand, of this architecture, Region and month, by other functions */
    bool has_free_tier; /* none of it is used by others */
    bool is_init_free;  /* before 2025-08-01: ZIP package, managed runtime, on demand */
};

/* Borrowed const row; static storage. The message of CP_ENOTFOUND lists what is known. */
enum cp_code cp_price_find(const char *region, const char *architecture,
                           const struct cp_price_book **book, struct cp_error *err);

size_t cp_price_n_tiers(const struct cp_price_book *book); /* how many are known */
/* Are both prices of provisioned concurrency known? Without them its functions give NAN. */
bool cp_price_has_provisioned(const struct cp_price_book *book);

/* The book as a Compute Savings Plan of 1 or 3 years has it: one rate, since covered use leaves the
 * tier count; requests, storage and streaming as they were. CP_ENOTFOUND where its rates are not
 * known. `out` borrows what `book` does. */
enum cp_code cp_price_with_savings(const struct cp_price_book *book, enum cp_savings_plan plan,
                                   struct cp_price_book *out, struct cp_error *err);

/* Row `i` of the built-in table; NULL past its end. */
const struct cp_price_book *cp_price_at(size_t i);
/* What cp_price_find knows, in words: for messages and help. */
const char *cp_price_known(void);

/* One on-demand invocation, first tier, no free tier. billed_ms as read from (or predicted for) the
 * record: INIT included since 2025-08-01. NAN without a book. */
double cp_price_invocation_usd(const struct cp_price_book *book, int memory_mb, double billed_ms);
/* On-demand duration through the tiers of a month in which `used_gb_s` came before. */
double cp_price_duration_usd(const struct cp_price_book *book, double used_gb_s, double gb_s);
/* SnapStart bills the snapshot of a version for so long at least. */
#define CP_PRICE_CACHE_LEAST_MS (3 * 3600 * 1000.0)
/* Busy share above which provisioned costs less than on-demand (0.600 in us-east-1, first tier).
 * Above 1: never, it only buys latency; INFINITY where its duration is not even cheaper. NAN: its
 * price is not known. */
double cp_price_break_even_utilization(const struct cp_price_book *book);
double cp_price_break_even_in_tier(const struct cp_price_book *book, size_t tier);
/* Predicted billed ms: one ceiling over duration + init (era from 2025-08-01: 250.06 + 100.77 is
 * billed as 351). init NAN = warm. Floating-point noise below a nanosecond is not billed. */
double cp_price_billed_ms(double duration_ms, double init_duration_ms);

#endif
