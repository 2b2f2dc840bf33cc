/* SPDX-License-Identifier: GPL-3.0-or-later
 * What an endpoint can do that is neither AWS nor the embedded service: LocalStack, moto, SAM, the
 * runtime interface emulator, a service of the user's own. Found out before the plan by reads and
 * two invocations; what it cannot do is not measured and not made up:
 *
 *   full               versions, and REPORT records with our request id
 *   tail without init  REPORT records, but fresh environments cannot be forced or show no init:
 *                      durations of repeated requests only
 *   wall clock         no usable record: times of the client only, way there and back included
 */
#ifndef COLDPROF_PROFILER_SWEEP_PROBE_ENDPOINT_H
#define COLDPROF_PROFILER_SWEEP_PROBE_ENDPOINT_H

#include "profiler/sweep/runner.h"

enum cp_endpoint_mode { CP_ENDPOINT_FULL, CP_ENDPOINT_TAIL, CP_ENDPOINT_WALL_CLOCK };
/* "full", "tail without init", "wall clock": run.mode. */
const char *cp_endpoint_mode_name(enum cp_endpoint_mode mode);
enum cp_endpoint_mode cp_endpoint_mode_by_name(const char *name); /* full for unknown texts */

enum { CP_PROBE_INVOCATIONS = 2 };

struct cp_endpoint_abilities {
    bool has_configuration; /* GetFunctionConfiguration */
    bool has_versions;      /* ListVersionsByFunction */
    bool has_request_id;    /* Invoke answers with x-amzn-RequestId */
    bool has_report;        /* and a log tail with the REPORT of that id */
    bool has_init;          /* an Init Duration was seen; false: not yet, an environment was warm */
    bool has_emulator_record; /* max memory used is just the memory size: not measured */
};
enum cp_endpoint_mode cp_endpoint_mode_of(const struct cp_endpoint_abilities *abilities);

struct cp_endpoint_probe {
    struct cp_endpoint_abilities abilities;
    enum cp_endpoint_mode mode;
    bool is_needed; /* false: AWS, or the embedded service: full */
    struct cp_function_config config;
    struct cp_sample samples[CP_PROBE_INVOCATIONS]; /* as primes, so that all is accounted for */
    size_t n_samples;
};

/* Probes the endpoint of `options` unless it is AWS or the embedded service. Where it has no
 * configuration to read, options->memory_mb must name the one size it runs at. CP_ENOTFOUND: no
 * such function; CP_EINVAL: that size is missing; CP_EREMOTE: the endpoint cannot even invoke;
 * CP_EINTERRUPTED: a stop was requested. */
enum cp_code cp_endpoint_probe(struct cp_runner *r, const struct cp_sweep_options *options,
                               struct cp_endpoint_probe *probe, struct cp_error *err);

/* What may be planned in this mode: `options` without what cannot be told, and the place without
 * what cannot be changed. Warns about what the user asked for and does not get. */
void cp_endpoint_restrict(const struct cp_runner *r, const struct cp_endpoint_probe *probe,
                          struct cp_sweep_options *options);

/* Adds the probes' samples to the plan, before it is stored. CP_ENOMEM. */
enum cp_code cp_endpoint_adopt_samples(struct cp_runner *r, const struct cp_endpoint_probe *probe,
                                       struct cp_error *err);

/* A resumed run goes on in the mode it was started in; `config`: its function, as it was stored. */
void cp_endpoint_resume(struct cp_runner *r, const struct cp_run_data *data,
                        struct cp_function_config *config);

/* After fresh environments have answered: when none of at least two REPORT records shows an init,
 * cold starts cannot be told here; closes their cells, sets run.mode and warns. Once. */
enum cp_code cp_endpoint_check_init(struct cp_runner *r, const size_t *fresh, size_t n,
                                    struct cp_error *err);

#endif
