/* SPDX-License-Identifier: GPL-3.0-or-later
 * What differs between two nights beside their durations: what may have caused a change. It is
 * shown beside the change and decides nothing. Only what both nights know is compared, so that a
 * fact which an older version did not keep is no change; of layers none and unknown look alike.
 * Pure.
 */
#ifndef COLDPROF_MODEL_CAUSE_H
#define COLDPROF_MODEL_CAUSE_H

#include <stddef.h>

#include "model/compare/night.h"

enum cp_cause_kind {
    CP_CAUSE_CODE,
    CP_CAUSE_RUNTIME_VERSION,
    CP_CAUSE_RUNTIME,
    CP_CAUSE_MEMORY,       /* MB, as digits */
    CP_CAUSE_LAYERS,       /* before: those removed, after: those added, blank between them */
    CP_CAUSE_PACKAGE_SIZE, /* bytes, as digits */
    CP_CAUSE_PAYLOAD,      /* what it was invoked with */
    CP_CAUSE_METHOD,       /* how it was measured */
    CP_CAUSE_HOST,
    CP_CAUSE_COLDPROF,
    CP_CAUSE_COUNT,
};
/* "code SHA-256", "runtime version", ...: a sentence goes on with it. */
const char *cp_cause_name(enum cp_cause_kind kind);
/* The same as a JSON key: "code_sha256", "runtime_version_arn", ... */
const char *cp_cause_key(enum cp_cause_kind kind);

struct cp_cause {
    enum cp_cause_kind kind;
    char before[CP_RUN_LAYERS_MAX], after[CP_RUN_LAYERS_MAX]; /* as the nights have it, in full */
};

/* In the order of the kinds; how many. */
size_t cp_causes_find(const struct cp_night *before, const struct cp_night *after,
                      struct cp_cause out[CP_CAUSE_COUNT]);

#endif
