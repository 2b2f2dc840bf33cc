/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include <string.h>

#include "profiler/history/history_file.h"
#include "profiler/history/night_line.h"

enum { WRITTEN_MAX = 4 * CP_NIGHT_LINE_MAX }; /* a text grows when written: escapes */

void cp_history_import_init(struct cp_history_import *self, struct cp_store *store)
{
    *self = (struct cp_history_import){.store = store};
    cp_buf_init(&self->line, CP_NIGHT_LINE_MAX);
}

void cp_history_import_clear(struct cp_history_import *self)
{
    cp_buf_clear(&self->line);
}

static void reject(struct cp_history_import *self, const char *why)
{
    struct cp_history_counts *counts = &self->counts;
    size_t at = counts->n_rejected++;
    if (at >= CP_HISTORY_REASONS_MAX)
        return;
    counts->reasons[at].line = self->n_lines;
    (void)snprintf(counts->reasons[at].text, CP_HISTORY_REASON_MAX, "%s", why);
}

/* `order` as of cp_view_compare: of the bytes that the two are written as. `line` is what `night`
 * was read from: mostly one of ours, and then what the known one is written as. */
static enum cp_code compare_nights(const struct cp_night *night, struct cp_view line,
                                   const struct cp_night *known, int *order, struct cp_error *err)
{
    struct cp_buf first;
    struct cp_buf second;
    cp_buf_init(&first, WRITTEN_MAX);
    cp_buf_init(&second, WRITTEN_MAX);
    cp_night_line_write(known, &second);
    enum cp_code code = cp_buf_check(&second, "a night", err);
    *order = cp_view_compare(line, cp_view_trim(cp_buf_view(&second)));
    if (!code && *order) {
        cp_night_line_write(night, &first);
        code = cp_buf_check(&first, "a night", err);
        *order = cp_view_compare(cp_buf_view(&first), cp_buf_view(&second));
    }
    cp_buf_clear(&first);
    cp_buf_clear(&second);
    return code;
}

static enum cp_code add_night(struct cp_history_import *self, const struct cp_night *night,
                              struct cp_view line, struct cp_error *err)
{
    struct cp_night known;
    int order = 1;
    enum cp_code code = cp_store_get_night(self->store, &night->key, night->started_at_ms,
                                           night->run_id, &known, err);
    if (code == CP_ENOTFOUND) {
        self->counts.n_nights++;
        return cp_store_put_night(self->store, night, err);
    }
    if (!code)
        code = compare_nights(night, line, &known, &order, err);
    cp_night_clear(&known);
    if (code)
        return code;
    self->counts.n_known++;
    self->counts.n_differing += order != 0;
    return order > 0 ? cp_store_put_night(self->store, night, err) : CP_OK;
}

static enum cp_code add_acceptance(struct cp_history_import *self, const struct cp_night_line *line,
                                   struct cp_error *err)
{
    bool is_new = false;
    enum cp_code code =
        cp_store_accept(self->store, &line->night.key, &line->acceptance, &is_new, err);
    if (code)
        return code;
    self->counts.n_acceptances += is_new;
    self->counts.n_known += !is_new;
    return CP_OK;
}

static enum cp_code add_line(struct cp_history_import *self, struct cp_error *err)
{
    struct cp_night_line line;
    struct cp_error why = {CP_OK, ""};
    struct cp_view text = cp_view_trim(cp_buf_view(&self->line));
    if (!text.n)
        return CP_OK;
    enum cp_code code = cp_night_line_read(text, &line, &why);
    if (code == CP_EUNSUPPORTED || code == CP_ENOMEM)
        return cp_fail(err, code, "line %zu: %s", self->n_lines, why.text);
    if (code) {
        reject(self, why.text);
        return CP_OK;
    }
    code = line.is_acceptance ? add_acceptance(self, &line, err)
                              : add_night(self, &line.night, text, err);
    cp_night_clear(&line.night);
    return code;
}

static enum cp_code end_line(struct cp_history_import *self, struct cp_error *err)
{
    char why[CP_HISTORY_REASON_MAX];
    enum cp_code code = self->line.failed == CP_ENOMEM
                            ? cp_fail(err, CP_ENOMEM, "no memory for line %zu", self->n_lines)
                            : CP_OK;
    (void)snprintf(why, sizeof why, "it is longer than %d bytes", CP_NIGHT_LINE_MAX);
    if (self->is_too_long)
        reject(self, why);
    else if (!code)
        code = add_line(self, err);
    self->is_begun = self->is_too_long = false;
    cp_buf_reset(&self->line);
    return code;
}

enum cp_code cp_history_import_add(struct cp_history_import *self, struct cp_view bytes,
                                   struct cp_error *err)
{
    enum cp_code code = CP_OK;
    while (bytes.n && !code) {
        const char *end = memchr(bytes.p, '\n', bytes.n);
        size_t n = end ? (size_t)(end - bytes.p) : bytes.n;
        self->n_lines += !self->is_begun;
        self->is_begun = true;
        if (cp_buf_add(&self->line, bytes.p, n) == CP_ELIMIT)
            self->is_too_long = true;
        if (end)
            code = end_line(self, err);
        bytes = (struct cp_view){bytes.p + n + (end != NULL), bytes.n - n - (end != NULL)};
    }
    return code;
}

enum cp_code cp_history_import_end(struct cp_history_import *self, struct cp_error *err)
{
    enum cp_code code = self->is_begun ? end_line(self, err) : CP_OK;
    self->n_lines = 0;
    return code;
}
