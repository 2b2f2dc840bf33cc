/* SPDX-License-Identifier: GPL-3.0-or-later
 * Every line of a file in exactly one segment, wherever the borders are; and the same bytes when
 * they are read ahead.
 */
#include "model/base/buf.h"
#include "probes/log/log_source.h"
#include "tests/log/temporary.h"
#include "tests/test.h"

#include <string.h>

static void read_source(struct cp_log_source source, size_t step, struct cp_buf *out)
{
    char piece[64];
    size_t got = 1;
    while (got) {
        assert_int_equal(source.read(source.context, piece, step, &got, NULL), CP_OK);
        assert_true(got <= step);
        (void)cp_buf_add(out, piece, got);
    }
}

static void read_segment(const char *path, int64_t begin, int64_t end, size_t step,
                         struct cp_buf *out)
{
    struct cp_log_segment *segment;
    struct cp_log_range range = {begin, end};
    assert_int_equal(cp_log_segment_open(path, &range, &segment, NULL), CP_OK);
    read_source(cp_log_source_of_segment(segment), step, out);
    assert_string_equal(cp_log_segment_damage(segment), "");
    cp_log_segment_close(segment);
}

static const char *const texts[] = {
    "a\nbb\nccc\n\n\ndddd\n",
    "no line feed at all, but quite some bytes",
    "one long line that crosses many borders\nx\ny",
    "\n\n\n\n\n",
    "x",
    "",
};

static void segments_share_no_line_and_lose_none(void **state)
{
    (void)state;
    struct cp_buf all;
    cp_buf_init(&all, 1000);
    for (size_t t = 0; t < sizeof texts / sizeof *texts; t++) {
        int64_t n = (int64_t)strlen(texts[t]);
        const char *path = temporary_file("x.log", texts[t], (size_t)n);
        for (int64_t size = 1; size <= n + 1; size++) {
            for (size_t step = 1; step < 64; step += 7) {
                cp_buf_reset(&all);
                for (int64_t at = 0; at < n; at += size)
                    read_segment(path, at, at + size < n ? at + size : n, step, &all);
                assert_string_equal(cp_buf_str(&all), texts[t]);
            }
        }
    }
    cp_buf_clear(&all);
}

static void segment_has_the_lines_that_start_in_it(void **state)
{
    (void)state;
    struct cp_buf out;
    const char *path = temporary_file("x.log", "aaa\nbbb\nccc\n", 12);
    cp_buf_init(&out, 1000);
    read_segment(path, 0, 4, 64, &out); /* the border is the border of a line */
    assert_string_equal(cp_buf_str(&out), "aaa\n");
    cp_buf_reset(&out);
    read_segment(path, 4, 9, 64, &out); /* "ccc" starts at 8 */
    assert_string_equal(cp_buf_str(&out), "bbb\nccc\n");
    cp_buf_reset(&out);
    read_segment(path, 5, 8, 64, &out);
    assert_string_equal(cp_buf_str(&out), "");
    cp_buf_clear(&out);
}

static void ahead_gives_the_same_bytes(void **state)
{
    (void)state;
    enum { LINES = 100000 };
    struct cp_buf text;
    struct cp_buf out;
    struct cp_log_input *input;
    struct cp_log_ahead *ahead;
    cp_buf_init(&text, 10 << 20);
    cp_buf_init(&out, 10 << 20);
    for (int i = 0; i < LINES; i++)
        (void)cp_buf_addf(&text, "line %d of many\n", i);
    const char *path = temporary_file("x.log", text.p, text.n);
    assert_int_equal(cp_log_input_open(path, &input, NULL), CP_OK);
    const struct cp_log_ahead_options options = {.from = cp_log_source_of_input(input)};
    assert_int_equal(cp_log_ahead_start(&options, &ahead, NULL), CP_OK);
    read_source(cp_log_source_of_ahead(ahead), 61, &out);
    cp_log_ahead_stop(ahead);
    cp_log_input_close(input);
    assert_int_equal(out.n, text.n);
    assert_memory_equal(out.p, text.p, text.n);
    cp_buf_clear(&text);
    cp_buf_clear(&out);
}

static void ahead_stops_in_the_middle(void **state)
{
    (void)state;
    static const char zeros[8 << 20];
    struct cp_log_input *input;
    struct cp_log_ahead *ahead;
    char byte;
    size_t got;
    const char *path = temporary_file("x.log", zeros, sizeof zeros);
    assert_int_equal(cp_log_input_open(path, &input, NULL), CP_OK);
    const struct cp_log_ahead_options options = {.from = cp_log_source_of_input(input)};
    assert_int_equal(cp_log_ahead_start(&options, &ahead, NULL), CP_OK);
    struct cp_log_source source = cp_log_source_of_ahead(ahead);
    assert_int_equal(source.read(source.context, &byte, 1, &got, NULL), CP_OK);
    assert_int_equal(got, 1);
    cp_log_ahead_stop(ahead);
    assert_true(cp_log_input_taken(input) < (int64_t)sizeof zeros);
    cp_log_input_close(input);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FOLDER(segments_share_no_line_and_lose_none),
        WITH_FOLDER(segment_has_the_lines_that_start_in_it),
        WITH_FOLDER(ahead_gives_the_same_bytes),
        WITH_FOLDER(ahead_stops_in_the_middle),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
