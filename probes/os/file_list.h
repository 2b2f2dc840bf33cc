/* SPDX-License-Identifier: GPL-3.0-or-later
 * The regular files below a folder.
 */
#ifndef COLDPROF_PROBES_OS_FILE_LIST_H
#define COLDPROF_PROBES_OS_FILE_LIST_H

#include <stdint.h>

#include "model/base/buf.h"

struct cp_listed_file {
    char *name; /* relative to the folder, '/' between parts */
    int64_t size;
};

struct cp_file_list {
    struct cp_listed_file *files; /* sorted by name, byte by byte */
    size_t n, cap;
};

struct cp_file_list_options {
    const char *const *skip; /* names of folders to leave out, NULL-terminated; NULL: none */
    size_t max_files;        /* 0: 100,000; more is CP_ELIMIT */
};

/* Links to files are files; links to folders (so that the walk ends) and to nothing are left out.
 * Fills `out` (cp_file_list_clear it, also after a failure). */
enum cp_code cp_file_list(const char *folder, const struct cp_file_list_options *options,
                          struct cp_file_list *out, struct cp_error *err);
void cp_file_list_clear(struct cp_file_list *list);

#endif
