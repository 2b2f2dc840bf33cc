/* SPDX-License-Identifier: GPL-3.0-or-later
 * When requests arrive: seeded streams of arrival times for the pool simulation, each in O(1)
 * memory.
 *
 *   POISSON   per_s on average, independent of each other
 *   PERIODIC  evenly spaced, the first after one interval
 *   WEEK      Poisson with a rate per hour of the week (168 rates, Monday 00:00 first), repeated;
 *             by inversion of the integrated rate, exact for rates constant over an hour
 *   COUNTS    so many per bucket (a minute, say), uniform within it: given its count, a Poisson
 *             process is. Ends after the last bucket, unless it is opened to repeat.
 *   TIMES     a recorded trace. Ends after the last arrival, unless it is opened to repeat.
 *
 * Bursts (POISSON, WEEK): each event of the process brings a geometric number of requests with mean
 * `burst`, the next one each after an exponential time of mean `burst_gap_ms` (0: at once); events
 * are rarer by that factor, so that the mean rate stays (a Poisson cluster process). Counts of
 * intervals that are long against burst_gap_ms then have variance over mean 2 burst - 1.
 *
 * `factor` is the what-if: it multiplies the rate. Of COUNTS and TIMES the fraction of a request is
 * rounded up with that chance; further copies of a recorded arrival fall uniformly between it and
 * the next one.
 *
 * Ownership: laws borrow their arrays; an open stream owns memory only for bursts that overlap.
 */
#ifndef COLDPROF_MODEL_ARRIVALS_H
#define COLDPROF_MODEL_ARRIVALS_H

#include <stddef.h>
#include <stdint.h>

#include "model/base/error.h"
#include "model/base/rng.h"
#include "model/decide/event_heap.h"

enum cp_arrivals_kind {
    CP_ARRIVALS_POISSON,
    CP_ARRIVALS_PERIODIC,
    CP_ARRIVALS_WEEK,
    CP_ARRIVALS_COUNTS,
    CP_ARRIVALS_TIMES
};

enum { CP_ARRIVALS_HOURS = 168 };

struct cp_arrivals_law {
    enum cp_arrivals_kind kind;
    double per_s;             /* POISSON, PERIODIC: > 0 */
    const double *week_per_s; /* WEEK: CP_ARRIVALS_HOURS rates >= 0, not all 0 */
    const double *counts;     /* COUNTS: n values >= 0 */
    double bucket_ms;         /* of each; > 0 */
    const double *times_ms;   /* TIMES: n ascending times >= 0 */
    size_t n;
    double span_ms; /* TIMES: what the trace covers, from 0; 0: one mean gap beyond its last time */
    double burst;   /* mean number of requests that come together; 0 means 1 */
    double burst_gap_ms; /* >= 0 */
    double factor;       /* 0 means 1 */
};

/* Independent requests at one rate: no clock, no trace, no bursts. Erlang's formulas hold. */
bool cp_arrivals_is_even(const struct cp_arrivals_law *law);
/* Mean rate per second over the law's span, factor included. NAN for a law that is not usable. */
double cp_arrivals_mean_per_s(const struct cp_arrivals_law *law);
/* How long the law's own time goes on before it repeats: a week, what counts or a trace cover;
 * INFINITY of a constant rate, NAN of a trace of a single moment without span_ms. */
double cp_arrivals_span_ms(const struct cp_arrivals_law *law);

struct cp_arrivals {
    const struct cp_arrivals_law *law;
    struct cp_rng rng;
    double now;                  /* of the process, ms */
    double mean_ms;              /* POISSON: from one event to the next */
    double origin;               /* time of the law's 0: hour 0, first bucket, start of the trace */
    double period;               /* COUNTS and TIMES begin again after it; 0: they end */
    double end;                  /* no round begins from here on */
    size_t at;                   /* COUNTS: next bucket; TIMES: next arrival */
    uint64_t left;               /* still to come of the bucket or of the recorded arrival */
    double until;                /* end of the bucket, or of the recorded gap */
    double next;                 /* first event not yet handed out, of bursts and of what repeats */
    struct cp_event_heap bursts; /* under way: the next request, and how many are to come */
    enum cp_code code;           /* CP_OK, CP_ENOMEM: the stream ended early */
};

/* CP_EINVAL with a sentence for a law that cannot be. `origin_ms`: where hour 0 of a week lies. */
enum cp_code cp_arrivals_open(struct cp_arrivals *a, const struct cp_arrivals_law *law,
                              uint64_t seed, uint64_t stream, double origin_ms,
                              struct cp_error *err);
/* The same for a law that repeats for ever, before and after its span: `origin_ms` is where any of
 * its beginnings lies. No round is begun at `end_ms` or later, however rare arrivals are. CP_EINVAL
 * also for a trace without a span. */
enum cp_code cp_arrivals_open_repeated(struct cp_arrivals *a, const struct cp_arrivals_law *law,
                                       uint64_t seed, uint64_t stream, double origin_ms,
                                       double end_ms, struct cp_error *err);
/* Never descending, ms from 0; INFINITY after the end, and when memory for bursts is out (a->code).
 */
double cp_arrivals_next(struct cp_arrivals *a);
void cp_arrivals_close(struct cp_arrivals *a);

#endif
