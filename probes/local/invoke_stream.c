/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "probes/local/invoke_stream.h"

#include <string.h>

#include "probes/local/base64.h"
#include "probes/local/event_stream.h"
#include "probes/local/json_out.h"

/* Room for the frames around many small parts. */
enum { EVENTS_MAX = 2 * CP_STREAM_MAX, COMPLETE_MAX = 8 * CP_RESPONSE_MAX };

void cp_invoke_stream_init(struct cp_invoke_stream *stream)
{
    *stream = (struct cp_invoke_stream){.n_taken = 0};
    cp_buf_init(&stream->events, EVENTS_MAX);
}

void cp_invoke_stream_clear(struct cp_invoke_stream *stream)
{
    cp_buf_clear(&stream->events);
}

void cp_invoke_stream_add(struct cp_invoke_stream *stream, struct cp_view part)
{
    cp_event_stream_add(&stream->events, "PayloadChunk", "application/octet-stream", part);
}

static void add_member(struct cp_buf *to, const char *name, struct cp_view value)
{
    (void)cp_buf_adds(to, to->n > 1 ? ",\"" : "\"");
    (void)cp_buf_addf(to, "%s\":", name);
    cp_json_add_string(to, value);
}

void cp_invoke_stream_end(struct cp_invoke_stream *stream, const struct cp_invocation *invocation,
                          bool wants_tail)
{
    struct cp_buf json;
    struct cp_buf tail;
    cp_buf_init(&json, COMPLETE_MAX);
    cp_buf_init(&tail, (size_t)2 * CP_LOG_TAIL_MAX);
    (void)cp_buf_addc(&json, '{');
    if (invocation->function_error) {
        add_member(&json, "ErrorCode", cp_view_of(invocation->function_error));
        add_member(&json, "ErrorDetails", cp_buf_view(&invocation->response));
    } else if (invocation->response.n) {
        cp_invoke_stream_add(stream, cp_buf_view(&invocation->response));
    }
    if (wants_tail && !cp_base64_encode(&tail, cp_buf_view(&invocation->log_tail)))
        add_member(&json, "LogResult", cp_buf_view(&tail));
    (void)cp_buf_addc(&json, '}');
    cp_event_stream_add(&stream->events, "InvokeComplete", "application/json", cp_buf_view(&json));
    stream->is_over = true;
    cp_buf_clear(&tail);
    cp_buf_clear(&json);
}

size_t cp_invoke_stream_take(struct cp_invoke_stream *stream, char *to, size_t size)
{
    size_t n = stream->events.n - stream->n_taken;
    if (n > size)
        n = size;
    if (n)
        memcpy(to, stream->events.p + stream->n_taken, n);
    stream->n_taken += n;
    if (stream->n_taken == stream->events.n) {
        cp_buf_reset(&stream->events);
        stream->n_taken = 0;
    }
    return n;
}

bool cp_invoke_stream_has_news(const struct cp_invoke_stream *stream)
{
    return stream->is_over || stream->events.n > stream->n_taken;
}
