/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "probes/log/log_form_split.h"

#include <string.h>

#include "probes/record/record.h"

enum cp_code cp_log_split_init(struct cp_log_split *split, cp_log_line_fn *on_line, void *context,
                               struct cp_error *err)
{
    *split = (struct cp_log_split){.on_line = on_line, .context = context};
    return cp_log_slot_init(&split->held, CP_RECORD_LINE_MAX, err);
}

void cp_log_split_clear(struct cp_log_split *split)
{
    cp_log_slot_clear(&split->held);
}

struct cp_view cp_log_skip_mark(size_t *n_mark, struct cp_view bytes)
{
    static const char mark[] = "\xef\xbb\xbf";
    enum { MARK = sizeof(mark) - 1 };
    while (*n_mark < MARK && bytes.n && bytes.p[0] == mark[*n_mark]) {
        bytes = (struct cp_view){bytes.p + 1, bytes.n - 1};
        ++*n_mark;
    }
    if (bytes.n)
        *n_mark = MARK;
    return bytes;
}

static enum cp_code give(struct cp_log_split *split, struct cp_view line, struct cp_error *err)
{
    if (split->held.n == 0 && line.n <= split->held.max)
        return split->on_line(split->context, line, false, err);
    cp_log_slot_add(&split->held, line);
    enum cp_code code =
        split->on_line(split->context, cp_log_slot_view(&split->held), split->held.is_long, err);
    cp_log_slot_reset(&split->held);
    return code;
}

enum cp_code cp_log_split_feed(struct cp_log_split *split, struct cp_view bytes,
                               struct cp_error *err)
{
    enum cp_code code = CP_OK;
    bytes = cp_log_skip_mark(&split->n_mark, bytes);
    while (bytes.n && !code) {
        const char *lf = memchr(bytes.p, '\n', bytes.n);
        size_t n = lf ? (size_t)(lf - bytes.p) + 1 : bytes.n;
        if (lf)
            code = give(split, (struct cp_view){bytes.p, n}, err);
        else
            cp_log_slot_add(&split->held, bytes);
        bytes = (struct cp_view){bytes.p + n, bytes.n - n};
    }
    return code;
}

enum cp_code cp_log_split_end(struct cp_log_split *split, struct cp_error *err)
{
    return split->held.n ? give(split, (struct cp_view){split->held.p, 0}, err) : CP_OK;
}
