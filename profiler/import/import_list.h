/* SPDX-License-Identifier: GPL-3.0-or-later
 * The functions of a digest: one row each, its versions together. Pure.
 */
#ifndef COLDPROF_PROFILER_IMPORT_IMPORT_LIST_H
#define COLDPROF_PROFILER_IMPORT_IMPORT_LIST_H

#include <stddef.h>
#include <stdint.h>

#include "model/base/error.h"
#include "model/base/view.h"
#include "model/digest/digest.h"
#include "model/run.h"

struct cp_import_function {
    struct cp_view name;         /* borrowed from the digest; empty: the log does not say */
    uint64_t n, n_cold;          /* records; of these in a fresh environment */
    uint64_t n_failed;           /* error, timeout, out of memory, init failed */
    uint64_t n_starts;           /* START lines */
    int sizes[CP_RUN_SIZES_MAX]; /* memory sizes, ascending */
    size_t n_sizes;
    size_t n_versions;
    int64_t first_ms, last_ms;    /* of the records' times; -1: none has a time */
    size_t first_scope, n_scopes; /* in the digest */
};

struct cp_import_list {
    struct cp_import_function *rows; /* sorted by name */
    size_t n;
};

/* CP_ENOMEM. Clear it, also after a failure. Functions without any record have no row. */
enum cp_code cp_import_list(const struct cp_digest *digest, struct cp_import_list *out,
                            struct cp_error *err);
void cp_import_list_clear(struct cp_import_list *list);

/* The row of that name, or (NULL) the one with most records. CP_ENOTFOUND names those there are;
 * CP_ENODATA: no record at all. */
enum cp_code cp_import_choose(const struct cp_import_list *list, const char *name,
                              const struct cp_import_function **out, struct cp_error *err);

#endif
