/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/test.h"

#include <stdio.h>
#include <string.h>

#include "probes/local/log_merge.h"
#include "probes/local/log_store.h"

static const struct cp_log_place one = {{"/g", 2}, {"one", 3}}, two = {{"/g", 2}, {"two", 3}};

static struct cp_log_store *make(uint64_t max_bytes)
{
    struct cp_log_store *store = NULL;
    assert_int_equal(cp_log_store_new(max_bytes, &store, NULL), CP_OK);
    return store;
}

static void add(struct cp_log_store *store, const struct cp_log_place *place, int64_t at_ms,
                const char *message)
{
    assert_true(cp_log_store_add(store, place, at_ms, at_ms + 1, cp_view_of(message)));
}

static void streams_are_merged_by_time_and_arrival(void **state)
{
    (void)state;
    struct cp_log_store *store = make(1 << 20);
    add(store, &one, 5, "c");
    add(store, &two, 3, "a");
    add(store, &one, 4, "b"); /* late: put in its place */
    add(store, &two, 5, "d");
    add(store, &one, 5, "e");
    const struct cp_log_group *group = cp_log_store_group(store, CP_VIEW_LIT("/g"));
    assert_non_null(group);
    assert_int_equal(group->n, 2);
    assert_int_equal(group->stored_bytes, 5 * (1 + CP_LOG_EVENT_COST));
    struct cp_log_merge merge;
    cp_log_merge_init(&merge);
    for (size_t i = 0; i < group->n; i++)
        assert_int_equal(cp_log_merge_add(&merge, group->streams[i], 4, 0), CP_OK);
    const struct cp_log_event *e;
    const struct cp_log_stream *stream;
    char seen[8] = "";
    size_t n = 0;
    while ((e = cp_log_merge_next(&merge, &stream)) != NULL)
        seen[n++] = e->message[0];
    assert_string_equal(seen, "bcde");
    cp_log_merge_clear(&merge);
    cp_log_store_free(store);
}

static void names_are_found_by_their_whole_length(void **state)
{
    (void)state;
    struct cp_log_store *store = make(1 << 20);
    assert_non_null(cp_log_store_add_group(store, CP_VIEW_LIT("/ab"), 1));
    assert_non_null(cp_log_store_add_group(store, CP_VIEW_LIT("/a"), 1));
    assert_string_equal(store->groups[0]->name, "/a");
    assert_null(cp_log_store_group(store, CP_VIEW_LIT("/")));
    assert_null(cp_log_store_group(store, CP_VIEW_LIT("/abc")));
    assert_ptr_equal(cp_log_store_add_group(store, CP_VIEW_LIT("/ab"), 1), store->groups[1]);
    cp_log_store_remove_group(store, store->groups[0]);
    assert_int_equal(store->n, 1);
    cp_log_store_free(store);
}

/* Sums of what the platform.logsDropped events of the group say. */
static void sum_told(const struct cp_log_group *group, uint64_t *records, uint64_t *bytes)
{
    const struct cp_log_stream *s = cp_log_group_stream(group, CP_VIEW_LIT(CP_LOG_LOST_STREAM));
    *records = *bytes = 0;
    for (size_t i = 0; s && i < s->n; i++) {
        char text[1024];
        int64_t value;
        assert_true(cp_view_copy((struct cp_view){s->events[i].message, s->events[i].n}, text,
                                 sizeof text));
        assert_non_null(strstr(text, "\"type\":\"platform.logsDropped\""));
        struct cp_view v = cp_view_of(strstr(text, "\"droppedRecords\":") + 17);
        assert_true(cp_view_take_int64(&v, &value));
        *records += (uint64_t)value;
        v = cp_view_of(strstr(text, "\"droppedBytes\":") + 15);
        assert_true(cp_view_take_int64(&v, &value));
        *bytes += (uint64_t)value;
    }
}

static void the_oldest_go_when_it_is_full_and_it_says_so(void **state)
{
    (void)state;
    enum { EVENTS = 2000, MAX = 256 * 1024, MESSAGE = 200 };
    struct cp_log_store *store = make(MAX);
    char message[MESSAGE + 1];
    uint64_t records, bytes;
    for (int i = 0; i < EVENTS; i++) {
        (void)snprintf(message, sizeof message, "%0*d", MESSAGE, i);
        add(store, &one, 1000 + i, message);
        assert_true(store->bytes <= MAX);
    }
    const struct cp_log_group *group = cp_log_store_group(store, one.group);
    const struct cp_log_stream *stream = cp_log_group_stream(group, one.stream);
    sum_told(group, &records, &bytes);
    assert_true(records > 0);
    assert_int_equal(records, group->lost_events);
    assert_int_equal(stream->n + records, EVENTS);
    assert_int_equal(bytes, records * MESSAGE);
    assert_int_equal(stream->events[0].at_ms, 1000 + (int)records); /* the newest are kept */
    assert_true(store->bytes > MAX - MAX / 8);
    cp_log_store_free(store);
}

static void streams_without_events_are_bounded_too(void **state)
{
    (void)state;
    enum { STREAMS = 5000, MAX = 256 * 1024 };
    struct cp_log_store *store = make(MAX);
    char name[32];
    for (int i = 0; i < STREAMS; i++) {
        (void)snprintf(name, sizeof name, "%d", i);
        const struct cp_log_place place = {one.group, cp_view_of(name)};
        add(store, &place, i, "x");
    }
    const struct cp_log_group *group = cp_log_store_group(store, one.group);
    assert_true(store->bytes <= MAX);
    assert_true(group->n <= MAX / CP_LOG_STREAM_COST);
    assert_non_null(cp_log_group_stream(group, CP_VIEW_LIT("4999")));
    assert_null(cp_log_group_stream(group, CP_VIEW_LIT("1")));
    cp_log_store_free(store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(streams_are_merged_by_time_and_arrival),
        cmocka_unit_test(names_are_found_by_their_whole_length),
        cmocka_unit_test(the_oldest_go_when_it_is_full_and_it_says_so),
        cmocka_unit_test(streams_without_events_are_bounded_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
