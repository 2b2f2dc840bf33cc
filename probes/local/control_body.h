/* SPDX-License-Identifier: GPL-3.0-or-later
 * Bodies of the control API: reading JSON requests and collecting AWS's model violations; writing
 * the documents that several operations share.
 */
#ifndef COLDPROF_PROBES_LOCAL_CONTROL_BODY_H
#define COLDPROF_PROBES_LOCAL_CONTROL_BODY_H

#include "probes/local/control_state.h"
#include "probes/local/json_out.h"

struct cJSON;

/* Violations of the API's model, all in one answer: "2 validation errors detected: ...; ...". */
struct cp_violations {
    struct cp_buf text;
    int n;
};
void cp_violations_init(struct cp_violations *v);
void cp_violations_clear(struct cp_violations *v);
/* `value` NULL is written as AWS writes it: Value null at 'x' ... */
void cp_violations_add(struct cp_violations *v, const char *value, const char *member,
                       const char *constraint);
void cp_violations_add_range(struct cp_violations *v, double value, const char *member, int min,
                             int max);
/* true when there are some: `response` is 400 ValidationException. */
bool cp_violations_fail(const struct cp_violations *v, struct cp_api_response *response);

/* A request body being read. The first member of a wrong JSON type makes the request a
 * SerializationException; members that are absent or null are absent. */
struct cp_body {
    struct cJSON *json; /* an object */
    struct cp_violations violations;
    const char *wrong_type; /* "" or AWS's sentence */
};
/* false: not a JSON object; `response` says so. An empty body is an empty object. */
bool cp_body_open(struct cp_body *b, struct cp_view bytes, struct cp_api_response *response);
void cp_body_close(struct cp_body *b);
/* false when something was wrong; `response` then holds the 400. */
bool cp_body_is_valid(const struct cp_body *b, struct cp_api_response *response);

const struct cJSON *cp_body_member(const struct cJSON *object, const char *name);
/* The string member of at most `max` characters, NULL when absent or wrong. */
const char *cp_body_string(struct cp_body *b, const struct cJSON *object, const char *name,
                           const char *member, size_t max);
/* One of `names` (NULL-terminated). */
const char *cp_body_choice(struct cp_body *b, const struct cJSON *object, const char *name,
                           const char *member, const char *const *names);
/* true and `*value` when present and within min..max. */
bool cp_body_int(struct cp_body *b, const struct cJSON *object, const char *name,
                 const char *member, int min, int max, int *value);
/* false when absent or wrong. */
bool cp_body_flag(struct cp_body *b, const struct cJSON *object, const char *name);
/* The object member, NULL when absent or wrong. */
const struct cJSON *cp_body_object(struct cp_body *b, const struct cJSON *object, const char *name);

/* Characters, not bytes. */
size_t cp_body_characters(const char *text);
/* Adds the members of `more` to `*tags` (NULL: none yet). false: nothing was changed, `response`
 * says why. */
bool cp_tags_merge(struct cJSON **tags, const struct cJSON *more, struct cp_body *b,
                   struct cp_api_response *response);
void cp_write_tags(struct cp_json_out *j, const struct cp_function *function);

/* --- documents --- */
/* Any JSON value. */
void cp_json_item(struct cp_json_out *j, const char *name, const struct cJSON *item);
struct cp_document {
    const char *qualifier; /* at the end of FunctionArn; NULL: unqualified */
    bool without_state;    /* listings leave State and LastUpdateStatus out */
};
/* `name` is the member's name, NULL for an entry of an array or for the whole body. */
void cp_write_configuration(struct cp_json_out *j, const char *name,
                            const struct cp_control *control, const struct cp_function *function,
                            const struct cp_version *version, const struct cp_document *how);
/* Fills `response` with status and the version's document as body. */
void cp_answer_configuration(struct cp_api_response *response, int status,
                             const struct cp_control *control, const struct cp_function *function,
                             const struct cp_version *version, const struct cp_document *how);
/* 204, no body. */
void cp_answer_empty(struct cp_api_response *response);

/* --- listings --- */
/* Entries of one page: call cp_page_takes for each entry in order, and cp_page_end once. */
struct cp_page {
    struct cp_json_out out;
    int limit, n;
    bool has_more;
    char last[2 * CP_QUALIFIER_MAX]; /* key of the last entry taken, which is the next marker */
};
void cp_page_start(struct cp_page *page, struct cp_api_response *response, const char *name,
                   int max_items);
/* false when the page is full: nothing more is to be written. */
bool cp_page_takes(struct cp_page *page, const char *key);
void cp_page_end(struct cp_page *page);

#endif
