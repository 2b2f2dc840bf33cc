/* SPDX-License-Identifier: GPL-3.0-or-later
 * One slice of a log group's time, by FilterLogEvents, into a digest.
 */
#ifndef COLDPROF_PROFILER_IMPORT_CLOUD_SLICE_H
#define COLDPROF_PROFILER_IMPORT_CLOUD_SLICE_H

#include "profiler/import/cloud_import.h"

enum {
    CP_SLICE_FIRST_MS = 60 * 60 * 1000,
    CP_SLICE_MIN_MS = 60 * 1000,
    CP_SLICE_MAX_MS = 24 * 60 * 60 * 1000,
    CP_SLICE_PAGES_MAX = 64, /* of a slice that can be shorter */
};

struct cp_cloud_slice {
    const struct cp_log_group *group;
    int64_t from_ms, to_ms; /* half-open */
    /* out */
    int pages;
    bool is_too_long; /* has more than CP_SLICE_PAGES_MAX pages: read a shorter one instead */
};

/* Called after each page; a failure ends the slice. */
typedef enum cp_code (*cp_cloud_page_fn)(void *context, struct cp_error *err);

/* Makes the digest of the slice; `*out` is NULL after a failure, and when it is too long. Pages are
 * counted in `result`. */
enum cp_code cp_cloud_slice_read(const struct cp_cloud_import_options *options,
                                 struct cp_cloud_slice *slice, cp_cloud_page_fn each, void *context,
                                 struct cp_digest **out, struct cp_cloud_import_result *result,
                                 struct cp_error *err);

/* Length of the next slice after one of that length and so many pages. */
int64_t cp_cloud_slice_next_ms(int64_t slice_ms, int pages);

#endif
