/* SPDX-License-Identifier: GPL-3.0-or-later
 * Platform records of a Lambda log: REPORT, INIT_REPORT, RESTORE_REPORT and their companions as
 * text, and platform.* events as JSON.
 *
 * The parser takes bytes and returns a struct; it never allocates for text records and never
 * opens anything. Views in the result point into the input, which must outlive them. Absent
 * numbers are NAN, never 0; billed duration is read, never recomputed.
 */
#ifndef COLDPROF_PROBES_RECORD_RECORD_H
#define COLDPROF_PROBES_RECORD_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/base/error.h"
#include "model/base/view.h"
#include "model/sample.h"

enum cp_record_kind {
    CP_RECORD_NONE, /* nothing here (empty line) */
    CP_RECORD_APP,  /* application output: not ours */
    CP_RECORD_REPORT,
    CP_RECORD_INIT_REPORT,
    CP_RECORD_RESTORE_REPORT,
    CP_RECORD_START,
    CP_RECORD_END,
    CP_RECORD_INIT_START,
    CP_RECORD_RESTORE_START,
    CP_RECORD_INIT_RUNTIME_DONE,
    CP_RECORD_RESTORE_RUNTIME_DONE,
    CP_RECORD_RUNTIME_DONE,
    CP_RECORD_EXTENSION,
    CP_RECORD_TELEMETRY,
    CP_RECORD_XRAY,
    CP_RECORD_TIMEOUT_TEXT,    /* "<time> <id> Task timed out after 3.00 seconds" */
    CP_RECORD_EXIT_TEXT,       /* "RequestId: <id> Error: Runtime exited ..." and older forms */
    CP_RECORD_ERROR_TYPE_TEXT, /* "Runtime.ExitError" on a line of its own */
    CP_RECORD_LOGS_DROPPED,
    CP_RECORD_UNKNOWN_PLATFORM, /* a platform.* type that we do not know: counted */
};
const char *cp_record_kind_name(enum cp_record_kind kind);

/* Ordered by severity up to REJECTED. */
enum cp_record_verdict {
    CP_RECORD_ACCEPTED,
    CP_RECORD_WARNED,   /* use it; `reason` says what is odd */
    CP_RECORD_REJECTED, /* a platform record that cannot be used; `reason` says why */
    CP_RECORD_SKIPPED,  /* not a platform record, or a platform event that we do not know */
};

/* What stood around the message: how the log reached us. */
enum cp_record_transport {
    CP_TRANSPORT_PLAIN,    /* the message itself */
    CP_TRANSPORT_DETAILED, /* `aws logs tail`: time, stream */
    CP_TRANSPORT_SHORT,    /* `aws logs tail --format short` and S3 export: time */
    CP_TRANSPORT_SAM,      /* `sam logs`: stream, time */
    CP_TRANSPORT_AWSLOGS,  /* `awslogs`: group, stream, time */
    CP_TRANSPORT_EPOCH,    /* unix ms, tab */
    CP_TRANSPORT_CSV,      /* time, quoted cell */
    CP_TRANSPORT_EVENT,    /* JSON object of filter-log-events or a subscription */
    CP_TRANSPORT_INSIGHTS, /* JSON object with @message */
};

enum {
    CP_RECORD_LINE_MAX = 1024 * 1024,
    CP_RECORD_JSON_DEPTH_MAX = 64,
    CP_RECORD_ERROR_TYPE_MAX = 64
};

/* Why a record was warned about or rejected: one X-macro row each (name, text for people). */
#include "probes/record/record_reason.h"

struct cp_record {
    enum cp_record_kind kind;
    enum cp_record_verdict verdict;
    enum cp_record_reason reason; /* CP_REASON_NONE when accepted */
    struct cp_view field;         /* the field at fault, for the message; may be empty */
    struct cp_view request_id;    /* empty when absent */
    double duration_ms, billed_ms, init_ms, restore_ms, billed_restore_ms;
    double memory_mb, max_memory_mb;
    double timeout_s; /* CP_RECORD_TIMEOUT_TEXT */
    int64_t at_ms;    /* envelope or line time, unix ms; -1 when absent */
    struct cp_view status, error_type, phase, init_type;
    struct cp_view version, runtime_version, runtime_version_arn;
    struct cp_view name, state, events, types, level; /* EXTENSION, TELEMETRY, application JSON */
    struct cp_view exit_reason;                       /* CP_RECORD_EXIT_TEXT */
    struct cp_view xray_trace_id, xray_segment_id;
    int xray_sampled;       /* 1, 0, -1 absent */
    double dropped_records; /* CP_RECORD_LOGS_DROPPED */
    size_t n_unknown_fields;
    struct cp_view unknown_field; /* the first one, as `name: value` (JSON: the key) */
    enum cp_record_transport transport;
    struct cp_view group, stream; /* from the transport; empty when absent */
    /* storage for JSON records, whose strings must be unescaped; views above may point here, so
     * a record is not copied by assignment */
    size_t n_text;
    char text[1024];
};

/* Parses the record that starts `bytes` (one event: a line, a REPORT with its XRAY second line, or
 * one JSON object), in any of the transport forms above. Returns how many bytes belong to it, at
 * least 1 unless bytes.n is 0.
 *
 * A platform record stands at the start of its message: REPORT text inside an application line is
 * CP_RECORD_APP. A function can still print a line that looks like a record or like a transport
 * form; where the transport is known, give the bare message to cp_record_parse_message. */
size_t cp_record_parse(struct cp_view bytes, struct cp_record *out);

/* The same for bytes that are known to be messages without a transport form around them (a log
 * tail, the message of an event): nothing in front of a record is tolerated. */
size_t cp_record_parse_message(struct cp_view bytes, struct cp_record *out);

/* Counts over a stream, with the first example of each rejection. */
struct cp_record_counts {
    size_t accepted, warned, rejected, skipped, duplicates;
    size_t by_reason[CP_REASON_COUNT];
    char first_example[CP_REASON_COUNT][160]; /* control bytes and invalid UTF-8 shown escaped */
};
void cp_record_count(struct cp_record_counts *counts, struct cp_view line,
                     const struct cp_record *record);
/* As much of `v` as fits `to`, whole characters: what a terminal obeys and invalid UTF-8 escaped
 * ("\x1b", "\u{202e}"), always valid UTF-8. Returns `to`. */
const char *cp_record_printable(struct cp_view v, char *to, size_t to_size);

/* Error types of an execution environment that never came up: its code or an extension could not
 * be started. */
bool cp_record_is_init_error(struct cp_view error_type);
/* How the invocation of a REPORT ended, from its status and error type: MEASURED, ERROR, TIMEOUT,
 * OUT_OF_MEMORY or INIT_FAILED. Text records have no status unless they failed. */
enum cp_outcome cp_record_outcome(struct cp_view status, struct cp_view error_type);

/* X-Amz-Log-Result: base64 of the last 4 KB of a log. Decodes, drops the cut first line (which may
 * begin inside a multi-byte character), finds the REPORT of `request_id` (empty: the last REPORT
 * at the start of a line) together with INIT_REPORT, old-style timeout/exit texts around it, and
 * folds them into one answer. The platform writes its REPORT after the function has ended, so the
 * last usable one is its own and earlier ones are forged. */
enum { CP_LOG_TAIL_MAX = 4096 };

struct cp_log_tail {
    struct cp_record report;
    struct cp_record init_report;
    struct cp_record exit_text;
    bool has_report;
    bool has_init_report;     /* failed or repeated init seen in the tail */
    bool is_provisioned;      /* a record of its init says provisioned-concurrency */
    bool has_suppressed_init; /* INIT_REPORT with phase invoke: init ran again inside Duration */
    bool has_timeout_text;
    bool has_exit_text;
    size_t n_forged; /* further REPORT-like lines: the function wrote them */
    struct cp_record_counts counts;
    size_t n_bytes;
    char
        bytes[CP_LOG_TAIL_MAX + 1]; /* decoded tail; the views point here: do not copy the struct */
};
/* CP_EFORMAT when it is not base64 or longer than 4 KB. */
enum cp_code cp_log_tail_read(struct cp_view base64, struct cp_view request_id,
                              struct cp_log_tail *out, struct cp_error *err);

#endif
