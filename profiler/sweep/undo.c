/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/sweep/undo.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "profiler/sweep/change.h"

enum {
    UPDATE_TIMEOUT_MS = 5 * 60 * 1000,
    LOOKS = 10,
    VERSION_TEXT_MAX = 24,
    LATE_LOOKS = 6,
    LATE_STEP_MS = 1000,
};

static void note(const struct cp_undo_report *report, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

static void note(const struct cp_undo_report *report, const char *fmt, ...)
{
    char text[CP_ERROR_TEXT_MAX];
    va_list args;
    if (!report->on_note)
        return;
    va_start(args, fmt);
    (void)vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    report->on_note(report->context, text);
}

/* What was sent just before the sweep died may still be under way in the service: then it is not
 * there yet. True: looked too early, look again. */
static bool may_come(struct cp_lambda *l, const struct cp_undo_facts *facts, enum cp_code *code,
                     int *n_looks, struct cp_error *err)
{
    if (*code != CP_ENOTFOUND || !facts->may_appear || ++*n_looks >= LATE_LOOKS)
        return false;
    *code = cp_lambda_sleep(l, LATE_STEP_MS, err);
    return !*code;
}

/* --- shadow function --- */

static enum cp_code undo_shadow(struct cp_lambda *l, const struct cp_undo_facts *facts,
                                struct cp_undo_report *report, struct cp_error *err)
{
    char arn[256];
    char tag[CP_TAG_VALUE_MAX];
    int n_looks = 0;
    enum cp_code code = CP_OK;
    /* By ARN: credentials of another account are refused instead of finding nothing, or another
     * function of that name. */
    cp_arn_of_neighbour(facts->function_arn, facts->shadow, arn);
    do
        code = cp_lambda_get_tag(l, arn, CP_TAG_RUN, tag, err);
    while (may_come(l, facts, &code, &n_looks, err));
    if (code == CP_ENOTFOUND)
        return CP_OK;
    if (code)
        return code;
    if (strcmp(tag, facts->token) != 0) {
        note(report, "function '%s' does not carry the tag of this run and is left alone",
             facts->shadow);
        return CP_OK;
    }
    code = cp_lambda_delete_copy(l, arn, err);
    report->has_deleted_shadow = code == CP_OK;
    return code == CP_ENOTFOUND ? CP_OK : code;
}

/* --- in place: memory of $LATEST --- */

static bool holds(const int *values, size_t n, int value)
{
    for (size_t i = 0; i < n; i++) {
        if (values[i] == value)
            return true;
    }
    return false;
}

/* As it is when no update is in progress. */
static enum cp_code look(struct cp_lambda *l, const char *function, struct cp_function_config *out,
                         struct cp_error *err)
{
    enum cp_code code = cp_lambda_get_function(l, function, NULL, out, NULL, err);
    if (!code && strcmp(out->last_update_status, "InProgress") == 0)
        code = cp_lambda_wait_updated(l, function, UPDATE_TIMEOUT_MS, out, err);
    return code;
}

/* Only the memory size is ours to put back; a deployment in the meantime is named. */
static void note_other_changes(const struct cp_undo_facts *facts,
                               const struct cp_function_config *latest,
                               const struct cp_undo_report *report)
{
    if (facts->config_hash && cp_function_config_hash(latest) != facts->config_hash)
        note(report, "$LATEST differs from what it was before the sweep in more than its memory "
                     "size: somebody deployed meanwhile, and that is left as it is");
}

/* `*is_again`: it changed between the look and the update. The original size is also written over
 * itself, once: an update or a publication that lost its answer may still be under way, and is
 * refused when it comes with a RevisionId of before. */
static enum cp_code try_put_back(struct cp_lambda *l, const struct cp_undo_facts *facts,
                                 struct cp_undo_report *report, int n_tries, bool *is_again,
                                 struct cp_error *err)
{
    struct cp_function_config latest;
    *is_again = false;
    enum cp_code code = look(l, facts->function_arn, &latest, err);
    if (!code && n_tries == 0)
        note_other_changes(facts, &latest, report);
    bool is_back = !code && latest.memory_size_mb == facts->original_memory_mb;
    if (code || (is_back && !facts->n_written))
        return code;
    if (!is_back && !holds(facts->written_mb, facts->n_written, latest.memory_size_mb)) {
        note(report,
             "$LATEST has %d MB, which this sweep did not set: left as it is (it had %d MB)",
             latest.memory_size_mb, facts->original_memory_mb);
        return CP_OK;
    }
    const struct cp_function_update update = {
        .memory_size_mb = facts->original_memory_mb,
        .revision_id = latest.revision_id,
    };
    code = cp_lambda_update_function_configuration(l, facts->function_arn, &update, NULL, err);
    *is_again = code == CP_ECONFLICT;
    if (!code)
        code = cp_lambda_wait_updated(l, facts->function_arn, UPDATE_TIMEOUT_MS, NULL, err);
    report->has_put_back |= !code && !is_back;
    return code;
}

static enum cp_code put_back(struct cp_lambda *l, const struct cp_undo_facts *facts,
                             struct cp_undo_report *report, struct cp_error *err)
{
    bool is_again = true;
    enum cp_code code = CP_OK;
    for (int i = 0; i < LOOKS && is_again; i++)
        code = try_put_back(l, facts, report, i, &is_again, err);
    if (code)
        (void)cp_fail_context(err, "cannot give $LATEST its %d MB back", facts->original_memory_mb);
    return code;
}

/* A journal that cannot be written does not stop an undo. */
static enum cp_code put_back_noted(struct cp_lambda *l, const struct cp_undo_facts *facts,
                                   struct cp_journal *journal, struct cp_undo_report *report,
                                   struct cp_error *err)
{
    struct cp_error ignored;
    if (!facts->n_written)
        return put_back(l, facts, report, err);
    (void)cp_change_intend(journal, CP_CHANGE_PUT_BACK, NULL, 0, &ignored);
    enum cp_code code = put_back(l, facts, report, err);
    (void)cp_change_settle(journal, CP_CHANGE_PUT_BACK, code, &ignored);
    return code;
}

/* --- in place: versions --- */

long cp_version_number(const char *version)
{
    int64_t number = 0;
    return cp_view_to_int64(cp_view_of(version), &number) ? (long)number : 0;
}

bool cp_undo_is_our_version(const struct cp_undo_facts *facts,
                            const struct cp_function_config *version)
{
    struct cp_view rest = cp_view_of(version->description);
    return cp_version_number(version->version) > facts->highest_version &&
           cp_view_skip(&rest, CP_OUR_WORD) && cp_view_skip(&rest, facts->token) &&
           (rest.n == 0 || rest.p[0] == ' ');
}

struct finding {
    const struct cp_undo_facts *facts;
    struct cp_undo_report *report;
    char (*versions)[VERSION_TEXT_MAX];
    size_t n;
    bool is_out_of_memory;
};

/* Published by somebody else while $LATEST had a size of ours: nobody can repair that. */
static void note_foreign_publish(const struct finding *f, const struct cp_function_config *version)
{
    const struct cp_undo_facts *facts = f->facts;
    if (cp_version_number(version->version) > facts->highest_version &&
        version->memory_size_mb != facts->original_memory_mb &&
        holds(facts->sizes_mb, facts->n_sizes, version->memory_size_mb))
        note(f->report,
             "version %s was published by somebody else while the sweep had $LATEST at %d MB: it "
             "keeps that size (the function has %d MB); publish it again",
             version->version, version->memory_size_mb, facts->original_memory_mb);
}

static bool find_version(void *context, const struct cp_function_config *version)
{
    struct finding *f = context;
    if (!cp_undo_is_our_version(f->facts, version)) {
        note_foreign_publish(f, version);
        return true;
    }
    char(*versions)[VERSION_TEXT_MAX] = realloc(f->versions, (f->n + 1) * sizeof *versions);
    f->is_out_of_memory = !versions;
    if (!versions)
        return false;
    f->versions = versions;
    (void)snprintf(versions[f->n++], VERSION_TEXT_MAX, "%s", version->version);
    return true;
}

static enum cp_code delete_versions(struct cp_lambda *l, const struct cp_undo_facts *facts,
                                    struct cp_undo_report *report, struct cp_error *err)
{
    struct finding f = {.facts = facts, .report = report};
    enum cp_code code = cp_lambda_list_versions(l, facts->function_arn, find_version, &f, err);
    if (!code && f.is_out_of_memory)
        code = cp_fail(err, CP_ENOMEM, "cannot list the versions to delete: out of memory");
    for (size_t i = 0; i < f.n; i++) {
        struct cp_error one = {0};
        enum cp_code failed = cp_lambda_delete_version(l, facts->function_arn, f.versions[i], &one);
        report->n_versions += !failed;
        if (failed && failed != CP_ENOTFOUND && !code)
            code = cp_fail(err, failed, "version %s is left behind: %s", f.versions[i], one.text);
    }
    free(f.versions);
    return code;
}

/* --- in place: lock --- */

static enum cp_code unlock(struct cp_lambda *l, const struct cp_undo_facts *facts,
                           struct cp_undo_report *report, struct cp_error *err)
{
    struct cp_alias_config alias;
    struct cp_undo_facts theirs = {0};
    int n_looks = 0;
    enum cp_code code = CP_OK;
    do
        code = cp_lambda_get_alias(l, facts->function_arn, CP_LOCK_ALIAS, &alias, err);
    while (may_come(l, facts, &code, &n_looks, err));
    if (code == CP_ENOTFOUND)
        return CP_OK;
    if (code)
        return code;
    if (!cp_undo_facts_from_alias(&alias, &theirs) || strcmp(theirs.token, facts->token) != 0)
        return CP_OK; /* another sweep's */
    code = cp_lambda_delete_alias(l, facts->function_arn, CP_LOCK_ALIAS, err);
    report->has_unlocked = code == CP_OK;
    return code == CP_ENOTFOUND ? CP_OK : code;
}

/* The lock goes last: it is the copy of the facts for other machines. */
static enum cp_code undo_in_place(struct cp_lambda *l, const struct cp_undo_facts *facts,
                                  struct cp_journal *journal, struct cp_undo_report *report,
                                  struct cp_error *err)
{
    struct cp_error later = {0};
    enum cp_code code = put_back_noted(l, facts, journal, report, err);
    if (code == CP_ENOTFOUND) {
        note(report, "the function does not exist any more");
        return CP_OK;
    }
    enum cp_code failed = delete_versions(l, facts, report, code ? &later : err);
    code = code ? code : failed;
    return code ? code : unlock(l, facts, report, err);
}

enum cp_code cp_undo(struct cp_lambda *lambda, const struct cp_undo_facts *facts,
                     struct cp_journal *journal, struct cp_undo_report *report,
                     struct cp_error *err)
{
    enum cp_code code = CP_OK;
    if (facts->method == CP_METHOD_SHADOW)
        code = undo_shadow(lambda, facts, report, err);
    if (facts->method == CP_METHOD_IN_PLACE)
        code = undo_in_place(lambda, facts, journal, report, err);
    if (code)
        (void)cp_fail_context(err, "'%s'", facts->function_arn);
    return code;
}
