/* SPDX-License-Identifier: GPL-3.0-or-later
 * The quote before money is spent, and the question whether to go on: typed `yes`, exactly, or
 * --yes. Never a wait where nobody can answer.
 */
#ifndef COLDPROF_PROFILER_CLI_CONFIRM_H
#define COLDPROF_PROFILER_CLI_CONFIRM_H

#include "model/base/buf.h"
#include "profiler/sweep/sweep.h"

struct cp_confirm {
    bool is_yes;                         /* --yes */
    bool is_quiet;                       /* with is_yes: the quote is not printed either */
    bool can_ask;                        /* standard input and standard error are a terminal */
    int width;                           /* of the terminal */
    int input, output;                   /* descriptors */
    int (*stop_requests)(void *context); /* asked when reading is interrupted */
};

/* The quote in words, several lines. */
void cp_confirm_text(const struct cp_sweep_quote *quote, int width, struct cp_buf *out);

/* The hook of a sweep (cp_sweep_hooks.confirm); `context` is a struct cp_confirm. CP_EINVAL: nobody
 * to ask; CP_EDENIED: another answer than yes, or the end of the input; CP_EINTERRUPTED: a signal.
 */
enum cp_code cp_confirm_sweep(void *context, const struct cp_sweep_quote *quote,
                              struct cp_error *err);

#endif
