/* SPDX-License-Identifier: GPL-3.0-or-later
 * Bytes to values: a push parser whose every step can stop at the end of a piece.
 */
#include "probes/log/log_form_json.h"

#include <stdlib.h>
#include <string.h>

#include "probes/log/log_form_split.h"
#include "probes/log/log_json_state.h"

enum {
    SMALL_MAX = 512,
    EVENT_LEAST = 64, /* the short way is not tried on less */
};

static bool is_blank(char c)
{
    return c == ' ' || c == '\n' || c == '\t' || c == '\r';
}

/* False at the end of the piece. */
static bool skip_blanks(struct cp_log_json *json)
{
    while (json->p < json->end && is_blank(*json->p))
        json->p++;
    return json->p < json->end;
}

static struct cp_json_frame *top(struct cp_log_json *json)
{
    return &json->frames[json->depth];
}

static void after_value(struct cp_log_json *json)
{
    json->step = top(json)->is_list ? CP_STEP_VALUE : CP_STEP_COMMA;
}

/* --- the bytes of an object, for those that are messages themselves --- */

static void raw_begin(struct cp_log_json *json)
{
    if (json->raw_depth)
        return;
    json->raw_depth = json->depth;
    json->raw_from = json->p;
    cp_log_slot_reset(&json->raw);
}

/* The piece ends inside of the object. */
static void raw_keep(struct cp_log_json *json)
{
    if (json->raw_depth)
        cp_log_slot_add(&json->raw,
                        (struct cp_view){json->raw_from, (size_t)(json->end - json->raw_from)});
}

/* --- damage --- */

/* What is open is given up; the next object is read as one of its own, of a document not known. */
static void damaged(struct cp_log_json *json, enum cp_form_count what)
{
    size_t n = (size_t)(json->end - json->p);
    cp_form_count(&json->counts, what, (struct cp_view){json->p, n});
    json->depth = 0;
    json->raw_depth = 0;
    json->skip_depth = 0;
    cp_json_forget_document(json);
    json->step = CP_STEP_RESYNC;
}

static enum cp_code step_resync(struct cp_log_json *json, struct cp_error *err)
{
    (void)err;
    while (json->p < json->end && *json->p != '{' && *json->p != '\n')
        json->p++;
    if (json->p < json->end)
        json->step = CP_STEP_VALUE;
    return CP_OK;
}

/* --- lines between values --- */

static enum cp_code line_end(struct cp_log_json *json, struct cp_error *err)
{
    struct cp_view line = cp_log_slot_view(&json->line);
    bool is_cut = json->line.is_long;
    cp_form_count(&json->counts, CP_FORM_TEXT, line);
    json->step = CP_STEP_VALUE;
    enum cp_code code = cp_log_sink_lines(json->sink, CP_LINES_PLAIN, line, is_cut, err);
    cp_log_slot_reset(&json->line);
    return code;
}

static enum cp_code step_line(struct cp_log_json *json, struct cp_error *err)
{
    const char *lf = memchr(json->p, '\n', (size_t)(json->end - json->p));
    const char *stop = lf ? lf + 1 : json->end;
    cp_log_slot_add(&json->line, (struct cp_view){json->p, (size_t)(stop - json->p)});
    json->p = stop;
    return lf ? line_end(json, err) : CP_OK;
}

/* --- skipped values --- */

static enum cp_code step_skip(struct cp_log_json *json, struct cp_error *err)
{
    (void)err;
    while (json->p < json->end) {
        char c = *json->p++;
        if (c == '"') {
            cp_json_text_begin(&json->text, NULL);
            json->role = CP_ROLE_SKIP;
            json->step = CP_STEP_STRING;
            return CP_OK;
        }
        if (c == '{' || c == '[')
            json->skip_depth++;
        else if ((c == '}' || c == ']') && --json->skip_depth == 0)
            break;
    }
    if (json->skip_depth == 0)
        after_value(json);
    return CP_OK;
}

static void begin_skip(struct cp_log_json *json)
{
    json->skip_depth = 1;
    json->step = CP_STEP_SKIP;
    json->p++;
}

/* --- opening and closing --- */

/* At { or [ of a value of that role. */
static void open_value(struct cp_log_json *json, enum cp_json_role role, bool is_list)
{
    struct cp_json_frame frame = {.is_list = is_list};
    bool is_wanted = cp_json_opens(json, role, is_list, &frame);
    if (is_wanted && json->depth + 1 == CP_RECORD_JSON_DEPTH_MAX) {
        cp_form_count(&json->counts, CP_FORM_TOO_DEEP,
                      (struct cp_view){json->p, (size_t)(json->end - json->p)});
        is_wanted = false;
    }
    if (!is_wanted) {
        begin_skip(json);
        return;
    }
    json->frames[++json->depth] = frame;
    if (frame.place == CP_PLACE_OBJECT) {
        raw_begin(json);
        cp_log_json_begin(json);
    }
    json->p++;
    json->step = is_list ? CP_STEP_VALUE : CP_STEP_KEY;
}

static enum cp_code close_object(struct cp_log_json *json, struct cp_error *err)
{
    json->p++;
    if (json->raw_depth == json->depth && json->raw.n)
        cp_log_slot_add(&json->raw,
                        (struct cp_view){json->raw_from, (size_t)(json->p - json->raw_from)});
    enum cp_code code =
        top(json)->place == CP_PLACE_OBJECT ? cp_log_json_end_object(json, err) : CP_OK;
    if (json->raw_depth == json->depth)
        json->raw_depth = 0;
    json->depth--;
    after_value(json);
    return code;
}

static enum cp_code close_list(struct cp_log_json *json, struct cp_error *err)
{
    json->p++;
    enum cp_code code = cp_json_list_end(json, err);
    json->depth--;
    after_value(json);
    return code;
}

/* --- values --- */

static void begin_string(struct cp_log_json *json, enum cp_json_role role)
{
    json->p++;
    json->role = role;
    json->step = role == CP_ROLE_DATA ? CP_STEP_DATA : CP_STEP_STRING;
    cp_json_text_begin(&json->text, cp_json_slot_of(json, role));
}

static enum cp_code end_string(struct cp_log_json *json, struct cp_error *err)
{
    if (json->skip_depth) {
        json->step = CP_STEP_SKIP;
        return CP_OK;
    }
    after_value(json);
    struct cp_log_slot *slot = cp_json_slot_of(json, json->role);
    struct cp_view text = slot ? cp_log_slot_view(slot) : (struct cp_view){0};
    return cp_json_text_end(json, text, true, err);
}

static enum cp_code step_string(struct cp_log_json *json, struct cp_error *err)
{
    return cp_json_text_run(&json->text, &json->p, json->end) ? end_string(json, err) : CP_OK;
}

static enum cp_code end_data(struct cp_log_json *json, struct cp_error *err)
{
    json->p++;
    cp_json_data_end(json);
    after_value(json);
    return cp_log_payload_end(json->payload, &json->counts, err);
}

/* Escapes in base64: a slash may have one, and a line feed where somebody has broken it up. */
static enum cp_code step_data(struct cp_log_json *json, struct cp_error *err)
{
    enum cp_code code = CP_OK;
    while (json->p < json->end && !code) {
        if (json->text.n_escape) {
            json->text.n_escape = 0;
            if (*json->p != 'n' && *json->p != 'r')
                code = cp_log_payload_feed(json->payload, (struct cp_view){json->p, 1}, err);
            json->p++;
            continue;
        }
        const char *at = cp_json_text_special(json->p, json->end);
        code = cp_log_payload_feed(json->payload, (struct cp_view){json->p, (size_t)(at - json->p)},
                                   err);
        json->p = at;
        if (at == json->end || code)
            continue;
        if (*at == '"')
            return end_data(json, err);
        json->text.n_escape = 1;
        json->p++;
    }
    return code;
}

static bool ends_scalar(char c)
{
    return c == ',' || c == '}' || c == ']' || is_blank(c) || c == '{' || c == '[' || c == '"' ||
           c == ':';
}

static enum cp_code step_scalar(struct cp_log_json *json, struct cp_error *err)
{
    const char *from = json->p;
    while (json->p < json->end && !ends_scalar(*json->p))
        json->p++;
    struct cp_view text = {from, (size_t)(json->p - from)};
    bool is_split = json->small.n > 0 || json->p == json->end;
    if (is_split)
        cp_log_slot_add(&json->small, text);
    if (json->p == json->end)
        return CP_OK;
    if (is_split)
        text = cp_log_slot_view(&json->small);
    after_value(json);
    return cp_json_text_end(json, text, false, err);
}

static bool begins_scalar(char c)
{
    return c == '-' || (c >= '0' && c <= '9') || c == 't' || c == 'f' || c == 'n';
}

/* At the first byte of a value of that role. */
static enum cp_code begin_value(struct cp_log_json *json, enum cp_json_role role)
{
    char c = *json->p;
    if (c == '"') {
        begin_string(json, role);
    } else if (c == '{' || c == '[') {
        open_value(json, role, c == '[');
    } else if (begins_scalar(c)) {
        json->role = role;
        json->step = CP_STEP_SCALAR;
        cp_log_slot_reset(&json->small);
    } else {
        damaged(json, CP_FORM_DAMAGED);
    }
    return CP_OK;
}

/* Between the values of the input anything may stand: a comma and brackets are left over by damage
 * before, all else is a line of text. */
static enum cp_code step_top(struct cp_log_json *json)
{
    char c = *json->p;
    if (c == ',' || c == ']' || c == '}') {
        json->p++;
        return CP_OK;
    }
    if (c == '{' || c == '[')
        return begin_value(json, CP_ROLE_ELEMENT);
    json->step = CP_STEP_LINE;
    return CP_OK;
}

static enum cp_code step_value(struct cp_log_json *json, struct cp_error *err)
{
    if (!skip_blanks(json))
        return CP_OK;
    char c = *json->p;
    if (c == '{' && json->end - json->p > EVENT_LEAST) {
        const char *from = json->p;
        enum cp_code code = cp_json_events(json, err);
        if (code || json->p != from)
            return code;
    }
    if (json->depth == 0)
        return step_top(json);
    if (c == ',') {
        json->p++;
        return CP_OK;
    }
    if (c == ']')
        return close_list(json, err);
    return begin_value(json, CP_ROLE_ELEMENT);
}

/* --- members --- */

static void begin_member(struct cp_log_json *json, struct cp_view key)
{
    json->role = cp_json_role_of(json, key);
    json->step = CP_STEP_COLON;
    if (json->role == CP_ROLE_ROW) {
        cp_log_slot_reset(&json->field);
        cp_log_slot_add(&json->field, key);
    }
}

static enum cp_code step_key(struct cp_log_json *json, struct cp_error *err)
{
    if (!skip_blanks(json))
        return CP_OK;
    if (*json->p == '}')
        return close_object(json, err);
    if (*json->p != '"') {
        damaged(json, CP_FORM_DAMAGED);
        return CP_OK;
    }
    json->p++;
    const char *at = cp_json_text_special(json->p, json->end);
    if (at < json->end && *at == '"') {
        struct cp_view key = {json->p, (size_t)(at - json->p)};
        json->p = at + 1;
        begin_member(json, key);
        return CP_OK;
    }
    cp_json_text_begin(&json->text, &json->key);
    json->step = CP_STEP_IN_KEY;
    return CP_OK;
}

static enum cp_code step_in_key(struct cp_log_json *json, struct cp_error *err)
{
    (void)err;
    if (cp_json_text_run(&json->text, &json->p, json->end))
        begin_member(json, cp_log_slot_view(&json->key));
    return CP_OK;
}

static enum cp_code step_colon(struct cp_log_json *json, struct cp_error *err)
{
    (void)err;
    if (!skip_blanks(json))
        return CP_OK;
    if (*json->p != ':') {
        damaged(json, CP_FORM_DAMAGED);
        return CP_OK;
    }
    json->p++;
    json->step = CP_STEP_MEMBER;
    return CP_OK;
}

static enum cp_code step_member(struct cp_log_json *json, struct cp_error *err)
{
    (void)err;
    return skip_blanks(json) ? begin_value(json, json->role) : CP_OK;
}

static enum cp_code step_comma(struct cp_log_json *json, struct cp_error *err)
{
    if (!skip_blanks(json))
        return CP_OK;
    if (*json->p == '}')
        return close_object(json, err);
    if (*json->p != ',') {
        damaged(json, CP_FORM_DAMAGED);
        return CP_OK;
    }
    json->p++;
    json->step = CP_STEP_KEY;
    return CP_OK;
}

static enum cp_code take_step(struct cp_log_json *json, struct cp_error *err)
{
    switch (json->step) {
    case CP_STEP_VALUE:
        return step_value(json, err);
    case CP_STEP_KEY:
        return step_key(json, err);
    case CP_STEP_IN_KEY:
        return step_in_key(json, err);
    case CP_STEP_COLON:
        return step_colon(json, err);
    case CP_STEP_MEMBER:
        return step_member(json, err);
    case CP_STEP_COMMA:
        return step_comma(json, err);
    case CP_STEP_STRING:
        return step_string(json, err);
    case CP_STEP_DATA:
        return step_data(json, err);
    case CP_STEP_SCALAR:
        return step_scalar(json, err);
    case CP_STEP_SKIP:
        return step_skip(json, err);
    case CP_STEP_LINE:
        return step_line(json, err);
    case CP_STEP_RESYNC:
        return step_resync(json, err);
    }
    return CP_OK;
}

/* --- the decoder --- */

enum cp_code cp_log_json_feed(struct cp_log_json *json, struct cp_view bytes, struct cp_error *err)
{
    bytes = cp_log_skip_mark(&json->n_mark, bytes);
    json->p = bytes.p;
    json->end = bytes.p + bytes.n;
    json->raw_from = bytes.p;
    while (json->p < json->end) {
        enum cp_code code = take_step(json, err);
        if (code)
            return code;
    }
    raw_keep(json);
    return cp_form_counts_tell(&json->counts, json->sink, err);
}

/* Nothing but brackets were missing: no event is lost. */
static bool is_between_events(const struct cp_log_json *json)
{
    return json->step == CP_STEP_VALUE || json->step == CP_STEP_RESYNC ||
           (json->step == CP_STEP_COMMA && json->frames[json->depth].is_document);
}

enum cp_code cp_log_json_end(struct cp_log_json *json, struct cp_error *err)
{
    enum cp_code code = CP_OK;
    json->p = json->end = "";
    if (json->step == CP_STEP_LINE)
        code = line_end(json, err);
    else if (json->step == CP_STEP_DATA)
        code = cp_log_payload_end(json->payload, &json->counts, err);
    if (json->depth > 0)
        cp_form_count(&json->counts, CP_FORM_UNFINISHED,
                      is_between_events(json) ? CP_VIEW_LIT("the document's end is missing")
                                              : cp_log_slot_view(&json->raw));
    json->depth = 0;
    json->raw_depth = 0;
    json->skip_depth = 0;
    json->step = CP_STEP_VALUE;
    return code ? code : cp_form_counts_tell(&json->counts, json->sink, err);
}

enum cp_code cp_log_json_new(struct cp_log_sink *sink, bool is_payload, struct cp_log_json **out,
                             struct cp_error *err)
{
    struct cp_log_json *json = calloc(1, sizeof(*json));
    *out = json;
    if (!json)
        return cp_fail(err, CP_ENOMEM, "no memory to read a log");
    json->sink = sink;
    json->is_payload = is_payload;
    json->frames[0] = (struct cp_json_frame){.place = CP_PLACE_TOP, .is_list = true};
    const struct {
        struct cp_log_slot *slot;
        size_t max;
    } slots[] = {
        {&json->key, SMALL_MAX},
        {&json->small, SMALL_MAX},
        {&json->value, CP_RECORD_LINE_MAX},
        {&json->line, CP_RECORD_LINE_MAX},
        {&json->message, CP_RECORD_LINE_MAX},
        {&json->raw, CP_RECORD_LINE_MAX},
        {&json->stream, SMALL_MAX},
        {&json->field, SMALL_MAX},
        {&json->log_group, SMALL_MAX},
        {&json->log_stream, SMALL_MAX},
    };
    enum cp_code code = cp_log_row_init(&json->row, err);
    for (size_t i = 0; !code && i < sizeof(slots) / sizeof(slots[0]); i++)
        code = cp_log_slot_init(slots[i].slot, slots[i].max, err);
    if (!code && !is_payload)
        code = cp_log_payload_new(sink, &json->payload, err);
    if (code) {
        cp_log_json_free(json);
        *out = NULL;
    }
    return code;
}

void cp_log_json_free(struct cp_log_json *json)
{
    if (!json)
        return;
    struct cp_log_slot *const slots[] = {
        &json->key, &json->small,  &json->value, &json->line,      &json->message,
        &json->raw, &json->stream, &json->field, &json->log_group, &json->log_stream};
    for (size_t i = 0; i < sizeof(slots) / sizeof(slots[0]); i++)
        cp_log_slot_clear(slots[i]);
    cp_log_row_clear(&json->row);
    cp_log_payload_free(json->payload);
    free(json);
}
