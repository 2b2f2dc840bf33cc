/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/cli/wrap.h"

static void add_line(struct cp_buf *out, struct cp_view text, struct cp_wrap at)
{
    struct cp_view word;
    bool is_first = true;
    while (cp_view_split(&text, ' ', &word)) {
        if (!is_first && at.column + 1 + word.n > (size_t)at.width) {
            (void)cp_buf_addf(out, "\n%*s", (int)at.indent, "");
            at.column = at.indent;
            is_first = true;
        }
        if (!is_first)
            (void)cp_buf_addc(out, ' ');
        (void)cp_buf_add_view(out, word);
        at.column += word.n + !is_first;
        is_first = false;
    }
    (void)cp_buf_addc(out, '\n');
}

void cp_wrap_add(struct cp_buf *out, const char *text, struct cp_wrap at)
{
    struct cp_view rest = cp_view_of(text);
    struct cp_view line;
    while (cp_view_split(&rest, '\n', &line)) {
        add_line(out, line, at);
        at.column = 0;
    }
}
