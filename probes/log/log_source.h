/* SPDX-License-Identifier: GPL-3.0-or-later
 * Something that gives inflated bytes: an input, a segment of a file, or another source read ahead
 * by a thread of its own.
 *
 * Ownership: a source is a view of what it reads from; cp_log_segment_open / _close,
 * cp_log_ahead_start / _stop.
 */
#ifndef COLDPROF_PROBES_LOG_LOG_SOURCE_H
#define COLDPROF_PROBES_LOG_LOG_SOURCE_H

#include <stddef.h>
#include <stdint.h>

#include "model/base/error.h"
#include "probes/log/log_input.h"

struct cp_log_source {
    /* Up to `n` bytes; *got 0 is the end. */
    enum cp_code (*read)(void *context, char *to, size_t n, size_t *got, struct cp_error *err);
    void *context;
};

struct cp_log_source cp_log_source_of_input(struct cp_log_input *input);

/* The lines of a plain file that start at begin <= byte < end: neighbouring segments share no line
 * and lose none, wherever they meet. */
struct cp_log_segment;
struct cp_log_range {
    int64_t begin, end;
};
enum cp_code cp_log_segment_open(const char *path, const struct cp_log_range *range,
                                 struct cp_log_segment **out, struct cp_error *err);
void cp_log_segment_close(struct cp_log_segment *self); /* NULL is fine */
/* "" or why it ended early. */
const char *cp_log_segment_damage(const struct cp_log_segment *self);
struct cp_log_source cp_log_source_of_segment(struct cp_log_segment *segment);

/* Reads `from` in a thread, up to a megabyte ahead: inflating and parsing then take the time of the
 * slower one. `from` belongs to that thread until cp_log_ahead_stop, which waits for a read that is
 * under way. */
struct cp_log_ahead;
struct cp_log_ahead_options {
    struct cp_log_source from;
    bool (*is_stopped)(void *context); /* asked by who waits for bytes; NULL: never */
    void *stop_context;
};
enum cp_code cp_log_ahead_start(const struct cp_log_ahead_options *options,
                                struct cp_log_ahead **out, struct cp_error *err);
void cp_log_ahead_stop(struct cp_log_ahead *self); /* NULL is fine */
struct cp_log_source cp_log_source_of_ahead(struct cp_log_ahead *ahead);

#endif
