/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/run.h"

#include "model/decide/demand.h"
#include "model/digest/digest.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

const char *cp_stop_reason_name(enum cp_stop_reason reason)
{
    static const char *const names[] = {
        [CP_STOP_NOT_DONE] = "not done",        [CP_STOP_PRECISION] = "precision reached",
        [CP_STOP_MAX_SAMPLES] = "sample limit", [CP_STOP_BUDGET] = "invocation limit",
        [CP_STOP_NO_INIT] = "no init shown",    [CP_STOP_COST] = "cost limit",
        [CP_STOP_CANNOT_RUN] = "cannot run",    [CP_STOP_LOST] = "answers lost",
    };
    size_t i = (size_t)reason;
    return i < sizeof names / sizeof names[0] ? names[i] : "?";
}

const char *cp_run_runtime(const struct cp_run *run)
{
    bool is_image = !run->runtime[0] && strcmp(run->package_type, "Image") == 0;
    return is_image ? "container image" : run->runtime;
}

const char *cp_run_start_words(const struct cp_run *run)
{
    return strcmp(run->initialization, "snap-start") == 0 ? "restored by SnapStart" : "";
}

const char *cp_run_method_words(const struct cp_run *run)
{
    bool is_plain = strcmp(run->method, "own function") == 0 || cp_run_is_import(run);
    return is_plain ? "" : run->method;
}

bool cp_run_is_import(const struct cp_run *run)
{
    return strcmp(run->method, CP_RUN_IMPORT) == 0;
}

bool cp_run_in_turns(const struct cp_run *run)
{
    size_t n = strlen(run->method);
    size_t n_end = strlen(CP_RUN_IN_TURNS);
    return n >= n_end && strcmp(run->method + n - n_end, CP_RUN_IN_TURNS) == 0;
}

bool cp_run_took_turns(const struct cp_run *a, const struct cp_run *b)
{
    return cp_run_in_turns(a) && cp_run_in_turns(b) && strcmp(a->id, b->id) != 0 &&
           a->seed == b->seed && a->started_at_ms <= b->ended_at_ms &&
           b->started_at_ms <= a->ended_at_ms;
}

struct cp_run cp_run_empty(void)
{
    return (struct cp_run){
        .started_at_ms = -1,
        .ended_at_ms = -1,
        .original_memory_size_mb = -1,
        .timeout_ms = -1,
        .budget_q = NAN,
        .budget_ms = NAN,
        .traffic_per_s = NAN,
        .precision_p50 = NAN,
        .precision_p95 = NAN,
        .unreserved_concurrency = -1,
        .code_size_bytes = -1,
        .quoted_usd = NAN,
        .quoted_max_usd = NAN,
        .ephemeral_storage_mb = 512,
        .max_cost_usd = NAN,
    };
}

void cp_run_data_clear(struct cp_run_data *data)
{
    if (!data)
        return;
    free(data->samples);
    free(data->cells);
    cp_digest_free(data->digest);
    cp_demand_free(data->demand);
    *data = (struct cp_run_data){.run = cp_run_empty()};
}
