/* SPDX-License-Identifier: GPL-3.0-or-later
 * One record into its scope: the hot path of an import. No allocation once cell, hour and stream
 * are known; each part remembers what it used last.
 */
#include <string.h>

#include "model/base/hash.h"
#include "model/digest/digest_parts.h"

/* 2020-12-01 and 2025-08-01, 00:00 UTC: billed by 1 ms instead of 100; init of ZIP packages paid */
#define ERA_1_MS_FROM      INT64_C(1606780800000)
#define ERA_INIT_PAID_FROM INT64_C(1754006400000)

static bool is_us(int64_t us)
{
    return us >= -1 && us <= CP_DIGEST_US_MAX;
}

static bool is_mb(int mb)
{
    return mb >= -1 && mb <= CP_DIGEST_MEMORY_MAX_MB;
}

static bool is_outcome(enum cp_outcome outcome)
{
    return outcome >= CP_OUTCOME_MEASURED && outcome <= CP_OUTCOME_INIT_FAILED;
}

static const char *what_is_wrong(const struct cp_digest_record *r)
{
    if (r->duration_us < 0 || !is_us(r->duration_us))
        return "duration";
    if (!is_us(r->billed_us))
        return "billed duration";
    if (!is_us(r->init_us))
        return "init duration";
    if (!is_us(r->restore_us) || !is_us(r->billed_restore_us))
        return "restore duration";
    if (!is_mb(r->memory_size_mb) || !is_mb(r->max_memory_used_mb))
        return "memory size";
    if ((unsigned)r->start > CP_START_SNAPSTART || !is_outcome(r->outcome))
        return "kind";
    return NULL;
}

enum cp_code cp_digest_check_record(const struct cp_digest_record *record, struct cp_error *err)
{
    const char *what = what_is_wrong(record);
    return what ? cp_fail(err, CP_EINVAL, "no invocation has that %s", what) : CP_OK;
}

bool cp_digest_is_time(int64_t at_ms)
{
    return at_ms >= CP_DIGEST_TIME_MIN_MS && at_ms <= CP_DIGEST_TIME_MAX_MS;
}

/* The earliest invocation may have begun that much before its end. */
bool cp_digest_is_minute(int64_t minute)
{
    return minute >= (CP_DIGEST_TIME_MIN_MS - 2 * CP_DIGEST_US_MAX / 1000) / CP_MS_PER_MINUTE &&
           minute <= CP_DIGEST_TIME_MAX_MS / CP_MS_PER_MINUTE;
}

static bool is_fresh(const struct cp_digest_record *r)
{
    return r->start == CP_START_COLD || r->start == CP_START_SNAPSTART;
}

/* Init or restore, -1 without. */
static int64_t startup_us(const struct cp_digest_record *r)
{
    return r->start == CP_START_SNAPSTART ? r->restore_us : r->init_us;
}

static enum cp_code add_value(struct cp_digest_room *room, struct cp_digest_cell *cell,
                              enum cp_digest_metric metric, int64_t value, struct cp_error *err)
{
    struct cp_histogram *h = &cell->metrics[metric];
    if (value < 0)
        return CP_OK;
    size_t bytes = h->bytes;
    enum cp_code code = cp_histogram_add(h, (uint64_t)value);
    if (code == CP_ENOMEM)
        return cp_digest_no_memory(err);
    if (code)
        return cp_fail(err, code, "sum of all values of '%s' is beyond 2^64",
                       cp_digest_metric_name(metric));
    return h->bytes == bytes ? CP_OK : cp_digest_charge(room, h->bytes - bytes, err);
}

static enum cp_code add_to_cell(struct cp_digest_scope *scope, const struct cp_digest_record *r,
                                struct cp_error *err)
{
    struct cp_digest_room *room = &scope->digest->room;
    struct cp_digest_cell *cell = scope->last_cell;
    if (!cell || cell->memory_size_mb != r->memory_size_mb || cell->start != r->start ||
        cell->outcome != r->outcome) {
        const struct cp_digest_cell_facts facts = {r->memory_size_mb, r->start, r->outcome};
        enum cp_code code = cp_digest_scope_turn_to_cell(scope, &facts, err);
        if (code)
            return code;
        cell = scope->last_cell;
    }
    cell->n++;
    enum cp_code code = add_value(room, cell, CP_METRIC_DURATION, r->duration_us, err);
    if (!code)
        code = add_value(room, cell, CP_METRIC_BILLED, r->billed_us, err);
    if (!code)
        code = add_value(room, cell, CP_METRIC_MAX_MEMORY, r->max_memory_used_mb, err);
    if (code || !is_fresh(r))
        return code;
    int64_t startup = startup_us(r);
    code = add_value(room, cell, CP_METRIC_INIT, startup, err);
    if (!code && startup >= 0)
        code = add_value(room, cell, CP_METRIC_COLD_TOTAL, startup + r->duration_us, err);
    return code;
}

static enum cp_billing_era era_at(int64_t at_ms)
{
    if (at_ms < 0)
        return CP_ERA_UNKNOWN;
    if (at_ms < ERA_1_MS_FROM)
        return CP_ERA_100_MS;
    return at_ms < ERA_INIT_PAID_FROM ? CP_ERA_INIT_FREE : CP_ERA_INIT_PAID;
}

static int64_t rounded_up(int64_t us, int64_t step)
{
    return (us + step - 1) / step * step;
}

/* Init is paid when the billed duration covers it. Records whose rounding hides the difference do
 * not tell, and are not counted: those of 100 ms steps with a short init, mostly. */
static void add_to_era(struct cp_digest_scope *scope, const struct cp_digest_record *r)
{
    if (r->init_us < 0 || r->billed_us < 0)
        return;
    enum cp_billing_era era = era_at(r->end_at_ms);
    bool is_100_ms = era == CP_ERA_100_MS || (era == CP_ERA_UNKNOWN && r->billed_us % 100000 == 0);
    int64_t step = is_100_ms ? 100000 : 1000;
    int64_t with_init = rounded_up(r->duration_us + r->init_us, step);
    if (with_init == rounded_up(r->duration_us, step))
        return;
    scope->eras[era].n_cold++;
    scope->eras[era].n_init_billed += r->billed_us >= with_init;
}

static enum cp_code add_to_time(struct cp_digest_scope *scope, const struct cp_digest_record *r,
                                struct cp_error *err)
{
    struct cp_digest_room *room = &scope->digest->room;
    bool is_cold = is_fresh(r);
    int64_t startup = startup_us(r);
    int64_t total_us = r->duration_us + (startup > 0 ? startup : 0);
    const struct cp_digest_span used = {.start_ms = r->end_at_ms - (total_us + 500) / 1000,
                                        .end_ms = r->end_at_ms};
    cp_digest_scope_seen(scope, r->end_at_ms, r->end_at_ms);
    enum cp_code code = cp_digest_minutes_add_request(&scope->minutes, room, &used, is_cold, err);
    if (code || r->stream.n == 0)
        return code;
    return cp_digest_streams_use(scope->streams, room, cp_hash(r->stream), &used, is_cold, err);
}

static enum cp_code add_to_requests(struct cp_digest_scope *scope, const struct cp_digest_record *r,
                                    struct cp_error *err)
{
    static const uint8_t none[sizeof r->request_id];
    if (memcmp(r->request_id, none, sizeof none) == 0)
        return CP_OK;
    struct cp_digest_attempt attempt = {.id_hash = cp_digest_request_hash(r->request_id),
                                        .end_at_ms = r->end_at_ms,
                                        .count = 1,
                                        .is_failed = r->outcome != CP_OUTCOME_MEASURED};
    if (attempt.id_hash > scope->requests->threshold) {
        scope->requests->is_cut = true;
        return CP_OK;
    }
    attempt.record_hash = cp_digest_record_hash(r);
    return cp_digest_requests_add(scope->requests, &scope->digest->room, &attempt, err);
}

void cp_digest_count_with(struct cp_digest *digest, uint64_t *n_records)
{
    digest->n_together = n_records;
}

/* How many there are now: of this digest, or of those that it counts with. */
static uint64_t count_record(struct cp_digest *digest)
{
    uint64_t n = ++digest->n;
    uint64_t together =
        digest->n_together ? __atomic_add_fetch(digest->n_together, 1, __ATOMIC_RELAXED) : 0;
    return together > n ? together : n;
}

static enum cp_code add_checked(struct cp_digest *digest, struct cp_digest_scope *scope,
                                const struct cp_digest_record *record, struct cp_error *err)
{
    enum cp_code code = add_to_cell(scope, record, err);
    if (!code && record->end_at_ms >= 0)
        code = add_to_time(scope, record, err);
    if (!code)
        code = add_to_requests(scope, record, err);
    if (!code && record->error_type.n)
        code = cp_digest_tally(scope, "error type", record->error_type, 1, err);
    if (is_fresh(record))
        add_to_era(scope, record);
    if (code || digest->is_raw_dropped)
        return code;
    if (count_record(digest) > CP_DIGEST_RAW_MAX) {
        digest->is_raw_dropped = true;
        cp_digest_raws_trim(digest);
        return CP_OK;
    }
    return cp_digest_raws_add(digest, scope, record, err);
}

enum cp_code cp_digest_add(struct cp_digest *digest, struct cp_digest_scope *scope,
                           const struct cp_digest_record *record, struct cp_error *err)
{
    enum cp_code code = cp_digest_check_record(record, err);
    if (code)
        return code;
    if (record->end_at_ms == -1 || cp_digest_is_time(record->end_at_ms))
        return add_checked(digest, scope, record, err);
    struct cp_digest_record without_time = *record;
    without_time.end_at_ms = -1;
    code = cp_digest_count(digest, "time out of range", 1, (struct cp_view){NULL, 0}, err);
    return code ? code : add_checked(digest, scope, &without_time, err);
}

enum cp_code cp_digest_note(struct cp_digest *digest, struct cp_digest_scope *scope,
                            const struct cp_digest_note *note, struct cp_error *err)
{
    if ((size_t)note->kind >= CP_NOTE_KINDS || note->value_us < -1 || note->at_ms < -1)
        return cp_fail(err, CP_EINVAL, "a note that no log has");
    scope->n_notes[note->kind]++;
    digest->n_notes++;
    if (digest->is_notes_dropped)
        return CP_OK;
    if (digest->n_notes > CP_DIGEST_NOTES_MAX) {
        cp_digest_raws_trim(digest);
        return CP_OK;
    }
    return cp_digest_raws_add_note(digest, scope, note, err);
}

enum cp_code cp_digest_add_minute(struct cp_digest *digest, struct cp_digest_scope *scope,
                                  const struct cp_digest_minute *minute, struct cp_error *err)
{
    if (!cp_digest_is_minute(minute->minute))
        return cp_fail(err, CP_EINVAL, "no function ran in that minute");
    digest->is_raw_dropped = true;
    cp_digest_raws_trim(digest);
    int64_t from = minute->minute * CP_MS_PER_MINUTE;
    if (minute->arrivals)
        cp_digest_scope_seen(scope, from, from + CP_MS_PER_MINUTE - 1);
    return cp_digest_minutes_add(&scope->minutes, &digest->room, minute, err);
}
