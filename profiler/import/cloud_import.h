/* SPDX-License-Identifier: GPL-3.0-or-later
 * Log groups of CloudWatch into one digest: by FilterLogEvents, page by page, or counted in AWS by
 * Logs Insights (insights_import.h).
 *
 * FilterLogEvents: the time is read in slices, each half-open, so that an event on a border is in
 * one of them. The digest of a slice is added when its last page was read; a checkpoint holds all
 * slices so far (cloud_checkpoint.h). An import that was ended anywhere goes on with the slice it
 * was in, with the same time and the same borders, and gives the same digest, byte for byte, as one
 * that was not. Slices grow and shrink between a minute and a day, so that one has some pages.
 *
 * Ownership: everything in the options is borrowed for the call; the digest is the caller's. After
 * a failure the digest is good for cp_digest_free only. One thread.
 */
#ifndef COLDPROF_PROFILER_IMPORT_CLOUD_IMPORT_H
#define COLDPROF_PROFILER_IMPORT_CLOUD_IMPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/base/buf.h"
#include "model/digest/digest.h"
#include "probes/aws/logs.h"
#include "profiler/import/log_group.h"

/* What FilterLogEvents keeps unless every line is asked for: the platform's records, text and JSON,
 * and the old texts about timeouts and exits. A "?" makes terms alternatives. */
extern const char cp_cloud_pattern[];

struct cp_cloud_progress {
    const struct cp_log_group *group; /* that is being read */
    size_t group_no, n_groups;        /* from 1 */
    int64_t at_ms;                    /* of the slice; everything before it is done */
    const char *query;                /* what Insights counts now; NULL: FilterLogEvents */
    uint64_t pages, records;
    double done_share;          /* of the whole import's time or queries, 0 .. 1 */
    double elapsed_ms, left_ms; /* NAN: nothing to tell it by */
};

struct cp_cloud_import_options {
    struct cp_logs *logs;
    const struct cp_log_group *groups; /* after cp_cloud_find_groups */
    size_t n_groups;
    int64_t from_ms, to_ms;    /* unix ms, half-open; ignored when a checkpoint has its own */
    const char *stream_prefix; /* NULL: every stream; not with is_insights (CP_EINVAL) */
    bool is_all_lines;         /* not only cp_cloud_pattern */
    bool is_insights;          /* no checkpoint */
    const char *function, *architecture; /* see cp_log_sink_options */
    /* Texts that make this import another one: groups and times as typed, Region, account. */
    uint64_t command;
    const char *checkpoint; /* path of its file; NULL none */
    bool is_fresh;          /* a checkpoint that is there is not used */
    void (*on_progress)(void *context, const struct cp_cloud_progress *progress); /* NULL none */
    void *progress_context;
    bool (*is_interrupted)(void *context); /* NULL never */
    void *interrupt_context;
};

struct cp_cloud_import_result {
    int64_t from_ms, to_ms; /* that was read */
    bool is_resumed;        /* some slices came from a checkpoint */
    int64_t started_at_ms;  /* when the import was begun, maybe by an earlier process */
    uint64_t pages, empty_pages, slices, bytes; /* of this process, but slices */
    double done_share;                          /* after a failure: what the checkpoint holds */
    bool is_kept;                               /* the checkpoint is on disk */
    uint64_t queries, split_queries;            /* Insights; split: asked again for shorter times */
    double scanned_bytes;
};

/* Decides what bare words mean (one DescribeLogGroups each; where that is not allowed, a
 * function). */
enum cp_code cp_cloud_find_groups(struct cp_logs *logs, struct cp_log_group *groups, size_t n,
                                  struct cp_error *err);

/* `digest` is empty. CP_EINTERRUPTED and other failures: `result` says what is kept. */
enum cp_code cp_cloud_import(const struct cp_cloud_import_options *options,
                             struct cp_digest *digest, struct cp_cloud_import_result *result,
                             struct cp_error *err);

/* What was asked of AWS, in sentences, one a line. */
void cp_cloud_import_account(const struct cp_cloud_import_options *options,
                             const struct cp_cloud_import_result *result, struct cp_buf *out);

#endif
