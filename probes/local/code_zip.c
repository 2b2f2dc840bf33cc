/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "probes/local/code_zip.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <zip.h>

#include "probes/os/file.h"
#include "probes/os/file_list.h"

enum {
    /* 1980-01-01 12:00, in the format of MS-DOS: libzip passes it through mktime and localtime, and
     * noon exists in every time zone. */
    DOS_DATE = 1 << 5 | 1,
    DOS_TIME = 12 << 11,
    MODE_SHIFT = 16, /* external attributes: the Unix mode is in the upper half */
};

static enum cp_code fail_zip(struct cp_error *err, const char *folder, zip_error_t *why)
{
    enum cp_code code = cp_fail(err, zip_error_code_zip(why) == ZIP_ER_MEMORY ? CP_ENOMEM : CP_EIO,
                                "cannot zip '%s': %s", folder, zip_error_strerror(why));
    zip_error_fini(why);
    return code;
}

static enum cp_code check_size(const struct cp_file_list *list, const char *folder,
                               struct cp_error *err)
{
    int64_t size = 0;
    for (size_t i = 0; i < list->n; i++) {
        size += list->files[i].size;
        if (size > CP_CODE_SIZE_MAX)
            return cp_fail(err, CP_ELIMIT,
                           "'%s' is larger than 250 MB, the limit of AWS for unzipped code",
                           folder);
    }
    return CP_OK;
}

static bool add_file(zip_t *archive, const char *folder, const char *name)
{
    char path[PATH_MAX];
    int n = snprintf(path, sizeof path, "%s/%s", folder, name);
    if (n < 0 || n >= (int)sizeof path)
        return false;
    zip_source_t *source = zip_source_file(archive, path, 0, -1);
    if (!source)
        return false;
    zip_int64_t index = zip_file_add(archive, name, source, ZIP_FL_ENC_UTF_8);
    if (index < 0) {
        zip_source_free(source);
        return false;
    }
    zip_uint64_t at = (zip_uint64_t)index;
    zip_uint32_t mode = S_IFREG | (cp_file_is_executable(path) ? 0755 : 0644);
    return zip_set_file_compression(archive, at, ZIP_CM_STORE, 0) == 0 &&
           zip_file_set_dostime(archive, at, DOS_TIME, DOS_DATE, 0) == 0 &&
           zip_file_set_external_attributes(archive, at, 0, ZIP_OPSYS_UNIX, mode << MODE_SHIFT) ==
               0;
}

/* Takes `archive`. The files are read now. */
static enum cp_code fill(zip_t *archive, const char *folder, const struct cp_file_list *list,
                         struct cp_error *err)
{
    bool is_good = true;
    for (size_t i = 0; is_good && i < list->n; i++)
        is_good = add_file(archive, folder, list->files[i].name);
    if (is_good && zip_close(archive) == 0)
        return CP_OK;
    enum cp_code code = cp_fail(
        err, zip_error_code_zip(zip_get_error(archive)) == ZIP_ER_MEMORY ? CP_ENOMEM : CP_EIO,
        "cannot zip '%s': %s", folder, zip_strerror(archive));
    zip_discard(archive);
    return code;
}

static enum cp_code read_all(zip_source_t *source, const char *folder, struct cp_buf *out,
                             struct cp_error *err)
{
    zip_stat_t st;
    if (zip_source_stat(source, &st) != 0 || !(st.valid & ZIP_STAT_SIZE) ||
        zip_source_open(source) != 0)
        return cp_fail(err, CP_EIO, "cannot zip '%s'", folder);
    char *to = cp_buf_reserve(out, (size_t)st.size);
    zip_int64_t n = to ? zip_source_read(source, to, st.size) : -1;
    (void)zip_source_close(source);
    if (!to)
        return cp_buf_check(out, folder, err);
    if (n < 0 || (zip_uint64_t)n != st.size)
        return cp_fail(err, CP_EIO, "cannot zip '%s'", folder);
    out->n += (size_t)n;
    out->p[out->n] = '\0';
    return CP_OK;
}

static enum cp_code write_list(const char *folder, const struct cp_file_list *list,
                               struct cp_buf *out, struct cp_error *err)
{
    zip_error_t why;
    zip_error_init(&why);
    zip_source_t *source = zip_source_buffer_create(NULL, 0, 0, &why);
    if (!source)
        return fail_zip(err, folder, &why);
    zip_source_keep(source);
    zip_t *archive = zip_open_from_source(source, ZIP_TRUNCATE, &why);
    enum cp_code code = archive ? fill(archive, folder, list, err) : fail_zip(err, folder, &why);
    if (!archive)
        zip_source_free(source); /* the one that the archive would have taken */
    if (!code)
        code = read_all(source, folder, out, err);
    zip_source_free(source);
    zip_error_fini(&why);
    return code;
}

enum cp_code cp_code_zip_write(const char *folder, struct cp_buf *out, struct cp_error *err)
{
    static const char *const skip[] = {".git", "__pycache__", NULL};
    const struct cp_file_list_options options = {.skip = skip, .max_files = CP_CODE_FILES_MAX};
    struct cp_file_list list;
    enum cp_code code = cp_file_list(folder, &options, &list, err);
    if (!code)
        code = check_size(&list, folder, err);
    if (!code && list.n == 0)
        code = cp_fail(err, CP_EINVAL, "'%s' has no file", folder);
    if (!code)
        code = write_list(folder, &list, out, err);
    cp_file_list_clear(&list);
    return code;
}
