/* SPDX-License-Identifier: GPL-3.0-or-later
 * How far an import from CloudWatch got, as a file: its command (a hash), its time, the next slice,
 * and the digest of all slices before. Written whole or not at all; damage is noticed.
 *
 * A slice is a half-open time of one log group. AWS's tokens between pages end after a day and are
 * not kept: an import goes on with a whole slice.
 */
#ifndef COLDPROF_PROFILER_IMPORT_CLOUD_CHECKPOINT_H
#define COLDPROF_PROFILER_IMPORT_CLOUD_CHECKPOINT_H

#include <stdint.h>

#include "model/digest/digest.h"

enum { CP_CHECKPOINT_MAX = 1 << 30 }; /* bytes of the file */

struct cp_cloud_checkpoint {
    uint64_t command;       /* who it is of: cp_cloud_command_hash */
    int64_t from_ms, to_ms; /* of the whole import, unix ms */
    int64_t started_at_ms;  /* when it was begun */
    int64_t group;          /* index of the log group that is being read */
    int64_t at_ms;          /* everything before it, in that group, is in the digest */
    int64_t slice_ms;       /* length of the next slice */
    int64_t pages, slices;  /* so far */
};

/* CP_EIO and the like: nothing is changed on disk. */
enum cp_code cp_cloud_checkpoint_write(const char *path, const struct cp_cloud_checkpoint *at,
                                       const struct cp_digest *digest, struct cp_error *err);
/* Adds the digest to `digest`. CP_ENOTFOUND: there is none; CP_EFORMAT: it is damaged, or of
 * another format. */
enum cp_code cp_cloud_checkpoint_read(const char *path, struct cp_cloud_checkpoint *at,
                                      struct cp_digest *digest, struct cp_error *err);

#endif
