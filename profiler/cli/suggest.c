/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/cli/suggest.h"

#include <string.h>

enum { NAME_MAX_LENGTH = 63 };

static size_t min3(size_t a, size_t b, size_t c)
{
    size_t m = a < b ? a : b;
    return m < c ? m : c;
}

/* Optimal string alignment distance; names longer than 63 letters are cut. */
static size_t distance_of(struct cp_view a, struct cp_view b)
{
    size_t row[3][NAME_MAX_LENGTH + 1];
    size_t an = a.n < NAME_MAX_LENGTH ? a.n : NAME_MAX_LENGTH;
    size_t bn = b.n < NAME_MAX_LENGTH ? b.n : NAME_MAX_LENGTH;
    for (size_t j = 0; j <= bn; j++)
        row[0][j] = j;
    for (size_t i = 1; i <= an; i++) {
        size_t *now = row[i % 3];
        const size_t *up = row[(i - 1) % 3];
        const size_t *up2 = row[(i + 1) % 3];
        now[0] = i;
        for (size_t j = 1; j <= bn; j++) {
            size_t replace = up[j - 1] + (a.p[i - 1] != b.p[j - 1]);
            now[j] = min3(up[j] + 1, now[j - 1] + 1, replace);
            bool is_swap = i > 1 && j > 1 && a.p[i - 1] == b.p[j - 2] && a.p[i - 2] == b.p[j - 1];
            if (is_swap && up2[j - 2] + 1 < now[j])
                now[j] = up2[j - 2] + 1;
        }
    }
    return row[an % 3][bn];
}

void cp_suggest_init(struct cp_suggest *s, struct cp_view wanted)
{
    *s = (struct cp_suggest){.wanted = wanted};
}

void cp_suggest_consider(struct cp_suggest *s, const char *name)
{
    size_t d = distance_of(s->wanted, cp_view_of(name));
    if (!s->best || d < s->distance) {
        s->best = name;
        s->distance = d;
    }
}

const char *cp_suggest_best(const struct cp_suggest *s)
{
    if (!s->best)
        return NULL;
    size_t n = strlen(s->best);
    size_t longer = n > s->wanted.n ? n : s->wanted.n;
    bool is_cut = longer > NAME_MAX_LENGTH; /* beyond what was compared nothing is known */
    return !is_cut && s->distance * 3 <= longer ? s->best : NULL;
}
