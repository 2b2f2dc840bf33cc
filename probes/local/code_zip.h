/* SPDX-License-Identifier: GPL-3.0-or-later
 * A function's code as a zip archive: written so that the same folder always gives the same bytes,
 * and taken apart with suspicion, for it comes from a client.
 */
#ifndef COLDPROF_PROBES_LOCAL_CODE_ZIP_H
#define COLDPROF_PROBES_LOCAL_CODE_ZIP_H

#include "model/base/buf.h"

enum {
    CP_CODE_SIZE_MAX = 250 << 20, /* AWS's limit for unzipped code, 250 MB */
    CP_CODE_FILES_MAX = 100000,
    /* room for the archive of a folder at the limit: its bytes, names and headers */
    CP_CODE_ARCHIVE_MAX = CP_CODE_SIZE_MAX + (64 << 20),
};

/* Appends the archive of a folder to `out` (its limit applies): regular files sorted by name,
 * stored, with a fixed time and mode 0644 or 0755; .git and __pycache__ are left out. CP_ELIMIT
 * above CP_CODE_SIZE_MAX. */
enum cp_code cp_code_zip_write(const char *folder, struct cp_buf *out, struct cp_error *err);

/* Unpacks into `folder`, which exists and is empty. Files get mode 0600, or 0700 when an executable
 * bit is set; folders 0700. CP_EINVAL: not a zip archive, an encrypted or broken entry, a name that
 * is absolute, leaves the folder or is there twice, a link that leaves the folder, something that
 * is neither file, folder nor link. CP_ELIMIT: more than CP_CODE_SIZE_MAX bytes really come out, or
 * CP_CODE_FILES_MAX entries are in it. What was unpacked before a failure stays. */
enum cp_code cp_code_zip_extract(struct cp_view zip, const char *folder, struct cp_error *err);

#endif
