/* SPDX-License-Identifier: GPL-3.0-or-later
 * Bodies of the Lambda API to and from structs. Pure: bytes in, structs out. JSON numbers are
 * doubles and range-checked before they become int. CP_EFORMAT names the member that is wrong.
 */
#ifndef COLDPROF_PROBES_AWS_LAMBDA_JSON_H
#define COLDPROF_PROBES_AWS_LAMBDA_JSON_H

#include "probes/aws/lambda.h"
#include "probes/aws/lambda_alias.h"
#include "probes/aws/lambda_copy.h"

enum cp_code cp_lambda_json_config(struct cp_view body, struct cp_function_config *out,
                                   struct cp_error *err);
/* GetFunction: {Configuration, Concurrency}; `reserved` is -1 when unset. */
enum cp_code cp_lambda_json_function(struct cp_view body, struct cp_function_config *out,
                                     int *reserved, struct cp_error *err);
enum cp_code cp_lambda_json_provisioned(struct cp_view body, struct cp_provisioned_config *out,
                                        struct cp_error *err);
enum cp_code cp_lambda_json_account(struct cp_view body, struct cp_account_settings *out,
                                    struct cp_error *err);

/* One page of a listing: calls `each` for the entries of `list_name` until it returns false
 * (`is_ended`), and copies NextMarker ("" at the end) into `marker`, which the caller initialises.
 */
struct cp_lambda_page {
    const char *list_name; /* "Versions", "Functions" */
    cp_lambda_version_fn each;
    void *context;
    bool is_ended;
    struct cp_buf marker;
};
enum cp_code cp_lambda_json_page(struct cp_view body, struct cp_lambda_page *page,
                                 struct cp_error *err);

/* --- aliases, event sources, tags (lambda_json_more.c) --- */
enum cp_code cp_lambda_json_alias(struct cp_view body, struct cp_alias_config *out,
                                  struct cp_error *err);
enum cp_code cp_lambda_json_alias_body(const struct cp_alias_config *alias, struct cp_buf *out,
                                       struct cp_error *err);
/* One page each: `each` until it returns false (`*is_ended`), NextMarker as above. */
enum cp_code cp_lambda_json_aliases(struct cp_view body, cp_lambda_alias_fn each, void *context,
                                    bool *is_ended, struct cp_buf *marker, struct cp_error *err);
typedef bool (*cp_lambda_arn_fn)(void *context, const char *function_arn);
enum cp_code cp_lambda_json_event_sources(struct cp_view body, cp_lambda_arn_fn each, void *context,
                                          bool *is_ended, struct cp_buf *marker,
                                          struct cp_error *err);
/* ListTags: "" when the tag is absent. */
enum cp_code cp_lambda_json_tag(struct cp_view body, const char *key, char value[CP_TAG_VALUE_MAX],
                                struct cp_error *err);

/* --- copies (lambda_json_copy.c) --- */
/* Code.Location of a GetFunction answer. */
enum cp_code cp_lambda_json_location(struct cp_view document, struct cp_buf *url,
                                     struct cp_error *err);
/* Body of CreateFunction from a GetFunction answer. Wipes what it allocates between. */
enum cp_code cp_lambda_json_copy(struct cp_view document, const struct cp_function_copy *copy,
                                 struct cp_buf *out, struct cp_error *err);

/* The same for people: values of the environment hidden, code as its size. */
enum cp_code cp_lambda_json_copy_shown(struct cp_view document, const struct cp_function_copy *copy,
                                       int64_t code_bytes, struct cp_buf *out,
                                       struct cp_error *err);

/* Request bodies: appended to `out`. */
enum cp_code cp_lambda_json_update(const struct cp_function_update *update, struct cp_buf *out,
                                   struct cp_error *err);
/* NULL texts are left out. */
enum cp_code cp_lambda_json_publish(const struct cp_version_publish *publish, struct cp_buf *out,
                                    struct cp_error *err);
enum cp_code cp_lambda_json_count(const char *name, int count, struct cp_buf *out,
                                  struct cp_error *err);

#endif
