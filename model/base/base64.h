/* SPDX-License-Identifier: GPL-3.0-or-later
 * Digits of base64 (RFC 4648, section 4).
 */
#ifndef COLDPROF_MODEL_BASE_BASE64_H
#define COLDPROF_MODEL_BASE_BASE64_H

/* 0..63; -1: no digit ('=' is none). */
int cp_base64_value(char c);

#endif
