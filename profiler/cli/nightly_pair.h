/* SPDX-License-Identifier: GPL-3.0-or-later
 * `coldprof nightly TARGET --against OTHER`: two builds of a function measured in turns on one
 * embedded service, and the new one judged at once.
 */
#ifndef COLDPROF_PROFILER_CLI_NIGHTLY_PAIR_H
#define COLDPROF_PROFILER_CLI_NIGHTLY_PAIR_H

#include "profiler/cli/command.h"

/* With the option `against`, the folder of the base; `target` is the new one. Shows the gates as
 * every command does that has some; status 3 on a regression. */
enum cp_status cp_nightly_pair(struct cp_cli *cli, const char *target);

#endif
