/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "probes/log/log_form.h"

#include "model/digest/digest.h"
#include "probes/log/log_form_rows.h"

/* Of equally sure ones the first is taken: longer prefixes stand before the shorter ones that
 * begin them. */
const struct cp_log_form *const cp_log_forms[] = {
    &cp_log_form_plain,          &cp_log_form_json_lines,
    &cp_log_form_detailed,       &cp_log_form_sam,
    &cp_log_form_awslogs,        &cp_log_form_short,
    &cp_log_form_epoch,          &cp_log_form_tail_json,
    &cp_log_form_cli_text,       &cp_log_form_filter_log_events,
    &cp_log_form_get_log_events, &cp_log_form_event_objects,
    &cp_log_form_messages,       &cp_log_form_query_results,
    &cp_log_form_query_rows,     &cp_log_form_subscription,
    &cp_log_form_kinesis,        &cp_log_form_firehose_records,
    &cp_log_form_firehose,       &cp_log_form_telemetry,
    &cp_log_form_samples,        &cp_log_form_csv,
    &cp_log_form_utf16,          NULL,
};

size_t cp_log_bom_length(struct cp_view head)
{
    return cp_view_has_prefix(head, "\xef\xbb\xbf") ? 3 : 0;
}

bool cp_log_is_digest(struct cp_view head)
{
    return cp_view_has_prefix(head, CP_DIGEST_HEAD);
}

const struct cp_log_form *cp_log_form_detect(struct cp_view head)
{
    const struct cp_log_form *best = cp_log_forms[0];
    int surest = CP_SURE_NOT;
    size_t bom = cp_log_bom_length(head);
    struct cp_view bytes = {head.p + bom, head.n - bom};
    if (bytes.n > CP_LOG_HEAD)
        bytes.n = CP_LOG_HEAD;
    for (size_t i = 0; cp_log_forms[i]; i++) {
        int sure = cp_log_forms[i]->match(bytes);
        if (sure > surest) {
            surest = sure;
            best = cp_log_forms[i];
        }
    }
    return best;
}
