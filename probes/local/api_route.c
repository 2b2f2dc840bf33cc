/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "probes/local/api_route.h"

#include <string.h>

static bool bad_request(struct cp_api_response *response, const char *type, const char *text)
{
    cp_api_fail(response, 400, type, NULL, "%s", text);
    return false;
}

/* --- routes --- */

/* Paths and dates of facts/api.md section 1. {F} is the function's name, {N} the alias's. A slash
 * at the end is optional: the SDKs send it for the two that have it here. `list` tells the two GETs
 * of provisioned-concurrency apart. */
static const struct route {
    const char *method;
    const char *path;
    enum cp_api_operation operation;
    enum { ANY_LIST, WITHOUT_LIST, WITH_LIST } list;
    bool is_upload; /* CP_UPLOAD_MAX instead of CP_BODY_MAX */
} routes[] = {
    {"POST", "/2015-03-31/functions/{F}/invocations", CP_API_INVOKE, ANY_LIST},
    {"POST", "/2021-11-15/functions/{F}/response-streaming-invocations",
     CP_API_INVOKE_WITH_RESPONSE_STREAM, ANY_LIST},
    {"GET", "/2015-03-31/functions/", CP_API_LIST_FUNCTIONS, ANY_LIST},
    {"POST", "/2015-03-31/functions/", CP_API_CREATE_FUNCTION, ANY_LIST, true},
    {"GET", "/2015-03-31/functions/{F}", CP_API_GET_FUNCTION, ANY_LIST},
    {"DELETE", "/2015-03-31/functions/{F}", CP_API_DELETE_FUNCTION, ANY_LIST},
    {"GET", "/2015-03-31/functions/{F}/configuration", CP_API_GET_FUNCTION_CONFIGURATION, ANY_LIST},
    {"PUT", "/2015-03-31/functions/{F}/configuration", CP_API_UPDATE_FUNCTION_CONFIGURATION,
     ANY_LIST},
    {"GET", "/2015-03-31/functions/{F}/versions", CP_API_LIST_VERSIONS, ANY_LIST},
    {"POST", "/2015-03-31/functions/{F}/versions", CP_API_PUBLISH_VERSION, ANY_LIST},
    {"GET", "/2015-03-31/functions/{F}/aliases", CP_API_LIST_ALIASES, ANY_LIST},
    {"POST", "/2015-03-31/functions/{F}/aliases", CP_API_CREATE_ALIAS, ANY_LIST},
    {"GET", "/2015-03-31/functions/{F}/aliases/{N}", CP_API_GET_ALIAS, ANY_LIST},
    {"PUT", "/2015-03-31/functions/{F}/aliases/{N}", CP_API_UPDATE_ALIAS, ANY_LIST},
    {"DELETE", "/2015-03-31/functions/{F}/aliases/{N}", CP_API_DELETE_ALIAS, ANY_LIST},
    {"GET", "/2016-08-19/account-settings/", CP_API_GET_ACCOUNT_SETTINGS, ANY_LIST},
    {"PUT", "/2017-10-31/functions/{F}/concurrency", CP_API_PUT_RESERVED, ANY_LIST},
    {"DELETE", "/2017-10-31/functions/{F}/concurrency", CP_API_DELETE_RESERVED, ANY_LIST},
    {"GET", "/2019-09-30/functions/{F}/concurrency", CP_API_GET_RESERVED, ANY_LIST},
    {"PUT", "/2019-09-30/functions/{F}/provisioned-concurrency", CP_API_PUT_PROVISIONED, ANY_LIST},
    {"GET", "/2019-09-30/functions/{F}/provisioned-concurrency", CP_API_GET_PROVISIONED,
     WITHOUT_LIST},
    {"GET", "/2019-09-30/functions/{F}/provisioned-concurrency", CP_API_LIST_PROVISIONED,
     WITH_LIST},
    {"DELETE", "/2019-09-30/functions/{F}/provisioned-concurrency", CP_API_DELETE_PROVISIONED,
     ANY_LIST},
    {"GET", "/2017-03-31/tags/{F}", CP_API_LIST_TAGS, ANY_LIST},
    {"POST", "/2017-03-31/tags/{F}", CP_API_TAG_RESOURCE, ANY_LIST},
    {"DELETE", "/2017-03-31/tags/{F}", CP_API_UNTAG_RESOURCE, ANY_LIST},
    {"PUT", "/2015-03-31/functions/{F}/code", CP_API_UPDATE_CODE, ANY_LIST, true},
    {"POST", "/2015-03-31/functions/{F}/policy", CP_API_ADD_PERMISSION, ANY_LIST},
    {"GET", "/2015-03-31/functions/{F}/policy", CP_API_GET_POLICY, ANY_LIST},
    {"DELETE", "/2015-03-31/functions/{F}/policy/{N}", CP_API_REMOVE_PERMISSION, ANY_LIST},
    {"POST", "/2021-10-31/functions/{F}/url", CP_API_CREATE_URL, ANY_LIST},
    {"GET", "/2021-10-31/functions/{F}/url", CP_API_GET_URL, ANY_LIST},
    {"PUT", "/2021-10-31/functions/{F}/url", CP_API_UPDATE_URL, ANY_LIST},
    {"DELETE", "/2021-10-31/functions/{F}/url", CP_API_DELETE_URL, ANY_LIST},
    {"GET", "/2021-10-31/functions/{F}/urls", CP_API_LIST_URLS, ANY_LIST},
    {"PUT", "/2019-09-25/functions/{F}/event-invoke-config", CP_API_PUT_EVENT_INVOKE, ANY_LIST},
    {"POST", "/2019-09-25/functions/{F}/event-invoke-config", CP_API_UPDATE_EVENT_INVOKE, ANY_LIST},
    {"GET", "/2019-09-25/functions/{F}/event-invoke-config", CP_API_GET_EVENT_INVOKE, ANY_LIST},
    {"DELETE", "/2019-09-25/functions/{F}/event-invoke-config", CP_API_DELETE_EVENT_INVOKE,
     ANY_LIST},
    {"GET", "/2019-09-25/functions/{F}/event-invoke-config/list", CP_API_LIST_EVENT_INVOKES,
     ANY_LIST},
    {"POST", "/2015-03-31/event-source-mappings/", CP_API_CREATE_SOURCE, ANY_LIST},
    {"GET", "/2015-03-31/event-source-mappings/", CP_API_LIST_SOURCES, ANY_LIST},
    {"GET", "/2015-03-31/event-source-mappings/{N}", CP_API_GET_SOURCE, ANY_LIST},
    {"PUT", "/2015-03-31/event-source-mappings/{N}", CP_API_UPDATE_SOURCE, ANY_LIST},
    {"DELETE", "/2015-03-31/event-source-mappings/{N}", CP_API_DELETE_SOURCE, ANY_LIST},
    {"POST", "/", CP_API_GET_CALLER_IDENTITY, ANY_LIST},
    {"GET", "/coldprof/code/{F}/{N}", CP_API_GET_CODE, ANY_LIST}, /* of ours: code_link.h */
};

struct captures {
    struct cp_view function, alias; /* still escaped */
};

static bool drop_last_slash(struct cp_view *v)
{
    bool has_slash = v->n > 1 && v->p[v->n - 1] == '/';
    v->n -= has_slash;
    return has_slash;
}

/* Segment by segment on the escaped path, so that an escaped slash can never make a segment. */
static bool match_path(const char *pattern, struct cp_view path, struct captures *found)
{
    struct cp_view expected = cp_view_of(pattern);
    struct cp_view want;
    struct cp_view have;
    *found = (struct captures){0};
    bool is_slash_optional = drop_last_slash(&expected);
    if (drop_last_slash(&path) && !is_slash_optional)
        return false;
    while (cp_view_split(&expected, '/', &want)) {
        if (!cp_view_split(&path, '/', &have))
            return false;
        if (cp_view_is(want, "{F}") && have.n)
            found->function = have;
        else if (cp_view_is(want, "{N}") && have.n)
            found->alias = have;
        else if (want.n != have.n || (want.n && memcmp(want.p, have.p, want.n) != 0))
            return false;
    }
    return path.n == 0;
}

/* --- strict decoding --- */

static int hex_value(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

/* Bytes that no name, qualifier or marker has; '%' would be a second level of escapes. */
static bool is_plain(unsigned char c)
{
    return c > 0x20 && c < 0x7f && c != '/' && c != '\\' && c != '%';
}

static bool decode(struct cp_view text, char *out, size_t size)
{
    size_t n = 0;
    for (size_t i = 0; i < text.n; i++) {
        int c = (unsigned char)text.p[i];
        if (c == '%') {
            int high = i + 2 < text.n ? hex_value(text.p[i + 1]) : -1;
            int low = high >= 0 ? hex_value(text.p[i + 2]) : -1;
            if (low < 0)
                return false;
            c = high * 16 + low;
            i += 2;
        }
        if (!is_plain((unsigned char)c) || n + 1 >= size)
            return false;
        out[n++] = (char)c;
    }
    out[n] = '\0';
    return strstr(out, "..") == NULL && strcmp(out, ".") != 0;
}

/* Any character but NUL: a tag's key is no name. */
bool cp_query_decode(struct cp_view text, char *out, size_t size)
{
    size_t n = 0;
    for (size_t i = 0; i < text.n; i++, n++) {
        int c = (unsigned char)text.p[i];
        int high = c == '%' && i + 2 < text.n ? hex_value(text.p[i + 1]) : -1;
        int low = high >= 0 ? hex_value(text.p[i + 2]) : -1;
        if (c == '%' && low < 0)
            return false;
        if (c == '%') {
            c = high * 16 + low;
            i += 2;
        } else if (c == '+') {
            c = ' ';
        }
        if (!c || n + 1 >= size)
            return false;
        out[n] = (char)c;
    }
    out[n] = '\0';
    return true;
}

bool cp_query_find(struct cp_view query, const char *name, char *out, size_t size)
{
    struct cp_view item;
    while (cp_view_split(&query, '&', &item)) {
        struct cp_view key = {0};
        if (cp_view_split(&item, '=', &key) && cp_view_is(key, name))
            return cp_query_decode(item, out, size);
    }
    return false;
}

/* --- query --- */

struct query {
    struct cp_api_request *out;
    char list[8], max_items[24];
    unsigned seen; /* bit per known name: a second one of the same name is refused */
};

/* Names we do not know are left alone, as AWS does. An empty value is no value: an empty Qualifier
 * must not become "none", for DeleteFunction without one deletes everything. */
static bool take_query_item(struct query *q, struct cp_view name, struct cp_view value)
{
    const struct {
        const char *name;
        char *to;
        size_t size;
    } known[] = {
        {"Qualifier", q->out->qualifier, sizeof q->out->qualifier},
        {"Marker", q->out->marker, sizeof q->out->marker},
        {"FunctionVersion", q->out->function_version, sizeof q->out->function_version},
        {"List", q->list, sizeof q->list},
        {"MaxItems", q->max_items, sizeof q->max_items},
        {"Expires", q->out->expires, sizeof q->out->expires},
        {"Token", q->out->token, sizeof q->out->token},
    };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (!cp_view_is(name, known[i].name))
            continue;
        bool is_first = !(q->seen & 1U << i);
        q->seen |= 1U << i;
        return is_first && value.n && decode(value, known[i].to, known[i].size);
    }
    return true;
}

static bool take_max_items(const struct query *q, struct cp_api_response *response)
{
    enum { MAX_ITEMS_MAX = 10000 };
    int64_t n = 0;
    if (!q->max_items[0])
        return true;
    if (!cp_view_to_int64(cp_view_of(q->max_items), &n))
        return bad_request(response, "SerializationException",
                           "STRING_VALUE can not be converted to an Integer");
    if (n < 1 || n > MAX_ITEMS_MAX) {
        cp_api_fail(response, 400, "ValidationException", NULL,
                    "1 validation error detected: Value '%s' at 'maxItems' failed to satisfy "
                    "constraint: Member must have value %s than or equal to %d",
                    q->max_items, n < 1 ? "greater" : "less", n < 1 ? 1 : MAX_ITEMS_MAX);
        return false;
    }
    q->out->max_items = (int)n;
    return true;
}

static bool read_query(struct cp_view query, struct cp_api_request *out,
                       struct cp_api_response *response)
{
    struct query q = {.out = out};
    struct cp_view item;
    while (cp_view_split(&query, '&', &item)) {
        struct cp_view name = {0};
        (void)cp_view_split(&item, '=', &name);
        if (!take_query_item(&q, name, item))
            return bad_request(response, "BadRequestException",
                               "malformed, empty or repeated item in the query");
    }
    out->is_list = strcmp(q.list, "ALL") == 0;
    return take_max_items(&q, response);
}

/* --- routing --- */

static bool is_for_list(const struct route *route, bool is_list)
{
    return route->list == ANY_LIST || (route->list == WITH_LIST) == is_list;
}

static const struct route *find_route(const struct cp_raw_request *request, struct cp_view path,
                                      bool is_list, struct captures *found, bool *is_known_path)
{
    *is_known_path = false;
    for (size_t i = 0; i < sizeof routes / sizeof routes[0]; i++) {
        if (!match_path(routes[i].path, path, found))
            continue;
        *is_known_path = true;
        if (cp_view_is(request->method, routes[i].method) && is_for_list(&routes[i], is_list))
            return &routes[i];
    }
    return NULL;
}

/* POST / is shared: X-Amz-Target tells the services that speak JSON, and STS has none. */
static bool read_target(const struct cp_raw_request *request, struct cp_api_request *out,
                        struct cp_api_response *response)
{
    static const struct {
        const char *prefix;
        enum cp_api_operation operation;
    } services[] = {
        {"Logs_20140328.", CP_API_LOGS},
        {"GraniteServiceVersion20100801.", CP_API_METRICS},
    };
    struct cp_view target = {0};
    size_t n = 0;
    for (size_t i = 0; i < request->n_headers; i++) {
        if (!cp_view_is_nocase(request->headers[i].name, "x-amz-target"))
            continue;
        target = cp_view_trim(request->headers[i].value);
        n++;
    }
    for (size_t i = 0; n == 1 && i < sizeof services / sizeof services[0]; i++) {
        if (!cp_view_skip(&target, services[i].prefix))
            continue;
        out->operation = services[i].operation;
        return cp_view_copy(target, out->action, sizeof out->action) ||
               bad_request(response, "BadRequestException", "the operation's name is too long");
    }
    return n == 0 || bad_request(response, "UnknownOperationException",
                                 "X-Amz-Target names no service that is served here");
}

size_t cp_api_body_max(const struct cp_raw_request *request)
{
    struct cp_view query = request->target;
    struct cp_view path = {0};
    struct captures found;
    bool is_known_path = false;
    (void)cp_view_split(&query, '?', &path);
    const struct route *route = find_route(request, path, false, &found, &is_known_path);
    return route && route->is_upload ? CP_UPLOAD_MAX : CP_BODY_MAX;
}

void cp_api_fail_body(const struct cp_raw_request *request, struct cp_api_response *response)
{
    if (cp_api_body_max(request) == CP_UPLOAD_MAX)
        cp_api_fail(response, 413, "RequestEntityTooLargeException", NULL,
                    "Request must be smaller than %d bytes for the %s operation", CP_UPLOAD_MAX,
                    cp_view_is(request->method, "POST") ? "CreateFunction" : "UpdateFunctionCode");
    else
        cp_api_fail(response, 413, "RequestTooLargeException", NULL,
                    "Request must be smaller than %d bytes for the InvokeFunction operation",
                    CP_BODY_MAX);
}

bool cp_api_route(const struct cp_raw_request *request, struct cp_api_request *out,
                  struct cp_api_response *response)
{
    struct cp_view query = request->target;
    struct cp_view path = {0};
    struct captures found;
    bool is_known_path = false;
    *out = (struct cp_api_request){.body = request->body};
    (void)cp_view_split(&query, '?', &path);
    out->query = query;
    if (!read_query(query, out, response))
        return false;
    const struct route *route = find_route(request, path, out->is_list, &found, &is_known_path);
    if (!route && is_known_path) {
        cp_api_fail(response, 405, "MethodNotAllowedException", NULL,
                    "this path does not have that method");
        return false;
    }
    if (!route) {
        cp_api_fail(response, 404, "UnknownOperationException", NULL,
                    "not a path of the Lambda API that is served here");
        return false;
    }
    out->operation = route->operation;
    if (route->operation == CP_API_GET_CALLER_IDENTITY && !read_target(request, out, response))
        return false;
    if (!decode(found.function, out->function, sizeof out->function) ||
        !decode(found.alias, out->alias, sizeof out->alias))
        return bad_request(response, "BadRequestException", "malformed name in the path");
    return true;
}
