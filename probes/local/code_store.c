/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "probes/local/code_store.h"

#include <string.h>

#include "probes/local/code_package.h"
#include "probes/local/code_zip.h"

static enum cp_code unpack(void *context, struct cp_view zip, struct cp_function_folder *folder,
                           struct cp_error *err)
{
    const struct cp_code_store *store = context;
    struct cp_code_package *package = NULL;
    enum cp_code code = cp_code_package_new(store->dir, zip, &package, err);
    if (code)
        return code;
    cp_code_package_unref(folder->package);
    folder->package = package;
    folder->code_size = package->hash.size;
    (void)cp_view_copy(cp_view_of(package->dir), folder->dir, sizeof folder->dir);
    (void)cp_view_copy(cp_view_of(package->hash.sha256_base64), folder->code_sha256,
                       sizeof folder->code_sha256);
    return CP_OK;
}

static const struct cp_prepared *find_prepared(const struct cp_code_store *store,
                                               const char *runtime)
{
    for (size_t i = 0; i < store->n_prepared; i++) {
        if (strcmp(store->prepared[i].asked, runtime) == 0)
            return &store->prepared[i];
    }
    return NULL;
}

static enum cp_code prepare(void *context, struct cp_function_folder *folder, struct cp_error *err)
{
    struct cp_code_store *store = context;
    const struct cp_prepared *known = find_prepared(store, folder->runtime);
    if (known) {
        (void)cp_view_copy(cp_view_of(known->program), folder->program, sizeof folder->program);
        (void)cp_view_copy(cp_view_of(known->runtime), folder->runtime, sizeof folder->runtime);
        folder->bootstrap[0] = '\0';
        return CP_OK;
    }
    struct cp_prepared fresh = {.asked = ""};
    memcpy(fresh.asked, folder->runtime, sizeof fresh.asked);
    enum cp_code code =
        cp_function_folder_prepare(&(struct cp_function_folder_options){0}, folder, err);
    bool is_custom = cp_view_has_prefix(cp_view_of(fresh.asked), "provided");
    if (code || is_custom || store->n_prepared == CP_CODE_STORE_RUNTIMES_MAX)
        return code;
    memcpy(fresh.runtime, folder->runtime, sizeof fresh.runtime);
    memcpy(fresh.program, folder->program, sizeof fresh.program);
    store->prepared[store->n_prepared++] = fresh;
    return CP_OK;
}

static void locate(void *context, const char *function, const char *sha256_base64, int64_t now_ms,
                   char out[CP_CODE_LINK_MAX])
{
    const struct cp_code_store *store = context;
    out[0] = '\0';
    if (store->host)
        cp_code_link_write(&store->key, store->host, function, sha256_base64, now_ms, out);
}

enum cp_code cp_code_store_init(struct cp_code_store *store, const char *dir, struct cp_error *err)
{
    *store = (struct cp_code_store){.dir = dir};
    return cp_code_link_key_init(&store->key, err);
}

struct cp_control_code cp_code_store_operations(struct cp_code_store *store)
{
    return (struct cp_control_code){store, unpack, prepare, locate};
}

/* A user's folder is zipped now, and must still be what its hash says. */
static enum cp_code zip_folder(const struct cp_function_folder *folder, struct cp_buf *archive,
                               struct cp_error *err)
{
    struct cp_code_hash hash;
    enum cp_code code = cp_code_zip_write(folder->dir, archive, err);
    if (!code)
        code = cp_code_hash(cp_buf_view(archive), &hash, err);
    if (!code && strcmp(hash.sha256_base64, folder->code_sha256) != 0)
        code = cp_fail(err, CP_EINVAL,
                       "the folder of '%s' was changed since the service started: start it again",
                       folder->name);
    return code;
}

enum cp_code cp_code_store_fetch(const struct cp_code_store *store,
                                 const struct cp_control *control, const struct cp_code_link *link,
                                 int64_t now_ms, struct cp_buf *archive, struct cp_error *err)
{
    if (!cp_code_link_is_valid(&store->key, link, now_ms))
        return cp_fail(err, CP_EDENIED, "Request has expired");
    const struct cp_function_folder *folder = cp_control_code(control, link);
    if (!folder)
        return cp_fail(err, CP_ENOTFOUND, "The code of '%s' is no longer there", link->function);
    return folder->package ? cp_code_package_read(folder->package, archive, err)
                           : zip_folder(folder, archive, err);
}
