/* SPDX-License-Identifier: GPL-3.0-or-later
 * Runs a program and keeps what it prints. No shell, no inherited environment.
 */
#ifndef COLDPROF_PROBES_OS_CAPTURE_H
#define COLDPROF_PROBES_OS_CAPTURE_H

#include "model/base/buf.h"

struct cp_capture_options {
    const char *const *argv;        /* argv[0] is an absolute path; NULL-terminated */
    const char *const *environment; /* NAME=value, NULL-terminated; NULL: empty */
    int timeout_ms;                 /* then the whole process group is killed; 0: 10,000 */
};

/* Appends standard output to `out` (whose limit applies); standard input is /dev/null, standard
 * error is dropped. CP_ENOTFOUND, CP_EDENIED, CP_EIO: it cannot start; CP_EIO: it does not exit
 * with 0; CP_ETIMEOUT; CP_ELIMIT. */
enum cp_code cp_capture(const struct cp_capture_options *options, struct cp_buf *out,
                        struct cp_error *err);

#endif
