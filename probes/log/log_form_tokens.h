/* SPDX-License-Identifier: GPL-3.0-or-later
 * The words that transport forms put in front of a message.
 */
#ifndef COLDPROF_PROBES_LOG_LOG_FORM_TOKENS_H
#define COLDPROF_PROBES_LOG_LOG_FORM_TOKENS_H

#include <stdbool.h>

#include "model/base/view.h"

/* An ISO time: 2026-10-08T14:03:11.482Z */
bool cp_log_is_time(struct cp_view v);
/* 2026/10/08/[$LATEST]56af4bde70a47ae7d0f1ebb30e45ed33, or with the function's name before [ */
bool cp_log_is_stream(struct cp_view v);
/* 1791468191482 */
bool cp_log_is_epoch(struct cp_view v);

#endif
