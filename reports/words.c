/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "reports/words.h"

#include <stdio.h>
#include <string.h>

static const struct {
    const char *place, *init, *restore;
} words[] = {
    {"{init}", "init", "restore"},
    {"{Init}", "Init", "Restore"},
};

/* The word that `*rest` begins with, behind which it moves; NULL: none. */
static const char *take_word(struct cp_view *rest, const struct cp_figures *f)
{
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (cp_view_skip(rest, words[i].place))
            return f->fresh_start == CP_START_SNAPSTART ? words[i].restore : words[i].init;
    }
    return NULL;
}

void cp_words_add(const struct cp_figures *f, const char *fixed, struct cp_buf *out)
{
    struct cp_view rest = cp_view_of(fixed);
    while (rest.n) {
        const char *word = take_word(&rest, f);
        if (word) {
            cp_buf_adds(out, word);
            continue;
        }
        size_t n = 1; /* up to the next place */
        while (n < rest.n && rest.p[n] != '{')
            n++;
        cp_buf_add(out, rest.p, n);
        rest = (struct cp_view){rest.p + n, rest.n - n};
    }
}

const char *cp_words(const struct cp_figures *f, const char *fixed, char out[CP_WORDS_MAX])
{
    struct cp_buf text;
    cp_buf_init(&text, CP_WORDS_MAX);
    cp_words_add(f, fixed, &text);
    (void)snprintf(out, CP_WORDS_MAX, "%s", cp_buf_str(&text));
    cp_buf_clear(&text);
    return out;
}
