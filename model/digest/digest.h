/* SPDX-License-Identifier: GPL-3.0-or-later
 * Digest: what a log says about its functions, in a size that does not grow with the log.
 *
 *   digest - scope (function, version, architecture)
 *              - cell (memory size, start kind, outcome): one histogram per metric
 *              - minutes: arrivals, cold arrivals, busy time, requests in flight at marks
 *              - streams (= execution environments): a uniform sample, when each was in use
 *              - requests: a uniform sample of request ids with all their attempts
 *              - eras of billing: cold starts whose init was billed
 *              - tallies: error types, runtime versions
 *          - raw: every record, as long as there are at most CP_DIGEST_RAW_MAX in the digest
 *          - tallies of the input: lines, bytes, records by verdict and reason, an example each
 *
 * Merging is exact, associative and order-free: every member is a sum of integers, a least or
 * largest value, a union of intervals, or "the k smallest hashes". So a log may be digested in
 * shards, anywhere, and the merged digest has the same bytes as one pass over all of it.
 *
 * Ownership: cp_digest_new / cp_digest_free own everything; scopes and cells are borrowed from
 * their digest and stay where they are until it is freed. Names are data from strangers.
 * Units: us (microseconds; records have at most three decimals of a ms), MB, unix ms. Absent: -1.
 */
#ifndef COLDPROF_MODEL_DIGEST_H
#define COLDPROF_MODEL_DIGEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/base/buf.h"
#include "model/base/error.h"
#include "model/base/view.h"
#include "model/digest/histogram.h"
#include "model/digest/tally.h"
#include "model/sample.h"

enum {
    CP_DIGEST_RAW_MAX = 65536,     /* records kept whole; with more than these, none */
    CP_DIGEST_REQUESTS_MAX = 1024, /* distinct request ids sampled per scope */
    CP_DIGEST_ATTEMPTS_MAX = 64,   /* distinct records kept of each (those of smallest hashes) */
    CP_DIGEST_STREAMS_MAX = 256,   /* log streams kept per scope (those of smallest hashes) */
    CP_DIGEST_SPANS_MAX = 256,     /* times of use told apart in one stream, about */
    CP_DIGEST_MARKS = 4,           /* instants a minute at which requests in flight are counted */
    CP_DIGEST_IDLE_MIN_MS = 60000, /* shorter pauses of a stream are not told apart */
    CP_DIGEST_NAME_MAX = 256,
    CP_DIGEST_TALLY_MAX = 64,  /* distinct texts kept in a tally of a scope */
    CP_DIGEST_COUNTS_MAX = 256 /* and in that of the input */
};
/* No Lambda log is older (announced 2014-11-13), nor from the next century. */
#define CP_DIGEST_TIME_MIN_MS INT64_C(1415836800000)
#define CP_DIGEST_TIME_MAX_MS INT64_C(4102444800000)
/* What a record may say at most; the same limits as record.h. */
#define CP_DIGEST_US_MAX        INT64_C(1000000000000)
#define CP_DIGEST_MEMORY_MAX_MB 1048576
/* What one digest may hold in memory: tens of thousands of functions, or years of one. */
#define CP_DIGEST_BYTES_MAX (UINT64_C(1) << 30)

enum cp_digest_metric {
    CP_METRIC_DURATION,   /* us */
    CP_METRIC_BILLED,     /* us */
    CP_METRIC_INIT,       /* us; restored environments: the restore */
    CP_METRIC_COLD_TOTAL, /* us: init or restore + duration of the same record */
    CP_METRIC_MAX_MEMORY, /* MB */
    CP_METRIC_COUNT
};
const char *cp_digest_metric_name(enum cp_digest_metric metric);

enum cp_billing_era {
    CP_ERA_UNKNOWN,   /* the record has no time */
    CP_ERA_100_MS,    /* to 2020-11-30 */
    CP_ERA_INIT_FREE, /* to 2025-07-31: init of ZIP packages on managed runtimes is free */
    CP_ERA_INIT_PAID, /* from 2025-08-01 */
    CP_ERA_COUNT
};

/* One REPORT. */
struct cp_digest_record {
    int64_t end_at_ms; /* time of its event, which is the end of the invocation; -1 unknown */
    int64_t duration_us, billed_us, init_us, restore_us, billed_restore_us;
    int memory_size_mb, max_memory_used_mb;
    enum cp_start_kind start;
    enum cp_outcome outcome;   /* MEASURED, ERROR, TIMEOUT, OUT_OF_MEMORY, INIT_FAILED */
    uint8_t request_id[16];    /* the UUID's bytes */
    struct cp_view stream;     /* log stream's name; empty unknown */
    struct cp_view error_type; /* empty none */
};

/* What else a log says about a request: kept with the raw records only, joined by request id. */
enum cp_digest_note_kind {
    CP_NOTE_START,   /* START: version, time of arrival */
    CP_NOTE_TIMEOUT, /* old "Task timed out" text: value_us is the timeout */
    CP_NOTE_EXIT,    /* old "Runtime exited" text */
};
struct cp_digest_note {
    enum cp_digest_note_kind kind;
    int64_t at_ms; /* -1 unknown */
    int64_t value_us;
    uint8_t request_id[16];
    struct cp_view text; /* version, or reason */
};

struct cp_digest;
struct cp_digest_scope;

struct cp_digest_name {
    struct cp_view function;     /* empty: the log does not say */
    struct cp_view version;      /* "$LATEST", "7"; empty: the log does not say */
    struct cp_view architecture; /* x86_64, arm64; empty: a log never says, its reader may */
};

struct cp_digest *cp_digest_new(void); /* NULL: out of memory */
void cp_digest_free(struct cp_digest *digest);

/* Digests that will be merged, each filled by a thread of its own, may count their records
 * together: all drop their raw records once they have more than CP_DIGEST_RAW_MAX between them, as
 * the merged digest would, and so need the memory for them once. *n_records begins at 0 and is
 * borrowed until NULL is given, or the digest is freed. */
void cp_digest_count_with(struct cp_digest *digest, uint64_t *n_records);

/* The scope of that name, made when new. CP_ELIMIT: a name longer than CP_DIGEST_NAME_MAX. */
enum cp_code cp_digest_scope(struct cp_digest *digest, const struct cp_digest_name *name,
                             struct cp_digest_scope **out, struct cp_error *err);
/* CP_EINVAL: a value that no record can have (negative, above CP_DIGEST_US_MAX or
 * CP_DIGEST_MEMORY_MAX_MB, no duration); nothing was added. CP_ENOMEM, CP_ELIMIT: the digest holds
 * CP_DIGEST_BYTES_MAX (says how to split the input); it is then good for reading a part of the log
 * only, not for merging. A record whose time is not one (outside CP_DIGEST_TIME_MIN_MS ..
 * CP_DIGEST_TIME_MAX_MS) is taken as one without time, and counted as "time out of range". A
 * request id of zeros is none. */
enum cp_code cp_digest_add(struct cp_digest *digest, struct cp_digest_scope *scope,
                           const struct cp_digest_record *record, struct cp_error *err);
/* Counts it, and keeps it while raw records are kept. */
enum cp_code cp_digest_note(struct cp_digest *digest, struct cp_digest_scope *scope,
                            const struct cp_digest_note *note, struct cp_error *err);
/* Tallies of a scope: `what` is "error type", "runtime" (version), "runtime arn", "end" (END
 * lines), "init report", ... */
enum cp_code cp_digest_tally(struct cp_digest_scope *scope, const char *what, struct cp_view text,
                             uint64_t count, struct cp_error *err);
/* Tallies of the input: "bytes", "lines", "events", "accepted", "warned NEGATIVE", "rejected CUT",
 * "skipped app", ... with an example of the bytes at fault (empty none; made printable before). */
enum cp_code cp_digest_count(struct cp_digest *digest, const char *what, uint64_t count,
                             struct cp_view example, struct cp_error *err);

/* Takes `from` in; `from` stays as it is. After a failure `into` is good for cp_digest_free only.
 */
enum cp_code cp_digest_merge(struct cp_digest *into, const struct cp_digest *from,
                             struct cp_error *err);

/* --- as a file (digest_text.c): lines of ASCII, from "coldprof digest 1" to "end <crc-32>". Equal
 * digests have equal bytes. Files may be concatenated. --- */
#define CP_DIGEST_HEAD "coldprof digest 1\n"
enum cp_code cp_digest_write(const struct cp_digest *digest, struct cp_buf *out,
                             struct cp_error *err);
/* Merges every digest in `bytes`. CP_EFORMAT names the line; CP_EUNSUPPORTED a newer format. */
enum cp_code cp_digest_read(struct cp_digest *digest, struct cp_view bytes, struct cp_error *err);

/* --- what is in it --- */

struct cp_digest_cell {
    int memory_size_mb; /* -1 unknown */
    enum cp_start_kind start;
    enum cp_outcome outcome;
    uint64_t n;
    struct cp_histogram metrics[CP_METRIC_COUNT];
};

/* UTC minute; an invocation belongs to the minute in which it arrived (end - duration - init or
 * restore), its busy time to the minutes in which it passed. */
struct cp_digest_minute {
    int64_t minute; /* unix ms / 60,000 */
    uint32_t arrivals, cold_arrivals;
    uint32_t in_flight[CP_DIGEST_MARKS]; /* requests running at :00, :15, :30, :45 */
    uint64_t busy_ms;                    /* sum over requests; / 60,000 = mean concurrency */
};

/* When an execution environment was in use: the union of [start, end + pause_ms). */
struct cp_digest_span {
    int64_t start_ms, end_ms; /* end of the last request in it */
};
struct cp_digest_stream {
    uint64_t hash; /* of the stream's name */
    uint64_t n;    /* invocations with a time */
    uint64_t n_cold;
    /* Shorter pauses are not told apart: CP_DIGEST_IDLE_MIN_MS, doubled for long-lived ones until
     * CP_DIGEST_SPANS_MAX times of it cover the time from the first start to the last end. */
    int64_t pause_ms;
    const struct cp_digest_span *spans; /* ascending, n_spans >= 1; borrowed until it changes */
    size_t n_spans;
};

/* One distinct record of a sampled request id: with count > 1 the input holds it twice; further
 * rows of the same id are further attempts. */
struct cp_digest_attempt {
    uint64_t id_hash, record_hash;
    int64_t end_at_ms;
    uint32_t count;
    bool is_failed;
};

struct cp_digest_era {
    uint64_t n_cold, n_init_billed; /* records with init and billed duration; of these, init paid */
};

struct cp_digest_raw {
    struct cp_digest_record record; /* stream and error_type are views into the digest */
    const struct cp_digest_scope *scope;
};
struct cp_digest_raw_note {
    struct cp_digest_note note; /* text is a view into the digest */
    const struct cp_digest_scope *scope;
};

/* Scopes sorted by function, version, architecture. */
size_t cp_digest_n_scopes(const struct cp_digest *digest);
const struct cp_digest_scope *cp_digest_scope_at(const struct cp_digest *digest, size_t i);
struct cp_digest_name cp_digest_scope_name(const struct cp_digest_scope *scope);
uint64_t cp_digest_scope_n(const struct cp_digest_scope *scope); /* records */
uint64_t cp_digest_n(const struct cp_digest *digest);            /* records of all scopes */
/* First and last end of a record, unix ms; false when no record has a time. */
bool cp_digest_scope_span(const struct cp_digest_scope *scope, int64_t *first_ms, int64_t *last_ms);

/* Sorted by memory size, start, outcome. */
size_t cp_digest_n_cells(const struct cp_digest_scope *scope);
const struct cp_digest_cell *cp_digest_cell_at(const struct cp_digest_scope *scope, size_t i);
/* Ascending; false at the end. *at starts at 0. Minutes without anything are left out. */
bool cp_digest_next_minute(const struct cp_digest_scope *scope, size_t *at,
                           struct cp_digest_minute *out);
/* Of the streams that are kept, by hash. Invocations without a stream or a time are in none. */
size_t cp_digest_n_streams(const struct cp_digest_scope *scope);
/* How many streams there are: exact while *is_all, else estimated from the sample (standard error
 * 6 %: Bar-Yossef et al. 2002, the k-th smallest of uniform hashes). */
double cp_digest_streams_estimate(const struct cp_digest_scope *scope, bool *is_all);
bool cp_digest_stream_at(const struct cp_digest_scope *scope, size_t i,
                         struct cp_digest_stream *out);
/* Sorted by id_hash, record_hash. *is_all: every request of the scope is here. */
const struct cp_digest_attempt *cp_digest_attempts(const struct cp_digest_scope *scope, size_t *n,
                                                   bool *is_all);
const struct cp_digest_era *cp_digest_eras(const struct cp_digest_scope *scope); /* CP_ERA_COUNT */
const struct cp_tally *cp_digest_scope_tally(const struct cp_digest_scope *scope, const char *what);
const struct cp_tally *cp_digest_counts(const struct cp_digest *digest);
uint64_t cp_digest_note_count(const struct cp_digest_scope *scope, enum cp_digest_note_kind kind);

/* Raw records, sorted by (scope, end time, request id, values); NULL when there were more than
 * CP_DIGEST_RAW_MAX, or some came from a digest without them. */
const struct cp_digest_raw *cp_digest_raw(const struct cp_digest *digest, size_t *n);
const struct cp_digest_raw_note *cp_digest_raw_notes(const struct cp_digest *digest, size_t *n);

/* --- for rows of a log query, which bring counts instead of records --- */
/* The cell of those facts, made when new; to add bins to its histograms and to n. */
enum cp_code cp_digest_cell_for(struct cp_digest *digest, struct cp_digest_scope *scope,
                                int memory_size_mb, enum cp_start_kind start,
                                enum cp_outcome outcome, struct cp_digest_cell **out,
                                struct cp_error *err);
/* Adds the members of a minute; a digest that got any keeps no raw records. */
enum cp_code cp_digest_add_minute(struct cp_digest *digest, struct cp_digest_scope *scope,
                                  const struct cp_digest_minute *minute, struct cp_error *err);

#endif
