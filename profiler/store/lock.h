/* SPDX-License-Identifier: GPL-3.0-or-later
 * The one-writer lock: flock on a file beside the store, which holds the owner's process id. The
 * kernel drops the lock with its holder, so a killed sweep never blocks the next one; the file
 * itself stays (removing it would let two owners hold two files of one name).
 */
#ifndef COLDPROF_PROFILER_STORE_LOCK_H
#define COLDPROF_PROFILER_STORE_LOCK_H

#include "model/base/error.h"

/* Takes the lock of the store at `path`; `*fd` is released by cp_store_lock_release.
 * CP_EBUSY names the holder's process id; CP_EDENIED or CP_EIO when the file cannot be made. */
enum cp_code cp_store_lock_take(const char *path, int *fd, struct cp_error *err);
void cp_store_lock_release(int fd); /* -1 is fine */

#endif
