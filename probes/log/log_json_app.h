/* SPDX-License-Identifier: GPL-3.0-or-later
 * Lines of JSON that are the function's own, told from platform events without being parsed.
 */
#ifndef COLDPROF_PROBES_LOG_LOG_JSON_APP_H
#define COLDPROF_PROBES_LOG_LOG_JSON_APP_H

#include "probes/log/log_class.h"

/* Of a message that begins with { or [. */
enum cp_log_class cp_log_json_class(struct cp_view message);

#endif
