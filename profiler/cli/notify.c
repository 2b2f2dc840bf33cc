/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/cli/notify.h"

#include "probes/os/process.h"
#include "profiler/cli/stop.h"

#include <stddef.h>

enum { COMMAND_SHOWN = 120 };

/* Secrets alone: a command that tells by way of AWS still has its Region, profile and role. */
static const char *const secrets[] = {"AWS_ACCESS_KEY_ID",
                                      "AWS_SECRET_ACCESS_KEY",
                                      "AWS_SESSION_TOKEN",
                                      "AWS_SECURITY_TOKEN",
                                      "AWS_CONTAINER_AUTHORIZATION_TOKEN",
                                      NULL};

static bool is_stop_wanted(void *context)
{
    (void)context;
    return cp_stop_requests(NULL) > 0;
}

enum cp_code cp_notify(const char *command, struct cp_view text, int timeout_ms,
                       struct cp_error *err)
{
    const char *const argv[] = {"/bin/sh", "-c", command, NULL};
    const struct cp_process_options options = {
        .argv = argv,
        .hidden = secrets,
        .input = text,
        .is_shown = true,
        .timeout_ms = timeout_ms,
        .is_interrupted = is_stop_wanted,
    };
    struct cp_process_result result;
    enum cp_code code = cp_process_run(&options, NULL, &result, err);
    if (code == CP_ETIMEOUT)
        return cp_fail(err, code, "'%.*s' was ended after %d s", COMMAND_SHOWN, command,
                       timeout_ms / 1000);
    if (code)
        return cp_fail_context(err, "'%.*s'", COMMAND_SHOWN, command);
    if (result.signal_number)
        return cp_fail(err, CP_EREMOTE, "'%.*s' was ended by signal %d", COMMAND_SHOWN, command,
                       result.signal_number);
    if (result.exit_status)
        return cp_fail(err, CP_EREMOTE, "'%.*s' ended with status %d", COMMAND_SHOWN, command,
                       result.exit_status);
    return CP_OK;
}
