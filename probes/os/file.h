/* SPDX-License-Identifier: GPL-3.0-or-later
 * Files and folders. Messages name the path and what to do. Nothing here follows a path that came
 * from data.
 */
#ifndef COLDPROF_PROBES_OS_FILE_H
#define COLDPROF_PROBES_OS_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include "model/base/buf.h"

/* Appends the whole file to `out` (whose limit applies: CP_ELIMIT names it).
 * CP_ENOTFOUND, CP_EDENIED or CP_EIO. */
enum cp_code cp_file_read(const char *path, struct cp_buf *out, struct cp_error *err);

/* The same for a file of data: one that is too large for `out` is refused before it is read, and
 * one that turns out shorter than it was at the beginning is CP_EIO: the end is missing. */
enum cp_code cp_file_read_whole(const char *path, struct cp_buf *out, struct cp_error *err);

/* Writes `bytes` to a temporary name in the same folder, fsync, rename. An existing target is
 * replaced only when it is a regular file. */
enum cp_code cp_file_write_atomic(const char *path, struct cp_view bytes, struct cp_error *err);

/* Adds `bytes` at the end of a regular file, which is made when there is none, in one write.
 * CP_ELIMIT when it would have more than `max_size` bytes: then nothing is added. */
enum cp_code cp_file_append(const char *path, struct cp_view bytes, size_t max_size,
                            struct cp_error *err);

/* mkdir -p, mode 0755 (0700 for is_private). CP_OK when it exists as a folder. */
enum cp_code cp_file_make_dirs(const char *path, bool is_private, struct cp_error *err);

/* Removes a file; CP_OK also when there is none. */
enum cp_code cp_file_remove(const char *path, struct cp_error *err);

/* CP_ENOTFOUND, CP_EDENIED, CP_ENOMEM, else CP_EIO: what an errno of these calls means. */
enum cp_code cp_file_code(int number);

bool cp_file_exists(const char *path);
bool cp_file_is_dir(const char *path);
bool cp_file_is_executable(const char *path); /* regular and executable by us */

/* Writes all of `bytes` to an open descriptor, retrying EINTR and short writes. */
enum cp_code cp_fd_write_all(int fd, struct cp_view bytes, const char *name, struct cp_error *err);

#endif
