/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "reports/svg.h"

#include <string.h>

#include "reports/format.h"

static const char *find(struct cp_view v, const char *what)
{
    return memmem(v.p, v.n, what, strlen(what));
}

static struct cp_view from(struct cp_view v, const char *p)
{
    return (struct cp_view){p, (size_t)(v.p + v.n - p)};
}

static enum cp_code refuse_active(struct cp_view svg, struct cp_error *err)
{
    static const char *const refused[] = {"<script",     "onclick",        "onload",
                                          "href=\"http", "href='http",     "href=\"//",
                                          "javascript:", "<foreignObject", "<image"};
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        if (find(svg, refused[i]))
            return cp_fail(err, CP_EDENIED, "the chart contains '%s'", refused[i]);
    }
    return CP_OK;
}

/* <svg ...>: keeps the viewBox; namespaces are not needed inside HTML. */
static void add_root(const struct cp_svg_options *o, struct cp_view tag, struct cp_buf *out)
{
    cp_buf_adds(out, "<svg");
    const char *box = find(tag, "viewBox=\"");
    const char *end = box ? memchr(box + 9, '"', (size_t)(tag.p + tag.n - box) - 9) : NULL;
    if (end) {
        cp_buf_addc(out, ' ');
        cp_buf_add(out, box, (size_t)(end + 1 - box));
    }
    cp_buf_addf(out, " role=\"img\" aria-labelledby=\"%s-title %s-desc\">\n", o->id, o->id);
    cp_buf_addf(out, "<title id=\"%s-title\">", o->id);
    cp_text_html(out, o->title);
    cp_buf_addf(out, "</title>\n<desc id=\"%s-desc\">", o->id);
    cp_text_html(out, o->description);
    cp_buf_adds(out, "</desc>\n");
}

/* Skips <title>...</title> or <desc>...</desc> at the start of `v`. */
static bool skip_element(struct cp_view *v, const char *open, const char *close)
{
    if (!cp_view_has_prefix(*v, open))
        return false;
    const char *end = find(*v, close);
    if (!end)
        return false;
    *v = from(*v, end + strlen(close));
    return true;
}

/* The attribute starts after which an id follows. */
static size_t id_prefix(struct cp_view v)
{
    static const char *const starts[] = {" id='", " id=\"", "href='#", "href=\"#",
                                         "url(#", "url('#", "url(\"#"};
    for (size_t i = 0; i < sizeof starts / sizeof starts[0]; i++) {
        if (cp_view_has_prefix(v, starts[i]))
            return strlen(starts[i]);
    }
    return 0;
}

static void add_body(const struct cp_svg_options *o, struct cp_view v, struct cp_buf *out)
{
    while (v.n > 0) {
        if (skip_element(&v, "<title>", "</title>") || skip_element(&v, "<desc>", "</desc>") ||
            cp_view_skip(&v, "xlink:"))
            continue;
        size_t n = id_prefix(v);
        if (n > 0) {
            cp_buf_add(out, v.p, n);
            cp_buf_addf(out, "%s-", o->id);
            v = from(v, v.p + n);
            continue;
        }
        cp_buf_addc(out, v.p[0]);
        v = from(v, v.p + 1);
    }
}

enum cp_code cp_svg_inline(struct cp_view svg, const struct cp_svg_options *options,
                           struct cp_buf *out, struct cp_error *err)
{
    const char *start = find(svg, "<svg");
    if (!start)
        return cp_fail(err, CP_EFORMAT, "gnuplot wrote no SVG for chart '%s'", options->id);
    struct cp_view root = from(svg, start);
    const char *body = memchr(root.p, '>', root.n);
    const char *end = find(root, "</svg>");
    if (!body || !end || body > end)
        return cp_fail(err, CP_EFORMAT, "the SVG of chart '%s' is incomplete", options->id);
    root.n = (size_t)(end - root.p);
    enum cp_code code = refuse_active(root, err);
    if (code != CP_OK)
        return code;
    add_root(options, (struct cp_view){root.p, (size_t)(body - root.p)}, out);
    add_body(options, from(root, body + 1), out);
    cp_buf_adds(out, "</svg>\n");
    return CP_OK;
}
