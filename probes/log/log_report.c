/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "probes/log/log_report.h"

#include <math.h>
#include <string.h>

#include "probes/log/log_uuid.h"

#define US_PER_MS 1000.0

/* Exact for up to three decimals; the product of a double heals the last bit of its quotient. */
static int64_t us_of(double ms)
{
    return isnan(ms) ? -1 : (int64_t)llround(ms * US_PER_MS);
}

static int mb_of(double mb)
{
    return isnan(mb) ? -1 : (int)lround(mb);
}

static uint64_t hash(struct cp_view text, uint64_t seed)
{
    for (size_t i = 0; i < text.n; i++) /* FNV-1a */
        seed = (seed ^ (unsigned char)text.p[i]) * UINT64_C(0x100000001b3);
    return seed;
}

void cp_log_request_id(struct cp_view text, uint8_t id[16])
{
    if (text.n == CP_LOG_UUID && cp_log_uuid_read(text.p, id))
        return;
    for (size_t i = 0; i < 2; i++) {
        uint64_t half = hash(text, UINT64_C(0xcbf29ce484222325) + i);
        for (size_t k = 0; k < 8; k++)
            id[8 * i + k] = (uint8_t)(half >> (8 * k));
    }
}

static enum cp_start_kind start_of(const struct cp_record *r)
{
    if (!isnan(r->restore_ms))
        return CP_START_SNAPSTART;
    return isnan(r->init_ms) ? CP_START_WARM : CP_START_COLD;
}

void cp_log_report_of(const struct cp_record *r, struct cp_digest_record *out)
{
    *out = (struct cp_digest_record){
        .end_at_ms = r->at_ms,
        .duration_us = us_of(r->duration_ms),
        .billed_us = us_of(r->billed_ms),
        .init_us = us_of(r->init_ms),
        .restore_us = us_of(r->restore_ms),
        .billed_restore_us = us_of(r->billed_restore_ms),
        .memory_size_mb = mb_of(r->memory_mb),
        .max_memory_used_mb = mb_of(r->max_memory_mb),
        .start = start_of(r),
        .outcome = cp_record_outcome(r->status, r->error_type),
        .error_type = r->error_type,
    };
    cp_log_request_id(r->request_id, out->request_id);
}
