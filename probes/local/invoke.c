/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "probes/local/invoke.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "probes/local/base64.h"
#include "probes/local/json_text.h"
#include "probes/local/uuid.h"

enum { EVENT_PAYLOAD_MAX = 1024 * 1024, CONTEXT_MAX = 3583 };

static struct cp_view find_header(const struct cp_raw_request *raw, const char *name)
{
    for (size_t i = 0; i < raw->n_headers; i++) {
        if (cp_view_is_nocase(raw->headers[i].name, name))
            return raw->headers[i].value;
    }
    return (struct cp_view){"", 0};
}

struct choice {
    const char *name;
    int value;
};

/* The value of an enumerated header; absent is the first choice. */
static bool read_choice(const struct cp_raw_request *raw, const char *header,
                        const struct choice *choices, int *value, struct cp_api_response *refusal)
{
    struct cp_view given = find_header(raw, header);
    *value = choices[0].value;
    if (!given.n)
        return true;
    for (const struct choice *c = choices; c->name; c++) {
        if (cp_view_is(given, c->name)) {
            *value = c->value;
            return true;
        }
    }
    cp_api_fail(refusal, 400, "InvalidParameterValueException", NULL,
                "%s has a value that is not known: '%.*s'", header,
                (int)(given.n < 64 ? given.n : 64), given.p);
    return false;
}

static const struct choice types[] = {
    {"RequestResponse", CP_INVOKE_SYNC},
    {"Event", CP_INVOKE_EVENT},
    {"DryRun", CP_INVOKE_DRY_RUN},
    {NULL, 0},
};
static const struct choice log_types[] = {{"None", 0}, {"Tail", 1}, {NULL, 0}};

static bool read_context(const struct cp_raw_request *raw, struct cp_invocation *invocation,
                         struct cp_api_response *refusal)
{
    struct cp_view encoded = find_header(raw, "X-Amz-Client-Context");
    size_t offset;
    if (!encoded.n)
        return true;
    if (encoded.n <= CONTEXT_MAX && !cp_base64_decode(&invocation->context, encoded) &&
        cp_json_is_valid(cp_buf_view(&invocation->context), &offset)) {
        /* It becomes a header of the Runtime API: one line. JSON strings hold no line breaks. */
        for (size_t i = 0; i < invocation->context.n; i++) {
            char *c = &invocation->context.p[i];
            *c = *c == '\n' || *c == '\r' || *c == '\t' ? ' ' : *c;
        }
        return true;
    }
    cp_api_fail(refusal, 400, "InvalidRequestContentException", NULL,
                "Client context must be a valid Base64-encoded JSON object of at most %d bytes.",
                CONTEXT_MAX);
    return false;
}

static bool read_payload(const struct cp_raw_request *raw, enum cp_invocation_type type,
                         struct cp_invocation *invocation, struct cp_api_response *refusal)
{
    size_t offset, max = type == CP_INVOKE_EVENT ? EVENT_PAYLOAD_MAX : CP_PAYLOAD_MAX;
    struct cp_view body = raw->body.n ? raw->body : CP_VIEW_LIT("{}");
    if (body.n > max) {
        cp_api_fail(refusal, 413, "RequestTooLargeException", NULL,
                    "%zu byte payload is too large for the %s invocation type (limit %zu bytes)",
                    body.n, type == CP_INVOKE_EVENT ? "Event" : "RequestResponse", max);
        return false;
    }
    if (!cp_json_is_valid(body, &offset)) {
        cp_api_fail(refusal, 400, "InvalidRequestContentException", NULL,
                    "Could not parse request body into json: Could not parse payload into json: "
                    "unexpected byte at offset %zu",
                    offset);
        return false;
    }
    if (cp_buf_add_view(&invocation->payload, body)) {
        cp_api_fail(refusal, 500, "ServiceException", NULL, "out of memory");
        return false;
    }
    return true;
}

bool cp_invoke_read(const struct cp_raw_request *raw, struct cp_invoke_request *out,
                    struct cp_invocation *invocation, struct cp_api_response *refusal)
{
    int type, log_type;
    if (!read_choice(raw, "X-Amz-Invocation-Type", types, &type, refusal) ||
        !read_choice(raw, "X-Amz-Log-Type", log_types, &log_type, refusal))
        return false;
    out->type = (enum cp_invocation_type)type;
    out->wants_tail = log_type && type == CP_INVOKE_SYNC;
    return read_context(raw, invocation, refusal) &&
           read_payload(raw, out->type, invocation, refusal);
}

void cp_invoke_name(struct cp_invocation *invocation, struct cp_rng *rng, int64_t now_ms)
{
    cp_uuid_format(rng, invocation->request_id);
    uint64_t root_high = cp_rng_next(rng) >> 32, root_low = cp_rng_next(rng);
    uint64_t parent = cp_rng_next(rng);
    (void)snprintf(invocation->trace_id, sizeof invocation->trace_id,
                   "Root=1-%08" PRIx64 "-%08" PRIx64 "%016" PRIx64 ";Parent=%016" PRIx64
                   ";Sampled=0",
                   (uint64_t)(now_ms / 1000), root_high, root_low, parent);
}
