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

static struct cp_call_pace process_pace;

const struct cp_call_clock cp_call_clock_real = {.unix_ms = real_unix_ms,
                                                 .mono_ms = real_mono_ms,
                                                 .sleep_ms = real_sleep_ms,
                                                 .pace = &process_pace};

double cp_caller_mono_ms(const struct cp_caller *caller)
{
    return caller->options.clock->mono_ms(caller->options.clock->context);
}

int64_t cp_caller_unix_ms(const struct cp_caller *caller)
{
    return caller->options.clock->unix_ms(caller->options.clock->context);
}

bool cp_caller_is_interrupted(const struct cp_caller *caller)
{
    const struct cp_caller_options *o = &caller->options;
    return o->is_interrupted && o->is_interrupted(o->interrupt_context);
}

void cp_caller_set_deadline(struct cp_caller *caller, double mono_ms)
{
    caller->deadline_mono_ms = mono_ms;
}

/* --- new, free --- */

/* Found out here, because libcurl would say so with each call only. */
static enum cp_code take_ca_bundle(struct cp_caller *c, const char *path, struct cp_error *err)
{
    if (!path || !path[0])
        return CP_OK;
    if (!cp_view_copy(cp_view_of(path), c->ca_bundle, sizeof c->ca_bundle))
        return cp_fail(err, CP_ELIMIT, "the path of the CA bundle is longer than %zu bytes",
                       sizeof c->ca_bundle - 1);
    FILE *file = fopen(path, "re");
    int first = file ? fgetc(file) : EOF;
    if (file)
        (void)fclose(file);
    if (first == EOF)
        return cp_fail(err, CP_EIO,
                       "cannot read the CA bundle '%s'; correct AWS_CA_BUNDLE or ca_bundle of the "
                       "profile",
                       path);
    return CP_OK;
}

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
    c->deadline_mono_ms = NAN;
    enum cp_code code = take_ca_bundle(c, options->ca_bundle, err);
    if (!code)
        code = options->http->open(options->max_connections, &c->http, err);
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

bool cp_caller_is_embedded(const struct cp_caller *caller)
{
    return caller->is_embedded;
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
        if (cp_caller_is_interrupted(caller))
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
