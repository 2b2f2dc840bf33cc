/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "reports/text_lines.h"

#include "reports/format.h"

#include <stdio.h>

enum { WIDTH_DEFAULT = 80, WIDTH_MIN = 40 };

struct cp_text_lines cp_text_lines_of(const struct cp_figures *f, const struct cp_text_style *style,
                                      struct cp_buf *out)
{
    size_t width = style->width > 0 ? (size_t)style->width : WIDTH_DEFAULT;
    if (width < WIDTH_MIN)
        width = WIDTH_MIN;
    return (struct cp_text_lines){f, out, width - 1, style->use_color};
}

void cp_text_role(const struct cp_text_lines *t, enum cp_text_role_kind role)
{
    static const char *const codes[] = {
        [CP_ROLE_PLAIN] = "\x1b[0m", [CP_ROLE_GOOD] = "\x1b[32m",  [CP_ROLE_BAD] = "\x1b[31m",
        [CP_ROLE_DIM] = "\x1b[2m",   [CP_ROLE_STRONG] = "\x1b[1m",
    };
    if (t->use_color)
        cp_buf_adds(t->out, codes[role]);
}

void cp_text_blanks(const struct cp_text_lines *t, size_t n)
{
    for (size_t i = 0; i < n; i++)
        cp_buf_addc(t->out, ' ');
}

/* A number stays with the word before it and the unit after it: "not sent 1", "207 ms". */
static bool is_glued(struct cp_view rest)
{
    struct cp_view word;
    if (!cp_view_split(&rest, ' ', &word) || word.n == 0)
        return false;
    return (word.p[0] >= '0' && word.p[0] <= '9') || cp_view_has_prefix(word, "ms") ||
           cp_view_has_prefix(word, "MB");
}

/* "128 MB," of a list, not "[128," of an interval: a new line may begin behind it. */
static bool is_list_item(struct cp_view word)
{
    return word.n > 0 && word.p[word.n - 1] == ',' && word.p[0] != '[';
}

/* The next words that must share a line. */
static bool take_chunk(struct cp_view *words, struct cp_view *chunk)
{
    struct cp_view word;
    while (cp_view_skip(words, " ")) {
    }
    if (!cp_view_split(words, ' ', chunk))
        return false;
    word = *chunk;
    while (!is_list_item(word) && is_glued(*words) && cp_view_split(words, ' ', &word))
        chunk->n = (size_t)(word.p + word.n - chunk->p);
    return true;
}

/* `words` on lines of the width, continuation lines indented. `column` is where the first word
 * starts; a word longer than a line stays whole. */
void cp_text_wrapped(const struct cp_text_lines *t, size_t column, size_t indent,
                     struct cp_view words)
{
    size_t at = column;
    bool is_line_start = true;
    struct cp_view chunk;
    while (take_chunk(&words, &chunk)) {
        size_t n = cp_text_columns(chunk);
        if (!is_line_start && at + 1 + n > t->width) {
            cp_buf_addc(t->out, '\n');
            cp_text_blanks(t, indent);
            at = indent;
            is_line_start = true;
        }
        if (!is_line_start)
            cp_buf_addc(t->out, ' ');
        at += n + (is_line_start ? 0 : 1);
        cp_buf_add_view(t->out, chunk);
        is_line_start = false;
    }
    cp_buf_addc(t->out, '\n');
}

/* Foreign text wrapped: made harmless first, measured after. */
void cp_text_note(const struct cp_text_lines *t, const char *note)
{
    enum { INDENT = 2 };
    cp_text_role(t, CP_ROLE_DIM);
    cp_text_blanks(t, INDENT);
    cp_text_wrapped(t, INDENT, INDENT + 1, cp_view_of(note));
    cp_text_role(t, CP_ROLE_PLAIN);
}

void cp_text_foreign(const struct cp_text_lines *t, size_t column, size_t indent, const char *s)
{
    struct cp_buf safe;
    cp_buf_init(&safe, 1U << 16);
    cp_text_terminal(&safe, s);
    cp_text_wrapped(t, column, indent, cp_buf_view(&safe));
    cp_buf_clear(&safe);
}

void cp_text_facts(const struct cp_text_lines *t, const char *const *facts, size_t n_facts)
{
    struct cp_buf line;
    cp_buf_init(&line, 1U << 14);
    size_t at = 0;
    for (size_t i = 0; i < n_facts; i++) {
        cp_buf_reset(&line);
        cp_text_terminal(&line, facts[i]);
        size_t n = cp_text_columns(cp_buf_view(&line));
        if (n == 0)
            continue;
        bool fits = at + 2 + n <= t->width;
        cp_buf_adds(t->out, at == 0 ? "" : fits ? "  " : "\n  ");
        at = at == 0 ? n : fits ? at + 2 + n : 2 + n;
        cp_buf_add_view(t->out, cp_buf_view(&line));
    }
    cp_buf_clear(&line);
    cp_buf_addc(t->out, '\n');
}

void cp_text_header(const struct cp_text_lines *t)
{
    const struct cp_run *run = &t->f->data->run;
    char count[CP_FORMAT_MAX];
    char which[sizeof run->id + CP_FORMAT_MAX + 8];
    (void)snprintf(which, sizeof which, "run %s  n=%s", run->id,
                   cp_format_count(t->f->accounting.measured, count));
    const char *facts[] = {
        run->function,           run->region, run->architecture,        cp_run_runtime(run),
        cp_run_start_words(run), run->place,  cp_run_method_words(run), which};
    cp_text_facts(t, facts, sizeof facts / sizeof facts[0]);
    cp_buf_addc(t->out, '\n');
}
