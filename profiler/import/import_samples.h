/* SPDX-License-Identifier: GPL-3.0-or-later
 * Raw records of a digest as samples: notes joined by request id, exact duplicates dropped, in the
 * order of arrival. Pure: nothing is opened.
 */
#ifndef COLDPROF_PROFILER_IMPORT_IMPORT_SAMPLES_H
#define COLDPROF_PROFILER_IMPORT_IMPORT_SAMPLES_H

#include <stddef.h>

#include "model/base/error.h"
#include "model/digest/digest_extract.h"
#include "model/sample.h"

struct cp_import_samples {
    struct cp_sample *samples; /* plan_no is the position in the order of arrival */
    /* of each sample its record; with a version asked for, in the scope of that version, which the
     * log may tell in START only. Borrows from the digest. */
    struct cp_digest_chosen *records;
    size_t n;
    size_t n_duplicates; /* dropped: same request id and same values as another one */
};

/* Samples of `function` (and of `version`, NULL any); free() both arrays, also after a failure. The
 * digest must have raw records. CP_ENOMEM. */
enum cp_code cp_import_samples(const struct cp_digest *digest, struct cp_view function,
                               const char *version, struct cp_import_samples *out,
                               struct cp_error *err);

#endif
