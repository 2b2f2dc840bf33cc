/* SPDX-License-Identifier: GPL-3.0-or-later
 * What became of every line of the logs: read, accepted, rejected and why, and what is missing.
 * Nothing is dropped without a word. Pure text; names and examples are data from strangers and are
 * made harmless.
 */
#ifndef COLDPROF_PROFILER_IMPORT_IMPORT_ACCOUNT_H
#define COLDPROF_PROFILER_IMPORT_IMPORT_ACCOUNT_H

#include <stdbool.h>

#include "model/base/buf.h"
#include "model/digest/digest.h"
#include "probes/log/log_import.h"

struct cp_import_account {
    const struct cp_digest *digest;
    const struct cp_log_import_result *result; /* NULL: not from files */
    const struct cp_log_files *files;          /* what was left out; NULL: nothing */
};

/* Lines with their ends; the caller's buffer has the failure, if any. */
void cp_import_account_text(const struct cp_import_account *account, struct cp_buf *out);

/* Nothing was rejected, damaged or cut off: the answer that decides the exit status. */
bool cp_import_account_is_whole(const struct cp_digest *digest);

/* Pauses of the log: stretches of an hour or more without any record. */
struct cp_import_gaps {
    size_t n;
    int64_t longest_from_ms, longest_to_ms; /* -1 none */
};
/* False: out of memory. */
bool cp_import_gaps_find(const struct cp_digest *digest, struct cp_import_gaps *out);

#endif
