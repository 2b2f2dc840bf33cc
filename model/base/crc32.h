/* SPDX-License-Identifier: GPL-3.0-or-later
 * CRC-32 of IEEE 802.3, as in zip, PNG and AWS's event stream: polynomial 0x04C11DB7, reflected,
 * all ones before and after. Finds damage, not forgery. Pure.
 */
#ifndef COLDPROF_MODEL_BASE_CRC32_H
#define COLDPROF_MODEL_BASE_CRC32_H

#include <stdint.h>

#include "model/base/view.h"

uint32_t cp_crc32(struct cp_view bytes);

#endif
