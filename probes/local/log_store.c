/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "probes/local/log_store.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "model/base/datetime.h"

enum { MAX_BYTES_LEAST = 64 * 1024, SHARES = 16, NOTE_MAX = 512 };

/* --- names, in order --- */

size_t cp_log_store_find(const struct cp_log_store *store, struct cp_view name)
{
    size_t low = 0, high = store->n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (cp_view_compare(cp_view_of(store->groups[middle]->name), name) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

size_t cp_log_group_find(const struct cp_log_group *group, struct cp_view name)
{
    size_t low = 0, high = group->n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (cp_view_compare(cp_view_of(group->streams[middle]->name), name) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

struct cp_log_group *cp_log_store_group(const struct cp_log_store *store, struct cp_view name)
{
    size_t i = cp_log_store_find(store, name);
    bool is_there = i < store->n && cp_view_compare(cp_view_of(store->groups[i]->name), name) == 0;
    return is_there ? store->groups[i] : NULL;
}

struct cp_log_stream *cp_log_group_stream(const struct cp_log_group *group, struct cp_view name)
{
    size_t i = cp_log_group_find(group, name);
    bool is_there = i < group->n && cp_view_compare(cp_view_of(group->streams[i]->name), name) == 0;
    return is_there ? group->streams[i] : NULL;
}

size_t cp_log_stream_find(const struct cp_log_stream *stream, int64_t at_ms, uint64_t number)
{
    size_t low = 0, high = stream->n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct cp_log_event *e = &stream->events[middle];
        if (e->at_ms < at_ms || (e->at_ms == at_ms && e->number < number))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Room for one more; false and nothing changed when out of memory. */
static bool reserve(void *items, size_t n, size_t *cap, size_t size)
{
    enum { FEWEST = 8 };
    if (n < *cap)
        return true;
    size_t more = *cap ? *cap * 2 : FEWEST;
    void *old, *moved;
    memcpy(&old, items, sizeof old);
    moved = realloc(old, more * size);
    if (!moved)
        return false;
    memcpy(items, &moved, sizeof moved);
    *cap = more;
    return true;
}

/* --- groups and streams --- */

static void free_stream(struct cp_log_stream *stream)
{
    for (size_t i = 0; i < stream->n; i++)
        free(stream->events[i].message);
    free(stream->events);
    free(stream->name);
    free(stream);
}

static void free_group(struct cp_log_group *group)
{
    for (size_t i = 0; i < group->n; i++)
        free_stream(group->streams[i]);
    free(group->streams);
    free(group->name);
    free(group);
}

struct cp_log_group *cp_log_store_add_group(struct cp_log_store *store, struct cp_view name,
                                            int64_t now_ms)
{
    struct cp_log_group *group = cp_log_store_group(store, name);
    if (group)
        return group;
    group = calloc(1, sizeof *group);
    if (!group || !reserve(&store->groups, store->n, &store->cap, sizeof(struct cp_log_group *)) ||
        !(group->name = cp_view_dup(name))) {
        free(group);
        return NULL;
    }
    group->created_at_ms = now_ms;
    size_t at = cp_log_store_find(store, name);
    memmove(store->groups + at + 1, store->groups + at,
            (store->n - at) * sizeof(struct cp_log_group *));
    store->groups[at] = group;
    store->n++;
    return group;
}

static struct cp_log_stream *insert_stream(struct cp_log_store *store, struct cp_log_group *group,
                                           struct cp_view name, int64_t now_ms)
{
    struct cp_log_stream *stream = calloc(1, sizeof *stream);
    if (!stream ||
        !reserve(&group->streams, group->n, &group->cap, sizeof(struct cp_log_stream *)) ||
        !(stream->name = cp_view_dup(name))) {
        free(stream);
        return NULL;
    }
    stream->group = group;
    stream->created_at_ms = now_ms;
    size_t at = cp_log_group_find(group, name);
    memmove(group->streams + at + 1, group->streams + at,
            (group->n - at) * sizeof(struct cp_log_stream *));
    group->streams[at] = stream;
    group->n++;
    store->bytes += CP_LOG_STREAM_COST;
    store->added += CP_LOG_STREAM_COST;
    stream->added_end = store->added;
    return stream;
}

static uint64_t event_bytes(const struct cp_log_event *event)
{
    return event->n + CP_LOG_EVENT_COST;
}

void cp_log_store_remove_stream(struct cp_log_store *store, struct cp_log_group *group,
                                struct cp_log_stream *stream)
{
    size_t at = cp_log_group_find(group, cp_view_of(stream->name));
    for (size_t i = 0; i < stream->n; i++) {
        group->stored_bytes -= event_bytes(&stream->events[i]);
        store->bytes -= event_bytes(&stream->events[i]);
    }
    store->bytes -= CP_LOG_STREAM_COST;
    group->n--;
    memmove(group->streams + at, group->streams + at + 1,
            (group->n - at) * sizeof(struct cp_log_stream *));
    free_stream(stream);
}

void cp_log_store_remove_group(struct cp_log_store *store, struct cp_log_group *group)
{
    while (group->n)
        cp_log_store_remove_stream(store, group, group->streams[group->n - 1]);
    size_t at = cp_log_store_find(store, cp_view_of(group->name));
    store->n--;
    memmove(store->groups + at, store->groups + at + 1,
            (store->n - at) * sizeof(struct cp_log_group *));
    free_group(group);
}

/* --- events --- */

static bool insert_event(struct cp_log_store *store, struct cp_log_group *group,
                         struct cp_log_stream *stream, const struct cp_log_event *event)
{
    struct cp_log_event e = *event;
    char *message = malloc(e.n);
    if (!message || !reserve(&stream->events, stream->n, &stream->cap, sizeof e)) {
        free(message);
        return false;
    }
    memcpy(message, e.message, e.n);
    e.message = message;
    e.number = ++store->n_added;
    store->added += event_bytes(&e);
    store->bytes += event_bytes(&e);
    group->stored_bytes += event_bytes(&e);
    stream->added_end = e.added_end = store->added;
    stream->last_ingested_at_ms = e.ingested_at_ms;
    size_t at = cp_log_stream_find(stream, e.at_ms, e.number);
    memmove(stream->events + at + 1, stream->events + at, (stream->n - at) * sizeof e);
    stream->events[at] = e;
    stream->n++;
    return true;
}

/* --- the bound --- */

static void lose_events(struct cp_log_store *store, struct cp_log_group *group,
                        struct cp_log_stream *stream, uint64_t threshold)
{
    size_t kept = 0;
    for (size_t i = 0; i < stream->n; i++) {
        struct cp_log_event *e = &stream->events[i];
        if (e->added_end >= threshold) {
            stream->events[kept++] = *e;
            continue;
        }
        store->bytes -= event_bytes(e);
        group->stored_bytes -= event_bytes(e);
        group->lost_events++;
        group->untold_events++;
        group->lost_bytes += e->n;
        group->untold_bytes += e->n;
        free(e->message);
    }
    stream->n = kept;
}

static void tell_loss(struct cp_log_store *store, struct cp_log_group *group)
{
    char time[CP_DATETIME_TEXT_MAX];
    struct cp_buf note;
    cp_buf_init(&note, NOTE_MAX);
    (void)cp_buf_addf(&note,
                      "{\"time\":\"%s\",\"type\":\"platform.logsDropped\",\"record\":{"
                      "\"reason\":\"the logs kept by this service are full: the oldest went\","
                      "\"droppedRecords\":%" PRIu64 ",\"droppedBytes\":%" PRIu64 "}}",
                      cp_datetime_format(store->now_ms, CP_DATETIME_ISO_MS, time),
                      group->untold_events, group->untold_bytes);
    const struct cp_view name = CP_VIEW_LIT(CP_LOG_LOST_STREAM);
    struct cp_log_stream *stream = cp_log_group_stream(group, name);
    if (!stream)
        stream = insert_stream(store, group, name, store->now_ms);
    const struct cp_log_event event = {
        .at_ms = store->now_ms, .ingested_at_ms = store->now_ms, .message = note.p, .n = note.n};
    if (stream && !note.failed && insert_event(store, group, stream, &event))
        group->untold_events = group->untold_bytes = 0;
    cp_buf_clear(&note);
}

/* Drops what arrived before the last 15/16 of the bound did. */
static void make_room(struct cp_log_store *store, uint64_t more)
{
    if (store->bytes + more <= store->max_bytes)
        return;
    uint64_t kept = store->max_bytes - store->max_bytes / SHARES;
    uint64_t after = store->added + more;
    uint64_t threshold = after > kept ? after - kept : 0;
    for (size_t g = 0; g < store->n; g++) {
        struct cp_log_group *group = store->groups[g];
        for (size_t i = group->n; i-- > 0;) {
            struct cp_log_stream *stream = group->streams[i];
            lose_events(store, group, stream, threshold);
            if (stream->n == 0 && stream->added_end < threshold)
                cp_log_store_remove_stream(store, group, stream);
        }
        if (group->untold_events)
            tell_loss(store, group);
    }
}

/* --- the store --- */

enum cp_code cp_log_store_new(uint64_t max_bytes, struct cp_log_store **out, struct cp_error *err)
{
    struct cp_log_store *store = calloc(1, sizeof *store);
    if (!store)
        return cp_fail(err, CP_ENOMEM, "cannot keep logs: out of memory");
    store->max_bytes = max_bytes < MAX_BYTES_LEAST ? MAX_BYTES_LEAST : max_bytes;
    *out = store;
    return CP_OK;
}

void cp_log_store_free(struct cp_log_store *store)
{
    if (!store)
        return;
    for (size_t i = 0; i < store->n; i++)
        free_group(store->groups[i]);
    free(store->groups);
    free(store);
}

struct cp_log_stream *cp_log_store_add_stream(struct cp_log_store *store,
                                              struct cp_log_group *group, struct cp_view name,
                                              int64_t now_ms)
{
    struct cp_log_stream *stream = cp_log_group_stream(group, name);
    if (stream)
        return stream;
    store->now_ms = now_ms;
    make_room(store, CP_LOG_STREAM_COST);
    return insert_stream(store, group, name, now_ms);
}

bool cp_log_store_add(struct cp_log_store *store, const struct cp_log_place *place, int64_t at_ms,
                      int64_t now_ms, struct cp_view message)
{
    struct cp_log_group *group = cp_log_store_add_group(store, place->group, now_ms);
    if (!group)
        return false;
    store->now_ms = now_ms;
    make_room(store, message.n + CP_LOG_EVENT_COST + CP_LOG_STREAM_COST);
    struct cp_log_stream *stream = cp_log_group_stream(group, place->stream);
    if (!stream)
        stream = insert_stream(store, group, place->stream, now_ms);
    char *bytes = NULL;
    memcpy(&bytes, &message.p, sizeof bytes); /* only read by insert_event, which copies it */
    const struct cp_log_event event = {
        .at_ms = at_ms, .ingested_at_ms = now_ms, .message = bytes, .n = message.n};
    if (stream && insert_event(store, group, stream, &event))
        return true;
    group->lost_events++;
    group->untold_events++;
    group->lost_bytes += message.n;
    group->untold_bytes += message.n;
    return false;
}
