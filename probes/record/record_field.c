/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "probes/record/record_parse.h"

#include <math.h>
#include <string.h>

#define AT(member) offsetof(struct cp_record, member)

const struct cp_field cp_fields[CP_FIELD_COUNT] = {
    [CP_FIELD_REQUEST_ID] = {"RequestId", "requestId", CP_FIELD_TEXT, "", AT(request_id)},
    [CP_FIELD_DURATION] = {"Duration", "durationMs", CP_FIELD_NUMBER, "ms", AT(duration_ms)},
    [CP_FIELD_BILLED] = {"Billed Duration", "billedDurationMs", CP_FIELD_WHOLE, "ms",
                         AT(billed_ms)},
    [CP_FIELD_MEMORY] = {"Memory Size", "memorySizeMB", CP_FIELD_WHOLE, "MB", AT(memory_mb)},
    [CP_FIELD_MAX_MEMORY] = {"Max Memory Used", "maxMemoryUsedMB", CP_FIELD_WHOLE, "MB",
                             AT(max_memory_mb)},
    [CP_FIELD_INIT] = {"Init Duration", "initDurationMs", CP_FIELD_NUMBER, "ms", AT(init_ms)},
    [CP_FIELD_RESTORE] = {"Restore Duration", "restoreDurationMs", CP_FIELD_NUMBER, "ms",
                          AT(restore_ms)},
    [CP_FIELD_BILLED_RESTORE] = {"Billed Restore Duration", "billedRestoreDurationMs",
                                 CP_FIELD_WHOLE, "ms", AT(billed_restore_ms)},
    [CP_FIELD_STATUS] = {"Status", "status", CP_FIELD_TEXT, "", AT(status)},
    [CP_FIELD_ERROR_TYPE] = {"Error Type", "errorType", CP_FIELD_TEXT, "", AT(error_type)},
    [CP_FIELD_PHASE] = {"Phase", "phase", CP_FIELD_TEXT, "", AT(phase)},
    [CP_FIELD_INIT_TYPE] = {"", "initializationType", CP_FIELD_TEXT, "", AT(init_type)},
    [CP_FIELD_VERSION] = {"Version", "version", CP_FIELD_TEXT, "", AT(version)},
    [CP_FIELD_RUNTIME_VERSION] = {"Runtime Version", "runtimeVersion", CP_FIELD_TEXT, "",
                                  AT(runtime_version)},
    [CP_FIELD_RUNTIME_VERSION_ARN] = {"Runtime Version ARN", "runtimeVersionArn", CP_FIELD_TEXT, "",
                                      AT(runtime_version_arn)},
    [CP_FIELD_NAME] = {"Name", "name", CP_FIELD_TEXT, "", AT(name)},
    [CP_FIELD_STATE] = {"State", "state", CP_FIELD_TEXT, "", AT(state)},
    [CP_FIELD_EVENTS] = {"Events", "events", CP_FIELD_LIST, "", AT(events)},
    [CP_FIELD_TYPES] = {"Types", "types", CP_FIELD_LIST, "", AT(types)},
    [CP_FIELD_TRACE_ID] = {"TraceId", "", CP_FIELD_TEXT, "", AT(xray_trace_id)},
    [CP_FIELD_SEGMENT_ID] = {"SegmentId", "", CP_FIELD_TEXT, "", AT(xray_segment_id)},
    [CP_FIELD_SAMPLED] = {"Sampled", "", CP_FIELD_FLAG, "", AT(xray_sampled)},
    [CP_FIELD_DROPPED] = {"", "droppedRecords", CP_FIELD_WHOLE, "", AT(dropped_records)},
};

/* Every view of a record that may point into the parsed bytes; the last N_OPTIONAL may be dropped
 * without harm to the record. */
static const size_t view_offsets[] = {
    AT(request_id), AT(status),      AT(error_type),      AT(phase),
    AT(init_type),  AT(version),     AT(runtime_version), AT(runtime_version_arn),
    AT(name),       AT(state),       AT(events),          AT(types),
    AT(level),      AT(exit_reason), AT(xray_trace_id),   AT(xray_segment_id),
    AT(stream),     AT(group),       AT(unknown_field),
};
enum { N_VIEWS = sizeof(view_offsets) / sizeof(view_offsets[0]), N_OPTIONAL = 3 };

static const size_t number_offsets[] = {
    AT(duration_ms),       AT(billed_ms),     AT(init_ms),   AT(restore_ms),      AT(memory_mb),
    AT(billed_restore_ms), AT(max_memory_mb), AT(timeout_s), AT(dropped_records),
};

enum { REQUEST_ID_MAX = 64, VALUE_MAX = 256 };

/* Largest believable values: 11 days of ms, 1 TiB of MB. Both fit an int. */
#define MS_MAX     1e9
#define MEMORY_MAX 1048576.0

static void *member(struct cp_record *out, size_t offset)
{
    return (char *)out + offset;
}

void cp_record_begin(struct cp_record *out)
{
    memset(out, 0, offsetof(struct cp_record, text));
    out->text[0] = '\0';
    out->at_ms = -1;
    out->xray_sampled = -1;
    for (size_t i = 0; i < sizeof(number_offsets) / sizeof(number_offsets[0]); i++)
        *(double *)member(out, number_offsets[i]) = NAN;
}

void cp_record_judge(struct cp_record *out, enum cp_record_verdict verdict,
                     enum cp_record_reason reason, struct cp_view field)
{
    if (verdict <= out->verdict)
        return;
    out->verdict = verdict;
    out->reason = reason;
    out->field = field;
}

void cp_record_judge_field(struct cp_record *out, enum cp_record_verdict verdict,
                           enum cp_record_reason reason, enum cp_field_id id)
{
    const char *name = cp_fields[id].text[0] ? cp_fields[id].text : cp_fields[id].json;
    cp_record_judge(out, verdict, reason, cp_view_of(name));
}

void cp_record_skip(struct cp_record *out, enum cp_record_kind kind)
{
    out->kind = kind;
    out->verdict = CP_RECORD_SKIPPED;
}

static double number_max(enum cp_field_id id)
{
    if (id == CP_FIELD_MEMORY || id == CP_FIELD_MAX_MEMORY)
        return MEMORY_MAX;
    return id == CP_FIELD_DROPPED ? INFINITY : MS_MAX;
}

void cp_record_set_number(struct cp_record *out, enum cp_field_id id, double value, uint32_t *seen)
{
    double *to = member(out, cp_fields[id].offset);
    if (*seen & CP_FIELD_BIT(id)) {
        /* the same text gives the same double; anything else is two answers */
        if (!(*to >= value && *to <= value))
            cp_record_judge_field(out, CP_RECORD_REJECTED, CP_REASON_FIELD_CONFLICT, id);
        return;
    }
    *seen |= CP_FIELD_BIT(id);
    enum cp_record_reason reason = CP_REASON_NONE;
    if (isnan(value))
        reason = CP_REASON_NOT_A_NUMBER;
    else if (value < 0)
        reason = CP_REASON_NEGATIVE;
    else if (isinf(value) || value > number_max(id))
        reason = CP_REASON_OUT_OF_RANGE;
    if (reason) {
        cp_record_judge_field(out, CP_RECORD_REJECTED, reason, id);
        return;
    }
    if (cp_fields[id].type == CP_FIELD_WHOLE && value > floor(value))
        cp_record_judge_field(out, CP_RECORD_WARNED, CP_REASON_FRACTION, id);
    *to = value;
}

static void check_length(struct cp_record *out, enum cp_field_id id, size_t n)
{
    size_t max = id == CP_FIELD_REQUEST_ID ? REQUEST_ID_MAX : VALUE_MAX;
    if (n > max)
        cp_record_judge_field(out, CP_RECORD_REJECTED, CP_REASON_FIELD_TOO_LONG, id);
    else if (id == CP_FIELD_ERROR_TYPE && n > CP_RECORD_ERROR_TYPE_MAX)
        cp_record_judge_field(out, CP_RECORD_WARNED, CP_REASON_ERROR_TYPE_LONG, id);
}

void cp_record_set_view(struct cp_record *out, enum cp_field_id id, struct cp_view value,
                        uint32_t *seen)
{
    struct cp_view *to = member(out, cp_fields[id].offset);
    if (*seen & CP_FIELD_BIT(id)) {
        if (to->n != value.n || (value.n && memcmp(to->p, value.p, value.n) != 0))
            cp_record_judge_field(out, CP_RECORD_REJECTED, CP_REASON_FIELD_CONFLICT, id);
        return;
    }
    *seen |= CP_FIELD_BIT(id);
    check_length(out, id, value.n);
    if (value.n == 0 && cp_fields[id].type != CP_FIELD_LIST)
        cp_record_judge_field(out, CP_RECORD_WARNED, CP_REASON_EMPTY_VALUE, id);
    *to = value;
}

void cp_record_set_flag(struct cp_record *out, enum cp_field_id id, struct cp_view value,
                        uint32_t *seen)
{
    int *to = member(out, cp_fields[id].offset);
    int flag = cp_view_is(value, "true") ? 1 : cp_view_is(value, "false") ? 0 : -1;
    if ((*seen & CP_FIELD_BIT(id)) && flag != *to)
        cp_record_judge_field(out, CP_RECORD_REJECTED, CP_REASON_FIELD_CONFLICT, id);
    else if (flag < 0)
        cp_record_judge_field(out, CP_RECORD_WARNED, CP_REASON_BAD_FLAG, id);
    *seen |= CP_FIELD_BIT(id);
    *to = flag;
}

void cp_record_add_unknown(struct cp_record *out, struct cp_view field)
{
    if (out->n_unknown_fields++ == 0)
        out->unknown_field = field;
}

/* false when the view does not fit. */
static bool keep_view(struct cp_record *out, struct cp_view *v)
{
    uintptr_t at = (uintptr_t)v->p;
    uintptr_t text = (uintptr_t)out->text;
    if (!v->p || (at >= text && at <= text + sizeof(out->text)))
        return true;
    if (v->n > sizeof(out->text) - out->n_text) {
        *v = (struct cp_view){0};
        return false;
    }
    char *to = out->text + out->n_text;
    if (v->n)
        memcpy(to, v->p, v->n);
    out->n_text += v->n;
    v->p = to;
    return true;
}

void cp_record_keep(struct cp_record *out)
{
    for (size_t i = 0; i < N_VIEWS; i++) {
        if (!keep_view(out, member(out, view_offsets[i])) && i < N_VIEWS - N_OPTIONAL)
            cp_record_judge(out, CP_RECORD_REJECTED, CP_REASON_FIELD_TOO_LONG, out->field);
    }
}
