/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "probes/aws/lambda_alias.h"

#include <string.h>

#include "probes/aws/lambda_client.h"
#include "probes/aws/lambda_json.h"
#include "probes/aws/sigv4.h"

enum { BODY_MAX = 4096, QUERY_MAX = 8192, MARKER_MAX = 2048, PAGES_MAX = 10000, ARN_FIELDS = 8 };

enum cp_code cp_lambda_create_alias(struct cp_lambda *l, const char *function,
                                    const struct cp_alias_config *alias, struct cp_error *err)
{
    struct cp_lambda_target target = {.function = function};
    struct cp_buf body;
    struct cp_buf answer;
    cp_buf_init(&body, BODY_MAX);
    cp_buf_init(&answer, 0);
    enum cp_code code = cp_lambda_json_alias_body(alias, &body, err);
    if (!code)
        code = cp_lambda_run(l, CP_OP_CREATE_ALIAS, &target, NULL, &body, &answer, err);
    cp_buf_clear(&answer);
    cp_buf_clear(&body);
    return code;
}

enum cp_code cp_lambda_get_alias(struct cp_lambda *l, const char *function, const char *name,
                                 struct cp_alias_config *out, struct cp_error *err)
{
    struct cp_lambda_target target = {.function = function, .name = name};
    struct cp_buf answer;
    enum cp_code code = cp_lambda_run(l, CP_OP_GET_ALIAS, &target, NULL, NULL, &answer, err);
    if (!code && cp_lambda_json_alias(cp_buf_view(&answer), out, err))
        code = cp_fail_context(err, "alias '%s' of '%s'", name, function);
    cp_buf_clear(&answer);
    return code;
}

enum cp_code cp_lambda_delete_alias(struct cp_lambda *l, const char *function, const char *name,
                                    struct cp_error *err)
{
    struct cp_lambda_target target = {.function = function, .name = name};
    struct cp_buf answer;
    if (!name || !name[0])
        return cp_fail(err, CP_EINVAL, "DeleteAlias '%s': no name", function ? function : "");
    enum cp_code code = cp_lambda_run(l, CP_OP_DELETE_ALIAS, &target, NULL, NULL, &answer, err);
    cp_buf_clear(&answer);
    return code;
}

/* --- listings --- */

/* Reads one page: takes what it needs, copies NextMarker. `is_ended`: no more pages wanted. */
struct pages {
    enum cp_lambda_operation operation;
    const char *function; /* in the path */
    const char *filter;   /* ?FunctionName=; NULL none */
    enum cp_code (*read)(struct cp_view body, struct pages *pages, struct cp_error *err);
    struct cp_buf marker;
    bool is_ended;
    cp_lambda_alias_fn each;
    void *context;
    bool has_any;
};

static void add_parameter(struct cp_buf *query, const char *name, struct cp_view value)
{
    if (!value.n)
        return;
    (void)cp_buf_addf(query, "%s%s=", query->n ? "&" : "", name);
    (void)cp_uri_encode(query, value, false);
}

static enum cp_code read_page(struct cp_lambda *l, struct pages *pages, struct cp_error *err)
{
    struct cp_lambda_target target = {.function = pages->function};
    struct cp_buf query;
    struct cp_buf answer;
    cp_buf_init(&query, QUERY_MAX);
    cp_buf_init(&answer, 0);
    add_parameter(&query, "FunctionName", cp_view_of(pages->filter));
    add_parameter(&query, "Marker", cp_buf_view(&pages->marker));
    add_parameter(&query, "MaxItems", CP_VIEW_LIT("50"));
    enum cp_code code = cp_buf_check(&query, "the request's query", err);
    if (!code)
        code = cp_lambda_run(l, pages->operation, &target, cp_buf_str(&query), NULL, &answer, err);
    if (!code)
        code = pages->read(cp_buf_view(&answer), pages, err);
    cp_buf_clear(&answer);
    cp_buf_clear(&query);
    return code;
}

static enum cp_code read_pages(struct cp_lambda *l, struct pages *pages, struct cp_error *err)
{
    cp_buf_init(&pages->marker, MARKER_MAX);
    enum cp_code code = CP_OK;
    int n = 0;
    do {
        code = read_page(l, pages, err);
        if (!code && ++n > PAGES_MAX)
            code = cp_fail(err, CP_ELIMIT, "a listing has more than %d pages", PAGES_MAX);
    } while (!code && !pages->is_ended && pages->marker.n);
    cp_buf_clear(&pages->marker);
    return code;
}

static enum cp_code read_aliases(struct cp_view body, struct pages *pages, struct cp_error *err)
{
    return cp_lambda_json_aliases(body, pages->each, pages->context, &pages->is_ended,
                                  &pages->marker, err);
}

enum cp_code cp_lambda_list_aliases(struct cp_lambda *l, const char *function,
                                    cp_lambda_alias_fn each, void *context, struct cp_error *err)
{
    struct pages pages = {.operation = CP_OP_LIST_ALIASES,
                          .function = function,
                          .read = read_aliases,
                          .each = each,
                          .context = context};
    return read_pages(l, &pages, err);
}

/* --- who reaches $LATEST --- */

/* 404 is "there is none". */
static enum cp_code exists(struct cp_lambda *l, enum cp_lambda_operation operation,
                           const char *function, bool *has, struct cp_error *err)
{
    struct cp_lambda_target target = {.function = function};
    struct cp_buf answer;
    enum cp_code code = cp_lambda_run(l, operation, &target, NULL, NULL, &answer, err);
    cp_buf_clear(&answer);
    *has = code == CP_OK;
    return code == CP_ENOTFOUND ? CP_OK : code;
}

enum cp_code cp_lambda_has_policy(struct cp_lambda *l, const char *function, bool *has,
                                  struct cp_error *err)
{
    return exists(l, CP_OP_GET_POLICY, function, has, err);
}

enum cp_code cp_lambda_has_url(struct cp_lambda *l, const char *function, bool *has,
                               struct cp_error *err)
{
    return exists(l, CP_OP_GET_FUNCTION_URL, function, has, err);
}

/* arn:aws:lambda:region:account:function:name[:qualifier] */
static bool is_unqualified(const char *function_arn)
{
    struct cp_view rest = cp_view_of(function_arn);
    struct cp_view field = {"", 0};
    int n = 0;
    while (cp_view_split(&rest, ':', &field))
        n++;
    return n < ARN_FIELDS || cp_view_is(field, "$LATEST");
}

static bool note_source(void *context, const char *function_arn)
{
    struct pages *pages = context;
    pages->has_any |= is_unqualified(function_arn);
    return !pages->has_any;
}

static enum cp_code read_sources(struct cp_view body, struct pages *pages, struct cp_error *err)
{
    return cp_lambda_json_event_sources(body, note_source, pages, &pages->is_ended, &pages->marker,
                                        err);
}

enum cp_code cp_lambda_has_event_source(struct cp_lambda *l, const char *function, bool *has,
                                        struct cp_error *err)
{
    struct pages pages = {
        .operation = CP_OP_LIST_EVENT_SOURCES, .filter = function, .read = read_sources};
    enum cp_code code = read_pages(l, &pages, err);
    *has = pages.has_any;
    return code == CP_ENOTFOUND ? CP_OK : code; /* a service without event sources */
}
