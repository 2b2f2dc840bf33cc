/* SPDX-License-Identifier: GPL-3.0-or-later
 * Shared by log_form_json.c (bytes to values) and log_json_object.c (values to events); not for
 * others.
 */
#ifndef COLDPROF_PROBES_LOG_LOG_JSON_STATE_H
#define COLDPROF_PROBES_LOG_LOG_JSON_STATE_H

#include "probes/log/log_form_json.h"
#include "probes/log/log_form_payload.h"
#include "probes/log/log_json_text.h"

/* What a value is, by its key (log_json_object.c has the table). */
enum cp_json_role {
    CP_ROLE_SKIP,
    CP_ROLE_ID,      /* skipped, but an event has it */
    CP_ROLE_TIME,    /* unix ms, or a date */
    CP_ROLE_MESSAGE, /* of an event */
    CP_ROLE_STREAM,
    CP_ROLE_FIELD, /* name and value of a cell of a row */
    CP_ROLE_VALUE,
    CP_ROLE_ROW, /* "@...": a cell of a row that is an object */
    CP_ROLE_LOG_GROUP,
    CP_ROLE_LOG_STREAM,
    CP_ROLE_MESSAGE_TYPE,
    CP_ROLE_DATA,    /* base64 */
    CP_ROLE_WRAP,    /* object with data in it */
    CP_ROLE_EVENTS,  /* list of events */
    CP_ROLE_ROWS,    /* list of rows */
    CP_ROLE_RECORDS, /* list of objects with data in them */
    CP_ROLE_ELEMENT, /* string in a list */
    CP_ROLE_COUNT
};

enum cp_json_place {
    CP_PLACE_TOP,     /* the input, or a list in it */
    CP_PLACE_EVENTS,  /* a list of events */
    CP_PLACE_RECORDS, /* a list of objects with data in them */
    CP_PLACE_OBJECT,  /* an object in one of the above */
    CP_PLACE_WRAP,    /* an object with data in it, inside an object */
};
struct cp_json_frame {
    enum cp_json_place place;
    bool is_list;
    bool is_document; /* an object that holds events, rows or payloads: no event itself */
    bool has_data;    /* an object in which "data" is a payload */
};

enum cp_json_step {
    CP_STEP_VALUE, /* a value of a list or of the input, or the list's end */
    CP_STEP_KEY,   /* a key, or the object's end */
    CP_STEP_IN_KEY,
    CP_STEP_COLON,
    CP_STEP_MEMBER, /* the value of a key */
    CP_STEP_COMMA,  /* between members, or the object's end */
    CP_STEP_STRING,
    CP_STEP_DATA, /* a string that is a payload */
    CP_STEP_SCALAR,
    CP_STEP_SKIP,   /* an object or a list that nobody reads */
    CP_STEP_LINE,   /* a line of text between values */
    CP_STEP_RESYNC, /* after damage: to the next object or line */
};

struct cp_log_json {
    struct cp_log_sink *sink;
    bool is_payload;
    size_t n_mark;       /* bytes of a byte order mark seen */
    const char *p, *end; /* the piece at hand */
    enum cp_json_step step;
    struct cp_json_frame frames[CP_RECORD_JSON_DEPTH_MAX];
    size_t depth; /* frames[depth] is the innermost; frames[0] is the input */

    enum cp_json_role role; /* of the value being read */
    struct cp_json_text text;
    uint64_t skip_depth;
    struct cp_log_slot key, small, value, line;

    /* the event at hand */
    bool has_id, has_time, has_message, has_field;
    int64_t at_ms;
    struct cp_log_slot message, stream, field;
    struct cp_log_row row;
    /* the document around it */
    struct cp_log_slot log_group, log_stream;
    bool is_control;
    uint64_t n_without_group; /* events so far while log_group is empty */

    /* the bytes of the object frames[raw_depth]; 0: none wanted */
    size_t raw_depth;
    const char *raw_from; /* in the piece at hand */
    struct cp_log_slot raw;

    struct cp_log_payload *payload;
    struct cp_form_counts counts;
};

/* What to do with the value of the key just read. */
enum cp_json_role cp_json_role_of(const struct cp_log_json *json, struct cp_view key);
/* Where the text of a string of that role goes; NULL: nowhere. */
struct cp_log_slot *cp_json_slot_of(struct cp_log_json *json, enum cp_json_role role);
/* A list or an object of that role is opened: false when it is to be skipped. */
bool cp_json_opens(struct cp_log_json *json, enum cp_json_role role, bool is_list,
                   struct cp_json_frame *frame);

/* The group and the stream of what follows are not known. */
void cp_json_forget_document(struct cp_log_json *json);
void cp_log_json_begin(struct cp_log_json *json);
enum cp_code cp_log_json_end_object(struct cp_log_json *json, struct cp_error *err);
enum cp_code cp_json_list_end(struct cp_log_json *json, struct cp_error *err);
/* Gives json->message, at_ms and stream to the sink; `has_next` as in struct cp_log_event. */
enum cp_code cp_json_emit_message(struct cp_log_json *json, bool has_next, struct cp_error *err);

/* At {: as many events as lie whole in the piece and look as usual (log_json_event.c); json->p is
 * behind the last one. */
enum cp_code cp_json_events(struct cp_log_json *json, struct cp_error *err);

/* The payload is complete: the object that had it is no event. */
void cp_json_data_end(struct cp_log_json *json);
/* The string, or number, of json->role is complete. */
enum cp_code cp_json_text_end(struct cp_log_json *json, struct cp_view text, bool is_string,
                              struct cp_error *err);

#endif
