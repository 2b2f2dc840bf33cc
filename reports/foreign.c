/* SPDX-License-Identifier: GPL-3.0-or-later
 * Foreign text (function names, notes from the platform, command lines) made harmless per format.
 */
#include <string.h>

#include "reports/format.h"

/* How one character is written: a replacement, or NULL for the character itself. */
typedef const char *(*quote_fn)(uint32_t code_point);

/* Control characters, C1, bidi controls and line separators: what could move a cursor or reorder
 * what a reader sees. */
static bool is_hidden(uint32_t c)
{
    static const struct {
        uint32_t first, last;
    } ranges[] =
        {
            {0x00, 0x1f},     {0x7f, 0x9f},     {0x61c, 0x61c},
            {0x200b, 0x200f}, {0x2028, 0x202e}, {0x2060, 0x2069},
            {0xfeff, 0xfeff}, {0xfff9, 0xfffb}, {0xfffe, 0xffff}, /* which XML cannot hold */
        };
    for (size_t i = 0; i < sizeof ranges / sizeof ranges[0]; i++) {
        if (c >= ranges[i].first && c <= ranges[i].last)
            return true;
    }
    return false;
}

static void add_escape(struct cp_buf *b, uint32_t c)
{
    cp_buf_addf(b, c < 0x100 ? "\\x%02x" : "\\u%04x", (unsigned)c);
}

/* The loop behind every format: visible escapes first, then what `quote` says. */
static void add_quoted(struct cp_buf *b, const char *s, quote_fn quote)
{
    struct cp_view v = cp_view_of(s);
    while (v.n > 0) {
        uint32_t c = 0;
        size_t n = cp_view_utf8(v, &c);
        const char *replacement = n > 0 && quote ? quote(c) : NULL;
        if (n == 0)
            add_escape(b, (unsigned char)v.p[0]);
        else if (is_hidden(c))
            add_escape(b, c);
        else if (replacement)
            cp_buf_adds(b, replacement);
        else
            cp_buf_add(b, v.p, n);
        n = n ? n : 1;
        v = (struct cp_view){v.p + n, v.n - n};
    }
}

static const char *quote_html(uint32_t c)
{
    switch (c) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    case '\'':
        return "&#39;";
    default:
        return NULL;
    }
}

/* Markdown's own signs, and what GitHub would turn into a mention, an issue or a link. */
static const char *quote_markdown(uint32_t c)
{
    static const struct {
        char sign;
        const char *as;
    } signs[] = {
        {'|', "\\|"},   {'`', "\\`"},  {'*', "\\*"},  {'_', "\\_"},   {'[', "\\["},
        {']', "\\]"},   {'~', "\\~"},  {'!', "\\!"},  {'\\', "\\\\"}, {'#', "&#35;"},
        {'@', "&#64;"}, {'<', "&lt;"}, {'>', "&gt;"}, {'&', "&amp;"}, {'$', "&#36;"},
    };
    for (size_t i = 0; i < sizeof signs / sizeof signs[0]; i++) {
        if (c == (unsigned char)signs[i].sign)
            return signs[i].as;
    }
    return NULL;
}

static const char *quote_gnuplot(uint32_t c)
{
    return c == '\'' ? "''" : NULL;
}

void cp_text_terminal(struct cp_buf *b, const char *s)
{
    add_quoted(b, s, NULL);
}

void cp_text_html(struct cp_buf *b, const char *s)
{
    add_quoted(b, s, quote_html);
}

void cp_text_attr(struct cp_buf *b, const char *s)
{
    add_quoted(b, s, quote_html);
}

void cp_text_markdown(struct cp_buf *b, const char *s)
{
    add_quoted(b, s, quote_markdown);
}

void cp_text_gnuplot(struct cp_buf *b, const char *s)
{
    cp_buf_addc(b, '\'');
    add_quoted(b, s, quote_gnuplot);
    cp_buf_addc(b, '\'');
}

void cp_text_json(struct cp_buf *b, const char *s)
{
    struct cp_view v = cp_view_of(s);
    cp_buf_addc(b, '"');
    while (v.n > 0) {
        uint32_t c = 0;
        size_t n = cp_view_utf8(v, &c);
        if (n == 0)
            cp_buf_adds(b, "\\ufffd");
        else if (c == '"' || c == '\\')
            cp_buf_addf(b, "\\%c", (char)c);
        else if (is_hidden(c))
            cp_buf_addf(b, "\\u%04x", (unsigned)c);
        else
            cp_buf_add(b, v.p, n);
        n = n ? n : 1;
        v = (struct cp_view){v.p + n, v.n - n};
    }
    cp_buf_addc(b, '"');
}

void cp_text_csv(struct cp_buf *b, const char *s)
{
    bool is_formula = s && s[0] != '\0' && strchr("=+-@\t\r", s[0]) != NULL;
    bool needs_quotes = s && strpbrk(s, ",\"") != NULL;
    if (needs_quotes)
        cp_buf_addc(b, '"');
    if (is_formula)
        cp_buf_addc(b, '\'');
    struct cp_buf shown;
    cp_buf_init(&shown, 1U << 16);
    cp_text_terminal(&shown, s);
    for (size_t i = 0; i < shown.n; i++) {
        if (shown.p[i] == '"')
            cp_buf_addc(b, '"');
        cp_buf_addc(b, shown.p[i]);
    }
    cp_buf_clear(&shown);
    if (needs_quotes)
        cp_buf_addc(b, '"');
}

/* Inside single quotes: bytes that a terminal must not see, made by the shell that runs it. */
static void add_shell_bytes(struct cp_buf *b, struct cp_view bytes)
{
    cp_buf_adds(b, "'\"$(printf '");
    for (size_t i = 0; i < bytes.n; i++)
        cp_buf_addf(b, "\\%03o", (unsigned)(unsigned char)bytes.p[i]);
    cp_buf_adds(b, "')\"'");
}

void cp_text_shell(struct cp_buf *b, const char *s)
{
    static const char plain[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-./:=,%+@";
    if (s[0] != '\0' && strspn(s, plain) == strlen(s)) {
        cp_buf_adds(b, s);
        return;
    }
    cp_buf_addc(b, '\'');
    for (struct cp_view v = cp_view_of(s); v.n > 0;) {
        uint32_t c = 0;
        size_t n = cp_view_utf8(v, &c);
        size_t taken = n ? n : 1;
        if (c == '\'')
            cp_buf_adds(b, "'\\''");
        else if (n == 0 || (is_hidden(c) && c != '\n'))
            add_shell_bytes(b, (struct cp_view){v.p, taken});
        else
            cp_buf_add(b, v.p, n);
        v = (struct cp_view){v.p + taken, v.n - taken};
    }
    cp_buf_addc(b, '\'');
}

/* Always in double quotes: systemd unquotes C-style escapes there, and %% is a per cent sign. */
void cp_text_systemd(struct cp_buf *b, const char *s)
{
    cp_buf_addc(b, '"');
    for (struct cp_view v = cp_view_of(s); v.n > 0;) {
        uint32_t c = 0;
        size_t n = cp_view_utf8(v, &c);
        if (n == 0)
            cp_buf_addf(b, "\\x%02x", (unsigned)(unsigned char)v.p[0]);
        else if (c == '"' || c == '\\')
            cp_buf_addf(b, "\\%c", (char)c);
        else if (c == '%')
            cp_buf_adds(b, "%%");
        else if (is_hidden(c))
            cp_buf_addf(b, c < 0x80 ? "\\x%02x" : "\\u%04x", (unsigned)c);
        else
            cp_buf_add(b, v.p, n);
        n = n ? n : 1;
        v = (struct cp_view){v.p + n, v.n - n};
    }
    cp_buf_addc(b, '"');
}

/* 0 for combining marks, 2 for East Asian wide and emoji blocks, else 1 (after Unicode 15 tables,
 * blocks only: enough to line up columns). */
static size_t columns_of(uint32_t c)
{
    static const struct {
        uint32_t first, last;
        size_t columns;
    } ranges[] = {
        {0x0300, 0x036f, 0},   {0x1ab0, 0x1aff, 0},   {0x1dc0, 0x1dff, 0},   {0x20d0, 0x20ff, 0},
        {0xfe00, 0xfe0f, 0},   {0xfe20, 0xfe2f, 0},   {0x1100, 0x115f, 2},   {0x2e80, 0x303e, 2},
        {0x3041, 0xa4cf, 2},   {0xac00, 0xd7a3, 2},   {0xf900, 0xfaff, 2},   {0xfe30, 0xfe6f, 2},
        {0xff00, 0xff60, 2},   {0xffe0, 0xffe6, 2},   {0x1f300, 0x1f64f, 2}, {0x1f680, 0x1f6ff, 2},
        {0x1f900, 0x1f9ff, 2}, {0x20000, 0x3fffd, 2},
    };
    for (size_t i = 0; i < sizeof ranges / sizeof ranges[0]; i++) {
        if (c >= ranges[i].first && c <= ranges[i].last)
            return ranges[i].columns;
    }
    return 1;
}

size_t cp_text_columns(struct cp_view v)
{
    size_t columns = 0;
    while (v.n > 0) {
        uint32_t c = 0;
        size_t n = cp_view_utf8(v, &c);
        columns += n ? columns_of(c) : 1;
        n = n ? n : 1;
        v = (struct cp_view){v.p + n, v.n - n};
    }
    return columns;
}
