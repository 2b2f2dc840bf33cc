/* SPDX-License-Identifier: GPL-3.0-or-later
 * Files of logs, and of digests, into one digest: finds, opens, detects and reads each, several at
 * once, or a large plain one in segments. The result does not depend on the number of threads: the
 * segments of a file are the same for any number, and digests merge exactly.
 */
#ifndef COLDPROF_PROBES_LOG_LOG_IMPORT_H
#define COLDPROF_PROBES_LOG_LOG_IMPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/base/error.h"
#include "model/digest/digest.h"
#include "probes/log/log_form.h"
#include "probes/log/log_input.h"

struct cp_log_progress {
    int64_t done_bytes, total_bytes; /* of the files as they are on disk; total -1 unknown */
    uint64_t inflated_bytes;
    size_t done_files, total_files;
    uint64_t records;
    double elapsed_ms;
};

struct cp_log_import_options {
    const char *function, *architecture, *group, *stream; /* see cp_log_sink_options */
    int threads;                                          /* 0: one per core, at most 8 */
    const struct cp_log_form *form;                       /* NULL: detected for each file */
    int64_t segment_bytes;                                /* 0: 64 MiB; others are for tests */
    /* Called at most ten times a second from the calling thread; NULL none. */
    void (*on_progress)(void *context, const struct cp_log_progress *progress);
    void *progress_context;
    bool (*is_interrupted)(void *context); /* NULL: never */
    void *interrupt_context;
};

enum { CP_LOG_FILE_DAMAGE_MAX = 200 };

/* What was found per file: for the accounting that a user reads (the digest has the sums). */
struct cp_log_file_result {
    const struct cp_log_file *file;
    const char *form; /* name; "digest" */
    bool is_gzip;
    uint64_t bytes, lines, accepted, rejected; /* inflated bytes */
    char damage[CP_LOG_FILE_DAMAGE_MAX];       /* "" */
};
struct cp_log_import_result {
    struct cp_log_file_result *files; /* in the order of `files`; free() it */
    size_t n;
    double elapsed_ms;
};

/* CP_EINTERRUPTED: what was read is in the digest. A file that cannot be opened ends the import
 * before anything is read. CP_EFORMAT: a digest file that is damaged. */
enum cp_code cp_log_import(const struct cp_log_files *files,
                           const struct cp_log_import_options *options, struct cp_digest *digest,
                           struct cp_log_import_result *result, struct cp_error *err);

#endif
