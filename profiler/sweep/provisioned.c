/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/sweep/provisioned.h"

#include <stdio.h>
#include <string.h>

#include "profiler/sweep/undo_facts.h"

enum { READY_TIMEOUT_MS = 5 * 60 * 1000, LOOK_MS = 500 };

static const struct {
    const char *status, *meaning;
} meanings[] = {
    {"READY", "requests beyond it spill over and start on demand, as measured here"},
    {"IN_PROGRESS", "until it is READY every request may start on demand, as measured here"},
    {"FAILED", "every request may start on demand, as measured here"},
};

static const char *meaning_of(const char *status)
{
    for (size_t i = 0; i < sizeof meanings / sizeof meanings[0]; i++) {
        if (strcmp(meanings[i].status, status) == 0)
            return meanings[i].meaning;
    }
    return "what is measured here are starts on demand";
}

static bool is_stopped(const struct cp_sweep_hooks *hooks)
{
    return hooks && hooks->stop_requests && hooks->stop_requests(hooks->context) > 0;
}

void cp_provisioned_describe(struct cp_lambda *lambda, const struct cp_sweep_clock *clock,
                             const struct cp_sweep_hooks *hooks,
                             const struct cp_function_config *function,
                             char out[CP_PROVISIONED_TEXT_MAX])
{
    struct cp_provisioned_config p;
    struct cp_error ignored;
    const char *qualifier = cp_arn_qualifier(function->arn);
    out[0] = '\0';
    if (!qualifier || strcmp(qualifier, "$LATEST") == 0)
        return;
    double until_ms = clock->mono_ms(clock->context) + READY_TIMEOUT_MS;
    for (;;) {
        if (cp_lambda_get_provisioned(lambda, function->name, qualifier, &p, &ignored))
            return;
        if (strcmp(p.status, "IN_PROGRESS") != 0 || is_stopped(hooks) ||
            clock->mono_ms(clock->context) >= until_ms)
            break;
        clock->sleep_ms(clock->context, LOOK_MS);
    }
    bool has_reason = p.status_reason[0] != '\0';
    (void)snprintf(out, CP_PROVISIONED_TEXT_MAX,
                   "'%s' has provisioned concurrency: %d requested, %d available, %s%s%.160s%s; %s",
                   qualifier, p.requested, p.available, p.status, has_reason ? " (" : "",
                   p.status_reason, has_reason ? ")" : "", meaning_of(p.status));
}
