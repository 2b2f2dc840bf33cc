/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "probes/log/log_import.h"

#include "probes/log/log_import_task.h"
#include "probes/os/clock.h"
#include "probes/os/worker.h"

#include <stdlib.h>
#include <string.h>

enum {
    THREADS_MAX = 8,     /* by default; more share one memory bus */
    GZIP_WEIGHT = 4,     /* its bytes take longer than plain ones */
    AHEAD_MIN = 1 << 20, /* a thread for less costs more than it saves */
    SHOW_MS = 100,
};
/* Large, so that what is looked at twice (see the task's warm-up) is little. Part of the meaning of
 * a digest: with other segments other requests would be found open at their beginnings. */
#define SEGMENT_SIZE (INT64_C(64) << 20)

struct member {
    struct cp_log_reader reader;
    struct cp_digest *digest; /* its own, but for the first member, which has the caller's */
    struct cp_worker *thread;
    struct import *import;
};

struct import {
    const struct cp_log_files *files;
    const struct cp_log_import_options *options;
    struct cp_log_import_result *result;
    struct cp_log_task *tasks;
    size_t n_tasks, cap_tasks;
    int64_t segment_bytes;
    char *head;   /* CP_LOG_HEAD bytes */
    size_t *left; /* tasks that are not done, of each file */
    struct member *members;
    size_t n_members;
    uint64_t n_records; /* of all members, while they keep raw records */
    struct cp_monitor *monitor;
    /* within the monitor */
    size_t next_task, n_done_files, n_working;
    int n_spare; /* threads that could read ahead */
    enum cp_code code;
    struct cp_error err;
    /* outside */
    atomic_bool is_stopping;
    double start_ms, shown_ms;
};

/* --- the plan --- */

static enum cp_code add_task(struct import *im, const struct cp_log_task *task,
                             struct cp_error *err)
{
    if (im->n_tasks == im->cap_tasks) {
        size_t cap = im->cap_tasks ? im->cap_tasks * 2 : 64;
        struct cp_log_task *tasks = reallocarray(im->tasks, cap, sizeof *tasks);
        if (!tasks)
            return cp_fail(err, CP_ENOMEM, "out of memory");
        im->tasks = tasks;
        im->cap_tasks = cap;
    }
    im->tasks[im->n_tasks++] = *task;
    im->left[task->file_index]++;
    return CP_OK;
}

/* Segments where the file is plain and has one event a line. */
static enum cp_code plan_large(struct import *im, struct cp_log_task *task, struct cp_error *err)
{
    char *head = im->head;
    size_t n = 0;
    size_t got = 1;
    enum cp_code code = CP_OK;
    const struct cp_log_form *form = im->options->form;
    while (!code && got && n < CP_LOG_HEAD) {
        code = cp_log_input_read(task->input, head + n, CP_LOG_HEAD - n, &got, err);
        n += got;
    }
    struct cp_view view = {head, n};
    if (!code && !form && !cp_log_is_digest(view))
        form = cp_log_form_detect(view);
    cp_log_input_close(task->input);
    task->input = NULL;
    if (code || !form || !form->is_lines)
        return code ? code : add_task(im, task, err);
    task->form = form;
    task->is_segment = true;
    task->lacks_ends = cp_log_head_lacks_ends(view);
    for (int64_t at = 0; at < task->file->size && !code; at += im->segment_bytes) {
        int64_t left = task->file->size - at;
        task->range =
            (struct cp_log_range){at, at + (left < im->segment_bytes ? left : im->segment_bytes)};
        task->weight = task->range.end - at;
        code = add_task(im, task, err);
    }
    return code;
}

/* Opens it: what cannot be read is found before anything is. A pipe stays open. */
static enum cp_code plan_file(struct import *im, size_t i, struct cp_error *err)
{
    const struct cp_log_file *file = &im->files->files[i];
    struct cp_log_task task = {.file = file, .file_index = i, .form = im->options->form};
    enum cp_code code = cp_log_input_open(file->path, &task.input, err);
    if (code)
        return code;
    bool is_gzip = cp_log_input_is_gzip(task.input);
    if (!cp_log_input_is_regular(task.input)) {
        task.weight = INT64_MAX;
        code = add_task(im, &task, err);
        if (code)
            cp_log_input_close(task.input);
        return code;
    }
    task.weight = file->size * (is_gzip ? GZIP_WEIGHT : 1);
    if (!is_gzip && file->size > im->segment_bytes)
        return plan_large(im, &task, err);
    cp_log_input_close(task.input);
    task.input = NULL;
    return add_task(im, &task, err);
}

/* Largest first, so that no thread is left with a large one at the end. */
static int compare_tasks(const void *a, const void *b)
{
    const struct cp_log_task *x = a;
    const struct cp_log_task *y = b;
    if (x->weight != y->weight)
        return x->weight < y->weight ? 1 : -1;
    if (x->file_index != y->file_index)
        return x->file_index < y->file_index ? -1 : 1;
    return x->range.begin < y->range.begin ? -1 : x->range.begin > y->range.begin;
}

static bool make_plan(struct import *im)
{
    size_t n = im->files->n;
    im->head = malloc(CP_LOG_HEAD);
    im->left = calloc(n + 1, sizeof *im->left);
    im->result->files = calloc(n + 1, sizeof *im->result->files);
    im->result->n = im->result->files ? n : 0;
    im->monitor = cp_monitor_new();
    return im->head && im->left && im->result->files && im->monitor;
}

static enum cp_code plan(struct import *im, struct cp_error *err)
{
    size_t n = im->files->n;
    enum cp_code code = CP_OK;
    for (size_t i = 0; i < n && !code; i++) {
        im->result->files[i] =
            (struct cp_log_file_result){.file = &im->files->files[i], .form = ""};
        code = plan_file(im, i, err);
    }
    if (!code && im->n_tasks)
        qsort(im->tasks, im->n_tasks, sizeof *im->tasks, compare_tasks);
    return code;
}

/* --- progress and interrupt: only in the calling thread --- */

static void show(struct import *im)
{
    struct cp_log_progress progress = {
        .total_bytes = im->files->size,
        .total_files = im->files->n,
        .elapsed_ms = cp_clock_mono_ms() - im->start_ms,
    };
    for (size_t i = 0; i < im->files->n; i++) {
        if (im->files->files[i].size < 0)
            progress.total_bytes = -1;
    }
    for (size_t i = 0; i < im->n_members; i++) {
        struct cp_log_reader *r = &im->members[i].reader;
        progress.done_bytes += atomic_load_explicit(&r->taken, memory_order_relaxed);
        progress.inflated_bytes += atomic_load_explicit(&r->inflated, memory_order_relaxed);
        progress.records += atomic_load_explicit(&r->records, memory_order_relaxed);
    }
    cp_monitor_enter(im->monitor);
    progress.done_files = im->n_done_files;
    cp_monitor_leave(im->monitor);
    im->options->on_progress(im->options->progress_context, &progress);
}

static void attend(struct import *im)
{
    const struct cp_log_import_options *o = im->options;
    if (o->is_interrupted && o->is_interrupted(o->interrupt_context))
        atomic_store(&im->is_stopping, true);
    double now_ms = cp_clock_mono_ms();
    if (o->on_progress && now_ms - im->shown_ms >= SHOW_MS) {
        im->shown_ms = now_ms;
        show(im);
    }
}

static bool is_stopping(void *context)
{
    struct import *im = context;
    return atomic_load_explicit(&im->is_stopping, memory_order_relaxed);
}

/* Where the calling thread does the work itself. */
static bool attend_and_ask(void *context)
{
    attend(context);
    return is_stopping(context);
}

/* --- the work --- */

static void fail_import(struct import *im, enum cp_code code, const struct cp_error *err)
{
    if (!im->code) {
        im->code = code;
        im->err = *err;
    }
    atomic_store(&im->is_stopping, true);
}

/* NULL when there is none left, or the import has to stop. */
static struct cp_log_task *take_task(struct import *im, bool *reads_ahead)
{
    struct cp_log_task *task = NULL;
    cp_monitor_enter(im->monitor);
    *reads_ahead = false;
    if (im->next_task < im->n_tasks && !atomic_load(&im->is_stopping)) {
        task = &im->tasks[im->next_task++];
        *reads_ahead = im->n_spare > 0 && !task->is_segment && task->weight >= AHEAD_MIN;
        im->n_spare -= *reads_ahead;
    } else {
        im->n_spare++; /* this thread is free from now on */
    }
    cp_monitor_leave(im->monitor);
    return task;
}

static void end_task(struct import *im, const struct cp_log_task *task, bool read_ahead,
                     const struct cp_log_found *found)
{
    struct cp_log_file_result *result = &im->result->files[task->file_index];
    im->n_spare += read_ahead;
    result->form = found->form[0] ? found->form : result->form;
    result->is_gzip = result->is_gzip || found->is_gzip;
    result->bytes += found->bytes;
    result->lines += found->lines;
    result->accepted += found->accepted;
    result->rejected += found->rejected;
    if (found->damage[0])
        memcpy(result->damage, found->damage, sizeof result->damage);
    if (!--im->left[task->file_index])
        im->n_done_files++;
}

static void work(void *context)
{
    struct member *member = context;
    struct import *im = member->import;
    struct cp_log_task *task;
    bool reads_ahead;
    while ((task = take_task(im, &reads_ahead))) {
        struct cp_log_found found;
        struct cp_error err = {CP_OK, ""};
        enum cp_code code = cp_log_reader_run(&member->reader, task, reads_ahead, &found, &err);
        cp_monitor_enter(im->monitor);
        end_task(im, task, reads_ahead, &found);
        if (code)
            fail_import(im, code, &err);
        cp_monitor_leave(im->monitor);
    }
    cp_monitor_enter(im->monitor);
    im->n_working--;
    cp_monitor_wake(im->monitor);
    cp_monitor_leave(im->monitor);
}

static enum cp_code make_members(struct import *im, size_t n, struct cp_digest *digest,
                                 struct cp_error *err)
{
    im->members = calloc(n, sizeof *im->members);
    if (!im->members)
        return cp_fail(err, CP_ENOMEM, "out of memory");
    enum cp_code code = CP_OK;
    for (size_t i = 0; i < n && !code; i++) {
        struct member *member = &im->members[i];
        im->n_members++;
        member->import = im;
        member->digest = i ? cp_digest_new() : digest;
        if (!member->digest)
            return cp_fail(err, CP_ENOMEM, "out of memory");
        cp_digest_count_with(member->digest, &im->n_records);
        code = cp_log_reader_init(&member->reader, im->options, member->digest, err);
        member->reader.is_stopped = n > 1 ? is_stopping : attend_and_ask;
        member->reader.is_stopping = is_stopping;
        member->reader.stop_context = im;
    }
    return code;
}

static void clear(struct import *im)
{
    for (size_t i = 0; i < im->n_members; i++) {
        cp_log_reader_clear(&im->members[i].reader);
        if (i)
            cp_digest_free(im->members[i].digest);
        else if (im->members[i].digest)
            cp_digest_count_with(im->members[i].digest, NULL);
    }
    for (size_t i = 0; i < im->n_tasks; i++)
        cp_log_input_close(im->tasks[i].input);
    free(im->members);
    free(im->tasks);
    free(im->left);
    free(im->head);
    cp_monitor_free(im->monitor);
}

/* All members at work, while this thread shows how far they are. */
static void work_together(struct import *im)
{
    struct cp_error err;
    im->n_working = im->n_members;
    for (size_t i = 0; i < im->n_members; i++) {
        struct member *member = &im->members[i];
        if (!cp_worker_start(work, member, &member->thread, &err))
            continue;
        if (i == 0)
            work(member); /* no thread to be had: alone, without progress */
        else
            im->n_working--;
    }
    cp_monitor_enter(im->monitor);
    while (im->n_working) {
        cp_monitor_wait(im->monitor, SHOW_MS);
        cp_monitor_leave(im->monitor);
        attend(im);
        cp_monitor_enter(im->monitor);
    }
    cp_monitor_leave(im->monitor);
    for (size_t i = 0; i < im->n_members; i++)
        cp_worker_join(im->members[i].thread);
}

static enum cp_code merge(struct import *im, struct cp_digest *digest, struct cp_error *err)
{
    enum cp_code code = CP_OK;
    for (size_t i = 1; i < im->n_members && !code; i++) {
        cp_log_reader_clear(&im->members[i].reader);
        code = cp_digest_merge(digest, im->members[i].digest, err);
        cp_digest_free(im->members[i].digest);
        im->members[i].digest = NULL;
    }
    return code;
}

static int threads_of(const struct cp_log_import_options *options)
{
    int cores = cp_worker_cores();
    if (options->threads > 0)
        return options->threads;
    return cores < THREADS_MAX ? cores : THREADS_MAX;
}

static enum cp_code run(struct import *im, struct cp_digest *digest, struct cp_error *err)
{
    size_t threads = (size_t)threads_of(im->options);
    if (!make_plan(im))
        return cp_fail(err, CP_ENOMEM, "out of memory");
    enum cp_code code = plan(im, err);
    if (code || !im->n_tasks)
        return code;
    size_t n = threads < im->n_tasks ? threads : im->n_tasks;
    code = make_members(im, n, digest, err);
    if (code)
        return code;
    im->n_spare = (int)(threads - n);
    if (n > 1)
        work_together(im);
    else
        work(&im->members[0]);
    code = merge(im, digest, err);
    if (!code && im->options->on_progress)
        show(im);
    return code;
}

enum cp_code cp_log_import(const struct cp_log_files *files,
                           const struct cp_log_import_options *options, struct cp_digest *digest,
                           struct cp_log_import_result *result, struct cp_error *err)
{
    struct import im = {.files = files, .options = options, .result = result};
    *result = (struct cp_log_import_result){0};
    im.segment_bytes = options->segment_bytes ? options->segment_bytes : SEGMENT_SIZE;
    im.start_ms = im.shown_ms = cp_clock_mono_ms();
    enum cp_code code = run(&im, digest, err);
    result->elapsed_ms = cp_clock_mono_ms() - im.start_ms;
    if (!code && im.code)
        code = cp_fail(err, im.code, "%s", im.err.text);
    if (!code && atomic_load(&im.is_stopping))
        code = cp_fail(err, CP_EINTERRUPTED, "interrupted");
    clear(&im);
    return code;
}
