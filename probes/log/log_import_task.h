/* SPDX-License-Identifier: GPL-3.0-or-later
 * One worker of an import, and what it does: a whole input, or a segment of a large file, through
 * its own sink into its own digest.
 *
 * Ownership: cp_log_reader_init / cp_log_reader_clear; the digest is borrowed.
 */
#ifndef COLDPROF_PROBES_LOG_LOG_IMPORT_TASK_H
#define COLDPROF_PROBES_LOG_LOG_IMPORT_TASK_H

#include <stdatomic.h>

#include "probes/log/log_cutter.h"
#include "probes/log/log_import.h"
#include "probes/log/log_source.h"

struct cp_log_task {
    const struct cp_log_file *file;
    size_t file_index;
    const struct cp_log_form *form; /* NULL: to be detected */
    struct cp_log_input *input;     /* opened before, of a pipe; NULL */
    bool is_segment;
    bool lacks_ends;           /* of a segment: the file does (log_sink.h) */
    struct cp_log_range range; /* of a segment */
    int64_t weight;            /* rough work, for what comes first; large for what may be large */
};

/* What one task found. */
struct cp_log_found {
    const char *form;
    bool is_gzip;
    uint64_t bytes, lines, accepted, rejected;
    char damage[CP_LOG_FILE_DAMAGE_MAX];
};

struct cp_log_reader {
    const struct cp_log_import_options *options;
    struct cp_digest *digest;
    struct cp_log_sink *sink;
    struct cp_log_cutter cutter;
    bool (*is_stopped)(void *context);  /* asked after each chunk, by the reader's thread */
    bool (*is_stopping)(void *context); /* asked by any thread */
    void *stop_context;
    /* read by the thread that shows progress */
    atomic_llong taken; /* bytes on disk */
    atomic_ullong inflated, records;
};

enum cp_code cp_log_reader_init(struct cp_log_reader *reader,
                                const struct cp_log_import_options *options,
                                struct cp_digest *digest, struct cp_error *err);
void cp_log_reader_clear(struct cp_log_reader *reader);

/* Takes task->input. `reads_ahead`: with a second thread. CP_EINTERRUPTED: stopped; what was read
 * is in the digest. */
enum cp_code cp_log_reader_run(struct cp_log_reader *reader, struct cp_log_task *task,
                               bool reads_ahead, struct cp_log_found *found, struct cp_error *err);

#endif
