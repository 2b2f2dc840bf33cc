/* SPDX-License-Identifier: GPL-3.0-or-later
 * The function as it is: $LATEST, whatever environments it has.
 */
#include <stdio.h>

#include "profiler/sweep/swept.h"

static enum cp_code check(struct cp_swept *s, struct cp_error *err)
{
    (void)s;
    (void)err;
    return CP_OK;
}

static enum cp_code begin(struct cp_swept *s, const struct cp_swept_begin *begin,
                          struct cp_error *err)
{
    (void)s;
    (void)begin;
    (void)err;
    return CP_OK;
}

static enum cp_code version(struct cp_swept *s, int memory_size_mb, char version[CP_VERSION_MAX],
                            struct cp_error *err)
{
    (void)s;
    (void)memory_size_mb;
    (void)err;
    (void)snprintf(version, CP_VERSION_MAX, "$LATEST");
    return CP_OK;
}

const struct cp_swept_method cp_swept_as_is = {check, begin, version};
