/* SPDX-License-Identifier: GPL-3.0-or-later
 * A command line split into words without a shell: blanks separate, '...' is literal, "..." keeps
 * blanks, a backslash takes the next character as it is (in "..." only before " and \). Nothing is
 * expanded.
 */
#ifndef COLDPROF_PROBES_AWS_COMMAND_WORDS_H
#define COLDPROF_PROBES_AWS_COMMAND_WORDS_H

#include "model/base/error.h"

enum { CP_COMMAND_WORDS_MAX = 64, CP_COMMAND_TEXT_MAX = 8192 };

struct cp_command_words {
    const char *argv[CP_COMMAND_WORDS_MAX + 1]; /* NULL-terminated, into `text` */
    size_t n;
    char text[CP_COMMAND_TEXT_MAX];
};

/* CP_EFORMAT: a quote is not closed, or there is no word; CP_ELIMIT. Messages never hold a word. */
enum cp_code cp_command_words_split(const char *line, struct cp_command_words *out,
                                    struct cp_error *err);

#endif
