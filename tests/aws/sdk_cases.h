/* SPDX-License-Identifier: GPL-3.0-or-later
 * The AWS SDKs' own test descriptions (smithy-lang/smithy-rs, Apache-2.0), read where they lie.
 */
#ifndef COLDPROF_TESTS_AWS_SDK_CASES_H
#define COLDPROF_TESTS_AWS_SDK_CASES_H

#include "probes/aws/shared_config.h"

struct cJSON;

/* Path of the folder; the test is skipped where it is missing, and fails in CI. */
const char *sdk_folder(void);
/* A JSON file below it; fails the test when it does not parse. cJSON_Delete it. */
struct cJSON *sdk_json(const char *name);

/* A getter over a JSON object of texts. */
const char *sdk_getenv(void *object, const char *name);
/* A file reader: `fs` (a JSON object path -> text) when given, else files below `root`. */
struct sdk_files {
    const struct cJSON *fs;
    const char *root;
};
enum cp_code sdk_read_file(void *files, const char *path, struct cp_buf *out, struct cp_error *err);

const char *sdk_text(const struct cJSON *object, const char *name); /* NULL when absent */

#endif
