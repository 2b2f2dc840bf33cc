/* SPDX-License-Identifier: GPL-3.0-or-later
 * The logs that the service keeps: log groups, their log streams (one per execution environment),
 * their events. In memory, gone with the service; deleting a function leaves its group, as on AWS.
 *
 * Bounded: messages, with CP_LOG_EVENT_COST bytes each and CP_LOG_STREAM_COST a stream, take at
 * most `max_bytes`. When they would take more, the oldest arrivals go, a sixteenth of the bound at
 * a time, and each group that lost some gets an event that says so in its stream
 * CP_LOG_LOST_STREAM:
 * {"time":...,"type":"platform.logsDropped","record":{"reason":...,"droppedRecords":N,
 * "droppedBytes":N}}. Nothing is lost silently.
 *
 * Ownership: cp_log_store_new / cp_log_store_free. Names and messages are copied. Groups, streams
 * and events that are handed out are borrowed until the next change of the store.
 */
#ifndef COLDPROF_PROBES_LOCAL_LOG_STORE_H
#define COLDPROF_PROBES_LOCAL_LOG_STORE_H

#include <stdbool.h>
#include <stdint.h>

#include "model/base/buf.h"

#define CP_LOG_LOST_STREAM "coldprof-logs-dropped"

enum {
    CP_LOG_NAME_MAX = 512,    /* characters of a group's or a stream's name */
    CP_LOG_EVENT_COST = 26,   /* AWS counts it for each event */
    CP_LOG_STREAM_COST = 512, /* so that empty streams are bounded too */
};

struct cp_log_event {
    int64_t at_ms, ingested_at_ms;
    uint64_t number;    /* order of arrival in the store, from 1 */
    uint64_t added_end; /* bytes that the store had taken when it had taken this one */
    char *message;
    size_t n;
};

struct cp_log_stream {
    char *name;
    const struct cp_log_group *group;
    int64_t created_at_ms, last_ingested_at_ms;
    uint64_t added_end;          /* of the last event, or of its creation */
    struct cp_log_event *events; /* by at_ms, then number */
    size_t n, cap;
};

struct cp_log_group {
    char *name;
    int64_t created_at_ms;
    struct cp_log_stream **streams; /* by name */
    size_t n, cap;
    uint64_t stored_bytes;                /* with CP_LOG_EVENT_COST each */
    uint64_t lost_events, lost_bytes;     /* ever */
    uint64_t untold_events, untold_bytes; /* of these, not yet said in the group */
};

struct cp_log_store {
    struct cp_log_group **groups; /* by name */
    size_t n, cap;
    uint64_t max_bytes, bytes;
    uint64_t added; /* bytes ever taken */
    uint64_t n_added;
    int64_t now_ms; /* of the addition under way */
};

/* `max_bytes` at least 64 KB. */
enum cp_code cp_log_store_new(uint64_t max_bytes, struct cp_log_store **out, struct cp_error *err);
void cp_log_store_free(struct cp_log_store *store);

/* NULL: there is none. */
struct cp_log_group *cp_log_store_group(const struct cp_log_store *store, struct cp_view name);
struct cp_log_stream *cp_log_group_stream(const struct cp_log_group *group, struct cp_view name);
/* Index of the first whose name is not before `name`. */
size_t cp_log_store_find(const struct cp_log_store *store, struct cp_view name);
size_t cp_log_group_find(const struct cp_log_group *group, struct cp_view name);
/* Index of the first event at `at_ms` or later whose number, when at `at_ms`, is at least `number`.
 */
size_t cp_log_stream_find(const struct cp_log_stream *stream, int64_t at_ms, uint64_t number);

/* The one of that name, made if there is none; NULL: out of memory. */
struct cp_log_group *cp_log_store_add_group(struct cp_log_store *store, struct cp_view name,
                                            int64_t now_ms);
struct cp_log_stream *cp_log_store_add_stream(struct cp_log_store *store,
                                              struct cp_log_group *group, struct cp_view name,
                                              int64_t now_ms);
void cp_log_store_remove_group(struct cp_log_store *store, struct cp_log_group *group);
void cp_log_store_remove_stream(struct cp_log_store *store, struct cp_log_group *group,
                                struct cp_log_stream *stream);

/* Where an event goes; group and stream are made if need be. */
struct cp_log_place {
    struct cp_view group, stream;
};
/* false: out of memory, and counted as lost if the group is there. `message` is not empty. */
bool cp_log_store_add(struct cp_log_store *store, const struct cp_log_place *place, int64_t at_ms,
                      int64_t now_ms, struct cp_view message);

#endif
