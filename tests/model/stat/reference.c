/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/model/stat/reference.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/test.h"

static char folder[1024];

const char *reference_folder(const char *name)
{
    const char *reference = getenv("COLDPROF_REFERENCE");
    (void)snprintf(folder, sizeof folder, "%s/%s", reference ? reference : "", name);
    if (access(folder, R_OK) != 0) {
        const char *ci = getenv("CI");
        print_message("skipped: no reference data in '%s'\n", folder);
        if (ci && strcmp(ci, "true") == 0)
            fail_msg("CI must have the reference data");
        skip();
    }
    return folder;
}
