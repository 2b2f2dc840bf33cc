/* SPDX-License-Identifier: GPL-3.0-or-later
 * What a sweep will cost, before it spends anything: expected, at least, and at most. List prices
 * of the first tier, INIT billed, no free tier and no discount, so that a bill can only be lower.
 * Ephemeral storage above 512 MB and SnapStart's charges are in it where the Region's prices are
 * known; where they are not, cp_quote_unpriced says what is left out.
 * Pure; USD, ms, MB, GB-s.
 */
#ifndef COLDPROF_MODEL_QUOTE_H
#define COLDPROF_MODEL_QUOTE_H

#include <stddef.h>

#include "model/decide/bill.h"
#include "model/run.h"

/* The longest INIT phase of an on-demand environment; a longer one is ended there. */
#define CP_QUOTE_INIT_LIMIT_MS 10000.0

/* The same when a version is published with SnapStart, unless the function timeout is longer. */
#define CP_QUOTE_PUBLISH_LIMIT_MS 130000.0

/* What decides a bill beside memory size and duration. */
struct cp_quote_function {
    int timeout_ms;
    int storage_mb;          /* ephemeral storage; 512 are free */
    bool is_snap_start;      /* versions have snapshots: init is billed when they are published */
    bool has_free_snapshots; /* Java: neither cache nor restores are billed */
};
struct cp_quote_function cp_quote_function_of(const struct cp_run *run);

/* What the function needs and the book has no price for, in words for "without ..."; NULL: all is
 * priced. Every amount in USD below leaves it out. */
const char *cp_quote_unpriced(const struct cp_price_book *book,
                              const struct cp_quote_function *function);

/* One invocation: request, duration, storage, and the restore of a fresh environment. */
double cp_quote_invocation_usd(const struct cp_price_book *book,
                               const struct cp_quote_function *function, int memory_size_mb,
                               double billed_ms, bool is_fresh);
/* One published version: its init, if that takes `init_ms`, and its snapshot. Nothing without
 * SnapStart. */
double cp_quote_version_usd(const struct cp_price_book *book,
                            const struct cp_quote_function *function, int memory_size_mb,
                            double init_ms, double kept_ms);
/* The most: the longest init that is allowed. */
double cp_quote_worst_version_usd(const struct cp_price_book *book,
                                  const struct cp_quote_function *function, int memory_size_mb,
                                  double kept_ms);

/* What is planned at one memory size, and how long one invocation is expected to take. */
struct cp_quote_size {
    int memory_size_mb;
    size_t n_fresh; /* meet a fresh environment, INIT included: cold samples, primes, and idle
                       probes, of which it is not known before */
    size_t n_warm;
    size_t n_least; /* so many of both are sent even when every cell ends at its first look */
    double init_ms, fresh_ms, warm_ms; /* expected: init, first handler run, later handler runs */
    size_t n_spare;                    /* primes that may be needed beside: in the most only */
    size_t n_versions;                 /* published at most */
    double kept_ms, kept_most_ms;      /* how long one of them exists: expected, at most */
};

struct cp_quote {
    size_t n_invocations; /* at most */
    double expected_usd;  /* if all of them are sent and take as long as expected */
    double expected_gb_s;
    double most_usd; /* if all of them are sent and end at the function timeout */
    double most_gb_s;
    double least_usd; /* the fewest invocations, 1 ms each, and one version of each size */
    size_t n_versions;
    double snapshots_usd, snapshots_most_usd; /* of the versions: in the numbers above */
};

/* `limit`: at most so many invocations, 0: no limit. They are spread over the sizes as planned
 * for the expected cost, and taken from the dearest sizes for the most. */
struct cp_quote cp_quote_of(const struct cp_quote_size *sizes, size_t n, size_t limit,
                            const struct cp_quote_function *function,
                            const struct cp_price_book *book);

/* The most one invocation can be billed: an INIT up to its limit and a run up to the timeout. */
double cp_quote_worst_ms(int timeout_ms);
double cp_quote_worst_usd(const struct cp_price_book *book,
                          const struct cp_quote_function *function, int memory_size_mb);

/* Expected times from the samples of an earlier run: means of the memory size's own usable samples,
 * else of the nearest size that has any, else the given values stay. */
void cp_quote_learn(const struct cp_sample *samples, size_t n_samples, struct cp_quote_size *sizes,
                    size_t n);

/* --- what was spent --- */

/* Billed so far. A sample whose record is missing may have cost up to its worst case: kept apart.
 * Throttled and unsent samples cost nothing. */
struct cp_spend {
    const struct cp_price_book *book; /* borrowed; NULL: nothing is billed */
    struct cp_quote_function function;
    size_t n_billed, n_unknown;
    double billed_usd, billed_gb_s; /* from billed durations */
    double unknown_usd;             /* worst case of the n_unknown */
    double snapshots_usd;           /* of published versions, at most: no record tells it */
};
void cp_spend_add(struct cp_spend *spend, const struct cp_sample *sample);
struct cp_spend cp_spend_of(const struct cp_sample *samples, size_t n,
                            const struct cp_quote_function *function,
                            const struct cp_price_book *book);
/* What must be assumed to be spent: all together. */
double cp_spend_most_usd(const struct cp_spend *spend);

#endif
