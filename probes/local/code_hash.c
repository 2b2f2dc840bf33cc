/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "probes/local/code_hash.h"

#include <openssl/evp.h>

#include "probes/local/code_zip.h"

enum { HASH_BYTES = 32 };

enum cp_code cp_code_hash(struct cp_view zip, struct cp_code_hash *out, struct cp_error *err)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    *out = (struct cp_code_hash){.size = (int64_t)zip.n};
    if (!EVP_Digest(zip.p, zip.n, digest, NULL, EVP_sha256(), NULL))
        return cp_fail(err, CP_ENOMEM, "cannot hash the code");
    (void)EVP_EncodeBlock((unsigned char *)out->sha256_base64, digest, HASH_BYTES);
    return CP_OK;
}

enum cp_code cp_code_hash_folder(const char *folder, struct cp_code_hash *out, struct cp_error *err)
{
    struct cp_buf zip;
    *out = (struct cp_code_hash){0};
    cp_buf_init(&zip, CP_CODE_ARCHIVE_MAX);
    enum cp_code code = cp_code_zip_write(folder, &zip, err);
    if (!code)
        code = cp_code_hash(cp_buf_view(&zip), out, err);
    cp_buf_clear(&zip);
    return code;
}
