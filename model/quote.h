/* SPDX-License-Identifier: GPL-3.0-or-later
 * What a sweep will cost, before it spends anything: expected, at least, and at most. List prices
 * of the first tier, INIT billed, no free tier and no discount, so that a bill can only be lower.
 * Pure; USD, ms, MB, GB-s.
 */
#ifndef COLDPROF_MODEL_QUOTE_H
#define COLDPROF_MODEL_QUOTE_H

#include <stddef.h>

#include "model/price.h"
#include "model/sample.h"

/* The longest INIT phase of an on-demand environment; a longer one is ended there. */
#define CP_QUOTE_INIT_LIMIT_MS 10000.0

/* What is planned at one memory size, and how long one invocation is expected to take. */
struct cp_quote_size {
    int memory_size_mb;
    size_t n_fresh; /* meet a fresh environment, INIT included: cold samples, primes, and idle
                       probes, of which it is not known before */
    size_t n_warm;
    size_t n_least; /* so many of both are sent even when every cell ends at its first look */
    double init_ms, fresh_ms, warm_ms; /* expected: init, first handler run, later handler runs */
};

struct cp_quote {
    size_t n_invocations; /* at most */
    double expected_usd;  /* if all of them are sent and take as long as expected */
    double expected_gb_s;
    double most_usd; /* if all of them are sent and end at the function timeout */
    double most_gb_s;
    double least_usd; /* the fewest invocations, 1 ms each */
};

/* `limit`: at most so many invocations, 0: no limit. They are spread over the sizes as planned
 * for the expected cost, and taken from the dearest sizes for the most. */
struct cp_quote cp_quote_of(const struct cp_quote_size *sizes, size_t n, size_t limit,
                            int timeout_ms, const struct cp_price_book *book);

/* The most one invocation can be billed: an INIT up to its limit and a run up to the timeout. */
double cp_quote_worst_ms(int timeout_ms);
double cp_quote_worst_usd(const struct cp_price_book *book, int memory_size_mb, int timeout_ms);

/* Expected times from the samples of an earlier run: means of the memory size's own usable samples,
 * else of the nearest size that has any, else the given values stay. */
void cp_quote_learn(const struct cp_sample *samples, size_t n_samples, struct cp_quote_size *sizes,
                    size_t n);

/* --- what was spent --- */

/* Billed so far. A sample whose record is missing may have cost up to its worst case: kept apart.
 * Throttled and unsent samples cost nothing. */
struct cp_spend {
    const struct cp_price_book *book; /* borrowed; NULL: nothing is billed */
    int timeout_ms;
    size_t n_billed, n_unknown;
    double billed_usd, billed_gb_s; /* from billed durations */
    double unknown_usd;             /* worst case of the n_unknown */
};
void cp_spend_add(struct cp_spend *spend, const struct cp_sample *sample);
struct cp_spend cp_spend_of(const struct cp_sample *samples, size_t n, int timeout_ms,
                            const struct cp_price_book *book);
/* What must be assumed to be spent: both together. */
double cp_spend_most_usd(const struct cp_spend *spend);

#endif
