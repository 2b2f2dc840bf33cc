/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/import/cloud_import.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "model/base/datetime.h"
#include "model/base/number.h"
#include "profiler/import/cloud_checkpoint.h"
#include "profiler/import/cloud_slice.h"
#include "profiler/import/insights_import.h"

enum { SAVE_MS = 10000 }; /* between two checkpoints: a digest may be large */

/* --- what a bare word means --- */

struct search {
    const char *wanted;
    bool is_found;
};

/* In ascending order: the first is the group itself, if there is one. */
static bool look_at_group(void *context, const char *name, int64_t stored_bytes)
{
    struct search *s = context;
    (void)stored_bytes;
    s->is_found = strcmp(name, s->wanted) == 0;
    return !s->is_found && strcmp(name, s->wanted) < 0;
}

enum cp_code cp_cloud_find_groups(struct cp_logs *logs, struct cp_log_group *groups, size_t n,
                                  struct cp_error *err)
{
    for (size_t i = 0; i < n; i++) {
        struct cp_log_group *g = &groups[i];
        struct search search = {.wanted = g->name};
        if (!g->other[0])
            continue;
        enum cp_code code = cp_logs_list_groups(logs, g->name, look_at_group, &search, err);
        if (!code && !search.is_found) {
            search.wanted = g->other;
            code = cp_logs_list_groups(logs, g->other, look_at_group, &search, err);
            if (!code && !search.is_found)
                return cp_fail(err, CP_ENOTFOUND,
                               "there is no log group '%s', and none '%s'; 'aws logs "
                               "describe-log-groups' lists those of the Region",
                               g->name, g->other);
            if (!code)
                (void)snprintf(g->name, sizeof g->name, "%s", g->other);
            (void)snprintf(g->id, sizeof g->id, "%s", g->name);
        }
        if (code && code != CP_EDENIED)
            return code;
        g->other[0] = '\0';
    }
    return CP_OK;
}

/* --- FilterLogEvents, slice by slice --- */

struct import {
    const struct cp_cloud_import_options *options;
    struct cp_cloud_import_result *result;
    struct cp_digest *digest;
    struct cp_cloud_checkpoint at;
    double begun_ms, saved_ms; /* monotonic */
    double done_at_begin;
    uint64_t records;
};

static double now_mono_ms(const struct import *m)
{
    return cp_logs_mono_ms(m->options->logs);
}

static double share_done(const struct import *m)
{
    const struct cp_cloud_import_options *o = m->options;
    double span = (double)(m->at.to_ms - m->at.from_ms);
    double of_group = (double)(m->at.at_ms - m->at.from_ms) / span;
    return fmin(1, ((double)m->at.group + of_group) / (double)o->n_groups);
}

static void tell_progress(const struct import *m)
{
    const struct cp_cloud_import_options *o = m->options;
    size_t group = (size_t)m->at.group < o->n_groups ? (size_t)m->at.group : o->n_groups - 1;
    double done = share_done(m);
    double elapsed = now_mono_ms(m) - m->begun_ms;
    double gained = done - m->done_at_begin;
    const struct cp_cloud_progress progress = {
        .group = &o->groups[group],
        .group_no = group + 1,
        .n_groups = o->n_groups,
        .at_ms = m->at.at_ms,
        .pages = m->result->pages,
        .records = m->records,
        .done_share = done,
        .elapsed_ms = elapsed,
        .left_ms = gained > 0 ? elapsed * (1 - done) / gained : NAN,
    };
    if (o->on_progress)
        o->on_progress(o->progress_context, &progress);
}

static enum cp_code after_page(void *context, struct cp_error *err)
{
    struct import *m = context;
    const struct cp_cloud_import_options *o = m->options;
    tell_progress(m);
    if (o->is_interrupted && o->is_interrupted(o->interrupt_context))
        return cp_fail(err, CP_EINTERRUPTED, "interrupted");
    return CP_OK;
}

static enum cp_code save(struct import *m, struct cp_error *err)
{
    if (!m->options->checkpoint || m->at.slices == 0)
        return CP_OK;
    enum cp_code code = cp_cloud_checkpoint_write(m->options->checkpoint, &m->at, m->digest, err);
    m->saved_ms = now_mono_ms(m);
    m->result->is_kept = !code;
    m->result->done_share = share_done(m);
    return code;
}

/* Reads one slice and takes it in; a slice that is too long becomes a shorter one. */
static enum cp_code step(struct import *m, struct cp_error *err)
{
    struct cp_cloud_slice slice = {.group = &m->options->groups[m->at.group],
                                   .from_ms = m->at.at_ms,
                                   .to_ms = m->at.at_ms + m->at.slice_ms};
    struct cp_digest *part = NULL;
    if (slice.to_ms > m->at.to_ms)
        slice.to_ms = m->at.to_ms;
    enum cp_code code =
        cp_cloud_slice_read(m->options, &slice, after_page, m, &part, m->result, err);
    if (code)
        return code;
    if (slice.is_too_long) {
        int64_t half_ms = (slice.to_ms - slice.from_ms) / 2;
        m->at.slice_ms = half_ms > CP_SLICE_MIN_MS ? half_ms : CP_SLICE_MIN_MS;
        return CP_OK;
    }
    m->records += cp_digest_n(part);
    code = cp_digest_merge(m->digest, part, err);
    cp_digest_free(part);
    m->at.at_ms = slice.to_ms;
    m->at.pages += slice.pages;
    m->at.slices++;
    m->at.slice_ms = cp_cloud_slice_next_ms(m->at.slice_ms, slice.pages);
    return code;
}

static enum cp_code read_slices(struct import *m, struct cp_error *err)
{
    enum cp_code code = CP_OK;
    while (!code && (size_t)m->at.group < m->options->n_groups) {
        if (m->at.at_ms >= m->at.to_ms) {
            m->at.group++;
            m->at.at_ms = m->at.from_ms;
            m->at.slice_ms = CP_SLICE_FIRST_MS;
            continue;
        }
        code = step(m, err);
        if (!code && now_mono_ms(m) - m->saved_ms >= SAVE_MS)
            code = save(m, err);
    }
    return code;
}

/* Where an earlier import of the same command was left. */
static enum cp_code resume(struct import *m, struct cp_error *err)
{
    const struct cp_cloud_import_options *o = m->options;
    struct cp_error own = {.code = CP_OK};
    struct cp_cloud_checkpoint found = {0};
    if (!o->checkpoint || o->is_fresh)
        return CP_OK;
    enum cp_code code = cp_cloud_checkpoint_read(o->checkpoint, &found, m->digest, &own);
    if (code == CP_ENOTFOUND)
        return CP_OK;
    bool is_sane = found.command == o->command && found.group >= 0 &&
                   found.group <= (int64_t)o->n_groups && found.from_ms <= found.at_ms &&
                   found.from_ms < found.to_ms && found.slice_ms > 0;
    if (!code && !is_sane)
        code = cp_fail(&own, CP_EFORMAT, "'%s' is of another import", o->checkpoint);
    if (code)
        return cp_fail(err, code, "%s; --fresh begins the import anew", own.text);
    m->at = found;
    m->result->is_resumed = true;
    m->result->is_kept = true;
    return CP_OK;
}

static enum cp_code import_events(struct import *m, struct cp_error *err)
{
    struct cp_error own = {.code = CP_OK};
    enum cp_code code = resume(m, err);
    if (code)
        return code;
    m->done_at_begin = share_done(m);
    m->records = cp_digest_n(m->digest);
    m->result->done_share = m->done_at_begin;
    m->result->from_ms = m->at.from_ms;
    m->result->to_ms = m->at.to_ms;
    m->result->started_at_ms = m->at.started_at_ms;
    code = read_slices(m, err);
    /* After CP_ENOMEM or CP_ELIMIT the digest is not whole; what is on disk is. */
    bool is_whole = code != CP_ENOMEM && code != CP_ELIMIT;
    enum cp_code saved = is_whole ? save(m, &own) : CP_OK;
    m->result->slices = (uint64_t)m->at.slices;
    if (code)
        return code;
    return saved ? cp_fail(err, saved, "%s", own.text) : CP_OK;
}

/* --- all of it --- */

static enum cp_code check(const struct cp_cloud_import_options *o, struct cp_error *err)
{
    if (o->from_ms >= o->to_ms)
        return cp_fail(err, CP_EINVAL,
                       "the time to import is empty: --since is not before --until");
    if (o->is_insights && o->stream_prefix)
        return cp_fail(
            err, CP_EINVAL,
            "--insights counts all log streams of a group; leave out --stream-prefix, or "
            "--insights");
    if (o->is_insights && o->is_all_lines)
        return cp_fail(err, CP_EINVAL,
                       "--insights counts platform records only; leave out "
                       "--all-lines, or --insights");
    return CP_OK;
}

enum cp_code cp_cloud_import(const struct cp_cloud_import_options *options,
                             struct cp_digest *digest, struct cp_cloud_import_result *result,
                             struct cp_error *err)
{
    struct import m = {
        .options = options,
        .result = result,
        .digest = digest,
        .at = {.command = options->command,
               .from_ms = options->from_ms,
               .to_ms = options->to_ms,
               .started_at_ms = cp_logs_unix_ms(options->logs),
               .at_ms = options->from_ms,
               .slice_ms = CP_SLICE_FIRST_MS},
        .begun_ms = cp_logs_mono_ms(options->logs),
        .saved_ms = cp_logs_mono_ms(options->logs),
    };
    *result = (struct cp_cloud_import_result){
        .from_ms = options->from_ms, .to_ms = options->to_ms, .started_at_ms = m.at.started_at_ms};
    enum cp_code code = check(options, err);
    if (code)
        return code;
    return options->is_insights ? cp_insights_import(options, digest, result, err)
                                : import_events(&m, err);
}

/* --- account --- */

static void add_time(const struct cp_cloud_import_result *r, struct cp_buf *out)
{
    char from[CP_DATETIME_TEXT_MAX];
    char to[CP_DATETIME_TEXT_MAX];
    (void)cp_buf_addf(out, "%s to %s", cp_datetime_format(r->from_ms, CP_DATETIME_ISO_S, from),
                      cp_datetime_format(r->to_ms, CP_DATETIME_ISO_S, to));
}

void cp_cloud_import_account(const struct cp_cloud_import_options *options,
                             const struct cp_cloud_import_result *result, struct cp_buf *out)
{
    char a[CP_NUMBER_MAX];
    char b[CP_NUMBER_MAX];
    char c[CP_NUMBER_MAX];
    if (options->is_insights) {
        (void)cp_buf_addf(out, "Logs Insights: %s queries about ",
                          cp_number_exact((double)result->queries, a));
        add_time(result, out);
        (void)cp_buf_addf(out, ", %s GB scanned; AWS bills them by the GB\n",
                          cp_number_short(result->scanned_bytes / 1e9, b));
        (void)cp_buf_adds(out,
                          "Counted in AWS: without the records themselves, retries, idle gaps of "
                          "environments and a check for records that functions printed\n");
        return;
    }
    (void)cp_buf_addf(out, "FilterLogEvents: %s pages (%s empty) in %s slices, ",
                      cp_number_exact((double)result->pages, a),
                      cp_number_exact((double)result->empty_pages, b),
                      cp_number_exact((double)result->slices, c));
    add_time(result, out);
    (void)cp_buf_addf(out, "%s\n", result->is_resumed ? ", continued" : "");
}
