/* SPDX-License-Identifier: GPL-3.0-or-later
 * Code that came as a zip archive: unpacked into a private folder, the archive kept beside it, both
 * removed with the last function, version or environment that uses them.
 *
 * Ownership: counted. cp_code_package_new gives one reference; whoever keeps a function folder that
 * has a package holds one more.
 */
#ifndef COLDPROF_PROBES_LOCAL_CODE_PACKAGE_H
#define COLDPROF_PROBES_LOCAL_CODE_PACKAGE_H

#include <limits.h>

#include "model/base/buf.h"
#include "probes/local/code_hash.h"

struct cp_code_package {
    int refs;
    char root[PATH_MAX]; /* holds `code` and `code.zip` */
    char dir[PATH_MAX];  /* the unpacked code */
    struct cp_code_hash hash;
};

/* Unpacks below `parent`, a private folder. CP_ELIMIT and CP_EINVAL as cp_code_zip_extract, with
 * nothing left behind. */
enum cp_code cp_code_package_new(const char *parent, struct cp_view zip,
                                 struct cp_code_package **out, struct cp_error *err);
struct cp_code_package *cp_code_package_ref(struct cp_code_package *package); /* NULL is NULL */
void cp_code_package_unref(struct cp_code_package *package);

/* Appends the archive as it came. */
enum cp_code cp_code_package_read(const struct cp_code_package *package, struct cp_buf *out,
                                  struct cp_error *err);

#endif
