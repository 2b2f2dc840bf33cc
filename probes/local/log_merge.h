/* SPDX-License-Identifier: GPL-3.0-or-later
 * Events of several log streams in the order of time (of arrival where times are equal).
 *
 * Ownership: cp_log_merge_init / cp_log_merge_clear; valid until the store changes.
 */
#ifndef COLDPROF_PROBES_LOCAL_LOG_MERGE_H
#define COLDPROF_PROBES_LOCAL_LOG_MERGE_H

#include "probes/local/log_store.h"

struct cp_log_cursor {
    const struct cp_log_stream *stream;
    size_t next;
};

struct cp_log_merge {
    struct cp_log_cursor *heap; /* the earliest first */
    size_t n, cap;
};

void cp_log_merge_init(struct cp_log_merge *merge);
void cp_log_merge_clear(struct cp_log_merge *merge);
/* Its events from (at_ms, number) on. CP_ENOMEM. */
enum cp_code cp_log_merge_add(struct cp_log_merge *merge, const struct cp_log_stream *stream,
                              int64_t at_ms, uint64_t number);
/* The next event and its stream, NULL at the end. */
const struct cp_log_event *cp_log_merge_next(struct cp_log_merge *merge,
                                             const struct cp_log_stream **stream);

#endif
