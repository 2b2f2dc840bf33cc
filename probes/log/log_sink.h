/* SPDX-License-Identifier: GPL-3.0-or-later
 * Log events into a digest: the one place where a message becomes a record, a note or a count.
 *
 * Two ways in. Forms that are documents (JSON, CSV, gzip of base64 ...) are taken apart by their
 * decoder (log_form.h) and give one event at a time. Forms with one event a line go through
 * cp_log_sink_lines, which is the hot path: it looks at the first bytes of each line and parses
 * REPORT lines of the usual shape by itself, everything else through record.h, with equal results.
 *
 * A platform record stands at the start of its message. A REPORT that arrives while its request is
 * still open (START seen, END not; log_requests.h has the rule for logs without END), or of a
 * request that nobody started while another is open, was printed by the function: counted as
 * "forged", never used.
 *
 * The platform tells no function in a REPORT: the name comes from the event's group
 * (/aws/lambda/NAME, /aws/lambda/us-east-1.NAME of Lambda@Edge), from a stream name with the
 * function in it, or from options.function. The version comes from the stream name.
 *
 * Ownership: cp_log_sink_new / cp_log_sink_free; the digest is borrowed. One thread each; digests
 * of several sinks are merged.
 */
#ifndef COLDPROF_PROBES_LOG_LOG_SINK_H
#define COLDPROF_PROBES_LOG_LOG_SINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/base/error.h"
#include "model/base/view.h"
#include "model/digest/digest.h"
#include "probes/record/record.h"

/* Views are borrowed for the call. */
struct cp_log_event {
    struct cp_view group, stream; /* empty: the form does not say */
    int64_t at_ms;                /* unix ms; -1: the form does not say */
    struct cp_view message;       /* the bare message, without a transport form around it */
    bool has_next;                /* the caller has more: counts may wait for the last one */
};

struct cp_log_sink_options {
    struct cp_digest *digest;
    const char *function;     /* name where the log does not say; NULL "" */
    const char *architecture; /* NULL "" */
    const char *group;        /* log group where the form does not say (--log-group); NULL "" */
    const char *stream;       /* the same of a stream (S3 export folder); NULL "" */
    const char *source;       /* what to call the input in examples: a path; NULL "" */
};

struct cp_log_sink;

enum cp_code cp_log_sink_new(const struct cp_log_sink_options *options, struct cp_log_sink **out,
                             struct cp_error *err);
void cp_log_sink_free(struct cp_log_sink *sink);

/* From now on the lines are of another input: source, group and stream (NULL as above). Forgets
 * open requests. */
void cp_log_sink_source(struct cp_log_sink *sink, const char *source, const char *group,
                        const char *stream);

/* After cp_log_sink_source, where the head of the input shows a text log without END lines: an open
 * request may report. */
void cp_log_sink_lacks_ends(struct cp_log_sink *sink);
/* `head`: as long for every reader of the input, so that all decide alike. */
bool cp_log_head_lacks_ends(struct cp_view head);

/* CP_ENOMEM, CP_ELIMIT of the digest. Bad records are counted, not errors. */
enum cp_code cp_log_sink_event(struct cp_log_sink *sink, const struct cp_log_event *event,
                               struct cp_error *err);

/* Transport forms with one event a line, and lines of JSON. */
enum cp_log_line_form {
    CP_LINES_PLAIN,    /* the message itself, text or JSON */
    CP_LINES_DETAILED, /* time stream message */
    CP_LINES_SHORT,    /* time message; S3 export: a line without a time continues the event */
    CP_LINES_SAM,      /* stream time message */
    CP_LINES_AWSLOGS,  /* group stream time message */
    CP_LINES_EPOCH,    /* unix-ms TAB message */
    CP_LINES_FORM_COUNT
};
/* `bytes` are whole lines, but for the last line of an input, which may lack its line feed; a line
 * longer than CP_RECORD_LINE_MAX comes in pieces with `is_cut`: counted, not parsed. */
enum cp_code cp_log_sink_lines(struct cp_log_sink *sink, enum cp_log_line_form form,
                               struct cp_view bytes, bool is_cut, struct cp_error *err);
/* Looks at lines that another sink counts (the end of the segment before), to know which requests
 * are open: no counts, no records. */
void cp_log_sink_warm_up(struct cp_log_sink *sink, enum cp_log_line_form form,
                         struct cp_view bytes);

/* Counts something of the input that is no event: "damaged gzip", "empty file" ... */
enum cp_code cp_log_sink_count(struct cp_log_sink *sink, const char *what, uint64_t count,
                               struct cp_view example, struct cp_error *err);

#endif
