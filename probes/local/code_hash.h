/* SPDX-License-Identifier: GPL-3.0-or-later
 * CodeSha256 and CodeSize of a function's folder: the same for the same files, wherever they lie.
 */
#ifndef COLDPROF_PROBES_LOCAL_CODE_HASH_H
#define COLDPROF_PROBES_LOCAL_CODE_HASH_H

#include <stdint.h>

#include "model/base/error.h"

enum { CP_CODE_SIZE_MAX = 250 << 20 /* AWS's limit for unzipped code, 250 MB */ };

struct cp_code_hash {
    char sha256_base64[45];
    int64_t size; /* bytes of all files */
};

/* Over name, size and bytes of each file, sorted by name; .git and __pycache__ are left out.
 * CP_ELIMIT above CP_CODE_SIZE_MAX. */
enum cp_code cp_code_hash(const char *folder, struct cp_code_hash *out, struct cp_error *err);

#endif
