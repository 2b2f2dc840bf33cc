/* SPDX-License-Identifier: GPL-3.0-or-later
 * What a message can be, told from a few of its bytes. Most lines of a log are the function's own
 * and must cost next to nothing; who is not sure asks the parser.
 */
#ifndef COLDPROF_PROBES_LOG_LOG_CLASS_H
#define COLDPROF_PROBES_LOG_LOG_CLASS_H

#include <stdbool.h>
#include <stddef.h>

#include "model/base/view.h"

enum cp_log_class {
    CP_CLASS_APP,   /* surely CP_RECORD_APP for cp_record_parse_message */
    CP_CLASS_EMPTY, /* surely CP_RECORD_NONE */
    CP_CLASS_REPORT,
    CP_CLASS_START,
    CP_CLASS_END, /* begins like one */
    CP_CLASS_JSON_REPORT,
    CP_CLASS_JSON_START,
    CP_CLASS_OTHER, /* the parser knows */
};

/* `message` is one line, with its line feed if it has one. */
enum cp_log_class cp_log_class_of(struct cp_view message);

/* --- of which this much belongs into the line loop --- */

/* What a first byte allows. */
enum cp_log_first {
    CP_MAY_BE_WORD = 1,  /* of the rows below */
    CP_MAY_BE_HEAD = 2,  /* of a REPORT that lost its beginning: a piece of its head, or a tab */
    CP_MAY_BE_TIME = 4,  /* or a request id: "<time> <id> Task timed out after 3.00 seconds" */
    CP_MAY_BE_BLANK = 8, /* an empty line */
    CP_MAY_BE_JSON = 16,
};

extern const unsigned char cp_log_firsts[256];

/* "2026-10-08T14:03:11.482Z", a tab, and no duration: a line of Node.js, the most usual of all.
 * With the colons where they are there is no earlier tab with a duration, and what times out has a
 * blank where this has the tab. */
static inline bool cp_log_is_node_line(struct cp_view m)
{
    enum { TAB = sizeof("2026-10-08T14:03:11.482Z") - 1 };
    const char *p = m.p;
    return m.n > TAB + 1 && p[TAB] == '\t' && p[TAB + 1] != 'D' && p[4] == '-' && p[7] == '-' &&
           p[10] == 'T' && p[13] == ':' && p[16] == ':' && p[19] == '.' && p[TAB - 1] == 'Z';
}

/* Surely a line of the function; `m` is not empty. Most of them are told here. */
static inline bool cp_log_is_plainly_app(struct cp_view m)
{
    unsigned first = cp_log_firsts[(unsigned char)m.p[0]];
    return !first || ((first & CP_MAY_BE_TIME) && cp_log_is_node_line(m));
}

#endif
