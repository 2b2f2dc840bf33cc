/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/import/import_samples.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/base/units.h"

enum { US_PER_MS = 1000, NEAR_MS = 1000, TIMEOUT_ROUNDING_US = 10000, UUID_BYTES = 16 };

/* A record on its way to a sample. */
struct item {
    const struct cp_digest_record *record;
    const struct cp_digest_scope *scope;
    int64_t arrival_at_ms; /* -1 unknown */
    struct cp_view version;
};

struct join {
    struct item *items;
    size_t n;
    const struct cp_digest_raw_note **notes; /* sorted by request id */
    size_t n_notes;
};

static bool has_id(const struct cp_digest_record *r)
{
    static const uint8_t none[UUID_BYTES];
    return memcmp(r->request_id, none, sizeof none) != 0;
}

/* The time at which the request reached its environment: what the record tells, backwards. */
static int64_t arrival_of(const struct cp_digest_record *r)
{
    int64_t us = r->duration_us + (r->init_us > 0 ? r->init_us : 0) +
                 (r->restore_us > 0 ? r->restore_us : 0);
    return r->end_at_ms < 0 ? -1 : r->end_at_ms - us / US_PER_MS;
}

/* --- duplicates --- */

static int compare_int(int64_t a, int64_t b)
{
    return (a > b) - (a < b);
}

/* By all that a REPORT says; not by when and where it was read. */
static int compare_values(const struct cp_digest_record *a, const struct cp_digest_record *b)
{
    const int64_t pairs[][2] = {
        {a->duration_us, b->duration_us},
        {a->billed_us, b->billed_us},
        {a->init_us, b->init_us},
        {a->restore_us, b->restore_us},
        {a->billed_restore_us, b->billed_restore_us},
        {a->memory_size_mb, b->memory_size_mb},
        {a->max_memory_used_mb, b->max_memory_used_mb},
        {(int64_t)a->start, (int64_t)b->start},
        {(int64_t)a->outcome, (int64_t)b->outcome},
    };
    int order = memcmp(a->request_id, b->request_id, sizeof a->request_id);
    for (size_t i = 0; !order && i < sizeof pairs / sizeof pairs[0]; i++)
        order = compare_int(pairs[i][0], pairs[i][1]);
    return order;
}

/* Of equal records the one that tells more comes first. */
static int by_values(const void *a, const void *b)
{
    const struct item *x = a;
    const struct item *y = b;
    int order = compare_values(x->record, y->record);
    if (!order)
        order = compare_int(y->record->end_at_ms >= 0, x->record->end_at_ms >= 0);
    if (!order)
        order = compare_int(y->version.n > 0, x->version.n > 0);
    return order ? order : compare_int(x->record->end_at_ms, y->record->end_at_ms);
}

static size_t drop_duplicates(struct join *j)
{
    size_t kept = 0;
    qsort(j->items, j->n, sizeof *j->items, by_values);
    for (size_t i = 0; i < j->n; i++) {
        bool is_known = kept > 0 && has_id(j->items[i].record) &&
                        compare_values(j->items[kept - 1].record, j->items[i].record) == 0;
        if (!is_known)
            j->items[kept++] = j->items[i];
    }
    size_t dropped = j->n - kept;
    j->n = kept;
    return dropped;
}

/* --- notes --- */

static int by_note_id(const void *a, const void *b)
{
    const struct cp_digest_raw_note *const *x = a;
    const struct cp_digest_raw_note *const *y = b;
    int order = memcmp((*x)->note.request_id, (*y)->note.request_id, UUID_BYTES);
    return order ? order : compare_int((*x)->note.at_ms, (*y)->note.at_ms);
}

/* First note of a request id; n_notes when there is none. */
static size_t first_note(const struct join *j, const uint8_t *request_id)
{
    size_t low = 0;
    size_t high = j->n_notes;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (memcmp(j->notes[middle]->note.request_id, request_id, UUID_BYTES) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Attempts share their request id: a note with a time belongs to the attempt of that time. */
static bool is_of_attempt(const struct cp_digest_note *note, const struct item *item)
{
    if (note->at_ms < 0 || item->record->end_at_ms < 0)
        return true;
    return note->at_ms >= item->arrival_at_ms - NEAR_MS &&
           note->at_ms <= item->record->end_at_ms + NEAR_MS;
}

static void take_start(const struct cp_digest_note *note, struct item *item)
{
    if (item->version.n == 0)
        item->version = note->text;
    if (item->arrival_at_ms < 0)
        item->arrival_at_ms = note->at_ms;
}

static void take_starts(const struct join *j, struct item *item)
{
    const uint8_t *id = item->record->request_id;
    for (size_t i = first_note(j, id); i < j->n_notes; i++) {
        const struct cp_digest_note *note = &j->notes[i]->note;
        if (memcmp(note->request_id, id, UUID_BYTES) != 0)
            return;
        if (note->kind == CP_NOTE_START && is_of_attempt(note, item))
            take_start(note, item);
    }
}

static void note_failure(struct cp_sample *s, enum cp_outcome outcome, const char *words)
{
    s->outcome = outcome;
    (void)snprintf(s->note, sizeof s->note, "%s", words);
}

/* "Task timed out after 3.00 seconds" of an attempt that ran so long. */
static void take_timeout(const struct cp_digest_note *note, const struct item *item,
                         struct cp_sample *s)
{
    if (item->record->duration_us + TIMEOUT_ROUNDING_US >= note->value_us)
        note_failure(s, CP_OUTCOME_TIMEOUT, "timed out, as the log's text says");
}

/* "Runtime exited": killed with all its memory in use is out of memory, as in live sweeps. */
static void take_exit(const struct cp_digest_note *note, struct cp_sample *s)
{
    bool is_killed = cp_view_is(note->text, "signal: killed");
    bool is_full = s->max_memory_used_mb >= s->memory_size_mb;
    if (is_killed && is_full)
        note_failure(s, CP_OUTCOME_OUT_OF_MEMORY, "killed with all its memory in use");
    else
        note_failure(s, CP_OUTCOME_ERROR, "the runtime exited, as the log's text says");
    if (!s->error_type[0])
        (void)snprintf(s->error_type, sizeof s->error_type, "Runtime.ExitError");
}

/* Texts of the time before REPORT had a status. */
static void take_failures(const struct join *j, const struct item *item, struct cp_sample *s)
{
    const uint8_t *id = item->record->request_id;
    for (size_t i = first_note(j, id); i < j->n_notes && s->outcome == CP_OUTCOME_MEASURED; i++) {
        const struct cp_digest_note *note = &j->notes[i]->note;
        if (memcmp(note->request_id, id, UUID_BYTES) != 0)
            return;
        if (!is_of_attempt(note, item))
            continue;
        if (note->kind == CP_NOTE_TIMEOUT)
            take_timeout(note, item, s);
        else if (note->kind == CP_NOTE_EXIT)
            take_exit(note, s);
    }
}

/* --- from a record to a sample --- */

static double ms_of(int64_t us)
{
    return us < 0 ? NAN : (double)us / US_PER_MS;
}

static void write_id(const uint8_t *id, char out[CP_REQUEST_ID_MAX])
{
    size_t n = 0;
    for (size_t i = 0; i < UUID_BYTES; i++) {
        bool has_dash = i == 4 || i == 6 || i == 8 || i == 10;
        n += (size_t)snprintf(out + n, CP_REQUEST_ID_MAX - n, "%s%02x", has_dash ? "-" : "", id[i]);
    }
}

static const char *words_of(enum cp_outcome outcome)
{
    switch (outcome) {
    case CP_OUTCOME_TIMEOUT:
        return "timed out";
    case CP_OUTCOME_OUT_OF_MEMORY:
        return "out of memory";
    case CP_OUTCOME_INIT_FAILED:
        return "init failed";
    case CP_OUTCOME_ERROR:
        return "the function failed";
    default:
        return "";
    }
}

static struct cp_sample sample_of(const struct item *item, size_t position)
{
    const struct cp_digest_record *r = item->record;
    bool is_fresh = r->start == CP_START_COLD || r->start == CP_START_SNAPSTART;
    struct cp_sample s =
        cp_sample_planned(is_fresh ? CP_CELL_COLD : CP_CELL_WARM, r->memory_size_mb);
    s.plan_no = (int64_t)position;
    s.outcome = r->outcome;
    s.start = r->start;
    s.scheduled_at_ms = s.sent_at_ms = item->arrival_at_ms;
    s.duration_ms = ms_of(r->duration_us);
    s.billed_duration_ms = ms_of(r->billed_us);
    s.init_duration_ms = ms_of(r->init_us);
    s.restore_duration_ms = ms_of(r->restore_us);
    s.max_memory_used_mb = r->max_memory_used_mb;
    if (has_id(r))
        write_id(r->request_id, s.request_id);
    cp_view_copy_cut(item->version, s.version, sizeof s.version);
    cp_view_copy_cut(r->error_type, s.error_type, sizeof s.error_type);
    (void)snprintf(s.note, sizeof s.note, "%s", words_of(r->outcome));
    return s;
}

/* Records without a time come last, in the digest's order. */
static int by_arrival(const void *a, const void *b)
{
    const struct item *x = a;
    const struct item *y = b;
    int order = compare_int(x->arrival_at_ms < 0, y->arrival_at_ms < 0);
    if (!order)
        order = compare_int(x->arrival_at_ms, y->arrival_at_ms);
    return order ? order : compare_values(x->record, y->record);
}

static bool gather(const struct cp_digest *digest, struct cp_view function, struct join *j)
{
    size_t n_raw = 0;
    size_t n_notes = 0;
    const struct cp_digest_raw *raw = cp_digest_raw(digest, &n_raw);
    const struct cp_digest_raw_note *notes = cp_digest_raw_notes(digest, &n_notes);
    j->items = calloc(n_raw + 1, sizeof *j->items);
    j->notes = calloc(n_notes + 1, sizeof(const struct cp_digest_raw_note *));
    if (!j->items || !j->notes)
        return false;
    for (size_t i = 0; i < n_raw; i++) {
        struct cp_digest_name name = cp_digest_scope_name(raw[i].scope);
        if (!cp_view_equal(name.function, function))
            continue;
        j->items[j->n++] = (struct item){
            .record = &raw[i].record,
            .scope = raw[i].scope,
            .arrival_at_ms = arrival_of(&raw[i].record),
            .version = name.version,
        };
    }
    for (size_t i = 0; i < n_notes; i++)
        j->notes[j->n_notes++] = &notes[i];
    qsort(j->notes, j->n_notes, sizeof(const struct cp_digest_raw_note *), by_note_id);
    return true;
}

static void keep_version(struct join *j, const char *version)
{
    size_t kept = 0;
    for (size_t i = 0; i < j->n; i++) {
        if (cp_view_is(j->items[i].version, version))
            j->items[kept++] = j->items[i];
    }
    j->n = kept;
}

static struct cp_digest_chosen record_of(const struct item *item, const char *version)
{
    struct cp_digest_name name = cp_digest_scope_name(item->scope);
    if (version)
        name.version = item->version;
    return (struct cp_digest_chosen){name, item->record};
}

enum cp_code cp_import_samples(const struct cp_digest *digest, struct cp_view function,
                               const char *version, struct cp_import_samples *out,
                               struct cp_error *err)
{
    struct join j = {0};
    *out = (struct cp_import_samples){0};
    bool has_memory = gather(digest, function, &j);
    if (has_memory) {
        out->n_duplicates = drop_duplicates(&j);
        for (size_t i = 0; i < j.n; i++)
            take_starts(&j, &j.items[i]);
        if (version)
            keep_version(&j, version);
        qsort(j.items, j.n, sizeof *j.items, by_arrival);
        out->samples = calloc(j.n + 1, sizeof *out->samples);
        out->records = calloc(j.n + 1, sizeof *out->records);
        has_memory = out->samples && out->records;
    }
    for (size_t i = 0; has_memory && i < j.n; i++) {
        out->samples[i] = sample_of(&j.items[i], i);
        out->records[i] = record_of(&j.items[i], version);
        take_failures(&j, &j.items[i], &out->samples[i]);
        out->n++;
    }
    free(j.items);
    free(j.notes);
    return has_memory ? CP_OK : cp_fail(err, CP_ENOMEM, "no memory for the records of the log");
}
