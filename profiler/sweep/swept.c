/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/sweep/swept.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "profiler/sweep/refuse.h"

enum {
    UPDATE_TIMEOUT_MS = 5 * 60 * 1000,
    CONFLICT_TRIES = 5,
    QUICK_LOOK_MS = 5,
    QUICK_LOOK_MAX_MS = 160,
};

static bool is_updating(const struct cp_function_config *f)
{
    return strcmp(f->last_update_status, "InProgress") == 0;
}

/* An update takes milliseconds on the embedded service and a second or more on AWS: a few quick
 * looks (GetFunction has a limit of its own, 100 a second), then the client's wait of 1 s steps. */
static enum cp_code settle(struct cp_swept *s, struct cp_error *err)
{
    for (int wait_ms = QUICK_LOOK_MS; wait_ms <= QUICK_LOOK_MAX_MS; wait_ms *= 2) {
        if (!is_updating(&s->latest))
            return CP_OK;
        s->clock->sleep_ms(s->clock->context, wait_ms);
        enum cp_code code =
            cp_lambda_get_function(s->lambda, s->function, NULL, &s->latest, NULL, err);
        if (code)
            return code;
    }
    if (!is_updating(&s->latest))
        return CP_OK;
    return cp_lambda_wait_updated(s->lambda, s->function, UPDATE_TIMEOUT_MS, &s->latest, err);
}

static enum cp_code look(struct cp_swept *s, struct cp_error *err)
{
    enum cp_code code =
        cp_lambda_get_function_configuration(s->lambda, s->function, NULL, &s->latest, err);
    return code ? code : settle(s, err);
}

enum cp_code cp_swept_read(struct cp_swept *swept, struct cp_lambda *lambda,
                           const struct cp_sweep_clock *clock, const char *function,
                           struct cp_error *err)
{
    *swept = (struct cp_swept){.lambda = lambda, .clock = clock};
    if (!cp_view_copy(cp_view_of(function), swept->function, sizeof swept->function))
        return cp_fail(err, CP_ELIMIT, "the function name is too long");
    enum cp_code code = look(swept, err);
    return code ? code : cp_refuse_function(&swept->latest, function, false, err);
}

/* 0 for "$LATEST". */
static long number_of(const char *version)
{
    int64_t number = 0;
    return cp_view_to_int64(cp_view_of(version), &number) ? (long)number : 0;
}

static bool keep_highest(void *context, const struct cp_function_config *version)
{
    long *highest = context;
    long number = number_of(version->version);
    if (number > *highest)
        *highest = number;
    return true;
}

enum cp_code cp_swept_begin(struct cp_swept *swept, const char *run_id, int original_memory_mb,
                            const char *original_description, unsigned first, struct cp_error *err)
{
    (void)snprintf(swept->token, sizeof swept->token, "coldprof %s ", run_id);
    (void)snprintf(swept->original_description, sizeof swept->original_description, "%s",
                   original_description);
    swept->original_memory_mb = original_memory_mb;
    swept->n_published = first;
    return cp_lambda_list_versions(swept->lambda, swept->function, keep_highest,
                                   &swept->highest_version, err);
}

/* --- publishing --- */

/* Another update in progress is waited for; anything else in the way was somebody else. */
static bool is_worth_waiting(const struct cp_swept *s)
{
    const struct cp_lambda_failure *failure = cp_lambda_last_failure(s->lambda);
    return strcmp(failure->error_code, "ResourceConflictException") == 0;
}

static enum cp_code fail_changed(const struct cp_swept *s, const char *what, struct cp_error *err)
{
    return cp_fail(err, CP_ECONFLICT, "'%s' was changed by somebody else during the sweep: %s",
                   s->function, what);
}

static enum cp_code explain_conflict(const struct cp_swept *s, enum cp_code code,
                                     struct cp_error *err)
{
    if (code == CP_ECONFLICT && !is_worth_waiting(s))
        return cp_fail_context(err, "'%s' was changed by somebody else during the sweep",
                               s->function);
    return code;
}

static enum cp_code update(struct cp_swept *s, int memory_size_mb, const char *description,
                           struct cp_error *err)
{
    enum cp_code code = CP_ECONFLICT;
    for (int i = 0; i < CONFLICT_TRIES && code == CP_ECONFLICT; i++) {
        const struct cp_function_update change = {
            .memory_size_mb = memory_size_mb,
            .description = description,
            .revision_id = s->latest.revision_id,
        };
        struct cp_function_config after;
        code =
            cp_lambda_update_function_configuration(s->lambda, s->function, &change, &after, err);
        if (!code)
            s->latest = after;
        if (code != CP_ECONFLICT || !is_worth_waiting(s))
            break;
        if (cp_lambda_wait_updated(s->lambda, s->function, UPDATE_TIMEOUT_MS, &s->latest, err))
            return err ? err->code : CP_ECONFLICT;
    }
    return code ? explain_conflict(s, code, err) : settle(s, err);
}

/* All that decides how the function runs, but memory size and description, must stay. */
static enum cp_code check_unchanged(const struct cp_swept *s, const struct cp_function_config *old,
                                    struct cp_error *err)
{
    const struct cp_function_config *now = &s->latest;
    if (strcmp(old->code_sha256, now->code_sha256) != 0)
        return fail_changed(s, "its code", err);
    if (old->timeout_s != now->timeout_s)
        return fail_changed(s, "its timeout", err);
    if (strcmp(old->handler, now->handler) != 0)
        return fail_changed(s, "its handler", err);
    if (strcmp(old->runtime, now->runtime) != 0)
        return fail_changed(s, "its runtime", err);
    if (strcmp(old->architecture, now->architecture) != 0)
        return fail_changed(s, "its architecture", err);
    return CP_OK;
}

static enum cp_code check_published(struct cp_swept *s, const struct cp_function_config *version,
                                    int memory_size_mb, const char *description,
                                    struct cp_error *err)
{
    long number = number_of(version->version);
    if (number <= s->highest_version)
        return cp_fail(err, CP_ECONFLICT,
                       "publishing '%s' returned version '%s', which existed before", s->function,
                       version->version);
    s->highest_version = number;
    if (version->memory_size_mb != memory_size_mb)
        return fail_changed(s, "its memory size", err);
    if (strcmp(version->description, description) != 0)
        return fail_changed(s, "its description", err);
    return CP_OK;
}

static enum cp_code publish(struct cp_swept *s, int memory_size_mb, const char *description,
                            struct cp_function_config *version, struct cp_error *err)
{
    enum cp_code code = cp_lambda_publish_version(s->lambda, s->function, description,
                                                  s->latest.revision_id, version, err);
    if (code)
        return explain_conflict(s, code, err);
    code = check_published(s, version, memory_size_mb, description, err);
    if (!code && strcmp(version->state, "Pending") == 0)
        code = cp_lambda_wait_active(s->lambda, s->function, version->version, UPDATE_TIMEOUT_MS,
                                     version, err);
    return code;
}

/* Publishing gives $LATEST a new RevisionId. It is taken only from what we wrote ourselves: else
 * the next update would overwrite somebody's change with his own RevisionId. */
static enum cp_code take_new_revision(struct cp_swept *s, int memory_size_mb,
                                      const char *description, struct cp_error *err)
{
    struct cp_function_config before = s->latest;
    enum cp_code code = look(s, err);
    if (code)
        return code;
    if (s->latest.memory_size_mb != memory_size_mb)
        return fail_changed(s, "its memory size", err);
    if (strcmp(s->latest.description, description) != 0)
        return fail_changed(s, "its description", err);
    return check_unchanged(s, &before, err);
}

enum cp_code cp_swept_publish(struct cp_swept *swept, int memory_size_mb,
                              char version[CP_VERSION_MAX], struct cp_error *err)
{
    char description[64];
    struct cp_function_config before = swept->latest;
    struct cp_function_config published = {0};
    (void)snprintf(description, sizeof description, "%s%u", swept->token, ++swept->n_published);
    enum cp_code code = update(swept, memory_size_mb, description, err);
    if (!code)
        code = check_unchanged(swept, &before, err);
    if (!code)
        code = publish(swept, memory_size_mb, description, &published, err);
    if (!code)
        code = take_new_revision(swept, memory_size_mb, description, err);
    (void)snprintf(version, CP_VERSION_MAX, "%s", published.version);
    return code;
}

enum cp_code cp_swept_delete(struct cp_swept *swept, const char *version, struct cp_error *err)
{
    return cp_lambda_delete_version(swept->lambda, swept->function, version, err);
}

/* --- undo --- */

static bool is_ours(const struct cp_swept *s, const struct cp_function_config *f)
{
    return strncmp(f->description, s->token, strlen(s->token)) == 0;
}

struct ours {
    const struct cp_swept *swept;
    char (*versions)[CP_VERSION_MAX];
    size_t n;
    bool is_out_of_memory;
};

static bool keep_ours(void *context, const struct cp_function_config *version)
{
    struct ours *ours = context;
    if (number_of(version->version) <= 0 || !is_ours(ours->swept, version))
        return true;
    char(*versions)[CP_VERSION_MAX] =
        realloc(ours->versions, (ours->n + 1) * sizeof *ours->versions);
    ours->is_out_of_memory = !versions;
    if (!versions)
        return false;
    ours->versions = versions;
    (void)snprintf(versions[ours->n++], CP_VERSION_MAX, "%s", version->version);
    return true;
}

static enum cp_code delete_ours(struct cp_swept *s, struct cp_error *err)
{
    struct ours ours = {.swept = s};
    enum cp_code code = cp_lambda_list_versions(s->lambda, s->function, keep_ours, &ours, err);
    if (!code && ours.is_out_of_memory)
        code = cp_fail(err, CP_ENOMEM, "cannot list the versions to delete: out of memory");
    for (size_t i = 0; i < ours.n; i++) {
        struct cp_error one = {0};
        enum cp_code failed = cp_swept_delete(s, ours.versions[i], &one);
        if (failed && failed != CP_ENOTFOUND && !code)
            code = cp_fail(err, failed, "version %s of '%s' is left behind: %s", ours.versions[i],
                           s->function, one.text);
    }
    free(ours.versions);
    return code;
}

static enum cp_code put_back(struct cp_swept *s, struct cp_error *err)
{
    enum cp_code code = CP_ECONFLICT;
    for (int i = 0; i < CONFLICT_TRIES && code == CP_ECONFLICT; i++) {
        code = look(s, err);
        if (code || !is_ours(s, &s->latest)) /* never written, or a foreign value: left alone */
            return code;
        code = update(s, s->original_memory_mb, s->original_description, err);
    }
    return code;
}

enum cp_code cp_swept_undo(struct cp_swept *swept, struct cp_error *err)
{
    struct cp_error later = {0};
    if (!swept->token[0])
        return CP_OK;
    enum cp_code code = put_back(swept, err);
    if (code)
        (void)cp_fail_context(err, "cannot give '%s' its memory size %d MB back", swept->function,
                              swept->original_memory_mb);
    enum cp_code failed = delete_ours(swept, code ? &later : err);
    return code ? code : failed;
}
