/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/history/history_file.h"
#include "profiler/history/night_line.h"

static void add_lines(const struct cp_history *history, struct cp_buf *out)
{
    for (size_t i = 0; i < history->n_nights; i++)
        cp_night_line_write(&history->nights[i], out);
    for (size_t i = 0; i < history->n_acceptances; i++)
        cp_acceptance_line_write(&history->key, &history->acceptances[i], out);
}

static enum cp_code export_one(struct cp_store *store, const struct cp_night_key *key,
                               struct cp_buf *out, struct cp_error *err)
{
    struct cp_history history;
    const struct cp_history_span all = {0, 0};
    enum cp_code code = cp_store_load_history(store, key, all, &history, err);
    if (code)
        return code;
    add_lines(&history, out);
    cp_history_clear(&history);
    return CP_OK;
}

struct exported {
    struct cp_store *store;
    struct cp_buf *out;
    enum cp_code code;
    struct cp_error *err;
};

static bool export_next(void *context, const struct cp_stored_history *row)
{
    struct exported *all = context;
    all->code = export_one(all->store, &row->key, all->out, all->err);
    return !all->code;
}

enum cp_code cp_history_export(struct cp_store *store, const struct cp_night_key *key,
                               struct cp_buf *out, struct cp_error *err)
{
    struct exported all = {.store = store, .out = out, .err = err};
    enum cp_code code =
        key ? export_one(store, key, out, err) : cp_store_histories(store, export_next, &all, err);
    if (!code)
        code = all.code;
    return code ? code : cp_buf_check(out, "the exported history", err);
}
