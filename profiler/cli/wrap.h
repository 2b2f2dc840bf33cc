/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef COLDPROF_PROFILER_CLI_WRAP_H
#define COLDPROF_PROFILER_CLI_WRAP_H

#include "model/base/buf.h"

struct cp_wrap {
    int width;     /* columns */
    size_t column; /* where the cursor stands */
    size_t indent; /* of the lines that follow */
};

/* Adds `text`, broken at blanks so that no line is wider (a longer word stays whole), and a line
 * end. A line end within `text` stays. */
void cp_wrap_add(struct cp_buf *out, const char *text, struct cp_wrap at);

#endif
