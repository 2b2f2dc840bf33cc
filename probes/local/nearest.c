/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "probes/local/nearest.h"

#include <ctype.h>
#include <string.h>

enum { NAME_MAX_COMPARED = 48 };

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Wagner & Fischer 1974, one row at a time. Both names fit NAME_MAX_COMPARED. */
static size_t edit_distance(struct cp_view a, struct cp_view b)
{
    size_t row[NAME_MAX_COMPARED + 1];
    for (size_t k = 0; k <= b.n; k++)
        row[k] = k;
    for (size_t i = 0; i < a.n; i++) {
        size_t diagonal = row[0];
        row[0] = i + 1;
        for (size_t k = 0; k < b.n; k++) {
            bool is_same = tolower((unsigned char)a.p[i]) == tolower((unsigned char)b.p[k]);
            size_t replaced = diagonal + !is_same;
            diagonal = row[k + 1];
            row[k + 1] = smaller(replaced, smaller(row[k], row[k + 1]) + 1);
        }
    }
    return row[b.n];
}

const char *cp_nearest(struct cp_view wrong, const char *const *names, size_t n)
{
    const char *best = NULL;
    size_t best_distance = NAME_MAX_COMPARED;
    for (size_t i = 0; i < n; i++) {
        struct cp_view name = cp_view_of(names[i]);
        if (wrong.n > NAME_MAX_COMPARED || name.n > NAME_MAX_COMPARED)
            continue;
        size_t distance = edit_distance(wrong, name);
        size_t longer = wrong.n > name.n ? wrong.n : name.n;
        if (distance < best_distance && distance <= (longer + 2) / 3) {
            best = names[i];
            best_distance = distance;
        }
    }
    return best;
}
