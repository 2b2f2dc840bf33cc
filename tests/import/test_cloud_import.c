/* SPDX-License-Identifier: GPL-3.0-or-later
 * FilterLogEvents, slice by slice: complete, each event once, and the same digest wherever it was
 * interrupted.
 */
#include "profiler/import/cloud_import.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "probes/log/log_sink.h"
#include "probes/os/file.h"
#include "profiler/import/cloud_checkpoint.h"
#include "profiler/import/cloud_slice.h"
#include "tests/import/fake_logs.h"
#include "tests/test.h"

#define FROM_MS INT64_C(1764547200000) /* 2025-12-01 */
#define HOUR_MS INT64_C(3600000)
#define TO_MS   (FROM_MS + 60 * HOUR_MS)

enum { N_REQUESTS = 600, N_EVENTS = 3 * N_REQUESTS, DIGEST_MAX = 64 << 20 };

static struct fake_event events[N_EVENTS];
static char messages[N_EVENTS][200];
static char folder[] = "/tmp/coldprof-import-XXXXXX";
static char checkpoint[64];

static const struct cp_log_group GROUP = {.id = "/aws/lambda/checkout",
                                          .name = "/aws/lambda/checkout"};

/* By time; what is of the same time stays in order, as events of one stream do. */
static int compare_events(const void *a, const void *b)
{
    const struct fake_event *x = a;
    const struct fake_event *y = b;
    if (x->at_ms != y->at_ms)
        return x->at_ms < y->at_ms ? -1 : 1;
    return x->message < y->message ? -1 : x->message > y->message;
}

/* START, END and REPORT of each request; many exactly on the borders of slices. */
static void make_events(void)
{
    for (size_t i = 0; i < N_REQUESTS; i++) {
        static const char *const STREAMS[] = {
            "2025/12/01/[$LATEST]0123456789abcdef0123456789abcdef",
            "2025/12/01/[7]fedcba9876543210fedcba9876543210"};
        int64_t at_ms = FROM_MS + (int64_t)i * (TO_MS - FROM_MS) / N_REQUESTS;
        char id[40];
        if (i % 5 == 0)
            at_ms -= at_ms % HOUR_MS;
        (void)snprintf(id, sizeof id, "00000000-0000-4000-8000-%012zx", i);
        (void)snprintf(messages[3 * i], 200, "START RequestId: %s Version: %s\n", id,
                       i % 2 ? "7" : "$LATEST");
        (void)snprintf(messages[3 * i + 1], 200, "END RequestId: %s\n", id);
        (void)snprintf(
            messages[3 * i + 2], 200,
            "REPORT RequestId: %s\tDuration: %zu.%02zu ms\tBilled Duration: %zu ms\tMemory "
            "Size: 512 MB\tMax Memory Used: %zu MB\t%s\n",
            id, i, i % 100, i + 1, 40 + i % 200, i % 20 ? "" : "Init Duration: 91.25 ms\t");
        for (size_t k = 0; k < 3; k++)
            events[3 * i + k] = (struct fake_event){at_ms, STREAMS[i % 2], messages[3 * i + k]};
    }
    events[N_EVENTS - 1].at_ms = events[N_EVENTS - 2].at_ms = events[N_EVENTS - 3].at_ms =
        TO_MS - 1;
    qsort(events, N_EVENTS, sizeof events[0], compare_events);
}

static void begin(size_t page_events)
{
    fake_logs =
        (struct fake_logs){.events = events, .n_events = N_EVENTS, .page_events = page_events};
}

/* One run of the command; its own idea of the time, which a checkpoint overrules. */
static enum cp_code run(int64_t to_ms, const char *path, bool is_fresh, struct cp_buf *bytes,
                        struct cp_cloud_import_result *result, struct cp_error *err)
{
    struct cp_digest *digest = cp_digest_new();
    struct cp_logs *logs = fake_logs_client();
    const struct cp_cloud_import_options options = {
        .logs = logs,
        .groups = &GROUP,
        .n_groups = 1,
        .from_ms = to_ms - (TO_MS - FROM_MS),
        .to_ms = to_ms,
        .command = 42,
        .checkpoint = path,
        .is_fresh = is_fresh,
        .is_interrupted = fake_logs_is_stopped,
    };
    enum cp_code code = cp_cloud_import(&options, digest, result, err);
    cp_buf_reset(bytes);
    if (!code && cp_digest_write(digest, bytes, err))
        fail_msg("%s", err->text);
    cp_logs_free(logs);
    cp_digest_free(digest);
    return code;
}

static void run_whole(struct cp_buf *bytes, struct cp_cloud_import_result *result)
{
    struct cp_error err = {0};
    if (run(TO_MS, NULL, false, bytes, result, &err))
        fail_msg("%s", err.text);
}

static void every_event_is_counted_once(void **state)
{
    (void)state;
    struct cp_cloud_import_result result;
    struct cp_error err = {0};
    struct cp_buf bytes;
    struct cp_digest *digest = cp_digest_new();
    cp_buf_init(&bytes, DIGEST_MAX);
    begin(30);
    run_whole(&bytes, &result);
    if (cp_digest_read(digest, cp_buf_view(&bytes), &err))
        fail_msg("%s", err.text);
    assert_int_equal(cp_digest_n_scopes(digest), 2);
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(cp_digest_scope_n(cp_digest_scope_at(digest, i)), N_REQUESTS / 2);
    assert_int_equal(cp_tally_count(cp_digest_counts(digest), "forged"), 0);
    assert_int_equal(fake_logs.least_ms, FROM_MS);
    assert_int_equal(fake_logs.most_ms, TO_MS - 1);
    assert_true(result.slices > 3);
    cp_digest_free(digest);
    cp_buf_clear(&bytes);
}

static void slices_of_any_length_give_the_same_digest(void **state)
{
    (void)state;
    struct cp_cloud_import_result result;
    struct cp_buf large;
    struct cp_buf small;
    cp_buf_init(&large, DIGEST_MAX);
    cp_buf_init(&small, DIGEST_MAX);
    begin(N_EVENTS);
    run_whole(&large, &result);
    uint64_t few = result.slices;
    begin(3); /* some hundred pages in an hour: slices are cut */
    run_whole(&small, &result);
    assert_true(result.slices > few && result.empty_pages > 0);
    assert_int_equal(large.n, small.n);
    assert_memory_equal(large.p, small.p, large.n);
    cp_buf_clear(&large);
    cp_buf_clear(&small);
}

/* Interrupted again and again, at other requests each time, until it gets through. */
static void interrupt_often(size_t first, size_t step, const struct cp_buf *whole)
{
    struct cp_cloud_import_result result;
    struct cp_buf bytes;
    enum cp_code code = CP_EINTERRUPTED;
    cp_buf_init(&bytes, DIGEST_MAX);
    (void)cp_file_remove(checkpoint, NULL);
    size_t stop_at = first;
    int64_t to_ms = TO_MS;
    int n = 0;
    while (code == CP_EINTERRUPTED) {
        struct cp_error err = {0};
        begin(30);
        fake_logs.stop_at = stop_at;
        code = run(to_ms, checkpoint, false, &bytes, &result, &err);
        if (code && code != CP_EINTERRUPTED)
            fail_msg("%s", err.text);
        if (result.is_kept || result.is_resumed)
            to_ms = TO_MS + 5 * HOUR_MS; /* "now" has moved on: the checkpoint's time counts */
        stop_at += step;
        assert_true(++n < 1000);
    }
    assert_true(n > 1);
    assert_true(result.is_resumed);
    assert_int_equal(result.to_ms, TO_MS);
    assert_int_equal(bytes.n, whole->n);
    assert_memory_equal(bytes.p, whole->p, whole->n);
    cp_buf_clear(&bytes);
}

static void an_import_interrupted_anywhere_gives_the_same_bytes(void **state)
{
    (void)state;
    struct cp_cloud_import_result result;
    struct cp_buf whole;
    cp_buf_init(&whole, DIGEST_MAX);
    begin(30);
    run_whole(&whole, &result);
    size_t n_requests = fake_logs.n_requests;
    assert_true(n_requests > 10);
    for (size_t first = 1; first < n_requests; first += 7)
        for (size_t step = 1; step <= 5; step += 2)
            interrupt_often(first, step, &whole);
    cp_buf_clear(&whole);
}

static void a_token_that_ended_begins_the_slice_anew(void **state)
{
    (void)state;
    struct cp_cloud_import_result result;
    struct cp_buf whole;
    struct cp_buf bytes;
    cp_buf_init(&whole, DIGEST_MAX);
    cp_buf_init(&bytes, DIGEST_MAX);
    begin(30);
    run_whole(&whole, &result);
    begin(30);
    fake_logs.refuses_token = true;
    run_whole(&bytes, &result);
    assert_false(fake_logs.refuses_token);
    assert_int_equal(bytes.n, whole.n);
    assert_memory_equal(bytes.p, whole.p, whole.n);
    cp_buf_clear(&whole);
    cp_buf_clear(&bytes);
}

static void pages_that_go_round_end(void **state)
{
    (void)state;
    struct cp_cloud_import_result result;
    struct cp_error err = {0};
    struct cp_buf bytes;
    cp_buf_init(&bytes, DIGEST_MAX);
    begin(30);
    fake_logs.is_circle = true;
    assert_int_equal(run(TO_MS, NULL, false, &bytes, &result, &err), CP_EREMOTE);
    assert_non_null(strstr(err.text, "circle"));
    cp_buf_clear(&bytes);
}

static void a_checkpoint_that_cannot_be_used_is_an_error_until_it_is_not_wanted(void **state)
{
    (void)state;
    struct cp_cloud_import_result result;
    struct cp_error err = {0};
    struct cp_buf bytes;
    struct cp_buf file;
    cp_buf_init(&bytes, DIGEST_MAX);
    cp_buf_init(&file, DIGEST_MAX);
    begin(30);
    assert_int_equal(run(TO_MS, checkpoint, true, &bytes, &result, &err), CP_OK);
    assert_int_equal(cp_file_read(checkpoint, &file, &err), CP_OK);
    for (size_t at = 0; at < file.n; at += at < 400 ? 7 : 997) {
        char old = file.p[at];
        file.p[at] = (char)(old == 'x' ? 'y' : 'x');
        assert_int_equal(cp_file_write_atomic(checkpoint, cp_buf_view(&file), &err), CP_OK);
        assert_int_equal(run(TO_MS, checkpoint, false, &bytes, &result, &err), CP_EFORMAT);
        assert_non_null(strstr(err.text, "--fresh"));
        file.p[at] = old;
    }
    struct cp_view half = {file.p, file.n / 2};
    assert_int_equal(cp_file_write_atomic(checkpoint, half, &err), CP_OK);
    assert_int_equal(run(TO_MS, checkpoint, false, &bytes, &result, &err), CP_EFORMAT);
    assert_int_equal(run(TO_MS, checkpoint, true, &bytes, &result, &err), CP_OK);
    assert_int_equal(run(TO_MS, checkpoint, false, &bytes, &result, &err), CP_OK);
    assert_int_equal(fake_logs.n_requests, 0); /* it was complete */
    cp_buf_clear(&bytes);
    cp_buf_clear(&file);
}

static void a_slice_has_some_pages(void **state)
{
    (void)state;
    assert_int_equal(cp_cloud_slice_next_ms(HOUR_MS, 1), 2 * HOUR_MS);
    assert_int_equal(cp_cloud_slice_next_ms(HOUR_MS, 10), HOUR_MS);
    assert_int_equal(cp_cloud_slice_next_ms(HOUR_MS, 30), HOUR_MS / 2);
    assert_int_equal(cp_cloud_slice_next_ms(20 * HOUR_MS, 0), 24 * HOUR_MS);
    assert_int_equal(cp_cloud_slice_next_ms(24 * HOUR_MS, 0), 24 * HOUR_MS);
    assert_int_equal(cp_cloud_slice_next_ms(60000, 60), 60000);
}

/* FilterLogEvents takes 1,024 characters. */
static void the_pattern_fits_a_request(void **state)
{
    (void)state;
    assert_true(strlen(cp_cloud_pattern) <= 1024);
}

static int set_up(void **state)
{
    (void)state;
    make_events();
    if (!mkdtemp(folder))
        return -1;
    (void)snprintf(checkpoint, sizeof checkpoint, "%s/c", folder);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    (void)unlink(checkpoint);
    return rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_event_is_counted_once),
        cmocka_unit_test(slices_of_any_length_give_the_same_digest),
        cmocka_unit_test(an_import_interrupted_anywhere_gives_the_same_bytes),
        cmocka_unit_test(a_token_that_ended_begins_the_slice_anew),
        cmocka_unit_test(pages_that_go_round_end),
        cmocka_unit_test(a_checkpoint_that_cannot_be_used_is_an_error_until_it_is_not_wanted),
        cmocka_unit_test(a_slice_has_some_pages),
        cmocka_unit_test(the_pattern_fits_a_request),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
