/* SPDX-License-Identifier: GPL-3.0-or-later
 * What a comparison or a night says, shown: on standard output in the wanted format, in every file
 * of --export, and to the CI. Shared by compare and nightly.
 */
#ifndef COLDPROF_PROFILER_CLI_SHOW_GATES_H
#define COLDPROF_PROFILER_CLI_SHOW_GATES_H

#include "profiler/cli/command.h"
#include "reports/gate.h"

/* --export otava-csv is of a history: CP_EINVAL without one, to be asked before a measurement, as
 * whether there is a folder for each file. */
enum cp_code cp_cli_check_gate_formats(const struct cp_cli *cli, bool has_history,
                                       struct cp_error *err);
/* CP_STATUS_MISSED when a gate fails (0 with --exit-zero); then --notify-command is told, too. */
enum cp_status cp_cli_show_gates(const struct cp_cli *cli, const struct cp_gates *gates);

#endif
