/* SPDX-License-Identifier: GPL-3.0-or-later
 * The traffic a question is about: an arrivals law with the numbers it borrows, how long it covers,
 * and what it is in words. Pure.
 * Ownership: cp_demand_clear frees; the law borrows from the struct, which must not be moved or
 * copied once its law has an array.
 */
#ifndef COLDPROF_MODEL_DEMAND_H
#define COLDPROF_MODEL_DEMAND_H

#include <stddef.h>

#include "model/decide/arrivals.h"

enum { CP_DEMAND_TEXT_MAX = 160 };

struct cp_demand {
    struct cp_arrivals_law law;
    double week_per_s[CP_ARRIVALS_HOURS]; /* of a WEEK law; UTC */
    double *values;                       /* owned: counts, or times in ms from the first one */
    size_t n;
    double first_ms;      /* unix ms of the first; NAN: a rate, a week, times without date */
    double span_ms;       /* a week; what the numbers cover; INFINITY of a constant rate */
    double requests;      /* in span_ms; NAN of a constant rate */
    size_t n_skipped;     /* rows of its file that make no sense */
    size_t first_skipped; /* line of the first one, from 1; 0 none */
    char words[CP_DEMAND_TEXT_MAX]; /* "1,440 intervals of 60 s, 12,345 requests" */
};

/* Poisson at a constant rate; owns nothing. */
struct cp_demand cp_demand_of_rate(double per_s);
/* A copy with numbers of its own, on the heap; NULL: no memory. */
struct cp_demand *cp_demand_copy(const struct cp_demand *demand);
/* What if there were `factor` times (> 0) of it: requests, too. */
void cp_demand_multiply(struct cp_demand *demand, double factor);
/* Points the law at the numbers of this struct, by its kind: after values, n or week_per_s changed.
 */
void cp_demand_bind(struct cp_demand *demand);
/* Mean rate, the law's factor included; NAN of a law that is not usable, and of NULL. */
double cp_demand_per_s(const struct cp_demand *demand);
void cp_demand_clear(struct cp_demand *demand);
/* Of one on the heap; NULL is fine. */
void cp_demand_free(struct cp_demand *demand);
/* "rate", "even rate", "week", "counts", "times"; "?" of no kind. */
const char *cp_demand_kind_name(enum cp_arrivals_kind kind);

#endif
