/* SPDX-License-Identifier: GPL-3.0-or-later
 * Messages of application/vnd.amazon.eventstream, as InvokeWithResponseStream answers with them:
 * lengths and checksums (CRC-32 of IEEE 802.3) around named string headers and a payload.
 */
#ifndef COLDPROF_PROBES_LOCAL_EVENT_STREAM_H
#define COLDPROF_PROBES_LOCAL_EVENT_STREAM_H

#include "model/base/buf.h"

#define CP_EVENT_STREAM_TYPE "application/vnd.amazon.eventstream"

/* Adds one event to `to`; a payload over 16 MB fails the buffer's limit or is refused by clients:
 * callers cut it. */
void cp_event_stream_add(struct cp_buf *to, const char *event_type, const char *content_type,
                         struct cp_view payload);

#endif
