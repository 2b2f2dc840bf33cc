/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "probes/local/pool.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "probes/local/code_package.h"
#include "probes/local/idle_law.h"
#include "probes/os/clock.h"

struct function {
    char name[72];
    int busy;     /* on-demand requests in environments of any version */
    int reserved; /* -1 none */
    struct function *next;
};

/* One configuration and its environments. Outlives its retirement until the last one ended. */
struct member {
    struct cp_pool *pool;
    struct cp_configuration config;
    struct cp_function_folder folder; /* config.folder points here */
    struct function *function;
    bool is_retired;
    int provisioned;                  /* requested */
    bool is_provisioned_usable;       /* all of them were ready once */
    int n_starts_failed;              /* in a row, of provisioned environments */
    int n_copies_wanted;              /* of the snapshot, while it is made; 0 after */
    bool has_snapshot;                /* its init was reported */
    struct cp_loop_timer provisioner; /* brings the number of provisioned environments to it */
    struct cp_env *envs;
    struct member *next;
};

struct cp_pool {
    struct cp_pool_options options;
    struct cp_env_host host;
    struct cp_slot_stock stock;
    struct function *functions;
    struct member *members;
    uint64_t n_created;
    int busy_unreserved; /* on-demand requests of functions without reserved concurrency */
};

static struct member *member_of(const struct cp_env *env)
{
    return env->owner;
}

/* --- life of members and environments --- */

static struct function *find_function(struct cp_pool *pool, const char *name)
{
    for (struct function *f = pool->functions; f; f = f->next) {
        if (strcmp(f->name, name) == 0)
            return f;
    }
    struct function *f = calloc(1, sizeof *f);
    if (!f)
        return NULL;
    (void)cp_view_copy(cp_view_of(name), f->name, sizeof f->name);
    f->next = pool->functions;
    pool->functions = f;
    return f;
}

static struct member *find_member(const struct cp_pool *pool, int64_t configuration_id)
{
    for (struct member *m = pool->members; m; m = m->next) {
        if (m->config.id == configuration_id)
            return m;
    }
    return NULL;
}

static void on_provisioner(struct cp_loop_timer *timer);

static struct member *add_member(struct cp_pool *pool, const struct cp_configuration *config)
{
    struct member *m = calloc(1, sizeof *m);
    struct function *f = m ? find_function(pool, config->folder->name) : NULL;
    if (!f) {
        free(m);
        return NULL;
    }
    m->pool = pool;
    m->config = *config;
    m->folder = *config->folder;
    (void)cp_code_package_ref(m->folder.package);
    m->config.folder = &m->folder;
    m->function = f;
    m->provisioner.on_due = on_provisioner;
    m->next = pool->members;
    pool->members = m;
    return m;
}

static void remove_member_if_over(struct member *m)
{
    if (!m->is_retired || m->envs)
        return;
    struct member **at = &m->pool->members;
    while (*at != m)
        at = &(*at)->next;
    *at = m->next;
    cp_loop_timer_cancel(m->pool->options.loop, &m->provisioner);
    cp_code_package_unref(m->folder.package);
    free(m);
}

static void end_env(struct cp_env *env)
{
    struct member *m = member_of(env);
    struct cp_env **at = &m->envs;
    while (*at != env)
        at = &(*at)->next;
    *at = env->next;
    cp_runtime_api_close(m->pool->options.runtime_api, env);
    if ((env->is_provisioned && m->provisioned) || m->n_copies_wanted)
        (void)cp_loop_timer_set(m->pool->options.loop, &m->provisioner, cp_clock_mono_ms());
    cp_env_free(env);
    remove_member_if_over(m);
}

static enum cp_code start_env(struct member *m, struct cp_invocation *invocation,
                              struct cp_error *err)
{
    struct cp_pool *pool = m->pool;
    struct cp_slot *slot;
    struct cp_env *env;
    enum cp_code code = cp_slot_stock_take(&pool->stock, &slot, err);
    if (!code)
        code = cp_env_new(&pool->host, &m->config, slot, ++pool->n_created, invocation,
                          m->has_snapshot, &env, err);
    if (code)
        return code;
    m->has_snapshot = m->config.is_snap_start;
    env->owner = m;
    env->next = m->envs;
    m->envs = env;
    cp_runtime_api_open(pool->options.runtime_api, env);
    return CP_OK;
}

/* --- provisioned concurrency --- */

static int count_provisioned(const struct member *m, int *n_ready)
{
    int n = 0;
    *n_ready = 0;
    for (const struct cp_env *env = m->envs; env; env = env->next) {
        n += env->is_provisioned;
        *n_ready += env->is_provisioned && (env->state == CP_ENV_IDLE || env->state == CP_ENV_BUSY);
    }
    return n;
}

static void report_progress(struct member *m, const char *failure)
{
    int n_ready;
    (void)count_provisioned(m, &n_ready);
    if (n_ready >= m->provisioned)
        m->is_provisioned_usable = true;
    m->pool->options.on_progress(m->pool->options.context, m->config.id, n_ready, failure);
}

static struct cp_env *free_provisioned(const struct member *m)
{
    for (struct cp_env *env = m->envs; env; env = env->next) {
        if (env->is_provisioned && !env->invocation)
            return env;
    }
    return NULL;
}

/* --- SnapStart --- */

static struct cp_env *find_copy(const struct member *m)
{
    struct cp_env *oldest = NULL;
    for (struct cp_env *env = m->envs; env; env = env->next) {
        if (env->state == CP_ENV_SNAPSHOT && !env->invocation)
            oldest = env; /* new ones are put in front */
    }
    return oldest;
}

static void end_snapshot(struct member *m, const char *failure)
{
    m->n_copies_wanted = 0;
    m->pool->options.on_snapshot(m->pool->options.context, m->config.id, failure);
}

/* One after the other: the first one's init is the one that is reported. */
static void make_copies(struct member *m)
{
    struct cp_error err;
    int n = 0;
    for (const struct cp_env *env = m->envs; env; env = env->next) {
        if (env->state == CP_ENV_STARTING || env->state == CP_ENV_INIT)
            return;
        n += env->state == CP_ENV_SNAPSHOT;
    }
    if (n >= m->n_copies_wanted)
        end_snapshot(m, NULL);
    else if (start_env(m, NULL, &err))
        end_snapshot(m, "InternalError");
}

/* Too many: free ones end, busy ones after their request. Too few: new ones start. */
static void on_provisioner(struct cp_loop_timer *timer)
{
    struct member *m = CP_OWNER_OF(timer, struct member, provisioner);
    struct cp_error err;
    if (m->n_copies_wanted) {
        make_copies(m);
        return;
    }
    int n_ready, n = count_provisioned(m, &n_ready);
    for (; n > m->provisioned; n--) {
        struct cp_env *env = free_provisioned(m);
        if (!env)
            break;
        end_env(env);
    }
    for (; n < m->provisioned; n++) {
        if (start_env(m, NULL, &err))
            break;
    }
    if (m->provisioned)
        report_progress(m, NULL);
}

void cp_pool_provision(struct cp_pool *pool, const struct cp_configuration *config, int count)
{
    struct member *m = find_member(pool, config->id);
    if (!m && count)
        m = add_member(pool, config);
    if (!m)
        return;
    if (count > m->provisioned)
        m->is_provisioned_usable = false;
    m->provisioned = count;
    m->n_starts_failed = 0;
    /* Later: this is called from within an operation of the control plane. */
    (void)cp_loop_timer_set(pool->options.loop, &m->provisioner, cp_clock_mono_ms());
}

void cp_pool_make_snapshot(struct cp_pool *pool, const struct cp_configuration *config)
{
    struct member *m = find_member(pool, config->id);
    if (!m)
        m = add_member(pool, config);
    if (!m) {
        pool->options.on_snapshot(pool->options.context, config->id, "InternalError");
        return;
    }
    m->n_copies_wanted = pool->options.n_snapshots;
    (void)cp_loop_timer_set(pool->options.loop, &m->provisioner, cp_clock_mono_ms());
}

/* --- what environments tell --- */

static void on_initialised(struct cp_env *env)
{
    struct member *m = member_of(env);
    if (m->n_copies_wanted)
        (void)cp_loop_timer_set(m->pool->options.loop, &m->provisioner, cp_clock_mono_ms());
    if (m->config.is_snap_start)
        return;
    member_of(env)->n_starts_failed = 0;
    report_progress(member_of(env), NULL);
}

static void on_init_failed(struct cp_env *env)
{
    enum { TRIES = 3 };
    struct member *m = member_of(env);
    if (m->config.is_snap_start && m->n_copies_wanted)
        end_snapshot(m, "FunctionError.RuntimeInitError");
    else if (++m->n_starts_failed >= TRIES) {
        m->provisioned = 0; /* end_env does not replace it */
        m->pool->options.on_progress(m->pool->options.context, m->config.id, 0,
                                     "FUNCTION_ERROR_INIT_FAILURE");
    }
    end_env(env);
}

static struct cp_metric_call metric_call(const struct member *m, const char *qualifier)
{
    return (struct cp_metric_call){m->function->name, qualifier, m->config.version};
}

static void count_begin(const struct member *m, const struct cp_configuration *config,
                        struct cp_invocation *invocation)
{
    invocation->began_at_ms = cp_clock_unix_ms();
    invocation->is_spillover = m->provisioned > 0 && !invocation->is_provisioned;
    (void)cp_view_copy(cp_view_of(config->qualifier), invocation->qualifier,
                       sizeof invocation->qualifier);
    const struct cp_metric_call call = metric_call(m, invocation->qualifier);
    cp_metric_store_begin(m->pool->options.metrics, &call, invocation->began_at_ms);
}

static void count_end(const struct member *m, const struct cp_invocation *invocation)
{
    const struct cp_metric_call call = metric_call(m, invocation->qualifier);
    const struct cp_metric_result result = {
        .began_at_ms = invocation->began_at_ms,
        .ended_at_ms = cp_clock_unix_ms(),
        .duration_ms = invocation->duration_ms,
        .is_error = invocation->is_error || invocation->function_error || invocation->api_status,
        .is_provisioned = invocation->is_provisioned,
        .is_spillover = invocation->is_spillover,
    };
    cp_metric_store_end(m->pool->options.metrics, &call, &result);
}

static void on_done(struct cp_env *env, struct cp_invocation *invocation)
{
    struct member *m = member_of(env);
    count_end(m, invocation);
    if (invocation->is_provisioned)
        return;
    m->function->busy--;
    if (invocation->is_unreserved)
        m->pool->busy_unreserved--;
}

static bool is_surplus(const struct cp_env *env)
{
    const struct member *m = member_of(env);
    int n_ready;
    return env->is_provisioned && count_provisioned(m, &n_ready) > m->provisioned;
}

static void on_free(struct cp_env *env)
{
    const struct member *m = member_of(env);
    /* A provisioned environment is replaced after a failure; an on-demand one repeats init. */
    bool is_replaced = env->is_provisioned || m->config.is_snap_start;
    if (m->is_retired || is_surplus(env) || (is_replaced && env->state == CP_ENV_RESET)) {
        end_env(env);
        return;
    }
    if (!env->is_provisioned)
        cp_env_expire_after(env,
                            cp_idle_law_draw_ms(&m->pool->options.idle_law, m->pool->options.rng));
}

static void on_connection(struct cp_env *env, int fd)
{
    cp_runtime_api_connect(member_of(env)->pool->options.runtime_api, fd);
}

static bool is_quiet(void *context)
{
    const struct cp_pool *pool = context;
    for (const struct member *m = pool->members; m; m = m->next) {
        for (const struct cp_env *env = m->envs; env; env = env->next) {
            if (env->state == CP_ENV_INIT)
                return false;
        }
    }
    return true;
}

/* --- requests --- */

static struct cp_env *find_env(const struct member *m, bool is_provisioned)
{
    struct cp_env *best = NULL;
    for (struct cp_env *env = m->envs; env; env = env->next) {
        if (env->is_provisioned == is_provisioned && cp_env_is_free(env) &&
            (!best || env->number > best->number))
            best = env;
    }
    return best;
}

/* Reason of the throttle, or NULL. Provisioned concurrency is inside the reserved one. */
static const char *throttle_reason(const struct cp_pool *pool, const struct member *m,
                                   const struct cp_configuration *config)
{
    if (config->reserved >= 0) {
        int provisioned = 0;
        for (const struct member *other = pool->members; other; other = other->next) {
            if (other->function == m->function && !other->is_retired)
                provisioned += other->provisioned;
        }
        return m->function->busy + provisioned >= config->reserved
                   ? "ReservedFunctionConcurrentInvocationLimitExceeded"
                   : NULL;
    }
    return pool->busy_unreserved >= config->account_unreserved ? "ConcurrentInvocationLimitExceeded"
                                                               : NULL;
}

static bool invoke_on_demand(struct member *m, const struct cp_configuration *config,
                             struct cp_invocation *invocation, struct cp_api_response *refusal)
{
    struct cp_error err = {.code = CP_OK};
    struct cp_env *env = find_env(m, false);
    if (!env)
        env = find_copy(m);
    m->function->busy++;
    if (invocation->is_unreserved)
        m->pool->busy_unreserved++;
    count_begin(m, config, invocation);
    if (env) {
        cp_env_assign(env, invocation);
        return true;
    }
    if (!start_env(m, invocation, &err))
        return true;
    m->function->busy--;
    if (invocation->is_unreserved)
        m->pool->busy_unreserved--;
    invocation->is_error = true;
    count_end(m, invocation);
    cp_api_fail(refusal, 500, "ServiceException", NULL, "%s", err.text);
    return false;
}

bool cp_pool_invoke(struct cp_pool *pool, const struct cp_configuration *config,
                    struct cp_invocation *invocation, struct cp_api_response *refusal)
{
    struct member *m = find_member(pool, config->id);
    if (!m)
        m = add_member(pool, config);
    if (!m) {
        cp_api_fail(refusal, 500, "ServiceException", NULL, "out of memory");
        return false;
    }
    struct cp_env *env = m->is_provisioned_usable ? find_env(m, true) : NULL;
    invocation->is_provisioned = env != NULL;
    if (env) {
        count_begin(m, config, invocation);
        cp_env_assign(env, invocation);
        return true;
    }
    const char *reason = throttle_reason(pool, m, config);
    if (reason) {
        const struct cp_metric_call call = metric_call(m, config->qualifier);
        cp_metric_store_throttle(pool->options.metrics, &call, cp_clock_unix_ms());
        cp_api_fail(refusal, 429, "TooManyRequestsException", reason, "Rate Exceeded.");
        refusal->retry_after_s = 0;
        return false;
    }
    invocation->is_unreserved = config->reserved < 0;
    return invoke_on_demand(m, config, invocation, refusal);
}

static void retire_member(struct member *m, bool busy_too)
{
    m->provisioned = 0;
    for (struct cp_env *env = m->envs, *next; env; env = next) {
        next = env->next;
        if (busy_too || !env->invocation)
            end_env(env);
    }
    m->is_retired = true; /* only now: with its last environment it is gone */
    remove_member_if_over(m);
}

void cp_pool_retire(struct cp_pool *pool, int64_t configuration_id)
{
    struct member *m = find_member(pool, configuration_id);
    if (m)
        retire_member(m, false);
}

/* --- the pool --- */

const struct cp_slot_stock *cp_pool_stock(const struct cp_pool *pool)
{
    return &pool->stock;
}

enum cp_code cp_pool_new(const struct cp_pool_options *options, struct cp_pool **out,
                         struct cp_error *err)
{
    struct cp_pool *pool = calloc(1, sizeof *pool);
    if (!pool)
        return cp_fail(err, CP_ENOMEM, "cannot make the pool of environments: out of memory");
    pool->options = *options;
    pool->host = (struct cp_env_host){
        .loop = options->loop,
        .region = options->region,
        .account_id = options->account_id,
        .bootstraps_dir = options->kit->scratch_dir,
        .sink_fd = options->sink_fd,
        .log_store = options->log_store,
        .init_limit_ms = options->init_limit_ms,
        .throttle_init = options->throttle_init,
        .rng = options->rng,
        .on_initialised = on_initialised,
        .on_init_failed = on_init_failed,
        .on_done = on_done,
        .on_free = on_free,
        .on_broken = end_env,
        .on_expired = end_env,
        .wake_next = cp_runtime_api_wake,
        .on_connection = on_connection,
    };
    cp_slot_stock_init(&pool->stock, options->kit, options->n_slots_ready, is_quiet, pool);
    *out = pool;
    return CP_OK;
}

void cp_pool_free(struct cp_pool *pool)
{
    if (!pool)
        return;
    for (struct member *m = pool->members, *next; m; m = next) {
        next = m->next;
        retire_member(m, true);
    }
    cp_slot_stock_clear(&pool->stock);
    for (struct function *f = pool->functions; f;) {
        struct function *next = f->next;
        free(f);
        f = next;
    }
    free(pool);
}
