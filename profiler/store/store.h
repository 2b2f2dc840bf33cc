/* SPDX-License-Identifier: GPL-3.0-or-later
 * Runs and samples in SQLite (WAL, synchronous FULL: a committed sample survives a power loss).
 * One writer at a time: a second sweep on the same store is CP_EBUSY, readers are always welcome.
 * Ownership: cp_store_open / cp_store_close.
 */
#ifndef COLDPROF_PROFILER_STORE_STORE_H
#define COLDPROF_PROFILER_STORE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/base/buf.h"
#include "model/base/error.h"
#include "model/compare/night.h"
#include "model/decide/demand.h"
#include "model/run.h"

struct cp_store;

enum cp_store_mode {
    CP_STORE_READ,  /* CP_ENOTFOUND when there is none */
    CP_STORE_SWEEP, /* creates it, migrates it, takes the one-writer lock */
};

/* `path`: the database file (folders are made). CP_EUNSUPPORTED: written by a newer coldprof (both
 * schema numbers named); CP_EBUSY: another sweep holds it (its process id named); CP_EIO: disk. */
enum cp_code cp_store_open(const char *path, enum cp_store_mode mode, struct cp_store **out,
                           struct cp_error *err);
void cp_store_close(struct cp_store *store);

/* Between them all writes are one commit: durable when `cp_store_end` returns CP_OK, undone when it
 * fails, be it because `code` or an earlier write failed. May be nested; the outermost counts. */
enum cp_code cp_store_begin(struct cp_store *store, struct cp_error *err);
enum cp_code cp_store_end(struct cp_store *store, enum cp_code code, struct cp_error *err);

/* Gives run->id (short hex, unused in this store) and inserts it. */
enum cp_code cp_store_add_run(struct cp_store *store, struct cp_run *run, struct cp_error *err);
enum cp_code cp_store_update_run(struct cp_store *store, const struct cp_run *run,
                                 struct cp_error *err);
/* Replaces the cell results of a run. */
enum cp_code cp_store_put_cells(struct cp_store *store, const char *run_id,
                                const struct cp_cell_result *cells, size_t n, struct cp_error *err);
/* Inserts planned samples in one transaction and sets their ids. */
enum cp_code cp_store_add_samples(struct cp_store *store, const char *run_id,
                                  struct cp_sample *samples, size_t n, struct cp_error *err);
/* Writes one sample's outcome; durable on return, or with the group it is in (cp_store_begin). */
enum cp_code cp_store_update_sample(struct cp_store *store, const struct cp_sample *sample,
                                    struct cp_error *err);

/* What a resume needs to rebuild the plan: JSON text, opaque to the store. It holds the payload. */
enum cp_code cp_store_put_plan(struct cp_store *store, const char *run_id, struct cp_view plan,
                               struct cp_error *err);
/* Appends the plan text to `plan`; CP_ENOTFOUND when the run has none. `run_id` exact. */
enum cp_code cp_store_get_plan(struct cp_store *store, const char *run_id, struct cp_buf *plan,
                               struct cp_error *err);

/* The digest of a run that was read from logs; replaces an earlier one. */
enum cp_code cp_store_put_digest(struct cp_store *store, const char *run_id,
                                 const struct cp_digest *digest, struct cp_error *err);

/* The traffic a run is asked about, where it is more than a rate; replaces an earlier one. */
enum cp_code cp_store_put_demand(struct cp_store *store, const char *run_id,
                                 const struct cp_demand *demand, struct cp_error *err);

/* Loads a run with samples (plan order), cells, digest and
 * demand. `run_id` may be a unique prefix, or
 * "last". CP_ENOTFOUND names the nearest ids. Caller owns `out` (cp_run_data_clear). */
enum cp_code cp_store_load(struct cp_store *store, const char *run_id, struct cp_run_data *out,
                           struct cp_error *err);

typedef bool (*cp_store_run_fn)(void *context, const struct cp_run *run,
                                const struct cp_accounting *accounting);
/* Added last first: the log of an import may be older than runs before it. */
enum cp_code cp_store_list(struct cp_store *store, cp_store_run_fn each, void *context,
                           struct cp_error *err);

/* --- nights --- */

/* Keeps a night in the history of its key; the same night (key, started_at_ms, run_id) is replaced.
 * CP_EINVAL: it has no time. */
enum cp_code cp_store_put_night(struct cp_store *store, const struct cp_night *night,
                                struct cp_error *err);
/* One night. CP_ENOTFOUND: `out` is empty. Owner: cp_night_clear. */
enum cp_code cp_store_get_night(struct cp_store *store, const struct cp_night_key *key,
                                int64_t started_at_ms, const char *run_id, struct cp_night *out,
                                struct cp_error *err);
/* The level of the nights up to then is accepted; the same acceptance twice is one. `is_new`: it
 * was not there before; may be NULL. */
enum cp_code cp_store_accept(struct cp_store *store, const struct cp_night_key *key,
                             const struct cp_night_acceptance *acceptance, bool *is_new,
                             struct cp_error *err);

struct cp_stored_history {
    struct cp_night_key key;
    size_t n_nights;
    int64_t first_ms, last_ms; /* -1 without nights (acceptances came first) */
};
/* By function, place, region, architecture, until `each` is false. Reads no metrics. Nothing may be
 * written meanwhile. */
typedef bool (*cp_store_history_fn)(void *context, const struct cp_stored_history *row);
enum cp_code cp_store_histories(struct cp_store *store, cp_store_history_fn each, void *context,
                                struct cp_error *err);

/* Which nights: those from `since_ms` on, of these the last `n_last`. 0: any. */
struct cp_history_span {
    int64_t since_ms;
    size_t n_last;
};
/* Nights of a history, ascending, and all its acceptances. CP_OK without nights when there is none
 * yet. Owner: cp_history_clear. */
enum cp_code cp_store_load_history(struct cp_store *store, const struct cp_night_key *key,
                                   struct cp_history_span span, struct cp_history *out,
                                   struct cp_error *err);

/* The history that a user means: "checkout", where one function has that name, else with what tells
 * it from the others: "checkout@eu-west-1", "checkout@eu-west-1/arm64", "checkout@local". A word
 * after '@' is the Region, the architecture, or part of the place. CP_ENOTFOUND names the nearest
 * functions, CP_EINVAL the several that it may mean. */
enum cp_code cp_store_find_history(struct cp_store *store, const char *wanted,
                                   struct cp_night_key *out, struct cp_error *err);

#endif
