/* SPDX-License-Identifier: GPL-3.0-or-later
 * SIGINT, SIGTERM and SIGHUP while a sweep runs: counted, never acted upon in the handler. The
 * first ends it and undoes. The second does not wait any longer; in an account it gives up undoing,
 * too: the journal is kept and the command for it printed. The third leaves at once.
 */
#ifndef COLDPROF_PROFILER_CLI_STOP_H
#define COLDPROF_PROFILER_CLI_STOP_H

/* Installs the handlers. */
void cp_stop_watch(void);
/* How often the user asked to stop; cp_sweep_hooks.stop_requests. */
int cp_stop_requests(void *context);

#endif
