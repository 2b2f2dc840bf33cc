/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/sweep/remote.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum cp_code cp_remote_lock(struct cp_lambda *lambda, const char *function,
                            struct cp_undo_facts *facts, struct cp_error *err)
{
    struct cp_function_config latest;
    struct cp_alias_config alias;
    *facts = (struct cp_undo_facts){0};
    enum cp_code code = cp_lambda_get_function_configuration(lambda, function, NULL, &latest, err);
    if (!code)
        code = cp_lambda_get_alias(lambda, function, CP_LOCK_ALIAS, &alias, err);
    if (code)
        return code;
    if (!cp_undo_facts_from_alias(&alias, facts))
        return cp_fail(err, CP_ENOTFOUND, "alias '%s' of '%s' is not one of ours", CP_LOCK_ALIAS,
                       function);
    cp_arn_unqualified(latest.arn, facts->function_arn);
    return CP_OK;
}

/* --- shadows --- */

struct found {
    char (*arns)[256];
    char (*names)[CP_FUNCTION_NAME_LENGTH_MAX + 1];
    size_t n;
    bool is_out_of_memory;
};

/* By name alone; the tag is asked for later: a listing must not make calls meanwhile. */
static bool keep_copies(void *context, const struct cp_function_config *function)
{
    struct found *f = context;
    struct cp_error ignored;
    if (cp_copy_name_check(function->name, &ignored))
        return true;
    char(*arns)[256] = realloc(f->arns, (f->n + 1) * sizeof *arns);
    if (arns)
        f->arns = arns;
    char(*names)[CP_FUNCTION_NAME_LENGTH_MAX + 1] = realloc(f->names, (f->n + 1) * sizeof *names);
    if (names)
        f->names = names;
    f->is_out_of_memory = !arns || !names;
    if (f->is_out_of_memory)
        return false;
    (void)snprintf(f->arns[f->n], sizeof f->arns[0], "%s", function->arn);
    (void)snprintf(f->names[f->n], sizeof f->names[0], "%.64s", function->name);
    f->n++;
    return true;
}

/* Name or ARN of the original against what the tag says. */
static bool is_of(const char *function, const char *tag)
{
    const char *name = strrchr(tag, ':');
    return !function || strcmp(function, tag) == 0 || (name && strcmp(function, name + 1) == 0);
}

/* `*is_ours`: it carries both tags, and those of `function`. */
static enum cp_code read_tags(struct cp_lambda *l, const char *arn, const char *function,
                              struct cp_undo_facts *facts, bool *is_ours, struct cp_error *err)
{
    char of[CP_TAG_VALUE_MAX];
    char run[CP_TAG_VALUE_MAX];
    struct cp_view id;
    *is_ours = false;
    enum cp_code code = cp_lambda_get_tag(l, arn, CP_TAG_OF, of, err);
    if (!code)
        code = cp_lambda_get_tag(l, arn, CP_TAG_RUN, run, err);
    if (code == CP_ENOTFOUND) /* deleted since it was listed */
        return CP_OK;
    if (code || !of[0] || !run[0] || !is_of(function, of))
        return code;
    char expected[256];
    cp_arn_of_neighbour(of, facts->shadow, expected);
    if (strcmp(expected, arn) != 0) /* tags that were copied from another account or Region */
        return CP_OK;
    struct cp_view rest = cp_view_of(run);
    (void)cp_view_split(&rest, '-', &id);
    *is_ours = cp_view_copy(id, facts->run, sizeof facts->run) &&
               cp_view_copy(cp_view_of(run), facts->token, sizeof facts->token) &&
               cp_view_copy(cp_view_of(of), facts->function_arn, sizeof facts->function_arn);
    return CP_OK;
}

enum cp_code cp_remote_shadows(struct cp_lambda *lambda, const char *function,
                               cp_remote_shadow_fn each, void *context, struct cp_error *err)
{
    struct found f = {0};
    enum cp_code code = cp_lambda_list_functions(lambda, keep_copies, &f, err);
    if (!code && f.is_out_of_memory)
        code = cp_fail(err, CP_ENOMEM, "cannot list the shadow functions: out of memory");
    bool goes_on = true;
    for (size_t i = 0; i < f.n && !code && goes_on; i++) {
        struct cp_undo_facts facts = {.method = CP_METHOD_SHADOW, .is_begun = true};
        bool is_ours = false;
        (void)snprintf(facts.shadow, sizeof facts.shadow, "%s", f.names[i]);
        code = read_tags(lambda, f.arns[i], function, &facts, &is_ours, err);
        if (!code && is_ours)
            goes_on = each(context, &facts);
    }
    free(f.arns);
    free(f.names);
    return code;
}
