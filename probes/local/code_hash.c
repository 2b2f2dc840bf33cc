/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "probes/local/code_hash.h"

#include <inttypes.h>
#include <limits.h>
#include <openssl/evp.h>
#include <stdio.h>

#include "probes/os/file.h"
#include "probes/os/file_list.h"

enum { HASH_BYTES = 32 };

/* NAME NUL SIZE NUL bytes: no two folders give the same stream. */
static enum cp_code hash_file(EVP_MD_CTX *hash, const char *folder,
                              const struct cp_listed_file *file, struct cp_error *err)
{
    char path[PATH_MAX];
    struct cp_buf header;
    struct cp_buf bytes;
    int n = snprintf(path, sizeof path, "%s/%s", folder, file->name);
    if (n < 0 || n >= (int)sizeof path)
        return cp_fail(err, CP_ELIMIT, "a path below '%s' is too long", folder);
    cp_buf_init(&header, PATH_MAX + 32);
    cp_buf_init(&bytes, CP_CODE_SIZE_MAX);
    enum cp_code code = cp_file_read(path, &bytes, err);
    (void)cp_buf_add(&header, file->name, cp_view_of(file->name).n + 1);
    (void)cp_buf_addf(&header, "%zu%c", bytes.n, 0);
    if (!code)
        code = cp_buf_check(&header, path, err);
    if (!code && (!EVP_DigestUpdate(hash, cp_buf_str(&header), header.n) ||
                  !EVP_DigestUpdate(hash, cp_buf_str(&bytes), bytes.n)))
        code = cp_fail(err, CP_ENOMEM, "cannot hash '%s'", path);
    cp_buf_clear(&header);
    cp_buf_clear(&bytes);
    return code;
}

static enum cp_code check_size(const struct cp_file_list *list, const char *folder, int64_t *size,
                               struct cp_error *err)
{
    *size = 0;
    for (size_t i = 0; i < list->n; i++) {
        *size += list->files[i].size;
        if (*size > CP_CODE_SIZE_MAX)
            return cp_fail(err, CP_ELIMIT,
                           "'%s' is larger than 250 MB, the limit of AWS for unzipped code",
                           folder);
    }
    return CP_OK;
}

static enum cp_code hash_files(EVP_MD_CTX *hash, const char *folder,
                               const struct cp_file_list *list, struct cp_code_hash *out,
                               struct cp_error *err)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    enum cp_code code = check_size(list, folder, &out->size, err);
    if (!code && (!hash || !EVP_DigestInit_ex(hash, EVP_sha256(), NULL)))
        code = cp_fail(err, CP_ENOMEM, "cannot hash '%s'", folder);
    for (size_t i = 0; !code && i < list->n; i++)
        code = hash_file(hash, folder, &list->files[i], err);
    if (!code && !EVP_DigestFinal_ex(hash, digest, NULL))
        code = cp_fail(err, CP_ENOMEM, "cannot hash '%s'", folder);
    if (!code)
        (void)EVP_EncodeBlock((unsigned char *)out->sha256_base64, digest, HASH_BYTES);
    return code;
}

enum cp_code cp_code_hash(const char *folder, struct cp_code_hash *out, struct cp_error *err)
{
    static const char *const skip[] = {".git", "__pycache__", NULL};
    struct cp_file_list list;
    *out = (struct cp_code_hash){0};
    enum cp_code code =
        cp_file_list(folder, &(struct cp_file_list_options){.skip = skip}, &list, err);
    if (!code) {
        EVP_MD_CTX *hash = EVP_MD_CTX_new();
        code = hash_files(hash, folder, &list, out, err);
        EVP_MD_CTX_free(hash);
    }
    cp_file_list_clear(&list);
    return code;
}
