/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "probes/record/record.h"

#include <stdio.h>
#include <string.h>

enum { ESCAPED_MAX = 15 }; /* "\u{202e}" is 8; room for any 32-bit value */

/* Characters that a terminal obeys or that reorder what a person sees: C0, DEL, C1, and the
 * bidirectional controls. */
static bool is_unsafe(uint32_t c)
{
    return c < 0x20 || (c >= 0x7f && c <= 0x9f) || (c >= 0x200e && c <= 0x200f) ||
           (c >= 0x2028 && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);
}

/* One character of `v` as printable text; returns the bytes read. */
static size_t escape_one(struct cp_view v, char text[ESCAPED_MAX + 1])
{
    uint32_t c = 0;
    size_t n = cp_view_utf8(v, &c);
    if (n == 0 || (is_unsafe(c) && c < 0x100)) {
        unsigned value = n ? (unsigned)c : (unsigned char)v.p[0];
        (void)snprintf(text, ESCAPED_MAX + 1, "\\x%02x", value);
        return n ? n : 1;
    }
    if (is_unsafe(c)) {
        (void)snprintf(text, ESCAPED_MAX + 1, "\\u{%04x}", (unsigned)c);
        return n;
    }
    memcpy(text, v.p, n);
    text[n] = '\0';
    return n;
}

const char *cp_record_printable(struct cp_view v, char *to, size_t to_size)
{
    size_t used = 0;
    char text[ESCAPED_MAX + 1];
    while (v.n) {
        size_t n = escape_one(v, text);
        size_t length = strlen(text);
        if (used + length + 1 > to_size)
            break;
        memcpy(to + used, text, length);
        used += length;
        v = (struct cp_view){v.p + n, v.n - n};
    }
    to[used] = '\0';
    return to;
}

void cp_record_count(struct cp_record_counts *counts, struct cp_view line,
                     const struct cp_record *record)
{
    switch (record->verdict) {
    case CP_RECORD_ACCEPTED:
        counts->accepted++;
        break;
    case CP_RECORD_WARNED:
        counts->warned++;
        break;
    case CP_RECORD_REJECTED:
        counts->rejected++;
        break;
    case CP_RECORD_SKIPPED:
        counts->skipped++;
        break;
    }
    if (record->reason == CP_REASON_DUPLICATE)
        counts->duplicates++;
    if (record->reason == CP_REASON_NONE)
        return;
    char *example = counts->first_example[record->reason];
    if (counts->by_reason[record->reason]++ == 0)
        (void)cp_record_printable(cp_view_trim(line), example, sizeof(counts->first_example[0]));
}
