/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "probes/aws/sigv4_canonical.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* --- percent encoding --- */

static bool is_unreserved(unsigned char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.' || c == '~';
}

enum cp_code cp_uri_encode(struct cp_buf *out, struct cp_view text, bool keep_slash)
{
    static const char DIGITS[] = "0123456789ABCDEF";
    char *start = cp_buf_reserve(out, 3 * text.n);
    if (!start)
        return out->failed;
    char *to = start;
    for (size_t i = 0; i < text.n; i++) {
        unsigned char c = (unsigned char)text.p[i];
        if (is_unreserved(c) || (keep_slash && c == '/')) {
            *to++ = (char)c;
        } else {
            *to++ = '%';
            *to++ = DIGITS[c >> 4];
            *to++ = DIGITS[c & 15];
        }
    }
    *to = '\0';
    out->n += (size_t)(to - start);
    return CP_OK;
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return -1;
}

/* Takes one byte that may be escaped; a '%' without two hex digits stands for itself. */
static char take_unescaped(struct cp_view *v)
{
    char c = v->p[0];
    size_t used = 1;
    if (c == '%' && v->n >= 3 && hex_value(v->p[1]) >= 0 && hex_value(v->p[2]) >= 0) {
        c = (char)(hex_value(v->p[1]) * 16 + hex_value(v->p[2]));
        used = 3;
    }
    *v = (struct cp_view){v->p + used, v->n - used};
    return c;
}

/* Unescapes and escapes again, so that lower-case hex or a raw '$' on the wire become canonical.
 * '+' is a plus sign here, as AWS reads it. */
static void add_reescaped(struct cp_buf *out, struct cp_view wire)
{
    while (wire.n) {
        char c = take_unescaped(&wire);
        (void)cp_uri_encode(out, (struct cp_view){&c, 1}, false);
    }
}

/* --- canonical path --- */

static void drop_last_segment(struct cp_buf *path)
{
    while (path->n && path->p[path->n - 1] != '/')
        path->n--;
    if (path->n)
        path->n--; /* the slash */
    if (path->p)
        path->p[path->n] = '\0';
}

/* "//a/./b/../c/" -> "/a/c/". A final slash is kept; "/a/b/.." becomes "/a", as AWS does it (RFC
 * 3986 alone would give "/a/"). */
static void add_normalized(struct cp_buf *out, struct cp_view path)
{
    bool ends_in_slash = path.n && path.p[path.n - 1] == '/';
    struct cp_view segment;
    while (cp_view_split(&path, '/', &segment)) {
        if (segment.n == 0 || cp_view_is(segment, "."))
            continue;
        if (cp_view_is(segment, "..")) {
            drop_last_segment(out);
            continue;
        }
        (void)cp_buf_addc(out, '/');
        (void)cp_buf_add_view(out, segment);
    }
    if (ends_in_slash || out->n == 0)
        (void)cp_buf_addc(out, '/');
}

enum cp_code cp_sigv4_add_canonical_path(struct cp_buf *out, const struct cp_sigv4_request *request)
{
    if (!request->normalize_path)
        return cp_uri_encode(out, request->path, true);
    struct cp_buf normalized;
    cp_buf_init(&normalized, request->path.n + 1);
    add_normalized(&normalized, request->path);
    enum cp_code code = normalized.failed;
    if (!code)
        code = cp_uri_encode(out, cp_buf_view(&normalized), true);
    cp_buf_clear(&normalized);
    return code;
}

/* --- canonical query --- */

struct pair {
    struct cp_view name, value; /* canonical escapes */
};

static int compare_pairs(const void *a, const void *b)
{
    const struct pair *x = a;
    const struct pair *y = b;
    int order = cp_view_compare(x->name, y->name);
    return order ? order : cp_view_compare(x->value, y->value);
}

static size_t count_char(struct cp_view v, char c)
{
    size_t n = 0;
    for (size_t i = 0; i < v.n; i++)
        n += v.p[i] == c;
    return n;
}

/* Appends the canonical form of one name or value to `store` (which never moves: its room was
 * reserved) and returns a view of it. */
static struct cp_view reescaped_view(struct cp_buf *store, struct cp_view wire)
{
    size_t from = store->n;
    add_reescaped(store, wire);
    return (struct cp_view){store->p + from, store->n - from};
}

static size_t split_pairs(struct cp_view query, struct cp_buf *store, struct pair *pairs)
{
    size_t n = 0;
    struct cp_view part;
    while (cp_view_split(&query, '&', &part)) {
        struct cp_view name;
        if (!cp_view_split(&part, '=', &name))
            continue; /* "a=1&&b=2" */
        pairs[n].name = reescaped_view(store, name);
        pairs[n].value = reescaped_view(store, part);
        n++;
    }
    return n;
}

enum cp_code cp_sigv4_add_canonical_query(struct cp_buf *out, struct cp_view query)
{
    if (query.n == 0)
        return CP_OK;
    struct cp_buf store;
    cp_buf_init(&store, 3 * query.n + 3);
    struct pair *pairs = calloc(count_char(query, '&') + 1, sizeof *pairs);
    enum cp_code code = CP_ENOMEM;
    /* + 3: cp_uri_encode asks for room for an escape before it knows that it needs none */
    if (pairs && cp_buf_reserve(&store, 3 * query.n + 3)) {
        size_t n = split_pairs(query, &store, pairs);
        qsort(pairs, n, sizeof *pairs, compare_pairs);
        for (size_t i = 0; i < n; i++) {
            if (i)
                (void)cp_buf_addc(out, '&');
            (void)cp_buf_add_view(out, pairs[i].name);
            (void)cp_buf_addc(out, '=');
            (void)cp_buf_add_view(out, pairs[i].value);
        }
        code = CP_OK;
    }
    free(pairs);
    cp_buf_clear(&store);
    return code;
}

/* --- canonical headers --- */

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static int compare_names(struct cp_view a, struct cp_view b)
{
    size_t n = a.n < b.n ? a.n : b.n;
    int order = n ? strncasecmp(a.p, b.p, n) : 0;
    return order ? order : (a.n > b.n) - (a.n < b.n);
}

struct header_ref {
    const struct cp_header *header;
};

/* By lower-case name; headers of one name keep their order, which is their order in memory. */
static int compare_headers(const void *a, const void *b)
{
    const struct cp_header *x = ((const struct header_ref *)a)->header;
    const struct cp_header *y = ((const struct header_ref *)b)->header;
    int order = compare_names(x->name, y->name);
    return order ? order : (x > y) - (x < y);
}

static void add_lower(struct cp_buf *out, struct cp_view name)
{
    for (size_t i = 0; i < name.n; i++)
        (void)cp_buf_addc(out, lower(name.p[i]));
}

/* Trimmed, and each run of blanks inside as one blank. */
static void add_folded(struct cp_buf *out, struct cp_view value)
{
    value = cp_view_trim(value);
    while (value.n) {
        if (cp_view_skip_blanks(&value))
            (void)cp_buf_addc(out, ' ');
        size_t n = 0;
        while (n < value.n && value.p[n] != ' ' && value.p[n] != '\t')
            n++;
        (void)cp_buf_add(out, value.p, n);
        value = (struct cp_view){value.p + n, value.n - n};
    }
}

static void add_sorted_headers(struct cp_sigv4 *out, const struct header_ref *sorted, size_t n)
{
    struct cp_buf *text = &out->canonical_request;
    for (size_t i = 0; i < n; i++) {
        bool is_repeated =
            i && compare_names(sorted[i].header->name, sorted[i - 1].header->name) == 0;
        if (is_repeated) {
            (void)cp_buf_addc(text, ',');
        } else {
            if (i) {
                (void)cp_buf_addc(text, '\n');
                (void)cp_buf_addc(&out->signed_headers, ';');
            }
            add_lower(text, sorted[i].header->name);
            (void)cp_buf_addc(text, ':');
            add_lower(&out->signed_headers, sorted[i].header->name);
        }
        add_folded(text, sorted[i].header->value);
    }
    (void)cp_buf_adds(text, "\n\n");
    (void)cp_buf_add_view(text, cp_buf_view(&out->signed_headers));
}

enum cp_code cp_sigv4_add_canonical_headers(struct cp_sigv4 *out,
                                            const struct cp_sigv4_request *request)
{
    struct header_ref *sorted = calloc(request->n_headers, sizeof *sorted);
    if (!sorted)
        return CP_ENOMEM;
    for (size_t i = 0; i < request->n_headers; i++)
        sorted[i].header = &request->headers[i];
    qsort(sorted, request->n_headers, sizeof *sorted, compare_headers);
    add_sorted_headers(out, sorted, request->n_headers);
    free(sorted);
    return CP_OK;
}
