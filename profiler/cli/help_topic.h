/* SPDX-License-Identifier: GPL-3.0-or-later
 * Pages of help that belong to no single command, as data: 'coldprof help TOPIC'. Each example is a
 * file (or none) and the command that uses it.
 */
#ifndef COLDPROF_PROFILER_CLI_HELP_TOPIC_H
#define COLDPROF_PROFILER_CLI_HELP_TOPIC_H

#include <stddef.h>

#include "model/base/buf.h"

struct cp_help_example {
    const char *title;   /* a paragraph: what it is */
    const char *file;    /* its name in the command; NULL: no file */
    const char *content; /* of the file */
    const char *command; /* a line, "coldprof ..." */
};

struct cp_help_topic {
    const char *name;
    const char *summary; /* one line */
    const char *intro;   /* paragraphs; may be NULL */
    const struct cp_help_example *examples;
    size_t n_examples;
    const char *outro; /* paragraphs; may be NULL */
};

/* Ended by a row without name. */
const struct cp_help_topic *cp_help_topics(void);
/* NULL: there is none of that name. */
const struct cp_help_topic *cp_help_topic_find(struct cp_view name);
void cp_help_topic_add(const struct cp_help_topic *topic, struct cp_buf *out);

#endif
