/* SPDX-License-Identifier: GPL-3.0-or-later
 * The only place that reads a clock.
 */
#ifndef COLDPROF_PROBES_OS_CLOCK_H
#define COLDPROF_PROBES_OS_CLOCK_H

#include <stdint.h>

int64_t cp_clock_unix_ms(void); /* wall clock, unix ms */
double cp_clock_mono_ms(void);  /* monotonic, ms with fraction; only differences mean something */

#endif
