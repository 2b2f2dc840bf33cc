/* SPDX-License-Identifier: GPL-3.0-or-later
 * Unix milliseconds (UTC) to and from text. No clock here: time comes in as an argument.
 */
#ifndef COLDPROF_MODEL_BASE_DATETIME_H
#define COLDPROF_MODEL_BASE_DATETIME_H

#include <stdbool.h>
#include <stdint.h>

#include "model/base/view.h"

enum { CP_DATETIME_TEXT_MAX = 40 };

/* Forms written by cp_datetime_format */
enum cp_datetime_form {
    CP_DATETIME_ISO_MS,     /* 2026-10-08T14:03:11.482Z */
    CP_DATETIME_ISO_S,      /* 2026-10-08T14:03:11Z */
    CP_DATETIME_AWS_CONFIG, /* 2026-10-08T14:03:11.482+0000 (FunctionConfiguration.LastModified) */
    CP_DATETIME_AMZ,        /* 20261008T140311Z (X-Amz-Date) */
    CP_DATETIME_DAY,        /* 2026-10-08 */
    CP_DATETIME_STREAM_DAY, /* 2026/10/08 (log stream names) */
    CP_DATETIME_HTTP,       /* Thu, 08 Oct 2026 14:03:11 GMT */
};

const char *cp_datetime_format(int64_t at_ms, enum cp_datetime_form form,
                               char out[CP_DATETIME_TEXT_MAX]);

/* ISO 8601 with 'T' or a blank, optional fraction (1..9 digits), optional zone Z, +hh:mm or +hhmm
 * (absent: UTC); also the AMZ form. false on anything else, on 30 February, or outside the years
 * 1970..9999. */
bool cp_datetime_parse(struct cp_view text, int64_t *at_ms);
/* HTTP date "Thu, 08 Oct 2026 14:03:11 GMT" (the Date response header). */
bool cp_datetime_parse_http(struct cp_view text, int64_t *at_ms);

#endif
