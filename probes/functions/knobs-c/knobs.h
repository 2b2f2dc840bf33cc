/* SPDX-License-Identifier: GPL-3.0-or-later
 * What a function with known behaviour is told to do; README.md beside this file lists the knobs.
 */
#ifndef COLDPROF_FUNCTIONS_KNOBS_C_KNOBS_H
#define COLDPROF_FUNCTIONS_KNOBS_C_KNOBS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { KNOB_TEXT_MAX = 128 };

struct knobs {
    int64_t init_sleep_ms, init_cpu_ms, init_memory_mb, init_hang;
    int64_t sleep_ms, cpu_ms, memory_mb, hang;
    int64_t output_bytes, log_lines, err_lines, forge_report;
    char init_error[KNOB_TEXT_MAX], init_crash[KNOB_TEXT_MAX];
    char error[KNOB_TEXT_MAX], crash[KNOB_TEXT_MAX];
};

/* Reads every knob from the environment. false: `*bad` names the one that cannot be read. */
bool knobs_from_environment(struct knobs *knobs, const char **bad);

/* Overrides the invoke knobs (those that do not begin with INIT_) with the members of the event's
 * top-level object. Other members, and events that are no object, change nothing. */
bool knobs_from_event(struct knobs *knobs, const char *event, size_t n, const char **bad);

#endif
