/* SPDX-License-Identifier: GPL-3.0-or-later
 * The options of a sweep with every default filled in and checked: all that decides the plan, and
 * what the undo needs. Kept in the store as JSON, so that a resume rebuilds the same plan.
 * Ownership: cp_sweep_settings_clear frees the payload.
 */
#ifndef COLDPROF_PROFILER_SWEEP_SETTINGS_H
#define COLDPROF_PROFILER_SWEEP_SETTINGS_H

#include "model/base/buf.h"
#include "model/stat/idle_design.h"
#include "profiler/sweep/sweep.h"

struct cp_sweep_settings {
    char function[320];
    int memory_mb[CP_RUN_SIZES_MAX]; /* ascending, no size twice */
    size_t n_memory;
    int max_cold, max_warm;             /* per memory size */
    int cold_per_batch, warm_per_batch; /* of one published version */
    double idle_ms[CP_SWEEP_IDLE_MAX];  /* ascending */
    size_t n_idle;
    int idle_probes; /* per interval, of a search at both ends of a bracket */
    /* a search for the idle lifetime (model/stat/idle_design.h) instead of intervals that are
     * given; first 0: none */
    double idle_first_ms, idle_longest_ms, idle_wait_ms;
    int idle_environments;
    double precision_p50, precision_p95; /* 0: no cell ends by it */
    int max_invocations;                 /* 0: no limit */
    uint64_t seed;
    struct cp_buf payload; /* JSON */
    /* as the function was before the first change */
    int original_memory_mb;
    char original_description[256];
};

/* `function` is the configuration found. CP_EINVAL: a payload that is not JSON, a size, a count or
 * an interval out of range. */
enum cp_code cp_sweep_settings_make(const struct cp_sweep_options *options,
                                    const struct cp_function_config *function,
                                    struct cp_sweep_settings *out, struct cp_error *err);
void cp_sweep_settings_clear(struct cp_sweep_settings *settings);

bool cp_sweep_searches_idle(const struct cp_sweep_settings *settings);
/* Of settings that search. */
struct cp_idle_design_options cp_sweep_idle_design(const struct cp_sweep_settings *settings);

/* First failing requirement of a payload: JSON, at most 6 MB. */
enum cp_code cp_sweep_payload_check(struct cp_view payload, struct cp_error *err);

enum cp_code cp_sweep_settings_write(const struct cp_sweep_settings *settings, struct cp_buf *json,
                                     struct cp_error *err);
/* CP_EFORMAT names the member that is missing or out of range. */
enum cp_code cp_sweep_settings_read(struct cp_view json, struct cp_sweep_settings *out,
                                    struct cp_error *err);

#endif
