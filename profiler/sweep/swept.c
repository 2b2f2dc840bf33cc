/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/sweep/swept.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "profiler/sweep/leftover.h"
#include "profiler/sweep/refuse.h"

enum {
    UPDATE_TIMEOUT_MS = 5 * 60 * 1000,
    CONFLICT_TRIES = 5,
    QUICK_LOOK_MS = 5,
    QUICK_LOOK_MAX_MS = 160,
};

static const struct cp_swept_method *method_of(const struct cp_swept *s)
{
    static const struct cp_swept_method *const methods[CP_METHODS] = {
        [CP_METHOD_OWN] = &cp_swept_own,
        [CP_METHOD_SHADOW] = &cp_swept_shadow,
        [CP_METHOD_IN_PLACE] = &cp_swept_in_place,
        [CP_METHOD_AS_IS] = &cp_swept_as_is,
    };
    return methods[s->place.method];
}

/* --- reading --- */

static bool is_updating(const struct cp_function_config *f)
{
    return strcmp(f->last_update_status, "InProgress") == 0;
}

static bool is_pending(const struct cp_function_config *version)
{
    return strcmp(version->state, "Pending") == 0;
}

static bool is_in_motion(const struct cp_function_config *f)
{
    return is_pending(f) || is_updating(f);
}

/* An update takes milliseconds on the embedded service and a second or more on AWS: a few quick
 * looks (GetFunction has a limit of its own, 100 a second), then the client's wait of 1 s steps.
 * Pending is a function just created, or one whose image or VPC is being made ready again. */
static enum cp_code settle(struct cp_swept *s, struct cp_error *err)
{
    enum cp_code code = CP_OK;
    for (int wait_ms = QUICK_LOOK_MS; wait_ms <= QUICK_LOOK_MAX_MS; wait_ms *= 2) {
        if (!is_in_motion(&s->latest))
            return CP_OK;
        s->clock->sleep_ms(s->clock->context, wait_ms);
        code = cp_lambda_get_function(s->lambda, s->function, NULL, &s->latest, NULL, err);
        if (code)
            return code;
    }
    if (is_pending(&s->latest))
        code =
            cp_lambda_wait_active(s->lambda, s->function, NULL, UPDATE_TIMEOUT_MS, &s->latest, err);
    if (code || !is_updating(&s->latest))
        return code;
    return cp_lambda_wait_updated(s->lambda, s->function, UPDATE_TIMEOUT_MS, &s->latest, err);
}

/* The same for a version that is being made ready: a VPC, an image, a snapshot. */
static enum cp_code settle_version(struct cp_swept *s, struct cp_function_config *version,
                                   struct cp_error *err)
{
    char number[sizeof version->version];
    memcpy(number, version->version, sizeof number);
    for (int wait_ms = QUICK_LOOK_MS; wait_ms <= QUICK_LOOK_MAX_MS && is_pending(version);
         wait_ms *= 2) {
        s->clock->sleep_ms(s->clock->context, wait_ms);
        enum cp_code code =
            cp_lambda_get_function(s->lambda, s->function, number, version, NULL, err);
        if (code)
            return code;
    }
    if (strcmp(version->state, "Failed") == 0)
        return cp_fail(err, CP_EREMOTE,
                       "version %s of '%s' cannot be used: its state is Failed (%s); see its log",
                       number, s->function, version->state_reason_code);
    if (!is_pending(version))
        return CP_OK;
    return cp_lambda_wait_active(s->lambda, s->function, number, UPDATE_TIMEOUT_MS, version, err);
}

enum cp_code cp_swept_look(struct cp_swept *s, struct cp_error *err)
{
    enum cp_code code =
        cp_lambda_get_function_configuration(s->lambda, s->function, NULL, &s->latest, err);
    return code ? code : settle(s, err);
}

enum cp_code cp_swept_read(struct cp_swept *swept, struct cp_lambda *lambda,
                           const struct cp_sweep_clock *clock, const struct cp_sweep_place *place,
                           const char *function, struct cp_error *err)
{
    *swept = (struct cp_swept){.lambda = lambda, .clock = clock, .place = *place};
    if (!cp_view_copy(cp_view_of(function), swept->function, sizeof swept->function))
        return cp_fail(err, CP_ELIMIT, "the function name is too long");
    if (place->method == CP_METHOD_AS_IS) {
        swept->target = swept->latest = *place->as_is;
        return CP_OK;
    }
    enum cp_code code = cp_swept_look(swept, err);
    swept->target = swept->latest;
    if (!code)
        code = cp_refuse_function(&swept->latest, function, place->method == CP_METHOD_SHADOW, err);
    if (!code && place->method != CP_METHOD_OWN)
        code = cp_leftover_check(place->journal_folder, swept->latest.arn, err);
    return code ? code : method_of(swept)->check(swept, err);
}

void cp_swept_clear(struct cp_swept *swept)
{
    cp_journal_close(swept->journal);
    swept->journal = NULL;
    cp_snapshots_clear(&swept->snapshots);
    free(swept->stock);
    swept->stock = NULL;
}

static bool keep_highest(void *context, const struct cp_function_config *version)
{
    long *highest = context;
    long number = cp_version_number(version->version);
    if (number > *highest)
        *highest = number;
    return true;
}

enum cp_code cp_swept_find_highest(struct cp_swept *s, struct cp_error *err)
{
    return cp_lambda_list_versions(s->lambda, s->function, keep_highest, &s->highest_version, err);
}

/* --- the interface --- */

enum cp_code cp_swept_begin(struct cp_swept *swept, const struct cp_swept_begin *begin,
                            struct cp_error *err)
{
    (void)snprintf(swept->token, sizeof swept->token, CP_OUR_WORD "%s ", begin->run_id);
    (void)snprintf(swept->original_description, sizeof swept->original_description, "%s",
                   begin->original_description);
    swept->original_memory_mb = begin->original_memory_mb;
    swept->n_published = begin->first;
    return method_of(swept)->begin(swept, begin, err);
}

enum cp_code cp_swept_version(struct cp_swept *swept, int memory_size_mb,
                              char version[CP_VERSION_MAX], struct cp_error *err)
{
    return method_of(swept)->version(swept, memory_size_mb, version, err);
}

static double now_ms(const struct cp_swept *s)
{
    return s->clock->mono_ms(s->clock->context);
}

enum cp_code cp_swept_release(struct cp_swept *swept, const char *version, struct cp_error *err)
{
    const struct cp_journal_field field = {"version", version};
    if (swept->place.method == CP_METHOD_AS_IS)
        return CP_OK;
    enum cp_code code = cp_change_intend(swept->journal, CP_CHANGE_DELETE_VERSION, &field, 1, err);
    if (code)
        return code;
    code = cp_lambda_delete_version(swept->lambda, swept->function, version, err);
    if (!code)
        cp_snapshots_end(&swept->snapshots, version, now_ms(swept));
    return cp_change_settle(swept->journal, CP_CHANGE_DELETE_VERSION, code, err);
}

/* --- what shadow and in place begin with --- */

bool cp_swept_is_unanswered(const struct cp_swept *swept)
{
    int status = cp_lambda_last_failure(swept->lambda)->http_status;
    return status < 0 || status >= 500;
}

enum cp_code cp_swept_start_facts(struct cp_swept *s, const char *run_id, struct cp_error *err)
{
    struct cp_undo_facts *f = &s->facts;
    uint32_t random = 0;
    if (getrandom(&random, sizeof random, 0) != (ssize_t)sizeof random)
        return cp_fail(err, CP_EIO, "no random number for the token of this run");
    *f = (struct cp_undo_facts){.method = s->place.method};
    (void)snprintf(f->run, sizeof f->run, "%s", run_id);
    (void)snprintf(f->token, sizeof f->token, "%s-%08x", f->run, random);
    (void)snprintf(f->region, sizeof f->region, "%s", s->place.region ? s->place.region : "");
    cp_arn_unqualified(s->latest.arn, f->function_arn);
    const char *url = s->place.endpoint_url ? s->place.endpoint_url : "";
    if (!cp_view_copy(cp_view_of(url), f->endpoint_url, sizeof f->endpoint_url))
        return cp_fail(err, CP_ELIMIT, "the endpoint's URL is too long");
    return CP_OK;
}

enum cp_code cp_swept_open_journal(struct cp_swept *s, struct cp_error *err)
{
    enum cp_code code =
        cp_journal_create(s->place.journal_folder, s->facts.token, &s->journal, err);
    return code ? code : cp_undo_facts_write(&s->facts, s->journal, err);
}

/* --- publishing --- */

/* Another update in progress is waited for; anything else in the way was somebody else. */
static bool is_worth_waiting(const struct cp_swept *s)
{
    const struct cp_lambda_failure *failure = cp_lambda_last_failure(s->lambda);
    return strcmp(failure->error_code, "ResourceConflictException") == 0;
}

enum cp_code cp_swept_fail_changed(const struct cp_swept *s, const char *what, struct cp_error *err)
{
    return cp_fail(err, CP_ECONFLICT, "'%s' was changed by somebody else during the sweep: %s",
                   s->function, what);
}

/* Somebody else was there between our look and our call: says what he changed. */
static enum cp_code explain_conflict(struct cp_swept *s, struct cp_error *err)
{
    struct cp_function_config before = s->latest;
    struct cp_error ignored;
    const char *what = NULL;
    if (!cp_swept_look(s, &ignored))
        what = cp_function_config_difference(&before, &s->latest, true);
    if (!what && before.memory_size_mb != s->latest.memory_size_mb)
        what = "MemorySize";
    return cp_swept_fail_changed(s, what ? what : "its RevisionId", err);
}

/* A repeated update meets the RevisionId that its first attempt, whose answer was lost, has made:
 * then it is as we wanted it, and nothing else is different. */
static bool has_taken_effect(struct cp_swept *s, const struct cp_function_update *change)
{
    struct cp_function_config before = s->latest;
    struct cp_error ignored;
    bool is_so = !cp_swept_look(s, &ignored) &&
                 s->latest.memory_size_mb == change->memory_size_mb &&
                 before.memory_size_mb != change->memory_size_mb &&
                 !cp_function_config_difference(&before, &s->latest, change->description == NULL) &&
                 (!change->description || strcmp(s->latest.description, change->description) == 0);
    if (!is_so)
        s->latest = before;
    return is_so;
}

/* The update that was in the way changed nothing that we know of: its RevisionId may be taken.
 * Otherwise the next update would overwrite what somebody else has just written. */
static bool is_as_before(struct cp_swept *s)
{
    struct cp_function_config before = s->latest;
    struct cp_error ignored;
    bool is_so = !cp_swept_look(s, &ignored) && s->latest.memory_size_mb == before.memory_size_mb &&
                 !cp_function_config_difference(&before, &s->latest, true);
    if (!is_so)
        s->latest = before;
    return is_so;
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
        if (code != CP_ECONFLICT)
            continue;
        bool is_in_progress = is_worth_waiting(s); /* before the next call */
        if (has_taken_effect(s, &change))
            return CP_OK;
        if (!is_in_progress || !is_as_before(s))
            return explain_conflict(s, err);
    }
    return code ? code : settle(s, err);
}

enum cp_code cp_swept_update(struct cp_swept *s, int memory_size_mb, const char *description,
                             struct cp_error *err)
{
    char memory[16];
    const struct cp_journal_field field = {"memory", memory};
    (void)snprintf(memory, sizeof memory, "%d", memory_size_mb);
    enum cp_code code = cp_change_intend(s->journal, CP_CHANGE_MEMORY, &field, 1, err);
    if (code)
        return code;
    cp_undo_facts_writing(&s->facts, memory_size_mb);
    code = update(s, memory_size_mb, description, err);
    return cp_change_settle(s->journal, CP_CHANGE_MEMORY, code, err);
}

enum cp_code cp_swept_check_same(const struct cp_swept *s, const struct cp_function_config *before,
                                 bool with_description, struct cp_error *err)
{
    const char *what = cp_function_config_difference(before, &s->latest, with_description);
    return what ? cp_swept_fail_changed(s, what, err) : CP_OK;
}

static enum cp_code check_published(struct cp_swept *s, const struct cp_function_config *version,
                                    int memory_size_mb, const char *description,
                                    struct cp_error *err)
{
    long number = cp_version_number(version->version);
    if (number <= s->highest_version)
        return cp_fail(err, CP_ECONFLICT,
                       "publishing '%s' returned version '%s', which existed before", s->function,
                       version->version);
    s->highest_version = number;
    if (version->memory_size_mb != memory_size_mb)
        return cp_swept_fail_changed(s, "MemorySize", err);
    if (strcmp(version->description, description) != 0)
        return cp_swept_fail_changed(s, "Description", err);
    return CP_OK;
}

static enum cp_code publish(struct cp_swept *s, int memory_size_mb, const char *description,
                            struct cp_function_config *version, struct cp_error *err)
{
    const struct cp_version_publish wanted = {
        .description = description,
        .revision_id = s->latest.revision_id,
        .code_sha256 = s->latest.code_sha256,
    };
    enum cp_code code = cp_lambda_publish_version(s->lambda, s->function, &wanted, version, err);
    if (code == CP_ECONFLICT && !is_worth_waiting(s))
        return explain_conflict(s, err);
    if (code)
        return code;
    code = check_published(s, version, memory_size_mb, description, err);
    return code ? code : settle_version(s, version, err);
}

enum cp_code cp_swept_publish(struct cp_swept *s, int memory_size_mb, const char *description,
                              struct cp_function_config *version, struct cp_error *err)
{
    char memory[16];
    const struct cp_journal_field field = {"memory", memory};
    (void)snprintf(memory, sizeof memory, "%d", memory_size_mb);
    enum cp_code code = cp_change_intend(s->journal, CP_CHANGE_PUBLISH, &field, 1, err);
    if (!code)
        code = cp_snapshots_begin(&s->snapshots, memory_size_mb, now_ms(s), err);
    if (code)
        return code;
    code = publish(s, memory_size_mb, description, version, err);
    if (!code)
        cp_snapshots_name(&s->snapshots, version->version);
    return cp_change_settle(s->journal, CP_CHANGE_PUBLISH, code, err);
}

/* --- undo --- */

static enum cp_code undo_journal(struct cp_swept *swept, struct cp_undo_report *report,
                                 struct cp_error *err)
{
    if (!swept->journal)
        return CP_OK;
    enum cp_code code = cp_undo(swept->lambda, &swept->facts, swept->journal, report, err);
    if (code)
        return code;
    struct cp_journal *journal = swept->journal;
    swept->journal = NULL;
    return cp_journal_end(journal, err);
}

enum cp_code cp_swept_undo(struct cp_swept *swept, struct cp_undo_report *report,
                           struct cp_error *err)
{
    bool is_own = swept->place.method == CP_METHOD_OWN;
    enum cp_code code = is_own ? cp_swept_own_undo(swept, err) : undo_journal(swept, report, err);
    if (!code)
        cp_snapshots_end(&swept->snapshots, NULL, now_ms(swept));
    return code;
}
