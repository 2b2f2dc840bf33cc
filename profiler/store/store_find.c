/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which run a user means. */
#include <stdio.h>
#include <string.h>

#include "profiler/store/store_db.h"

#include <sqlite3.h>

struct nearest {
    const char *wanted;
    size_t n;
    struct {
        char id[CP_RUN_ID_MAX];
        size_t score;
    } best[3];
};

static size_t likeness(const char *a, const char *b)
{
    size_t same = 0;
    for (; *a && *b; a++, b++)
        same += *a == *b;
    return same;
}

/* Keeps the three ids with the most digits in common; the newer first among equals. */
static enum cp_code keep_nearest(void *context, sqlite3_stmt *statement, struct cp_error *err)
{
    (void)err;
    struct nearest *nearest = context;
    const char *id = (const char *)sqlite3_column_text(statement, 0);
    size_t score = id ? likeness(nearest->wanted, id) : 0;
    size_t at = nearest->n;
    while (at > 0 && nearest->best[at - 1].score < score)
        at--;
    if (!id || at >= 3)
        return CP_OK;
    size_t last = nearest->n < 3 ? nearest->n++ : 2;
    for (; last > at; last--)
        nearest->best[last] = nearest->best[last - 1];
    (void)snprintf(nearest->best[at].id, sizeof nearest->best[at].id, "%s", id);
    nearest->best[at].score = score;
    return CP_OK;
}

static enum cp_code fail_no_run(struct cp_store *store, const char *wanted, struct cp_error *err)
{
    struct nearest nearest = {.wanted = wanted};
    sqlite3_stmt *statement = cp_store_db_get(store, CP_STATEMENT_LIST_RUN_IDS);
    if (statement)
        (void)cp_store_db_each(store, statement, keep_nearest, &nearest, NULL);
    if (!nearest.n)
        return cp_fail(err, CP_ENOTFOUND, "no run '%s': '%s' holds no runs", wanted, store->path);
    return cp_fail(err, CP_ENOTFOUND, "no run '%s' in '%s': the nearest %s %s%s%s%s%s", wanted,
                   store->path, nearest.n > 1 ? "are" : "is", nearest.best[0].id,
                   nearest.n > 1 ? ", " : "", nearest.best[1].id, nearest.n > 2 ? ", " : "",
                   nearest.best[2].id);
}

struct found {
    size_t n;
    char ids[2][CP_RUN_ID_MAX];
};

static enum cp_code keep_found(void *context, sqlite3_stmt *statement, struct cp_error *err)
{
    (void)err;
    struct found *found = context;
    const char *id = (const char *)sqlite3_column_text(statement, 0);
    if (id && found->n < 2)
        (void)snprintf(found->ids[found->n++], CP_RUN_ID_MAX, "%s", id);
    return CP_OK;
}

enum cp_code cp_store_find_run(struct cp_store *store, const char *wanted, char id[CP_RUN_ID_MAX],
                               struct cp_error *err)
{
    struct found found = {0};
    bool is_last = strcmp(wanted, "last") == 0;
    sqlite3_stmt *statement =
        cp_store_db_get(store, is_last ? CP_STATEMENT_LIST_RUN_IDS : CP_STATEMENT_FIND_RUNS);
    enum cp_code code = statement ? CP_OK : cp_store_db_fail(store, "read", err);
    if (!code && !is_last)
        code = cp_store_db_bind_text(store, statement, 1, cp_view_of(wanted), err);
    if (!code)
        code = cp_store_db_each(store, statement, keep_found, &found, err);
    if (code)
        return code;
    if (!found.n || !wanted[0])
        return fail_no_run(store, wanted, err);
    if (found.n > 1 && !is_last && strcmp(found.ids[0], wanted) != 0)
        return cp_fail(err, CP_EINVAL, "run '%s' is not unique: %s and %s begin so", wanted,
                       found.ids[0], found.ids[1]);
    (void)snprintf(id, CP_RUN_ID_MAX, "%s", found.ids[0]);
    return CP_OK;
}
