/* SPDX-License-Identifier: GPL-3.0-or-later
 * Transport forms of a Lambda log, told apart by their bytes: one const row each. A decoder takes
 * bytes as they come, in pieces of any size, and gives events to a sink; its memory is bounded.
 *
 * A wrong guess loses nothing silently. The JSON forms share one decoder that knows all of them;
 * lines of text between JSON documents go to the sink as plain lines; bytes that fit nowhere are
 * counted with an example. A file that begins as text stays text: JSON documents further down are
 * then read line by line, as platform events or as output of the application (which is counted).
 */
#ifndef COLDPROF_PROBES_LOG_LOG_FORM_H
#define COLDPROF_PROBES_LOG_LOG_FORM_H

#include <stdbool.h>
#include <stddef.h>

#include "model/base/error.h"
#include "model/base/view.h"
#include "probes/log/log_sink.h"

enum { CP_LOG_HEAD = 64 * 1024 }; /* bytes that detection looks at */

struct cp_log_decoder; /* state of one input */

struct cp_log_form {
    const char *name;    /* "aws logs tail", "filter-log-events", ...: for people and tests */
    const char *summary; /* one line for --help and README */
    bool is_lines;       /* then `lines` says which, and there is no decoder */
    enum cp_log_line_form lines;
    /* How sure: 0 no, larger is surer. `head` is the first CP_LOG_HEAD bytes of the input or all
     * of it, inflated, without a byte order mark. */
    int (*match)(struct cp_view head);
    enum cp_code (*begin)(struct cp_log_sink *sink, struct cp_log_decoder **out,
                          struct cp_error *err);
    enum cp_code (*feed)(struct cp_log_decoder *decoder, struct cp_view bytes,
                         struct cp_error *err);
    /* The input ended; what is unfinished is counted. */
    enum cp_code (*end)(struct cp_log_decoder *decoder, struct cp_error *err);
    void (*free)(struct cp_log_decoder *decoder); /* takes NULL */
};

/* NULL at the end. The first row is plain text, which is the answer when nothing else matches. */
extern const struct cp_log_form *const cp_log_forms[];
const struct cp_log_form *cp_log_form_detect(struct cp_view head);

/* Length of a UTF-8 byte order mark at the start of an input: 3 or 0. */
size_t cp_log_bom_length(struct cp_view head);
/* The input is a digest (model/digest/digest.h), not a log. */
bool cp_log_is_digest(struct cp_view head);

#endif
