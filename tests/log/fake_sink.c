/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/log/fake_sink.h"

#include <stdlib.h>
#include <string.h>

void fake_sink_init(struct cp_log_sink *sink)
{
    *sink = (struct cp_log_sink){0};
    cp_buf_init(&sink->counts, 1 << 20);
}

void fake_sink_clear(struct cp_log_sink *sink)
{
    for (size_t i = 0; i < sink->n && !sink->is_blind; i++)
        free(sink->events[i].message);
    free(sink->events);
    cp_buf_clear(&sink->counts);
    *sink = (struct cp_log_sink){0};
}

static void add(struct cp_log_sink *sink, const struct cp_log_event *event)
{
    sink->n_bytes += event->message.n;
    if (sink->is_blind) {
        sink->n++;
        return;
    }
    if (sink->n == sink->cap) {
        sink->cap = sink->cap ? sink->cap * 2 : 16;
        sink->events = realloc(sink->events, sink->cap * sizeof(sink->events[0]));
        if (!sink->events)
            abort();
    }
    struct fake_event *to = &sink->events[sink->n++];
    struct cp_view message = event->message;
    while (message.n && strchr("\r\n\t ", message.p[message.n - 1]))
        message.n--;
    *to = (struct fake_event){.at_ms = event->at_ms, .n = message.n};
    (void)cp_view_copy(event->group, to->group, sizeof(to->group));
    (void)cp_view_copy(event->stream, to->stream, sizeof(to->stream));
    to->message = malloc(message.n + 1);
    if (!to->message)
        abort();
    if (message.n)
        memcpy(to->message, message.p, message.n);
    to->message[message.n] = '\0';
}

enum cp_code cp_log_sink_event(struct cp_log_sink *sink, const struct cp_log_event *event,
                               struct cp_error *err)
{
    (void)err;
    add(sink, event);
    return sink->answer;
}

enum cp_code cp_log_sink_lines(struct cp_log_sink *sink, enum cp_log_line_form form,
                               struct cp_view bytes, bool is_cut, struct cp_error *err)
{
    (void)form;
    (void)is_cut;
    (void)err;
    struct cp_view line;
    while (cp_view_split(&bytes, '\n', &line))
        add(sink, &(struct cp_log_event){.at_ms = -2, .message = line});
    return sink->answer;
}

enum cp_code cp_log_sink_count(struct cp_log_sink *sink, const char *what, uint64_t count,
                               struct cp_view example, struct cp_error *err)
{
    (void)example;
    (void)err;
    sink->n_counted += count;
    if (!sink->is_blind)
        (void)cp_buf_addf(&sink->counts, "%s=%llu;", what, (unsigned long long)count);
    return CP_OK;
}
