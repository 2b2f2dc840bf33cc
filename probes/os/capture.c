/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "probes/os/capture.h"

#include "probes/os/process.h"

enum { DEFAULT_TIMEOUT_MS = 10000 };

enum cp_code cp_capture(const struct cp_capture_options *options, struct cp_buf *out,
                        struct cp_error *err)
{
    static const char *const nothing[] = {NULL};
    const struct cp_process_options run = {
        .argv = options->argv,
        .environment = options->environment ? options->environment : nothing,
        .timeout_ms = options->timeout_ms > 0 ? options->timeout_ms : DEFAULT_TIMEOUT_MS,
    };
    struct cp_process_result result;
    enum cp_code code = cp_process_run(&run, out, &result, err);
    if (!code && result.exit_status != 0)
        return cp_fail(err, CP_EIO, "'%s' did not run successfully", options->argv[0]);
    return code;
}
