/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "probes/aws/provider.h"

enum { CONNECT_TIMEOUT_MS = 5000 };

enum cp_code cp_provider_caller(const struct cp_provider_world *world,
                                const struct cp_provider_call *call, struct cp_caller **out,
                                struct cp_error *err)
{
    static const struct cp_credentials unsigned_call = {.expires_at_ms = 0};
    struct cp_caller_options options = {
        .region = call->region,
        .service = call->service->signing,
        .credentials = call->keys ? call->keys : &unsigned_call,
        .connect_timeout_ms = CONNECT_TIMEOUT_MS,
        .max_connections = 1,
        .ca_bundle = cp_shared_setting(world->config, "AWS_CA_BUNDLE", "ca_bundle"),
        .http = world->http,
        .clock = world->clock,
        .is_interrupted = world->is_interrupted,
        .interrupt_context = world->interrupt_context,
    };
    const struct cp_service_endpoint_options where = {
        .service = call->service,
        .region = call->region,
        .allow_insecure = world->allow_insecure,
    };
    enum cp_code code = cp_service_endpoint(world->config, &where, &options.endpoint, err);
    return code ? code : cp_caller_new(&options, out, err);
}
