/* SPDX-License-Identifier: GPL-3.0-or-later
 * The data are made by zlib's deflate, which shares no code with ISA-L; the program is linked once
 * with each engine.
 */
#include "probes/log/log_inflate.h"
#include "tests/test.h"

#include <zlib.h>

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { GZIP = 15 + 16, ZLIB = 15, PACKED_MAX = 1 << 20, TEXT_MAX = 1 << 20 };

/* Lines like a log's, with enough change that there are several blocks. */
static void make_text(struct cp_buf *out, size_t n)
{
    unsigned seed = 1;
    cp_buf_init(out, n + 200);
    while (out->n < n) {
        seed = seed * 1664525u + 1013904223u;
        (void)cp_buf_addf(out, "REPORT RequestId: %08x-1\tDuration: %u.%02u ms\n", seed, seed >> 20,
                          (seed >> 8) % 100);
    }
    out->n = n;
}

static void pack(struct cp_buf *out, struct cp_view text, int wrapper, gz_header *header)
{
    static unsigned char packed[PACKED_MAX];
    z_stream z = {.next_in = (unsigned char *)text.p,
                  .avail_in = (uInt)text.n,
                  .next_out = packed,
                  .avail_out = sizeof packed};
    assert_int_equal(deflateInit2(&z, 6, Z_DEFLATED, wrapper, 8, Z_DEFAULT_STRATEGY), Z_OK);
    if (header)
        assert_int_equal(deflateSetHeader(&z, header), Z_OK);
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    assert_int_equal(cp_buf_add(out, packed, z.total_out), CP_OK);
    (void)deflateEnd(&z);
}

struct world {
    struct cp_log_inflate *inflate;
    struct cp_buf text, packed, out;
};

static int set_up(void **state)
{
    static struct world w;
    assert_int_equal(cp_log_inflate_new(&w.inflate, NULL), CP_OK);
    make_text(&w.text, 100000);
    cp_buf_init(&w.packed, PACKED_MAX);
    cp_buf_init(&w.out, TEXT_MAX);
    *state = &w;
    return 0;
}

static int tear_down(void **state)
{
    struct world *w = *state;
    cp_log_inflate_free(w->inflate);
    cp_buf_clear(&w->text);
    cp_buf_clear(&w->packed);
    cp_buf_clear(&w->out);
    return 0;
}

/* Input in pieces of `step` bytes, room for `room` at a time. */
static const char *inflate_in_steps(struct world *w, struct cp_view packed, size_t step,
                                    size_t room)
{
    char *to = malloc(room);
    assert_non_null(to);
    cp_log_inflate_reset(w->inflate);
    cp_buf_reset(&w->out);
    while (packed.n) {
        struct cp_view piece = {packed.p, packed.n < step ? packed.n : step};
        packed = (struct cp_view){packed.p + piece.n, packed.n - piece.n};
        size_t got;
        while ((got = cp_log_inflate(w->inflate, &piece, to, room)) > 0)
            assert_int_equal(cp_buf_add(&w->out, to, got), CP_OK);
        assert_int_equal(piece.n, 0);
    }
    cp_log_inflate_end(w->inflate);
    free(to);
    return cp_log_inflate_damage(w->inflate);
}

static void assert_text(const struct cp_buf *got, const struct cp_buf *text, size_t times)
{
    assert_int_equal(got->n, text->n * times);
    for (size_t i = 0; i < times; i++)
        assert_memory_equal(got->p + i * text->n, text->p, text->n);
}

static void inflate_takes_pieces_of_any_size(void **state)
{
    struct world *w = *state;
    static const size_t steps[] = {1, 2, 3, 7, 100, 4096, 1 << 20};
    static const size_t rooms[] = {1, 13, 1000, 65536, 1 << 18};
    pack(&w->packed, cp_buf_view(&w->text), GZIP, NULL);
    for (size_t s = 0; s < sizeof steps / sizeof *steps; s++) {
        for (size_t r = 0; r < sizeof rooms / sizeof *rooms; r++) {
            const char *damage = inflate_in_steps(w, cp_buf_view(&w->packed), steps[s], rooms[r]);
            assert_string_equal(damage, "");
            assert_text(&w->out, &w->text, 1);
        }
    }
}

static void inflate_reads_zlib_data(void **state)
{
    struct world *w = *state;
    pack(&w->packed, cp_buf_view(&w->text), ZLIB, NULL);
    assert_string_equal(inflate_in_steps(w, cp_buf_view(&w->packed), 1, 65536), "");
    assert_text(&w->out, &w->text, 1);
    assert_string_equal(inflate_in_steps(w, cp_buf_view(&w->packed), 4096, 65536), "");
    assert_text(&w->out, &w->text, 1);
}

static void inflate_reads_every_header_field_split_anywhere(void **state)
{
    struct world *w = *state;
    static unsigned char extra[] = "extra field", name[] = "000000.log", comment[] = "a comment";
    gz_header header = {
        .text = 1, .extra = extra, .extra_len = 11, .name = name, .comment = comment, .hcrc = 1};
    pack(&w->packed, cp_buf_view(&w->text), GZIP, &header);
    for (size_t step = 1; step < 60; step++) {
        assert_string_equal(inflate_in_steps(w, cp_buf_view(&w->packed), step, 65536), "");
        assert_text(&w->out, &w->text, 1);
    }
}

static void inflate_reads_members_and_padding(void **state)
{
    struct world *w = *state;
    static const char zeros[600];
    struct cp_buf empty;
    cp_buf_init(&empty, 1000);
    pack(&empty, (struct cp_view){"", 0}, GZIP, NULL);
    for (size_t i = 0; i < 3; i++) {
        pack(&w->packed, cp_buf_view(&w->text), GZIP, NULL);
        (void)cp_buf_add(&w->packed, empty.p, empty.n);
    }
    (void)cp_buf_add(&w->packed, zeros, sizeof zeros);
    for (size_t step = 1; step < 20000; step = step * 3 + 1) {
        assert_string_equal(inflate_in_steps(w, cp_buf_view(&w->packed), step, 65536), "");
        assert_text(&w->out, &w->text, 3);
    }
    cp_buf_clear(&empty);
}

static void inflate_names_what_follows_the_data(void **state)
{
    struct world *w = *state;
    static const char *const garbage[] = {"garbage", "\x1f", "\x1f\x8c rest", "\x78\x9c rest"};
    pack(&w->packed, cp_buf_view(&w->text), GZIP, NULL);
    size_t n = w->packed.n;
    char expected[100];
    (void)snprintf(expected, sizeof expected, "gzip data is followed by something else at byte %zu",
                   n);
    for (size_t i = 0; i < sizeof garbage / sizeof *garbage; i++) {
        w->packed.n = n;
        (void)cp_buf_adds(&w->packed, garbage[i]);
        const char *damage = inflate_in_steps(w, cp_buf_view(&w->packed), 1 + i * 100, 65536);
        if (i == 1)
            assert_non_null(strstr(damage, "cut off"));
        else
            assert_string_equal(damage, expected);
        assert_text(&w->out, &w->text, 1);
    }
}

static void inflate_keeps_what_is_before_the_end_of_a_cut_file(void **state)
{
    struct world *w = *state;
    w->text.n = 20000;
    pack(&w->packed, cp_buf_view(&w->text), GZIP, NULL);
    size_t kept = 0;
    for (size_t n = 1; n < w->packed.n; n++) {
        const char *damage = inflate_in_steps(w, (struct cp_view){w->packed.p, n}, n, 65536);
        char at[40];
        (void)snprintf(at, sizeof at, "at byte %zu,", n);
        assert_non_null(strstr(damage, "cut off"));
        assert_non_null(strstr(damage, at));
        assert_true(w->out.n >= kept && w->out.n <= w->text.n);
        assert_memory_equal(w->out.p ? w->out.p : "", w->text.p, w->out.n);
        kept = w->out.n;
    }
    assert_int_equal(kept, w->text.n); /* only the checksum's last byte is missing */
}

static void inflate_finds_every_damaged_byte(void **state)
{
    struct world *w = *state;
    w->text.n = 20000;
    pack(&w->packed, cp_buf_view(&w->text), GZIP, NULL);
    for (size_t i = 0; i < w->packed.n; i++) {
        bool is_free_header_byte = i >= 4 && i < 10; /* time, flags of the packer, system */
        char was = w->packed.p[i];
        w->packed.p[i] = (char)(was ^ 0x55);
        for (size_t room = 100; room <= 65536; room += 65436) {
            const char *damage = inflate_in_steps(w, cp_buf_view(&w->packed), 512, room);
            if (!is_free_header_byte && !damage[0])
                fail_msg("byte %zu was changed, and nobody noticed", i);
            assert_true(w->out.n <= TEXT_MAX);
        }
        w->packed.p[i] = was;
    }
}

static void inflate_tells_damage_apart(void **state)
{
    struct world *w = *state;
    pack(&w->packed, cp_buf_view(&w->text), GZIP, NULL);
    size_t n = w->packed.n;
    w->packed.p[n - 5] ^= 1; /* the last byte of the CRC */
    const char *damage = inflate_in_steps(w, cp_buf_view(&w->packed), 4096, 65536);
    assert_non_null(strstr(damage, "do not fit their checksum"));
    assert_text(&w->out, &w->text, 1);
    w->packed.p[n - 5] ^= 1;
    w->packed.p[2] = 9; /* no compression method */
    damage = inflate_in_steps(w, cp_buf_view(&w->packed), 4096, 65536);
    assert_string_equal(damage, "gzip data has a header that cannot be read at byte 0");
    assert_int_equal(w->out.n, 0);
    w->packed.p[2] = 8;
    w->packed.p[10] = 7; /* a block of a type that does not exist */
    damage = inflate_in_steps(w, cp_buf_view(&w->packed), 4096, 65536);
    assert_non_null(strstr(damage, "are damaged near byte"));
}

static void inflate_all_keeps_to_its_limit(void **state)
{
    struct world *w = *state;
    struct cp_error err;
    struct cp_buf out;
    pack(&w->packed, cp_buf_view(&w->text), GZIP, NULL);
    cp_buf_init(&out, w->text.n);
    assert_int_equal(cp_log_inflate_all(w->inflate, cp_buf_view(&w->packed), &out, &err), CP_OK);
    assert_text(&out, &w->text, 1);
    cp_buf_clear(&out);
    cp_buf_init(&out, w->text.n - 1);
    assert_int_equal(cp_log_inflate_all(w->inflate, cp_buf_view(&w->packed), &out, &err),
                     CP_ELIMIT);
    cp_buf_clear(&out);
    cp_buf_init(&out, w->text.n);
    w->packed.n -= 3;
    assert_int_equal(cp_log_inflate_all(w->inflate, cp_buf_view(&w->packed), &out, &err),
                     CP_EFORMAT);
    assert_text(&out, &w->text, 1);
    cp_buf_clear(&out);
}

/* 100 MB of zeros are 100 kB of gzip: nothing but the caller's room may hold them. */
static void inflate_gives_a_bomb_in_pieces(void **state)
{
    struct world *w = *state;
    enum { SIZE = 100 << 20 };
    char *zeros = calloc(1, SIZE);
    assert_non_null(zeros);
    pack(&w->packed, (struct cp_view){zeros, SIZE}, GZIP, NULL);
    struct cp_view in = cp_buf_view(&w->packed);
    static char room[65536];
    size_t n = 0, got;
    while ((got = cp_log_inflate(w->inflate, &in, room, sizeof room)) > 0)
        n += got;
    assert_int_equal(n, SIZE);
    cp_log_inflate_end(w->inflate);
    assert_string_equal(cp_log_inflate_damage(w->inflate), "");
    assert_int_equal(cp_log_inflate_all(w->inflate, cp_buf_view(&w->packed), &w->out, NULL),
                     CP_ELIMIT);
    free(zeros);
}

static void inflate_knows_its_data_from_text(void **state)
{
    (void)state;
    assert_true(cp_log_inflate_matches(CP_VIEW_LIT("\x1f\x8b")));
    assert_true(cp_log_inflate_matches(CP_VIEW_LIT("\x78\x9c")));
    assert_false(cp_log_inflate_matches(CP_VIEW_LIT("x^2")));
    assert_false(cp_log_inflate_matches(CP_VIEW_LIT("START RequestId")));
    assert_false(cp_log_inflate_matches(CP_VIEW_LIT("\x1f")));
    assert_false(cp_log_inflate_matches((struct cp_view){NULL, 0}));
}

#define WITH_WORLD(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_WORLD(inflate_takes_pieces_of_any_size),
        WITH_WORLD(inflate_reads_zlib_data),
        WITH_WORLD(inflate_reads_every_header_field_split_anywhere),
        WITH_WORLD(inflate_reads_members_and_padding),
        WITH_WORLD(inflate_names_what_follows_the_data),
        WITH_WORLD(inflate_keeps_what_is_before_the_end_of_a_cut_file),
        WITH_WORLD(inflate_finds_every_damaged_byte),
        WITH_WORLD(inflate_tells_damage_apart),
        WITH_WORLD(inflate_all_keeps_to_its_limit),
        WITH_WORLD(inflate_gives_a_bomb_in_pieces),
        cmocka_unit_test(inflate_knows_its_data_from_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
