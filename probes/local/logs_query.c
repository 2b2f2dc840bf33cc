/* SPDX-License-Identifier: GPL-3.0-or-later
 * StartQuery, GetQueryResults, StopQuery. A query is Scheduled when it was started and Running when
 * it is asked for the first time; from then on each question moves it on by at most STEP_EVENTS
 * events, so that no request waits long for another's query, and clients have to ask again, as on
 * AWS. It sees the events that were kept when it started.
 */
#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

#include "probes/local/base64.h"
#include "probes/local/log_merge.h"
#include "probes/local/logs_state.h"
#include "probes/local/query.h"
#include "probes/local/uuid.h"

enum {
    GROUPS_MAX = 50,
    QUERIES_MAX = 100, /* that run: AWS's quota */
    KEPT_MAX = 200,    /* with those that ended; the oldest of these go */
    STEP_EVENTS = 100000,
    ANSWER_MAX = 64 << 20,
};

enum status { SCHEDULED, RUNNING, COMPLETE, FAILED, CANCELLED };

struct cp_cwl_query {
    char id[CP_UUID_MAX];
    enum status status;
    struct cp_ql_query *query;
    struct cp_ql_run *run;
    char *groups[GROUPS_MAX];
    size_t n_groups;
    int64_t end_ms;
    uint64_t last_number; /* of the events that it sees */
    int64_t at_ms;        /* where to go on */
    uint64_t number;
    struct cp_cwl_query *next;
};

static void free_query(struct cp_cwl_query *q)
{
    for (size_t i = 0; i < q->n_groups; i++)
        free(q->groups[i]);
    cp_ql_run_free(q->run);
    cp_ql_query_free(q->query);
    free(q);
}

void cp_cwl_queries_free(struct cp_cwl_query *queries)
{
    for (struct cp_cwl_query *q = queries, *next; q; q = next) {
        next = q->next;
        free_query(q);
    }
}

static bool is_over(const struct cp_cwl_query *q)
{
    return q->status != SCHEDULED && q->status != RUNNING;
}

/* false: too many run. Forgets the oldest that ended. */
static bool make_room(struct cp_cwl *logs)
{
    int n = 0, n_running = 0;
    struct cp_cwl_query **last_over = NULL;
    for (struct cp_cwl_query **at = &logs->queries; *at; at = &(*at)->next) {
        n++;
        n_running += !is_over(*at);
        if (is_over(*at))
            last_over = at;
    }
    if (n >= KEPT_MAX && last_over) {
        struct cp_cwl_query *q = *last_over;
        *last_over = q->next;
        free_query(q);
    }
    return n_running < QUERIES_MAX;
}

/* --- StartQuery --- */

static bool add_group(const struct cp_cwl_call *call, struct cp_cwl_query *q, const char *name)
{
    const struct cp_log_group *group = name ? cp_cwl_find_group(call->logs, name) : NULL;
    if (!group) {
        cp_cwl_fail_group(call);
        return false;
    }
    if (q->n_groups == GROUPS_MAX) {
        cp_cwl_refuse(call, "A query can be about %d log groups at most.", GROUPS_MAX);
        return false;
    }
    q->groups[q->n_groups] = strdup(group->name);
    return q->groups[q->n_groups++] != NULL;
}

static bool read_groups(const struct cp_cwl_call *call, struct cp_cwl_query *q)
{
    static const char *const lists[] = {"logGroupNames", "logGroupIdentifiers"};
    const char *one = cp_cwl_string(call, "logGroupName", 1, CP_LOG_NAME_MAX);
    const cJSON *list = NULL, *name;
    int n_ways = one != NULL;
    for (size_t i = 0; i < 2; i++) {
        const cJSON *found = cp_body_member(call->body->json, lists[i]);
        n_ways += found != NULL;
        list = found ? found : list;
    }
    if (!cp_cwl_is_valid(call))
        return false;
    if (n_ways != 1) {
        cp_cwl_refuse(call, "Exactly one of logGroupName, logGroupNames and logGroupIdentifiers "
                            "must be given.");
        return false;
    }
    if (one)
        return add_group(call, q, one);
    cJSON_ArrayForEach(name, list)
    {
        if (!add_group(call, q, cJSON_GetStringValue(name)))
            return false;
    }
    if (!q->n_groups)
        cp_cwl_refuse(call, "A query needs a log group.");
    return q->n_groups > 0;
}

static void fail_malformed(const struct cp_cwl_call *call, const struct cp_error *err)
{
    cp_api_fail(call->response, 400, "MalformedQueryException", NULL, "%s", err->text);
}

static bool read_query(const struct cp_cwl_call *call, struct cp_cwl_query *q)
{
    static const char *const languages[] = {"CWLI", "SQL", "PPL", NULL};
    struct cp_error err;
    int64_t start_s = 0, end_s = 0;
    const char *text = cp_cwl_string(call, "queryString", 0, CP_QL_TEXT_MAX);
    const char *language =
        cp_body_choice(call->body, call->body->json, "queryLanguage", "queryLanguage", languages);
    int limit = cp_cwl_limit(call, "limit", CP_QL_ROWS_MAX);
    bool has_times =
        cp_cwl_long(call, "startTime", &start_s) && cp_cwl_long(call, "endTime", &end_s);
    if (!read_groups(call, q))
        return false;
    if (!text || !has_times || end_s < start_s || end_s > INT64_MAX / 1000) {
        cp_cwl_refuse(call, !text        ? "queryString must be given."
                            : !has_times ? "startTime and endTime must be given."
                                         : "The end of the query's time must not be before its "
                                           "start.");
        return false;
    }
    if (language && strcmp(language, "CWLI") != 0) {
        cp_cwl_refuse(call, "The query language %s is not served here.", language);
        return false;
    }
    q->at_ms = start_s * 1000;
    q->end_ms = end_s * 1000; /* inside */
    q->last_number = call->logs->store->n_added;
    enum cp_code code = cp_ql_query_new(cp_view_of(text), &q->query, &err);
    if (code && code != CP_ENOMEM)
        fail_malformed(call, &err);
    return !code && !cp_ql_run_new(q->query, (size_t)limit, &q->run, &err);
}

void cp_cwl_start_query(const struct cp_cwl_call *call)
{
    if (!make_room(call->logs)) {
        cp_api_fail(call->response, 400, "LimitExceededException", NULL,
                    "Account maximum query concurrency limit of [%d] reached.", QUERIES_MAX);
        return;
    }
    struct cp_cwl_query *q = calloc(1, sizeof *q);
    if (!q || !read_query(call, q)) {
        if (q)
            free_query(q);
        if (!call->response->status)
            cp_api_fail(call->response, 500, "ServiceUnavailableException", NULL, "out of memory");
        return;
    }
    cp_uuid_format(&call->logs->rng, q->id);
    q->next = call->logs->queries;
    call->logs->queries = q;
    struct cp_json_out j = {.to = &call->response->body};
    cp_json_object(&j, NULL);
    cp_json_string(&j, "queryId", q->id);
    cp_json_object_end(&j);
    call->response->status = 200;
}

/* --- its work --- */

static enum cp_code add_event(const struct cp_cwl *logs, struct cp_cwl_query *q,
                              const struct cp_log_stream *stream, const struct cp_log_event *e)
{
    char id[CP_CWL_EVENT_ID_MAX];
    struct cp_buf log, ptr;
    struct cp_error err;
    cp_buf_init(&log, 1024);
    cp_buf_init(&ptr, 1024);
    (void)cp_buf_addf(&log, "%s:%s", logs->account_id, stream->group->name);
    (void)cp_base64_encode(&ptr, cp_view_of(cp_cwl_event_id(e, id)));
    const struct cp_ql_event event = {
        .log = cp_buf_view(&log),
        .stream = cp_view_of(stream->name),
        .message = {e->message, e->n},
        .ptr = cp_buf_view(&ptr),
        .at_ms = e->at_ms,
        .ingested_at_ms = e->ingested_at_ms,
    };
    enum cp_code code = cp_ql_run_add(q->run, &event, &err);
    cp_buf_clear(&log);
    cp_buf_clear(&ptr);
    return code;
}

static enum cp_code open_streams(const struct cp_cwl *logs, const struct cp_cwl_query *q,
                                 struct cp_log_merge *merge)
{
    enum cp_code code = CP_OK;
    for (size_t g = 0; g < q->n_groups; g++) {
        const struct cp_log_group *group =
            cp_log_store_group(logs->store, cp_view_of(q->groups[g]));
        for (size_t i = 0; group && !code && i < group->n; i++)
            code = cp_log_merge_add(merge, group->streams[i], q->at_ms, q->number);
    }
    return code;
}

static void work(const struct cp_cwl *logs, struct cp_cwl_query *q)
{
    struct cp_log_merge merge;
    const struct cp_log_stream *stream;
    const struct cp_log_event *e;
    struct cp_error err;
    int n = 0;
    cp_log_merge_init(&merge);
    enum cp_code code = open_streams(logs, q, &merge);
    while (!code && (e = cp_log_merge_next(&merge, &stream)) != NULL && e->at_ms <= q->end_ms) {
        q->at_ms = e->at_ms;
        q->number = e->number;
        if (n++ == STEP_EVENTS) {
            cp_log_merge_clear(&merge);
            return;
        }
        if (e->number <= q->last_number)
            code = add_event(logs, q, stream, e);
    }
    cp_log_merge_clear(&merge);
    if (!code)
        code = cp_ql_run_end(q->run, &err);
    q->status = code ? FAILED : COMPLETE;
}

/* --- GetQueryResults --- */

static void write_rows(const struct cp_ql_run *run, struct cp_json_out *j)
{
    char name[1024];
    struct cp_buf text;
    cp_buf_init(&text, ANSWER_MAX);
    for (size_t row = 0; row < cp_ql_run_rows(run); row++) {
        cp_json_array(j, NULL);
        for (size_t column = 0; column < cp_ql_run_columns(run); column++) {
            cp_buf_reset(&text);
            if (!cp_ql_run_cell(run, row, column, &text))
                continue;
            struct cp_view label = cp_ql_run_column(run, column);
            if (!cp_view_copy(label, name, sizeof name))
                (void)cp_view_copy((struct cp_view){label.p, sizeof name - 1}, name, sizeof name);
            cp_json_object(j, NULL);
            cp_json_string(j, "field", name);
            cp_json_text(j, "value", cp_buf_view(&text));
            cp_json_object_end(j);
        }
        cp_json_array_end(j);
    }
    cp_buf_clear(&text);
}

static void write_results(const struct cp_cwl_query *q, struct cp_api_response *response)
{
    static const char *const names[] = {"Scheduled", "Running", "Complete", "Failed", "Cancelled"};
    struct cp_ql_statistics s = cp_ql_run_statistics(q->run);
    response->body.max = ANSWER_MAX;
    struct cp_json_out j = {.to = &response->body};
    cp_json_object(&j, NULL);
    cp_json_string(&j, "queryLanguage", "CWLI");
    cp_json_array(&j, "results");
    if (q->status == COMPLETE)
        write_rows(q->run, &j);
    cp_json_array_end(&j);
    cp_json_object(&j, "statistics");
    cp_json_double(&j, "recordsMatched", (double)s.records_matched);
    cp_json_double(&j, "recordsScanned", (double)s.records_scanned);
    cp_json_double(&j, "bytesScanned", (double)s.bytes_scanned);
    cp_json_object_end(&j);
    cp_json_string(&j, "status", names[q->status]);
    cp_json_object_end(&j);
    response->status = 200;
}

static struct cp_cwl_query *find_query(const struct cp_cwl_call *call)
{
    const char *id = cp_cwl_string(call, "queryId", 0, 256);
    if (!cp_cwl_is_valid(call))
        return NULL;
    struct cp_cwl_query *q = call->logs->queries;
    while (id && q && strcmp(q->id, id) != 0)
        q = q->next;
    if (!id || !q)
        cp_cwl_fail_not_found(call, "The specified query does not exist.");
    return id ? q : NULL;
}

void cp_cwl_get_query_results(const struct cp_cwl_call *call)
{
    struct cp_cwl_query *q = find_query(call);
    if (!q)
        return;
    if (q->status == RUNNING)
        work(call->logs, q);
    else if (q->status == SCHEDULED)
        q->status = RUNNING;
    write_results(q, call->response);
}

void cp_cwl_stop_query(const struct cp_cwl_call *call)
{
    struct cp_cwl_query *q = find_query(call);
    if (!q)
        return;
    if (is_over(q)) {
        cp_cwl_refuse(call, "The specified query is not running.");
        return;
    }
    q->status = CANCELLED;
    (void)cp_buf_adds(&call->response->body, "{\"success\":true}");
    call->response->status = 200;
}
