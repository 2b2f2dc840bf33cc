/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "probes/record/record.h"

bool cp_record_is_init_error(struct cp_view error_type)
{
    static const char *const types[] = {
        "Runtime.ImportModuleError", "Runtime.UserCodeSyntaxError", "Runtime.InvalidEntrypoint",
        "Runtime.InvalidWorkingDir", "Runtime.HandlerNotFound",     "Extension.InitError",
        "Extension.LaunchError",
    };
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        if (cp_view_is(error_type, types[i]))
            return true;
    }
    return false;
}

/* The order is that of a sweep (profiler/sweep/classify.c). */
enum cp_outcome cp_record_outcome(struct cp_view status, struct cp_view error_type)
{
    if (status.n == 0 || cp_view_is(status, "success"))
        return CP_OUTCOME_MEASURED;
    if (cp_view_is(error_type, "Runtime.OutOfMemory"))
        return CP_OUTCOME_OUT_OF_MEMORY;
    if (cp_view_is(status, "timeout") || cp_view_is(error_type, "Sandbox.Timedout"))
        return CP_OUTCOME_TIMEOUT;
    return cp_record_is_init_error(error_type) ? CP_OUTCOME_INIT_FAILED : CP_OUTCOME_ERROR;
}
