/* SPDX-License-Identifier: GPL-3.0-or-later
 * Values to events: what the keys of an object mean.
 */
#include <string.h>

#include "probes/log/log_json_state.h"

/* --- keys --- */

static const struct key {
    const char *name;
    size_t n;
    enum cp_json_role role;
} keys[] = {
#define KEY(name, role)                                                                            \
    {                                                                                              \
        name, sizeof(name) - 1, CP_ROLE_##role                                                     \
    }
    /* first the keys of an event of filter-log-events, in its order */
    KEY("logStreamName", STREAM),
    KEY("timestamp", TIME),
    KEY("message", MESSAGE),
    KEY("ingestionTime", ID),
    KEY("eventId", ID),
    KEY("id", ID),
    KEY("field", FIELD),
    KEY("value", VALUE),
    KEY("events", EVENTS),
    KEY("logEvents", EVENTS),
    KEY("results", ROWS),
    KEY("Records", RECORDS),
    KEY("records", RECORDS),
    KEY("awslogs", WRAP),
    KEY("kinesis", WRAP),
    KEY("data", DATA),
    KEY("logGroup", LOG_GROUP),
    KEY("logStream", LOG_STREAM),
    KEY("messageType", MESSAGE_TYPE),
#undef KEY
};

enum cp_json_role cp_json_role_of(const struct cp_log_json *json, struct cp_view key)
{
    const struct cp_json_frame *frame = &json->frames[json->depth];
    enum cp_json_role role = CP_ROLE_SKIP;
    if (key.n && key.p[0] == '@')
        role = CP_ROLE_ROW;
    for (size_t i = 0; role == CP_ROLE_SKIP && i < sizeof(keys) / sizeof(keys[0]); i++) {
        if (keys[i].n == key.n && memcmp(keys[i].name, key.p, key.n) == 0)
            role = keys[i].role;
    }
    if (frame->place == CP_PLACE_WRAP)
        return role == CP_ROLE_DATA ? role : CP_ROLE_SKIP;
    return role == CP_ROLE_DATA && !frame->has_data ? CP_ROLE_SKIP : role;
}

struct cp_log_slot *cp_json_slot_of(struct cp_log_json *json, enum cp_json_role role)
{
    switch (role) {
    case CP_ROLE_TIME:
    case CP_ROLE_MESSAGE_TYPE:
        return &json->small;
    case CP_ROLE_MESSAGE:
    case CP_ROLE_ELEMENT:
        return &json->message;
    case CP_ROLE_STREAM:
        return &json->stream;
    case CP_ROLE_FIELD:
        return &json->field;
    case CP_ROLE_VALUE:
    case CP_ROLE_ROW:
        return &json->value;
    case CP_ROLE_LOG_GROUP:
        return &json->log_group;
    case CP_ROLE_LOG_STREAM:
        return &json->log_stream;
    default:
        return NULL;
    }
}

/* --- opening --- */

static void becomes_document(struct cp_log_json *json)
{
    json->frames[json->depth].is_document = true;
    if (json->raw_depth == json->depth)
        json->raw_depth = 0;
}

/* The elements of a list, and of the input. */
static bool opens_element(const struct cp_log_json *json, bool is_list, struct cp_json_frame *frame)
{
    enum cp_json_place place = json->frames[json->depth].place;
    frame->place = is_list ? place : CP_PLACE_OBJECT;
    frame->has_data = place == CP_PLACE_RECORDS;
    return true;
}

static bool may_hold_payload(struct cp_log_json *json)
{
    if (json->is_payload)
        cp_form_count(&json->counts, CP_FORM_PAYLOAD, CP_VIEW_LIT("payload inside a payload"));
    return !json->is_payload;
}

bool cp_json_opens(struct cp_log_json *json, enum cp_json_role role, bool is_list,
                   struct cp_json_frame *frame)
{
    static const enum cp_json_place places[CP_ROLE_COUNT] = {
        [CP_ROLE_EVENTS] = CP_PLACE_EVENTS,
        [CP_ROLE_ROWS] = CP_PLACE_TOP,
        [CP_ROLE_RECORDS] = CP_PLACE_RECORDS,
    };
    if (role == CP_ROLE_ELEMENT)
        return opens_element(json, is_list, frame);
    if (role == CP_ROLE_WRAP && !is_list) {
        *frame = (struct cp_json_frame){.place = CP_PLACE_WRAP, .has_data = true};
        becomes_document(json);
        return may_hold_payload(json);
    }
    if (!is_list || (role != CP_ROLE_EVENTS && role != CP_ROLE_ROWS && role != CP_ROLE_RECORDS))
        return false;
    frame->place = places[role];
    becomes_document(json);
    if (role == CP_ROLE_RECORDS)
        return may_hold_payload(json);
    return role != CP_ROLE_EVENTS || !json->is_control;
}

void cp_log_json_begin(struct cp_log_json *json)
{
    json->has_id = json->has_time = json->has_message = json->has_field = false;
    json->at_ms = -1;
    if (json->depth == 1)
        json->n_without_group = 0;
    cp_log_slot_reset(&json->stream);
    cp_log_slot_reset(&json->field);
    cp_log_slot_reset(&json->value);
}

/* --- texts --- */

static int64_t plain_number(struct cp_view text)
{
    int64_t x = 0;
    if (text.n == 0 || text.n > 15)
        return -1;
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] < '0' || text.p[i] > '9')
            return -1;
        x = x * 10 + (text.p[i] - '0');
    }
    return x;
}

static void set_time(struct cp_log_json *json, struct cp_view text, bool is_string)
{
    int64_t at_ms = plain_number(text);
    json->at_ms = at_ms >= 0 ? at_ms : cp_log_time_of(text);
    json->has_time = json->at_ms >= 0 && !is_string;
}

enum cp_code cp_json_emit_message(struct cp_log_json *json, bool has_next, struct cp_error *err)
{
    if (json->message.is_long) {
        cp_form_count(&json->counts, CP_FORM_TOO_LONG, cp_log_slot_view(&json->message));
        return CP_OK;
    }
    struct cp_log_event event = {
        .group = cp_log_slot_view(&json->log_group),
        .stream = cp_log_slot_view(json->stream.n ? &json->stream : &json->log_stream),
        .at_ms = json->at_ms,
        .message = cp_log_slot_view(&json->message),
        .has_next = has_next,
    };
    if (event.group.n == 0)
        json->n_without_group++;
    return cp_log_sink_event(json->sink, &event, err);
}

static void set_cell(struct cp_log_json *json)
{
    cp_log_row_set(&json->row, cp_log_row_field(cp_log_slot_view(&json->field)), &json->value);
}

enum cp_code cp_json_text_end(struct cp_log_json *json, struct cp_view text, bool is_string,
                              struct cp_error *err)
{
    switch (json->role) {
    case CP_ROLE_TIME:
        set_time(json, text, is_string);
        break;
    case CP_ROLE_ID:
    case CP_ROLE_STREAM:
        json->has_id = true;
        break;
    case CP_ROLE_MESSAGE:
        json->has_message = is_string;
        break;
    case CP_ROLE_FIELD:
        json->has_field = is_string;
        break;
    case CP_ROLE_ROW:
        if (!is_string) {
            cp_log_slot_reset(&json->value);
            cp_log_slot_add(&json->value, text);
        }
        set_cell(json);
        break;
    case CP_ROLE_MESSAGE_TYPE:
        json->is_control = cp_view_is(text, "CONTROL_MESSAGE");
        break;
    case CP_ROLE_ELEMENT:
        if (is_string) {
            json->at_ms = -1;
            cp_log_slot_reset(&json->stream);
            return cp_json_emit_message(json, false, err);
        }
        break;
    default:
        break;
    }
    return CP_OK;
}

/* --- the end of an object --- */

void cp_json_forget_document(struct cp_log_json *json)
{
    json->is_control = false;
    json->n_without_group = 0;
    cp_log_slot_reset(&json->log_group);
    cp_log_slot_reset(&json->log_stream);
}

static void end_document(struct cp_log_json *json)
{
    if (json->is_control)
        cp_form_count(&json->counts, CP_FORM_CONTROL, cp_log_slot_view(&json->log_group));
    /* keys in an order that AWS does not write: their function is not known */
    else if (json->log_group.n && json->n_without_group)
        cp_form_count_n(&json->counts, CP_FORM_NO_GROUP, json->n_without_group,
                        cp_log_slot_view(&json->log_group));
    cp_json_forget_document(json);
}

void cp_json_data_end(struct cp_log_json *json)
{
    if (json->frames[json->depth].place == CP_PLACE_OBJECT)
        becomes_document(json);
}

/* An event says so by standing in a list of events, or by what else it has: an application that
 * prints JSON has a message too, and mostly a time in text. */
static bool is_event(const struct cp_log_json *json)
{
    bool is_in_events = json->frames[json->depth - 1].place == CP_PLACE_EVENTS;
    return json->has_message && (is_in_events || (json->has_time && json->has_id));
}

/* The object is a message of its own: a platform event, or output of the application. */
static enum cp_code emit_object(struct cp_log_json *json, struct cp_error *err)
{
    if (json->raw_depth != json->depth)
        return CP_OK;
    struct cp_view raw = cp_log_slot_view(&json->raw);
    if (raw.n == 0)
        raw = (struct cp_view){json->raw_from, (size_t)(json->p - json->raw_from)};
    if (json->raw.is_long || raw.n > CP_RECORD_LINE_MAX) {
        cp_form_count(&json->counts, CP_FORM_TOO_LONG, raw);
        return CP_OK;
    }
    struct cp_log_event event = {.at_ms = -1, .message = raw};
    return cp_log_sink_event(json->sink, &event, err);
}

enum cp_code cp_log_json_end_object(struct cp_log_json *json, struct cp_error *err)
{
    enum cp_code code = CP_OK;
    if (json->frames[json->depth].is_document) {
        end_document(json);
        return CP_OK;
    }
    if (json->has_field)
        set_cell(json);
    if (is_event(json))
        code = cp_json_emit_message(json, false, err);
    else if (json->row.is_any && (!json->has_field || json->depth == 1))
        code = cp_log_row_emit(&json->row, json->sink, &json->counts, err);
    else if (!json->has_field)
        code = emit_object(json, err);
    if (json->depth == 1)
        cp_json_forget_document(json);
    return code;
}

enum cp_code cp_json_list_end(struct cp_log_json *json, struct cp_error *err)
{
    return cp_log_row_emit(&json->row, json->sink, &json->counts, err);
}
