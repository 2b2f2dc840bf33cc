/* SPDX-License-Identifier: GPL-3.0-or-later
 * A look at the start of an input, for the matches of the JSON forms: which of the known keys stand
 * in the first JSON value, and in the first object inside of it.
 */
#ifndef COLDPROF_PROBES_LOG_LOG_FORM_PEEK_H
#define COLDPROF_PROBES_LOG_LOG_FORM_PEEK_H

#include <stdbool.h>
#include <stdint.h>

#include "model/base/view.h"

/* name, key */
#define CP_PEEK_LIST(X)                                                                            \
    X(EVENTS, "events")                                                                            \
    X(SEARCHED, "searchedLogStreams")                                                              \
    X(EVENT_ID, "eventId")                                                                         \
    X(ID, "id")                                                                                    \
    X(INGESTION, "ingestionTime")                                                                  \
    X(STREAM_NAME, "logStreamName")                                                                \
    X(TIMESTAMP, "timestamp")                                                                      \
    X(MESSAGE, "message")                                                                          \
    X(FORWARD, "nextForwardToken")                                                                 \
    X(BACKWARD, "nextBackwardToken")                                                               \
    X(RESULTS, "results")                                                                          \
    X(STATISTICS, "statistics")                                                                    \
    X(FIELD, "field")                                                                              \
    X(VALUE, "value")                                                                              \
    X(AWSLOGS, "awslogs")                                                                          \
    X(DATA, "data")                                                                                \
    X(UPPER_RECORDS, "Records")                                                                    \
    X(RECORDS, "records")                                                                          \
    X(KINESIS, "kinesis")                                                                          \
    X(MESSAGE_TYPE, "messageType")                                                                 \
    X(LOG_EVENTS, "logEvents")                                                                     \
    X(TIME, "time")                                                                                \
    X(TYPE, "type")                                                                                \
    X(RECORD, "record")                                                                            \
    X(AT_MESSAGE, "@message")                                                                      \
    X(AT_TIMESTAMP, "@timestamp")                                                                  \
    X(AT_REQUEST_ID, "@requestId")                                                                 \
    X(AT_DURATION, "@duration")                                                                    \
    X(AT_PTR, "@ptr")

enum cp_peek_key {
#define CP_PEEK_ENUM(name, key) CP_PEEK_##name,
    CP_PEEK_LIST(CP_PEEK_ENUM)
#undef CP_PEEK_ENUM
};
#define CP_PEEK_BIT(name) (UINT64_C(1) << CP_PEEK_##name)

struct cp_log_peek {
    bool is_json;      /* it begins with { or [ */
    bool is_list;      /* with [ */
    bool has_texts;    /* the list's first element is a string */
    bool ends_in_line; /* the first object ends in its first line */
    uint64_t outer;    /* keys of the first object */
    uint64_t inner;    /* keys of the first object in it */
};

/* `v` begins with the value. */
struct cp_log_peek cp_log_peek(struct cp_view v);

#endif
