/* SPDX-License-Identifier: GPL-3.0-or-later
 * Plausibility of a parsed record. Comparisons with an absent (NAN) number are false, so a rule
 * says nothing about what is not there.
 */
#include "probes/record/record_parse.h"

#include <math.h>

enum { MEMORY_SERVICE_MIN_MB = 128, MEMORY_SERVICE_MAX_MB = 10240 };

static bool is_one_of(struct cp_view v, const char *const *words, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (cp_view_is(v, words[i]))
            return true;
    }
    return false;
}

static bool has_unknown_status(const struct cp_record *r)
{
    static const char *const words[] = {"success", "failure", "error", "timeout"};
    return r->status.n && !is_one_of(r->status, words, sizeof(words) / sizeof(words[0]));
}

static bool has_unknown_phase(const struct cp_record *r)
{
    static const char *const words[] = {"init", "invoke", "snap-start"};
    return r->phase.n && !is_one_of(r->phase, words, sizeof(words) / sizeof(words[0]));
}

static bool has_odd_request_id(const struct cp_record *r)
{
    return r->request_id.n && !cp_record_is_uuid(r->request_id);
}

static bool is_memory_zero(const struct cp_record *r)
{
    return r->memory_mb <= 0;
}

/* 1,035 MB used of 1,024 was observed on a real timeout; twice the size never. */
static bool is_memory_contradiction(const struct cp_record *r)
{
    return r->max_memory_mb > 2 * r->memory_mb;
}

static bool is_memory_small(const struct cp_record *r)
{
    return r->memory_mb < MEMORY_SERVICE_MIN_MB;
}

static bool is_memory_large(const struct cp_record *r)
{
    return r->memory_mb > MEMORY_SERVICE_MAX_MB;
}

static bool is_memory_over_size(const struct cp_record *r)
{
    return r->max_memory_mb > r->memory_mb;
}

static bool is_billed_below_duration(const struct cp_record *r)
{
    return r->billed_ms < r->duration_ms;
}

static bool has_init_and_restore(const struct cp_record *r)
{
    return r->kind == CP_RECORD_REPORT && !isnan(r->init_ms) && !isnan(r->restore_ms);
}

static const struct rule {
    enum cp_record_verdict verdict;
    enum cp_record_reason reason;
    enum cp_field_id field;
    bool (*applies)(const struct cp_record *);
} rules[] = {
    {CP_RECORD_REJECTED, CP_REASON_MEMORY_ZERO, CP_FIELD_MEMORY, is_memory_zero},
    {CP_RECORD_REJECTED, CP_REASON_MEMORY_CONTRADICTION, CP_FIELD_MAX_MEMORY,
     is_memory_contradiction},
    {CP_RECORD_WARNED, CP_REASON_REQUEST_ID_NOT_UUID, CP_FIELD_REQUEST_ID, has_odd_request_id},
    {CP_RECORD_WARNED, CP_REASON_MEMORY_SMALL, CP_FIELD_MEMORY, is_memory_small},
    {CP_RECORD_WARNED, CP_REASON_MEMORY_LARGE, CP_FIELD_MEMORY, is_memory_large},
    {CP_RECORD_WARNED, CP_REASON_MEMORY_OVER_SIZE, CP_FIELD_MAX_MEMORY, is_memory_over_size},
    {CP_RECORD_WARNED, CP_REASON_BILLED_BELOW_DURATION, CP_FIELD_BILLED, is_billed_below_duration},
    {CP_RECORD_WARNED, CP_REASON_INIT_AND_RESTORE, CP_FIELD_RESTORE, has_init_and_restore},
    {CP_RECORD_WARNED, CP_REASON_UNKNOWN_STATUS, CP_FIELD_STATUS, has_unknown_status},
    {CP_RECORD_WARNED, CP_REASON_UNKNOWN_PHASE, CP_FIELD_PHASE, has_unknown_phase},
};

static bool is_empty_text(const struct cp_record *r, enum cp_field_id id)
{
    if (cp_fields[id].type != CP_FIELD_TEXT)
        return false;
    const struct cp_view *v = (const void *)((const char *)r + cp_fields[id].offset);
    return v->n == 0;
}

static void check_required(struct cp_record *out, uint32_t seen, uint32_t required)
{
    for (enum cp_field_id id = 0; id < CP_FIELD_COUNT; id++) {
        if (!(required & CP_FIELD_BIT(id)))
            continue;
        if ((seen & CP_FIELD_BIT(id)) && !is_empty_text(out, id))
            continue;
        cp_record_judge_field(
            out, CP_RECORD_REJECTED,
            id == CP_FIELD_REQUEST_ID ? CP_REASON_NO_REQUEST_ID : CP_REASON_MISSING_FIELD, id);
    }
}

void cp_record_check(struct cp_record *out, uint32_t seen, uint32_t required)
{
    /* Managed Instances report a duration and nothing else; every other REPORT has all four */
    static const uint32_t billing = CP_FIELD_BIT(CP_FIELD_BILLED) | CP_FIELD_BIT(CP_FIELD_MEMORY) |
                                    CP_FIELD_BIT(CP_FIELD_MAX_MEMORY);
    if (out->kind == CP_RECORD_REPORT && (seen & billing))
        required |= billing;
    check_required(out, seen, required);
    for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
        if (rules[i].applies(out))
            cp_record_judge_field(out, rules[i].verdict, rules[i].reason, rules[i].field);
    }
}
