/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "probes/local/code_package.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "probes/local/code_zip.h"
#include "probes/os/file.h"
#include "probes/os/file_tree.h"

#define ARCHIVE "code.zip"
enum { ARCHIVE_PATH_MAX = PATH_MAX + sizeof "/" ARCHIVE };

static enum cp_code make_folders(struct cp_code_package *p, const char *parent,
                                 struct cp_error *err)
{
    int n = snprintf(p->root, sizeof p->root, "%s/code-XXXXXX", parent);
    if (n < 0 || n >= (int)sizeof p->root || !mkdtemp(p->root)) {
        p->root[0] = '\0';
        return cp_fail(err, CP_EIO, "cannot make a folder for code in '%s': %s", parent,
                       strerror(errno));
    }
    n = snprintf(p->dir, sizeof p->dir, "%s/code", p->root);
    if (n < 0 || n >= (int)sizeof p->dir || mkdir(p->dir, S_IRWXU) != 0)
        return cp_fail(err, CP_EIO, "cannot make a folder for code in '%s': %s", p->root,
                       strerror(errno));
    return CP_OK;
}

static void archive_path(const struct cp_code_package *p, char out[ARCHIVE_PATH_MAX])
{
    (void)snprintf(out, ARCHIVE_PATH_MAX, "%s/" ARCHIVE, p->root);
}

enum cp_code cp_code_package_new(const char *parent, struct cp_view zip,
                                 struct cp_code_package **out, struct cp_error *err)
{
    char path[ARCHIVE_PATH_MAX];
    struct cp_code_package *p = calloc(1, sizeof *p);
    *out = NULL;
    if (!p)
        return cp_fail(err, CP_ENOMEM, "out of memory");
    p->refs = 1;
    enum cp_code code = make_folders(p, parent, err);
    if (!code)
        code = cp_code_hash(zip, &p->hash, err);
    if (!code)
        code = cp_code_zip_extract(zip, p->dir, err);
    archive_path(p, path);
    if (!code)
        code = cp_file_write_atomic(path, zip, err);
    if (code)
        cp_code_package_unref(p);
    else
        *out = p;
    return code;
}

struct cp_code_package *cp_code_package_ref(struct cp_code_package *package)
{
    if (package)
        package->refs++;
    return package;
}

void cp_code_package_unref(struct cp_code_package *package)
{
    if (!package || --package->refs > 0)
        return;
    if (package->root[0])
        (void)cp_file_remove_tree(package->root, NULL);
    free(package);
}

enum cp_code cp_code_package_read(const struct cp_code_package *package, struct cp_buf *out,
                                  struct cp_error *err)
{
    char path[ARCHIVE_PATH_MAX];
    archive_path(package, path);
    return cp_file_read(path, out, err);
}
