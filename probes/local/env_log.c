/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "probes/local/env_log.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "model/base/datetime.h"
#include "probes/os/file.h"

void cp_env_log_init(struct cp_env_log *log, int sink_fd)
{
    *log = (struct cp_env_log){.sink_fd = sink_fd};
    cp_buf_init(&log->line, CP_LOG_LINE_MAX);
    cp_buf_init(&log->out, (size_t)2 * CP_LOG_LINE_MAX);
    cp_buf_init(&log->message, CP_LOG_LINE_MAX + 1);
    cp_buf_init(&log->tail, (size_t)2 * CP_LOG_TAIL_MAX + CP_LOG_LINE_MAX);
}

void cp_env_log_clear(struct cp_env_log *log)
{
    cp_buf_clear(&log->line);
    cp_buf_clear(&log->tail);
    cp_buf_clear(&log->out);
    cp_buf_clear(&log->message);
}

void cp_env_log_begin_tail(struct cp_env_log *log)
{
    cp_buf_reset(&log->tail);
    log->has_tail = true;
}

static void add_tail(struct cp_env_log *log, struct cp_view bytes)
{
    if (!log->has_tail)
        return;
    if (bytes.n > CP_LOG_TAIL_MAX)
        bytes = (struct cp_view){bytes.p + bytes.n - CP_LOG_TAIL_MAX, CP_LOG_TAIL_MAX};
    if (cp_buf_add_view(&log->tail, bytes))
        return;
    if (log->tail.n > CP_LOG_TAIL_MAX) {
        size_t excess = log->tail.n - CP_LOG_TAIL_MAX;
        memmove(log->tail.p, log->tail.p + excess, CP_LOG_TAIL_MAX + 1);
        log->tail.n = CP_LOG_TAIL_MAX;
    }
}

static void flush(struct cp_env_log *log)
{
    if (log->out.n)
        (void)cp_fd_write_all(log->sink_fd, cp_buf_view(&log->out), "log", NULL);
    cp_buf_reset(&log->out);
}

static void keep(struct cp_env_log *log, struct cp_view line, int64_t now_ms)
{
    const struct cp_log_place place = {cp_view_of(log->group), cp_view_of(log->stream)};
    if (log->has_line_ends) {
        cp_buf_reset(&log->message);
        (void)cp_buf_add_view(&log->message, line);
        (void)cp_buf_addc(&log->message, '\n');
        line = cp_buf_view(&log->message);
    }
    if (line.n) /* the store counts what it cannot take */
        (void)cp_log_store_add(log->store, &place, now_ms, now_ms, line);
}

static void write_line(struct cp_env_log *log, struct cp_view line, int64_t now_ms)
{
    enum { HEAD_MAX = CP_DATETIME_TEXT_MAX + sizeof log->stream };
    char time[CP_DATETIME_TEXT_MAX];
    add_tail(log, line);
    add_tail(log, CP_VIEW_LIT("\n"));
    if (log->store)
        keep(log, line, now_ms);
    if (log->sink_fd < 0)
        return;
    if (log->out.n + HEAD_MAX + line.n > log->out.max)
        flush(log);
    /* 2026-10-08T14:03:11.482000+00:00, as `aws logs tail` writes it: microseconds, no Z */
    (void)cp_datetime_format(now_ms, CP_DATETIME_ISO_MS, time);
    (void)cp_buf_addf(&log->out, "%.23s000+00:00 %s ", time, log->stream);
    (void)cp_buf_add_view(&log->out, line);
    (void)cp_buf_addc(&log->out, '\n');
}

static void end_line(struct cp_env_log *log, int64_t now_ms)
{
    if (!log->line.n)
        return;
    write_line(log, cp_buf_view(&log->line), now_ms);
    cp_buf_reset(&log->line);
}

static void add(struct cp_env_log *log, struct cp_view bytes, int64_t now_ms)
{
    while (bytes.n) {
        const char *end = memchr(bytes.p, '\n', bytes.n);
        size_t n = end ? (size_t)(end - bytes.p) : bytes.n;
        size_t room = CP_LOG_LINE_MAX - log->line.n;
        bool is_cut = n > room;
        if (is_cut)
            n = room;
        struct cp_view part = {bytes.p, n};
        bytes = (struct cp_view){bytes.p + n, bytes.n - n};
        bool is_whole = end && !is_cut;
        if (is_whole)
            bytes = (struct cp_view){bytes.p + 1, bytes.n - 1};
        if (is_whole && !log->line.n) {
            write_line(log, part, now_ms);
            continue;
        }
        (void)cp_buf_add_view(&log->line, part);
        if (is_whole || is_cut)
            end_line(log, now_ms);
    }
}

void cp_env_log_add(struct cp_env_log *log, struct cp_view bytes, int64_t now_ms)
{
    add(log, bytes, now_ms);
    flush(log);
}

void cp_env_log_record(struct cp_env_log *log, struct cp_view record, int64_t now_ms)
{
    end_line(log, now_ms);
    cp_env_log_add(log, record, now_ms);
}

bool cp_env_log_drain(struct cp_env_log *log, int fd, int64_t now_ms)
{
    enum { STEP = 64 * 1024, STEPS_MAX = 16 };
    static char step[STEP]; /* one thread, not kept */
    for (int i = 0; i < STEPS_MAX; i++) {
        ssize_t n = read(fd, step, sizeof step);
        if (n < 0 && errno == EINTR)
            continue;
        if (n == 0)
            return false;
        if (n < 0)
            return errno == EAGAIN;
        cp_env_log_add(log, (struct cp_view){step, (size_t)n}, now_ms);
        if (n < STEP)
            return true;
    }
    return true;
}
