/* SPDX-License-Identifier: GPL-3.0-or-later
 * The histories of a store, and which of them a user means.
 */
#include <string.h>

#include "profiler/store/store_db.h"

#include <sqlite3.h>

struct listing {
    cp_store_history_fn each;
    void *context;
    bool is_over;
};

static int64_t number_or_minus_1(sqlite3_stmt *statement, int at)
{
    bool is_null = sqlite3_column_type(statement, at) == SQLITE_NULL;
    return is_null ? -1 : sqlite3_column_int64(statement, at);
}

static enum cp_code list_one(void *context, sqlite3_stmt *statement, struct cp_error *err)
{
    struct listing *listing = context;
    struct cp_stored_history row = {.n_nights = 0};
    int at = (int)cp_history_columns.n;
    if (listing->is_over)
        return CP_OK;
    enum cp_code code = cp_columns_read(&cp_history_columns, statement, 0, &row.key, err);
    if (code)
        return code;
    row.n_nights = (size_t)sqlite3_column_int64(statement, at);
    row.first_ms = number_or_minus_1(statement, at + 1);
    row.last_ms = number_or_minus_1(statement, at + 2);
    listing->is_over = !listing->each(listing->context, &row);
    return CP_OK;
}

enum cp_code cp_store_histories(struct cp_store *store, cp_store_history_fn each, void *context,
                                struct cp_error *err)
{
    struct listing listing = {.each = each, .context = context};
    sqlite3_stmt *statement = cp_store_db_get(store, CP_STATEMENT_LIST_HISTORIES);
    if (!statement)
        return cp_store_db_fail(store, "read", err);
    return cp_store_db_each(store, statement, list_one, &listing, err);
}

/* --- the one that a user means --- */

enum { SHOWN_MAX = 4, NEAREST_MAX = 3 };

struct search {
    struct cp_view function, scope; /* before and after '@' */
    size_t n_found, n_all;
    struct cp_night_key found[SHOWN_MAX];
    struct nearest {
        struct cp_night_key key;
        size_t score;
    } nearest[NEAREST_MAX];
    size_t n_nearest;
};

static bool has_part(const char *text, struct cp_view part)
{
    for (const char *at = text; part.n && *at; at++) {
        if (strncmp(at, part.p, part.n) == 0)
            return true;
    }
    return false;
}

/* Each word between slashes is the Region, the architecture, or part of the place. */
static bool is_in_scope(const struct cp_night_key *key, struct cp_view scope)
{
    struct cp_view word;
    while (cp_view_split(&scope, '/', &word)) {
        if (!cp_view_is(word, key->region) && !cp_view_is(word, key->architecture) &&
            !has_part(key->place, word))
            return false;
    }
    return true;
}

/* Bytes in common at both ends: what is left of a name after a slip of the finger, or without its
 * stage or qualifier. */
static size_t likeness(struct cp_view wanted, const char *name)
{
    size_t n = strlen(name);
    size_t least = n < wanted.n ? n : wanted.n;
    size_t head = 0;
    size_t tail = 0;
    while (head < least && wanted.p[head] == name[head])
        head++;
    while (tail < least - head && wanted.p[wanted.n - 1 - tail] == name[n - 1 - tail])
        tail++;
    return head + tail;
}

static void keep_nearest(struct search *search, const struct cp_night_key *key)
{
    size_t score = likeness(search->function, key->function);
    size_t at = search->n_nearest;
    while (at > 0 && search->nearest[at - 1].score < score)
        at--;
    if (at == NEAREST_MAX)
        return;
    size_t last = search->n_nearest < NEAREST_MAX ? search->n_nearest++ : (size_t)NEAREST_MAX - 1;
    for (; last > at; last--)
        search->nearest[last] = search->nearest[last - 1];
    search->nearest[at] = (struct nearest){*key, score};
}

static void add_name(struct cp_buf *names, const struct cp_night_key *key)
{
    (void)cp_buf_addf(names, "%s%s@%s/%s", names->n ? ", " : "", key->function, key->region,
                      key->architecture);
}

static bool consider(void *context, const struct cp_stored_history *row)
{
    struct search *search = context;
    search->n_all++;
    if (!cp_view_is(search->function, row->key.function) ||
        !is_in_scope(&row->key, search->scope)) {
        keep_nearest(search, &row->key);
        return true;
    }
    if (search->n_found < SHOWN_MAX)
        search->found[search->n_found] = row->key;
    search->n_found++;
    return true;
}

static enum cp_code fail_not_found(const struct cp_store *store, const char *wanted,
                                   const struct search *search, struct cp_error *err)
{
    struct cp_buf names;
    if (!search->n_all)
        return cp_fail(err, CP_ENOTFOUND,
                       "no history of '%s': '%s' holds no nights; 'coldprof nightly' measures one",
                       wanted, store->path);
    cp_buf_init(&names, CP_ERROR_TEXT_MAX);
    for (size_t i = 0; i < search->n_nearest; i++)
        add_name(&names, &search->nearest[i].key);
    enum cp_code code =
        cp_fail(err, CP_ENOTFOUND, "no history of '%s' in '%s': the nearest %s %s", wanted,
                store->path, search->n_nearest > 1 ? "are" : "is", cp_buf_str(&names));
    cp_buf_clear(&names);
    return code;
}

static enum cp_code fail_several(const char *wanted, const struct search *search,
                                 struct cp_error *err)
{
    struct cp_buf names;
    cp_buf_init(&names, CP_ERROR_TEXT_MAX);
    for (size_t i = 0; i < search->n_found && i < SHOWN_MAX; i++) {
        add_name(&names, &search->found[i]);
        (void)cp_buf_addf(&names, " (%s)", search->found[i].place);
    }
    enum cp_code code = cp_fail(
        err, CP_EINVAL, "'%s' has %zu histories: %s%s; name one, its place after '@' too", wanted,
        search->n_found, cp_buf_str(&names), search->n_found > SHOWN_MAX ? ", ..." : "");
    cp_buf_clear(&names);
    return code;
}

enum cp_code cp_store_find_history(struct cp_store *store, const char *wanted,
                                   struct cp_night_key *out, struct cp_error *err)
{
    struct search search = {.scope = cp_view_of(wanted)};
    (void)cp_view_split(&search.scope, '@', &search.function);
    enum cp_code code = cp_store_histories(store, consider, &search, err);
    if (code)
        return code;
    if (!search.n_found)
        return fail_not_found(store, wanted, &search, err);
    if (search.n_found > 1)
        return fail_several(wanted, &search, err);
    *out = search.found[0];
    return CP_OK;
}
