/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/import/insights_import.h"

#include <math.h>

#include "model/base/units.h"
#include "model/digest/histogram.h"
#include "profiler/import/insights_query.h"
#include "profiler/import/insights_row.h"

enum { SHORTEST_MS = 1000 };

struct work {
    const struct cp_cloud_import_options *options;
    struct cp_cloud_import_result *result;
    struct cp_digest *digest;
    const struct cp_log_group *group;
    struct cp_buf text;
    double begun_ms;
    size_t done, planned; /* queries, by what is known so far */
    uint64_t records;
    size_t group_no;
    const char *now; /* what is counted */
};

/* --- one query --- */

static void tell_progress(const struct work *w, int64_t at_ms)
{
    const struct cp_cloud_import_options *o = w->options;
    double elapsed = cp_logs_mono_ms(o->logs) - w->begun_ms;
    double done = w->planned ? fmin(1, (double)w->done / (double)w->planned) : 0;
    const struct cp_cloud_progress progress = {
        .group = w->group,
        .group_no = w->group_no,
        .n_groups = o->n_groups,
        .at_ms = at_ms,
        .query = w->now,
        .records = w->records,
        .done_share = done,
        .elapsed_ms = elapsed,
        .left_ms = done > 0 ? elapsed * (1 - done) / done : NAN,
    };
    if (o->on_progress)
        o->on_progress(o->progress_context, &progress);
}

/* Asks for one time. With CP_LOGS_QUERY_ROWS_MAX rows there may be more than were given: then
 * nothing of the answer is used. */
static enum cp_code ask(struct work *w, const struct cp_insights_query *query, size_t *n_rows,
                        struct cp_insights_found *found, struct cp_error *err)
{
    struct cp_insights_rows_target target = {
        .digest = cp_digest_new(),
        .group = w->group->name,
        .function = w->options->function,
        .architecture = w->options->architecture,
        .kind = query->kind,
    };
    struct cp_logs_answer answer = {.is_complete = false};
    if (!target.digest)
        return cp_fail(err, CP_ENOMEM, "no memory for a digest");
    enum cp_code code = cp_insights_query_text(query, &w->text, err);
    const struct cp_logs_query call = {
        .group = w->group->id,
        .text = cp_buf_str(&w->text),
        .from_s = query->from_ms / 1000,
        .to_s = (query->to_ms + 999) / 1000,
        .limit = CP_LOGS_QUERY_ROWS_MAX,
    };
    if (!code)
        code =
            cp_logs_run_query(w->options->logs, &call, cp_insights_take_row, &target, &answer, err);
    w->result->queries++;
    w->result->scanned_bytes += answer.scanned_bytes;
    *n_rows = answer.n_rows;
    if (!code && answer.n_rows < CP_LOGS_QUERY_ROWS_MAX) {
        code = cp_digest_merge(w->digest, target.digest, err);
        cp_insights_found_add(found, &target.found);
    }
    cp_digest_free(target.digest);
    return code;
}

/* The whole time, in pieces as long as the answers allow. */
static enum cp_code count(struct work *w, enum cp_insights_shape shape, enum cp_insights_kind kind,
                          struct cp_insights_found *found, struct cp_error *err)
{
    const struct cp_cloud_import_options *o = w->options;
    const struct cp_insights_kind_info *info = cp_insights_kind_info(kind);
    int64_t all_ms = o->to_ms - o->from_ms;
    /* A busy function has four rows a minute and more: a day is near the limit. */
    int64_t length_ms =
        info->rows == CP_ROWS_MINUTES && all_ms > CP_MS_PER_DAY ? CP_MS_PER_DAY : all_ms;
    int64_t at_ms = o->from_ms;
    bool may_grow = true; /* until an answer was full */
    enum cp_code code = CP_OK;
    w->now = info->name;
    while (!code && at_ms < o->to_ms) {
        struct cp_insights_query query = {
            .shape = shape, .kind = kind, .from_ms = at_ms, .to_ms = at_ms + length_ms};
        size_t n_rows = 0;
        if (query.to_ms > o->to_ms)
            query.to_ms = o->to_ms;
        tell_progress(w, at_ms);
        code = ask(w, &query, &n_rows, found, err);
        if (!code && n_rows < CP_LOGS_QUERY_ROWS_MAX) {
            at_ms = query.to_ms;
            length_ms *= may_grow && n_rows < CP_LOGS_QUERY_ROWS_MAX / 4 ? 2 : 1;
            continue;
        }
        length_ms = (query.to_ms - query.from_ms + 1) / 2;
        may_grow = false;
        w->result->split_queries++;
        if (!code && length_ms < SHORTEST_MS)
            code = cp_fail(err, CP_ELIMIT,
                           "Logs Insights: more than %d rows of %s in a second; import the log "
                           "without --insights",
                           CP_LOGS_QUERY_ROWS_MAX, info->name);
    }
    w->done++;
    return code;
}

/* --- the queries of a group --- */

/* Whether any record has what the kind is about. */
static bool is_needed(enum cp_insights_kind kind, const struct cp_insights_found *found)
{
    const struct cp_insights_kind_info *info = cp_insights_kind_info(kind);
    if (info->rows == CP_ROWS_ERRORS)
        return found->n_failed > 0;
    return info->start == CP_START_UNKNOWN ? found->n > 0 : found->n_by_start[info->start] > 0;
}

/* The durations tell what else there is to ask for: a log has one shape of records as a rule, and
 * most functions no snapshots. */
static enum cp_code count_shape(struct work *w, enum cp_insights_shape shape, struct cp_error *err)
{
    struct cp_insights_found found = {.n = 0};
    struct cp_insights_found ignored = {.n = 0};
    enum cp_code code = count(w, shape, CP_INSIGHTS_DURATION, &found, err);
    w->records += found.n;
    for (int kind = 0; kind < CP_INSIGHTS_KINDS; kind++)
        w->planned +=
            kind != CP_INSIGHTS_DURATION && is_needed((enum cp_insights_kind)kind, &found);
    for (int kind = 0; kind < CP_INSIGHTS_KINDS && !code; kind++)
        if (kind != CP_INSIGHTS_DURATION && is_needed((enum cp_insights_kind)kind, &found))
            code = count(w, shape, (enum cp_insights_kind)kind, &ignored, err);
    if (!code && found.n)
        code = cp_digest_count(w->digest, "accepted", found.n, (struct cp_view){NULL, 0}, err);
    return code;
}

enum cp_code cp_insights_import(const struct cp_cloud_import_options *options,
                                struct cp_digest *digest, struct cp_cloud_import_result *result,
                                struct cp_error *err)
{
    struct work w = {.options = options,
                     .result = result,
                     .digest = digest,
                     .begun_ms = cp_logs_mono_ms(options->logs),
                     .planned = options->n_groups * CP_INSIGHTS_SHAPES};
    enum cp_code code = CP_OK;
    cp_buf_init(&w.text, CP_INSIGHTS_TEXT_MAX);
    for (size_t i = 0; i < options->n_groups && !code; i++) {
        w.group = &options->groups[i];
        w.group_no = i + 1;
        for (int shape = 0; shape < CP_INSIGHTS_SHAPES && !code; shape++)
            code = count_shape(&w, (enum cp_insights_shape)shape, err);
    }
    result->done_share = code ? 0 : 1;
    cp_buf_clear(&w.text);
    return code;
}
