/* SPDX-License-Identifier: GPL-3.0-or-later
 * REPORT lines of the usual shape, read from left to right without looking back.
 */
#include "probes/log/log_report.h"

#include "probes/log/log_digits.h"
#include "probes/log/log_uuid.h"

enum { MEMORY_MIN_MB = 128, MEMORY_MAX_MB = 10240 }; /* others: with a warning, or rejected */

bool cp_log_report_text(struct cp_view line, struct cp_digest_record *out)
{
    const char *p = line.p;
    const char *end = line.p + line.n;
    uint64_t duration = 0;
    uint64_t billed = 0;
    uint64_t memory = 0;
    uint64_t used = 0;
    uint64_t init = 0;
    if (!CP_LOG_SKIP(&p, end, "REPORT RequestId: ") || end - p <= CP_LOG_UUID ||
        !cp_log_uuid_read(p, out->request_id))
        return false;
    p += CP_LOG_UUID;
    if (!CP_LOG_SKIP(&p, end, "\tDuration: ") || !cp_log_hundredths(&p, end, &duration) ||
        !CP_LOG_SKIP(&p, end, " ms\tBilled Duration: ") || !cp_log_digits(&p, end, &billed) ||
        !CP_LOG_SKIP(&p, end, " ms\tMemory Size: ") || !cp_log_digits(&p, end, &memory) ||
        !CP_LOG_SKIP(&p, end, " MB\tMax Memory Used: ") || !cp_log_digits(&p, end, &used) ||
        !CP_LOG_SKIP(&p, end, " MB"))
        return false;
    bool has_init = CP_LOG_SKIP(&p, end, "\tInit Duration: ");
    if (has_init && (!cp_log_hundredths(&p, end, &init) || !CP_LOG_SKIP(&p, end, " ms")))
        return false;
    /* the line's end, and the limits within which the parser has nothing to say */
    (void)CP_LOG_SKIP(&p, end, "\t");
    if (!cp_log_is_line_end(p, end) || memory < MEMORY_MIN_MB || memory > MEMORY_MAX_MB ||
        used > memory || billed * 100 < duration)
        return false;
    out->end_at_ms = -1;
    out->duration_us = (int64_t)duration * 10;
    out->billed_us = (int64_t)billed * 1000;
    out->init_us = has_init ? (int64_t)init * 10 : -1;
    out->restore_us = out->billed_restore_us = -1;
    out->memory_size_mb = (int)memory;
    out->max_memory_used_mb = (int)used;
    out->start = has_init ? CP_START_COLD : CP_START_WARM;
    out->outcome = CP_OUTCOME_MEASURED;
    out->stream = out->error_type = (struct cp_view){0};
    return true;
}
