/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "probes/aws/xml.h"

#include <string.h>

enum tag_kind { TAG_OPEN, TAG_CLOSE, TAG_EMPTY, TAG_OTHER };

struct tag {
    enum tag_kind kind;
    struct cp_view name;
    const char *from, *to; /* of the whole tag */
};

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Consumes everything up to and with `end`. */
static bool skip_past(struct cp_view *v, const char *end)
{
    size_t n = strlen(end);
    const char *at = memmem(v->p, v->n, end, n);
    if (!at)
        return false;
    *v = (struct cp_view){at + n, v->n - (size_t)(at + n - v->p)};
    return true;
}

/* "ns:Name" -> "Name" */
static struct cp_view local_name(struct cp_view name)
{
    const char *colon = name.n ? memchr(name.p, ':', name.n) : NULL;
    if (!colon)
        return name;
    return (struct cp_view){colon + 1, name.n - (size_t)(colon + 1 - name.p)};
}

/* The '>' that ends the tag: one in quotes is part of an attribute. */
static bool skip_tag_end(struct cp_view *v, bool *is_empty)
{
    char quote = '\0';
    for (size_t i = 0; i < v->n; i++) {
        char c = v->p[i];
        if (quote) {
            quote = c == quote ? '\0' : quote;
        } else if (c == '"' || c == '\'') {
            quote = c;
        } else if (c == '<') {
            return false;
        } else if (c == '>') {
            *is_empty = i > 0 && v->p[i - 1] == '/';
            *v = (struct cp_view){v->p + i + 1, v->n - i - 1};
            return true;
        }
    }
    return false;
}

static bool take_element_tag(struct cp_view *v, struct tag *tag)
{
    bool is_empty = false;
    bool is_close = cp_view_skip(v, "/");
    size_t n = 0;
    while (n < v->n && !is_space(v->p[n]) && v->p[n] != '>' && v->p[n] != '/')
        n++;
    tag->name = local_name((struct cp_view){v->p, n});
    *v = (struct cp_view){v->p + n, v->n - n};
    if (tag->name.n == 0 || !skip_tag_end(v, &is_empty) || (is_close && is_empty))
        return false;
    tag->kind = is_close ? TAG_CLOSE : is_empty ? TAG_EMPTY : TAG_OPEN;
    return true;
}

/* Advances to behind the next tag; false at the end or when it is not well formed. */
static bool next_tag(struct cp_view *v, struct tag *tag)
{
    const char *at = v->n ? memchr(v->p, '<', v->n) : NULL;
    if (!at)
        return false;
    *v = (struct cp_view){at + 1, v->n - (size_t)(at + 1 - v->p)};
    *tag = (struct tag){.kind = TAG_OTHER, .from = at};
    bool is_good = false;
    if (cp_view_skip(v, "!--"))
        is_good = skip_past(v, "-->");
    else if (cp_view_skip(v, "?"))
        is_good = skip_past(v, "?>");
    else if (!cp_view_has_prefix(*v, "!")) /* no CDATA and no document type in what we read */
        is_good = take_element_tag(v, tag);
    tag->to = v->p;
    return is_good;
}

bool cp_xml_find(struct cp_view xml, const char *name, struct cp_view *inner)
{
    struct cp_view open[CP_XML_DEPTH_MAX]; /* names of the elements around */
    size_t depth = 0;
    size_t found_depth = 0; /* of the wanted element; 0: not yet */
    const char *begin = NULL;
    struct tag tag;
    while (next_tag(&xml, &tag)) {
        bool is_wanted = tag.kind != TAG_CLOSE && !begin && cp_view_is(tag.name, name);
        if (tag.kind == TAG_EMPTY && is_wanted) {
            *inner = (struct cp_view){"", 0};
            return true;
        }
        if (tag.kind == TAG_OPEN) {
            if (depth == CP_XML_DEPTH_MAX)
                return false;
            open[depth++] = tag.name;
            begin = is_wanted ? tag.to : begin;
            found_depth = is_wanted ? depth : found_depth;
        } else if (tag.kind == TAG_CLOSE) {
            if (depth == 0 || open[depth - 1].n != tag.name.n ||
                memcmp(open[depth - 1].p, tag.name.p, tag.name.n) != 0)
                return false;
            if (begin && depth == found_depth) {
                *inner = (struct cp_view){begin, (size_t)(tag.from - begin)};
                return true;
            }
            depth--;
        }
    }
    return false;
}

/* --- text --- */

/* "#65" or "#x41": ASCII only, keys and codes hold nothing else. */
static bool read_number(struct cp_view name, char *out)
{
    int64_t value = 0;
    if (!cp_view_skip(&name, "#"))
        return false;
    if (cp_view_skip(&name, "x")) {
        for (size_t i = 0; i < name.n && value < 0x80; i++) {
            static const char digits[] = "0123456789abcdef";
            char c = name.p[i];
            const char *at = c ? strchr(digits, c >= 'A' && c <= 'F' ? c + ('a' - 'A') : c) : NULL;
            value = at ? value * 16 + (at - digits) : 0x80;
        }
    } else if (!cp_view_to_int64(name, &value)) {
        return false;
    }
    *out = (char)value;
    return value > 0 && value < 0x80;
}

static bool read_entity(struct cp_view *v, char *out)
{
    static const struct {
        const char *name;
        char is;
    } ENTITIES[] = {{"amp", '&'}, {"lt", '<'}, {"gt", '>'}, {"quot", '"'}, {"apos", '\''}};
    struct cp_view name;
    if (!memchr(v->p, ';', v->n) || !cp_view_split(v, ';', &name))
        return false;
    for (size_t i = 0; i < sizeof ENTITIES / sizeof ENTITIES[0]; i++) {
        if (cp_view_is(name, ENTITIES[i].name)) {
            *out = ENTITIES[i].is;
            return true;
        }
    }
    return read_number(name, out);
}

static bool copy_text(struct cp_view inner, char *to, size_t to_size)
{
    size_t n = 0;
    inner = cp_view_trim(inner);
    while (inner.n) {
        char c = inner.p[0];
        inner = (struct cp_view){inner.p + 1, inner.n - 1};
        if (c == '<' || c == '\0' || n + 1 >= to_size || (c == '&' && !read_entity(&inner, &c)))
            return false;
        to[n++] = c;
    }
    to[n] = '\0';
    return true;
}

bool cp_xml_text(struct cp_view xml, const char *name, char *to, size_t to_size)
{
    struct cp_view inner;
    if (cp_xml_find(xml, name, &inner) && copy_text(inner, to, to_size))
        return true;
    explicit_bzero(to, to_size);
    return false;
}
