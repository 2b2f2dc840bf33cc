/* SPDX-License-Identifier: GPL-3.0-or-later
 * The traffic of the command line: --traffic RATE, FILE, '-' or 'mean', --traffic-factor and
 * --burst. The form of a FILE is told from its content (profiler/traffic/traffic_file.h).
 */
#ifndef COLDPROF_PROFILER_CLI_DEMAND_H
#define COLDPROF_PROFILER_CLI_DEMAND_H

#include "model/decide/demand.h"
#include "model/run.h"
#include "profiler/cli/options.h"

/* Largest file; a month of times at 20 requests a second. */
#define CP_CLI_TRAFFIC_BYTES_MAX ((size_t)1 << 30)

/* What is asked about, on the heap (cp_demand_free), or NULL: no option says anything. `own`: the
 * traffic that there is without --traffic (a stored run's, a log's), which 'mean', a factor and
 * bursts are then about; NULL: none. CP_EINVAL: a text that is neither rate nor file, options that
 * do not go together; CP_EFORMAT, CP_ELIMIT, CP_EIO, CP_EDENIED: the file; CP_ENOMEM. */
enum cp_code cp_cli_demand(const struct cp_options *options, const struct cp_demand *own,
                           struct cp_demand **out, struct cp_error *err);

/* Puts the options' budget and traffic in place of those of a stored run, in memory only, and says
 * in data->other_question what the run's own were. Nothing is touched where no option is given. */
enum cp_code cp_cli_ask(const struct cp_options *options, struct cp_run_data *data,
                        struct cp_error *err);

/* Puts --class and --risk, where given, into the run. */
void cp_cli_put_class(const struct cp_options *options, struct cp_run *run);

/* Makes `demand` (owned then, may be NULL) the traffic of a run. */
void cp_cli_put_demand(struct cp_run_data *data, struct cp_demand *demand);

#endif
