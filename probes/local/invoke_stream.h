/* SPDX-License-Identifier: GPL-3.0-or-later
 * The answer of InvokeWithResponseStream as it grows: a PayloadChunk event for each part that the
 * function sends, in the parts that it sends them, and one InvokeComplete. What the caller has not
 * taken yet is kept, up to the 200 MB that a streamed response may have: a function is never held
 * back by a slow caller here.
 *
 * InvokeComplete says ErrorCode "Unhandled" and, as ErrorDetails, the error that a buffered Invoke
 * would have as its payload; also when parts were sent before.
 */
#ifndef COLDPROF_PROBES_LOCAL_INVOKE_STREAM_H
#define COLDPROF_PROBES_LOCAL_INVOKE_STREAM_H

#include <stdbool.h>

#include "probes/local/env.h"

struct cp_invoke_stream {
    struct cp_buf events;
    size_t n_taken; /* of `events` */
    bool is_over;
};

void cp_invoke_stream_init(struct cp_invoke_stream *stream);
void cp_invoke_stream_clear(struct cp_invoke_stream *stream);
void cp_invoke_stream_add(struct cp_invoke_stream *stream, struct cp_view part);
/* After the invocation is done. */
void cp_invoke_stream_end(struct cp_invoke_stream *stream, const struct cp_invocation *invocation,
                          bool wants_tail);
/* Moves up to `size` bytes out; 0 when there is nothing now: is_over tells whether there will be.
 */
size_t cp_invoke_stream_take(struct cp_invoke_stream *stream, char *to, size_t size);
/* There is something to take, or the end to be told. */
bool cp_invoke_stream_has_news(const struct cp_invoke_stream *stream);

#endif
