/* SPDX-License-Identifier: GPL-3.0-or-later
 * What a digest is made of: private to model/digest*.c and their tests. One file per part, each
 * with add, merge and the order in which it is written. Parts charge what they allocate to `bytes`.
 *
 * Readers take a const digest. What they need in order (scopes, streams, attempts, raw records) is
 * put in order when somebody asks; those parts are behind pointers for that. So two threads must
 * not read one digest at the same time.
 */
#ifndef COLDPROF_MODEL_DIGEST_PARTS_H
#define COLDPROF_MODEL_DIGEST_PARTS_H

#include "model/base/hash_index.h"
#include "model/base/units.h"
#include "model/digest/digest.h"

enum { CP_NOTE_KINDS = CP_NOTE_EXIT + 1, CP_DIGEST_NOTES_MAX = 4 * CP_DIGEST_RAW_MAX };

/* Bytes held by a digest, and how many it may hold. */
struct cp_digest_room {
    size_t bytes, max;
};
/* CP_ELIMIT with advice when the room is used up. */
enum cp_code cp_digest_charge(struct cp_digest_room *room, size_t bytes, struct cp_error *err);
/* realloc to hold at least n items of `size` bytes; half as much again when it must grow. */
enum cp_code cp_digest_grow(struct cp_digest_room *room, void **items, size_t *cap, size_t n,
                            size_t size, struct cp_error *err);
enum cp_code cp_digest_no_memory(struct cp_error *err);
/* What cp_digest_add refuses, but for times. */
enum cp_code cp_digest_check_record(const struct cp_digest_record *record, struct cp_error *err);
bool cp_digest_is_minute(int64_t minute); /* of a request in the time that digests know */
bool cp_digest_is_time(int64_t at_ms);

/* --- texts, each held once (digest_texts.c) --- */
struct cp_digest_text {
    char *p;
    uint32_t n;
};
struct cp_digest_texts {
    struct cp_digest_text *items;
    size_t n, cap, bytes;
    struct cp_hash_index index;
};
/* Position of the text, cut to CP_DIGEST_NAME_MAX bytes; the empty one has a position too. */
enum cp_code cp_digest_texts_add(struct cp_digest_texts *t, struct cp_digest_room *room,
                                 struct cp_view text, uint32_t *position, struct cp_error *err);
struct cp_view cp_digest_texts_at(const struct cp_digest_texts *t, uint32_t position);
void cp_digest_texts_clear(struct cp_digest_texts *t);

/* --- minutes (digest_minutes.c): pages of an hour, found through chunks of 1024 hours --- */
struct cp_digest_hour;
enum {
    CP_HOURS_A_CHUNK = 1024,
    /* hours from the epoch to CP_DIGEST_TIME_MAX_MS */
    CP_HOUR_CHUNKS = (int)(CP_DIGEST_TIME_MAX_MS / CP_MS_PER_HOUR / CP_HOURS_A_CHUNK + 1)
};
struct cp_digest_hours {
    struct cp_digest_hour **chunks[CP_HOUR_CHUNKS];
};
struct cp_digest_minutes {
    struct cp_digest_hours *hours; /* NULL: no minute yet */
    struct cp_digest_hour *last;   /* used last */
    int64_t last_hour;
};
enum cp_code cp_digest_minutes_add(struct cp_digest_minutes *m, struct cp_digest_room *room,
                                   const struct cp_digest_minute *add, struct cp_error *err);
/* One request in flight from start to end. */
enum cp_code cp_digest_minutes_add_request(struct cp_digest_minutes *m, struct cp_digest_room *room,
                                           const struct cp_digest_span *request, bool is_cold,
                                           struct cp_error *err);
enum cp_code cp_digest_minutes_merge(struct cp_digest_minutes *into, struct cp_digest_room *room,
                                     const struct cp_digest_minutes *from, struct cp_error *err);
bool cp_digest_minutes_next(const struct cp_digest_minutes *m, size_t *at,
                            struct cp_digest_minute *out);
void cp_digest_minutes_clear(struct cp_digest_minutes *m);

/* --- streams (digest_streams.c) --- */
struct cp_digest_stream_row {
    uint64_t hash, n, n_cold;
    struct cp_digest_span *more; /* NULL: the only span is `one` */
    struct cp_digest_span one;
    uint32_t n_spans;
    uint16_t cap_spans;
    uint8_t doublings; /* of the pause */
};
struct cp_digest_streams {
    struct cp_digest_stream_row *rows;
    size_t n, cap, last; /* last: used last */
    struct cp_hash_index index;
    uint64_t threshold; /* hashes above it do not get in; UINT64_MAX while there is room */
    bool is_cut;        /* something did not get in */
    bool is_settled;    /* in order of hashes, no more than are to be kept */
};
void cp_digest_streams_init(struct cp_digest_streams *s);
enum cp_code cp_digest_streams_use(struct cp_digest_streams *s, struct cp_digest_room *room,
                                   uint64_t hash, const struct cp_digest_span *use, bool is_cold,
                                   struct cp_error *err);
/* Adds a stream with its counts and spans (ascending). */
enum cp_code cp_digest_streams_add(struct cp_digest_streams *s, struct cp_digest_room *room,
                                   const struct cp_digest_stream *stream, struct cp_error *err);
void cp_digest_streams_settle(struct cp_digest_streams *s);
/* Settled ones. */
struct cp_digest_stream cp_digest_streams_at(const struct cp_digest_streams *s, size_t i);
double cp_digest_streams_total(const struct cp_digest_streams *s);
void cp_digest_streams_clear(struct cp_digest_streams *s);

/* --- requests (digest_requests.c) --- */
struct cp_digest_requests {
    struct cp_digest_attempt *rows; /* n_kept in order and combined, then n_new as they came */
    size_t n_kept, n_new, cap;
    uint64_t threshold; /* ids above it do not get in; UINT64_MAX while there is room */
    bool is_cut;        /* something did not get in */
};
void cp_digest_requests_init(struct cp_digest_requests *r);
enum cp_code cp_digest_requests_add(struct cp_digest_requests *r, struct cp_digest_room *room,
                                    const struct cp_digest_attempt *attempt, struct cp_error *err);
void cp_digest_requests_settle(struct cp_digest_requests *r); /* nothing is new then */
void cp_digest_requests_clear(struct cp_digest_requests *r);
uint64_t cp_digest_request_hash(const uint8_t id[16]);
uint64_t cp_digest_record_hash(const struct cp_digest_record *record);

/* --- scopes (digest.c, digest_scope.c) --- */
struct cp_digest_tallied {
    char *what;
    struct cp_tally tally;
};
struct cp_digest_scope {
    struct cp_digest *digest;
    char *function, *version, *architecture;
    size_t n_function, n_version, n_architecture;
    int64_t first_ms, last_ms; /* -1 none */
    struct cp_digest_cell **cells, *last_cell;
    size_t n_cells, cap_cells;
    struct cp_digest_minutes minutes;
    struct cp_digest_streams *streams;
    struct cp_digest_requests *requests;
    struct cp_digest_era eras[CP_ERA_COUNT];
    uint64_t n_notes[CP_NOTE_KINDS];
    struct cp_digest_tallied *tallies; /* sorted by what */
    size_t n_tallies, cap_tallies;
};
int cp_digest_name_compare(const struct cp_digest_name *a, const struct cp_digest_name *b);
enum cp_code cp_digest_scope_new(struct cp_digest *digest, const struct cp_digest_name *name,
                                 struct cp_digest_scope **out, struct cp_error *err);
void cp_digest_scope_free(struct cp_digest_scope *scope);
void cp_digest_scope_seen(struct cp_digest_scope *scope, int64_t first_ms, int64_t last_ms);
struct cp_digest_cell_facts {
    int memory_size_mb;
    enum cp_start_kind start;
    enum cp_outcome outcome;
};
/* The cell of those facts, made when new, as scope->last_cell. */
enum cp_code cp_digest_scope_turn_to_cell(struct cp_digest_scope *scope,
                                          const struct cp_digest_cell_facts *facts,
                                          struct cp_error *err);
/* The tally of that name, made when new. */
enum cp_code cp_digest_scope_tally_for(struct cp_digest_scope *scope, const char *what,
                                       struct cp_tally **out, struct cp_error *err);

enum cp_code cp_digest_cell_add_metric(struct cp_digest_scope *scope, struct cp_digest_cell *cell,
                                       enum cp_digest_metric metric, const struct cp_histogram *h,
                                       struct cp_error *err);

/* All but raw records and notes. */
enum cp_code cp_digest_scope_merge(struct cp_digest_scope *into, const struct cp_digest_scope *from,
                                   struct cp_error *err);

struct cp_digest_scopes {
    struct cp_digest_scope **items;
    size_t n, cap;
    struct cp_hash_index index;
    bool is_sorted;
};

/* --- raw records and notes (digest_raw.c) --- */
struct cp_digest_raw_row {
    const struct cp_digest_scope *scope;
    int64_t end_at_ms, duration_us, billed_us, init_us, restore_us, billed_restore_us;
    int32_t memory_size_mb, max_memory_used_mb;
    uint32_t stream, error_type; /* positions of texts */
    uint8_t request_id[16];
    uint8_t start, outcome;
};
struct cp_digest_note_row {
    const struct cp_digest_scope *scope;
    int64_t at_ms, value_us;
    uint32_t text;
    uint8_t kind;
    uint8_t request_id[16];
};
struct cp_digest_raws {
    struct cp_digest_texts texts;
    struct cp_digest_raw_row *rows;
    struct cp_digest_note_row *notes;
    size_t n, cap, n_notes, cap_notes;
    struct cp_digest_raw *records_view; /* for readers; NULL until asked for */
    struct cp_digest_raw_note *notes_view;
};
enum cp_code cp_digest_raws_add(struct cp_digest *digest, const struct cp_digest_scope *scope,
                                const struct cp_digest_record *record, struct cp_error *err);
enum cp_code cp_digest_raws_add_note(struct cp_digest *digest, const struct cp_digest_scope *scope,
                                     const struct cp_digest_note *note, struct cp_error *err);
struct cp_digest_raw cp_digest_raws_at(const struct cp_digest_raws *raws, size_t i);
struct cp_digest_raw_note cp_digest_raws_note_at(const struct cp_digest_raws *raws, size_t i);
/* Drops what may no longer be kept. */
void cp_digest_raws_trim(struct cp_digest *digest);
/* Canonical order: (scope, end time, request id, values). */
void cp_digest_raws_sort(struct cp_digest_raws *raws);
void cp_digest_raws_clear(struct cp_digest_raws *raws);

struct cp_digest {
    struct cp_digest_room room;
    uint64_t n;           /* records of all scopes that came as records */
    uint64_t n_notes;     /* and notes */
    uint64_t *n_together; /* of several digests; NULL: of this alone */
    bool is_raw_dropped, is_notes_dropped;
    struct cp_digest_scopes *scopes;
    struct cp_digest_raws *raws;
    struct cp_tally counts;
};
void cp_digest_scopes_sort(struct cp_digest_scopes *scopes); /* by name */

#endif
