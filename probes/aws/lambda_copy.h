/* SPDX-License-Identifier: GPL-3.0-or-later
 * A copy of a function under another name: what it is made of (GetFunction), its code, creating it
 * and deleting it whole. Errors as in lambda.h.
 *
 * Environment values pass through memory only: they are in the answer of GetFunction and in the
 * body of CreateFunction, both wiped after use, and in no struct that anything else reads.
 */
#ifndef COLDPROF_PROBES_AWS_LAMBDA_COPY_H
#define COLDPROF_PROBES_AWS_LAMBDA_COPY_H

#include "probes/aws/lambda.h"

/* What CreateFunction takes as a zip without S3, and the part of a copy's name that makes it one
 * of ours: <name>-coldprof-<run>. */
enum { CP_CODE_ZIP_MAX = 50 * 1024 * 1024, CP_FUNCTION_NAME_LENGTH_MAX = 64 };
#define CP_COPY_MARK "-coldprof-"

/* GetFunction as it came. Ownership: cp_function_source_clear wipes and frees. */
struct cp_function_source {
    struct cp_function_config config;
    struct cp_buf document; /* the JSON text */
};
enum cp_code cp_lambda_get_source(struct cp_lambda *l, const char *function, const char *qualifier,
                                  struct cp_function_source *out, struct cp_error *err);
void cp_function_source_clear(struct cp_function_source *source);

/* The zip behind Code.Location, appended to `zip` (whose limit applies), checked against
 * CodeSha256. Without credentials, https below amazonaws.com(.cn) only; from a loopback endpoint
 * http to loopback too. CP_EUNSUPPORTED: larger than CP_CODE_ZIP_MAX, or another place. Nothing to
 * do for an image. */
enum cp_code cp_lambda_download_code(struct cp_lambda *l, const struct cp_function_source *source,
                                     struct cp_buf *zip, struct cp_error *err);

struct cp_function_copy {
    const char *name; /* cp_copy_name_check */
    const char *description;
    struct cp_view zip; /* empty for an image */
    const char *tags[4][2];
    size_t n_tags;
};
/* CreateFunction with everything of `source` that decides how it runs (role, layers, VPC,
 * environment, architecture, timeout, memory, storage, logging, tracing, SnapStart, image), without
 * triggers, policy, URL, dead letter queue or reserved concurrency. Sent once: it may have taken
 * effect after a failure. */
enum cp_code cp_lambda_create_copy(struct cp_lambda *l, const struct cp_function_source *source,
                                   const struct cp_function_copy *copy,
                                   struct cp_function_config *out, struct cp_error *err);

/* The body of CreateFunction for people: the code and the values of the environment are not in it.
 */
enum cp_code cp_function_copy_describe(const struct cp_function_source *source,
                                       const struct cp_function_copy *copy, struct cp_buf *out,
                                       struct cp_error *err);

/* DeleteFunction without a qualifier: everything of it. `function`: a name that cp_copy_name_check
 * accepts, or an ARN with such a name: CP_EINVAL otherwise, before anything is sent. */
enum cp_code cp_lambda_delete_copy(struct cp_lambda *l, const char *function, struct cp_error *err);

/* "<name>-coldprof-<run>", cut before the mark so that all fits. `name` without account, Region or
 * qualifier. CP_EINVAL when `run` is none. */
enum cp_code cp_copy_name(const char *name, const char *run,
                          char out[CP_FUNCTION_NAME_LENGTH_MAX + 1], struct cp_error *err);
/* A plain function name that ends in the mark and a run id ([0-9a-f]+). */
enum cp_code cp_copy_name_check(const char *name, struct cp_error *err);

/* Value of a tag, "" when there is none. `arn`: of the function, unqualified. */
enum { CP_TAG_VALUE_MAX = 257 };
enum cp_code cp_lambda_get_tag(struct cp_lambda *l, const char *arn, const char *key,
                               char value[CP_TAG_VALUE_MAX], struct cp_error *err);

#endif
