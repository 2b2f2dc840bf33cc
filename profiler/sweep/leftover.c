/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/sweep/leftover.h"

#include <string.h>

struct listing {
    const char *folder;
    cp_leftover_fn each;
    void *context;
};

static bool is_void(const struct cp_undo_facts *facts)
{
    return !facts->is_begun || facts->is_ended;
}

static bool list_one(void *context, const char *name)
{
    const struct listing *l = context;
    struct cp_undo_facts facts;
    struct cp_journal *journal = NULL;
    struct cp_error err = {0};
    enum cp_code code = cp_undo_facts_open(l->folder, name, &facts, &journal, &err);
    cp_journal_close(journal);
    if (code == CP_EBUSY || code == CP_ENOTFOUND) /* alive, or ended meanwhile */
        return true;
    if (!code && is_void(&facts))
        return true; /* nothing was changed, or all is undone */
    return l->each(l->context, &(struct cp_leftover){name, code, &err, &facts});
}

enum cp_code cp_leftover_list(const char *folder, cp_leftover_fn each, void *context,
                              struct cp_error *err)
{
    struct listing listing = {folder, each, context};
    return cp_journal_list(folder, list_one, &listing, err);
}

static bool tidy_one(void *context, const char *name)
{
    struct cp_undo_facts facts;
    struct cp_journal *journal = NULL;
    struct cp_error ignored;
    const struct listing *l = context;
    enum cp_code code = cp_undo_facts_open(l->folder, name, &facts, &journal, &ignored);
    if (code || !is_void(&facts))
        cp_journal_close(journal);
    else
        (void)cp_journal_end(journal, &ignored);
    return true;
}

enum cp_code cp_leftover_tidy(const char *folder, struct cp_error *err)
{
    struct listing listing = {.folder = folder};
    return cp_journal_list(folder, tidy_one, &listing, err);
}

struct search {
    const char *function_arn;
    struct cp_error *err;
    enum cp_code code;
};

static bool compare(void *context, const struct cp_leftover *leftover)
{
    struct search *s = context;
    char arn[256];
    cp_arn_unqualified(s->function_arn, arn);
    if (leftover->code)
        s->code = cp_fail(s->err, leftover->code, "%s", leftover->err->text);
    else if (strcmp(leftover->facts->function_arn, arn) == 0)
        s->code = cp_fail(s->err, CP_EBUSY,
                          "run %s of '%s' was not undone: first run 'coldprof recover %s'",
                          leftover->facts->run, arn, leftover->facts->run);
    return !s->code;
}

enum cp_code cp_leftover_check(const char *folder, const char *function_arn, struct cp_error *err)
{
    struct search search = {function_arn, err, CP_OK};
    enum cp_code code = cp_leftover_list(folder, compare, &search, err);
    return code ? code : search.code;
}
