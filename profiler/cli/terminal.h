/* SPDX-License-Identifier: GPL-3.0-or-later
 * What the terminal can do: colour and size, by the usual variables.
 */
#ifndef COLDPROF_PROFILER_CLI_TERMINAL_H
#define COLDPROF_PROFILER_CLI_TERMINAL_H

#include <stdbool.h>

#include "probes/aws/credentials.h" /* cp_getenv_fn */
#include "profiler/cli/options.h"

struct cp_terminal {
    bool is_tty;
    bool use_color;  /* --color, else NO_COLOR off, else CLICOLOR_FORCE on, else tty and TERM */
    bool can_redraw; /* a terminal that understands cursor movements: not TERM=dumb */
    int width;       /* COLUMNS, then the terminal, then 80 */
    int height;      /* of the terminal, else 24 */
};

struct cp_terminal cp_terminal_of(int fd, enum cp_color color, cp_getenv_fn get, void *context);

#endif
