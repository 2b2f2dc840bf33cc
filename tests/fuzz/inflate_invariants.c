/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/fuzz/inflate_invariants.h"

#include "probes/log/log_inflate.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { OUT_MAX = 1 << 20, ROOM_MAX = 1 << 17, NEAR_DAMAGE = 258 };

static void require(bool holds)
{
    if (!holds)
        abort();
}

/* True when it was damaged. A bomb is cut at OUT_MAX. */
static bool inflate(struct cp_log_inflate *inflate, struct cp_view bytes, size_t step, size_t room,
                    struct cp_buf *out)
{
    static char to[ROOM_MAX];
    cp_log_inflate_reset(inflate);
    while (bytes.n && !out->failed) {
        struct cp_view piece = {bytes.p, bytes.n < step ? bytes.n : step};
        bytes = (struct cp_view){bytes.p + piece.n, bytes.n - piece.n};
        size_t got;
        while ((got = cp_log_inflate(inflate, &piece, to, room)) > 0 && !out->failed) {
            require(got <= room);
            (void)cp_buf_add(out, to, got);
        }
        require(out->failed || piece.n == 0);
    }
    cp_log_inflate_end(inflate);
    return cp_log_inflate_damage(inflate)[0] != '\0';
}

void inflate_invariants_hold(struct cp_view bytes)
{
    static const struct {
        size_t step, room;
    } ways[] = {{1, ROOM_MAX}, {7, 13}, {300, 1}, {8192, 1000}};
    struct cp_log_inflate *self;
    struct cp_buf whole;
    struct cp_buf parts;
    require(cp_log_inflate_new(&self, NULL) == CP_OK);
    cp_buf_init(&whole, OUT_MAX);
    bool is_damaged = inflate(self, bytes, bytes.n + 1, ROOM_MAX, &whole);
    for (size_t i = 0; i < sizeof ways / sizeof *ways && !whole.failed; i++) {
        cp_buf_init(&parts, OUT_MAX);
        bool is_damaged_too = inflate(self, bytes, ways[i].step, ways[i].room, &parts);
        require(is_damaged_too == is_damaged);
        size_t n = parts.n < whole.n ? parts.n : whole.n;
        require(parts.n == whole.n || (is_damaged && parts.n - n + whole.n - n <= NEAR_DAMAGE));
        require(!n || memcmp(parts.p, whole.p, n) == 0);
        cp_buf_clear(&parts);
    }
    cp_buf_clear(&whole);
    cp_log_inflate_free(self);
}
