/* SPDX-License-Identifier: GPL-3.0-or-later
 * What a sink is made of: private to probes/log/log_sink*.c and log_lines.c.
 */
#ifndef COLDPROF_PROBES_LOG_LOG_SINK_PARTS_H
#define COLDPROF_PROBES_LOG_LOG_SINK_PARTS_H

#include "probes/log/log_clock.h"
#include "probes/log/log_report.h"
#include "probes/log/log_requests.h"
#include "probes/log/log_sink.h"

enum { CP_LOG_SCOPE_SLOTS = 64, CP_LOG_STREAM_SLOTS = 1024, CP_LOG_EXAMPLE_MAX = 240 };

enum cp_log_text {
    CP_LOG_TEXT_FUNCTION,
    CP_LOG_TEXT_ARCHITECTURE,
    CP_LOG_TEXT_GROUP,
    CP_LOG_TEXT_STREAM,
    CP_LOG_TEXT_SOURCE,
    CP_LOG_TEXT_COUNT
};

/* Counted with every line, given to the digest once a call. */
enum cp_log_counter {
    CP_COUNTER_BYTES,
    CP_COUNTER_LINES,
    CP_COUNTER_EVENTS,
    CP_COUNTER_ACCEPTED,
    CP_COUNTER_APP,
    CP_COUNTER_EMPTY,
    CP_COUNTER_XRAY,
    CP_COUNTER_CONTINUED,
    CP_COUNTER_COUNT
};

/* A scope used lately, found by the names that an event brings. */
struct cp_log_scope_slot {
    struct cp_digest_scope *scope; /* NULL: free */
    struct cp_digest_name name;    /* as the digest holds it */
    uint64_t n_end;                /* ends not given to the digest yet */
};

/* The scope of a stream seen lately, in the group of the whole input. */
struct cp_log_stream_slot {
    uint64_t hash;
    struct cp_log_scope_slot *slot;
    const struct cp_digest_scope *scope; /* another one is in the slot: look again */
};

/* Where and when an event was written. */
struct cp_log_where {
    struct cp_view group, stream;
    uint64_t stream_hash; /* 0 without a stream */
    int64_t at_ms;        /* -1 unknown */
    bool is_home;         /* group and stream are those that hold for the whole input */
    bool is_home_group;   /* the group is */
};

struct cp_log_sink {
    struct cp_digest *digest;
    char *texts[CP_LOG_TEXT_COUNT]; /* of the options; "" none */
    struct cp_log_requests *requests;
    struct cp_log_clock clock;
    struct cp_log_where home;           /* of an event that says nothing */
    struct cp_log_scope_slot home_slot; /* its scope */
    struct cp_log_scope_slot slots[CP_LOG_SCOPE_SLOTS];
    struct cp_log_stream_slot streams[CP_LOG_STREAM_SLOTS];
    uint64_t counters[CP_COUNTER_COUNT];
    bool is_at_start; /* of an input: a byte order mark may come */
    bool is_in_cut;   /* inside a line that comes in pieces */
};

/* With what holds for the whole input where an event does not say it. */
struct cp_log_where cp_log_sink_where(const struct cp_log_sink *sink, struct cp_view group,
                                      struct cp_view stream, int64_t at_ms);

/* The scope of an event, made when new. The slot is good until the next call. */
enum cp_code cp_log_sink_scope(struct cp_log_sink *sink, const struct cp_log_where *where,
                               struct cp_log_scope_slot **out, struct cp_error *err);
/* Counters and ends into the digest. */
enum cp_code cp_log_sink_flush(struct cp_log_sink *sink, struct cp_error *err);

/* One message through the parser. */
enum cp_code cp_log_sink_message(struct cp_log_sink *sink, const struct cp_log_where *where,
                                 struct cp_view message, struct cp_error *err);
/* One REPORT that was accepted or has a warning: judged, then recorded. `record->stream` is set
 * here. `line` is for the example of a forged one. */
enum cp_code cp_log_sink_report(struct cp_log_sink *sink, const struct cp_log_where *where,
                                struct cp_digest_record *record, bool is_json, struct cp_view line,
                                bool *is_used, struct cp_error *err);
/* START and END; a version of a START may be empty. */
enum cp_code cp_log_sink_start(struct cp_log_sink *sink, const struct cp_log_where *where,
                               const uint8_t id[16], struct cp_view version, bool is_json,
                               struct cp_error *err);
enum cp_code cp_log_sink_end(struct cp_log_sink *sink, const struct cp_log_where *where,
                             const uint8_t id[16], bool is_json, struct cp_error *err);
/* What a record says about open requests, and nothing else. */
struct cp_log_sighting {
    enum cp_record_kind kind;
    uint8_t id[16];
    bool is_json;
};
void cp_log_sink_follow(struct cp_log_sink *sink, const struct cp_log_where *where,
                        const struct cp_log_sighting *sighting);
/* A line with its example, counted at once. `field` may be empty. */
enum cp_code cp_log_sink_fault(struct cp_log_sink *sink, const char *what, struct cp_view field,
                               struct cp_view line, struct cp_error *err);

#endif
