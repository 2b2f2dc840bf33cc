/* SPDX-License-Identifier: GPL-3.0-or-later
 * Which environment serves a request: provisioned ones first, then the idle one that was created
 * last, then a new one as far as concurrency allows, else 429. Idle environments end after a
 * lifetime drawn from a law; those of a retired configuration end at once, or after their request.
 */
#ifndef COLDPROF_PROBES_LOCAL_POOL_H
#define COLDPROF_PROBES_LOCAL_POOL_H

#include "model/base/rng.h"
#include "probes/local/control.h"
#include "probes/local/env.h"
#include "probes/local/metric_store.h"
#include "probes/local/runtime_api.h"
#include "probes/local/serve.h"
#include "probes/local/slot_stock.h"

struct cp_pool;

struct cp_pool_options {
    struct cp_loop *loop;
    struct cp_slot_kit *kit;
    struct cp_runtime_api *runtime_api;
    struct cp_rng *rng;
    struct cp_idle_law idle_law;
    const char *region, *account_id;
    struct cp_log_store *log_store;
    struct cp_metric_store *metrics;
    int sink_fd;
    int init_limit_ms;
    bool throttle_init;
    int n_slots_ready; /* how many slots are kept ready */
    /* Of a configuration with provisioned concurrency; `failure` NULL or a StatusReason. */
    void (*on_progress)(void *context, int64_t configuration_id, int n_ready, const char *failure);
    /* The snapshot of a configuration is ready, or cannot be made (`failure`, a StateReasonCode).
     */
    void (*on_snapshot)(void *context, int64_t configuration_id, const char *failure);
    int n_snapshots; /* how many processes are initialised ahead for one snapshot */
    void *context;
};

enum cp_code cp_pool_new(const struct cp_pool_options *options, struct cp_pool **out,
                         struct cp_error *err);
void cp_pool_free(struct cp_pool *pool); /* ends every environment */

/* true: the invocation is on its way and its on_done will be called. false: `refusal` is the API's
 * error (429 with Reason, 500). */
bool cp_pool_invoke(struct cp_pool *pool, const struct cp_configuration *config,
                    struct cp_invocation *invocation, struct cp_api_response *refusal);
void cp_pool_retire(struct cp_pool *pool, int64_t configuration_id);
void cp_pool_provision(struct cp_pool *pool, const struct cp_configuration *config, int count);

/* Makes the snapshot of a configuration with SnapStart (env.h), then tells on_snapshot. More than
 * n_snapshots fresh environments at once wait for their copies to initialise, before their
 * restores begin. */
void cp_pool_make_snapshot(struct cp_pool *pool, const struct cp_configuration *config);

/* Slots ready for cold starts; `error` of the last that failed. */
const struct cp_slot_stock *cp_pool_stock(const struct cp_pool *pool);

#endif
