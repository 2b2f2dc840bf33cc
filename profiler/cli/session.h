/* SPDX-License-Identifier: GPL-3.0-or-later
 * A measurement from the command line, for the commands that make one: where the function is (the
 * embedded service for a folder, AWS or another endpoint for a name), sign-in, history, client;
 * then the sweep with quote, progress and stop requests; and the end of all of it.
 *
 *   cp_session_begin, [facts of a run to continue], cp_session_prepare, cp_session_measure or
 *   cp_session_rehearse, cp_session_end
 *
 * Failures are in `err` of the session. Ownership: cp_session_end, after any failure, too.
 */
#ifndef COLDPROF_PROFILER_CLI_SESSION_H
#define COLDPROF_PROFILER_CLI_SESSION_H

#include <limits.h>

#include "profiler/cli/command.h"
#include "profiler/cli/confirm.h"
#include "profiler/cli/connection.h"
#include "profiler/cli/prices.h"
#include "profiler/cli/progress.h"

struct cp_session {
    struct cp_cli *cli;
    const char *target;               /* as given */
    const char *second;               /* second folder of the service (sweep.h); NULL: none */
    struct cp_local_service *service; /* of a FOLDER; NULL otherwise */
    struct cp_local_service_facts facts;
    struct cp_connection connection; /* of a FUNCTION */
    bool is_folder;
    const char *endpoint, *region, *function; /* of the one or the other */
    struct cp_lambda *lambda;
    struct cp_store *store; /* NULL of a dry run */
    struct cp_buf payload;
    struct cp_progress progress;
    struct cp_confirm confirm;
    struct cp_cli_prices prices; /* of the quote and the limit: list prices */
    struct cp_run run;
    struct cp_demand *demand; /* NULL: none is asked about */
    struct cp_run resumed;    /* facts of the run to continue; its id is "" otherwise */
    bool is_own_memory;       /* without --memory: the function's own size, not the default ones */
    bool is_counted;          /* every sample is taken: no cell ends by its precision */
    uint64_t service_seed;
    char journals[PATH_MAX]; /* folder of the undo journals */
    struct cp_error err;
};

/* Also catches the signals that ask to stop. */
void cp_session_begin(struct cp_session *s, struct cp_cli *cli);
/* Checks the options, opens the history (CP_EBUSY: another process writes), starts the service or
 * signs in, and makes the client. Nothing is changed or invoked. `target` stays the caller's. */
enum cp_code cp_session_prepare(struct cp_session *s, const char *target);
/* The plan that the options make, borrowing from the session; and the hooks of its sweep. */
struct cp_sweep_options cp_session_plan(const struct cp_session *s);
struct cp_sweep_hooks cp_session_hooks(struct cp_session *s);
/* The facts of a run that are known before it is measured. */
void cp_session_fill_run(const struct cp_session *s, const char *target, struct cp_run *run);
/* Measures, or continues --resume; the run is in `run`. CP_EINTERRUPTED: what was measured is kept;
 * with progress.is_planned it can be resumed. */
enum cp_code cp_session_measure(struct cp_session *s);
/* Has a stored run all its cold and warm samples, or was it the function itself that did not give
 * them? CP_ENODATA names the first cell that was cut short. */
enum cp_code cp_session_check_whole(const struct cp_run_data *data, struct cp_error *err);
/* Prints what would be done. */
enum cp_status cp_session_rehearse(struct cp_session *s);
/* On stderr: why it failed (`code`, of prepare or measure), and the command line that goes on with
 * what was measured. */
enum cp_status cp_session_fail(const struct cp_session *s, enum cp_code code);
void cp_session_end(struct cp_session *s);

#endif
