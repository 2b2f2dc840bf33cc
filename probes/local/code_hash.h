/* SPDX-License-Identifier: GPL-3.0-or-later
 * CodeSha256 and CodeSize of a function: of the zip archive that is its code, as on AWS.
 */
#ifndef COLDPROF_PROBES_LOCAL_CODE_HASH_H
#define COLDPROF_PROBES_LOCAL_CODE_HASH_H

#include <stdint.h>

#include "model/base/error.h"
#include "model/base/view.h"

struct cp_code_hash {
    char sha256_base64[45];
    int64_t size; /* bytes of the archive */
};

enum cp_code cp_code_hash(struct cp_view zip, struct cp_code_hash *out, struct cp_error *err);

/* The same of a folder, through cp_code_zip_write: the same files give the same hash, wherever they
 * lie. CP_ELIMIT above CP_CODE_SIZE_MAX. */
enum cp_code cp_code_hash_folder(const char *folder, struct cp_code_hash *out,
                                 struct cp_error *err);

#endif
