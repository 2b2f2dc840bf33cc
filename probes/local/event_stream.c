/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "probes/local/event_stream.h"

#include <stdint.h>
#include <string.h>

#include "model/base/crc32.h"

enum { HEADERS_MAX = 1024, PRELUDE_SIZE = 8, CRC_SIZE = 4, TYPE_STRING = 7 };

static void add_uint(struct cp_buf *to, uint32_t value, int n_bytes)
{
    for (int shift = 8 * (n_bytes - 1); shift >= 0; shift -= 8)
        (void)cp_buf_addc(to, (char)(value >> shift & 0xff));
}

static void add_header(struct cp_buf *to, const char *name, const char *value)
{
    add_uint(to, (uint32_t)strlen(name), 1);
    (void)cp_buf_adds(to, name);
    add_uint(to, TYPE_STRING, 1);
    add_uint(to, (uint32_t)strlen(value), 2);
    (void)cp_buf_adds(to, value);
}

void cp_event_stream_add(struct cp_buf *to, const char *event_type, const char *content_type,
                         struct cp_view payload)
{
    struct cp_buf headers;
    cp_buf_init(&headers, HEADERS_MAX);
    add_header(&headers, ":event-type", event_type);
    add_header(&headers, ":content-type", content_type);
    add_header(&headers, ":message-type", "event");
    size_t total = PRELUDE_SIZE + CRC_SIZE + headers.n + payload.n + CRC_SIZE, start = to->n;
    add_uint(to, (uint32_t)total, 4);
    add_uint(to, (uint32_t)headers.n, 4);
    if (!to->failed)
        add_uint(to, cp_crc32((struct cp_view){to->p + start, PRELUDE_SIZE}), 4);
    (void)cp_buf_add_view(to, cp_buf_view(&headers));
    (void)cp_buf_add_view(to, payload);
    if (!to->failed)
        add_uint(to, cp_crc32((struct cp_view){to->p + start, to->n - start}), 4);
    cp_buf_clear(&headers);
}
