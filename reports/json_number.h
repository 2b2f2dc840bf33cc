/* SPDX-License-Identifier: GPL-3.0-or-later
 * How a number is written in JSON: null when it is not finite, else the shortest of 15 to 17 digits
 * that reads back as the same number. Pure.
 */
#ifndef COLDPROF_REPORTS_JSON_NUMBER_H
#define COLDPROF_REPORTS_JSON_NUMBER_H

#include "model/base/buf.h"

void cp_json_number(struct cp_buf *out, double value);

#endif
