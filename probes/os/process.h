/* SPDX-License-Identifier: GPL-3.0-or-later
 * Runs a program and keeps what it prints in memory, and what this process tells of itself. No
 * shell, unless the program is one.
 */
#ifndef COLDPROF_PROBES_OS_PROCESS_H
#define COLDPROF_PROBES_OS_PROCESS_H

#include <stdbool.h>

#include "model/base/buf.h"

struct cp_process_options {
    const char *const *argv;        /* NULL-terminated; a name without '/' is looked up in PATH */
    const char *const *environment; /* NAME=value, NULL-terminated; NULL: our own */
    const char *const *hidden;      /* names left out of our own; NULL-terminated, or NULL */
    struct cp_view input;           /* on its standard input, borrowed; empty: /dev/null */
    bool is_shown;                  /* what it prints goes to our standard error, nothing is kept */
    int timeout_ms;                 /* > 0; then the whole process group is killed */
    bool (*is_interrupted)(void *context); /* asked several times a second; NULL: never */
    void *interrupt_context;
};

struct cp_process_result {
    int exit_status;     /* -1: did not exit by itself */
    int signal_number;   /* that ended it; 0 none */
    size_t n_error_text; /* bytes on its standard error, which are not kept: they may be secret */
};

/* Appends standard output to `out` (whose limit applies: the process is killed). The program
 * leads a process group of its own, and need not read its input. `out` may be NULL when it is
 * shown. CP_OK also when it exits with another status than 0: see `result`. CP_ENOTFOUND,
 * CP_EDENIED or CP_EIO: it cannot start; CP_ETIMEOUT, CP_ELIMIT, CP_ENOMEM, CP_EINTERRUPTED:
 * killed. Messages name argv[0], no other argument. */
enum cp_code cp_process_run(const struct cp_process_options *options, struct cp_buf *out,
                            struct cp_process_result *result, struct cp_error *err);

/* Keeps this process's memory from others: no core file, no reading by a debugger or /proc. */
void cp_process_keep_secrets(void);

#endif
