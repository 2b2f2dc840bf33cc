/* SPDX-License-Identifier: GPL-3.0-or-later
 * Independent pieces of work on several threads.
 *
 * Work that draws random numbers takes a substream per piece (rng.h) and writes only to its own
 * place: then the result does not depend on the number of threads.
 */
#ifndef COLDPROF_MODEL_BASE_PARALLEL_H
#define COLDPROF_MODEL_BASE_PARALLEL_H

#include <stddef.h>

enum { CP_PARALLEL_MAX = 16 };

/* Calls work(context, i) once for each i in [0, n), on at most `n_threads` threads, the caller's
 * among them; 1 or less: in order, on the caller's. Returns when all are done. Where no thread can
 * be started the caller does the work: it never fails. */
void cp_parallel(size_t n, int n_threads, void (*work)(void *context, size_t i), void *context);

#endif
