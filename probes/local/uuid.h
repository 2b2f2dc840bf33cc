/* SPDX-License-Identifier: GPL-3.0-or-later
 * Random UUIDs of version 4 (RFC 9562): request ids, revisions, query ids.
 */
#ifndef COLDPROF_PROBES_LOCAL_UUID_H
#define COLDPROF_PROBES_LOCAL_UUID_H

#include "model/base/rng.h"

enum { CP_UUID_MAX = 37 };

void cp_uuid_format(struct cp_rng *rng, char out[CP_UUID_MAX]);

#endif
