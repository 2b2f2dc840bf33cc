/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/cli/log_progress.h"
#include "tests/test.h"

static const struct cp_log_progress half = {
    .done_bytes = 1000000000,
    .total_bytes = 2000000000,
    .inflated_bytes = 4000000000,
    .done_files = 3,
    .total_files = 6,
    .records = 1200000,
    .elapsed_ms = 2000,
};

static void assert_text(const struct cp_log_progress *progress, int width, const char *expected)
{
    struct cp_buf text;
    cp_buf_init(&text, 1000);
    cp_log_view_text(progress, width, &text);
    assert_string_equal(cp_buf_str(&text), expected);
    cp_buf_clear(&text);
}

static void progress_tells_rate_and_what_is_left(void **state)
{
    (void)state;
    assert_text(&half, 0, "1.00 GB of 2.00 GB, 3/6 files, 1200000 records, 2.00 GB/s, 2 s left");
    assert_text(&half, 92,
                "[##########----------] 1.00 GB of 2.00 GB, 3/6 files, 1200000 records, 2.00 "
                "GB/s, 2 s left");
}

static void progress_of_a_pipe_knows_no_end(void **state)
{
    (void)state;
    struct cp_log_progress pipe = half;
    pipe.total_bytes = -1;
    pipe.total_files = 1;
    assert_text(&pipe, 200, "1.00 GB, 1200000 records, 2.00 GB/s");
}

static void progress_of_a_file_that_grew_ends_at_all(void **state)
{
    (void)state;
    struct cp_log_progress grown = half;
    grown.done_bytes = 2100000000;
    assert_text(&grown, 0, "2.10 GB of 2.00 GB, 3/6 files, 1200000 records, 2.00 GB/s, 0 s left");
}

static void progress_before_the_first_byte_promises_nothing(void **state)
{
    (void)state;
    struct cp_log_progress nothing = {.total_bytes = 2000000000, .total_files = 1};
    assert_text(&nothing, 0, "0 B of 2.00 GB, 0 records");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(progress_tells_rate_and_what_is_left),
        cmocka_unit_test(progress_of_a_pipe_knows_no_end),
        cmocka_unit_test(progress_of_a_file_that_grew_ends_at_all),
        cmocka_unit_test(progress_before_the_first_byte_promises_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
