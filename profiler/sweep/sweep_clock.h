/* SPDX-License-Identifier: GPL-3.0-or-later
 * Time as the sweep sees it: handed in, so that a sweep of minutes is tested without waiting.
 */
#ifndef COLDPROF_PROFILER_SWEEP_SWEEP_CLOCK_H
#define COLDPROF_PROFILER_SWEEP_SWEEP_CLOCK_H

#include <stdint.h>

struct cp_sweep_clock {
    void *context;
    double (*mono_ms)(void *context);  /* only differences mean something */
    int64_t (*unix_ms)(void *context); /* wall clock */
    /* Sleeps; a signal may end it early. */
    void (*sleep_ms)(void *context, double ms);
};

extern const struct cp_sweep_clock cp_sweep_real_clock;

#endif
