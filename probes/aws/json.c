/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "probes/aws/json.h"

#include <cjson/cJSON.h>
#include <string.h>

enum cp_code cp_json_parse(struct cp_view body, cJSON **out, struct cp_error *err)
{
    *out = cJSON_ParseWithLength(body.p, body.n);
    if (cJSON_IsObject(*out))
        return CP_OK;
    cJSON_Delete(*out);
    *out = NULL;
    return cp_fail(err, CP_EFORMAT, "the answer is not a JSON object");
}

const cJSON *cp_json_member(const cJSON *object, const char *name)
{
    return cJSON_GetObjectItemCaseSensitive(object, name);
}

/* --- scanning --- */

/* Moves from the opening quote past the closing one. false: there is none. */
static bool skip_text(struct cp_view *rest)
{
    for (size_t i = 1; i < rest->n; i++) {
        if (rest->p[i] == '\\') {
            i++;
        } else if (rest->p[i] == '"') {
            *rest = (struct cp_view){rest->p + i + 1, rest->n - i - 1};
            return true;
        }
    }
    return false;
}

static void add_text(struct cp_view quoted, struct cp_buf *out)
{
    cJSON *json = cJSON_ParseWithLength(quoted.p, quoted.n);
    const char *text = cJSON_GetStringValue(json);
    if (text)
        (void)cp_buf_adds(out, text);
    cJSON_Delete(json);
}

/* A text at depth 1 is a key or a value; `is_wanted` is left on between the wanted key and what
 * follows it. */
struct scan {
    const char *name;
    struct cp_buf *out;
    int depth;
    bool is_wanted;
};

static bool scan_text(struct scan *s, struct cp_view *rest)
{
    struct cp_view start = *rest;
    if (!skip_text(rest))
        return false;
    struct cp_view quoted = {start.p, (size_t)(rest->p - start.p)};
    struct cp_view inner = {quoted.p + 1, quoted.n - 2};
    struct cp_view after = cp_view_trim(*rest);
    bool is_key = s->depth == 1 && after.n && after.p[0] == ':';
    if (s->is_wanted && s->depth == 1 && !is_key)
        add_text(quoted, s->out);
    s->is_wanted = is_key && cp_view_is(inner, s->name);
    return true;
}

enum cp_code cp_json_scan_text(struct cp_view body, const char *name, struct cp_buf *out,
                               struct cp_error *err)
{
    struct scan s = {.name = name, .out = out};
    struct cp_view rest = cp_view_trim(body);
    bool is_whole = cp_view_has_prefix(rest, "{");
    cp_buf_reset(out);
    while (is_whole && rest.n) {
        char c = rest.p[0];
        if (c == '"') {
            is_whole = scan_text(&s, &rest);
            continue;
        }
        s.depth += (c == '{' || c == '[') - (c == '}' || c == ']');
        s.is_wanted = s.is_wanted && c != '{' && c != '[' && c != ',';
        rest = (struct cp_view){rest.p + 1, rest.n - 1};
        is_whole = s.depth > 0 || rest.n == 0;
    }
    if (!is_whole || s.depth != 0)
        return cp_fail(err, CP_EFORMAT, "the answer is not a whole JSON object");
    return cp_buf_check(out, "a text of the answer", err);
}

/* --- writing --- */

enum cp_code cp_json_print(cJSON *json, bool is_built, struct cp_buf *out, struct cp_error *err)
{
    char *text = is_built ? cJSON_PrintUnformatted(json) : NULL;
    cJSON_Delete(json);
    if (!text)
        return cp_fail(err, CP_ENOMEM, "cannot build the request: out of memory");
    (void)cp_buf_adds(out, text);
    explicit_bzero(text, strlen(text));
    cJSON_free(text);
    return cp_buf_check(out, "the request", err);
}
