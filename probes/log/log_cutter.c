/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "probes/log/log_cutter.h"

#include <stdlib.h>
#include <string.h>

/* A line of the greatest length with its line feed may be held when the next chunk comes. */
enum { SIZE = CP_RECORD_LINE_MAX + 1 + CP_LOG_CHUNK };

enum cp_code cp_log_cutter_init(struct cp_log_cutter *cutter, struct cp_log_sink *sink,
                                struct cp_error *err)
{
    *cutter = (struct cp_log_cutter){.sink = sink, .bytes = malloc(SIZE)};
    return cutter->bytes ? CP_OK : cp_fail(err, CP_ENOMEM, "out of memory");
}

void cp_log_cutter_clear(struct cp_log_cutter *cutter)
{
    free(cutter->bytes);
    *cutter = (struct cp_log_cutter){0};
}

void cp_log_cutter_begin(struct cp_log_cutter *cutter, enum cp_log_line_form form, bool is_warm_up)
{
    cutter->form = form;
    cutter->is_warm_up = is_warm_up;
    cutter->is_in_long = false;
    cutter->n = 0;
}

char *cp_log_cutter_room(struct cp_log_cutter *cutter)
{
    return cutter->bytes + cutter->n;
}

static enum cp_code give(struct cp_log_cutter *cutter, struct cp_view bytes, bool is_cut,
                         struct cp_error *err)
{
    if (!cutter->is_warm_up)
        return cp_log_sink_lines(cutter->sink, cutter->form, bytes, is_cut, err);
    if (!is_cut)
        cp_log_sink_warm_up(cutter->sink, cutter->form, bytes);
    return CP_OK;
}

/* How many bytes at the front of `v` can be given now: whole cutter, or a piece of a long one,
 * which sets `is_in_long`. 0: more must come first. */
static size_t measure(struct cp_log_cutter *cutter, struct cp_view v)
{
    size_t window = v.n > CP_RECORD_LINE_MAX ? CP_RECORD_LINE_MAX + 1 : v.n;
    const char *feed = cutter->is_in_long ? memchr(v.p, '\n', window) : memrchr(v.p, '\n', window);
    if (feed)
        return (size_t)(feed - v.p) + 1;
    if (v.n <= CP_RECORD_LINE_MAX)
        return 0;
    cutter->is_in_long = true;
    return CP_RECORD_LINE_MAX;
}

enum cp_code cp_log_cutter_took(struct cp_log_cutter *cutter, size_t n, struct cp_error *err)
{
    struct cp_view v = {cutter->bytes, cutter->n + n};
    enum cp_code code = CP_OK;
    size_t length;
    while (!code && v.n && (length = measure(cutter, v)) > 0) {
        code = give(cutter, (struct cp_view){v.p, length}, cutter->is_in_long, err);
        if (v.p[length - 1] == '\n')
            cutter->is_in_long = false;
        v = (struct cp_view){v.p + length, v.n - length};
    }
    memmove(cutter->bytes, v.p, v.n);
    cutter->n = v.n;
    return code;
}

enum cp_code cp_log_cutter_end(struct cp_log_cutter *cutter, struct cp_error *err)
{
    struct cp_view last = {cutter->bytes, cutter->n};
    cutter->n = 0;
    return last.n ? give(cutter, last, cutter->is_in_long, err) : CP_OK;
}
