/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "probes/log/log_import_task.h"

#include "probes/log/log_digests.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Before a segment so much of the file is looked at for requests that are still open. */
enum { WARM_UP = 1024 * 1024 };

enum cp_code cp_log_reader_init(struct cp_log_reader *reader,
                                const struct cp_log_import_options *options,
                                struct cp_digest *digest, struct cp_error *err)
{
    *reader = (struct cp_log_reader){.options = options, .digest = digest};
    const struct cp_log_sink_options of_sink = {
        .digest = digest,
        .function = options->function,
        .architecture = options->architecture,
        .group = options->group,
        .stream = options->stream,
    };
    enum cp_code code = cp_log_sink_new(&of_sink, &reader->sink, err);
    return code ? code : cp_log_cutter_init(&reader->cutter, reader->sink, err);
}

void cp_log_reader_clear(struct cp_log_reader *reader)
{
    cp_log_cutter_clear(&reader->cutter);
    cp_log_sink_free(reader->sink);
    reader->sink = NULL;
}

/* --- one input --- */

enum kind { AS_LINES, AS_DOCUMENT, AS_DIGESTS };

/* An input under way. */
struct reading {
    struct cp_log_reader *reader;
    const struct cp_log_task *task;
    struct cp_log_input *input;     /* NULL for a segment */
    struct cp_log_segment *segment; /* NULL for an input */
    struct cp_log_ahead *ahead;
    struct cp_log_source source;
    enum kind kind;
    const struct cp_log_form *form;
    struct cp_log_decoder *decoder;
    struct cp_log_digests digests;
    struct cp_log_found *found;
    struct cp_error *err;
};

static uint64_t count_of(const struct cp_digest *digest, const char *what)
{
    return cp_tally_count(cp_digest_counts(digest), what);
}

static uint64_t rejected_in(const struct cp_digest *digest)
{
    const struct cp_tally *counts = cp_digest_counts(digest);
    uint64_t n = 0;
    for (size_t i = 0; i < counts->n; i++) {
        if (cp_view_has_prefix(cp_view_of(counts->rows[i].text), "rejected "))
            n += counts->rows[i].count;
    }
    return n;
}

/* Called with sign -1 before and +1 after: what a task added to the counts of its digest. */
static void add_counts(const struct cp_digest *digest, struct cp_log_found *found, bool is_after)
{
    uint64_t sign = is_after ? 1 : UINT64_MAX; /* modulo 2^64 */
    found->lines += sign * count_of(digest, "lines");
    found->accepted += sign * count_of(digest, "accepted");
    found->rejected += sign * rejected_in(digest);
}

static enum cp_code open_source(struct reading *r, bool reads_ahead)
{
    const struct cp_log_task *task = r->task;
    const struct cp_log_reader *reader = r->reader;
    enum cp_code code = CP_OK;
    if (task->is_segment) {
        code = cp_log_segment_open(task->file->path, &task->range, &r->segment, r->err);
        if (!code)
            r->source = cp_log_source_of_segment(r->segment);
    } else {
        r->input = task->input;
        if (!r->input)
            code = cp_log_input_open(task->file->path, &r->input, r->err);
        if (!code) {
            cp_log_input_stop_when(r->input, reads_ahead ? reader->is_stopping : reader->is_stopped,
                                   reader->stop_context);
            r->source = cp_log_source_of_input(r->input);
        }
    }
    if (code || !reads_ahead)
        return code;
    const struct cp_log_ahead_options options = {r->source, reader->is_stopped,
                                                 reader->stop_context};
    code = cp_log_ahead_start(&options, &r->ahead, r->err);
    if (!code)
        r->source = cp_log_source_of_ahead(r->ahead);
    return code;
}

static void note_taken(struct reading *r, int64_t *noted, int64_t taken)
{
    (void)atomic_fetch_add_explicit(&r->reader->taken, taken - *noted, memory_order_relaxed);
    *noted = taken;
}

static enum cp_code read_some(struct reading *r, char *to, size_t n, size_t *got)
{
    enum cp_code code = r->source.read(r->source.context, to, n, got, r->err);
    r->found->bytes += code ? 0 : *got;
    (void)atomic_fetch_add_explicit(&r->reader->inflated, *got, memory_order_relaxed);
    return code;
}

/* The first CP_LOG_HEAD bytes, or all there are. */
static enum cp_code read_head(struct reading *r, char *to, size_t *n)
{
    size_t got = 1;
    enum cp_code code = CP_OK;
    *n = 0;
    while (!code && got && *n < CP_LOG_HEAD) {
        code = read_some(r, to + *n, CP_LOG_CHUNK - *n, &got);
        *n += code ? 0 : got;
    }
    return code;
}

static enum cp_code choose_form(struct reading *r, struct cp_view head)
{
    r->form = r->task->form;
    if (!r->task->is_segment) {
        struct cp_view same = {head.p, head.n < CP_LOG_HEAD ? head.n : CP_LOG_HEAD};
        if (cp_log_head_lacks_ends(same))
            cp_log_sink_lacks_ends(r->reader->sink);
    }
    if (!r->form && cp_log_is_digest(head)) {
        r->kind = AS_DIGESTS;
        r->found->form = "digest";
        cp_log_digests_init(&r->digests, r->reader->digest);
        return CP_OK;
    }
    if (!r->form)
        r->form = cp_log_form_detect(head);
    r->found->form = r->form->name;
    r->kind = r->form->is_lines ? AS_LINES : AS_DOCUMENT;
    if (r->kind == AS_LINES)
        return CP_OK;
    return r->form->begin(r->reader->sink, &r->decoder, r->err);
}

/* `n` bytes came to where cp_log_cutter_room said. */
static enum cp_code take(struct reading *r, size_t n)
{
    struct cp_view bytes = {cp_log_cutter_room(&r->reader->cutter), n};
    switch (r->kind) {
    case AS_DOCUMENT:
        return r->form->feed(r->decoder, bytes, r->err);
    case AS_DIGESTS:
        return cp_log_digests_feed(&r->digests, bytes, r->err);
    case AS_LINES:
        break;
    }
    return cp_log_cutter_took(&r->reader->cutter, n, r->err);
}

/* At the end of the source, when no other thread reads it. */
static const char *damage_of(const struct reading *r)
{
    if (r->segment)
        return cp_log_segment_damage(r->segment);
    return r->input ? cp_log_input_damage(r->input) : "";
}

static enum cp_code finish(struct reading *r)
{
    switch (r->kind) {
    case AS_DOCUMENT:
        return r->form->end(r->decoder, r->err);
    case AS_DIGESTS:
        return cp_log_digests_end(&r->digests, r->err);
    case AS_LINES:
        break;
    }
    /* what a damage leaves of its last line may look like a whole record, and be half of one */
    if (damage_of(r)[0])
        return CP_OK;
    return cp_log_cutter_end(&r->reader->cutter, r->err);
}

static enum cp_code check_stop(const struct cp_log_reader *reader, struct cp_error *err)
{
    if (reader->is_stopped && reader->is_stopped(reader->stop_context))
        return cp_fail(err, CP_EINTERRUPTED, "interrupted");
    return CP_OK;
}

static enum cp_code read_rest(struct reading *r)
{
    struct cp_log_reader *reader = r->reader;
    enum cp_code code = CP_OK;
    size_t got = 1;
    int64_t noted = 0;
    while (!code && got) {
        code = read_some(r, cp_log_cutter_room(&reader->cutter), CP_LOG_CHUNK, &got);
        if (!code && got)
            code = take(r, got);
        note_taken(r, &noted, r->input ? cp_log_input_taken(r->input) : (int64_t)r->found->bytes);
        atomic_store_explicit(&reader->records, count_of(reader->digest, "accepted"),
                              memory_order_relaxed);
        if (!code)
            code = check_stop(reader, r->err);
    }
    return code ? code : finish(r);
}

static enum cp_code read_all(struct reading *r)
{
    struct cp_log_cutter *cutter = &r->reader->cutter;
    size_t n;
    cp_log_cutter_begin(cutter, CP_LINES_PLAIN, false);
    char *head = cp_log_cutter_room(cutter);
    enum cp_code code = read_head(r, head, &n);
    if (code)
        return code;
    if (!n) /* also a segment in which no line starts */
        return CP_OK;
    code = choose_form(r, (struct cp_view){head, n});
    if (!code && r->kind == AS_LINES)
        cp_log_cutter_begin(cutter, r->form->lines, false);
    if (!code)
        code = take(r, n);
    return code ? code : read_rest(r);
}

static enum cp_code warm_up(struct cp_log_reader *reader, const struct cp_log_task *task,
                            struct cp_error *err)
{
    int64_t end = task->range.begin;
    struct cp_log_range range = {end > WARM_UP ? end - WARM_UP : 0, end};
    struct cp_log_segment *segment;
    if (!task->is_segment || !end)
        return CP_OK;
    enum cp_code code = cp_log_segment_open(task->file->path, &range, &segment, err);
    if (code)
        return code;
    struct cp_log_source source = cp_log_source_of_segment(segment);
    struct cp_log_cutter *cutter = &reader->cutter;
    size_t got = 1;
    cp_log_cutter_begin(cutter, task->form->lines, true);
    while (!code && got) {
        code = source.read(source.context, cp_log_cutter_room(cutter), CP_LOG_CHUNK, &got, err);
        if (!code)
            code = cp_log_cutter_took(cutter, got, err);
    }
    cp_log_segment_close(segment);
    return code;
}

static enum cp_code note_damage(struct reading *r)
{
    const char *damage = damage_of(r);
    if (!damage[0])
        return CP_OK;
    (void)snprintf(r->found->damage, sizeof r->found->damage, "%s", damage);
    return cp_log_sink_count(r->reader->sink, "damaged file", 1, cp_view_of(damage), r->err);
}

static void close_source(struct reading *r)
{
    cp_log_ahead_stop(r->ahead);
    r->ahead = NULL;
    if (r->input)
        r->found->is_gzip = cp_log_input_is_gzip(r->input);
}

enum cp_code cp_log_reader_run(struct cp_log_reader *reader, struct cp_log_task *task,
                               bool reads_ahead, struct cp_log_found *found, struct cp_error *err)
{
    struct reading r = {.reader = reader, .task = task, .found = found, .err = err};
    const struct cp_log_file *file = task->file;
    *found = (struct cp_log_found){.form = ""};
    add_counts(reader->digest, found, false);
    /* Without the path: a digest is the same for one file, for parts of it and for a pipe, also
     * its examples. Which file it was is in the result. */
    cp_log_sink_source(reader->sink, NULL, file->group ? file->group : reader->options->group,
                       file->stream ? file->stream : reader->options->stream);
    if (task->lacks_ends)
        cp_log_sink_lacks_ends(reader->sink);
    enum cp_code code = open_source(&r, reads_ahead);
    task->input = NULL;
    if (!code)
        code = warm_up(reader, task, err);
    if (!code)
        code = read_all(&r);
    close_source(&r);
    if (!code)
        code = note_damage(&r);
    add_counts(reader->digest, found, true);
    if (r.form && !r.form->is_lines)
        r.form->free(r.decoder);
    if (r.kind == AS_DIGESTS)
        cp_log_digests_clear(&r.digests);
    cp_log_segment_close(r.segment);
    cp_log_input_close(r.input);
    if (code && code != CP_EINTERRUPTED)
        return cp_fail_context(err, "%s",
                               strcmp(file->path, "-") == 0 ? "standard input" : file->path);
    return code;
}
