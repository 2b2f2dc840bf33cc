/* SPDX-License-Identifier: GPL-3.0-or-later
 * What a message can be, told from a few of its bytes. Most lines of a log are the function's own
 * and must cost next to nothing; who is not sure asks the parser.
 */
#ifndef COLDPROF_PROBES_LOG_LOG_CLASS_H
#define COLDPROF_PROBES_LOG_LOG_CLASS_H

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

#endif
