/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/test.h"

#include <string.h>

#include <stdio.h>
#include <unistd.h>

#include "probes/local/env_log.h"

static void read_all(int fd, struct cp_buf *out)
{
    char bytes[4096];
    ssize_t n;
    cp_buf_init(out, 1 << 20);
    while ((n = read(fd, bytes, sizeof bytes)) > 0)
        (void)cp_buf_add(out, bytes, (size_t)n);
}

static void lines_are_events_with_time_and_stream(void **state)
{
    (void)state;
    struct cp_env_log log;
    struct cp_buf text;
    int pipes[2];
    assert_int_equal(pipe(pipes), 0);
    cp_env_log_init(&log, pipes[1]);
    (void)snprintf(log.stream, sizeof log.stream, "2026/10/08/[1]ab");
    cp_env_log_add(&log, CP_VIEW_LIT("one\ntw"), 1791468191482);
    cp_env_log_add(&log, CP_VIEW_LIT("o\nunfinished"), 1791468191482);
    cp_env_log_record(&log, CP_VIEW_LIT("END RequestId: x\n"), 1791468191482);
    (void)close(pipes[1]);
    read_all(pipes[0], &text);
#define HEAD "2026-10-08T14:03:11.482000+00:00 2026/10/08/[1]ab "
    assert_string_equal(cp_buf_str(&text),
                        HEAD "one\n" HEAD "two\n" HEAD "unfinished\n" HEAD "END RequestId: x\n");
    (void)close(pipes[0]);
    cp_buf_clear(&text);
    cp_env_log_clear(&log);
}

static void tail_keeps_the_last_4_kb_since_it_began(void **state)
{
    (void)state;
    struct cp_env_log log;
    cp_env_log_init(&log, -1);
    cp_env_log_add(&log, CP_VIEW_LIT("before\n"), 0);
    assert_int_equal(log.tail.n, 0);
    cp_env_log_begin_tail(&log);
    cp_env_log_add(&log, CP_VIEW_LIT("first\n"), 0);
    assert_string_equal(cp_buf_str(&log.tail), "first\n");
    for (int i = 0; i < 10000; i++)
        cp_env_log_add(&log, CP_VIEW_LIT("0123456\n"), 0);
    assert_int_equal(log.tail.n, CP_LOG_TAIL_MAX);
    assert_memory_equal(log.tail.p + CP_LOG_TAIL_MAX - 8, "0123456\n", 8);
    cp_env_log_begin_tail(&log);
    assert_int_equal(log.tail.n, 0);
    cp_env_log_clear(&log);
}

static void endless_line_is_cut(void **state)
{
    (void)state;
    struct cp_env_log log;
    char block[1000];
    memset(block, 'x', sizeof block);
    cp_env_log_init(&log, -1);
    cp_env_log_begin_tail(&log);
    for (int i = 0; i < 10000; i++)
        cp_env_log_add(&log, (struct cp_view){block, sizeof block}, 0);
    assert_true(log.line.n <= CP_LOG_LINE_MAX && log.line.cap <= (size_t)4 * CP_LOG_LINE_MAX);
    assert_int_equal(log.tail.n, CP_LOG_TAIL_MAX);
    cp_env_log_clear(&log);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_are_events_with_time_and_stream),
        cmocka_unit_test(tail_keeps_the_last_4_kb_since_it_began),
        cmocka_unit_test(endless_line_is_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
