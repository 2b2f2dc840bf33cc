/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/sweep/sweep_clock.h"

#include <time.h>

#include "probes/os/clock.h"

static double mono_ms(void *context)
{
    (void)context;
    return cp_clock_mono_ms();
}

static int64_t unix_ms(void *context)
{
    (void)context;
    return cp_clock_unix_ms();
}

static void sleep_ms(void *context, double ms)
{
    (void)context;
    if (!(ms > 0))
        return;
    struct timespec t = {.tv_sec = (time_t)(ms / 1e3)};
    t.tv_nsec = (long)((ms - (double)t.tv_sec * 1e3) * 1e6);
    (void)clock_nanosleep(CLOCK_MONOTONIC, 0, &t, NULL);
}

const struct cp_sweep_clock cp_sweep_real_clock = {
    .mono_ms = mono_ms,
    .unix_ms = unix_ms,
    .sleep_ms = sleep_ms,
};
