/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/test.h"

#include <string.h>

#include "probes/local/env.h"
#include "probes/local/event_stream.h"
#include "probes/local/invoke_stream.h"

/* Lengths and CRC-32 computed with Python's struct and zlib from the format's description. */
static void a_message_has_its_lengths_and_checksums(void **state)
{
    (void)state;
    static const char expected[] = "\0\0\0\x6f"
                                   "\0\0\0\x5a"
                                   "\xf5\xfe\x87\x1f"
                                   "\x0b:event-type\x07\0\x0cPayloadChunk"
                                   "\x0d:content-type\x07\0\x18"
                                   "application/octet-stream"
                                   "\x0d:message-type\x07\0\x05"
                                   "event"
                                   "hello"
                                   "\x29\xe7\x12\x60";
    struct cp_buf b;
    cp_buf_init(&b, 1024);
    cp_event_stream_add(&b, "PayloadChunk", "application/octet-stream", CP_VIEW_LIT("hello"));
    assert_int_equal(b.n, sizeof expected - 1);
    assert_memory_equal(b.p, expected, b.n);
    cp_buf_clear(&b);
}

static void a_message_over_the_limit_fails_the_buffer(void **state)
{
    (void)state;
    struct cp_buf b;
    cp_buf_init(&b, 50);
    cp_event_stream_add(&b, "PayloadChunk", "application/octet-stream", CP_VIEW_LIT("hello"));
    assert_int_equal(b.failed, CP_ELIMIT);
    cp_buf_clear(&b);
}

static bool contains(const char *text, size_t n, const char *what)
{
    return memmem(text, n, what, strlen(what)) != NULL;
}

/* Taken in pieces of any size it is the same; the end comes after the last byte. */
static void a_stream_tells_parts_and_then_its_end(void **state)
{
    (void)state;
    struct cp_invocation invocation;
    struct cp_invoke_stream stream;
    char taken[2048];
    size_t n_taken = 0, n;
    cp_invocation_init(&invocation);
    cp_invoke_stream_init(&stream);
    assert_false(cp_invoke_stream_has_news(&stream));
    cp_invoke_stream_add(&stream, CP_VIEW_LIT("first"));
    assert_true(cp_invoke_stream_has_news(&stream));
    while ((n = cp_invoke_stream_take(&stream, taken + n_taken, 7)) > 0)
        n_taken += n;
    assert_true(contains(taken, n_taken, "eventfirst"));
    assert_false(cp_invoke_stream_has_news(&stream));

    invocation.function_error = "Unhandled";
    (void)cp_buf_adds(&invocation.response, "{\"errorType\":\"E\"}");
    (void)cp_buf_adds(&invocation.log_tail, "REPORT");
    cp_invoke_stream_end(&stream, &invocation, true);
    assert_true(stream.is_over);
    while ((n = cp_invoke_stream_take(&stream, taken + n_taken, 7)) > 0)
        n_taken += n;
    assert_true(contains(taken, n_taken,
                         "event{\"ErrorCode\":\"Unhandled\",\"ErrorDetails\":"
                         "\"{\\\"errorType\\\":\\\"E\\\"}\",\"LogResult\":\"UkVQT1JU\"}"));
    cp_invoke_stream_clear(&stream);
    cp_invocation_clear(&invocation);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_message_has_its_lengths_and_checksums),
        cmocka_unit_test(a_message_over_the_limit_fails_the_buffer),
        cmocka_unit_test(a_stream_tells_parts_and_then_its_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
