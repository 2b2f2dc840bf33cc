/* SPDX-License-Identifier: GPL-3.0-or-later
 * Erlang's formulas: exact limits of a pool whose environments never expire. `a` is the offered
 * load, arrival rate times mean duration, in busy environments. Loss does not depend on the shape
 * of the duration's distribution (Sevastyanov 1957), so these hold for measured durations too.
 */
#ifndef COLDPROF_MODEL_ERLANG_H
#define COLDPROF_MODEL_ERLANG_H

/* Share of requests that find all `n` busy (M/G/n/n). n >= 0, a >= 0, else NAN. */
double cp_erlang_b(int n, double a);
/* Share that would have to wait (M/M/n); 1 when a >= n. */
double cp_erlang_c(int n, double a);

/* Smallest n with cp_erlang_b(n, a) <= share; share in (0, 1), else -1. */
int cp_erlang_servers_for_loss(double a, double share);

/* Newsvendor rule for provisioned concurrency: the n-th environment carries a (B(n-1) - B(n)) of
 * the load and pays for itself when that is at least `break_even` (busy share). The largest such
 * n, 0..n_max. */
int cp_erlang_newsvendor(double a, double break_even, int n_max);

#endif
