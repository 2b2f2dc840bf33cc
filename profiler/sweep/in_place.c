/* SPDX-License-Identifier: GPL-3.0-or-later
 * Versions of the user's own function. Only the memory size of $LATEST changes, only while the
 * versions are published, before the first invocation:
 *
 *   journal: facts -> lock alias -> { memory, publish } for each version -> memory put back
 *
 * Whoever changes the function meanwhile ends the sweep; what he wrote stays.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "profiler/sweep/refuse.h"
#include "profiler/sweep/stock_order.h"

/* --- who else reaches $LATEST --- */

static bool is_on_latest(void *context, const struct cp_alias_config *alias)
{
    bool *found = context;
    *found |= strcmp(alias->version, "$LATEST") == 0 && strcmp(alias->name, CP_LOCK_ALIAS) != 0;
    return !*found;
}

static enum cp_code has_alias_on_latest(struct cp_lambda *l, const char *function, bool *has,
                                        struct cp_error *err)
{
    *has = false;
    return cp_lambda_list_aliases(l, function, is_on_latest, has, err);
}

static const struct {
    enum cp_code (*has)(struct cp_lambda *l, const char *function, bool *has, struct cp_error *err);
    const char *what;
} callers[] = {
    {cp_lambda_has_policy, "a resource policy lets others invoke it"},
    {cp_lambda_has_url, "it has a function URL"},
    {cp_lambda_has_event_source, "an event source invokes it"},
    {has_alias_on_latest, "an alias points to $LATEST"},
};

/* AWS changes it on its own, so it is not among the members that must stay; but versions of $LATEST
 * would run on another runtime than the one asked for. */
static bool has_other_runtime(const struct cp_function_config *a,
                              const struct cp_function_config *b)
{
    return a->runtime_version_arn[0] && b->runtime_version_arn[0] &&
           strcmp(a->runtime_version_arn, b->runtime_version_arn) != 0;
}

/* Only $LATEST can be published: a version or an alias is measured by versions of it when these run
 * as it does. Its memory size may differ, since the versions get others anyway. */
static enum cp_code use_latest(struct cp_swept *s, const char *qualifier, struct cp_error *err)
{
    char asked[sizeof s->function];
    memcpy(asked, s->function, sizeof asked);
    *strrchr(s->function, ':') = '\0';
    enum cp_code code = cp_swept_look(s, err);
    if (!code)
        code = cp_refuse_function(&s->latest, s->function, false, err);
    if (code)
        return code;
    const char *what = cp_function_config_difference(&s->target, &s->latest, false);
    if (!what && has_other_runtime(&s->target, &s->latest))
        what = "RuntimeVersionConfig";
    if (!what)
        return CP_OK;
    return cp_fail(
        err, CP_EUNSUPPORTED,
        "cannot sweep '%s' in place: its %s is not that of $LATEST, and only $LATEST can "
        "be published; leave --in-place out, or make $LATEST what '%s' is",
        asked, what, qualifier);
}

static enum cp_code check(struct cp_swept *s, struct cp_error *err)
{
    const char *qualifier = cp_arn_qualifier(s->target.arn);
    enum cp_code code = qualifier ? use_latest(s, qualifier, err) : CP_OK;
    for (size_t i = 0; i < sizeof callers / sizeof callers[0] && !code; i++) {
        bool has = false;
        if (s->place.is_production_known)
            break;
        code = callers[i].has(s->lambda, s->function, &has, err);
        if (!code && has)
            code = cp_fail(err, CP_EUNSUPPORTED,
                           "cannot sweep '%s' in place: %s without a qualifier, and would meet "
                           "other memory sizes meanwhile; leave --in-place out, or give "
                           "--yes-production",
                           s->function, callers[i].what);
    }
    return code;
}

/* --- what there is --- */

struct newest {
    long number;
    int memory_mb;
};

static bool keep_newest(void *context, const struct cp_function_config *version)
{
    struct newest *newest = context;
    long number = cp_version_number(version->version);
    if (number > newest->number)
        *newest = (struct newest){number, version->memory_size_mb};
    return true;
}

/* --- the lock --- */

static enum cp_code explain_lock(struct cp_swept *s, struct cp_error *err)
{
    struct cp_alias_config alias;
    struct cp_undo_facts theirs = {0};
    struct cp_error ignored;
    if (cp_lambda_get_alias(s->lambda, s->function, CP_LOCK_ALIAS, &alias, &ignored) ||
        !cp_undo_facts_from_alias(&alias, &theirs))
        return cp_fail(err, CP_EBUSY, "'%s' has an alias '%s' that is not one of ours", s->function,
                       CP_LOCK_ALIAS);
    return cp_fail(err, CP_EBUSY,
                   "'%s' is being swept by run %s; if that run is not alive any more: coldprof "
                   "recover --function %s",
                   s->function, theirs.run, s->latest.name);
}

static enum cp_code lock(struct cp_swept *s, struct cp_error *err)
{
    struct cp_alias_config alias;
    const struct cp_journal_field field = {"alias", CP_LOCK_ALIAS};
    enum cp_code code = cp_undo_facts_to_alias(&s->facts, &alias, err);
    if (!code)
        code = cp_change_intend(s->journal, CP_CHANGE_LOCK, &field, 1, err);
    if (code)
        return code;
    s->facts.may_appear = true;
    code = cp_lambda_create_alias(s->lambda, s->function, &alias, err);
    s->facts.may_appear = code && cp_swept_is_unanswered(s);
    code = cp_change_settle(s->journal, CP_CHANGE_LOCK, code, err);
    return code == CP_ECONFLICT ? explain_lock(s, err) : code;
}

/* --- versions --- */

static enum cp_code publish_one(struct cp_swept *s, int memory_mb, struct cp_error *err)
{
    char description[80];
    struct cp_function_config before = s->latest;
    struct cp_function_config version;
    (void)snprintf(description, sizeof description, CP_OUR_WORD "%s %d", s->facts.token, memory_mb);
    enum cp_code code = cp_swept_update(s, memory_mb, NULL, err);
    if (!code)
        code = cp_swept_check_same(s, &before, true, err);
    if (!code)
        code = cp_swept_publish(s, memory_mb, description, &version, err);
    if (code)
        return code;
    struct cp_stocked_version *stocked = &s->stock[s->n_stock++];
    *stocked = (struct cp_stocked_version){.memory_size_mb = memory_mb};
    (void)snprintf(stocked->version, sizeof stocked->version, "%s", version.version);
    before = s->latest;
    code = cp_swept_look(s, err); /* publishing gave it a new RevisionId */
    if (!code && s->latest.memory_size_mb != memory_mb)
        code = cp_swept_fail_changed(s, "MemorySize", err);
    return code ? code : cp_swept_check_same(s, &before, true, err);
}

static enum cp_code publish_all(struct cp_swept *s, const struct cp_stock_order *order,
                                struct cp_error *err)
{
    enum cp_code code = CP_OK;
    int original_mb = s->facts.original_memory_mb;
    for (size_t i = 0; i < order->n && !code; i++)
        code = publish_one(s, order->sizes_mb[i], err);
    if (!code)
        code = cp_swept_update(s, original_mb, NULL, err);
    if (!code)
        cp_undo_facts_put_back(&s->facts);
    return code;
}

static enum cp_code publish_stock(struct cp_swept *s, const struct cp_stock_order *order,
                                  struct cp_error *err)
{
    s->stock = calloc(order->n + 1, sizeof *s->stock);
    if (!s->stock)
        return cp_fail(err, CP_ENOMEM, "cannot note the versions to publish: out of memory");
    enum cp_code code = cp_swept_open_journal(s, err);
    if (!code)
        code = lock(s, err);
    return code ? code : publish_all(s, order, err);
}

static enum cp_code begin(struct cp_swept *s, const struct cp_swept_begin *begin,
                          struct cp_error *err)
{
    struct newest newest = {0};
    struct cp_stock_order order = {0};
    enum cp_code code = cp_swept_start_facts(s, begin->run_id, err);
    if (!code)
        code = cp_lambda_list_versions(s->lambda, s->function, keep_newest, &newest, err);
    if (!code)
        code = cp_stock_order_make(begin->needs, begin->n_needs, newest.memory_mb, &order, err);
    s->highest_version = newest.number;
    s->facts.highest_version = newest.number;
    s->facts.original_memory_mb = s->latest.memory_size_mb;
    s->facts.config_hash = cp_function_config_hash(&s->latest);
    cp_undo_facts_sizes(&s->facts, order.sizes_mb, order.n);
    if (!code)
        code = publish_stock(s, &order, err);
    free(order.sizes_mb);
    return code;
}

static enum cp_code take_version(struct cp_swept *s, int memory_size_mb,
                                 char version[CP_VERSION_MAX], struct cp_error *err)
{
    for (size_t i = 0; i < s->n_stock; i++) {
        struct cp_stocked_version *v = &s->stock[i];
        if (v->is_given || v->memory_size_mb != memory_size_mb)
            continue;
        v->is_given = true;
        (void)snprintf(version, CP_VERSION_MAX, "%s", v->version);
        return CP_OK;
    }
    version[0] = '\0';
    return cp_fail(err, CP_ENOTFOUND, "no version of '%s' at %d MB is left", s->function,
                   memory_size_mb);
}

const struct cp_swept_method cp_swept_in_place = {check, begin, take_version};
