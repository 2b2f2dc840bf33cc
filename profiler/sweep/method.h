/* SPDX-License-Identifier: GPL-3.0-or-later
 * How a sweep gets functions that it may change.
 */
#ifndef COLDPROF_PROFILER_SWEEP_METHOD_H
#define COLDPROF_PROFILER_SWEEP_METHOD_H

#include <stdbool.h>

struct cp_function_config; /* probes/aws/lambda.h */

enum cp_sweep_method {
    CP_METHOD_OWN,      /* the function is there for this sweep only: the embedded service's */
    CP_METHOD_SHADOW,   /* a copy of it, made and deleted by us; the function is only read */
    CP_METHOD_IN_PLACE, /* versions of the function itself */
    CP_METHOD_AS_IS,    /* $LATEST as it is; nothing is changed, nothing can be forced */
    CP_METHODS
};

/* "own function", "shadow function", "in place", "as it is": in reports and in the store. */
const char *cp_sweep_method_name(enum cp_sweep_method method);
/* The other way round; CP_METHOD_OWN for "" (runs of older versions) and unknown texts. */
enum cp_sweep_method cp_sweep_method_of(const char *name);

/* Where and how a sweep changes things. Texts are borrowed. */
struct cp_sweep_place {
    enum cp_sweep_method method;
    const char *journal_folder;             /* required but for CP_METHOD_OWN */
    const char *region;                     /* of the client, for the journal */
    const char *endpoint_url;               /* NULL: AWS */
    const struct cp_function_config *as_is; /* CP_METHOD_AS_IS: what was read before */
    bool is_production_known; /* in place although others reach $LATEST (--yes-production) */
};

#endif
