/* SPDX-License-Identifier: GPL-3.0-or-later
 * Shared by the files of the record parser; not for other rooms.
 *
 * One table describes the fields of a record in both spellings (text key, JSON key); the parsers
 * fill `struct cp_record` through it and remember in a bit set which fields they saw.
 */
#ifndef COLDPROF_PROBES_RECORD_RECORD_PARSE_H
#define COLDPROF_PROBES_RECORD_RECORD_PARSE_H

#include "probes/record/record.h"

enum cp_field_type {
    CP_FIELD_TEXT,   /* struct cp_view */
    CP_FIELD_LIST,   /* struct cp_view: what stands between [ and ] */
    CP_FIELD_NUMBER, /* double */
    CP_FIELD_WHOLE,  /* double without a fraction */
    CP_FIELD_FLAG,   /* int: 1, 0 */
};

enum cp_field_id {
    CP_FIELD_REQUEST_ID,
    CP_FIELD_DURATION,
    CP_FIELD_BILLED,
    CP_FIELD_MEMORY,
    CP_FIELD_MAX_MEMORY,
    CP_FIELD_INIT,
    CP_FIELD_RESTORE,
    CP_FIELD_BILLED_RESTORE,
    CP_FIELD_STATUS,
    CP_FIELD_ERROR_TYPE,
    CP_FIELD_PHASE,
    CP_FIELD_INIT_TYPE,
    CP_FIELD_VERSION,
    CP_FIELD_RUNTIME_VERSION,
    CP_FIELD_RUNTIME_VERSION_ARN,
    CP_FIELD_NAME,
    CP_FIELD_STATE,
    CP_FIELD_EVENTS,
    CP_FIELD_TYPES,
    CP_FIELD_TRACE_ID,
    CP_FIELD_SEGMENT_ID,
    CP_FIELD_SAMPLED,
    CP_FIELD_DROPPED,
    CP_FIELD_COUNT
};
#define CP_FIELD_BIT(id) (1U << (id))

struct cp_field {
    const char *text; /* key in a text record; "" when there is none */
    const char *json; /* key in a JSON record; "" when there is none */
    enum cp_field_type type;
    const char *unit; /* of numbers in text records */
    size_t offset;    /* in struct cp_record */
};
extern const struct cp_field cp_fields[CP_FIELD_COUNT];

/* Everything absent: numbers NAN, views empty, at_ms -1. */
void cp_record_begin(struct cp_record *out);

/* Keeps the most severe verdict, and of equal ones the first. `field` must outlive the record. */
void cp_record_judge(struct cp_record *out, enum cp_record_verdict verdict,
                     enum cp_record_reason reason, struct cp_view field);
/* The same for one field of the table, named as in text records. */
void cp_record_judge_field(struct cp_record *out, enum cp_record_verdict verdict,
                           enum cp_record_reason reason, enum cp_field_id id);
/* Sets verdict and kind of something that is not a platform record. */
void cp_record_skip(struct cp_record *out, enum cp_record_kind kind);

/* Stores one value, with its range checks. `*seen` gets the field's bit; a field that was seen
 * with another value is a conflict. */
void cp_record_set_number(struct cp_record *out, enum cp_field_id id, double value, uint32_t *seen);
void cp_record_set_view(struct cp_record *out, enum cp_field_id id, struct cp_view value,
                        uint32_t *seen);
void cp_record_set_flag(struct cp_record *out, enum cp_field_id id, struct cp_view value,
                        uint32_t *seen);
void cp_record_add_unknown(struct cp_record *out, struct cp_view field);

/* Copies every view of the record into its own storage, so that the parsed bytes may go. A view
 * that does not fit becomes empty and, where the record depends on it, is judged FIELD_TOO_LONG. */
void cp_record_keep(struct cp_record *out);

/* Bytes that no platform record holds: control bytes, no-break spaces, invalid UTF-8. */
enum cp_record_reason cp_record_byte_fault(struct cp_view v);

/* What the fields say together: required ones, limits, contradictions. */
void cp_record_check(struct cp_record *out, uint32_t seen, uint32_t required);

/* One event as text. `has_end` says that the end of the event is known (a line feed, or the end of
 * an enclosing message), so that a record that stops early is not taken for a short one. Returns
 * the bytes consumed. */
size_t cp_record_parse_text(struct cp_view bytes, bool has_end, struct cp_record *out);

/* One event that begins with { or [. With `may_wrap`, an object that carries a message (one event
 * of filter-log-events, a row of Logs Insights) is opened. Returns the bytes consumed. */
size_t cp_record_parse_json(struct cp_view bytes, bool may_wrap, struct cp_record *out);

/* Text or JSON, by the first byte; no transport. */
size_t cp_record_parse_bare(struct cp_view bytes, bool has_end, bool may_wrap,
                            struct cp_record *out);

/* Bytes up to and including the next line feed. */
size_t cp_record_line_length(struct cp_view bytes);
bool cp_record_is_uuid(struct cp_view v);
/* memmem over views; NULL when absent. */
const char *cp_record_find(struct cp_view in, struct cp_view what);

#endif
