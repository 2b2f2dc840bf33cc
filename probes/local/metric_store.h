/* SPDX-License-Identifier: GPL-3.0-or-later
 * What the service counts of its invocations, by the minute in which each began, as CloudWatch has
 * it for AWS/Lambda: of the account, of each function, of each resource of a function (its name as
 * it was invoked: fn, fn:alias, fn:7), and of each executed version. Nothing is here that was not
 * measured: a minute without invocations has no record.
 *
 * Bounded: at most CP_METRIC_MINUTES_MAX records of a minute in all; the oldest go then, and
 * `kept_from_ms` tells what is complete.
 */
#ifndef COLDPROF_PROBES_LOCAL_METRIC_STORE_H
#define COLDPROF_PROBES_LOCAL_METRIC_STORE_H

#include "model/digest/histogram.h"

enum { CP_METRIC_MINUTES_MAX = 20000 };

struct cp_metric_minute {
    int64_t minute; /* unix minutes */
    uint64_t invocations, errors, throttles, provisioned, spillover;
    int concurrency;                 /* the most at once; 0: none */
    struct cp_histogram duration_us; /* of REPORT's Duration: without init */
};

/* "" where a series is about all. */
struct cp_metric_series {
    char function[72], resource[256], version[24];
    struct cp_metric_minute *minutes; /* in order */
    size_t n, cap;
    int in_flight;
    int64_t counted_minute; /* up to which `in_flight` is in the records */
    struct cp_metric_series *next;
};

struct cp_metric_store {
    struct cp_metric_series *series;
    size_t n_minutes;
    int64_t kept_from_ms; /* 0: everything since the service began */
};

struct cp_metric_call {
    const char *function, *qualifier, *version; /* qualifier "": none */
};

struct cp_metric_result {
    int64_t began_at_ms, ended_at_ms;
    double duration_ms; /* NAN: there is no REPORT */
    bool is_error, is_provisioned, is_spillover;
};

/* Zero-initialised by the caller. What memory does not suffice for is left out. */
void cp_metric_store_clear(struct cp_metric_store *store);
void cp_metric_store_begin(struct cp_metric_store *store, const struct cp_metric_call *call,
                           int64_t now_ms);
void cp_metric_store_end(struct cp_metric_store *store, const struct cp_metric_call *call,
                         const struct cp_metric_result *result);
void cp_metric_store_throttle(struct cp_metric_store *store, const struct cp_metric_call *call,
                              int64_t now_ms);
/* Brings the concurrency of invocations that still run up to now. */
void cp_metric_store_advance(struct cp_metric_store *store, int64_t now_ms);
/* NULL: nothing was ever counted. */
const struct cp_metric_series *cp_metric_store_find(const struct cp_metric_store *store,
                                                    const char *function, const char *resource,
                                                    const char *version);
/* Index of the first record of `minute` or later. */
size_t cp_metric_series_find(const struct cp_metric_series *series, int64_t minute);

#endif
