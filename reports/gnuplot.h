/* SPDX-License-Identifier: GPL-3.0-or-later
 * The one gnuplot child process: script in through a socket, bytes out through pipes. No shell, an
 * argument list, an environment of our own (HOME and GNUPLOT_* are not in it).
 */
#ifndef COLDPROF_REPORTS_GNUPLOT_H
#define COLDPROF_REPORTS_GNUPLOT_H

#include "model/base/buf.h"

enum { CP_GNUPLOT_TIME_LIMIT_S = 20, CP_GNUPLOT_OUTPUT_MAX = 16 << 20 };

/* Runs `program -d -` (NULL: "gnuplot", looked up on PATH) with `script` on its standard input.
 * `out` gets its standard output, `messages` the start of its standard error; both are also
 * filled on failure. CP_ENOTFOUND: no such program. CP_ETIMEOUT, CP_ELIMIT (too much output),
 * CP_EREMOTE (it failed), CP_EIO. */
enum cp_code cp_gnuplot_run(const char *program, struct cp_view script, struct cp_buf *out,
                            struct cp_buf *messages, struct cp_error *err);

#endif
