/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/sweep/fake_lambda.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define UNIX_START_MS 1790000000000

static void set(char *to, size_t size, const char *text)
{
    (void)snprintf(to, size, "%s", text);
}

void fake_lambda_init(struct cp_lambda *l)
{
    *l = (struct cp_lambda){
        .now_ms = 1000,
        .init_ms = 80,
        .init_spread_ms = 10,
        .warm_ms_at_1769 = 2,
        .warm_spread_ms = 0.2,
        .lifetime_ms = 6000,
        .fail_at = FAKE_CALLS_NEVER,
        .lose_at = FAKE_CALLS_NEVER,
        .busy_at = FAKE_CALLS_NEVER,
        .revision = 1,
        .other_revision = 1,
        .seed_state = 1,
    };
    l->versions = calloc(FAKE_VERSIONS_MAX, sizeof *l->versions);
    struct cp_function_config *c = &l->latest;
    c->memory_size_mb = 256;
    c->timeout_s = 3;
    set(c->name, sizeof c->name, "hello");
    set(c->arn, sizeof c->arn, FAKE_ARN);
    set(c->version, sizeof c->version, "$LATEST");
    set(c->runtime, sizeof c->runtime, "python3.12");
    set(c->architecture, sizeof c->architecture, "x86_64");
    set(c->code_sha256, sizeof c->code_sha256, "c29kYQ==");
    set(c->layers, sizeof c->layers, "arn:a:1 arn:b:2");
    c->code_size = 2409600;
    set(c->state, sizeof c->state, "Active");
    set(c->last_update_status, sizeof c->last_update_status, "Successful");
    set(c->description, sizeof c->description, "says hello");
}

static void answer(struct cp_lambda *l, struct fake_flight *f);

void fake_lambda_clear(struct cp_lambda *l)
{
    while (l->flights) {
        struct fake_flight *f = l->flights;
        l->flights = f->next;
        answer(l, f);
        free(f);
    }
    free(l->versions);
    l->versions = NULL;
}

size_t fake_lambda_n_versions(const struct cp_lambda *l)
{
    size_t n = 0;
    for (size_t i = 0; i < l->n_versions; i++)
        n += !l->versions[i].is_deleted;
    return n;
}

/* --- clock --- */

static double clock_mono_ms(void *context)
{
    return ((struct cp_lambda *)context)->now_ms;
}

static int64_t clock_unix_ms(void *context)
{
    return UNIX_START_MS + (int64_t)((struct cp_lambda *)context)->now_ms;
}

static void clock_sleep_ms(void *context, double ms)
{
    ((struct cp_lambda *)context)->now_ms += ms;
}

struct cp_sweep_clock fake_lambda_clock(struct cp_lambda *l)
{
    return (struct cp_sweep_clock){l, clock_mono_ms, clock_unix_ms, clock_sleep_ms};
}

/* --- control plane --- */

static enum cp_code refuse(struct cp_lambda *l, enum cp_code code, int status, const char *type,
                           struct cp_error *err)
{
    l->failure = (struct cp_lambda_failure){.http_status = status, .retry_after_s = NAN};
    set(l->failure.error_code, sizeof l->failure.error_code, type);
    return cp_fail(err, code, "%d %s", status, type);
}

static enum cp_code begin_call(struct cp_lambda *l, struct cp_error *err)
{
    l->n_calls++;
    l->now_ms += 1;
    if (l->at_call)
        l->at_call(l->at_context, l->n_calls);
    if (l->n_calls == l->fail_at)
        return refuse(l, CP_EREMOTE, 500, "ServiceException", err);
    if (l->n_calls == l->busy_at)
        return refuse(l, CP_ECONFLICT, 409, "ResourceConflictException", err);
    return CP_OK;
}

enum cp_code cp_lambda_sleep(struct cp_lambda *l, double ms, struct cp_error *err)
{
    (void)err;
    l->now_ms += ms;
    return CP_OK;
}

/* A call about the other function, by its name alone or with a qualifier. */
static void turn_to(struct cp_lambda *l, const char *function)
{
    size_t n = strlen(l->other.name);
    if (!n || strncmp(function, l->other.name, n) != 0 || (function[n] && function[n] != ':'))
        return;
    struct cp_function_config latest = l->latest;
    int64_t revision = l->revision;
    l->latest = l->other;
    l->revision = l->other_revision;
    l->other = latest;
    l->other_revision = revision;
}

/* The end of a change: it has taken effect, and so must be known, or its answer is lost. */
static enum cp_code end_change(struct cp_lambda *l, struct cp_error *err)
{
    l->n_changes++;
    if (l->n_calls == l->lose_at)
        return refuse(l, CP_EREMOTE, 500, "ServiceException", err);
    return CP_OK;
}

static void stamp(struct cp_lambda *l)
{
    (void)snprintf(l->latest.revision_id, sizeof l->latest.revision_id, "rev-%" PRId64,
                   l->revision);
}

static void finish_update(struct cp_lambda *l)
{
    if (strcmp(l->latest.last_update_status, "InProgress") != 0)
        return;
    set(l->latest.last_update_status, sizeof l->latest.last_update_status, "Successful");
    l->revision++; /* again when the update completes */
}

static struct fake_version *find_version(struct cp_lambda *l, const char *version)
{
    for (size_t i = 0; i < l->n_versions; i++) {
        if (!l->versions[i].is_deleted && strcmp(l->versions[i].config.version, version) == 0)
            return &l->versions[i];
    }
    return NULL;
}

static struct fake_version *find_aliased(struct cp_lambda *l, const char *name)
{
    bool is_alias = strcmp(name, l->user_alias.name) == 0;
    return find_version(l, is_alias ? l->user_alias.version : name);
}

/* "live" of "hello:live"; NULL for $LATEST. */
static const char *qualifier_of(const char *function, const char *qualifier)
{
    const char *colon = strncmp(function, "arn:", 4) == 0 ? NULL : strrchr(function, ':');
    const char *name = qualifier || !colon ? qualifier : colon + 1;
    return name && strcmp(name, "$LATEST") != 0 ? name : NULL;
}

enum cp_code cp_lambda_get_function_configuration(struct cp_lambda *l, const char *function,
                                                  const char *qualifier,
                                                  struct cp_function_config *out,
                                                  struct cp_error *err)
{
    turn_to(l, function);
    enum cp_code code = begin_call(l, err);
    if (code)
        return code;
    const char *name = qualifier_of(function, qualifier);
    struct fake_version *version = name ? find_aliased(l, name) : NULL;
    if (name && !version)
        return refuse(l, CP_ENOTFOUND, 404, "ResourceNotFoundException", err);
    stamp(l);
    struct cp_function_config found = version ? version->config : l->latest;
    if (name)
        (void)snprintf(found.arn, sizeof found.arn, FAKE_ARN ":%s", name);
    if (!version && l->pending_looks > 0 && l->pending_looks--)
        set(found.state, sizeof found.state, "Pending");
    if (out)
        *out = found;
    return CP_OK;
}

enum cp_code cp_lambda_get_function(struct cp_lambda *l, const char *function,
                                    const char *qualifier, struct cp_function_config *out,
                                    int *reserved, struct cp_error *err)
{
    if (reserved)
        *reserved = -1;
    enum cp_code code = cp_lambda_get_function_configuration(l, function, qualifier, out, err);
    if (!code)
        finish_update(l); /* the next look sees it through */
    return code;
}

enum cp_code cp_lambda_update_function_configuration(struct cp_lambda *l, const char *function,
                                                     const struct cp_function_update *update,
                                                     struct cp_function_config *out,
                                                     struct cp_error *err)
{
    turn_to(l, function);
    enum cp_code code = begin_call(l, err);
    if (code)
        return code;
    stamp(l);
    if (update->revision_id && strcmp(update->revision_id, l->latest.revision_id) != 0)
        return refuse(l, CP_ECONFLICT, 412, "PreconditionFailedException", err);
    if (update->memory_size_mb)
        l->latest.memory_size_mb = update->memory_size_mb;
    if (update->description)
        set(l->latest.description, sizeof l->latest.description, update->description);
    set(l->latest.last_update_status, sizeof l->latest.last_update_status, "InProgress");
    l->revision++;
    stamp(l);
    if (out)
        *out = l->latest;
    return end_change(l, err);
}

enum cp_code cp_lambda_wait_updated(struct cp_lambda *l, const char *function, int timeout_ms,
                                    struct cp_function_config *out, struct cp_error *err)
{
    (void)timeout_ms;
    turn_to(l, function);
    finish_update(l);
    return cp_lambda_get_function_configuration(l, function, NULL, out, err);
}

enum cp_code cp_lambda_wait_active(struct cp_lambda *l, const char *function, const char *qualifier,
                                   int timeout_ms, struct cp_function_config *out,
                                   struct cp_error *err)
{
    enum cp_code code = CP_OK;
    double until_ms = l->now_ms + timeout_ms;
    do {
        l->now_ms += 1000;
        if (l->now_ms > until_ms)
            return cp_fail(err, CP_ETIMEOUT, "'%s': the activation is not through", function);
        code = cp_lambda_get_function_configuration(l, function, qualifier, out, err);
    } while (!code && strcmp(out->state, "Pending") == 0);
    return code;
}

static bool is_same_configuration(const struct cp_function_config *a,
                                  const struct cp_function_config *b)
{
    return a->memory_size_mb == b->memory_size_mb && strcmp(a->description, b->description) == 0;
}

enum cp_code cp_lambda_publish_version(struct cp_lambda *l, const char *function,
                                       const struct cp_version_publish *publish,
                                       struct cp_function_config *out, struct cp_error *err)
{
    turn_to(l, function);
    enum cp_code code = begin_call(l, err);
    if (code)
        return code;
    stamp(l);
    if (strcmp(l->latest.last_update_status, "InProgress") == 0)
        return refuse(l, CP_ECONFLICT, 409, "ResourceConflictException", err);
    if (publish->revision_id && strcmp(publish->revision_id, l->latest.revision_id) != 0)
        return refuse(l, CP_ECONFLICT, 412, "PreconditionFailedException", err);
    if (publish->code_sha256 && strcmp(publish->code_sha256, l->latest.code_sha256) != 0)
        return refuse(l, CP_EREMOTE, 400, "InvalidParameterValueException", err);
    if (l->n_versions &&
        is_same_configuration(&l->versions[l->n_versions - 1].config, &l->latest)) {
        *out = l->versions[l->n_versions - 1].config;
        return CP_OK;
    }
    if (l->n_versions == FAKE_VERSIONS_MAX)
        return refuse(l, CP_EREMOTE, 400, "CodeStorageExceededException", err);
    struct fake_version *v = &l->versions[l->n_versions++];
    *v = (struct fake_version){.config = l->latest};
    (void)snprintf(v->config.version, sizeof v->config.version, "%zu", l->n_versions);
    set(v->config.description, sizeof v->config.description, publish->description);
    l->revision++;
    *out = v->config;
    return end_change(l, err);
}

enum cp_code cp_lambda_delete_version(struct cp_lambda *l, const char *function,
                                      const char *version, struct cp_error *err)
{
    turn_to(l, function);
    enum cp_code code = begin_call(l, err);
    if (code)
        return code;
    struct fake_version *v = find_version(l, version);
    if (!v)
        return refuse(l, CP_ENOTFOUND, 404, "ResourceNotFoundException", err);
    v->is_deleted = true;
    return end_change(l, err);
}

enum cp_code cp_lambda_list_versions(struct cp_lambda *l, const char *function,
                                     cp_lambda_version_fn each, void *context, struct cp_error *err)
{
    turn_to(l, function);
    enum cp_code code = begin_call(l, err);
    if (code)
        return code;
    bool goes_on = each(context, &l->latest);
    for (size_t i = 0; i < l->n_versions && goes_on; i++) {
        bool is_its_own = strcmp(l->versions[i].config.name, l->latest.name) == 0;
        if (!l->versions[i].is_deleted && is_its_own)
            goes_on = each(context, &l->versions[i].config);
    }
    return CP_OK;
}

enum cp_code cp_lambda_get_provisioned(struct cp_lambda *l, const char *function,
                                       const char *qualifier, struct cp_provisioned_config *out,
                                       struct cp_error *err)
{
    (void)function;
    if (!l->provisioned)
        return cp_fail(err, CP_ENOTFOUND, "no provisioned concurrency for '%s'", qualifier);
    *out = *l->provisioned;
    if (l->now_ms < l->provisioned_at_ms)
        set(out->status, sizeof out->status, "IN_PROGRESS");
    return CP_OK;
}

enum cp_code cp_lambda_get_account_settings(struct cp_lambda *l, struct cp_account_settings *out,
                                            struct cp_error *err)
{
    enum cp_code code = begin_call(l, err);
    if (!code)
        *out = (struct cp_account_settings){1000, 900};
    return code;
}

/* Stands for the embedded service: nothing is probed. */
bool cp_lambda_is_embedded(const struct cp_lambda *l)
{
    (void)l;
    return true;
}

const struct cp_lambda_failure *cp_lambda_last_failure(const struct cp_lambda *l)
{
    return &l->failure;
}

void cp_lambda_set_deadline(struct cp_lambda *l, double mono_ms)
{
    l->deadline_ms = mono_ms;
}

/* Of the real client (config_member.c): here the numbers are set by the tests. */
const char *cp_function_config_difference(const struct cp_function_config *a,
                                          const struct cp_function_config *b, bool with_description)
{
    if (with_description && strcmp(a->description, b->description) != 0)
        return "Description";
    if (strcmp(a->code_sha256, b->code_sha256) != 0)
        return "CodeSha256";
    return a->timeout_s == b->timeout_s ? NULL : "Timeout";
}

uint64_t cp_function_config_hash(const struct cp_function_config *config)
{
    return (uint64_t)config->timeout_s + 1;
}

/* --- aliases and callers --- */

enum cp_code cp_lambda_create_alias(struct cp_lambda *l, const char *function,
                                    const struct cp_alias_config *alias, struct cp_error *err)
{
    (void)function;
    enum cp_code code = begin_call(l, err);
    if (code)
        return code;
    if (l->alias.name[0])
        return refuse(l, CP_ECONFLICT, 409, "ResourceConflictException", err);
    l->alias = *alias;
    return end_change(l, err);
}

enum cp_code cp_lambda_get_alias(struct cp_lambda *l, const char *function, const char *name,
                                 struct cp_alias_config *out, struct cp_error *err)
{
    (void)function;
    enum cp_code code = begin_call(l, err);
    if (code)
        return code;
    if (strcmp(l->alias.name, name) != 0)
        return refuse(l, CP_ENOTFOUND, 404, "ResourceNotFoundException", err);
    *out = l->alias;
    return CP_OK;
}

enum cp_code cp_lambda_delete_alias(struct cp_lambda *l, const char *function, const char *name,
                                    struct cp_error *err)
{
    (void)function;
    enum cp_code code = begin_call(l, err);
    if (code)
        return code;
    if (strcmp(l->alias.name, name) == 0)
        l->alias = (struct cp_alias_config){.name = ""};
    return end_change(l, err);
}

enum cp_code cp_lambda_list_aliases(struct cp_lambda *l, const char *function,
                                    cp_lambda_alias_fn each, void *context, struct cp_error *err)
{
    (void)function;
    enum cp_code code = begin_call(l, err);
    if (!code && l->user_alias.name[0])
        (void)each(context, &l->user_alias);
    return code;
}

enum cp_code cp_lambda_has_policy(struct cp_lambda *l, const char *function, bool *has,
                                  struct cp_error *err)
{
    (void)function;
    *has = l->has_policy;
    return begin_call(l, err);
}

enum cp_code cp_lambda_has_url(struct cp_lambda *l, const char *function, bool *has,
                               struct cp_error *err)
{
    (void)function;
    *has = l->has_url;
    return begin_call(l, err);
}

enum cp_code cp_lambda_has_event_source(struct cp_lambda *l, const char *function, bool *has,
                                        struct cp_error *err)
{
    (void)function;
    *has = l->has_event_source;
    return begin_call(l, err);
}

/* --- copies: refused, tests of the whole program make them --- */

enum cp_code cp_lambda_get_source(struct cp_lambda *l, const char *function, const char *qualifier,
                                  struct cp_function_source *out, struct cp_error *err)
{
    (void)function, (void)qualifier, (void)out;
    return refuse(l, CP_EUNSUPPORTED, 501, "NotImplemented", err);
}

void cp_function_source_clear(struct cp_function_source *source)
{
    (void)source;
}

enum cp_code cp_lambda_download_code(struct cp_lambda *l, const struct cp_function_source *source,
                                     struct cp_buf *zip, struct cp_error *err)
{
    (void)source, (void)zip;
    return refuse(l, CP_EUNSUPPORTED, 501, "NotImplemented", err);
}

enum cp_code cp_lambda_create_copy(struct cp_lambda *l, const struct cp_function_source *source,
                                   const struct cp_function_copy *copy,
                                   struct cp_function_config *out, struct cp_error *err)
{
    (void)source, (void)copy, (void)out;
    return refuse(l, CP_EUNSUPPORTED, 501, "NotImplemented", err);
}

enum cp_code cp_function_copy_describe(const struct cp_function_source *source,
                                       const struct cp_function_copy *copy, struct cp_buf *out,
                                       struct cp_error *err)
{
    (void)source, (void)copy, (void)out;
    return cp_fail(err, CP_EUNSUPPORTED, "no copies here");
}

enum cp_code cp_lambda_delete_copy(struct cp_lambda *l, const char *name, struct cp_error *err)
{
    (void)name;
    return refuse(l, CP_EUNSUPPORTED, 501, "NotImplemented", err);
}

enum cp_code cp_lambda_get_tag(struct cp_lambda *l, const char *arn, const char *key,
                               char value[CP_TAG_VALUE_MAX], struct cp_error *err)
{
    (void)arn, (void)key, (void)value;
    return refuse(l, CP_EUNSUPPORTED, 501, "NotImplemented", err);
}

enum cp_code cp_copy_name(const char *name, const char *run,
                          char out[CP_FUNCTION_NAME_LENGTH_MAX + 1], struct cp_error *err)
{
    (void)name, (void)run, (void)out;
    return cp_fail(err, CP_EUNSUPPORTED, "no copies here");
}

/* --- Invoke --- */

static double uniform(struct cp_lambda *l)
{
    l->seed_state = l->seed_state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (double)(l->seed_state >> 11) / 9007199254740992.0;
}

/* An idle environment that still lives, or a new one. */
static struct fake_env *take_env(struct cp_lambda *l, struct fake_version *v, bool *is_cold)
{
    *is_cold = false;
    for (int i = 0; i < v->n_envs; i++) {
        double idle_ms = l->now_ms - v->envs[i].busy_until_ms;
        if (idle_ms >= 0 && idle_ms <= l->lifetime_ms)
            return &v->envs[i];
    }
    *is_cold = true;
    for (int i = 0; i < v->n_envs; i++) {
        if (l->now_ms - v->envs[i].busy_until_ms > l->lifetime_ms)
            return &v->envs[i];
    }
    return v->n_envs < FAKE_ENVS_MAX ? &v->envs[v->n_envs++] : &v->envs[0];
}

enum cp_code cp_lambda_invoke_start(struct cp_lambda *l, const struct cp_invoke *invoke,
                                    struct cp_error *err)
{
    enum cp_code code = begin_call(l, err);
    if (code)
        return code;
    struct fake_flight *f = calloc(1, sizeof *f);
    *f = (struct fake_flight){.on_done = invoke->on_done,
                              .context = invoke->context,
                              .sent_ms = l->now_ms,
                              .version = find_version(l, invoke->qualifier),
                              .number = ++l->n_invocations,
                              .next = l->flights};
    double busy_ms = 5;
    if (f->version) {
        struct fake_env *env = take_env(l, f->version, &f->is_cold);
        busy_ms += f->is_cold ? l->init_ms : 0;
        bool is_lost = l->lose_every && f->number % l->lose_every == 0;
        env->busy_until_ms = l->now_ms + busy_ms + (is_lost ? l->lost_busy_ms : 0);
    }
    f->answer_ms = l->now_ms + busy_ms;
    l->flights = f;
    int n = 0;
    for (const struct fake_flight *at = l->flights; at; at = at->next)
        n++;
    l->most_in_flight = n > l->most_in_flight ? n : l->most_in_flight;
    return CP_OK;
}

static void base64(const char *text, char *out)
{
    static const char set64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    size_t n = strlen(text);
    for (size_t i = 0; i < n; i += 3) {
        uint32_t bits = 0;
        for (size_t j = 0; j < 3; j++)
            bits = bits << 8 | (i + j < n ? (unsigned char)text[i + j] : 0);
        for (int j = 0; j < 4; j++)
            *out++ = i + (size_t)j > n ? '=' : set64[bits >> (18 - 6 * j) & 63];
    }
    *out = '\0';
}

/* REPORT fields behind Memory Size, as Lambda writes them (facts: report-lines 1). */
/* Returns what init and handler took together, by the record. */
static double write_log(struct cp_lambda *l, const struct fake_flight *f, const char *id, char *log,
                        size_t size)
{
    int mb = f->version->config.memory_size_mb;
    bool is_oom = mb < l->oom_below_mb;
    bool is_timeout = mb < l->timeout_below_mb;
    double share = mb < 1769 ? mb / 1769.0 : 1;
    double duration = l->warm_ms_at_1769 / share + l->warm_spread_ms * uniform(l);
    double init = l->init_ms + l->init_spread_ms * (uniform(l) - 0.5);
    char init_text[64] = "";
    const char *status = "";
    if (is_oom)
        status = "\tStatus: error\tError Type: Runtime.OutOfMemory";
    if (is_timeout) {
        status = "\tStatus: timeout";
        duration = 3000;
    }
    if (f->is_cold && !l->has_suppressed_init)
        (void)snprintf(init_text, sizeof init_text, "\tInit Duration: %.2f ms", init);
    int n = 0;
    if (f->is_cold && l->has_suppressed_init)
        n = snprintf(log, size, "INIT_REPORT Init Duration: %.2f ms\tPhase: invoke\n", init);
    (void)snprintf(log + n, size - (size_t)n,
                   "START RequestId: %s Version: %s\nEND RequestId: %s\n"
                   "REPORT RequestId: %s\tDuration: %.2f ms\tBilled Duration: %.0f ms\t"
                   "Memory Size: %d MB\tMax Memory Used: %d MB%s%s\t\n",
                   id, f->version->config.version, id, id, duration,
                   ceil(duration + (f->is_cold ? init : 0)), mb, is_oom ? mb : 40, init_text,
                   status);
    return duration + (f->is_cold ? init : 0);
}

static void answer_ran(struct cp_lambda *l, struct fake_flight *f, struct cp_invoke_result *r)
{
    char log[1024];
    char encoded[2048];
    int mb = f->version->config.memory_size_mb;
    /* no answer comes before the work is done */
    r->client_ms = fmax(r->client_ms, write_log(l, f, r->request_id, log, sizeof log));
    base64(log, encoded);
    r->http_status = 200;
    set(r->executed_version, sizeof r->executed_version, f->version->config.version);
    r->log_result = cp_view_of(l->hides_records ? "" : encoded);
    r->payload = CP_VIEW_LIT("\"hello\"");
    if (mb < l->oom_below_mb) {
        set(r->function_error, sizeof r->function_error, "Unhandled");
        r->payload = CP_VIEW_LIT("{\"errorType\":\"Runtime.OutOfMemory\",\"errorMessage\":\"x\"}");
    } else if (mb < l->timeout_below_mb) {
        set(r->function_error, sizeof r->function_error, "Unhandled");
        r->payload = CP_VIEW_LIT("{\"errorType\":\"Sandbox.Timedout\",\"errorMessage\":\"x\"}");
    } else if (l->always_fails ||
               (l->failing && strcmp(l->failing, f->version->config.name) == 0)) {
        set(r->function_error, sizeof r->function_error, "Unhandled");
        r->payload = CP_VIEW_LIT("{\"errorType\":\"KeyError\",\"errorMessage\":\"x\"}");
    }
    f->on_done(f->context, r);
}

static bool is_turn(int every, int number)
{
    return every && number % every == 0;
}

static void answer_failed(struct fake_flight *f, struct cp_invoke_result *r, int status,
                          const char *type)
{
    r->http_status = status;
    r->failure.http_status = status;
    set(r->failure.error_code, sizeof r->failure.error_code, type);
    f->on_done(f->context, r);
}

static void answer(struct cp_lambda *l, struct fake_flight *f)
{
    struct cp_invoke_result r = {
        .http_status = -1,
        .sent_at_ms = UNIX_START_MS + (int64_t)f->sent_ms,
        .client_ms = f->answer_ms - f->sent_ms,
        .failure = {.http_status = -1, .retry_after_s = NAN},
    };
    (void)snprintf(r.request_id, sizeof r.request_id, "00000000-0000-4000-8000-%012d", f->number);
    if (is_turn(l->throttle_every, f->number)) {
        r.failure.retry_after_s = 2;
        set(r.failure.reason, sizeof r.failure.reason,
            l->throttle_reason ? l->throttle_reason : "ConcurrentInvocationLimitExceeded");
        answer_failed(f, &r, 429, "TooManyRequestsException");
    } else if (is_turn(l->lose_every, f->number)) {
        r.may_have_run = true;
        r.code = cp_fail(&r.error, CP_EIO, "connection reset");
        f->on_done(f->context, &r);
    } else if (is_turn(l->unreach_every, f->number)) {
        r.code = cp_fail(&r.error, CP_EIO, "connection refused");
        f->on_done(f->context, &r);
    } else if (is_turn(l->no_env_every, f->number)) {
        answer_failed(f, &r, 502, "EC2ThrottledException");
    } else if (f->number == l->forbid_at) {
        answer_failed(f, &r, 403, "AccessDeniedException");
    } else if (!f->version) {
        answer_failed(f, &r, 404, "ResourceNotFoundException");
    } else {
        answer_ran(l, f, &r);
    }
}

static struct fake_flight **next_answer(struct cp_lambda *l)
{
    struct fake_flight **soonest = NULL;
    for (struct fake_flight **at = &l->flights; *at; at = &(*at)->next) {
        if (!soonest || (*at)->answer_ms <= (*soonest)->answer_ms)
            soonest = at;
    }
    return soonest;
}

enum cp_code cp_lambda_poll(struct cp_lambda *l, int timeout_ms, size_t *in_flight,
                            struct cp_error *err)
{
    (void)err;
    double until = l->now_ms + timeout_ms;
    struct fake_flight **at = next_answer(l);
    if (!at || (*at)->answer_ms > until) {
        l->now_ms = until;
    } else {
        struct fake_flight *f = *at;
        *at = f->next;
        l->now_ms = fmax(l->now_ms, f->answer_ms);
        answer(l, f);
        free(f);
    }
    if (in_flight)
        *in_flight = l->flights != NULL;
    return CP_OK;
}
