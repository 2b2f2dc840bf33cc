/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "probes/aws/ini.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What the reader is in the middle of. */
struct reader {
    struct cp_ini *ini;
    enum cp_ini_file file;
    const char *path;
    int line;
    bool is_in_section;
    size_t section;       /* index; NONE: one that is left out */
    bool is_in_property;  /* a continuation may follow */
    size_t property;      /* index in the section; NONE: one that is left out */
    bool has_empty_value; /* then the lines below are sub-properties */
    struct cp_error *err;
};

#define NONE SIZE_MAX

static enum cp_code fail_line(const struct reader *r, const char *what)
{
    return cp_fail(r->err, CP_EFORMAT, "'%s' line %d: %s", r->path, r->line, what);
}

static enum cp_code fail_memory(const struct reader *r)
{
    return cp_fail(r->err, CP_ENOMEM, "cannot read '%s': out of memory", r->path);
}

static enum cp_code fail_limit(const struct reader *r, const char *what, int most)
{
    return cp_fail(r->err, CP_ELIMIT, "'%s' line %d: more than %d %s", r->path, r->line, most,
                   what);
}

/* --- characters --- */

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static char lower(char c)
{
    return (char)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
}

static bool is_letter_or_digit(char c)
{
    return (c >= '0' && c <= '9') || (lower(c) >= 'a' && lower(c) <= 'z');
}

/* Names of profiles and properties: what has others is left out, as the AWS tools do. */
static bool is_name(struct cp_view v)
{
    for (size_t i = 0; i < v.n; i++)
        if (!is_letter_or_digit(v.p[i]) && (!v.p[i] || !strchr("-_/.%@:+", v.p[i])))
            return false;
    return v.n > 0;
}

static bool is_comment(struct cp_view line)
{
    return line.n && (line.p[0] == '#' || line.p[0] == ';');
}

/* After a section a comment may follow at once; in a value "#" is an ordinary character unless a
 * blank comes before it. */
static struct cp_view without_comment(struct cp_view line, bool needs_blank)
{
    for (size_t i = 0; i < line.n; i++) {
        struct cp_view rest = {line.p + i, line.n - i};
        if (is_comment(rest) && (!needs_blank || (i > 0 && is_blank(line.p[i - 1])))) {
            line.n = i;
            break;
        }
    }
    return cp_view_trim(line);
}

/* --- growing, without copies of secrets left behind --- */

static void wipe(char *text)
{
    if (text)
        explicit_bzero(text, strlen(text));
    free(text);
}

static char *copy_lower(struct cp_view v)
{
    char *text = cp_view_dup(v);
    for (size_t i = 0; text && i < v.n; i++)
        text[i] = lower(text[i]);
    return text;
}

/* The elements hold pointers only: realloc leaves no secret behind. */
static bool has_room(void **elements, size_t n, size_t *cap, size_t size)
{
    if (n < *cap)
        return true;
    size_t more = *cap ? *cap * 2 : 8;
    void *grown = realloc(*elements, more * size);
    if (!grown)
        return false;
    *elements = grown;
    *cap = more;
    return true;
}

/* --- sections --- */

static void property_clear(struct cp_ini_property *p)
{
    free(p->name);
    wipe(p->value);
}

static void drop_properties(struct cp_ini_section *s)
{
    for (size_t i = 0; i < s->n; i++)
        property_clear(&s->properties[i]);
    s->n = 0;
}

static size_t find_section(const struct cp_ini *ini, enum cp_ini_kind kind, struct cp_view name)
{
    for (size_t i = 0; i < ini->n; i++)
        if (ini->sections[i].kind == kind && cp_view_is(name, ini->sections[i].name))
            return i;
    return NONE;
}

static enum cp_code add_section(struct reader *r, enum cp_ini_kind kind, struct cp_view name)
{
    struct cp_ini *ini = r->ini;
    if (ini->n == CP_INI_SECTIONS_MAX)
        return fail_limit(r, "sections", CP_INI_SECTIONS_MAX);
    if (!has_room((void **)&ini->sections, ini->n, &ini->cap, sizeof ini->sections[0]))
        return fail_memory(r);
    struct cp_ini_section section = {.kind = kind, .name = cp_view_dup(name)};
    if (!section.name)
        return fail_memory(r);
    r->section = ini->n;
    ini->sections[ini->n++] = section;
    return CP_OK;
}

/* "profile name" -> "name"; false when the word is another one. */
static bool skip_word(struct cp_view *text, const char *word)
{
    struct cp_view rest = *text;
    if (!cp_view_skip(&rest, word) || rest.n == 0 || !is_blank(rest.p[0]))
        return false;
    *text = cp_view_trim(rest);
    return true;
}

struct heading {
    enum cp_ini_kind kind;
    struct cp_view name;
    bool is_prefixed, is_known;
};

/* What stands between the brackets. In the credentials file it is a profile's name and nothing
 * else; in the config file only `default` may go without the word `profile`. */
static struct heading read_heading(enum cp_ini_file file, struct cp_view text)
{
    struct heading h = {CP_INI_PROFILE, cp_view_trim(text), false, true};
    if (file == CP_INI_CREDENTIALS)
        return h;
    if (skip_word(&h.name, "profile"))
        h.is_prefixed = true;
    else if (skip_word(&h.name, "sso-session"))
        h.kind = CP_INI_SSO_SESSION;
    else if (skip_word(&h.name, "services"))
        h.kind = CP_INI_SERVICES;
    else
        h.is_known = cp_view_is(h.name, "default");
    return h;
}

static enum cp_code enter_section(struct reader *r, const struct heading *h)
{
    r->section = NONE;
    if (!h->is_known || !is_name(h->name))
        return CP_OK;
    size_t at = find_section(r->ini, h->kind, h->name);
    bool is_config_default =
        r->file == CP_INI_CONFIG && h->kind == CP_INI_PROFILE && cp_view_is(h->name, "default");
    if (at != NONE && is_config_default && r->ini->sections[at].is_prefixed && !h->is_prefixed)
        return CP_OK; /* [profile default] is there: [default] does not count */
    if (at != NONE && is_config_default && !r->ini->sections[at].is_prefixed && h->is_prefixed)
        drop_properties(&r->ini->sections[at]);
    r->section = at;
    enum cp_code code = at == NONE ? add_section(r, h->kind, h->name) : CP_OK;
    if (!code)
        r->ini->sections[r->section].is_prefixed |= h->is_prefixed;
    return code;
}

static enum cp_code read_section_line(struct reader *r, struct cp_view line)
{
    line = without_comment(line, false);
    if (line.p[line.n - 1] != ']')
        return fail_line(r, "a profile definition must end with ']'");
    r->is_in_section = true;
    r->is_in_property = false;
    const struct heading h = read_heading(r->file, (struct cp_view){line.p + 1, line.n - 2});
    return enter_section(r, &h);
}

/* --- properties --- */

static enum cp_code split_property(const struct reader *r, struct cp_view line, const char *what,
                                   struct cp_view *name, struct cp_view *value)
{
    char text[64];
    line = without_comment(line, true);
    const char *equals = memchr(line.p, '=', line.n);
    if (!equals) {
        (void)snprintf(text, sizeof text, "expected an '=' sign defining a %s", what);
        return fail_line(r, text);
    }
    size_t n = (size_t)(equals - line.p);
    *name = cp_view_trim((struct cp_view){line.p, n});
    *value = cp_view_trim((struct cp_view){equals + 1, line.n - n - 1});
    (void)snprintf(text, sizeof text, "%s did not have a name", what);
    return name->n ? CP_OK : fail_line(r, text);
}

static size_t find_property(const struct cp_ini_section *s, struct cp_view name)
{
    for (size_t i = 0; i < s->n; i++)
        if (cp_view_is_nocase(name, s->properties[i].name))
            return i;
    return NONE;
}

static enum cp_code add_property(struct reader *r, struct cp_view name)
{
    struct cp_ini_section *s = &r->ini->sections[r->section];
    r->property = find_property(s, name);
    if (r->property != NONE)
        return CP_OK;
    if (s->n == CP_INI_PROPERTIES_MAX)
        return fail_limit(r, "properties in a section", CP_INI_PROPERTIES_MAX);
    if (!has_room((void **)&s->properties, s->n, &s->cap, sizeof s->properties[0]))
        return fail_memory(r);
    struct cp_ini_property property = {.name = copy_lower(name)};
    if (!property.name)
        return fail_memory(r);
    r->property = s->n;
    s->properties[s->n++] = property;
    return CP_OK;
}

static enum cp_code set_property(struct reader *r, struct cp_view name, struct cp_view value)
{
    enum cp_code code = add_property(r, name);
    if (code)
        return code;
    struct cp_ini_property *p = &r->ini->sections[r->section].properties[r->property];
    char *copy = cp_view_dup(value);
    if (!copy)
        return fail_memory(r);
    wipe(p->value);
    p->value = copy;
    p->file = r->file;
    p->line = r->line;
    return CP_OK;
}

static enum cp_code read_property_line(struct reader *r, struct cp_view line)
{
    struct cp_view name = {"", 0};
    struct cp_view value = {"", 0};
    if (!r->is_in_section)
        return fail_line(r, "expected a profile definition");
    enum cp_code code = split_property(r, line, "property", &name, &value);
    if (code)
        return code;
    r->is_in_property = true;
    r->has_empty_value = value.n == 0;
    r->property = NONE;
    if (r->section == NONE || !is_name(name))
        return CP_OK;
    return set_property(r, name, value);
}

static enum cp_code append_line(struct reader *r, struct cp_view line)
{
    struct cp_ini_property *p = &r->ini->sections[r->section].properties[r->property];
    size_t n = strlen(p->value);
    if (n + 1 + line.n > CP_INI_JOINED_MAX)
        return fail_limit(r, "characters in a value of several lines", CP_INI_JOINED_MAX);
    char *joined = malloc(n + 1 + line.n + 1);
    if (!joined)
        return fail_memory(r);
    memcpy(joined, p->value, n);
    joined[n] = '\n';
    memcpy(joined + n + 1, line.p, line.n);
    joined[n + 1 + line.n] = '\0';
    wipe(p->value);
    p->value = joined;
    return CP_OK;
}

static enum cp_code read_continuation(struct reader *r, struct cp_view line)
{
    line = cp_view_trim(line);
    bool is_value = r->is_in_property && !r->has_empty_value;
    if (is_comment(line) && !is_value)
        return CP_OK; /* an indented comment; in a value it would be part of it */
    if (!r->is_in_section)
        return fail_line(r, "expected a profile definition");
    if (!r->is_in_property)
        return fail_line(r, "expected a property definition, found continuation");
    struct cp_view name;
    struct cp_view value;
    if (r->has_empty_value) {
        enum cp_code code = split_property(r, line, "sub-property", &name, &value);
        if (code)
            return code;
    }
    return r->section == NONE || r->property == NONE ? CP_OK : append_line(r, line);
}

static enum cp_code read_line(struct reader *r, struct cp_view line)
{
    if (line.n > CP_INI_LINE_MAX)
        return fail_limit(r, "characters in a line", CP_INI_LINE_MAX);
    if (memchr(line.p, '\0', line.n))
        return fail_line(r, "there is a zero byte; it is not a text file");
    if (cp_view_trim(line).n == 0 || is_comment(line))
        return CP_OK;
    if (line.p[0] == '[')
        return read_section_line(r, line);
    return is_blank(line.p[0]) ? read_continuation(r, line) : read_property_line(r, line);
}

enum cp_code cp_ini_add(struct cp_ini *ini, enum cp_ini_file file, const char *path,
                        struct cp_view text, struct cp_error *err)
{
    struct reader r = {.ini = ini, .file = file, .path = path, .err = err};
    struct cp_view line;
    enum cp_code code = CP_OK;
    if (text.n > CP_INI_BYTES_MAX)
        return cp_fail(err, CP_ELIMIT, "'%s' is larger than %d bytes", path, CP_INI_BYTES_MAX);
    (void)cp_view_skip(&text, "\xef\xbb\xbf"); /* a byte order mark of an editor */
    while (!code && cp_view_split(&text, '\n', &line)) {
        r.line++;
        code = read_line(&r, line);
    }
    return code;
}

void cp_ini_clear(struct cp_ini *ini)
{
    for (size_t i = 0; i < ini->n; i++) {
        drop_properties(&ini->sections[i]);
        free(ini->sections[i].properties);
        free(ini->sections[i].name);
    }
    free(ini->sections);
    *ini = (struct cp_ini){0};
}

/* --- looking up --- */

const struct cp_ini_section *cp_ini_section(const struct cp_ini *ini, enum cp_ini_kind kind,
                                            const char *name)
{
    size_t at = find_section(ini, kind, cp_view_of(name));
    return at == NONE ? NULL : &ini->sections[at];
}

const struct cp_ini_property *cp_ini_property(const struct cp_ini_section *section,
                                              const char *name)
{
    size_t at = section ? find_property(section, cp_view_of(name)) : NONE;
    return at == NONE ? NULL : &section->properties[at];
}

const char *cp_ini_get(const struct cp_ini_section *section, const char *name)
{
    const struct cp_ini_property *p = cp_ini_property(section, name);
    return p ? p->value : NULL;
}

struct cp_view cp_ini_sub_property(const char *value, const char *name)
{
    struct cp_view rest = cp_view_of(value);
    struct cp_view line;
    while (cp_view_split(&rest, '\n', &line)) {
        struct cp_view key;
        line = without_comment(line, true);
        if (memchr(line.p, '=', line.n) && cp_view_split(&line, '=', &key) &&
            cp_view_is_nocase(cp_view_trim(key), name))
            return cp_view_trim(line);
    }
    return (struct cp_view){"", 0};
}
