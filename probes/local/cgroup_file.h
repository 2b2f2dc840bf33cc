/* SPDX-License-Identifier: GPL-3.0-or-later
 * Files of a control group: "<folder>/<group>/<file>", one short text each. What both versions of
 * the interface have in common.
 */
#ifndef COLDPROF_PROBES_LOCAL_CGROUP_FILE_H
#define COLDPROF_PROBES_LOCAL_CGROUP_FILE_H

#include "model/base/buf.h"
#include "probes/local/cgroup.h"

enum cp_code cp_cgroup_write(const char *folder, const char *name, const char *file,
                             const char *text);
enum cp_code cp_cgroup_write_number(const char *folder, const char *name, const char *file,
                                    int64_t n);
enum cp_code cp_cgroup_read(const char *folder, const char *name, const char *file,
                            struct cp_buf *out);
enum cp_code cp_cgroup_read_number(const char *folder, const char *name, const char *file,
                                   int64_t *n);
/* Value of the line "key value" (memory.events, memory.oom_control). */
enum cp_code cp_cgroup_read_keyed(const char *folder, const char *name, const char *file,
                                  const char *key, int64_t *n);

/* An existing folder is not an error; neither is a missing one when removed. */
enum cp_code cp_cgroup_make(const char *folder, const char *name, struct cp_error *err);
enum cp_code cp_cgroup_remove(const char *folder, const char *name);
/* Moves the calling process in. */
enum cp_code cp_cgroup_join(const char *folder, const char *name, struct cp_error *err);
/* SIGKILL to each process listed in cgroup.procs. */
void cp_cgroup_kill(const char *folder, const char *name);

/* CPU time in each period of CP_CFS_PERIOD_US. */
int64_t cp_cgroup_quota_us(double vcpus);

#endif
