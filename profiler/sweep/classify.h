/* SPDX-License-Identifier: GPL-3.0-or-later
 * An answer of Invoke as a sample: outcome, start kind, numbers, and a note in words when it is not
 * an ordinary measurement. No I/O.
 */
#ifndef COLDPROF_PROFILER_SWEEP_CLASSIFY_H
#define COLDPROF_PROFILER_SWEEP_CLASSIFY_H

#include "model/sample.h"
#include "probes/aws/lambda.h"
#include "probes/record/record.h"

enum cp_answer_kind {
    CP_ANSWERED,        /* the sample says what happened */
    CP_SILENT,          /* it succeeded, but no record of it came: the sample is UNKNOWN */
    CP_NOT_REACHED,     /* no byte left, or no environment was made (EC2*, ENI*): nothing ran; the
                           sample is NOT_SENT again */
    CP_REFUSED,         /* the service refused the request itself (4xx but 429): the same */
    CP_TOO_FAST,        /* 429 for our own calling rate: no fact of the function; the same */
    CP_THROTTLED_ANSWER /* 429 for load: a fact, counted as THROTTLED */
};

/* Fills what the answer tells; plan members, sent_at_ms and idle members are left as they are.
 * An answer without a request id is unknown: its record could be anybody's. `tail` is scratch
 * space. */
enum cp_answer_kind cp_classify(const struct cp_invoke_result *result, struct cp_log_tail *tail,
                                struct cp_sample *sample);

/* The same where no record can be had: a success is measured by the client's time only, its start
 * unknown and its durations NAN. A request id is not asked for. */
enum cp_answer_kind cp_classify_wall_clock(const struct cp_invoke_result *result,
                                           struct cp_sample *sample);

#endif
