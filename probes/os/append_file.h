/* SPDX-License-Identifier: GPL-3.0-or-later
 * A private file that only grows, durable after every addition, with one owner at a time: what an
 * undo journal needs of the system. In a folder 0700 of ours, 0600, never through a link.
 *
 * Ownership: cp_append_create or cp_append_open / cp_append_close. The lock (flock) lasts as long
 * as the file is open; the kernel drops it with its holder.
 */
#ifndef COLDPROF_PROBES_OS_APPEND_FILE_H
#define COLDPROF_PROBES_OS_APPEND_FILE_H

#include <stdbool.h>

#include "model/base/buf.h"

struct cp_append_file;

/* Makes the folder and the file; the folder is synced, so that the name survives a power loss.
 * CP_EEXIST: there is one of that name; CP_EDENIED: the folder is not ours alone; CP_EIO. */
enum cp_code cp_append_create(const char *folder, const char *name, struct cp_append_file **out,
                              struct cp_error *err);

/* Opens and reads all of it into `content` (whose limit applies). CP_ENOTFOUND; CP_EBUSY: another
 * process holds it; CP_EDENIED: not a regular file of ours alone. */
enum cp_code cp_append_open(const char *folder, const char *name, struct cp_append_file **out,
                            struct cp_buf *content, struct cp_error *err);

/* On disk when it returns CP_OK. After a failure the file is as before, or takes nothing more. */
enum cp_code cp_append(struct cp_append_file *file, struct cp_view bytes, struct cp_error *err);

/* Forgets what is behind the first `size` bytes. */
enum cp_code cp_append_cut(struct cp_append_file *file, size_t size, struct cp_error *err);

/* Removes the name and closes. */
enum cp_code cp_append_remove(struct cp_append_file *file, struct cp_error *err);
void cp_append_close(struct cp_append_file *file); /* NULL is fine */

/* Names in `folder` that end in `ending`, in no order; a false return ends it. CP_OK and nothing
 * when there is no folder. */
typedef bool (*cp_append_name_fn)(void *context, const char *name);
enum cp_code cp_append_list(const char *folder, const char *ending, cp_append_name_fn each,
                            void *context, struct cp_error *err);

#endif
