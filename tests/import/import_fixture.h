/* SPDX-License-Identifier: GPL-3.0-or-later
 * Digests made by hand: records with few members given.
 */
#ifndef COLDPROF_TESTS_IMPORT_FIXTURE_H
#define COLDPROF_TESTS_IMPORT_FIXTURE_H

#include "model/digest/digest.h"
#include "tests/test.h"

#include <string.h>

/* 2026-10-08T14:00:00Z */
#define IMPORT_FIXTURE_START_MS INT64_C(1791468000000)

static inline struct cp_digest_scope *import_scope(struct cp_digest *d, const char *function,
                                                   const char *version)
{
    struct cp_digest_scope *scope = NULL;
    const struct cp_digest_name name = {cp_view_of(function), cp_view_of(version), {"", 0}};
    assert_int_equal(cp_digest_scope(d, &name, &scope, NULL), CP_OK);
    return scope;
}

/* A warm, measured record of 512 MB: 10 ms, number `i` in id and time. */
static inline struct cp_digest_record import_record(uint8_t i)
{
    struct cp_digest_record r = {
        .end_at_ms = IMPORT_FIXTURE_START_MS + 1000 * (int64_t)i,
        .duration_us = 10000,
        .billed_us = 10000,
        .init_us = -1,
        .restore_us = -1,
        .billed_restore_us = -1,
        .memory_size_mb = 512,
        .max_memory_used_mb = 80,
        .start = CP_START_WARM,
        .outcome = CP_OUTCOME_MEASURED,
    };
    memset(r.request_id, i + 1, sizeof r.request_id);
    return r;
}

static inline void import_add(struct cp_digest *d, struct cp_digest_scope *scope,
                              const struct cp_digest_record *r)
{
    struct cp_error err = {CP_OK, ""};
    if (cp_digest_add(d, scope, r, &err))
        fail_msg("%s", err.text);
}

static inline void import_add_note(struct cp_digest *d, struct cp_digest_scope *scope,
                                   enum cp_digest_note_kind kind, uint8_t i, int64_t value_us,
                                   const char *text)
{
    struct cp_digest_note note = {
        .kind = kind, .at_ms = -1, .value_us = value_us, .text = cp_view_of(text)};
    memset(note.request_id, i + 1, sizeof note.request_id);
    assert_int_equal(cp_digest_note(d, scope, &note, NULL), CP_OK);
}

#endif
