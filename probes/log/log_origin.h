/* SPDX-License-Identifier: GPL-3.0-or-later
 * Which function and version wrote an event, as far as the names of its log group and log stream
 * tell. Results are views into the names.
 */
#ifndef COLDPROF_PROBES_LOG_LOG_ORIGIN_H
#define COLDPROF_PROBES_LOG_LOG_ORIGIN_H

#include <stdbool.h>

#include "model/base/view.h"

/* /aws/lambda/NAME, also as ACCOUNT:/aws/lambda/NAME (a query's @log) and within an ARN;
 * /aws/lambda/us-east-1.NAME of Lambda@Edge. Empty: another group. */
struct cp_view cp_log_group_function(struct cp_view group);

/* YYYY/MM/DD/[VERSION]<32 hex>, YYYY/MM/DD/NAME[VERSION]<32 hex>, and with "-" for "/" as in the
 * folders of an S3 export. false: not the stream of a function; both are empty. */
bool cp_log_stream_origin(struct cp_view stream, struct cp_view *function, struct cp_view *version);

/* Never 0 unless the name is empty. */
uint64_t cp_log_stream_hash(struct cp_view stream);

#endif
