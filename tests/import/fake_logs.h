/* SPDX-License-Identifier: GPL-3.0-or-later
 * CloudWatch Logs as a transport without sockets or time: FilterLogEvents over a list of events,
 * and answers of queries that a test makes. One per test program.
 */
#ifndef COLDPROF_TESTS_IMPORT_FAKE_LOGS_H
#define COLDPROF_TESTS_IMPORT_FAKE_LOGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/base/buf.h"
#include "probes/aws/logs.h"

struct fake_event {
    int64_t at_ms;
    const char *stream, *message;
};

struct cJSON;

struct fake_logs {
    const struct fake_event *events; /* ascending */
    size_t n_events;
    size_t page_events; /* events a page looks at: those of other times make it empty */
    size_t n_requests;
    size_t stop_at;            /* request with which the user interrupts; 0 never */
    bool refuses_token;        /* the next request with a token is answered "token expired" */
    bool is_circle;            /* the token of a page leads to the page itself */
    int64_t least_ms, most_ms; /* times asked for */
    /* Answers GetQueryResults with these rows for the text and time of the query. */
    void (*rows)(const char *text, int64_t from_s, int64_t to_s, struct cJSON *results);
    char query[8192];
    int64_t query_from_s, query_to_s;
    size_t n_queries;
    double now_ms;
};
extern struct fake_logs fake_logs;

/* A client of it, with a new state but for what `fake_logs` holds of the test. */
struct cp_logs *fake_logs_client(void);
/* For cp_cloud_import_options.is_interrupted. */
bool fake_logs_is_stopped(void *context);

#endif
