/* SPDX-License-Identifier: GPL-3.0-or-later
 * A copy of the function, swept as an own function and deleted whole. The original is only read.
 *
 *   GetFunction, download -> journal: facts, intent -> CreateFunction -> journal: result -> Active
 */
#include <stdio.h>
#include <string.h>

#include "profiler/sweep/swept.h"

enum { ACTIVE_TIMEOUT_MS = 5 * 60 * 1000 };

static enum cp_code check(struct cp_swept *s, struct cp_error *err)
{
    if (s->latest.code_size > CP_CODE_ZIP_MAX && strcmp(s->latest.package_type, "Image") != 0)
        return cp_fail(err, CP_EUNSUPPORTED,
                       "cannot copy '%s': its code has %.1f MB and CreateFunction takes zips up to "
                       "50 MB: give --in-place",
                       s->function, (double)s->latest.code_size / (1024.0 * 1024.0));
    return CP_OK;
}

/* What to do about a refusal. NULL: its message says it. */
static const char *advice_for(const char *error_code)
{
    static const struct {
        const char *error_code, *advice;
    } rows[] = {
        {"AccessDeniedException",
         "'coldprof iam-policy' prints what must be allowed, its --help what layers, a VPC and "
         "images need besides; or give --in-place"},
        {"CodeStorageExceededException",
         "the account's code storage is full: delete old versions, or have the quota raised"},
        {"ResourceConflictException",
         "it is left from another sweep: 'coldprof recover --function NAME --prune' deletes it"},
        {"InvalidParameterValueException", "if the copy cannot be made, give --in-place"},
        {"CodeVerificationFailedException", "a copy is not signed: give --in-place"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (strcmp(rows[i].error_code, error_code) == 0)
            return rows[i].advice;
    }
    return NULL;
}

static void advise(const struct cp_swept *s, struct cp_error *err)
{
    const char *advice = advice_for(cp_lambda_last_failure(s->lambda)->error_code);
    struct cp_error refusal = *err;
    if (advice)
        (void)cp_fail(err, refusal.code, "%.600s; %s", refusal.text, advice);
}

static enum cp_code create(struct cp_swept *s, const struct cp_function_source *source,
                           struct cp_view zip, struct cp_function_config *created,
                           struct cp_error *err)
{
    const struct cp_undo_facts *f = &s->facts;
    char description[320];
    const struct cp_journal_field field = {"shadow", f->shadow};
    (void)snprintf(description, sizeof description, "%s0 of %.72s", s->token, source->config.name);
    const struct cp_function_copy copy = {
        .name = f->shadow,
        .description = description,
        .zip = zip,
        .tags = {{CP_TAG_RUN, f->token}, {CP_TAG_OF, f->function_arn}},
        .n_tags = 2,
    };
    enum cp_code code = cp_change_intend(s->journal, CP_CHANGE_CREATE_SHADOW, &field, 1, err);
    if (code)
        return code;
    s->facts.may_appear = true;
    code = cp_lambda_create_copy(s->lambda, source, &copy, created, err);
    s->facts.may_appear = code && cp_swept_is_unanswered(s);
    if (code)
        advise(s, err);
    return cp_change_settle(s->journal, CP_CHANGE_CREATE_SHADOW, code, err);
}

/* From now on everything goes to the shadow. */
static enum cp_code move_to(struct cp_swept *s, const struct cp_function_config *original,
                            struct cp_error *err)
{
    (void)snprintf(s->function, sizeof s->function, "%s", s->facts.shadow);
    enum cp_code code =
        cp_lambda_wait_active(s->lambda, s->function, NULL, ACTIVE_TIMEOUT_MS, &s->latest, err);
    if (code)
        return code;
    if (strcmp(s->latest.code_sha256, original->code_sha256) != 0)
        return cp_fail(err, CP_ECONFLICT,
                       "shadow function '%s' has not the code of '%s': it was deployed meanwhile; "
                       "start again",
                       s->function, original->name);
    s->highest_version = 0;
    return CP_OK;
}

static enum cp_code copy_function(struct cp_swept *s, const struct cp_function_source *source,
                                  struct cp_view zip, struct cp_error *err)
{
    struct cp_function_config created;
    enum cp_code code = cp_swept_open_journal(s, err);
    if (!code)
        code = create(s, source, zip, &created, err);
    return code ? code : move_to(s, &source->config, err);
}

static enum cp_code begin(struct cp_swept *s, const struct cp_swept_begin *begin,
                          struct cp_error *err)
{
    struct cp_function_source source;
    struct cp_buf zip;
    cp_buf_init(&zip, CP_CODE_ZIP_MAX);
    enum cp_code code = cp_lambda_get_source(s->lambda, s->function, NULL, &source, err);
    if (code)
        return code;
    if (strcmp(source.config.code_sha256, s->latest.code_sha256) != 0)
        code = cp_swept_fail_changed(s, "CodeSha256", err);
    if (!code)
        code = cp_lambda_download_code(s->lambda, &source, &zip, err);
    if (!code)
        code = cp_swept_start_facts(s, begin->run_id, err);
    if (!code)
        code = cp_copy_name(source.config.name, begin->run_id, s->facts.shadow, err);
    if (!code)
        code = copy_function(s, &source, cp_buf_view(&zip), err);
    cp_buf_clear(&zip);
    cp_function_source_clear(&source);
    if (code)
        (void)cp_fail_context(err, "shadow function");
    return code;
}

const struct cp_swept_method cp_swept_shadow = {check, begin, cp_swept_own_version};
