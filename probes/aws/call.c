/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "probes/aws/caller.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "probes/os/clock.h"

/* --- clock --- */

static int64_t real_unix_ms(void *context)
{
    (void)context;
    return cp_clock_unix_ms();
}

static double real_mono_ms(void *context)
{
    (void)context;
    return cp_clock_mono_ms();
}

static void real_sleep_ms(void *context, int ms)
{
    (void)context;
    const struct timespec t = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L};
    (void)nanosleep(&t, NULL);
}

const struct cp_call_clock cp_call_clock_real = {
    .unix_ms = real_unix_ms, .mono_ms = real_mono_ms, .sleep_ms = real_sleep_ms};

double cp_caller_mono_ms(const struct cp_caller *caller)
{
    return caller->options.clock->mono_ms(caller->options.clock->context);
}

int64_t cp_caller_unix_ms(const struct cp_caller *caller)
{
    return caller->options.clock->unix_ms(caller->options.clock->context);
}

static bool is_interrupted(const struct cp_caller *caller)
{
    const struct cp_caller_options *o = &caller->options;
    return o->is_interrupted && o->is_interrupted(o->interrupt_context);
}

/* --- new, free --- */

enum cp_code cp_caller_new(const struct cp_caller_options *options, struct cp_caller **out,
                           struct cp_error *err)
{
    *out = NULL;
    struct cp_caller *c = calloc(1, sizeof *c);
    if (!c)
        return cp_fail(err, CP_ENOMEM, "cannot make the AWS client: out of memory");
    c->options = *options;
    if (options->credentials)
        c->credentials = *options->credentials;
    c->options.credentials = &c->credentials;
    (void)snprintf(c->region, sizeof c->region, "%s", options->region);
    (void)snprintf(c->service, sizeof c->service, "%s", options->service);
    c->budget.tokens = CP_RETRY_BUDGET_MAX;
    cp_rng_init(&c->rng, (uint64_t)cp_caller_unix_ms(c), (uint64_t)(uintptr_t)c);
    cp_failure_clear(&c->failure);
    enum cp_code code = options->http->open(options->max_connections, &c->http, err);
    if (code) {
        cp_caller_free(c);
        return code;
    }
    *out = c;
    return CP_OK;
}

void cp_caller_free(struct cp_caller *caller)
{
    if (!caller)
        return;
    if (caller->http)
        caller->options.http->close(caller->http);
    cp_credentials_clear(&caller->credentials);
    free(caller);
}

const struct cp_lambda_failure *cp_caller_failure(const struct cp_caller *caller)
{
    return &caller->failure;
}

/* --- polling and waiting --- */

enum cp_code cp_caller_poll(struct cp_caller *caller, int timeout_ms, size_t *in_flight,
                            struct cp_error *err)
{
    return caller->options.http->poll(caller->http, timeout_ms, in_flight, err);
}

static int slice_ms(double left_ms)
{
    return left_ms < CP_POLL_SLICE_MS ? (int)ceil(left_ms) : CP_POLL_SLICE_MS;
}

enum cp_code cp_caller_sleep(struct cp_caller *caller, double ms, struct cp_error *err)
{
    const struct cp_call_clock *clock = caller->options.clock;
    double until = cp_caller_mono_ms(caller) + ms;
    double left = ms;
    while (left > 0) {
        if (is_interrupted(caller))
            return cp_fail(err, CP_EINTERRUPTED, "interrupted while waiting");
        size_t in_flight = 0;
        enum cp_code code = cp_caller_poll(caller, slice_ms(left), &in_flight, err);
        if (code)
            return code;
        if (in_flight == 0 && until > cp_caller_mono_ms(caller))
            clock->sleep_ms(clock->context, slice_ms(until - cp_caller_mono_ms(caller)));
        left = until - cp_caller_mono_ms(caller);
    }
    return CP_OK;
}
